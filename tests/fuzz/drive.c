/* drive DIRECTORY N: gives a fuzz target every file of the directory, and N mutations of them that
 * are the same in every run. Every input is an allocation of its exact size, for the sanitizers. It
 * replaces libFuzzer where that is not there; it does not look at coverage. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

enum { MAX_SEEDS = 256, SEED_SIZE_MAX = 8192, INPUT_SIZE_MAX = 2 * SEED_SIZE_MAX };

struct seed {
    unsigned char *bytes;
    size_t size;
};

static struct seed seeds[MAX_SEEDS];
static size_t n_seeds;
static uint64_t random_state = 0x9e3779b97f4a7c15u;

/* xorshift64* */
static uint64_t random_u64(void) {
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return random_state * 0x2545f4914f6cdd1du;
}

static size_t random_below(size_t n) {
    return n ? (size_t)(random_u64() >> 33) % n : 0;
}

static void add_seed(const char *dir, const char *name) {
    char path[4096];
    struct seed *s = &seeds[n_seeds++];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *file = fopen(path, "rb");
    FUZZ_CHECK(file);
    s->bytes = malloc(SEED_SIZE_MAX);
    FUZZ_CHECK(s->bytes);
    s->size = fread(s->bytes, 1, SEED_SIZE_MAX, file);
    FUZZ_CHECK(!ferror(file));
    fclose(file);
}

/* In the order of their names: that of a directory differs between machines. */
static void read_seeds(const char *dir) {
    struct dirent **entries;
    const int n = scandir(dir, &entries, NULL, alphasort);
    FUZZ_CHECK(n > 0);
    for (int i = 0; i < n; i++) {
        if (entries[i]->d_name[0] != '.') {
            FUZZ_CHECK(n_seeds < MAX_SEEDS);
            add_seed(dir, entries[i]->d_name);
        }
        free(entries[i]);
    }
    free(entries);
    FUZZ_CHECK(n_seeds > 0);
}

static void run(const unsigned char *bytes, size_t size) {
    unsigned char *exact = malloc(size ? size : 1);
    FUZZ_CHECK(exact);
    if (size) {
        memcpy(exact, bytes, size);
    }
    LLVMFuzzerTestOneInput(exact, size);
    free(exact);
}

/* Bytes, and 32-bit numbers where a size could be. */
static void overwrite(unsigned char *p, size_t size) {
    static const uint32_t numbers[] = {0,      1,          4,          5,          0x7f,      0xff,
                                       0xffff, 0x7fffffff, 0x80000000, 0xffffffff, 0x04100000};
    const size_t at = random_below(size);
    if (size - at >= 4 && random_below(4) == 0) {
        const uint32_t number = numbers[random_below(sizeof numbers / sizeof numbers[0])];
        memcpy(p + at, &number, 4);
    } else if (size) {
        p[at] = random_below(2) ? (unsigned char)random_u64()
                                : (unsigned char)(p[at] ^ 1u << random_below(8));
    }
}

static size_t insert(unsigned char *p, size_t size, const unsigned char *from, size_t n) {
    const size_t at = random_below(size + 1);
    if (n > INPUT_SIZE_MAX - size) {
        return size;
    }
    memmove(p + at + n, p + at, size - at);
    memcpy(p + at, from, n);
    return size + n;
}

/* @return the new size. */
static size_t mutate(unsigned char *p, size_t size) {
    const struct seed *other = &seeds[random_below(n_seeds)];
    const size_t at = random_below(size), n = random_below(size - at + 1);
    const size_t from = random_below(other->size);
    unsigned char copy[SEED_SIZE_MAX];
    switch (random_below(6)) {
    case 0: /* cut off */
        return at;
    case 1: /* a stretch taken out */
        memmove(p + at, p + at + n, size - at - n);
        return size - n;
    case 2: /* one of another seed put in */
        return insert(p, size, other->bytes + from, random_below(other->size - from + 1));
    case 3: /* one of its own put in */
        memcpy(copy, p + at, n < SEED_SIZE_MAX ? n : SEED_SIZE_MAX);
        return insert(p, size, copy, n < SEED_SIZE_MAX ? n : SEED_SIZE_MAX);
    default:
        overwrite(p, size);
        return size;
    }
}

int main(int argc, char **argv) {
    static unsigned char input[INPUT_SIZE_MAX];
    FUZZ_CHECK(argc == 3);
    read_seeds(argv[1]);
    for (size_t i = 0; i < n_seeds; i++) {
        run(seeds[i].bytes, seeds[i].size);
    }
    const long n = strtol(argv[2], NULL, 10);
    FUZZ_CHECK(n > 0);
    for (long i = 0; i < n; i++) {
        const struct seed *s = &seeds[random_below(n_seeds)];
        size_t size = s->size;
        memcpy(input, s->bytes, size);
        for (size_t k = random_below(4) + 1; k > 0; k--) {
            size = mutate(input, size);
        }
        run(input, size);
    }
    for (size_t i = 0; i < n_seeds; i++) {
        free(seeds[i].bytes);
    }
    printf("%zu seeds and %ld mutations\n", n_seeds, n);
    return 0;
}
