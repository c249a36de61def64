/* The tree of baseline files: saving, merging, finding, listing. */
#include "baseline_support.h"

/* ---- saving and loading ---------------------------------------------------------------------- */

static void what_is_saved_is_found(void **state) {
    const char *const functions[] = {"b", "a"};
    (void)state;
    bench_run *run = run_of("core", functions, 2, 10);
    save(run, "main");
    bench_run *back = load("main");
    assert_string_equal(back->label, "main");
    assert_int_equal(back->n_results, 2);
    assert_string_equal(back->results[0].function, "a");
    assert_int_equal(back->n_calibrations, FEW);
    assert_true(median_of(back, "core/group/b") == 10);
    bench_run_free(back);
    bench_run_free(run);
}

static void saving_again_gives_the_same_bytes(void **state) {
    const char *const functions[] = {"a", "b"};
    char path[300], copy[400];
    (void)state;
    bench_run *run = run_of("core", functions, 2, 10);
    save(run, "main");
    path_of(path, "main", "core");
    snprintf(copy, sizeof copy, "%s/first", dir);
    char *first = slurp(path);
    spit(copy, first);
    save(run, "main");
    assert_same_files(path, copy);
    bench_run *back = load("main");
    save(back, "main");
    assert_same_files(path, copy);
    save(back, "other");
    bench_run *other = load("other");
    assert_string_equal(other->label, "other");
    bench__free(first);
    bench_run_free(other);
    bench_run_free(back);
    bench_run_free(run);
}

static void a_partial_run_keeps_the_rest(void **state) {
    const char *const all[] = {"a", "b", "c"}, *const some[] = {"b", "d"};
    (void)state;
    bench_run *run = run_of("core", all, 3, 10), *partial = run_of("core", some, 2, 20);
    save(run, "main");
    save(partial, "main");
    bench_run *back = load("main");
    assert_int_equal(back->n_results, 4);
    assert_true(median_of(back, "core/group/a") == 10);
    assert_true(median_of(back, "core/group/b") == 20);
    assert_true(median_of(back, "core/group/c") == 10);
    assert_true(median_of(back, "core/group/d") == 20);
    /* Each launch still stands beside its own reading, and readings nobody names are gone. */
    assert_int_equal(back->n_calibrations, 2 * FEW);
    for (size_t r = 0; r < 4; r++) {
        for (int i = 0; i < FEW; i++) {
            const bench_launch *launch = &back->results[r].launches[i];
            assert_true(back->calibrations[launch->calibration].ns[0] == launch->median_ns + i);
        }
    }
    save(run, "main");
    bench_run_free(back);
    back = load("main");
    assert_int_equal(back->n_calibrations, 2 * FEW); /* d is still the partial run's */
    bench_run_free(back);
    bench_run_free(partial);
    bench_run_free(run);
}

static void give_pair(bench_run *run, const char *name, double x) {
    bench_pair_result *pair = bench__run_add_pair(run);
    assert_non_null(pair);
    set_text(&pair->name, name);
    set_text(&pair->suite, "core");
    set_text(&pair->base, "core/group/a");
    set_text(&pair->variant, "core/group/b");
    pair->status = BENCH_STATUS_OK;
    pair->alpha = 0.05;
    assert_int_equal(bench__pair_add_launch(pair, x), 0);
}

static double ratio_of(const bench_run *run, size_t i, const char *name) {
    assert_string_equal(run->pairs[i].name, name);
    assert_int_equal(run->pairs[i].n_launches, 1);
    return run->pairs[i].log_ratio[0];
}

static void pairs_are_kept_like_benchmarks(void **state) {
    const char *const all[] = {"a", "b"};
    (void)state;
    bench_run *run = run_of("core", all, 2, 10), *partial = run_of("core", all, 2, 20);
    give_pair(run, "core/group/x", 0.25);
    give_pair(run, "core/group/y", 0.5);
    give_pair(partial, "core/group/y", 0.75);
    save(run, "main");
    save(partial, "main");
    bench_run *back = load("main");
    assert_int_equal(back->n_pairs, 2);
    assert_true(ratio_of(back, 0, "core/group/x") == 0.25);
    assert_true(ratio_of(back, 1, "core/group/y") == 0.75);
    bench_run_free(back);
    bench_run_free(partial);
    bench_run_free(run);
}

static void what_did_not_run_well_is_left_out(void **state) {
    const char *const functions[] = {"a", "b"};
    bench_error err = {0};
    size_t left_out = 0;
    (void)state;
    bench_run *run = run_of("core", functions, 2, 10);
    save(run, "main");
    run->results[1].status = BENCH_STATUS_CRASHED;
    run->results[0].launches[0].median_ns = 11;
    expect_ok(bench__baseline_save(run, dir, "main", &left_out, &err), &err);
    assert_int_equal(left_out, 1);
    bench_run *back = load("main");
    assert_true(median_of(back, "core/group/a") == 11);
    assert_true(median_of(back, "core/group/b") == 10); /* as it was */
    bench_run_free(back);
    expect_ok(bench__baseline_save(run, dir, "fresh", &left_out, &err), &err);
    back = load("fresh");
    assert_int_equal(back->n_results, 1);
    bench_run_free(back);
    bench_run_free(run);
}

/* Saves benchmarks of one suite as measured with the executable of that letter, or with one that
 * is not known. */
static void save_from(char executable, const char *suite, const char *const *functions, size_t n) {
    bench_run *run = run_of(suite, functions, n, 10);
    if (executable != '?') {
        memset(run->executable_id, executable, 32);
        run->executable_bytes = 1000;
    }
    save(run, "main");
    bench_run_free(run);
}

/* First letter of the id in "main", or '?'. */
static char executable_of_main(void) {
    bench_run *run = load("main");
    const char letter = run->executable_id[0];
    assert_int_equal(run->executable_bytes, letter != '\0' ? 1000 : -1);
    bench_run_free(run);
    return letter != '\0' ? letter : '?';
}

static void the_executable_is_the_one_of_all(void **state) {
    const char *const all[] = {"a", "b"};
    (void)state;
    save_from('a', "core", all, 2);
    assert_int_equal(executable_of_main(), 'a');
    save_from('a', "core", all, 1); /* measured again with the same one */
    assert_int_equal(executable_of_main(), 'a');
    save_from('b', "core", all, 1); /* "b" is still of the old one */
    assert_int_equal(executable_of_main(), '?');
    save_from('b', "core", all + 1, 1); /* what was lost is not guessed */
    assert_int_equal(executable_of_main(), '?');
    save_from('b', "core", all, 2);
    assert_int_equal(executable_of_main(), 'b');
    save_from('?', "core", all, 1);
    assert_int_equal(executable_of_main(), '?');
    save_from('b', "core", all, 2);
    save_from('b', "other", all, 1);
    assert_int_equal(executable_of_main(), 'b');
    save_from('a', "other", all, 1); /* of its own, but not of the whole baseline's */
    assert_int_equal(executable_of_main(), '?');
}

static void suites_have_files_of_their_own(void **state) {
    const char *const a[] = {"a"}, *const wanted[] = {"two", "three"};
    char path[300];
    bench_error err = {0};
    (void)state;
    bench_run *one = run_of("one", a, 1, 10), *two = run_of("two", a, 1, 20);
    snprintf(two->timestamp, sizeof two->timestamp, "2025-01-01T00:00:00Z");
    snprintf(two->git_commit, sizeof two->git_commit, "newer");
    save(two, "main");
    save(one, "main");
    path_of(path, "main", "two");
    assert_true(bench__file_exists(path));
    bench_run *back = load("main");
    assert_int_equal(back->n_results, 2);
    assert_string_equal(back->git_commit, "newer");
    assert_int_equal(back->n_calibrations, 2 * FEW);
    const bench_result *result = bench_run_find(back, "two/group/a");
    assert_true(back->calibrations[result->launches[1].calibration].ns[0] == 21);
    bench_run_free(back);
    expect_ok(bench__baseline_load(&back, dir, "main", &one->host, wanted, 2, &err), &err);
    assert_int_equal(back->n_results, 1);
    assert_string_equal(back->results[0].suite, "two");
    bench_run_free(back);
    expect_error(bench__baseline_load(&back, dir, "main", &one->host, wanted + 1, 1, &err),
                 BENCH_ENOTFOUND, &err, dir, "none of the suites");
    assert_null(back);
    bench_run_free(one);
    bench_run_free(two);
}

/* ---- not finding ----------------------------------------------------------------------------- */

static void a_baseline_that_is_not_there(void **state) {
    const char *const a[] = {"a"};
    bench_error err = {0};
    bench_run *back = NULL;
    (void)state;
    bench_run *run = run_of("core", a, 1, 10);
    expect_error(bench__baseline_load(&back, dir, "main", &run->host, NULL, 0, &err),
                 BENCH_ENOTFOUND, &err, dir, "no baseline 'main'; there are none");
    save(run, "v1");
    save(run, "v2");
    err = (bench_error){0};
    expect_error(bench__baseline_load(&back, dir, "main", &run->host, NULL, 0, &err),
                 BENCH_ENOTFOUND, &err, dir, "there are: v1, v2");
    bench_run_free(run);
}

static void another_machine_is_loaded_with_an_explanation(void **state) {
    const char *const a[] = {"a"};
    char class[64], differences[200];
    bench_error err = {0};
    bench_run *back = NULL;
    (void)state;
    bench_run *run = run_of("core", a, 1, 10);
    bench__host_class(&run->host, class);
    save(run, "main");
    snprintf(run->host.cpu_model, sizeof run->host.cpu_model, "Another CPU 4000");
    expect_ok(bench__baseline_load(&back, dir, "main", &run->host, NULL, 0, &err), &err);
    assert_non_null(back);
    assert_int_equal(err.code, BENCH_ENOTFOUND);
    assert_non_null(strstr(err.text, class));
    assert_non_null(strstr(err.text, "benchctl compare"));
    assert_int_equal(
        bench__host_differences(&run->host, &back->host, differences, sizeof differences), 1);
    bench_run_free(back);
    bench_run_free(run);
}

static void names_that_are_no_file_names(void **state) {
    static const char *const bad[] = {"", "..", "../up", "a/b", ".hidden", "-rf", "a\nb"};
    const char *const a[] = {"a"};
    bench_error err;
    bench_run *back = NULL;
    size_t left_out;
    (void)state;
    bench_run *run = run_of("core", a, 1, 10);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        err = (bench_error){0};
        expect_error(bench__baseline_save(run, dir, bad[i], &left_out, &err), BENCH_EINVAL, &err,
                     "", "the baseline");
        err = (bench_error){0};
        expect_error(bench__baseline_load(&back, dir, bad[i], &run->host, NULL, 0, &err),
                     BENCH_EINVAL, &err, "", "the baseline");
        set_text(&run->results[0].suite, bad[i]);
        err = (bench_error){0};
        expect_error(bench__baseline_save(run, dir, "main", &left_out, &err), BENCH_EINVAL, &err,
                     "", "the suite");
        set_text(&run->results[0].suite, "core");
    }
    bench_run_free(run);
}

/* ---- listing --------------------------------------------------------------------------------- */

static void lists_what_is_there(void **state) {
    const char *const a[] = {"a"};
    char path[128], expected[300];
    struct bench__baseline_entry *entries = NULL;
    size_t n = 99;
    bench_error err = {0};
    (void)state;
    snprintf(path, sizeof path, "%s/none", dir);
    expect_ok(bench__baseline_list(&entries, &n, path, &err), &err);
    assert_int_equal(n, 0);
    bench__baseline_list_free(entries, n);
    snprintf(path, sizeof path, "%s/gates.json", dir);
    spit(path, "{}");
    bench_run *one = run_of("one", a, 1, 10), *two = run_of("two", a, 1, 20);
    save(two, "v2");
    save(one, "v2");
    save(one, "v1");
    expect_ok(bench__baseline_list(&entries, &n, dir, &err), &err);
    assert_int_equal(n, 3);
    assert_string_equal(entries[0].name, "v1");
    assert_string_equal(entries[1].suite, "one");
    assert_string_equal(entries[2].suite, "two");
    path_of(expected, "v2", "two");
    assert_string_equal(entries[2].path, expected);
    assert_true(entries[2].size_bytes > 1000);
    bench__baseline_list_free(entries, n);
    bench_run_free(one);
    bench_run_free(two);
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(what_is_saved_is_found),
        TEST(saving_again_gives_the_same_bytes),
        TEST(a_partial_run_keeps_the_rest),
        TEST(the_executable_is_the_one_of_all),
        TEST(pairs_are_kept_like_benchmarks),
        TEST(what_did_not_run_well_is_left_out),
        TEST(suites_have_files_of_their_own),
        TEST(a_baseline_that_is_not_there),
        TEST(another_machine_is_loaded_with_an_explanation),
        TEST(names_that_are_no_file_names),
        TEST(lists_what_is_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
