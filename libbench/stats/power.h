/* stats/power.h - what a comparison can see, and corrections for looking many times. */
#ifndef BENCH_STATS_POWER_H
#define BENCH_STATS_POWER_H

#include <stddef.h>

/** Minimum detectable effect at 90 % power: (t_{1-alpha/2,df} + t_{0.9,df}) * se. df may be
 * INFINITY. */
double bench__mde(double se, double df, double alpha);
/** Benjamini-Hochberg (1995) adjusted p-values, and Holm's (1979), as R's p.adjust; the order
 *  of p is kept; NANs stay NAN and do not count. `out` may be `p`. @return 0 or BENCH_ENOMEM. */
int bench__adjust_bh(double *out, const double *p, size_t n);
int bench__adjust_holm(double *out, const double *p, size_t n);
/** Welch-Satterthwaite degrees of freedom. */
double bench__welch_df(double var_a, size_t n_a, double var_b, size_t n_b);

#endif
