/* worker/protocol.h - what the runner asks of a worker, and both ends' encoding of it. */
#ifndef BENCH_WORKER_PROTOCOL_H
#define BENCH_WORKER_PROTOCOL_H

#include "measure/sampler.h"
#include "worker/wire.h"
#include <bench/result.h>

/** Which benchmark, and how to launch it. */
struct bench__request {
    const char *suite, *group, *function;
    const bench_param *params;
    size_t n_params;
    uint32_t index; /* of the launch */
    struct bench__sampler_options sampler;
    bench_clock_kind clock; /* as the runner resolved it: never AUTO */
    double ticks_per_ns;    /* the runner's own calibration: a first guess */
    int cpu;                /* to pin to; -1: none */
    uint32_t stack_offset;  /* bytes, layout randomisation */
    uint32_t heap_offset;
    int side; /* of a duel, 0 or 1: samples are taken in turns (worker/board.h); -1: alone */
};

void bench__put_request(struct bench__wire *w, const struct bench__request *request);
/** Strings and params of *out are owned by the caller: bench__request_clear(). */
int bench__get_request(struct bench__wire *w, struct bench__request *out, bench_error *err);
void bench__request_clear(struct bench__request *request);

void bench__put_launch(struct bench__wire *w, const bench_launch *launch);
int bench__get_launch(struct bench__wire *w, bench_launch *out, bench_error *err);

void bench__put_calibration(struct bench__wire *w, const bench_calibration *calibration);
int bench__get_calibration(struct bench__wire *w, bench_calibration *out, bench_error *err);

#endif
