/* result/decide.h - the verdict of one comparison whose numbers are known. */
#ifndef BENCH_RESULT_DECIDE_H
#define BENCH_RESULT_DECIDE_H

#include <bench/result.h>

/** Sets the verdict and, printf style, its reason. */
void bench__say_verdict(bench_comparison *c, bench_verdict verdict, const char *format, ...)
    BENCH_PRINTF(3, 4);

/**
 * Decides by change, p_adjusted, alpha, threshold and, for a duel, its record; `upper` is the
 * one-sided bound at 1 - alpha, relative. The rules are at the head of result/verdict.h.
 */
void bench__decide(bench_comparison *c, double upper);

/** Runs made at different times: with over 30 % of a side's launches disturbed nothing is decided.
 */
void bench__cap_when_contaminated(bench_comparison *c);

#endif
