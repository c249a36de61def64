/*
 * Launches of duels with real workers: this program is both of its own opponents. Looks at who
 * played what, never at how long it took.
 */
#include "run/duel.h"

#include "measure/clock.h"
#include "unit/measure/near.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void fine(bench_state *b) {
    BENCH_LOOP(b) {
        bench_clobber();
    }
}

/* Takes exactly 100 or 110 ns by its own account. */
static void exact(bench_state *b) {
    bench_set_elapsed_ns(b, 100.0 * (double)bench_iterations(b));
}

static void slower(bench_state *b) {
    bench_set_elapsed_ns(b, 110.0 * (double)bench_iterations(b));
}

static void threaded(bench_state *b) {
    BENCH_LOOP(b) {
        bench_clobber();
    }
}

static void latency(bench_state *b) {
    BENCH_LOOP(b) {
        bench_clobber();
    }
}

static void crash_when_warm(bench_state *b) {
    static int n_calls;
    if (++n_calls > 60) {
        signal(SIGSEGV, SIG_DFL);
        raise(SIGSEGV);
    }
    fine(b);
}

static void crash_at_once(bench_state *b) {
    (void)b;
    abort();
}

static void not_here(bench_state *b) {
    bench_skip(b, "not on this machine");
}

static void hang_when_warm(bench_state *b) {
    static int n_calls;
    while (++n_calls > 60) {
        bench_clobber();
        n_calls = 100;
    }
    fine(b);
}

static bench_suite *suite;
static char **arguments;

static int launch(struct bench__duel_launch *out, const char *a, const char *b, uint32_t index,
                  int64_t timeout_ns) {
    struct bench__clock clock;
    bench_param threads = {.name = (char[]){"threads"}, .text = (char[]){"2"}};
    assert_int_equal(bench__clock_open(&clock, BENCH_CLOCK_AUTO, NULL), 0);
    const int is_threaded = strcmp(a, "threaded") == 0;
    const struct bench__duellist sides[2] = {
        {NULL, arguments, "s", a, "f", &threads, (size_t)is_threaded, NAN, NAN,
         is_threaded ? 2 : 1},
        {NULL, arguments, "s", b, "f", &threads, (size_t)is_threaded, NAN, NAN,
         is_threaded ? 2 : 1},
    };
    const struct bench__duel_settings settings = {
        .sampling = strcmp(a, "latency") == 0 ? BENCH_SAMPLING_LATENCY : BENCH_SAMPLING_FLAT,
        .warm_up_ns = 1e6,
        .measurement_ns = 2e6,
        .epoch_ns = 20e3,
        .seed = 3,
        .name = "s/g/f",
        .timeout_ns = timeout_ns,
        .clock = clock.kind,
        .ticks_per_ns = clock.ticks_per_ns,
    };
    bench_error error = {0};
    const int code = bench__duel_launch(out, sides, &settings, index, NULL, &error);
    if (code != 0) {
        fail_msg("%s", error.text);
    }
    return code;
}

#define LONG_ENOUGH INT64_C(60000000000)

static void both_sides_run_the_same_iterations(void **state) {
    (void)state;
    static const char *const names[] = {"fine", "latency", "threaded"};
    for (size_t k = 0; k < 3; k++) {
        struct bench__duel_launch l;
        launch(&l, names[k], names[k], 0, LONG_ENOUGH);
        if (l.status != BENCH_STATUS_OK) {
            fail_msg("%s: %s", names[k], l.reason);
        }
        assert_true(l.n_pairs >= 4);
        assert_int_equal(l.side[0].n_samples, l.side[1].n_samples);
        uint64_t least = UINT64_MAX, most = 0;
        for (size_t i = 0; i < l.side[0].n_samples; i++) {
            const uint64_t n = l.side[0].iterations[i];
            assert_int_equal(n, l.side[1].iterations[i]);
            least = n < least ? n : least;
            most = n > most ? n : most;
        }
        assert_true((double)most <= 1.25 * (double)least + 2); /* rounded to whole iterations */
        assert_true(most > least || most < 10);
        assert_true(isfinite(l.difference));
        bench__duel_launch_clear(&l);
    }
}

static void a_known_difference_is_found_exactly(void **state) {
    (void)state;
    struct bench__duel_launch l;
    launch(&l, "exact", "slower", 0, LONG_ENOUGH);
    assert_int_equal(l.status, BENCH_STATUS_OK);
    assert_near(l.difference, log(1.1), 1e-6);
    bench__duel_launch_clear(&l);
    launch(&l, "slower", "exact", 1, LONG_ENOUGH);
    assert_near(l.difference, -log(1.1), 1e-6);
    bench__duel_launch_clear(&l);
}

static void assert_end(const char *a, const char *b, int side, bench_status status,
                       const char *reason) {
    struct bench__duel_launch l;
    launch(&l, a, b, 0, status == BENCH_STATUS_TIMEOUT ? 200000000 : LONG_ENOUGH);
    assert_int_equal(l.status, status);
    assert_int_equal(l.failed_side, side);
    if (strstr(l.reason, reason) == NULL) {
        fail_msg("'%s' does not say '%s'", l.reason, reason);
    }
    bench__duel_launch_clear(&l);
}

static void a_side_that_ends_ends_the_launch_only(void **state) {
    (void)state;
    assert_end("fine", "warm_crash", 1, BENCH_STATUS_CRASHED, "SIGSEGV");
    assert_end("warm_crash", "fine", 0, BENCH_STATUS_CRASHED, "SIGSEGV");
    assert_end("cold_crash", "fine", 0, BENCH_STATUS_CRASHED, "SIGABRT");
    assert_end("fine", "skip", 1, BENCH_STATUS_SKIPPED, "not on this machine");
    assert_end("fine", "warm_hang", 1, BENCH_STATUS_TIMEOUT, "killed");
    assert_end("fine", "nowhere", 1, BENCH_STATUS_FAILED, "no benchmark s/nowhere/f");
}

static void no_process_is_left(void **state) {
    (void)state;
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static void add(const char *name, bench_fn *body, const bench_opts *opts, int threads) {
    bench_group *g = bench_group_new(suite, name);
    if (threads > 0) {
        bench_group_threads(g, (const int64_t[]){threads}, 1);
    }
    bench_add(g, "f", body, opts);
}

int main(int argc, char **argv) {
    (void)argc;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_sides_run_the_same_iterations),
        cmocka_unit_test(a_known_difference_is_found_exactly),
        cmocka_unit_test(a_side_that_ends_ends_the_launch_only),
        cmocka_unit_test(no_process_is_left),
    };
    static const bench_opts by_caller = {.caller_timed = 1};
    arguments = argv;
    suite = bench_suite_new("s");
    add("fine", fine, NULL, 0);
    add("exact", exact, &by_caller, 0);
    add("slower", slower, &by_caller, 0);
    add("threaded", threaded, NULL, 2);
    add("latency", latency, NULL, 0);
    add("warm_crash", crash_when_warm, NULL, 0);
    add("cold_crash", crash_at_once, NULL, 0);
    add("skip", not_here, NULL, 0);
    add("warm_hang", hang_when_warm, NULL, 0);
    const int code = bench__worker_is_one() ? bench__worker_main(&suite, 1)
                                            : cmocka_run_group_tests(tests, NULL, NULL);
    bench_suite_free(suite);
    return code;
}
