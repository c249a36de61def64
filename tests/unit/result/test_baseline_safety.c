/* No baseline is lost: files that cannot be read, of another machine, two who save at once. */
#include "baseline_support.h"

#include <sys/wait.h>

static void an_unreadable_file_stays(void **state) {
    const char *const a[] = {"a"};
    char path[300];
    bench_error err = {0};
    size_t left_out;
    (void)state;
    bench_run *run = run_of("core", a, 1, 10);
    save(run, "main");
    path_of(path, "main", "core");
    spit(path, "<<<<<<< HEAD\n");
    expect_error(bench__baseline_save(run, dir, "main", &left_out, &err), BENCH_EFORMAT, &err, path,
                 "not valid JSON");
    char *text = slurp(path);
    assert_string_equal(text, "<<<<<<< HEAD\n");
    bench__free(text);
    spit(path, "{\"format_version\": 7}");
    err = (bench_error){0};
    expect_error(bench__baseline_save(run, dir, "main", &left_out, &err), BENCH_EVERSION, &err,
                 path, "newer");
    bench_run_free(run);
}

static void a_file_of_another_machine_stays(void **state) {
    const char *const a[] = {"a"};
    char path[300];
    bench_error err = {0};
    size_t left_out;
    (void)state;
    bench_run *run = run_of("core", a, 1, 10);
    save(run, "main");
    path_of(path, "main", "core");
    snprintf(run->host.compiler, sizeof run->host.compiler, "clang 14");
    expect_ok(bench_run_save(run, path, 0, &err), &err);
    set_host(&run->host);
    expect_error(bench__baseline_save(run, dir, "main", &left_out, &err), BENCH_EFORMAT, &err,
                 "core.json: host", "another machine");
    bench_run_free(run);
}

static void no_directory_to_save_in(void **state) {
    const char *const a[] = {"a"};
    char path[128];
    bench_error err = {0};
    size_t left_out;
    (void)state;
    bench_run *run = run_of("core", a, 1, 10);
    snprintf(path, sizeof path, "%s/file", dir);
    spit(path, "x");
    expect_error(bench__baseline_save(run, path, "main", &left_out, &err), BENCH_EIO, &err, path,
                 "");
    err = (bench_error){0};
    assert_true(bench__baseline_save(run, "/proc/self/baselines", "main", &left_out, &err) < 0);
    assert_int_not_equal(err.code, 0);
    bench_run_free(run);
}

/* Two processes add benchmarks to one file again and again; every one of them must be there. */
static void save_one_by_one(char prefix, int n) {
    char function[20];
    const char *const functions[] = {function};
    for (int i = 0; i < n; i++) {
        bench_error err = {0};
        size_t left_out;
        snprintf(function, sizeof function, "%c%02d", prefix, i);
        bench_run *run = run_of("core", functions, 1, 10);
        if (bench__baseline_save(run, dir, "main", &left_out, &err) != 0) {
            _exit(1);
        }
        bench_run_free(run);
    }
}

static void two_save_at_once(void **state) {
    const int n = 25;
    int status = 0;
    (void)state;
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        save_one_by_one('c', n);
        _exit(0);
    }
    save_one_by_one('p', n);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    bench_run *back = load("main");
    assert_int_equal(back->n_results, 2 * n);
    bench_run_free(back);
}

static void every_allocation_may_fail(void **state) {
    const char *const all[] = {"a", "b"}, *const some[] = {"b"};
    (void)state;
    bench_run *old = run_of("core", all, 2, 10), *run = run_of("core", some, 1, 20);
    const long live = bench__mem_live();
    long n = 0;
    for (int done = 0; !done; n++) {
        bench_run *back = NULL;
        bench_error err = {0};
        size_t left_out;
        save(old, "main");
        bench__mem_fail_after(n);
        int rc = bench__baseline_save(run, dir, "main", &left_out, &err);
        if (rc == 0) {
            rc = bench__baseline_load(&back, dir, "main", &run->host, NULL, 0, &err);
        }
        bench__mem_fail_after(-1);
        done = rc == 0;
        assert_true(done || rc == BENCH_ENOMEM);
        assert_int_equal(rc, err.code);
        assert_true((back != NULL) == done);
        bench_run_free(back);
        assert_int_equal(bench__mem_live(), live);
        back = load("main");
        assert_int_equal(back->n_results, 2); /* whatever failed, both are there */
        bench_run_free(back);
    }
    assert_true(n > 40);
    bench_run_free(old);
    bench_run_free(run);
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(an_unreadable_file_stays),  TEST(a_file_of_another_machine_stays),
        TEST(no_directory_to_save_in),   TEST(two_save_at_once),
        TEST(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
