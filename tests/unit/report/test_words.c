/* The last line of a report, for every kind of outcome. */
#include "report_test.h"

#include "report/words.h"

static void check_answer(const bench_outcome *outcome, enum bench__tone tone,
                         const char *expected) {
    struct bench__view view;
    struct bench__strbuf text;
    bench__strbuf_init(&text);
    assert_int_equal(bench__view_init(&view, outcome, NULL), 0);
    assert_int_equal(bench__say_answer(&text, &view), tone);
    assert_string_equal(bench__strbuf_text(&text), expected);
    bench__strbuf_clear(&text);
    bench__view_clear(&view);
}

static void test_answers(void **state) {
    (void)state;
    static const struct {
        enum fixture_kind kind;
        enum bench__tone tone;
        const char *text;
    } cases[] = {
        {FIXTURE_ALONE, BENCH__TONE_BAD,
         "21 benchmarks measured, no baseline to compare with; 1 failed."},
        {FIXTURE_COMPARED, BENCH__TONE_BAD,
         "Slower than 'main'? Yes: 1 of 19 benchmarks is slower, "
         "core_operations/publish/inmemory/size=100,batch=100 by 16.3 %; 1 is missing; 1 failed; "
         "1 pair failed; 3 of 7 budgets met, 2 exceeded, 1 undecided, 1 not measured."},
        {FIXTURE_ALL_PASS, BENCH__TONE_GOOD,
         "Slower than 'main'? No: all 15 benchmarks are within their limits, 1 of them faster."},
        {FIXTURE_INCOMPARABLE, BENCH__TONE_BAD,
         "Slower than 'main'? Cannot tell: nothing could be compared; 1 is missing; 1 failed."},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fixture f;
        fixture_init(&f, cases[i].kind);
        check_answer(&f.outcome, cases[i].tone, cases[i].text);
        fixture_clear(&f);
    }
}

static void test_undecided_is_not_a_no(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, FIXTURE_ALL_PASS);
    f.outcome.comparisons[0].verdict = BENCH_VERDICT_INCONCLUSIVE;
    check_answer(
        &f.outcome, BENCH__TONE_UNSURE,
        "Slower than 'main'? Cannot tell for 1 of 15 benchmarks, the others are within their "
        "limits.");
    fixture_clear(&f);
}

static void test_missing_spoils_a_no(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, FIXTURE_ALL_PASS);
    f.outcome.comparisons[0].verdict = BENCH_VERDICT_MISSING;
    check_answer(&f.outcome, BENCH__TONE_UNSURE,
                 "Slower than 'main'? No: all 14 benchmarks are within their limits, 1 of them "
                 "faster; 1 is missing.");
    fixture_clear(&f);
}

static void test_interruption_is_said(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, FIXTURE_ALONE);
    f.run->interrupted = 1;
    f.run->results[0].status = BENCH_STATUS_NOT_RUN;
    check_answer(&f.outcome, BENCH__TONE_BAD,
                 "20 benchmarks measured, no baseline to compare with; 1 failed; 1 was not reached "
                 "before the interruption.");
    fixture_clear(&f);
}

static void check_between_runs(const bench_outcome *outcome, const char *expected) {
    struct bench__strbuf text;
    struct bench__view view;
    bench__strbuf_init(&text);
    assert_int_equal(bench__view_init(&view, outcome, NULL), 0);
    bench__say_between_runs(&text, &view);
    assert_string_equal(bench__strbuf_text(&text), expected);
    bench__strbuf_clear(&text);
    bench__view_clear(&view);
}

static void test_known_runs_are_said_once(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, FIXTURE_LARGE);
    bench_comparison *c = f.outcome.comparisons;
    const size_t n = f.outcome.n_comparisons;
    check_between_runs(&f.outcome, "how far this machine moves from run to run is assumed: 3 of 5 "
                                   "runs known");
    for (size_t i = 2; i < n; i++) {
        c[i].n_runs_known = 7;
    }
    c[1].n_runs_known = 0;
    check_between_runs(&f.outcome, "how far this machine moves from run to run is assumed for 2 of "
                                   "72 benchmarks: 0 of 5 runs known");
    c[0].n_runs_known = c[1].n_runs_known = 7;
    check_between_runs(&f.outcome, "how far this machine moves from run to run is known from 7 "
                                   "runs");
    c[5].n_runs_known = 30;
    check_between_runs(&f.outcome, "how far this machine moves from run to run is known from 7 to "
                                   "30 runs");
    for (size_t i = 0; i < n; i++) {
        c[i].evidence = BENCH_EVIDENCE_DUEL;
    }
    check_between_runs(&f.outcome, "");
    fixture_clear(&f);
}

static void test_rows_are_in_numeric_order(void **state) {
    (void)state;
    struct fixture f;
    struct bench__view view;
    fixture_init(&f, FIXTURE_COMPARED);
    assert_int_equal(bench__view_init(&view, &f.outcome, NULL), 0);
    int64_t above = 0;
    size_t n = 0;
    for (size_t i = 0; i < view.n_rows; i++) {
        if (strcmp(view.rows[i].result->function, "pairs") == 0) {
            assert_true(view.rows[i].result->params[0].i64 > above);
            above = view.rows[i].result->params[0].i64;
            n++;
        }
    }
    assert_int_equal(n, 3);
    bench__view_clear(&view);
    fixture_clear(&f);
}

static void test_pairs_are_in_numeric_order_with_their_budgets(void **state) {
    static const struct {
        const char *label;
        int has_budget;
        bench_budget_verdict budget;
    } rows[] = {{"size=100,batch=1", 0, BENCH_BUDGET_PASS},
                {"time", 0, BENCH_BUDGET_PASS},
                {"n=64", 1, BENCH_BUDGET_PASS},
                {"n=256", 1, BENCH_BUDGET_OVER},
                {"n=1024", 0, BENCH_BUDGET_PASS}};
    (void)state;
    struct fixture f;
    struct bench__view view;
    fixture_init(&f, FIXTURE_COMPARED);
    assert_int_equal(bench__view_init(&view, &f.outcome, NULL), 0);
    assert_int_equal(view.n_pairs, sizeof rows / sizeof *rows);
    assert_int_equal(view.n_pairs_failed, 1);
    for (size_t i = 0; i < view.n_pairs; i++) {
        struct bench__strbuf label;
        bench__strbuf_init(&label);
        bench__pair_label(&label, view.pairs[i].pair);
        assert_string_equal(bench__strbuf_text(&label), rows[i].label);
        assert_int_equal(view.pairs[i].budget != NULL, rows[i].has_budget);
        if (rows[i].has_budget) {
            assert_int_equal(view.pairs[i].budget->verdict, rows[i].budget);
        }
        bench__strbuf_clear(&label);
    }
    bench__view_clear(&view);
    fixture_clear(&f);
}

/* A file may hold names of any form. */
static void test_names_of_pairs(void **state) {
    static const struct {
        const char *name, *base, *variant, *said, *label;
    } cases[] = {
        {"s/g/cost", "s/g/off", "s/g/on", "s/g/cost: on over off", "time"},
        {"s/g/cost/n=1,m=2", "s/g/off/n=1,m=2", "s/g/on/n=1,m=2", "s/g/cost: on over off",
         "n=1,m=2"},
        {"cost", "off", "s/on", "cost: s/on over off", "time"},
        {"s//", "//", "/", "s//: / over ", "time"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char name[32], base[32], variant[32];
        struct bench__strbuf text;
        snprintf(name, sizeof name, "%s", cases[i].name);
        snprintf(base, sizeof base, "%s", cases[i].base);
        snprintf(variant, sizeof variant, "%s", cases[i].variant);
        const bench_pair_result pair = {.name = name, .base = base, .variant = variant};
        bench__strbuf_init(&text);
        bench__say_pair(&text, &pair);
        assert_string_equal(bench__strbuf_text(&text), cases[i].said);
        bench__strbuf_clear(&text);
        bench__pair_label(&text, &pair);
        assert_string_equal(bench__strbuf_text(&text), cases[i].label);
        bench__strbuf_clear(&text);
    }
}

/* ---- one and many ---- */

/* What a sentence says of a view that was changed; the fixture is compared and all pass. */
struct counted {
    struct fixture f;
    struct bench__view view;
    struct bench__strbuf text;
};

static void counted_init(struct counted *c) {
    fixture_init(&c->f, FIXTURE_ALL_PASS);
    assert_int_equal(bench__view_init(&c->view, &c->f.outcome, NULL), 0);
    bench__strbuf_init(&c->text);
}

static void counted_clear(struct counted *c) {
    bench__strbuf_clear(&c->text);
    bench__view_clear(&c->view);
    fixture_clear(&c->f);
}

static void test_counts_of_nouns(void **state) {
    (void)state;
    struct bench__strbuf text;
    bench__strbuf_init(&text);
    bench__say_count(&text, 1, "benchmark");
    bench__say_count(&text, 0, ", benchmark");
    bench__say_count(&text, 1, ", launch");
    bench__say_count(&text, 2, ", launch");
    assert_string_equal(bench__strbuf_text(&text),
                        "1 benchmark0 , benchmarks1 , launch2 , launches");
    bench__strbuf_clear(&text);
}

static void test_answers_agree_in_number(void **state) {
    (void)state;
    static const struct {
        size_t n_compared, n_regressed, n_open, n_faster;
        const char *text;
    } cases[] = {
        {1, 0, 0, 0, "No: the only benchmark is within its limit."},
        {1, 0, 0, 1, "No: the only benchmark is within its limit, and faster."},
        {2, 0, 0, 2, "No: all 2 benchmarks are within their limits, 2 of them faster."},
        {1, 0, 1, 0, "Cannot tell for 1 of 1 benchmark."},
        {2, 0, 1, 0, "Cannot tell for 1 of 2 benchmarks, the other is within its limit."},
        {3, 0, 1, 0, "Cannot tell for 1 of 3 benchmarks, the others are within their limits."},
        {3, 0, 3, 0, "Cannot tell for 3 of 3 benchmarks."},
        {1, 1, 0, 0, "Yes: 1 of 1 benchmark is slower, "},
        {2, 1, 1, 0, "Yes: 1 of 2 benchmarks is slower, "},
        {3, 2, 0, 1, "Yes: 2 of 3 benchmarks are slower, worst "},
    };
    static const char question[] = "Slower than 'main'? ";
    struct counted c;
    counted_init(&c);
    c.f.outcome.comparisons[0].verdict = BENCH_VERDICT_REGRESSED; /* the worst */
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        memset(c.view.n_verdicts, 0, sizeof c.view.n_verdicts);
        c.view.n_compared = cases[i].n_compared;
        c.view.n_verdicts[BENCH_VERDICT_REGRESSED] = cases[i].n_regressed;
        c.view.n_verdicts[BENCH_VERDICT_INCONCLUSIVE] = cases[i].n_open;
        c.view.n_verdicts[BENCH_VERDICT_IMPROVED] = cases[i].n_faster;
        bench__strbuf_clear(&c.text);
        bench__say_answer(&c.text, &c.view);
        const char *text = bench__strbuf_text(&c.text) + strlen(question);
        const size_t n = strlen(cases[i].text);
        if (cases[i].n_regressed > 0 ? strncmp(text, cases[i].text, n) != 0
                                     : strcmp(text, cases[i].text) != 0) {
            fail_msg("'%s' instead of '%s'", text, cases[i].text);
        }
    }
    counted_clear(&c);
}

/* Launches of one benchmark, the first of them disturbed by everything in `bits`. */
static void assert_noise(int n_launches, int n_disturbed, unsigned bits, const char *expected) {
    struct counted c;
    counted_init(&c);
    c.view.n_rows = 1;
    bench_result *r = &c.f.run->results[0];
    const size_t all = r->n_launches;
    c.view.rows[0].result = r;
    assert_true(bench__row_measured(&c.view.rows[0]));
    r->n_launches = (size_t)n_launches;
    for (int i = 0; i < n_launches; i++) {
        r->launches[i].noise.contaminated = i < n_disturbed ? bits : 0;
    }
    bench__say_noise(&c.text, &c.view);
    assert_string_equal(bench__strbuf_text(&c.text), expected);
    r->n_launches = all;
    counted_clear(&c);
}

static void test_disturbances_agree_in_number(void **state) {
    (void)state;
    assert_noise(1, 0, 0, "the only launch was not disturbed");
    assert_noise(8, 0, 0, "none of the 8 launches was disturbed");
    assert_noise(1, 1, BENCH_NOISE_PREEMPTED,
                 "1 of 1 launch was disturbed: 1 was interrupted by other work");
    assert_noise(8, 1, BENCH_NOISE_PREEMPTED | BENCH_NOISE_CLOCK,
                 "1 of 8 launches was disturbed: 1 was interrupted by other work, 1 had a drifting "
                 "clock and was left out");
    assert_noise(8, 2, BENCH_NOISE_PREEMPTED | BENCH_NOISE_CLOCK,
                 "2 of 8 launches were disturbed: 2 were interrupted by other work, 2 had a "
                 "drifting clock and were left out");
}

/* "1 benchmark: its times ...", "2 benchmarks: their times ...". */
static void check_launches(const bench_outcome *outcome, const char *expected) {
    struct bench__view view;
    struct bench__strbuf text;
    bench__strbuf_init(&text);
    assert_int_equal(bench__view_init(&view, outcome, NULL), 0);
    bench__say_launches(&text, &view);
    assert_string_equal(text.n > 0 ? bench__strbuf_text(&text) : "", expected);
    bench__strbuf_clear(&text);
    bench__view_clear(&view);
}

static void test_fewer_launches_are_said(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, FIXTURE_ALL_PASS);
    for (size_t i = 0; i < f.run->n_results; i++) {
        f.run->results[i].options.launches = 16;
    }
    check_launches(&f.outcome, "");
    f.run->results[0].options.launches = 6;
    check_launches(&f.outcome,
                   "1 benchmark has 6 longer launches instead of 16, because setting up takes "
                   "long: wider intervals, and only larger changes are found");
    f.run->results[1].options.launches = 4;
    check_launches(&f.outcome,
                   "2 benchmarks have 4 to 6 longer launches instead of 16, because setting up "
                   "takes long: wider intervals, and only larger changes are found");
    fixture_clear(&f);
}

static void test_advice_agrees_in_number(void **state) {
    (void)state;
    static const char *const of_many[] = {" its ", " was "};
    for (unsigned i = 0; i < BENCH__N_FLAGS; i++) {
        char one[300], many[300];
        snprintf(one, sizeof one, " %s ", bench__flag_advice(i, 1));
        snprintf(many, sizeof many, " %s ", bench__flag_advice(i, 2));
        for (size_t k = 0; k < 2; k++) {
            assert_null(strstr(many, of_many[k]));
        }
        assert_null(strstr(one, " their "));
        assert_null(strncmp(one, " were ", 6) == 0 ? one : NULL);
        assert_string_equal(bench__flag_advice(i, 0), bench__flag_advice(i, 2));
    }
}

static void test_every_flag_has_words(void **state) {
    (void)state;
    for (unsigned i = 0; i < BENCH__N_FLAGS; i++) {
        assert_true(strlen(bench__flag_word(i)) > 3);
        assert_true(strlen(bench__flag_advice(i, 1)) > 20);
        assert_true(strlen(bench__flag_advice(i, 2)) > 20);
    }
    for (unsigned i = 0; i < BENCH__N_NOISE_CAUSES; i++) {
        assert_true(strlen(bench__noise_word(i, 1)) > 10);
        assert_true(strlen(bench__noise_word(i, 2)) > 10);
    }
    assert_int_equal(1 << (BENCH__N_FLAGS - 1), BENCH_FLAG_FEW_LAUNCHES);
    assert_int_equal(1 << (BENCH__N_NOISE_CAUSES - 1), BENCH_NOISE_CLOCK);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_undecided_is_not_a_no),
        cmocka_unit_test(test_missing_spoils_a_no),
        cmocka_unit_test(test_interruption_is_said),
        cmocka_unit_test(test_known_runs_are_said_once),
        cmocka_unit_test(test_rows_are_in_numeric_order),
        cmocka_unit_test(test_pairs_are_in_numeric_order_with_their_budgets),
        cmocka_unit_test(test_names_of_pairs),
        cmocka_unit_test(test_counts_of_nouns),
        cmocka_unit_test(test_answers_agree_in_number),
        cmocka_unit_test(test_disturbances_agree_in_number),
        cmocka_unit_test(test_fewer_launches_are_said),
        cmocka_unit_test(test_advice_agrees_in_number),
        cmocka_unit_test(test_every_flag_has_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
