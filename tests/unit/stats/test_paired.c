/* Duels against R, and at their edges. What they promise over many duels: test_paired_power.c. */
#include "base/mem.h"
#include "base/rng.h"
#include "reference.h"
#include "stats/paired.h"
#include "stats/power.h"

#include <bench/common.h>

static const struct bench__paired_options AT_1_PERCENT = {
    .alpha = 0.01, .threshold = 0.01, .seed = 1};

static struct bench__paired compare(const double *x, size_t n,
                                    const struct bench__launch_values *copies) {
    struct bench__launch_values duel = {.x = x, .n = n};
    struct bench__paired out;
    assert_int_equal(bench__paired(&out, &duel, copies, &AT_1_PERCENT, NULL), 0);
    return out;
}

static void fill_normal(double *x, size_t n, double mean, uint64_t seed) {
    struct bench__rng rng;
    bench__rng_init(&rng, seed);
    for (size_t i = 0; i < n; i++) {
        x[i] = mean + bench__rng_normal(&rng);
    }
}

static void to_labels(int *out, const struct line *line) {
    for (size_t i = 0; i < line->n; i++) {
        out[i] = (int)line->v[i];
    }
}

static void errors_of_duels_agree_with_r(void **state) {
    (void)state;
    struct reference r = reference_load("paired");
    for (size_t i = 0; i + 4 < r.n; i++) {
        const struct line *x = &r.lines[i], *f = x + 2;
        if (!is(x, "duel")) {
            continue;
        }
        int layout[16], copy[16];
        to_labels(layout, x + 1);
        to_labels(copy, x + 3);
        const double *v = x[4].v;
        struct bench__launch_values duel = {x->v, layout, x->n}, copies = {f->v, copy, f->n};
        struct bench__paired out;
        assert_int_equal(bench__paired(&out, &duel, &copies, &AT_1_PERCENT, NULL), 0);
        assert_near(out.floor_sd, v[0], 1e-11, "s0");
        assert_near(out.layout_sd, v[1], 1e-11, "between layouts");
        assert_near(out.within_sd, v[2], 1e-11, "within layouts");
        assert_near(out.se, v[3], 1e-11, "standard error");
        assert_near(out.df, v[4], 1e-11, "degrees of freedom");
        assert_near(out.mde, v[5], 1e-9, "MDE");
    }
    reference_free(&r);
}

/* Sixteen launches 1 % slower, one of them met something: a mean would see nothing. */
static void one_wild_launch_does_not_hide_a_change(void **state) {
    (void)state;
    double x[16], mean = 0;
    fill_normal(x, 16, 0, 3);
    for (size_t i = 0; i < 16; i++) {
        x[i] = 0.01 + 0.001 * x[i];
    }
    x[4] = -0.5;
    for (size_t i = 0; i < 16; i++) {
        mean += x[i] / 16;
    }
    struct bench__paired out = compare(x, 16, NULL);
    assert_true(mean < -0.02);
    assert_true(out.p.greater < 0.01 && out.change.lower > 0);
    assert_between(out.change.point, 0.009, 0.011, "estimate");
    assert_between(out.mde, 0, 0.005, "MDE");
}

static void threshold_divides_the_verdicts(void **state) {
    (void)state;
    double x[16];
    for (size_t i = 0; i < 16; i++) {
        x[i] = 0.001 * ((double)i - 7.5) / 16;
    }
    struct bench__paired same = compare(x, 16, NULL);
    assert_true(same.upper < 0.01 && same.lower > -0.01);
    assert_true(same.p_pass < 0.001 && same.p_equivalent < 0.001);
    assert_true(same.p_regressed > 0.999 && same.p_improved > 0.999);
    for (size_t i = 0; i < 16; i++) {
        x[i] += 0.02;
    }
    struct bench__paired slower = compare(x, 16, NULL);
    assert_true(slower.change.lower > 0.01 && slower.p_regressed < 0.001);
    assert_true(slower.p_pass > 0.999 && slower.p_equivalent > 0.999);
    for (size_t i = 0; i < 16; i++) {
        x[i] = -x[i];
    }
    struct bench__paired faster = compare(x, 16, NULL);
    assert_near(faster.change.point, -slower.change.point, 1e-12, "mirrored estimate");
    assert_near(faster.change.lower, -slower.change.upper, 1e-12, "mirrored interval");
    assert_near(faster.p_improved, slower.p_regressed, 1e-12, "mirrored p");
    assert_true(faster.p_pass < 0.001 && faster.p_equivalent > 0.999);
}

/* A floor that is not at 0 makes everything wider, one that is changes nothing. */
static void floor_widens(void **state) {
    (void)state;
    double x[16], quiet[4], off[4], several[12];
    int copy[12];
    fill_normal(x, 16, 3, 7);
    fill_normal(quiet, 4, 0, 8);
    fill_normal(off, 4, 4, 8);
    fill_normal(several, 12, 0, 9);
    for (int i = 0; i < 12; i++) {
        copy[i] = i / 2;
        several[i] += copy[i] % 2 ? 3 : -3;
    }
    struct bench__launch_values a = {.x = quiet, .n = 4}, b = {.x = off, .n = 4};
    struct bench__launch_values c = {.x = several, .n = 12, .group = copy};
    struct bench__paired without = compare(x, 16, NULL), good = compare(x, 16, &a);
    struct bench__paired bad = compare(x, 16, &b), six = compare(x, 16, &c);
    assert_true(isnan(without.floor_sd) && good.floor_sd == 0);
    assert_true(good.se == without.se && good.df == without.df && good.mde == without.mde);
    assert_memory_equal(&good.change, &without.change, sizeof good.change);
    assert_memory_equal(&good.p, &without.p, sizeof good.p);
    assert_between(bad.floor_sd, 3, 5, "s0 of a copy 4 away");
    assert_between(bad.df, 1, 1.3, "one copy, one degree of freedom");
    assert_true(bad.p.greater > 0.05 && bad.p.two_sided > 0.05 && bad.p_regressed > 0.05);
    assert_true(bad.change.lower < 0 && bad.lower < 0 && bad.mde > 30 * without.mde);
    assert_near(bad.change.point, without.change.point, 0, "the estimate stays");
    assert_true(six.floor_sd > 2 && six.mde < bad.mde / 4); /* six copies say how large it is */
}

static void interval_and_p_are_stretched_alike(void **state) {
    (void)state;
    double x[16];
    const double floor_values[] = {2, 2.5, 1.5, 2};
    struct bench__launch_values copies = {.x = floor_values, .n = 4};
    fill_normal(x, 16, -1, 21);
    struct bench__paired out = compare(x, 16, &copies), plain = compare(x, 16, NULL);
    double ratio = bench__mde(out.se, out.df, 0.01) / plain.mde;
    assert_true(out.offset.variance > 0 && ratio > 2);
    double before = plain.change.point - plain.change.lower;
    double above = plain.change.upper - plain.change.point;
    assert_near((out.change.point - out.change.lower) / (out.change.upper - out.change.point),
                before / above, 1e-12, "shape of the interval");
    assert_true(out.upper < out.change.upper && out.lower > out.change.lower);
    assert_true(out.p_pass > plain.p_pass && out.p_equivalent >= out.p_pass);
}

/* As many layouts as launches, or layouts that do not matter, cost nothing. */
static void layouts_widen_where_launches_share_them(void **state) {
    (void)state;
    double x[16];
    int own[16], shared[16];
    struct bench__paired out, plain;
    fill_normal(x, 16, 0, 11);
    for (int i = 0; i < 16; i++) {
        own[i] = 100 - i;
        shared[i] = i % 4;
        x[i] += 5 * (shared[i] == 1) - 5 * (shared[i] == 2);
    }
    plain = compare(x, 16, NULL);
    struct bench__launch_values duel = {x, own, 16};
    assert_int_equal(bench__paired(&out, &duel, NULL, &AT_1_PERCENT, NULL), 0);
    assert_true(isnan(out.layout_sd) && out.se == plain.se);
    duel.group = shared;
    assert_int_equal(bench__paired(&out, &duel, NULL, &AT_1_PERCENT, NULL), 0);
    assert_between(out.layout_sd, 3, 6, "between layouts");
    assert_between(out.within_sd, 0.7, 1.4, "within layouts");
    assert_true(out.se > 1.5 * plain.se && out.df == 3);
    assert_between(out.se, out.layout_sd / 2.2, out.layout_sd / 1.6, "sqrt(K) layouts");
}

static void extra_launches_bring_the_mde_down(void **state) {
    (void)state;
    double x[64];
    fill_normal(x, 64, 0, 13);
    struct bench__paired out = compare(x, 16, NULL);
    assert_near(bench__extra_launches(&out, out.mde), 0, 0, "already there");
    double extra = bench__extra_launches(&out, out.mde / 2);
    assert_between(extra, 30, 48, "half the MDE needs a little under 4 times the launches");
    double n = 16 + extra, kept = n - 2 * floor(n / 10);
    assert_true(bench__mde(out.launch_sd / sqrt(n), kept - 1, 0.01) <= out.mde / 2);
    const double offset[] = {5, 5.1, 4.9, 5};
    struct bench__launch_values copies = {.x = offset, .n = 4};
    struct bench__paired blind = compare(x, 16, &copies);
    assert_true(isinf(bench__extra_launches(&blind, 0.01)));
    assert_true(isinf(bench__extra_launches(&out, 0)));
    struct bench__paired five = compare(x, 5, NULL);
    assert_true(isinf(five.mde)); /* no p of five flips is below 1 % */
    assert_near(bench__extra_launches(&five, 1e6), 3, 0, "eight launches at least");
}

static void few_launches(void **state) {
    (void)state;
    const double x[] = {0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.07, 0.08};
    struct bench__paired one = compare(x, 1, NULL), four = compare(x, 4, NULL);
    struct bench__paired eight = compare(x, 8, NULL);
    assert_true(one.change.point == 0.01 && isnan(one.change.lower) && isnan(one.se));
    assert_true(one.p.two_sided == 1 && isinf(one.mde));
    assert_true(isinf(bench__extra_launches(&one, 1)));
    assert_false(four.exact);
    assert_true(four.coverage == 0.99 && four.change.lower < 0.01 && four.change.upper > 0.04);
    assert_near(four.p.two_sided, 2.0 / 16, 1e-14, "two of 16 flips");
    assert_true(eight.exact && eight.change.lower == 0.01 && eight.change.upper == 0.08);
    assert_near(eight.coverage, 1 - 2.0 / 256, 1e-14, "coverage of min ... max");
    assert_near(eight.p.greater, 1.0 / 256, 1e-14, "one of 256 flips");
}

static void launches_that_agree_perfectly(void **state) {
    (void)state;
    double zero[16] = {0}, same[40];
    for (int i = 0; i < 40; i++) {
        same[i] = 0.25;
    }
    struct bench__paired nothing = compare(zero, 16, NULL), many = compare(same, 40, NULL);
    assert_true(nothing.p.two_sided == 1 && nothing.se == 0 && nothing.change.lower == 0);
    assert_true(nothing.p_pass < 0.001 && nothing.upper == 0);
    assert_true(many.p.greater < 0.001 && many.change.lower == 0.25 && many.change.upper == 0.25);
    struct bench__launch_values copies = {.x = same, .n = 4};
    struct bench__paired shifted =
        compare(zero, 16, &copies); /* nothing to stretch but the error */
    assert_near(shifted.se, 0.25, 1e-12, "the floor is all there is");
    assert_true(shifted.change.upper > 0.25 && shifted.upper > 0.25);
    assert_near(shifted.change.lower, -shifted.change.upper, 1e-12, "symmetric");
}

static void nonsense_is_refused(void **state) {
    (void)state;
    double x[] = {0, 1, NAN};
    struct bench__launch_values duel = {.x = x, .n = 3}, good = {.x = x, .n = 2};
    struct bench__launch_values none = {.x = x, .n = 0}, many = {.x = x, .n = 1025};
    struct bench__paired_options options = AT_1_PERCENT;
    struct bench__paired out;
    bench_error err = {0};
    assert_int_equal(bench__paired(&out, &duel, NULL, &options, &err), BENCH_EINVAL);
    assert_string_equal(err.text, "launch 2 of a duel is not a number");
    assert_int_equal(bench__paired(&out, &good, &duel, &options, NULL), BENCH_EINVAL);
    assert_int_equal(bench__paired(&out, &none, NULL, &options, NULL), BENCH_EINVAL);
    assert_int_equal(bench__paired(&out, &many, NULL, &options, NULL), BENCH_EINVAL);
    assert_int_equal(bench__paired(&out, &good, &none, &options, NULL), 0);
    assert_true(isnan(out.floor_sd));
    options.threshold = -1;
    assert_int_equal(bench__paired(&out, &good, NULL, &options, NULL), BENCH_EINVAL);
    options = (struct bench__paired_options){.alpha = 0.5};
    assert_int_equal(bench__paired(&out, &good, NULL, &options, NULL), BENCH_EINVAL);
}

static void memory_runs_out(void **state) {
    (void)state;
    double x[40];
    int layout[40];
    fill_normal(x, 40, 0, 17);
    for (int i = 0; i < 40; i++) {
        layout[i] = i % 3;
    }
    struct bench__launch_values duel = {x, layout, 40}, copies = {x, layout, 6};
    struct bench__paired out;
    int code = BENCH_ENOMEM, n = 0;
    for (; code != 0 && n < 100; n++) {
        bench_error err = {0};
        bench__mem_fail_after(n);
        code = bench__paired(&out, &duel, &copies, &AT_1_PERCENT, &err);
        bench__mem_fail_after(-1);
        assert_int_equal(code, err.code);
        assert_true(code == 0 || code == BENCH_ENOMEM);
        assert_int_equal(bench__mem_live(), 0);
    }
    assert_int_equal(code, 0);
    assert_true(n > 10);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_of_duels_agree_with_r),
        cmocka_unit_test(one_wild_launch_does_not_hide_a_change),
        cmocka_unit_test(threshold_divides_the_verdicts),
        cmocka_unit_test(floor_widens),
        cmocka_unit_test(interval_and_p_are_stretched_alike),
        cmocka_unit_test(layouts_widen_where_launches_share_them),
        cmocka_unit_test(extra_launches_bring_the_mde_down),
        cmocka_unit_test(few_launches),
        cmocka_unit_test(launches_that_agree_perfectly),
        cmocka_unit_test(nonsense_is_refused),
        cmocka_unit_test(memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
