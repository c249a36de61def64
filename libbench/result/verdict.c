/*
 * Pairs the benchmarks of two runs, computes their difference and gives each its verdict; the exit
 * code follows from all of them. The statistics are in stored.c and evidence.c, the
 * thresholds in gates.c.
 */
#include "result/verdict.h"

#include "base/error.h"
#include "base/mem.h"
#include "measure/host.h"
#include "result/decide.h"
#include "result/model.h"
#include "result/pairs.h"
#include "result/stored.h"
#include "stats/power.h"

#include <math.h>
#include <string.h>

struct judging {
    bench_outcome *out;
    const struct bench__gates *gates;
    const struct bench__verdict_options *options;
    int is_foreign; /* the runs are of different machines or builds */
    struct bench__stored stored;
};

/* ---- which to compare -------------------------------------------------------------------------
 */

static int run_has_suite(const bench_run *run, const char *suite) {
    for (size_t i = 0; i < run->n_results; i++) {
        if (strcmp(run->results[i].suite, suite) == 0) {
            return 1;
        }
    }
    return 0;
}

static int is_expected(const struct judging *j, const bench_result *before) {
    const struct bench__verdict_options *options = j->options;
    if (options->lenient) {
        return 0;
    }
    if (options->selected == NULL) {
        return run_has_suite(j->out->run, before->suite);
    }
    for (size_t i = 0; i < options->n_selected; i++) {
        if (strcmp(options->selected[i], before->name) == 0) {
            return 1;
        }
    }
    return 0;
}

static void add_pair(struct judging *j, const bench_result *after, const bench_result *before) {
    bench_comparison *c = &j->out->comparisons[j->out->n_comparisons++];
    const char *name = after != NULL ? after->name : before->name;
    *c = (bench_comparison){.name = name,
                            .after = after,
                            .before = before,
                            .change = {NAN, NAN, NAN},
                            .mde = NAN,
                            .p_value = NAN,
                            .p_adjusted = NAN,
                            .threshold = bench__gates_threshold(j->gates, name),
                            .alpha = bench__gates_alpha(j->gates, name),
                            .kernel = -1,
                            .between_run_sd = NAN};
    bench__duel_record_init(&c->duel);
    c->threshold = fmax(c->threshold, j->options->noise_threshold);
}

/* Both runs are sorted by name: one walk over the two. */
static int pair_up(struct judging *j, bench_error *err) {
    const bench_run *run = j->out->run, *baseline = j->out->baseline;
    size_t a = 0, b = 0;
    j->out->comparisons =
        bench__alloc(run->n_results + baseline->n_results, sizeof *j->out->comparisons);
    if (j->out->comparisons == NULL) {
        return bench__error(err, BENCH_ENOMEM, "out of memory comparing with the baseline");
    }
    while (a < run->n_results || b < baseline->n_results) {
        const bench_result *after = a < run->n_results ? &run->results[a] : NULL;
        const bench_result *before = b < baseline->n_results ? &baseline->results[b] : NULL;
        const int order = after == NULL    ? 1
                          : before == NULL ? -1
                                           : strcmp(after->name, before->name);
        a += order <= 0;
        b += order >= 0;
        if (order <= 0) {
            add_pair(j, after, order == 0 ? before : NULL);
        } else if (is_expected(j, before)) {
            add_pair(j, NULL, before);
        }
    }
    return 0;
}

/* ---- what cannot be compared ------------------------------------------------------------------
 */

static int same_number(double a, double b) {
    return a == b || (isnan(a) && isnan(b));
}

/* What makes it another benchmark under the same name; NULL when it is the same. */
static const char *changed_in_kind(const bench_result *after, const bench_result *before) {
    int same_params = after->n_params == before->n_params;
    for (size_t i = 0; i < after->n_params && same_params; i++) {
        same_params = strcmp(after->params[i].name, before->params[i].name) == 0 &&
                      strcmp(after->params[i].text, before->params[i].text) == 0;
    }
    if (!same_params) {
        return "its parameters";
    }
    if (after->n_threads != before->n_threads) {
        return "its number of threads";
    }
    if (after->options.sampling != before->options.sampling) {
        return "its sampling mode";
    }
    return same_number(after->bytes_per_iteration, before->bytes_per_iteration) &&
                   same_number(after->elements_per_iteration, before->elements_per_iteration)
               ? NULL
               : "its throughput per iteration";
}

/* Evidence is sorted by name. */
static const struct bench__duel_evidence *find_duel(const struct bench__verdict_options *options,
                                                    const char *name) {
    size_t from = 0, to = options->n_duels;
    while (from < to) {
        const size_t middle = (from + to) / 2;
        const int order = strcmp(options->duels[middle].name, name);
        if (order == 0) {
            return &options->duels[middle];
        }
        from = order < 0 ? middle + 1 : from;
        to = order < 0 ? to : middle;
    }
    return NULL;
}

/* The duel that decides about a comparison. One that the old executable ended, or an interruption,
 * says nothing: what is known without it stands. */
static const struct bench__duel_evidence *deciding_duel(const struct judging *j, const char *name) {
    const struct bench__duel_evidence *duel = find_duel(j->options, name);
    const int is_cut = duel != NULL && duel->n < 2 && j->out->run->interrupted;
    return duel == NULL || duel->failed_side == 0 || (is_cut && duel->failed_side < 0) ? NULL
                                                                                       : duel;
}

static bench_verdict verdict_of_absent(const struct judging *j) {
    return j->options->lenient ? BENCH_VERDICT_NONE : BENCH_VERDICT_MISSING;
}

/* Verdicts that need no numbers. @return 1 when the pair can be compared. */
static int is_comparable(const struct judging *j, bench_comparison *c) {
    const struct bench__duel_evidence *duel = find_duel(j->options, c->name);
    if (duel != NULL && duel->failed_side == 1) {
        bench__say_verdict(c, verdict_of_absent(j), "%s", duel->end);
        return 0;
    }
    if (duel != NULL && duel->failed_side == 0 && c->before->status != BENCH_STATUS_OK) {
        bench__say_verdict(c, BENCH_VERDICT_NONE, "%s", duel->end);
        return 0;
    }
    if (c->before == NULL || c->before->status != BENCH_STATUS_OK) {
        bench__say_verdict(c, BENCH_VERDICT_NONE, "%s",
                           c->before == NULL ? "not in the baseline"
                                             : "the baseline has no measurement of it");
        return 0;
    }
    if (c->after == NULL) {
        bench__say_verdict(c, BENCH_VERDICT_MISSING, "in the baseline, but not in this run");
        return 0;
    }
    if (c->after->status != BENCH_STATUS_OK) {
        const char *why = c->after->message;
        bench__say_verdict(c, verdict_of_absent(j), "%s%s%.180s",
                           bench_status_name(c->after->status), why != NULL ? ": " : "",
                           why != NULL ? why : "");
        return 0;
    }
    const char *change = changed_in_kind(c->after, c->before);
    if (j->is_foreign && deciding_duel(j, c->name) == NULL) {
        bench__say_verdict(c, BENCH_VERDICT_INCOMPARABLE, "%.230s", j->out->incomparable_why);
    } else if (change != NULL) {
        bench__say_verdict(c, BENCH_VERDICT_INCOMPARABLE, "%s changed since the baseline", change);
    }
    return c->verdict == BENCH_VERDICT_NONE;
}

/* ---- the numbers ------------------------------------------------------------------------------
 */

static int measure_change(struct judging *j, bench_comparison *c, double *out_upper,
                          bench_error *err) {
    const struct bench__duel_evidence *duel = deciding_duel(j, c->name);
    if (duel != NULL) {
        return bench__evidence_compare(c, out_upper, duel, j->out->run->seed, err);
    }
    const int rc = bench__stored_change(c, out_upper, &j->stored);
    return rc == 0 ? 0 : bench__error(err, rc, "out of memory comparing with the baseline");
}

/* p-values of a family: one suite, one kind of evidence. Those of a screening that left no doubt
 * say nothing about the duels that decide, and the other way round: data are not shared. */
static int adjust_family(const struct judging *j, bench_comparison *c, double *p, size_t n,
                         bench_evidence evidence) {
    int rc = 0;
    for (size_t i = 0; i < n; i++) {
        p[i] = c[i].evidence == evidence ? c[i].p_value : NAN;
    }
    if (j->options->adjustment == BENCH__ADJUST_BH) {
        rc = bench__adjust_bh(p, p, n);
    } else if (j->options->adjustment == BENCH__ADJUST_HOLM) {
        rc = bench__adjust_holm(p, p, n);
    }
    for (size_t i = 0; i < n && rc == 0; i++) {
        c[i].p_adjusted = c[i].evidence == evidence ? p[i] : c[i].p_adjusted;
    }
    return rc;
}

/* Comparisons of a suite stand together, for they are sorted by name. */
static int adjust(const struct judging *j, bench_error *err) {
    const bench_outcome *out = j->out;
    double *p = bench__alloc(out->n_comparisons, sizeof *p);
    int rc = p != NULL ? 0 : BENCH_ENOMEM;
    for (size_t from = 0, to; from < out->n_comparisons && rc == 0; from = to) {
        bench_comparison *first = &out->comparisons[from];
        to = from + 1;
        while (to < out->n_comparisons &&
               bench__same_suite(first->name, out->comparisons[to].name)) {
            to++;
        }
        for (int kind = BENCH_EVIDENCE_STORED; kind <= BENCH_EVIDENCE_DUEL && rc == 0; kind++) {
            rc = adjust_family(j, first, p, to - from, (bench_evidence)kind);
        }
    }
    bench__free(p);
    return rc == 0 ? 0 : bench__error(err, rc, "out of memory comparing with the baseline");
}

static int compare(struct judging *j, bench_error *err) {
    bench_outcome *out = j->out;
    double *upper = bench__alloc(out->n_comparisons, sizeof *upper);
    int rc = upper != NULL
                 ? 0
                 : bench__error(err, BENCH_ENOMEM, "out of memory comparing with the baseline");
    for (size_t i = 0; i < out->n_comparisons && rc == 0; i++) {
        upper[i] = NAN;
        if (is_comparable(j, &out->comparisons[i])) {
            rc = measure_change(j, &out->comparisons[i], &upper[i], err);
            if (j->options->has_two_stages) {
                upper[i] = out->comparisons[i].change.upper; /* at 1 - alpha / 2 */
            }
            out->comparisons[i].verdict = BENCH_VERDICT_INCONCLUSIVE; /* until decided */
        }
    }
    if (rc == 0) {
        rc = adjust(j, err);
    }
    for (size_t i = 0; i < out->n_comparisons && rc == 0; i++) {
        if (out->comparisons[i].verdict == BENCH_VERDICT_INCONCLUSIVE) {
            bench__decide(&out->comparisons[i], upper[i]);
            if (out->comparisons[i].evidence ==
                BENCH_EVIDENCE_STORED) { /* a duel's meet both alike */
                bench__cap_when_contaminated(&out->comparisons[i]);
            }
        }
    }
    bench__free(upper);
    return rc;
}

/* ---- the outcome ------------------------------------------------------------------------------
 */

static int any_verdict(const bench_outcome *out, bench_verdict verdict) {
    for (size_t i = 0; i < out->n_comparisons; i++) {
        if (out->comparisons[i].verdict == verdict) {
            return 1;
        }
    }
    return 0;
}

static int any_budget(const bench_outcome *out, bench_budget_verdict verdict) {
    for (size_t i = 0; i < out->n_budgets; i++) {
        if (out->budgets[i].verdict == verdict) {
            return 1;
        }
    }
    return 0;
}

static size_t count_status(const bench_run *run, bench_status from, bench_status to) {
    size_t n = 0;
    for (size_t i = 0; i < run->n_results; i++) {
        n += run->results[i].status >= from && run->results[i].status <= to;
    }
    return n;
}

static int exit_code(const bench_outcome *out, unsigned fail_on) {
    const bench_run *run = out->run;
    if (count_status(run, BENCH_STATUS_FAILED, BENCH_STATUS_TIMEOUT) > 0 ||
        bench__pairs_failed(run) > 0) {
        return 1;
    }
    if ((fail_on & BENCH__FAIL_REGRESSED && any_verdict(out, BENCH_VERDICT_REGRESSED)) ||
        (fail_on & BENCH__FAIL_BUDGET && any_budget(out, BENCH_BUDGET_OVER))) {
        return 3;
    }
    if ((fail_on & BENCH__FAIL_MISSING && any_verdict(out, BENCH_VERDICT_MISSING)) ||
        (fail_on & BENCH__FAIL_INCOMPARABLE &&
         (out->incomparable || any_verdict(out, BENCH_VERDICT_INCOMPARABLE)))) {
        return 5;
    }
    if (fail_on & BENCH__FAIL_INCONCLUSIVE && (any_verdict(out, BENCH_VERDICT_INCONCLUSIVE) ||
                                               any_budget(out, BENCH_BUDGET_INCONCLUSIVE))) {
        return 4;
    }
    const size_t n_skipped = count_status(run, BENCH_STATUS_SKIPPED, BENCH_STATUS_SKIPPED);
    return run->n_results > 0 && n_skipped == run->n_results ? 77 : 0;
}

int bench__judge(bench_outcome *out, const bench_run *run, const bench_run *baseline,
                 const struct bench__gates *gates, const struct bench__verdict_options *options,
                 bench_error *err) {
    struct judging j = {.out = out, .gates = gates, .options = options};
    int rc = 0;
    *out = (bench_outcome){.run = run, .baseline = baseline};
    bench__stored_init(&j.stored, run, baseline, options->between_runs, options->context);
    if (baseline != NULL) {
        j.is_foreign = bench__host_differences(&run->host, &baseline->host, out->incomparable_why,
                                               sizeof out->incomparable_why) > 0;
        out->incomparable = j.is_foreign && options->n_duels == 0;
        rc = pair_up(&j, err);
        if (rc == 0) {
            rc = compare(&j, err);
        }
    }
    if (rc == 0 && baseline != NULL && options->n_duels > 0) {
        rc = bench__evidence_suites(out, options->duels, options->n_duels, err);
    }
    if (rc == 0) {
        rc = bench__gates_budgets(gates, run, out, err);
    }
    if (rc != 0) {
        bench_outcome_clear(out);
        return rc;
    }
    out->exit_code = exit_code(out, bench__gates_fail_on(gates));
    return 0;
}

void bench_outcome_clear(bench_outcome *outcome) {
    if (outcome == NULL) {
        return;
    }
    for (size_t i = 0; i < outcome->n_budgets; i++) {
        bench__free(outcome->budgets[i].subject);
        bench__free(outcome->budgets[i].metric);
        bench__free(outcome->budgets[i].why);
        bench__free(outcome->budgets[i].reason);
        bench__free(outcome->budgets[i].justification);
    }
    for (size_t i = 0; i < outcome->n_suite_changes; i++) {
        bench__free(outcome->suite_changes[i].suite);
    }
    bench__free(outcome->suite_changes);
    bench__free(outcome->budgets);
    bench__free(outcome->comparisons);
    *outcome = (bench_outcome){0};
}
