/*
 * The runner's side of a worker process: start, ask, give up on, clean up. The only place that
 * starts worker processes.
 */
#include "base/error.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "base/units.h"
#include "measure/clock.h"
#include "worker/board.h"
#include "worker/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORKER_FD        3
#define START_TIMEOUT_NS INT64_C(20000000000)
#define TICK_MS          100 /* how soon an interruption is noticed at the latest */
#define PAD_MAX          4096

extern char **environ;

/* environ plus the worker's two variables; free the first two strings and the array. */
static char **worker_environment(size_t pad) {
    size_t n = 0;
    while (environ[n] != NULL) {
        n++;
    }
    char **env = bench__alloc(n + 3, sizeof *env);
    char *number = bench__alloc(32, 1), *padding = bench__alloc(PAD_MAX + 32, 1);
    if (env == NULL || number == NULL || padding == NULL) {
        bench__free(env);
        bench__free(number);
        bench__free(padding);
        return NULL;
    }
    snprintf(number, 32, "BENCH__WORKER=%d", WORKER_FD);
    const int at = snprintf(padding, 32, "BENCH__PAD=");
    memset(padding + at, 'x', pad < PAD_MAX ? pad : PAD_MAX);
    env[0] = number;
    env[1] = padding;
    memcpy(env + 2, environ, n * sizeof *env);
    return env;
}

static void free_environment(char **env) {
    bench__free(env[0]);
    bench__free(env[1]);
    bench__free(env);
}

static int spawn(pid_t *out_pid, const struct bench__program *program, int socket_fd, int output_fd,
                 size_t pad, bench_error *err) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, defaults;
    char **env = worker_environment(pad);
    if (env == NULL) {
        return bench__error(err, BENCH_ENOMEM, "out of memory");
    }
    sigemptyset(&none);
    sigemptyset(&defaults); /* ignored here; a benchmark is to find it as in its own program */
    sigaddset(&defaults, SIGPIPE);
    sigaddset(&defaults, SIGXFSZ);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, output_fd, 1);
    posix_spawn_file_actions_adddup2(&actions, output_fd, 2);
    posix_spawn_file_actions_adddup2(&actions, socket_fd, WORKER_FD);
    if (program->board_fd >= 0) {
        posix_spawn_file_actions_adddup2(&actions, program->board_fd, BENCH__BOARD_FD);
    }
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                              POSIX_SPAWN_SETSIGDEF);
    const char *path = program->path != NULL ? program->path : "/proc/self/exe";
    const int code = posix_spawn(out_pid, path, &actions, &attributes, program->argv, env);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    free_environment(env);
    if (code != 0) {
        bench__error_sys(err, BENCH_ESYSTEM, code, "cannot start a worker process");
        bench__error_place(err, "%s", program->path != NULL ? program->path : program->argv[0]);
    }
    return code == 0 ? 0 : BENCH_ESYSTEM;
}

/* A descriptor above the numbers that the worker's own take, so that no dup2 overwrites it. */
static int raise_fd(int fd) {
    const int raised = fcntl(fd, F_DUPFD_CLOEXEC, 10);
    const int kept = errno;
    close(fd);
    errno = kept;
    return raised;
}

static int open_channels(int sockets[2], int output[2], bench_error *err) {
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0) {
        return bench__error_sys(err, BENCH_ESYSTEM, errno, "cannot make a socket pair");
    }
    if (pipe2(output, O_CLOEXEC) != 0) {
        const int code = bench__error_sys(err, BENCH_ESYSTEM, errno, "cannot make a pipe");
        close(sockets[0]);
        close(sockets[1]);
        return code;
    }
    sockets[1] = raise_fd(sockets[1]);
    output[1] = raise_fd(output[1]);
    if (sockets[1] < 0 || output[1] < 0) {
        const int code = bench__error_sys(err, BENCH_ESYSTEM, errno, "too many open files");
        close(sockets[0]);
        close(output[0]);
        if (sockets[1] >= 0) {
            close(sockets[1]);
        }
        if (output[1] >= 0) {
            close(output[1]);
        }
        return code;
    }
    fcntl(output[0], F_SETFL, O_NONBLOCK);
    const struct timeval patience = {.tv_sec = 5}; /* for the rest of a message that has begun */
    setsockopt(sockets[0], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    return 0;
}

static void drain_output(struct bench__worker *worker) {
    char chunk[4096];
    /* at most so much at a time: one that prints without end must not keep us from our clock */
    for (int i = 0; i < 64 && worker->output >= 0; i++) {
        const ssize_t n = read(worker->output, chunk, sizeof chunk);
        if (n <= 0) {
            return;
        }
        worker->output_bytes += n;
        const size_t keep = (size_t)n < sizeof worker->tail ? (size_t)n : sizeof worker->tail;
        if (worker->n_tail + keep > sizeof worker->tail) {
            const size_t drop = worker->n_tail + keep - sizeof worker->tail;
            memmove(worker->tail, worker->tail + drop, worker->n_tail - drop);
            worker->n_tail -= drop;
        }
        memcpy(worker->tail + worker->n_tail, chunk + n - keep, keep);
        worker->n_tail += keep;
    }
}

static void kill_group(struct bench__worker *worker) {
    if (worker->pid > 0) {
        kill(-worker->pid, SIGKILL);
    }
}

/* Waits for the worker's end, which is near: it has closed its socket or was killed. */
static int reap(struct bench__worker *worker) {
    int status = 0;
    if (worker->pid > 0) {
        while (waitpid(worker->pid, &status, 0) < 0 && errno == EINTR) {
        }
        kill_group(worker); /* what it may have forked */
        worker->pid = -1;
    }
    drain_output(worker);
    if (worker->fd >= 0) {
        close(worker->fd);
    }
    if (worker->output >= 0) {
        close(worker->output);
    }
    worker->fd = worker->output = -1;
    return status;
}

/* Appends what the benchmark printed last, on one line, to a reason. */
static void add_tail(const struct bench__worker *worker, struct bench__reply *reply) {
    struct bench__strbuf sb;
    char tail[BENCH__OUTPUT_TAIL + 1];
    size_t from = 0, n = worker->n_tail;
    while (n > 0 && worker->tail[n - 1] == '\n') {
        n--;
    }
    for (size_t i = 0; i < n; i++) {
        from = worker->tail[i] == '\n' ? i + 1 : from; /* the last line */
    }
    if (n == from) {
        return;
    }
    memcpy(tail, worker->tail + from, n - from);
    tail[n - from] = '\0';
    bench__strbuf_init(&sb);
    bench__strbuf_add_safe(&sb, tail);
    const char *text = bench__strbuf_text(&sb);
    const size_t at = strlen(reply->reason);
    if (text != NULL) {
        snprintf(reply->reason + at, sizeof reply->reason - at, "; it last printed: %.400s", text);
    }
    bench__strbuf_clear(&sb);
}

static void give_up(struct bench__worker *worker, struct bench__reply *reply, bench_status status,
                    const char *reason) {
    kill_group(worker);
    reap(worker);
    reply->status = status;
    snprintf(reply->reason, sizeof reply->reason, "%s", reason);
    add_tail(worker, reply);
}

/* Waits for the worker's process to end. @return 0 when it has not by the deadline. */
static int await_end(struct bench__worker *worker, int64_t deadline) {
    siginfo_t info = {0};
    while (waitid(P_PID, (id_t)worker->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid == 0) {
        if (bench__monotonic_ns() > deadline) {
            return 0;
        }
        /* its end of the pipe closes when it ends: that wakes us at once */
        struct pollfd output = {.fd = worker->output, .events = POLLIN};
        const int closed = poll(&output, 1, 2) > 0 && !(output.revents & POLLIN);
        drain_output(worker);
        if (closed) {
            const struct timespec moment = {.tv_nsec =
                                                100000}; /* what is left is the exit itself */
            ppoll(NULL, 0, &moment, NULL);
        }
    }
    return 1;
}

/* The worker's socket has closed without an answer: what became of it? */
static void explain_end(struct bench__worker *worker, struct bench__reply *reply) {
    if (!await_end(worker, bench__monotonic_ns() + INT64_C(2000000000))) {
        give_up(worker, reply, BENCH_STATUS_FAILED, "closed its connection to the runner");
        return;
    }
    const int status = reap(worker);
    if (WIFSIGNALED(status)) {
        const int number = WTERMSIG(status);
        reply->status = BENCH_STATUS_CRASHED;
        snprintf(reply->reason, sizeof reply->reason, "killed by signal %d (SIG%s, %s)%s", number,
                 sigabbrev_np(number) != NULL ? sigabbrev_np(number) : "?", strsignal(number),
                 number == SIGKILL ? ": out of memory?" : "");
    } else {
        reply->status = BENCH_STATUS_EXITED;
        snprintf(reply->reason, sizeof reply->reason, "ended its process with exit code %d",
                 WEXITSTATUS(status));
    }
    add_tail(worker, reply);
}

int bench__workers_await(struct bench__worker *const *workers, int n, int64_t deadline_ns,
                         const volatile sig_atomic_t *interrupted) {
    struct pollfd fds[4];
    int output_open[2] = {1, 1};
    for (;;) {
        if (interrupted != NULL && *interrupted) {
            return BENCH_EINTERRUPTED;
        }
        const int64_t left_ms = (deadline_ns - bench__monotonic_ns()) / 1000000;
        for (int i = 0; i < n; i++) {
            const struct bench__worker *w = workers[i];
            fds[2 * i] = (struct pollfd){.fd = w != NULL ? w->fd : -1, .events = POLLIN};
            fds[2 * i + 1] = (struct pollfd){.fd = w != NULL && output_open[i] ? w->output : -1,
                                             .events = POLLIN};
        }
        /* looked at once more after the deadline: an answer that is there counts */
        const int wait_ms = left_ms < 0 ? 0 : left_ms < TICK_MS ? (int)left_ms + 1 : TICK_MS;
        const int n_ready = poll(fds, (nfds_t)(2 * n), wait_ms);
        for (int i = 0; n_ready > 0 && i < n; i++) {
            if (fds[2 * i + 1].revents != 0) {
                drain_output(workers[i]);
                output_open[i] = (fds[2 * i + 1].revents & POLLIN) != 0;
            }
        }
        for (int i = 0; n_ready > 0 && i < n; i++) {
            if (fds[2 * i].revents != 0) {
                return i;
            }
        }
        if (left_ms < 0) {
            return -1;
        }
    }
}

static void read_error_frame(struct bench__wire *answer, struct bench__reply *reply) {
    char *text = bench__wire_get_text(answer);
    reply->status = BENCH_STATUS_FAILED;
    snprintf(reply->reason, sizeof reply->reason, "%.600s",
             text != NULL ? text : "the worker could not do it and could not say why");
    bench__free(text);
}

int bench__worker_receive(struct bench__worker *worker, int64_t timeout_ns,
                          const volatile sig_atomic_t *interrupted, struct bench__reply *reply,
                          struct bench__wire *answer, bench_error *err) {
    enum bench__frame type;
    const int64_t deadline = bench__monotonic_ns() + timeout_ns;
    const int ready = bench__workers_await(&worker, 1, deadline, interrupted);
    memset(reply, 0, sizeof *reply);
    if (ready == BENCH_EINTERRUPTED) {
        kill_group(worker);
        reap(worker);
        return bench__error(err, BENCH_EINTERRUPTED, "interrupted");
    }
    if (ready < 0) {
        char reason[80];
        if (timeout_ns > 0) {
            snprintf(reason, sizeof reason, "no end after %.3g s, killed",
                     (double)timeout_ns * 1e-9);
        } else {
            snprintf(reason, sizeof reason, "no end in time, killed");
        }
        give_up(worker, reply, BENCH_STATUS_TIMEOUT, reason);
        return 0;
    }
    bench_error inner = {0};
    const int code = bench__frame_receive(worker->fd, &type, answer, &inner);
    if (code == BENCH_EVERSION || code == BENCH_ENOMEM) {
        give_up(worker, reply, BENCH_STATUS_FAILED, inner.text);
        return bench__error(err, code, "%s", inner.text);
    }
    if (code == BENCH_ENOTFOUND || (code == BENCH_EIO && inner.sys_errno == ECONNRESET)) {
        explain_end(worker, reply);
    } else if (code != 0) {
        give_up(worker, reply, BENCH_STATUS_FAILED, inner.text);
    } else if (type == BENCH__FRAME_ERROR) {
        read_error_frame(answer, reply);
    } else {
        reply->status = BENCH_STATUS_OK;
        reply->type = type;
    }
    return 0;
}

int bench__start_timeout(int64_t *out_ns, bench_error *err) {
    const char *text = getenv("BENCH_START_TIMEOUT");
    *out_ns = START_TIMEOUT_NS;
    if (text == NULL || *text == '\0') {
        return 0;
    }
    int code = bench__parse_duration_ns(out_ns, text, err);
    if (code == 0 && *out_ns == 0) {
        code = bench__error(err, BENCH_EINVAL, "0 leaves no time to start: take one like 20s");
    }
    bench__error_place(err, "BENCH_START_TIMEOUT");
    return code;
}

/* Takes the first message of a worker that was just started. */
static int await_hello(struct bench__worker *worker, int64_t timeout_ns,
                       const volatile sig_atomic_t *interrupted, bench_error *err) {
    struct bench__reply reply = {0};
    struct bench__wire hello = {0};
    int code = bench__worker_receive(worker, timeout_ns, interrupted, &reply, &hello, err);
    bench__wire_clear(&hello);
    if (code == 0 && (reply.status != BENCH_STATUS_OK || reply.type != BENCH__FRAME_HELLO)) {
        bench__worker_stop(worker);
        code = bench__error(
            err, BENCH_EFORMAT,
            "a worker process did not come up (%s): does main() reach bench_main()?", reply.reason);
    }
    return code;
}

int bench__worker_start(struct bench__worker *worker, const struct bench__program *program,
                        size_t pad, const volatile sig_atomic_t *interrupted, bench_error *err) {
    int sockets[2], output[2];
    int64_t timeout_ns;
    memset(worker, 0, sizeof *worker);
    worker->pid = worker->fd = worker->output = -1;
    int code = bench__start_timeout(&timeout_ns, err);
    code = code == 0 ? open_channels(sockets, output, err) : code;
    if (code != 0) {
        return code;
    }
    worker->fd = sockets[0];
    worker->output = output[0];
    code = spawn(&worker->pid, program, sockets[1], output[1], pad, err);
    close(sockets[1]);
    close(output[1]);
    if (code != 0) {
        worker->pid = -1;
        reap(worker);
        return code;
    }
    code = await_hello(worker, timeout_ns, interrupted, err);
    if (program->path != NULL) {
        bench__error_place(err, "%s", program->path);
    }
    return code;
}

int bench__worker_send(struct bench__worker *worker, enum bench__frame type,
                       const struct bench__wire *request, struct bench__reply *reply,
                       bench_error *err) {
    memset(reply, 0, sizeof *reply);
    bench_error inner = {0};
    const int code = bench__frame_send(worker->fd, type, request, &inner);
    if (code == BENCH_ENOMEM) {
        return bench__error(err, code, "%s", inner.text);
    }
    if (code != 0) {
        explain_end(worker, reply);
    }
    return 0;
}

int bench__worker_ask(struct bench__worker *worker, enum bench__frame type,
                      const struct bench__wire *request, int64_t timeout_ns,
                      const volatile sig_atomic_t *interrupted, struct bench__reply *reply,
                      struct bench__wire *answer, bench_error *err) {
    const int code = bench__worker_send(worker, type, request, reply, err);
    if (code != 0 || reply->status != BENCH_STATUS_OK) {
        return code;
    }
    return bench__worker_receive(worker, timeout_ns, interrupted, reply, answer, err);
}

void bench__worker_stop(struct bench__worker *worker) {
    if (worker->pid <= 0) {
        return;
    }
    close(worker->fd);
    worker->fd = -1;
    /* It ends by itself at the end of file; one that does not within a second is killed. */
    await_end(worker, bench__monotonic_ns() + INT64_C(1000000000));
    kill_group(worker);
    reap(worker);
}
