/*
 * stats/shift.h - where in the distribution a change sits, and the change of a whole suite.
 *
 * Values are logarithms of times, so that differences are relative changes.
 */
#ifndef BENCH_STATS_SHIFT_H
#define BENCH_STATS_SHIFT_H

#include <bench/result.h>

enum { BENCH__N_DECILES = 9 };

/** The samples of one side: launch p is x[start[p]] ... x[start[p + 1] - 1]. Without `start` every
 *  value is its own launch: independent samples. */
struct bench__launch_samples {
    const double *x;
    const size_t *start;
    size_t n_launches;
};

struct bench__shift_options {
    int paired;          /* launch p of one side belongs to launch p of the other, as in a duel */
    double level;        /* 0.95 */
    int64_t n_resamples; /* >= 100; 2000 */
    uint64_t seed;
};

struct bench__shift {
    double before[BENCH__N_DECILES]; /* deciles 0.1 ... 0.9 of a (type 7), of all its samples */
    bench_estimate change[BENCH__N_DECILES]; /* the same of b, less those of a */
};

/**
 * Shift function (Doksum 1974): differences of deciles, b - a, with a band that holds all nine at
 * once. Launches are resampled, both sides of a pair together; the band is the largest studentised
 * deviation of a resample (sup-t), its critical value taken from the normal to the t distribution
 * of n_launches - 1 degrees of freedom and its width by sqrt(n / (n - 1)), as few launches need.
 * At least two launches a side, none of them empty, all values finite.
 * @return 0, BENCH_EINVAL, BENCH_ENOMEM.
 */
int bench__shift(struct bench__shift *out, const struct bench__launch_samples *a,
                 const struct bench__launch_samples *b, const struct bench__shift_options *options,
                 bench_error *err);

/**
 * Change of a suite, the log of the geometric mean of its changes: the mean of the Hodges-Lehmann
 * estimates of n_benchmarks rows of n_launches numbers as in stats/paired.h. NAN: no such launch;
 * a row with less than two is left out. Launches of one number ran in one round and share the
 * state of the machine: the standard error is the jackknife's, leaving out a launch of all
 * benchmarks at a time, and the interval is t's.
 * @return 0, BENCH_EINVAL (under two launches, or no row left), BENCH_ENOMEM.
 */
int bench__suite_change(bench_estimate *out, const double *x, size_t n_benchmarks,
                        size_t n_launches, double level, bench_error *err);

#endif
