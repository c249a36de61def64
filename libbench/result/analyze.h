/*
 * result/analyze.h - from launches to estimates: the only place where samples become a result.
 *
 * Launches with an invalid clock or a status other than OK are left out of every estimate.
 * Inference is over launch medians: with 10 launches or more the median's interval is that of order
 * statistics and mean, MAD, standard deviation and slope have BCa intervals from resampling
 * launches; with fewer, locations have t intervals on the log scale (around the mean of logs,
 * widened to hold the point when it lies outside) and MAD and standard deviation have none. One
 * launch has no interval.
 *
 * Outliers are counted over all samples after dividing each by the median of its own launch: a
 * launch that met another placement is one fact, not 500 outliers.
 */
#ifndef BENCH_RESULT_ANALYZE_H
#define BENCH_RESULT_ANALYZE_H

#include <bench/result.h>

/** A benchmark is called dead code when an iteration takes no longer than this many times an empty
 *  loop's, or when twice the iterations do not take at least a tenth more time than once. */
#define BENCH__DEAD_CODE_RATIO 1.2

/**
 * Fills each launch's summary, then result->time, latency, counters, labels, error_rate,
 * peak_rss_bytes, kernel_correlation and flags from result->launches (raw samples needed).
 * BENCH_FLAG_OVERSUBSCRIBED is left as it is: only the caller knows the machine. An iteration of a
 * benchmark with threads is one of every thread: errors are divided by the iterations of all of
 * them, CPU time is not.
 *
 * @param calibrations the run's readings, for the correlation with each kernel; may be NULL.
 * @param empty_loop_ns the machine's time per iteration of an empty loop; NAN when not known.
 * @param seed drives resampling, together with the benchmark's name.
 * @return 0, BENCH_EFORMAT (a latency histogram that contradicts itself), BENCH_ENOMEM.
 */
int bench__analyze(bench_result *result, const bench_calibration *calibrations,
                   size_t n_calibrations, double empty_loop_ns, uint64_t seed, bench_error *err);

#endif
