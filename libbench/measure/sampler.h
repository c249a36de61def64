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
    /** While paused, what calls record beside time does not count. */
    void (*pause)(void *context, int is_paused);
    /** Forgets what calls so far have recorded beside time (latencies, counters, errors). */
    void (*forget)(void *context);
    void *context;
};

/**
 * Somebody who says when to take which sample, instead of the sampler's own plan: in a duel, the
 * other side has its turns in between.
 */
struct bench__turns {
    /** Once, after warm-up. Waits until there is something to do. @return how many samples this
     *  side will take; no more than sample_size are taken; 0 to end here. */
    size_t (*begin)(void *context, double ns_per_iteration);
    /** Waits for this side's next turn. @return 0 when there is none any more. */
    int (*next)(void *context, uint64_t *out_iterations, uint64_t *out_untimed);
    /** Ends the turn that next() began. */
    void (*done)(void *context);
    void *context;
};

struct bench__sampler_options {
    bench_sampling sampling;           /* resolved: never AUTO */
    double warm_up_ns, measurement_ns; /* of this launch */
    int sample_size;
    uint64_t max_iterations; /* per call; 0: no limit */
    uint64_t seed;
    int once;                         /* --test: a single call of one iteration, nothing else */
    int no_keep;                      /* --profile-time: run for measurement_ns, keep no samples */
    const struct bench__turns *turns; /* NULL: the sampler's own plan */
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
