/* cli/selection.h - from filters and overrides to the benchmarks that run, and listing them. */
#ifndef BENCH_CLI_SELECTION_H
#define BENCH_CLI_SELECTION_H

#include "cli/options.h"
#include "result/gates.h"
#include "suite/pair.h"
#include <stdio.h>

/** The filter that stands for every benchmark with a budget, unless a suite has this name. */
#define BENCH__FILTER_BUDGETS "regression_tests"

/** Whether the options ask for what the gates limit. Beside other filters that word is a mistake.
 *  @return 1, 0, BENCH_EINVAL. */
int bench__cli_wants_budgets(bench_suite *const *suites, size_t n_suites,
                             const struct bench__cli_options *options, bench_error *err);

/** The cases that the options choose; free with bench__cases_free(). Choosing none is an error that
 *  names the nearest benchmarks.
 *  @param gates of these only what they limit; NULL: the filters choose. */
int bench__cli_select(struct bench__case **out, size_t *out_n, bench_suite *const *suites,
                      size_t n_suites, const struct bench__cli_options *options,
                      const struct bench__gates *gates, bench_error *err);

/** The pairs of chosen cases that --exclude does not name, to be played in this run: none with
 *  --test and --profile-time; with `gates` those that decide a budget. Free with
 *  bench__pairs_free(). */
int bench__cli_select_pairs(struct bench__pair_case **out, size_t *out_n,
                            const struct bench__case *cases, size_t n_cases,
                            const struct bench__cli_options *options,
                            const struct bench__gates *gates, bench_error *err);

/**
 * What this run set out to measure, of its own benchmarks and of a baseline's: the chosen cases and
 * every name in `baseline` (may be NULL) that the filters choose too, whether or not it still
 * exists. With --param only the cases count. *out is NULL when everything was chosen; free it with
 * bench__free(); the names are borrowed.
 */
int bench__cli_chosen_names(const char ***out, size_t *out_n, const struct bench__case *cases,
                            size_t n_cases, const bench_run *baseline,
                            const struct bench__cli_options *options, bench_error *err);

/** --list: a name per line, or a JSON array of objects. */
int bench__cli_list(FILE *out, const struct bench__case *cases, size_t n, int as_json,
                    bench_error *err);

#endif
