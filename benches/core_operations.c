/*
 * core_operations: the operations of the message broker, one at a time and in one thread. Here are
 * those with a broker: publish, receive, both together, a step of the router. Wake-ups between
 * threads, features and other transports are the subjects of other suites.
 *
 * Publishing and receiving are measured apart, in their steady state: the messages were made
 * beforehand and stay alive throughout, so neither pays for memory. Untimed batches alternate with
 * the timed ones: after each timed stretch of publishing the queue is emptied, before each timed
 * stretch of receiving it is filled, and it has exactly the room for one stretch.
 */
#include <stdlib.h>
#include <string.h>

#include "fixtures.h"
#include "minibus/broker.h"
#include "minibus/error.h"
#include "minibus/metadata.h"
#include "minibus/router.h"
#include "suites.h"

enum { ROUTER_STRETCH = 200 }; /* steps between two untimed visits to the queue */

/* Batches between two untimed visits to the queue: enough for the clock, and a queue that stays in
 * the caches. */
static size_t stretch_of(size_t batch) {
    return batch < 400 ? 4000 / batch : 10;
}

static const char topic[] = "orders";

/* ---- publish, receive: one batch per iteration ----------------------------------------------- */

struct exchange {
    mb_broker *broker;
    mb_subscriber *subscriber;
    size_t batch; /* messages */
    mb_message **messages;
    mb_delivery *deliveries;
};

static int make_messages(struct exchange *x, size_t payload_size) {
    int rc = 0;
    x->messages = calloc(x->batch, sizeof(mb_message *));
    x->deliveries = calloc(x->batch, sizeof *x->deliveries);
    if (!x->messages || !x->deliveries) {
        return MB_ENOMEM;
    }
    for (size_t i = 0; i < x->batch && rc == 0; i++) {
        rc = fx_message(&x->messages[i], payload_size);
    }
    return rc;
}

static int exchange_setup(bench_state *b) {
    struct exchange *x = fx_new(b, sizeof *x);
    if (!x) {
        return -1;
    }
    x->batch = (size_t)bench_param_i64(b, "batch");
    const size_t stretch = stretch_of(x->batch);
    const mb_broker_options options = {.queue_capacity = stretch * x->batch};
    bench_set_batch_max(b, stretch);
    if (fx_failed(b, make_messages(x, (size_t)bench_param_i64(b, "size"))) ||
        fx_failed(b, mb_broker_new(&x->broker, &options)) ||
        fx_failed(b, mb_subscribe(&x->subscriber, x->broker, topic))) {
        return -1;
    }
    return 0;
}

static void exchange_teardown(bench_state *b) {
    struct exchange *x = bench_user(b);
    if (!x) {
        return;
    }
    mb_subscriber_free(x->subscriber);
    mb_broker_free(x->broker);
    for (size_t i = 0; x->messages && i < x->batch; i++) {
        mb_message_unref(x->messages[i]);
    }
    free(x->messages);
    free(x->deliveries);
    free(x);
}

/* Takes one batch, as a consumer does: receive, then give the messages back. */
static int receive_batch(struct exchange *x) {
    size_t n;
    const int rc = mb_subscriber_receive_batch(x->deliveries, x->batch, &n, x->subscriber, 0);
    for (size_t i = 0; i < n; i++) {
        mb_message_unref(x->deliveries[i].message);
    }
    return rc;
}

/* The queue must hold that many messages: what was measured did happen. */
static void expect_queued(bench_state *b, uint64_t n_messages) {
    const struct exchange *x = bench_user(b);
    const size_t n_queued = mb_subscriber_stats_now(x->subscriber).queued;
    if (n_queued != n_messages) {
        bench_fail(b, "%zu messages in the queue instead of %llu", n_queued,
                   (unsigned long long)n_messages);
    }
}

static int empty_queue(bench_state *b, uint64_t n) {
    (void)n;
    int rc = 0;
    while (rc == 0) {
        rc = receive_batch(bench_user(b));
    }
    return rc == MB_ETIMEOUT ? 0 : fx_failed(b, rc);
}

static void expect_all_published(bench_state *b, uint64_t n) {
    const struct exchange *x = bench_user(b);
    expect_queued(b, n * x->batch);
}

static int fill_queue(bench_state *b, uint64_t n) {
    const struct exchange *x = bench_user(b);
    int rc = 0;
    for (uint64_t i = 0; i < n && rc == 0; i++) {
        rc = mb_publish(x->broker, topic, x->messages, x->batch);
    }
    return fx_failed(b, rc);
}

static void expect_all_received(bench_state *b, uint64_t n) {
    (void)n;
    expect_queued(b, 0);
}

/* To one subscriber: find the topic, lock it, look for room, number and enqueue the batch. */
static void publish(bench_state *b) {
    const struct exchange *x = bench_user(b);
    BENCH_LOOP(b) {
        if (fx_failed(b, mb_publish(x->broker, topic, x->messages, x->batch))) {
            return;
        }
    }
}

/* The whole batch in one call, then the references back. */
static void receive(bench_state *b) {
    struct exchange *x = bench_user(b);
    BENCH_LOOP(b) {
        if (fx_failed(b, receive_batch(x))) {
            return;
        }
    }
}

static bench_group *new_batch_group(bench_suite *suite, const char *name) {
    bench_group *g = bench_group_new(suite, name);
    bench_group_axis_i64(g, "size", fx_sizes, FX_N_SIZES);
    bench_group_axis_i64(g, "batch", fx_batches, FX_N_BATCHES);
    bench_group_throughput(g, BENCH_ELEMENTS, "batch");
    return g;
}

static void add_exchange(bench_suite *suite) {
    bench_opts opts = {.setup = exchange_setup, .teardown = exchange_teardown};
    opts.batch_setup = empty_queue;
    opts.batch_teardown = expect_all_published;
    bench_add(new_batch_group(suite, "publish"), "inmemory", publish, &opts);
    opts.batch_setup = fill_queue;
    opts.batch_teardown = expect_all_received;
    bench_add(new_batch_group(suite, "receive"), "inmemory", receive, &opts);
}

/* ---- publish_receive: the way of one small message through the broker and back --------------- */

static int round_trip_setup(bench_state *b) {
    struct exchange *x = fx_new(b, sizeof *x);
    if (!x) {
        return -1;
    }
    x->batch = 1;
    x->messages = calloc(1, sizeof(mb_message *));
    if (!x->messages) {
        return fx_failed(b, MB_ENOMEM);
    }
    if (fx_failed(b, mb_message_new(x->messages, "test", 4)) ||
        fx_failed(b, mb_broker_new(&x->broker, NULL)) ||
        fx_failed(b, mb_subscribe(&x->subscriber, x->broker, topic))) {
        return -1;
    }
    return 0;
}

/* Same thread, so nobody is woken: what remains is the broker's own share of a latency. */
static void round_trip(bench_state *b) {
    const struct exchange *x = bench_user(b);
    uint64_t n_wrong = 0;
    BENCH_LOOP(b) {
        mb_delivery d;
        if (fx_failed(b, mb_publish(x->broker, topic, x->messages, 1)) ||
            fx_failed(b, mb_subscriber_try_receive(&d, x->subscriber))) {
            return;
        }
        n_wrong += memcmp(mb_message_payload(d.message), "test", 4) != 0;
        mb_message_unref(d.message);
    }
    bench_count_errors(b, n_wrong);
}

static void add_round_trip(bench_suite *suite) {
    const bench_opts opts = {.setup = round_trip_setup,
                             .teardown = exchange_teardown,
                             .sampling = BENCH_SAMPLING_LATENCY};
    bench_group *g = bench_group_new(suite, "publish_receive");
    bench_group_throughput_fixed(g, BENCH_ELEMENTS, 1);
    bench_add(g, "same_thread", round_trip, &opts);
}

/* ---- router: one step ------------------------------------------------------------------------ */

struct routing {
    mb_broker *broker;
    mb_router *router;
    mb_subscriber *routed;
    mb_message *message;
};

/* A handler as they are: a changed copy goes on. */
static int stamp(mb_message **out, mb_message *in, void *user) {
    (void)user;
    const int rc = mb_message_copy(out, in);
    return rc ? rc : mb_metadata_set(*out, "routed", "1");
}

/* The third rule is the one that matches. */
static int add_rules(mb_router *router) {
    static const mb_route routes[] = {
        {.key = "type", .value = "payment", .to = "payments"},
        {.key = "tenant", .to = "tenants"},
        {.key = "type", .value = "order", .handler = stamp, .to = "routed"},
        {.to = "rest"},
    };
    int rc = 0;
    for (size_t i = 0; i < sizeof routes / sizeof routes[0] && rc == 0; i++) {
        rc = mb_router_add(router, &routes[i]);
    }
    return rc;
}

static int router_setup(bench_state *b) {
    struct routing *r = fx_new(b, sizeof *r);
    if (!r) {
        return -1;
    }
    const mb_broker_options options = {.queue_capacity = ROUTER_STRETCH};
    if (fx_failed(b, mb_broker_new(&r->broker, &options)) ||
        fx_failed(b, mb_router_new(&r->router, r->broker, topic)) ||
        fx_failed(b, add_rules(r->router)) ||
        fx_failed(b, mb_subscribe(&r->routed, r->broker, "routed")) ||
        fx_failed(b, fx_message(&r->message, (size_t)bench_param_i64(b, "size"))) ||
        fx_failed(b, fx_set_typical_metadata(r->message))) {
        return -1;
    }
    return 0;
}

static void router_teardown(bench_state *b) {
    struct routing *r = bench_user(b);
    if (!r) {
        return;
    }
    mb_router_free(r->router);
    mb_subscriber_free(r->routed);
    mb_broker_free(r->broker);
    mb_message_unref(r->message);
    free(r);
}

static int fill_router(bench_state *b, uint64_t n) {
    const struct routing *r = bench_user(b);
    int rc = 0;
    for (uint64_t i = 0; i < n && rc == 0; i++) {
        rc = mb_publish(r->broker, topic, &r->message, 1);
    }
    return fx_failed(b, rc);
}

/* Every message must have come out at the other end, changed. */
static void collect_routed(bench_state *b, uint64_t n) {
    const struct routing *r = bench_user(b);
    mb_delivery d;
    for (; mb_subscriber_try_receive(&d, r->routed) == 0; n--) {
        if (!mb_metadata_get(d.message, "routed")) {
            bench_fail(b, "a message was not transformed");
        }
        mb_message_unref(d.message);
    }
    if (n != 0) {
        bench_fail(b, "not every message was routed once");
    }
}

/* Take one message, find its rule, copy and mark it, publish the copy. */
static void router_step(bench_state *b) {
    const struct routing *r = bench_user(b);
    BENCH_LOOP(b) {
        if (fx_failed(b, mb_router_step(r->router, 0))) {
            return;
        }
    }
}

static void add_router(bench_suite *suite) {
    const bench_opts opts = {.setup = router_setup,
                             .teardown = router_teardown,
                             .batch_setup = fill_router,
                             .batch_teardown = collect_routed,
                             .batch_max = ROUTER_STRETCH};
    bench_group *g = bench_group_new(suite, "router");
    bench_group_axis_i64(g, "size", fx_sizes, FX_N_SIZES);
    bench_group_throughput_fixed(g, BENCH_ELEMENTS, 1);
    bench_add(g, "step", router_step, &opts);
}

bench_suite *core_operations_suite(void) {
    bench_suite *suite = bench_suite_new("core_operations");
    core_operations_add_messages(suite);
    add_exchange(suite);
    add_round_trip(suite);
    add_router(suite);
    return suite;
}
