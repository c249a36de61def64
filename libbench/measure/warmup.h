/* measure/warmup.h - deciding when times have become steady: arithmetic on batch means. */
#ifndef BENCH_MEASURE_WARMUP_H
#define BENCH_MEASURE_WARMUP_H

#include <stddef.h>
#include <stdint.h>

#define BENCH__WARMUP_BATCHES     256
#define BENCH__WARMUP_MIN_BATCHES 20 /* with fewer, nothing can be said */

/** Batch means of the warm-up so far. When full, neighbours are merged, so it covers any length. */
struct bench__warmup {
    size_t n;
    double mean_ns[BENCH__WARMUP_BATCHES]; /* time per iteration */
    double faults[BENCH__WARMUP_BATCHES];  /* page faults in the batch */
};

void bench__warmup_add(struct bench__warmup *w, double ns_per_iteration, double faults);

/**
 * Steady when all of this holds over the later half of the batches (at least 20 in all):
 * MSER-5 puts the end of the transient before it; the Theil-Sen slope moves the time by less than
 * what its scatter explains, or by less than 1 %; page faults have not fallen (a set of pages is
 * not still being touched for the first time).
 */
int bench__warmup_steady(const struct bench__warmup *w);

/** Index at which the initial transient ends by MSER-5 (White 1997: batches of 5, truncation in the
 *  first half), in values; n when it does not end there. */
size_t bench__mser5(const double *x, size_t n);

#endif
