/*
 * concurrent_access: the broker used by many threads at once. Here are those in which threads wait
 * for each other: subscribers, pairs, a ring. Those that only publish are in
 * concurrent_publishers.c.
 *
 * All threads make the same number of turns, so what is published in a run of the loop is also
 * received in it. Receivers check that no number of their topic is missing or comes twice. Nobody
 * waits for ever: who hears nothing, or finds no room, for LIMIT_NS fails, and wakes the others by
 * shutting the broker down.
 *
 * Throughput is told by the counter "delivered": messages that arrived, of all threads.
 */
#include <stdio.h>
#include <stdlib.h>

#include "fixtures.h"
#include "minibus/broker.h"
#include "minibus/error.h"
#include "suites.h"

enum { BATCH = 100, SIZE = 1024, TOPIC_SIZE = 32 };
enum { MESSAGES = 4 * BATCH, CAPACITY = 3 * BATCH }; /* of them; the rest is being taken */

static const int64_t LIMIT_NS = INT64_C(5000000000);

/* What a thread does in each turn: publish a batch, receive a batch, or one after the other. */
struct party {
    char topic[TOPIC_SIZE];    /* to publish to; empty: it does not publish */
    mb_subscriber *subscriber; /* NULL: it does not receive */
    size_t batch;
    uint64_t n_received;
    uint64_t sequence; /* of the last message received */
    size_t at;         /* the next message to publish */
    mb_message *messages[MESSAGES];
};

/* ---- set-up ---------------------------------------------------------------------------------- */

struct bus {
    mb_broker *broker;
    size_t batch;
};

static int bus_setup(bench_state *b, size_t batch, size_t capacity) {
    struct bus *bus = fx_new(b, sizeof *bus);
    if (!bus) {
        return -1;
    }
    const mb_broker_options options = {
        .queue_capacity = capacity, .overflow = MB_OVERFLOW_BLOCK, .block_timeout_ns = LIMIT_NS};
    bus->batch = batch;
    return fx_failed(b, mb_broker_new(&bus->broker, &options));
}

static int streams_setup(bench_state *b) {
    return bus_setup(b, BATCH, CAPACITY);
}

/* With room for one message each of them is waited for, and waits. */
static int hand_over_setup(bench_state *b) {
    return bus_setup(b, 1, 1);
}

static void bus_teardown(bench_state *b) {
    struct bus *bus = bench_user(b);
    if (bus) {
        mb_broker_free(bus->broker);
    }
    free(bus);
}

static struct party *new_party(bench_state *b) {
    const struct bus *bus = bench_user(b);
    struct party *p = calloc(1, sizeof *p);
    bench_set_thread_user(b, p);
    if (p) {
        p->batch = bus->batch;
    } else {
        fx_fail(b, MB_ENOMEM);
    }
    return p;
}

static int publish_to(bench_state *b, struct party *p, int topic) {
    int rc = 0;
    snprintf(p->topic, sizeof p->topic, "topic_%d", topic);
    for (size_t i = 0; i < MESSAGES && rc == 0; i++) {
        rc = fx_message(&p->messages[i], SIZE);
    }
    return fx_failed(b, rc);
}

static int receive_from(bench_state *b, struct party *p, int topic) {
    const struct bus *bus = bench_user(b);
    char name[TOPIC_SIZE];
    snprintf(name, sizeof name, "topic_%d", topic);
    return fx_failed(b, mb_subscribe(&p->subscriber, bus->broker, name));
}

static void party_teardown(bench_state *b) {
    struct party *p = bench_thread_user(b);
    if (!p) {
        return;
    }
    mb_subscriber_free(p->subscriber);
    for (size_t i = 0; i < MESSAGES; i++) {
        mb_message_unref(p->messages[i]);
    }
    free(p);
}

static int broadcast_party_setup(bench_state *b) {
    struct party *p = new_party(b);
    if (!p) {
        return -1;
    }
    return bench_thread_index(b) == 0 ? publish_to(b, p, 0) : receive_from(b, p, 0);
}

static int pair_party_setup(bench_state *b) {
    const int index = bench_thread_index(b);
    struct party *p = new_party(b);
    if (!p) {
        return -1;
    }
    if (bench_n_threads(b) % 2 != 0) {
        bench_fail(b, "threads: an even number");
        return -1;
    }
    return index % 2 == 0 ? publish_to(b, p, index) : receive_from(b, p, index - 1);
}

static int ring_party_setup(bench_state *b) {
    const int index = bench_thread_index(b);
    struct party *p = new_party(b);
    if (!p) {
        return -1;
    }
    return publish_to(b, p, index) || receive_from(b, p, (index + 1) % bench_n_threads(b)) ? -1 : 0;
}

/* ---- turns ----------------------------------------------------------------------------------- */

/* Somebody fails, and nobody has to wait for them. */
static int stop(bench_state *b, int rc) {
    const struct bus *bus = bench_user(b);
    if (rc == MB_ETIMEOUT) {
        bench_fail(b, "no message for %d s: one, or a wake-up, was lost",
                   (int)(LIMIT_NS / 1000000000));
    } else {
        fx_fail(b, rc);
    }
    mb_broker_shutdown(bus->broker);
    return rc;
}

static int publish_batch(bench_state *b, struct party *p) {
    const struct bus *bus = bench_user(b);
    const int rc = mb_publish(bus->broker, p->topic, p->messages + p->at, p->batch);
    p->at = (p->at + p->batch) % MESSAGES;
    return rc ? stop(b, rc) : 0;
}

/* Each message that is missing, and each that comes again, counts in n_wrong. */
static int receive_batch(bench_state *b, struct party *p, uint64_t *n_wrong) {
    mb_delivery deliveries[BATCH];
    for (size_t n_left = p->batch, n; n_left > 0; n_left -= n) {
        const int rc = mb_subscriber_receive_batch(deliveries, n_left, &n, p->subscriber, LIMIT_NS);
        if (rc) {
            return stop(b, rc);
        }
        p->n_received += n;
        for (size_t i = 0; i < n; i++) {
            const uint64_t sequence = deliveries[i].sequence, expected = p->sequence + 1;
            *n_wrong += sequence >= expected ? sequence - expected : 1;
            p->sequence = sequence;
            mb_message_unref(deliveries[i].message);
        }
    }
    return 0;
}

static void take_turns(bench_state *b) {
    struct party *p = bench_thread_user(b);
    const uint64_t n_before = p->n_received;
    uint64_t n_wrong = 0;
    BENCH_LOOP(b) {
        if (p->topic[0] && publish_batch(b, p)) {
            return;
        }
        if (p->subscriber && receive_batch(b, p, &n_wrong)) {
            return;
        }
    }
    bench_counter(b, "delivered", (double)(p->n_received - n_before), BENCH_COUNTER_RATE, "1");
    bench_count_errors(b, n_wrong);
}

/* ---- the suite ------------------------------------------------------------------------------- */

static bench_group *new_group(bench_suite *suite, const char *name, const int64_t *threads,
                              size_t n) {
    bench_group *g = bench_group_new(suite, name);
    bench_group_threads(g, threads, n);
    return g;
}

bench_suite *concurrent_access_suite(void) {
    /* One thread publishes, the others are its 1, 2, 4, 8, 16 subscribers. */
    static const int64_t one_and_subscribers[] = {2, 3, 5, 9, 17};
    static const int64_t even[] = {2, 4, 8, 16}, any[] = {1, 2, 4, 8, 16};
    bench_opts opts = {.setup = streams_setup,
                       .teardown = bus_teardown,
                       .thread_teardown = party_teardown,
                       .timeout_ns = 4 * LIMIT_NS};
    bench_suite *suite = bench_suite_new("concurrent_access");
    concurrent_access_add_publishers(suite);

    opts.thread_setup = broadcast_party_setup;
    bench_add(new_group(suite, "subscribers", one_and_subscribers, 5), "broadcast", take_turns,
              &opts);
    opts.thread_setup = pair_party_setup;
    bench_group *pairs = new_group(suite, "pairs", even, 4);
    bench_add(pairs, "stream", take_turns, &opts);
    opts.thread_setup = ring_party_setup;
    bench_add(new_group(suite, "mixed", any, 5), "ring", take_turns, &opts);
    opts.setup = hand_over_setup;
    opts.thread_setup = pair_party_setup;
    bench_add(pairs, "hand_over", take_turns, &opts);
    return suite;
}
