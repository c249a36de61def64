/* fs_support.h - a fresh directory for each test of base/fs.h, and looks at what is in it. */
#ifndef TESTS_BASE_FS_SUPPORT_H
#define TESTS_BASE_FS_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/fs.h"
#include "base/mem.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Every test runs inside a fresh directory, which is removed afterwards. */
static char home[4096];

static inline int enter_directory(void **state) {
    (void)state;
    char directory[] = "/tmp/bench-fs-XXXXXX";
    umask(022);
    return getcwd(home, sizeof home) == NULL || mkdtemp(directory) == NULL || chdir(directory) != 0;
}

static inline int leave_directory(void **state) {
    (void)state;
    char here[4096], command[4200];
    if (getcwd(here, sizeof here) == NULL || strncmp(here, "/tmp/bench-fs-", 14) != 0)
        return 1;
    snprintf(command, sizeof command, "rm -rf '%s'", here);
    return chdir(home) != 0 || system(command) != 0;
}

static inline void put(const char *path, const char *text) {
    assert_int_equal(bench__write_file_atomic(path, text, strlen(text), NULL), 0);
}

static inline void assert_content(const char *path, const char *expected) {
    char *text = NULL;
    size_t n = 0;
    assert_int_equal(bench__read_file(&text, &n, path, 0, NULL), 0);
    assert_int_equal(n, strlen(expected));
    assert_string_equal(text, expected);
    bench__free(text);
}

static inline void assert_names(const char *directory, const char *expected) {
    char **names = NULL, joined[4096] = "";
    size_t n = 0;
    assert_int_equal(bench__list_directory(&names, &n, directory, NULL), 0);
    for (size_t i = 0; i < n; i++) {
        strcat(joined, names[i]);
        strcat(joined, " ");
    }
    bench__free_names(names, n);
    assert_string_equal(joined, expected);
}

static inline void assert_error(const bench_error *err, int code, int sys_errno,
                                const char *place) {
    assert_int_equal(err->code, code);
    assert_int_equal(err->sys_errno, sys_errno);
    assert_string_equal(err->place, place);
    assert_true(strlen(err->text) > 10);
}

#define IN_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, enter_directory, leave_directory)

#endif
