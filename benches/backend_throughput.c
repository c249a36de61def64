/*
 * The part of backend_comparison that is about many messages: what publishing costs the publisher
 * (publisher_throughput) and how fast they arrive (delivery).
 *
 * Somebody is always subscribed, in the same process: a thread that takes messages as they come, so
 * it shares the CPUs with the publisher and with the servers on this machine. inmemory alone has no
 * such thread in publisher_throughput: its messages wait in the queue until the stretch is over,
 * and are taken then. After every timed stretch everything that was published must have arrived;
 * what is missing or came twice counts as an error.
 */
#include <stdlib.h>
#include <string.h>

#include "backends.h"
#include "fixtures.h"
#include "suites.h"

enum {
    STRETCH_MESSAGES = 4000, /* published between two untimed visits to the consumer */
    STRETCH_BYTES = 4000000,
    KAFKA_MOCK_BYTES = 4500000 /* librdkafka's own cluster keeps 5 MB of a topic */
};

/* ---- publisher_throughput: one batch per iteration ------------------------------------------- */

struct publishing {
    struct bk_link link;
    struct bk_consumer consumer;
    size_t batch, size, n_messages; /* n_messages: of a stretch */
    mb_message **messages;          /* steady: n_messages; cold: room for one batch */
    size_t n_made;
    void *payload;
    uint64_t last; /* number of the last message */
};

/* So much may be under way to a server. */
static size_t messages_within(size_t size) {
    const size_t n = STRETCH_BYTES / (size + 100); /* with their headers, about */
    return n < STRETCH_MESSAGES ? n : STRETCH_MESSAGES;
}

static int check_room(bench_state *b, const struct publishing *p) {
    if (strcmp(mb_transport_name(p->link.transport), "kafka-mock") == 0 &&
        p->n_messages * p->size > KAFKA_MOCK_BYTES) {
        bench_skip(b,
                   "kafka-mock: librdkafka's own cluster keeps 5 MB of a topic, less than a batch "
                   "of %zu x %zu bytes",
                   p->batch, p->size);
        return -1;
    }
    return 0;
}

static int open_publishing(bench_state *b, mb_confirm confirm, int is_cold) {
    struct publishing *p = fx_new(b, sizeof *p);
    if (!p) {
        return -1;
    }
    const char *backend = bench_param_str(b, "backend");
    p->batch = (size_t)bench_param_i64(b, "batch");
    p->size = (size_t)bench_param_i64(b, "size");
    const int is_local = strcmp(backend, "inmemory") == 0; /* bytes do not move */
    const size_t n = is_local && !is_cold ? STRETCH_MESSAGES : messages_within(p->size);
    p->n_messages = n > p->batch ? n / p->batch * p->batch : p->batch;
    bench_set_batch_max(b, p->n_messages / p->batch);
    if (bk_open(b, &p->link, backend, confirm, NULL) || check_room(b, p) ||
        bk_consumer_start(b, &p->consumer, &p->link, !is_local)) {
        return -1;
    }
    p->payload = fx_payload(p->size);
    if (!p->payload) {
        return fx_failed(b, MB_ENOMEM);
    }
    if (is_cold) {
        p->messages = calloc(p->batch, sizeof(mb_message *));
        return p->messages ? 0 : fx_failed(b, MB_ENOMEM);
    }
    p->n_made = p->n_messages;
    p->messages = bk_new_messages(b, p->n_made, p->size);
    return p->messages ? 0 : -1;
}

static int steady_setup(bench_state *b) {
    return open_publishing(b, MB_UNCONFIRMED, 0);
}

static int steady_confirmed_setup(bench_state *b) {
    return open_publishing(b, MB_CONFIRMED, 0);
}

static int cold_setup(bench_state *b) {
    return open_publishing(b, MB_UNCONFIRMED, 1);
}

static void publishing_teardown(bench_state *b) {
    struct publishing *p = bench_user(b);
    if (!p) {
        return;
    }
    bk_consumer_stop(&p->consumer);
    bk_close(&p->link);
    bk_free_messages(p->messages, p->n_made);
    free(p->payload);
    free(p);
}

static int number_messages(bench_state *b, uint64_t n) {
    struct publishing *p = bench_user(b);
    return bk_number(b, p->messages, n * p->batch, &p->last);
}

static void expect_all_taken(bench_state *b, uint64_t n) {
    struct publishing *p = bench_user(b);
    (void)n;
    bk_consumer_settle(b, &p->consumer, p->last);
}

/* The messages were made beforehand. Every batch is flushed: it has left this process, or is in
 * every queue of it. What that promises is the label "guarantee". */
static void publish_steady(bench_state *b) {
    struct publishing *p = bench_user(b);
    BENCH_LOOP_INDEX(b, i) {
        if (bk_publish(b, &p->link, p->messages + i * p->batch, p->batch)) {
            return;
        }
    }
}

static int make_batch(bench_state *b, struct publishing *p) {
    for (size_t i = 0; i < p->batch; i++) {
        if (fx_failed(b, mb_message_new(&p->messages[i], p->payload, p->size)) ||
            fx_failed(b, mb_message_set_sequence(p->messages[i], ++p->last))) {
            return -1;
        }
    }
    return 0;
}

/* The whole way: the batch is made, numbered, published, and given back. */
static void publish_cold(bench_state *b) {
    struct publishing *p = bench_user(b);
    BENCH_LOOP(b) {
        if (make_batch(b, p) || bk_publish(b, &p->link, p->messages, p->batch)) {
            return;
        }
        for (size_t i = 0; i < p->batch; i++) {
            mb_message_unref(p->messages[i]);
        }
    }
}

/* 180 benchmarks, each with a server to connect to: few and short launches. */
static void add_publisher_throughput(bench_suite *suite) {
    bench_opts opts = {.setup = steady_setup,
                       .teardown = publishing_teardown,
                       .batch_setup = number_messages,
                       .batch_teardown = expect_all_taken,
                       .launches = 4,
                       .warm_up_time_ns = 160000000,
                       .measurement_time_ns = 240000000};
    bench_group *g = bench_group_new(suite, "publisher_throughput");
    bench_group_axis_str(g, "backend", bk_names, BK_N_NAMES);
    bench_group_axis_i64(g, "batch", fx_batches, FX_N_BATCHES);
    bench_group_axis_i64(g, "size", fx_sizes, FX_N_SIZES);
    bench_group_throughput(g, BENCH_ELEMENTS, "batch");
    bench_add(g, "steady", publish_steady, &opts);
    opts.setup = steady_confirmed_setup;
    bench_add(g, "steady_confirmed", publish_steady, &opts);
    opts.setup = cold_setup;
    opts.batch_setup = NULL;
    bench_add(g, "cold", publish_cold, &opts);
}

/* ---- delivery: 20 batches of 100 per iteration, until the consumer has all of it ------------- */

enum { DELIVERY_BATCH = 100, DELIVERY_BATCHES = 20 };

struct delivery {
    struct bk_link link;
    struct bk_consumer consumer;
    size_t window;     /* batches under way: one that runs ahead would only fill the server */
    size_t n_messages; /* a batch more: those of inmemory are shared until they are taken */
    mb_message **messages;
    uint64_t last;
};

static int delivery_setup(bench_state *b) {
    struct delivery *d = fx_new(b, sizeof *d);
    if (!d || bk_open(b, &d->link, bench_param_str(b, "backend"), MB_UNCONFIRMED, NULL) ||
        bk_consumer_start(b, &d->consumer, &d->link, 1)) {
        return -1;
    }
    const size_t size = (size_t)bench_param_i64(b, "size");
    d->window = messages_within(size) / DELIVERY_BATCH;
    d->n_messages = (d->window + 1) * DELIVERY_BATCH;
    d->messages = bk_new_messages(b, d->n_messages, size);
    return d->messages ? 0 : -1;
}

static void delivery_teardown(bench_state *b) {
    struct delivery *d = bench_user(b);
    if (!d) {
        return;
    }
    bk_consumer_stop(&d->consumer);
    bk_close(&d->link);
    bk_free_messages(d->messages, d->n_messages);
    free(d);
}

/* One batch, when the one that was sent `window` batches ago has been taken. */
static int send_next(bench_state *b, struct delivery *d) {
    const uint64_t n_batches = d->last / DELIVERY_BATCH;
    mb_message **batch = d->messages + n_batches % (d->window + 1) * DELIVERY_BATCH;
    if (n_batches >= d->window) {
        bk_consumer_wait(&d->consumer, (n_batches - d->window + 1) * DELIVERY_BATCH);
    }
    return bk_number(b, batch, DELIVERY_BATCH, &d->last) ||
           bk_publish(b, &d->link, batch, DELIVERY_BATCH);
}

/* From the first publish to the last message in the consumer's hands, numbering included. Batches
 * follow each other without a pause; only the last one of an iteration is waited for. */
static void deliver(bench_state *b) {
    struct delivery *d = bench_user(b);
    BENCH_LOOP(b) {
        for (int i = 0; i < DELIVERY_BATCHES; i++) {
            if (send_next(b, d)) {
                return;
            }
        }
        bk_consumer_wait(&d->consumer, d->last);
    }
    bk_consumer_settle(b, &d->consumer, d->last);
}

static void add_delivery(bench_suite *suite) {
    const bench_opts opts = {.setup = delivery_setup,
                             .teardown = delivery_teardown,
                             .launches = 5, /* few, for the same reason */
                             .warm_up_time_ns = 200000000,
                             .measurement_time_ns = 500000000};
    bench_group *g = bench_group_new(suite, "delivery");
    bench_group_axis_str(g, "backend", bk_names, BK_N_NAMES);
    bench_group_axis_i64(g, "size", fx_sizes, FX_N_SIZES);
    bench_group_throughput_fixed(g, BENCH_ELEMENTS, DELIVERY_BATCH * DELIVERY_BATCHES);
    bench_add(g, "sustained", deliver, &opts);
}

void backend_comparison_add_throughput(bench_suite *suite) {
    add_publisher_throughput(suite);
    add_delivery(suite);
}
