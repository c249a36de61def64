/* Directories, their locks, and names: of files, of paths, of programs. */
#include "fs_support.h"

#include <errno.h>
#include <sys/file.h>

/* --- directories --- */

static void directories_are_made_on_the_way(void **state) {
    (void)state;
    assert_int_equal(bench__make_directories("a/b/c", NULL), 0);
    assert_true(bench__is_directory("a/b/c"));
    assert_int_equal(bench__make_directories("a/b/c", NULL), 0);
    assert_int_equal(bench__make_directories("d//e///", NULL), 0);
    assert_true(bench__is_directory("d/e"));
    assert_int_equal(bench__make_directories("/", NULL), 0);
    assert_int_equal(bench__make_directories(".", NULL), 0);
    char absolute[4200], here[4096];
    snprintf(absolute, sizeof absolute, "%s/f/g", getcwd(here, sizeof here));
    assert_int_equal(bench__make_directories(absolute, NULL), 0);
    assert_true(bench__is_directory("f/g"));
}

static void a_file_in_the_way_is_named(void **state) {
    (void)state;
    bench_error err = {0};
    put("file", "");
    assert_int_equal(bench__make_directories("file/a/b", &err), BENCH_EIO);
    assert_error(&err, BENCH_EIO, ENOTDIR, "file");
    err = (bench_error){0};
    assert_int_equal(bench__make_directories("", &err), BENCH_ENOTFOUND);
}

static void lists_are_sorted_and_complete(void **state) {
    (void)state;
    static const char *const names[] = {"b", "a", ".hidden", "B", "a.b", "10", "9"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        put(names[i], "");
    assert_names(".", ".hidden 10 9 B a a.b b ");
    assert_int_equal(bench__make_directories("empty", NULL), 0);
    assert_names("empty", "");
    char **none = NULL;
    size_t n = 0;
    bench_error err = {0};
    assert_int_equal(bench__list_directory(&none, &n, "missing", &err), BENCH_ENOTFOUND);
    assert_error(&err, BENCH_ENOTFOUND, ENOENT, "missing");
    assert_null(none);
}

static void files_and_directories_are_told_apart(void **state) {
    (void)state;
    put("file", "");
    assert_int_equal(symlink("file", "link"), 0);
    assert_int_equal(symlink("nowhere", "dangling"), 0);
    assert_true(bench__file_exists("file") && !bench__is_directory("file"));
    assert_true(bench__file_exists("link"));
    assert_true(bench__file_exists("/dev/null"));
    assert_true(bench__is_directory(".") && !bench__file_exists("."));
    assert_false(bench__file_exists("dangling") || bench__is_directory("dangling"));
    assert_false(bench__file_exists("none") || bench__is_directory("none"));
}

/* --- names --- */

static void components_are_checked(void **state) {
    (void)state;
    char name[102];
    memset(name, 'x', 101);
    name[101] = '\0';
    assert_false(bench__is_safe_component(name));
    name[100] = '\0';
    assert_true(bench__is_safe_component(name));
    static const char *const good[] = {"main", "a b", "v1.2-x_y", "gr\xC3\xBC\xC3\x9F", "a..b"};
    static const char *const bad[] = {"",      ".",        "..",     ".x",    "-x",
                                      "a/b",   "/",        "a\nb",   "a\x7F", "\xC2\x85x",
                                      "x\xFF", "\xE2\x82", "\033[0m"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(bench__is_safe_component(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(bench__is_safe_component(bad[i]));
}

static void assert_joined(const char *a, const char *b, const char *expected) {
    char *path = bench__path_join(a, b);
    assert_string_equal(path, expected);
    bench__free(path);
}

static void paths_are_joined_with_one_slash(void **state) {
    (void)state;
    assert_joined("a", "b", "a/b");
    assert_joined("a/", "b", "a/b");
    assert_joined("/", "b", "/b");
    assert_joined("", "b", "b");
}

static void assert_found(const char *name, const char *expected) {
    char *path = bench__find_program(name);
    if (expected == NULL)
        assert_null(path);
    else
        assert_string_equal(path, expected);
    bench__free(path);
}

static void programs_are_found_on_the_path(void **state) {
    (void)state;
    char *path = strdup(getenv("PATH"));
    assert_int_equal(
        bench__make_directories("one/tool", NULL) | bench__make_directories("two", NULL), 0);
    put("two/tool", "#!/bin/sh\n");
    put("plain", "");
    setenv("PATH", "missing:one:two", 1);
    assert_found("tool", NULL); /* a directory, and a file that is not executable */
    assert_int_equal(chmod("two/tool", 0755), 0);
    assert_found("tool", "two/tool");
    assert_found("two/tool", "two/tool");
    assert_found("./plain", NULL);
    assert_found("", NULL);
    assert_int_equal(chmod("plain", 0755), 0);
    assert_found("plain", NULL);
    setenv("PATH", "one:", 1); /* an empty part is the current directory */
    assert_found("plain", "./plain");
    unsetenv("PATH");
    char *sh = bench__find_program("sh");
    assert_non_null(sh);
    assert_int_equal(access(sh, X_OK), 0);
    bench__free(sh);
    setenv("PATH", path, 1);
    free(path);
}

static void one_at_a_time_has_the_lock(void **state) {
    (void)state;
    int fd = bench__lock_directory(".", NULL), other = open(".lock", O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0 && other >= 0);
    assert_int_equal(flock(other, LOCK_EX | LOCK_NB), -1);
    assert_int_equal(errno, EWOULDBLOCK);
    close(fd);
    assert_int_equal(flock(other, LOCK_EX | LOCK_NB), 0);
    close(other);
}

static void what_cannot_be_locked_is_named(void **state) {
    bench_error err = {0};
    (void)state;
    put("file", "");
    assert_int_equal(bench__lock_directory("file", &err), BENCH_EIO);
    assert_string_equal(err.place, "file/.lock");
    assert_int_equal(err.sys_errno, ENOTDIR);
    assert_int_equal(bench__lock_directory("nothing", NULL), BENCH_ENOTFOUND);
    bench__mem_fail_after(0);
    assert_int_equal(bench__lock_directory(".", NULL), BENCH_ENOMEM);
    bench__mem_fail_after(-1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_DIRECTORY(directories_are_made_on_the_way),
        IN_DIRECTORY(a_file_in_the_way_is_named),
        IN_DIRECTORY(lists_are_sorted_and_complete),
        IN_DIRECTORY(files_and_directories_are_told_apart),
        IN_DIRECTORY(components_are_checked),
        IN_DIRECTORY(paths_are_joined_with_one_slash),
        IN_DIRECTORY(programs_are_found_on_the_path),
        IN_DIRECTORY(one_at_a_time_has_the_lock),
        IN_DIRECTORY(what_cannot_be_locked_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
