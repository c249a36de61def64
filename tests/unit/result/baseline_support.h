/* baseline_support.h - runs to be kept as baselines, in a directory of their own. */
#ifndef TESTS_RESULT_BASELINE_SUPPORT_H
#define TESTS_RESULT_BASELINE_SUPPORT_H

#include "result_support.h"

#include "measure/host.h"
#include "result/baseline.h"

#define FEW 3 /* launches */

static char dir[64];

static inline int set_up(void **state) {
    (void)state;
    make_scratch(dir);
    return 0;
}

static inline int tear_down(void **state) {
    (void)state;
    remove_scratch(dir);
    return 0;
}

/* A run of one suite whose functions all take `ns`; reading i belongs to launch i. */
static inline bench_run *run_of(const char *suite, const char *const *functions, size_t n,
                                double ns) {
    bench_run *run = new_run();
    for (int i = 0; i < FEW; i++) {
        add_reading(run, ns + i);
    }
    for (size_t f = 0; f < n; f++) {
        bench_result *result = add_benchmark(run, suite, functions[f]);
        for (int i = 0; i < FEW; i++) {
            add_launch(result, ns)->calibration = i;
        }
    }
    bench__run_sort(run);
    return run;
}

static inline void save(const bench_run *run, const char *name) {
    bench_error err = {0};
    size_t left_out = 99;
    expect_ok(bench__baseline_save(run, dir, name, &left_out, &err), &err);
    assert_int_equal(left_out, 0);
}

static inline bench_run *load(const char *name) {
    bench_error err = {0};
    bench_run *run = NULL, *like = new_run();
    expect_ok(bench__baseline_load(&run, dir, name, &like->host, NULL, 0, &err), &err);
    assert_non_null(run);
    assert_int_equal(err.code, 0);
    bench_run_free(like);
    return run;
}

static inline void path_of(char out[300], const char *name, const char *suite) {
    char class[64];
    bench_run *like = new_run();
    bench__host_class(&like->host, class);
    snprintf(out, 300, "%s/%s/%s/%s.json", dir, name, class, suite);
    bench_run_free(like);
}

static inline double median_of(const bench_run *run, const char *name) {
    const bench_result *result = bench_run_find(run, name);
    assert_non_null(result);
    assert_int_equal(result->n_launches, FEW);
    return result->launches[0].median_ns;
}

#endif
