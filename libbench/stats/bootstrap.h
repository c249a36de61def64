/*
 * stats/bootstrap.h - resampling: mean, median, MAD, standard deviation and slope together.
 *
 * Deterministic for a seed. 100,000 resamples of 100 points cost a few milliseconds; resample.h
 * says how, tests/unit/stats/time_bootstrap.c how many. What the intervals cover: test_coverage.c
 * there.
 */
#ifndef BENCH_STATS_BOOTSTRAP_H
#define BENCH_STATS_BOOTSTRAP_H

#include <bench/common.h>
#include <bench/result.h>

/** BCa (Efron 1987, acceleration by the jackknife) is the one to use. Bootstrap-t is better for
 *  means and slopes of few skewed points, poor for medians and MADs, and thirty times slower. */
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
 * Bootstraps n points (n >= 2). `y` holds the values, all finite; `x` may be NULL, else the
 * iteration counts of each point, all positive, for the slope of y over x (then mean, median, ...
 * are of y/x). Points without spread give intervals without width. @return 0, BENCH_EINVAL,
 * BENCH_ENOMEM.
 */
int bench__bootstrap(struct bench__boot_result *out, const double *y, const double *x, size_t n,
                     const struct bench__boot_options *options, bench_error *err);

/** A statistic of n values, n >= 1, in any order. */
typedef double bench__statistic(const double *x, size_t n, void *context);
/**
 * Any statistic, the slow and obvious way (used as the reference in tests, and for odd statistics).
 * Resamples for which it is not finite are left out. With bootstrap-t, whose standard errors are
 * the jackknife's, every resample costs n + 1 calls. @return as above.
 */
int bench__bootstrap_statistic(bench_estimate *out, const double *x, size_t n,
                               bench__statistic *statistic, void *context,
                               const struct bench__boot_options *options, bench_error *err);

#endif
