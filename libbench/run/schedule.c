/*
 * Order and seeds of launches. Pure: no clock, no process.
 */
#include "run/schedule.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/rng.h"

int bench__schedule(struct bench__step **out, size_t *out_n, const int *launches, size_t n,
                    uint64_t seed, bench_error *err) {
    size_t total = 0;
    int rounds = 0;
    for (size_t i = 0; i < n; i++) {
        total += (size_t)launches[i];
        rounds = launches[i] > rounds ? launches[i] : rounds;
    }
    struct bench__step *steps = bench__alloc(total, sizeof *steps);
    size_t *order = bench__alloc(n, sizeof *order);
    if (steps == NULL || order == NULL) {
        bench__free(steps);
        bench__free(order);
        return bench__error(err, BENCH_ENOMEM, "out of memory for %zu launch%s", total,
                            total == 1 ? "" : "es");
    }
    struct bench__rng rng;
    bench__rng_init(&rng, seed);
    size_t at = 0;
    for (int round = 0; round < rounds; round++) {
        bench__rng_permutation(&rng, order, n);
        for (size_t i = 0; i < n; i++) {
            if (round < launches[order[i]]) {
                steps[at++] = (struct bench__step){order[i], (uint32_t)round};
            }
        }
    }
    bench__free(order);
    *out = steps;
    *out_n = total;
    return 0;
}

uint64_t bench__launch_seed(uint64_t run_seed, const char *name, uint32_t launch) {
    uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
    for (const unsigned char *c = (const unsigned char *)name; *c != '\0'; c++) {
        hash = (hash ^ *c) * UINT64_C(0x100000001b3);
    }
    return bench__rng_mix(bench__rng_mix(run_seed, hash), launch);
}
