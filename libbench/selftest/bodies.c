/*
 * The bodies of the selftest. Nothing here measures.
 */
#include "selftest/bodies.h"

#include "base/mem.h"
#include "base/rng.h"

#include <stdlib.h>
#include <string.h>

/*
 * The sizes keep launches alike, since what differs between processes is noise of every duel.
 * 256 KiB of 4 KiB pages, wherever they are, rarely crowd one place of a second-level cache (512
 * KiB did, in one process of fifteen). Source and target of the copy lie about half a page apart:
 * at nearly the same place within a page, loads would wait for stores that only look like theirs.
 * Blocks too large for the allocator's quick lists vary less than small ones, whose few
 * instructions depend on how addresses alias.
 */
enum {
    LINE = 64,
    WALK_LINES = (256 << 10) / LINE,
    RING_BYTES = 128 << 10,
    COPY_FROM = 1, /* neither is aligned, nor are they to each other */
    COPY_TO = COPY_FROM + RING_BYTES + 64 * 1024 + 2048 + 34,
    SLOTS = 64,
    SIZES = 1 << 12,
    SIZE_MIN = 16,
    SIZE_SPAN = 4081
};

const char *const bench__selftest_names[BENCH__N_BODIES] = {
    [BENCH__BODY_LATENCY] = "latency",     [BENCH__BODY_BRANCH] = "branch",
    [BENCH__BODY_CACHE] = "cache",         [BENCH__BODY_COPY] = "copy",
    [BENCH__BODY_ALLOCATOR] = "allocator",
};

struct line {
    uint32_t next;
    char unused[LINE - sizeof(uint32_t)];
};

struct bench__selftest_data {
    enum bench__selftest_body body;
    uint64_t position; /* where the next iteration goes on */
    union {
        unsigned char *bytes;
        struct line *lines;
        uint16_t *sizes;
    } memory;
    void *slots[SLOTS];
};

size_t bench__selftest_operations(enum bench__selftest_body body, int64_t work) {
    static const size_t per_thousandth[BENCH__N_BODIES] = {
        [BENCH__BODY_LATENCY] = 10, [BENCH__BODY_BRANCH] = 5,    [BENCH__BODY_CACHE] = 5,
        [BENCH__BODY_COPY] = 1200,  [BENCH__BODY_ALLOCATOR] = 1,
    };
    return per_thousandth[body] * (size_t)work;
}

/* ---- what each is made of ---- */

static void fill_bytes(unsigned char *bytes, size_t n, struct bench__rng *rng) {
    for (size_t i = 0; i < n; i++) {
        bytes[i] = (unsigned char)bench__rng_u64(rng);
    }
}

/* One cycle through all lines (Sattolo 1986). */
static void link_lines(struct line *lines, struct bench__rng *rng) {
    for (uint32_t i = 0; i < WALK_LINES; i++) {
        lines[i].next = i;
    }
    for (uint32_t i = WALK_LINES - 1; i > 0; i--) {
        const uint32_t k = (uint32_t)bench__rng_below(rng, i);
        const uint32_t next = lines[i].next;
        lines[i].next = lines[k].next;
        lines[k].next = next;
    }
}

static int fill(struct bench__selftest_data *d, struct bench__rng *rng) {
    static const size_t n_bytes[BENCH__N_BODIES] = {
        [BENCH__BODY_LATENCY] = 1,
        [BENCH__BODY_BRANCH] = 1,
        [BENCH__BODY_CACHE] = WALK_LINES * sizeof(struct line),
        [BENCH__BODY_COPY] = COPY_TO + RING_BYTES,
        [BENCH__BODY_ALLOCATOR] = SIZES * sizeof(uint16_t),
    };
    d->memory.bytes = bench__alloc(n_bytes[d->body], 1);
    if (d->memory.bytes == NULL) {
        return BENCH_ENOMEM;
    }
    if (d->body == BENCH__BODY_CACHE) {
        link_lines(d->memory.lines, rng);
    } else if (d->body == BENCH__BODY_ALLOCATOR) {
        for (size_t i = 0; i < SIZES; i++) {
            d->memory.sizes[i] = (uint16_t)(SIZE_MIN + bench__rng_below(rng, SIZE_SPAN));
        }
    } else {
        fill_bytes(d->memory.bytes, n_bytes[d->body], rng);
    }
    return 0;
}

struct bench__selftest_data *bench__selftest_data_new(enum bench__selftest_body body,
                                                      uint64_t seed) {
    struct bench__rng rng;
    bench__rng_init(&rng, seed);
    struct bench__selftest_data *d = bench__alloc(1, sizeof *d);
    if (d != NULL) {
        d->body = body;
        d->position = body == BENCH__BODY_BRANCH ? bench__rng_u64(&rng) : 0;
        if (fill(d, &rng) != 0) {
            bench__free(d);
            return NULL;
        }
    }
    return d;
}

void bench__selftest_data_free(struct bench__selftest_data *d) {
    if (d == NULL) {
        return;
    }
    for (size_t i = 0; i < SLOTS; i++) {
        free(d->slots[i]);
    }
    bench__free(d->memory.bytes);
    bench__free(d);
}

/* ---- the work ---- */

static uint64_t multiply(size_t n) {
    uint64_t x = n, y = 3;
    __asm__ volatile("" : "+r"(y));
    for (size_t i = 0; i < n; i++) {
        x *= y;
        __asm__ volatile("" : "+r"(x));
    }
    return x;
}

/* A branch that follows the next number of a generator (Knuth's MMIX constants) instead of stored
 * data: 256 KiB of random bytes were learnt by a predictor within 20 ms, by either side to another
 * degree. The barriers keep both arms from becoming one without a branch. */
#define BRANCH                                                                                     \
    x = x * 6364136223846793005u + 1442695040888963407u;                                           \
    if (x >> 63) {                                                                                 \
        a += x;                                                                                    \
        __asm__ volatile("" : "+r"(a));                                                            \
    } else {                                                                                       \
        a ^= x;                                                                                    \
        __asm__ volatile("" : "+r"(a));                                                            \
    }
#define BRANCHES_5 BRANCH BRANCH BRANCH BRANCH BRANCH

/* In 25 places, because what one costs depends on where a process has it. */
static uint64_t branch(struct bench__selftest_data *d, size_t n) {
    uint64_t a = 0, x = d->position;
    for (; n >= 25; n -= 25) {
        BRANCHES_5 BRANCHES_5 BRANCHES_5 BRANCHES_5 BRANCHES_5
    }
    for (; n > 0; n--) {
        BRANCH
    }
    d->position = x;
    return a;
}

static uint64_t walk(struct bench__selftest_data *d, size_t n) {
    uint32_t at = (uint32_t)d->position;
    for (size_t i = 0; i < n; i++) {
        at = d->memory.lines[at].next;
    }
    d->position = at;
    return at;
}

/* Goes on where the last iteration ended: more work is more copies of the same memory. */
static uint64_t copy(struct bench__selftest_data *d, size_t n) {
    size_t at = (size_t)d->position;
    while (n > 0) {
        const size_t to_end = RING_BYTES - at, now = n < to_end ? n : to_end;
        memcpy(d->memory.bytes + COPY_TO + at, d->memory.bytes + COPY_FROM + at, now);
        bench_clobber();
        at = now < to_end ? at + now : 0;
        n -= now;
    }
    d->position = at;
    return d->memory.bytes[COPY_TO + at];
}

static uint64_t allocate(struct bench__selftest_data *d, size_t n) {
    uint64_t n_missing = 0;
    size_t at = (size_t)d->position;
    for (size_t i = 0; i < n; i++, at++) {
        /* an odd stride visits every slot, so that a block lives for SLOTS steps */
        void **slot = &d->slots[at * 37 % SLOTS];
        free(*slot);
        *slot = malloc(d->memory.sizes[at % SIZES]);
        n_missing += *slot == NULL;
        bench_keep(*slot);
    }
    d->position = at;
    return n_missing;
}

uint64_t bench__selftest_do(struct bench__selftest_data *d, size_t n_operations) {
    switch (d->body) {
    case BENCH__BODY_LATENCY:
        return multiply(n_operations);
    case BENCH__BODY_BRANCH:
        return branch(d, n_operations);
    case BENCH__BODY_CACHE:
        return walk(d, n_operations);
    case BENCH__BODY_COPY:
        return copy(d, n_operations);
    case BENCH__BODY_ALLOCATOR:
        return allocate(d, n_operations);
    case BENCH__N_BODIES:
        break;
    }
    return 0;
}

/* ---- as benchmarks ---- */

static void run(bench_state *b) {
    struct bench__selftest_data *d = bench_user(b);
    const int64_t work = bench_param_i64(b, BENCH__SELFTEST_AXIS);
    const size_t n = bench__selftest_operations(d->body, work);
    BENCH_LOOP(b) {
        bench_keep(bench__selftest_do(d, n));
    }
}

static int set_up(bench_state *b, enum bench__selftest_body body) {
    const int64_t work = bench_param_i64(b, BENCH__SELFTEST_AXIS);
    if (work < 1 || work > BENCH__WORK_MAX) {
        bench_fail(b, "work is from 1 to %d", BENCH__WORK_MAX);
        return -1;
    }
    struct bench__selftest_data *d = bench__selftest_data_new(body, bench_seed(b));
    if (d == NULL) {
        bench_fail(b, "out of memory");
        return -1;
    }
    bench_set_user(b, d);
    return 0;
}

#define SETUP(name, body)                                                                          \
    static int name(bench_state *b) {                                                              \
        return set_up(b, body);                                                                    \
    }
SETUP(set_up_latency, BENCH__BODY_LATENCY)
SETUP(set_up_branch, BENCH__BODY_BRANCH)
SETUP(set_up_cache, BENCH__BODY_CACHE)
SETUP(set_up_copy, BENCH__BODY_COPY)
SETUP(set_up_allocator, BENCH__BODY_ALLOCATOR)

static void tear_down(bench_state *b) {
    bench__selftest_data_free(bench_user(b));
}

bench_suite *bench__selftest_suite(void) {
    static bench_setup_fn *const set_ups[BENCH__N_BODIES] = {
        [BENCH__BODY_LATENCY] = set_up_latency,     [BENCH__BODY_BRANCH] = set_up_branch,
        [BENCH__BODY_CACHE] = set_up_cache,         [BENCH__BODY_COPY] = set_up_copy,
        [BENCH__BODY_ALLOCATOR] = set_up_allocator,
    };
    static const int64_t work[] = {1000, 1005, 1010, 1020, 1050};
    bench_suite *suite = bench_suite_new(BENCH__SELFTEST_SUITE);
    for (int body = 0; body < BENCH__N_BODIES; body++) {
        const bench_opts opts = {.setup = set_ups[body], .teardown = tear_down};
        bench_group *group = bench_group_new(suite, bench__selftest_names[body]);
        bench_group_axis_i64(group, BENCH__SELFTEST_AXIS, work, sizeof work / sizeof work[0]);
        bench_add(group, BENCH__SELFTEST_FUNCTION, run, &opts);
    }
    return suite;
}
