/* stats/outliers.h - labels for unusual values. Nothing is ever removed. */
#ifndef BENCH_STATS_OUTLIERS_H
#define BENCH_STATS_OUTLIERS_H

#include <bench/result.h>

/**
 * Counts n values, sorted ascending, beyond Tukey's (1977) fences at 1.5 and 3 IQR (type 7
 * quartiles) and by the double-MAD rule: more than 3 x 1.4826 times the MAD of their own side of
 * the median away from it, 1.4826 making the MAD of normal data its standard deviation. A side
 * whose MAD is 0 (over half of it equal to the median) has no outliers by that rule.
 */
void bench__outliers(const double *sorted, size_t n, bench_outliers *out);

#endif
