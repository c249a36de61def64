/* Lists of executables: what they may say, and what is refused. */
#include "cli/listing.h"

#include "support/scratch.h"
#include "unit/measure/near.h"

#include "unit/base/alloc_failure.h"

#include <sys/stat.h>

#define NAMES                                                                                      \
    "\"function\": \"f\", \"group\": \"g\", \"name\": \"s/g/f\", \"params\": [], \"suite\": \"s\""

static char dir[SCRATCH_SIZE], path[SCRATCH_SIZE + 16];

static int make_dir(void **state) {
    (void)state;
    scratch_make(dir);
    snprintf(path, sizeof path, "%s/lists", dir);
    return 0;
}

static int remove_dir(void **state) {
    (void)state;
    scratch_remove(dir);
    return 0;
}

/* An executable that prints this list. */
static void write_script(const char *list) {
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file, "#!/bin/sh\ncat <<'END'\n%s\nEND\n", list);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, 0755), 0);
}

static int load(struct bench__listing *out, const char *list, bench_error *err) {
    write_script(list);
    return bench__listing_load(out, path, err);
}

static void the_code_of_a_benchmark_is_listed(void **state) {
    (void)state;
    struct bench__listing listing;
    bench_error err = {0};
    assert_int_equal(load(&listing,
                          "[{\"code\": {\"body\": 4660, \"setup\": 22136, \"new\": 1}, " NAMES "}]",
                          &err),
                     0);
    assert_int_equal(listing.n, 1);
    assert_int_equal(listing.items[0].code.at[BENCH__CODE_BODY], 4660);
    assert_int_equal(listing.items[0].code.at[BENCH__CODE_SETUP], 22136);
    assert_int_equal(listing.items[0].code.at[BENCH__CODE_BATCH_SETUP], 0);
    bench__listing_clear(&listing);
}

static void older_executables_do_not_say(void **state) {
    (void)state;
    struct bench__listing listing;
    assert_int_equal(load(&listing, "[{" NAMES "}]", NULL), 0);
    assert_int_equal(listing.items[0].code.at[BENCH__CODE_BODY], 0);
    bench__listing_clear(&listing);
    assert_int_equal(load(&listing, "[{\"code\": null, " NAMES "}]", NULL), 0);
    assert_int_equal(listing.items[0].code.at[BENCH__CODE_BODY], 0);
    bench__listing_clear(&listing);
}

static void what_is_no_address_is_refused(void **state) {
    (void)state;
    static const char *const wrong[] = {
        "[{\"code\": 17, " NAMES "}]",
        "[{\"code\": [], " NAMES "}]",
        "[{\"code\": {\"body\": -1}, " NAMES "}]",
        "[{\"code\": {\"body\": \"0x10\"}, " NAMES "}]",
        "[{\"code\": {\"batch_teardown\": 1.5}, " NAMES "}]",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct bench__listing listing;
        bench_error err = {0};
        assert_int_equal(load(&listing, wrong[i], &err), BENCH_EFORMAT);
        assert_non_null(strstr(err.text, "cannot be read"));
        assert_string_equal(err.place, path);
    }
}

/* A script that does this when it is asked. @return what was said about it. */
static void expect_explained(const char *script, const char *part) {
    struct bench__listing listing;
    bench_error err = {0};
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file, "#!/bin/sh\n%s\n", script);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, 0755), 0);
    assert_int_equal(bench__listing_load(&listing, path, &err), BENCH_EFORMAT);
    assert_string_equal(err.place, path);
    if (strstr(err.text, part) == NULL) {
        fail_msg("%s: %s", script, err.text);
    }
}

static void what_gives_no_list_is_explained(void **state) {
    (void)state;
    expect_explained("exit 0", "does not list benchmarks");
    expect_explained("echo first >&2; echo last words >&2; exit 3", "it says: last words");
    expect_explained("echo '[]'; exit 3", "does not list benchmarks");
    expect_explained("kill -s SEGV $$", "killed by signal 11 (SIGSEGV)");
    expect_explained("echo hello; echo '[]'", "prints something else than its list of benchmarks "
                                              "when asked for it: 'hello'");
    expect_explained("echo '[{}]'", "cannot be read");
    /* more on its error output than is kept, and than a pipe holds */
    expect_explained("i=0; while [ $i -lt 9000 ]; do echo line $i of many >&2; i=$((i + 1)); done; "
                     "exit 1",
                     "it says: line 8999 of many");
    setenv("BENCH_START_TIMEOUT", "50ms", 1);
    expect_explained("kill -s STOP $$", "does not list its benchmarks within 0.05 s");
    expect_explained("exec >&-; kill -s STOP $$", "does not list its benchmarks within 0.05 s");
    unsetenv("BENCH_START_TIMEOUT");
}

static int load_whole(void) {
    struct bench__listing listing;
    const int code = bench__listing_load(&listing, path, NULL);
    bench__listing_clear(&listing);
    return code;
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    write_script("[{\"code\": {\"body\": 4660}, \"bytes_per_iteration\": 8, " NAMES "}]");
    fail_every_allocation(load_whole);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_code_of_a_benchmark_is_listed),
        cmocka_unit_test(older_executables_do_not_say),
        cmocka_unit_test(what_is_no_address_is_refused),
        cmocka_unit_test(what_gives_no_list_is_explained),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
