/*
 * Pairs: from log ratios to an estimate, the ratio that budgets ask for, and their way into a
 * baseline.
 */
#include "result_support.h"

#include "result/pairs.h"

static bench_pair_result *add_pair(bench_run *run, const char *suite, const char *name,
                                   bench_status status) {
    char text[100];
    bench_pair_result *pair = bench__run_add_pair(run);
    assert_non_null(pair);
    snprintf(text, sizeof text, "%s/g/%s", suite, name);
    set_text(&pair->name, text);
    snprintf(text, sizeof text, "%s/g/off", suite);
    set_text(&pair->base, text);
    snprintf(text, sizeof text, "%s/g/on", suite);
    set_text(&pair->variant, text);
    set_text(&pair->suite, suite);
    pair->status = status;
    pair->alpha = 0.05;
    return pair;
}

/* n launches around `middle`, `step` apart. */
static void play(bench_pair_result *pair, int n, double middle, double step) {
    bench_error err = {0};
    for (int i = 0; i < n; i++) {
        assert_int_equal(bench__pair_add_launch(pair, middle + step * (i - (n - 1) / 2.0)), 0);
    }
    expect_ok(bench__pair_analyze(pair, &err), &err);
}

static int near(double a, double b) {
    return fabs(a - b) <= 1e-9;
}

static void launches_become_an_estimate(void **state) {
    (void)state;
    bench_run *run = new_run();
    bench_pair_result *pair = add_pair(run, "s", "cost", BENCH_STATUS_OK);
    play(pair, 9, log(1.1), 0.001);
    assert_true(near(pair->change.point, 0.1));
    assert_true(pair->change.lower < 0.1 && pair->change.lower > 0.09);
    assert_true(pair->change.upper > 0.1 && pair->change.upper < 0.11);
    assert_true(near(pair->p_value, 1.0 / 256)); /* all of 9 on one side: 2 of 512 sign patterns */
    assert_true(pair->mde > 0 && pair->mde < 0.01);
    assert_true(bench__pair_decides(pair));
    bench_run_free(run);
}

static void too_few_launches_decide_nothing(void **state) {
    (void)state;
    bench_run *run = new_run();
    bench_pair_result *pair = add_pair(run, "s", "none", BENCH_STATUS_OK);
    play(pair, 0, 0, 0);
    assert_true(isnan(pair->change.point) && isnan(pair->p_value) && isnan(pair->mde));
    assert_false(bench__pair_decides(pair));
    pair = add_pair(run, "s", "one", BENCH_STATUS_OK);
    play(pair, 1, log(1.5), 0);
    assert_true(near(pair->change.point, 0.5));
    assert_true(isnan(pair->change.lower) && isinf(pair->mde));
    assert_false(bench__pair_decides(pair));
    bench_run_free(run);
}

static void a_level_that_is_none_is_refused(void **state) {
    (void)state;
    bench_run *run = new_run();
    bench_pair_result *pair = add_pair(run, "s", "cost", BENCH_STATUS_OK);
    bench_error err = {0};
    assert_int_equal(bench__pair_add_launch(pair, 0.1), 0);
    pair->alpha = NAN;
    assert_int_equal(bench__pair_analyze(pair, &err), BENCH_EINVAL);
    bench_run_free(run);
}

static void a_ratio_is_found_in_both_directions(void **state) {
    (void)state;
    bench_run *run = new_run();
    bench_estimate there, back;
    bench_pair_result *pair = add_pair(run, "s", "cost", BENCH_STATUS_OK);
    play(pair, 9, log(2), 0.01);
    assert_int_equal(bench__pair_ratio(&there, run, "s/g/on", "s/g/off"), 1);
    assert_int_equal(bench__pair_ratio(&back, run, "s/g/off", "s/g/on"), 1);
    assert_true(near(there.point, 2) && near(back.point, 0.5));
    assert_true(near(there.lower * back.upper, 1) && near(there.upper * back.lower, 1));
    assert_true(back.lower < back.point && back.point < back.upper);
    assert_int_equal(bench__pair_ratio(&there, run, "s/g/on", "s/g/on"), 0);
    assert_int_equal(bench__pair_ratio(&there, run, "s/g/on", "s/g/other"), 0);
    pair->status = BENCH_STATUS_CRASHED;
    assert_int_equal(bench__pair_ratio(&there, run, "s/g/on", "s/g/off"), 0);
    bench_run_free(run);
}

static void failures_are_counted(void **state) {
    static const bench_status all[] = {
        BENCH_STATUS_OK,      BENCH_STATUS_SKIPPED, BENCH_STATUS_NOT_RUN, BENCH_STATUS_FAILED,
        BENCH_STATUS_CRASHED, BENCH_STATUS_TIMEOUT, BENCH_STATUS_EXITED};
    (void)state;
    bench_run *run = new_run();
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        char name[8];
        snprintf(name, sizeof name, "%zu", i);
        add_pair(run, "s", name, all[i]);
        assert_int_equal(bench__pairs_failed(run), i < 3 ? 0 : i - 2);
    }
    bench_run_free(run);
}

static void borrow(bench_run *out, const bench_run *source, const bench_run *run) {
    assert_int_equal(bench__pairs_borrow(out, source, run, "s"), 0);
}

/* The new run has a played one, one that failed, and one of another suite. */
static void a_baseline_takes_what_was_played(void **state) {
    (void)state;
    bench_run *old = new_run(), *run = new_run();
    add_pair(old, "s", "again", BENCH_STATUS_OK)->alpha = 0.2;
    add_pair(old, "s", "failing", BENCH_STATUS_OK)->alpha = 0.2;
    add_pair(old, "s", "absent", BENCH_STATUS_OK)->alpha = 0.2;
    add_pair(run, "s", "again", BENCH_STATUS_OK);
    add_pair(run, "s", "failing", BENCH_STATUS_CRASHED);
    add_pair(run, "other", "again", BENCH_STATUS_OK);
    bench_run merged = {0};
    borrow(&merged, run, run);
    borrow(&merged, old, run);
    bench__pairs_sort(&merged);
    assert_int_equal(merged.n_pairs, 3);
    assert_string_equal(merged.pairs[0].name, "s/g/absent");
    assert_string_equal(merged.pairs[1].name, "s/g/again");
    assert_string_equal(merged.pairs[2].name, "s/g/failing");
    assert_true(merged.pairs[0].alpha == 0.2 && merged.pairs[2].alpha == 0.2);
    assert_true(merged.pairs[1].alpha == 0.05);
    bench__free(merged.pairs);
    bench_run_free(old);
    bench_run_free(run);
}

static void moved_pairs_leave_nothing_behind(void **state) {
    (void)state;
    bench_run *into = new_run(), *from = new_run();
    add_pair(into, "s", "a", BENCH_STATUS_OK);
    play(add_pair(from, "t", "b", BENCH_STATUS_OK), 3, 0, 0.01);
    assert_int_equal(bench__run_move(into, from), 0);
    assert_int_equal(into->n_pairs, 2);
    assert_string_equal(into->pairs[1].name, "t/g/b");
    assert_int_equal(into->pairs[1].n_launches, 3);
    assert_null(from->pairs[0].name);
    bench_run_free(from);
    bench_run_free(into);
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    bench_run *source = new_run();
    play(add_pair(source, "s", "a", BENCH_STATUS_OK), 9, 0.1, 0.01);
    const long live = bench__mem_live();
    int rc = BENCH_ENOMEM;
    for (long n = 0; rc != 0; n++) {
        bench_run merged = {0};
        bench__mem_fail_after(n);
        rc = bench__pairs_borrow(&merged, source, source, "s");
        if (rc == 0) {
            rc = bench__pair_analyze(&source->pairs[0], NULL);
        }
        bench__mem_fail_after(-1);
        assert_true(rc == 0 || rc == BENCH_ENOMEM);
        bench__free(merged.pairs);
        assert_int_equal(bench__mem_live(), live);
        assert_true(n < 100);
    }
    bench_run_free(source);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(launches_become_an_estimate),
        cmocka_unit_test(too_few_launches_decide_nothing),
        cmocka_unit_test(a_level_that_is_none_is_refused),
        cmocka_unit_test(a_ratio_is_found_in_both_directions),
        cmocka_unit_test(failures_are_counted),
        cmocka_unit_test(a_baseline_takes_what_was_played),
        cmocka_unit_test(moved_pairs_leave_nothing_behind),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
