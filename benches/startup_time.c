/*
 * startup_time: from the start of a process until its first byte arrives, and until it has ended.
 * The program is in the caches of the operating system: what is cold is the process. The file on
 * the disk is read once, in setup.
 *
 * `spawn` starts a program that writes its byte at once. What `first_message` takes longer, which
 * the pair resolves, is the broker's: loading it and its libraries, making a broker, one message's
 * way.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixtures.h"
#include "program.h"
#include "suites.h"

extern char **environ;

enum { PATIENCE_MS = 10000 };

struct start {
    char path[PATH_MAX];
    posix_spawn_file_actions_t actions;
    int pipe[2]; /* the program writes into it; it lives as long as the benchmark */
    pid_t pid;   /* of the running one, or 0 */
};

static int start_setup(bench_state *b, const char *program) {
    struct start *s = fx_new(b, sizeof *s);
    if (!s) {
        return -1;
    }
    if (pipe2(s->pipe, O_CLOEXEC) != 0) {
        bench_fail(b, "no pipe");
        return -1;
    }
    if (posix_spawn_file_actions_init(&s->actions) != 0 ||
        posix_spawn_file_actions_adddup2(&s->actions, s->pipe[1], STDOUT_FILENO) != 0) {
        bench_fail(b, "out of memory");
        return -1;
    }
    return program_find(s->path, b, program);
}

static int broker_setup(bench_state *b) {
    return start_setup(b, "cold_start");
}

static int base_setup(bench_state *b) {
    return start_setup(b, "cold_start_base");
}

static void start_teardown(bench_state *b) {
    struct start *s = bench_user(b);
    if (!s) {
        return;
    }
    if (s->pid > 0) { /* an iteration has failed */
        kill(s->pid, SIGKILL);
        waitpid(s->pid, NULL, 0);
    }
    if (s->pipe[0] > 0) {
        close(s->pipe[0]);
        close(s->pipe[1]);
    }
    posix_spawn_file_actions_destroy(&s->actions);
    free(s);
}

/* ---- one start ------------------------------------------------------------------------------- */

/* @return 0, or -1 after failing the benchmark. */
static int start(bench_state *b, struct start *s) {
    char *const arguments[] = {s->path, NULL};
    const int rc = posix_spawn(&s->pid, s->path, &s->actions, NULL, arguments, environ);
    if (rc != 0) {
        s->pid = 0;
        bench_fail(b, "%s does not start: error %d", s->path, rc);
    }
    return rc == 0 ? 0 : -1;
}

/* This side holds the pipe open as well, so a program that ends silently is no end of file. */
static int read_byte(bench_state *b, const struct start *s) {
    struct pollfd readable = {.fd = s->pipe[0], .events = POLLIN};
    char byte;
    if (poll(&readable, 1, PATIENCE_MS) != 1 || read(s->pipe[0], &byte, 1) != 1 || byte != 'r') {
        bench_fail(b, "no byte from %s", s->path);
        return -1;
    }
    return 0;
}

static int wait_for_exit(bench_state *b, struct start *s) {
    int status = -1;
    while (waitpid(s->pid, &status, 0) < 0 && errno == EINTR) {
    }
    s->pid = 0;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        bench_fail(b, "%s ended with status %d", s->path, status);
        return -1;
    }
    return 0;
}

/* ---- benchmarks ------------------------------------------------------------------------------ */

/* The end of the program is awaited here, outside the timing. */
static void reap(bench_state *b, uint64_t n) {
    (void)n;
    struct start *s = bench_user(b);
    if (s->pid > 0) {
        wait_for_exit(b, s);
    }
}

static void to_first_byte(bench_state *b) {
    struct start *s = bench_user(b);
    BENCH_LOOP(b) {
        if (start(b, s) || read_byte(b, s)) {
            return;
        }
    }
}

static void to_exit(bench_state *b) {
    struct start *s = bench_user(b);
    BENCH_LOOP(b) {
        if (start(b, s) || read_byte(b, s) || wait_for_exit(b, s)) {
            return;
        }
    }
}

bench_suite *startup_time_suite(void) {
    bench_suite *suite = bench_suite_new("startup_time");
    bench_group *g = bench_group_new(suite, "cold_start");
    bench_opts opts = {.setup = base_setup,
                       .teardown = start_teardown,
                       .batch_teardown = reap,
                       .batch_max = 1,
                       .sampling = BENCH_SAMPLING_LATENCY};
    bench_add(g, "spawn", to_first_byte, &opts);
    opts.setup = broker_setup;
    bench_add(g, "to_exit", to_exit, &opts);
    opts.measurement_time_ns = 8 * (int64_t)1000000000; /* 10,000 starts, which a p99 takes */
    bench_add(g, "first_message", to_first_byte, &opts);
    bench_pair(g, "broker_cost", "spawn", "first_message");
    return suite;
}
