/*
 * The part of memory_profiling about glibc's heap: what it costs to get memory from the system and
 * to give it back. How other allocators compare is the subject of runtime/mixed_lifetimes.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "allocations.h"
#include "fixtures.h"
#include "minibus/error.h"
#include "suites.h"

enum { MESSAGES = 20000, SIZE = 1024 };

struct heap {
    unsigned char *payload;
    mb_message *messages[MESSAGES];
    uint32_t random;
    uint64_t n_faults;
    double n_resident, n_returned; /* bytes, of the last trim */
};

static int heap_setup(bench_state *b) {
    if (!allocations_are_glibc()) {
        bench_skip(b, "malloc is that of %s", allocations_library());
        return -1;
    }
    struct heap *h = fx_new(b, sizeof *h);
    if (!h) {
        return -1;
    }
    h->random = (uint32_t)bench_seed(b) | 1;
    h->payload = fx_payload(SIZE);
    return fx_failed(b, h->payload ? 0 : MB_ENOMEM);
}

static void heap_teardown(bench_state *b) {
    struct heap *h = bench_user(b);
    if (!h) {
        return;
    }
    for (int i = 0; i < MESSAGES; i++) {
        mb_message_unref(h->messages[i]);
    }
    free(h->payload);
    free(h);
}

static uint32_t next_random(struct heap *h) {
    h->random = h->random * 1664525u + 1013904223u;
    return h->random >> 8;
}

static int fill(struct heap *h) {
    int rc = 0;
    for (int i = 0; i < MESSAGES && rc == 0; i++) {
        rc = mb_message_new(&h->messages[i], h->payload, SIZE);
    }
    return rc;
}

static void empty(struct heap *h) {
    for (int i = 0; i < MESSAGES; i++) {
        mb_message_unref(h->messages[i]);
        h->messages[i] = NULL;
    }
}

/* ---- fill: 20,000 messages of 1 KB into memory that the system still has, or that is kept ---- */

static uint64_t minor_faults(void) {
    struct rusage usage = {0};
    getrusage(RUSAGE_SELF, &usage);
    return (uint64_t)usage.ru_minflt;
}

/* malloc keeps what is freed, instead of giving the end of the heap back by itself. */
static int kept_setup(bench_state *b) {
    if (heap_setup(b)) {
        return -1;
    }
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
    return 0;
}

static void kept_teardown(bench_state *b) {
    mallopt(M_TRIM_THRESHOLD, 128 * 1024);
    heap_teardown(b);
}

static void fill_heap(bench_state *b) {
    struct heap *h = bench_user(b);
    h->n_faults = 0;
    BENCH_LOOP(b) {
        const uint64_t before = minor_faults(); /* a system call in 20,000 messages */
        if (fx_failed(b, fill(h))) {
            return;
        }
        h->n_faults += minor_faults() - before;
    }
    bench_counter(b, "page_faults", (double)h->n_faults, BENCH_COUNTER_PER_ITERATION, "1");
}

static void empty_heap(bench_state *b, uint64_t n) {
    (void)n;
    empty(bench_user(b));
}

static void empty_and_trim(bench_state *b, uint64_t n) {
    empty_heap(b, n);
    malloc_trim(0);
}

/* ---- trim: three of four messages are gone, at random ---------------------------------------- */

static double resident_bytes(void) {
    long n_pages = 0, n_resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file) {
        if (fscanf(file, "%ld %ld", &n_pages, &n_resident) != 2) {
            n_resident = 0;
        }
        fclose(file);
    }
    return (double)n_resident * (double)sysconf(_SC_PAGESIZE);
}

static int fragment(bench_state *b, uint64_t n) {
    (void)n;
    struct heap *h = bench_user(b);
    empty(h);
    const int rc = fill(h);
    for (int i = 0; i < MESSAGES && rc == 0; i++) {
        if (next_random(h) % 4 != 0) {
            mb_message_unref(h->messages[i]);
            h->messages[i] = NULL;
        }
    }
    h->n_resident = resident_bytes();
    return fx_failed(b, rc);
}

static void after_trim(bench_state *b, uint64_t n) {
    (void)n;
    struct heap *h = bench_user(b);
    h->n_returned = h->n_resident - resident_bytes();
}

/* `returned`: what the process then holds less, according to the kernel. */
static void trim(bench_state *b) {
    const struct heap *h = bench_user(b);
    BENCH_LOOP(b) {
        malloc_trim(0);
    }
    bench_counter(b, "returned", h->n_returned, BENCH_COUNTER_VALUE, "bytes");
}

void memory_profiling_add_heap(bench_suite *suite) {
    bench_opts opts = {.setup = heap_setup,
                       .teardown = heap_teardown,
                       .batch_teardown = empty_and_trim,
                       .batch_max = 1,
                       .launches = 8}; /* 20 MB are filled anew for every iteration */
    bench_group *g = bench_group_new(suite, "glibc_heap");
    bench_add(g, "fill_trimmed", fill_heap, &opts);
    opts.setup = kept_setup;
    opts.teardown = kept_teardown;
    opts.batch_teardown = empty_heap;
    bench_add(g, "fill_kept", fill_heap, &opts);
    bench_pair(g, "page_fault_cost", "fill_kept", "fill_trimmed");
    opts.setup = heap_setup;
    opts.teardown = heap_teardown;
    opts.batch_setup = fragment;
    opts.batch_teardown = after_trim;
    bench_add(g, "trim", trim, &opts);
}
