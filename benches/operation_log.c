/*
 * operation_log: the replicated log of operations. Here are the work on one log (write, read) and
 * merging two; operation_log_threads.c has what takes two replicas or several threads at once.
 *
 * A merge changes the log that it merges into, so every iteration gets a copy of its own, made and
 * checked outside the timing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixtures.h"
#include "minibus/error.h"
#include "operation_log.h"
#include "suites.h"

enum {
    DIVERGED_OPS = 5000, /* of each of two replicas */
    NEW_OPS = 100,       /* since the last merge */
    COPIES_MAX = 4,
    WRITES = 1000 /* between two fresh logs */
};

int operation_log_write(mb_oplog *log, uint32_t first, uint32_t n) {
    char value[100] = {0};
    int rc = 0;
    for (uint32_t i = first; i < first + n && rc == 0; i++) {
        char key[16];
        const int key_size = snprintf(key, sizeof key, "key-%05u", i * 7919u % 4000u);
        memcpy(value, &i, sizeof i);
        rc = i % 10 == 9 ? mb_oplog_delete(log, key, (size_t)key_size)
                         : mb_oplog_put(log, key, (size_t)key_size, value, sizeof value);
    }
    return rc;
}

int operation_log_copy(mb_oplog **out, const mb_oplog *log, uint32_t replica) {
    int rc = mb_oplog_new(out, replica);
    if (rc == 0) {
        rc = mb_oplog_merge(*out, log, NULL);
    }
    return rc;
}

int operation_log_diverge(mb_oplog **a, mb_oplog **b, uint32_t n_ops) {
    int rc = mb_oplog_new(a, 1);
    rc = rc ? rc : operation_log_write(*a, 0, n_ops);
    rc = rc ? rc : mb_oplog_new(b, 2);
    return rc ? rc : operation_log_write(*b, n_ops / 2, n_ops);
}

/* ---- merge ----------------------------------------------------------------------------------- */

struct merging {
    mb_oplog *into, *from; /* neither changes */
    mb_oplog *copies[COPIES_MAX];
    uint64_t digest; /* of what has to come out */
};

/* What a merge from scratch makes of the two is what has to come out. */
static int expect_union(struct merging *m) {
    mb_oplog *all;
    const int rc = mb_oplog_merge_full(&all, m->into, m->from, 3);
    if (rc == 0) {
        m->digest = mb_oplog_digest(all);
        mb_oplog_free(all);
    }
    return rc;
}

static int diverged_setup(bench_state *b) {
    struct merging *m = fx_new(b, sizeof *m);
    return !m || fx_failed(b, operation_log_diverge(&m->into, &m->from, DIVERGED_OPS)) ||
                   fx_failed(b, expect_union(m))
               ? -1
               : 0;
}

/* Both have all of the same 10,000 operations; then one of them goes on. */
static int incremental_setup(bench_state *b) {
    struct merging *m = fx_new(b, sizeof *m);
    return !m || fx_failed(b, operation_log_diverge(&m->into, &m->from, DIVERGED_OPS)) ||
                   fx_failed(b, mb_oplog_merge(m->into, m->from, NULL)) ||
                   fx_failed(b, mb_oplog_merge(m->from, m->into, NULL)) ||
                   fx_failed(b, operation_log_write(m->from, 0, NEW_OPS)) ||
                   fx_failed(b, expect_union(m))
               ? -1
               : 0;
}

static void merging_teardown(bench_state *b) {
    struct merging *m = bench_user(b);
    if (!m) {
        return;
    }
    for (int i = 0; i < COPIES_MAX; i++) {
        mb_oplog_free(m->copies[i]);
    }
    mb_oplog_free(m->into);
    mb_oplog_free(m->from);
    free(m);
}

static int make_copies(bench_state *b, uint64_t n) {
    struct merging *m = bench_user(b);
    for (uint64_t i = 0; i < n; i++) {
        if (fx_failed(b, operation_log_copy(&m->copies[i], m->into, 1))) {
            return -1;
        }
    }
    return 0;
}

static void check_copies(bench_state *b, uint64_t n) {
    struct merging *m = bench_user(b);
    for (uint64_t i = 0; i < n; i++) {
        if (mb_oplog_digest(m->copies[i]) != m->digest) {
            bench_fail(b, "the merged log is not what a merge from scratch gives");
        }
        mb_oplog_free(m->copies[i]);
        m->copies[i] = NULL;
    }
}

static void merge(bench_state *b) {
    const struct merging *m = bench_user(b);
    BENCH_LOOP_INDEX(b, i) {
        if (fx_failed(b, mb_oplog_merge(m->copies[i], m->from, NULL))) {
            return;
        }
    }
}

static void add_merge(bench_suite *suite) {
    /* Copying takes longer than merging, so few launches, each with time for enough of both. */
    bench_opts opts = {.teardown = merging_teardown,
                       .batch_setup = make_copies,
                       .batch_teardown = check_copies,
                       .batch_max = 1,
                       .launches = 8};
    bench_group *g = bench_group_new(suite, "merge");
    opts.setup = diverged_setup;
    bench_add(g, "diverged_5000_and_5000", merge, &opts);
    opts.setup = incremental_setup;
    opts.batch_max = COPIES_MAX;
    opts.measurement_time_ns = 400000000;
    bench_add(g, "incremental_100_of_10000", merge, &opts);
}

/* ---- operation: one write, one read ---------------------------------------------------------- */

struct single {
    mb_oplog *log;
    char keys[WRITES][16];
    char value[100];
};

static int single_setup(bench_state *b) {
    struct single *s = fx_new(b, sizeof *s);
    if (!s) {
        return -1;
    }
    for (unsigned i = 0; i < WRITES; i++) {
        snprintf(s->keys[i], sizeof s->keys[i], "key-%05u", i * 7919u % WRITES);
    }
    return 0;
}

static void single_teardown(bench_state *b) {
    struct single *s = bench_user(b);
    if (s) {
        mb_oplog_free(s->log);
    }
    free(s);
}

static int empty_log(bench_state *b, uint64_t n) {
    (void)n;
    struct single *s = bench_user(b);
    mb_oplog_free(s->log);
    s->log = NULL;
    return fx_failed(b, mb_oplog_new(&s->log, 1));
}

static void expect_written(bench_state *b, uint64_t n) {
    const struct single *s = bench_user(b);
    if (mb_oplog_n_ops(s->log) != n || mb_oplog_n_keys(s->log) != n) {
        bench_fail(b, "%zu operations and %zu keys instead of %llu", mb_oplog_n_ops(s->log),
                   mb_oplog_n_keys(s->log), (unsigned long long)n);
    }
}

static int put(struct single *s, uint64_t i) {
    return mb_oplog_put(s->log, s->keys[i], strlen(s->keys[i]), s->value, sizeof s->value);
}

/* New keys into a log that begins empty: growing is part of it. */
static void write_one(bench_state *b) {
    struct single *s = bench_user(b);
    BENCH_LOOP_INDEX(b, i) {
        if (fx_failed(b, put(s, i))) {
            return;
        }
    }
}

static int read_setup(bench_state *b) {
    if (single_setup(b)) {
        return -1;
    }
    struct single *s = bench_user(b);
    int rc = mb_oplog_new(&s->log, 1);
    for (uint64_t i = 0; i < WRITES && rc == 0; i++) {
        rc = put(s, i);
    }
    return fx_failed(b, rc);
}

static void read_one(bench_state *b) {
    const struct single *s = bench_user(b);
    uint64_t at = 0, n_missing = 0;
    BENCH_LOOP(b) {
        mb_op op;
        n_missing += !mb_oplog_get(&op, s->log, s->keys[at], strlen(s->keys[at]));
        bench_keep(&op);
        at = at + 1 < WRITES ? at + 1 : 0;
    }
    bench_count_errors(b, n_missing);
}

static void add_operation(bench_suite *suite) {
    bench_group *g = bench_group_new(suite, "operation");
    bench_group_throughput_fixed(g, BENCH_ELEMENTS, 1);
    bench_add(g, "write", write_one,
              &(bench_opts){.setup = single_setup,
                            .teardown = single_teardown,
                            .batch_setup = empty_log,
                            .batch_teardown = expect_written,
                            .batch_max = WRITES});
    bench_add(g, "read", read_one, &(bench_opts){.setup = read_setup, .teardown = single_teardown});
}

bench_suite *operation_log_suite(void) {
    bench_suite *suite = bench_suite_new("operation_log");
    add_operation(suite);
    add_merge(suite);
    operation_log_add_threads(suite);
    return suite;
}
