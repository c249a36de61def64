/* run/schedule.h - the order of launches over a suite: a seeded permutation that can be replayed.
 */
#ifndef BENCH_RUN_SCHEDULE_H
#define BENCH_RUN_SCHEDULE_H

#include <bench/common.h>

struct bench__step {
    size_t benchmark; /* index of the case */
    uint32_t launch;  /* index of the launch within it */
};

/** All launches of all benchmarks in an order that depends on the seed alone: whole rounds, each
 *  benchmark once per round in random order, so that every benchmark's launches are spread over the
 *  whole run. `launches[i]` is the number for benchmark i. *out is freed with bench__free(). */
int bench__schedule(struct bench__step **out, size_t *out_n, const int *launches, size_t n,
                    uint64_t seed, bench_error *err);

/** The seed of one launch: of its run, its benchmark's name and its index, and of nothing else, so
 *  that a launch is the same whether its benchmark runs alone or in the whole suite. */
uint64_t bench__launch_seed(uint64_t run_seed, const char *name, uint32_t launch);

#endif
