/*
 * result/pairs.h - declared pairs: from the log ratios of launches to an estimate, their part of a
 * file, and what merging baselines needs. Making and freeing them is in model.h.
 *
 * Log ratios are rounded to 6 digits when they are measured, as files keep them, and the estimates
 * are a function of them and of alpha alone: what is read back gives the same numbers again.
 */
#ifndef BENCH_RESULT_PAIRS_H
#define BENCH_RESULT_PAIRS_H

#include <bench/result.h>

/** Fills the estimates of a pair from its launches (stats/paired.h), over at most
 *  BENCH__MAX_LAUNCHES of them and alpha in (0, 0.5). Without launches nothing is known.
 *  @return 0, BENCH_ENOMEM, BENCH_EINVAL. */
int bench__pair_analyze(bench_pair_result *pair, bench_error *err);

/** 1 when a side failed, crashed, exited or hung in the duel. */
int bench__pair_failed(const bench_pair_result *pair);
/** 1 when the pair was played and its interval is known: it can decide a budget. */
int bench__pair_decides(const bench_pair_result *pair);
/** Time of `of` over time of `over` by a pair of the two, with the pair's interval.
 *  @return 0 when there is no pair that decides. */
int bench__pair_ratio(bench_estimate *out, const bench_run *run, const char *of, const char *over);

#endif
