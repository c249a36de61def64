/*
 * Verdicts by duels: what launches say, how the families of p-values are kept apart, and what the
 * words tell of time, placement and floors.
 */
#include "result_support.h"

#include "../base/alloc_failure.h"
#include "result/evidence.h"
#include "result/verdict.h"

#define N 16

static const double steps[N] = {-1, 1, -0.5, 0.5, -0.2, 0.2, -0.8, 0.8,
                                -1, 1, -0.4, 0.4, -0.1, 0.1, -0.6, 0.6};

/* A duel of N launches around `change` (log) with the spread `sd`. */
static struct bench__duel_evidence duel(const char *name, bench_evidence kind, double change,
                                        double sd) {
    struct bench__duel_evidence e;
    bench__evidence_init(&e);
    assert_int_equal(bench__evidence_reserve(&e, N, N), 0);
    e.name = name;
    e.kind = kind;
    e.wall_ns = 1.6e9;
    for (size_t i = 0; i < N; i++) {
        e.x[i] = e.rounds[i] = change + sd * steps[i];
    }
    e.n = N;
    return e;
}

static bench_run *run_with(const char *const *functions, size_t n) {
    bench_run *run = new_run();
    for (size_t i = 0; i < n; i++) {
        add_launch(add_benchmark(run, "s", functions[i]), 100);
    }
    return run;
}

/* What stands for one comparison. */
static bench_comparison judge_staged(const struct bench__duel_evidence *e, double threshold,
                                     int has_two_stages, int *out_exit) {
    static const char *const names[] = {"f"};
    bench_run *old = run_with(names, 1), *new = run_with(names, 1);
    struct bench__gates *gates = NULL;
    bench_error err = {0};
    bench_outcome outcome;
    const struct bench__verdict_options how = {
        .duels = e, .n_duels = 1, .has_two_stages = has_two_stages};
    expect_ok(bench__gates_default(&gates, &err), &err);
    bench__gates_set_threshold(gates, threshold);
    expect_ok(bench__judge(&outcome, new, old, gates, &how, &err), &err);
    bench_comparison c = outcome.comparisons[0];
    *out_exit = outcome.exit_code;
    bench_outcome_clear(&outcome);
    bench__gates_free(gates);
    bench_run_free(old);
    bench_run_free(new);
    return c;
}

static bench_comparison judge_one(const struct bench__duel_evidence *e, double threshold,
                                  int *out_exit) {
    return judge_staged(e, threshold, 0, out_exit);
}

static void expect(struct bench__duel_evidence e, double threshold, bench_verdict verdict,
                   const char *reason, int exit_code) {
    int code;
    const bench_comparison c = judge_one(&e, threshold, &code);
    if (c.verdict != verdict || strstr(c.reason, reason) == NULL || code != exit_code) {
        fail_msg("got %s, exit code %d: %s", bench_verdict_name(c.verdict), code, c.reason);
    }
    assert_int_equal(c.duel.n_launches, N);
    bench__evidence_clear(&e);
}

static const char *const name = "s/group/f";

static void launches_decide(void **state) {
    (void)state;
    const bench_evidence d = BENCH_EVIDENCE_DUEL;
    expect(duel(name, d, 0.03, 0.002), 0.01, BENCH_VERDICT_REGRESSED, "slower by 3.0 %", 3);
    expect(duel(name, d, -0.03, 0.002), 0.01, BENCH_VERDICT_IMPROVED, "faster by 3.0 %", 0);
    expect(duel(name, d, 0, 0.002), 0.01, BENCH_VERDICT_PASS, "threshold 1.0 %", 0);
    expect(duel(name, d, 0.005, 0.002), 0.01, BENCH_VERDICT_PASS, "but less than", 0);
    expect(duel(name, d, 0.012, 0.02), 0.01, BENCH_VERDICT_INCONCLUSIVE, "more would decide", 0);
}

/* Two chances to pass, each at half of alpha: together as often wrong as one. */
static void two_stages_share_alpha(void **state) {
    (void)state;
    int code;
    struct bench__duel_evidence e = duel(name, BENCH_EVIDENCE_SCREENING, 0, 0.01);
    const double limit = judge_one(&e, 0.05, &code).change.upper * 0.999;
    assert_int_equal(judge_staged(&e, limit, 0, &code).verdict, BENCH_VERDICT_PASS);
    assert_int_equal(judge_staged(&e, limit, 1, &code).verdict, BENCH_VERDICT_INCONCLUSIVE);
    assert_int_equal(judge_staged(&e, limit * 1.01, 1, &code).verdict, BENCH_VERDICT_PASS);
    bench__evidence_clear(&e);
}

static void a_screening_calls_no_change(void **state) {
    (void)state;
    const bench_evidence s = BENCH_EVIDENCE_SCREENING;
    const bench_verdict open = BENCH_VERDICT_INCONCLUSIVE;
    expect(duel(name, s, 0.03, 0.002), 0.01, open, "slower by 3.0 % in a short duel", 0);
    expect(duel(name, s, -0.03, 0.002), 0.01, open, "faster by 3.0 % in a short duel", 0);
    expect(duel(name, s, 0.005, 0.002), 0.01, BENCH_VERDICT_PASS, "but less than", 0);
}

static void who_ends_a_duel_decides_what_is_missing(void **state) {
    (void)state;
    int code;
    struct bench__duel_evidence e = duel(name, BENCH_EVIDENCE_DUEL, 0.03, 0.002);
    e.n = 0;
    e.failed_side = 1;
    snprintf(e.end, sizeof e.end, "crashed: the new executable: x");
    bench_comparison c = judge_one(&e, 0.01, &code);
    assert_int_equal(c.verdict, BENCH_VERDICT_MISSING);
    assert_string_equal(c.reason, e.end);
    assert_int_equal(code, 5);
    /* the old one's end takes nothing from what is stored */
    e.failed_side = 0;
    c = judge_one(&e, 0.01, &code);
    assert_int_equal(c.evidence, BENCH_EVIDENCE_STORED);
    assert_int_equal(code, 0);
    bench__evidence_clear(&e);
}

static void undecided_ones_tell_what_would_decide(void **state) {
    (void)state;
    int code;
    struct bench__duel_evidence e = duel(name, BENCH_EVIDENCE_DUEL, 0.005, 0.03);
    bench_comparison c = judge_one(&e, 0.005, &code);
    assert_int_equal(c.verdict, BENCH_VERDICT_INCONCLUSIVE);
    assert_true(c.duel.wall_ns_more > 1.6e9 && isfinite(c.duel.wall_ns_more));
    assert_non_null(strstr(c.reason, "1.6 s of duel resolve"));
    /* what equal copies differ by is not helped by time */
    for (size_t i = 0; i < 4; i++) {
        e.floor[e.n_floor++] = i % 2 ? 0.5 : -0.5;
    }
    c = judge_one(&e, 0.005, &code);
    assert_true(c.duel.floor_sd > 0.3);
    assert_true(isinf(c.duel.wall_ns_more));
    assert_non_null(strstr(c.reason, "equal copies differ"));
    bench__evidence_clear(&e);
}

static void a_floor_widens_and_an_even_one_does_not(void **state) {
    (void)state;
    int code;
    struct bench__duel_evidence e = duel(name, BENCH_EVIDENCE_DUEL, 0.03, 0.002);
    const bench_comparison without = judge_one(&e, 0.01, &code);
    assert_true(isnan(without.duel.floor_sd));
    for (size_t i = 0; i < 4; i++) {
        e.floor[e.n_floor++] = 0.001 * steps[i];
    }
    const bench_comparison even = judge_one(&e, 0.01, &code);
    assert_true(even.duel.floor_sd == 0);
    assert_true(even.change.lower == without.change.lower);
    for (size_t i = 0; i < 4; i++) {
        e.floor[i] = i % 2 ? 0.05 : -0.05;
    }
    const bench_comparison wide = judge_one(&e, 0.01, &code);
    assert_true(wide.change.lower < even.change.lower - 0.01);
    assert_int_equal(wide.verdict, BENCH_VERDICT_INCONCLUSIVE);
    bench__evidence_clear(&e);
}

static void same_code_is_placement_unless_layouts_were_varied(void **state) {
    (void)state;
    struct bench__duel_evidence e = duel(name, BENCH_EVIDENCE_DUEL, 0.1, 0.002);
    e.code = BENCH_CODE_IDENTICAL;
    expect(e, 0.01, BENCH_VERDICT_INCONCLUSIVE, "that is placement", 0);
    e = duel(name, BENCH_EVIDENCE_DUEL, -0.1, 0.002);
    e.code = BENCH_CODE_IDENTICAL;
    expect(e, 0.01, BENCH_VERDICT_INCONCLUSIVE, "faster by 9.5 %", 0);
    e = duel(name, BENCH_EVIDENCE_DUEL, 0.1, 0.002);
    e.code = BENCH_CODE_IDENTICAL;
    e.n_layouts = 8;
    for (size_t i = 0; i < N; i++) {
        e.layout[i] = (int)(i % 8);
    }
    expect(e, 0.01, BENCH_VERDICT_REGRESSED, "slower", 3);
}

static void layouts_that_differ_are_their_own_component(void **state) {
    (void)state;
    int code;
    struct bench__duel_evidence e = duel(name, BENCH_EVIDENCE_DUEL, 0, 0.001);
    e.n_layouts = 4;
    for (size_t i = 0; i < N; i++) {
        e.layout[i] = (int)(i / 4);
        e.x[i] += 0.05 * (double)(i / 4);
    }
    const bench_comparison c = judge_one(&e, 0.01, &code);
    assert_true(c.duel.layout_sd > 0.03 && c.duel.layout_sd < 0.1);
    assert_int_equal(c.verdict, BENCH_VERDICT_INCONCLUSIVE);
    bench__evidence_clear(&e);
}

static void one_launch_says_nothing(void **state) {
    (void)state;
    int code;
    struct bench__duel_evidence e = duel(name, BENCH_EVIDENCE_DUEL, 0.1, 0.001);
    e.n = 1;
    const bench_comparison c = judge_one(&e, 0.01, &code);
    assert_int_equal(c.verdict, BENCH_VERDICT_INCONCLUSIVE);
    assert_int_equal(c.duel.n_launches, 0);
    bench__evidence_clear(&e);
}

/* ---- many ---- */

static bench_outcome judge_three(const struct bench__duel_evidence *e, size_t n,
                                 enum bench__adjustment adjustment, bench_run *old,
                                 bench_run *new) {
    struct bench__gates *gates = NULL;
    bench_error err = {0};
    bench_outcome outcome;
    const struct bench__verdict_options how = {.adjustment = adjustment, .duels = e, .n_duels = n};
    expect_ok(bench__gates_default(&gates, &err), &err);
    expect_ok(bench__judge(&outcome, new, old, gates, &how, &err), &err);
    bench__gates_free(gates);
    return outcome;
}

/* p-values of a screening do not enter those of the duels that follow it. */
static void stages_are_families_of_their_own(void **state) {
    (void)state;
    static const char *const names[] = {"a", "b", "c"};
    bench_run *old = run_with(names, 3), *new = run_with(names, 3);
    struct bench__duel_evidence e[3] = {
        duel("s/group/a", BENCH_EVIDENCE_SCREENING, 0, 0.002),
        duel("s/group/b", BENCH_EVIDENCE_DUEL, 0.0008, 0.002),
        duel("s/group/c", BENCH_EVIDENCE_DUEL, 0.03, 0.002),
    };
    bench_outcome bh = judge_three(e, 3, BENCH__ADJUST_BH, old, new);
    bench_outcome holm = judge_three(e, 3, BENCH__ADJUST_HOLM, old, new);
    bench_outcome none = judge_three(e, 3, BENCH__ADJUST_NONE, old, new);
    const bench_comparison *b = &bh.comparisons[1], *c = &bh.comparisons[2];
    assert_true(bh.comparisons[0].p_adjusted == bh.comparisons[0].p_value);
    assert_true(c->p_adjusted ==
                fmin(2 * c->p_value, fmax(b->p_value, c->p_value))); /* of two, not of three */
    assert_true(holm.comparisons[2].p_adjusted == 2 * c->p_value);
    assert_true(holm.comparisons[1].p_adjusted == b->p_value);
    assert_true(none.comparisons[2].p_adjusted == c->p_value);
    bench_outcome_clear(&bh);
    bench_outcome_clear(&holm);
    bench_outcome_clear(&none);
    for (size_t i = 0; i < 3; i++) {
        bench__evidence_clear(&e[i]);
    }
    bench_run_free(old);
    bench_run_free(new);
}

static void a_duel_decides_where_machines_differ(void **state) {
    (void)state;
    static const char *const names[] = {"a", "b"};
    bench_run *old = run_with(names, 2), *new = run_with(names, 2);
    snprintf(old->host.cpu_model, sizeof old->host.cpu_model, "another");
    struct bench__duel_evidence e = duel("s/group/a", BENCH_EVIDENCE_DUEL, 0, 0.002);
    bench_outcome outcome = judge_three(&e, 1, BENCH__ADJUST_BH, old, new);
    assert_int_equal(outcome.comparisons[0].verdict, BENCH_VERDICT_PASS);
    assert_int_equal(outcome.comparisons[1].verdict, BENCH_VERDICT_INCOMPARABLE);
    assert_int_equal(outcome.exit_code, 5);
    bench_outcome_clear(&outcome);
    outcome = judge_three(NULL, 0, BENCH__ADJUST_BH, old, new);
    assert_int_equal(outcome.incomparable, 1);
    bench_outcome_clear(&outcome);
    bench__evidence_clear(&e);
    bench_run_free(old);
    bench_run_free(new);
}

static void a_suite_changes_by_its_geometric_mean(void **state) {
    (void)state;
    static const char *const names[] = {"a", "b"};
    bench_run *old = run_with(names, 2), *new = run_with(names, 2);
    struct bench__duel_evidence e[2] = {duel("s/group/a", BENCH_EVIDENCE_DUEL, 0.10, 0.002),
                                        duel("s/group/b", BENCH_EVIDENCE_DUEL, -0.02, 0.002)};
    bench_outcome outcome = judge_three(e, 2, BENCH__ADJUST_BH, old, new);
    assert_int_equal(outcome.n_suite_changes, 1);
    const bench_suite_change *s = &outcome.suite_changes[0];
    assert_string_equal(s->suite, "s");
    assert_int_equal(s->n_benchmarks, 2);
    assert_true(fabs(s->change.point - expm1(0.04)) < 1e-3);
    assert_true(s->change.lower < s->change.point && s->change.point < s->change.upper);
    bench_outcome_clear(&outcome);
    outcome = judge_three(e, 1, BENCH__ADJUST_BH, old, new); /* half of it is not the suite */
    assert_int_equal(outcome.n_suite_changes, 0);
    bench_outcome_clear(&outcome);
    bench__evidence_clear(&e[0]);
    bench__evidence_clear(&e[1]);
    bench_run_free(old);
    bench_run_free(new);
}

static int judge_two(void) {
    static const char *const names[] = {"a", "b"};
    static double x[N], rounds[N], floors[N];
    struct bench__duel_evidence e[2];
    struct bench__gates *gates = NULL;
    bench_outcome outcome;
    int code = bench__gates_default(&gates, NULL);
    for (size_t i = 0; i < 2; i++) {
        bench__evidence_init(&e[i]);
        e[i].name = i == 0 ? "s/group/a" : "s/group/b";
        e[i].n = e[i].n_rounds = N;
        e[i].n_floor = 4;
        e[i].x = x;
        e[i].rounds = rounds;
        e[i].floor = floors;
    }
    for (size_t i = 0; i < N; i++) {
        x[i] = rounds[i] = 0.1 + 0.002 * steps[i];
    }
    const struct bench__verdict_options how = {.duels = e, .n_duels = 2};
    if (code == 0) {
        bench_run *old = bench__run_new(), *new = bench__run_new();
        code = old != NULL && new != NULL ? 0 : BENCH_ENOMEM;
        for (size_t i = 0; code == 0 && i < 4; i++) {
            bench_result *r = bench__run_add_result(i < 2 ? old : new);
            code = r != NULL ? 0 : BENCH_ENOMEM;
            if (code == 0) {
                r->name = bench__strdup(e[i % 2].name);
                r->suite = bench__strdup("s");
                r->group = bench__strdup("g");
                r->function = bench__strdup(names[i % 2]);
                r->status = BENCH_STATUS_OK;
                code = r->name && r->suite && r->group && r->function ? 0 : BENCH_ENOMEM;
            }
        }
        if (code == 0) {
            code = bench__judge(&outcome, new, old, gates, &how, NULL);
            bench_outcome_clear(&outcome);
        }
        bench_run_free(old);
        bench_run_free(new);
    }
    bench__gates_free(gates);
    return code;
}

static void memory_may_run_out_anywhere(void **state) {
    (void)state;
    fail_every_allocation(judge_two);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(launches_decide),
        cmocka_unit_test(two_stages_share_alpha),
        cmocka_unit_test(who_ends_a_duel_decides_what_is_missing),
        cmocka_unit_test(a_screening_calls_no_change),
        cmocka_unit_test(undecided_ones_tell_what_would_decide),
        cmocka_unit_test(a_floor_widens_and_an_even_one_does_not),
        cmocka_unit_test(same_code_is_placement_unless_layouts_were_varied),
        cmocka_unit_test(layouts_that_differ_are_their_own_component),
        cmocka_unit_test(one_launch_says_nothing),
        cmocka_unit_test(stages_are_families_of_their_own),
        cmocka_unit_test(a_duel_decides_where_machines_differ),
        cmocka_unit_test(a_suite_changes_by_its_geometric_mean),
        cmocka_unit_test(memory_may_run_out_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
