/*
 * result/gates.h - gates.json: thresholds by pattern, budgets, and what makes a run fail.
 * docs/json-format.md describes the file.
 */
#ifndef BENCH_RESULT_GATES_H
#define BENCH_RESULT_GATES_H

#include <bench/result.h>

/** What --fail-on and "fail_on" can name; bits. */
enum {
    BENCH__FAIL_REGRESSED = 1 << 0,
    BENCH__FAIL_MISSING = 1 << 1,
    BENCH__FAIL_INCOMPARABLE = 1 << 2,
    BENCH__FAIL_INCONCLUSIVE = 1 << 3,
    BENCH__FAIL_BUDGET = 1 << 4,
    BENCH__FAIL_NONE = 1 << 5 /* alone: nothing fails the run but errors */
};

struct bench__gates; /* opaque */

/** The threshold of a duel where the gates say none: it sees more than stored results do. */
#define BENCH__DUEL_THRESHOLD 0.01

/** Built-in defaults: threshold 5 %, alpha 1 %, fail on regressed, missing, incomparable, budget.
 */
int bench__gates_default(struct bench__gates **out, bench_error *err);
/** Errors name file, line and field. Unknown fields are refused. A non-empty "justification" is
 *  required by a default threshold above the built-in one, by a rule with a threshold above the
 *  default, and by a budget whose limit is looser than its "was".
 *  @return 0, BENCH_ENOTFOUND, BENCH_EIO, BENCH_EFORMAT, BENCH_EVERSION, BENCH_ENOMEM. */
int bench__gates_load(struct bench__gates **out, const char *path, bench_error *err);
void bench__gates_free(struct bench__gates *gates);
/** For what neither the file nor the command line says: replaces the built-in threshold. */
void bench__gates_set_default_threshold(struct bench__gates *gates, double threshold);
/** Command-line overrides: they beat the file and its rules. */
void bench__gates_set_threshold(struct bench__gates *gates, double threshold);
void bench__gates_set_alpha(struct bench__gates *gates, double alpha);
void bench__gates_set_fail_on(struct bench__gates *gates, unsigned fail_on);
/** "regressed,missing" to bits; "none". */
int bench__fail_on_parse(unsigned *out, const char *text, bench_error *err);
/** Of the last rule that matches the name and sets it, else the default. */
double bench__gates_threshold(const struct bench__gates *gates, const char *name);
double bench__gates_alpha(const struct bench__gates *gates, const char *name);
unsigned bench__gates_fail_on(const struct bench__gates *gates);

/** Whether a budget is about this benchmark; about the ratio of these two, in whichever order. */
int bench__gates_limit(const struct bench__gates *gates, const char *name);
int bench__gates_limit_ratio(const struct bench__gates *gates, const char *a, const char *b);

/** Evaluates every budget that names a benchmark of a suite in `run` into outcome->budgets. */
int bench__gates_budgets(const struct bench__gates *gates, const bench_run *run,
                         bench_outcome *outcome, bench_error *err);

#endif
