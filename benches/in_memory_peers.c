/*
 * in_memory_peers: the way of a message through memory, the broker beside what one could take
 * instead. One iteration makes 100 messages of 100 bytes, sends them, receives them and compares
 * their contents, all in one thread, so nobody is waited for. Per message everybody allocates,
 * copies and frees:
 *
 * - plain_queue is the least one can do: a mutex and a ring of pointers, for one reader.
 * - minibus gives each message an id, a time stamp and a reference count, finds the topic by its
 *   name, looks for room in the queue of every subscriber, and numbers what it enqueues with its
 *   deadline. That is what minibus_over_plain_queue pays for. minibus_batch publishes and receives
 *   the 100 at once.
 * - nng publishes over inproc: to a socket of the same process, through its own threads. What it
 *   has in common with minibus is what counts here: many subscribers, bounded buffers.
 */
#include "in_memory_peers.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "fixtures.h"
#include "minibus/broker.h"
#include "minibus/error.h"
#include "suites.h"

unsigned char peer_payloads[PEER_MESSAGES][PEER_SIZE];

void peer_fill_payloads(void) {
    for (int i = 0; i < PEER_MESSAGES; i++) {
        for (int k = 0; k < PEER_SIZE; k++) {
            peer_payloads[i][k] = (unsigned char)(i + k * 167);
        }
    }
}

/* ---- plain_queue ----------------------------------------------------------------------------- */

enum { PLAIN_CAPACITY = 1024 }; /* as minibus by default */

struct plain_queue {
    pthread_mutex_t lock;
    size_t head, count;
    void *slots[PLAIN_CAPACITY];
};

static int plain_push(struct plain_queue *q, void *item) {
    pthread_mutex_lock(&q->lock);
    const int has_room = q->count < PLAIN_CAPACITY;
    if (has_room) {
        q->slots[(q->head + q->count++) % PLAIN_CAPACITY] = item;
    }
    pthread_mutex_unlock(&q->lock);
    return has_room;
}

static void *plain_pop(struct plain_queue *q) {
    void *item = NULL;
    pthread_mutex_lock(&q->lock);
    if (q->count != 0) {
        item = q->slots[q->head];
        q->head = (q->head + 1) % PLAIN_CAPACITY;
        q->count--;
    }
    pthread_mutex_unlock(&q->lock);
    return item;
}

static int plain_setup(bench_state *b) {
    struct plain_queue *q = fx_new(b, sizeof *q);
    if (!q) {
        return -1;
    }
    pthread_mutex_init(&q->lock, NULL);
    peer_fill_payloads();
    return 0;
}

static void plain_teardown(bench_state *b) {
    struct plain_queue *q = bench_user(b);
    if (!q) {
        return;
    }
    for (void *item; (item = plain_pop(q)) != NULL;) {
        free(item);
    }
    pthread_mutex_destroy(&q->lock);
    free(q);
}

static int plain_send(struct plain_queue *q, const void *payload) {
    void *item = malloc(PEER_SIZE);
    if (!item || !plain_push(q, memcpy(item, payload, PEER_SIZE))) {
        free(item);
        return MB_EQUEUEFULL;
    }
    return 0;
}

static void plain_queue(bench_state *b) {
    struct plain_queue *q = bench_user(b);
    uint64_t n_wrong = 0;
    BENCH_LOOP(b) {
        for (int i = 0; i < PEER_MESSAGES; i++) {
            if (fx_failed(b, plain_send(q, peer_payloads[i]))) {
                return;
            }
        }
        for (int i = 0; i < PEER_MESSAGES; i++) {
            void *item = plain_pop(q);
            n_wrong += !item || memcmp(item, peer_payloads[i], PEER_SIZE) != 0;
            free(item);
        }
    }
    bench_count_errors(b, n_wrong);
}

/* ---- minibus --------------------------------------------------------------------------------- */

struct minibus {
    mb_broker *broker;
    mb_subscriber *subscriber;
};

static const char topic[] = "orders";

static int minibus_setup(bench_state *b) {
    struct minibus *m = fx_new(b, sizeof *m);
    if (!m) {
        return -1;
    }
    peer_fill_payloads();
    if (fx_failed(b, mb_broker_new(&m->broker, NULL)) ||
        fx_failed(b, mb_subscribe(&m->subscriber, m->broker, topic))) {
        return -1;
    }
    return 0;
}

static void minibus_teardown(bench_state *b) {
    struct minibus *m = bench_user(b);
    if (!m) {
        return;
    }
    mb_subscriber_free(m->subscriber);
    mb_broker_free(m->broker);
    free(m);
}

static int is_wrong(const mb_message *message, int i) {
    return mb_message_payload_size(message) != PEER_SIZE ||
           memcmp(mb_message_payload(message), peer_payloads[i], PEER_SIZE) != 0;
}

static int minibus_send(const struct minibus *m, const void *payload) {
    mb_message *message;
    int rc = mb_message_new(&message, payload, PEER_SIZE);
    if (rc == 0) {
        rc = mb_publish(m->broker, topic, &message, 1);
        mb_message_unref(message);
    }
    return rc;
}

static void minibus(bench_state *b) {
    const struct minibus *m = bench_user(b);
    uint64_t n_wrong = 0;
    BENCH_LOOP(b) {
        for (int i = 0; i < PEER_MESSAGES; i++) {
            if (fx_failed(b, minibus_send(m, peer_payloads[i]))) {
                return;
            }
        }
        for (int i = 0; i < PEER_MESSAGES; i++) {
            mb_delivery d;
            if (fx_failed(b, mb_subscriber_try_receive(&d, m->subscriber))) {
                return;
            }
            n_wrong += is_wrong(d.message, i);
            mb_message_unref(d.message);
        }
    }
    bench_count_errors(b, n_wrong);
}

static int minibus_send_batch(const struct minibus *m) {
    mb_message *messages[PEER_MESSAGES];
    int n = 0, rc = 0;
    while (n < PEER_MESSAGES && rc == 0) {
        rc = mb_message_new(&messages[n], peer_payloads[n], PEER_SIZE);
        n += rc == 0;
    }
    if (rc == 0) {
        rc = mb_publish(m->broker, topic, messages, PEER_MESSAGES);
    }
    while (n > 0) {
        mb_message_unref(messages[--n]);
    }
    return rc;
}

static void minibus_batch(bench_state *b) {
    const struct minibus *m = bench_user(b);
    uint64_t n_wrong = 0;
    BENCH_LOOP(b) {
        mb_delivery deliveries[PEER_MESSAGES];
        size_t n;
        if (fx_failed(b, minibus_send_batch(m)) ||
            fx_failed(
                b, mb_subscriber_receive_batch(deliveries, PEER_MESSAGES, &n, m->subscriber, 0))) {
            return;
        }
        n_wrong += PEER_MESSAGES - n;
        for (size_t i = 0; i < n; i++) {
            n_wrong += is_wrong(deliveries[i].message, (int)i);
            mb_message_unref(deliveries[i].message);
        }
    }
    bench_count_errors(b, n_wrong);
}

bench_suite *in_memory_peers_suite(void) {
    const bench_opts plain_opts = {.setup = plain_setup, .teardown = plain_teardown};
    const bench_opts minibus_opts = {.setup = minibus_setup, .teardown = minibus_teardown};
    const bench_opts nng_opts = {.setup = peer_nng_setup, .teardown = peer_nng_teardown};
    bench_suite *suite = bench_suite_new("in_memory_peers");
    bench_group *g = bench_group_new(suite, "send_receive");
    bench_group_throughput_fixed(g, BENCH_ELEMENTS, PEER_MESSAGES);
    bench_add(g, "plain_queue", plain_queue, &plain_opts);
    bench_add(g, "minibus", minibus, &minibus_opts);
    bench_add(g, "minibus_batch", minibus_batch, &minibus_opts);
    bench_add(g, "nng", peer_nng, &nng_opts);
    bench_pair(g, "minibus_over_plain_queue", "plain_queue", "minibus");
    bench_pair(g, "nng_over_minibus", "minibus", "nng");
    return suite;
}
