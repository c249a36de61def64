/*
 * The part of the suite runtime about memory: what the allocator costs when it has to ask the
 * kernel, what giving memory back costs, and whole allocators under messages of mixed life-times.
 */
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "allocator_child.h"
#include "fixtures.h"
#include "suites.h"

enum { HEADER = 128, BLOCKS_BYTES = 4 << 20, BLOCKS_MAX = BLOCKS_BYTES / HEADER };

/* Memory is given back to the kernel when a benchmark says so, and not on its own. */
enum { NEVER_TRIM = 1 << 30, TRIM_BY_DEFAULT = 128 << 10 };

struct blocks {
    size_t size; /* of each: a message's header and payload */
    int is_trimmed;
    long faults_before;
    size_t arena_before;
    size_t n;
    void *blocks[BLOCKS_MAX];
};

static const char no_glibc[] = "another allocator than that of the C library is in use";

/* Not so when a sanitizer, or what was preloaded, is the allocator. */
static int glibc_allocates(void) {
    const size_t before = mallinfo2().uordblks;
    void *memory = malloc(10000);
    bench_keep(memory);
    const int is_counted = mallinfo2().uordblks >= before + 10000;
    free(memory);
    return is_counted;
}

static int blocks_setup(bench_state *b, size_t size, size_t n, int is_trimmed) {
    if (!glibc_allocates()) {
        bench_skip(b, "%s", no_glibc);
        return -1;
    }
    struct blocks *f = fx_new(b, sizeof *f);
    if (!f) {
        return -1;
    }
    f->size = size;
    f->n = n;
    f->is_trimmed = is_trimmed;
    mallopt(M_TRIM_THRESHOLD, NEVER_TRIM);
    return 0;
}

static int message_blocks_setup(bench_state *b, int is_trimmed) {
    const size_t size = HEADER + (size_t)bench_param_i64(b, "size");
    if (blocks_setup(b, size, BLOCKS_BYTES / size, is_trimmed)) {
        return -1;
    }
    bench_set_batch_max(b, BLOCKS_BYTES / size);
    return 0;
}

static int recycled_setup(bench_state *b) {
    return message_blocks_setup(b, 0);
}

static int fresh_setup(bench_state *b) {
    return message_blocks_setup(b, 1);
}

static void blocks_teardown(bench_state *b) {
    free(bench_user(b));
    mallopt(M_TRIM_THRESHOLD, TRIM_BY_DEFAULT);
}

/* ---- page_faults ----------------------------------------------------------------------------- */

static long n_page_faults(void) {
    struct rusage usage;
    return getrusage(RUSAGE_THREAD, &usage) == 0 ? usage.ru_minflt : 0;
}

static int note_faults(bench_state *b, uint64_t n) {
    (void)n;
    struct blocks *f = bench_user(b);
    f->faults_before = n_page_faults();
    return 0;
}

static void free_blocks(bench_state *b, uint64_t n) {
    struct blocks *f = bench_user(b);
    bench_counter(b, "page_faults", (double)(n_page_faults() - f->faults_before),
                  BENCH_COUNTER_PER_ITERATION, "1");
    for (uint64_t i = 0; i < n; i++) {
        free(f->blocks[i]);
    }
    if (f->is_trimmed) {
        malloc_trim(0);
    }
}

/* Takes a block and writes all of it, as making a message does; giving it back is not timed. */
static void allocate(bench_state *b) {
    struct blocks *f = bench_user(b);
    BENCH_LOOP_INDEX(b, i) {
        f->blocks[i] = malloc(f->size);
        if (!f->blocks[i]) {
            bench_fail(b, "out of memory");
            return;
        }
        bench_keep(memset(f->blocks[i], (int)i, f->size));
    }
}

static void add_page_faults(bench_suite *suite) {
    bench_opts opts = {
        .teardown = blocks_teardown, .batch_setup = note_faults, .batch_teardown = free_blocks};
    bench_group *g = bench_group_new(suite, "allocate");
    bench_group_axis_i64(g, "size", fx_sizes, FX_N_SIZES);
    opts.setup = recycled_setup; /* from what was freed before */
    bench_add(g, "recycled", allocate, &opts);
    opts.setup = fresh_setup; /* from what the kernel gives: every page for the first time */
    bench_add(g, "fresh", allocate, &opts);
    bench_pair(g, "fresh_cost", "recycled", "fresh");
}

/* ---- trim ------------------------------------------------------------------------------------ */

enum { TRIM_BLOCKS = 4096, TRIM_SIZE = 1024 };

static int trim_setup(bench_state *b) {
    return blocks_setup(b, TRIM_SIZE, TRIM_BLOCKS, 0);
}

/* 4 MiB of messages that were used and are free again. */
static int use_memory(bench_state *b, uint64_t n) {
    (void)n;
    struct blocks *f = bench_user(b);
    for (size_t i = 0; i < f->n; i++) {
        f->blocks[i] = malloc(f->size);
        if (!f->blocks[i]) {
            bench_fail(b, "out of memory");
            return -1;
        }
        memset(f->blocks[i], 1, f->size);
    }
    for (size_t i = 0; i < f->n; i++) {
        free(f->blocks[i]);
    }
    f->arena_before = mallinfo2().arena;
    return 0;
}

static void note_released(bench_state *b, uint64_t n) {
    (void)n;
    const struct blocks *f = bench_user(b);
    const size_t arena = mallinfo2().arena;
    if (arena + TRIM_BLOCKS * TRIM_SIZE > f->arena_before) {
        bench_fail(b, "the heap is of %zu bytes still, before it was of %zu", arena,
                   f->arena_before);
        return;
    }
    bench_counter(b, "released", (double)(f->arena_before - arena), BENCH_COUNTER_PER_ITERATION,
                  "bytes");
}

static void trim(bench_state *b) {
    BENCH_LOOP(b) {
        malloc_trim(0);
    }
}

static void add_trim(bench_suite *suite) {
    bench_add(bench_group_new(suite, "trim"), "malloc_trim", trim,
              &(bench_opts){.setup = trim_setup,
                            .teardown = blocks_teardown,
                            .batch_setup = use_memory,
                            .batch_teardown = note_released,
                            .batch_max = 1});
}

/* ---- mixed_lifetimes ------------------------------------------------------------------------- */

/* In a process of its own, where the allocator was loaded before anything else. */
static int child_setup(bench_state *b) {
    if (!glibc_allocates()) {
        bench_skip(b, "%s", no_glibc);
        return -1;
    }
    const char *name = bench_param_str(b, "allocator");
    struct allocator_child *child = fx_new(b, sizeof *child);
    if (!child) {
        return -1;
    }
    const char *why_not = allocator_child_start(child, name);
    if (why_not && child->is_missing) {
        bench_skip(b, "%s", why_not);
    } else if (why_not) {
        bench_fail(b, "%s", why_not);
    }
    return why_not ? -1 : 0;
}

static void child_teardown(bench_state *b) {
    struct allocator_child *child = bench_user(b);
    struct allocator_report report;
    if (!child) {
        return;
    }
    if (child->pid > 0 && !child->is_missing && allocator_child_run(&report, child, 0) == 0 &&
        report.fragmentation >= 0) {
        bench_counter(b, "fragmentation", report.fragmentation, BENCH_COUNTER_VALUE, "fraction");
    }
    allocator_child_stop(child);
    free(child);
}

static void exchange_messages(bench_state *b) {
    struct allocator_child *child = bench_user(b);
    struct allocator_report report;
    if (allocator_child_run(&report, child, bench_iterations(b))) {
        bench_fail(b, "the process with the allocator is gone");
        return;
    }
    bench_set_elapsed_ns(b, report.elapsed_ns);
    bench_count_errors(b, report.n_wrong);
}

static void add_mixed_lifetimes(bench_suite *suite) {
    static const char *const names[] = {"glibc", "jemalloc", "tcmalloc", "mimalloc"};
    bench_group *g = bench_group_new(suite, "mixed_lifetimes");
    bench_group_axis_str(g, "allocator", names, sizeof names / sizeof names[0]);
    bench_group_throughput_fixed(g, BENCH_ELEMENTS, ALLOCATOR_CHILD_OPERATIONS);
    bench_add(g, "messages", exchange_messages,
              &(bench_opts){.setup = child_setup, .teardown = child_teardown, .caller_timed = 1});
}

void runtime_add_allocator(bench_suite *suite) {
    add_page_faults(suite);
    add_trim(suite);
    add_mixed_lifetimes(suite);
}
