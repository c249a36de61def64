/*
 * Whole runs of a few milliseconds, with real workers: this program is its own worker. Looks at
 * structure only, never at how long anything took.
 */
#include "run/runner.h"

#include "base/fs.h"
#include "base/mem.h"
#include "result/model.h"
#include "unit/measure/near.h"
#include "worker/worker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void fine(bench_state *b) {
    BENCH_LOOP(b) {
        bench_clobber();
    }
}

static void crash(bench_state *b) {
    (void)b;
    abort();
}

static void pass_over(bench_state *b) {
    bench_skip(b, "not today");
}

static bench_suite *suite;
static char **arguments;
static char directory[] = "/tmp/bench-runner-XXXXXX";
static const bench_build build = {0, "test compiler", "-O7"};

struct watch {
    size_t n_calls, n_finished, last_done, total;
    volatile sig_atomic_t interrupted;
    size_t interrupt_after; /* launches */
};

static void on_progress(void *context, const bench_progress *progress) {
    struct watch *w = context;
    w->n_calls++;
    w->n_finished += progress->finished != NULL;
    assert_true(progress->launches_done >= w->last_done);
    assert_true(progress->launches_done <= progress->launches_total);
    w->last_done = progress->launches_done;
    w->total = progress->launches_total;
    if (w->interrupt_after > 0 && progress->launches_done >= w->interrupt_after) {
        w->interrupted = 1;
    }
}

/* Runs everything with 4 launches of 1 ms each. */
static bench_run *run_all(struct watch *w, const char *journal, int resume, int in_process,
                          uint64_t seed) {
    struct bench__case *cases;
    size_t n;
    assert_int_equal(
        bench__cases_select(&cases, &n, &suite, 1, &(struct bench__selection){0}, NULL), 0);
    bench_resolved *resolved = bench__alloc(n, sizeof *resolved);
    for (size_t i = 0; i < n; i++) {
        resolved[i] = (bench_resolved){.sampling = BENCH_SAMPLING_FLAT,
                                       .warm_up_time_ns = 2000000,
                                       .measurement_time_ns = 100000000,
                                       .launches = 4,
                                       .sample_size = 20,
                                       .timeout_ns = INT64_C(60000000000),
                                       .confidence_level = 0.95,
                                       .n_resamples = 1000};
    }
    bench_run *run = bench__run_new();
    assert_non_null(run);
    assert_int_equal(bench__run_describe(run, &build, BENCH_CLOCK_AUTO, NULL), 0);
    const struct bench__runner runner = {
        .suites = &suite,
        .n_suites = 1,
        .cases = cases,
        .resolved = resolved,
        .n_cases = n,
        .settings = {.seed = seed, .cpu = -1, .in_process = in_process},
        .argv = arguments,
        .journal_path = journal,
        .resume = resume,
        .on_progress = on_progress,
        .context = w,
        .interrupted = &w->interrupted,
    };
    bench_error error = {0};
    if (bench__run(run, &runner, &error) != 0) {
        fail_msg("%s: %s", error.place, error.text);
    }
    bench__free(resolved);
    bench__cases_free(cases, n);
    return run;
}

static void a_run_has_everything(void **state) {
    (void)state;
    struct watch w = {0};
    bench_run *run = run_all(&w, NULL, 0, 0, 11);
    assert_int_equal(run->n_results, 4);
    assert_int_equal(run->seed, 11);
    assert_int_equal(run->interrupted, 0);
    assert_string_equal(run->host.compiler, "test compiler");
    assert_true(run->n_calibrations >= 1);
    const bench_result *fine_1 = bench_run_find(run, "s/g/fine/n=1");
    assert_non_null(fine_1);
    assert_int_equal(fine_1->status, BENCH_STATUS_OK);
    assert_int_equal(fine_1->n_launches, 4);
    assert_true(fine_1->time.median.point > 0);
    assert_true(fine_1->launches[0].seed != fine_1->launches[1].seed);
    /* one crash or skip is enough to know */
    const bench_result *crashed = bench_run_find(run, "s/bad/crash");
    assert_int_equal(crashed->status, BENCH_STATUS_CRASHED);
    assert_int_equal(crashed->n_launches, 1);
    assert_non_null(strstr(crashed->message, "SIGABRT"));
    const bench_result *skipped = bench_run_find(run, "s/bad/skip");
    assert_int_equal(skipped->status, BENCH_STATUS_SKIPPED);
    assert_string_equal(skipped->message, "not today");
    assert_int_equal(w.n_finished, 4);
    assert_int_equal(w.last_done, w.total);
    assert_int_equal(w.total, 4 + 4 + 1 + 1);
    bench_run_free(run);
}

static char *journal_path(const char *name) {
    char *path = bench__path_join(directory, name);
    assert_non_null(path);
    return path;
}

static void an_interrupted_run_is_resumed_to_the_same_launches(void **state) {
    (void)state;
    char *path = journal_path("journal.jsonl");
    struct watch first = {.interrupt_after = 5}, second = {0}, whole = {0};
    bench_run *part = run_all(&first, path, 0, 0, 99);
    assert_int_equal(part->interrupted, 1);
    bench_run *rest = run_all(&second, path, 1, 0, 1); /* the journal's seed wins */
    bench_run *once = run_all(&whole, NULL, 0, 0, 99);
    assert_int_equal(rest->interrupted, 0);
    assert_int_equal(rest->seed, 99);
    assert_int_equal(rest->n_results, once->n_results);
    for (size_t i = 0; i < rest->n_results; i++) {
        const bench_result *a = &rest->results[i], *b = &once->results[i];
        assert_string_equal(a->name, b->name);
        assert_int_equal(a->status, b->status);
        assert_int_equal(a->n_launches, b->n_launches);
        for (size_t k = 0; k < a->n_launches; k++) {
            assert_int_equal(a->launches[k].index, b->launches[k].index);
            assert_true(a->launches[k].seed == b->launches[k].seed);
        }
    }
    /* what the first part measured was not measured again */
    size_t n_kept = 0;
    for (size_t i = 0; i < part->n_results; i++) {
        const bench_result *before = &part->results[i];
        const bench_result *after = bench_run_find(rest, before->name);
        for (size_t k = 0; k < before->n_launches; k++) {
            for (size_t m = 0; m < after->n_launches; m++) {
                n_kept += before->launches[k].index == after->launches[m].index &&
                          fabs(before->launches[k].wall_ns / after->launches[m].wall_ns - 1) < 1e-4;
            }
        }
    }
    assert_true(n_kept >= 5);
    bench_run_free(part);
    bench_run_free(rest);
    bench_run_free(once);
    bench__free(path);
}

static double last_start(const bench_run *run) {
    double last = 0;
    for (size_t i = 0; i < run->n_results; i++) {
        for (size_t k = 0; k < run->results[i].n_launches; k++) {
            last = fmax(last, (double)run->results[i].launches[k].started_at_ns);
        }
    }
    return last;
}

/* Times go on from the journal's last: no two launches at one time, no reading out of order. */
static void a_resumed_run_goes_on_in_time(void **state) {
    (void)state;
    char *path = journal_path("in_time.jsonl");
    struct watch first = {.interrupt_after = 5}, second = {0};
    bench_run *part = run_all(&first, path, 0, 0, 99);
    bench_run *rest = run_all(&second, path, 1, 0, 99);
    const double ended = bench__run_last_ns(part);
    size_t n_later = 0;
    assert_true(ended > last_start(part));
    for (size_t i = 0; i < rest->n_results; i++) {
        const bench_result *after = &rest->results[i];
        const bench_result *before = bench_run_find(part, after->name);
        for (size_t k = 0; k < after->n_launches; k++) {
            int was_there = 0;
            for (size_t m = 0; m < before->n_launches; m++) {
                was_there |= before->launches[m].index == after->launches[k].index;
            }
            /* a duration is stored with six digits */
            assert_true(was_there || (double)after->launches[k].started_at_ns > ended * 0.99999);
            n_later += !was_there;
        }
    }
    assert_true(n_later > 0);
    assert_true(rest->n_calibrations > part->n_calibrations);
    assert_true((double)rest->calibrations[part->n_calibrations].at_ns > ended * 0.99999);
    for (size_t i = 1; i < rest->n_calibrations; i++) {
        assert_true(rest->calibrations[i].at_ns >= rest->calibrations[i - 1].at_ns);
    }
    assert_true(rest->wall_ns >= last_start(rest));
    assert_true(rest->wall_ns > ended);
    bench_run_free(part);
    bench_run_free(rest);
    bench__free(path);
}

static void in_process_needs_no_workers(void **state) {
    (void)state;
    bench_suite *whole = suite, *harmless = bench_suite_new("s");
    bench_add(bench_group_new(harmless, "g"), "fine", fine, NULL);
    suite = harmless;
    struct watch w = {0};
    bench_run *run = run_all(&w, NULL, 0, 1, 5);
    assert_int_equal(run->n_results, 1);
    assert_int_equal(run->results[0].n_launches, 4);
    assert_int_equal(run->n_calibrations, 0);
    bench_run_free(run);
    bench_suite_free(harmless);
    suite = whole;
}

static void declare(void) {
    suite = bench_suite_new("s");
    bench_group *g = bench_group_new(suite, "g");
    bench_group_axis_i64(g, "n", (const int64_t[]){1, 2}, 2);
    bench_add(g, "fine", fine, NULL);
    g = bench_group_new(suite, "bad");
    bench_add(g, "crash", crash, NULL);
    bench_add(g, "skip", pass_over, NULL);
}

static int make_directory(void **state) {
    (void)state;
    return mkdtemp(directory) == NULL;
}

static int remove_directory(void **state) {
    (void)state;
    char *path = journal_path("journal.jsonl");
    unlink(path);
    bench__free(path);
    return rmdir(directory);
}

int main(int argc, char **argv) {
    (void)argc;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_has_everything),
        cmocka_unit_test(an_interrupted_run_is_resumed_to_the_same_launches),
        cmocka_unit_test(a_resumed_run_goes_on_in_time),
        cmocka_unit_test(in_process_needs_no_workers),
    };
    arguments = argv;
    declare();
    const int code = bench__worker_is_one()
                         ? bench__worker_main(&suite, 1)
                         : cmocka_run_group_tests(tests, make_directory, remove_directory);
    bench_suite_free(suite);
    return code;
}
