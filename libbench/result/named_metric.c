/*
 * What a benchmark's result holds, by the names that gates.json uses.
 */
#include "result/named_metric.h"

#include <math.h>
#include <string.h>

static bench_estimate bare(double point) {
    return (bench_estimate){point, NAN, NAN};
}

/* Per second and over all threads; a rate's lower end is the time's upper end. */
static bench_estimate rate(double per_iteration, const bench_result *r) {
    const double n = per_iteration * r->n_threads * 1e9;
    const bench_estimate *time = &r->time.median;
    return (bench_estimate){n / time->point, n / time->upper, n / time->lower};
}

static bench_estimate get_time(const bench_result *r) {
    return r->time.median;
}
static bench_estimate get_throughput(const bench_result *r) {
    return rate(r->elements_per_iteration, r);
}
static bench_estimate get_bytes_throughput(const bench_result *r) {
    return rate(r->bytes_per_iteration, r);
}
static bench_estimate get_p50(const bench_result *r) {
    return bare(r->latency.p50);
}
static bench_estimate get_p90(const bench_result *r) {
    return bare(r->latency.p90);
}
static bench_estimate get_p95(const bench_result *r) {
    return bare(r->latency.p95);
}
static bench_estimate get_p99(const bench_result *r) {
    return bare(r->latency.p99);
}
static bench_estimate get_p999(const bench_result *r) {
    return bare(r->latency.p999);
}
static bench_estimate get_max(const bench_result *r) {
    return bare(r->latency.max);
}
static bench_estimate get_cpu(const bench_result *r) {
    return bare(r->time.cpu);
}
static bench_estimate get_cold(const bench_result *r) {
    return bare(r->time.cold);
}
static bench_estimate get_error_rate(const bench_result *r) {
    return bare(r->error_rate);
}
static bench_estimate get_peak_rss(const bench_result *r) {
    return bare(r->peak_rss_bytes < 0 ? NAN : (double)r->peak_rss_bytes);
}

static const struct bench__metric metrics[] = {
    {"time", "ns", "ns", get_time, "no valid launch"},
    {"throughput", "1/s", "1/s", get_throughput, "the benchmark declares no elements"},
    {"bytes_throughput", "B/s", "bytes/s", get_bytes_throughput, "the benchmark declares no bytes"},
    {"p50", "ns", "ns", get_p50, "not sampled as latency, or too few operations"},
    {"p90", "ns", "ns", get_p90, "not sampled as latency, or too few operations"},
    {"p95", "ns", "ns", get_p95, "not sampled as latency, or too few operations"},
    {"p99", "ns", "ns", get_p99, "not sampled as latency, or too few operations"},
    {"p999", "ns", "ns", get_p999, "not sampled as latency, or too few operations"},
    {"max", "ns", "ns", get_max, "not sampled as latency"},
    {"cpu", "ns", "ns", get_cpu, "no CPU time was read"},
    {"cold", "ns", "ns", get_cold, "no first call was timed"},
    {"peak_rss", "bytes", "bytes", get_peak_rss, "no peak memory was read"},
    {"error_rate", "fraction", "1", get_error_rate, "no iteration was counted"},
};

const struct bench__metric *bench__metric_find(const char *name) {
    for (size_t i = 0; i < sizeof metrics / sizeof *metrics; i++) {
        if (strcmp(metrics[i].name, name) == 0) {
            return &metrics[i];
        }
    }
    return NULL;
}

bench_estimate bench__metric_value(const bench_result *result, const char *name,
                                   const char **out_unit, const char **out_reason) {
    const struct bench__metric *metric = bench__metric_find(name);
    *out_unit = metric != NULL ? metric->unit : "";
    if (metric != NULL) {
        *out_reason = metric->needs;
        return metric->get(result);
    }
    *out_reason = "no metric and no counter has this name";
    for (size_t i = 0; i < result->n_counters; i++) {
        if (strcmp(result->counters[i].name, name) == 0) {
            *out_unit = result->counters[i].unit;
            *out_reason = "the counter has no value";
            return bare(result->counters[i].value);
        }
    }
    return bare(NAN);
}
