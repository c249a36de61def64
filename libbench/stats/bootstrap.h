/*
 * stats/bootstrap.h - resampling: mean, median, MAD, standard deviation and slope together.
 *
 * Deterministic for a seed. 100,000 resamples of 100 points cost a few milliseconds; see
 * docs/statistics.md for how.
 */
#ifndef BENCH_STATS_BOOTSTRAP_H
#define BENCH_STATS_BOOTSTRAP_H

#include <bench/common.h>
#include <bench/result.h>

enum bench__boot_method { BENCH__BOOT_BCA = 0, BENCH__BOOT_PERCENTILE, BENCH__BOOT_T };

struct bench__boot_options {
    enum bench__boot_method method;
    int64_t n_resamples; /* >= 100 */
    double level;        /* 0.95 */
    uint64_t seed;
};

struct bench__boot_result {
    bench_estimate mean, median, mad, std_dev;
    bench_estimate slope; /* through the origin, of y over x; NAN without x */
};

/**
 * Bootstraps n points (n >= 2). `y` holds the values; `x` may be NULL, else the iteration counts of
 * each point for the slope of y over x (then mean, median, ... are of y/x).
 * BCa uses the jackknife acceleration (Efron 1987). @return 0, BENCH_EINVAL, BENCH_ENOMEM.
 */
int bench__bootstrap(struct bench__boot_result *out, const double *y, const double *x, size_t n,
                     const struct bench__boot_options *options, bench_error *err);

/** Any statistic, the slow and obvious way (used as the reference in tests, and for odd statistics). */
typedef double bench__statistic(const double *x, size_t n, void *context);
int bench__bootstrap_statistic(bench_estimate *out, const double *x, size_t n,
                               bench__statistic *statistic, void *context,
                               const struct bench__boot_options *options, bench_error *err);

#endif
