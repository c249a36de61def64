/* What enters a noise record, what is kept, and what it says about a benchmark. */
#include "noise_support.h"

#include "stats/describe.h"
#include "unit/base/alloc_failure.h"

static int setup(void **state) {
    static struct bench__noise_record record;
    bench__noise_init(&record, "machine-0001");
    *state = &record;
    return 0;
}

static int teardown(void **state) {
    bench__noise_clear(*state);
    assert_int_equal(bench__mem_live(), 0);
    return 0;
}

static void assert_near(double got, double expected, double tolerance) {
    if (!(fabs(got - expected) <= tolerance)) {
        fail_msg("%.15g instead of %.15g", got, expected);
    }
}

/* ---- what enters ----------------------------------------------------------------------------- */

static void a_run_is_summarised_as_verdicts_see_it(void **state) {
    struct bench__noise_record *record = *state;
    bench_run *run = run_of_day(0);
    bench_result *result = add_benchmark(run, "s", "f");
    for (int i = 0; i < 10; i++) {
        add_launch(result, i == 9 ? 1e6 : 100 + i); /* one odd launch changes little */
    }
    result->time.between_launch_sd = 0.02;
    add_reading(run, 1);
    add_reading(run, 3);
    add_reading(run, 1.5);
    run->calibrations[1].ns[BENCH_KERNEL_L3] = NAN;
    assert_int_equal(learn(record, run, "abc"), 1);
    const struct bench__noise_benchmark *b = bench__noise_find(record, "s/group/f");
    assert_non_null(b);
    assert_int_equal(b->n_runs, 1);
    struct bench__side side;
    double error2;
    size_t kept;
    assert_int_equal(bench__side_init(&side, result, NULL, BENCH_KERNEL_ADD), 0);
    const double location = bench__side_location(&side, &error2, &kept);
    bench__side_clear(&side);
    assert_near(b->runs[0].time_ns, exp(location), 1e-9);
    assert_near(b->runs[0].error, sqrt(error2), 1e-12);
    assert_true(b->runs[0].launch_sd == 0.02 && b->runs[0].n_launches == 10);
    assert_string_equal(record->executables[b->runs[0].executable], "abc");
    assert_int_equal(record->n_calibrations, 1);
    assert_near(record->calibrations[0].ns[BENCH_KERNEL_MULTIPLY], 1.5 * 2, 1e-12);
    assert_near(record->calibrations[0].ns[BENCH_KERNEL_L3], 1.25 * 5, 1e-12);
    bench_run_free(run);
}

static void what_says_nothing_does_not_enter(void **state) {
    struct bench__noise_record *record = *state;
    bench_run *run = run_of_day(0);
    add_pattern(run, "failed", 100, 16)->status = BENCH_STATUS_FAILED;
    add_pattern(run, "noisy", 100, 16)->flags = BENCH_FLAG_NOISY | BENCH_FLAG_MULTIMODAL;
    add_pattern(run, "few", 100, 4);
    bench_result *invalid = add_pattern(run, "few_valid", 100, 5);
    invalid->launches[2].noise.contaminated = BENCH_NOISE_CLOCK;
    add_reading(run, 1);
    assert_int_equal(learn(record, run, ""), 0);
    assert_int_equal(record->n_benchmarks, 0);
    assert_int_equal(record->n_calibrations, 0);
    add_pattern(run, "enough", 100, 5)->flags = BENCH_FLAG_NOT_STEADY;
    run->interrupted = 1;
    assert_int_equal(learn(record, run, ""), 0);
    run->interrupted = 0;
    run->timestamp[0] = '\0';
    assert_int_equal(learn(record, run, ""), 0);
    snprintf(run->timestamp, sizeof run->timestamp, "2024-01-01T12:00:00Z");
    assert_int_equal(learn(record, run, ""), 1);
    assert_int_equal(bench__noise_find(record, "s/group/enough")->runs[0].executable, -1);
    bench_run_free(run);
}

static void a_run_counts_once(void **state) {
    struct bench__noise_record *record = *state;
    learn_time(record, 3, 100, "a");
    learn_time(record, 3, 200, "b");
    const struct bench__noise_benchmark *b = bench__noise_find(record, "s/group/f");
    assert_int_equal(b->n_runs, 1);
    assert_near(b->runs[0].time_ns, 200, 1e-9);
    assert_int_equal(record->n_executables, 1); /* of "a" nothing is left */
    assert_string_equal(record->executables[b->runs[0].executable], "b");
    bench_run *run = run_of_day(3); /* another one that began in the same second */
    run->seed = 77;
    add_pattern(run, "f", 300, 10);
    learn(record, run, "b");
    assert_int_equal(b->n_runs, 2);
    bench_run_free(run);
}

/* ---- what is kept ---------------------------------------------------------------------------- */

static void thirty_runs_are_kept_by_time(void **state) {
    struct bench__noise_record *record = *state;
    for (int i = 0; i < 40; i++) {
        const int day = (i * 7) % 40; /* not in order, as when two machines share a home */
        bench_run *run = run_of_day(day);
        char id[16];
        add_pattern(run, "f", 100 + day, 10);
        add_reading(run, 1 + day);
        snprintf(id, sizeof id, "build-%d", day / 4);
        learn(record, run, id);
        bench_run_free(run);
    }
    const struct bench__noise_benchmark *b = bench__noise_find(record, "s/group/f");
    assert_int_equal(b->n_runs, BENCH__NOISE_MAX_RUNS);
    assert_int_equal(record->n_calibrations, BENCH__NOISE_MAX_RUNS);
    for (size_t i = 1; i < b->n_runs; i++) {
        assert_true(bench__noise_key_order(&b->runs[i - 1].key, &b->runs[i].key) < 0);
        assert_true(record->calibrations[i - 1].ns[0] < record->calibrations[i].ns[0]);
    }
    assert_near(b->runs[b->n_runs - 1].time_ns, 139, 1e-9);
    assert_int_equal(record->n_executables, 8); /* of days 10 to 39; the other two are gone */
}

static void what_was_not_seen_for_the_longest_goes_first(void **state) {
    struct bench__noise_record *record = *state;
    enum { EXTRA = 3 };
    for (int i = 0; i < BENCH__NOISE_MAX_BENCHMARKS + EXTRA; i++) {
        char name[32];
        snprintf(name, sizeof name, "b%05d", i);
        struct bench__noise_benchmark *b = bench__noise_append(record, name);
        assert_non_null(b);
        b->runs = bench__alloc(1, sizeof *b->runs);
        assert_non_null(b->runs);
        b->n_runs = b->runs_capacity = 1;
        bench__noise_run_init(b->runs);
        /* three in the middle are the oldest */
        snprintf(b->runs->key.timestamp, sizeof b->runs->key.timestamp, "2024-01-%02dT12:00:00Z",
                 i >= 500 && i < 500 + EXTRA ? 1 : 2);
    }
    bench__noise_settle(record);
    assert_int_equal(record->n_benchmarks, BENCH__NOISE_MAX_BENCHMARKS);
    assert_null(bench__noise_find(record, "b00500"));
    assert_null(bench__noise_find(record, "b00502"));
    assert_non_null(bench__noise_find(record, "b00499"));
    assert_non_null(bench__noise_find(record, "b00503"));
    assert_non_null(bench__noise_find(record, "b20002"));
}

/* ---- what it says ---------------------------------------------------------------------------- */

static void it_takes_five_runs_to_know(void **state) {
    struct bench__noise_record *record = *state;
    assert_int_equal(bench__noise_between_runs(record, "s/group/f", NULL).n_runs, 0);
    const double ns[] = {100, 104, 101, 99, 105};
    double x[5];
    for (int i = 0; i < 5; i++) {
        const struct bench__between_runs before =
            bench__noise_between_runs(record, "s/group/f", NULL);
        assert_true(isnan(before.sd) && isnan(before.df) && before.n_runs == (size_t)i);
        learn_time(record, 2 * i, ns[i], "");
        x[i] = log(ns[i]);
    }
    const struct bench__between_runs known = bench__noise_between_runs(record, "s/group/f", NULL);
    assert_near(known.sd, bench__std_dev(x, 5), 1e-12);
    assert_true(known.df > 1 && known.df < 4);
    assert_true(known.n_runs == 5 && known.span_s == 8 * 86400.0);
    /* 10 launches at +-0.001, 6 kept: 10 * 0.001^2 / (6 * 5) for each run */
    assert_near(known.own_error2, 1e-5 / 30, 1e-15);
    assert_int_equal(bench__noise_between_runs(record, "s/group", NULL).n_runs, 0);
}

static void the_run_that_is_judged_has_no_say(void **state) {
    struct bench__noise_record *record = *state;
    for (int i = 0; i < 5; i++) {
        learn_time(record, i, 100 + i % 2, "");
    }
    learn_time(record, 9, 200, "");
    bench_run *run = run_of_day(9);
    assert_true(bench__noise_between_runs(record, "s/group/f", NULL).sd > 0.1);
    const struct bench__between_runs known = bench__noise_between_runs(record, "s/group/f", run);
    assert_true(known.sd < 0.01 && known.n_runs == 5);
    run->seed++;
    assert_true(bench__noise_between_runs(record, "s/group/f", run).n_runs == 6);
    bench_run_free(run);
}

/* The code became twice as fast on day 3. */
static void runs_of_one_executable_are_compared_with_each_other(void **state) {
    struct bench__noise_record *record = *state;
    const double ns[] = {100, 102, 101, 50, 51, 50, 51};
    for (int i = 0; i < 6; i++) {
        learn_time(record, i, ns[i], i < 3 ? "old" : "new");
    }
    /* Two groups of three: four degrees of freedom. */
    struct bench__between_runs known = bench__noise_between_runs(record, "s/group/f", NULL);
    assert_true(known.sd < 0.02 && known.n_runs == 6 && known.span_s == 2 * 86400.0);
    assert_near(known.own_error2, 1e-5 / 30, 1e-15);
    bench__noise_clear(record);
    bench__noise_init(record, "machine-0001");
    for (int i = 0; i < 5; i++) {
        learn_time(record, i, ns[i], i < 3 ? "old" : "new");
    }
    known = bench__noise_between_runs(record, "s/group/f", NULL); /* only three: all of them */
    assert_true(known.sd > 0.3 && known.n_runs == 5 && known.span_s == 4 * 86400.0);
    learn_time(record, 5, 400, "third"); /* alone: says nothing about runs */
    learn_time(record, 6, 51, "new");
    known = bench__noise_between_runs(record, "s/group/f", NULL);
    assert_true(known.sd < 0.02 && known.n_runs == 6);
}

static void unknown_executables_are_not_the_same(void **state) {
    struct bench__noise_record *record = *state;
    const double ns[] = {100, 102, 101, 50, 51, 50};
    for (int i = 0; i < 6; i++) {
        learn_time(record, i, ns[i], "");
    }
    assert_true(bench__noise_between_runs(record, "s/group/f", NULL).sd > 0.3);
}

static void duels_leave_what_equal_copies_showed(void **state) {
    struct bench__noise_record *record = *state;
    const double floors[] = {0.004, 0, 0.001};
    for (int i = 0; i < 3; i++) {
        bench_run *run = run_of_day(i);
        bench_comparison c[] = {{.name = "s/group/f"}, {.name = "s/group/none"}};
        c[0].duel = (bench_duel_record){.n_launches = 8, .n_floor_launches = 4, .floor_sd = NAN};
        c[0].duel.floor_sd = floors[i];
        c[1].duel = (bench_duel_record){.n_launches = 8, .floor_sd = NAN};
        const bench_outcome outcome = {.run = run, .n_comparisons = 2, .comparisons = c};
        assert_int_equal(bench__noise_add_duels(record, &outcome), 0);
        bench_run_free(run);
    }
    const struct bench__noise_benchmark *b = bench__noise_find(record, "s/group/f");
    assert_int_equal(b->n_floors, 3);
    assert_true(bench__noise_floor_sd(b) == 0.001);
    assert_null(bench__noise_find(record, "s/group/none"));
    assert_int_equal(bench__noise_between_runs(record, "s/group/f", NULL).n_runs, 0);
}

/* ---- memory ---------------------------------------------------------------------------------- */

static bench_run *shared_run;

static int learn_twice(void) {
    struct bench__noise_record record;
    bench_comparison c = {.name = "s/group/duelled",
                          .duel = {.n_launches = 8, .n_floor_launches = 4, .floor_sd = 0.1}};
    const bench_outcome outcome = {.run = shared_run, .n_comparisons = 1, .comparisons = &c};
    size_t n;
    bench__noise_init(&record, "m");
    int rc = bench__noise_add_run(&record, shared_run, &n);
    rc = rc == 0 ? bench__noise_add_run(&record, shared_run, &n) : rc;
    rc = rc == 0 ? bench__noise_add_duels(&record, &outcome) : rc;
    bench__noise_clear(&record);
    return rc;
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    shared_run = run_of_day(0);
    add_pattern(shared_run, "f", 100, 5);
    add_pattern(shared_run, "g", 100, 5);
    snprintf(shared_run->executable_id, sizeof shared_run->executable_id, "a");
    add_reading(shared_run, 1);
    fail_every_allocation(learn_twice);
    bench_run_free(shared_run);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_run_is_summarised_as_verdicts_see_it),
        TEST(what_says_nothing_does_not_enter),
        TEST(a_run_counts_once),
        TEST(thirty_runs_are_kept_by_time),
        TEST(what_was_not_seen_for_the_longest_goes_first),
        TEST(it_takes_five_runs_to_know),
        TEST(the_run_that_is_judged_has_no_say),
        TEST(runs_of_one_executable_are_compared_with_each_other),
        TEST(unknown_executables_are_not_the_same),
        TEST(duels_leave_what_equal_copies_showed),
        TEST(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
