/* verdict_support.h - what the tests of verdicts share: judging by the built-in gates. */
#ifndef TESTS_UNIT_VERDICT_SUPPORT_H
#define TESTS_UNIT_VERDICT_SUPPORT_H

#include "result_support.h"

#include "result/verdict.h"

#define LAUNCHES 16

/* The sd that `context` points to, known exactly, for every benchmark. */
static inline struct bench__between_runs known_exactly(void *context, const char *name) {
    (void)name;
    return (struct bench__between_runs){
        .sd = *(double *)context, .df = INFINITY, .span_s = INFINITY, .n_runs = 1000};
}

static inline struct bench__gates *new_gates(void) {
    struct bench__gates *gates = NULL;
    bench_error err = {0};
    expect_ok(bench__gates_default(&gates, &err), &err);
    return gates;
}

static inline bench_outcome judge(const bench_run *run, const bench_run *baseline,
                                  const struct bench__verdict_options *options) {
    struct bench__gates *gates = new_gates();
    bench_outcome outcome;
    bench_error err = {0};
    expect_ok(bench__judge(&outcome, run, baseline, gates, options, &err), &err);
    bench__gates_free(gates);
    return outcome;
}

#endif
