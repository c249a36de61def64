/* Looks, spending and e-values against R and published boundaries, and what many looks cost. */
#include "base/mem.h"
#include "base/rng.h"
#include "reference.h"
#include "stats/sequential.h"
#include "stats/special.h"

#include <bench/common.h>

static void looks_see_only_the_width(void **state) {
    (void)state;
    assert_int_equal(bench__next_look(0, NAN, 0.01), 8);
    assert_int_equal(bench__next_look(0, 0.001, 0.01), 8);
    assert_int_equal(bench__next_look(7, 0.001, 0.01), 8);
    assert_int_equal(bench__next_look(8, 0.02, 0.01), 16);
    assert_int_equal(bench__next_look(8, NAN, 0.01), 16);
    assert_int_equal(bench__next_look(8, 0.01, 0.01), 0);
    assert_int_equal(bench__next_look(12, 0.02, 0.01), 16);
    assert_int_equal(bench__next_look(16, 0.02, 0.01), 32);
    assert_int_equal(bench__next_look(32, 0.02, 0.01), 64);
    assert_int_equal(bench__next_look(64, 0.02, 0.01), 0);
    assert_int_equal(bench__next_look(500, 0.02, 0.01), 0);
}

static void levels_agree_with_r(void **state) {
    (void)state;
    struct reference r = reference_load("paired");
    for (size_t i = 0; i < r.n; i++) {
        const double *v = r.lines[i].v;
        size_t n = r.lines[i].n / 2;
        double level[8];
        if (is(&r.lines[i], "spending")) {
            assert_int_equal(bench__spending_levels(level, v + 1, n, v[0]), 0);
            for (size_t k = 0; k < n; k++) {
                assert_near(level[k], v[1 + n + k], 1e-7, "nominal level");
            }
        }
    }
    reference_free(&r);
}

/* Boundaries as printed for alpha 5 % and 2 to 5 equal steps, by the program of Reboussin, DeMets,
 * Kim and Lan (2000). Its grid is coarser: its 3.3569 is 3.35701. */
static void levels_agree_with_published_boundaries(void **state) {
    (void)state;
    const double published[4][5] = {{2.9626, 1.9686},
                                    {3.7103, 2.5114, 1.9930},
                                    {4.3326, 2.9631, 2.3590, 2.0141},
                                    {4.8769, 3.3569, 2.6803, 2.2898, 2.0310}};
    for (size_t n = 2; n <= 5; n++) {
        double fraction[5], level[5];
        for (size_t k = 0; k < n; k++) {
            fraction[k] = (double)(k + 1) / (double)n;
        }
        assert_int_equal(bench__spending_levels(level, fraction, n, 0.05), 0);
        for (size_t k = 0; k < n; k++) {
            double z = -bench__normal_quantile(level[k] / 2);
            assert_between(z - published[n - 2][k], -1.2e-4, 1.2e-4, "boundary");
        }
    }
}

/* Share of Brownian motions that cross one of the boundaries. */
static double crossing_share(const double *fraction, const double *level, size_t n_looks) {
    enum { PATHS = 100000 };
    double limit[BENCH__MAX_LOOKS];
    for (size_t k = 0; k < n_looks; k++) {
        limit[k] = -bench__normal_quantile(level[k] / 2) * sqrt(fraction[k]);
    }
    struct bench__rng rng;
    bench__rng_init(&rng, 31);
    int crossed = 0;
    for (int path = 0; path < PATHS; path++) {
        double b = 0, t = 0;
        for (size_t k = 0; k < n_looks; k++) {
            b += sqrt(fraction[k] - t) * bench__rng_normal(&rng);
            t = fraction[k];
            if (fabs(b) >= limit[k]) {
                crossed++;
                break;
            }
        }
    }
    return crossed / (double)PATHS;
}

static void all_looks_together_spend_alpha(void **state) {
    (void)state;
    const double looks[] = {0.125, 0.25, 0.5, 1};
    double fraction[BENCH__MAX_LOOKS], level[BENCH__MAX_LOOKS];
    assert_int_equal(bench__spending_levels(level, looks, 4, 0.01), 0);
    assert_true(level[0] < 1e-12 && level[1] < 1e-6 && level[2] < 3e-4 && level[3] > 0.0098);
    assert_between(crossing_share(looks, level, 4), 0.009, 0.011, "four looks");
    for (size_t k = 0; k < BENCH__MAX_LOOKS; k++) {
        fraction[k] = (double)(k + 1) / BENCH__MAX_LOOKS;
    }
    assert_int_equal(bench__spending_levels(level, fraction, BENCH__MAX_LOOKS, 0.05), 0);
    assert_between(crossing_share(fraction, level, BENCH__MAX_LOOKS), 0.048, 0.052, "64 looks");
}

static void very_early_looks_get_nothing(void **state) {
    (void)state;
    const double fraction[] = {0.005, 0.01, 1};
    double level[3];
    assert_int_equal(bench__spending_levels(level, fraction, 3, 1e-6), 0);
    assert_true(level[0] >= 0 && level[0] < 1e-300 && level[1] >= 0 && level[1] < 1e-200);
    assert_near(level[2], 1e-6, 1e-6, "nothing was spent before");
}

static void looks_that_make_no_sense(void **state) {
    (void)state;
    const double good[] = {0.5, 1}, late[] = {0.5, 1.1}, backwards[] = {0.5, 0.4}, zero[] = {0, 1};
    const double not_a_number[] = {0.5, NAN};
    double level[2];
    assert_int_equal(bench__spending_levels(level, late, 2, 0.01), BENCH_EINVAL);
    assert_int_equal(bench__spending_levels(level, backwards, 2, 0.01), BENCH_EINVAL);
    assert_int_equal(bench__spending_levels(level, zero, 2, 0.01), BENCH_EINVAL);
    assert_int_equal(bench__spending_levels(level, not_a_number, 2, 0.01), BENCH_EINVAL);
    assert_int_equal(bench__spending_levels(level, good, 0, 0.01), BENCH_EINVAL);
    assert_int_equal(bench__spending_levels(level, good, 2, 0), BENCH_EINVAL);
    bench__mem_fail_after(0);
    assert_int_equal(bench__spending_levels(level, good, 2, 0.01), BENCH_ENOMEM);
    bench__mem_fail_after(-1);
    assert_int_equal(bench__mem_live(), 0);
}

static void e_values_agree_with_r(void **state) {
    (void)state;
    struct reference r = reference_load("paired");
    for (size_t i = 0; i < r.n; i++) {
        const double *v = r.lines[i].v;
        if (!is(&r.lines[i], "e_value")) {
            continue;
        }
        struct bench__sign_process process;
        bench__sign_process_init(&process);
        for (int k = 0; k < (int)v[0]; k++) {
            bench__sign_process_add(&process, k < (int)v[1] ? 0.5 : -2);
            bench__sign_process_add(&process, 0);
        }
        assert_near(process.e, v[2], 1e-11, "e-value");
        assert_int_equal(process.n, v[0]);
        assert_int_equal(process.n_positive, v[1]);
    }
    reference_free(&r);
}

static void evidence_is_not_lost_again(void **state) {
    (void)state;
    struct bench__sign_process process;
    bench__sign_process_init(&process);
    assert_true(bench__sign_process_p(&process) == 1);
    for (int k = 0; k < 10; k++) {
        bench__sign_process_add(&process, 0.1);
    }
    double p = bench__sign_process_p(&process);
    assert_true(p < 0.01 && process.e > 100);
    for (int k = 0; k < 10; k++) {
        bench__sign_process_add(&process, -0.1);
    }
    assert_true(process.e < 1);
    assert_near(bench__sign_process_p(&process), p, 0, "valid at any time");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(looks_see_only_the_width),
        cmocka_unit_test(levels_agree_with_r),
        cmocka_unit_test(levels_agree_with_published_boundaries),
        cmocka_unit_test(all_looks_together_spend_alpha),
        cmocka_unit_test(very_early_looks_get_nothing),
        cmocka_unit_test(looks_that_make_no_sense),
        cmocka_unit_test(e_values_agree_with_r),
        cmocka_unit_test(evidence_is_not_lost_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
