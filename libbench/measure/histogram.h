/*
 * measure/histogram.h - log-linear histogram of latencies: constant time and no allocation per
 * value.
 *
 * Values are cut to multiples of 1/256 ns. Every power of two from 0.5 ns up is divided into 128
 * buckets of equal width, so that
 *   - from 0.5 ns to 2^40 ns (1100 s) a bucket is at most 1/128 = 0.79 % of its values wide, and
 *     whatever is read from a bucket is that close to the value recorded;
 *   - below 0.5 ns a bucket is 1/256 ns wide: the error is absolute, 4 ps;
 *   - from 2^40 ns up everything falls into the last bucket, of which only the maximum is known.
 * Minimum, maximum and sum are exact.
 */
#ifndef BENCH_MEASURE_HISTOGRAM_H
#define BENCH_MEASURE_HISTOGRAM_H

#include <bench/record.h>

/** Number of buckets; every index is below it. Part of the file format. */
#define BENCH__HISTOGRAM_BUCKETS 5376

struct bench__histogram; /* dense; 42 KiB */

struct bench__histogram *bench__histogram_new(void);
void bench__histogram_free(struct bench__histogram *h);
void bench__histogram_reset(struct bench__histogram *h);
/** Records one latency in a few ns; may be called while timing is stopped between operations. A
 *  negative value (a clock that stepped back) counts as 0, NAN as nothing. */
void bench__histogram_add(struct bench__histogram *h, double ns);
void bench__histogram_merge(struct bench__histogram *into, const struct bench__histogram *from);

/** Bucket of a value, and the bounds [lower, upper) of a bucket: the last one's upper bound is
 *  INFINITY, both are NAN for an index out of range. Part of the file format. */
uint32_t bench__histogram_index(double ns);
void bench__histogram_bounds(uint32_t index, double *out_lower_ns, double *out_upper_ns);

/** Dense to sparse record (allocates index and count; both NULL when nothing was recorded).
 *  @return 0 or BENCH_ENOMEM, with *out empty. */
int bench__histogram_record(const struct bench__histogram *h, bench_histogram_record *out);
/** Frees index and count; what is left is the record of an empty histogram. */
void bench__histogram_record_clear(bench_histogram_record *record);
/** Adds a sparse record. @return 0, or BENCH_EFORMAT when it contradicts itself (indices out of
 *  range or not ascending, counts that do not sum to n_total, minimum or maximum outside of the
 * first or last bucket), with `into` unchanged. */
int bench__histogram_add_record(struct bench__histogram *into, const bench_histogram_record *from);
/** Value at quantile p of all recorded: linear within the bucket, clamped to exact min and max.
 *  NAN for p outside of [0, 1], without values, and for p > 0.5 with fewer than 100/(1-p) values,
 * so that a percentile is never a guess. */
double bench__histogram_quantile(const struct bench__histogram *h, double p);

#endif
