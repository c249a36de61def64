/*
 * measure/lane.h - one thread's way through a timed loop.
 *
 * The sampler arms a lane with a number of iterations and calls the body; the body's loop asks the
 * lane for stretches of iterations (all at once, a batch, or a single operation) and the lane keeps
 * the time between handing one out and being asked for the next.
 */
#ifndef BENCH_MEASURE_LANE_H
#define BENCH_MEASURE_LANE_H

#include "measure/barrier.h"
#include "measure/clock.h"
#include "measure/histogram.h"

enum bench__lane_phase {
    BENCH__LANE_IDLE = 0, /* not armed: the body is not being sampled */
    BENCH__LANE_ARMED,
    BENCH__LANE_RUNNING,
    BENCH__LANE_DONE
};

struct bench__lane {
    const struct bench__clock *clock;
    struct bench__barrier *barrier;     /* NULL for a single thread */
    struct bench__histogram *histogram; /* latency sampling: every iteration is recorded; or NULL */
    uint64_t batch_max;                 /* 0: no batches */
    /* Untimed, around every batch; setup returns 0 or stops the loop. Both may be NULL. */
    int (*batch_setup)(void *context, uint64_t n);
    void (*batch_teardown)(void *context, uint64_t n);
    void *context;

    enum bench__lane_phase phase;
    int stopped;      /* skipped or failed: hands out nothing any more */
    uint64_t left;    /* iterations not handed out yet */
    uint64_t stretch; /* iterations handed out last */
    struct bench__ticks start;
    uint64_t timed_ticks;            /* sum over stretches */
    struct bench__ticks first, last; /* start of the first stretch, stop of the last */
};

/** Prepares the lane for one call of the body with n iterations. */
void bench__lane_arm(struct bench__lane *lane, uint64_t n);
/** The two halves of BENCH_LOOP. @return iterations to run before the next call; 0 ends the loop.
 */
uint64_t bench__lane_start(struct bench__lane *lane);
uint64_t bench__lane_next(struct bench__lane *lane);

#endif
