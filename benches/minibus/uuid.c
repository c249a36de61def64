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

char *mb_uuid_format(char text[MB_UUID_TEXT_SIZE], const mb_uuid *uuid) {
    static const char digits[] = "0123456789abcdef";
    char *p = text;
    for (int i = 0; i < 16; i++) {
        if (hyphen_before(i)) {
            *p++ = '-';
        }
        *p++ = digits[uuid->bytes[i] >> 4];
        *p++ = digits[uuid->bytes[i] & 15];
    }
    *p = '\0';
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
