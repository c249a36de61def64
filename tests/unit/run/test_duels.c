/*
 * Suites of duels with real workers: how many launches there are, of which layout, and what is left
 * when something goes wrong. Times are exact by the benchmarks' own account.
 */
#include "run/duels.h"

#include "base/fs.h"
#include "base/mem.h"
#include "measure/clock.h"
#include "result/model.h"
#include "run/copies.h"
#include "unit/measure/near.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Takes exactly 100 ns by its own account. */
static void exact(bench_state *b) {
    bench_set_elapsed_ns(b, 100.0 * (double)bench_iterations(b));
}

static void slower(bench_state *b) {
    bench_set_elapsed_ns(b, 110.0 * (double)bench_iterations(b));
}

/* Another time in each process, so that launches differ. */
static void uneven(bench_state *b) {
    bench_set_elapsed_ns(b, (100.0 + (double)(getpid() % 64)) * (double)bench_iterations(b));
}

static void crash(bench_state *b) {
    (void)b;
    abort();
}

static void skipped(bench_state *b) {
    bench_skip(b, "nothing to measure here");
}

static bench_suite *suite;
static char **arguments;

struct played {
    bench_run *runs[2];
    struct bench__duel_evidence *evidence;
    size_t n;
    int n_warnings;
};

static void count_warning(void *context, const char *text) {
    (void)text;
    ++*(int *)context;
}

static struct bench__duellist side(const char *function) {
    return (struct bench__duellist){.argv = arguments,
                                    .suite = "s",
                                    .group = "g",
                                    .function = function,
                                    .bytes_per_iteration = NAN,
                                    .elements_per_iteration = NAN,
                                    .n_threads = 1};
}

static struct played play(struct bench__duels duels, const char *const (*names)[2], size_t n) {
    struct bench__duel_pair pairs[4];
    struct bench__clock clock;
    struct played out = {.runs = {bench__run_new(), bench__run_new()}, .n = n};
    bench_error error = {0};
    assert_int_equal(bench__clock_open(&clock, BENCH_CLOCK_AUTO, NULL), 0);
    for (size_t i = 0; i < n; i++) {
        pairs[i] = (struct bench__duel_pair){.name = names[i][1],
                                             .side = {side(names[i][0]), side(names[i][1])},
                                             .alpha = 0.01,
                                             .precision = 0.001};
    }
    duels.pairs = pairs;
    duels.n_pairs = n;
    duels.kind = BENCH_EVIDENCE_DUEL;
    duels.confidence_level = 0.95;
    duels.n_resamples = 100;
    const uint64_t seed = duels.launch.seed != 0 ? duels.launch.seed : 5;
    duels.launch = (struct bench__duel_settings){.sampling = BENCH_SAMPLING_FLAT,
                                                 .warm_up_ns = 1e5,
                                                 .measurement_ns = 1e5,
                                                 .epoch_ns = 1e4,
                                                 .seed = seed,
                                                 .timeout_ns = INT64_C(60000000000),
                                                 .clock = clock.kind,
                                                 .ticks_per_ns = clock.ticks_per_ns};
    duels.on_warning = count_warning;
    duels.context = &out.n_warnings;
    if (bench__duels_play(out.runs[0], out.runs[1], &out.evidence, &duels, &error) != 0) {
        fail_msg("%s", error.text);
    }
    return out;
}

static void clear(struct played *p) {
    bench__duels_free(p->evidence, p->n);
    bench_run_free(p->runs[0]);
    bench_run_free(p->runs[1]);
}

static void evidence_comes_sorted_and_complete(void **state) {
    (void)state;
    static const char *const names[][2] = {{"exact", "slower"}, {"exact", "exact"}};
    struct played p = play(
        (struct bench__duels){.launches = 8, .max_launches = 8, .floor_launches = 2}, names, 2);
    assert_string_equal(p.evidence[0].name, "exact");
    assert_string_equal(p.evidence[1].name, "slower");
    for (size_t i = 0; i < 2; i++) {
        const struct bench__duel_evidence *e = &p.evidence[i];
        assert_int_equal(e->n, 8);
        assert_int_equal(e->n_floor, 2);
        assert_true(e->wall_ns > 0);
        for (size_t k = 0; k < 8; k++) {
            assert_near(e->x[k], i == 1 ? log(1.1) : 0, 1e-6);
            assert_true(e->rounds[k] == e->x[k]);
        }
        assert_near(e->floor[0], 0, 1e-6);
        assert_near(e->shift[4].point, i == 1 ? 0.1 : 0, 1e-6);
        assert_int_equal(p.runs[i]->n_results, 2);
        assert_int_equal(p.runs[i]->results[0].n_launches, 8);
    }
    assert_int_equal(p.n_warnings, 0);
    clear(&p);
}

/* Equal launches are precise at once; uneven ones never are, and get all there are. */
static void more_launches_where_the_interval_is_wide(void **state) {
    (void)state;
    static const char *const names[][2] = {{"exact", "exact"}, {"exact", "uneven"}};
    struct played p = play((struct bench__duels){.launches = 8, .max_launches = 32}, names, 2);
    assert_int_equal(p.evidence[0].n, 8);
    assert_int_equal(p.evidence[1].n, 32);
    assert_int_equal(p.evidence[1].n_floor, 0);
    clear(&p);
}

static void layouts_take_turns(void **state) {
    (void)state;
    static const char *const names[][2] = {{"exact", "exact"}};
    struct bench__copies copies;
    char *paths[4];
    int count[4] = {0};
    assert_int_equal(bench__copies_open(&copies, NULL), 0);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(bench__copies_make(&paths[i], &copies, NULL, NULL), 0);
    }
    const char *const *layouts = (const char *const *)paths;
    struct played p = play(
        (struct bench__duels){
            .launches = 8, .max_launches = 8, .layouts = {layouts, layouts}, .n_layouts = 4},
        names, 1);
    for (size_t i = 0; i < 8; i++) {
        count[p.evidence[0].layout[i]]++;
    }
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(count[i], 2);
        bench__copies_drop(paths[i]);
    }
    assert_int_equal(p.evidence[0].n_layouts, 4);
    clear(&p);
    bench__copies_close(&copies);
}

static void a_side_that_fails_ends_its_pair_only(void **state) {
    (void)state;
    static const char *const names[][2] = {{"exact", "crash"}, {"exact", "exact"}};
    struct played p = play(
        (struct bench__duels){.launches = 8, .max_launches = 8, .floor_launches = 2}, names, 2);
    assert_int_equal(p.evidence[0].n, 0);
    assert_int_equal(bench_run_find(p.runs[1], "crash")->status, BENCH_STATUS_CRASHED);
    assert_int_equal(p.evidence[1].n, 8);
    clear(&p);
}

static void the_side_that_ends_a_duel_is_named(void **state) {
    (void)state;
    static const char *const names[][2] = {
        {"crash", "exact"}, {"exact", "skip"}, {"skip", "slower"}};
    struct played p = play((struct bench__duels){.launches = 8, .max_launches = 8}, names, 3);
    static const char *const ends[] = {
        "crashed: the old executable: ", "skipped: the new executable: nothing to measure",
        "skipped: the old executable: nothing to measure"};
    for (size_t i = 0; i < 3; i++) { /* sorted: exact, skip, slower */
        assert_int_equal(p.evidence[i].failed_side, i == 1);
        assert_memory_equal(p.evidence[i].end, ends[i], strlen(ends[i]));
    }
    clear(&p);
}

/* Whichever side is asked first: eight suites, and a coin decides in each. */
static void what_both_skip_is_skipped_by_the_old_one(void **state) {
    (void)state;
    static const char *const names[][2] = {{"skip", "skip"}};
    for (uint64_t seed = 1; seed <= 8; seed++) {
        struct played p =
            play((struct bench__duels){.launches = 8, .max_launches = 8, .launch = {.seed = seed}},
                 names, 1);
        assert_int_equal(p.evidence[0].failed_side, 0);
        assert_int_equal(bench_run_find(p.runs[1], "skip")->status, BENCH_STATUS_SKIPPED);
        clear(&p);
    }
}

static void without_room_for_copies_there_is_no_floor(void **state) {
    (void)state;
    static const char *const names[][2] = {{"exact", "exact"}};
    setenv("TMPDIR", "/dev/null", 1);
    struct played p = play(
        (struct bench__duels){.launches = 8, .max_launches = 8, .floor_launches = 2}, names, 1);
    unsetenv("TMPDIR");
    assert_true(p.n_warnings > 0);
    assert_int_equal(p.evidence[0].n, 8);
    assert_int_equal(p.evidence[0].n_floor, 0);
    clear(&p);
}

static void copies_are_equal_and_leave_nothing(void **state) {
    (void)state;
    struct bench__copies copies;
    char *path, *a, *b;
    size_t n_a, n_b;
    assert_int_equal(bench__copies_open(&copies, NULL), 0);
    assert_int_equal(bench__copies_make(&path, &copies, NULL, NULL), 0);
    assert_int_equal(access(path, X_OK), 0);
    assert_int_equal(bench__read_file(&a, &n_a, path, 0, NULL), 0);
    assert_int_equal(bench__read_file(&b, &n_b, "/proc/self/exe", 0, NULL), 0);
    assert_int_equal(n_a, n_b);
    assert_memory_equal(a, b, n_a);
    bench__free(a);
    bench__free(b);
    char *dir = bench__strdup(copies.dir);
    bench_error error = {0};
    char *none;
    assert_int_equal(bench__copies_make(&none, &copies, "/nowhere/at/all", &error), BENCH_EIO);
    assert_null(none);
    bench__copies_drop(path);
    bench__copies_close(&copies);
    assert_false(bench__is_directory(dir));
    bench__free(dir);
}

int main(int argc, char **argv) {
    (void)argc;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(evidence_comes_sorted_and_complete),
        cmocka_unit_test(more_launches_where_the_interval_is_wide),
        cmocka_unit_test(layouts_take_turns),
        cmocka_unit_test(a_side_that_fails_ends_its_pair_only),
        cmocka_unit_test(the_side_that_ends_a_duel_is_named),
        cmocka_unit_test(what_both_skip_is_skipped_by_the_old_one),
        cmocka_unit_test(without_room_for_copies_there_is_no_floor),
        cmocka_unit_test(copies_are_equal_and_leave_nothing),
    };
    static const bench_opts by_caller = {.caller_timed = 1};
    arguments = argv;
    suite = bench_suite_new("s");
    bench_group *g = bench_group_new(suite, "g");
    bench_add(g, "exact", exact, &by_caller);
    bench_add(g, "slower", slower, &by_caller);
    bench_add(g, "uneven", uneven, &by_caller);
    bench_add(g, "crash", crash, NULL);
    bench_add(g, "skip", skipped, NULL);
    const int code = bench__worker_is_one() ? bench__worker_main(&suite, 1)
                                            : cmocka_run_group_tests(tests, NULL, NULL);
    bench_suite_free(suite);
    return code;
}
