/* Moments, autocorrelation, effective size, variance components and MSER-5 against R. */
#include "base/rng.h"
#include "measure/warmup.h" /* MSER-5 */
#include "reference.h"
#include "stats/describe.h"

static const struct line *find_before(const struct reference *r, size_t i, const char *name) {
    while (i-- > 0) {
        if (is(&r->lines[i], name)) {
            return &r->lines[i];
        }
    }
    fail_msg("no %s", name);
    return NULL;
}

static void check_line(const struct reference *r, size_t i) {
    const struct line *line = &r->lines[i];
    if (is(line, "moments")) {
        const struct line *data = find_before(r, i, "data");
        assert_near(bench__mean(data->v, data->n), line->v[0], 1e-12, "mean");
        assert_near(bench__variance(data->v, data->n), line->v[1], 1e-12, "variance");
        assert_near(bench__std_dev(data->v, data->n), line->v[2], 1e-12, "std_dev");
        assert_near(bench__skewness(data->v, data->n), line->v[3], 1e-11, "skewness");
    } else if (is(line, "acf")) {
        const struct line *data = find_before(r, i, "data");
        for (size_t lag = 1; lag <= line->n; lag++) {
            assert_near(bench__autocorrelation(data->v, data->n, lag), line->v[lag - 1], 1e-11,
                        "autocorrelation");
        }
    } else if (is(line, "effective_size")) {
        const struct line *data = find_before(r, i, "data");
        assert_near(bench__effective_size(data->v, data->n), line->v[0], 1e-11, "effective size");
    } else if (is(line, "correlation")) {
        const struct line *x = find_before(r, i, "x"), *y = find_before(r, i, "y");
        assert_near(bench__correlation(x->v, y->v, x->n), line->v[0], 1e-12, "correlation");
    } else if (is(line, "components")) {
        const struct line *values = find_before(r, i, "values"),
                          *sizes = find_before(r, i, "sizes");
        size_t start[32] = {0};
        for (size_t g = 0; g < sizes->n; g++) {
            start[g + 1] = start[g] + (size_t)sizes->v[g];
        }
        struct bench__components c = bench__variance_components(values->v, start, sizes->n);
        assert_near(c.between, line->v[0], 1e-10, "between");
        assert_near(c.within, line->v[1], 1e-11, "within");
    } else if (is(line, "mser5")) {
        const struct line *data = find_before(r, i, "transient");
        assert_near((double)bench__mser5(data->v, data->n), line->v[0], 0, "mser5");
    }
}

static void agrees_with_r(void **state) {
    (void)state;
    struct reference r = reference_load("describe");
    for (size_t i = 0; i < r.n; i++) {
        check_line(&r, i);
    }
    reference_free(&r);
}

/* Integrated autocorrelation time of AR(1) is (1 + rho) / (1 - rho): 4 for rho = 0.6. */
static void effective_size_of_ar1(void **state) {
    (void)state;
    enum { N = 4000, REPEATS = 20 };
    static double x[N];
    struct bench__rng rng;
    bench__rng_init(&rng, 11);
    double mean = 0.0;
    for (int k = 0; k < REPEATS; k++) {
        for (size_t i = 0; i < N; i++) {
            double noise = bench__rng_normal(&rng);
            x[i] = i == 0 ? noise / 0.8 : 0.6 * x[i - 1] + noise;
        }
        mean += bench__effective_size(x, N) / N / REPEATS;
    }
    assert_between(mean, 0.23, 0.27, "share of effective values, 1/4 in theory");
}

static void variance_does_not_cancel(void **state) {
    (void)state;
    double x[1000];
    for (int i = 0; i < 1000; i++) {
        x[i] = 1e9 + (i % 2);
    }
    assert_near(bench__variance(x, 1000), 250.0 / 999, 1e-9, "variance beside a large mean");
}

static void components_of_known_parts(void **state) {
    (void)state;
    enum { GROUPS = 400, SIZE = 10 };
    static double x[GROUPS * SIZE];
    size_t start[GROUPS + 1];
    struct bench__rng rng;
    bench__rng_init(&rng, 5);
    for (size_t g = 0; g <= GROUPS; g++) {
        start[g] = g * SIZE;
        double effect = 3.0 * bench__rng_normal(&rng);
        for (size_t i = 0; g < GROUPS && i < SIZE; i++) {
            x[g * SIZE + i] = 100.0 + effect + bench__rng_normal(&rng);
        }
    }
    struct bench__components c = bench__variance_components(x, start, GROUPS);
    assert_between(c.between, 7.2, 10.8, "between variance, 9 in truth");
    assert_between(c.within, 0.93, 1.07, "within variance, 1 in truth");
}

static void edges(void **state) {
    (void)state;
    const double one[] = {3}, flat[] = {2, 2, 2, 2, 2, 2, 2, 2, 2, 2};
    const size_t single[] = {0, 10}, pairs[] = {0, 1, 2, 3}, gap[] = {0, 5, 5, 10};
    assert_true(isnan(bench__mean(one, 0)) && bench__mean(one, 1) == 3);
    assert_true(isnan(bench__variance(one, 1)) && bench__variance(flat, 10) == 0);
    assert_true(isnan(bench__skewness(flat, 10)) && isnan(bench__skewness(one, 0)));
    assert_true(isnan(bench__autocorrelation(flat, 10, 1)));
    assert_true(isnan(bench__autocorrelation(one, 1, 3)));
    assert_true(bench__effective_size(flat, 10) == 10 && bench__effective_size(one, 0) == 0);
    assert_true(isnan(bench__correlation(flat, flat, 10)));
    assert_true(isnan(bench__variance_components(flat, pairs, 3).within));
    assert_true(isnan(bench__variance_components(flat, single, 1).between));
    assert_true(bench__variance_components(flat, single, 1).within == 0);
    assert_true(bench__variance_components(flat, gap, 3).between == 0);
    assert_true(isnan(bench__variance_components(flat, gap, 0).within));
    assert_int_equal(bench__mser5(flat, 10), 0);
    assert_int_equal(bench__mser5(flat, 4), 4);
    const double ramp[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20};
    assert_int_equal(bench__mser5(ramp, 20), 20);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_r),
        cmocka_unit_test(effective_size_of_ar1),
        cmocka_unit_test(variance_does_not_cancel),
        cmocka_unit_test(components_of_known_parts),
        cmocka_unit_test(edges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
