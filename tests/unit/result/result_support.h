/*
 * What the tests of results share: synthetic runs, temporary directories, failing allocations.
 */
#ifndef TESTS_UNIT_RESULT_SUPPORT_H
#define TESTS_UNIT_RESULT_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/rng.h"
#include "result/model.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- errors ---------------------------------------------------------------------------------- */

static inline void expect_ok(int rc, const bench_error *err) {
    char line[800];
    if (rc != 0) {
        fail_msg("%s: %s", bench_error_name(rc), bench__error_line(err, line, sizeof line));
    }
}

static inline void expect_error(int rc, int code, const bench_error *err, const char *place,
                                const char *text) {
    if (rc != code || err->code != code || strstr(err->place, place) == NULL ||
        strstr(err->text, text) == NULL) {
        fail_msg("got %s, %s | %s", bench_error_name(rc), err->place, err->text);
    }
}

/* ---- files ----------------------------------------------------------------------------------- */

/* A new directory, removed by the test that made it. */
static inline void make_scratch(char out[64]) {
    snprintf(out, 64, "/tmp/bench-result-XXXXXX");
    assert_non_null(mkdtemp(out));
}

static inline void remove_scratch(const char *dir) {
    char command[128];
    assert_true(strncmp(dir, "/tmp/bench-result-", 18) == 0);
    snprintf(command, sizeof command, "rm -rf '%s'", dir);
    assert_int_equal(system(command), 0);
}

static inline char *slurp(const char *path) {
    bench_error err = {0};
    char *text = NULL;
    size_t n = 0;
    expect_ok(bench__read_file(&text, &n, path, 0, &err), &err);
    return text;
}

static inline void spit(const char *path, const char *text) {
    bench_error err = {0};
    expect_ok(bench__write_file_atomic(path, text, strlen(text), &err), &err);
}

static inline void assert_same_files(const char *a, const char *b) {
    char *x = slurp(a), *y = slurp(b);
    assert_string_equal(x, y);
    bench__free(x);
    bench__free(y);
}

/* ---- runs ------------------------------------------------------------------------------------ */

static inline void set_text(char **out, const char *text) {
    bench__free(*out);
    *out = bench__strdup(text);
    assert_non_null(*out);
}

static inline void set_host(bench_host *host) {
    snprintf(host->cpu_model, sizeof host->cpu_model, "Imaginary CPU 3000");
    snprintf(host->hypervisor, sizeof host->hypervisor, "none");
    snprintf(host->compiler, sizeof host->compiler, "gcc 12.2.0");
    snprintf(host->flags, sizeof host->flags, "-O2 -DNAME=\"x y\"");
    snprintf(host->arch, sizeof host->arch, "x86_64");
    host->clock = BENCH_CLOCK_TSC;
    host->n_cpus = 2;
}

static inline bench_run *new_run(void) {
    bench_run *run = bench__run_new();
    assert_non_null(run);
    set_host(&run->host);
    run->seed = UINT64_C(0xfedcba9876543210);
    run->wall_ns = 1.5e9;
    snprintf(run->timestamp, sizeof run->timestamp, "2024-05-06T07:08:09Z");
    snprintf(run->git_commit, sizeof run->git_commit, "0123456789abcdef0123456789abcdef01234567");
    snprintf(run->git_branch, sizeof run->git_branch, "main");
    return run;
}

/* A benchmark "suite/group/function" that ended well, without launches. */
static inline bench_result *add_benchmark(bench_run *run, const char *suite, const char *function) {
    char name[200];
    bench_result *result = bench__run_add_result(run);
    assert_non_null(result);
    snprintf(name, sizeof name, "%s/group/%s", suite, function);
    set_text(&result->name, name);
    set_text(&result->suite, suite);
    set_text(&result->group, "group");
    set_text(&result->function, function);
    result->status = BENCH_STATUS_OK;
    result->options = (bench_resolved){.sampling = BENCH_SAMPLING_FLAT,
                                       .warm_up_time_ns = 300000000,
                                       .measurement_time_ns = 1000000000,
                                       .launches = 16,
                                       .sample_size = 500,
                                       .timeout_ns = 60000000000,
                                       .confidence_level = 0.95,
                                       .n_resamples = 10000};
    return result;
}

static inline bench_launch *add_launch(bench_result *result, double median_ns) {
    bench_launch *launch = bench__result_add_launch(result);
    assert_non_null(launch);
    launch->index = (uint32_t)result->n_launches - 1;
    launch->median_ns = median_ns;
    return launch;
}

/* n_samples of `n` iterations each, around `ns` per iteration with a relative spread. */
static inline void add_samples(bench_launch *launch, struct bench__rng *rng, size_t n_samples,
                               uint64_t n, double ns, double spread) {
    launch->n_samples = n_samples;
    launch->iterations = bench__alloc(n_samples, sizeof *launch->iterations);
    launch->elapsed_ns = bench__alloc(n_samples, sizeof *launch->elapsed_ns);
    assert_non_null(launch->iterations);
    assert_non_null(launch->elapsed_ns);
    launch->measured_ns = 0;
    for (size_t i = 0; i < n_samples; i++) {
        launch->iterations[i] = n;
        launch->elapsed_ns[i] = (double)n * ns * exp(spread * bench__rng_normal(rng));
        launch->total_iterations += n;
        launch->measured_ns += launch->elapsed_ns[i];
    }
}

/* A reading in which kernel k takes (k + 1) ns, all of them `factor` times that. */
static inline bench_calibration *add_reading(bench_run *run, double factor) {
    bench_calibration *reading = bench__run_add_calibration(run);
    assert_non_null(reading);
    for (int k = 0; k < BENCH_N_KERNELS; k++) {
        reading->ns[k] = factor * (k + 1);
    }
    reading->at_ns = (int64_t)run->n_calibrations * 1000;
    return reading;
}

#endif
