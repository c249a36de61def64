/* Detectable effects and p-value corrections against R, and what an MDE promises. */
#include "base/mem.h"
#include "base/rng.h"
#include "reference.h"
#include "stats/power.h"
#include "stats/special.h"

#include <bench/common.h>

static void check_adjusted(const struct line *p, const struct line *expected,
                           int (*adjust)(double *, const double *, size_t)) {
    double out[64], in_place[64];
    memcpy(in_place, p->v, p->n * sizeof *p->v);
    assert_int_equal(adjust(out, p->v, p->n), 0);
    assert_int_equal(adjust(in_place, in_place, p->n), 0);
    for (size_t i = 0; i < p->n; i++) {
        assert_near(out[i], expected->v[i], 1e-14, expected->name);
        assert_near(in_place[i], expected->v[i], 1e-14, "in place");
    }
}

static void agrees_with_r(void **state) {
    (void)state;
    struct reference r = reference_load("power");
    const struct line *p = NULL;
    for (size_t i = 0; i < r.n; i++) {
        const struct line *line = &r.lines[i];
        const double *v = line->v;
        if (is(line, "p")) {
            p = line;
        } else if (is(line, "BH")) {
            check_adjusted(p, line, bench__adjust_bh);
        } else if (is(line, "holm")) {
            check_adjusted(p, line, bench__adjust_holm);
        } else if (is(line, "mde")) {
            assert_near(bench__mde(v[0], v[1], v[2]), v[3], 1e-11, "mde");
        } else if (is(line, "welch")) {
            double df = bench__welch_df(v[0], (size_t)v[1], v[2], (size_t)v[3]);
            assert_near(df, v[4], 1e-11, "welch");
        }
    }
    reference_free(&r);
}

/* With a true change of one MDE, a t test at that level finds it nine times in ten. (The formula
 * replaces a non-central t by a shifted one; at 15 degrees of freedom that costs a point at most.)
 * */
static void mde_is_found(void **state) {
    (void)state;
    enum { N = 16, TRIALS = 20000 };
    const double alpha = 0.01, effect = bench__mde(1.0 / sqrt(N), N - 1, alpha);
    const double critical = bench__t_quantile(1 - alpha / 2, N - 1);
    struct bench__rng rng;
    bench__rng_init(&rng, 3);
    int found = 0;
    for (int trial = 0; trial < TRIALS; trial++) {
        double sum = 0, squares = 0;
        for (int i = 0; i < N; i++) {
            double x = effect + bench__rng_normal(&rng);
            sum += x;
            squares += x * x;
        }
        double variance = (squares - sum * sum / N) / (N - 1);
        found += sum / N / sqrt(variance / N) > critical;
    }
    assert_between(found / (double)TRIALS, 0.885, 0.915, "detection rate at the MDE");
}

static void out_of_memory_and_nothing(void **state) {
    (void)state;
    double p[] = {0.5, 0.1};
    bench__mem_fail_after(0);
    assert_int_equal(bench__adjust_bh(p, p, 2), BENCH_ENOMEM);
    assert_int_equal(bench__adjust_holm(p, p, 2), BENCH_ENOMEM);
    bench__mem_fail_after(-1);
    assert_true(p[0] == 0.5 && p[1] == 0.1);
    assert_int_equal(bench__adjust_bh(p, p, 0), 0);
    assert_int_equal(bench__mem_live(), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_r),
        cmocka_unit_test(mde_is_found),
        cmocka_unit_test(out_of_memory_and_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
