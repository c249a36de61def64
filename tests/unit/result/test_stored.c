/*
 * The change between two stored runs: how what is known of earlier runs enters it. Compared with
 * the formulas, on launches that agree in a known way.
 */
#include "result_support.h"

#include "result/stored.h"
#include "stats/power.h"
#include "stats/special.h"

enum { LAUNCHES = 16, KEPT = 10 };

#define STEP 0.001
/* Yuen: winsorised deviations of +-1.5 and +-0.5 steps, 16 of them, 10 kept. */
#define OWN_ERROR2 (STEP * STEP * 16 * (1.5 * 1.5 + 0.5 * 0.5) / 2 / (KEPT * (KEPT - 1)))

struct world {
    bench_run *before, *after;
    struct bench__between_runs known;
    int asked;
};

static bench_run *steady_run(double ns, double step) {
    bench_run *run = new_run();
    bench_result *result = add_benchmark(run, "s", "f");
    for (int i = 0; i < LAUNCHES; i++) {
        add_launch(result, ns * exp(step * ((i % 4) - 1.5)));
    }
    return run;
}

static int setup(void **state) {
    static struct world w;
    w = (struct world){.before = steady_run(100, STEP), .after = steady_run(102, STEP)};
    *state = &w;
    return 0;
}

static int teardown(void **state) {
    struct world *w = *state;
    bench_run_free(w->before);
    bench_run_free(w->after);
    return 0;
}

static struct bench__between_runs answer(void *context, const char *name) {
    struct world *w = context;
    assert_string_equal(name, "s/group/f");
    w->asked++;
    return w->known;
}

static bench_comparison change_of(struct world *w) {
    bench_comparison c = {.name = w->after->results[0].name,
                          .after = &w->after->results[0],
                          .before = &w->before->results[0],
                          .alpha = 0.01,
                          .kernel = -1};
    struct bench__stored runs;
    double upper = NAN;
    bench__stored_init(&runs, w->after, w->before, answer, w);
    assert_int_equal(bench__stored_change(&c, &upper, &runs), 0);
    assert_true(upper < c.change.upper || isnan(upper));
    return c;
}

static double half_width(const bench_comparison *c) {
    return (log1p(c->change.upper) - log1p(c->change.lower)) / 2;
}

static void assert_near(double got, double expected) {
    if (!(fabs(got - expected) <= 1e-9 * fabs(expected))) {
        fail_msg("%.12g instead of %.12g", got, expected);
    }
}

static void few_runs_mean_a_wide_t(void **state) {
    struct world *w = *state;
    w->known = (struct bench__between_runs){
        .sd = 0.02, .df = 4, .own_error2 = OWN_ERROR2, .span_s = 0, .n_runs = 5};
    const bench_comparison c = change_of(w);
    /* The launches show no more than those of the known runs: nothing is counted twice. */
    const double se = sqrt(2) * 0.02;
    assert_int_equal(w->asked, 1);
    assert_near(c.change.point, 0.02);
    assert_near(half_width(&c), bench__t_quantile(0.995, 4) * se);
    assert_near(c.p_value, 2 * bench__t_cdf(-log(1.02) / se, 4));
    assert_near(c.mde, expm1(bench__mde(se, 4, 0.01)));
    assert_true(c.between_run_sd == 0.02 && c.n_runs_known == 5);
}

static void launches_worse_than_those_of_the_known_runs_count(void **state) {
    struct world *w = *state;
    bench_run_free(w->after);
    w->after = steady_run(102, 3 * STEP);
    w->known = (struct bench__between_runs){
        .sd = 0.002, .df = 6, .own_error2 = OWN_ERROR2, .span_s = 0, .n_runs = 9};
    const bench_comparison c = change_of(w);
    const double moved = 2 * 0.002 * 0.002, error2 = moved + 8 * OWN_ERROR2;
    const double lost = moved * moved / 6 + 64 * OWN_ERROR2 * OWN_ERROR2 / (KEPT - 1);
    assert_near(half_width(&c), bench__t_quantile(0.995, error2 * error2 / lost) * sqrt(error2));
}

static void never_narrower_than_the_launches_say(void **state) {
    struct world *w = *state;
    w->known = (struct bench__between_runs){
        .sd = 0, .df = 4, .own_error2 = OWN_ERROR2, .span_s = 0, .n_runs = 5};
    const bench_comparison c = change_of(w);
    assert_near(half_width(&c), bench__t_quantile(0.995, 2 * (KEPT - 1)) * sqrt(2 * OWN_ERROR2));
    w->known.sd = sqrt(0.99 * OWN_ERROR2); /* of five runs; with nearly the same error, nearly t4 */
    const bench_comparison close = change_of(w);
    assert_near(half_width(&close), bench__t_quantile(0.995, 4) * sqrt(2 * OWN_ERROR2));
}

static void fewer_than_five_runs_are_not_enough(void **state) {
    struct world *w = *state;
    w->known = (struct bench__between_runs){.sd = NAN, .df = NAN, .span_s = NAN, .n_runs = 4};
    bench_comparison c = change_of(w);
    assert_true(c.between_run_sd == BENCH__ASSUMED_SD_FLOOR && c.n_runs_known == 4);
    const double error2 = 2 * OWN_ERROR2 + 2 * pow(BENCH__ASSUMED_SD_FLOOR, 2);
    assert_true(half_width(&c) > 2.57 * sqrt(error2) && half_width(&c) < 2.59 * sqrt(error2));
}

static void set_times(struct world *w, const char *before, const char *after) {
    snprintf(w->before->timestamp, sizeof w->before->timestamp, "%s", before);
    snprintf(w->after->timestamp, sizeof w->after->timestamp, "%s", after);
}

/* Five runs of one hour say little about a week: then at least what would have been assumed. */
static void known_runs_must_span_half_the_time(void **state) {
    struct world *w = *state;
    const double hour = 3600;
    w->known = (struct bench__between_runs){
        .sd = 0.002, .df = 4, .own_error2 = OWN_ERROR2, .span_s = hour, .n_runs = 5};
    set_times(w, "2024-05-06T07:00:00Z", "2024-05-06T09:01:00Z");
    assert_true(change_of(w).between_run_sd == 0.002);
    set_times(w, "2024-05-06T07:00:00Z", "2024-05-06T09:01:01Z");
    const bench_comparison c = change_of(w);
    assert_true(c.between_run_sd == BENCH__ASSUMED_SD_FLOOR && c.n_runs_known == 5);
    w->known.n_runs = 0; /* and then it is just the assumption */
    const bench_comparison unknown = change_of(w);
    assert_near(half_width(&c), half_width(&unknown));
    w->known.n_runs = 5;
    set_times(w, "2024-05-06T09:01:01Z", "2024-05-06T07:00:00Z"); /* compared the other way */
    assert_true(change_of(w).between_run_sd == BENCH__ASSUMED_SD_FLOOR);
    set_times(w, "", "2024-05-06T09:00:01Z");
    assert_true(change_of(w).between_run_sd == BENCH__ASSUMED_SD_FLOOR);
    w->known.sd = 0.009; /* less than the assumption, but less certain: the wider interval */
    assert_true(change_of(w).between_run_sd == 0.009);
    w->known = (struct bench__between_runs){.sd = 0.002, .df = 4, .span_s = NAN, .n_runs = 5};
    set_times(w, "2024-05-06T07:00:00Z", "2024-05-06T07:00:00Z");
    assert_true(change_of(w).between_run_sd == BENCH__ASSUMED_SD_FLOOR);
}

static void one_launch_gives_no_number(void **state) {
    struct world *w = *state;
    w->known = (struct bench__between_runs){
        .sd = 0.002, .df = 4, .own_error2 = 1, .span_s = 0, .n_runs = 5};
    for (size_t i = 1; i < LAUNCHES; i++) {
        w->after->results[0].launches[i].status = BENCH_STATUS_FAILED;
    }
    const bench_comparison c = change_of(w);
    assert_true(isnan(c.p_value) && isnan(c.mde) && isnan(c.change.lower));
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(few_runs_mean_a_wide_t),
        TEST(launches_worse_than_those_of_the_known_runs_count),
        TEST(never_narrower_than_the_launches_say),
        TEST(fewer_than_five_runs_are_not_enough),
        TEST(known_runs_must_span_half_the_time),
        TEST(one_launch_gives_no_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
