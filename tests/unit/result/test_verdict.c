/* The verdict against a stored baseline: each rule alone. How often it is wrong, and what it finds,
 * is simulated in test_verdict_power.c. */
#include "verdict_support.h"

#include "base/strbuf.h"

static double plain_sd = 0.002;
static const struct bench__verdict_options plain = {.between_runs = known_exactly,
                                                    .context = &plain_sd};

/* Launch medians around `ns` with a fixed, symmetric pattern of about 0.1 %. */
static bench_result *add_steady(bench_run *run, const char *function, double ns) {
    bench_result *result = add_benchmark(run, "s", function);
    for (int i = 0; i < LAUNCHES; i++) {
        add_launch(result, ns * exp(0.001 * ((i % 4) - 1.5)));
    }
    return result;
}

static bench_run *steady_run(double ns) {
    bench_run *run = new_run();
    add_steady(run, "f", ns);
    return run;
}

static void expect_verdict(const bench_run *run, const bench_run *baseline,
                           const struct bench__verdict_options *options, bench_verdict verdict,
                           const char *reason, int exit_code) {
    bench_outcome outcome = judge(run, baseline, options);
    assert_int_equal(outcome.n_comparisons, 1);
    const bench_comparison *c = &outcome.comparisons[0];
    if (c->verdict != verdict || strstr(c->reason, reason) == NULL ||
        outcome.exit_code != exit_code) {
        fail_msg("got %s, exit code %d: %s", bench_verdict_name(c->verdict), outcome.exit_code,
                 c->reason);
    }
    bench_outcome_clear(&outcome);
}

/* ---- the rules, one by one ------------------------------------------------------------------- */

static void verdicts_by_size_of_the_change(void **state) {
    static const struct {
        double factor;
        bench_verdict verdict;
        const char *reason;
        int exit_code;
    } cases[] = {
        {1.00, BENCH_VERDICT_PASS, "slower; threshold 5.0 %", 0},
        {1.02, BENCH_VERDICT_PASS, "slower by 2.0 %, but less than the threshold", 0},
        {1.05, BENCH_VERDICT_INCONCLUSIVE, "between +4.", 0},
        {1.10, BENCH_VERDICT_REGRESSED, "slower by 10 %, at least 9.", 3},
        {0.97, BENCH_VERDICT_PASS, "at most 0.0 % slower", 0},
        {0.90, BENCH_VERDICT_IMPROVED, "faster by 10 %, at least 9.", 0},
    };
    (void)state;
    bench_run *baseline = steady_run(100);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bench_run *run = steady_run(100 * cases[i].factor);
        expect_verdict(run, baseline, &plain, cases[i].verdict, cases[i].reason,
                       cases[i].exit_code);
        bench_run_free(run);
    }
    bench_run_free(baseline);
}

static void numbers_of_a_comparison(void **state) {
    (void)state;
    bench_run *baseline = steady_run(100), *run = steady_run(102);
    bench_outcome outcome = judge(run, baseline, &plain);
    const bench_comparison *c = &outcome.comparisons[0];
    /* Yuen: winsorised deviations at +-0.0015 and +-0.0005, 16 of them, 10 kept: the squared error
     * of a side is 16 * (0.0015^2 + 0.0005^2) / 2 / (10 * 9); twice that, plus 2 * 0.002^2. */
    const double error2 = 2 * 16 * (0.0015 * 0.0015 + 0.0005 * 0.0005) / 2 / 90;
    const double se = sqrt(error2 + 2 * 0.002 * 0.002);
    const double ratio = se * se / error2, df = 18 * ratio * ratio;
    assert_true(fabs(c->change.point - 0.02) < 1e-12);
    assert_true(df > 600); /* so that t is nearly normal: t(0.995, 600) = 2.584, z = 2.576 */
    const double half = (log1p(c->change.upper) - log1p(c->change.lower)) / 2 / se;
    assert_true(half > 2.5758 && half < 2.5841);
    assert_true(c->mde > expm1((2.5758 + 1.2815) * se) && c->mde < expm1((2.5841 + 1.2831) * se));
    assert_true(c->p_value < 1e-9 && c->p_value == c->p_adjusted);
    assert_true(c->below_threshold);
    assert_int_equal(c->kernel, -1);
    assert_true(c->between_run_sd == 0.002 && c->threshold == 0.05 && c->alpha == 0.01);
    assert_ptr_equal(c->name, run->results[0].name);
    bench_outcome_clear(&outcome);
    bench_run_free(run);
    bench_run_free(baseline);
}

static void three_odd_launches_change_nothing(void **state) {
    (void)state;
    bench_run *baseline = steady_run(100), *run = steady_run(100);
    for (int i = 0; i < 3; i++) {
        run->results[0].launches[i].median_ns *= 3;
    }
    expect_verdict(run, baseline, &plain, BENCH_VERDICT_PASS, "", 0);
    bench_run_free(run);
    bench_run_free(baseline);
}

static void the_noise_threshold_is_a_lower_limit(void **state) {
    struct bench__verdict_options options = plain;
    (void)state;
    bench_run *baseline = steady_run(100), *run = steady_run(110);
    options.noise_threshold = 0.2;
    expect_verdict(run, baseline, &options, BENCH_VERDICT_PASS, "less than the threshold of 20 %",
                   0);
    options.noise_threshold = 0.01;
    expect_verdict(run, baseline, &options, BENCH_VERDICT_REGRESSED, "threshold 5.0 %", 3);
    bench_run_free(run);
    bench_run_free(baseline);
}

static void disturbed_launches_cap_the_verdict(void **state) {
    (void)state;
    bench_run *baseline = steady_run(100), *run = steady_run(120);
    for (int i = 0; i < 4; i++) {
        run->results[0].launches[i].noise.contaminated = BENCH_NOISE_STEAL;
    }
    expect_verdict(run, baseline, &plain, BENCH_VERDICT_REGRESSED, "", 3);
    run->results[0].launches[4].noise.contaminated = BENCH_NOISE_PREEMPTED;
    expect_verdict(run, baseline, &plain, BENCH_VERDICT_INCONCLUSIVE,
                   "31 % of the launches of this run were disturbed", 0);
    run->results[0].launches[4].noise.contaminated = 0;
    for (int i = 0; i < 8; i++) {
        baseline->results[0].launches[i].noise.contaminated = BENCH_NOISE_STEAL;
    }
    expect_verdict(run, baseline, &plain, BENCH_VERDICT_INCONCLUSIVE, "50 % of the launches of the",
                   0);
    bench_run_free(run);
    bench_run_free(baseline);
}

static void invalid_clocks_do_not_count(void **state) {
    (void)state;
    bench_run *baseline = steady_run(100), *run = steady_run(100);
    for (int i = 0; i < 4; i++) {
        run->results[0].launches[i].noise.contaminated = BENCH_NOISE_CLOCK;
        run->results[0].launches[i].median_ns = 1e6;
    }
    expect_verdict(run, baseline, &plain, BENCH_VERDICT_PASS, "", 0);
    for (int i = 4; i < LAUNCHES - 1; i++) {
        run->results[0].launches[i].noise.contaminated = BENCH_NOISE_CLOCK;
    }
    bench_outcome outcome = judge(run, baseline, &plain);
    assert_int_equal(outcome.comparisons[0].verdict, BENCH_VERDICT_INCONCLUSIVE);
    assert_true(isnan(outcome.comparisons[0].p_value) && isnan(outcome.comparisons[0].mde));
    bench_outcome_clear(&outcome);
    bench_run_free(run);
    bench_run_free(baseline);
}

/* ---- what cannot be compared ----------------------------------------------------------------- */

static void another_machine_is_incomparable(void **state) {
    (void)state;
    bench_run *baseline = steady_run(100), *run = steady_run(100);
    snprintf(run->host.governor, sizeof run->host.governor, "powersave"); /* a soft key */
    expect_verdict(run, baseline, &plain, BENCH_VERDICT_PASS, "", 0);
    char *const hard[] = {run->host.cpu_model, run->host.hypervisor, run->host.compiler,
                          run->host.flags, run->host.arch};
    static const char *const names[] = {"cpu_model", "hypervisor", "compiler", "flags", "arch"};
    for (size_t i = 0; i < sizeof hard / sizeof *hard; i++) {
        const char first = hard[i][0];
        hard[i][0] = 'Z';
        expect_verdict(run, baseline, &plain, BENCH_VERDICT_INCOMPARABLE, names[i], 5);
        hard[i][0] = first;
    }
    run->host.clock = BENCH_CLOCK_MONOTONIC_RAW;
    expect_verdict(run, baseline, &plain, BENCH_VERDICT_INCOMPARABLE, "clock", 5);
    set_host(&run->host);
    run->host.libbench_major++;
    bench_outcome outcome = judge(run, baseline, &plain);
    assert_true(outcome.incomparable);
    assert_non_null(strstr(outcome.incomparable_why, "libbench"));
    bench_outcome_clear(&outcome);
    bench_run_free(run);
    bench_run_free(baseline);
}

static void another_benchmark_of_the_same_name_is_incomparable(void **state) {
    (void)state;
    bench_run *baseline = steady_run(100), *run = steady_run(100);
    bench_result *after = &run->results[0];
    after->n_threads = 2;
    expect_verdict(run, baseline, &plain, BENCH_VERDICT_INCOMPARABLE, "threads changed", 5);
    after->n_threads = 1;
    after->options.sampling = BENCH_SAMPLING_LINEAR;
    expect_verdict(run, baseline, &plain, BENCH_VERDICT_INCOMPARABLE, "sampling mode changed", 5);
    after->options.sampling = BENCH_SAMPLING_FLAT;
    after->elements_per_iteration = 10;
    expect_verdict(run, baseline, &plain, BENCH_VERDICT_INCOMPARABLE, "throughput", 5);
    baseline->results[0].elements_per_iteration = 10;
    expect_verdict(run, baseline, &plain, BENCH_VERDICT_PASS, "", 0);
    assert_int_equal(bench__result_add_param(after, "size", "64", 1, 64), 0);
    expect_verdict(run, baseline, &plain, BENCH_VERDICT_INCOMPARABLE, "parameters changed", 5);
    after->options.measurement_time_ns *= 2; /* how long was measured is no matter */
    assert_int_equal(bench__result_add_param(&baseline->results[0], "size", "64", 1, 64), 0);
    expect_verdict(run, baseline, &plain, BENCH_VERDICT_PASS, "", 0);
    bench_run_free(run);
    bench_run_free(baseline);
}

/* ---- missing and new ------------------------------------------------------------------------- */

static void new_and_missing_benchmarks(void **state) {
    const char *const selected[] = {"s/group/f"};
    struct bench__verdict_options options = plain;
    (void)state;
    bench_run *baseline = new_run(), *run = new_run();
    add_steady(baseline, "f", 100);
    add_steady(baseline, "gone", 100);
    set_text(&add_benchmark(baseline, "other", "x")->suite, "other");
    add_steady(run, "f", 100);
    add_steady(run, "new", 100);
    bench_outcome outcome = judge(run, baseline, &options);
    assert_int_equal(outcome.n_comparisons, 3); /* not "other": that suite is not in the run */
    assert_int_equal(outcome.comparisons[0].verdict, BENCH_VERDICT_PASS);
    assert_string_equal(outcome.comparisons[1].name, "s/group/gone");
    assert_int_equal(outcome.comparisons[1].verdict, BENCH_VERDICT_MISSING);
    assert_null(outcome.comparisons[1].after);
    assert_int_equal(outcome.comparisons[2].verdict, BENCH_VERDICT_NONE);
    assert_non_null(strstr(outcome.comparisons[2].reason, "not in the baseline"));
    assert_int_equal(outcome.exit_code, 5);
    bench_outcome_clear(&outcome);
    options.lenient = 1;
    outcome = judge(run, baseline, &options);
    assert_int_equal(outcome.n_comparisons, 2);
    assert_int_equal(outcome.exit_code, 0);
    bench_outcome_clear(&outcome);
    options.lenient = 0;
    options.selected = selected;
    options.n_selected = 1;
    outcome = judge(run, baseline, &options);
    assert_int_equal(outcome.n_comparisons, 2);
    bench_outcome_clear(&outcome);
    bench_run_free(run);
    bench_run_free(baseline);
}

static void what_fails_now_is_missing(void **state) {
    struct bench__verdict_options options = plain;
    (void)state;
    bench_run *baseline = steady_run(100), *run = steady_run(100);
    run->results[0].status = BENCH_STATUS_SKIPPED;
    set_text(&run->results[0].message, "no broker");
    expect_verdict(run, baseline, &options, BENCH_VERDICT_MISSING, "skipped: no broker", 5);
    options.lenient = 1;
    expect_verdict(run, baseline, &options, BENCH_VERDICT_NONE, "skipped: no broker", 77);
    options.lenient = 0;
    run->results[0].status = BENCH_STATUS_CRASHED;
    expect_verdict(run, baseline, &options, BENCH_VERDICT_MISSING, "crashed", 1);
    run->results[0].status = BENCH_STATUS_OK;
    baseline->results[0].status = BENCH_STATUS_FAILED;
    expect_verdict(run, baseline, &options, BENCH_VERDICT_NONE, "no measurement", 0);
    bench_run_free(run);
    bench_run_free(baseline);
}

/* ---- exit codes ------------------------------------------------------------------------------ */

static int exit_code_of(const bench_run *run, const bench_run *baseline, const char *fail_on) {
    struct bench__gates *gates = new_gates();
    bench_outcome outcome;
    bench_error err = {0};
    unsigned bits = 0;
    expect_ok(bench__fail_on_parse(&bits, fail_on, &err), &err);
    bench__gates_set_fail_on(gates, bits);
    expect_ok(bench__judge(&outcome, run, baseline, gates, &plain, &err), &err);
    const int code = outcome.exit_code;
    bench_outcome_clear(&outcome);
    bench__gates_free(gates);
    return code;
}

static void the_worst_exit_code_wins(void **state) {
    const char *const all = "regressed,missing,incomparable,inconclusive,budget";
    (void)state;
    bench_run *baseline = new_run(), *run = new_run();
    add_steady(baseline, "a", 100);
    add_steady(baseline, "b", 100);
    add_steady(baseline, "c", 100);
    add_steady(run, "a", 105); /* inconclusive */
    assert_int_equal(exit_code_of(run, baseline, "inconclusive"), 4);
    assert_int_equal(exit_code_of(run, baseline, all), 5); /* b and c are missing */
    add_steady(run, "b", 120);
    assert_int_equal(exit_code_of(run, baseline, all), 3);
    assert_int_equal(exit_code_of(run, baseline, "missing"), 5);
    assert_int_equal(exit_code_of(run, baseline, "none"), 0);
    add_steady(run, "c", 100)->status = BENCH_STATUS_TIMEOUT;
    assert_int_equal(exit_code_of(run, baseline, "none"), 1);
    assert_int_equal(exit_code_of(run, NULL, all), 1);
    run->results[2].status = BENCH_STATUS_OK;
    assert_int_equal(exit_code_of(run, NULL, all), 0);
    for (size_t i = 0; i < 3; i++) {
        run->results[i].status = BENCH_STATUS_SKIPPED;
    }
    assert_int_equal(exit_code_of(run, NULL, all), 77);
    bench_run *empty = new_run();
    assert_int_equal(exit_code_of(empty, NULL, all), 0);
    bench_run_free(empty);
    bench_run_free(run);
    bench_run_free(baseline);
}

static void budgets_enter_the_outcome(void **state) {
    char dir[64], path[100];
    struct bench__gates *gates = NULL;
    bench_outcome outcome;
    bench_error err = {0};
    (void)state;
    make_scratch(dir);
    snprintf(path, sizeof path, "%s/gates.json", dir);
    spit(path, "{\"format_version\": 1, \"budgets\": [{\"match\": \"s/group/f\", \"metric\": "
               "\"peak_rss\", \"max\": \"1MB\"}]}");
    expect_ok(bench__gates_load(&gates, path, &err), &err);
    bench_run *run = steady_run(100);
    run->results[0].peak_rss_bytes = 2000000;
    expect_ok(bench__judge(&outcome, run, NULL, gates, &plain, &err), &err);
    assert_int_equal(outcome.n_budgets, 1);
    assert_int_equal(outcome.exit_code, 3);
    bench_outcome_clear(&outcome);
    bench__gates_free(gates);
    bench_run_free(run);
    remove_scratch(dir);
}

/* ---- many at once ---------------------------------------------------------------------------- */

static void p_values_are_adjusted_by_suite(void **state) {
    (void)state;
    bench_run *baseline = new_run(), *run = new_run();
    static const char *const suites[] = {"a", "a-b", "a", "b"};
    for (int i = 0; i < 4; i++) {
        char function[16];
        snprintf(function, sizeof function, "f%d", i);
        bench_result *before = add_benchmark(baseline, suites[i], function);
        bench_result *after = add_benchmark(run, suites[i], function);
        for (int l = 0; l < LAUNCHES; l++) {
            add_launch(before, 100 * exp(0.001 * (l % 4)));
            add_launch(after, (100 + 0.2 * (i + 1)) * exp(0.001 * (l % 4)));
        }
    }
    bench__run_sort(baseline);
    bench__run_sort(run);
    bench_outcome outcome = judge(run, baseline, &plain);
    for (size_t i = 0; i < 4; i++) {
        const bench_comparison *c = &outcome.comparisons[i];
        if (strcmp(c->after->function, "f2") == 0) { /* the smaller p of the suite's two */
            assert_true(fabs(c->p_adjusted - 2 * c->p_value) < 1e-12);
        } else {
            assert_true(c->p_adjusted == c->p_value); /* the larger one, or alone in its suite */
        }
    }
    bench_outcome_clear(&outcome);
    bench_run_free(run);
    bench_run_free(baseline);
}

/* ---- the machine between two runs ------------------------------------------------------------ */

/* Launch l is beside reading l; its time follows kernel L2 with some noise of its own. */
static bench_run *following_run(uint64_t seed, double machine, double ns, double wobble) {
    struct bench__rng rng;
    bench__rng_init(&rng, seed);
    bench_run *run = new_run();
    bench_result *result = add_benchmark(run, "s", "f");
    for (int i = 0; i < LAUNCHES; i++) {
        bench_calibration *reading = add_reading(run, 1);
        const double speed = machine * exp(wobble * bench__rng_normal(&rng));
        reading->ns[BENCH_KERNEL_L2] *= speed;
        add_launch(result, ns * speed * exp(0.001 * bench__rng_normal(&rng)))->calibration = i;
    }
    result->kernel_correlation[BENCH_KERNEL_L2] = 0.95;
    return run;
}

static const struct bench__verdict_options assumed = {0};

static void divides_by_the_kernel_that_the_baseline_follows(void **state) {
    (void)state;
    bench_run *baseline = following_run(1, 1, 100, 0.03);
    bench_run *run = following_run(2, 1.2, 100, 0.03); /* a machine 20 % slower in its L2 */
    bench_outcome outcome = judge(run, baseline, &assumed);
    assert_int_equal(outcome.comparisons[0].kernel, BENCH_KERNEL_L2);
    assert_true(fabs(outcome.comparisons[0].change.point) < 0.005);
    assert_int_not_equal(outcome.comparisons[0].verdict, BENCH_VERDICT_REGRESSED);
    bench_outcome_clear(&outcome);
    /* The new run's correlation has no say, and a learned sd is one of plain times. */
    baseline->results[0].kernel_correlation[BENCH_KERNEL_L2] = 0.6;
    outcome = judge(run, baseline, &assumed);
    assert_int_equal(outcome.comparisons[0].kernel, -1);
    assert_true(fabs(outcome.comparisons[0].change.point - 0.2) < 0.05);
    bench_outcome_clear(&outcome);
    baseline->results[0].kernel_correlation[BENCH_KERNEL_L2] = 0.95;
    outcome = judge(run, baseline, &plain);
    assert_int_equal(outcome.comparisons[0].kernel, -1);
    bench_outcome_clear(&outcome);
    /* A launch without a reading: plain times again. */
    run->results[0].launches[3].calibration = -1;
    outcome = judge(run, baseline, &assumed);
    assert_int_equal(outcome.comparisons[0].kernel, -1);
    bench_outcome_clear(&outcome);
    bench_run_free(run);
    bench_run_free(baseline);
}

static void does_not_divide_when_that_adds_spread(void **state) {
    (void)state;
    bench_run *baseline = following_run(1, 1, 100, 0), *run = following_run(2, 1, 100, 0);
    for (size_t i = 0; i < baseline->n_calibrations; i++) {
        baseline->calibrations[i].ns[BENCH_KERNEL_L2] *= 1 + 0.1 * (double)(i % 3);
    }
    bench_outcome outcome = judge(run, baseline, &assumed);
    assert_int_equal(outcome.comparisons[0].kernel, -1);
    bench_outcome_clear(&outcome);
    bench_run_free(run);
    bench_run_free(baseline);
}

static void assumes_what_the_calibration_shows(void **state) {
    (void)state;
    bench_run *a = new_run(), *b = new_run();
    assert_true(bench__assumed_between_run_sd(a, b, -1) == BENCH__ASSUMED_SD_FLOOR);
    for (int i = 0; i < 5; i++) {
        add_reading(a, 1);
        add_reading(b, 1.1);
    }
    /* Every kernel 10 % slower, no spread within: sqrt(ln(1.1)^2 / 2). */
    const double shift = log(1.1) / sqrt(2);
    assert_true(fabs(bench__assumed_between_run_sd(a, b, -1) - shift) < 1e-12);
    /* Divided by any kernel nothing is left but the floor. */
    assert_true(bench__assumed_between_run_sd(a, b, 0) == BENCH__ASSUMED_SD_FLOOR);
    for (int i = 0; i < 5; i++) {
        b->calibrations[i].ns[BENCH_KERNEL_ADD] /= 1.1;
        a->calibrations[i].ns[BENCH_KERNEL_SYSCALL] = NAN;
    }
    /* Seven of eight kernels moved: the median is one of them, and one wild kernel more or less
     * changes nothing. */
    assert_true(fabs(bench__assumed_between_run_sd(a, b, -1) - shift) < 1e-12);
    for (int i = 0; i < 5; i++) {
        b->calibrations[i].ns[BENCH_KERNEL_L3] *= 8;
    }
    assert_true(fabs(bench__assumed_between_run_sd(a, b, -1) - shift) < 1e-12);
    /* By ADD, which did not move: all the other seven did. */
    assert_true(fabs(bench__assumed_between_run_sd(a, b, BENCH_KERNEL_ADD) - shift) < 1e-12);
    bench_run_free(a);
    bench_run_free(b);
}

/* ---- the rest -------------------------------------------------------------------------------- */

static void every_allocation_may_fail(void **state) {
    (void)state;
    bench_run *baseline = following_run(1, 1, 100, 0.03), *run = following_run(2, 1, 100, 0.03);
    struct bench__gates *gates = new_gates();
    const long live = bench__mem_live();
    long n = 0;
    for (int done = 0; !done; n++) {
        bench_outcome outcome;
        bench_error err = {0};
        bench__mem_fail_after(n);
        const int rc = bench__judge(&outcome, run, baseline, gates, &assumed, &err);
        bench__mem_fail_after(-1);
        done = rc == 0;
        assert_true(done || rc == BENCH_ENOMEM);
        assert_int_equal(rc, err.code);
        bench_outcome_clear(&outcome);
        assert_int_equal(bench__mem_live(), live);
    }
    assert_true(n > 5);
    bench__gates_free(gates);
    bench_run_free(run);
    bench_run_free(baseline);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verdicts_by_size_of_the_change),
        cmocka_unit_test(numbers_of_a_comparison),
        cmocka_unit_test(three_odd_launches_change_nothing),
        cmocka_unit_test(the_noise_threshold_is_a_lower_limit),
        cmocka_unit_test(disturbed_launches_cap_the_verdict),
        cmocka_unit_test(invalid_clocks_do_not_count),
        cmocka_unit_test(another_machine_is_incomparable),
        cmocka_unit_test(another_benchmark_of_the_same_name_is_incomparable),
        cmocka_unit_test(new_and_missing_benchmarks),
        cmocka_unit_test(what_fails_now_is_missing),
        cmocka_unit_test(the_worst_exit_code_wins),
        cmocka_unit_test(budgets_enter_the_outcome),
        cmocka_unit_test(p_values_are_adjusted_by_suite),
        cmocka_unit_test(divides_by_the_kernel_that_the_baseline_follows),
        cmocka_unit_test(does_not_divide_when_that_adds_spread),
        cmocka_unit_test(assumes_what_the_calibration_shows),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
