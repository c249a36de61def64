/*
 * The part of memory_profiling about pooled connections: what one holds while it waits for its next
 * use. They are real ones, over TCP to a server in a thread of this process, and each has carried a
 * message of the given size before, because buffers stay as large as they had to be.
 *
 * Counted is this side's memory, in user space. The server's is another thread's and is not
 * counted; the kernel's socket buffers are empty while a connection is idle.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#include "allocations.h"
#include "fixtures.h"
#include "minibus/busd.h"
#include "minibus/error.h"
#include "minibus/pool.h"
#include "minibus/transport.h"
#include "suites.h"

enum { CONNECTIONS = 8, TIMEOUT_NS = 1000000000 };

struct connection {
    mb_transport *transport;
    char topic[32]; /* nobody else's, so that it gets back what it sends */
    int64_t n_bytes;
};

struct pooling {
    mb_busd *server;
    char url[64];
    mb_pool *pool;
    mb_message *message;
    int n_opened;
};

/* Sends one message and gets it back; whatever its buffers grow by is added. */
static int use(struct connection *c, mb_message *message) {
    const int64_t before = allocations_now().live_bytes;
    mb_message *back = NULL;
    int rc = mb_transport_publish(c->transport, c->topic, &message, 1, MB_UNCONFIRMED, NULL);
    rc = rc ? rc : mb_transport_receive(&back, c->transport, TIMEOUT_NS, NULL);
    if (rc == 0 && mb_message_payload_size(back) != mb_message_payload_size(message)) {
        rc = MB_EFORMAT;
    }
    mb_message_unref(back);
    c->n_bytes += allocations_now().live_bytes - before;
    return rc;
}

/* ---- the pool's callbacks -------------------------------------------------------------------- */

static void close_one(void *connection, void *user) {
    (void)user;
    struct connection *c = connection;
    mb_transport_close(c->transport);
    free(c);
}

static int connect_one(void **out, void *user) {
    struct pooling *p = user;
    struct connection *c = calloc(1, sizeof *c);
    if (!c) {
        return MB_ENOMEM;
    }
    const int64_t before = allocations_now().live_bytes;
    snprintf(c->topic, sizeof c->topic, "pooled-%d", p->n_opened++);
    int rc = mb_transport_open(&c->transport, p->url, NULL);
    rc = rc ? rc : mb_transport_subscribe(c->transport, c->topic, NULL);
    if (rc) {
        close_one(c, p);
        return rc;
    }
    c->n_bytes = (int64_t)malloc_usable_size(c) + allocations_now().live_bytes - before;
    *out = c;
    return 0;
}

static size_t size_of_one(void *connection, void *user) {
    (void)user;
    const struct connection *c = connection;
    return (size_t)c->n_bytes;
}

/* ---- benchmark ------------------------------------------------------------------------------- */

/* Opens all connections, uses each, and gives them back. */
static int fill_pool(struct pooling *p) {
    void *connections[CONNECTIONS];
    int n = 0, rc = 0;
    while (n < CONNECTIONS && rc == 0) {
        rc = mb_pool_checkout(&connections[n], p->pool, TIMEOUT_NS);
        n += rc == 0;
    }
    for (int i = 0; i < n; i++) {
        rc = rc ? rc : use(connections[i], p->message);
        mb_pool_checkin(p->pool, connections[i], rc != 0);
    }
    return rc;
}

static int pooling_setup(bench_state *b) {
    struct pooling *p = fx_new(b, sizeof *p);
    if (!p) {
        return -1;
    }
    allocations_start();
    mb_error error = {0};
    if (mb_busd_start(&p->server, 0, &error)) {
        bench_fail(b, "%s", error.text);
        return -1;
    }
    snprintf(p->url, sizeof p->url, "loopback://127.0.0.1:%d", mb_busd_port(p->server));
    const mb_pool_options options = {.max_connections = CONNECTIONS,
                                     .connect = connect_one,
                                     .close = close_one,
                                     .size_bytes = size_of_one,
                                     .user = p};
    return fx_failed(b, fx_message(&p->message, (size_t)bench_param_i64(b, "size"))) ||
           fx_failed(b, mb_pool_new(&p->pool, &options)) || fx_failed(b, fill_pool(p));
}

static void pooling_teardown(bench_state *b) {
    struct pooling *p = bench_user(b);
    if (!p) {
        return;
    }
    mb_pool_free(p->pool);
    mb_busd_stop(p->server);
    mb_message_unref(p->message);
    allocations_stop();
    free(p);
}

/* Takes a connection, sends a message to itself over it, gives it back. */
static void use_pooled(bench_state *b) {
    struct pooling *p = bench_user(b);
    BENCH_LOOP(b) {
        void *connection;
        if (fx_failed(b, mb_pool_checkout(&connection, p->pool, TIMEOUT_NS))) {
            return;
        }
        const int rc = use(connection, p->message);
        mb_pool_checkin(p->pool, connection, rc != 0);
        if (fx_failed(b, rc)) {
            return;
        }
    }
    if (mb_pool_stats_now(p->pool).idle != CONNECTIONS) {
        bench_fail(b, "a connection was lost");
    }
    bench_counter(b, "bytes_per_idle_connection", mb_pool_bytes_per_idle(p->pool),
                  BENCH_COUNTER_VALUE, "bytes");
}

void memory_profiling_add_pool(bench_suite *suite) {
    bench_group *g = bench_group_new(suite, "pool");
    bench_group_axis_i64(g, "size", fx_sizes, FX_N_SIZES);
    /* Connecting takes longer than anything here, and sizes do not vary: few launches. */
    bench_add(g, "loopback", use_pooled,
              &(bench_opts){.setup = pooling_setup,
                            .teardown = pooling_teardown,
                            .launches = 4,
                            .warm_up_time_ns = 100000000,
                            .measurement_time_ns = 400000000});
}
