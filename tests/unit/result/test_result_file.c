/*
 * Results files: what is written can be read, the same again gives the same bytes, and whatever is
 * wrong is refused with file, line and field. A case is a folder under tests/data/results and
 * tests/data/baselines.
 */
#include "result_support.h"

#include "result/pairs.h"
#include "result/result_file.h"

#include <dirent.h>
#include <signal.h>
#include <sys/resource.h>

/* ---- a run with something in every field ----------------------------------------------------- */

static void fill_launch(bench_launch *launch, struct bench__rng *rng) {
    launch->seed = bench__rng_u64(rng);
    launch->calibration = (int)launch->index % 2;
    launch->clock = (bench_clock_record){BENCH_CLOCK_TSC, 2.4, 10, 12.5, -3.25};
    launch->noise = (bench_noise){1, 2, 3, 0, 0, 1000, 0, 250000, 2.4, 2.41, BENCH_NOISE_STEAL};
    launch->cold_ns = 4321;
    launch->warm_up_ns = 2e7;
    launch->started_at_ns = 1000000 * launch->index;
    launch->wall_ns = 9.5e7;
    launch->cpu_ns = 8.5e7;
    launch->peak_rss_bytes = 3 << 20;
    launch->n_errors = launch->index;
    launch->output_bytes = 0;
    add_samples(launch, rng, 4, 1000, 82.0, 0.02);
    launch->q05_ns = 80.1;
    launch->q25_ns = 81.2;
    launch->q75_ns = 83.4;
    launch->q95_ns = 85.123456789;
    assert_non_null(bench__counter_add(&launch->counters, &launch->n_counters, "bytes per message",
                                       "bytes", BENCH_COUNTER_VALUE, 184.123456789));
    launch->latency.n_buckets = 2;
    launch->latency.index = bench__alloc(2, sizeof *launch->latency.index);
    launch->latency.count = bench__alloc(2, sizeof *launch->latency.count);
    launch->latency.index[0] = 1000;
    launch->latency.index[1] = 1001;
    launch->latency.count[0] = 3;
    launch->latency.count[1] = 1;
    launch->latency.n_total = 4;
    launch->latency.min_ns = 79.015625;
    launch->latency.max_ns = 80.5;
    launch->latency.sum_ns = 318.25;
}

static void fill_result(bench_result *result) {
    struct bench__rng rng;
    bench__rng_init(&rng, 7);
    result->elements_per_iteration = 100;
    result->n_threads = 2;
    result->flags = BENCH_FLAG_NOISY | BENCH_FLAG_FEW_LAUNCHES;
    result->error_rate = 0;
    result->peak_rss_bytes = 3 << 20;
    result->kernel_correlation[BENCH_KERNEL_ADD] = -0.25;
    assert_int_equal(bench__result_add_param(result, "size", "100", 1, 100), 0);
    assert_int_equal(bench__result_add_param(result, "mode", "fast \"x\"", 0, 0), 0);
    assert_non_null(bench__counter_add(&result->counters, &result->n_counters, "hits", "1",
                                       BENCH_COUNTER_RATE, 1e7 / 3));
    for (int i = 0; i < 3; i++) {
        fill_launch(add_launch(result, 82.0625 + i), &rng);
    }
    bench_time_estimates *time = &result->time;
    time->median = (bench_estimate){82.0625, 81.5, 83.25};
    time->mean = (bench_estimate){82.123456789, 81.5, NAN};
    time->min = 79;
    time->max = 99;
    time->lag1 = -0.015625;
    time->effective_samples = 11.5;
    time->n_modes = 1;
    time->outliers = (bench_outliers){0, 1, 2, 3, 4, 5, 12};
    result->latency = (bench_latency){12, 79, 80, 80.25, NAN, NAN, NAN, 80.5, 79.5};
}

static void fill_pair(bench_run *run) {
    bench_pair_result *pair = bench__run_add_pair(run);
    bench_error err = {0};
    assert_non_null(pair);
    set_text(&pair->name, "suite/group/cost");
    set_text(&pair->suite, "suite");
    set_text(&pair->base, "suite/group/gr\xc3\xbc\xc3\x9f");
    set_text(&pair->variant, "suite/group/zz fails");
    pair->status = BENCH_STATUS_OK;
    pair->alpha = 0.05;
    for (int i = 0; i < 8; i++) {
        assert_int_equal(bench__pair_add_launch(pair, 0.01 + 0.000123 * i), 0);
    }
    expect_ok(bench__pair_analyze(pair, &err), &err);
}

static bench_run *full_run(void) {
    bench_run *run = new_run();
    bench_result *failed = add_benchmark(run, "suite", "zz fails");
    failed->status = BENCH_STATUS_CRASHED;
    failed->message = bench__strdup("signal 11\t(Segmentation fault)");
    bench_launch *crash = add_launch(failed, NAN);
    crash->status = BENCH_STATUS_CRASHED;
    crash->message = bench__strdup("signal 11\t(Segmentation fault)");
    fill_result(add_benchmark(run, "suite", "gr\xc3\xbc\xc3\x9f"));
    fill_pair(run);
    set_text(&run->label, "main");
    add_reading(run, 1);
    add_reading(run, 1.01)->ns[BENCH_KERNEL_L3] = NAN;
    bench__run_sort(run);
    return run;
}

static char *print(const bench_run *run, int with_samples) {
    struct bench__strbuf text;
    bench_error err = {0};
    bench__strbuf_init(&text);
    expect_ok(bench__run_print(&text, run, with_samples, NULL, &err), &err);
    return bench__strbuf_steal(&text);
}

static bench_run *parse(const char *text) {
    bench_error err = {0};
    bench_run *run = NULL;
    expect_ok(bench__run_parse(&run, "input.json", text, strlen(text), &err), &err);
    return run;
}

/* ---- writing and reading back ---------------------------------------------------------------- */

static void the_same_again_gives_the_same_bytes(void **state) {
    (void)state;
    for (int with_samples = 0; with_samples < 2; with_samples++) {
        bench_run *run = full_run();
        char *once = print(run, with_samples), *twice = print(run, with_samples);
        assert_string_equal(once, twice);
        bench_run *back = parse(once);
        char *again = print(back, with_samples);
        assert_string_equal(once, again);
        bench__free(once);
        bench__free(twice);
        bench__free(again);
        bench_run_free(back);
        bench_run_free(run);
    }
}

static void everything_comes_back(void **state) {
    (void)state;
    bench_run *run = full_run();
    char *text = print(run, 1);
    bench_run *back = parse(text);
    assert_int_equal(back->n_results, 2);
    assert_true(back->seed == run->seed);
    assert_memory_equal(&back->host.cpu_model, &run->host.cpu_model, sizeof run->host.cpu_model);
    assert_true(isnan(back->calibrations[1].ns[BENCH_KERNEL_L3]));
    const bench_result *a = &run->results[0], *b = &back->results[0];
    assert_string_equal(a->name, b->name);
    assert_int_equal(b->flags, a->flags);
    assert_true(isnan(b->bytes_per_iteration));
    assert_true(b->elements_per_iteration == 100);
    assert_int_equal(b->params[0].i64, 100);
    assert_string_equal(b->params[0].text, "100");
    assert_false(b->params[1].is_i64);
    assert_string_equal(b->params[1].text, "fast \"x\"");
    assert_true(b->counters[0].value == 1e7 / 3);
    assert_int_equal(b->counters[0].kind, BENCH_COUNTER_RATE);
    assert_true(b->time.mean.point == 82.1235);
    assert_true(isnan(b->time.mean.upper));
    assert_true(isnan(b->time.slope.point));
    assert_int_equal(b->time.outliers.mad_high, 5);
    assert_true(isnan(b->latency.p99));
    assert_int_equal(b->n_launches, 3);
    for (size_t i = 0; i < 3; i++) {
        const bench_launch *x = &a->launches[i], *y = &b->launches[i];
        assert_true(x->seed == y->seed);
        assert_int_equal(y->index, i);
        assert_int_equal(y->noise.contaminated, BENCH_NOISE_STEAL);
        assert_int_equal(y->clock.kind, BENCH_CLOCK_TSC);
        assert_int_equal(y->n_samples, 4);
        for (size_t s = 0; s < 4; s++) {
            assert_int_equal(y->iterations[s], 1000);
            assert_true(fabs(y->elapsed_ns[s] - x->elapsed_ns[s]) <= 0.0005001);
        }
        assert_int_equal(y->latency.n_total, 4);
        assert_int_equal(y->latency.index[1], 1001);
        assert_true(y->latency.min_ns == 79.015625);
        assert_string_equal(y->counters[0].name, "bytes per message");
        assert_true(y->counters[0].value == 184.123456789);
    }
    assert_int_equal(back->results[1].status, BENCH_STATUS_CRASHED);
    assert_string_equal(back->results[1].message, "signal 11\t(Segmentation fault)");
    assert_int_equal(back->results[1].launches[0].status, BENCH_STATUS_CRASHED);
    const bench_pair_result *pair =
        bench_run_find_pair(back, run->pairs->base, "suite/group/zz fails");
    assert_non_null(pair);
    assert_string_equal(pair->name, "suite/group/cost");
    assert_memory_equal(pair->log_ratio, run->pairs->log_ratio, 8 * sizeof *pair->log_ratio);
    assert_memory_equal(&pair->change, &run->pairs->change, sizeof pair->change);
    assert_true(pair->p_value == run->pairs->p_value && pair->mde == run->pairs->mde);
    bench__free(text);
    bench_run_free(back);
    bench_run_free(run);
}

static void a_baseline_has_summaries_of_good_launches_only(void **state) {
    (void)state;
    bench_run *run = full_run();
    char *text = print(run, 0);
    assert_null(strstr(text, "elapsed_ns"));
    bench_run *back = parse(text);
    assert_int_equal(back->results[0].n_launches, 3);
    assert_null(back->results[0].launches[0].iterations);
    assert_int_equal(back->results[0].launches[0].n_samples, 4);
    assert_true(back->results[0].launches[2].median_ns == 84.0625);
    assert_int_equal(back->results[1].n_launches, 0);
    bench__free(text);
    bench_run_free(back);
    bench_run_free(run);
}

static void an_outcome_is_written_and_ignored(void **state) {
    struct bench__strbuf text;
    bench_error err = {0};
    (void)state;
    bench_run *run = full_run();
    bench_comparison comparison = {.name = run->results[0].name,
                                   .after = &run->results[0],
                                   .before = &run->results[0],
                                   .verdict = BENCH_VERDICT_REGRESSED,
                                   .change = {0.07, 0.05, -0.09},
                                   .mde = NAN,
                                   .kernel = BENCH_KERNEL_L2,
                                   .reason = "slower by 7 %"};
    char subject[] = "a over b", metric[] = "time", empty[] = "";
    bench_budget budget = {.subject = subject,
                           .metric = metric,
                           .why = empty,
                           .reason = empty,
                           .unit = "ns",
                           .limit = 100,
                           .measured = {82, NAN, NAN},
                           .margin = 0.18,
                           .verdict = BENCH_BUDGET_OVER};
    const bench_outcome outcome = {.run = run,
                                   .baseline = run,
                                   .n_comparisons = 1,
                                   .comparisons = &comparison,
                                   .n_budgets = 1,
                                   .budgets = &budget,
                                   .exit_code = 3};
    bench__strbuf_init(&text);
    expect_ok(bench__run_print(&text, run, 1, &outcome, &err), &err);
    assert_non_null(strstr(text.text, "\"verdict\": \"regressed\""));
    assert_non_null(strstr(text.text, "\"verdict\": \"over\""));
    assert_non_null(strstr(text.text, "\"exit_code\": 3"));
    assert_non_null(strstr(text.text, "{\"lower\": 0.05, \"point\": 0.07, \"upper\": -0.09}"));
    bench_run *back = parse(text.text);
    assert_int_equal(back->n_results, 2);
    bench_run_free(back);
    bench_run_free(run);
    bench__strbuf_clear(&text);
}

static void names_of_ten_thousand_bytes(void **state) {
    char name[10001];
    (void)state;
    memset(name, 'n', sizeof name - 1);
    memcpy(name, "s/g/", 4);
    name[sizeof name - 1] = '\0';
    bench_run *run = new_run();
    set_text(&add_benchmark(run, "s", "f")->name, name);
    char *text = print(run, 0);
    bench_run *back = parse(text);
    assert_string_equal(back->results[0].name, name);
    bench__free(text);
    bench_run_free(back);
    bench_run_free(run);
}

static void ten_thousand_benchmarks(void **state) {
    char function[20];
    (void)state;
    bench_run *run = new_run();
    for (int i = 0; i < 10000; i++) {
        snprintf(function, sizeof function, "f%05d", i);
        add_launch(add_benchmark(run, "s", function), i + 1);
    }
    char *text = print(run, 0);
    bench_run *back = parse(text);
    assert_int_equal(back->n_results, 10000);
    assert_true(bench_run_find(back, "s/group/f00041")->launches[0].median_ns == 42);
    bench__free(text);
    bench_run_free(back);
    bench_run_free(run);
}

/* ---- cases ----------------------------------------------------------------------------------- */

/* Calls `check` in every folder below, with the folder as working directory. */
static void each_case(const char *folder, void (*check)(const char *name)) {
    char path[400];
    char **names = NULL;
    size_t n = 0;
    bench_error err = {0};
    snprintf(path, sizeof path, "%s/%s", TEST_DATA_DIR, folder);
    expect_ok(bench__list_directory(&names, &n, path, &err), &err);
    assert_true(n > 0);
    for (size_t i = 0; i < n; i++) {
        snprintf(path, sizeof path, "%s/%s/%s", TEST_DATA_DIR, folder, names[i]);
        assert_int_equal(chdir(path), 0);
        check(names[i]);
    }
    bench__free_names(names, n);
}

static void expect_refused(const char *name) {
    bench_run *run = NULL;
    bench_error err = {0};
    char line[800];
    char *expected = slurp("error.txt");
    expected[strcspn(expected, "\n")] = '\0';
    const long live = bench__mem_live();
    const int rc = bench_run_load(&run, "input.json", &err);
    assert_int_equal(bench__mem_live(), live);
    assert_null(run);
    assert_int_equal(rc, err.code);
    bench__error_line(&err, line, sizeof line);
    if (rc == 0 || strcmp(line, expected) != 0) {
        fail_msg("%s: got \"%s\"", name, line);
    }
    bench__free(expected);
}

/* Read and written again: output.json, or what was read. */
static void expect_accepted(const char *name) {
    bench_run *run = NULL;
    bench_error err = {0};
    expect_ok(bench_run_load(&run, "input.json", &err), &err);
    char *expected = slurp(bench__file_exists("output.json") ? "output.json" : "input.json");
    char *text = print(run, strstr(expected, "elapsed_ns") != NULL);
    if (strcmp(text, expected) != 0) {
        fail_msg("%s: written again it is another file", name);
    }
    bench__free(text);
    bench__free(expected);
    bench_run_free(run);
}

static void valid_results(void **state) {
    (void)state;
    each_case("results/valid", expect_accepted);
}

static void invalid_results(void **state) {
    (void)state;
    each_case("results/invalid", expect_refused);
}

static void valid_baselines(void **state) {
    (void)state;
    each_case("baselines/valid", expect_accepted);
}

static void invalid_baselines(void **state) {
    (void)state;
    each_case("baselines/invalid", expect_refused);
}

/* However a good file is cut or changed by a byte, reading it must end in a run or an error. */
static void damaged_files_never_crash(void **state) {
    struct bench__rng rng;
    (void)state;
    bench_run *run = full_run();
    char *text = print(run, 1);
    const size_t n = strlen(text);
    const long live = bench__mem_live();
    bench__rng_init(&rng, 3);
    for (int i = 0; i < 400; i++) {
        bench_run *back = NULL;
        bench_error err = {0};
        char *damaged = bench__strdup(text);
        const size_t at = bench__rng_below(&rng, n);
        if (i % 2 == 0) {
            damaged[at] = '\0';
        } else {
            damaged[at] = "{}[],:\"-0x9n"[bench__rng_below(&rng, 12)];
        }
        const int rc = bench__run_parse(&back, "f", damaged, strlen(damaged), &err);
        assert_true((rc == 0) == (back != NULL));
        assert_true((rc == 0) == (err.code == 0));
        bench_run_free(back);
        bench__free(damaged);
        assert_int_equal(bench__mem_live(), live);
    }
    bench__free(text);
    bench_run_free(run);
}

/* ---- what the system refuses ----------------------------------------------------------------- */

static void missing_file(void **state) {
    bench_run *run = NULL;
    bench_error err = {0};
    (void)state;
    expect_error(bench_run_load(&run, "/nowhere/at/all.json", &err), BENCH_ENOTFOUND, &err,
                 "/nowhere/at/all.json", "");
}

static void a_directory_that_is_a_file(void **state) {
    char dir[64], path[128];
    bench_error err = {0};
    (void)state;
    make_scratch(dir);
    snprintf(path, sizeof path, "%s/file", dir);
    spit(path, "x");
    snprintf(path, sizeof path, "%s/file/results.json", dir);
    bench_run *run = full_run();
    expect_error(bench_run_save(run, path, 1, &err), BENCH_EIO, &err, path, "");
    bench_run_free(run);
    remove_scratch(dir);
}

/* A full disk, played by the limit on file sizes: the old file must stand, nothing be left over. */
static void a_full_disk_keeps_the_old_file(void **state) {
    char dir[64], path[128];
    struct rlimit old, small;
    bench_error err = {0};
    (void)state;
    make_scratch(dir);
    snprintf(path, sizeof path, "%s/results.json", dir);
    spit(path, "the old content");
    bench_run *run = full_run();
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = old;
    small.rlim_cur = 1000;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    const int rc = bench_run_save(run, path, 1, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    signal(SIGXFSZ, SIG_DFL);
    expect_error(rc, BENCH_EIO, &err, path, "");
    char *text = slurp(path);
    assert_string_equal(text, "the old content");
    bench__free(text);
    char **names = NULL;
    size_t n = 0;
    bench_error ignored = {0};
    expect_ok(bench__list_directory(&names, &n, dir, &ignored), &ignored);
    assert_int_equal(n, 1);
    bench__free_names(names, n);
    bench_run_free(run);
    remove_scratch(dir);
}

static void every_allocation_may_fail(void **state) {
    char dir[64], path[128];
    (void)state;
    make_scratch(dir);
    snprintf(path, sizeof path, "%s/results.json", dir);
    bench_run *run = full_run();
    const long live = bench__mem_live();
    long n = 0;
    for (int done = 0; !done; n++) {
        bench_run *back = NULL;
        bench_error err = {0};
        bench__mem_fail_after(n);
        int rc = bench_run_save(run, path, 1, &err);
        if (rc == 0) {
            rc = bench_run_load(&back, path, &err);
        }
        bench__mem_fail_after(-1);
        done = rc == 0;
        assert_int_equal(rc, err.code);
        assert_true(done || rc == BENCH_ENOMEM);
        bench_run_free(back);
        assert_int_equal(bench__mem_live(), live);
    }
    assert_true(n > 50);
    bench_run_free(run);
    remove_scratch(dir);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_again_gives_the_same_bytes),
        cmocka_unit_test(everything_comes_back),
        cmocka_unit_test(a_baseline_has_summaries_of_good_launches_only),
        cmocka_unit_test(an_outcome_is_written_and_ignored),
        cmocka_unit_test(names_of_ten_thousand_bytes),
        cmocka_unit_test(ten_thousand_benchmarks),
        cmocka_unit_test(valid_results),
        cmocka_unit_test(invalid_results),
        cmocka_unit_test(valid_baselines),
        cmocka_unit_test(invalid_baselines),
        cmocka_unit_test(damaged_files_never_crash),
        cmocka_unit_test(missing_file),
        cmocka_unit_test(a_directory_that_is_a_file),
        cmocka_unit_test(a_full_disk_keeps_the_old_file),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
