/*
 * The part of the suite runtime about connection pools: the broker's, with connections over
 * loopback TCP to a server of this process.
 *
 * "used" means that a message of 100 bytes was sent over the connection and the server's
 * acknowledgement came back: a connection that was opened just now has proved itself then.
 */
#include <malloc.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "allocations.h"
#include "fixtures.h"
#include "minibus/busd.h"
#include "minibus/error.h"
#include "minibus/pool.h"
#include "minibus/transport.h"
#include "suites.h"

#define WAIT_LIMIT_NS INT64_C(5000000000)

enum { URL_SIZE = 64, MAX_CONNECTIONS = 4 };

struct connection {
    mb_transport *transport;
    int64_t held_bytes; /* by this side of it; neither the server's nor the kernel's */
    atomic_int n_users;
};

struct connections {
    mb_busd *server;
    char url[URL_SIZE];
    mb_message *message;
    mb_pool *pool;
};

/* ---- the pool's callbacks -------------------------------------------------------------------- */

static int open_connection(void **out, void *user) {
    const struct connections *f = user;
    const int64_t held_before = allocations_now().live_bytes;
    struct connection *c = calloc(1, sizeof *c);
    if (!c) {
        return MB_ENOMEM;
    }
    const int rc = mb_transport_open(&c->transport, f->url, NULL);
    if (rc) {
        free(c);
        return rc;
    }
    c->held_bytes = (int64_t)malloc_usable_size(c) + allocations_now().live_bytes - held_before;
    *out = c;
    return 0;
}

static void close_connection(void *connection, void *user) {
    (void)user;
    struct connection *c = connection;
    mb_transport_close(c->transport);
    free(c);
}

static size_t size_of_connection(void *connection, void *user) {
    (void)user;
    return (size_t)((const struct connection *)connection)->held_bytes;
}

/* ---- fixture --------------------------------------------------------------------------------- */

static int use(const struct connections *f, struct connection *c) {
    const int64_t held_before = allocations_now().live_bytes;
    const int rc = mb_transport_publish(c->transport, "pool", &f->message, 1, MB_CONFIRMED, NULL);
    c->held_bytes += allocations_now().live_bytes - held_before;
    return rc;
}

static int connections_setup(bench_state *b) {
    struct connections *f = fx_new(b, sizeof *f);
    if (!f) {
        return -1;
    }
    allocations_start();
    mb_error error = {0};
    if (mb_busd_start(&f->server, 0, &error)) {
        bench_fail(b, "%s", error.text);
        return -1;
    }
    snprintf(f->url, sizeof f->url, "loopback://127.0.0.1:%d", mb_busd_port(f->server));
    const mb_pool_options options = {.max_connections = MAX_CONNECTIONS,
                                     .connect = open_connection,
                                     .close = close_connection,
                                     .size_bytes = size_of_connection,
                                     .user = f};
    if (fx_failed(b, mb_pool_new(&f->pool, &options)) ||
        fx_failed(b, fx_message(&f->message, 100))) {
        return -1;
    }
    void *connection;
    if (fx_failed(b, mb_pool_checkout(&connection, f->pool, 0))) {
        return -1;
    }
    const int rc = use(f, connection);
    mb_pool_checkin(f->pool, connection, 0);
    return fx_failed(b, rc);
}

static void connections_teardown(bench_state *b) {
    struct connections *f = bench_user(b);
    if (!f) {
        return;
    }
    mb_pool_free(f->pool);
    mb_message_unref(f->message);
    mb_busd_stop(f->server);
    allocations_stop();
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
        rc = use(f, c);
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
