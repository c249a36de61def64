/*
 * A selftest for programs: docs/schema/selftest.schema.json. Keys are in alphabetical order.
 */
#include "selftest/report.h"

#include "result/json.h"
#include "result/result_fields.h"

#include <stdio.h>

static const char *verdict_name(bench_verdict verdict) {
    return verdict == BENCH_VERDICT_PASS        ? "pass"
           : verdict == BENCH_VERDICT_REGRESSED ? "regressed"
           : verdict == BENCH_VERDICT_IMPROVED  ? "improved"
                                                : "inconclusive";
}

static void add_rounded(struct bench__json_writer *w, const char *key, double value) {
    bench__json_add_double(w, key, bench__round_digits(value, 6));
}

static double effect_of(int thousandths) {
    return thousandths / (double)BENCH__WORK_UNIT;
}

static void write_bar(struct bench__json_writer *w, const struct bench__bar *b) {
    static const char *const states[] = {
        [BENCH__BAR_MET] = "met", [BENCH__BAR_MISSED] = "missed", [BENCH__BAR_OPEN] = "open"};
    bench__json_object_open(w, NULL, BENCH__JSON_LINE);
    if (b->is_time) {
        bench__json_add_text(w, "limit_is", "maximum");
        bench__json_add_double(w, "limit_ns", b->limit);
        bench__json_add_text(w, "name", b->name);
        bench__json_add_text(w, "state", states[b->state]);
        add_rounded(w, "value_ns", b->value);
    } else {
        bench__json_add_u64(w, "decided", b->share.n);
        bench__json_add_u64(w, "found", b->share.k);
        bench__json_add_double(w, "limit", b->limit);
        bench__json_add_text(w, "limit_is", b->is_minimum ? "minimum" : "maximum");
        add_rounded(w, "lower", b->share.lower);
        bench__json_add_text(w, "name", b->name);
        add_rounded(w, "rate", b->share.rate);
        bench__json_add_text(w, "state", states[b->state]);
        add_rounded(w, "upper", b->share.upper);
    }
    bench__json_object_close(w);
}

static void write_cell(struct bench__json_writer *w, const struct bench__selftest_cell *c) {
    bench__json_object_open(w, NULL, BENCH__JSON_LINE);
    bench__json_add_text(w, "body", bench__selftest_names[c->body]);
    add_rounded(w, "change", c->change);
    bench__json_add_u64(w, "decided", c->found.n);
    bench__json_add_double(w, "effect", effect_of(c->effect));
    bench__json_add_u64(w, "found", c->found.k);
    bench__json_add_u64(w, "improved", c->n_verdicts[BENCH_VERDICT_IMPROVED]);
    bench__json_add_u64(w, "inconclusive", c->n_verdicts[BENCH_VERDICT_INCONCLUSIVE]);
    add_rounded(w, "lower", c->found.lower);
    add_rounded(w, "mde", c->mde);
    bench__json_add_u64(w, "pass", c->n_verdicts[BENCH_VERDICT_PASS]);
    add_rounded(w, "rate", c->found.rate);
    bench__json_add_u64(w, "regressed", c->n_verdicts[BENCH_VERDICT_REGRESSED]);
    add_rounded(w, "seconds", c->seconds);
    add_rounded(w, "upper", c->found.upper);
    bench__json_object_close(w);
}

static void write_plan(struct bench__json_writer *w, const struct bench__selftest_plan *plan) {
    char seed[24]; /* a JSON number does not reach that far */
    snprintf(seed, sizeof seed, "0x%016llx", (unsigned long long)plan->seed);
    bench__json_object_open(w, "plan", BENCH__JSON_BLOCK);
    bench__json_add_double(w, "alpha", plan->alpha);
    bench__json_add_i64(w, "launches", plan->launches);
    bench__json_add_double(w, "measurement_s", plan->measurement_ns * 1e-9);
    bench__json_add_bool(w, "neighbour", plan->has_neighbour);
    bench__json_add_text(w, "seed", seed);
    bench__json_add_double(w, "threshold", plan->threshold);
    bench__json_add_double(w, "time_s", (double)plan->time_ns * 1e-9);
    bench__json_add_double(w, "warm_up_s", plan->warm_up_ns * 1e-9);
    bench__json_object_close(w);
}

static void write_spread(struct bench__json_writer *w, const struct bench__selftest_spread *s) {
    bench__json_object_open(w, NULL, BENCH__JSON_LINE);
    bench__json_add_text(w, "body", bench__selftest_names[s->body]);
    bench__json_add_u64(w, "copies_differ", s->n_floor);
    bench__json_add_u64(w, "decided", s->n);
    add_rounded(w, "decision_sd", s->decision);
    add_rounded(w, "explained_sd", s->explained);
    add_rounded(w, "launch_sd", s->launch);
    bench__json_object_close(w);
}

static void write_trial(struct bench__json_writer *w, const struct bench__trial *t) {
    bench__json_object_open(w, NULL, BENCH__JSON_LINE);
    bench__json_add_text(w, "body", bench__selftest_names[t->body]);
    add_rounded(w, "change", t->change.point);
    bench__json_add_i64(w, "direction", t->direction);
    bench__json_add_double(w, "effect", effect_of(t->effect));
    add_rounded(w, "floor_sd", t->floor_sd);
    add_rounded(w, "launch_sd", t->launch_sd);
    bench__json_add_i64(w, "launches", t->n_launches);
    add_rounded(w, "lower", t->change.lower);
    add_rounded(w, "mde", t->mde);
    add_rounded(w, "p", t->p);
    add_rounded(w, "seconds", t->seconds);
    add_rounded(w, "upper", t->change.upper);
    bench__json_add_text(w, "verdict", verdict_name(t->verdict));
    bench__json_object_close(w);
}

static void write_host(struct bench__json_writer *w, const bench_host *host) {
    const struct bench__write_context context = {.w = w};
    bench__json_object_open(w, "host", BENCH__JSON_BLOCK);
    bench__fields_write(&context, &bench__host_fields, host);
    bench__json_object_close(w);
}

void bench__selftest_json(struct bench__strbuf *out, const struct bench__selftest_result *result) {
    const struct bench__selftest_summary *s = result->summary;
    const struct bench__trials *trials = result->trials;
    struct bench__json_writer w;
    bench__json_writer_init(&w, out);
    bench__json_object_open(&w, NULL, BENCH__JSON_BLOCK);
    bench__json_array_open(&w, "bars", BENCH__JSON_BLOCK);
    for (size_t i = 0; i < s->n_bars; i++) {
        write_bar(&w, &s->bars[i]);
    }
    bench__json_array_close(&w);
    bench__json_array_open(&w, "cells", BENCH__JSON_BLOCK);
    for (size_t i = 0; i < s->n_cells; i++) {
        write_cell(&w, &s->cells[i]);
    }
    bench__json_array_close(&w);
    add_rounded(&w, "elapsed_s", trials->elapsed_ns * 1e-9);
    bench__json_add_i64(&w, "format_version", BENCH__SELFTEST_FORMAT_VERSION);
    write_host(&w, &result->run->host);
    bench__json_add_bool(&w, "interrupted", trials->interrupted);
    bench__json_add_text(&w, "library", bench_version());
    if (result->peers != NULL) {
        bench__peers_json(&w, result->peers);
    }
    write_plan(&w, result->plan);
    bench__json_array_open(&w, "spread", BENCH__JSON_BLOCK);
    for (size_t i = 0; i < BENCH__N_BODIES; i++) {
        write_spread(&w, &s->spreads[i]);
    }
    bench__json_array_close(&w);
    bench__json_add_text(&w, "timestamp", result->run->timestamp);
    bench__json_array_open(&w, "trials", BENCH__JSON_BLOCK);
    for (size_t i = 0; i < trials->n; i++) {
        write_trial(&w, &trials->items[i]);
    }
    bench__json_array_close(&w);
    bench__json_object_close(&w);
    bench__strbuf_addc(out, '\n');
}
