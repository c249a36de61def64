/*
 * Decisions: from launches to a verdict, and played with real workers, of which this program is
 * both sides. Looks at what was decided, never at how long it took.
 */
#include "selftest/trials.h"

#include "unit/measure/near.h"

#include "../base/alloc_failure.h"
#include "worker/worker.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

/* ---- deciding ---- */

enum { N = 16, N_FLOOR = 4 };

static const double steps[N] = {-1, 1, -0.5, 0.5, -0.2, 0.2, -0.8, 0.8,
                                -1, 1, -0.4, 0.4, -0.1, 0.1, -0.6, 0.6};

/* About launches around `change` (log) with the spread `sd`; copies differ by `floor`. */
static struct bench__trial decide(double change, double sd, double floor) {
    double x[N], copies[N_FLOOR];
    for (size_t i = 0; i < N; i++) {
        x[i] = change + sd * steps[i];
    }
    for (size_t i = 0; i < N_FLOOR; i++) {
        copies[i] = i % 2 == 0 ? floor : -floor;
    }
    const struct bench__duel_evidence evidence = {.kind = BENCH_EVIDENCE_DUEL,
                                                  .x = x,
                                                  .n = N,
                                                  .floor = copies,
                                                  .n_floor = N_FLOOR,
                                                  .wall_ns = 1.4e9};
    struct bench__trial trial = {.body = BENCH__BODY_COPY, .effect = 20, .seconds = 3};
    bench_error error = {0};
    assert_int_equal(bench__trial_decide(&trial, &evidence, 0.01, 0.01, 1, &error), 0);
    assert_int_equal(trial.body, BENCH__BODY_COPY);
    assert_int_equal(trial.effect, 20);
    assert_near(trial.seconds, 3, 0);
    return trial;
}

static void equals_pass(void **state) {
    (void)state;
    const struct bench__trial t = decide(0, 0.002, 0);
    assert_int_equal(t.verdict, BENCH_VERDICT_PASS);
    assert_int_equal(t.direction, 0);
    assert_true(t.p > 0.5);
    assert_true(t.change.lower < 0 && t.change.upper > 0);
    assert_int_equal(t.n_launches, N);
    assert_near(t.floor_sd, 0, 0);
}

static void what_differs_is_found_in_its_direction(void **state) {
    (void)state;
    const struct bench__trial slower = decide(log1p(0.02), 0.002, 0);
    assert_int_equal(slower.direction, 1);
    assert_int_equal(slower.verdict, BENCH_VERDICT_REGRESSED);
    assert_near(slower.change.point, 0.02, 1e-9);
    assert_true(slower.mde > 0 && slower.mde < 0.01);
    assert_true(slower.launch_sd > 0.001 && slower.launch_sd < 0.002);
    const struct bench__trial faster = decide(-log1p(0.02), 0.002, 0);
    assert_int_equal(faster.direction, -1);
    assert_int_equal(faster.verdict, BENCH_VERDICT_IMPROVED);
}

static void a_change_below_the_threshold_is_found_and_passes(void **state) {
    (void)state;
    const struct bench__trial t = decide(log1p(0.005), 0.002, 0);
    assert_int_equal(t.direction, 1);
    assert_int_equal(t.verdict, BENCH_VERDICT_PASS);
}

static void launches_that_differ_leave_it_open(void **state) {
    (void)state;
    const struct bench__trial t = decide(log1p(0.02), 0.1, 0);
    assert_int_equal(t.direction, 0);
    assert_int_equal(t.verdict, BENCH_VERDICT_INCONCLUSIVE);
    assert_true(t.mde > 0.02);
}

static void copies_that_differ_stand_in_the_way(void **state) {
    (void)state;
    const struct bench__trial t = decide(log1p(0.02), 0.002, 0.03);
    assert_true(t.floor_sd > 0.01);
    assert_int_equal(t.direction, 0);
    assert_int_equal(t.verdict, BENCH_VERDICT_INCONCLUSIVE);
}

static int decide_once(void) {
    double x[N] = {0};
    for (size_t i = 0; i < N; i++) {
        x[i] = steps[i];
    }
    const struct bench__duel_evidence evidence = {.x = x, .n = N};
    struct bench__trial trial;
    return bench__trial_decide(&trial, &evidence, 0.01, 0.01, 1, NULL);
}

static void every_allocation_of_a_decision_may_fail(void **state) {
    (void)state;
    fail_every_allocation(decide_once);
}

/* ---- playing ---- */

static const struct bench__selftest_plan plan = {.effects = {0, 100},
                                                 .n_effects = 2,
                                                 .launches = 2,
                                                 .warm_up_ns = 0,
                                                 .measurement_ns = 4e6,
                                                 .alpha = 0.01,
                                                 .threshold = 0.01,
                                                 .time_ns = 1,
                                                 .seed = 5};

static void small_effects_get_more_launches(void **state) {
    (void)state;
    const struct bench__selftest_plan usual = {.launches = 16};
    assert_int_equal(bench__selftest_launches(&usual, 0), 16);
    assert_int_equal(bench__selftest_launches(&usual, 10), 16);
    assert_int_equal(bench__selftest_launches(&usual, 9), 40);
    assert_int_equal(bench__selftest_launches(&usual, 1), 40);
}

static void count_call(void *context, const struct bench__trials *trials, double done) {
    size_t *n_calls = context;
    assert_int_equal(trials->n, *n_calls);
    assert_true(done >= 0);
    ++*n_calls;
}

static void one_decision_is_made_in_no_time(void **state) {
    (void)state;
    struct bench__trials first, second;
    bench_error error = {0};
    size_t n_calls = 0;
    assert_int_equal(bench__trials_play(&first, &plan, count_call, &n_calls, NULL, &error), 0);
    assert_int_equal(first.n, 1);
    assert_int_equal(n_calls, 1);
    assert_false(first.interrupted);
    assert_true(first.turn_ns > 0 && first.elapsed_ns > 0);
    assert_int_equal(first.items[0].n_launches, 2);
    assert_true(first.items[0].seconds > 0 && first.items[0].inference_ns > 0);
    assert_true(isfinite(first.items[0].change.point));
    /* the seed decides what is played */
    assert_int_equal(bench__trials_play(&second, &plan, NULL, NULL, NULL, &error), 0);
    assert_int_equal(second.items[0].body, first.items[0].body);
    assert_int_equal(second.items[0].effect, first.items[0].effect);
    bench__trials_clear(&first);
    bench__trials_clear(&second);
    assert_int_equal(first.n, 0);
    assert_null(first.items);
}

static volatile sig_atomic_t is_interrupted;

static void interrupt_after_two(void *context, const struct bench__trials *trials, double done) {
    (void)context;
    (void)done;
    is_interrupted = trials->n == 2;
}

static void an_interruption_keeps_what_there_is(void **state) {
    (void)state;
    struct bench__selftest_plan longer = plan;
    struct bench__trials trials;
    bench_error error = {0};
    longer.time_ns = INT64_MAX;
    is_interrupted = 1;
    assert_int_equal(bench__trials_play(&trials, &longer, NULL, NULL, &is_interrupted, &error), 0);
    assert_true(trials.interrupted);
    assert_int_equal(trials.n, 0);
    bench__trials_clear(&trials);
    is_interrupted = 0;
    assert_int_equal(
        bench__trials_play(&trials, &longer, interrupt_after_two, NULL, &is_interrupted, &error),
        0);
    assert_true(trials.interrupted);
    assert_int_equal(trials.n, 2);
    assert_int_equal(error.code, 0);
    bench__trials_clear(&trials);
}

static void a_duel_that_fails_says_which(void **state) {
    (void)state;
    struct bench__trials trials;
    bench_error error = {0};
    setenv("TEST_SERVES_NOTHING", "1", 1);
    assert_int_equal(bench__trials_play(&trials, &plan, NULL, NULL, NULL, &error), BENCH_ESYSTEM);
    unsetenv("TEST_SERVES_NOTHING");
    assert_non_null(strstr(error.text, "a duel of '"));
    assert_non_null(strstr(error.text, "no benchmark selftest/"));
    assert_int_equal(trials.n, 0);
    bench__trials_clear(&trials);
}

static void no_process_is_left(void **state) {
    (void)state;
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static int serve(void) {
    const int is_empty = getenv("TEST_SERVES_NOTHING") != NULL;
    bench_suite *suite = is_empty ? bench_suite_new("nothing") : bench__selftest_suite();
    const int code = bench__worker_main(&suite, 1);
    bench_suite_free(suite);
    return code;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_pass),
        cmocka_unit_test(what_differs_is_found_in_its_direction),
        cmocka_unit_test(a_change_below_the_threshold_is_found_and_passes),
        cmocka_unit_test(launches_that_differ_leave_it_open),
        cmocka_unit_test(copies_that_differ_stand_in_the_way),
        cmocka_unit_test(every_allocation_of_a_decision_may_fail),
        cmocka_unit_test(small_effects_get_more_launches),
        cmocka_unit_test(one_decision_is_made_in_no_time),
        cmocka_unit_test(an_interruption_keeps_what_there_is),
        cmocka_unit_test(a_duel_that_fails_says_which),
        cmocka_unit_test(no_process_is_left),
    };
    return bench__worker_is_one() ? serve() : cmocka_run_group_tests(tests, NULL, NULL);
}
