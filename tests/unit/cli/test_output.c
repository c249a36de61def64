/* Where an outcome goes: standard output, files, step summary, report; and the gates in force. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/fs.h"
#include "base/mem.h"
#include "cli/output.h"
#include "report/formats.h"
#include "support/fixture_run.h"
#include "support/scratch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct world {
    char dir[SCRATCH_SIZE];
    struct fixture fixture;
    struct bench__cli_options options;
    struct bench__style style;
    bench_error err;
    char *out, *messages; /* what was written, to be freed with free() */
    size_t out_n, messages_n;
};

static int setup(void **state) {
    static struct world w;
    w = (struct world){.style = {.columns = 80}};
    scratch_make(w.dir);
    fixture_init(&w.fixture, FIXTURE_COMPARED);
    unsetenv("GITHUB_STEP_SUMMARY");
    *state = &w;
    return 0;
}

static int teardown(void **state) {
    struct world *w = *state;
    free(w->out);
    free(w->messages);
    bench__cli_clear(&w->options);
    fixture_clear(&w->fixture);
    unsetenv("GITHUB_STEP_SUMMARY");
    scratch_remove(w->dir);
    return 0;
}

/* Writes all outputs under the given options; what `$` stands for is the scratch directory. */
static int write_all(struct world *w, const char *words) {
    struct scratch_line line;
    free(w->out);
    free(w->messages);
    bench__cli_clear(&w->options);
    w->err = (bench_error){0};
    scratch_split(&line, "run_benches", words, w->dir);
    assert_int_equal(
        bench__cli_parse(&w->options, &bench__command_run, line.argc, line.argv, &w->err), 0);
    w->style.quiet = w->options.quiet;
    FILE *out = open_memstream(&w->out, &w->out_n);
    FILE *messages = open_memstream(&w->messages, &w->messages_n);
    int rc = bench__cli_write_outputs(&w->fixture.outcome, &w->options, &w->style, out, messages,
                                      &w->err);
    fclose(out);
    fclose(messages);
    return rc;
}

static char *file_text(const struct world *w, const char *name) {
    char *path = bench__path_join(w->dir, name), *text = NULL;
    size_t n = 0;
    assert_int_equal(bench__read_file(&text, &n, path, 0, NULL), 0);
    bench__free(path);
    return text;
}

static int file_exists(const struct world *w, const char *name) {
    char *path = bench__path_join(w->dir, name);
    int exists = bench__file_exists(path);
    bench__free(path);
    return exists;
}

static void assert_file(const struct world *w, const char *name,
                        int (*report)(FILE *, const bench_outcome *, bench_error *)) {
    char *text = file_text(w, name), *expected = NULL;
    size_t n = 0;
    FILE *memory = open_memstream(&expected, &n);
    assert_int_equal(report(memory, &w->fixture.outcome, NULL), 0);
    fclose(memory);
    assert_string_equal(text, expected);
    free(expected);
    bench__free(text);
}

static int text_report(FILE *out, const bench_outcome *outcome, bench_error *err) {
    const struct bench__style style = {.columns = 80};
    return bench__report_console(out, outcome, &style, err);
}

/* ---- standard output ---- */

static void text_and_the_three_questions(void **state) {
    struct world *w = *state;
    assert_int_equal(write_all(w, ""), 0);
    assert_non_null(strstr(w->out, "Cause:"));
    assert_non_null(strstr(w->out, "Why necessary:"));
    assert_non_null(strstr(w->out, "Mitigation tried:"));
    assert_string_equal(w->messages, "");
    assert_int_equal(write_all(w, "--quiet"), 0);
    assert_true(w->out_n > 0);
    assert_null(strstr(w->out, "Cause:"));
}

static void no_questions_when_nothing_got_worse(void **state) {
    struct world *w = *state;
    fixture_clear(&w->fixture);
    fixture_init(&w->fixture, FIXTURE_ALL_PASS);
    assert_int_equal(write_all(w, ""), 0);
    assert_true(w->out_n > 0);
    assert_null(strstr(w->out, "Cause:"));
}

static void json_is_nothing_but_json(void **state) {
    struct world *w = *state;
    char *expected = NULL;
    size_t n = 0;
    assert_int_equal(write_all(w, "--output-format json --report $/html --no-plots"), 0);
    FILE *memory = open_memstream(&expected, &n);
    assert_int_equal(bench__report_json(memory, &w->fixture.outcome, NULL), 0);
    fclose(memory);
    assert_string_equal(w->out, expected);
    free(expected);
    assert_true(file_exists(w, "html/index.html"));
}

static void a_full_disk_is_an_error(void **state) {
    struct world *w = *state;
    FILE *full = fopen("/dev/full", "w");
    if (full == NULL)
        skip();
    assert_int_equal(write_all(w, ""), 0);
    w->err = (bench_error){0};
    assert_int_equal(bench__cli_write_outputs(&w->fixture.outcome, &w->options, &w->style, full,
                                              stderr, &w->err),
                     BENCH_EIO);
    fclose(full);
}

/* ---- files ---- */

static void a_files_format_follows_its_ending(void **state) {
    struct world *w = *state;
    assert_int_equal(
        write_all(w, "--out $/a.json --out $/a.jsonl --out $/a.csv --out $/a.md "
                     "--out $/a.txt --out $/a --out $/b.d/c"),
        BENCH_ENOTFOUND); /* there is no directory b.d, which is no reason to leave out a */
    assert_non_null(strstr(w->err.place, "b.d/c"));
    assert_file(w, "a.json", bench__report_json);
    assert_file(w, "a.jsonl", bench__report_jsonl);
    assert_file(w, "a.csv", bench__report_csv);
    assert_file(w, "a.md", bench__report_markdown);
    assert_file(w, "a.txt", text_report);
    assert_file(w, "a", text_report);
    assert_non_null(strstr(w->out, "Cause:"));
}

static void files_have_no_colours(void **state) {
    struct world *w = *state;
    w->style.color = 1;
    assert_int_equal(write_all(w, "--out $/a.txt"), 0);
    assert_non_null(strchr(w->out, '\x1b'));
    char *text = file_text(w, "a.txt");
    assert_null(strchr(text, '\x1b'));
    bench__free(text);
}

static void another_format_goes_to_one_place(void **state) {
    struct world *w = *state;
    assert_int_equal(write_all(w, "--output-format csv --out $/a"), 0);
    assert_string_equal(w->out, "");
    assert_file(w, "a", bench__report_csv);
    assert_int_equal(write_all(w, "--output-format csv --out $/a --out -"), 0);
    char *text = file_text(w, "a");
    assert_string_equal(w->out, text);
    bench__free(text);
    assert_int_equal(write_all(w, "--out - --out -"), 0);
    char *first = strstr(w->out, "Cause:");
    assert_non_null(first);
    assert_null(strstr(first + 1, "Cause:")); /* once, however often asked for */
}

/* ---- step summary ---- */

static void the_step_summary_grows(void **state) {
    struct world *w = *state;
    char *path = bench__path_join(w->dir, "summary"), *once = NULL;
    setenv("GITHUB_STEP_SUMMARY", path, 1);
    assert_int_equal(write_all(w, "--output-format json"), 0);
    assert_file(w, "summary", bench__report_markdown);
    once = file_text(w, "summary");
    assert_int_equal(write_all(w, "--output-format json"), 0);
    char *twice = file_text(w, "summary");
    size_t n = strlen(once);
    assert_int_equal(strlen(twice), 2 * n);
    assert_memory_equal(twice, once, n);
    assert_memory_equal(twice + n, once, n);
    bench__free(once);
    bench__free(twice);
    bench__free(path);
}

static void a_summary_that_cannot_be_written(void **state) {
    struct world *w = *state;
    setenv("GITHUB_STEP_SUMMARY", "/nonexistent/summary", 1);
    assert_int_equal(write_all(w, "--report $/html --no-plots"), BENCH_EIO);
    assert_string_equal(w->err.place, "/nonexistent/summary");
    assert_true(file_exists(w, "html/index.html"));
    assert_non_null(strstr(w->out, "Cause:"));
}

/* ---- gates ---- */

static struct bench__gates *gates_of(struct world *w, const char *words) {
    struct bench__gates *gates = NULL;
    struct scratch_line line;
    bench__cli_clear(&w->options);
    scratch_split(&line, "run_benches", words, w->dir);
    assert_int_equal(bench__cli_parse(&w->options, &bench__command_run, line.argc, line.argv, NULL),
                     0);
    w->err = (bench_error){0};
    if (bench__cli_gates(&gates, &w->options, &w->err) != 0)
        return NULL;
    return gates;
}

static void assert_gates(struct world *w, const char *words, double threshold, double alpha,
                         unsigned fail_on) {
    struct bench__gates *gates = gates_of(w, words);
    assert_non_null(gates);
    assert_true(bench__gates_threshold(gates, "a/b/c") == threshold);
    assert_true(bench__gates_alpha(gates, "a/b/c") == alpha);
    assert_int_equal(bench__gates_fail_on(gates), fail_on);
    bench__gates_free(gates);
}

static void write_gates(const struct world *w, const char *name, const char *text) {
    char *path = bench__path_join(w->dir, name);
    assert_int_equal(bench__write_file_atomic(path, text, strlen(text), NULL), 0);
    bench__free(path);
}

static void gates_in_force(void **state) {
    struct world *w = *state;
    const unsigned usual =
        BENCH__FAIL_REGRESSED | BENCH__FAIL_MISSING | BENCH__FAIL_INCOMPARABLE | BENCH__FAIL_BUDGET;
    assert_gates(w, "--baselines-dir $", 0.05, 0.01, usual);
    write_gates(w, "gates.json", "{\"format_version\": 1, \"default\": {\"threshold\": \"3%\"}}");
    write_gates(w, "other.json", "{\"format_version\": 1, \"default\": {\"threshold\": \"2%\"}}");
    assert_gates(w, "--baselines-dir $", 0.03, 0.01, usual);
    assert_gates(w, "--baselines-dir $ --gates $/other.json", 0.02, 0.01, usual);
    assert_gates(w, "--baselines-dir $ --threshold 0% --significance-level 5% --fail-on none", 0,
                 0.05, BENCH__FAIL_NONE);
    assert_null(gates_of(w, "--gates $/none.json"));
    assert_non_null(strstr(w->err.place, "none.json"));
}

static void style_follows_the_options(void **state) {
    struct world *w = *state;
    struct bench__style style;
    assert_int_equal(write_all(w, "--color always --verbose"), 0);
    bench__cli_style(&style, &w->options, stderr);
    assert_true(style.color);
    assert_true(style.verbose);
    assert_false(style.quiet);
    assert_int_equal(write_all(w, "--color never -q"), 0);
    bench__cli_style(&style, &w->options, stderr);
    assert_false(style.color);
    assert_true(style.quiet);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(text_and_the_three_questions, setup, teardown),
        cmocka_unit_test_setup_teardown(no_questions_when_nothing_got_worse, setup, teardown),
        cmocka_unit_test_setup_teardown(json_is_nothing_but_json, setup, teardown),
        cmocka_unit_test_setup_teardown(a_full_disk_is_an_error, setup, teardown),
        cmocka_unit_test_setup_teardown(a_files_format_follows_its_ending, setup, teardown),
        cmocka_unit_test_setup_teardown(files_have_no_colours, setup, teardown),
        cmocka_unit_test_setup_teardown(another_format_goes_to_one_place, setup, teardown),
        cmocka_unit_test_setup_teardown(the_step_summary_grows, setup, teardown),
        cmocka_unit_test_setup_teardown(a_summary_that_cannot_be_written, setup, teardown),
        cmocka_unit_test_setup_teardown(gates_in_force, setup, teardown),
        cmocka_unit_test_setup_teardown(style_follows_the_options, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
