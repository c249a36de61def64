/* fake_body.h - a clock that only moves when told, and a body that takes an exact time. */
#ifndef BENCH_TEST_FAKE_BODY_H
#define BENCH_TEST_FAKE_BODY_H

#include "measure/sampler.h"

/* One tick is one ns. Reading the clock takes `per_read` ticks, an iteration `per_iteration`. */
struct fake_body {
    uint64_t now;
    uint64_t per_read, per_iteration;
    uint64_t first_call_extra; /* the cold call's penalty */
    uint64_t slow_until;       /* until then an iteration takes twice as long */
    uint64_t drift_until;      /* until then it takes a tick more per million ticks still to go */
    uint64_t n_calls, n_iterations, n_forgotten, n_pauses;
    uint64_t largest_n;
    uint64_t stop_at_call; /* the body gives up at that call; 0: never */
};

static uint64_t fake_read(void *context) {
    struct fake_body *f = context;
    return f->now += f->per_read;
}

static double fake_call(void *context, uint64_t n) {
    struct fake_body *f = context;
    f->n_calls++;
    if (f->n_calls == f->stop_at_call) {
        return -1;
    }
    const uint64_t drift = f->now < f->drift_until ? (f->drift_until - f->now) / 1000000 : 0;
    uint64_t ticks = n * (f->per_iteration * (f->now < f->slow_until ? 2 : 1) + drift);
    ticks += f->n_calls == 1 ? f->first_call_extra : 0;
    f->now += ticks;
    f->n_iterations += n;
    f->largest_n = n > f->largest_n ? n : f->largest_n;
    return (double)ticks;
}

static void fake_pause(void *context, int is_paused) {
    ((struct fake_body *)context)->n_pauses += is_paused != 0;
}

static void fake_forget(void *context) {
    struct fake_body *f = context;
    f->n_forgotten++;
}

static struct bench__clock fake_clock_of(struct fake_body *f) {
    return (struct bench__clock){
        .kind = BENCH_CLOCK_TSC, .ticks_per_ns = 1, .read = fake_read, .context = f};
}

static struct bench__body fake_body_of(struct fake_body *f) {
    return (struct bench__body){
        .call = fake_call, .pause = fake_pause, .forget = fake_forget, .context = f};
}

#endif
