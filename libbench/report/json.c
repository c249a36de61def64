/*
 * JSON and JSON lines, through the one writer in result/. Adds no number of its own: a report is
 * the results file with what the judge said.
 */
#include "report/formats.h"

#include "base/error.h"
#include "report/figures.h"
#include "report/view.h"
#include "report/words.h"
#include "result/pairs.h"
#include "result/result_file.h"

int bench__report_json(FILE *out, const bench_outcome *outcome, bench_error *err) {
    struct bench__strbuf text;
    bench__strbuf_init(&text);
    int rc = bench__run_print(&text, outcome->run, 1, outcome, err);
    if (rc == 0) {
        rc = bench__write_text(out, &text, err);
    }
    bench__strbuf_clear(&text);
    return rc;
}

static void add_benchmark(struct bench__strbuf *text, const struct bench__row *row) {
    struct bench__json_writer w;
    bench__json_writer_init(&w, text);
    bench__json_object_open(&w, NULL, BENCH__JSON_LINE);
    if (row->comparison != NULL) {
        bench__comparison_write(&w, "comparison", row->comparison);
    } else {
        bench__json_add_null(&w, "comparison");
    }
    bench__json_add_text(&w, "kind", "benchmark");
    if (row->is_missing) {
        bench__json_add_null(&w, "result");
    } else {
        bench__result_write(&(struct bench__write_context){.w = &w}, "result", row->result);
    }
    bench__json_object_close(&w);
}

static void add_pair(struct bench__strbuf *text, const bench_pair_result *pair) {
    struct bench__json_writer w;
    bench__json_writer_init(&w, text);
    bench__json_object_open(&w, NULL, BENCH__JSON_LINE);
    bench__json_add_text(&w, "kind", "pair");
    bench__pair_write(&(struct bench__write_context){.w = &w}, "pair", pair);
    bench__json_object_close(&w);
}

static void add_budget(struct bench__strbuf *text, const bench_budget *budget) {
    struct bench__json_writer w;
    bench__json_writer_init(&w, text);
    bench__json_object_open(&w, NULL, BENCH__JSON_LINE);
    bench__budget_write(&w, "budget", budget);
    bench__json_add_text(&w, "kind", "budget");
    bench__json_object_close(&w);
}

/* The counts of verdicts, by name: keys of JSON objects are written in ascending order. */
static void add_verdicts(struct bench__json_writer *w, const struct bench__view *view) {
    static const bench_verdict sorted[] = {BENCH_VERDICT_IMPROVED,     BENCH_VERDICT_INCOMPARABLE,
                                           BENCH_VERDICT_INCONCLUSIVE, BENCH_VERDICT_MISSING,
                                           BENCH_VERDICT_PASS,         BENCH_VERDICT_REGRESSED};
    bench__json_object_open(w, "verdicts", BENCH__JSON_LINE);
    for (size_t i = 0; i < sizeof sorted / sizeof *sorted; i++) {
        bench__json_add_u64(w, bench_verdict_name(sorted[i]), view->n_verdicts[sorted[i]]);
    }
    bench__json_object_close(w);
}

static void add_summary(struct bench__strbuf *text, const struct bench__view *view) {
    struct bench__json_writer w;
    struct bench__strbuf answer;
    bench__strbuf_init(&answer);
    bench__say_answer(&answer, view);
    bench__json_writer_init(&w, text);
    bench__json_object_open(&w, NULL, BENCH__JSON_LINE);
    bench__json_add_text(&w, "answer", bench__strbuf_text(&answer));
    bench__json_add_i64(&w, "exit_code", view->outcome->exit_code);
    bench__json_add_u64(&w, "failed", view->n_failed);
    bench__json_add_text(&w, "kind", "summary");
    bench__json_add_u64(&w, "measured", view->n_measured);
    bench__json_add_u64(&w, "not_run", view->n_not_run);
    bench__json_add_u64(&w, "skipped", view->n_skipped);
    add_verdicts(&w, view);
    bench__json_object_close(&w);
    text->failed |= answer.failed;
    bench__strbuf_clear(&answer);
}

int bench__report_jsonl(FILE *out, const bench_outcome *outcome, bench_error *err) {
    struct bench__view view;
    int rc = bench__view_init(&view, outcome, err);
    if (rc != 0) {
        return rc;
    }
    struct bench__strbuf text;
    bench__strbuf_init(&text);
    for (size_t i = 0; i < view.n_rows; i++) {
        add_benchmark(&text, &view.rows[i]);
    }
    for (size_t i = 0; i < view.n_pairs; i++) {
        add_pair(&text, view.pairs[i].pair);
    }
    for (size_t i = 0; i < outcome->n_budgets; i++) {
        add_budget(&text, &outcome->budgets[i]);
    }
    add_summary(&text, &view);
    rc = bench__write_text(out, &text, err);
    bench__strbuf_clear(&text);
    bench__view_clear(&view);
    return rc;
}
