/* The one page about a whole run: golden text, and nothing from outside that breaks it. */
#include "report_test.h"

#include "report/summary.h"

#include <math.h>

static struct bench__style style;

static int report(FILE *out, const bench_outcome *outcome, bench_error *err) {
    return bench__report_summary(out, outcome, &style, err);
}

static void check_golden(enum fixture_kind kind, int columns, const char *path) {
    struct fixture f;
    fixture_init(&f, kind);
    style = (struct bench__style){.utf8 = 1, .columns = columns};
    char *text = report_text(report, &f.outcome);
    assert_golden(text, path);
    assert_no_control_bytes(text, "\n");
    free(text);
    fixture_clear(&f);
}

static void test_page(void **state) {
    (void)state;
    check_golden(FIXTURE_COMPARED, 80, GOLDEN("summary_80.txt"));
    check_golden(FIXTURE_COMPARED, 160, GOLDEN("summary_160.txt"));
    check_golden(FIXTURE_ALONE, 80, GOLDEN("summary_alone.txt"));
}

static void test_hostile_names(void **state) {
    (void)state;
    check_golden(FIXTURE_HOSTILE, 80, GOLDEN("summary_hostile.txt"));
}

static void test_lists_are_cut(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, FIXTURE_LARGE);
    style = (struct bench__style){.columns = 80};
    char *text = report_text(report, &f.outcome);
    size_t n_lines = 0;
    for (const char *at = text; *at != '\0'; at++) {
        n_lines += *at == '\n';
    }
    assert_in_range(n_lines, 10, 60);
    free(text);
    fixture_clear(&f);
}

/* Not inline: gcc 12 would take a place in the text for one in report_text()'s own variables. */
static __attribute__((noinline)) char *make_text(const bench_outcome *outcome) {
    return report_text(report, outcome);
}

static size_t place_of(const char *text, const char *what) {
    const char *at = strstr(text, what);
    assert_non_null(at);
    return (size_t)(at - text);
}

/* What has no room to speak of, as 0 of at most 0, leaves the order of the others alone. */
static void test_budgets_without_a_margin(void **state) {
    (void)state;
    static const double margins[] = {0.7, NAN, 0.2, NAN, 0.5};
    enum { N = sizeof margins / sizeof *margins };
    struct fixture f;
    fixture_init(&f, FIXTURE_COMPARED);
    assert_true(f.outcome.n_budgets >= N);
    const size_t n = f.outcome.n_budgets;
    f.outcome.n_budgets = N;
    for (size_t i = 0; i < N; i++) {
        f.outcome.budgets[i].verdict = BENCH_BUDGET_PASS;
        f.outcome.budgets[i].margin = margins[i];
    }
    style = (struct bench__style){.columns = 200};
    char *text = make_text(&f.outcome);
    const size_t tight = place_of(text, "+20.0 %"), middle = place_of(text, "+50.0 %");
    assert_true(tight < middle && middle < place_of(text, "+70.0 %"));
    f.outcome.n_budgets = n;
    free(text);
    fixture_clear(&f);
}

static void test_quiet(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, FIXTURE_COMPARED);
    style = (struct bench__style){.utf8 = 1, .columns = 80, .quiet = 1};
    char *text = report_text(report, &f.outcome);
    assert_golden(text, GOLDEN("summary_quiet.txt"));
    free(text);
    fixture_clear(&f);
}

/* A filter can choose pairs alone. */
static void test_pairs_alone(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, FIXTURE_COMPARED);
    const bench_run run = *f.run;
    bench_outcome outcome = {.run = f.run};
    f.run->n_results = 0;
    style = (struct bench__style){.utf8 = 1, .columns = 80};
    char *text = report_text(report, &outcome);
    assert_golden(text, GOLDEN("summary_pairs.txt"));
    f.run->n_results = run.n_results;
    free(text);
    fixture_clear(&f);
}

static void test_no_memory(void **state) {
    (void)state;
    style = (struct bench__style){.color = 1, .columns = 60};
    assert_survives_no_memory(report);
}

static void test_full_disk(void **state) {
    (void)state;
    style = (struct bench__style){.columns = 80};
    assert_reports_full_disk(report);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_page),          cmocka_unit_test(test_hostile_names),
        cmocka_unit_test(test_lists_are_cut), cmocka_unit_test(test_budgets_without_a_margin),
        cmocka_unit_test(test_quiet),         cmocka_unit_test(test_pairs_alone),
        cmocka_unit_test(test_no_memory),     cmocka_unit_test(test_full_disk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
