/* analyze_support.h - launches to analyse, made of times. */
#ifndef TESTS_RESULT_ANALYZE_SUPPORT_H
#define TESTS_RESULT_ANALYZE_SUPPORT_H

#include "result_support.h"

#include "result/analyze.h"

#define EMPTY_LOOP_NS 0.5

static inline void analyze(bench_run *run, bench_result *result) {
    bench_error err = {0};
    expect_ok(bench__analyze(result, run->calibrations, run->n_calibrations, EMPTY_LOOP_NS,
                             run->seed, &err),
              &err);
}

/* A launch with these times per iteration, one iteration each. */
static inline bench_launch *add_times(bench_result *result, const double *ns, size_t n) {
    bench_launch *launch = add_launch(result, NAN);
    launch->n_samples = n;
    launch->iterations = bench__alloc(n, sizeof *launch->iterations);
    launch->elapsed_ns = bench__memdup(ns, n, sizeof *ns);
    for (size_t i = 0; i < n; i++) {
        launch->iterations[i] = 1;
    }
    launch->total_iterations = n;
    return launch;
}

/* A launch of n samples around ns. */
static inline bench_launch *add_random(bench_result *result, struct bench__rng *rng, size_t n,
                                       double ns, double spread) {
    bench_launch *launch = add_launch(result, NAN);
    add_samples(launch, rng, n, 1000, ns, spread);
    return launch;
}

static inline void expect_near(double value, double expected, double tolerance) {
    if (!(fabs(value - expected) <= tolerance)) {
        fail_msg("%.12g is not %.12g", value, expected);
    }
}

/* 16 launches of 20 samples of 1000 iterations, 10 ns each, with a good clock: no flag at all. */
static inline bench_run *quiet_run(void) {
    struct bench__rng rng;
    bench__rng_init(&rng, 21);
    bench_run *run = new_run();
    bench_result *result = add_benchmark(run, "s", "f");
    for (int i = 0; i < 16; i++) {
        bench_launch *launch = add_random(result, &rng, 20, 10, 0.01);
        launch->clock.resolution_ns = 1;
        launch->clock.overhead_ns = 20;
        launch->output_bytes = 0;
    }
    return run;
}

#endif
