/*
 * The format of one launch: its table, and the members that are arrays (samples, the histogram,
 * counters, labels). docs/json-format.md explains the fields.
 */
#include "result/result_fields.h"

#include "base/mem.h"
#include "measure/histogram.h"
#include "result/model.h"

#include <math.h>
#include <stddef.h>

const char *const bench__clock_names[] = {"auto", "tsc", "cntvct", "monotonic", NULL};
static const char *const counter_names[] = {"value", "per_iteration", "rate", NULL};
static const char *const noise_names[] = {"steal",     "throttled", "migrated", "preempted",
                                          "frequency", "clock",     NULL};

/* ---- counters ---------------------------------------------------------------------------------
 */

static const struct bench__field counter_fields[] = {
    {BENCH__FIELD(ENUM, "kind", bench_counter_record, kind), .names = counter_names},
    {BENCH__FIELD(NAME, "name", bench_counter_record, name)},
    {BENCH__FIELD(BUFFER, "unit", bench_counter_record, unit),
     .size = sizeof((bench_counter_record *)0)->unit},
    {BENCH__FIELD(EXACT, "value", bench_counter_record, value)},
};
static const struct bench__fields counter_table = BENCH__FIELDS(counter_fields);

void bench__counters_write(const struct bench__write_context *context, const char *key,
                           const bench_counter_record *counters, size_t n,
                           enum bench__json_style style) {
    bench__json_array_open(context->w, key, style);
    for (size_t i = 0; i < n; i++) {
        bench__json_object_open(context->w, NULL, BENCH__JSON_LINE);
        bench__fields_write(context, &counter_table, &counters[i]);
        bench__json_object_close(context->w);
    }
    bench__json_array_close(context->w);
}

int bench__counters_read(bench_counter_record **out, size_t *out_n,
                         const struct bench__json *value) {
    int rc = bench__json_expect_array(value);
    for (size_t i = 0; i < bench__json_length(value) && rc == 0; i++) {
        const struct bench__json at = bench__json_at(value, i);
        const struct bench__json name = bench__json_get(&at, "name");
        const char *text = NULL;
        rc = bench__json_read_name(&text, &name);
        if (rc == 0) {
            bench_counter_record *counter =
                bench__counter_add(out, out_n, text, "", BENCH_COUNTER_VALUE, NAN);
            rc = counter != NULL ? bench__fields_read(&counter_table, counter, &at)
                                 : bench__json_no_memory(value);
        }
    }
    return rc;
}

static void write_launch_counters(const struct bench__write_context *context, const char *key,
                                  const void *owner) {
    const bench_launch *launch = owner;
    bench__counters_write(context, key, launch->counters, launch->n_counters, BENCH__JSON_LINE);
}

static int read_launch_counters(void *owner, const struct bench__json *value) {
    bench_launch *launch = owner;
    return bench__counters_read(&launch->counters, &launch->n_counters, value);
}

/* ---- labels ---- */

static const struct bench__field label_fields[] = {
    {BENCH__FIELD(NAME, "name", bench_label_record, name)},
    {BENCH__FIELD(NAME, "value", bench_label_record, value)},
};
static const struct bench__fields label_table = BENCH__FIELDS(label_fields);

void bench__labels_write(const struct bench__write_context *context, const char *key,
                         const bench_label_record *labels, size_t n, enum bench__json_style style) {
    if (n == 0) {
        return; /* so that what an older version wrote keeps its bytes */
    }
    bench__json_array_open(context->w, key, style);
    for (size_t i = 0; i < n; i++) {
        bench__json_object_open(context->w, NULL, BENCH__JSON_LINE);
        bench__fields_write(context, &label_table, &labels[i]);
        bench__json_object_close(context->w);
    }
    bench__json_array_close(context->w);
}

int bench__labels_read(bench_label_record **out, size_t *out_n, const struct bench__json *value) {
    int rc = bench__json_expect_array(value);
    for (size_t i = 0; i < bench__json_length(value) && rc == 0; i++) {
        const struct bench__json at = bench__json_at(value, i);
        const struct bench__json name = bench__json_get(&at, "name");
        const struct bench__json text = bench__json_get(&at, "value");
        const char *name_text = NULL, *value_text = NULL;
        rc = bench__json_read_name(&name_text, &name);
        rc = rc == 0 ? bench__json_read_name(&value_text, &text) : rc;
        if (rc == 0 && bench__label_find(*out, *out_n, name_text) != NULL) {
            rc = bench__json_error(&name, "occurs twice");
        }
        if (rc == 0 && bench__label_set(out, out_n, name_text, value_text) != 0) {
            rc = bench__json_no_memory(value);
        }
    }
    return rc;
}

static void write_launch_labels(const struct bench__write_context *context, const char *key,
                                const void *owner) {
    const bench_launch *launch = owner;
    bench__labels_write(context, key, launch->labels, launch->n_labels, BENCH__JSON_LINE);
}

static int read_launch_labels(void *owner, const struct bench__json *value) {
    bench_launch *launch = owner;
    return bench__labels_read(&launch->labels, &launch->n_labels, value);
}

/* ---- samples and histograms of a launch -------------------------------------------------------
 */

static void write_elapsed(const struct bench__write_context *context, const char *key,
                          const void *owner) {
    const bench_launch *launch = owner;
    if (launch->elapsed_ns == NULL) {
        bench__json_add_null(context->w, key);
        return;
    }
    bench__json_array_open(context->w, key, BENCH__JSON_LINE);
    for (size_t i = 0; i < launch->n_samples; i++) {
        bench__json_add_double(context->w, NULL, bench__round_decimals(launch->elapsed_ns[i], 3));
    }
    bench__json_array_close(context->w);
}

/* Elements of an array of samples, or of a histogram: as many as its sister array has. */
static int sample_length(size_t *n, int is_first, const struct bench__json *value) {
    const size_t length = bench__json_length(value);
    if (bench__json_expect_array(value) != 0) {
        return BENCH_EFORMAT;
    }
    if (!is_first && length != *n) {
        return bench__json_error(value, "must have %zu element%s, not %zu", *n, *n == 1 ? "" : "s",
                                 length);
    }
    *n = length;
    return 0;
}

static int read_elapsed(void *owner, const struct bench__json *value) {
    bench_launch *launch = owner;
    int rc = sample_length(&launch->n_samples, launch->iterations == NULL, value);
    if (rc != 0) {
        return rc;
    }
    launch->elapsed_ns = bench__alloc(launch->n_samples, sizeof *launch->elapsed_ns);
    if (launch->elapsed_ns == NULL) {
        return bench__json_no_memory(value);
    }
    for (size_t i = 0; i < launch->n_samples && rc == 0; i++) {
        const struct bench__json at = bench__json_at(value, i);
        rc = bench__json_read_double(&launch->elapsed_ns[i], &at);
        if (rc == 0 && launch->elapsed_ns[i] < 0) {
            rc = bench__json_error(&at, "must not be negative");
        }
    }
    return rc;
}

static void add_counts(struct bench__json_writer *w, const char *key, const uint64_t *counts,
                       size_t n) {
    if (counts == NULL) {
        bench__json_add_null(w, key);
        return;
    }
    bench__json_array_open(w, key, BENCH__JSON_LINE);
    for (size_t i = 0; i < n; i++) {
        bench__json_add_u64(w, NULL, counts[i]);
    }
    bench__json_array_close(w);
}

static int read_counts(uint64_t **out, size_t n, const struct bench__json *value) {
    int rc = 0;
    *out = bench__alloc(n, sizeof **out);
    if (*out == NULL) {
        return bench__json_no_memory(value);
    }
    for (size_t i = 0; i < n && rc == 0; i++) {
        const struct bench__json at = bench__json_at(value, i);
        rc = bench__json_read_u64(&(*out)[i], &at);
        if (rc == 0 && (*out)[i] == 0) {
            rc = bench__json_error(&at, "must be at least 1");
        }
    }
    return rc;
}

static void write_iterations(const struct bench__write_context *context, const char *key,
                             const void *owner) {
    const bench_launch *launch = owner;
    add_counts(context->w, key, launch->iterations, launch->n_samples);
}

static int read_iterations(void *owner, const struct bench__json *value) {
    bench_launch *launch = owner;
    const int rc = sample_length(&launch->n_samples, launch->elapsed_ns == NULL, value);
    return rc != 0 ? rc : read_counts(&launch->iterations, launch->n_samples, value);
}

static void write_n_samples(const struct bench__write_context *context, const char *key,
                            const void *owner) {
    const bench_launch *launch = owner;
    bench__json_add_u64(context->w, key, launch->n_samples);
}

static int read_n_samples(void *owner, const struct bench__json *value) {
    bench_launch *launch = owner;
    uint64_t n = 0;
    if (bench__json_read_u64(&n, value) != 0) {
        return BENCH_EFORMAT;
    }
    if ((launch->elapsed_ns == NULL) != (launch->iterations == NULL) ||
        (launch->elapsed_ns != NULL && n != launch->n_samples)) {
        return bench__json_error(value, "does not agree with elapsed_ns and iterations");
    }
    launch->n_samples = (size_t)n;
    return 0;
}

static void write_histogram(const struct bench__write_context *context, const char *key,
                            const void *owner) {
    const bench_histogram_record *histogram = &((const bench_launch *)owner)->latency;
    struct bench__json_writer *w = context->w;
    if (histogram->n_total == 0) {
        bench__json_add_null(w, key);
        return;
    }
    bench__json_object_open(w, key, BENCH__JSON_LINE);
    add_counts(w, "count", histogram->count, histogram->n_buckets);
    bench__json_array_open(w, "index", BENCH__JSON_LINE);
    for (size_t i = 0; i < histogram->n_buckets; i++) {
        bench__json_add_u64(w, NULL, histogram->index[i]);
    }
    bench__json_array_close(w);
    bench__json_add_double(w, "max_ns", histogram->max_ns);
    bench__json_add_double(w, "min_ns", histogram->min_ns);
    bench__json_add_double(w, "sum_ns", histogram->sum_ns);
    bench__json_object_close(w);
}

static int read_bucket_indices(bench_histogram_record *histogram, const struct bench__json *value) {
    int rc = sample_length(&histogram->n_buckets, 0, value);
    if (rc != 0) {
        return rc;
    }
    histogram->index = bench__alloc(histogram->n_buckets, sizeof *histogram->index);
    if (histogram->index == NULL) {
        return bench__json_no_memory(value);
    }
    for (size_t i = 0; i < histogram->n_buckets && rc == 0; i++) {
        const struct bench__json at = bench__json_at(value, i);
        uint64_t index = 0;
        rc = bench__json_read_u64(&index, &at);
        if (rc == 0 &&
            (index >= BENCH__HISTOGRAM_BUCKETS || (i > 0 && index <= histogram->index[i - 1]))) {
            rc = bench__json_error(&at, "must be above the one before and below %d",
                                   BENCH__HISTOGRAM_BUCKETS);
        }
        histogram->index[i] = (uint32_t)index;
    }
    return rc;
}

static const struct bench__field histogram_sums[] = {
    {BENCH__FIELD(EXACT, "max_ns", bench_histogram_record, max_ns)},
    {BENCH__FIELD(EXACT, "min_ns", bench_histogram_record, min_ns)},
    {BENCH__FIELD(EXACT, "sum_ns", bench_histogram_record, sum_ns)},
};
static const struct bench__fields histogram_table = BENCH__FIELDS(histogram_sums);

static int read_histogram(void *owner, const struct bench__json *value) {
    bench_histogram_record *histogram = &((bench_launch *)owner)->latency;
    const struct bench__json count = bench__json_get(value, "count");
    const struct bench__json index = bench__json_get(value, "index");
    int rc = bench__fields_read(&histogram_table, histogram, value);
    if (rc == 0) {
        rc = sample_length(&histogram->n_buckets, 1, &count);
    }
    if (rc == 0) {
        rc = read_counts(&histogram->count, histogram->n_buckets, &count);
    }
    if (rc == 0) {
        rc = read_bucket_indices(histogram, &index);
    }
    for (size_t i = 0; i < histogram->n_buckets && rc == 0; i++) {
        if (__builtin_add_overflow(histogram->n_total, histogram->count[i], &histogram->n_total)) {
            rc = bench__json_error(&count, "adds up to more than 64 bits");
        }
    }
    return rc;
}

/* ---- launches ---------------------------------------------------------------------------------
 */

#define LAUNCH(type_, name_, member)                                                               \
    { BENCH__FIELD(type_, name_, bench_launch, member) }
#define SUMMARY(type_, name_, member)                                                              \
    { BENCH__FIELD(type_, name_, bench_launch, member), .in_baseline = 1 }

static const struct bench__field launch_fields[] = {
    LAUNCH(I64, "batch_max", batch_max),
    SUMMARY(INT, "calibration", calibration),
    LAUNCH(SIGNED, "clock_drift_ppm", clock.drift_ppm),
    {BENCH__FIELD(ENUM, "clock_kind", bench_launch, clock.kind), .names = bench__clock_names},
    LAUNCH(AMOUNT, "clock_overhead_ns", clock.overhead_ns),
    LAUNCH(AMOUNT, "clock_resolution_ns", clock.resolution_ns),
    LAUNCH(EXACT, "clock_ticks_per_ns", clock.ticks_per_ns),
    LAUNCH(AMOUNT, "cold_ns", cold_ns),
    {BENCH__FIELD(BITS, "contaminated", bench_launch, noise.contaminated), .names = noise_names,
     .in_baseline = 1},
    BENCH__CUSTOM("counters", write_launch_counters, read_launch_counters),
    LAUNCH(AMOUNT, "cpu_ns", cpu_ns),
    BENCH__CUSTOM("elapsed_ns", write_elapsed, read_elapsed),
    LAUNCH(U32, "index", index),
    LAUNCH(I64, "involuntary_switches", noise.involuntary_switches),
    BENCH__CUSTOM("iterations", write_iterations, read_iterations),
    {.name = "labels",
     .type = BENCH__FIELD_CUSTOM,
     .write = write_launch_labels,
     .read = read_launch_labels,
     .rows_only = 1},
    BENCH__CUSTOM("latency", write_histogram, read_histogram),
    LAUNCH(I64, "major_faults", noise.major_faults),
    LAUNCH(AMOUNT, "measured_ns", measured_ns),
    SUMMARY(AMOUNT, "median_ns", median_ns),
    LAUNCH(TEXT, "message", message),
    LAUNCH(I64, "migrations", noise.migrations),
    LAUNCH(I64, "minor_faults", noise.minor_faults),
    LAUNCH(U64, "n_errors", n_errors),
    {.name = "n_samples",
     .type = BENCH__FIELD_CUSTOM,
     .write = write_n_samples,
     .read = read_n_samples,
     .style = BENCH__JSON_LINE,
     .in_baseline = 1},
    LAUNCH(I64, "output_bytes", output_bytes),
    LAUNCH(I64, "peak_rss_bytes", peak_rss_bytes),
    LAUNCH(I64, "pressure_ns", noise.pressure_ns),
    SUMMARY(AMOUNT, "q05_ns", q05_ns),
    SUMMARY(AMOUNT, "q25_ns", q25_ns),
    SUMMARY(AMOUNT, "q75_ns", q75_ns),
    SUMMARY(AMOUNT, "q95_ns", q95_ns),
    LAUNCH(AMOUNT, "ruler_after_ghz", noise.ruler_after_ghz),
    LAUNCH(AMOUNT, "ruler_before_ghz", noise.ruler_before_ghz),
    LAUNCH(SEED, "seed", seed),
    LAUNCH(I64, "started_at_ns", started_at_ns),
    {BENCH__FIELD(ENUM, "status", bench_launch, status), .names = bench__status_names},
    LAUNCH(BOOL, "steady", steady),
    LAUNCH(I64, "steal_ns", noise.steal_ns),
    LAUNCH(I64, "throttled_ns", noise.throttled_ns),
    LAUNCH(U64, "total_iterations", total_iterations),
    LAUNCH(I64, "voluntary_switches", noise.voluntary_switches),
    LAUNCH(AMOUNT, "wall_ns", wall_ns),
    LAUNCH(AMOUNT, "warm_up_ns", warm_up_ns),
};
const struct bench__fields bench__launch_fields = BENCH__FIELDS(launch_fields);
