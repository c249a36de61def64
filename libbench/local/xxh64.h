/*
 * local/xxh64.h - the 64-bit hash XXH64 of Yann Collet, by its specification
 * (https://github.com/Cyan4973/xxHash, doc/xxhash_spec.md). Fast, and good at telling files apart
 * that nobody made to look alike; no protection against somebody who does.
 */
#ifndef BENCH_LOCAL_XXH64_H
#define BENCH_LOCAL_XXH64_H

#include <stddef.h>
#include <stdint.h>

/** Plain data; start with bench__xxh64_init(). */
struct bench__xxh64 {
    uint64_t seed, lanes[4], n_total;
    unsigned char tail[32]; /* what does not fill a stripe yet */
    size_t n_tail;
};

void bench__xxh64_init(struct bench__xxh64 *h, uint64_t seed);
/** In pieces of any size; how a text is cut up does not matter. */
void bench__xxh64_add(struct bench__xxh64 *h, const void *data, size_t n);
/** The hash of what was added so far. */
uint64_t bench__xxh64_value(const struct bench__xxh64 *h);

#endif
