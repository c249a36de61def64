/* support/fixture_support.h - for the files that build fixtures: nothing fails in silence. */
#ifndef TEST_SUPPORT_FIXTURE_SUPPORT_H
#define TEST_SUPPORT_FIXTURE_SUPPORT_H

#include "base/mem.h"
#include "base/rng.h"

#include <stdio.h>
#include <stdlib.h>

static inline void check(int ok, const char *what) {
    if (!ok) {
        fprintf(stderr, "fixture: %s\n", what);
        abort();
    }
}

static inline char *copy(const char *text) {
    char *out = bench__strdup(text);
    check(out != NULL, "out of memory");
    return out;
}

static inline uint64_t seed_of(const char *name) {
    uint64_t seed = 42;
    for (; *name != '\0'; name++) {
        seed = bench__rng_mix(seed, (unsigned char)*name);
    }
    return seed;
}

#endif
