/*
 * Orders pairs, finds the budgets that stand on them, and names them. Decides nothing.
 */
#include "report/pair_rows.h"

#include "base/mem.h"
#include "base/strbuf.h"
#include "report/view.h"

#include <stdlib.h>
#include <string.h>

/* Bytes of "suite/group/pair" in a full name. */
static size_t heading_length(const char *name) {
    size_t n = 0;
    for (int part = 0; part < 3; part++) {
        n += strcspn(name + n, "/");
        if (part < 2 && name[n] == '/') {
            n++;
        }
    }
    return n;
}

void bench__function_of(struct bench__strbuf *out, const char *name) {
    const char *group = strchr(name, '/');
    const char *function = group != NULL ? strchr(group + 1, '/') : NULL;
    if (function == NULL) {
        bench__strbuf_add_safe(out, name);
        return;
    }
    char *copy = bench__strndup(function + 1, strcspn(function + 1, "/"));
    out->failed |= copy == NULL;
    bench__strbuf_add_safe(out, copy != NULL ? copy : "");
    bench__free(copy);
}

static void add_heading(struct bench__strbuf *out, const char *name) {
    char *copy = bench__strndup(name, heading_length(name));
    out->failed |= copy == NULL;
    bench__strbuf_add_safe(out, copy != NULL ? copy : "");
    bench__free(copy);
}

int bench__same_pair(const bench_pair_result *a, const bench_pair_result *b) {
    const size_t n = heading_length(a->name);
    return n == heading_length(b->name) && memcmp(a->name, b->name, n) == 0;
}

void bench__say_pair(struct bench__strbuf *out, const bench_pair_result *pair) {
    add_heading(out, pair->name);
    bench__strbuf_add(out, ": ");
    bench__say_sides(out, pair);
}

void bench__say_sides(struct bench__strbuf *out, const bench_pair_result *pair) {
    bench__function_of(out, pair->variant);
    bench__strbuf_add(out, " over ");
    bench__function_of(out, pair->base);
}

void bench__pair_label(struct bench__strbuf *out, const bench_pair_result *pair) {
    const char *rest = pair->name + heading_length(pair->name);
    bench__strbuf_add_safe(out, *rest == '/' ? rest + 1 : "time");
}

/* ---- budgets ---- */

static int is_over(const char *subject, const char *of, const char *over) {
    const size_t n = strlen(of);
    return strncmp(subject, of, n) == 0 && strncmp(subject + n, " over ", 6) == 0 &&
           strcmp(subject + n + 6, over) == 0;
}

/* A ratio of times decides those of rates, too. */
static int is_of_time(const bench_budget *budget) {
    return strcmp(budget->metric, "time") == 0 || strcmp(budget->metric, "throughput") == 0 ||
           strcmp(budget->metric, "bytes_throughput") == 0;
}

static const bench_budget *worst_budget(const bench_outcome *outcome,
                                        const bench_pair_result *pair) {
    static const int badness[] = {[BENCH_BUDGET_NOT_MEASURED] = 0,
                                  [BENCH_BUDGET_PASS] = 1,
                                  [BENCH_BUDGET_INCONCLUSIVE] = 2,
                                  [BENCH_BUDGET_OVER] = 3};
    const bench_budget *worst = NULL;
    for (size_t i = 0; i < outcome->n_budgets; i++) {
        const bench_budget *b = &outcome->budgets[i];
        if (is_of_time(b) &&
            (is_over(b->subject, pair->variant, pair->base) ||
             is_over(b->subject, pair->base, pair->variant)) &&
            (worst == NULL || badness[b->verdict] > badness[worst->verdict])) {
            worst = b;
        }
    }
    return worst;
}

/* ---- rows ---- */

static int by_heading(const void *left, const void *right) {
    const struct bench__pair_row *a = left, *b = right;
    const int same = bench__same_pair(a->pair, b->pair);
    int order = 0;
    if (same && a->base != NULL && b->base != NULL) {
        order = bench__compare_params(a->base, b->base);
    }
    return order != 0 ? order : strcmp(a->pair->name, b->pair->name);
}

int bench__pair_rows_new(struct bench__pair_row **out, const bench_outcome *outcome) {
    const bench_run *run = outcome->run;
    struct bench__pair_row *rows = bench__alloc(run->n_pairs, sizeof *rows);
    if (rows == NULL) {
        return BENCH_ENOMEM;
    }
    for (size_t i = 0; i < run->n_pairs; i++) {
        rows[i] = (struct bench__pair_row){.pair = &run->pairs[i],
                                           .base = bench_run_find(run, run->pairs[i].base),
                                           .budget = worst_budget(outcome, &run->pairs[i])};
    }
    qsort(rows, run->n_pairs, sizeof *rows, by_heading);
    *out = rows;
    return 0;
}
