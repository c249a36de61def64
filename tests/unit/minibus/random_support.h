/* random_support.h - seeded random numbers for the tests of damaged input. */
#ifndef TESTS_UNIT_MINIBUS_RANDOM_SUPPORT_H
#define TESTS_UNIT_MINIBUS_RANDOM_SUPPORT_H

#include <stdint.h>

static uint64_t random_state; /* set it before a sequence */

/* splitmix64 */
static inline uint64_t random_u64(void) {
    uint64_t z = random_state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

#endif
