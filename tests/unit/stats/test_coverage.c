/*
 * What the intervals promise, by simulation with fixed seeds. Exact methods must cover what they
 * say within a point; approximate ones are held to what theory and experience say of them, so that
 * a mistake of a point or two in the code shows.
 */
#include "base/rng.h"
#include "base/robust.h"
#include "reference.h"
#include "stats/bootstrap.h"
#include "stats/describe.h"
#include "stats/quantile.h"
#include "stats/special.h"

enum shape { NORMAL, LOGNORMAL, SPIKY, BIMODAL, N_SHAPES };

static const char *const shape_name[] = {"normal", "lognormal", "spiky", "bimodal"};

static double draw(struct bench__rng *rng, enum shape shape) {
    double z = bench__rng_normal(rng), u = bench__rng_double(rng);
    switch (shape) {
    case LOGNORMAL:
        return exp(0.5 * z);
    case SPIKY: /* one in twenty takes five times as long */
        return (10 + z) * (u < 0.05 ? 5 : 1);
    case BIMODAL:
        return z + (u < 0.4 ? 4 : 0);
    default:
        return 10 + z;
    }
}

struct truth {
    double mean, median, mad;
};

static struct truth truth_of(enum shape shape) {
    enum { N = 400001 };
    static double x[N];
    struct bench__rng rng;
    bench__rng_init(&rng, 77);
    for (size_t i = 0; i < N; i++) {
        x[i] = draw(&rng, shape);
    }
    struct truth out = {bench__mean(x, N), bench__median_inplace(x, N), 0};
    out.mad = bench__mad_inplace(x, N);
    return out;
}

static int covers(bench_estimate e, double truth) {
    return e.lower <= truth && truth <= e.upper;
}

/* ---- exact methods --------------------------------------------------------------------------- */

/* 20,000 trials: standard error 0.15 points. */
static void median_interval(void **state) {
    (void)state;
    enum { TRIALS = 20000 };
    const size_t sizes[] = {5, 8, 16, 17, 50};
    for (enum shape shape = NORMAL; shape < N_SHAPES; shape++) {
        double truth = truth_of(shape).median;
        for (size_t k = 0; k < 5; k++) {
            struct bench__rng rng;
            double x[50], promised = 0;
            int covered = 0;
            bench__rng_init(&rng, 1000 * (uint64_t)shape + k);
            for (int trial = 0; trial < TRIALS; trial++) {
                for (size_t i = 0; i < sizes[k]; i++) {
                    x[i] = draw(&rng, shape);
                }
                bench__sort(x, sizes[k]);
                covered += covers(bench__median_interval(x, sizes[k], 0.95, &promised), truth);
            }
            char what[100];
            snprintf(what, sizeof what, "%s, n %zu: coverage of the median interval, promised %.4f",
                     shape_name[shape], sizes[k], promised);
            assert_between(covered / (double)TRIALS, promised - 0.01, promised + 0.01, what);
            assert_true(sizes[k] < 6 || promised >= 0.95);
        }
    }
}

/* With few launches: Student's t, exact for normal data. */
static void t_interval(void **state) {
    (void)state;
    enum { TRIALS = 20000 };
    for (size_t n = 3; n < 10; n += 3) {
        struct bench__rng rng;
        double x[10], t = bench__t_quantile(0.975, (double)n - 1);
        int covered = 0;
        bench__rng_init(&rng, n);
        for (int trial = 0; trial < TRIALS; trial++) {
            for (size_t i = 0; i < n; i++) {
                x[i] = draw(&rng, NORMAL);
            }
            double half = t * bench__std_dev(x, n) / sqrt((double)n);
            covered += fabs(bench__mean(x, n) - 10) <= half;
        }
        assert_between(covered / (double)TRIALS, 0.94, 0.96, "coverage of t");
    }
}

/* ---- launches -------------------------------------------------------------------------------- */

enum { LAUNCHES = 16, SAMPLES = 60 };

/* Launches of log times: a launch's own level, and samples within it that follow an AR(1). */
static void simulate(double x[LAUNCHES][SAMPLES], struct bench__rng *rng, double between_sd,
                     double rho) {
    for (int p = 0; p < LAUNCHES; p++) {
        double level = between_sd * bench__rng_normal(rng), state = bench__rng_normal(rng);
        for (int i = 0; i < SAMPLES; i++) {
            x[p][i] = level + state;
            state = rho * state + sqrt(1 - rho * rho) * bench__rng_normal(rng);
        }
    }
}

struct coverage {
    double launches, pooled, promised;
};

/* Coverage of the true median 0 by the interval over launch medians, and by the one that takes all
 * samples for independent. */
static struct coverage of_launches(double between_sd, double rho) {
    enum { TRIALS = 3000 };
    static double x[LAUNCHES][SAMPLES], pooled[LAUNCHES * SAMPLES];
    struct bench__rng rng;
    struct coverage out = {0, 0, 0};
    bench__rng_init(&rng, (uint64_t)(1000 * rho + between_sd));
    for (int trial = 0; trial < TRIALS; trial++) {
        double medians[LAUNCHES];
        simulate(x, &rng, between_sd, rho);
        for (int p = 0; p < LAUNCHES; p++) {
            memcpy(pooled + p * SAMPLES, x[p], sizeof x[p]);
            medians[p] = bench__median_inplace(x[p], SAMPLES);
        }
        bench__sort(medians, LAUNCHES);
        bench__sort(pooled, LAUNCHES * SAMPLES);
        out.launches += covers(bench__median_interval(medians, LAUNCHES, 0.95, &out.promised), 0) /
                        (double)TRIALS;
        out.pooled += covers(bench__median_interval(pooled, LAUNCHES * SAMPLES, 0.95, NULL), 0) /
                      (double)TRIALS;
    }
    return out;
}

/* Exact again, launches being independent: 3,000 trials, standard error 0.27 points at 97.9 %. What
 * the pooled samples would claim is asserted too: it is why the unit of evidence is the launch. */
static void autocorrelated_samples(void **state) {
    (void)state;
    struct coverage c = of_launches(0, 0.6);
    assert_between(c.launches, c.promised - 0.01, c.promised + 0.01, "launches, AR(1) 0.6");
    assert_between(c.pooled, 0.6, 0.85, "pooled samples, AR(1) 0.6");
}

static void hierarchical(void **state) {
    (void)state;
    struct coverage c = of_launches(3, 0); /* ICC 9 / (9 + 1) */
    assert_between(c.launches, c.promised - 0.01, c.promised + 0.01, "launches, ICC 0.9");
    assert_between(c.pooled, 0.1, 0.35, "pooled samples, ICC 0.9");
    c = of_launches(3, 0.6);
    assert_between(c.launches, c.promised - 0.01, c.promised + 0.01, "ICC 0.9 and AR(1) 0.6");
}

/* ---- bootstrap ------------------------------------------------------------------------------- */

/* The share of trials in which 95 % intervals for mean, median and MAD held the truth. */
static void measure_coverage(double out[3], enum shape shape, size_t n, int trials,
                             enum bench__boot_method method) {
    struct truth truth = truth_of(shape);
    struct bench__rng rng;
    double x[100];
    bench__rng_init(&rng, n + 1000 * (uint64_t)shape);
    out[0] = out[1] = out[2] = 0;
    for (int trial = 0; trial < trials; trial++) {
        struct bench__boot_options options = {method, 1000, 0.95, (uint64_t)trial};
        struct bench__boot_result r;
        for (size_t i = 0; i < n; i++) {
            x[i] = draw(&rng, shape);
        }
        assert_int_equal(bench__bootstrap(&r, x, NULL, n, &options, NULL), 0);
        out[0] += covers(r.mean, truth.mean) / (double)trials;
        out[1] += covers(r.median, truth.median) / (double)trials;
        out[2] += covers(r.mad, truth.mad) / (double)trials;
    }
}

static const char *const statistic_name[] = {"mean", "median", "MAD"};

/*
 * BCa at 95 %. It is accurate to second order only as n grows: at 16 launches the mean of normal
 * data is covered two points too seldom and a skewed one five; the median and the MAD one or two.
 * Nothing covers the mean of 16 values of which one in twenty is five times as long: 44 % of such
 * samples hold no long one at all. Two clusters leave the MAD, which falls between them, four
 * points short. 1,500 trials have a standard error of 0.6 points: three of those are allowed.
 */
static void bca(void **state) {
    (void)state;
    const double expected[N_SHAPES][2][3] = {
        [NORMAL] = {{0.93, 0.94, 0.945}, {0.94, 0.945, 0.95}},
        [LOGNORMAL] = {{0.90, 0.94, 0.94}, {0.935, 0.945, 0.95}},
        [SPIKY] = {{0.55, 0.94, 0.95}, {0.95, 0.945, 0.95}},
        [BIMODAL] = {{0.945, 0.935, 0.915}, {0.95, 0.95, 0.915}},
    };
    for (enum shape shape = NORMAL; shape < N_SHAPES; shape++) {
        for (int many = 0; many < 2; many++) {
            double covered[3];
            size_t n = many ? 100 : 16;
            measure_coverage(covered, shape, n, 1500, BENCH__BOOT_BCA);
            for (int s = 0; s < 3; s++) {
                char what[100];
                double e = expected[shape][many][s], slack = 3 * sqrt(e * (1 - e) / 1500);
                snprintf(what, sizeof what, "%s, n %zu, %s: coverage of BCa", shape_name[shape], n,
                         statistic_name[s]);
                print_message("%s %.3f\n", what, covered[s]);
                assert_between(covered[s], e - slack, e + slack, what);
            }
        }
    }
}

/* Bootstrap-t is the one for means of few values: Student's t if they are normal, and closer to 95
 * % than BCa if they are skewed. Percentile intervals of the median are as good as any. */
static void other_methods(void **state) {
    (void)state;
    double covered[3];
    measure_coverage(covered, NORMAL, 16, 1500, BENCH__BOOT_T);
    assert_between(covered[0], 0.935, 0.97, "normal, n 16, mean: coverage of bootstrap-t");
    measure_coverage(covered, LOGNORMAL, 16, 1500, BENCH__BOOT_T);
    assert_between(covered[0], 0.915, 0.95, "lognormal, n 16, mean: coverage of bootstrap-t");
    measure_coverage(covered, LOGNORMAL, 16, 1500, BENCH__BOOT_PERCENTILE);
    assert_between(covered[1], 0.925, 0.965, "lognormal, n 16, median: coverage by percentile");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(median_interval),
        cmocka_unit_test(t_interval),
        cmocka_unit_test(autocorrelated_samples),
        cmocka_unit_test(hierarchical),
        cmocka_unit_test(bca),
        cmocka_unit_test(other_methods),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
