/* Pooled connections: the pool's callbacks, and how one is used. */
#include "connections.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#include "allocations.h"
#include "fixtures.h"
#include "minibus/error.h"

#define TIMEOUT_NS INT64_C(5000000000)

enum { FILL_MAX = 16 };

/* ---- use ------------------------------------------------------------------------------------- */

static int get_back(const struct connections *f, struct connection *c) {
    mb_message *m;
    int rc = mb_transport_receive(&m, c->transport, TIMEOUT_NS, NULL);
    if (rc == 0) {
        rc = mb_message_payload_size(m) == mb_message_payload_size(f->message) ? 0 : MB_EFORMAT;
        mb_message_unref(m);
    }
    return rc;
}

int connections_use(const struct connections *f, struct connection *c) {
    const mb_confirm confirm = f->are_subscribed ? MB_UNCONFIRMED : MB_CONFIRMED;
    const int64_t before = allocations_now().live_bytes;
    int rc = mb_transport_publish(c->transport, c->topic, &f->message, 1, confirm, NULL);
    if (rc == 0 && f->are_subscribed) {
        rc = get_back(f, c);
    }
    c->held_bytes += allocations_now().live_bytes - before;
    return rc;
}

int connections_fill(const struct connections *f, size_t n) {
    void *opened[FILL_MAX];
    size_t n_opened = 0;
    int rc = n <= FILL_MAX ? 0 : MB_ELIMIT;
    while (rc == 0 && n_opened < n) {
        rc = mb_pool_checkout(&opened[n_opened], f->pool, 0);
        n_opened += rc == 0;
    }
    for (size_t i = 0; i < n_opened; i++) {
        rc = rc ? rc : connections_use(f, opened[i]);
        mb_pool_checkin(f->pool, opened[i], rc != 0);
    }
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
    struct connections *f = user;
    struct connection *c = calloc(1, sizeof *c);
    if (!c) {
        return MB_ENOMEM;
    }
    const int64_t before = allocations_now().live_bytes;
    snprintf(c->topic, sizeof c->topic, "pooled-%d", atomic_fetch_add(&f->n_opened, 1));
    int rc = mb_transport_open(&c->transport, f->url, NULL);
    if (rc == 0 && f->are_subscribed) {
        rc = mb_transport_subscribe(c->transport, c->topic, NULL);
    }
    if (rc) {
        close_one(c, f);
        return rc;
    }
    c->held_bytes = (int64_t)malloc_usable_size(c) + allocations_now().live_bytes - before;
    *out = c;
    return 0;
}

static size_t size_of_one(void *connection, void *user) {
    (void)user;
    return (size_t)((const struct connection *)connection)->held_bytes;
}

/* ---- life ------------------------------------------------------------------------------------ */

int connections_start(bench_state *b, struct connections *f, size_t max, size_t message_size,
                      int are_subscribed) {
    mb_error error = {0};
    allocations_start();
    if (mb_busd_start(&f->server, 0, &error)) {
        bench_fail(b, "%s", error.text);
        return -1;
    }
    snprintf(f->url, sizeof f->url, "loopback://127.0.0.1:%d", mb_busd_port(f->server));
    f->are_subscribed = are_subscribed;
    const mb_pool_options options = {.max_connections = max,
                                     .connect = connect_one,
                                     .close = close_one,
                                     .size_bytes = size_of_one,
                                     .user = f};
    return fx_failed(b, fx_message(&f->message, message_size)) ||
                   fx_failed(b, mb_pool_new(&f->pool, &options))
               ? -1
               : 0;
}

void connections_stop(struct connections *f) {
    mb_pool_free(f->pool);
    mb_busd_stop(f->server);
    mb_message_unref(f->message);
    allocations_stop();
}
