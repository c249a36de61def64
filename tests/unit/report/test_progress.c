/* The progress line, on a terminal and off it. */
#include "report_test.h"

#include "base/table.h"
#include "report/console.h"

static char *text;
static size_t n_text;
static FILE *out;
static struct bench__progress_line *line;

static void start(int is_terminal, struct bench__style style) {
    out = open_memstream(&text, &n_text);
    assert_non_null(out);
    line = bench__progress_line_new(out, &style, is_terminal);
    assert_non_null(line);
}

static void finish(void) {
    bench__progress_line_free(line);
    fclose(out);
    free(text);
}

static bench_progress at(size_t done, int64_t seconds, const char *name) {
    return (bench_progress){.launches_done = 10 * done,
                            .launches_total = 40,
                            .benchmarks_done = done,
                            .benchmarks_total = 4,
                            .elapsed_ns = seconds * 1000000000,
                            .remaining_ns = done > 0 ? (4 - (int64_t)done) * 7000000000 : -1,
                            .name = name};
}

static void test_one_line_rewritten(void **state) {
    (void)state;
    start(1, (struct bench__style){.columns = 80});
    bench_progress p = at(0, 0, "s/g/first");
    bench__progress_line_update(line, &p);
    p = at(2, 14, "s/g/third");
    bench__progress_line_update(line, &p);
    assert_string_equal(text, "\r\033[K-------------------- 0/4  0:00  s/g/first"
                              "\r\033[K==========---------- 2/4  0:14, 0:14 left  s/g/third");
    bench__progress_line_free(line);
    line = NULL;
    fflush(out);
    assert_string_equal(text + n_text - 4, "\r\033[K");
    finish();
}

static void test_redrawn_at_most_ten_times_a_second(void **state) {
    (void)state;
    start(1, (struct bench__style){.columns = 80});
    bench_progress p = at(1, 5, "s/g/a");
    bench__progress_line_update(line, &p);
    size_t before = n_text;
    p.elapsed_ns += 50000000;
    bench__progress_line_update(line, &p);
    assert_int_equal(n_text, before);
    p.elapsed_ns += 60000000;
    bench__progress_line_update(line, &p);
    assert_true(n_text > before);
    finish();
}

static void test_long_names_are_shortened(void **state) {
    (void)state;
    const char *name = "core_operations/publish/\xe6\x97\xa5\xe6\x9c\xac/a_name_that_does_not_fit/"
                       "size=10240,batch=1000";
    for (int columns = 10; columns < 140; columns++) {
        start(1, (struct bench__style){.utf8 = 1, .columns = columns});
        bench_progress p = at(2, 14, name);
        bench__progress_line_update(line, &p);
        int fixed = 20 + (int)strlen(" 2/4  0:14, 0:14 left  ");
        int width = (int)bench__display_width(text + strlen("\r\033[K"));
        assert_true(width < columns || width <= fixed + 1);
        if (columns > fixed + 2 && columns < 110) {
            assert_non_null(strstr(text, "…"));
        }
        finish();
    }
}

static void test_hostile_name(void **state) {
    (void)state;
    start(1, (struct bench__style){.columns = 100});
    bench_progress p = at(1, 1, "evil\033[2J\nname");
    bench__progress_line_update(line, &p);
    assert_non_null(strstr(text, "evil\\x1B[2J\\x0Aname"));
    finish();
}

static void test_lines_off_a_terminal(void **state) {
    (void)state;
    start(0, (struct bench__style){.columns = 80});
    bench_result ok = {.name = (char[]){"s/g/a"}};
    bench_result skipped = {.name = (char[]){"s/g/b"},
                            .status = BENCH_STATUS_SKIPPED,
                            .message = (char[]){"no broker"}};
    bench_progress p = at(1, 5, "s/g/a");
    bench__progress_line_update(line, &p); /* nothing has finished: nothing to say */
    p.finished = &ok;
    bench__progress_line_update(line, &p);
    p = at(2, 65, "s/g/b");
    p.finished = &skipped;
    bench__progress_line_update(line, &p);
    bench_pair_result pair = {
        .name = (char[]){"s/g/p"}, .status = BENCH_STATUS_CRASHED, .message = (char[]){"SIGSEGV"}};
    p = at(3, 66, "s/g/p");
    p.finished_pair = &pair;
    bench__progress_line_update(line, &p);
    assert_string_equal(text, "[1/4, 0:05] s/g/a\n[2/4, 1:05] s/g/b: skipped: no broker\n"
                              "[3/4, 1:06] s/g/p: crashed: SIGSEGV\n");
    finish();
}

static void test_quiet(void **state) {
    (void)state;
    for (int is_terminal = 0; is_terminal < 2; is_terminal++) {
        start(is_terminal, (struct bench__style){.columns = 80, .quiet = 1});
        bench_result ok = {.name = (char[]){"s/g/a"}};
        bench_progress p = at(1, 5, "s/g/a");
        p.finished = &ok;
        bench__progress_line_update(line, &p);
        fflush(out);
        assert_int_equal(n_text, 0);
        finish();
    }
}

static void test_no_memory_draws_nothing(void **state) {
    (void)state;
    start(1, (struct bench__style){.columns = 80});
    bench_progress p = at(1, 5, "s/g/a");
    bench__mem_fail_after(0);
    bench__progress_line_update(line, &p);
    assert_null(bench__progress_line_new(out, &(struct bench__style){.columns = 80}, 1));
    bench__mem_fail_after(-1);
    fflush(out);
    assert_int_equal(n_text, 0);
    finish();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_line_rewritten),
        cmocka_unit_test(test_redrawn_at_most_ten_times_a_second),
        cmocka_unit_test(test_long_names_are_shortened),
        cmocka_unit_test(test_hostile_name),
        cmocka_unit_test(test_lines_off_a_terminal),
        cmocka_unit_test(test_quiet),
        cmocka_unit_test(test_no_memory_draws_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
