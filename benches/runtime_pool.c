/*
 * The part of the suite runtime about connection pools: the broker's, with connections over
 * loopback TCP to a server of this process.
 *
 * "used" means that a message of 100 bytes was sent over the connection and the server's
 * acknowledgement came back: a connection that was opened just now has proved itself then.
 */
#include <stdlib.h>

#include "connections.h"
#include "fixtures.h"
#include "minibus/error.h"
#include "suites.h"

#define WAIT_LIMIT_NS INT64_C(5000000000)

enum { MESSAGE_SIZE = 100, MAX_CONNECTIONS = 4 };

static int connections_setup(bench_state *b) {
    struct connections *f = fx_new(b, sizeof *f);
    if (!f || connections_start(b, f, MAX_CONNECTIONS, MESSAGE_SIZE, 0)) {
        return -1;
    }
    return fx_failed(b, connections_fill(f, 1));
}

static void connections_teardown(bench_state *b) {
    struct connections *f = bench_user(b);
    if (!f) {
        return;
    }
    connections_stop(f);
    free(f);
}

static void report(bench_state *b, mb_pool *pool, const mb_pool_stats *before) {
    const mb_pool_stats after = mb_pool_stats_now(pool);
    const double n_checkouts = (double)(after.checkouts - before->checkouts);
    const double bytes = mb_pool_bytes_per_idle(pool);
    if (n_checkouts > 0) {
        bench_counter(b, "hit_rate", (double)(after.hits - before->hits) / n_checkouts,
                      BENCH_COUNTER_VALUE, "fraction");
        bench_counter(b, "waits", (double)(after.waits - before->waits) / n_checkouts,
                      BENCH_COUNTER_VALUE, "fraction");
    }
    if (bytes > 0) { /* none is idle while other threads have them */
        bench_counter(b, "bytes_per_idle_connection", bytes, BENCH_COUNTER_VALUE, "bytes");
    }
}

/* ---- one thread ------------------------------------------------------------------------------ */

/* Checks out, perhaps uses, checks in.
 * @return whether it failed, or somebody else had the same connection. */
static int check_out_and_in(struct connections *f, int is_used, int is_broken) {
    void *connection;
    int rc = mb_pool_checkout(&connection, f->pool, WAIT_LIMIT_NS);
    if (rc) {
        return rc;
    }
    struct connection *c = connection;
    const int is_shared = atomic_fetch_add_explicit(&c->n_users, 1, memory_order_relaxed) != 0;
    if (is_used) {
        rc = connections_use(f, c);
    }
    atomic_fetch_sub_explicit(&c->n_users, 1, memory_order_relaxed);
    mb_pool_checkin(f->pool, connection, is_broken);
    return is_shared ? MB_ECONFLICT : rc;
}

static void expect_hits(bench_state *b, const mb_pool_stats *before, int are_hits) {
    const struct connections *f = bench_user(b);
    const mb_pool_stats after = mb_pool_stats_now(f->pool);
    const uint64_t n_hits = after.hits - before->hits;
    if (n_hits != (are_hits ? after.checkouts - before->checkouts : 0)) {
        bench_fail(b, "%llu checkouts found an idle connection", (unsigned long long)n_hits);
    }
}

static void run(bench_state *b, int is_used, int is_miss) {
    struct connections *f = bench_user(b);
    if (is_miss && mb_pool_stats_now(f->pool).idle != 0 &&
        fx_failed(b, check_out_and_in(f, 0, 1))) { /* set-up's */
        return;
    }
    const mb_pool_stats before = mb_pool_stats_now(f->pool);
    BENCH_LOOP(b) {
        if (fx_failed(b, check_out_and_in(f, is_used, is_miss))) {
            return;
        }
    }
    report(b, f->pool, &before);
    if (bench_n_threads(b) == 1) {
        expect_hits(b, &before, !is_miss);
    }
}

static void checkout(bench_state *b) {
    run(b, 0, 0);
}

static void used(bench_state *b) {
    run(b, 1, 0);
}

/* Every connection is given back as broken, so the next checkout opens one. */
static void used_miss(bench_state *b) {
    run(b, 1, 1);
}

void runtime_add_connection_pool(bench_suite *suite) {
    static const int64_t threads[] = {1, 4, 16};
    bench_opts opts = {.setup = connections_setup,
                       .teardown = connections_teardown,
                       .timeout_ns = 4 * WAIT_LIMIT_NS};
    bench_group *g = bench_group_new(suite, "connection_pool");
    bench_add(g, "hit", checkout, &opts);
    bench_add(g, "used_hit", used, &opts);
    bench_add(g, "used_miss", used_miss, &opts);
    bench_pair(g, "connect_cost", "used_hit", "used_miss");

    /* As many threads share MAX_CONNECTIONS. */
    g = bench_group_new(suite, "shared_connection_pool");
    bench_group_threads(g, threads, 3);
    bench_group_throughput_fixed(g, BENCH_ELEMENTS, 1);
    bench_add(g, "checkout", checkout, &opts);
    bench_add(g, "used", used, &opts);
}
