/* result/stored.h - the change of one benchmark between two runs that were made at different times.
 */
#ifndef BENCH_RESULT_STORED_H
#define BENCH_RESULT_STORED_H

#include "result/difference.h"

/** What is known about the earlier runs of a benchmark (local/noise_record.h). */
typedef struct bench__between_runs bench__between_runs_fn(void *context, const char *name);

/** Two runs and what is known about the time between them; plain data, everything borrowed. */
struct bench__stored {
    const bench_run *after, *before;
    bench__between_runs_fn *between_runs; /* NULL: nothing is known */
    void *context;
    double assumed_sd[BENCH_N_KERNELS + 1]; /* by divisor + 1; NAN until needed */
};

void bench__stored_init(struct bench__stored *runs, const bench_run *after, const bench_run *before,
                        bench__between_runs_fn *between_runs, void *context);

/**
 * Fills change, mde, p_value, kernel, between_run_sd and n_runs_known of a comparison of results of
 * the two runs, by its alpha; all NAN with fewer than two valid launches on a side.
 * @param out_upper the one-sided upper bound of the change at 1 - alpha.
 * @return 0 or BENCH_ENOMEM.
 */
int bench__stored_change(bench_comparison *c, double *out_upper, struct bench__stored *runs);

#endif
