/*
 * result/budgets.h - absolute limits and limits on the ratio of two benchmarks of one run: what
 * gates.json says of them, and their evaluation.
 */
#ifndef BENCH_RESULT_BUDGETS_H
#define BENCH_RESULT_BUDGETS_H

#include "base/pattern.h"
#include "result/json.h"
#include <bench/result.h>

enum bench__limit_kind {
    BENCH__LIMIT_MAX = 0, /* of the metric itself */
    BENCH__LIMIT_MIN,
    BENCH__LIMIT_MAX_OVERHEAD, /* of what `of` costs more than `over`: ratio - 1 */
    BENCH__LIMIT_MAX_RATIO,    /* of the metric of `of` divided by that of `over` */
    BENCH__LIMIT_MIN_RATIO
};

/** One entry of "budgets". */
struct bench__budget_rule {
    char *match; /* benchmarks it is for; NULL in a ratio budget */
    struct bench__pattern *pattern;
    char *of, *over; /* full names; NULL in an absolute budget */
    char *metric;
    char *why; /* "" when not given */
    enum bench__limit_kind kind;
    double limit;
    double was;          /* a tighter limit that it had before ... */
    char *justification; /* ... and why it is looser; NULL: it is not */
};

/** Reads a pattern for names, of a rule or of a budget. */
int bench__pattern_read(struct bench__pattern **out, const struct bench__json *value);

/** Reads and checks one entry. On error the rule is clear. */
int bench__budget_rule_read(struct bench__budget_rule *out, const struct bench__json *entry);
void bench__budget_rule_clear(struct bench__budget_rule *rule);

/** Whether its evaluation looks at the benchmark of this name. */
int bench__budget_rule_concerns(const struct bench__budget_rule *rule, const char *name);

/** Appends the budgets that a rule makes for a run: one for each benchmark that it matches, one
 *  "not measured" when it matches none although its suite is in the run. A metric with an interval
 *  is over its limit, or within, only with the whole interval. @return 0 or BENCH_ENOMEM. */
int bench__budget_rule_evaluate(const struct bench__budget_rule *rule, const bench_run *run,
                                bench_outcome *outcome, bench_error *err);

#endif
