/* gates.json: what is accepted, what is refused and how, and budgets against runs. */
#include "result_support.h"

#include "result/gates.h"
#include "result/pairs.h"
#include "result/verdict.h"

/* ---- cases ----------------------------------------------------------------------------------- */

static void each_case(const char *folder, void (*check)(const char *name)) {
    char path[400];
    char **names = NULL;
    size_t n = 0;
    bench_error err = {0};
    snprintf(path, sizeof path, "%s/gates/%s", TEST_DATA_DIR, folder);
    expect_ok(bench__list_directory(&names, &n, path, &err), &err);
    assert_true(n > 0);
    for (size_t i = 0; i < n; i++) {
        snprintf(path, sizeof path, "%s/gates/%s/%s", TEST_DATA_DIR, folder, names[i]);
        assert_int_equal(chdir(path), 0);
        check(names[i]);
    }
    bench__free_names(names, n);
}

static void expect_refused(const char *name) {
    struct bench__gates *gates = NULL;
    bench_error err = {0};
    char line[800];
    char *expected = slurp("error.txt");
    expected[strcspn(expected, "\n")] = '\0';
    const long live = bench__mem_live();
    const int rc = bench__gates_load(&gates, "gates.json", &err);
    assert_int_equal(bench__mem_live(), live);
    assert_null(gates);
    assert_int_equal(rc, err.code);
    bench__error_line(&err, line, sizeof line);
    if (rc == 0 || strcmp(line, expected) != 0) {
        fail_msg("%s: got \"%s\"", name, line);
    }
    bench__free(expected);
}

static void expect_accepted(const char *name) {
    struct bench__gates *gates = NULL;
    bench_error err = {0};
    (void)name;
    expect_ok(bench__gates_load(&gates, "gates.json", &err), &err);
    bench__gates_free(gates);
}

static void valid_gates(void **state) {
    (void)state;
    each_case("valid", expect_accepted);
}

static void invalid_gates(void **state) {
    (void)state;
    each_case("invalid", expect_refused);
}

static struct bench__gates *load_text(const char *text) {
    char dir[64], path[100];
    struct bench__gates *gates = NULL;
    bench_error err = {0};
    make_scratch(dir);
    snprintf(path, sizeof path, "%s/gates.json", dir);
    spit(path, text);
    expect_ok(bench__gates_load(&gates, path, &err), &err);
    remove_scratch(dir);
    return gates;
}

/* ---- thresholds ------------------------------------------------------------------------------ */

static void built_in_defaults(void **state) {
    struct bench__gates *gates = NULL;
    bench_error err = {0};
    (void)state;
    expect_ok(bench__gates_default(&gates, &err), &err);
    assert_true(bench__gates_threshold(gates, "any") == 0.05);
    assert_true(bench__gates_alpha(gates, "any") == 0.01);
    assert_int_equal(bench__gates_fail_on(gates), BENCH__FAIL_REGRESSED | BENCH__FAIL_MISSING |
                                                      BENCH__FAIL_INCOMPARABLE |
                                                      BENCH__FAIL_BUDGET);
    bench__gates_free(gates);
    bench__gates_free(NULL);
    expect_error(bench__gates_load(&gates, "/nowhere/gates.json", &err), BENCH_ENOTFOUND, &err,
                 "/nowhere/gates.json", "");
}

static void the_last_rule_that_says_something_counts(void **state) {
    (void)state;
    struct bench__gates *gates =
        load_text("{\"format_version\": 1, \"default\": {\"threshold\": \"4%\", \"alpha\": 0.02,"
                  " \"fail_on\": [\"regressed\", \"inconclusive\"]},"
                  " \"rules\": [{\"match\": \"a/**\", \"threshold\": \"2%\", \"alpha\": 0.001},"
                  "             {\"match\": \"a/b/*\", \"threshold\": 0.03},"
                  "             {\"match\": \"a/b/c\", \"alpha\": \"5%\"}]}");
    assert_true(bench__gates_threshold(gates, "z/b/c") == 0.04);
    assert_true(bench__gates_threshold(gates, "a/x/y") == 0.02);
    assert_true(bench__gates_threshold(gates, "a/b/c") == 0.03);
    assert_true(bench__gates_alpha(gates, "z/b/c") == 0.02);
    assert_true(bench__gates_alpha(gates, "a/b/d") == 0.001);
    assert_true(bench__gates_alpha(gates, "a/b/c") == 0.05);
    assert_int_equal(bench__gates_fail_on(gates), BENCH__FAIL_REGRESSED | BENCH__FAIL_INCONCLUSIVE);
    bench__gates_set_threshold(gates, 0.1);
    bench__gates_set_alpha(gates, 0.2);
    bench__gates_set_fail_on(gates, BENCH__FAIL_NONE);
    assert_true(bench__gates_threshold(gates, "a/b/c") == 0.1);
    assert_true(bench__gates_alpha(gates, "a/b/c") == 0.2);
    assert_int_equal(bench__gates_fail_on(gates), BENCH__FAIL_NONE);
    bench__gates_free(gates);
}

static void lists_of_what_fails(void **state) {
    unsigned bits = 0;
    bench_error err = {0};
    (void)state;
    expect_ok(bench__fail_on_parse(&bits, "regressed", &err), &err);
    assert_int_equal(bits, BENCH__FAIL_REGRESSED);
    expect_ok(bench__fail_on_parse(&bits, "budget,inconclusive,missing,incomparable", &err), &err);
    assert_int_equal(bits, BENCH__FAIL_BUDGET | BENCH__FAIL_INCONCLUSIVE | BENCH__FAIL_MISSING |
                               BENCH__FAIL_INCOMPARABLE);
    expect_ok(bench__fail_on_parse(&bits, "none", &err), &err);
    assert_int_equal(bits, BENCH__FAIL_NONE);
    static const char *const bad[] = {
        "", "slow", "regressed,", ",", "regressed, missing", "none,missing"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        err = (bench_error){0};
        expect_error(bench__fail_on_parse(&bits, bad[i], &err), BENCH_EINVAL, &err, "", "");
        assert_int_equal(bits, BENCH__FAIL_NONE);
    }
}

/* ---- budgets --------------------------------------------------------------------------------- */

/* s/group/fast: 100 ns [98, 102], 10 elements; s/group/slow: 110 ns; s/group/skipped. */
static bench_run *budget_run(void) {
    bench_run *run = new_run();
    bench_result *fast = add_benchmark(run, "s", "fast");
    fast->time.median = (bench_estimate){100, 98, 102};
    fast->time.cpu = 150;
    fast->time.cold = 5000;
    fast->elements_per_iteration = 10;
    fast->n_threads = 2;
    fast->latency.p99 = 900;
    fast->error_rate = 0.001;
    fast->peak_rss_bytes = 1 << 20;
    assert_non_null(bench__counter_add(&fast->counters, &fast->n_counters, "overhead", "bytes",
                                       BENCH_COUNTER_VALUE, 184));
    bench_result *slow = add_benchmark(run, "s", "slow");
    slow->time.median = (bench_estimate){110, 108, 112};
    slow->elements_per_iteration = 10;
    slow->n_threads = 2;
    for (int i = 0; i < 16; i++) {
        const double wobble = 0.001 * (i % 4);
        add_launch(&run->results[0], 100 * exp(wobble));
        add_launch(&run->results[1], 110 * exp(wobble));
    }
    bench_result *skipped = add_benchmark(run, "s", "skipped");
    skipped->status = BENCH_STATUS_SKIPPED;
    set_text(&skipped->message, "no broker at localhost");
    bench__run_sort(run);
    return run;
}

/* Evaluates one budget, given without its braces, against the run above. */
static bench_outcome evaluate(const char *budget, const bench_run *run) {
    char text[600];
    bench_error err = {0};
    bench_outcome outcome = {0};
    snprintf(text, sizeof text, "{\"format_version\": 1, \"budgets\": [{%s}]}", budget);
    struct bench__gates *gates = load_text(text);
    expect_ok(bench__gates_budgets(gates, run, &outcome, &err), &err);
    bench__gates_free(gates);
    return outcome;
}

/* Takes the run. */
static void expect_budget_of(bench_run *run, const char *budget, bench_budget_verdict verdict,
                             double measured, const char *unit, double margin, const char *reason) {
    bench_outcome outcome = evaluate(budget, run);
    assert_int_equal(outcome.n_budgets, 1);
    const bench_budget *b = &outcome.budgets[0];
    if (b->verdict != verdict || strcmp(b->unit, unit) != 0 || strstr(b->reason, reason) == NULL ||
        (b->reason[0] != '\0' && reason[0] == '\0')) {
        fail_msg("%s: verdict %d, unit \"%s\", reason \"%s\"", budget, (int)b->verdict, b->unit,
                 b->reason);
    }
    if (isnan(measured)) {
        assert_true(isnan(b->measured.point) && isnan(b->margin));
    } else if (!(fabs(b->measured.point / measured - 1) < 1e-6) ||
               !(fabs(b->margin - margin) < 1e-6)) {
        fail_msg("%s: measured %.9g, margin %.9g", budget, b->measured.point, b->margin);
    }
    bench_outcome_clear(&outcome);
    bench_run_free(run);
}

static void expect_budget(const char *budget, bench_budget_verdict verdict, double measured,
                          const char *unit, double margin, const char *reason) {
    expect_budget_of(budget_run(), budget, verdict, measured, unit, margin, reason);
}

static void absolute_budgets(void **state) {
    (void)state;
    const bench_budget_verdict pass = BENCH_BUDGET_PASS, over = BENCH_BUDGET_OVER;
    const bench_budget_verdict open = BENCH_BUDGET_INCONCLUSIVE;
#define FAST "\"match\": \"s/group/fast\", "
    expect_budget(FAST "\"metric\": \"time\", \"max\": \"102ns\"", pass, 100, "ns", 2.0 / 102, "");
    expect_budget(FAST "\"metric\": \"time\", \"max\": 101", open, 100, "ns", 1.0 / 101,
                  "interval holds the limit");
    expect_budget(FAST "\"metric\": \"time\", \"max\": 97.9", over, 100, "ns", -2.1 / 97.9, "");
    /* 10 elements x 2 threads / 100 ns = 200 M/s, from 196.08 to 204.08 */
    expect_budget(FAST "\"metric\": \"throughput\", \"min\": \"196M/s\"", pass, 2e8, "1/s",
                  4.0 / 196, "");
    expect_budget(FAST "\"metric\": \"throughput\", \"min\": \"197M/s\"", open, 2e8, "1/s",
                  3.0 / 197, "interval");
    expect_budget(FAST "\"metric\": \"throughput\", \"min\": \"205M/s\"", over, 2e8, "1/s",
                  -5.0 / 205, "");
    expect_budget(FAST "\"metric\": \"p99\", \"max\": \"1us\"", pass, 900, "ns", 0.1, "");
    expect_budget(FAST "\"metric\": \"cpu\", \"max\": 100", over, 150, "ns", -0.5, "");
    expect_budget(FAST "\"metric\": \"cold\", \"max\": \"10us\"", pass, 5000, "ns", 0.5, "");
    expect_budget(FAST "\"metric\": \"error_rate\", \"max\": \"0.2%\"", pass, 0.001, "fraction",
                  0.5, "");
    expect_budget(FAST "\"metric\": \"peak_rss\", \"max\": \"2MiB\"", pass, 1 << 20, "bytes", 0.5,
                  "");
    expect_budget(FAST "\"metric\": \"overhead\", \"max\": \"200 B\"", pass, 184, "bytes", 0.08,
                  "");
}

static void budgets_that_are_not_measured(void **state) {
    (void)state;
    const bench_budget_verdict none = BENCH_BUDGET_NOT_MEASURED;
    expect_budget(FAST "\"metric\": \"p999\", \"max\": 1", none, NAN, "ns", 0, "latency");
    expect_budget(FAST "\"metric\": \"bytes_throughput\", \"min\": 1", none, NAN, "B/s", 0,
                  "declares no bytes");
    expect_budget(FAST "\"metric\": \"hits\", \"min\": 1", none, NAN, "", 0, "no counter");
    expect_budget("\"match\": \"s/group/skipped\", \"metric\": \"time\", \"max\": 1", none, NAN,
                  "ns", 0, "skipped: no broker at localhost");
    expect_budget("\"match\": \"s/group/gone\", \"metric\": \"time\", \"max\": 1", none, NAN, "ns",
                  0, "not in this run");
    expect_budget("\"match\": \"**/gone\", \"metric\": \"time\", \"max\": 1", none, NAN, "ns", 0,
                  "not in this run");
    expect_budget("\"of\": \"s/group/gone\", \"over\": \"s/group/fast\", \"metric\": \"time\","
                  "\"max_ratio\": 1",
                  none, NAN, "1", 0, "not in this run: s/group/gone");
    expect_budget("\"of\": \"s/group/fast\", \"over\": \"s/group/skipped\", \"metric\": \"time\","
                  "\"max_ratio\": 1",
                  none, NAN, "1", 0, "skipped: s/group/skipped");
}

static void ratio_budgets(void **state) {
    (void)state;
#define SLOW_OVER_FAST "\"of\": \"s/group/slow\", \"over\": \"s/group/fast\", "
    expect_budget(SLOW_OVER_FAST "\"metric\": \"time\", \"max_overhead\": \"12%\"",
                  BENCH_BUDGET_PASS, 0.1, "fraction", 0.02 / 0.12, "");
    expect_budget(SLOW_OVER_FAST "\"metric\": \"time\", \"max_overhead\": \"10%\"",
                  BENCH_BUDGET_INCONCLUSIVE, 0.1, "fraction", 0, "interval");
    expect_budget(SLOW_OVER_FAST "\"metric\": \"time\", \"max_overhead\": \"8%\"",
                  BENCH_BUDGET_OVER, 0.1, "fraction", -0.25, "");
    expect_budget(SLOW_OVER_FAST "\"metric\": \"throughput\", \"max_overhead\": \"8%\"",
                  BENCH_BUDGET_OVER, 0.1, "fraction", -0.25, "");
    expect_budget(SLOW_OVER_FAST "\"metric\": \"time\", \"max_ratio\": 1.2", BENCH_BUDGET_PASS, 1.1,
                  "1", 0.1 / 1.2, "");
    expect_budget(SLOW_OVER_FAST "\"metric\": \"throughput\", \"min_ratio\": 0.95",
                  BENCH_BUDGET_OVER, 1 / 1.1, "1", (1 / 1.1 - 0.95) / 0.95, "");
}

/* The same run with slow and fast as a pair: between 3 and 5 % apart, other than alone. */
static bench_run *duelled_run(bench_status status) {
    bench_run *run = budget_run();
    bench_pair_result *pair = bench__run_add_pair(run);
    assert_non_null(pair);
    set_text(&pair->name, "s/group/cost");
    set_text(&pair->suite, "s");
    set_text(&pair->base, "s/group/fast");
    set_text(&pair->variant, "s/group/slow");
    pair->status = status;
    pair->alpha = 0.05;
    for (int i = 0; i < 16; i++) {
        assert_int_equal(bench__pair_add_launch(pair, log(1.04) + 0.001 * (i - 7.5)), 0);
    }
    assert_int_equal(bench__pair_analyze(pair, NULL), 0);
    assert_true(pair->change.lower > 0.03 && pair->change.upper < 0.05);
    return run;
}

static void expect_duel(const char *budget, bench_budget_verdict verdict, double measured,
                        const char *unit, double margin, const char *reason) {
    expect_budget_of(duelled_run(BENCH_STATUS_OK), budget, verdict, measured, unit, margin, reason);
}

static void ratio_budgets_by_duel(void **state) {
    (void)state;
#define FAST_OVER_SLOW "\"of\": \"s/group/fast\", \"over\": \"s/group/slow\", "
    const bench_budget_verdict pass = BENCH_BUDGET_PASS, over = BENCH_BUDGET_OVER;
    const bench_budget_verdict open = BENCH_BUDGET_INCONCLUSIVE;
    expect_duel(SLOW_OVER_FAST "\"metric\": \"time\", \"max_overhead\": \"5%\"", pass, 0.04,
                "fraction", 0.2, "by duel");
    expect_duel(SLOW_OVER_FAST "\"metric\": \"time\", \"max_overhead\": \"3%\"", over, 0.04,
                "fraction", -1.0 / 3, "by duel");
    expect_duel(SLOW_OVER_FAST "\"metric\": \"time\", \"max_overhead\": \"4%\"", open, 0.04,
                "fraction", 0, "by duel: the interval holds the limit");
    expect_duel(SLOW_OVER_FAST "\"metric\": \"time\", \"max_ratio\": 1.05", pass, 1.04, "1",
                0.01 / 1.05, "by duel");
    expect_duel(SLOW_OVER_FAST "\"metric\": \"time\", \"min_ratio\": 1.05", over, 1.04, "1",
                -0.01 / 1.05, "by duel");
    /* the other way round, and rates: the work per iteration is the same */
    expect_duel(FAST_OVER_SLOW "\"metric\": \"time\", \"max_ratio\": 0.97", pass, 1 / 1.04, "1",
                1 - 1 / 1.04 / 0.97, "by duel");
    expect_duel(FAST_OVER_SLOW "\"metric\": \"time\", \"max_ratio\": 0.95", over, 1 / 1.04, "1",
                1 - 1 / 1.04 / 0.95, "by duel");
    expect_duel(SLOW_OVER_FAST "\"metric\": \"throughput\", \"max_overhead\": \"5%\"", pass, 0.04,
                "fraction", 0.2, "by duel");
    expect_duel(SLOW_OVER_FAST "\"metric\": \"throughput\", \"min_ratio\": 0.97", over, 1 / 1.04,
                "1", 1 / 1.04 / 0.97 - 1, "by duel");
}

static void what_a_duel_cannot_say_is_as_before(void **state) {
    (void)state;
    /* a metric that is no time, and a pair that was not played to its end */
    bench_run *run = duelled_run(BENCH_STATUS_OK);
    run->results[2].time.cpu = 300;
    expect_budget_of(run, SLOW_OVER_FAST "\"metric\": \"cpu\", \"max_ratio\": 2.5",
                     BENCH_BUDGET_PASS, 2, "1", 0.2, "");
    static const bench_status ends[] = {BENCH_STATUS_CRASHED, BENCH_STATUS_SKIPPED,
                                        BENCH_STATUS_NOT_RUN};
    for (size_t i = 0; i < 3; i++) {
        expect_budget_of(duelled_run(ends[i]),
                         SLOW_OVER_FAST "\"metric\": \"time\", \"max_overhead\": \"8%\"",
                         BENCH_BUDGET_OVER, 0.1, "fraction", -0.25, "");
    }
}

static void a_pattern_makes_a_budget_for_each_match(void **state) {
    (void)state;
    bench_run *run = budget_run();
    bench_outcome outcome =
        evaluate("\"match\": \"s/group/*\", \"metric\": \"time\", \"max\": 105", run);
    assert_int_equal(outcome.n_budgets, 3);
    assert_string_equal(outcome.budgets[0].subject, "s/group/fast");
    assert_int_equal(outcome.budgets[0].verdict, BENCH_BUDGET_PASS);
    assert_int_equal(outcome.budgets[1].verdict, BENCH_BUDGET_NOT_MEASURED);
    assert_int_equal(outcome.budgets[2].verdict, BENCH_BUDGET_OVER);
    bench_outcome_clear(&outcome);
    outcome = evaluate("\"match\": \"other/**\", \"metric\": \"time\", \"max\": 105", run);
    assert_int_equal(outcome.n_budgets, 0); /* its suite is not in the run */
    outcome = evaluate("\"of\": \"o/a/b\", \"over\": \"o/a/c\", \"metric\": \"time\","
                       "\"max_ratio\": 2",
                       run);
    assert_int_equal(outcome.n_budgets, 0);
    bench_run_free(run);
}

#define LIMIT_105 "\"match\": \"s/group/fast\", \"metric\": \"time\", \"max\": 105, "

static void a_loosened_limit_says_what_it_was(void **state) {
    (void)state;
    bench_run *run = budget_run();
    bench_outcome outcome =
        evaluate(LIMIT_105 "\"was\": 100, \"justification\": \"ids are text\"", run);
    assert_float_equal(outcome.budgets[0].loosened_from, 100, 0);
    assert_string_equal(outcome.budgets[0].justification, "ids are text");
    bench_outcome_clear(&outcome);
    outcome = evaluate(LIMIT_105 "\"was\": 110, \"justification\": \"tighter than ever\"", run);
    assert_null(outcome.budgets[0].justification);
    bench_outcome_clear(&outcome);
    bench_run_free(run);
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    bench_run *run = budget_run();
    const char *path = TEST_DATA_DIR "/gates/valid/budgets-of-a-small-run/gates.json";
    const long live = bench__mem_live();
    long n = 0;
    for (int done = 0; !done; n++) {
        struct bench__gates *gates = NULL;
        bench_error err = {0};
        bench_outcome outcome = {0};
        bench__mem_fail_after(n);
        int rc = bench__gates_load(&gates, path, &err);
        if (rc == 0) {
            rc = bench__gates_budgets(gates, run, &outcome, &err);
        }
        bench__mem_fail_after(-1);
        done = rc == 0;
        assert_true(done || rc == BENCH_ENOMEM);
        assert_int_equal(rc, err.code);
        bench_outcome_clear(&outcome);
        bench__gates_free(gates);
        assert_int_equal(bench__mem_live(), live);
    }
    assert_true(n > 20);
    bench_run_free(run);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(valid_gates),
        cmocka_unit_test(invalid_gates),
        cmocka_unit_test(built_in_defaults),
        cmocka_unit_test(the_last_rule_that_says_something_counts),
        cmocka_unit_test(lists_of_what_fails),
        cmocka_unit_test(absolute_budgets),
        cmocka_unit_test(budgets_that_are_not_measured),
        cmocka_unit_test(ratio_budgets),
        cmocka_unit_test(ratio_budgets_by_duel),
        cmocka_unit_test(what_a_duel_cannot_say_is_as_before),
        cmocka_unit_test(a_pattern_makes_a_budget_for_each_match),
        cmocka_unit_test(a_loosened_limit_says_what_it_was),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
