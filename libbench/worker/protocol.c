/*
 * Encoding of requests, launches and calibration readings. Each put has its get right below it, in
 * the same order.
 */
#include "worker/protocol.h"

#include "base/error.h"
#include "base/mem.h"
#include "measure/histogram.h"
#include "result/model.h"

#include <stdio.h>
#include <string.h>

static int done(const struct bench__wire *w, bench_error *err) {
    if (w->failed || w->at != w->n) {
        return bench__error(err, BENCH_EFORMAT, "a message of the worker is damaged");
    }
    return 0;
}

void bench__put_request(struct bench__wire *w, const struct bench__request *r) {
    bench__wire_put_text(w, r->suite);
    bench__wire_put_text(w, r->group);
    bench__wire_put_text(w, r->function);
    bench__wire_put_u64(w, r->n_params);
    for (size_t i = 0; i < r->n_params; i++) {
        bench__wire_put_text(w, r->params[i].name);
        bench__wire_put_text(w, r->params[i].text);
    }
    bench__wire_put_u64(w, r->index);
    bench__wire_put_u64(w, (uint64_t)r->sampler.sampling);
    bench__wire_put_f64(w, r->sampler.warm_up_ns);
    bench__wire_put_f64(w, r->sampler.measurement_ns);
    bench__wire_put_i64(w, r->sampler.sample_size);
    bench__wire_put_u64(w, r->sampler.max_iterations);
    bench__wire_put_u64(w, r->sampler.seed);
    bench__wire_put_i64(w, r->sampler.once);
    bench__wire_put_i64(w, r->sampler.no_keep);
    bench__wire_put_u64(w, (uint64_t)r->clock);
    bench__wire_put_f64(w, r->ticks_per_ns);
    bench__wire_put_i64(w, r->cpu);
    bench__wire_put_u64(w, r->stack_offset);
    bench__wire_put_u64(w, r->heap_offset);
    bench__wire_put_i64(w, r->side);
}

static bench_param *get_params(struct bench__wire *w, size_t *n_out) {
    const uint64_t n = bench__wire_get_u64(w);
    *n_out = 0;
    bench_param *params = n <= w->n ? bench__alloc(n, sizeof *params) : NULL;
    if (params == NULL) {
        w->failed = 1;
        return NULL;
    }
    for (size_t i = 0; i < n; i++) {
        params[i].name = bench__wire_get_text(w);
        params[i].text = bench__wire_get_text(w);
        w->failed |= params[i].name == NULL || params[i].text == NULL;
    }
    *n_out = n;
    return params;
}

int bench__get_request(struct bench__wire *w, struct bench__request *r, bench_error *err) {
    memset(r, 0, sizeof *r);
    r->suite = bench__wire_get_text(w);
    r->group = bench__wire_get_text(w);
    r->function = bench__wire_get_text(w);
    r->params = get_params(w, &r->n_params);
    r->index = (uint32_t)bench__wire_get_u64(w);
    r->sampler.sampling = (bench_sampling)bench__wire_get_u64(w);
    r->sampler.warm_up_ns = bench__wire_get_f64(w);
    r->sampler.measurement_ns = bench__wire_get_f64(w);
    r->sampler.sample_size = (int)bench__wire_get_i64(w);
    r->sampler.max_iterations = bench__wire_get_u64(w);
    r->sampler.seed = bench__wire_get_u64(w);
    r->sampler.once = (int)bench__wire_get_i64(w);
    r->sampler.no_keep = (int)bench__wire_get_i64(w);
    r->clock = (bench_clock_kind)bench__wire_get_u64(w);
    r->ticks_per_ns = bench__wire_get_f64(w);
    r->cpu = (int)bench__wire_get_i64(w);
    r->stack_offset = (uint32_t)bench__wire_get_u64(w);
    r->heap_offset = (uint32_t)bench__wire_get_u64(w);
    r->side = (int)bench__wire_get_i64(w);
    w->failed |= r->suite == NULL || r->group == NULL || r->function == NULL;
    const int code = done(w, err);
    if (code != 0) {
        bench__request_clear(r);
    }
    return code;
}

/* The strings of a received request are allocated although its type, shared with the sender, says
 * const. */
static void free_text(const char *text) {
    bench__free((void *)(uintptr_t)text);
}

void bench__request_clear(struct bench__request *r) {
    for (size_t i = 0; r->params != NULL && i < r->n_params; i++) {
        bench__free(r->params[i].name);
        bench__free(r->params[i].text);
    }
    bench__free((void *)(uintptr_t)r->params);
    free_text(r->suite);
    free_text(r->group);
    free_text(r->function);
    memset(r, 0, sizeof *r);
}

static void put_histogram(struct bench__wire *w, const bench_histogram_record *h) {
    bench__wire_put_array(w, h->index, h->n_buckets, sizeof *h->index);
    bench__wire_put_array(w, h->count, h->n_buckets, sizeof *h->count);
    bench__wire_put_u64(w, h->n_total);
    bench__wire_put_f64(w, h->min_ns);
    bench__wire_put_f64(w, h->max_ns);
    bench__wire_put_f64(w, h->sum_ns);
}

static void get_histogram(struct bench__wire *w, bench_histogram_record *h) {
    size_t n_counts;
    h->index = bench__wire_get_array(w, sizeof *h->index, &h->n_buckets);
    h->count = bench__wire_get_array(w, sizeof *h->count, &n_counts);
    h->n_total = bench__wire_get_u64(w);
    h->min_ns = bench__wire_get_f64(w);
    h->max_ns = bench__wire_get_f64(w);
    h->sum_ns = bench__wire_get_f64(w);
    if (n_counts != h->n_buckets) {
        w->failed = 1;
        h->n_buckets = 0;
    }
}

static void get_counters(struct bench__wire *w, bench_launch *out) {
    const uint64_t n = bench__wire_get_u64(w);
    for (uint64_t i = 0; i < n && !w->failed; i++) {
        char *name = bench__wire_get_text(w), *unit = bench__wire_get_text(w);
        const bench_counter_kind kind = (bench_counter_kind)bench__wire_get_u64(w);
        const double value = bench__wire_get_f64(w);
        if (name == NULL || unit == NULL ||
            bench__counter_add(&out->counters, &out->n_counters, name, unit, kind, value) == NULL) {
            w->failed = 1;
        }
        bench__free(name);
        bench__free(unit);
    }
}

static void get_labels(struct bench__wire *w, bench_launch *out) {
    const uint64_t n = bench__wire_get_u64(w);
    for (uint64_t i = 0; i < n && !w->failed; i++) {
        char *name = bench__wire_get_text(w), *value = bench__wire_get_text(w);
        if (name == NULL || value == NULL ||
            bench__label_set(&out->labels, &out->n_labels, name, value) != 0) {
            w->failed = 1;
        }
        bench__free(name);
        bench__free(value);
    }
}

/* clock and noise hold only numbers: they travel as they are */
void bench__put_launch(struct bench__wire *w, const bench_launch *launch) {
    bench__wire_put_u64(w, launch->index);
    bench__wire_put_u64(w, launch->seed);
    bench__wire_put_u64(w, (uint64_t)launch->status);
    bench__wire_put_text(w, launch->message);
    bench__wire_put_array(w, &launch->clock, 1, sizeof launch->clock);
    bench__wire_put_array(w, &launch->noise, 1, sizeof launch->noise);
    bench__wire_put_f64(w, launch->cold_ns);
    bench__wire_put_f64(w, launch->warm_up_ns);
    bench__wire_put_i64(w, launch->steady);
    bench__wire_put_array(w, launch->iterations, launch->n_samples, sizeof *launch->iterations);
    bench__wire_put_array(w, launch->elapsed_ns, launch->n_samples, sizeof *launch->elapsed_ns);
    bench__wire_put_f64(w, launch->measured_ns);
    bench__wire_put_u64(w, launch->total_iterations);
    bench__wire_put_i64(w, launch->batch_max);
    bench__wire_put_f64(w, launch->cpu_ns);
    bench__wire_put_i64(w, launch->peak_rss_bytes);
    bench__wire_put_u64(w, launch->n_errors);
    put_histogram(w, &launch->latency);
    bench__wire_put_u64(w, launch->n_counters);
    for (size_t i = 0; i < launch->n_counters; i++) {
        bench__wire_put_text(w, launch->counters[i].name);
        bench__wire_put_text(w, launch->counters[i].unit);
        bench__wire_put_u64(w, (uint64_t)launch->counters[i].kind);
        bench__wire_put_f64(w, launch->counters[i].value);
    }
    bench__wire_put_u64(w, launch->n_labels);
    for (size_t i = 0; i < launch->n_labels; i++) {
        bench__wire_put_text(w, launch->labels[i].name);
        bench__wire_put_text(w, launch->labels[i].value);
    }
}

static void get_struct(struct bench__wire *w, void *out, size_t size) {
    size_t n;
    void *data = bench__wire_get_array(w, size, &n);
    if (n != 1) {
        w->failed = 1;
    } else {
        memcpy(out, data, size);
    }
    bench__free(data);
}

int bench__get_launch(struct bench__wire *w, bench_launch *out, bench_error *err) {
    size_t n_elapsed;
    bench__launch_init(out);
    out->index = (uint32_t)bench__wire_get_u64(w);
    out->seed = bench__wire_get_u64(w);
    out->status = (bench_status)bench__wire_get_u64(w);
    out->message = bench__wire_get_text(w);
    get_struct(w, &out->clock, sizeof out->clock);
    get_struct(w, &out->noise, sizeof out->noise);
    out->cold_ns = bench__wire_get_f64(w);
    out->warm_up_ns = bench__wire_get_f64(w);
    out->steady = (int)bench__wire_get_i64(w);
    out->iterations = bench__wire_get_array(w, sizeof *out->iterations, &out->n_samples);
    out->elapsed_ns = bench__wire_get_array(w, sizeof *out->elapsed_ns, &n_elapsed);
    out->measured_ns = bench__wire_get_f64(w);
    out->total_iterations = bench__wire_get_u64(w);
    out->batch_max = bench__wire_get_i64(w);
    out->cpu_ns = bench__wire_get_f64(w);
    out->peak_rss_bytes = bench__wire_get_i64(w);
    out->n_errors = bench__wire_get_u64(w);
    get_histogram(w, &out->latency);
    get_counters(w, out);
    get_labels(w, out);
    w->failed |= n_elapsed != out->n_samples;
    const int code = done(w, err);
    if (code != 0) {
        bench__launch_clear(out);
    }
    return code;
}

void bench__put_calibration(struct bench__wire *w, const bench_calibration *calibration) {
    for (int k = 0; k < BENCH_N_KERNELS; k++) {
        bench__wire_put_f64(w, calibration->ns[k]);
    }
}

int bench__get_calibration(struct bench__wire *w, bench_calibration *out, bench_error *err) {
    for (int k = 0; k < BENCH_N_KERNELS; k++) {
        out->ns[k] = bench__wire_get_f64(w);
    }
    return done(w, err);
}
