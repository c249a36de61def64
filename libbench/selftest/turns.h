/* selftest/turns.h - what it costs to pass the turn from one worker of a duel to the other. */
#ifndef BENCH_SELFTEST_TURNS_H
#define BENCH_SELFTEST_TURNS_H

#include <bench/common.h>

/**
 * Two processes on one CPU pass a turn to each other, with nothing to do in between.
 * @param out_ns median over the turns, from passing it on to beginning it.
 * @return 0, BENCH_ESYSTEM (no process or shared memory).
 */
int bench__selftest_turn_ns(double *out_ns, bench_error *err);

#endif
