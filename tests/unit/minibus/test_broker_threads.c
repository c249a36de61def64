/*
 * The broker between threads: nothing lost, nothing twice, order kept; waiters are woken. Threads
 * count what is wrong, the main thread asserts: cmocka's assertions do not work elsewhere.
 */
#include "testing.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "minibus/broker.h"
#include "minibus/metadata.h"

enum { MAX_THREADS = 4, N_BATCHES = 150, BATCH = 20, PER_PUBLISHER = N_BATCHES * BATCH };

static mb_broker *new_broker(size_t capacity, mb_overflow overflow) {
    mb_broker *broker = NULL;
    const mb_broker_options options = {
        .queue_capacity = capacity, .overflow = overflow, .block_timeout_ns = MB_FOREVER};
    assert_int_equal(mb_broker_new(&broker, &options), 0);
    return broker;
}

static pthread_t start(void *(*run)(void *), void *argument) {
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, run, argument), 0);
    return thread;
}

struct publisher {
    mb_broker *broker;
    const char *topic;
    int id;
    int rc;
};

/* Publishes PER_PUBLISHER messages: the payload is the publisher, the sequence counts from 1. */
static void *run_publisher(void *argument) {
    struct publisher *p = argument;
    uint64_t sequence = 0;
    for (int b = 0; b < N_BATCHES && p->rc == 0; b++) {
        mb_message *messages[BATCH];
        size_t n = 0;
        for (; n < BATCH && p->rc == 0; n++) {
            p->rc = mb_message_new(&messages[n], &p->id, sizeof p->id);
            if (p->rc == 0) {
                p->rc = mb_message_set_sequence(messages[n], ++sequence);
            }
        }
        if (p->rc == 0) {
            p->rc = mb_publish(p->broker, p->topic, messages, n);
        }
        while (n > 0) {
            mb_message_unref(messages[--n]);
        }
    }
    return NULL;
}

struct receiver {
    mb_subscriber *subscriber;
    uint64_t n_received;
    uint64_t last_sequence;           /* of the topic */
    uint64_t last_by_id[MAX_THREADS]; /* of each publisher */
    uint64_t n_wrong;                 /* gaps, repetitions, changes of order */
    int rc;                           /* how it ended */
};

static void check_delivery(struct receiver *r, const mb_delivery *d) {
    int id;
    memcpy(&id, mb_message_payload(d->message), sizeof id);
    const uint64_t sequence = mb_message_sequence(d->message);
    r->n_wrong += d->sequence != r->last_sequence + 1;
    r->n_wrong += sequence != r->last_by_id[id] + 1;
    r->last_sequence = d->sequence;
    r->last_by_id[id] = sequence;
    r->n_received++;
}

/* Receives until the broker is shut down, in turns one by one and in batches. */
static void *run_receiver(void *argument) {
    struct receiver *r = argument;
    while (r->rc == 0) {
        mb_delivery d[7];
        size_t n;
        r->rc = mb_subscriber_receive_batch(d, r->n_received % 2 ? 7 : 1, &n, r->subscriber,
                                            MB_FOREVER);
        for (size_t i = 0; i < n; i++) {
            check_delivery(r, &d[i]);
            mb_message_unref(d[i].message);
        }
    }
    return NULL;
}

static void check_exchange(int n_publishers, int n_receivers) {
    mb_broker *broker = new_broker(2 * BATCH, MB_OVERFLOW_BLOCK);
    struct publisher publishers[MAX_THREADS] = {0};
    struct receiver receivers[MAX_THREADS] = {0};
    pthread_t publishing[MAX_THREADS], receiving[MAX_THREADS];
    for (int i = 0; i < n_receivers; i++) {
        assert_int_equal(mb_subscribe(&receivers[i].subscriber, broker, "t"), 0);
    }
    for (int i = 0; i < n_receivers; i++) {
        receiving[i] = start(run_receiver, &receivers[i]);
    }
    for (int i = 0; i < n_publishers; i++) {
        publishers[i] = (struct publisher){.broker = broker, .topic = "t", .id = i};
        publishing[i] = start(run_publisher, &publishers[i]);
    }
    for (int i = 0; i < n_publishers; i++) {
        pthread_join(publishing[i], NULL);
        assert_int_equal(publishers[i].rc, 0);
    }
    mb_broker_shutdown(broker);
    for (int i = 0; i < n_receivers; i++) {
        pthread_join(receiving[i], NULL);
        assert_int_equal(receivers[i].rc, MB_ECLOSED);
        assert_int_equal(receivers[i].n_wrong, 0);
        assert_int_equal(receivers[i].n_received, n_publishers * PER_PUBLISHER);
        mb_subscriber_free(receivers[i].subscriber);
    }
    mb_broker_free(broker);
}

static void test_nothing_is_lost_or_doubled(void **state) {
    (void)state;
    for (int publishers = 1; publishers <= MAX_THREADS; publishers += 3) {
        for (int receivers = 1; receivers <= MAX_THREADS; receivers += 3) {
            check_exchange(publishers, receivers);
        }
    }
}

static void test_topics_of_their_own(void **state) {
    (void)state;
    static const char *const topics[MAX_THREADS] = {"a", "b", "c", "d"};
    mb_broker *broker = new_broker(PER_PUBLISHER, MB_OVERFLOW_REJECT);
    struct publisher publishers[MAX_THREADS];
    struct receiver receivers[MAX_THREADS] = {0};
    pthread_t publishing[MAX_THREADS];
    for (int i = 0; i < MAX_THREADS; i++) {
        assert_int_equal(mb_subscribe(&receivers[i].subscriber, broker, topics[i]), 0);
        publishers[i] = (struct publisher){.broker = broker, .topic = topics[i], .id = i};
        publishing[i] = start(run_publisher, &publishers[i]);
    }
    for (int i = 0; i < MAX_THREADS; i++) {
        pthread_join(publishing[i], NULL);
    }
    mb_broker_shutdown(broker);
    for (int i = 0; i < MAX_THREADS; i++) {
        run_receiver(&receivers[i]);
        assert_int_equal(publishers[i].rc, 0);
        assert_int_equal(receivers[i].n_wrong, 0);
        assert_int_equal(receivers[i].n_received, PER_PUBLISHER);
        mb_subscriber_free(receivers[i].subscriber);
    }
    mb_broker_free(broker);
}

/* Several threads receive from one subscriber: each message goes to exactly one of them. */
struct consumer {
    mb_subscriber *subscriber;
    atomic_uchar *seen; /* by topic sequence */
    uint64_t n_received;
};

static void *run_consumer(void *argument) {
    struct consumer *c = argument;
    mb_delivery d;
    while (mb_subscriber_receive(&d, c->subscriber, MB_FOREVER) == 0) {
        atomic_fetch_add(&c->seen[d.sequence], 1);
        c->n_received++;
        mb_message_unref(d.message);
    }
    return NULL;
}

static void test_competing_consumers_share(void **state) {
    (void)state;
    static atomic_uchar seen[PER_PUBLISHER + 1];
    mb_broker *broker = new_broker(BATCH, MB_OVERFLOW_BLOCK);
    mb_subscriber *s;
    struct consumer consumers[MAX_THREADS];
    pthread_t threads[MAX_THREADS];
    assert_int_equal(mb_subscribe(&s, broker, "t"), 0);
    for (int i = 0; i < MAX_THREADS; i++) {
        consumers[i] = (struct consumer){s, seen, 0};
        threads[i] = start(run_consumer, &consumers[i]);
    }
    struct publisher p = {.broker = broker, .topic = "t"};
    run_publisher(&p);
    assert_int_equal(p.rc, 0);
    mb_broker_shutdown(broker);
    uint64_t n_received = 0;
    for (int i = 0; i < MAX_THREADS; i++) {
        pthread_join(threads[i], NULL);
        n_received += consumers[i].n_received;
    }
    assert_int_equal(n_received, PER_PUBLISHER);
    for (int i = 1; i <= PER_PUBLISHER; i++) {
        assert_int_equal(seen[i], 1);
    }
    mb_subscriber_free(s);
    mb_broker_free(broker);
}

static void test_shutdown_wakes_receivers(void **state) {
    (void)state;
    for (int round = 0; round < 30; round++) {
        mb_broker *broker = new_broker(1, MB_OVERFLOW_REJECT);
        struct receiver receivers[MAX_THREADS] = {0};
        pthread_t threads[MAX_THREADS];
        for (int i = 0; i < MAX_THREADS; i++) {
            assert_int_equal(mb_subscribe(&receivers[i].subscriber, broker, i % 2 ? "t" : "u"), 0);
            threads[i] = start(run_receiver, &receivers[i]);
        }
        mb_broker_shutdown(broker);
        for (int i = 0; i < MAX_THREADS; i++) {
            pthread_join(threads[i], NULL);
            assert_int_equal(receivers[i].rc, MB_ECLOSED);
            mb_subscriber_free(receivers[i].subscriber);
        }
        mb_broker_free(broker);
    }
}

static void test_shutdown_wakes_blocked_publishers(void **state) {
    (void)state;
    mb_broker *broker = new_broker(2 * BATCH, MB_OVERFLOW_BLOCK);
    mb_subscriber *s; /* which nobody reads: publishers get stuck after two batches */
    struct publisher publishers[MAX_THREADS];
    pthread_t threads[MAX_THREADS];
    assert_int_equal(mb_subscribe(&s, broker, "t"), 0);
    for (int i = 0; i < MAX_THREADS; i++) {
        publishers[i] = (struct publisher){.broker = broker, .topic = "t", .id = i};
        threads[i] = start(run_publisher, &publishers[i]);
    }
    while (mb_subscriber_stats_now(s).queued != 2 * BATCH) {
        sched_yield();
    }
    mb_broker_shutdown(broker);
    for (int i = 0; i < MAX_THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(publishers[i].rc, MB_ECLOSED);
    }
    mb_subscriber_free(s);
    mb_broker_free(broker);
}

static void test_unsubscribing_releases_blocked_publishers(void **state) {
    (void)state;
    mb_broker *broker = new_broker(2 * BATCH, MB_OVERFLOW_BLOCK);
    mb_subscriber *s;
    struct publisher p = {.broker = broker, .topic = "t"};
    assert_int_equal(mb_subscribe(&s, broker, "t"), 0);
    const pthread_t thread = start(run_publisher, &p);
    while (mb_subscriber_stats_now(s).queued != 2 * BATCH) {
        sched_yield();
    }
    mb_subscriber_free(s);
    pthread_join(thread, NULL);
    assert_int_equal(p.rc, 0);
    mb_broker_free(broker);
}

/* Subscribers that come and go, and topics that come into being, while others publish. */
static void *run_visitor(void *argument) {
    struct publisher *v = argument;
    for (int i = 0; i < 200 && v->rc == 0; i++) {
        char topic[32];
        mb_subscriber *own = NULL, *common = NULL;
        mb_delivery d;
        snprintf(topic, sizeof topic, "%d-%d", v->id, i);
        v->rc = mb_subscribe(&own, v->broker, topic);
        if (v->rc == 0) {
            v->rc = mb_subscribe(&common, v->broker, v->topic);
        }
        if (v->rc == 0 && mb_subscriber_receive(&d, common, 1000) == 0) {
            mb_message_unref(d.message);
        }
        mb_subscriber_free(own);
        mb_subscriber_free(common);
    }
    return NULL;
}

static void test_subscribers_come_and_go(void **state) {
    (void)state;
    mb_broker *broker = new_broker(BATCH, MB_OVERFLOW_DROP_OLDEST);
    struct publisher workers[MAX_THREADS];
    pthread_t threads[MAX_THREADS];
    for (int i = 0; i < MAX_THREADS; i++) {
        workers[i] = (struct publisher){.broker = broker, .topic = "t", .id = i};
        threads[i] = start(i % 2 ? run_publisher : run_visitor, &workers[i]);
    }
    for (int i = 0; i < MAX_THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(workers[i].rc, 0);
    }
    mb_broker_free(broker);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_is_lost_or_doubled),
        cmocka_unit_test(test_topics_of_their_own),
        cmocka_unit_test(test_competing_consumers_share),
        cmocka_unit_test(test_shutdown_wakes_receivers),
        cmocka_unit_test(test_shutdown_wakes_blocked_publishers),
        cmocka_unit_test(test_unsubscribing_releases_blocked_publishers),
        cmocka_unit_test(test_subscribers_come_and_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
