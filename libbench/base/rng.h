/* base/rng.h - xoshiro256** (Blackman and Vigna 2018) seeded by splitmix64: fast and replayable. */
#ifndef BENCH_BASE_RNG_H
#define BENCH_BASE_RNG_H

#include <stddef.h>
#include <stdint.h>

struct bench__rng {
    uint64_t s[4];
};

void bench__rng_init(struct bench__rng *rng, uint64_t seed);
uint64_t bench__rng_u64(struct bench__rng *rng);
/** Uniform in [0, n), without modulo bias (Lemire 2019); n > 0. */
uint64_t bench__rng_below(struct bench__rng *rng, uint64_t n);
/** Uniform in [0, 1) with 53 bits. */
double bench__rng_double(struct bench__rng *rng);
/** Standard normal (polar method). */
double bench__rng_normal(struct bench__rng *rng);
/** Fisher-Yates on indices: fills order[0..n) with a random permutation of 0..n-1. */
void bench__rng_permutation(struct bench__rng *rng, size_t *order, size_t n);
/** Mixes two numbers into a seed (splitmix64 finaliser): one stream per purpose and launch. */
uint64_t bench__rng_mix(uint64_t a, uint64_t b);
/** A seed from the operating system. */
uint64_t bench__rng_entropy(void);

#endif
