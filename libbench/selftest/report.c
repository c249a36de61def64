/*
 * A selftest for people and for programs. Everything was counted and judged before.
 */
#include "selftest/report.h"

#include "base/table.h"
#include "base/units.h"
#include "result/json.h"

#include <math.h>
#include <stdio.h>

/* ---- text ---- */

enum { N_COLUMNS = 8 };

static const char *slowdown(char buf[16], int effect) {
    if (effect == 0) {
        return "none";
    }
    snprintf(buf, 16, "+%g %%", effect / 10.0);
    return buf;
}

static const char *percent(char buf[24], double fraction, int digits) {
    return bench__format_percent(buf, 24, fraction, digits, 0);
}

static void share_cells(const struct bench__share *share, char rate[24], char interval[40]) {
    if (share->n == 0) {
        snprintf(rate, 24, "-");
        snprintf(interval, 40, "-");
    } else {
        snprintf(rate, 24, "%.1f %%", 100 * share->rate);
        snprintf(interval, 40, "[%.1f, %.1f]", 100 * share->lower, 100 * share->upper);
    }
}

static int add_cell(struct bench__table *table, const struct bench__selftest_cell *cell) {
    char effect[16], n[24], found[24], rate[24], interval[40], mde[24], seconds[24] = "-";
    share_cells(&cell->found, rate, interval);
    snprintf(n, sizeof n, "%zu", cell->found.n);
    snprintf(found, sizeof found, "%zu", cell->found.k);
    if (!isnan(cell->seconds)) {
        snprintf(seconds, sizeof seconds, "%.2f s", cell->seconds);
    }
    const char *const cells[N_COLUMNS] = {bench__selftest_names[cell->body],
                                          slowdown(effect, cell->effect),
                                          n,
                                          found,
                                          rate,
                                          interval,
                                          percent(mde, cell->mde, 2),
                                          seconds};
    return bench__table_row(table, cells);
}

static void add_cells(struct bench__strbuf *out, const struct bench__selftest_summary *s) {
    static const enum bench__align align[N_COLUMNS] = {BENCH__LEFT,  BENCH__RIGHT, BENCH__RIGHT,
                                                       BENCH__RIGHT, BENCH__RIGHT, BENCH__RIGHT,
                                                       BENCH__RIGHT, BENCH__RIGHT};
    static const char *const head[N_COLUMNS] = {"body", "slower",    "decided", "found",
                                                "rate", "95 % int.", "MDE",     "time"};
    struct bench__table *table = bench__table_new(N_COLUMNS, align);
    int code = table != NULL ? bench__table_row(table, head) : BENCH_ENOMEM;
    for (size_t i = 0; code == 0 && i < s->n_cells; i++) {
        code = add_cell(table, &s->cells[i]);
    }
    if (code == 0) {
        bench__table_write(table, out, 2);
    } else {
        out->failed = 1;
    }
    bench__table_free(table);
}

static const char *state_text(enum bench__bar_state state) {
    static const char *const texts[] = {[BENCH__BAR_MET] = "met",
                                        [BENCH__BAR_MISSED] = "MISSED",
                                        [BENCH__BAR_OPEN] = "not enough decisions"};
    return texts[state];
}

static void add_bar(struct bench__strbuf *out, const struct bench__bar *bar) {
    char limit[24], value[24], line[64];
    if (bar->is_time) {
        bench__strbuf_addf(out, "  %s: %s, at most %s: %s\n", bar->text,
                           bench__format_ns(value, sizeof value, bar->value, 3),
                           bench__format_ns(limit, sizeof limit, bar->limit, 3),
                           state_text(bar->state));
        return;
    }
    snprintf(line, sizeof line, "%zu of %zu", bar->share.k, bar->share.n);
    bench__strbuf_addf(out, "  %s: %s, at %s %g %%: %s\n", bar->text, line,
                       bar->is_minimum ? "least" : "most", 100 * bar->limit,
                       state_text(bar->state));
}

void bench__selftest_text(struct bench__strbuf *out, const struct bench__selftest_result *result) {
    const struct bench__trials *t = result->trials;
    bench__strbuf_addf(out, "selftest: %zu decision%s in %.0f s, seed %llu%s%s\n\n", t->n,
                       t->n == 1 ? "" : "s", t->elapsed_ns * 1e-9,
                       (unsigned long long)result->plan->seed,
                       result->plan->has_neighbour ? ", beside a noisy neighbour" : "",
                       t->interrupted ? ", interrupted" : "");
    add_cells(out, result->summary);
    bench__strbuf_add(out, "\nbars\n");
    for (size_t i = 0; i < result->summary->n_bars; i++) {
        add_bar(out, &result->summary->bars[i]);
    }
}

/* ---- JSON ---- */

static const char *verdict_name(bench_verdict verdict) {
    return verdict == BENCH_VERDICT_PASS        ? "pass"
           : verdict == BENCH_VERDICT_REGRESSED ? "regressed"
           : verdict == BENCH_VERDICT_IMPROVED  ? "improved"
                                                : "inconclusive";
}

static void write_share(struct bench__json_writer *w, const struct bench__share *share) {
    bench__json_add_u64(w, "found", share->k);
    bench__json_add_u64(w, "decided", share->n);
    bench__json_add_double(w, "rate", share->rate);
    bench__json_add_double(w, "lower", share->lower);
    bench__json_add_double(w, "upper", share->upper);
}

static void write_plan(struct bench__json_writer *w, const struct bench__selftest_plan *plan) {
    bench__json_object_open(w, "plan", BENCH__JSON_BLOCK);
    bench__json_add_u64(w, "seed", plan->seed);
    bench__json_add_double(w, "time_s", (double)plan->time_ns * 1e-9);
    bench__json_add_i64(w, "launches", plan->launches);
    bench__json_add_double(w, "warm_up_s", plan->warm_up_ns * 1e-9);
    bench__json_add_double(w, "measurement_s", plan->measurement_ns * 1e-9);
    bench__json_add_double(w, "alpha", plan->alpha);
    bench__json_add_double(w, "threshold", plan->threshold);
    bench__json_add_bool(w, "neighbour", plan->has_neighbour);
    bench__json_object_close(w);
}

static void write_cells(struct bench__json_writer *w, const struct bench__selftest_summary *s) {
    bench__json_array_open(w, "cells", BENCH__JSON_BLOCK);
    for (size_t i = 0; i < s->n_cells; i++) {
        const struct bench__selftest_cell *c = &s->cells[i];
        bench__json_object_open(w, NULL, BENCH__JSON_LINE);
        bench__json_add_text(w, "body", bench__selftest_names[c->body]);
        bench__json_add_double(w, "effect", c->effect / (double)BENCH__WORK_UNIT);
        write_share(w, &c->found);
        bench__json_add_u64(w, "pass", c->n_verdicts[BENCH_VERDICT_PASS]);
        bench__json_add_u64(w, "regressed", c->n_verdicts[BENCH_VERDICT_REGRESSED]);
        bench__json_add_u64(w, "improved", c->n_verdicts[BENCH_VERDICT_IMPROVED]);
        bench__json_add_u64(w, "inconclusive", c->n_verdicts[BENCH_VERDICT_INCONCLUSIVE]);
        bench__json_add_double(w, "change", c->change);
        bench__json_add_double(w, "mde", c->mde);
        bench__json_add_double(w, "seconds", c->seconds);
        bench__json_object_close(w);
    }
    bench__json_array_close(w);
}

static void write_bars(struct bench__json_writer *w, const struct bench__selftest_summary *s) {
    static const char *const states[] = {"met", "missed", "open"};
    bench__json_array_open(w, "bars", BENCH__JSON_BLOCK);
    for (size_t i = 0; i < s->n_bars; i++) {
        const struct bench__bar *b = &s->bars[i];
        bench__json_object_open(w, NULL, BENCH__JSON_LINE);
        bench__json_add_text(w, "name", b->name);
        bench__json_add_text(w, "state", states[b->state]);
        bench__json_add_text(w, "limit_is", b->is_minimum ? "minimum" : "maximum");
        bench__json_add_double(w, b->is_time ? "limit_ns" : "limit", b->limit);
        if (b->is_time) {
            bench__json_add_double(w, "value_ns", b->value);
        } else {
            write_share(w, &b->share);
        }
        bench__json_object_close(w);
    }
    bench__json_array_close(w);
}

static void write_trials(struct bench__json_writer *w, const struct bench__trials *trials) {
    bench__json_array_open(w, "trials", BENCH__JSON_BLOCK);
    for (size_t i = 0; i < trials->n; i++) {
        const struct bench__trial *t = &trials->items[i];
        bench__json_object_open(w, NULL, BENCH__JSON_LINE);
        bench__json_add_text(w, "body", bench__selftest_names[t->body]);
        bench__json_add_double(w, "effect", t->effect / (double)BENCH__WORK_UNIT);
        bench__json_add_i64(w, "direction", t->direction);
        bench__json_add_text(w, "verdict", verdict_name(t->verdict));
        bench__json_add_double(w, "p", t->p);
        bench__json_add_double(w, "change", t->change.point);
        bench__json_add_double(w, "lower", t->change.lower);
        bench__json_add_double(w, "upper", t->change.upper);
        bench__json_add_double(w, "mde", t->mde);
        bench__json_add_double(w, "seconds", t->seconds);
        bench__json_object_close(w);
    }
    bench__json_array_close(w);
}

void bench__selftest_json(struct bench__strbuf *out, const struct bench__selftest_result *result) {
    struct bench__json_writer w;
    bench__json_writer_init(&w, out);
    bench__json_object_open(&w, NULL, BENCH__JSON_BLOCK);
    bench__json_add_i64(&w, "format_version", BENCH__SELFTEST_FORMAT_VERSION);
    bench__json_add_text(&w, "library", bench_version());
    write_plan(&w, result->plan);
    bench__json_add_bool(&w, "interrupted", result->trials->interrupted);
    bench__json_add_double(&w, "elapsed_s", result->trials->elapsed_ns * 1e-9);
    write_cells(&w, result->summary);
    write_bars(&w, result->summary);
    write_trials(&w, result->trials);
    bench__json_object_close(&w);
    bench__strbuf_addc(out, '\n');
}
