/*
 * XXH64, step by step as in its specification. Reads words as the machine stores them, which is
 * little-endian on every platform of this library.
 */
#include "local/xxh64.h"

#include <string.h>

#define PRIME_1 UINT64_C(0x9E3779B185EBCA87)
#define PRIME_2 UINT64_C(0xC2B2AE3D27D4EB4F)
#define PRIME_3 UINT64_C(0x165667B19E3779F9)
#define PRIME_4 UINT64_C(0x85EBCA77C2B2AE63)
#define PRIME_5 UINT64_C(0x27D4EB2F165667C5)

enum { STRIPE = 32 };

static uint64_t rotate(uint64_t x, int bits) {
    return x << bits | x >> (64 - bits);
}

static uint64_t word64(const unsigned char *p) {
    uint64_t word;
    memcpy(&word, p, sizeof word);
    return word;
}

static uint64_t word32(const unsigned char *p) {
    uint32_t word;
    memcpy(&word, p, sizeof word);
    return word;
}

static uint64_t mix(uint64_t lane, uint64_t word) {
    return rotate(lane + word * PRIME_2, 31) * PRIME_1;
}

void bench__xxh64_init(struct bench__xxh64 *h, uint64_t seed) {
    *h = (struct bench__xxh64){
        .seed = seed, .lanes = {seed + PRIME_1 + PRIME_2, seed + PRIME_2, seed, seed - PRIME_1}};
}

static void add_stripe(struct bench__xxh64 *h, const unsigned char *p) {
    for (int i = 0; i < 4; i++) {
        h->lanes[i] = mix(h->lanes[i], word64(p + 8 * i));
    }
}

void bench__xxh64_add(struct bench__xxh64 *h, const void *data, size_t n) {
    const unsigned char *p = data;
    h->n_total += n;
    while (n > 0) {
        if (h->n_tail == 0 && n >= STRIPE) {
            add_stripe(h, p);
            p += STRIPE;
            n -= STRIPE;
            continue;
        }
        const size_t room = STRIPE - h->n_tail, take = n < room ? n : room;
        memcpy(h->tail + h->n_tail, p, take);
        h->n_tail += take;
        p += take;
        n -= take;
        if (h->n_tail == STRIPE) {
            add_stripe(h, h->tail);
            h->n_tail = 0;
        }
    }
}

/* The four lanes as one. */
static uint64_t converge(const uint64_t lanes[4]) {
    uint64_t value =
        rotate(lanes[0], 1) + rotate(lanes[1], 7) + rotate(lanes[2], 12) + rotate(lanes[3], 18);
    for (int i = 0; i < 4; i++) {
        value = (value ^ mix(0, lanes[i])) * PRIME_1 + PRIME_4;
    }
    return value;
}

static uint64_t add_tail(uint64_t value, const unsigned char *p, size_t n) {
    for (; n >= 8; p += 8, n -= 8) {
        value = rotate(value ^ mix(0, word64(p)), 27) * PRIME_1 + PRIME_4;
    }
    for (; n >= 4; p += 4, n -= 4) {
        value = rotate(value ^ word32(p) * PRIME_1, 23) * PRIME_2 + PRIME_3;
    }
    for (; n > 0; p++, n--) {
        value = rotate(value ^ *p * PRIME_5, 11) * PRIME_1;
    }
    return value;
}

uint64_t bench__xxh64_value(const struct bench__xxh64 *h) {
    uint64_t value = h->n_total >= STRIPE ? converge(h->lanes) : h->seed + PRIME_5;
    value = add_tail(value + h->n_total, h->tail, h->n_tail);
    value = (value ^ value >> 33) * PRIME_2;
    value = (value ^ value >> 29) * PRIME_3;
    return value ^ value >> 32;
}
