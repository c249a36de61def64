/* Where local files go, by the environment. */
#include "local/dirs.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static void expect(char *(*dir)(void), const char *path) {
    char *got = dir();
    if (path == NULL) {
        assert_null(got);
    } else {
        assert_non_null(got);
        assert_string_equal(got, path);
    }
    bench__free(got);
}

static void the_most_specific_variable_wins(void **state) {
    (void)state;
    setenv("HOME", "/h", 1);
    unsetenv("XDG_CACHE_HOME");
    unsetenv("XDG_STATE_HOME");
    unsetenv("BENCH_CACHE_DIR");
    unsetenv("BENCH_STATE_DIR");
    expect(bench__cache_dir, "/h/.cache/libbench");
    expect(bench__state_dir, "/h/.local/state/libbench");
    setenv("XDG_CACHE_HOME", "/x", 1);
    setenv("XDG_STATE_HOME", "/y", 1);
    expect(bench__cache_dir, "/x/libbench");
    expect(bench__state_dir, "/y/libbench");
    setenv("BENCH_CACHE_DIR", "own", 1);
    setenv("BENCH_STATE_DIR", "other", 1);
    expect(bench__cache_dir, "own");
    expect(bench__state_dir, "other");
}

static void what_makes_no_sense_is_passed_over(void **state) {
    (void)state;
    setenv("HOME", "/h", 1);
    setenv("XDG_CACHE_HOME", "relative", 1);
    setenv("BENCH_CACHE_DIR", "", 1);
    expect(bench__cache_dir, "/h/.cache/libbench");
    unsetenv("HOME");
    expect(bench__cache_dir, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_most_specific_variable_wins),
        cmocka_unit_test(what_makes_no_sense_is_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
