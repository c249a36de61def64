/*
 * result/verdict.h - the verdict: against a stored baseline, or by duels.
 *
 * Old and new ran at different times, so what the runs themselves cannot show, how far the machine
 * moves from run to run, enters the standard error beside the errors of the two trimmed means of
 * log launch medians (result/difference.h).
 *
 * It is what the caller knows of earlier runs of the benchmark, if these are at least
 * BENCH__MIN_KNOWN_RUNS. With fewer it is assumed from the calibration readings of both runs
 * (bench__assumed_between_run_sd), and then both sides may be divided by a calibration kernel: the
 * one with the highest correlation in the baseline, if that is at least 0.7 and dividing makes the
 * baseline's own launches agree better. The new run has no say in that choice. A learned sd is one
 * of undivided times and excludes it. Where the known runs span less than half of the time between
 * old and new, they say too little about so long a time: then the wider interval of both counts.
 *
 * With threshold d and level alpha (gates), p two-sided and adjusted over the suite (Benjamini and
 * Hochberg 1995), the interval at 1 - alpha:
 *     regressed     p < alpha and the whole interval above +d
 *     improved      p < alpha and the whole interval below -d
 *     pass          the one-sided upper bound at 1 - alpha is below d; at 1 - alpha / 2 where a
 *                   decision has two stages
 *     inconclusive  anything else; whenever over 30 % of the launches of a side of stored results
 *                   are contaminated; and a change that only a screening has seen
 *
 * Times of another machine, build or clock, and benchmarks whose parameters,
 * throughput, threads or sampling changed, are incomparable. What the baseline has and this run
 * should have, but has not (or not OK), is missing.
 */
#ifndef BENCH_RESULT_VERDICT_H
#define BENCH_RESULT_VERDICT_H

#include "result/evidence.h"
#include "result/gates.h"
#include "result/stored.h"

/** How p-values are corrected for there being many: over each suite, screening, stored results and
 *  final duels each among themselves. */
enum bench__adjustment { BENCH__ADJUST_BH = 0, BENCH__ADJUST_HOLM, BENCH__ADJUST_NONE };

struct bench__verdict_options {
    int lenient; /* benchmarks of the baseline that were not measured are not missing */
    /* What is known about the earlier runs of a benchmark; NULL: nothing. */
    bench__between_runs_fn *between_runs;
    void *context;
    double noise_threshold;      /* changes below it are never called, relative; 0 = none */
    const char *const *selected; /* names this run set out to measure; NULL: all of its suites */
    size_t n_selected;
    enum bench__adjustment adjustment;
    /* Old and new were measured side by side: verdicts of these benchmarks come from here, sorted
     * by name; machine and build are then no matter. */
    const struct bench__duel_evidence *duels;
    size_t n_duels;
    /* What passes here ends it, and what does not is measured again: a pass has two chances to be
     * wrong, and each gets half of alpha. */
    int has_two_stages;
};

/**
 * Compares and judges: fills a fresh outcome (comparisons, budgets, exit_code); clear it with
 * bench_outcome_clear(). `baseline` may be NULL (then only budgets and statuses count). Runs must
 * be sorted (bench__run_sort); they are borrowed by the outcome. What is in the baseline only, and
 * was not to be measured in this run, is left out. On error the outcome is empty.
 */
int bench__judge(bench_outcome *out, const bench_run *run, const bench_run *baseline,
                 const struct bench__gates *gates, const struct bench__verdict_options *options,
                 bench_error *err);

#endif
