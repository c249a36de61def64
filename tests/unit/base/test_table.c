/* Alignment in columns of a terminal: UTF-8, colours, empty columns. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "alloc_failure.h"
#include "base/table.h"
#include <string.h>

static const enum bench__align left_right_left[] = {BENCH__LEFT, BENCH__RIGHT, BENCH__LEFT};

static void assert_written(const struct bench__table *table, int gap, const char *expected) {
    struct bench__strbuf out;
    bench__strbuf_init(&out);
    bench__table_write(table, &out, gap);
    assert_string_equal(bench__strbuf_text(&out), expected);
    bench__strbuf_clear(&out);
}

static struct bench__table *table_of(size_t n_rows, const char *const rows[][3]) {
    struct bench__table *table = bench__table_new(3, left_right_left);
    for (size_t i = 0; i < n_rows; i++)
        assert_int_equal(bench__table_row(table, rows[i]), 0);
    return table;
}

static void columns_are_aligned(void **state) {
    (void)state;
    const char *const rows[][3] = {
        {"name", "time", "note"}, {"a", "1.5", ""}, {"longer", "12.25", "x"}};
    struct bench__table *table = table_of(3, rows);
    assert_written(table, 2,
                   "name     time  note\n"
                   "a         1.5\n"
                   "longer  12.25  x\n");
    assert_written(table, 0,
                   "name   timenote\n"
                   "a       1.5\n"
                   "longer12.25x\n");
    bench__table_free(table);
}

static void empty_columns_take_no_room(void **state) {
    (void)state;
    const char *const middle[][3] = {{"a", NULL, "b"}, {"cc", "", "d"}};
    struct bench__table *table = table_of(2, middle);
    assert_written(table, 2, "a   b\ncc  d\n");
    bench__table_free(table);
    const char *const first[][3] = {{"", "1", ""}, {NULL, "22", NULL}};
    table = table_of(2, first);
    assert_written(table, 2, " 1\n22\n");
    bench__table_free(table);
    const char *const none[][3] = {{"", "", ""}};
    table = table_of(1, none);
    assert_written(table, 2, "\n");
    bench__table_free(table);
}

static void gaps_of_empty_cells_are_kept(void **state) {
    (void)state;
    const char *const rows[][3] = {{"a", "", "x"}, {"", "12", "y"}, {"", "", "z"}, {"bb", "3", ""}};
    struct bench__table *table = table_of(4, rows);
    assert_written(table, 1,
                   "a     x\n"
                   "   12 y\n"
                   "      z\n"
                   "bb  3\n");
    bench__table_free(table);
}

static void colours_take_no_width(void **state) {
    (void)state;
    const char *const rows[][3] = {{"\033[1;31mred\033[0m", "\033[32m1\033[m", "|"},
                                   {"plain", "22", "|"}};
    struct bench__table *table = table_of(2, rows);
    assert_written(table, 1,
                   "\033[1;31mred\033[0m    \033[32m1\033[m |\n"
                   "plain 22 |\n");
    bench__table_free(table);
}

static void a_table_without_rows_or_columns_is_empty(void **state) {
    (void)state;
    struct bench__table *table = bench__table_new(3, left_right_left);
    assert_written(table, 2, "");
    bench__table_free(table);
    table = bench__table_new(0, NULL);
    assert_int_equal(bench__table_row(table, NULL), 0);
    assert_written(table, 2, "\n");
    bench__table_free(table);
    bench__table_free(NULL);
}

static void widths(void **state) {
    (void)state;
    static const struct {
        const char *text;
        size_t width;
    } cases[] = {
        {"", 0},
        {"abc", 3},
        {"\xC2\xB5s \xC2\xB1", 4},       /* micro, plus-minus */
        {"e\xCC\x81", 1},                /* e and a combining acute */
        {"\xE6\xBC\xA2\xE5\xAD\x97", 4}, /* two Han characters */
        {"\xEA\xB0\x80\xEF\xBC\xA1", 4}, /* a Hangul syllable, a full-width A */
        {"\xE2\x94\x80\xE2\x94\x82", 2}, /* box drawing */
        {"\xF0\x9F\x98\x80", 2},         /* a face */
        {"a\xE2\x80\x8B"
         "b\xEF\xB8\x8F",
         2},              /* zero-width space, variation selector */
        {"\xFFx\xC3", 3}, /* invalid bytes */
        {"\033[0m\033[38;5;196mx\033[m", 1},
        {"\033[38:2::1:2:3mx", 1},
        {"\033[2Kx", 4}, /* not SGR: only the escape has no width */
        {"\033[1", 2},
        {"a\tb\x7F", 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(bench__display_width(cases[i].text), cases[i].width);
}

static void utf8_is_aligned(void **state) {
    (void)state;
    const char *const rows[][3] = {{"\xE6\xBC\xA2", "1.5 \xC2\xB5s", "|"}, {"abc", "10 ns", "|"}};
    struct bench__table *table = table_of(2, rows);
    assert_written(table, 1,
                   "\xE6\xBC\xA2  1.5 \xC2\xB5s |\n"
                   "abc  10 ns |\n");
    bench__table_free(table);
}

static void a_failed_row_is_not_there(void **state) {
    (void)state;
    const char *const cells[] = {"a", "b", "c"}, *const wide[] = {"wide", "wide", "wide"};
    struct bench__table *table = bench__table_new(3, left_right_left);
    assert_int_equal(bench__table_row(table, cells), 0);
    for (long n = 0; n < 3; n++) {
        bench__mem_fail_after(n);
        assert_int_equal(bench__table_row(table, wide), BENCH_ENOMEM);
        bench__mem_fail_after(-1);
    }
    assert_written(table, 1, "a b c\n");
    bench__table_free(table);
}

static int build_and_write(void) {
    const char *const cells[] = {"some", "more", "text"};
    struct bench__table *table = bench__table_new(3, left_right_left);
    int rc = table == NULL ? BENCH_ENOMEM : 0;
    for (int i = 0; rc == 0 && i < 10; i++)
        rc = bench__table_row(table, cells);
    struct bench__strbuf out;
    bench__strbuf_init(&out);
    if (rc == 0) {
        bench__table_write(table, &out, 2);
        rc = bench__strbuf_text(&out) == NULL ? BENCH_ENOMEM : 0;
    }
    bench__strbuf_clear(&out);
    bench__table_free(table);
    return rc;
}

static void every_failure_is_reported(void **state) {
    (void)state;
    fail_every_allocation(build_and_write);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_aligned),
        cmocka_unit_test(empty_columns_take_no_room),
        cmocka_unit_test(gaps_of_empty_cells_are_kept),
        cmocka_unit_test(colours_take_no_width),
        cmocka_unit_test(a_table_without_rows_or_columns_is_empty),
        cmocka_unit_test(widths),
        cmocka_unit_test(utf8_is_aligned),
        cmocka_unit_test(a_failed_row_is_not_there),
        cmocka_unit_test(every_failure_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
