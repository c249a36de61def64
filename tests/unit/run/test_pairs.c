/*
 * Pairs of a run with real workers: this program is its own. Looks at what was played and at costs
 * that the benchmarks report themselves, never at how long anything took.
 */
#include "run/pairs.h"

#include "base/mem.h"
#include "result/model.h"
#include "unit/measure/near.h"
#include "worker/worker.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* ---- benchmarks -------------------------------------------------------------------------------
 */

/* Takes exactly 100 or 110 ns by its own account. */
static void off(bench_state *b) {
    bench_set_elapsed_ns(b, 100.0 * (double)bench_iterations(b));
}

static void on(bench_state *b) {
    bench_set_elapsed_ns(b, 110.0 * (double)bench_iterations(b));
}

static void threaded(bench_state *b) {
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

static char lock_path[] = "/tmp/bench-pairs-XXXXXX";

/* Works alone and not beside another of its kind. */
static int take_lock(bench_state *b) {
    const int fd = open(getenv("PAIRS_LOCK"), O_RDONLY | O_CLOEXEC);
    if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) != 0) {
        bench_fail(b, "somebody else has the lock");
        return -1;
    }
    return 0;
}

static void declare(bench_suite *suite) {
    static const bench_opts own_time = {.caller_timed = 1};
    static const bench_opts exclusive = {.caller_timed = 1, .setup = take_lock};
    bench_group *g = bench_group_new(suite, "good");
    bench_add(g, "off", off, &own_time);
    bench_add(g, "on", on, &own_time);
    bench_pair(g, "cost", "off", "on");
    bench_pair(g, "gain", "on", "off");
    g = bench_group_new(suite, "threads");
    bench_group_threads(g, (const int64_t[]){2}, 1);
    bench_add(g, "a", threaded, NULL);
    bench_add(g, "b", threaded, NULL);
    bench_pair(g, "ab", "a", "b");
    g = bench_group_new(suite, "bad");
    bench_add(g, "fine", off, &own_time);
    bench_add(g, "crash", crash, NULL);
    bench_add(g, "skip", pass_over, NULL);
    bench_pair(g, "of_crash", "fine", "crash");
    bench_pair(g, "of_skip", "skip", "fine");
    g = bench_group_new(suite, "exclusive");
    bench_add(g, "a", off, &exclusive);
    bench_add(g, "b", off, &exclusive);
    bench_pair(g, "ab", "a", "b");
}

/* ---- runs -------------------------------------------------------------------------------------
 */

static bench_suite *suite;
static char **arguments;

struct watch {
    size_t n_finished, n_finished_pairs, last_done, total, benchmarks;
    volatile sig_atomic_t interrupted;
    size_t interrupt_at;      /* so many benchmarks done ... */
    size_t interrupt_after;   /* ... and so many launches more; 0: never */
    size_t launches_until_at; /* launches when the first was reached */
};

static void on_progress(void *context, const bench_progress *p) {
    struct watch *w = context;
    assert_non_null(p->name);
    assert_true(p->finished == NULL || p->finished_pair == NULL);
    assert_true(p->launches_done >= w->last_done && p->launches_done <= p->launches_total);
    assert_true(p->benchmarks_done <= p->benchmarks_total);
    w->n_finished += p->finished != NULL;
    w->n_finished_pairs += p->finished_pair != NULL;
    w->last_done = p->launches_done;
    w->total = p->launches_total;
    w->benchmarks = p->benchmarks_done;
    if (p->benchmarks_done < w->interrupt_at) {
        w->launches_until_at = p->launches_done + 1;
    } else if (w->interrupt_after > 0 &&
               p->launches_done >= w->launches_until_at + w->interrupt_after) {
        w->interrupted = 1;
    }
}

/* A choice of benchmarks with 4 launches of 1 ms each, those of "on" 6. */
struct setting {
    struct bench__case *cases;
    struct bench__pair_case *pairs;
    bench_resolved *resolved;
    struct bench__runner runner;
};

static void init(struct setting *s, const char *filter, struct watch *w) {
    struct bench__pattern *pattern;
    size_t n, n_pairs;
    assert_int_equal(bench__pattern_new(&pattern, filter, NULL), 0);
    const struct bench__selection selection = {.n_filters = 1, .filters = &pattern};
    assert_int_equal(bench__cases_select(&s->cases, &n, &suite, 1, &selection, NULL), 0);
    assert_int_equal(bench__pairs_select(&s->pairs, &n_pairs, s->cases, n, &selection, NULL), 0);
    bench__pattern_free(pattern);
    s->resolved = bench__alloc(n, sizeof *s->resolved);
    assert_non_null(s->resolved);
    for (size_t i = 0; i < n; i++) {
        s->resolved[i] =
            (bench_resolved){.sampling = BENCH_SAMPLING_FLAT,
                             .warm_up_time_ns = 2000000,
                             .measurement_time_ns = 4000000,
                             .launches = strcmp(s->cases[i].function->name, "on") == 0 ? 6 : 4,
                             .sample_size = 20,
                             .timeout_ns = INT64_C(60000000000),
                             .confidence_level = 0.9,
                             .n_resamples = 1000};
    }
    s->runner = (struct bench__runner){.suites = &suite,
                                       .n_suites = 1,
                                       .cases = s->cases,
                                       .resolved = s->resolved,
                                       .n_cases = n,
                                       .pairs = s->pairs,
                                       .n_pairs = n_pairs,
                                       .settings = {.seed = 5, .cpu = -1},
                                       .argv = arguments,
                                       .on_progress = on_progress,
                                       .context = w,
                                       .interrupted = &w->interrupted};
}

static void clear(struct setting *s) {
    bench__free(s->resolved);
    bench__pairs_free(s->pairs, s->runner.n_pairs);
    bench__cases_free(s->cases, s->runner.n_cases);
}

static bench_run *play(struct setting *s) {
    const bench_build build = {0, "test compiler", "-O7"};
    bench_error error = {0};
    bench_run *run = bench__run_new();
    assert_non_null(run);
    assert_int_equal(bench__run_describe(run, &build, BENCH_CLOCK_AUTO, NULL), 0);
    if (bench__run(run, &s->runner, &error) != 0) {
        fail_msg("%s: %s", error.place, error.text);
    }
    return run;
}

static bench_run *play_all(const char *filter, struct watch *w) {
    struct setting s;
    init(&s, filter, w);
    bench_run *run = play(&s);
    clear(&s);
    return run;
}

static const bench_pair_result *find(const bench_run *run, const char *name) {
    for (size_t i = 0; i < run->n_pairs; i++) {
        if (strcmp(run->pairs[i].name, name) == 0) {
            return &run->pairs[i];
        }
    }
    fail_msg("no pair %s", name);
    return NULL;
}

/* Slow machines make fewer launches than planned: counts are compared with what was made. */
static size_t launches_of(const bench_run *run) {
    size_t n = 0;
    for (size_t i = 0; i < run->n_results; i++) {
        n += run->results[i].n_launches;
    }
    for (size_t i = 0; i < run->n_pairs; i++) {
        n += run->pairs[i].n_launches + (run->pairs[i].status == BENCH_STATUS_FAILED);
    }
    return n;
}

/* ---- tests ------------------------------------------------------------------------------------
 */

static void pairs_are_played_after_their_benchmarks(void **state) {
    (void)state;
    struct watch w = {0};
    bench_run *run = play_all("s/good", &w);
    assert_int_equal(run->n_pairs, 2);
    const bench_pair_result *cost = find(run, "s/good/cost"), *gain = find(run, "s/good/gain");
    assert_int_equal(cost->status, BENCH_STATUS_OK);
    assert_string_equal(cost->suite, "s");
    assert_string_equal(cost->base, "s/good/off");
    assert_string_equal(cost->variant, "s/good/on");
    assert_true(cost->n_launches >= 3 && cost->n_launches <= 6);
    assert_true(cost->alpha == 0.1);
    assert_near(cost->change.point, 0.1, 1e-5);
    assert_near(gain->change.point, 1 / 1.1 - 1, 1e-5);
    assert_true(cost->change.lower <= cost->change.point);
    assert_int_equal(w.n_finished, 2);
    assert_int_equal(w.n_finished_pairs, 2);
    assert_int_equal(w.benchmarks, 4);
    assert_int_equal(w.total, launches_of(run));
    assert_int_equal(w.last_done, w.total);
    bench_run_free(run);
}

static void of_either_side_the_larger_number_of_launches_is_planned(void **state) {
    (void)state;
    struct watch w = {0};
    struct setting s;
    init(&s, "s/good/cost", &w); /* 4 and 6 */
    assert_int_equal(bench__pairs_launches(&s.runner), 6);
    s.resolved[0].launches = 5000;
    assert_int_equal(bench__pairs_launches(&s.runner), 1024); /* what stats/paired takes */
    s.runner.settings.in_process = 1;
    assert_int_equal(bench__pairs_launches(&s.runner), 0);
    clear(&s);
}

static void threads_are_played_too(void **state) {
    (void)state;
    struct watch w = {0};
    bench_run *run = play_all("s/threads", &w);
    const bench_pair_result *pair = find(run, "s/threads/ab/threads=2");
    assert_int_equal(pair->status, BENCH_STATUS_OK);
    assert_true(pair->n_launches >= 3 && pair->n_launches <= 4);
    bench_run_free(run);
}

static void a_side_that_did_not_work_alone_is_not_tried_again(void **state) {
    (void)state;
    struct watch w = {0};
    bench_run *run = play_all("s/bad", &w);
    const bench_pair_result *crashed = find(run, "s/bad/of_crash");
    assert_int_equal(crashed->status, BENCH_STATUS_NOT_RUN);
    assert_int_equal(crashed->n_launches, 0);
    assert_non_null(strstr(crashed->message, "s/bad/crash: crashed: "));
    const bench_pair_result *skipped = find(run, "s/bad/of_skip");
    assert_int_equal(skipped->status, BENCH_STATUS_SKIPPED);
    assert_string_equal(skipped->message, "s/bad/skip: not today");
    assert_int_equal(w.n_finished_pairs, 2);
    assert_int_equal(w.last_done, w.total);
    bench_run_free(run);
}

static void a_side_that_fails_ends_its_pair_only(void **state) {
    (void)state;
    struct watch w = {0};
    bench_run *run = play_all("/exclusive|good/", &w);
    const bench_pair_result *pair = find(run, "s/exclusive/ab");
    assert_int_equal(bench_run_find(run, "s/exclusive/a")->status, BENCH_STATUS_OK);
    assert_int_equal(bench_run_find(run, "s/exclusive/b")->status, BENCH_STATUS_OK);
    assert_int_equal(pair->status, BENCH_STATUS_FAILED);
    assert_int_equal(pair->n_launches, 0);
    assert_non_null(strstr(pair->message, ": somebody else has the lock"));
    assert_int_equal(strncmp(pair->message, "s/exclusive/", 12), 0);
    assert_int_equal(find(run, "s/good/cost")->status, BENCH_STATUS_OK);
    assert_int_equal(w.last_done, w.total);
    assert_int_equal(w.total, launches_of(run));
    bench_run_free(run);
}

static void without_workers_there_are_no_duels(void **state) {
    (void)state;
    struct watch w = {0};
    struct setting s;
    init(&s, "s/good", &w);
    s.runner.settings.in_process = 1;
    bench_run *run = play(&s);
    assert_int_equal(find(run, "s/good/cost")->status, BENCH_STATUS_SKIPPED);
    assert_non_null(strstr(find(run, "s/good/cost")->message, "--in-process"));
    assert_int_equal(w.last_done, w.total);
    assert_int_equal(w.total, launches_of(run));
    bench_run_free(run);
    clear(&s);
}

static void an_interruption_keeps_what_was_played(void **state) {
    (void)state;
    struct watch w = {.interrupt_at = 2, .interrupt_after = 5};
    bench_run *run = play_all("s/good", &w);
    const bench_pair_result *cost = find(run, "s/good/cost"), *gain = find(run, "s/good/gain");
    assert_int_equal(run->interrupted, 1);
    assert_int_equal(cost->n_launches + gain->n_launches, 5); /* rounds: 2 and 3 */
    assert_true(cost->n_launches >= 2 && gain->n_launches >= 2);
    assert_int_equal(cost->status, BENCH_STATUS_OK);
    assert_near(cost->change.point, 0.1, 1e-5);
    bench_run_free(run);
    w = (struct watch){.interrupt_after = 2}; /* among the benchmarks */
    run = play_all("s/good", &w);
    assert_int_equal(find(run, "s/good/cost")->status, BENCH_STATUS_NOT_RUN);
    assert_int_equal(find(run, "s/good/cost")->n_launches, 0);
    bench_run_free(run);
}

static void a_resumed_run_plays_its_pairs_anew(void **state) {
    (void)state;
    char path[] = "/tmp/bench-pairs-XXXXXX";
    assert_non_null(mkdtemp(path));
    assert_int_equal(chdir(path), 0);
    struct watch first = {.interrupt_at = 2, .interrupt_after = 3}, second = {0};
    struct setting s;
    init(&s, "s/good", &first);
    s.runner.journal_path = "journal.jsonl";
    bench_run_free(play(&s));
    clear(&s);
    init(&s, "s/good", &second);
    s.runner.journal_path = "journal.jsonl";
    s.runner.resume = 1;
    bench_run *run = play(&s);
    assert_true(find(run, "s/good/cost")->n_launches >= 3);
    assert_true(find(run, "s/good/gain")->n_launches >= 3);
    assert_int_equal(second.n_finished_pairs, 2);
    bench_run_free(run);
    clear(&s);
    assert_int_equal(unlink("journal.jsonl"), 0);
    assert_int_equal(chdir("/"), 0);
    assert_int_equal(rmdir(path), 0);
}

/* One launch of one pair, without the benchmarks before it. */
static int play_one(const struct setting *s, const struct bench__clock *clock, bench_run *run) {
    const bench_progress so_far = {.launches_total = bench__pairs_launches(&s->runner),
                                   .benchmarks_total = 1};
    int code = bench__pairs_add(run, &s->runner, NULL);
    return code != 0 ? code : bench__pairs_play(run, &s->runner, clock, &so_far, 0, NULL);
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    struct watch w = {0};
    struct bench__clock clock;
    struct setting s;
    int code = BENCH_ENOMEM;
    assert_int_equal(bench__clock_open(&clock, BENCH_CLOCK_AUTO, NULL), 0);
    init(&s, "s/good/cost", &w);
    assert_int_equal(s.runner.n_pairs, 1);
    s.resolved[0].launches = s.resolved[1].launches = 1;
    const long live = bench__mem_live();
    for (long n = 0; code != 0; n++) {
        bench_run *run = bench__run_new();
        for (size_t i = 0; i < 2; i++) {
            bench_result *r = bench__run_add_result(run);
            assert_non_null(r);
            r->status = BENCH_STATUS_OK;
        }
        w = (struct watch){0};
        bench__mem_fail_after(n);
        code = play_one(&s, &clock, run);
        bench__mem_fail_after(-1);
        assert_true(code == 0 || code == BENCH_ENOMEM);
        code = code == 0 && run->pairs[0].status != BENCH_STATUS_OK ? BENCH_ENOMEM : code;
        bench_run_free(run);
        assert_int_equal(bench__mem_live(), live);
        assert_true(n < 500);
    }
    clear(&s);
}

int main(int argc, char **argv) {
    (void)argc;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pairs_are_played_after_their_benchmarks),
        cmocka_unit_test(of_either_side_the_larger_number_of_launches_is_planned),
        cmocka_unit_test(threads_are_played_too),
        cmocka_unit_test(a_side_that_did_not_work_alone_is_not_tried_again),
        cmocka_unit_test(a_side_that_fails_ends_its_pair_only),
        cmocka_unit_test(without_workers_there_are_no_duels),
        cmocka_unit_test(an_interruption_keeps_what_was_played),
        cmocka_unit_test(a_resumed_run_plays_its_pairs_anew),
        cmocka_unit_test(every_allocation_may_fail),
    };
    arguments = argv;
    suite = bench_suite_new("s");
    declare(suite);
    int code;
    if (bench__worker_is_one()) {
        code = bench__worker_main(&suite, 1);
    } else {
        const int fd = mkstemp(lock_path);
        setenv("PAIRS_LOCK", lock_path, 1);
        code = fd >= 0 ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
        close(fd);
        unlink(lock_path);
    }
    bench_suite_free(suite);
    return code;
}
