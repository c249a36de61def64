/*
 * Bootstrap intervals against R (plain resampling, 400,000 resamples), against the slow function
 * here, and where there is nothing to resample. Coverage: test_coverage.c.
 */
#include "base/mem.h"
#include "base/rng.h"
#include "base/robust.h"
#include "reference.h"
#include "stats/bootstrap.h"
#include "stats/describe.h"

static const struct bench__boot_options bca = {BENCH__BOOT_BCA, 100000, 0.95, 12345};

static struct bench__boot_options with_method(enum bench__boot_method method) {
    struct bench__boot_options options = bca;
    options.method = method;
    return options;
}

/* ---- R --------------------------------------------------------------------------------------- */

/* R gives, for each end, the values at shares of replicates a little below and above the end's own.
 * On the normal scale that is three standard errors of the ends of our 100,000 resamples: 0.05 for
 * percentile intervals; 0.11 for BCa far out, measured over seeds, where the bias enters twice. */
static void check_interval(bench_estimate e, const double *range, const char *what) {
    double slack = 1e-6 * fabs(range[3] - range[0]);
    char text[80];
    snprintf(text, sizeof text, "%s, lower", what);
    assert_between(e.lower, range[0] - slack, range[1] + slack, text);
    snprintf(text, sizeof text, "%s, upper", what);
    assert_between(e.upper, range[2] - slack, range[3] + slack, text);
}

static bench_estimate pick(const struct bench__boot_result *r, const char *name) {
    return strcmp(name, "mean") == 0      ? r->mean
           : strcmp(name, "median") == 0  ? r->median
           : strcmp(name, "mad") == 0     ? r->mad
           : strcmp(name, "std_dev") == 0 ? r->std_dev
                                          : r->slope;
}

static void agrees_with_r(void **state) {
    (void)state;
    struct reference r = reference_load("bootstrap");
    struct bench__boot_options percentile = with_method(BENCH__BOOT_PERCENTILE);
    struct bench__boot_result by_bca = {0}, by_percentile = {0};
    for (size_t i = 0; i < r.n; i++) {
        const struct line *line = &r.lines[i];
        if (strncmp(line->name, "law", 3) == 0) {
            continue;
        }
        if (is(line, "y")) {
            const double *x = line[1].n ? line[1].v : NULL;
            assert_int_equal(bench__bootstrap(&by_bca, line->v, x, line->n, &bca, NULL), 0);
            assert_int_equal(
                bench__bootstrap(&by_percentile, line->v, x, line->n, &percentile, NULL), 0);
        } else if (!is(line, "x")) {
            char what[80];
            snprintf(what, sizeof what, "line %zu, %s by percentile", i, line->name);
            assert_near(pick(&by_bca, line->name).point, line->v[0], 1e-12, line->name);
            check_interval(pick(&by_percentile, line->name), line->v + 1, what);
            snprintf(what, sizeof what, "line %zu, %s by BCa", i, line->name);
            check_interval(pick(&by_bca, line->name), line->v + 5, what);
        }
    }
    reference_free(&r);
}

struct law {
    const double *lsat, *gpa;
};

static double correlation(const double *index, size_t n, void *context) {
    const struct law *law = context;
    double x[15], y[15];
    for (size_t i = 0; i < n; i++) {
        x[i] = law->lsat[(size_t)index[i]];
        y[i] = law->gpa[(size_t)index[i]];
    }
    return bench__correlation(x, y, n);
}

/* The law school data of Efron (1982): 15 pairs, whose correlation is far from normal. */
static void law_school(void **state) {
    (void)state;
    struct reference r = reference_load("bootstrap");
    struct law law = {r.lines[0].v, r.lines[1].v};
    const struct line *expected = &r.lines[2];
    assert_true(is(expected, "law_correlation"));
    double index[15];
    for (int i = 0; i < 15; i++) {
        index[i] = i;
    }
    struct bench__boot_options percentile = with_method(BENCH__BOOT_PERCENTILE);
    bench_estimate e;
    assert_int_equal(bench__bootstrap_statistic(&e, index, 15, correlation, &law, &bca, NULL), 0);
    assert_near(e.point, expected->v[0], 1e-12, "correlation");
    check_interval(e, expected->v + 5, "BCa of the correlation");
    assert_int_equal(
        bench__bootstrap_statistic(&e, index, 15, correlation, &law, &percentile, NULL), 0);
    check_interval(e, expected->v + 1, "percentile interval of the correlation");
    reference_free(&r);
}

/* ---- the fast against the slow --------------------------------------------------------------- */

static double mean(const double *x, size_t n, void *context) {
    (void)context;
    return bench__mean(x, n);
}

static double median(const double *x, size_t n, void *context) {
    (void)context;
    return bench__median(x, n);
}

static double mad(const double *x, size_t n, void *context) {
    double *copy = context;
    memcpy(copy, x, n * sizeof *x);
    return bench__mad_inplace(copy, n);
}

static double std_dev(const double *x, size_t n, void *context) {
    (void)context;
    return bench__std_dev(x, n);
}

static void fill(double *x, size_t n, int shape) {
    struct bench__rng rng;
    bench__rng_init(&rng, n);
    for (size_t i = 0; i < n; i++) {
        double z = bench__rng_normal(&rng);
        x[i] = shape == 0 ? 100 + z : shape == 1 ? exp(z) : z + (i % 3 ? 0 : 40);
    }
}

/* End points may differ by a tenth of the interval's half width, which is over three standard
 * errors at 20,000 resamples. Medians and MADs of few points have few different replicates, and one
 * rank more may be a long way: they are compared for more points only. */
static void agrees_with_the_slow_function(void **state) {
    (void)state;
    double x[64], scratch[64];
    bench__statistic *const slow[] = {mean, median, mad, std_dev};
    for (int shape = 0; shape < 3; shape++) {
        for (size_t n = 8; n <= 64; n *= 2) {
            struct bench__boot_options options = bca;
            struct bench__boot_result fast;
            fill(x, n, shape);
            assert_int_equal(bench__bootstrap(&fast, x, NULL, n, &options, NULL), 0);
            const bench_estimate f[] = {fast.mean, fast.median, fast.mad, fast.std_dev};
            assert_true(isnan(fast.slope.point) && isnan(fast.slope.lower));
            options.n_resamples = 20000;
            for (int s = 0; s < 4; s++) {
                bench_estimate e;
                char what[80];
                if (n < 32 && (s == 1 || s == 2)) {
                    continue;
                }
                assert_int_equal(
                    bench__bootstrap_statistic(&e, x, n, slow[s], scratch, &options, NULL), 0);
                double half = (e.upper - e.lower) / 2;
                snprintf(what, sizeof what, "shape %d, n %zu, statistic %d", shape, n, s);
                assert_near(f[s].point, e.point, 1e-12, what);
                double allowed = s == 1 || s == 2 ? 0.3 : 0.1;
                assert_between(f[s].lower, e.lower - allowed * half, e.lower + allowed * half,
                               what);
                assert_between(f[s].upper, e.upper - allowed * half, e.upper + allowed * half,
                               what);
            }
        }
    }
}

/* ---- bootstrap-t ----------------------------------------------------------------------------- */

/* For the mean of near-normal data, bootstrap-t is Student's t. */
static void bootstrap_t(void **state) {
    (void)state;
    enum { N = 60 };
    double x[N], y[N], ones[N];
    fill(x, N, 0);
    for (int i = 0; i < N; i++) {
        ones[i] = 1 + i % 5;
        y[i] = x[i] * ones[i];
    }
    struct bench__boot_options options = with_method(BENCH__BOOT_T);
    struct bench__boot_result r;
    bench_estimate e;
    options.n_resamples = 40000;
    assert_int_equal(bench__bootstrap(&r, y, ones, N, &options, NULL), 0);
    double half = 2.001 * bench__std_dev(x, N) / sqrt(N);
    assert_between(r.mean.point - r.mean.lower, 0.9 * half, 1.1 * half, "mean, below");
    assert_between(r.mean.upper - r.mean.point, 0.9 * half, 1.1 * half, "mean, above");
    assert_true(r.median.lower < r.median.point && r.median.point < r.median.upper);
    assert_true(r.mad.lower < r.mad.point && r.mad.point < r.mad.upper);
    assert_true(r.std_dev.lower < r.std_dev.point && r.std_dev.point < r.std_dev.upper);
    assert_true(r.slope.lower < r.slope.point && r.slope.point < r.slope.upper);
    options.n_resamples = 4000;
    assert_int_equal(bench__bootstrap_statistic(&e, x, N, mean, NULL, &options, NULL), 0);
    assert_between(e.lower, r.mean.lower - 0.1 * half, r.mean.lower + 0.1 * half, "slow, lower");
    assert_between(e.upper, r.mean.upper - 0.1 * half, r.mean.upper + 0.1 * half, "slow, upper");
}

/* ---- no spread, few points, many points ------------------------------------------------------ */

static void assert_degenerate(bench_estimate e, double value) {
    assert_true(e.point == value && e.lower == value && e.upper == value);
}

static void equal_values_give_a_point(void **state) {
    (void)state;
    const double y[] = {6, 6, 6, 6, 6}, x[] = {2, 2, 2, 2, 2};
    for (int method = BENCH__BOOT_BCA; method <= BENCH__BOOT_T; method++) {
        struct bench__boot_options options = with_method((enum bench__boot_method)method);
        struct bench__boot_result r;
        bench_estimate e;
        options.n_resamples = 10000;
        assert_int_equal(bench__bootstrap(&r, y, x, 5, &options, NULL), 0);
        assert_degenerate(r.mean, 3);
        assert_degenerate(r.median, 3);
        assert_degenerate(r.mad, 0);
        assert_degenerate(r.std_dev, 0);
        assert_degenerate(r.slope, 3);
        assert_int_equal(bench__bootstrap_statistic(&e, y, 5, mean, NULL, &options, NULL), 0);
        assert_degenerate(e, 6);
    }
}

static void is_ordered(bench_estimate e, double low, double high) {
    assert_true(isfinite(e.lower) && isfinite(e.upper) && e.lower <= e.upper);
    assert_true(e.lower >= low && e.upper <= high);
}

static void few_points(void **state) {
    (void)state;
    const double y[] = {1, 9, 4, 4, 250}, x[] = {1, 3, 2, 1, 5};
    for (int method = BENCH__BOOT_BCA; method <= BENCH__BOOT_PERCENTILE; method++) {
        struct bench__boot_options options = with_method((enum bench__boot_method)method);
        for (size_t n = 2; n <= 5; n++) {
            struct bench__boot_result r;
            options.n_resamples = 100 + 1000 * (int64_t)n;
            assert_int_equal(bench__bootstrap(&r, y, x, n, &options, NULL), 0);
            is_ordered(r.mean, 1 - 1e-4, 50 + 1e-4);
            is_ordered(r.median, 1 - 1e-4, 50 + 1e-4);
            is_ordered(r.mad, 0, 49 + 1e-4);
            is_ordered(r.std_dev, 0, 49);
            is_ordered(r.slope, 1 - 1e-4, 50 + 1e-4);
        }
    }
}

static void many_points(void **state) {
    (void)state;
    enum { N = 5000 };
    static double x[N];
    struct bench__boot_options options = bca;
    struct bench__boot_result r;
    fill(x, N, 0);
    options.n_resamples = 5000;
    assert_int_equal(bench__bootstrap(&r, x, NULL, N, &options, NULL), 0);
    double half =
        1.96 / sqrt(N); /* the asymptotic ones: sd 1, median 1.2533, MAD 1.1664 / 1.4826 */
    assert_between((r.mean.upper - r.mean.lower) / 2, 0.92 * half, 1.08 * half, "mean");
    assert_between((r.median.upper - r.median.lower) / 2, 1.05 * half, 1.45 * half, "median");
    assert_between((r.mad.upper - r.mad.lower) / 2, 0.65 * half, 0.95 * half, "MAD");
    assert_between((r.std_dev.upper - r.std_dev.lower) / 2, 0.65 * half, 0.76 * half, "deviation");
}

/* The scale of times runs from nanoseconds to hours; intervals must scale with it. */
static void does_not_depend_on_the_unit(void **state) {
    (void)state;
    double x[30], scaled[30];
    struct bench__boot_options options = bca;
    struct bench__boot_result a, b;
    fill(x, 30, 1);
    for (int i = 0; i < 30; i++) {
        scaled[i] = x[i] * 0x1p100;
    }
    options.n_resamples = 2000;
    assert_int_equal(bench__bootstrap(&a, x, x, 30, &options, NULL), 0);
    assert_int_equal(bench__bootstrap(&a, x, NULL, 30, &options, NULL), 0);
    assert_int_equal(bench__bootstrap(&b, scaled, NULL, 30, &options, NULL), 0);
    assert_near(b.mean.lower, a.mean.lower * 0x1p100, 1e-12, "mean");
    assert_near(b.median.upper, a.median.upper * 0x1p100, 1e-12, "median");
    assert_near(b.mad.lower, a.mad.lower * 0x1p100, 1e-12, "MAD");
    assert_near(b.std_dev.upper, a.std_dev.upper * 0x1p100, 1e-12, "deviation");
}

static void same_seed_same_result(void **state) {
    (void)state;
    double x[40];
    struct bench__boot_result a, b, c;
    struct bench__boot_options options = bca;
    fill(x, 40, 1);
    options.n_resamples = 12345; /* not a whole number of anything */
    assert_int_equal(bench__bootstrap(&a, x, NULL, 40, &options, NULL), 0);
    assert_int_equal(bench__bootstrap(&b, x, NULL, 40, &options, NULL), 0);
    options.seed++;
    assert_int_equal(bench__bootstrap(&c, x, NULL, 40, &options, NULL), 0);
    assert_true(a.mean.lower == b.mean.lower && a.std_dev.upper == b.std_dev.upper);
    assert_true(a.mean.lower != c.mean.lower);
}

/* ---- errors ---------------------------------------------------------------------------------- */

static void refuses(void **state) {
    (void)state;
    const double y[] = {1, 2, NAN}, x[] = {1, 0, 1};
    struct bench__boot_result r;
    bench_estimate e;
    struct bench__boot_options few = bca, sure = bca;
    few.n_resamples = 99;
    sure.level = 1;
    bench_error err = {0};
    assert_int_equal(bench__bootstrap(&r, y, NULL, 1, &bca, &err), BENCH_EINVAL);
    assert_true(err.code == BENCH_EINVAL && err.text[0]);
    assert_int_equal(bench__bootstrap(&r, y, NULL, 2, &few, NULL), BENCH_EINVAL);
    assert_int_equal(bench__bootstrap(&r, y, NULL, 2, &sure, NULL), BENCH_EINVAL);
    assert_int_equal(bench__bootstrap(&r, y, NULL, 3, &bca, NULL), BENCH_EINVAL);
    assert_int_equal(bench__bootstrap(&r, y, x, 2, &bca, NULL), BENCH_EINVAL);
    assert_int_equal(bench__bootstrap_statistic(&e, y, 1, mean, NULL, &bca, NULL), BENCH_EINVAL);
    const double huge[] = {1e300, -1e300}; /* their squares overflow */
    assert_int_equal(bench__bootstrap(&r, huge, NULL, 2, &bca, &err), BENCH_EINVAL);
}

static void survives_failing_allocations(void **state) {
    (void)state;
    double x[20];
    fill(x, 20, 1);
    for (int method = BENCH__BOOT_BCA; method <= BENCH__BOOT_T; method++) {
        struct bench__boot_options options = with_method((enum bench__boot_method)method);
        struct bench__boot_result r;
        bench_estimate e;
        options.n_resamples = 9000;
        int code = BENCH_ENOMEM;
        for (long n = 0; code != 0; n++) {
            bench_error err = {0};
            bench__mem_fail_after(n);
            code = bench__bootstrap(&r, x, x, 20, &options, &err);
            assert_true(code == 0 || (code == BENCH_ENOMEM && err.code == code));
        }
        code = BENCH_ENOMEM;
        for (long n = 0; code != 0; n++) {
            bench__mem_fail_after(n);
            code = bench__bootstrap_statistic(&e, x, 20, mean, NULL, &options, NULL);
            assert_true(code == 0 || code == BENCH_ENOMEM);
        }
        bench__mem_fail_after(-1);
        assert_int_equal(bench__mem_live(), 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_r),
        cmocka_unit_test(law_school),
        cmocka_unit_test(agrees_with_the_slow_function),
        cmocka_unit_test(bootstrap_t),
        cmocka_unit_test(equal_values_give_a_point),
        cmocka_unit_test(few_points),
        cmocka_unit_test(many_points),
        cmocka_unit_test(does_not_depend_on_the_unit),
        cmocka_unit_test(same_seed_same_result),
        cmocka_unit_test(refuses),
        cmocka_unit_test(survives_failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
