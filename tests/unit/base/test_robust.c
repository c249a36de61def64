/* Order statistics against sorting, on friendly and hostile input; Theil-Sen on known lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "alloc_failure.h"
#include "base/rng.h"
#include "base/robust.h"
#include <math.h>
#include <string.h>

static double sorted_median(const double *x, size_t n) {
    double *copy = bench__memdup(x, n, sizeof *x);
    bench__sort(copy, n);
    for (size_t i = 1; i < n; i++)
        assert_true(copy[i - 1] <= copy[i]);
    double median = n % 2 ? copy[n / 2] : (copy[n / 2 - 1] + copy[n / 2]) / 2;
    bench__free(copy);
    return median;
}

static void small_cases(void **state) {
    (void)state;
    double one[] = {7}, two[] = {3, 1}, three[] = {3, 1, 2}, four[] = {4, 1, 3, 2};
    assert_true(isnan(bench__median_inplace(NULL, 0)));
    assert_true(isnan(bench__median(NULL, 0)));
    assert_true(isnan(bench__mad_inplace(NULL, 0)));
    assert_true(bench__median_inplace(one, 1) == 7);
    assert_true(bench__median_inplace(two, 2) == 2);
    assert_true(bench__median_inplace(three, 3) == 2);
    assert_true(bench__median_inplace(four, 4) == 2.5);
    bench__sort(NULL, 0);
}

static void median_agrees_with_sorting(void **state) {
    (void)state;
    struct bench__rng rng;
    bench__rng_init(&rng, 1);
    for (size_t n = 1; n <= 300; n++) {
        double x[300], copy[300];
        uint64_t distinct = 1 + bench__rng_below(&rng, 2 * n); /* many ties, or few */
        for (size_t i = 0; i < n; i++)
            x[i] = (double)bench__rng_below(&rng, distinct) - (double)distinct / 3;
        memcpy(copy, x, sizeof x);
        double expected = sorted_median(x, n);
        assert_true(bench__median(x, n) == expected);
        assert_memory_equal(x, copy, n * sizeof *x); /* untouched */
        assert_true(bench__median_inplace(x, n) == expected);
        assert_true(sorted_median(x, n) == expected); /* reordered, nothing lost */
    }
}

/* Each of these makes some simple choice of pivot quadratic, which would not end in any test's
 * time. */
static void hostile_orders_are_no_slower(void **state) {
    (void)state;
    enum { N = 400001 };
    double *x = bench__alloc(N, sizeof *x);
    for (int shape = 0; shape < 5; shape++) {
        for (int i = 0; i < N; i++) {
            const double shapes[] = {i, N - i, i < N / 2 ? i : N - i, 5, i % 2};
            x[i] = shapes[shape];
        }
        static const double expected[] = {N / 2, N / 2 + 1, N / 4, 5, 0};
        assert_true(fabs(bench__median_inplace(x, N) - expected[shape]) <= 1);
    }
    bench__free(x);
}

static void infinities_have_an_order(void **state) {
    (void)state;
    double x[] = {INFINITY, 1, -INFINITY, 2, INFINITY};
    assert_true(bench__median_inplace(x, 5) == 2);
}

static void mad_ignores_outliers(void **state) {
    (void)state;
    double x[] = {1, 1, 2, 2, 4, 6, 9}; /* deviations from 2: 1 1 0 0 2 4 7 */
    assert_true(bench__mad_inplace(x, 7) == 1);
    double y[] = {1e9, 10, 11, 12, 13};
    assert_true(bench__mad_inplace(y, 5) == 1);
}

static void slope_of_a_line_is_exact(void **state) {
    (void)state;
    double x[50], y[50];
    for (int i = 0; i < 50; i++) {
        x[i] = i * 4;
        y[i] = 100 - 2.5 * x[i];
    }
    assert_true(bench__theil_sen(x, y, 50) == -2.5);
    assert_true(bench__theil_sen(x, y, 2) == -2.5);
    for (int i = 0; i < 12; i++) /* a quarter of the points are wild */
        y[i * 4] += 1e6 * (i % 2 ? 1 : -1);
    assert_true(bench__theil_sen(x, y, 50) == -2.5);
}

static void many_points_are_thinned(void **state) {
    (void)state;
    enum { N = 5000 };
    double x[N], y[N];
    struct bench__rng rng;
    bench__rng_init(&rng, 2);
    for (int i = 0; i < N; i++) {
        x[i] = i;
        y[i] = 3 * x[i] + bench__rng_normal(&rng);
    }
    assert_true(fabs(bench__theil_sen(x, y, N) - 3) < 1e-3);
    for (int i = 0; i < N; i++) /* the first tenth is flat: the points come from everywhere */
        y[i] = i < N / 10 ? 0 : 3 * x[i];
    assert_true(bench__theil_sen(x, y, N) == 3);
}

static void without_a_slope_there_is_none(void **state) {
    (void)state;
    double x[] = {1, 1, 1}, y[] = {1, 2, 3}, x2[] = {1, 1, 2};
    assert_true(isnan(bench__theil_sen(x, y, 3)));
    assert_true(isnan(bench__theil_sen(x, y, 1)));
    assert_true(isnan(bench__theil_sen(x, y, 0)));
    assert_true(bench__theil_sen(x2, y, 3) == 1.5); /* pairs with equal x are left out */
}

static int median_of_three(void) {
    const double x[] = {3, 1, 2};
    return isnan(bench__median(x, 3)) ? BENCH_ENOMEM : 0;
}

static int slope_of_three(void) {
    const double x[] = {3, 1, 2};
    return isnan(bench__theil_sen(x, x, 3)) ? BENCH_ENOMEM : 0;
}

static void no_memory_is_nan(void **state) {
    (void)state;
    fail_every_allocation(median_of_three);
    fail_every_allocation(slope_of_three);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_cases),
        cmocka_unit_test(median_agrees_with_sorting),
        cmocka_unit_test(hostile_orders_are_no_slower),
        cmocka_unit_test(infinities_have_an_order),
        cmocka_unit_test(mad_ignores_outliers),
        cmocka_unit_test(slope_of_a_line_is_exact),
        cmocka_unit_test(many_points_are_thinned),
        cmocka_unit_test(without_a_slope_there_is_none),
        cmocka_unit_test(no_memory_is_nan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
