/* JSON, JSON lines, CSV and Markdown: golden text, and read back by independent readers. */
#include "report_test.h"

#include "report/formats.h"
#include "result/json.h"
#include "result/result_file.h"

static void check_golden(report_fn *report, enum fixture_kind kind, const char *path) {
    struct fixture f;
    fixture_init(&f, kind);
    char *text = report_text(report, &f.outcome);
    assert_golden(text, path);
    free(text);
    fixture_clear(&f);
}

static void test_compat(void **state) {
    (void)state;
    check_golden(bench__report_compat, FIXTURE_COMPARED, GOLDEN("report.compat.json"));
    check_golden(bench__report_compat, FIXTURE_HOSTILE, GOLDEN("report_hostile.compat.json"));
}

static void test_markdown(void **state) {
    (void)state;
    check_golden(bench__report_markdown, FIXTURE_COMPARED, GOLDEN("report.md"));
    check_golden(bench__report_markdown, FIXTURE_ALONE, GOLDEN("report_alone.md"));
    check_golden(bench__report_markdown, FIXTURE_HOSTILE, GOLDEN("report_hostile.md"));
}

static void test_csv(void **state) {
    (void)state;
    check_golden(bench__report_csv, FIXTURE_COMPARED, GOLDEN("report.csv"));
    check_golden(bench__report_csv, FIXTURE_HOSTILE, GOLDEN("report_hostile.csv"));
}

/* ---- CSV, read as RFC 4180 says ---- */

/* Fields up to the end of the record; *at moves behind it. */
static size_t csv_fields(const char **at) {
    size_t n = 1;
    int quoted = 0;
    for (; **at != '\0'; (*at)++) {
        if (**at == '"') {
            quoted = !quoted;
        } else if (!quoted && **at == ',') {
            n++;
        } else if (!quoted && **at == '\r') {
            assert_int_equal((*at)[1], '\n');
            *at += 2;
            return n;
        }
    }
    fail_msg("a record without an end");
    return 0;
}

static void check_csv_shape(enum fixture_kind kind, size_t n_records) {
    struct fixture f;
    fixture_init(&f, kind);
    char *text = report_text(bench__report_csv, &f.outcome);
    const char *at = text;
    size_t n_columns = csv_fields(&at);
    size_t n = 0;
    for (; *at != '\0'; n++) {
        assert_int_equal(csv_fields(&at), n_columns);
    }
    assert_int_equal(n, n_records);
    assert_null(strstr(text, "nan"));
    free(text);
    fixture_clear(&f);
}

static void test_csv_records_have_all_columns(void **state) {
    (void)state;
    check_csv_shape(FIXTURE_COMPARED, 24 + 5);
    check_csv_shape(FIXTURE_HOSTILE, 4 + 1);
}

/* ---- JSON ---- */

static void test_json_is_a_results_file(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, FIXTURE_COMPARED);
    char *text = report_text(bench__report_json, &f.outcome);
    bench_run *run = NULL;
    bench_error err = {0};
    assert_int_equal(bench__run_parse(&run, "report", text, strlen(text), &err), 0);
    assert_int_equal(run->n_results, f.run->n_results);
    const bench_result *r = bench_run_find(run, "memory_usage/join/pairs/n=64");
    assert_non_null(r);
    assert_int_equal(r->n_launches, 16);
    assert_non_null(r->launches[0].elapsed_ns);
    bench_run_free(run);
    free(text);
    fixture_clear(&f);
}

static void test_json_has_the_outcome(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, FIXTURE_COMPARED);
    char *text = report_text(bench__report_json, &f.outcome);
    struct bench__json_doc doc;
    bench_error err = {0};
    int64_t exit_code = 0;
    assert_int_equal(bench__json_parse(&doc, "report", 1, text, strlen(text), &err), 0);
    struct bench__json root = bench__json_root(&doc);
    struct bench__json outcome = bench__json_get(&root, "outcome");
    struct bench__json comparisons = bench__json_get(&outcome, "comparisons");
    struct bench__json budgets = bench__json_get(&outcome, "budgets");
    struct bench__json code = bench__json_get(&outcome, "exit_code");
    assert_int_equal(bench__json_length(&comparisons), f.outcome.n_comparisons);
    assert_int_equal(bench__json_length(&budgets), f.outcome.n_budgets);
    assert_int_equal(bench__json_read_i64(&exit_code, &code), 0);
    assert_int_equal(exit_code, 3);
    bench__json_clear(&doc);
    free(text);
    fixture_clear(&f);
}

static void count_kind(const char *line, size_t n, size_t counts[4]) {
    static const char *const kinds[] = {"benchmark", "pair", "budget", "summary"};
    struct bench__json_doc doc;
    bench_error err = {0};
    const char *kind = NULL;
    char *copy = bench__strndup(line, n);
    assert_non_null(copy);
    assert_int_equal(bench__json_parse(&doc, "line", 1, copy, n, &err), 0);
    struct bench__json root = bench__json_root(&doc);
    struct bench__json field = bench__json_get(&root, "kind");
    assert_int_equal(bench__json_read_text(&kind, &field), 0);
    for (size_t i = 0; i < 4; i++) {
        counts[i] += strcmp(kind, kinds[i]) == 0;
    }
    bench__json_clear(&doc);
    bench__free(copy);
}

static void check_jsonl(enum fixture_kind kind, const size_t expected[4]) {
    struct fixture f;
    fixture_init(&f, kind);
    char *text = report_text(bench__report_jsonl, &f.outcome);
    size_t counts[4] = {0};
    for (const char *at = text; *at != '\0'; at += strcspn(at, "\n") + 1) {
        count_kind(at, strcspn(at, "\n"), counts);
    }
    assert_memory_equal(counts, expected, sizeof counts);
    free(text);
    fixture_clear(&f);
}

static void test_jsonl_lines(void **state) {
    (void)state;
    check_jsonl(FIXTURE_COMPARED, (const size_t[]){24, 5, 7, 1});
    check_jsonl(FIXTURE_HOSTILE, (const size_t[]){4, 1, 0, 1});
}

/* ---- failures ---- */

static report_fn *const REPORTS[] = {bench__report_json, bench__report_jsonl, bench__report_csv,
                                     bench__report_markdown, bench__report_compat};

static void test_no_memory(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof REPORTS / sizeof *REPORTS; i++) {
        assert_survives_no_memory(REPORTS[i]);
    }
}

static void test_full_disk(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof REPORTS / sizeof *REPORTS; i++) {
        assert_reports_full_disk(REPORTS[i]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_compat),
        cmocka_unit_test(test_markdown),
        cmocka_unit_test(test_csv),
        cmocka_unit_test(test_csv_records_have_all_columns),
        cmocka_unit_test(test_json_is_a_results_file),
        cmocka_unit_test(test_json_has_the_outcome),
        cmocka_unit_test(test_jsonl_lines),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_full_disk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
