/* The table of topics: very many, found by threads while it grows, and without memory to grow. */
#include "testing.h"

#include <pthread.h>
#include <stdio.h>

#include "minibus/broker_struct.h"

enum { NAME_SIZE = 32 };

static mb_broker *new_broker(void) {
    mb_broker *broker = NULL;
    assert_int_equal(mb_broker_new(&broker, &(mb_broker_options){.queue_capacity = 1}), 0);
    return broker;
}

static char *name_of(char name[NAME_SIZE], int i) {
    snprintf(name, NAME_SIZE, "orders/eu/%d", i);
    return name;
}

/* A topic comes into being with its first subscription, and stays. */
static int add_topic(mb_broker *broker, const char *name) {
    mb_subscriber *s = NULL;
    const int rc = mb_subscribe(&s, broker, name);
    mb_subscriber_free(s);
    return rc;
}

/* The most places that a search can have to look at. */
static size_t longest_walk(mb_broker *broker) {
    struct mb__topic_table *table = atomic_load(&broker->topics.table);
    size_t longest = 0, length = 0;
    for (size_t i = 0; i < 2 * (table->mask + 1); i++) { /* twice: the last is before the first */
        length = atomic_load(&table->places[i & table->mask]) ? length + 1 : 0;
        longest = length > longest ? length : longest;
    }
    return longest;
}

static void test_100000_topics_are_found_as_fast_as_a_few(void **state) {
    (void)state;
    enum { N = 100000 };
    char name[NAME_SIZE];
    mb_broker *broker = new_broker();
    for (int i = 0; i < N; i++) {
        assert_int_equal(add_topic(broker, name_of(name, i)), 0);
    }
    for (int i = 0; i < N; i++) {
        const struct mb__topic *topic = mb__topics_find(&broker->topics, name_of(name, i));
        assert_non_null(topic);
        assert_string_equal(topic->name, name);
    }
    assert_null(mb__topics_find(&broker->topics, name_of(name, N)));
    assert_int_equal(add_topic(broker, name_of(name, 7)), 0); /* is there already */
    assert_int_equal(broker->topics.n, N);
    assert_true(atomic_load(&broker->topics.table)->mask >= 2 * N);
    assert_true(longest_walk(broker) < 64);
    mb_broker_shutdown(broker);
    assert_int_equal(mb_publish(broker, name_of(name, N - 1), NULL, 0), MB_ECLOSED);
    mb_broker_free(broker);
}

struct sender {
    mb_broker *broker;
    int id;
    int n_lost;
};

/* Each message that was published has to arrive: a topic must never be missed. */
static void *send_and_receive(void *argument) {
    struct sender *sender = argument;
    char name[NAME_SIZE];
    mb_subscriber *s = NULL;
    mb_message *m = NULL;
    snprintf(name, sizeof name, "own-%d", sender->id);
    if (mb_subscribe(&s, sender->broker, name) || mb_message_new(&m, "x", 1)) {
        sender->n_lost = -1;
    }
    for (int i = 0; i < 20000 && sender->n_lost == 0; i++) {
        mb_delivery d;
        sender->n_lost +=
            mb_publish(sender->broker, name, &m, 1) != 0 || mb_subscriber_try_receive(&d, s) != 0;
        if (sender->n_lost == 0) {
            mb_message_unref(d.message);
        }
    }
    mb_message_unref(m);
    mb_subscriber_free(s);
    return NULL;
}

static void test_topics_are_found_while_the_table_grows(void **state) {
    (void)state;
    enum { N_THREADS = 3, N = 10000 };
    struct sender senders[N_THREADS];
    pthread_t threads[N_THREADS];
    char name[NAME_SIZE];
    mb_broker *broker = new_broker();
    for (int i = 0; i < N_THREADS; i++) {
        senders[i] = (struct sender){.broker = broker, .id = i};
        assert_int_equal(pthread_create(&threads[i], NULL, send_and_receive, &senders[i]), 0);
    }
    for (int i = 0; i < N; i++) {
        assert_int_equal(add_topic(broker, name_of(name, i)), 0);
    }
    for (int i = 0; i < N_THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(senders[i].n_lost, 0);
    }
    assert_int_equal(broker->topics.n, N + N_THREADS);
    mb_broker_free(broker);
}

/* As many as the first table takes, and a few more. */
static int fill(void) {
    char name[NAME_SIZE];
    mb_broker *broker = NULL;
    int rc = mb_broker_new(&broker, &(mb_broker_options){.queue_capacity = 1});
    const int n = rc ? 0 : (int)atomic_load(&broker->topics.table)->mask / 2 + 2;
    for (int i = 0; i < n && rc == 0; i++) {
        rc = add_topic(broker, name_of(name, i));
        for (int k = 0; k < i && rc; k++) { /* all before are still there */
            assert_non_null(mb__topics_find(&broker->topics, name_of(name, k)));
        }
    }
    mb_broker_free(broker);
    return rc;
}

static void test_every_allocation_may_fail(void **state) {
    (void)state;
    fail_every_allocation(fill);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_100000_topics_are_found_as_fast_as_a_few),
        cmocka_unit_test(test_topics_are_found_while_the_table_grows),
        cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
