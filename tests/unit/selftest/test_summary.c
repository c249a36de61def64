/*
 * Counting decisions and holding them against the bars. Intervals are those of R 4:
 * binom.test(k, n)$conf.int.
 */
#include "selftest/summary.h"

#include "unit/measure/near.h"

#include "../base/alloc_failure.h"

#include <stdio.h>
#include <string.h>

static const struct bench__selftest_plan plan = {.effects = {0, 5, 10, 20, 50},
                                                 .n_effects = 5,
                                                 .launches = 16,
                                                 .alpha = 0.01,
                                                 .threshold = 0.01};

/* ---- shares ---- */

static void shares_have_the_intervals_of_r(void **state) {
    (void)state;
    static const struct {
        size_t k, n;
        double lower, upper;
    } cases[] = {
        {0, 300, 0, 0.0122209746942935},
        {1, 117, 0.000216368110276691, 0.046700852453795294},
        {4, 583, 0.00187248001816554, 0.01747320229521254},
        {299, 300, 0.981568747951932, 0.999915610867682},
        {49, 50, 0.893530454288500, 0.999493772016959},
        {0, 1, 0, 0.975},
        {300, 300, 0.987779025305706, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct bench__share share = bench__share_of(cases[i].k, cases[i].n);
        assert_int_equal(share.k, cases[i].k);
        assert_int_equal(share.n, cases[i].n);
        assert_near(share.rate, (double)cases[i].k / (double)cases[i].n, 0);
        assert_near(share.lower, cases[i].lower, 1e-12);
        assert_near(share.upper, cases[i].upper, 1e-12);
    }
}

static void a_share_of_nothing_is_unknown(void **state) {
    (void)state;
    const struct bench__share share = bench__share_of(0, 0);
    assert_true(isnan(share.rate) && isnan(share.lower) && isnan(share.upper));
}

/* ---- bars ---- */

static enum bench__bar_state at_least(size_t k, size_t n, double limit) {
    const struct bench__share share = bench__share_of(k, n);
    return bench__bar_judge(&share, 1, limit, 1);
}

static enum bench__bar_state at_most(size_t k, size_t n) {
    const struct bench__share share = bench__share_of(k, n);
    return bench__bar_judge(&share, 0, 0.01, 0.02);
}

static void a_minimum_is_met_missed_or_open(void **state) {
    (void)state;
    assert_int_equal(at_least(72, 72, 0.95), BENCH__BAR_MET);
    assert_int_equal(at_least(71, 71, 0.95), BENCH__BAR_OPEN); /* even a perfect record is short */
    assert_int_equal(at_least(96, 100, 0.95), BENCH__BAR_MET);
    assert_int_equal(at_least(94, 100, 0.95), BENCH__BAR_OPEN);
    assert_int_equal(at_least(80, 100, 0.95), BENCH__BAR_MISSED);
    assert_int_equal(at_least(0, 1, 0.98), BENCH__BAR_MISSED);
    assert_int_equal(at_least(183, 183, 0.98), BENCH__BAR_MET);
    assert_int_equal(at_least(182, 182, 0.98), BENCH__BAR_OPEN);
    assert_int_equal(at_least(0, 0, 0.95), BENCH__BAR_OPEN);
}

static void a_maximum_is_met_missed_or_open(void **state) {
    (void)state;
    assert_int_equal(at_most(0, 183), BENCH__BAR_MET);
    assert_int_equal(at_most(0, 182), BENCH__BAR_OPEN);
    assert_int_equal(at_most(1, 300), BENCH__BAR_MET);
    assert_int_equal(at_most(2, 200), BENCH__BAR_OPEN); /* 1 %, but it may be 3.6 % */
    assert_int_equal(at_most(5, 300), BENCH__BAR_OPEN);
    assert_int_equal(at_most(20, 300), BENCH__BAR_MISSED);
    assert_int_equal(at_most(0, 0), BENCH__BAR_OPEN);
}

/* ---- a summary ---- */

static struct bench__trial decision(enum bench__selftest_body body, int effect, int direction) {
    return (struct bench__trial){.body = body,
                                 .effect = effect,
                                 .direction = direction,
                                 .change = {effect / 1000.0, 0, 0},
                                 .mde = 0.005,
                                 .n_launches = 16,
                                 .launch_sd = 0.004,
                                 .verdict = BENCH_VERDICT_PASS,
                                 .seconds = 1.5,
                                 .inference_ns = 60e3};
}

static struct bench__selftest_summary summary_of(struct bench__trial *trials, size_t n) {
    const struct bench__trials all = {.items = trials, .n = n, .capacity = n, .turn_ns = 2e3};
    struct bench__selftest_summary s;
    assert_int_equal(bench__selftest_summary(&s, &all, &plan, NULL), 0);
    return s;
}

static const struct bench__selftest_cell *cell_of(const struct bench__selftest_summary *s,
                                                  enum bench__selftest_body body, int effect) {
    for (size_t i = 0; i < s->n_cells; i++) {
        if (s->cells[i].body == body && s->cells[i].effect == effect) {
            return &s->cells[i];
        }
    }
    fail_msg("no cell");
    return NULL;
}

static const struct bench__bar *bar_of(const struct bench__selftest_summary *s, const char *name) {
    for (size_t i = 0; i < s->n_bars; i++) {
        if (strcmp(s->bars[i].name, name) == 0) {
            return &s->bars[i];
        }
    }
    fail_msg("no bar '%s'", name);
    return NULL;
}

static void assert_share(const struct bench__selftest_summary *s, const char *name, size_t k,
                         size_t n) {
    const struct bench__bar *bar = bar_of(s, name);
    if (bar->share.k != k || bar->share.n != n) {
        fail_msg("%s: %zu of %zu", name, bar->share.k, bar->share.n);
    }
}

static void cells_count_what_is_found(void **state) {
    (void)state;
    struct bench__trial t[] = {
        decision(BENCH__BODY_COPY, 0, 0),   decision(BENCH__BODY_COPY, 0, 1),
        decision(BENCH__BODY_COPY, 0, -1), /* of equals both directions are false alarms */
        decision(BENCH__BODY_COPY, 20, 1),  decision(BENCH__BODY_COPY, 20, -1),
        decision(BENCH__BODY_BRANCH, 0, 1),
    };
    t[3].verdict = BENCH_VERDICT_REGRESSED;
    t[3].mde = 0.001;
    t[3].seconds = 1;
    struct bench__selftest_summary s = summary_of(t, 6);
    assert_int_equal(s.n_cells, BENCH__N_BODIES * 5);
    const struct bench__selftest_cell *equal = cell_of(&s, BENCH__BODY_COPY, 0);
    assert_int_equal(equal->found.k, 2);
    assert_int_equal(equal->found.n, 3);
    assert_int_equal(equal->n_verdicts[BENCH_VERDICT_PASS], 3);
    const struct bench__selftest_cell *slower = cell_of(&s, BENCH__BODY_COPY, 20);
    assert_int_equal(slower->found.k, 1);
    assert_int_equal(slower->found.n, 2);
    assert_int_equal(slower->n_verdicts[BENCH_VERDICT_REGRESSED], 1);
    assert_near(slower->mde, 0.003, 1e-15);
    assert_near(slower->seconds, 1.25, 1e-15);
    assert_near(slower->change, 0.02, 1e-15);
    const struct bench__selftest_cell *nothing = cell_of(&s, BENCH__BODY_CACHE, 0);
    assert_int_equal(nothing->found.n, 0);
    assert_true(isnan(nothing->mde));
    assert_share(&s, "alarms/copy", 2, 3);
    assert_share(&s, "alarms/branch", 1, 1);
    assert_share(&s, "alarms/cache", 0, 0);
    bench__selftest_summary_clear(&s);
}

static void found_is_found_in_time_where_it_can_be(void **state) {
    (void)state;
    struct bench__trial t[] = {
        decision(BENCH__BODY_COPY, 20, 1),  decision(BENCH__BODY_COPY, 20, 1),
        decision(BENCH__BODY_COPY, 20, 1),  decision(BENCH__BODY_COPY, 10, 1),
        decision(BENCH__BODY_COPY, 10, -1), decision(BENCH__BODY_COPY, 5, 1),
        decision(BENCH__BODY_CACHE, 5, 1),  decision(BENCH__BODY_BRANCH, 5, 1),
    };
    t[0].seconds = 2.1; /* too late */
    t[1].mde = 0.021;   /* it said that it could not */
    t[2].mde = 0.02;    /* it said that it just could */
    t[5].seconds = 5.1; /* too late */
    t[6].seconds = 4.9;
    t[7].seconds = 3; /* branches do not count here */
    struct bench__selftest_summary s = summary_of(t, 8);
    assert_share(&s, "found-2%", 1, 2);
    assert_share(&s, "found-1%", 1, 2);
    assert_share(&s, "found-0.5%", 1, 2);
    bench__selftest_summary_clear(&s);
}

static void verdicts_have_bars(void **state) {
    (void)state;
    struct bench__trial t[] = {
        decision(BENCH__BODY_COPY, 20, 1), decision(BENCH__BODY_COPY, 20, 1),
        decision(BENCH__BODY_COPY, 20, 1), decision(BENCH__BODY_COPY, 50, 1),
        decision(BENCH__BODY_COPY, 10, 1), decision(BENCH__BODY_COPY, 5, 0),
    };
    t[0].verdict = BENCH_VERDICT_REGRESSED;
    t[1].verdict = BENCH_VERDICT_INCONCLUSIVE;
    t[2].mde = 0.011; /* its pass is wrong all the same */
    t[3].verdict = BENCH_VERDICT_REGRESSED;
    struct bench__selftest_summary s = summary_of(t, 6);
    assert_share(&s, "regressed", 1, 2);
    assert_share(&s, "wrong-pass", 1, 4); /* a pass at the threshold or below it is right */
    bench__selftest_summary_clear(&s);
}

static void times_have_bars(void **state) {
    (void)state;
    struct bench__trial t[] = {decision(BENCH__BODY_COPY, 0, 0), decision(BENCH__BODY_COPY, 20, 1),
                               decision(BENCH__BODY_COPY, 5, 1)};
    t[0].inference_ns = 1e6;
    t[1].inference_ns = 2e6;
    t[2].inference_ns = 9e6; /* more launches: another matter */
    struct bench__selftest_summary s = summary_of(t, 3);
    const struct bench__bar *inference = bar_of(&s, "inference"), *turn = bar_of(&s, "turn");
    assert_true(inference->is_time && turn->is_time);
    assert_near(inference->value, 1.5e6, 1e-6);
    assert_int_equal(inference->state, BENCH__BAR_MISSED);
    assert_near(turn->value, 2e3, 0);
    assert_int_equal(turn->state, BENCH__BAR_MET);
    bench__selftest_summary_clear(&s);
    s = summary_of(t, 0);
    assert_int_equal(bar_of(&s, "inference")->state, BENCH__BAR_OPEN);
    bench__selftest_summary_clear(&s);
}

static void spread_is_about_the_truth(void **state) {
    (void)state;
    struct bench__trial t[] = {decision(BENCH__BODY_COPY, 0, 0), decision(BENCH__BODY_COPY, 20, 1)};
    t[0].change.point = expm1(0.003);
    t[1].change.point = expm1(log1p(0.02) - 0.001);
    t[0].launch_sd = 0.008;
    t[1].floor_sd = 0.002;
    struct bench__selftest_summary s = summary_of(t, 2);
    const struct bench__selftest_spread *copy = &s.spreads[BENCH__BODY_COPY];
    assert_int_equal(copy->body, BENCH__BODY_COPY);
    assert_int_equal(copy->n, 2);
    assert_int_equal(copy->n_floor, 1);
    assert_near(copy->launch, 0.006, 1e-15);
    assert_near(copy->decision, sqrt((9e-6 + 1e-6) / 2), 1e-12);
    assert_near(copy->explained, sqrt((64e-6 + 16e-6) / 16 / 2), 1e-12);
    assert_int_equal(s.spreads[BENCH__BODY_CACHE].n, 0);
    assert_true(isnan(s.spreads[BENCH__BODY_CACHE].decision));
    bench__selftest_summary_clear(&s);
}

static int summarise_one(void) {
    struct bench__trial t[] = {decision(BENCH__BODY_COPY, 0, 0)};
    const struct bench__trials all = {.items = t, .n = 1, .capacity = 1};
    struct bench__selftest_summary s;
    const int code = bench__selftest_summary(&s, &all, &plan, NULL);
    bench__selftest_summary_clear(&s);
    return code;
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    fail_every_allocation(summarise_one);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shares_have_the_intervals_of_r),
        cmocka_unit_test(a_share_of_nothing_is_unknown),
        cmocka_unit_test(a_minimum_is_met_missed_or_open),
        cmocka_unit_test(a_maximum_is_met_missed_or_open),
        cmocka_unit_test(cells_count_what_is_found),
        cmocka_unit_test(found_is_found_in_time_where_it_can_be),
        cmocka_unit_test(verdicts_have_bars),
        cmocka_unit_test(times_have_bars),
        cmocka_unit_test(spread_is_about_the_truth),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
