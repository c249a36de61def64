/*
 * worker/worker.h - both sides of a worker process: the one that measures, and the one that started
 * it.
 *
 * A worker is the benchmark executable itself, started anew with a descriptor number in its
 * environment. It serves requests until its socket closes. Its standard output and error go to a
 * pipe that the runner reads, so that a benchmark that prints cannot damage a report.
 */
#ifndef BENCH_WORKER_WORKER_H
#define BENCH_WORKER_WORKER_H

#include "suite/case.h"
#include "worker/protocol.h"
#include <signal.h>
#include <sys/types.h>

/* ---- in the worker ---- */

/** 1 in a process that was started as a worker. */
int bench__worker_is_one(void);
/** Serves requests until the runner closes the socket. @return the process's exit code. */
int bench__worker_main(bench_suite *const *suites, size_t n_suites);

/** One launch, in this process: binds, sets up, samples, tears down. Whatever goes wrong with the
 *  benchmark is in the launch's status; errors are the library's own (memory, clock). */
int bench__launch_here(bench_launch *out, bench_suite *const *suites, size_t n_suites,
                       const struct bench__request *request, bench_error *err);

/* ---- in the runner ---- */

#define BENCH__OUTPUT_TAIL 512

struct bench__worker {
    pid_t pid;
    int fd;     /* socket */
    int output; /* pipe with the worker's stdout and stderr */
    int64_t output_bytes;
    size_t n_tail;
    char tail[BENCH__OUTPUT_TAIL]; /* the last that it printed */
};

/** How a request ended. */
struct bench__reply {
    bench_status status;    /* OK: the payload is there */
    enum bench__frame type; /* of the answer, when OK */
    char reason[700];       /* otherwise: "killed by SIGSEGV", with the last output */
};

/** What to start as a worker. */
struct bench__program {
    const char *path;  /* NULL: this executable */
    char *const *argv; /* NULL-terminated */
    int board_fd;      /* for a duel; -1: none */
};

/** How long a program may take until it says anything: $BENCH_START_TIMEOUT, 20 s without.
 *  @return 0 or BENCH_EINVAL. */
int bench__start_timeout(int64_t *out_ns, bench_error *err);
/**
 * Starts a worker, its environment padded by `pad` bytes, in a process group of its own, and waits
 * for its hello. Errors carry the path of a program that is not this one.
 * @return 0, BENCH_EINVAL (a wrong $BENCH_START_TIMEOUT), BENCH_ESYSTEM, BENCH_EVERSION (another
 * protocol), BENCH_EFORMAT, BENCH_EINTERRUPTED.
 */
int bench__worker_start(struct bench__worker *worker, const struct bench__program *program,
                        size_t pad, const volatile sig_atomic_t *interrupted, bench_error *err);
/**
 * Sends a request and waits for its answer, at most timeout_ns. When the worker dies or hangs that
 * is in *reply and the worker is gone; @return BENCH_EINTERRUPTED when *interrupted became set,
 * else 0.
 */
int bench__worker_ask(struct bench__worker *worker, enum bench__frame type,
                      const struct bench__wire *request, int64_t timeout_ns,
                      const volatile sig_atomic_t *interrupted, struct bench__reply *reply,
                      struct bench__wire *answer, bench_error *err);
/** The two halves of asking, for who waits for several workers at once. */
int bench__worker_send(struct bench__worker *worker, enum bench__frame type,
                       const struct bench__wire *request, struct bench__reply *reply,
                       bench_error *err);
int bench__worker_receive(struct bench__worker *worker, int64_t timeout_ns,
                          const volatile sig_atomic_t *interrupted, struct bench__reply *reply,
                          struct bench__wire *answer, bench_error *err);
/** Waits until one of n (at most 2) workers has something to say or has ended. NULL entries are
 *  passed over. @return its index, -1 when the time is over, or BENCH_EINTERRUPTED. */
int bench__workers_await(struct bench__worker *const *workers, int n, int64_t deadline_ns,
                         const volatile sig_atomic_t *interrupted);
/** Closes the socket, waits shortly for the worker to end, kills it and its whole group. */
void bench__worker_stop(struct bench__worker *worker);

#endif
