/* The one page about a whole run: golden text, and nothing from outside that breaks it. */
#include "report_test.h"

#include "report/summary.h"

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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_page),
        cmocka_unit_test(test_hostile_names),
        cmocka_unit_test(test_lists_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
