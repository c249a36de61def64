/*
 * pitfalls: what common ways of writing such code badly cost, each as a pair: the base is the good
 * form, the variant the bad one, and both do the same work with the same result. The page that
 * explains them is docs/optimisation.md; its figures come from this suite.
 *
 * Here is what goes wrong around a broker; where things lie in memory is the subject of
 * pitfalls_memory.c, state that is kept that of pitfalls_state.c. A pair takes half the usual time:
 * the differences are large.
 */
#include "pitfalls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixtures.h"
#include "minibus/broker.h"
#include "minibus/codec.h"
#include "minibus/error.h"
#include "minibus/metadata.h"
#include "suites.h"

const bench_opts pitfall_opts = {.warm_up_time_ns = 200000000, .measurement_time_ns = 600000000};

void pitfall_pair(bench_suite *suite, const char *name, const char *good, bench_fn *good_body,
                  const char *bad, bench_fn *bad_body, const bench_opts *opts) {
    bench_group *g = bench_group_new(suite, name);
    bench_add(g, good, good_body, opts);
    bench_add(g, bad, bad_body, opts);
    bench_pair(g, "cost", good, bad);
}

/* ---- a broker, some topics with a subscriber each, and messages ------------------------------ */

enum { TOPICS_MAX = 16, BATCH = 100 };

struct bus {
    mb_broker *broker;
    int n_topics, n_messages;
    mb_subscriber *subscribers[TOPICS_MAX];
    char topics[TOPICS_MAX][32];
    mb_message *messages[BATCH];
    mb_delivery deliveries[BATCH];
    uint64_t n_wrong; /* messages that did not come */
};

static void put_topic(char topic[32], int i) {
    snprintf(topic, 32, "orders.%s.shop-%d", i % 2 ? "east" : "west", i);
}

static int bus_init(bench_state *b, struct bus *bus, int n_topics, int n_messages, size_t size) {
    const mb_broker_options options = {.queue_capacity = BATCH};
    bus->n_topics = n_topics;
    bus->n_messages = n_messages;
    int rc = mb_broker_new(&bus->broker, &options);
    for (int i = 0; i < n_topics && rc == 0; i++) {
        put_topic(bus->topics[i], i);
        rc = mb_subscribe(&bus->subscribers[i], bus->broker, bus->topics[i]);
    }
    for (int i = 0; i < n_messages && rc == 0; i++) {
        rc = fx_message(&bus->messages[i], size);
    }
    return fx_failed(b, rc);
}

static void bus_clear(struct bus *bus) {
    for (int i = 0; i < TOPICS_MAX; i++) {
        mb_subscriber_free(bus->subscribers[i]);
    }
    mb_broker_free(bus->broker);
    for (int i = 0; i < BATCH; i++) {
        mb_message_unref(bus->messages[i]);
    }
}

static void bus_teardown(bench_state *b) {
    struct bus *bus = bench_user(b);
    if (!bus) {
        return;
    }
    bus_clear(bus);
    free(bus);
}

/* Takes n messages of one topic and gives them back. */
static int drain(struct bus *bus, int topic, size_t n) {
    size_t n_taken;
    const int rc =
        mb_subscriber_receive_batch(bus->deliveries, n, &n_taken, bus->subscribers[topic], 0);
    for (size_t i = 0; i < n_taken; i++) {
        mb_message_unref(bus->deliveries[i].message);
    }
    bus->n_wrong += n - n_taken;
    return rc;
}

static int drain_all(struct bus *bus, size_t n) {
    int rc = 0;
    for (int i = 0; i < bus->n_topics && rc == 0; i++) {
        rc = drain(bus, i, n);
    }
    return rc;
}

static void count_wrong(bench_state *b) {
    struct bus *bus = bench_user(b);
    bench_count_errors(b, bus->n_wrong);
    bus->n_wrong = 0;
}

/* ---- topic_name: 16 topics, one message to each ---------------------------------------------- */

static int topic_name_setup(bench_state *b) {
    struct bus *bus = fx_new(b, sizeof *bus);
    return !bus || bus_init(b, bus, TOPICS_MAX, 1, 100);
}

static void names_kept(bench_state *b) {
    struct bus *bus = bench_user(b);
    BENCH_LOOP(b) {
        int rc = 0;
        for (int i = 0; i < TOPICS_MAX && rc == 0; i++) {
            rc = mb_publish(bus->broker, bus->topics[i], bus->messages, 1);
        }
        if (fx_failed(b, rc) || fx_failed(b, drain_all(bus, 1))) {
            return;
        }
    }
    count_wrong(b);
}

static void names_formatted(bench_state *b) {
    struct bus *bus = bench_user(b);
    BENCH_LOOP(b) {
        int rc = 0;
        for (int i = 0; i < TOPICS_MAX && rc == 0; i++) {
            char topic[32];
            put_topic(topic, i);
            rc = mb_publish(bus->broker, topic, bus->messages, 1);
        }
        if (fx_failed(b, rc) || fx_failed(b, drain_all(bus, 1))) {
            return;
        }
    }
    count_wrong(b);
}

/* ---- small_array: the array that a few messages are received into ---------------------------- */

enum { FEW = 8, TURNS = 8 };

static int small_array_setup(bench_state *b) {
    struct bus *bus = fx_new(b, sizeof *bus);
    return !bus || bus_init(b, bus, 1, FEW, 100);
}

static int exchange_few(struct bus *bus, mb_delivery *deliveries) {
    size_t n = 0;
    int rc = mb_publish(bus->broker, bus->topics[0], bus->messages, FEW);
    if (rc == 0) {
        rc = mb_subscriber_receive_batch(deliveries, FEW, &n, bus->subscribers[0], 0);
    }
    for (size_t i = 0; i < n; i++) {
        mb_message_unref(deliveries[i].message);
    }
    bus->n_wrong += FEW - n;
    return rc;
}

static int exchange_on_stack(struct bus *bus) {
    mb_delivery deliveries[FEW];
    return exchange_few(bus, deliveries);
}

static int exchange_on_heap(struct bus *bus) {
    mb_delivery *deliveries = malloc(FEW * sizeof *deliveries);
    const int rc = deliveries ? exchange_few(bus, deliveries) : MB_ENOMEM;
    free(deliveries);
    return rc;
}

static void array_on_stack(bench_state *b) {
    struct bus *bus = bench_user(b);
    BENCH_LOOP(b) {
        for (int i = 0; i < TURNS; i++) {
            if (fx_failed(b, exchange_on_stack(bus))) {
                return;
            }
        }
    }
    count_wrong(b);
}

static void array_on_heap(bench_state *b) {
    struct bus *bus = bench_user(b);
    BENCH_LOOP(b) {
        for (int i = 0; i < TURNS; i++) {
            if (fx_failed(b, exchange_on_heap(bus))) {
                return;
            }
        }
    }
    count_wrong(b);
}

/* ---- decoding: a consumer that handles every tenth message ----------------------------------- */

struct inbox {
    struct bus bus;
    uint64_t n_handled;
};

/* The payload is an order in JSON; what it is about stands in the metadata too. */
static int put_order(mb_message **out, int is_mine) {
    mb_message *order = NULL;
    mb_buffer json = {0};
    int rc = fx_message(&order, 100);
    rc = rc ? rc : fx_set_typical_metadata(order);
    rc = rc ? rc : mb_codec_json.encode(&json, order);
    rc = rc ? rc : mb_message_new(out, json.data, json.size);
    rc = rc ? rc : mb_metadata_set(*out, "type", is_mine ? "order" : "quote");
    mb_message_unref(order);
    mb_buffer_clear(&json);
    return rc;
}

static int decoding_setup(bench_state *b) {
    struct inbox *inbox = fx_new(b, sizeof *inbox);
    if (!inbox || bus_init(b, &inbox->bus, 1, 0, 0)) {
        return -1;
    }
    int rc = 0;
    for (int i = 0; i < BATCH && rc == 0; i++) {
        rc = put_order(&inbox->bus.messages[i], i % 10 == 0);
    }
    return fx_failed(b, rc);
}

static int is_mine(const mb_message *m) {
    const char *type = mb_metadata_get(m, "type");
    return type && strcmp(type, "order") == 0;
}

static int decode(mb_message **out, const mb_message *m) {
    return mb_codec_json.decode(out, mb_message_payload(m), mb_message_payload_size(m));
}

static void handle(struct inbox *inbox, const mb_message *order) {
    inbox->n_handled += mb_message_payload_size(order) == 100;
}

static int take_lazily(struct inbox *inbox, const mb_message *m) {
    mb_message *order;
    if (!is_mine(m)) {
        return 0;
    }
    const int rc = decode(&order, m);
    if (rc == 0) {
        handle(inbox, order);
        mb_message_unref(order);
    }
    return rc;
}

static int take_eagerly(struct inbox *inbox, const mb_message *m) {
    mb_message *order;
    const int rc = decode(&order, m);
    if (rc == 0) {
        if (is_mine(m)) {
            handle(inbox, order);
        }
        mb_message_unref(order);
    }
    return rc;
}

static int consume(struct inbox *inbox, int (*take)(struct inbox *inbox, const mb_message *m)) {
    struct bus *bus = &inbox->bus;
    size_t n = 0;
    int rc = mb_publish(bus->broker, bus->topics[0], bus->messages, BATCH);
    if (rc == 0) {
        rc = mb_subscriber_receive_batch(bus->deliveries, BATCH, &n, bus->subscribers[0], 0);
    }
    for (size_t i = 0; i < n; i++) {
        rc = rc ? rc : take(inbox, bus->deliveries[i].message);
        mb_message_unref(bus->deliveries[i].message);
    }
    return rc;
}

static void decode_all_with(bench_state *b, int (*take)(struct inbox *inbox, const mb_message *m)) {
    struct inbox *inbox = bench_user(b);
    uint64_t n_rounds = 0;
    inbox->n_handled = 0;
    BENCH_LOOP(b) {
        if (fx_failed(b, consume(inbox, take))) {
            return;
        }
        n_rounds++;
    }
    bench_count_errors(b, n_rounds * BATCH / 10 - inbox->n_handled);
}

static void decode_lazy(bench_state *b) {
    decode_all_with(b, take_lazily);
}

static void decode_eager(bench_state *b) {
    decode_all_with(b, take_eagerly);
}

/* ---- batching -------------------------------------------------------------------------------- */

static int batching_setup(bench_state *b) {
    struct bus *bus = fx_new(b, sizeof *bus);
    return !bus || bus_init(b, bus, 1, BATCH, 100);
}

static void publish_batch(bench_state *b) {
    struct bus *bus = bench_user(b);
    BENCH_LOOP(b) {
        if (fx_failed(b, mb_publish(bus->broker, bus->topics[0], bus->messages, BATCH)) ||
            fx_failed(b, drain(bus, 0, BATCH))) {
            return;
        }
    }
    count_wrong(b);
}

static int publish_each(struct bus *bus) {
    int rc = 0;
    for (int i = 0; i < BATCH && rc == 0; i++) {
        rc = mb_publish(bus->broker, bus->topics[0], &bus->messages[i], 1);
    }
    return rc;
}

static void publish_single(bench_state *b) {
    struct bus *bus = bench_user(b);
    BENCH_LOOP(b) {
        if (fx_failed(b, publish_each(bus)) || fx_failed(b, drain(bus, 0, BATCH))) {
            return;
        }
    }
    count_wrong(b);
}

/* ---- copying: 25 messages of 1 KiB for four readers ------------------------------------------ */

enum { READERS = 4, SHARED = 25 };

static int copying_setup(bench_state *b) {
    struct bus *bus = fx_new(b, sizeof *bus);
    return !bus || bus_init(b, bus, READERS, SHARED, 1024);
}

static int hand_out_references(struct bus *bus) {
    int rc = 0;
    for (int i = 0; i < READERS && rc == 0; i++) {
        rc = mb_publish(bus->broker, bus->topics[i], bus->messages, SHARED);
    }
    return rc;
}

static int publish_copies(struct bus *bus, const char *topic) {
    mb_message *copies[SHARED];
    int n = 0;
    int rc = 0;
    while (n < SHARED && rc == 0) {
        rc = mb_message_copy(&copies[n], bus->messages[n]);
        n += rc == 0;
    }
    rc = rc ? rc : mb_publish(bus->broker, topic, copies, SHARED);
    for (int i = 0; i < n; i++) {
        mb_message_unref(copies[i]);
    }
    return rc;
}

static int hand_out_copies(struct bus *bus) {
    int rc = 0;
    for (int i = 0; i < READERS && rc == 0; i++) {
        rc = publish_copies(bus, bus->topics[i]);
    }
    return rc;
}

static void references(bench_state *b) {
    struct bus *bus = bench_user(b);
    BENCH_LOOP(b) {
        if (fx_failed(b, hand_out_references(bus)) || fx_failed(b, drain_all(bus, SHARED))) {
            return;
        }
    }
    count_wrong(b);
}

static void copies(bench_state *b) {
    struct bus *bus = bench_user(b);
    BENCH_LOOP(b) {
        if (fx_failed(b, hand_out_copies(bus)) || fx_failed(b, drain_all(bus, SHARED))) {
            return;
        }
    }
    count_wrong(b);
}

bench_suite *pitfalls_suite(void) {
    bench_suite *suite = bench_suite_new("pitfalls");
    bench_opts opts = pitfall_opts;
    opts.teardown = bus_teardown;
    opts.setup = topic_name_setup;
    pitfall_pair(suite, "topic_name", "kept", names_kept, "formatted", names_formatted, &opts);
    opts.setup = small_array_setup;
    pitfall_pair(suite, "small_array", "stack", array_on_stack, "heap", array_on_heap, &opts);
    opts.setup = decoding_setup;
    pitfall_pair(suite, "decoding", "lazy", decode_lazy, "eager", decode_eager, &opts);
    opts.setup = batching_setup;
    pitfall_pair(suite, "batching", "batch", publish_batch, "single", publish_single, &opts);
    opts.setup = copying_setup;
    pitfall_pair(suite, "copying", "references", references, "copies", copies, &opts);
    pitfalls_add_memory(suite);
    pitfalls_add_state(suite);
    return suite;
}
