/*
 * The file format of runs, field by field: a sorted table per struct. Both the writer and the
 * reader go by these tables; docs/json-format.md explains them. Launches have a file of their own.
 */
#include "result/result_fields.h"

#include "result/model.h"
#include "result/pairs.h"
#include "result/result_file.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

static const char *const sampling_names[] = {"auto", "flat", "linear", "latency", NULL};
static const char *const flag_names[] = {"dead_code",   "not_steady",   "oversubscribed",
                                         "noisy",       "multimodal",   "writes_output",
                                         "clock_bound", "few_launches", NULL};

/* ---- host and calibration ---------------------------------------------------------------------
 */

#define HOST(type_, member)                                                                        \
    { BENCH__FIELD(type_, #member, bench_host, member) }
#define HOST_TEXT(member)                                                                          \
    { BENCH__FIELD(BUFFER, #member, bench_host, member), .size = sizeof((bench_host *)0)->member }

static const struct bench__field host_fields[] = {
    HOST_TEXT(arch),
    HOST_TEXT(aslr),
    {BENCH__FIELD(ENUM, "clock", bench_host, clock), .names = bench__clock_names},
    HOST_TEXT(clocksource),
    HOST_TEXT(compiler),
    HOST_TEXT(cpu_model),
    HOST(EXACT, cpu_quota),
    HOST_TEXT(flags),
    HOST_TEXT(governor),
    HOST_TEXT(hostname),
    HOST_TEXT(hypervisor),
    HOST_TEXT(kernel),
    HOST(I64, l1d_bytes),
    HOST(I64, l2_bytes),
    HOST(I64, l3_bytes),
    HOST(INT, libbench_major),
    HOST_TEXT(libc),
    HOST(EXACT, load_1min),
    HOST(I64, memory_bytes),
    HOST_TEXT(microcode),
    HOST(I64, n_cpus),
    HOST_TEXT(smt),
    HOST_TEXT(turbo),
};
const struct bench__fields bench__host_fields = BENCH__FIELDS(host_fields);

#define KERNEL(name_, kernel)                                                                      \
    { BENCH__FIELD(AMOUNT, name_, bench_calibration, ns[BENCH_KERNEL_##kernel]), .in_baseline = 1 }
static const struct bench__field calibration_fields[] = {
    KERNEL("add", ADD),
    {BENCH__FIELD(I64, "at_ns", bench_calibration, at_ns), .in_baseline = 1},
    KERNEL("branch", BRANCH),
    KERNEL("copy", COPY),
    KERNEL("l1", L1),
    KERNEL("l2", L2),
    KERNEL("l3", L3),
    KERNEL("memory", MEMORY),
    KERNEL("multiply", MULTIPLY),
    KERNEL("syscall", SYSCALL),
};
const struct bench__fields bench__calibration_fields = BENCH__FIELDS(calibration_fields);

static void write_calibrations(const struct bench__write_context *context, const char *key,
                               const void *owner) {
    const bench_run *run = owner;
    bench__columns_write(context, key, &bench__calibration_fields, run->calibrations,
                         sizeof *run->calibrations, run->n_calibrations, NULL);
}

static int read_calibrations(void *owner, const struct bench__json *value) {
    bench_run *run = owner;
    const struct bench__json first = bench__json_get(value, "at_ns");
    int rc = bench__json_expect_array(&first);
    for (size_t i = 0; i < bench__json_length(&first) && rc == 0; i++) {
        rc = bench__run_add_calibration(run) != NULL ? 0 : bench__json_no_memory(value);
    }
    return rc != 0 ? rc
                   : bench__columns_read(&bench__calibration_fields, run->calibrations,
                                         sizeof *run->calibrations, run->n_calibrations, value);
}

/* ---- one benchmark ----------------------------------------------------------------------------
 */

#define TIME(type_, member)                                                                        \
    { BENCH__FIELD(type_, #member, bench_time_estimates, member) }
#define OUTLIERS(member)                                                                           \
    { BENCH__FIELD(U64, #member, bench_outliers, member) }
#define LATENCY(type_, member)                                                                     \
    { BENCH__FIELD(type_, #member, bench_latency, member) }
#define OPTION(type_, member)                                                                      \
    { BENCH__FIELD(type_, #member, bench_resolved, member) }
#define RESULT(type_, member)                                                                      \
    { BENCH__FIELD(type_, #member, bench_result, member) }
#define OBJECT(owner, member, table_, style_)                                                      \
    { BENCH__FIELD(OBJECT, #member, owner, member), .fields = &(table_), .style = (style_) }

static const struct bench__field outlier_fields[] = {
    OUTLIERS(high_mild), OUTLIERS(high_severe), OUTLIERS(low_mild), OUTLIERS(low_severe),
    OUTLIERS(mad_high),  OUTLIERS(mad_low),     OUTLIERS(n),
};
static const struct bench__fields outlier_table = BENCH__FIELDS(outlier_fields);

static const struct bench__field time_fields[] = {
    TIME(AMOUNT, between_launch_sd),
    TIME(AMOUNT, cold),
    TIME(AMOUNT, cpu),
    TIME(AMOUNT, effective_samples),
    TIME(SIGNED, lag1),
    TIME(ESTIMATE, mad),
    TIME(AMOUNT, max),
    TIME(AMOUNT, mde),
    TIME(ESTIMATE, mean),
    TIME(ESTIMATE, median),
    TIME(AMOUNT, min),
    TIME(INT, n_modes),
    OBJECT(bench_time_estimates, outliers, outlier_table, BENCH__JSON_LINE),
    TIME(AMOUNT, q05),
    TIME(AMOUNT, q25),
    TIME(AMOUNT, q75),
    TIME(AMOUNT, q95),
    TIME(AMOUNT, q99),
    TIME(ESTIMATE, slope),
    TIME(ESTIMATE, std_dev),
    TIME(AMOUNT, within_launch_sd),
};
static const struct bench__fields time_table = BENCH__FIELDS(time_fields);

static const struct bench__field latency_fields[] = {
    LATENCY(AMOUNT, max), LATENCY(AMOUNT, mean), LATENCY(AMOUNT, min),
    LATENCY(U64, n),      LATENCY(AMOUNT, p50),  LATENCY(AMOUNT, p90),
    LATENCY(AMOUNT, p95), LATENCY(AMOUNT, p99),  LATENCY(AMOUNT, p999),
};
static const struct bench__fields latency_table = BENCH__FIELDS(latency_fields);

static void write_latency(const struct bench__write_context *context, const char *key,
                          const void *owner) {
    const bench_latency *latency = &((const bench_result *)owner)->latency;
    if (latency->n == 0) {
        bench__json_add_null(context->w, key);
        return;
    }
    bench__json_object_open(context->w, key, BENCH__JSON_LINE);
    bench__fields_write(context, &latency_table, latency);
    bench__json_object_close(context->w);
}

static int read_latency(void *owner, const struct bench__json *value) {
    return bench__fields_read(&latency_table, &((bench_result *)owner)->latency, value);
}

static const struct bench__field option_fields[] = {
    OPTION(EXACT, confidence_level),
    OPTION(INT, launches),
    OPTION(I64, measurement_time_ns),
    OPTION(I64, n_resamples),
    OPTION(INT, sample_size),
    {BENCH__FIELD(ENUM, "sampling", bench_resolved, sampling), .names = sampling_names},
    OPTION(I64, timeout_ns),
    OPTION(I64, warm_up_time_ns),
};
static const struct bench__fields option_table = BENCH__FIELDS(option_fields);

#define CORRELATION(name_, kernel)                                                                 \
    { BENCH__FIELD(SIGNED, name_, bench_result, kernel_correlation[BENCH_KERNEL_##kernel]) }
static const struct bench__field correlation_fields[] = {
    CORRELATION("add", ADD),         CORRELATION("branch", BRANCH),
    CORRELATION("copy", COPY),       CORRELATION("l1", L1),
    CORRELATION("l2", L2),           CORRELATION("l3", L3),
    CORRELATION("memory", MEMORY),   CORRELATION("multiply", MULTIPLY),
    CORRELATION("syscall", SYSCALL),
};
static const struct bench__fields correlation_table = BENCH__FIELDS(correlation_fields);

static void write_result_counters(const struct bench__write_context *context, const char *key,
                                  const void *owner) {
    const bench_result *result = owner;
    bench__counters_write(context, key, result->counters, result->n_counters, BENCH__JSON_BLOCK);
}

static int read_result_counters(void *owner, const struct bench__json *value) {
    bench_result *result = owner;
    return bench__counters_read(&result->counters, &result->n_counters, value);
}

static void write_result_labels(const struct bench__write_context *context, const char *key,
                                const void *owner) {
    const bench_result *result = owner;
    bench__labels_write(context, key, result->labels, result->n_labels, BENCH__JSON_BLOCK);
}

static int read_result_labels(void *owner, const struct bench__json *value) {
    bench_result *result = owner;
    return bench__labels_read(&result->labels, &result->n_labels, value);
}

static int ended_well(const void *launch) {
    return ((const bench_launch *)launch)->status == BENCH_STATUS_OK;
}

static void write_launches(const struct bench__write_context *context, const char *key,
                           const void *owner) {
    const bench_result *result = owner;
    bench__columns_write(context, key, &bench__launch_fields, result->launches,
                         sizeof *result->launches, result->n_launches,
                         context->with_samples ? NULL : ended_well);
}

static int read_launches(void *owner, const struct bench__json *value) {
    bench_result *result = owner;
    const struct bench__json first = bench__json_get(value, "n_samples");
    int rc = bench__json_expect_object(value);
    if (rc == 0) {
        rc = bench__json_expect_array(&first);
    }
    for (size_t i = 0; i < bench__json_length(&first) && rc == 0; i++) {
        bench_launch *launch = bench__result_add_launch(result);
        if (launch == NULL) {
            return bench__json_no_memory(value);
        }
        launch->index = (uint32_t)i;
    }
    return rc != 0 ? rc
                   : bench__columns_read(&bench__launch_fields, result->launches,
                                         sizeof *result->launches, result->n_launches, value);
}

static void write_params(const struct bench__write_context *context, const char *key,
                         const void *owner) {
    const bench_result *result = owner;
    struct bench__json_writer *w = context->w;
    bench__json_array_open(w, key, BENCH__JSON_LINE);
    for (size_t i = 0; i < result->n_params; i++) {
        const bench_param *param = &result->params[i];
        bench__json_object_open(w, NULL, BENCH__JSON_LINE);
        bench__json_add_text(w, "name", param->name);
        if (param->is_i64) {
            bench__json_add_i64(w, "value", param->i64);
        } else {
            bench__json_add_text(w, "value", param->text);
        }
        bench__json_object_close(w);
    }
    bench__json_array_close(w);
}

static int read_param(bench_result *result, const struct bench__json *at) {
    const struct bench__json name = bench__json_get(at, "name");
    const struct bench__json value = bench__json_get(at, "value");
    const int is_i64 = !bench__json_is_text(&value);
    const char *name_text = NULL, *text = NULL;
    char digits[24];
    int64_t i64 = 0;
    int rc = bench__json_expect_object(at);
    if (rc == 0) {
        rc = bench__json_read_name(&name_text, &name);
    }
    if (rc == 0 && is_i64) {
        rc = bench__json_read_i64(&i64, &value);
        snprintf(digits, sizeof digits, "%" PRId64, i64);
        text = digits;
    } else if (rc == 0) {
        rc = bench__json_read_name(&text, &value);
    }
    if (rc == 0 && bench__result_add_param(result, name_text, text, is_i64, i64) != 0) {
        rc = bench__json_no_memory(at);
    }
    return rc;
}

static int read_params(void *owner, const struct bench__json *value) {
    int rc = bench__json_expect_array(value);
    for (size_t i = 0; i < bench__json_length(value) && rc == 0; i++) {
        const struct bench__json at = bench__json_at(value, i);
        rc = read_param(owner, &at);
    }
    return rc;
}

static const struct bench__field result_fields[] = {
    RESULT(EXACT, bytes_per_iteration),
    BENCH__CUSTOM("counters", write_result_counters, read_result_counters),
    RESULT(EXACT, elements_per_iteration),
    RESULT(AMOUNT, error_rate),
    {BENCH__FIELD(BITS, "flags", bench_result, flags), .names = flag_names},
    RESULT(NAME, function),
    RESULT(NAME, group),
    {.name = "kernel_correlation",
     .type = BENCH__FIELD_OBJECT,
     .fields = &correlation_table,
     .style = BENCH__JSON_LINE},
    BENCH__CUSTOM("labels", write_result_labels, read_result_labels),
    BENCH__CUSTOM("latency", write_latency, read_latency),
    BENCH__CUSTOM("launches", write_launches, read_launches),
    RESULT(TEXT, message),
    RESULT(INT, n_threads),
    RESULT(NAME, name),
    OBJECT(bench_result, options, option_table, BENCH__JSON_LINE),
    BENCH__CUSTOM("params", write_params, read_params),
    RESULT(I64, peak_rss_bytes),
    {BENCH__FIELD(ENUM, "status", bench_result, status), .names = bench__status_names},
    RESULT(NAME, suite),
    OBJECT(bench_result, time, time_table, BENCH__JSON_BLOCK),
};
const struct bench__fields bench__result_fields = BENCH__FIELDS(result_fields);

/* ---- the whole run ----------------------------------------------------------------------------
 */

static void write_results(const struct bench__write_context *context, const char *key,
                          const void *owner) {
    const bench_run *run = owner;
    bench__json_array_open(context->w, key, BENCH__JSON_BLOCK);
    for (size_t i = 0; i < run->n_results; i++) {
        bench__result_write(context, NULL, &run->results[i]);
    }
    bench__json_array_close(context->w);
}

static int read_results(void *owner, const struct bench__json *value) {
    bench_run *run = owner;
    int rc = bench__json_expect_array(value);
    for (size_t i = 0; i < bench__json_length(value) && rc == 0; i++) {
        const struct bench__json at = bench__json_at(value, i);
        bench_result *result = bench__run_add_result(run);
        rc = result != NULL ? bench__result_read(result, &at) : bench__json_no_memory(&at);
    }
    return rc;
}

static void write_outcome(const struct bench__write_context *context, const char *key,
                          const void *owner) {
    (void)owner;
    bench__outcome_write(context, key, context->outcome);
}

/* Verdicts belong to the moment they were given in: another reader judges again. */
static int skip_outcome(void *owner, const struct bench__json *value) {
    (void)owner;
    return bench__json_expect_object(value);
}

static const struct bench__field executable_fields[] = {
    {BENCH__FIELD(I64, "bytes", bench_run, executable_bytes)},
    {BENCH__FIELD(BUFFER, "id", bench_run, executable_id),
     .size = sizeof((bench_run *)0)->executable_id},
};
static const struct bench__fields executable_table = BENCH__FIELDS(executable_fields);

void bench__executable_write(const struct bench__write_context *context, const char *key,
                             const void *owner) {
    const bench_run *run = owner;
    if (run->executable_id[0] == '\0') {
        return; /* so that what an older version wrote keeps its bytes */
    }
    bench__json_object_open(context->w, key, BENCH__JSON_LINE);
    bench__fields_write(context, &executable_table, run);
    bench__json_object_close(context->w);
}

int bench__executable_read(void *owner, const struct bench__json *value) {
    bench_run *run = owner;
    int rc = bench__json_expect_object(value);
    rc = rc == 0 ? bench__fields_read(&executable_table, run, value) : rc;
    if (rc == 0 && !bench__executable_id_is_valid(run->executable_id)) {
        const struct bench__json id = bench__json_get(value, "id");
        rc = bench__json_error(&id, "must be 32 hexadecimal digits in small letters");
    }
    return rc;
}

#define RUN_TEXT(member)                                                                           \
    { BENCH__FIELD(BUFFER, #member, bench_run, member), .size = sizeof((bench_run *)0)->member }

static const struct bench__field run_fields[] = {
    BENCH__CUSTOM("benchmarks", write_results, read_results),
    BENCH__CUSTOM("calibrations", write_calibrations, read_calibrations),
    BENCH__CUSTOM("executable", bench__executable_write, bench__executable_read),
    {BENCH__FIELD(INT, "format_version", bench_run, format_version)},
    RUN_TEXT(git_branch),
    RUN_TEXT(git_commit),
    OBJECT(bench_run, host, bench__host_fields, BENCH__JSON_BLOCK),
    {BENCH__FIELD(BOOL, "interrupted", bench_run, interrupted)},
    {BENCH__FIELD(NAME, "label", bench_run, label)},
    BENCH__CUSTOM("outcome", write_outcome, skip_outcome),
    BENCH__CUSTOM("pairs", bench__pairs_write, bench__pairs_read),
    {BENCH__FIELD(SEED, "seed", bench_run, seed)},
    RUN_TEXT(timestamp),
    {BENCH__FIELD(AMOUNT, "wall_ns", bench_run, wall_ns)},
};
const struct bench__fields bench__run_fields = BENCH__FIELDS(run_fields);
