/* stats/outliers.h - labels for unusual values. Nothing is ever removed. */
#ifndef BENCH_STATS_OUTLIERS_H
#define BENCH_STATS_OUTLIERS_H

#include <bench/result.h>

/** Tukey (1977) fences at 1.5 and 3 IQR (type 7 quartiles) and the double-MAD rule at 3. `sorted`. */
void bench__outliers(const double *sorted, size_t n, bench_outliers *out);

#endif
