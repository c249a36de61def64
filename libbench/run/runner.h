/*
 * run/runner.h - runs a selection of benchmarks, launch by launch, into a bench_run.
 */
#ifndef BENCH_RUN_RUNNER_H
#define BENCH_RUN_RUNNER_H

#include "result/journal.h"
#include "suite/pair.h"
#include <bench/report.h>
#include <signal.h>

/** How to run, beyond what is resolved for each benchmark. */
struct bench__run_settings {
    uint64_t seed;
    int cpu; /* to pin workers to; -1: none */
    bench_clock_kind clock;
    int in_process; /* no workers: for debuggers */
    int once;       /* every launch is one call of one iteration, without statistics */
    int no_keep;    /* run for the measurement time, keep no samples: for profilers */
};

struct bench__runner {
    bench_suite *const *suites;
    size_t n_suites;
    const struct bench__case *cases;
    const bench_resolved *resolved; /* of each case */
    size_t n_cases;
    const struct bench__pair_case *pairs; /* of the cases; played when those were measured */
    size_t n_pairs;
    struct bench__run_settings settings;
    char *const *argv;        /* of this process: workers are started with the same */
    const char *journal_path; /* NULL: none */
    int resume;               /* journal_path exists and is to be continued */
    void (*on_progress)(void *context, const bench_progress *progress); /* may be NULL */
    void (*on_warning)(void *context, const char *text);                /* may be NULL */
    void *context;
    const volatile sig_atomic_t *interrupted; /* may be NULL */
};

/** Fills what is known before the first launch: time stamp, revision, machine, build, clock. */
int bench__run_describe(bench_run *run, const bench_build *build, bench_clock_kind clock,
                        bench_error *err);

/**
 * Runs and analyses. `run` comes from
 * bench__run_new() and bench__run_describe(). An interruption is no error:
 * run->interrupted is set, what was measured is analysed, and benchmarks without a launch are
 * NOT_RUN.
 * @return 0; BENCH_ESYSTEM and others when no worker can be started at all.
 */
int bench__run(bench_run *run, const struct bench__runner *runner, bench_error *err);

#endif
