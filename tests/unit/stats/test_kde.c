/* Bandwidths and densities against R; modes; failure. */
#include "base/mem.h"
#include "base/rng.h"
#include "reference.h"
#include "stats/kde.h"

static void bandwidths_agree_with_r(void **state) {
    (void)state;
    struct reference r = reference_load("kde");
    const struct line *data = NULL;
    for (size_t i = 0; i < r.n; i++) {
        const struct line *line = &r.lines[i];
        if (is(line, "data")) {
            data = line;
        } else if (is(line, "nrd0")) {
            assert_near(bench__bandwidth_nrd0(data->v, data->n), line->v[0], 1e-12, "nrd0");
        } else if (is(line, "sj")) { /* the bins of R lie elsewhere: a few in a thousand */
            assert_near(bench__bandwidth_sj(data->v, data->n), line->v[0], 0.01, "Sheather-Jones");
        }
    }
    reference_free(&r);
}

/* The grid's value at x, between its points. */
static double density_at(const struct bench__density *d, double x) {
    size_t i = 0;
    while (i + 2 < d->n && d->x[i + 1] < x) {
        i++;
    }
    return d->y[i] + (d->y[i + 1] - d->y[i]) * (x - d->x[i]) / (d->x[i + 1] - d->x[i]);
}

static double integral(const struct bench__density *d) {
    double sum = 0;
    for (size_t i = 0; i + 1 < d->n; i++) {
        sum += (d->x[i + 1] - d->x[i]) * (d->y[i] + d->y[i + 1]) / 2;
    }
    return sum;
}

/* The density of R is a sum over the values; here it is binned and interpolated. */
static void density_agrees_with_r(void **state) {
    (void)state;
    struct reference r = reference_load("kde");
    for (size_t i = 0; i < r.n; i++) {
        if (!is(&r.lines[i], "density_data")) {
            continue;
        }
        const struct line *data = &r.lines[i], *x = data + 1, *y = data + 2;
        struct bench__density d;
        assert_int_equal(bench__density(&d, data->v, data->n, 1024, NULL), 0);
        for (size_t k = 0; k < x->n; k++) {
            assert_near(density_at(&d, x->v[k]), y->v[k], 0.02, "density");
        }
        assert_near(integral(&d), 1, 0.003, "integral");
        bench__density_clear(&d);
    }
    reference_free(&r);
}

enum { N = 2000 };

static int modes_of(double *x, size_t n) {
    struct bench__density d;
    assert_int_equal(bench__density(&d, x, n, 256, NULL), 0);
    assert_near(integral(&d), 1, 0.02, "integral on a coarse grid");
    int n_modes = d.n_modes;
    bench__density_clear(&d);
    return n_modes;
}

static void modes(void **state) {
    (void)state;
    static double x[N];
    struct bench__rng rng;
    bench__rng_init(&rng, 1);
    for (int i = 0; i < N; i++) {
        x[i] = 100 + bench__rng_normal(&rng);
    }
    assert_int_equal(modes_of(x, N), 1);
    for (int i = 0; i < N; i++) { /* 70 : 30 */
        x[i] = (i % 10 < 7 ? 100 : 110) + bench__rng_normal(&rng);
    }
    assert_int_equal(modes_of(x, N), 2);
    for (int i = 0; i < N; i++) { /* 1 in 30 a hundred times as long: no mode, but a long axis */
        x[i] = (i % 30 ? 100 : 10000) * (1 + 0.01 * bench__rng_normal(&rng));
    }
    assert_int_equal(modes_of(x, N), 1);
    for (int i = 0; i < N; i++) { /* narrow and far apart on one scale */
        x[i] = (double[]){10, 20, 1000}[i % 3] * (1 + 0.001 * bench__rng_normal(&rng));
    }
    assert_int_equal(modes_of(x, N), 3);
    for (int i = 0; i < N; i++) { /* one mode seen through a clock with coarse steps */
        x[i] = round((100 + bench__rng_normal(&rng)) / 0.5) * 0.5;
    }
    assert_int_equal(modes_of(x, N), 1);
}

static void few_and_equal_values(void **state) {
    (void)state;
    double x[] = {7, 7, 7, 7, 7, 7, 7, 9};
    struct bench__density d;
    assert_int_equal(bench__density(&d, x, 7, 64, NULL), 0);
    assert_int_equal(d.n_modes, 1);
    assert_near(d.bandwidth, 0.001, 1e-12, "a spike");
    assert_near(d.x[0], 7, 1e-12, "it begins at the minimum");
    assert_near(integral(&d), 1, 0.01, "integral");
    bench__density_clear(&d);
    assert_int_equal(bench__density(&d, x, 8, 64, NULL), 0); /* IQR 0: by the deviation */
    assert_true(d.bandwidth > 0.01 && d.n_modes >= 1);
    bench__density_clear(&d);
    assert_int_equal(modes_of(x, 1), 1);
    assert_true(isnan(bench__bandwidth_sj(x, 7)) && isnan(bench__bandwidth_nrd0(x, 7)));
    assert_true(isnan(bench__bandwidth_sj(x, 8)) && bench__bandwidth_nrd0(x, 8) > 0);
    assert_true(isnan(bench__bandwidth_sj(x, 0)) && isnan(bench__bandwidth_nrd0(x, 1)));
}

/* Times in other units: the same bandwidth (of the logarithms), the same picture. */
static void does_not_depend_on_the_unit(void **state) {
    (void)state;
    double x[100], scaled[100];
    struct bench__rng rng;
    bench__rng_init(&rng, 4);
    for (int i = 0; i < 100; i++) {
        x[i] = exp(0.2 * bench__rng_normal(&rng));
        scaled[i] = 1e9 * x[i];
    }
    struct bench__density a, b;
    assert_int_equal(bench__density(&a, x, 100, 128, NULL), 0);
    assert_int_equal(bench__density(&b, scaled, 100, 128, NULL), 0);
    assert_near(b.bandwidth, a.bandwidth, 1e-3, "bandwidth");
    for (size_t i = 0; i < a.n; i++) {
        assert_near(b.y[i] * 1e9, a.y[i], 0.02, "density");
    }
    bench__density_clear(&a);
    bench__density_clear(&b);
}

static void refuses(void **state) {
    (void)state;
    const double x[] = {1, 2, 0}, inf[] = {1, INFINITY};
    struct bench__density d;
    bench_error err = {0};
    assert_int_equal(bench__density(&d, x, 3, 128, &err), BENCH_EINVAL);
    assert_true(err.code == BENCH_EINVAL && err.text[0] && !d.x && !d.y && d.n == 0);
    assert_int_equal(bench__density(&d, inf, 2, 128, NULL), BENCH_EINVAL);
    assert_int_equal(bench__density(&d, x, 0, 128, NULL), BENCH_EINVAL);
    assert_int_equal(bench__density(&d, x, 2, 63, NULL), BENCH_EINVAL);
    assert_int_equal(bench__density(&d, x, 2, 1025, NULL), BENCH_EINVAL);
}

static void survives_failing_allocations(void **state) {
    (void)state;
    const double x[] = {1, 2, 3, 5, 8};
    struct bench__density d;
    int code = BENCH_ENOMEM;
    long n = 0;
    for (; code != 0; n++) {
        bench__mem_fail_after(n);
        bench_error err = {0};
        code = bench__density(&d, x, 5, 128, &err);
        assert_true(code == 0 || (code == BENCH_ENOMEM && err.code == code && !d.x));
    }
    bench__mem_fail_after(-1);
    assert_true(n > 3);
    bench__density_clear(&d);
    bench__mem_fail_after(0);
    assert_true(isnan(bench__bandwidth_sj(x, 5)));
    bench__mem_fail_after(-1);
    assert_int_equal(bench__mem_live(), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bandwidths_agree_with_r),
        cmocka_unit_test(density_agrees_with_r),
        cmocka_unit_test(modes),
        cmocka_unit_test(few_and_equal_values),
        cmocka_unit_test(does_not_depend_on_the_unit),
        cmocka_unit_test(refuses),
        cmocka_unit_test(survives_failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
