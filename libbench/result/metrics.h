/* result/metrics.h - what a benchmark has beside time, from its launches. Part of the analysis. */
#ifndef BENCH_RESULT_METRICS_H
#define BENCH_RESULT_METRICS_H

#include <bench/result.h>

/** Fills latency, counters, labels, error_rate, peak_rss_bytes, time.cold and time.cpu anew from
 *  launches, labels from all of them. @return 0, BENCH_EFORMAT (a bad histogram), BENCH_ENOMEM. */
int bench__metrics(bench_result *result, bench_error *err);

#endif
