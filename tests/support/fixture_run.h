/*
 * support/fixture_run.h - runs made of seeded samples, analysed as real ones are, with verdicts and
 * budgets set by hand: what reports are tested on.
 */
#ifndef TEST_SUPPORT_FIXTURE_RUN_H
#define TEST_SUPPORT_FIXTURE_RUN_H

#include <bench/result.h>

enum fixture_kind {
    FIXTURE_ALONE,        /* no baseline, no budgets */
    FIXTURE_COMPARED,     /* every verdict, every status, every flag, budgets of every kind */
    FIXTURE_ALL_PASS,     /* as compared, but nothing is wrong */
    FIXTURE_INCOMPARABLE, /* the baseline is of another machine */
    FIXTURE_HOSTILE,      /* names and reasons that try to break out of every format */
    FIXTURE_LARGE         /* 72 benchmarks of 16 launches with 100 samples each, compared */
};

struct fixture {
    bench_run *run;
    bench_run *baseline; /* NULL for FIXTURE_ALONE and FIXTURE_HOSTILE */
    bench_outcome outcome;
};

void fixture_init(struct fixture *f, enum fixture_kind kind);
void fixture_clear(struct fixture *f);

#endif
