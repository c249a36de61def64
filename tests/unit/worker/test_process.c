/*
 * Worker processes: this program is its own worker. Each benchmark ends its process in a way of its
 * own, and the runner's side must tell which.
 */
#include "worker/worker.h"

#include "measure/clock.h"
#include "result/model.h"
#include "unit/measure/near.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void fine(bench_state *b) {
    BENCH_LOOP(b) {
        bench_clobber();
    }
}

static void crash(bench_state *b) {
    (void)b;
    fprintf(stderr, "first line\nabout to \x1b[31mcrash\n");
    signal(SIGSEGV, SIG_DFL);
    raise(SIGSEGV);
}

static void leave(bench_state *b) {
    (void)b;
    exit(7);
}

static void hang(bench_state *b) {
    (void)b;
    for (;;) {
        bench_clobber();
    }
}

static void talk(bench_state *b) {
    BENCH_LOOP(b) {
        printf("%01000d\n", 1);
    }
}

/* Parent and child both return from the body: only one may answer. */
static void split(bench_state *b) {
    BENCH_LOOP(b) {
        bench_clobber();
    }
    fork();
}

/* Leaves a child behind that would live for ever. */
static void orphan(bench_state *b) {
    if (fork() == 0) {
        for (;;) {
            pause();
        }
    }
    fine(b);
}

/* Writes rubbish over the runner's connection. */
static void scribble(bench_state *b) {
    for (int fd = 3; fd < 20; fd++) {
        if (write(fd, "this is not a message of yours, is it", 37) > 0) {
            break;
        }
    }
    fine(b);
}

static bench_suite *suite;
static char **arguments;

static struct bench__request request_for(const char *function) {
    static bench_param none;
    return (struct bench__request){
        .suite = "s",
        .group = "g",
        .function = function,
        .params = &none,
        .sampler = {.sampling = BENCH_SAMPLING_FLAT,
                    .warm_up_ns = 1e6,
                    .measurement_ns = 1e6,
                    .sample_size = 20,
                    .once = 1},
        .clock = BENCH_CLOCK_MONOTONIC_RAW,
        .ticks_per_ns = 1,
        .cpu = -1,
        .side = -1,
    };
}

static int start(struct bench__worker *worker, size_t pad, const volatile sig_atomic_t *interrupted,
                 bench_error *err) {
    const struct bench__program program = {.argv = arguments, .board_fd = -1};
    return bench__worker_start(worker, &program, pad, interrupted, err);
}

static int64_t ask(struct bench__reply *reply, const char *function, int64_t timeout_ns) {
    struct bench__worker worker;
    struct bench__wire question = {0}, answer = {0};
    const struct bench__request request = request_for(function);
    bench_error error = {0};
    if (start(&worker, 100, NULL, &error) != 0) {
        fail_msg("%s", error.text);
    }
    bench__put_request(&question, &request);
    assert_int_equal(bench__worker_ask(&worker, BENCH__FRAME_LAUNCH, &question, timeout_ns, NULL,
                                       reply, &answer, NULL),
                     0);
    if (reply->status == BENCH_STATUS_OK) {
        bench_launch launch;
        assert_int_equal(bench__get_launch(&answer, &launch, NULL), 0);
        assert_int_equal(launch.status, BENCH_STATUS_OK);
        bench__launch_clear(&launch);
    }
    bench__worker_stop(&worker);
    assert_int_equal(worker.pid, -1);
    bench__wire_clear(&question);
    bench__wire_clear(&answer);
    return worker.output_bytes;
}

#define LONG_ENOUGH INT64_C(30000000000)

static void a_launch_comes_back(void **state) {
    (void)state;
    struct bench__reply reply;
    assert_int_equal(ask(&reply, "fine", LONG_ENOUGH), 0);
    assert_int_equal(reply.status, BENCH_STATUS_OK);
}

static void a_crash_is_named_with_what_was_printed(void **state) {
    (void)state;
    struct bench__reply reply;
    ask(&reply, "crash", LONG_ENOUGH);
    assert_int_equal(reply.status, BENCH_STATUS_CRASHED);
    assert_non_null(strstr(reply.reason, "SIGSEGV"));
    assert_non_null(strstr(reply.reason, "about to \\x1B[31mcrash"));
    assert_null(strstr(reply.reason, "first line"));
}

static void an_exit_is_named_with_its_code(void **state) {
    (void)state;
    struct bench__reply reply;
    ask(&reply, "leave", LONG_ENOUGH);
    assert_int_equal(reply.status, BENCH_STATUS_EXITED);
    assert_non_null(strstr(reply.reason, "exit code 7"));
}

static void a_hang_is_killed(void **state) {
    (void)state;
    struct bench__reply reply;
    ask(&reply, "hang", 50000000);
    assert_int_equal(reply.status, BENCH_STATUS_TIMEOUT);
    assert_non_null(strstr(reply.reason, "0.05 s"));
}

static void output_is_taken_and_counted(void **state) {
    (void)state;
    struct bench__reply reply;
    assert_int_equal(ask(&reply, "talk", LONG_ENOUGH), 1001);
    assert_int_equal(reply.status, BENCH_STATUS_OK);
}

static void forking_does_not_answer_twice(void **state) {
    (void)state;
    struct bench__reply reply;
    ask(&reply, "split", LONG_ENOUGH);
    assert_int_equal(reply.status, BENCH_STATUS_OK);
    ask(&reply, "orphan", LONG_ENOUGH);
    assert_int_equal(reply.status, BENCH_STATUS_OK);
}

static void rubbish_on_the_line_is_an_error_of_the_benchmark(void **state) {
    (void)state;
    struct bench__reply reply;
    ask(&reply, "scribble", LONG_ENOUGH);
    assert_int_equal(reply.status, BENCH_STATUS_FAILED);
    assert_non_null(strstr(reply.reason, "no message of a libbench worker"));
}

static void an_unknown_benchmark_is_refused(void **state) {
    (void)state;
    struct bench__reply reply;
    ask(&reply, "nowhere", LONG_ENOUGH);
    assert_int_equal(reply.status, BENCH_STATUS_FAILED);
    assert_non_null(strstr(reply.reason, "nowhere"));
}

static void an_interruption_ends_the_wait(void **state) {
    (void)state;
    struct bench__worker worker;
    struct bench__wire question = {0}, answer = {0};
    struct bench__reply reply;
    const struct bench__request request = request_for("hang");
    static volatile sig_atomic_t interrupted;
    assert_int_equal(start(&worker, 0, &interrupted, NULL), 0);
    interrupted = 1;
    bench__put_request(&question, &request);
    assert_int_equal(bench__worker_ask(&worker, BENCH__FRAME_LAUNCH, &question, LONG_ENOUGH,
                                       &interrupted, &reply, &answer, NULL),
                     BENCH_EINTERRUPTED);
    assert_int_equal(worker.pid, -1);
    bench__worker_stop(&worker);
    bench__wire_clear(&question);
    bench__wire_clear(&answer);
}

static void the_start_timeout_is_checked(void **state) {
    (void)state;
    int64_t timeout_ns;
    unsetenv("BENCH_START_TIMEOUT");
    assert_int_equal(bench__start_timeout(&timeout_ns, NULL), 0);
    assert_int_equal(timeout_ns, INT64_C(20000000000));
    setenv("BENCH_START_TIMEOUT", "", 1);
    assert_int_equal(bench__start_timeout(&timeout_ns, NULL), 0);
    assert_int_equal(timeout_ns, INT64_C(20000000000));
    setenv("BENCH_START_TIMEOUT", "1.5s", 1);
    assert_int_equal(bench__start_timeout(&timeout_ns, NULL), 0);
    assert_int_equal(timeout_ns, INT64_C(1500000000));
    static const char *const wrong[] = {"0", "-1s", "soon", "5 apples", "1e300h"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        bench_error err = {0};
        setenv("BENCH_START_TIMEOUT", wrong[i], 1);
        assert_int_equal(bench__start_timeout(&timeout_ns, &err), BENCH_EINVAL);
        assert_string_equal(err.place, "BENCH_START_TIMEOUT");
    }
    unsetenv("BENCH_START_TIMEOUT");
}

static void no_process_is_left(void **state) {
    (void)state;
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

int main(int argc, char **argv) {
    (void)argc;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_launch_comes_back),
        cmocka_unit_test(a_crash_is_named_with_what_was_printed),
        cmocka_unit_test(an_exit_is_named_with_its_code),
        cmocka_unit_test(a_hang_is_killed),
        cmocka_unit_test(output_is_taken_and_counted),
        cmocka_unit_test(forking_does_not_answer_twice),
        cmocka_unit_test(rubbish_on_the_line_is_an_error_of_the_benchmark),
        cmocka_unit_test(an_unknown_benchmark_is_refused),
        cmocka_unit_test(an_interruption_ends_the_wait),
        cmocka_unit_test(the_start_timeout_is_checked),
        cmocka_unit_test(no_process_is_left),
    };
    arguments = argv;
    suite = bench_suite_new("s");
    bench_group *g = bench_group_new(suite, "g");
    bench_add(g, "fine", fine, NULL);
    bench_add(g, "crash", crash, NULL);
    bench_add(g, "leave", leave, NULL);
    bench_add(g, "hang", hang, NULL);
    bench_add(g, "talk", talk, NULL);
    bench_add(g, "split", split, NULL);
    bench_add(g, "orphan", orphan, NULL);
    bench_add(g, "scribble", scribble, NULL);
    if (bench__worker_is_one()) {
        const int code = bench__worker_main(&suite, 1);
        bench_suite_free(suite);
        return code;
    }
    const int code = cmocka_run_group_tests(tests, NULL, NULL);
    bench_suite_free(suite);
    return code;
}
