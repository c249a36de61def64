/* The part of pitfalls about where things lie in memory. */
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "fixtures.h"
#include "minibus/error.h"
#include "minibus/memory.h"
#include "minibus/metadata.h"
#include "pitfalls.h"
#include "suites.h"

/* ---- inline_metadata: one byte more than there is room for in the message -------------------- */

enum { MESSAGES = 100, PAYLOAD = 32, VALUE_MAX = 1000 /* bytes */ };

static char value_that_fits[VALUE_MAX], value_that_spills[VALUE_MAX];

static int make_described(const char *value, int n) {
    int rc = 0;
    for (int i = 0; i < n && rc == 0; i++) {
        mb_message *m;
        rc = mb_message_new(&m, value, PAYLOAD);
        if (rc == 0) {
            rc = mb_metadata_set(m, "key", value);
            bench_keep(m);
            mb_message_unref(m);
        }
    }
    return rc;
}

static void *count_allocation(void *user, size_t size) {
    ++*(int *)user;
    return malloc(size);
}

static void release(void *user, void *memory) {
    (void)user;
    free(memory);
}

static int n_allocations(const char *value) {
    int n = 0;
    mb_set_allocator(&(mb_allocator){count_allocation, release, &n});
    const int rc = make_described(value, 1);
    mb_set_allocator(NULL);
    return rc ? -1 : n;
}

/* Looks for the border: values grow until a message takes a second allocation. */
static int inline_metadata_setup(bench_state *b) {
    size_t size = PAYLOAD;
    memset(value_that_fits, 0, VALUE_MAX);
    memset(value_that_spills, 0, VALUE_MAX);
    memset(value_that_fits, 'v', size);
    memset(value_that_spills, 'v', size + 1);
    while (n_allocations(value_that_spills) == 1 && size + 2 < VALUE_MAX) {
        value_that_fits[size++] = 'v';
        value_that_spills[size] = 'v';
    }
    if (n_allocations(value_that_fits) != 1 || n_allocations(value_that_spills) != 2) {
        bench_fail(b, "no border between one allocation and two");
        return -1;
    }
    return 0;
}

static void metadata_inline(bench_state *b) {
    BENCH_LOOP(b) {
        if (fx_failed(b, make_described(value_that_fits, MESSAGES))) {
            return;
        }
    }
}

static void metadata_on_heap(bench_state *b) {
    BENCH_LOOP(b) {
        if (fx_failed(b, make_described(value_that_spills, MESSAGES))) {
            return;
        }
    }
}

/* ---- false_sharing: two threads, each with a counter of its own ------------------------------ */

enum { THREADS = 2, CACHE_LINE = 64, COUNTS = 1000 };

static _Alignas(CACHE_LINE) _Atomic uint64_t neighbours[THREADS];
static struct { _Alignas(CACHE_LINE) _Atomic uint64_t n; } apart[THREADS];

static void count(_Atomic uint64_t *counter) {
    for (int i = 0; i < COUNTS; i++) {
        atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
    }
}

/* Each thread on a CPU of its own: on one they would take turns and disturb nobody. */
static int keep_apart(bench_state *b) {
    cpu_set_t allowed, own;
    int cpu = 0, left = bench_thread_index(b);
    CPU_ZERO(&own);
    if (sched_getaffinity(0, sizeof allowed, &allowed) || CPU_COUNT(&allowed) < THREADS) {
        bench_skip(b, "needs %d CPUs", THREADS);
        return -1;
    }
    while (!CPU_ISSET(cpu, &allowed) || left-- != 0) {
        cpu++;
    }
    CPU_SET(cpu, &own);
    return fx_failed(b, sched_setaffinity(0, sizeof own, &own) ? MB_ESYSTEM : 0);
}

static void count_with(bench_state *b, _Atomic uint64_t *counter) {
    const uint64_t before = atomic_load(counter);
    uint64_t n = 0;
    BENCH_LOOP(b) {
        count(counter);
        n += COUNTS;
    }
    if (atomic_load(counter) - before != n) {
        bench_fail(b, "counts are missing");
    }
}

static void counters_apart(bench_state *b) {
    count_with(b, &apart[bench_thread_index(b)].n);
}

static void counters_together(bench_state *b) {
    count_with(b, &neighbours[bench_thread_index(b)]);
}

void pitfalls_add_memory(bench_suite *suite) {
    static const int64_t threads = THREADS;
    bench_opts opts = pitfall_opts;
    opts.setup = inline_metadata_setup;
    pitfall_pair(suite, "inline_metadata", "inline", metadata_inline, "heap", metadata_on_heap,
                 &opts);
    opts = pitfall_opts;
    opts.thread_setup = keep_apart;
    bench_group *g = bench_group_new(suite, "false_sharing");
    bench_group_threads(g, &threads, 1);
    bench_add(g, "apart", counters_apart, &opts);
    bench_add(g, "together", counters_together, &opts);
    bench_pair(g, "cost", "apart", "together");
}
