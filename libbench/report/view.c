/*
 * Puts the results of a run and the benchmarks missing from it into one ordered list and counts
 * them. Does no formatting and judges nothing: verdicts come from result/.
 */
#include "report/view.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "result/pairs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int bench__compare_params(const bench_result *a, const bench_result *b) {
    for (size_t i = 0; i < a->n_params && i < b->n_params; i++) {
        const bench_param *p = &a->params[i];
        const bench_param *q = &b->params[i];
        int order = strcmp(p->name, q->name);
        if (order == 0 && p->is_i64 && q->is_i64) {
            order = (p->i64 > q->i64) - (p->i64 < q->i64);
        } else if (order == 0) {
            order = strcmp(p->text, q->text);
        }
        if (order != 0) {
            return order;
        }
    }
    return (a->n_params > b->n_params) - (a->n_params < b->n_params);
}

static int compare_rows(const void *left, const void *right) {
    const bench_result *a = ((const struct bench__row *)left)->result;
    const bench_result *b = ((const struct bench__row *)right)->result;
    int order = strcmp(a->suite, b->suite);
    if (order == 0) {
        order = strcmp(a->group, b->group);
    }
    if (order == 0) {
        order = strcmp(a->function, b->function);
    }
    if (order == 0) {
        order = bench__compare_params(a, b);
    }
    return order != 0 ? order : strcmp(a->name, b->name);
}

static int compare_name(const void *key, const void *element) {
    return strcmp(key, ((const bench_comparison *)element)->name);
}

static const bench_comparison *find_comparison(const bench_outcome *outcome, const char *name) {
    if (outcome->n_comparisons == 0) {
        return NULL;
    }
    return bsearch(name, outcome->comparisons, outcome->n_comparisons, sizeof *outcome->comparisons,
                   compare_name);
}

static void count_status(struct bench__view *view, bench_status status) {
    if (status == BENCH_STATUS_OK) {
        view->n_measured++;
    } else if (status == BENCH_STATUS_SKIPPED) {
        view->n_skipped++;
    } else if (status == BENCH_STATUS_NOT_RUN) {
        view->n_not_run++;
    } else {
        view->n_failed++;
    }
}

static void count_verdicts(struct bench__view *view) {
    const bench_outcome *outcome = view->outcome;
    for (size_t i = 0; i < outcome->n_comparisons; i++) {
        const bench_comparison *c = &outcome->comparisons[i];
        view->n_verdicts[c->verdict]++;
        view->n_new += c->before == NULL && c->after != NULL && c->after->status == BENCH_STATUS_OK;
    }
    view->n_compared =
        view->n_verdicts[BENCH_VERDICT_PASS] + view->n_verdicts[BENCH_VERDICT_REGRESSED] +
        view->n_verdicts[BENCH_VERDICT_IMPROVED] + view->n_verdicts[BENCH_VERDICT_INCONCLUSIVE];
    for (size_t i = 0; i < outcome->n_budgets; i++) {
        view->n_over += outcome->budgets[i].verdict == BENCH_BUDGET_OVER;
    }
}

int bench__view_init(struct bench__view *view, const bench_outcome *outcome, bench_error *err) {
    *view = (struct bench__view){.outcome = outcome};
    const bench_run *run = outcome->run;
    view->rows = bench__alloc(run->n_results + outcome->n_comparisons, sizeof *view->rows);
    if (view->rows == NULL || bench__pair_rows_new(&view->pairs, outcome) != 0) {
        bench__view_clear(view);
        return bench__error(err, BENCH_ENOMEM, "out of memory for the report");
    }
    view->n_pairs = run->n_pairs;
    view->n_pairs_failed = bench__pairs_failed(run);
    for (size_t i = 0; i < run->n_results; i++) {
        const bench_result *result = &run->results[i];
        view->rows[view->n_rows++] = (struct bench__row){
            .result = result, .comparison = find_comparison(outcome, result->name)};
        count_status(view, result->status);
    }
    for (size_t i = 0; i < outcome->n_comparisons; i++) {
        const bench_comparison *c = &outcome->comparisons[i];
        if (c->after == NULL && c->before != NULL) {
            view->rows[view->n_rows++] =
                (struct bench__row){.result = c->before, .comparison = c, .is_missing = 1};
        }
    }
    qsort(view->rows, view->n_rows, sizeof *view->rows, compare_rows);
    count_verdicts(view);
    return 0;
}

void bench__view_clear(struct bench__view *view) {
    bench__free(view->rows);
    bench__free(view->pairs);
    *view = (struct bench__view){0};
}

int bench__same_heading(const bench_result *a, const bench_result *b) {
    return strcmp(a->suite, b->suite) == 0 && strcmp(a->group, b->group) == 0 &&
           (a->n_params == 0) == (b->n_params == 0) &&
           (a->n_params == 0 || strcmp(a->function, b->function) == 0);
}

void bench__row_label(struct bench__strbuf *out, const bench_result *result) {
    if (result->n_params == 0) {
        bench__strbuf_add_safe(out, result->function);
    }
    for (size_t i = 0; i < result->n_params; i++) {
        bench__strbuf_add(out, i > 0 ? "," : "");
        bench__strbuf_add_safe(out, result->params[i].name);
        bench__strbuf_addc(out, '=');
        bench__strbuf_add_safe(out, result->params[i].text);
    }
}

int bench__row_measured(const struct bench__row *row) {
    return !row->is_missing && row->result->status == BENCH_STATUS_OK;
}

size_t bench__count_flag(const struct bench__view *view, unsigned i) {
    size_t n = 0;
    for (size_t k = 0; k < view->n_rows; k++) {
        n += bench__row_measured(&view->rows[k]) && (view->rows[k].result->flags >> i & 1);
    }
    return n;
}

bench_verdict bench__row_verdict(const struct bench__row *row) {
    return row->comparison != NULL ? row->comparison->verdict : BENCH_VERDICT_NONE;
}

const char *bench__row_verdict_word(const struct bench__row *row) {
    bench_verdict verdict = bench__row_verdict(row);
    if (verdict != BENCH_VERDICT_NONE) {
        return bench_verdict_name(verdict);
    }
    int is_new = row->comparison != NULL && row->comparison->before == NULL;
    return is_new && bench__row_measured(row) ? "new" : "";
}

const char *bench__baseline_label(const bench_outcome *outcome) {
    const bench_run *baseline = outcome->baseline;
    int named = baseline != NULL && baseline->label != NULL && baseline->label[0] != '\0';
    return named ? baseline->label : "the baseline";
}

/* A time per iteration is that of one thread; all threads work at once. */
static double per_second(const bench_result *result, double per_iteration) {
    int n_threads = result->n_threads > 1 ? result->n_threads : 1;
    return per_iteration * n_threads * 1e9 / result->time.median.point;
}

double bench__elements_per_second(const bench_result *result) {
    return per_second(result, result->elements_per_iteration);
}

double bench__bytes_per_second(const bench_result *result) {
    return per_second(result, result->bytes_per_iteration);
}
