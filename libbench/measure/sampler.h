/*
 * measure/sampler.h - takes the samples of one launch: cold call, warm-up, pilot, measurement.
 *
 * It drives a body through one function and fills a bench_launch; it decides nothing about results.
 * All budgets are read from the sampler's own clock, so that a test's exact clock gives exact
 * samples.
 */
#ifndef BENCH_MEASURE_SAMPLER_H
#define BENCH_MEASURE_SAMPLER_H

#include "measure/clock.h"
#include "measure/noise.h"

/** What is being measured. */
struct bench__body {
    /** Runs n iterations once. @return their time in clock ticks, or a negative number to stop
     *  (skipped, failed): the launch then keeps what it has. */
    double (*call)(void *context, uint64_t n);
    /** Forgets what calls so far have recorded beside time (latencies, counters, errors). */
    void (*forget)(void *context);
    void *context;
};

struct bench__sampler_options {
    bench_sampling sampling;           /* resolved: never AUTO */
    double warm_up_ns, measurement_ns; /* of this launch */
    int sample_size;
    uint64_t max_iterations; /* per call; 0: no limit */
    uint64_t seed;
    int once;    /* --test: a single call of one iteration, nothing else */
    int no_keep; /* --profile-time: run for measurement_ns, keep no samples */
};

/**
 * Fills launch->clock, cold, warm-up, samples, noise, cpu and peak memory. The clock's ticks_per_ns
 * must hold a usable first guess; it is replaced by the launch's own calibration after warm-up.
 * @param probe may be NULL: then nothing of the noise record is measured.
 * @return 0 (also when the body stopped early), BENCH_ENOMEM.
 */
int bench__sample(bench_launch *launch, const struct bench__sampler_options *options,
                  const struct bench__body *body, struct bench__clock *clock,
                  struct bench__noise_probe *probe, bench_error *err);

#endif
