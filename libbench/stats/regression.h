/* stats/regression.h - lines. (Theil-Sen is in base/robust.h.) */
#ifndef BENCH_STATS_REGRESSION_H
#define BENCH_STATS_REGRESSION_H

#include <stddef.h>

/** Least squares through the origin: sum(xy)/sum(xx). */
double bench__slope_origin(const double *x, const double *y, size_t n);
/** Least squares line; intercept, slope and the slope's standard error. @return 0, or -1 when undefined. */
int bench__line_fit(const double *x, const double *y, size_t n, double *out_intercept,
                    double *out_slope, double *out_slope_se);
/** Exponent b of y = a x^b from logs, with its interval (t); B13's scaling exponent. n >= 3, all > 0. */
int bench__power_law(const double *x, const double *y, size_t n, double level, double *out_exponent,
                     double *out_lower, double *out_upper);

#endif
