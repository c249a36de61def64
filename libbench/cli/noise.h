/*
 * cli/noise.h - the noise record of this machine (local/noise_record.h) in one invocation: asked
 * before a verdict, added to after the results are written. It never makes a run fail: what is
 * wrong with it is a warning on standard error.
 */
#ifndef BENCH_CLI_NOISE_H
#define BENCH_CLI_NOISE_H

#include "cli/options.h"
#include "local/noise_record.h"
#include "result/verdict.h"

struct bench__cli_noise {
    struct bench__noise_record record;
    const bench_run *run; /* to be judged: has no say in what is known before it */
    int is_unusable;      /* has been said */
};

/** Loads what is known about the machine of a run; nothing with --no-record. A damaged record is
 *  put aside. Clear it in any case. */
void bench__cli_noise_load(struct bench__cli_noise *noise, const bench_run *run,
                           const struct bench__cli_options *options);
void bench__cli_noise_clear(struct bench__cli_noise *noise);
/** Has verdicts ask the record, which must outlive them. */
void bench__cli_noise_use(struct bench__cli_noise *noise, struct bench__verdict_options *how);

/**
 * Adds what an outcome shows about this machine: its duels, and the run itself if `with_run` (it
 * was measured here, and in a way that can be compared).
 * @param noise what was loaded before, so that nothing is said twice; may be NULL.
 */
void bench__cli_noise_add(const bench_outcome *outcome, int with_run,
                          const struct bench__cli_options *options,
                          const struct bench__cli_noise *noise);

#endif
