/* result/verdict.h - the verdict against a stored baseline (docs/statistics.md, "stored baseline"). */
#ifndef BENCH_RESULT_VERDICT_H
#define BENCH_RESULT_VERDICT_H

#include "result/gates.h"

struct bench__verdict_options {
    int lenient;            /* benchmarks of the baseline that were not in this run are not missing */
    double between_run_sd;  /* of log time, learned; NAN: assume from the calibration */
    double noise_threshold; /* changes below it are never called, relative; 0 = none */
    const char *const *selected; /* names this run set out to measure; NULL: all of its suites */
    size_t n_selected;
};

/** Compares and judges: fills a fresh outcome (comparisons, budgets, exit_code). `baseline` may be
 *  NULL (then only budgets and statuses count). Runs are borrowed by the outcome. */
int bench__judge(bench_outcome *out, const bench_run *run, const bench_run *baseline,
                 const struct bench__gates *gates, const struct bench__verdict_options *options,
                 bench_error *err);

#endif
