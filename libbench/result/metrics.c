/*
 * What a benchmark has beside time: latencies, counters, labels, memory, errors, first calls.
 * Medians and sums over valid launches; nothing here is resampled.
 */
#include "result/metrics.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/robust.h"
#include "measure/histogram.h"
#include "result/model.h"

#include <math.h>
#include <string.h>

static int merge_latencies(bench_result *result, bench_error *err) {
    struct bench__histogram *h = bench__histogram_new();
    bench_latency *latency = &result->latency;
    double sum = 0;
    int rc = h != NULL ? 0 : bench__error(err, BENCH_ENOMEM, "out of memory for a histogram");
    for (size_t i = 0; i < result->n_launches && rc == 0; i++) {
        const bench_histogram_record *record = &result->launches[i].latency;
        if (!bench__launch_valid(&result->launches[i]) || record->n_total == 0) {
            continue;
        }
        if (bench__histogram_add_record(h, record) != 0) {
            rc = bench__error(err, BENCH_EFORMAT,
                              "launch %zu has a histogram that contradicts itself", i);
            bench__error_place(err, "%.200s", result->name);
            break;
        }
        sum += record->sum_ns;
        latency->n += record->n_total;
        latency->min = fmin(latency->min, record->min_ns);
        latency->max = fmax(latency->max, record->max_ns);
    }
    if (rc == 0 && latency->n > 0) {
        latency->mean = sum / (double)latency->n;
        latency->p50 = bench__histogram_quantile(h, 0.5);
        latency->p90 = bench__histogram_quantile(h, 0.9);
        latency->p95 = bench__histogram_quantile(h, 0.95);
        latency->p99 = bench__histogram_quantile(h, 0.99);
        latency->p999 = bench__histogram_quantile(h, 0.999);
    }
    bench__histogram_free(h);
    return rc;
}

static double cold_of(const bench_launch *launch) {
    return launch->cold_ns;
}

static double cpu_of(const bench_launch *launch) {
    return launch->total_iterations > 0 ? launch->cpu_ns / (double)launch->total_iterations : NAN;
}

/* Median over valid launches of what they have; `x` has room for all launches. */
static double median_of(const bench_result *result, double (*value)(const bench_launch *),
                        double *x) {
    size_t n = 0;
    for (size_t i = 0; i < result->n_launches; i++) {
        const bench_launch *launch = &result->launches[i];
        const double v = bench__launch_valid(launch) ? value(launch) : NAN;
        if (!isnan(v)) {
            x[n++] = v;
        }
    }
    return bench__median_inplace(x, n);
}

static void add_up(bench_result *result) {
    uint64_t n_errors = 0;
    double n_iterations = 0;
    for (size_t i = 0; i < result->n_launches; i++) {
        const bench_launch *launch = &result->launches[i];
        if (bench__launch_valid(launch)) {
            n_errors += launch->n_errors;
            n_iterations += (double)launch->total_iterations * result->n_threads;
            if (launch->peak_rss_bytes > result->peak_rss_bytes) {
                result->peak_rss_bytes = launch->peak_rss_bytes;
            }
        }
    }
    result->error_rate = n_iterations > 0 ? (double)n_errors / n_iterations : NAN;
}

static const bench_counter_record *find_counter(const bench_counter_record *counters, size_t n,
                                                const char *name) {
    for (size_t i = 0; i < n; i++) {
        if (strcmp(counters[i].name, name) == 0) {
            return &counters[i];
        }
    }
    return NULL;
}

static double counter_median(const bench_result *result, const char *name, double *x) {
    size_t n = 0;
    for (size_t i = 0; i < result->n_launches; i++) {
        const bench_launch *launch = &result->launches[i];
        const bench_counter_record *counter =
            bench__launch_valid(launch) ? find_counter(launch->counters, launch->n_counters, name)
                                        : NULL;
        if (counter != NULL && !isnan(counter->value)) {
            x[n++] = counter->value;
        }
    }
    return bench__median_inplace(x, n);
}

/* Every counter that a valid launch has, in order of appearance. */
static int merge_counters(bench_result *result, double *x, bench_error *err) {
    for (size_t i = 0; i < result->n_launches; i++) {
        const bench_launch *launch = &result->launches[i];
        for (size_t c = 0; bench__launch_valid(launch) && c < launch->n_counters; c++) {
            const bench_counter_record *counter = &launch->counters[c];
            if (find_counter(result->counters, result->n_counters, counter->name) == NULL &&
                bench__counter_add(&result->counters, &result->n_counters, counter->name,
                                   counter->unit, counter->kind,
                                   counter_median(result, counter->name, x)) == NULL) {
                return bench__error(err, BENCH_ENOMEM, "out of memory for counters");
            }
        }
    }
    return 0;
}

/* Also of launches that ended badly: a label explains them as well. */
static int merge_labels(bench_result *result, bench_error *err) {
    for (size_t i = 0; i < result->n_launches; i++) {
        const bench_launch *launch = &result->launches[i];
        for (size_t k = 0; k < launch->n_labels; k++) {
            const bench_label_record *label = &launch->labels[k];
            if (bench__label_find(result->labels, result->n_labels, label->name) == NULL &&
                bench__label_set(&result->labels, &result->n_labels, label->name, label->value)) {
                return bench__error(err, BENCH_ENOMEM, "out of memory for labels");
            }
        }
    }
    return 0;
}

static void forget(bench_result *result) {
    bench_result empty;
    bench__result_init(&empty);
    result->latency = empty.latency;
    result->peak_rss_bytes = empty.peak_rss_bytes;
    result->error_rate = empty.error_rate;
    bench__counters_free(result->counters, result->n_counters);
    result->counters = NULL;
    result->n_counters = 0;
    bench__labels_free(result->labels, result->n_labels);
    result->labels = NULL;
    result->n_labels = 0;
}

int bench__metrics(bench_result *result, bench_error *err) {
    double *x = bench__alloc(result->n_launches, sizeof *x);
    forget(result);
    int rc = x != NULL ? merge_counters(result, x, err)
                       : bench__error(err, BENCH_ENOMEM, "out of memory for metrics");
    if (rc == 0) {
        rc = merge_labels(result, err);
    }
    if (rc == 0) {
        rc = merge_latencies(result, err);
    }
    if (rc == 0) {
        result->time.cold = median_of(result, cold_of, x);
        result->time.cpu = median_of(result, cpu_of, x);
        add_up(result);
    }
    bench__free(x);
    return rc;
}
