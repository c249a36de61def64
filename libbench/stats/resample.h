/*
 * stats/resample.h - many bootstrap resamples at once: mean, median, MAD, deviation and slope.
 * Private to stats/bootstrap*.c.
 *
 * A resample draws n of n points with replacement. It is drawn as a *list* of point numbers,
 * ascending, which costs about as much as all the statistics together. So each list is used
 * BENCH__LANES times, with the points renumbered in between: whatever renumbering is chosen without
 * looking at the draw, the renumbered draw is again an exact sample with replacement. Resamples of
 * one list are not independent of each other, but nearly so; measured by the scatter of the end
 * points over seeds, 100,000 of them are worth about 80,000 independent ones for the robust
 * statistics and over 90,000 for the others (tests/unit/stats/test_resample.c).
 *
 *   mean, deviation, slope   sums over the list. One table row per point holds its terms under
 *                            every renumbering (random permutations), so that one vector addition
 *                            serves all lanes.
 *   median, MAD              need order. Renumbering by rotation keeps the list sorted, up to the
 *                            place where it wraps round: the median is looked up, and the points
 *                            nearest to it are a window of the list, found by binary search.
 */
#ifndef BENCH_STATS_RESAMPLE_H
#define BENCH_STATS_RESAMPLE_H

#include "base/rng.h"
#include <bench/common.h>

enum { BENCH__LANES = 8 };

enum bench__boot_statistic {
    BENCH__BOOT_MEAN = 0,
    BENCH__BOOT_STD_DEV,
    BENCH__BOOT_MEDIAN,
    BENCH__BOOT_MAD,
    BENCH__BOOT_SLOPE,
    BENCH__BOOT_N
};

/** Points in ascending order of value. */
struct bench__points {
    size_t n;
    double *value;    /* y, or y / x */
    double *x;        /* NULL without x: then there is no slope */
    double *residual; /* y - slope x; NULL without x */
    double mean, std_dev, slope;
};

int bench__points_init(struct bench__points *points, const double *y, const double *x, size_t n);
void bench__points_clear(struct bench__points *points);

/**
 * Median and MAD of samples given as lists of n point numbers: sample i holds the values
 * value[list[i][k] + offset[i]], ascending in k. At most BENCH__LANES samples.
 */
void bench__robust_of_lists(const double *value, const uint32_t *const *list,
                            const ptrdiff_t *offset, size_t n_lists, size_t n, double *out_median,
                            double *out_mad);

/** A source of lists. */
struct bench__drawer {
    size_t n;
    struct bench__rng rng;
    uint32_t *list;   /* the draw, ascending, and once more with n added to every number */
    uint32_t *before; /* before[i]: draws of points below i */
    uint32_t *count;  /* draws of each point; zero between draws */
};

int bench__drawer_init(struct bench__drawer *drawer, size_t n, uint64_t seed);
void bench__drawer_clear(struct bench__drawer *drawer);
void bench__drawer_next(struct bench__drawer *drawer);

/**
 * Fills out[statistic][0 ... n_resamples) for every statistic whose array is not NULL; the slope's
 * needs points with x. @return 0 or BENCH_ENOMEM.
 */
int bench__resample(double *const out[BENCH__BOOT_N], const struct bench__points *points,
                    size_t n_resamples, uint64_t seed);

#endif
