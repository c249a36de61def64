/* Shift function and suite change against R; how often their bands hold the truth. */
#include "base/mem.h"
#include "base/rng.h"
#include "reference.h"
#include "stats/shift.h"

#include <bench/common.h>

static const struct bench__shift_options AT_95_PERCENT = {
    .level = 0.95, .n_resamples = 1000, .seed = 1};

static void deciles_agree_with_r(void **state) {
    (void)state;
    struct reference r = reference_load("paired");
    for (size_t i = 0; i + 3 < r.n; i++) {
        const struct line *line = &r.lines[i];
        if (!is(line, "a")) {
            continue;
        }
        struct bench__launch_samples a = {line->v, NULL, line->n}, b = {line[1].v, NULL, line[1].n};
        struct bench__shift out;
        assert_int_equal(bench__shift(&out, &a, &b, &AT_95_PERCENT, NULL), 0);
        for (size_t k = 0; k < BENCH__N_DECILES; k++) {
            assert_near(out.before[k], line[2].v[k], 1e-13, "decile");
            assert_near(out.change[k].point, line[3].v[k], 1e-11, "difference of deciles");
            assert_true(out.change[k].lower <= out.change[k].point);
            assert_true(out.change[k].upper >= out.change[k].point);
        }
    }
    reference_free(&r);
}

static void suite_agrees_with_r(void **state) {
    (void)state;
    struct reference r = reference_load("paired");
    const struct line *line = &r.lines[r.n - 1], *suite = line - 1;
    assert_true(is(line, "suite_change") && is(suite, "suite"));
    bench_estimate e;
    assert_int_equal(bench__suite_change(&e, suite->v, 5, 12, 0.95, NULL), 0);
    assert_near(e.point, line->v[0], 1e-13, "point");
    assert_near(e.lower, line->v[1], 1e-12, "lower");
    assert_near(e.upper, line->v[2], 1e-12, "upper");
    reference_free(&r);
}

/* Launches of a benchmark on two sides: what a launch is like counts most, and it is partly the
 * same for both sides of a pair. */
enum { LAUNCHES = 16, PER_LAUNCH = 50, SAMPLES = LAUNCHES * PER_LAUNCH };

static const double JOINT = 0.01, OWN = 0.01, NOISE = 0.005;

static void fill_launches(double *a, double *b, double shift, struct bench__rng *rng) {
    for (size_t p = 0; p < LAUNCHES; p++) {
        double joint = JOINT * bench__rng_normal(rng);
        double level_a = joint + OWN * bench__rng_normal(rng);
        double level_b = joint + OWN * bench__rng_normal(rng) + shift;
        for (size_t i = p * PER_LAUNCH; i < (p + 1) * PER_LAUNCH; i++) {
            a[i] = level_a + NOISE * bench__rng_normal(rng);
            b[i] = level_b + NOISE * bench__rng_normal(rng);
        }
    }
}

static void fill_starts(size_t *start) {
    for (size_t p = 0; p <= LAUNCHES; p++) {
        start[p] = p * PER_LAUNCH;
    }
}

static int holds(const struct bench__shift *out, double truth) {
    int all = 1;
    for (size_t k = 0; k < BENCH__N_DECILES; k++) {
        all = all && out->change[k].lower <= truth && truth <= out->change[k].upper;
    }
    return all;
}

static double share_of_bands(int paired, int by_launch) {
    enum { TRIALS = 500 };
    double a[SAMPLES], b[SAMPLES];
    size_t start[LAUNCHES + 1];
    struct bench__shift_options options = AT_95_PERCENT;
    struct bench__rng rng;
    int held = 0;
    options.n_resamples = 400;
    options.paired = paired;
    fill_starts(start);
    bench__rng_init(&rng, 4);
    for (int trial = 0; trial < TRIALS; trial++) {
        struct bench__launch_samples side_a = {a, start, LAUNCHES}, side_b = {b, start, LAUNCHES};
        struct bench__shift out;
        if (!by_launch) {
            side_a = (struct bench__launch_samples){a, NULL, SAMPLES};
            side_b = (struct bench__launch_samples){b, NULL, SAMPLES};
        }
        fill_launches(a, b, 0.02, &rng);
        options.seed = (uint64_t)trial;
        assert_int_equal(bench__shift(&out, &side_a, &side_b, &options, NULL), 0);
        held += holds(&out, 0.02);
    }
    return held / (double)TRIALS;
}

/* Pooling without regard to launches is what this must not do; the last figure says why. */
static void bands_hold_all_deciles_at_once(void **state) {
    (void)state;
    double paired = share_of_bands(1, 1), unpaired = share_of_bands(0, 1);
    double pooled = share_of_bands(0, 0);
    print_message("bands: %.3f paired, %.3f unpaired, %.3f without launches\n", paired, unpaired,
                  pooled);
    assert_between(paired, 0.93, 1, "paired launches");
    assert_between(unpaired, 0.93, 1, "unpaired launches");
    assert_between(pooled, 0, 0.3, "samples taken for independent");
}

/* A change in the upper tail only, and exact values where nothing varies. */
static void the_band_shows_where(void **state) {
    (void)state;
    double a[400], b[400];
    struct bench__rng rng;
    bench__rng_init(&rng, 8);
    for (size_t i = 0; i < 400; i++) {
        a[i] = 0.01 * bench__rng_normal(&rng);
        b[i] = 0.01 * bench__rng_normal(&rng) + (i % 4 == 0 ? 0.2 : 0);
    }
    struct bench__launch_samples side_a = {a, NULL, 400}, side_b = {b, NULL, 400};
    struct bench__shift out, again;
    assert_int_equal(bench__shift(&out, &side_a, &side_b, &AT_95_PERCENT, NULL), 0);
    assert_true(out.change[8].lower > 0.15 && out.change[7].lower > 0.1);
    assert_true(out.change[1].lower < 0 && out.change[1].upper < 0.01);
    assert_int_equal(bench__shift(&again, &side_a, &side_b, &AT_95_PERCENT, NULL), 0);
    assert_memory_equal(&out, &again, sizeof out);
    const double same[] = {2, 2, 2}, more[] = {2.5, 2.5};
    struct bench__launch_samples c = {same, NULL, 3}, d = {more, NULL, 2};
    assert_int_equal(bench__shift(&out, &c, &d, &AT_95_PERCENT, NULL), 0);
    for (size_t k = 0; k < BENCH__N_DECILES; k++) {
        assert_true(out.before[k] == 2 && out.change[k].point == 0.5);
        assert_true(out.change[k].lower == 0.5 && out.change[k].upper == 0.5);
    }
}

/* Rounds that are good or bad for all benchmarks at once, and rows of different length. */
static void suite_interval_covers(void **state) {
    (void)state;
    enum { BENCHMARKS = 10, ROUNDS = 16, TRIALS = 1000 };
    double x[BENCHMARKS * ROUNDS];
    struct bench__rng rng;
    bench__rng_init(&rng, 14);
    int held = 0, held_few = 0;
    for (int trial = 0; trial < TRIALS; trial++) {
        for (size_t p = 0; p < ROUNDS; p++) {
            double joint = 0.5 * bench__rng_normal(&rng);
            for (size_t b = 0; b < BENCHMARKS; b++) {
                double value = 3 + joint + bench__rng_normal(&rng);
                x[b * ROUNDS + p] = p >= 8 && b % 3 == 0 ? NAN : value;
            }
        }
        bench_estimate all, few;
        assert_int_equal(bench__suite_change(&all, x, BENCHMARKS, ROUNDS, 0.95, NULL), 0);
        assert_int_equal(bench__suite_change(&few, x, 2 * BENCHMARKS, 8, 0.95, NULL), 0);
        held += all.lower <= 3 && 3 <= all.upper;
        held_few += few.lower <= 3 && 3 <= few.upper;
    }
    print_message("suite: %.3f of 16 rounds, %.3f of 8\n", held / (double)TRIALS,
                  held_few / (double)TRIALS);
    assert_between(held / (double)TRIALS, 0.93, 0.97, "16 rounds");
    assert_between(held_few / (double)TRIALS, 0.93, 0.98, "8 rounds");
}

static void rows_that_say_nothing(void **state) {
    (void)state;
    const double x[] = {1, 2, 3, 4, 7, NAN, NAN, NAN, NAN, NAN, NAN, NAN};
    bench_estimate with, without;
    assert_int_equal(bench__suite_change(&with, x, 3, 4, 0.95, NULL), 0);
    assert_int_equal(bench__suite_change(&without, x, 1, 4, 0.95, NULL), 0);
    assert_memory_equal(&with, &without, sizeof with);
    assert_near(with.point, 2.5, 1e-14, "estimate");
    bench_error err = {0};
    assert_int_equal(bench__suite_change(&with, x + 4, 2, 4, 0.95, &err), BENCH_EINVAL);
    assert_string_equal(err.text, "no benchmark of the suite has two launches");
    assert_int_equal(bench__suite_change(&with, x, 4, 1, 0.95, NULL), BENCH_EINVAL);
    assert_int_equal(bench__suite_change(&with, x, 3, 4, 1, NULL), BENCH_EINVAL);
    assert_int_equal(bench__suite_change(&with, x, 0, 4, 0.95, NULL), BENCH_EINVAL);
}

static int shift_code(const struct bench__launch_samples *a, const struct bench__launch_samples *b,
                      struct bench__shift_options options) {
    struct bench__shift out;
    bench_error err = {0};
    int code = bench__shift(&out, a, b, &options, &err);
    assert_int_equal(code, err.code);
    return code;
}

static void nonsense_is_refused(void **state) {
    (void)state;
    const double x[] = {1, 2, 3, NAN};
    const size_t start[] = {0, 1, 3}, empty[] = {0, 0, 3};
    struct bench__launch_samples good = {x, start, 2}, one = {x, NULL, 1}, bad = {x, NULL, 4};
    struct bench__launch_samples hollow = {x, empty, 2}, three = {x, NULL, 3};
    struct bench__shift_options options = AT_95_PERCENT;
    assert_int_equal(shift_code(&good, &three, options), 0);
    assert_int_equal(shift_code(&good, &one, options), BENCH_EINVAL);
    assert_int_equal(shift_code(&bad, &good, options), BENCH_EINVAL);
    assert_int_equal(shift_code(&good, &hollow, options), BENCH_EINVAL);
    options.paired = 1;
    assert_int_equal(shift_code(&good, &three, options), BENCH_EINVAL);
    options = AT_95_PERCENT;
    options.n_resamples = 99;
    assert_int_equal(shift_code(&good, &good, options), BENCH_EINVAL);
    options = AT_95_PERCENT;
    options.level = 0;
    assert_int_equal(shift_code(&good, &good, options), BENCH_EINVAL);
}

static void memory_runs_out(void **state) {
    (void)state;
    const double x[] = {1, 2, 3, 4, 5, 6};
    struct bench__launch_samples side = {x, NULL, 6};
    bench_estimate e;
    int shift = BENCH_ENOMEM, suite = BENCH_ENOMEM;
    for (int n = 0; n < 30 && (shift != 0 || suite != 0); n++) {
        bench__mem_fail_after(n);
        shift = shift_code(&side, &side, AT_95_PERCENT);
        bench__mem_fail_after(n);
        suite = bench__suite_change(&e, x, 2, 3, 0.95, NULL);
        bench__mem_fail_after(-1);
        assert_true((shift == 0 || shift == BENCH_ENOMEM) && (suite == 0 || suite == BENCH_ENOMEM));
        assert_true(n > 0 || (shift != 0 && suite != 0));
        assert_int_equal(bench__mem_live(), 0);
    }
    assert_true(shift == 0 && suite == 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(deciles_agree_with_r),
        cmocka_unit_test(suite_agrees_with_r),
        cmocka_unit_test(bands_hold_all_deciles_at_once),
        cmocka_unit_test(the_band_shows_where),
        cmocka_unit_test(suite_interval_covers),
        cmocka_unit_test(rows_that_say_nothing),
        cmocka_unit_test(nonsense_is_refused),
        cmocka_unit_test(memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
