/* stats/quantile.h - quantiles and exact order-statistic intervals. Input `x` is sorted ascending.
 * */
#ifndef BENCH_STATS_QUANTILE_H
#define BENCH_STATS_QUANTILE_H

#include <bench/result.h>
#include <stddef.h>

/** Quantile types of Hyndman and Fan (1996), 1 to 9; the library uses 7 (as R by default). NAN for
 *  n = 0, p outside [0, 1] or another type. */
double bench__quantile(const double *sorted, size_t n, double p, int type);

/** Distribution-free interval of the median: x[(k)], x[(n+1-k)] with the largest k whose exact
 *  binomial coverage is at least `level`. Too few points for that level: min and max, and
 *  *out_coverage (may be NULL) tells what they really cover. */
bench_estimate bench__median_interval(const double *sorted, size_t n, double level,
                                      double *out_coverage);

#endif
