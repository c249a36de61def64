/*
 * The flat JSON that dashboards of message libraries exchange: per benchmark a name, a backend and
 * a handful of metrics, latencies as text such as "1.2us". For consumers of that shape only;
 * everything this library knows is in its own format (report/json.c).
 */
#include "report/formats.h"

#include "base/units.h"
#include "report/figures.h"
#include "result/json.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define MEBIBYTE 1048576.0

/* The transport that was measured: the parameter of that name, else the function. */
static const char *backend_of(const bench_result *result) {
    for (size_t i = 0; i < result->n_params; i++) {
        if (strcmp(result->params[i].name, "backend") == 0) {
            return result->params[i].text;
        }
    }
    return result->function;
}

/* "1.2us": two digits, no blank. NAN is null. */
static void add_latency(struct bench__json_writer *w, const char *key, double ns) {
    char spaced[32], text[32];
    size_t n = 0;
    if (isnan(ns)) {
        bench__json_add_null(w, key);
        return;
    }
    bench__format_ns(spaced, sizeof spaced, ns, 2);
    for (const char *c = spaced; *c != '\0'; c++) {
        if (*c != ' ') {
            text[n++] = *c;
        }
    }
    text[n] = '\0';
    bench__json_add_text(w, key, text);
}

static void add_metrics(struct bench__json_writer *w, const bench_result *r) {
    const double seconds = r->time.median.point * 1e-9;
    bench__json_object_open(w, "metrics", BENCH__JSON_BLOCK);
    bench__json_add_double(w, "cpu_usage_percent", r->time.cpu / r->time.median.point * 100);
    bench__json_add_double(w, "error_rate", r->error_rate);
    add_latency(w, "latency_p50", r->latency.p50);
    add_latency(w, "latency_p95", r->latency.p95);
    add_latency(w, "latency_p99", r->latency.p99);
    bench__json_add_double(w, "memory_usage_mb",
                           r->peak_rss_bytes >= 0 ? (double)r->peak_rss_bytes / MEBIBYTE : NAN);
    bench__json_add_double(w, "throughput_msgs_per_sec",
                           r->elements_per_iteration * r->n_threads / seconds);
    bench__json_object_close(w);
}

int bench__report_compat(FILE *out, const bench_outcome *outcome, bench_error *err) {
    const bench_run *run = outcome->run;
    struct bench__strbuf text;
    struct bench__json_writer w;
    bench__strbuf_init(&text);
    bench__json_writer_init(&w, &text);
    bench__json_object_open(&w, NULL, BENCH__JSON_BLOCK);
    bench__json_array_open(&w, "benchmarks", BENCH__JSON_BLOCK);
    for (size_t i = 0; i < run->n_results; i++) {
        const bench_result *r = &run->results[i];
        bench__json_object_open(&w, NULL, BENCH__JSON_BLOCK);
        bench__json_add_text(&w, "backend", backend_of(r));
        add_metrics(&w, r);
        bench__json_add_text(&w, "name", r->name);
        bench__json_add_text(&w, "status", bench_status_name(r->status));
        bench__json_object_close(&w);
    }
    bench__json_array_close(&w);
    bench__json_add_text(&w, "compiler_version", run->host.compiler);
    bench__json_add_text(&w, "git_commit", run->git_commit);
    bench__json_add_text(&w, "timestamp", run->timestamp);
    bench__json_object_close(&w);
    bench__strbuf_addc(&text, '\n');
    const int code = bench__write_text(out, &text, err);
    bench__strbuf_clear(&text);
    return code;
}
