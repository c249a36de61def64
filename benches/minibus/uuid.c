/* Version 4 UUIDs, from the system or a per-thread xoshiro256** (Blackman and Vigna 2018). */
#include "minibus/uuid.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/random.h>

#include "minibus/error.h"

static _Thread_local struct {
    uint64_t s[4];
    int seeded;
} prng;

static int fill_from_system(void *out, size_t size) {
    ssize_t n;
    do {
        n = getrandom(out, size, 0);
    } while (n < 0 && errno == EINTR);
    return n == (ssize_t)size ? 0 : MB_ESYSTEM;
}

/* A forked child has one thread and a copy of its parent's generator: it must not go on with it. */
static void forget_seed(void) {
    prng.seeded = 0;
}

static void watch_forks(void) {
    pthread_atfork(NULL, NULL, forget_seed);
}

static int seed_prng(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, watch_forks);
    const int rc = fill_from_system(prng.s, sizeof prng.s);
    prng.seeded = rc == 0;
    return rc;
}

static uint64_t rotate_left(uint64_t x, int k) {
    return (x << k) | (x >> (64 - k));
}

static uint64_t next_u64(uint64_t s[4]) {
    const uint64_t result = rotate_left(s[1] * 5, 7) * 9;
    const uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate_left(s[3], 45);
    return result;
}

static void mark_version_4(mb_uuid *uuid) {
    uuid->bytes[6] = (uint8_t)((uuid->bytes[6] & 0x0f) | 0x40);
    uuid->bytes[8] = (uint8_t)((uuid->bytes[8] & 0x3f) | 0x80);
}

int mb_uuid_from_system(mb_uuid *out) {
    const int rc = fill_from_system(out->bytes, sizeof out->bytes);
    if (rc) {
        return rc;
    }
    mark_version_4(out);
    return 0;
}

int mb_uuid_from_prng(mb_uuid *out) {
    if (!prng.seeded && seed_prng()) {
        return MB_ESYSTEM;
    }
    const uint64_t words[2] = {next_u64(prng.s), next_u64(prng.s)};
    memcpy(out->bytes, words, sizeof words);
    mark_version_4(out);
    return 0;
}

/* Whether a hyphen stands before the hexadecimal digits of byte i. */
static int hyphen_before(int i) {
    return i == 4 || i == 6 || i == 8 || i == 10;
}

/* The eight digits of four bytes, the first in the lowest byte: each nibble in a byte of its own,
 * then 6 more carry into the upper half of those that need a letter. */
static uint64_t hex_of(const uint8_t bytes[4]) {
    uint64_t x = (uint64_t)bytes[0] | (uint64_t)bytes[1] << 16 | (uint64_t)bytes[2] << 32 |
                 (uint64_t)bytes[3] << 48;
    x = (x >> 4 & 0x000f000f000f000fu) | (x & 0x000f000f000f000fu) << 8;
    const uint64_t is_letter = (x + 0x0606060606060606u) >> 4 & 0x0101010101010101u;
    return x + 0x3030303030303030u + is_letter * ('a' - '9' - 1);
}

/* Both little endian, as all platforms here. */
static void put_8(char *text, uint64_t digits) {
    memcpy(text, &digits, 8);
}

static void put_4(char *text, uint64_t digits) {
    memcpy(text, &digits, 4);
}

char *mb_uuid_format(char text[MB_UUID_TEXT_SIZE], const mb_uuid *uuid) {
    const uint64_t middle = hex_of(uuid->bytes + 4), next = hex_of(uuid->bytes + 8);
    put_8(text, hex_of(uuid->bytes));
    put_4(text + 9, middle);
    put_4(text + 14, middle >> 32);
    put_4(text + 19, next);
    put_4(text + 24, next >> 32);
    put_8(text + 28, hex_of(uuid->bytes + 12));
    text[8] = text[13] = text[18] = text[23] = '-';
    text[36] = '\0';
    return text;
}

static int hex_value(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    const char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

int mb_uuid_parse(mb_uuid *out, const char *text) {
    const char *p = text;
    for (int i = 0; i < 16; i++) {
        if (hyphen_before(i) && *p++ != '-') {
            return MB_EINVAL;
        }
        const int high = hex_value(*p);
        const int low = high < 0 ? -1 : hex_value(p[1]); /* p[1] exists: *p is not the NUL */
        if (low < 0) {
            return MB_EINVAL;
        }
        out->bytes[i] = (uint8_t)(high << 4 | low);
        p += 2;
    }
    return *p == '\0' ? 0 : MB_EINVAL;
}
