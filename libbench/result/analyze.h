/* result/analyze.h - from launches to estimates: the only place where samples become a result. */
#ifndef BENCH_RESULT_ANALYZE_H
#define BENCH_RESULT_ANALYZE_H

#include <bench/result.h>

/** Fills each launch's summary, then result->time, latency, counters, error_rate, peak_rss_bytes
 * and flags from result->launches (raw samples needed). Launches with an invalid clock or a status
 * other than OK are left out of every estimate. `seed` drives resampling. `calibrations` may be
 * NULL. `empty_loop_ns` is the machine's time per iteration of an empty loop for the dead-code
 * check. */
int bench__analyze(bench_result *result, const bench_calibration *calibrations,
                   size_t n_calibrations, double empty_loop_ns, uint64_t seed, bench_error *err);

#endif
