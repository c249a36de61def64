/* Quantiles and the exact interval of the median, against R. Its coverage: test_coverage.c. */
#include "reference.h"
#include "stats/quantile.h"

static void types_agree_with_r(void **state) {
    (void)state;
    struct reference r = reference_load("quantile");
    const struct line *probabilities = &r.lines[0], *data = NULL;
    for (size_t i = 0; i < r.n; i++) {
        const struct line *line = &r.lines[i];
        if (is(line, "data")) {
            data = line;
        } else if (is(line, "quantile")) {
            assert_non_null(data);
            for (size_t k = 0; k < probabilities->n; k++) {
                double p = probabilities->v[k];
                char what[60];
                snprintf(what, sizeof what, "type %g, n %zu, p %g", line->v[0], data->n, p);
                assert_near(bench__quantile(data->v, data->n, p, (int)line->v[0]), line->v[k + 1],
                            1e-13, what);
            }
        }
    }
    reference_free(&r);
}

static void median_interval_agrees_with_r(void **state) {
    (void)state;
    struct reference r = reference_load("quantile");
    static double x[20001];
    for (size_t i = 0; i < sizeof x / sizeof x[0]; i++) {
        x[i] = (double)(i + 1);
    }
    for (size_t i = 0; i < r.n; i++) {
        const double *v = r.lines[i].v;
        if (is(&r.lines[i], "median_interval")) {
            double coverage;
            bench_estimate e = bench__median_interval(x, (size_t)v[0], v[1], &coverage);
            assert_near(e.lower, v[2], 0, "lower rank");
            assert_near(e.upper, v[0] + 1 - v[2], 0, "upper rank");
            assert_near(e.point, (v[0] + 1) / 2, 0, "median");
            assert_near(coverage, v[3], 1e-11, "coverage");
        }
    }
    reference_free(&r);
}

static void edges(void **state) {
    (void)state;
    const double x[] = {1, 2, 4};
    double coverage = 1;
    assert_true(isnan(bench__quantile(x, 0, 0.5, 7)) && isnan(bench__quantile(x, 3, 1.5, 7)));
    assert_true(isnan(bench__quantile(x, 3, NAN, 7)) && isnan(bench__quantile(x, 3, 0.5, 10)));
    assert_true(isnan(bench__median_interval(x, 0, 0.95, NULL).point));
    bench_estimate one = bench__median_interval(x, 1, 0.95, &coverage);
    assert_true(one.lower == 1 && one.upper == 1 && coverage == 0);
    bench_estimate few = bench__median_interval(x, 3, 0.95, &coverage);
    assert_true(few.lower == 1 && few.point == 2 && few.upper == 4);
    assert_near(coverage, 0.75, 1e-14, "3 points cannot do better");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_agree_with_r),
        cmocka_unit_test(median_interval_agrees_with_r),
        cmocka_unit_test(edges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
