/* The cache of executables when it is full, too small, damaged in its parts, somebody else's or no
 * directory at all. */
#include "executables_support.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>

/* ---- room ---- */

static void the_least_recently_used_makes_room(void **state) {
    char id[4][BENCH__EXECUTABLE_ID_SIZE];
    (void)state;
    for (int i = 0; i < 3; i++) {
        keep(id[i], make((char)('a' + i), 10), ALL);
    }
    used_at(id[0], 3000);
    used_at(id[1], 1000);
    used_at(id[2], 2000);
    keep(id[3], make('d', 10), 30 * KIB); /* exactly three have room */
    assert_true(is_found(id[0]) && is_found(id[2]) && is_found(id[3]));
    assert_false(is_found(id[1]));
    assert_false(bench__file_exists(in_cache(id[1], ".json")));
    assert_int_equal(n_listed(), 3);
}

/* Even when all others claim to have been used in the future. */
static void what_was_just_kept_stays(void **state) {
    char a[BENCH__EXECUTABLE_ID_SIZE], b[BENCH__EXECUTABLE_ID_SIZE];
    (void)state;
    keep(a, make('a', 10), ALL);
    used_at(a, 32503680000);
    keep(b, make('b', 10), 10 * KIB);
    assert_true(is_found(b));
    assert_false(is_found(a));
    used_at(b, 1000);
    keep(a, at("a"), 20 * KIB);
    used_at(b, 32503680000);
    keep(a, at("a"), 19 * KIB); /* also when it was there already */
    assert_true(is_found(a));
    assert_false(is_found(b));
}

static void what_is_too_large_is_refused(void **state) {
    char id[BENCH__EXECUTABLE_ID_SIZE];
    bench_error err = {0};
    (void)state;
    keep(id, make('a', 4), 4 * KIB);
    assert_refused(try_keep(make('b', 5), 4 * KIB, &err), BENCH_EINVAL, &err, "",
                   "it has 5.00 KiB, and the whole cache may have 4.00 KiB (--cache-size)");
    assert_true(is_found(id)); /* and nothing made room for it */
}

static void pruning_says_what_it_removed(void **state) {
    char id[3][BENCH__EXECUTABLE_ID_SIZE];
    struct bench__pruned pruned;
    (void)state;
    assert_int_equal(bench__executables_prune(0, &pruned, NULL), 0);
    assert_int_equal(pruned.n_removed, 0);
    assert_false(bench__is_directory(at("cache")));
    for (int i = 0; i < 3; i++) {
        keep(id[i], make((char)('a' + i), 10 * (i + 1)), ALL);
        used_at(id[i], 1000 + i);
    }
    put(in_cache("0123456789abcdef0123456789abcdef", ".json"), "{}"); /* whose copy is gone */
    put(in_cache(".copy", ".tmp"), "half");
    put(in_cache("notes", ".txt"), "somebody else's");
    assert_int_equal(bench__executables_prune(50 * KIB, &pruned, NULL), 0);
    assert_int_equal(pruned.n_removed, 1);
    assert_int_equal(pruned.bytes_removed, 10 * KIB);
    assert_int_equal(pruned.n_left, 2);
    assert_int_equal(pruned.bytes_left, 50 * KIB);
    assert_false(bench__file_exists(in_cache("0123456789abcdef0123456789abcdef", ".json")));
    assert_no_remains();
    assert_int_equal(bench__executables_prune(0, &pruned, NULL), 0);
    assert_int_equal(pruned.n_removed, 2);
    assert_int_equal(n_listed(), 0);
    assert_true(bench__file_exists(in_cache("notes", ".txt")));
}

static void what_cannot_be_removed_is_named(void **state) {
    char a[BENCH__EXECUTABLE_ID_SIZE], b[BENCH__EXECUTABLE_ID_SIZE];
    struct bench__pruned pruned;
    bench_error err = {0};
    (void)state;
    keep(a, make('a', 1), ALL);
    keep(b, make('b', 1), ALL);
    used_at(a, 1000);
    assert_int_equal(unlink(in_cache(a, ".json")), 0);
    assert_int_equal(mkdir(in_cache(a, ".json"), 0700), 0);
    assert_refused(bench__executables_prune(0, &pruned, &err), BENCH_EIO, &err, a,
                   "cannot be removed");
    assert_false(is_found(b)); /* the others are gone */
}

/* ---- places that cannot be written ---- */

static void a_file_instead_of_the_directory(void **state) {
    bench_error err = {0};
    char *path = NULL;
    struct bench__pruned pruned;
    (void)state;
    put(at("cache"), "");
    assert_refused(try_keep(make('a', 1), ALL, &err), BENCH_EIO, &err, "cache", "Not a directory");
    assert_int_equal(n_listed(), 0);
    assert_int_equal(bench__executables_prune(0, &pruned, NULL), 0);
    assert_true(bench__executables_find(&path, "0123456789abcdef0123456789abcdef", NULL) < 0);
}

static void a_directory_instead_of_the_copy(void **state) {
    char id[BENCH__EXECUTABLE_ID_SIZE];
    bench_error err = {0};
    (void)state;
    id_of(id, make('a', 1));
    assert_int_equal(bench__make_directories(in_cache(id, ""), NULL), 0);
    assert_refused(try_keep(at("a"), ALL, &err), BENCH_EIO, &err, id, "cannot be written");
    assert_false(is_found(id));
    assert_int_equal(n_listed(), 0);
    assert_no_remains();
}

static void no_variable_says_where(void **state) {
    bench_error err = {0};
    char *home = bench__strdup(getenv("HOME") != NULL ? getenv("HOME") : "/");
    char *xdg = getenv("XDG_CACHE_HOME") != NULL ? bench__strdup(getenv("XDG_CACHE_HOME")) : NULL;
    (void)state;
    unsetenv("BENCH_CACHE_DIR");
    unsetenv("XDG_CACHE_HOME");
    unsetenv("HOME");
    assert_refused(try_keep(make('a', 1), ALL, &err), BENCH_ENOTFOUND, &err, "",
                   "there is no place for it");
    assert_int_equal(n_listed(), 0);
    setenv("HOME", home, 1);
    if (xdg != NULL) {
        setenv("XDG_CACHE_HOME", xdg, 1);
    }
    bench__free(home);
    bench__free(xdg);
}

/* A limit on the size of files is a disk that is full in the middle of the copy. */
static void a_full_disk_leaves_what_was_there(void **state) {
    char id[BENCH__EXECUTABLE_ID_SIZE];
    struct rlimit before, small;
    bench_error err = {0};
    (void)state;
    keep(id, make('a', 10), ALL);
    make('b', 600);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 300 * 1024;
    void (*action)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    const int rc = try_keep(at("b"), 605 * KIB, &err); /* would have to remove the other */
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, action);
    assert_refused(rc, BENCH_EIO, &err, "cache/executables", "cannot be written");
    assert_int_equal(err.sys_errno, EFBIG);
    assert_true(is_found(id));
    assert_int_equal(n_listed(), 1);
    assert_no_remains();
}

static void a_file_that_changed_is_not_kept(void **state) {
    char id[BENCH__EXECUTABLE_ID_SIZE];
    bench_error err = {0};
    (void)state;
    id_of(id, make('a', 1));
    make('a', 2);
    assert_refused(
        bench__executables_keep(at("a"), id, ALL, &(struct bench__executable_origin){0}, &err),
        BENCH_EFORMAT, &err, "", "it is not the file that was run any more");
    assert_int_equal(n_listed(), 0);
    assert_no_remains();
}

/* What is there already is kept, even where nothing can be written any more. */
static void a_cache_that_cannot_be_locked_still_has_it(void **state) {
    char id[BENCH__EXECUTABLE_ID_SIZE];
    bench_error err = {0};
    (void)state;
    keep(id, make('a', 1), ALL);
    assert_int_equal(unlink(in_cache("", ".lock")), 0);
    assert_int_equal(mkdir(in_cache("", ".lock"), 0700), 0);
    keep(id, at("a"), ALL);
    assert_refused(try_keep(make('b', 1), ALL, &err), BENCH_EIO, &err, ".lock", "cannot be locked");
    assert_true(is_found(id));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(the_least_recently_used_makes_room),
        IN_SCRATCH(what_was_just_kept_stays),
        IN_SCRATCH(what_is_too_large_is_refused),
        IN_SCRATCH(pruning_says_what_it_removed),
        IN_SCRATCH(what_cannot_be_removed_is_named),
        IN_SCRATCH(a_file_instead_of_the_directory),
        IN_SCRATCH(a_directory_instead_of_the_copy),
        IN_SCRATCH(no_variable_says_where),
        IN_SCRATCH(a_full_disk_leaves_what_was_there),
        IN_SCRATCH(a_file_that_changed_is_not_kept),
        IN_SCRATCH(a_cache_that_cannot_be_locked_still_has_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
