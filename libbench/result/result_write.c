/*
 * The document of a run as text, and what only its writer needs: outcomes. Which field is which
 * member stands in result_fields.c.
 */
#include "result/result_file.h"

#include "base/error.h"
#include "base/fs.h"
#include "result/model.h"
#include "result/result_fields.h"

#include <math.h>

static void add_estimate(struct bench__json_writer *w, const char *key,
                         const bench_estimate *estimate) {
    bench__json_object_open(w, key, BENCH__JSON_LINE);
    bench__json_add_double(w, "lower", bench__round_digits(estimate->lower, 6));
    bench__json_add_double(w, "point", bench__round_digits(estimate->point, 6));
    bench__json_add_double(w, "upper", bench__round_digits(estimate->upper, 6));
    bench__json_object_close(w);
}

static void add_rounded(struct bench__json_writer *w, const char *key, double value) {
    bench__json_add_double(w, key, bench__round_digits(value, 6));
}

static void add_duel(struct bench__json_writer *w, const bench_duel_record *d) {
    static const char *const codes[] = {"unknown", "identical", "different"};
    if (d->n_launches == 0) {
        bench__json_add_null(w, "duel");
        return;
    }
    bench__json_object_open(w, "duel", BENCH__JSON_BLOCK);
    bench__json_add_text(w, "code", codes[d->code]);
    bench__json_add_text(w, "code_note", d->code_note);
    bench__json_add_i64(w, "floor_launches", d->n_floor_launches);
    add_rounded(w, "floor_sd", d->floor_sd);
    add_rounded(w, "launch_sd", d->launch_sd);
    bench__json_add_i64(w, "launches", d->n_launches);
    add_rounded(w, "layout_sd", d->layout_sd);
    bench__json_add_i64(w, "layouts", d->n_layouts);
    add_rounded(w, "p_equivalent", d->p_equivalent);
    bench__json_array_open(w, "shift", BENCH__JSON_BLOCK);
    for (size_t i = 0; i < BENCH_N_DECILES; i++) {
        add_estimate(w, NULL, &d->shift[i]);
    }
    bench__json_array_close(w);
    bench__json_add_i64(w, "unpinned_launches", d->n_unpinned);
    add_rounded(w, "wall_ns", d->wall_ns);
    add_rounded(w, "wall_ns_more", isinf(d->wall_ns_more) ? NAN : d->wall_ns_more);
    bench__json_object_close(w);
}

void bench__comparison_write(struct bench__json_writer *w, const char *key,
                             const bench_comparison *c) {
    static const char *const evidence[] = {"stored", "screening", "duel"};
    bench__json_object_open(w, key, BENCH__JSON_BLOCK);
    bench__json_add_double(w, "alpha", c->alpha);
    if (c->before != NULL) {
        add_estimate(w, "before", &c->before->time.median);
    } else {
        bench__json_add_null(w, "before");
    }
    bench__json_add_bool(w, "below_threshold", c->below_threshold);
    add_rounded(w, "between_run_sd", c->between_run_sd);
    add_estimate(w, "change", &c->change);
    add_duel(w, &c->duel);
    bench__json_add_text(w, "evidence", evidence[c->evidence]);
    bench__json_add_text(w, "kernel",
                         c->kernel < 0 ? NULL : bench_kernel_name((bench_kernel)c->kernel));
    add_rounded(w, "mde", c->mde);
    bench__json_add_u64(w, "n_runs_known", c->n_runs_known);
    bench__json_add_text(w, "name", c->name);
    add_rounded(w, "p_adjusted", c->p_adjusted);
    add_rounded(w, "p_value", c->p_value);
    bench__json_add_text(w, "reason", c->reason);
    bench__json_add_double(w, "threshold", c->threshold);
    bench__json_add_text(w, "verdict", bench_verdict_name(c->verdict));
    bench__json_object_close(w);
}

void bench__budget_write(struct bench__json_writer *w, const char *key, const bench_budget *b) {
    static const char *const names[] = {"pass", "over", "inconclusive", "not measured"};
    bench__json_object_open(w, key, BENCH__JSON_BLOCK);
    bench__json_add_bool(w, "is_maximum", b->is_maximum);
    if (b->justification != NULL) {
        bench__json_add_text(w, "justification", b->justification);
    }
    bench__json_add_double(w, "limit", b->limit);
    if (b->justification != NULL) {
        bench__json_add_double(w, "loosened_from", b->loosened_from);
    }
    add_rounded(w, "margin", b->margin);
    add_estimate(w, "measured", &b->measured);
    bench__json_add_text(w, "metric", b->metric);
    bench__json_add_text(w, "reason", b->reason);
    bench__json_add_text(w, "subject", b->subject);
    bench__json_add_text(w, "unit", b->unit);
    bench__json_add_text(w, "verdict", names[b->verdict]);
    bench__json_add_text(w, "why", b->why);
    bench__json_object_close(w);
}

static void write_baseline_source(struct bench__json_writer *w, const bench_run *baseline) {
    if (baseline == NULL) {
        bench__json_add_null(w, "baseline");
        return;
    }
    bench__json_object_open(w, "baseline", BENCH__JSON_LINE);
    bench__json_add_text(w, "git_commit", baseline->git_commit);
    bench__json_add_text(w, "label", baseline->label);
    bench__json_add_text(w, "timestamp", baseline->timestamp);
    bench__json_object_close(w);
}

void bench__outcome_write(const struct bench__write_context *context, const char *key,
                          const bench_outcome *outcome) {
    struct bench__json_writer *w = context->w;
    if (outcome == NULL) {
        return;
    }
    bench__json_object_open(w, key, BENCH__JSON_BLOCK);
    write_baseline_source(w, outcome->baseline);
    bench__json_array_open(w, "budgets", BENCH__JSON_BLOCK);
    for (size_t i = 0; i < outcome->n_budgets; i++) {
        bench__budget_write(w, NULL, &outcome->budgets[i]);
    }
    bench__json_array_close(w);
    bench__json_array_open(w, "comparisons", BENCH__JSON_BLOCK);
    for (size_t i = 0; i < outcome->n_comparisons; i++) {
        bench__comparison_write(w, NULL, &outcome->comparisons[i]);
    }
    bench__json_array_close(w);
    bench__json_add_i64(w, "exit_code", outcome->exit_code);
    bench__json_add_bool(w, "incomparable", outcome->incomparable);
    bench__json_add_text(w, "incomparable_why", outcome->incomparable_why);
    bench__json_array_open(w, "suites", BENCH__JSON_BLOCK);
    for (size_t i = 0; i < outcome->n_suite_changes; i++) {
        const bench_suite_change *s = &outcome->suite_changes[i];
        bench__json_object_open(w, NULL, BENCH__JSON_BLOCK);
        bench__json_add_i64(w, "benchmarks", (int64_t)s->n_benchmarks);
        add_estimate(w, "change", &s->change);
        bench__json_add_text(w, "name", s->suite);
        bench__json_object_close(w);
    }
    bench__json_array_close(w);
    bench__json_object_close(w);
}

void bench__result_write(const struct bench__write_context *context, const char *key,
                         const bench_result *result) {
    bench__json_object_open(context->w, key, BENCH__JSON_BLOCK);
    bench__fields_write(context, &bench__result_fields, result);
    bench__json_object_close(context->w);
}

int bench__run_print(struct bench__strbuf *out, const bench_run *run, int with_samples,
                     const bench_outcome *outcome, bench_error *err) {
    struct bench__json_writer w;
    bench__json_writer_init(&w, out);
    const struct bench__write_context context = {
        .w = &w, .with_samples = with_samples, .outcome = outcome};
    bench__json_object_open(&w, NULL, BENCH__JSON_BLOCK);
    bench__fields_write(&context, &bench__run_fields, run);
    bench__json_object_close(&w);
    return bench__strbuf_text(out) != NULL
               ? 0
               : bench__error(err, BENCH_ENOMEM, "out of memory writing a run as text");
}

int bench_run_save(const bench_run *run, const char *path, int with_samples, bench_error *err) {
    struct bench__strbuf text;
    bench__strbuf_init(&text);
    int rc = bench__run_print(&text, run, with_samples, NULL, err);
    if (rc == 0) {
        rc = bench__write_file_atomic(path, text.text, text.n, err);
    }
    bench__strbuf_clear(&text);
    return rc;
}
