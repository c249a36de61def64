/*
 * Seeded random numbers: xoshiro256** (Blackman and Vigna, "Scrambled linear pseudorandom number
 * generators", 2018), seeded by splitmix64. The same seed gives the same stream on every machine.
 * Not for secrets.
 */
#include "base/rng.h"
#include <math.h>
#include <sys/random.h>
#include <time.h>

static uint64_t splitmix_finish(uint64_t z) {
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

static uint64_t splitmix_next(uint64_t *state) {
    *state += UINT64_C(0x9E3779B97F4A7C15);
    return splitmix_finish(*state);
}

void bench__rng_init(struct bench__rng *rng, uint64_t seed) {
    for (int i = 0; i < 4; i++)
        rng->s[i] = splitmix_next(&seed);
}

static uint64_t rotate_left(uint64_t x, int k) {
    return x << k | x >> (64 - k);
}

uint64_t bench__rng_u64(struct bench__rng *rng) {
    uint64_t *s = rng->s;
    uint64_t result = rotate_left(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate_left(s[3], 45);
    return result;
}

uint64_t bench__rng_below(struct bench__rng *rng, uint64_t n) {
    /* The high word of a 64x64 product; low words under 2^64 mod n would be drawn once too often.
     */
    unsigned __int128 product = (unsigned __int128)bench__rng_u64(rng) * n;
    if ((uint64_t)product < n) {
        uint64_t threshold = -n % n;
        while ((uint64_t)product < threshold)
            product = (unsigned __int128)bench__rng_u64(rng) * n;
    }
    return (uint64_t)(product >> 64);
}

double bench__rng_double(struct bench__rng *rng) {
    return (double)(bench__rng_u64(rng) >> 11) * 0x1p-53;
}

double bench__rng_normal(struct bench__rng *rng) {
    double u, v, s;
    do {
        u = 2 * bench__rng_double(rng) - 1;
        v = 2 * bench__rng_double(rng) - 1;
        s = u * u + v * v;
    } while (s >= 1 || s == 0);
    return u * sqrt(-2 * log(s) / s); /* the second value is dropped: no hidden state */
}

void bench__rng_permutation(struct bench__rng *rng, size_t *order, size_t n) {
    for (size_t i = 0; i < n; i++) { /* inside-out form: fills and shuffles in one pass */
        size_t j = (size_t)bench__rng_below(rng, i + 1);
        order[i] = order[j];
        order[j] = i;
    }
}

uint64_t bench__rng_mix(uint64_t a, uint64_t b) {
    uint64_t state = a;
    state = splitmix_next(&state) ^ b;
    return splitmix_next(&state);
}

uint64_t bench__rng_entropy(void) {
    uint64_t seed;
    if (getrandom(&seed, sizeof seed, GRND_NONBLOCK) == (ssize_t)sizeof seed)
        return seed;
    struct timespec now; /* too early after boot, or forbidden: the time and this address must do */
    clock_gettime(CLOCK_REALTIME, &now);
    return bench__rng_mix((uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec,
                          (uint64_t)(uintptr_t)&seed);
}
