/* What the tests of the noise record share: runs of many benchmarks, drawn or written down. */
#ifndef TESTS_UNIT_LOCAL_NOISE_SUPPORT_H
#define TESTS_UNIT_LOCAL_NOISE_SUPPORT_H

#include "unit/result/result_support.h"

#include "local/noise_record.h"

/* The run of a day, counted from the first of January 2024. */
static inline bench_run *run_of_day(int day) {
    bench_run *run = new_run();
    const int month = day / 28, rest = day % 28; /* months of 28 days will do */
    assert_true(month < 12);
    snprintf(run->timestamp, sizeof run->timestamp, "2024-%02d-%02dT12:00:00Z", (month + 1) % 100,
             (rest + 1) % 100);
    run->seed = (uint64_t)day;
    return run;
}

/* n launches about `ns` with a fixed, symmetric pattern. */
static inline bench_result *add_pattern(bench_run *run, const char *function, double ns, int n) {
    bench_result *result = add_benchmark(run, "s", function);
    for (int i = 0; i < n; i++) {
        add_launch(result, ns * exp(0.001 * (i % 2 == 0 ? -1 : 1)));
    }
    result->time.between_launch_sd = 0.001;
    return result;
}

static inline size_t learn(struct bench__noise_record *record, bench_run *run,
                           const char *executable) {
    size_t n = 99;
    snprintf(run->executable_id, sizeof run->executable_id, "%s", executable);
    assert_int_equal(bench__noise_add_run(record, run, &n), 0);
    return n;
}

/* One benchmark, "s/group/f", in one run. */
static inline void learn_time(struct bench__noise_record *record, int day, double ns,
                              const char *executable) {
    bench_run *run = run_of_day(day);
    add_pattern(run, "f", ns, 10);
    assert_int_equal(learn(record, run, executable), 1);
    bench_run_free(run);
}

#endif
