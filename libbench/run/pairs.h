/*
 * run/pairs.h - the declared pairs of a run, played as duels once its benchmarks were measured.
 *
 * A launch of a pair is a launch of a duel (run/duel.h) within one executable: fresh workers for
 * both, turns in drawn order on one CPU. Launches of all pairs alternate in rounds. Both sides are
 * sampled flat, whatever their own sampling is: reading the clock around every operation would
 * stand on both sides of the ratio and pull it towards 1.
 */
#ifndef BENCH_RUN_PAIRS_H
#define BENCH_RUN_PAIRS_H

#include "measure/clock.h"
#include "run/runner.h"

/** Launches that the pairs of a run will take, if all goes well. */
size_t bench__pairs_launches(const struct bench__runner *runner);

/** Adds the runner's pairs to the run, in their order, as NOT_RUN. @return 0 or BENCH_ENOMEM. */
int bench__pairs_add(bench_run *run, const struct bench__runner *runner, bench_error *err);

/**
 * Plays them; run->results are still in the order of the cases. A pair with a benchmark that did
 * not end well is not played and says so; one whose side ends badly ends with that status.
 * @param so_far what progress reports go on from.
 * @param started_ns of the run, by bench__monotonic_ns().
 * @return 0, BENCH_EINTERRUPTED, BENCH_ENOMEM.
 */
int bench__pairs_play(bench_run *run, const struct bench__runner *runner,
                      const struct bench__clock *clock, const bench_progress *so_far,
                      int64_t started_ns, bench_error *err);

#endif
