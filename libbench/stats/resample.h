/*
 * stats/resample.h - many bootstrap resamples at once: mean, median, MAD, deviation and slope.
 * Private to stats/bootstrap.c and stats/studentize.c.
 *
 * A resample draws n of n points with replacement. Drawing costs more than most statistics, so each
 * draw is used again and again with the points renumbered in between: whatever renumbering is
 * chosen without looking at the draw, the renumbered draw is again an exact sample with
 * replacement. Resamples of one draw are not quite independent of each other: one is worth 0.45 to
 * 1 independent ones, depending on the statistic (measured by tests/unit/stats/test_resample.c).
 *
 *   mean, variance, slope   Sums over the draw. A table row per point holds its terms under sixteen
 *                           permutations, so that vector additions serve all. The draw's quarters,
 *                           being independent, are summed apart and put together in two ways, each
 *                           time from other permutations: 32 resamples.
 *   median, MAD             Need order. A list is the draw, renumbered by one of four permutations,
 *                           as point numbers ascending. Rotation keeps the order up to the place
 *                           where the list wraps round: eight rotations per list, 32 resamples. The
 *                           median is looked up; the points nearest to it are a window of the list,
 *                           found by binary search.
 *
 * With fewer than 64 points permutations are too much alike: half as many resamples per draw.
 */
#ifndef BENCH_STATS_RESAMPLE_H
#define BENCH_STATS_RESAMPLE_H

#include "base/rng.h"
#include <bench/common.h>

enum { BENCH__LANES = 8, BENCH__CHUNK = 4096, BENCH__MAX_POINTS = 1 << 30 };

enum bench__boot_statistic {
    BENCH__BOOT_MEAN = 0,
    BENCH__BOOT_VARIANCE,
    BENCH__BOOT_MEDIAN,
    BENCH__BOOT_MAD,
    BENCH__BOOT_SLOPE, /* last: it is there with x only */
    BENCH__BOOT_N
};

/** Points in ascending order of value. */
struct bench__points {
    size_t n;
    double *value;    /* y, or y / x; twice in a row, for rotations */
    double *x;        /* NULL without x: then there is no slope */
    double *residual; /* y - slope x; NULL without x */
    double largest_x, largest_residual;
    double estimate[BENCH__BOOT_N]; /* of the points themselves; the slope is NAN without x */
    double unit[BENCH__BOOT_N];     /* of replicates */
};

/** 2 <= n <= BENCH__MAX_POINTS. @return 0 or BENCH_ENOMEM. */
int bench__points_init(struct bench__points *points, const double *y, const double *x, size_t n);
void bench__points_clear(struct bench__points *points);

/** Median and MAD of the n values value[list[0]], value[list[1]], ..., which must ascend. */
void bench__robust_of_list(double *out_median, double *out_mad, const double *value,
                           const uint32_t *list, size_t n);

/** A source of draws and of lists. */
struct bench__drawer {
    size_t n;
    struct bench__rng rng;
    uint32_t *drawn;                     /* the points of the draw, as they came */
    uint32_t *count;                     /* how often each point was drawn */
    uint32_t *list;                      /* twice in a row */
    const uint32_t *start[BENCH__LANES]; /* in the list, first number not below i n / LANES */
};

/** @return 0 or BENCH_ENOMEM. */
int bench__drawer_init(struct bench__drawer *drawer, size_t n, uint64_t seed);
void bench__drawer_clear(struct bench__drawer *drawer);
/** Makes the next draw. */
void bench__draw(struct bench__drawer *drawer);
/** Makes the draw's list, number i standing for the point order[i]. */
void bench__draw_list(struct bench__drawer *drawer, const size_t *order);

/** Statistics of many resamples, by enum bench__boot_statistic: (theirs - estimate) / unit of the
 *  points. Single precision loses 1e-7 of the deviation, which is nothing to an interval. */
struct bench__replicates {
    float value[BENCH__BOOT_N][BENCH__CHUNK];
};

struct bench__resampler {
    const struct bench__points *points;
    struct bench__drawer drawer;
    union bench__row *row; /* what is summed */
    size_t *order;         /* permutations for lists, one after the other */
    size_t turns;          /* how often the quarters of a draw are put together */
};

/** The points must stay as long as the resampler. @return 0 or BENCH_ENOMEM. */
int bench__resampler_init(struct bench__resampler *resampler, const struct bench__points *points,
                          uint64_t seed);
void bench__resampler_clear(struct bench__resampler *resampler);
/** The next n <= BENCH__CHUNK resamples (those left of the last draw are dropped); without x their
 *  slopes mean nothing. */
void bench__resampler_next(struct bench__resampler *resampler, struct bench__replicates *out,
                           size_t n);

/** The source of replicates for the bootstrap-t. */
struct bench__studentizer {
    const struct bench__points *points;
    struct bench__drawer drawer;
    size_t *order;               /* 0, 1, 2, ...: lists are not renumbered */
    double *weight;              /* of order statistics in the variance of a median */
    double *value, *distance;    /* scratch: the resample, and its distances from the median */
    double error[BENCH__BOOT_N]; /* standard errors of the points' own statistics, in their units */
};

/** The points must stay as long as the studentizer. @return 0 or BENCH_ENOMEM. */
int bench__studentizer_init(struct bench__studentizer *studentizer,
                            const struct bench__points *points, uint64_t seed);
void bench__studentizer_clear(struct bench__studentizer *studentizer);
/** The next n <= BENCH__CHUNK resamples as (theirs - estimate of the points) / standard error of
 *  the resample. Where that error is 0 there is nothing to divide by and the resample is left out:
 *  out_n[statistic] values are valid. Without x no slopes are. */
void bench__studentizer_next(struct bench__studentizer *studentizer, struct bench__replicates *out,
                             size_t n, size_t out_n[BENCH__BOOT_N]);

#endif
