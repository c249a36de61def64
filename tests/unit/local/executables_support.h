/* What the tests of the cache of executables share: a scratch cache, files to keep in it, and
 * looking at it. */
#ifndef TESTS_UNIT_LOCAL_EXECUTABLES_SUPPORT_H
#define TESTS_UNIT_LOCAL_EXECUTABLES_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/fs.h"
#include "base/mem.h"
#include "local/executables.h"
#include "support/scratch.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define KIB INT64_C(1024)
#define ALL INT64_MAX

static char dir[SCRATCH_SIZE];

static inline int setup(void **state) {
    char cache[SCRATCH_SIZE + 8];
    (void)state;
    scratch_make(dir);
    snprintf(cache, sizeof cache, "%s/cache", dir);
    return setenv("BENCH_CACHE_DIR", cache, 1);
}

static inline int teardown(void **state) {
    (void)state;
    scratch_remove(dir);
    return 0;
}

/* A path in the scratch directory; each call has a buffer of its own, four calls long. */
static inline const char *at(const char *name) {
    static char buffers[4][300];
    static int i;
    char *path = buffers[i++ % 4];
    snprintf(path, sizeof buffers[0], "%s/%s", dir, name);
    return path;
}

static inline const char *in_cache(const char *id, const char *suffix) {
    char name[200];
    snprintf(name, sizeof name, "cache/executables/%s%s", id, suffix);
    return at(name);
}

/* A file of so many KiB, different for each letter. */
static inline const char *make(char letter, int kib) {
    const char name[] = {letter, '\0'}, *path = at(name);
    char *text = bench__alloc((size_t)kib, 1024);
    assert_non_null(text);
    memset(text, letter, (size_t)kib * 1024);
    assert_int_equal(bench__write_file_atomic(path, text, (size_t)kib * 1024, NULL), 0);
    bench__free(text);
    return path;
}

static inline void id_of(char id[BENCH__EXECUTABLE_ID_SIZE], const char *path) {
    assert_int_equal(bench__executable_id(id, NULL, path, NULL), 0);
    assert_true(bench__executable_id_is_valid(id));
}

static inline int try_keep(const char *path, int64_t max_bytes, bench_error *err) {
    const struct bench__executable_origin origin = {
        .baseline = "main", .git_commit = "c0ffee", .program = "bench"};
    char id[BENCH__EXECUTABLE_ID_SIZE];
    id_of(id, path);
    return bench__executables_keep(path, id, max_bytes, &origin, err);
}

static inline void keep(char id[BENCH__EXECUTABLE_ID_SIZE], const char *path, int64_t max_bytes) {
    bench_error err = {0};
    id_of(id, path);
    if (try_keep(path, max_bytes, &err) != 0) {
        fail_msg("%s: %s", err.place, err.text);
    }
}

static inline int is_found(const char *id) {
    char *path = NULL;
    const int rc = bench__executables_find(&path, id, NULL);
    assert_true((rc == 0) == (path != NULL));
    bench__free(path);
    return rc == 0;
}

static inline size_t n_listed(void) {
    struct bench__kept_executable *entries;
    size_t n;
    assert_int_equal(bench__executables_list(&entries, &n, NULL), 0);
    bench__executables_list_free(entries, n);
    return n;
}

/* Used so many seconds after 1970. */
static inline void used_at(const char *id, time_t seconds) {
    const struct timespec times[2] = {{.tv_sec = seconds}, {.tv_sec = seconds}};
    assert_int_equal(utimensat(AT_FDCWD, in_cache(id, ""), times, 0), 0);
}

static inline void put(const char *path, const char *text) {
    assert_int_equal(bench__write_file_atomic(path, text, strlen(text), NULL), 0);
}

static inline void assert_refused(int rc, int code, const bench_error *err, const char *place,
                                  const char *text) {
    if (rc != code || err->code != code || strstr(err->place, place) == NULL ||
        strstr(err->text, text) == NULL) {
        fail_msg("got %d, %s | %s", rc, err->place, err->text);
    }
}

/* Nothing but the lock and what was put there. */
static inline void assert_no_remains(void) {
    char **names = NULL;
    size_t n = 0;
    assert_int_equal(bench__list_directory(&names, &n, at("cache/executables"), NULL), 0);
    for (size_t i = 0; i < n; i++) {
        assert_null(strstr(names[i], ".tmp"));
    }
    bench__free_names(names, n);
}

#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

#endif
