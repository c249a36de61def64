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
         "1 budget exceeded."},
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

static void test_every_flag_has_words(void **state) {
    (void)state;
    for (unsigned i = 0; i < BENCH__N_FLAGS; i++) {
        assert_true(strlen(bench__flag_word(i)) > 3);
        assert_true(strlen(bench__flag_advice(i)) > 20);
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
        cmocka_unit_test(test_rows_are_in_numeric_order),
        cmocka_unit_test(test_every_flag_has_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
