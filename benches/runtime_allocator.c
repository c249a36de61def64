/*
 * The part of the suite runtime about memory: what a message's block costs when the kernel has to
 * be asked for it, and whole allocators under messages of mixed life-times. A heap's trimming is in
 * memory_profiling.
 */
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "allocations.h"
#include "allocator_child.h"
#include "fixtures.h"
#include "suites.h"

enum { BLOCKS_BYTES = 4 << 20, BLOCKS_MAX = BLOCKS_BYTES / MESSAGE_HEADER };

/* Memory is given back to the kernel when a benchmark says so, and not on its own. */
enum { NEVER_TRIM = 1 << 30, TRIM_BY_DEFAULT = 128 << 10 };

struct blocks {
    size_t size; /* of each: a message's header and payload */
    int is_trimmed;
    long faults_before;
    void *blocks[BLOCKS_MAX];
};

/* @return whether it was skipped: by preload, or with a sanitizer, another one allocates. */
static int skip_without_glibc(bench_state *b) {
    if (!allocations_are_glibc()) {
        bench_skip(b, "malloc is that of %s", allocations_library());
    }
    return !allocations_are_glibc();
}

static int blocks_setup(bench_state *b, int is_trimmed) {
    if (skip_without_glibc(b)) {
        return -1;
    }
    struct blocks *f = fx_new(b, sizeof *f);
    if (!f) {
        return -1;
    }
    f->size = MESSAGE_HEADER + (size_t)bench_param_i64(b, "size");
    f->is_trimmed = is_trimmed;
    if (f->size > BLOCKS_BYTES) {
        bench_fail(b, "size: at most %d", BLOCKS_BYTES - MESSAGE_HEADER);
        return -1;
    }
    mallopt(M_TRIM_THRESHOLD, NEVER_TRIM);
    bench_set_batch_max(b, BLOCKS_BYTES / f->size);
    return 0;
}

static int recycled_setup(bench_state *b) {
    return blocks_setup(b, 0);
}

static int fresh_setup(bench_state *b) {
    return blocks_setup(b, 1);
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

/* ---- mixed_lifetimes ------------------------------------------------------------------------- */

/* In a process of its own, where the allocator was loaded before anything else. */
static int child_setup(bench_state *b) {
    if (skip_without_glibc(b)) {
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
    add_mixed_lifetimes(suite);
}
