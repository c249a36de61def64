/* Pooled spreads and what they are worth. */
#include "stats/spread.h"

#include "base/rng.h"
#include "stats/describe.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void assert_near(double got, double expected) {
    if (!(fabs(got - expected) <= 1e-12 * fabs(expected))) {
        fail_msg("%.15g instead of %.15g", got, expected);
    }
}

static double worth(double df) {
    return 1 / (1 / df + 1 / 9.0);
}

static void one_group_is_its_standard_deviation(void **state) {
    const double x[] = {3, 1, 4, 1, 5};
    const size_t start[] = {0, 5};
    (void)state;
    const struct bench__spread s = bench__pooled_spread(x, start, 1);
    assert_near(s.sd, bench__std_dev(x, 5));
    assert_near(s.df, worth(4)); /* it swings: no value follows the one before */
}

static void groups_are_pooled_about_their_own_means(void **state) {
    const double x[] = {100, 1, 3, 50, 52, 51, 7, 9};
    const size_t start[] = {0, 1, 3,
                            6, 6, 8}; /* one value alone, and an empty group, say nothing */
    (void)state;
    const struct bench__spread s = bench__pooled_spread(x, start, 5);
    assert_near(s.sd, sqrt((2 + 2 + 2) / 4.0));
    assert_near(s.df, worth(4));
}

static void too_few_values_give_nothing(void **state) {
    const double x[] = {1, 2, 3};
    const size_t start[] = {0, 1, 2, 3};
    (void)state;
    assert_true(isnan(bench__pooled_spread(x, start, 3).sd));
    assert_true(isnan(bench__pooled_spread(x, start, 3).df));
    assert_true(isnan(bench__pooled_spread(x, start, 0).sd));
}

static void equal_values_have_no_spread(void **state) {
    const double x[] = {2, 2, 2, 2, 2};
    const size_t start[] = {0, 5};
    (void)state;
    const struct bench__spread s = bench__pooled_spread(x, start, 1);
    assert_true(s.sd == 0);
    assert_near(s.df, worth(4));
}

static void a_drift_is_worth_few_values(void **state) {
    double x[30];
    const size_t start[] = {0, 30};
    (void)state;
    for (int i = 0; i < 30; i++) {
        x[i] = i;
    }
    assert_true(bench__pooled_spread(x, start, 1).df < worth(3));
    struct bench__rng rng;
    bench__rng_init(&rng, 5);
    double df = 0;
    for (int trial = 0; trial < 200; trial++) {
        for (int i = 0; i < 30; i++) {
            x[i] = bench__rng_normal(&rng);
        }
        df += bench__pooled_spread(x, start, 1).df / 200;
    }
    assert_true(df > 0.9 * worth(29)); /* without one, nearly nothing is lost */
}

static void never_less_than_one_value_counts(void **state) {
    const double x[] = {0, 0, 0, 0, 0, 1, 1, 1, 1, 1};
    const size_t start[] = {0, 10};
    (void)state;
    const struct bench__spread s = bench__pooled_spread(x, start, 1);
    assert_true(s.df >= worth(1) && s.df < worth(4));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_group_is_its_standard_deviation),
        cmocka_unit_test(groups_are_pooled_about_their_own_means),
        cmocka_unit_test(too_few_values_give_nothing),
        cmocka_unit_test(equal_values_have_no_spread),
        cmocka_unit_test(a_drift_is_worth_few_values),
        cmocka_unit_test(never_less_than_one_value_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
