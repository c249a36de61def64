/*
 * stats/location.h - where one sample is located, for samples of a few to a few dozen values that
 * are symmetric about it: estimates that stand wild values, and exact tests.
 */
#ifndef BENCH_STATS_LOCATION_H
#define BENCH_STATS_LOCATION_H

#include <bench/result.h>

enum {
    BENCH__SIGNED_RANK_MAX = 64, /* values up to which there is a signed-rank interval */
    BENCH__SIGN_FLIP_EXACT = 32  /* values up to which sign flips are all counted */
};

/** Median of the Walsh averages (x_i + x_j) / 2, i <= j. NAN for n = 0 and without memory. */
double bench__hodges_lehmann(const double *x, size_t n);

/** The same with the interval that inverts Wilcoxon's signed-rank test, 1 <= n <=
 *  BENCH__SIGNED_RANK_MAX, as R's wilcox.test(conf.int = TRUE, exact = TRUE). Too few points for
 *  the level: the interval is min ... max, and *out_coverage tells what it is worth. */
bench_estimate bench__signed_rank_interval(const double *x, size_t n, double level,
                                           double *out_coverage);

/** Mean without floor(trim n) values at each end, its squared standard error by the winsorised
 *  values (Yuen 1974; NAN for n < 2) and how many values it keeps; the test has kept - 1 degrees
 *  of freedom. n > 0, trim < 0.5. */
double bench__trimmed_mean(const double *sorted, size_t n, double trim, double *out_error2,
                           size_t *out_kept);

/** p-values that x is located at `shift`. Small `greater`: it is above; small `less`: below. */
struct bench__sign_flip {
    double greater, less, two_sided;
};

/**
 * Sign-flip test (Fisher 1935) of x - shift. The statistic is the sum of the values clipped at 3
 * times their median distance from `shift`: one wild launch of 16 leaves a plain mean without any
 * power, while the clipped one loses 1 % on a normal distribution; ranks would throw away more.
 * Distances do not change when signs do, so clipping by them keeps the test exact. Exact up to
 * BENCH__SIGN_FLIP_EXACT values, above that (k + 1)/(B + 1) of B = 99999 seeded draws.
 * @return 0 or BENCH_ENOMEM. n > 0.
 */
int bench__sign_flip(struct bench__sign_flip *out, const double *x, size_t n, double shift,
                     uint64_t seed);

#endif
