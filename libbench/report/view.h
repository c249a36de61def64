/*
 * report/view.h - what every report shows, in the order a person expects: by suite, group and
 * function, then by parameters with numbers in numeric order. Borrows from the outcome.
 */
#ifndef BENCH_REPORT_VIEW_H
#define BENCH_REPORT_VIEW_H

#include "report/pair_rows.h"
#include <bench/result.h>

enum { BENCH__N_VERDICTS = BENCH_VERDICT_INCOMPARABLE + 1 };

/** One benchmark of the report. */
struct bench__row {
    const bench_result *result;         /* of this run; of the baseline when it is missing here */
    const bench_comparison *comparison; /* NULL without a baseline */
    int is_missing;                     /* `result` is what the baseline had */
};

struct bench__view {
    const bench_outcome *outcome;
    size_t n_rows;
    struct bench__row *rows; /* owned */
    size_t n_measured;       /* benchmarks of this run that ended well ... */
    size_t n_skipped;        /* ... were skipped ... */
    size_t n_not_run;        /* ... were not reached before an interruption ... */
    size_t n_failed;         /* ... failed in any other way */
    size_t n_verdicts[BENCH__N_VERDICTS];
    size_t n_compared; /* with a verdict that decides: pass, regressed, improved, or open */
    size_t n_new;      /* in this run only, although there is a baseline */
    size_t n_over;     /* budgets violated */
    size_t n_pairs;
    struct bench__pair_row *pairs; /* owned */
    size_t n_pairs_failed;         /* neither played, skipped nor left out */
};

/** @return 0 or BENCH_ENOMEM. */
int bench__view_init(struct bench__view *view, const bench_outcome *outcome, bench_error *err);
void bench__view_clear(struct bench__view *view);

/** Order of two results of one function: parameter by parameter, numbers in numeric order. */
int bench__compare_params(const bench_result *a, const bench_result *b);
/** 1 when both stand under the same heading: same suite and group, and the same function too when
 *  the function has parameters. */
int bench__same_heading(const bench_result *a, const bench_result *b);
/** Appends the name of a row under its heading: its parameters, or its function without any. */
struct bench__strbuf;
void bench__row_label(struct bench__strbuf *out, const bench_result *result);

/** 1 when the row was measured in this run: its estimates are there. */
int bench__row_measured(const struct bench__row *row);
/** How many measured benchmarks carry flag number i (bit 1 << i). */
size_t bench__count_flag(const struct bench__view *view, unsigned i);
/** The row's verdict; BENCH_VERDICT_NONE without a comparison. */
bench_verdict bench__row_verdict(const struct bench__row *row);
/** The same as a word: "pass", ..., "new" for what the baseline has not, "" without a verdict. */
const char *bench__row_verdict_word(const struct bench__row *row);
/** How the baseline is called: its label, or "the baseline". Not escaped. */
const char *bench__baseline_label(const bench_outcome *outcome);

/** What is processed per second, by all threads; NAN without throughput. */
double bench__elements_per_second(const bench_result *result);
double bench__bytes_per_second(const bench_result *result);

#endif
