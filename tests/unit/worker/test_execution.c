/* One launch in this process: every loop style, every way of ending, every misuse. */
#include "worker/worker.h"

#include "base/mem.h"
#include "measure/clock.h"
#include "result/model.h"
#include "unit/measure/near.h"

#include <stdlib.h>
#include <string.h>

static int n_setups, n_teardowns, n_thread_setups, n_thread_teardowns;

static void plain(bench_state *b) {
    BENCH_LOOP(b) {
        bench_clobber();
    }
    bench_counter(b, "fixed", 8, BENCH_COUNTER_VALUE, "bytes");
    bench_counter(b, "each", 2.0 * (double)bench_iterations(b), BENCH_COUNTER_PER_ITERATION, "1");
}

static void indexed(bench_state *b) {
    uint64_t next = 0;
    BENCH_LOOP_INDEX(b, i) {
        if (i != next++ && i != 0) { /* timed alone, every iteration is a batch of its own */
            bench_fail(b, "index %llu", (unsigned long long)i);
        }
        next = i + 1;
    }
}

static void batched(bench_state *b) {
    int *prepared = bench_user(b);
    BENCH_LOOP_INDEX(b, i) {
        if (prepared[i]-- != 1) {
            bench_fail(b, "iteration %llu was not prepared", (unsigned long long)i);
            return;
        }
    }
}

static int batch_setup(bench_state *b, uint64_t n) {
    int *prepared = bench_user(b);
    for (uint64_t i = 0; i < n; i++) {
        prepared[i] = 1;
    }
    return n > 100;
}

static int count_setup(bench_state *b) {
    n_setups++;
    bench_set_user(b, calloc(100, sizeof(int)));
    return 0;
}

static int small_batches_setup(bench_state *b) {
    bench_set_batch_max(b, 7);
    return count_setup(b);
}

static int no_batches_setup(bench_state *b) {
    bench_set_batch_max(b, 7);
    return 0;
}

static void sets_batch_max_late(bench_state *b) {
    bench_set_batch_max(b, 7);
    batched(b);
}

static void count_teardown(bench_state *b) {
    n_teardowns++;
    free(bench_user(b));
}

static void timed_by_caller(bench_state *b) {
    bench_set_elapsed_ns(b, 100.0 * (double)bench_iterations(b));
}

static void skips(bench_state *b) {
    bench_skip(b, "no %s here", "broker");
}

static void fails_in_loop(bench_state *b) {
    BENCH_LOOP(b) {
        bench_fail(b, "lost a message");
        return;
    }
}

static void leaves_by_break(bench_state *b) {
    BENCH_LOOP(b) {
        break;
    }
}

static void no_loop(bench_state *b) {
    (void)b;
}

static void two_loops(bench_state *b) {
    BENCH_LOOP(b) {}
    BENCH_LOOP(b) {}
}

static void wrong_param(bench_state *b) {
    const int64_t n = bench_param_i64(b, "nonsense");
    BENCH_LOOP(b) {
        bench_keep(n);
    }
}

static void bad_time(bench_state *b) {
    bench_set_elapsed_ns(b, NAN);
}

static void counter_of_two_kinds(bench_state *b) {
    BENCH_LOOP(b) {}
    bench_counter(b, "lost", 1, BENCH_COUNTER_PER_ITERATION, "1");
    bench_counter(b, "lost", 1, BENCH_COUNTER_RATE, "1");
}

static int labelled_setup(bench_state *b) {
    bench_label(b, "server", "none yet");
    bench_label(b, "guarantee", "QoS 1");
    bench_label(b, "server", "gr\xc3\xbc\xc3\x9f 2");
    return 0;
}

static void label_of_two_lines(bench_state *b) {
    BENCH_LOOP(b) {}
    bench_label(b, "server", "one\ntwo");
}

static void label_without_a_name(bench_state *b) {
    BENCH_LOOP(b) {}
    bench_label(b, "", "x");
}

static int failing_setup(bench_state *b) {
    bench_fail(b, "no memory for the fixture");
    return -1;
}

static int silent_failing_setup(bench_state *b) {
    (void)b;
    return -1;
}

static int thread_setup(bench_state *b) {
    __atomic_add_fetch(&n_thread_setups, 1, __ATOMIC_RELAXED);
    bench_set_thread_user(b, b);
    return 0;
}

static void thread_teardown(bench_state *b) {
    (void)b;
    __atomic_add_fetch(&n_thread_teardowns, 1, __ATOMIC_RELAXED);
}

static void threaded(bench_state *b) {
    if (bench_thread_user(b) != b || bench_n_threads(b) != 3 ||
        strcmp(bench_param_str(b, "threads"), "3") != 0) { /* the text of any axis */
        bench_fail(b, "thread %d is not itself", bench_thread_index(b));
    }
    BENCH_LOOP(b) {
        bench_clobber();
    }
    bench_counter(b, "each", (double)bench_iterations(b), BENCH_COUNTER_PER_ITERATION, "1");
    bench_count_errors(b, 1);
}

static void one_thread_fails(bench_state *b) {
    if (bench_thread_index(b) == 1) {
        bench_fail(b, "thread 1 does not feel like it");
        return;
    }
    BENCH_LOOP(b) {
        bench_clobber();
    }
}

static bench_suite *suite;

static void add(const char *name, bench_fn *body, const bench_opts *opts, int threads) {
    bench_group *g = bench_group_new(suite, name);
    if (threads > 0) {
        bench_group_threads(g, (const int64_t[]){threads}, 1);
    }
    bench_add(g, "f", body, opts);
}

/* Launches benchmark `name` for about 2 ms. */
static void launch(bench_launch *out, const char *name, bench_sampling sampling, int threads) {
    struct bench__clock clock;
    bench_param param = {.name = (char[]){"threads"}, .text = (char[8]){0}};
    param.text[0] = (char)('0' + threads);
    assert_int_equal(bench__clock_open(&clock, BENCH_CLOCK_AUTO, NULL), 0);
    const struct bench__request request = {
        .suite = "s",
        .group = name,
        .function = "f",
        .params = &param,
        .n_params = threads > 0,
        .sampler = {.sampling = sampling,
                    .warm_up_ns = 1e6,
                    .measurement_ns = 1e6,
                    .sample_size = 50,
                    .seed = 1},
        .clock = clock.kind,
        .ticks_per_ns = clock.ticks_per_ns,
        .cpu = -1,
        .side = -1,
    };
    assert_int_equal(bench__launch_here(out, &suite, 1, &request, NULL), 0);
}

static void assert_end(const char *name, int threads, bench_status status, const char *message) {
    bench_launch l;
    launch(&l, name, BENCH_SAMPLING_FLAT, threads);
    assert_int_equal(l.status, status);
    assert_non_null(l.message);
    if (strstr(l.message, message) == NULL) {
        fail_msg("%s: '%s' does not say '%s'", name, l.message, message);
    }
    bench__launch_clear(&l);
}

static void loops_run(void **state) {
    (void)state;
    static const bench_sampling modes[] = {BENCH_SAMPLING_FLAT, BENCH_SAMPLING_LINEAR,
                                           BENCH_SAMPLING_LATENCY};
    static const char *const names[] = {"plain", "indexed", "batched"};
    for (size_t m = 0; m < 3; m++) {
        for (size_t i = 0; i < 3; i++) {
            bench_launch l;
            launch(&l, names[i], modes[m], 0);
            if (l.status != BENCH_STATUS_OK) {
                fail_msg("%s: %s", names[i], l.message);
            }
            assert_true(l.n_samples > 0);
            assert_true(l.latency.n_total ==
                        (modes[m] == BENCH_SAMPLING_LATENCY ? l.total_iterations : 0));
            assert_int_equal(l.batch_max, modes[m] == BENCH_SAMPLING_LATENCY ? 1
                                          : strcmp(names[i], "batched") == 0 ? 100
                                                                             : 0);
            bench__launch_clear(&l);
        }
    }
    assert_int_equal(n_setups, 3);
    assert_int_equal(n_teardowns, 3);
}

static void setup_says_how_large_batches_are(void **state) {
    (void)state;
    bench_launch l;
    launch(&l, "small", BENCH_SAMPLING_FLAT, 0);
    assert_int_equal(l.status, BENCH_STATUS_OK);
    assert_int_equal(l.batch_max, 7);
    bench__launch_clear(&l);
    assert_end("late", 0, BENCH_STATUS_FAILED, "bench_set_batch_max");
    assert_end("nobatch", 0, BENCH_STATUS_FAILED, "bench_set_batch_max");
}

static void counters_are_per_iteration(void **state) {
    (void)state;
    bench_launch l;
    launch(&l, "plain", BENCH_SAMPLING_FLAT, 0);
    assert_int_equal(l.n_counters, 2);
    assert_string_equal(l.counters[0].name, "fixed");
    assert_near(l.counters[0].value, 8, 0);
    assert_near(l.counters[1].value, 2, 1e-9);
    bench__launch_clear(&l);
}

static void labels_are_what_was_said_last(void **state) {
    (void)state;
    bench_launch l;
    launch(&l, "labels", BENCH_SAMPLING_FLAT, 0);
    assert_int_equal(l.status, BENCH_STATUS_OK);
    assert_int_equal(l.n_labels, 2);
    assert_string_equal(l.labels[0].name, "server");
    assert_string_equal(l.labels[0].value, "gr\xc3\xbc\xc3\x9f 2");
    assert_string_equal(l.labels[1].name, "guarantee");
    assert_string_equal(l.labels[1].value, "QoS 1");
    bench__launch_clear(&l);
    assert_end("lines", 0, BENCH_STATUS_FAILED, "bench_label");
    assert_end("noname", 0, BENCH_STATUS_FAILED, "bench_label");
}

static void caller_timed_is_what_the_caller_says(void **state) {
    (void)state;
    bench_launch l;
    launch(&l, "caller", BENCH_SAMPLING_FLAT, 0);
    assert_int_equal(l.status, BENCH_STATUS_OK);
    for (size_t i = 0; i < l.n_samples; i++) {
        assert_near(l.elapsed_ns[i] / (double)l.iterations[i], 100, 1e-6);
    }
    bench__launch_clear(&l);
}

static void ways_to_end(void **state) {
    (void)state;
    assert_end("skips", 0, BENCH_STATUS_SKIPPED, "no broker here");
    assert_end("fails", 0, BENCH_STATUS_FAILED, "lost a message");
    assert_end("break", 0, BENCH_STATUS_FAILED, "left its BENCH_LOOP early");
    assert_end("noloop", 0, BENCH_STATUS_FAILED, "did not run a BENCH_LOOP");
    assert_end("twice", 0, BENCH_STATUS_FAILED, "more than one BENCH_LOOP");
    assert_end("param", 0, BENCH_STATUS_FAILED, "no integer axis 'nonsense'");
    assert_end("badtime", 0, BENCH_STATUS_FAILED, "finite");
    assert_end("kinds", 0, BENCH_STATUS_FAILED, "counter 'lost' is of two kinds");
    assert_end("setup", 0, BENCH_STATUS_FAILED, "no memory for the fixture");
    assert_end("silent", 0, BENCH_STATUS_FAILED, "setup failed");
    assert_end("calls", 0, BENCH_STATUS_FAILED, "bench_set_elapsed_ns");
    assert_end("loops", 0, BENCH_STATUS_FAILED, "caller-timed");
}

static void threads_run_together(void **state) {
    (void)state;
    bench_launch l;
    launch(&l, "threads", BENCH_SAMPLING_FLAT, 3);
    if (l.status != BENCH_STATUS_OK) {
        fail_msg("%s", l.message);
    }
    assert_int_equal(n_thread_setups, 3);
    assert_int_equal(n_thread_teardowns, 3);
    assert_near(l.counters[0].value, 1, 1e-9); /* per iteration of all threads */
    assert_int_equal(l.n_errors % 3, 0);
    bench__launch_clear(&l);
}

static void a_thread_without_a_loop_holds_up_nobody(void **state) {
    (void)state;
    assert_end("onefails", 3, BENCH_STATUS_FAILED, "does not feel like it");
}

static void declare(void) {
    static const bench_opts with_batches = {.setup = count_setup,
                                            .teardown = count_teardown,
                                            .batch_setup = batch_setup,
                                            .batch_max = 100};
    suite = bench_suite_new("s");
    add("plain", plain, NULL, 0);
    add("indexed", indexed, NULL, 0);
    add("batched", batched, &with_batches, 0);
    bench_opts small = with_batches;
    small.setup = small_batches_setup;
    add("small", batched, &small, 0);
    add("late", sets_batch_max_late, &with_batches, 0);
    add("nobatch", plain, &(bench_opts){.setup = no_batches_setup}, 0);
    add("caller", timed_by_caller, &(bench_opts){.caller_timed = 1}, 0);
    add("skips", skips, NULL, 0);
    add("fails", fails_in_loop, NULL, 0);
    add("break", leaves_by_break, NULL, 0);
    add("noloop", no_loop, NULL, 0);
    add("twice", two_loops, NULL, 0);
    add("param", wrong_param, NULL, 0);
    add("badtime", bad_time, &(bench_opts){.caller_timed = 1}, 0);
    add("kinds", counter_of_two_kinds, NULL, 0);
    add("labels", plain, &(bench_opts){.setup = labelled_setup}, 0);
    add("lines", label_of_two_lines, NULL, 0);
    add("noname", label_without_a_name, NULL, 0);
    add("setup", plain, &(bench_opts){.setup = failing_setup}, 0);
    add("silent", plain, &(bench_opts){.setup = silent_failing_setup}, 0);
    add("calls", no_loop, &(bench_opts){.caller_timed = 1}, 0);
    add("loops", plain, &(bench_opts){.caller_timed = 1}, 0);
    add("threads", threaded,
        &(bench_opts){.thread_setup = thread_setup, .thread_teardown = thread_teardown}, 3);
    add("onefails", one_thread_fails, NULL, 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loops_run),
        cmocka_unit_test(setup_says_how_large_batches_are),
        cmocka_unit_test(counters_are_per_iteration),
        cmocka_unit_test(labels_are_what_was_said_last),
        cmocka_unit_test(caller_timed_is_what_the_caller_says),
        cmocka_unit_test(ways_to_end),
        cmocka_unit_test(threads_run_together),
        cmocka_unit_test(a_thread_without_a_loop_holds_up_nobody),
    };
    declare();
    const int code = cmocka_run_group_tests(tests, NULL, NULL);
    bench_suite_free(suite);
    return code;
}
