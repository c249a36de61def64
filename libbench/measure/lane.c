/*
 * One thread's timed loop: hands out stretches of iterations and keeps their time. Knows nothing of
 * samples, threads beyond its barrier, or what the body does.
 */
#include "measure/lane.h"

void bench__lane_arm(struct bench__lane *lane, uint64_t n) {
    lane->phase = BENCH__LANE_ARMED;
    lane->left = n;
    lane->stretch = 0;
    lane->timed_ticks = 0;
    lane->first.n = lane->last.n = 0;
}

/* Size of the next stretch; runs the untimed set-up of a batch. 0 when there is nothing more. */
static uint64_t next_stretch(struct bench__lane *lane) {
    if (lane->stopped || lane->left == 0) {
        return 0;
    }
    uint64_t n = lane->left;
    if (lane->batch_max != 0 && n > lane->batch_max) {
        n = lane->batch_max;
    }
    if (lane->histogram != NULL) {
        n = 1;
    }
    if (lane->batch_setup != NULL && lane->batch_setup(lane->context, n) != 0) {
        lane->stopped = 1;
        return 0;
    }
    return n;
}

uint64_t bench__lane_start(struct bench__lane *lane) {
    if (lane->phase != BENCH__LANE_ARMED) {
        lane->stretch = 0;
        return 0;
    }
    lane->phase = BENCH__LANE_RUNNING;
    lane->stretch = next_stretch(lane);
    if (lane->barrier != NULL) {
        bench__barrier_wait(lane->barrier);
    }
    lane->start = lane->first = bench__clock_start(lane->clock);
    return lane->stretch;
}

uint64_t bench__lane_next(struct bench__lane *lane) {
    const struct bench__ticks stop = bench__clock_stop(lane->clock);
    if (lane->phase != BENCH__LANE_RUNNING) {
        return 0;
    }
    if (lane->stretch != 0) {
        const uint64_t ticks = stop.n - lane->start.n;
        lane->timed_ticks += ticks;
        lane->last = stop;
        lane->left -= lane->stretch;
        if (lane->histogram != NULL) {
            bench__histogram_add(lane->histogram, (double)ticks / lane->clock->ticks_per_ns);
        }
        if (lane->batch_teardown != NULL) {
            lane->batch_teardown(lane->context, lane->stretch);
        }
    }
    lane->stretch = next_stretch(lane);
    if (lane->stretch == 0) {
        lane->phase = BENCH__LANE_DONE;
        return 0;
    }
    lane->start = bench__clock_start(lane->clock);
    return lane->stretch;
}
