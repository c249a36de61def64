/* Distributions against R, inverses against themselves, and the edges. */
#include "reference.h"
#include "stats/special.h"

static const double tolerance = 1e-10; /* R itself is not much better everywhere */

static double evaluate(const struct line *line) {
    const double *v = line->v;
    if (is(line, "pnorm")) {
        return bench__normal_cdf(v[0]);
    } else if (is(line, "qnorm")) {
        return bench__normal_quantile(v[0]);
    } else if (is(line, "pt")) {
        return bench__t_cdf(v[0], v[1]);
    } else if (is(line, "qt")) {
        return bench__t_quantile(v[0], v[1]);
    } else if (is(line, "pbeta")) {
        return bench__beta_cdf(v[0], v[1], v[2]);
    } else if (is(line, "qbeta")) {
        return bench__beta_quantile(v[0], v[1], v[2]);
    } else if (is(line, "pbinom")) {
        return bench__binomial_cdf((uint64_t)v[0], (uint64_t)v[1], v[2]);
    }
    fail_msg("unknown function %s", line->name);
    return NAN;
}

static void agrees_with_r(void **state) {
    (void)state;
    struct reference r = reference_load("special");
    double worst = 0.0;
    for (size_t i = 0; i < r.n; i++) {
        const struct line *line = &r.lines[i];
        if (is(line, "binom.test")) {
            double lower, upper;
            bench__binomial_interval((uint64_t)line->v[0], (uint64_t)line->v[1], line->v[2], &lower,
                                     &upper);
            assert_near(lower, line->v[3], tolerance, "Clopper-Pearson lower");
            assert_near(upper, line->v[4], tolerance, "Clopper-Pearson upper");
            continue;
        }
        double expected = line->v[line->n - 1], actual = evaluate(line);
        char what[120];
        snprintf(what, sizeof what, "%s(%.17g, %.17g, ...)", line->name, line->v[0], line->v[1]);
        assert_near(actual, expected, tolerance, what);
        worst = fmax(worst, fabs(actual - expected) / fmax(fabs(expected), 1e-300));
    }
    print_message("largest relative difference from R: %.2g\n", worst);
    reference_free(&r);
}

static void inverses(void **state) {
    (void)state;
    for (double p = 1e-9; p < 1.0; p = p < 0.01 ? p * 7 : p + 0.013) {
        assert_near(bench__normal_cdf(bench__normal_quantile(p)), p, 1e-13, "normal");
        for (double df = 0.3; df < 1e7; df *= 5.3) {
            assert_near(bench__t_cdf(bench__t_quantile(p, df), df), p, 1e-11, "t");
        }
        for (double a = 0.2; a < 3000; a *= 4.1) {
            /* rounding x to a double moves the probability by density times that */
            double x = bench__beta_quantile(p, a, 2.5);
            assert_near(bench__beta_cdf(x, a, 2.5), p, x < 0.999 ? 1e-11 : 1e-8, "beta");
        }
    }
}

/* The normal is the limit of t; an expansion takes over at large df and must join smoothly. */
static void t_joins_its_expansion(void **state) {
    (void)state;
    for (double t = 0.1; t < 12; t *= 1.7) {
        double below = bench__t_cdf(-t, 1e5), above = bench__t_cdf(-t, nextafter(1e5, 2e5));
        assert_near(above, below, 1e-11, "t at the seam");
    }
    assert_near(bench__t_cdf(-2, INFINITY), bench__normal_cdf(-2), 0, "infinite df");
    assert_near(bench__t_quantile(0.1, INFINITY), bench__normal_quantile(0.1), 0, "infinite df");
}

/* Next to the centre t is the distance from 1/2 over the density there. */
static void t_near_the_centre(void **state) {
    (void)state;
    const double p = 0.5 - 1e-9, off = p - 0.5;
    for (double df = 0.5; df < 1000; df *= 3) {
        double density = tgamma(df / 2 + 0.5) / (sqrt(df * M_PI) * tgamma(df / 2));
        if (isfinite(density)) {
            assert_near(bench__t_quantile(p, df), off / density, 1e-12, "t near 0");
        }
    }
    assert_true(bench__t_quantile(0.5, 4) == 0.0);
}

static void edges(void **state) {
    (void)state;
    double lower, upper;
    assert_true(bench__normal_quantile(0) == -INFINITY && bench__normal_quantile(1) == INFINITY);
    assert_true(isnan(bench__normal_quantile(1.5)) && isnan(bench__normal_quantile(NAN)));
    assert_true(bench__t_quantile(0, 3) == -INFINITY && bench__t_quantile(1, 3) == INFINITY);
    assert_true(bench__t_cdf(INFINITY, 3) == 1.0 && bench__t_cdf(-INFINITY, 3) == 0.0);
    assert_true(isnan(bench__t_cdf(1, 0)) && isnan(bench__t_quantile(0.5, -1)));
    assert_true(bench__beta_cdf(-1, 2, 3) == 0.0 && bench__beta_cdf(2, 2, 3) == 1.0);
    assert_true(bench__beta_quantile(0, 2, 3) == 0.0 && bench__beta_quantile(1, 2, 3) == 1.0);
    assert_true(isnan(bench__beta_cdf(0.5, 0, 1)) && isnan(bench__beta_quantile(2, 1, 1)));
    assert_true(bench__beta_quantile(1e-300, 0.01, 1) == 0.0); /* 1e-30000 */
    assert_true(bench__binomial_cdf(5, 5, 0.3) == 1.0 && bench__binomial_cdf(0, 5, 0) == 1.0);
    assert_true(bench__binomial_cdf(4, 5, 1) == 0.0 && isnan(bench__binomial_cdf(1, 5, 1.1)));
    assert_near(bench__normal_quantile(4.9406564584124654e-324), -38.4674, 1e-4,
                "denormal, a number of one digit");
    bench__binomial_interval(0, 0, 0.95, &lower, &upper);
    assert_true(lower == 0.0 && upper == 1.0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_r),
        cmocka_unit_test(inverses),
        cmocka_unit_test(t_joins_its_expansion),
        cmocka_unit_test(t_near_the_centre),
        cmocka_unit_test(edges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
