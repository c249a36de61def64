/* The journal: what was written is there after a kill, and nothing else is taken for it. */
#include "result_support.h"

#include "result/journal.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

static char dir[64], path[100];

static int set_up(void **state) {
    (void)state;
    make_scratch(dir);
    snprintf(path, sizeof path, "%s/journal.jsonl", dir);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    assert_int_equal(chdir("/"), 0);
    remove_scratch(dir);
    return 0;
}

static void write_launch(struct bench__journal *j, const char *benchmark, uint32_t index,
                         double median_ns) {
    struct bench__rng rng;
    bench_launch launch;
    bench_error err = {0};
    bench__rng_init(&rng, index);
    bench__launch_init(&launch);
    launch.index = index;
    launch.median_ns = median_ns;
    launch.calibration = 0;
    assert_int_equal(bench__label_set(&launch.labels, &launch.n_labels, "server", benchmark), 0);
    launch.message = bench__strdup("a \"message\"\n");
    add_samples(&launch, &rng, 3, 100, median_ns, 0.01);
    expect_ok(bench__journal_launch(j, benchmark, &launch, &err), &err);
    bench__launch_clear(&launch);
}

/* Two benchmarks with two launches each, in mixed order, and one reading. */
static void write_journal(void) {
    struct bench__journal *j = NULL;
    bench_error err = {0};
    bench_run *run = new_run();
    expect_ok(bench__journal_create(&j, path, run, "plan-1", &err), &err);
    expect_ok(bench__journal_calibration(j, add_reading(run, 1), &err), &err);
    write_launch(j, "s/group/b", 1, 21);
    write_launch(j, "s/group/a", 0, 10);
    write_launch(j, "s/group/b", 0, 20);
    write_launch(j, "s/group/a", 3, 13);
    expect_ok(bench__journal_close(j, &err), &err);
    bench_run_free(run);
}

/* What the runner hands in: the plan's results, in its own order. */
static bench_run *planned_run(void) {
    bench_run *run = new_run();
    run->seed = 1;
    snprintf(run->timestamp, sizeof run->timestamp, "later");
    add_benchmark(run, "s", "b");
    add_benchmark(run, "s", "c");
    add_benchmark(run, "s", "a");
    return run;
}

static void append_text(const char *text) {
    FILE *file = fopen(path, "a");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static off_t size_of(const char *file) {
    struct stat status;
    assert_int_equal(stat(file, &status), 0);
    return status.st_size;
}

/* ---- resuming -------------------------------------------------------------------------------- */

static void a_run_goes_on_where_it_was(void **state) {
    struct bench__journal *j = NULL;
    bench_error err = {0};
    (void)state;
    write_journal();
    bench_run *run = planned_run();
    expect_ok(bench__journal_resume(&j, path, run, "plan-1", &err), &err);
    assert_true(run->seed == UINT64_C(0xfedcba9876543210));
    assert_string_equal(run->timestamp, "2024-05-06T07:08:09Z");
    assert_int_equal(run->n_calibrations, 1);
    assert_true(run->calibrations[0].ns[BENCH_KERNEL_L1] == 3);
    assert_int_equal(run->n_results, 3);
    const bench_result *b = &run->results[0], *c = &run->results[1], *a = &run->results[2];
    assert_string_equal(b->name, "s/group/b"); /* the order of the plan */
    assert_int_equal(b->n_launches, 2);
    assert_int_equal(c->n_launches, 0);
    assert_int_equal(a->n_launches, 2);
    assert_int_equal(b->launches[0].index, 0);
    assert_true(b->launches[0].median_ns == 20 && b->launches[1].median_ns == 21);
    assert_int_equal(a->launches[1].index, 3);
    assert_int_equal(a->launches[0].n_samples, 3);
    assert_true(a->launches[0].iterations[2] == 100 && a->launches[0].elapsed_ns[2] > 900);
    assert_string_equal(a->launches[0].message, "a \"message\"\n");
    assert_int_equal(a->launches[1].n_labels, 1);
    assert_string_equal(a->launches[1].labels[0].value, "s/group/a");
    write_launch(j, "s/group/c", 0, 30); /* and on it goes */
    expect_ok(bench__journal_close(j, &err), &err);
    bench_run_free(run);
    run = planned_run();
    expect_ok(bench__journal_resume(&j, path, run, "plan-1", &err), &err);
    assert_int_equal(run->results[1].n_launches, 1);
    expect_ok(bench__journal_close(j, &err), &err);
    bench_run_free(run);
}

static void without_a_plan_results_are_added(void **state) {
    struct bench__journal *j = NULL;
    bench_error err = {0};
    (void)state;
    write_journal();
    bench_run *run = new_run();
    expect_ok(bench__journal_resume(&j, path, run, "plan-1", &err), &err);
    assert_int_equal(run->n_results, 2);
    assert_string_equal(run->results[0].name, "s/group/a");
    assert_int_equal(run->results[1].n_launches, 2);
    expect_ok(bench__journal_close(j, &err), &err);
    bench_run_free(run);
}

/* However the last line is cut, the ones before it are there and the next one follows them. */
static void a_half_written_last_line_is_dropped(void **state) {
    struct bench__journal *j = NULL;
    bench_error err = {0};
    (void)state;
    write_journal();
    char *text = slurp(path);
    const size_t n = strlen(text);
    size_t before_last = n - 1;
    while (text[before_last - 1] != '\n') {
        before_last--;
    }
    for (size_t cut = before_last; cut < n; cut += 7) {
        char *part = bench__strndup(text, cut);
        spit(path, part);
        bench_run *run = planned_run();
        expect_ok(bench__journal_resume(&j, path, run, "plan-1", &err), &err);
        assert_int_equal(run->results[0].n_launches, 2);
        assert_int_equal(run->results[2].n_launches, 1);
        assert_int_equal(size_of(path), before_last);
        write_launch(j, "s/group/a", 7, 17);
        expect_ok(bench__journal_close(j, &err), &err);
        bench_run_free(run);
        run = planned_run();
        expect_ok(bench__journal_resume(&j, path, run, "plan-1", &err), &err);
        assert_int_equal(run->results[2].launches[1].index, 7);
        expect_ok(bench__journal_close(j, &err), &err);
        bench_run_free(run);
        bench__free(part);
    }
    /* A whole last line of rubbish: the end of the file was lost with the machine. */
    spit(path, text);
    append_text("{\"benchmark\": \"s/gr\n");
    bench_run *run = planned_run();
    expect_ok(bench__journal_resume(&j, path, run, "plan-1", &err), &err);
    assert_int_equal(size_of(path), n);
    expect_ok(bench__journal_close(j, &err), &err);
    bench_run_free(run);
    bench__free(text);
}

/* ---- cases ----------------------------------------------------------------------------------- */

/* Copies a case's journal to the scratch directory, which becomes the working directory: opening a
 * journal may cut it. */
static void copy_case(const char *folder, const char *name) {
    char source[400];
    snprintf(source, sizeof source, "%s/journal/%s/%s/journal.jsonl", TEST_DATA_DIR, folder, name);
    char *text = slurp(source);
    assert_int_equal(chdir(dir), 0);
    unlink("journal.jsonl");
    spit("journal.jsonl", text);
    bench__free(text);
}

static void expect_refused(const char *name) {
    struct bench__journal *j = NULL;
    bench_error err = {0};
    char file[400], line[800];
    copy_case("invalid", name);
    snprintf(file, sizeof file, "%s/journal/invalid/%s/error.txt", TEST_DATA_DIR, name);
    char *expected = slurp(file);
    expected[strcspn(expected, "\n")] = '\0';
    bench_run *run = planned_run();
    const off_t size = size_of("journal.jsonl");
    const int rc = bench__journal_resume(&j, "journal.jsonl", run, "plan-1", &err);
    assert_null(j);
    assert_int_equal(rc, err.code);
    assert_int_equal(size_of("journal.jsonl"), size);
    bench__error_line(&err, line, sizeof line);
    if (rc == 0 || strcmp(line, expected) != 0) {
        fail_msg("%s: got \"%s\"", name, line);
    }
    bench_run_free(run);
    bench__free(expected);
}

static void expect_accepted(const char *name) {
    struct bench__journal *j = NULL;
    bench_error err = {0};
    copy_case("valid", name);
    bench_run *run = planned_run();
    expect_ok(bench__journal_resume(&j, "journal.jsonl", run, "plan-1", &err), &err);
    assert_true(run->results[0].n_launches == 2 && run->results[2].n_launches == 2);
    assert_true(run->results[0].launches[1].median_ns == 21);
    expect_ok(bench__journal_close(j, &err), &err);
    bench_run_free(run);
}

static void each_case(const char *folder, void (*check)(const char *name)) {
    char cases[400];
    char **names = NULL;
    size_t n = 0;
    bench_error err = {0};
    snprintf(cases, sizeof cases, "%s/journal/%s", TEST_DATA_DIR, folder);
    expect_ok(bench__list_directory(&names, &n, cases, &err), &err);
    assert_true(n > 0);
    for (size_t i = 0; i < n; i++) {
        check(names[i]);
    }
    bench__free_names(names, n);
}

static void valid_journals(void **state) {
    (void)state;
    each_case("valid", expect_accepted);
}

static void invalid_journals(void **state) {
    (void)state;
    each_case("invalid", expect_refused);
}

static void journals_of_another_run(void **state) {
    struct bench__journal *j = NULL;
    bench_error err = {0};
    (void)state;
    bench_run *run = planned_run();
    expect_error(bench__journal_resume(&j, path, run, "plan-1", &err), BENCH_ENOTFOUND, &err, path,
                 "");
    write_journal();
    err = (bench_error){0};
    snprintf(run->host.cpu_model, sizeof run->host.cpu_model, "Another CPU 4000");
    expect_error(bench__journal_resume(&j, path, run, "plan-1", &err), BENCH_EINVAL, &err,
                 "journal.jsonl", "cpu_model");
    err = (bench_error){0};
    set_host(&run->host);
    snprintf(run->git_commit, sizeof run->git_commit, "other");
    expect_error(bench__journal_resume(&j, path, run, "plan-1", &err), BENCH_EINVAL, &err,
                 "journal.jsonl", "git commit is 0123456789abcdef");
    bench_run_free(run);
}

static void name_executable(bench_run *run, char digit) {
    memset(run->executable_id, digit, 32);
    run->executable_bytes = 7;
}

static void journals_of_another_executable(void **state) {
    struct bench__journal *j = NULL;
    bench_error err = {0};
    (void)state;
    bench_run *run = planned_run();
    name_executable(run, 'a');
    expect_ok(bench__journal_create(&j, path, run, "p", &err), &err);
    expect_ok(bench__journal_close(j, &err), &err);
    name_executable(run, 'b');
    expect_error(bench__journal_resume(&j, path, run, "p", &err), BENCH_EINVAL, &err,
                 "journal.jsonl", "measured with another build of the executable");
    err = (bench_error){0};
    name_executable(run, 'a');
    expect_ok(bench__journal_resume(&j, path, run, "p", &err), &err);
    expect_ok(bench__journal_close(j, &err), &err);
    assert_int_equal(run->executable_id[0], 'a');
    bench_run_free(run);
}

/* An older version did not say: then the whole run's is not known. */
static void a_journal_without_executable(void **state) {
    struct bench__journal *j = NULL;
    bench_error err = {0};
    (void)state;
    write_journal();
    bench_run *run = planned_run();
    name_executable(run, 'a');
    expect_ok(bench__journal_resume(&j, path, run, "plan-1", &err), &err);
    expect_ok(bench__journal_close(j, &err), &err);
    assert_string_equal(run->executable_id, "");
    assert_int_equal(run->executable_bytes, -1);
    bench_run_free(run);
}

/* ---- creating -------------------------------------------------------------------------------- */

static void an_existing_file_is_not_replaced(void **state) {
    struct bench__journal *j = NULL;
    bench_error err = {0};
    (void)state;
    bench_run *run = new_run();
    spit(path, "precious");
    expect_error(bench__journal_create(&j, path, run, "p", &err), BENCH_EEXIST, &err, path,
                 "exists already");
    char *text = slurp(path);
    assert_string_equal(text, "precious");
    bench__free(text);
    spit(path, "");
    err = (bench_error){0};
    expect_ok(bench__journal_create(&j, path, run, "p", &err), &err);
    expect_ok(bench__journal_close(j, &err), &err);
    expect_ok(bench__journal_close(NULL, &err), &err);
    bench_run_free(run);
}

static void one_process_at_a_time(void **state) {
    struct bench__journal *first = NULL, *second = NULL;
    bench_error err = {0};
    (void)state;
    bench_run *run = new_run();
    expect_ok(bench__journal_create(&first, path, run, "p", &err), &err);
    expect_error(bench__journal_resume(&second, path, run, "p", &err), BENCH_ESYSTEM, &err, path,
                 "in use");
    err = (bench_error){0};
    expect_ok(bench__journal_close(first, &err), &err);
    expect_ok(bench__journal_resume(&second, path, run, "p", &err), &err);
    expect_ok(bench__journal_close(second, &err), &err);
    bench_run_free(run);
}

static void no_place_for_a_journal(void **state) {
    struct bench__journal *j = NULL;
    bench_error err = {0};
    (void)state;
    bench_run *run = new_run();
    spit(path, "x");
    strcat(path, "/journal");
    expect_error(bench__journal_create(&j, path, run, "p", &err), BENCH_EIO, &err, path, "");
    bench_run_free(run);
}

/* A launch that does not fit onto the disk is not there at all, and what follows is. */
static void a_full_disk_leaves_whole_lines(void **state) {
    struct bench__journal *j = NULL;
    struct rlimit old, small;
    bench_error err = {0};
    bench_launch launch;
    (void)state;
    write_journal();
    const off_t size = size_of(path);
    bench_run *run = planned_run();
    expect_ok(bench__journal_resume(&j, path, run, "plan-1", &err), &err);
    bench__launch_init(&launch);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = old;
    small.rlim_cur = (rlim_t)size + 50;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    const int rc = bench__journal_launch(j, "s/group/c", &launch, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    signal(SIGXFSZ, SIG_DFL);
    expect_error(rc, BENCH_EIO, &err, path, "cannot be written");
    assert_int_equal(size_of(path), size);
    err = (bench_error){0};
    write_launch(j, "s/group/c", 0, 30);
    expect_ok(bench__journal_close(j, &err), &err);
    bench_run_free(run);
    run = planned_run();
    expect_ok(bench__journal_resume(&j, path, run, "plan-1", &err), &err);
    assert_int_equal(run->results[1].n_launches, 1);
    expect_ok(bench__journal_close(j, &err), &err);
    bench_run_free(run);
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    write_journal();
    const off_t size = size_of(path);
    const long live = bench__mem_live();
    long n = 0;
    for (int done = 0; !done; n++) {
        struct bench__journal *j = NULL;
        bench_error err = {0};
        bench_run *run = planned_run();
        bench__mem_fail_after(n);
        const int rc = bench__journal_resume(&j, path, run, "plan-1", &err);
        bench__mem_fail_after(-1);
        done = rc == 0;
        assert_true(done || rc == BENCH_ENOMEM);
        assert_int_equal(rc, err.code);
        bench__journal_close(j, NULL);
        bench_run_free(run);
        assert_int_equal(bench__mem_live(), live);
        assert_int_equal(size_of(path), size);
    }
    assert_true(n > 20);
}

static void every_allocation_may_fail_when_writing(void **state) {
    bench_launch launch;
    (void)state;
    bench_run *run = new_run();
    bench__launch_init(&launch);
    const long live = bench__mem_live();
    long n = 0;
    for (int done = 0; !done; n++) {
        struct bench__journal *j = NULL;
        bench_error err = {0};
        unlink(path);
        bench__mem_fail_after(n);
        int rc = bench__journal_create(&j, path, run, "p", &err);
        if (rc == 0) {
            rc = bench__journal_launch(j, "s/group/a", &launch, &err);
        }
        bench__mem_fail_after(-1);
        done = rc == 0;
        assert_true(done || rc == BENCH_ENOMEM);
        bench__journal_close(j, NULL);
        assert_int_equal(bench__mem_live(), live);
    }
    assert_true(n > 3);
    bench_run_free(run);
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_run_goes_on_where_it_was),
        TEST(without_a_plan_results_are_added),
        TEST(a_half_written_last_line_is_dropped),
        TEST(valid_journals),
        TEST(invalid_journals),
        TEST(journals_of_another_run),
        TEST(journals_of_another_executable),
        TEST(a_journal_without_executable),
        TEST(an_existing_file_is_not_replaced),
        TEST(one_process_at_a_time),
        TEST(no_place_for_a_journal),
        TEST(a_full_disk_leaves_whole_lines),
        TEST(every_allocation_may_fail),
        TEST(every_allocation_may_fail_when_writing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
