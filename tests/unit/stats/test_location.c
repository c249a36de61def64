/* Estimates and tests of one sample, against R and against the obvious way of counting. */
#include "base/mem.h"
#include "base/rng.h"
#include "base/robust.h"
#include "reference.h"
#include "stats/location.h"

#include <bench/common.h>

static void fill_normal(double *x, size_t n, double mean, uint64_t seed) {
    struct bench__rng rng;
    bench__rng_init(&rng, seed);
    for (size_t i = 0; i < n; i++) {
        x[i] = mean + bench__rng_normal(&rng);
    }
}

static void check_signed_rank(const struct line *data, const double *v) {
    double coverage;
    bench_estimate e = bench__signed_rank_interval(data->v, data->n, v[0], &coverage);
    char what[60];
    snprintf(what, sizeof what, "%zu launches at %g", data->n, v[0]);
    assert_near(e.point, v[1], 1e-14, what);
    assert_near(e.lower, v[2], 1e-14, what);
    assert_near(e.upper, v[3], 1e-14, what);
    assert_near(coverage, v[4], 1e-14, what);
}

static void agrees_with_r(void **state) {
    (void)state;
    struct reference r = reference_load("paired");
    const struct line *data = NULL;
    for (size_t i = 0; i < r.n; i++) {
        const struct line *line = &r.lines[i];
        const double *v = line->v;
        if (is(line, "data")) {
            data = line;
        } else if (is(line, "signed_rank")) {
            check_signed_rank(data, v);
        } else if (is(line, "hodges_lehmann")) {
            assert_near(bench__hodges_lehmann(data->v, data->n), v[0], 1e-14, "Hodges-Lehmann");
        } else if (is(line, "trimmed")) {
            double error2;
            size_t kept;
            assert_near(bench__trimmed_mean(data->v, data->n, v[0], &error2, &kept), v[1], 1e-13,
                        "trimmed mean");
            assert_near(error2, v[2], 1e-12, "squared standard error");
            assert_int_equal(kept, v[3]);
        } else if (is(line, "sign_flip")) {
            struct bench__sign_flip p;
            assert_int_equal(bench__sign_flip(&p, data->v, data->n, v[0], 1), 0);
            assert_near(p.greater, v[1], 1e-14, "sign flip, greater");
            assert_near(p.less, v[2], 1e-14, "sign flip, less");
            assert_near(p.two_sided, v[3], 1e-14, "sign flip, two-sided");
        }
    }
    reference_free(&r);
}

/* The quick enumeration against the obvious one, beyond what R can hold. */
static void all_flips_are_counted(void **state) {
    (void)state;
    enum { N = 20 };
    double x[N], weight[N], sum = 0, observed = 0;
    fill_normal(x, N, 0.6, 6);
    struct bench__sign_flip p;
    assert_int_equal(bench__sign_flip(&p, x, N, 0, 1), 0);
    for (size_t i = 0; i < N; i++) {
        weight[i] = fabs(x[i]);
    }
    double limit = 3 * bench__median(weight, N);
    for (size_t i = 0; i < N; i++) {
        weight[i] = fmin(weight[i], limit);
        observed += copysign(weight[i], x[i]);
        sum -= weight[i];
    }
    unsigned n_greater = 0, signs = 0;
    for (unsigned k = 1;; k++) { /* Gray code: one sign changes at a time */
        n_greater += sum >= observed - 1e-9;
        if (k == 1u << N) {
            break;
        }
        unsigned bit = (unsigned)__builtin_ctz(k);
        signs ^= 1u << bit;
        sum += signs >> bit & 1 ? 2 * weight[bit] : -2 * weight[bit];
    }
    assert_near(p.greater, n_greater / (double)(1 << N), 1e-14, "20 launches");
    assert_true(p.greater > 0 && p.greater < 0.2);
}

/* Draws instead of all flips: an added launch of 0 changes no sum, but crosses the limit. */
static void draws_agree_with_all_flips(void **state) {
    (void)state;
    enum { N = BENCH__SIGN_FLIP_EXACT + 1 };
    double x[N] = {0};
    struct bench__sign_flip all, drawn, again;
    for (int i = 0; i < 5; i++) {
        fill_normal(x, N - 1, 0.1 * i, 9 + (uint64_t)i);
        assert_int_equal(bench__sign_flip(&all, x, N - 1, 0, 1), 0);
        assert_int_equal(bench__sign_flip(&drawn, x, N, 0, 1), 0);
        assert_int_equal(bench__sign_flip(&again, x, N, 0, 1), 0);
        assert_memory_equal(&drawn, &again, sizeof drawn);
        double error = 5 * sqrt(all.greater * (1 - all.greater) / 99999) + 2e-5;
        /* the clipping limit moves a little with the added 0 */
        assert_between(drawn.greater, all.greater * 0.97 - error, all.greater * 1.03 + error,
                       "greater");
        assert_between(drawn.greater + drawn.less, 1, 1 + 3e-5, "both sides");
        assert_between(drawn.two_sided, 0, 1, "two-sided");
    }
    for (size_t i = 0; i < N; i++) {
        x[i] = 1 + 0.01 * (double)i;
    }
    assert_int_equal(bench__sign_flip(&drawn, x, N, 0, 1), 0);
    assert_near(drawn.greater, 1e-5, 1e-14, "never below 1 / (B + 1)");
}

static void nothing_and_no_memory(void **state) {
    (void)state;
    const double x[40] = {1, 2, 4};
    struct bench__sign_flip p;
    assert_true(isnan(bench__hodges_lehmann(x, 0)));
    for (long n = 0; n < 2; n++) {
        bench__mem_fail_after(n);
        assert_int_equal(bench__sign_flip(&p, x, 3, 0, 1), BENCH_ENOMEM);
        bench__mem_fail_after(n);
        assert_int_equal(bench__sign_flip(&p, x, 40, 0, 1), BENCH_ENOMEM);
    }
    bench__mem_fail_after(0);
    assert_true(isnan(bench__hodges_lehmann(x, 3)));
    bench__mem_fail_after(-1);
    assert_int_equal(bench__mem_live(), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_r),
        cmocka_unit_test(all_flips_are_counted),
        cmocka_unit_test(draws_agree_with_all_flips),
        cmocka_unit_test(nothing_and_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
