/* Acknowledging between threads: several receivers of one subscription refuse, forget and settle;
 * in the end every message was settled once or became a dead letter. Threads count, the main thread
 * asserts. */
#include "testing.h"

#include <pthread.h>
#include <stdatomic.h>

#include "minibus/ack.h"

enum { N_MESSAGES = 4000, N_RECEIVERS = 3 };

struct shared {
    mb_broker *broker;
    mb_subscriber *work;
    atomic_int now_ns;
    atomic_uint n_settled[N_MESSAGES]; /* how often each was */
    atomic_uint n_finished;
};

static int64_t now_of(void *user) {
    return atomic_load(&((struct shared *)user)->now_ns);
}

static unsigned number_of(mb_delivery *d) {
    unsigned number;
    memcpy(&number, mb_message_payload(d->message), sizeof number);
    mb_message_unref(d->message);
    return number;
}

/* By its number, a message is settled at once, refused twice, forgotten once, or refused for
 * good. */
static void handle(struct shared *s, mb_delivery *d) {
    const unsigned number = number_of(d);
    int rc = 0;
    if (number % 4 == 3) {
        rc = mb_nack(s->work, d, 0);
    } else if (number % 4 == 1 && d->n_deliveries < 3) {
        mb_nack(s->work, d, 1);
        return;
    } else if (number % 4 == 2 && d->n_deliveries < 2) {
        atomic_fetch_add(&s->now_ns, 100); /* it, and others, will time out */
        return;
    } else {
        rc = mb_ack(s->work, d);
    }
    if (rc == 0) {
        atomic_fetch_add(&s->n_settled[number], 1);
        atomic_fetch_add(&s->n_finished, 1);
    }
}

static void *run_receiver(void *argument) {
    struct shared *s = argument;
    while (atomic_load(&s->n_finished) < N_MESSAGES) {
        mb_delivery d;
        const int rc = mb_subscriber_receive(&d, s->work, 100000);
        if (rc == 0) {
            handle(s, &d);
        } else {
            atomic_fetch_add(&s->now_ns, 100);
        }
    }
    return NULL;
}

static void *run_publisher(void *argument) {
    struct shared *s = argument;
    for (unsigned i = 0; i < N_MESSAGES; i++) {
        mb_message *m = NULL;
        if (mb_message_new(&m, &i, sizeof i) == 0) {
            mb_publish(s->broker, "work", &m, 1);
        }
        mb_message_unref(m);
    }
    return NULL;
}

static void test_each_is_settled_once(void **state) {
    (void)state;
    static struct shared s;
    mb_subscriber *dead;
    pthread_t receivers[N_RECEIVERS], publisher;
    const mb_broker_options options = {.queue_capacity = N_MESSAGES,
                                       .overflow = MB_OVERFLOW_BLOCK,
                                       .block_timeout_ns = MB_FOREVER,
                                       .now_ns = now_of,
                                       .clock_user = &s};
    assert_int_equal(mb_broker_new(&s.broker, &options), 0);
    assert_int_equal(mb_subscribe(&dead, s.broker, "dead"), 0);
    const mb_ack_options ack_options = {.max_pending = 8,
                                        .visibility_timeout_ns = 1000,
                                        .max_deliveries = UINT32_MAX,
                                        .dead_letter_topic = "dead"};
    assert_int_equal(mb_subscribe_ack(&s.work, s.broker, "work", &ack_options), 0);
    for (int i = 0; i < N_RECEIVERS; i++) {
        assert_int_equal(pthread_create(&receivers[i], NULL, run_receiver, &s), 0);
    }
    assert_int_equal(pthread_create(&publisher, NULL, run_publisher, &s), 0);
    pthread_join(publisher, NULL);
    for (int i = 0; i < N_RECEIVERS; i++) {
        pthread_join(receivers[i], NULL);
    }
    for (int i = 0; i < N_MESSAGES; i++) {
        assert_int_equal(atomic_load(&s.n_settled[i]), 1);
    }
    const mb_ack_stats stats = mb_ack_stats_now(s.work);
    assert_int_equal(stats.acked, N_MESSAGES - N_MESSAGES / 4);
    assert_int_equal(stats.dead_lettered, N_MESSAGES / 4);
    assert_int_equal(stats.pending + stats.returned + stats.dead, 0);
    assert_true(stats.redelivered >= 3 * N_MESSAGES / 4);
    mb_subscriber_free(s.work);
    assert_int_equal(mb_broker_unacked_lost(s.broker), 0);
    assert_int_equal(mb_subscriber_stats_now(dead).queued, N_MESSAGES / 4);
    mb_subscriber_free(dead);
    mb_broker_free(s.broker);
}

struct waiter {
    mb_subscriber *subscriber;
    mb_delivery delivery;
    atomic_int started;
    int rc;
};

static void *run_waiter(void *argument) {
    struct waiter *w = argument;
    atomic_store(&w->started, 1);
    w->rc = mb_subscriber_receive(&w->delivery, w->subscriber, MB_FOREVER);
    return NULL;
}

/* A receiver that waits for ever gets what comes back: by refusal, by room in the table, by
 * time. */
static void test_waiting_receivers_are_woken(void **state) {
    (void)state;
    for (int by = 0; by < 3; by++) {
        mb_broker *broker;
        struct waiter w = {0};
        pthread_t thread;
        mb_delivery first;
        assert_int_equal(mb_broker_new(&broker, NULL), 0);
        const mb_ack_options options = {.max_pending = 1,
                                        .visibility_timeout_ns = by == 2 ? 100000 : MB_FOREVER};
        assert_int_equal(mb_subscribe_ack(&w.subscriber, broker, "t", &options), 0);
        mb_message *const messages[] = {new_message("a"), new_message("b")};
        assert_int_equal(mb_publish(broker, "t", messages, 2), 0);
        assert_int_equal(mb_subscriber_receive(&first, w.subscriber, 0), 0);
        assert_int_equal(pthread_create(&thread, NULL, run_waiter, &w), 0);
        while (!atomic_load(&w.started)) {
        }
        if (by == 0) {
            assert_int_equal(mb_nack(w.subscriber, &first, 1), 0);
        } else if (by == 1) {
            assert_int_equal(mb_ack(w.subscriber, &first), 0);
        }
        pthread_join(thread, NULL);
        assert_int_equal(w.rc, 0);
        assert_int_equal(w.delivery.n_deliveries, by == 1 ? 1 : 2);
        assert_payload(w.delivery.message, by == 1 ? "b" : "a");
        mb_message_unref(w.delivery.message);
        mb_message_unref(first.message);
        mb_message_unref(messages[0]);
        mb_message_unref(messages[1]);
        mb_subscriber_free(w.subscriber);
        mb_broker_free(broker);
    }
}

/* Its subscriber goes while it publishes: everything up to that moment was acknowledged or is a
 * dead letter, once. */
static void test_a_subscriber_that_goes_while_others_publish(void **state) {
    (void)state;
    static unsigned n_seen[N_MESSAGES];
    struct shared s = {0};
    pthread_t thread;
    mb_subscriber *dead;
    mb_delivery d;
    memset(n_seen, 0, sizeof n_seen);
    assert_int_equal(mb_broker_new(&s.broker, &(mb_broker_options){.queue_capacity = N_MESSAGES}),
                     0);
    assert_int_equal(mb_subscribe(&dead, s.broker, "dead"), 0);
    assert_int_equal(
        mb_subscribe_ack(&s.work, s.broker, "work", &(mb_ack_options){.dead_letter_topic = "dead"}),
        0);
    assert_int_equal(pthread_create(&thread, NULL, run_publisher, &s), 0);
    for (int i = 0; i < 300; i++) {
        assert_int_equal(mb_subscriber_receive(&d, s.work, MB_FOREVER), 0);
        const unsigned number = number_of(&d);
        if (number % 3) {
            assert_int_equal(mb_ack(s.work, &d), 0);
            n_seen[number]++;
        }
    }
    mb_subscriber_free(s.work);
    pthread_join(thread, NULL);
    while (mb_subscriber_try_receive(&d, dead) == 0) {
        n_seen[number_of(&d)]++;
    }
    unsigned n = 0;
    while (n < N_MESSAGES && n_seen[n] == 1) {
        n++;
    }
    assert_true(n >= 300);
    for (; n < N_MESSAGES; n++) {
        assert_int_equal(n_seen[n], 0); /* published later */
    }
    assert_int_equal(mb_broker_unacked_lost(s.broker), 0);
    mb_subscriber_free(dead);
    mb_broker_free(s.broker);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_is_settled_once),
        cmocka_unit_test(test_waiting_receivers_are_woken),
        cmocka_unit_test(test_a_subscriber_that_goes_while_others_publish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
