/* Lines against R's lm. */
#include "reference.h"
#include "stats/regression.h"

static void agrees_with_r(void **state) {
    (void)state;
    struct reference r = reference_load("regression");
    const struct line *x = &r.lines[0], *y = &r.lines[1];
    assert_true(is(x, "x") && is(y, "y"));
    for (size_t i = 2; i < r.n; i++) {
        const double *v = r.lines[i].v;
        if (is(&r.lines[i], "origin")) {
            assert_near(bench__slope_origin(x->v, y->v, x->n), v[0], 1e-12, "slope");
        } else if (is(&r.lines[i], "line")) {
            double intercept, slope, se;
            assert_int_equal(bench__line_fit(x->v, y->v, x->n, &intercept, &slope, &se), 0);
            assert_near(intercept, v[0], 1e-11, "intercept");
            assert_near(slope, v[1], 1e-11, "slope");
            assert_near(se, v[2], 1e-11, "standard error");
        } else if (is(&r.lines[i], "power")) {
            double b, lower, upper;
            assert_int_equal(bench__power_law(x->v, y->v, x->n, v[0], &b, &lower, &upper), 0);
            assert_near(b, v[1], 1e-11, "exponent");
            assert_near(lower, v[2], 1e-11, "lower");
            assert_near(upper, v[3], 1e-11, "upper");
        }
    }
    reference_free(&r);
}

static void exact_lines(void **state) {
    (void)state;
    const double x[] = {1, 2, 4, 8}, line[] = {5, 7, 11, 19}, cubes[] = {2, 16, 128, 1024};
    double intercept, slope, se, lower, upper;
    assert_int_equal(bench__line_fit(x, line, 4, &intercept, &slope, &se), 0);
    assert_near(intercept, 3, 1e-14, "intercept");
    assert_near(slope, 2, 1e-14, "slope");
    assert_true(se < 1e-14);
    assert_int_equal(bench__power_law(x, cubes, 4, 0.95, &slope, &lower, &upper), 0);
    assert_near(slope, 3, 1e-14, "exponent");
    assert_int_equal(bench__line_fit(x, line, 2, &intercept, &slope, &se), 0);
    assert_true(isnan(se)); /* two points leave nothing to estimate it from */
}

static void undefined(void **state) {
    (void)state;
    const double x[] = {3, 3, 3}, zero[] = {0, 0, 0}, y[] = {1, 2, 0}, up[] = {1, 2, 3};
    double a, b, c;
    assert_true(isnan(bench__slope_origin(zero, y, 3)) && isnan(bench__slope_origin(x, y, 0)));
    assert_int_equal(bench__line_fit(x, y, 3, &a, &b, &c), -1);
    assert_int_equal(bench__line_fit(up, y, 1, &a, &b, &c), -1);
    assert_int_equal(bench__power_law(up, y, 3, 0.95, &a, &b, &c), -1); /* log 0 */
    assert_int_equal(bench__power_law(up, up, 2, 0.95, &a, &b, &c), -1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_r),
        cmocka_unit_test(exact_lines),
        cmocka_unit_test(undefined),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
