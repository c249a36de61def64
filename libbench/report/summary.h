/* report/summary.h - a whole run on one page: what ran, what did not and why, budgets, extremes. */
#ifndef BENCH_REPORT_SUMMARY_H
#define BENCH_REPORT_SUMMARY_H

#include "report/console.h"

/**
 * The page, for a terminal. For each suite how much of it ran and how long its workers took;
 * skipped and failed benchmarks by their reasons; budgets that are not kept, and those with the
 * least room; the slowest and the noisiest benchmarks; with a baseline what became slower; the
 * answer.
 * @return 0, BENCH_ENOMEM, BENCH_EIO.
 */
int bench__report_summary(FILE *out, const bench_outcome *outcome, const struct bench__style *style,
                          bench_error *err);

#endif
