/*
 * worker/state.h - one launch in progress: the bench_state of each thread and what they share.
 *
 * An execution runs a case's setup, hands the sampler a body to call, and runs the teardown.
 */
#ifndef BENCH_WORKER_STATE_H
#define BENCH_WORKER_STATE_H

#include "measure/lane.h"
#include "measure/sampler.h"
#include "suite/case.h"
#include <bench/record.h>
#include <pthread.h>

struct bench__execution;

struct bench_state {
    struct bench__lane lane;
    struct bench__execution *execution;
    void *thread_user;
    int thread_index;
    uint64_t iterations; /* of this call */
    double elapsed_ns;   /* caller-timed; negative until set */
};

/* What all threads of an execution do together. */
enum bench__task { BENCH__TASK_SETUP, BENCH__TASK_CALL, BENCH__TASK_TEARDOWN };

struct bench__execution {
    const struct bench__case *c;
    struct bench__clock *clock;
    uint64_t seed;
    int is_latency;
    void *user;
    int n_threads;
    bench_state *states; /* n_threads */
    struct bench__barrier barrier;

    pthread_mutex_t lock; /* guards the rest */
    bench_status status;
    char *message; /* owned */
    uint64_t n_errors;
    size_t n_counters;
    bench_counter_record *counters; /* totals until bench__execution_counters() */
    size_t n_labels;
    bench_label_record *labels;

    enum bench__task task;
    int is_paused;  /* counters and errors do not count now */
    int is_running; /* setup has returned */
    int threads_are_set_up;
    struct bench__team *team; /* the threads beside the calling one; NULL with one thread */
};

/** Runs setup and starts the threads. A setup that skips or fails is no error here: look at status.
 *  @return 0, BENCH_ENOMEM, BENCH_ESYSTEM (no threads). */
int bench__execution_start(struct bench__execution *e, const struct bench__case *c,
                           struct bench__clock *clock, bench_sampling sampling, uint64_t seed,
                           bench_error *err);
/** The body for the sampler: runs n iterations in every thread. */
struct bench__body bench__execution_body(struct bench__execution *e);
/** Ends the threads and runs the teardown. */
void bench__execution_stop(struct bench__execution *e);
/** Moves status, message, counters, labels, errors and latencies to a launch. */
int bench__execution_collect(struct bench__execution *e, bench_launch *launch);
void bench__execution_clear(struct bench__execution *e);

#endif
