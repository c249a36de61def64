/*
 * The nine kernels of the calibration vector. Each is one short, fixed piece of work whose time per
 * operation is set by one part of the machine; counts are chosen so that a repeat takes some 0.1 ms
 * on a machine of today. What the numbers mean for a benchmark is not decided here.
 */
#include "measure/calibrate.h"

#include "base/mem.h"
#include "base/rng.h"
#include "base/robust.h"
#include "measure/chain.h"

#include <math.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    KIB = 1024,
    MIB = 1024 * KIB,
    PAGE = 4096,
    COPY_BYTES = 256 * KIB,
    SCAN_BYTES = 32 * KIB,
    SCAN_SEGMENTS = 16, /* more than repeats: no data twice in a row for the predictor to learn */
    N_REPEATS = 9
};

struct line {
    struct line *next;
    char rest[64 - sizeof(struct line *)];
};

/* A cycle through all lines of a block in random order. */
struct ring {
    void *block;
    struct line *lines;
    size_t n;
    struct line *at;
};

struct bench__calibrator {
    struct ring l1, l2, l3, memory;
    char *copy_from, *copy_to;
    unsigned char *scan;
    unsigned scan_segment;
};

/* Sattolo's algorithm (1986): a permutation of one single cycle, so that the walk visits every
 * line. Shuffled as small numbers first, which stay in the caches, then laid out in one pass. */
static int link_lines(struct ring *ring, struct bench__rng *rng) {
    uint32_t *next = bench__alloc(ring->n, sizeof *next);
    if (!next)
        return BENCH_ENOMEM;
    for (size_t i = 0; i < ring->n; i++)
        next[i] = (uint32_t)i;
    for (size_t i = ring->n - 1; i > 0; i--) {
        size_t j = bench__rng_below(rng, i);
        uint32_t swapped = next[i];
        next[i] = next[j];
        next[j] = swapped;
    }
    for (size_t i = 0; i < ring->n; i++)
        ring->lines[i].next = &ring->lines[next[i]];
    bench__free(next);
    return 0;
}

static int ring_init(struct ring *ring, size_t bytes, struct bench__rng *rng) {
    ring->n = bytes / sizeof(struct line);
    ring->block = bench__alloc(bytes + PAGE, 1);
    if (!ring->block)
        return BENCH_ENOMEM;
    uintptr_t start = ((uintptr_t)ring->block + PAGE - 1) / PAGE * PAGE;
    ring->lines = (struct line *)start;
    ring->at = ring->lines;
    /* Huge pages come or do not come by chance, and would make two kinds of runs. */
    madvise(ring->lines, bytes / PAGE * PAGE, MADV_NOHUGEPAGE);
    return link_lines(ring, rng);
}

static size_t size_or(int64_t known, size_t otherwise) {
    return known > 0 ? (size_t)known : otherwise;
}

static size_t clamp(size_t value, size_t low, size_t high) {
    return value < low ? low : value > high ? high : value;
}

/* Half of a cache leaves room for what else lives there; a larger part of L3 would take longer to
 * warm than to measure. */
static int rings_init(struct bench__calibrator *c, const bench_host *host, struct bench__rng *rng) {
    size_t l1 = clamp(size_or(host->l1d_bytes, 32 * KIB), 8 * KIB, MIB);
    size_t l2 = clamp(size_or(host->l2_bytes, MIB), 2 * l1, 16 * MIB);
    size_t l3 = clamp(size_or(host->l3_bytes, 16 * MIB), 2 * l2, 1024 * (size_t)MIB);
    if (ring_init(&c->l1, l1 / 2, rng) || ring_init(&c->l2, l2 / 2, rng) ||
        ring_init(&c->l3, clamp(l3 / 2, l2, 4 * l2), rng))
        return BENCH_ENOMEM;
    return ring_init(&c->memory, clamp(2 * l3, 64 * MIB, 128 * MIB), rng);
}

struct bench__calibrator *bench__calibrator_new(const bench_host *host, uint64_t seed) {
    struct bench__calibrator *c = bench__alloc(1, sizeof *c);
    if (!c)
        return NULL;
    struct bench__rng rng;
    bench__rng_init(&rng, seed);
    c->copy_from = bench__alloc(COPY_BYTES + 64, 1);
    c->copy_to = bench__alloc(COPY_BYTES + 64, 1);
    c->scan = bench__alloc(SCAN_SEGMENTS, SCAN_BYTES);
    if (!c->copy_from || !c->copy_to || !c->scan || rings_init(c, host, &rng)) {
        bench__calibrator_free(c);
        return NULL;
    }
    memset(c->copy_from, 1, COPY_BYTES + 64); /* pages of its own, not the zero page */
    for (size_t i = 0; i < (size_t)SCAN_SEGMENTS * SCAN_BYTES; i++)
        c->scan[i] = (unsigned char)bench__rng_below(&rng, 256);
    return c;
}

void bench__calibrator_free(struct bench__calibrator *c) {
    if (!c)
        return;
    bench__free(c->l1.block);
    bench__free(c->l2.block);
    bench__free(c->l3.block);
    bench__free(c->memory.block);
    bench__free(c->copy_from);
    bench__free(c->copy_to);
    bench__free(c->scan);
    bench__free(c);
}

/* Brings a ring into the cache again, in order, which is much faster than along the ring. */
static void touch(const struct ring *ring) {
    for (size_t i = 0; i < ring->n; i++)
        __asm__ volatile("" : : "r"(ring->lines[i].next));
}

static double walk(struct ring *ring, unsigned n_loads) {
    struct line *at = ring->at;
    for (unsigned i = 0; i < n_loads; i++) {
        at = at->next;
        __asm__ volatile("" : "+r"(at));
    }
    ring->at = at;
    return n_loads;
}

/* Each kernel does one repeat and returns the number of its operations. */

static double run_add(struct bench__calibrator *c) {
    (void)c;
    bench__chain_add(1 << 18);
    return 1 << 18;
}

static double run_multiply(struct bench__calibrator *c) {
    (void)c;
    bench__chain_multiply(1 << 16);
    return 1 << 16;
}

static double run_l1(struct bench__calibrator *c) {
    return walk(&c->l1, 1 << 16);
}

static double run_l2(struct bench__calibrator *c) {
    return walk(&c->l2, 1 << 15);
}

static double run_l3(struct bench__calibrator *c) {
    return walk(&c->l3, 1 << 13);
}

static double run_memory(struct bench__calibrator *c) {
    return walk(&c->memory, 1 << 11);
}

/* Apart by 16 bytes, as blocks of malloc are. Odd addresses would time the string instructions of
 * some cores (Zen 4: 16 times slower) instead of the caches. */
static double run_copy(struct bench__calibrator *c) {
    enum { N_COPIES = 16 };
    for (int i = 0; i < N_COPIES; i++) {
        memcpy(c->copy_to + 32, c->copy_from + 16, COPY_BYTES);
        __asm__ volatile("" : : "r"(c->copy_to) : "memory");
    }
    return N_COPIES * COPY_BYTES / KIB;
}

static double run_branch(struct bench__calibrator *c) {
    const unsigned char *data = c->scan + (size_t)(c->scan_segment++ % SCAN_SEGMENTS) * SCAN_BYTES;
    unsigned long low = 0, high = 0;
    for (unsigned i = 0; i < SCAN_BYTES; i++) {
        if (data[i] < 128) {
            low += data[i];
            __asm__ volatile("" : "+r"(low)); /* a jump, never a conditional move or a vector */
        } else {
            high ^= data[i];
            __asm__ volatile("" : "+r"(high));
        }
    }
    return SCAN_BYTES;
}

static double run_syscall(struct bench__calibrator *c) {
    (void)c;
    for (int i = 0; i < 500; i++)
        syscall(SYS_getppid);
    return 500;
}

static double median_ns(struct bench__calibrator *c, double (*run)(struct bench__calibrator *),
                        const struct bench__clock *clock) {
    double ns[N_REPEATS];
    run(c); /* warms code, data and the predictors */
    for (int i = 0; i < N_REPEATS; i++) {
        struct bench__ticks from = bench__clock_start(clock);
        double n = run(c);
        ns[i] = bench__clock_ns(clock, from, bench__clock_stop(clock)) / n;
    }
    double median = bench__median_inplace(ns, N_REPEATS);
    return median > 0 ? median : NAN;
}

void bench__calibrator_run(struct bench__calibrator *c, const struct bench__clock *clock,
                           bench_calibration *out) {
    static double (*const kernels[BENCH_N_KERNELS])(struct bench__calibrator *) = {
        [BENCH_KERNEL_ADD] = run_add,         [BENCH_KERNEL_MULTIPLY] = run_multiply,
        [BENCH_KERNEL_L1] = run_l1,           [BENCH_KERNEL_L2] = run_l2,
        [BENCH_KERNEL_L3] = run_l3,           [BENCH_KERNEL_MEMORY] = run_memory,
        [BENCH_KERNEL_COPY] = run_copy,       [BENCH_KERNEL_BRANCH] = run_branch,
        [BENCH_KERNEL_SYSCALL] = run_syscall,
    };
    const struct ring *cached[BENCH_N_KERNELS] = {
        [BENCH_KERNEL_L1] = &c->l1, [BENCH_KERNEL_L2] = &c->l2, [BENCH_KERNEL_L3] = &c->l3};
    for (int i = 0; i < BENCH_N_KERNELS; i++) {
        if (cached[i])
            touch(cached[i]);
        out->ns[i] = median_ns(c, kernels[i], clock);
    }
}
