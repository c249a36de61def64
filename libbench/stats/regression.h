/* stats/regression.h - lines. (Theil-Sen is in base/robust.h.) */
#ifndef BENCH_STATS_REGRESSION_H
#define BENCH_STATS_REGRESSION_H

#include <stddef.h>

/** Least squares through the origin: sum(xy)/sum(xx). NAN without an x other than 0. */
double bench__slope_origin(const double *x, const double *y, size_t n);
/** Least squares line; intercept, slope and the slope's standard error, NAN for n = 2.
 *  @return 0, or -1 when undefined: n < 2, or all x equal. */
int bench__line_fit(const double *x, const double *y, size_t n, double *out_intercept,
                    double *out_slope, double *out_slope_se);
/** Scaling exponent b of y = a x^b: the slope of the logarithms, with its t interval at `level`.
 *  @return 0, or -1 when undefined: n < 3, a value that is not positive, all x equal. */
int bench__power_law(const double *x, const double *y, size_t n, double level, double *out_exponent,
                     double *out_lower, double *out_upper);

#endif
