/* First error wins, places, errno texts, and that nothing harmful reaches a terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/error.h"
#include <errno.h>
#include <string.h>

static void code_is_returned_and_kept(void **state) {
    (void)state;
    bench_error err = {0};
    assert_int_equal(bench__error(&err, BENCH_EINVAL, "size %d", 7), BENCH_EINVAL);
    assert_int_equal(err.code, BENCH_EINVAL);
    assert_int_equal(err.sys_errno, 0);
    assert_string_equal(err.text, "size 7");
    assert_string_equal(err.place, "");
}

static void first_error_wins(void **state) {
    (void)state;
    bench_error err = {0};
    bench__error(&err, BENCH_EINVAL, "first");
    assert_int_equal(bench__error(&err, BENCH_EIO, "second"), BENCH_EIO);
    assert_int_equal(bench__error_sys(&err, BENCH_ESYSTEM, ENOENT, "third"), BENCH_ESYSTEM);
    assert_int_equal(err.code, BENCH_EINVAL);
    assert_int_equal(err.sys_errno, 0);
    assert_string_equal(err.text, "first");
}

static void null_is_accepted(void **state) {
    (void)state;
    assert_int_equal(bench__error(NULL, BENCH_EIO, "x"), BENCH_EIO);
    assert_int_equal(bench__error_sys(NULL, BENCH_EIO, ENOENT, "x"), BENCH_EIO);
    bench__error_place(NULL, "x");
}

static void system_errors_are_explained(void **state) {
    (void)state;
    bench_error err = {0};
    assert_int_equal(bench__error_sys(&err, BENCH_EIO, ENOSPC, "cannot write %s", "a"), BENCH_EIO);
    assert_int_equal(err.sys_errno, ENOSPC);
    assert_string_equal(err.text, "cannot write a: No space left on device");
}

static void place_is_set_once_and_only_for_errors(void **state) {
    (void)state;
    bench_error err = {0};
    bench__error_place(&err, "too early");
    assert_string_equal(err.place, "");
    bench__error(&err, BENCH_EFORMAT, "bad");
    bench__error_place(&err, "file:%d", 3);
    bench__error_place(&err, "later");
    assert_string_equal(err.place, "file:3");
}

static void line_joins_place_and_text(void **state) {
    (void)state;
    char line[100], small[8];
    bench_error err = {0};
    bench__error(&err, BENCH_EFORMAT, "bad field");
    assert_string_equal(bench__error_line(&err, line, sizeof line), "bad field");
    bench__error_place(&err, "a.json");
    assert_string_equal(bench__error_line(&err, line, sizeof line), "a.json: bad field");
    assert_ptr_equal(bench__error_line(&err, small, sizeof small), small);
    assert_string_equal(small, "a.json:");
}

static void control_characters_do_not_survive(void **state) {
    (void)state;
    bench_error err = {0};
    bench__error(&err, BENCH_EINVAL, "%s",
                 "a\033[31mb\nc\x7F"
                 "d\xC2\x9B"
                 "e\xFF\xC3\xA9");
    assert_string_equal(err.text, "a?[31mb?c?d??e?\xC3\xA9");
    bench__error_place(&err, "%s", "x\ry");
    assert_string_equal(err.place, "x?y");
}

static void long_texts_are_cut_between_characters(void **state) {
    (void)state;
    char text[1000];
    bench_error err = {0};
    for (size_t i = 0; i < 998; i += 2)
        memcpy(text + i, "\xC3\xA9", 3);
    bench__error_sys(&err, BENCH_EINVAL, EIO, "%s", text);
    assert_int_equal(strlen(err.text), sizeof err.text - 1);
    assert_string_equal(err.text + sizeof err.text - 4, "\xC3\xA9?");
    bench__error_place(&err, "%s", text);
    assert_int_equal(strlen(err.place), sizeof err.place - 1);
}

static void every_code_has_a_name(void **state) {
    (void)state;
    assert_string_equal(bench_error_name(BENCH_OK), "BENCH_OK");
    assert_string_equal(bench_error_name(BENCH_ENOMEM), "BENCH_ENOMEM");
    assert_string_equal(bench_error_name(BENCH_EFORMAT), "BENCH_EFORMAT");
    assert_string_equal(bench_error_name(BENCH_EEXIST), "BENCH_EEXIST");
    assert_string_equal(bench_error_name(BENCH_EINTERRUPTED), "BENCH_EINTERRUPTED");
    assert_string_equal(bench_error_name(BENCH_EUNSUPPORTED), "BENCH_EUNSUPPORTED");
    assert_string_equal(bench_error_name(BENCH_EUNSUPPORTED - 1), "BENCH_E?");
    assert_string_equal(bench_error_name(1), "BENCH_E?");
    assert_string_equal(bench_error_name(INT32_MIN), "BENCH_E?");
}

static void version_is_that_of_the_header(void **state) {
    (void)state;
    assert_string_equal(bench_version(), BENCH_VERSION);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(code_is_returned_and_kept),
        cmocka_unit_test(first_error_wins),
        cmocka_unit_test(null_is_accepted),
        cmocka_unit_test(system_errors_are_explained),
        cmocka_unit_test(place_is_set_once_and_only_for_errors),
        cmocka_unit_test(line_joins_place_and_text),
        cmocka_unit_test(control_characters_do_not_survive),
        cmocka_unit_test(long_texts_are_cut_between_characters),
        cmocka_unit_test(every_code_has_a_name),
        cmocka_unit_test(version_is_that_of_the_header),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
