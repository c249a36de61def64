/*
 * result/pairs.h - declared pairs: from the log ratios of launches to an estimate, their part of a
 * file, and what merging baselines needs. Making and freeing them is in model.h.
 *
 * Log ratios are rounded to 6 digits when they are measured, as files keep them, and the estimates
 * are a function of them and of alpha alone: what is read back gives the same numbers again.
 */
#ifndef BENCH_RESULT_PAIRS_H
#define BENCH_RESULT_PAIRS_H

#include "result/fields.h"

/** Fills the estimates of a pair from its launches (stats/paired.h), over at most
 *  BENCH__MAX_LAUNCHES of them and alpha in (0, 0.5). Without launches nothing is known.
 *  @return 0, BENCH_ENOMEM, BENCH_EINVAL. */
int bench__pair_analyze(bench_pair_result *pair, bench_error *err);

/** Pairs of which a side failed, crashed, exited or hung while they were played. */
size_t bench__pairs_failed(const bench_run *run);
/** 1 when the pair was played and its interval is known: it can decide a budget. */
int bench__pair_decides(const bench_pair_result *pair);
/** Time of `of` over time of `over` by a pair of the two, with the pair's interval.
 *  @return 0 when there is no pair that decides. */
int bench__pair_ratio(bench_estimate *out, const bench_run *run, const char *of, const char *over);

/** By name: what files rely on. */
void bench__pairs_sort(bench_run *run);
/**
 * Appends to `out` what belongs into the baseline of a suite after `run`: of `run` itself the pairs
 * of that suite that were played; of any other `source` the pairs for which `run` has none. The
 * copies share their contents with the originals: free out->pairs alone.
 * @return 0 or BENCH_ENOMEM.
 */
int bench__pairs_borrow(bench_run *out, const bench_run *source, const bench_run *run,
                        const char *suite);

/* The member "pairs" of a document, for the table of a run; nothing is written without pairs. */
void bench__pairs_write(const struct bench__write_context *context, const char *key,
                        const void *run);
int bench__pairs_read(void *run, const struct bench__json *value);
/** One of them. */
void bench__pair_write(const struct bench__write_context *context, const char *key,
                       const bench_pair_result *pair);

#endif
