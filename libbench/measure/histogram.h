/*
 * measure/histogram.h - log-linear histogram of latencies in ns: at most 1 % relative error (values
 * below 128 ns: 1 ns wide buckets... see bench__histogram_index), constant time and no allocation per value.
 */
#ifndef BENCH_MEASURE_HISTOGRAM_H
#define BENCH_MEASURE_HISTOGRAM_H

#include <bench/record.h>

struct bench__histogram; /* dense; about 30 kB */

struct bench__histogram *bench__histogram_new(void);
void bench__histogram_free(struct bench__histogram *h);
void bench__histogram_reset(struct bench__histogram *h);
/** Records one latency; may be called while timing is stopped between operations. */
void bench__histogram_add(struct bench__histogram *h, double ns);
void bench__histogram_merge(struct bench__histogram *into, const struct bench__histogram *from);

/** Bucket of a value, and the bounds [lower, upper) of a bucket. Part of the file format. */
uint32_t bench__histogram_index(double ns);
void bench__histogram_bounds(uint32_t index, double *out_lower_ns, double *out_upper_ns);

/** Dense to sparse record (allocates index and count) and its release. */
int bench__histogram_record(const struct bench__histogram *h, bench_histogram_record *out);
void bench__histogram_record_clear(bench_histogram_record *record);
int bench__histogram_add_record(struct bench__histogram *into, const bench_histogram_record *from);
/** Value at quantile p of all recorded (linear within the bucket, clamped to exact min and max);
 *  NAN with fewer than 100/(1-p) values (p > 0.5), so that a percentile is never a guess. */
double bench__histogram_quantile(const struct bench__histogram *h, double p);

#endif
