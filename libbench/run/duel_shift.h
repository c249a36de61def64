/* run/duel_shift.h - where in the distribution of samples a duel's change sits. */
#ifndef BENCH_RUN_DUEL_SHIFT_H
#define BENCH_RUN_DUEL_SHIFT_H

#include "result/evidence.h"

/** Fills evidence->shift from the samples of both sides, launch by launch (stats/shift.h); leaves
 *  it unmeasured after a screening and with fewer than 8 launches. @return 0, BENCH_ENOMEM. */
int bench__duel_shift(struct bench__duel_evidence *evidence, const bench_result *before,
                      const bench_result *after, uint64_t seed, bench_error *err);

#endif
