/*
 * report/pair_rows.h - the pairs of a run in the order in which reports show them: by suite, group
 * and pair, then by parameters with numbers in numeric order. Borrows from the outcome.
 */
#ifndef BENCH_REPORT_PAIR_ROWS_H
#define BENCH_REPORT_PAIR_ROWS_H

#include <bench/result.h>

struct bench__strbuf;

struct bench__pair_row {
    const bench_pair_result *pair;
    const bench_result *base;   /* NULL when the run has it not */
    const bench_budget *budget; /* on the ratio of the two times; the worst one, or NULL */
};

/** One row for each pair of the run, to be freed with bench__free(). @return 0 or BENCH_ENOMEM. */
int bench__pair_rows_new(struct bench__pair_row **out, const bench_outcome *outcome);

/** 1 when both are one declared pair, with other parameters. */
int bench__same_pair(const bench_pair_result *a, const bench_pair_result *b);
/** Appends "suite/group/pair: variant over base". */
void bench__say_pair(struct bench__strbuf *out, const bench_pair_result *pair);
/** Appends "variant over base". */
void bench__say_sides(struct bench__strbuf *out, const bench_pair_result *pair);
/** Appends the third part of a full name, a function's or a pair's; the whole of any other. */
void bench__function_of(struct bench__strbuf *out, const char *name);
/** Appends what stands under that: the parameters, or "time" without any. */
void bench__pair_label(struct bench__strbuf *out, const bench_pair_result *pair);

#endif
