/* The broker in one thread: order, fan-out, limits, overflow, times to live, shutdown, memory. */
#include "testing.h"

#include <stdio.h>

#include "minibus/broker.h"

static mb_broker *new_broker(size_t capacity, mb_overflow overflow) {
    mb_broker *broker = NULL;
    const mb_broker_options options = {
        .queue_capacity = capacity, .overflow = overflow, .block_timeout_ns = 1};
    assert_int_equal(mb_broker_new(&broker, &options), 0);
    return broker;
}

static mb_subscriber *subscribe(mb_broker *broker, const char *topic) {
    mb_subscriber *s = NULL;
    assert_int_equal(mb_subscribe(&s, broker, topic), 0);
    return s;
}

/* Publishes one batch with a message for every character. */
static int publish_letters(mb_broker *broker, const char *topic, const char *letters) {
    mb_message *messages[16];
    const size_t n = strlen(letters);
    assert_true(n <= 16);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(mb_message_new(&messages[i], &letters[i], 1), 0);
    }
    const int rc = mb_publish(broker, topic, messages, n);
    for (size_t i = 0; i < n; i++) {
        mb_message_unref(messages[i]);
    }
    return rc;
}

/* Receives all there is: the letters, and the first one's sequence number. */
static uint64_t receive_letters(mb_subscriber *s, const char *expected) {
    char letters[64] = "";
    uint64_t first = 0, last = 0;
    mb_delivery d;
    for (size_t n = 0; mb_subscriber_try_receive(&d, s) == 0; n++) {
        assert_true(n + 1 < sizeof letters);
        assert_int_equal(mb_message_payload_size(d.message), 1);
        letters[n] = *(const char *)mb_message_payload(d.message);
        assert_true(n == 0 || d.sequence == last + 1);
        last = d.sequence;
        first = n == 0 ? last : first;
        mb_message_unref(d.message);
    }
    assert_string_equal(letters, expected);
    return first;
}

static void test_every_subscriber_gets_everything_in_order(void **state) {
    (void)state;
    mb_broker *broker = new_broker(0, MB_OVERFLOW_REJECT);
    mb_subscriber *a = subscribe(broker, "t"), *b = subscribe(broker, "t");
    mb_subscriber *other = subscribe(broker, "u");
    assert_int_equal(publish_letters(broker, "t", "abc"), 0);
    assert_int_equal(publish_letters(broker, "t", "d"), 0);
    assert_int_equal(receive_letters(a, "abcd"), 1);
    assert_int_equal(receive_letters(b, "abcd"), 1);
    receive_letters(other, "");
    mb_subscriber_free(a);
    mb_subscriber_free(b);
    mb_subscriber_free(other);
    mb_broker_free(broker);
}

static void test_only_current_subscribers(void **state) {
    (void)state;
    mb_broker *broker = new_broker(0, MB_OVERFLOW_REJECT);
    assert_int_equal(publish_letters(broker, "t", "abc"), 0); /* nobody was ever there */
    mb_subscriber *early = subscribe(broker, "t");
    assert_int_equal(publish_letters(broker, "t", "de"), 0);
    mb_subscriber *late = subscribe(broker, "t");
    assert_int_equal(publish_letters(broker, "t", "f"), 0);
    assert_int_equal(receive_letters(late, "f"), 3);
    assert_int_equal(receive_letters(early, "def"), 1);
    mb_subscriber_free(early);
    assert_int_equal(publish_letters(broker, "t", "g"), 0);
    assert_int_equal(receive_letters(late, "g"), 4);
    mb_subscriber_free(late);
    assert_int_equal(publish_letters(broker, "t", "h"), 0); /* nobody is there any more */
    mb_broker_free(broker);
}

static void test_a_message_can_be_published_again_and_elsewhere(void **state) {
    (void)state;
    mb_broker *broker = new_broker(0, MB_OVERFLOW_REJECT);
    mb_subscriber *t = subscribe(broker, "t"), *u = subscribe(broker, "u");
    mb_message *m = new_message("x");
    mb_message *const twice[] = {m, m};
    assert_int_equal(mb_publish(broker, "t", twice, 2), 0);
    assert_int_equal(mb_publish(broker, "u", &m, 1), 0);
    assert_int_equal(mb_message_set_ttl_ns(m, 1), MB_ESHARED);
    assert_int_equal(receive_letters(t, "xx"), 1);
    assert_int_equal(receive_letters(u, "x"), 1);
    assert_int_equal(mb_message_set_ttl_ns(m, 1), 0); /* all other references are back */
    mb_message_unref(m);
    mb_subscriber_free(t);
    mb_subscriber_free(u);
    mb_broker_free(broker);
}

static void test_receive_batch(void **state) {
    (void)state;
    mb_broker *broker = new_broker(5, MB_OVERFLOW_REJECT);
    mb_subscriber *s = subscribe(broker, "t");
    mb_delivery d[4];
    size_t n = 99;
    assert_int_equal(mb_subscriber_receive_batch(d, 4, &n, s, 0), MB_ETIMEOUT);
    assert_int_equal(n, 0);
    for (int round = 0; round < 10; round++) { /* the ring wraps at every offset */
        assert_int_equal(publish_letters(broker, "t", "abcde"), 0);
        assert_int_equal(mb_subscriber_receive_batch(d, 4, &n, s, MB_FOREVER), 0);
        assert_int_equal(n, 4);
        for (size_t i = 0; i < n; i++) {
            assert_int_equal(d[i].sequence, (size_t)round * 5 + i + 1);
            assert_int_equal(*(const char *)mb_message_payload(d[i].message), 'a' + i);
            mb_message_unref(d[i].message);
        }
        receive_letters(s, "e");
    }
    mb_subscriber_free(s);
    mb_broker_free(broker);
}

static void test_timeouts(void **state) {
    (void)state;
    mb_broker *broker = new_broker(0, MB_OVERFLOW_REJECT);
    mb_subscriber *s = subscribe(broker, "t");
    mb_delivery d;
    assert_int_equal(mb_subscriber_try_receive(&d, s), MB_EEMPTY);
    assert_int_equal(mb_subscriber_receive(&d, s, 0), MB_ETIMEOUT);
    assert_int_equal(mb_subscriber_receive(&d, s, 1), MB_ETIMEOUT);
    assert_int_equal(mb_subscriber_receive(&d, s, 999999), MB_ETIMEOUT);
    mb_subscriber_free(s);
    mb_broker_free(broker);
}

static void check_full_queue(mb_overflow overflow) {
    mb_broker *broker = new_broker(3, overflow);
    mb_subscriber *slow = subscribe(broker, "t"), *fast = subscribe(broker, "t");
    assert_int_equal(publish_letters(broker, "t", "ab"), 0);
    receive_letters(fast, "ab");
    assert_int_equal(publish_letters(broker, "t", "cd"), MB_EQUEUEFULL); /* nobody gets any of it */
    assert_int_equal(publish_letters(broker, "t", "e"), 0);
    assert_int_equal(publish_letters(broker, "t", "f"), MB_EQUEUEFULL);
    assert_int_equal(receive_letters(fast, "e"), 3);
    assert_int_equal(receive_letters(slow, "abe"), 1);
    assert_int_equal(publish_letters(broker, "t", "wxyz"), MB_EQUEUEFULL); /* never fits */
    assert_int_equal(publish_letters(broker, "t", "xyz"), 0);
    mb_subscriber_free(slow); /* with messages in its queue */
    mb_subscriber_free(fast);
    mb_broker_free(broker);
}

static void test_overflow_reject(void **state) {
    (void)state;
    check_full_queue(MB_OVERFLOW_REJECT);
}

static void test_overflow_block_gives_up_in_the_end(void **state) {
    (void)state;
    check_full_queue(MB_OVERFLOW_BLOCK);
}

static void test_overflow_drop_oldest(void **state) {
    (void)state;
    mb_broker *broker = new_broker(3, MB_OVERFLOW_DROP_OLDEST);
    mb_subscriber *slow = subscribe(broker, "t"), *fast = subscribe(broker, "t");
    assert_int_equal(publish_letters(broker, "t", "ab"), 0);
    receive_letters(fast, "ab");
    assert_int_equal(publish_letters(broker, "t", "cde"), 0);
    assert_int_equal(publish_letters(broker, "t", "wxyz"), MB_EQUEUEFULL);
    assert_int_equal(receive_letters(fast, "cde"), 3);
    assert_int_equal(receive_letters(slow, "cde"), 3);
    assert_int_equal(mb_subscriber_stats_now(fast).dropped, 0);
    assert_int_equal(mb_subscriber_stats_now(slow).dropped, 2);
    mb_subscriber_free(slow);
    mb_subscriber_free(fast);
    mb_broker_free(broker);
}

static int64_t read_clock(void *user) {
    return *(int64_t *)user;
}

static mb_broker *broker_with_clock(int64_t *now_ns) {
    mb_broker *broker = NULL;
    const mb_broker_options options = {.now_ns = read_clock, .clock_user = now_ns};
    assert_int_equal(mb_broker_new(&broker, &options), 0);
    return broker;
}

static void publish_with_ttl(mb_broker *broker, const char *payload, int64_t ttl_ns) {
    mb_message *m = new_message(payload);
    assert_int_equal(mb_message_set_ttl_ns(m, ttl_ns), 0);
    assert_int_equal(mb_publish(broker, "t", &m, 1), 0);
    mb_message_unref(m);
}

static void test_expired_messages_are_not_received(void **state) {
    (void)state;
    int64_t now_ns = 1000;
    mb_broker *broker = broker_with_clock(&now_ns);
    mb_subscriber *s = subscribe(broker, "t");
    publish_with_ttl(broker, "a", 10);
    publish_with_ttl(broker, "b", 30);
    publish_with_ttl(broker, "c", 20);
    publish_with_ttl(broker, "d", 0);
    publish_with_ttl(broker, "e", INT64_MAX);
    now_ns = 1009;
    mb_delivery d;
    assert_int_equal(mb_subscriber_receive(&d, s, 0), 0);
    assert_payload(d.message, "a");
    mb_message_unref(d.message);
    now_ns = 1020;
    assert_int_equal(mb_subscriber_receive(&d, s, 0), 0);
    assert_payload(d.message, "b");
    mb_message_unref(d.message);
    now_ns = INT64_MAX - 1;
    assert_int_equal(receive_letters(s, "de"), 4); /* c is gone, and the gap shows it */
    publish_with_ttl(broker, "f", 1);
    now_ns = INT64_MAX;
    assert_int_equal(mb_subscriber_receive(&d, s, 0), MB_ETIMEOUT); /* nothing but expired ones */
    const mb_subscriber_stats stats = mb_subscriber_stats_now(s);
    assert_int_equal(stats.received, 4);
    assert_int_equal(stats.expired, 2);
    assert_int_equal(stats.queued, 0);
    mb_subscriber_free(s);
    mb_broker_free(broker);
}

/* Set back, a clock makes messages live longer, never shorter; and it may count from anywhere. */
static void test_times_to_live_with_a_clock_that_is_set_back(void **state) {
    (void)state;
    int64_t now_ns = 1000;
    mb_broker *broker = broker_with_clock(&now_ns);
    mb_subscriber *s = subscribe(broker, "t");
    publish_with_ttl(broker, "a", 10);
    now_ns = -5;
    publish_with_ttl(broker, "b", 5); /* until 0, a time like any other */
    publish_with_ttl(broker, "c", INT64_MAX);
    now_ns = 1009;
    mb_delivery d;
    assert_int_equal(mb_subscriber_try_receive(&d, s), 0);
    assert_payload(d.message, "a");
    mb_message_unref(d.message);
    receive_letters(s, "c");
    now_ns = INT64_MIN;
    publish_with_ttl(broker, "d", 1);
    publish_with_ttl(broker, "e", INT64_MAX);
    now_ns = INT64_MIN + 1;
    receive_letters(s, "e");
    assert_int_equal(mb_subscriber_stats_now(s).expired, 2);
    mb_subscriber_free(s);
    mb_broker_free(broker);
}

static void test_shutdown_delivers_what_is_queued(void **state) {
    (void)state;
    mb_broker *broker = new_broker(0, MB_OVERFLOW_REJECT);
    mb_subscriber *s = subscribe(broker, "t"), *other = NULL;
    mb_delivery d;
    assert_int_equal(publish_letters(broker, "t", "ab"), 0);
    mb_broker_shutdown(broker);
    mb_broker_shutdown(broker);
    assert_int_equal(publish_letters(broker, "t", "c"), MB_ECLOSED);
    assert_int_equal(publish_letters(broker, "unknown", "c"), MB_ECLOSED);
    assert_int_equal(mb_subscribe(&other, broker, "t"), MB_ECLOSED);
    assert_int_equal(mb_subscribe(&other, broker, "new"), MB_ECLOSED);
    assert_null(other);
    receive_letters(s, "ab");
    assert_int_equal(mb_subscriber_receive(&d, s, MB_FOREVER), MB_ECLOSED);
    assert_int_equal(mb_subscriber_try_receive(&d, s), MB_ECLOSED);
    mb_subscriber_free(s);
    mb_broker_free(broker);
}

static void test_arguments(void **state) {
    (void)state;
    char name[MB_TOPIC_NAME_MAX + 2];
    mb_broker *broker = NULL;
    mb_subscriber *s = NULL;
    assert_int_equal(mb_broker_new(&broker, &(mb_broker_options){.overflow = (mb_overflow)3}),
                     MB_EINVAL);
    assert_int_equal(mb_broker_new(&broker, &(mb_broker_options){.block_timeout_ns = -2}),
                     MB_EINVAL);
    assert_int_equal(mb_broker_new(&broker, NULL), 0);
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    assert_int_equal(mb_subscribe(&s, broker, ""), MB_EINVAL);
    assert_int_equal(mb_subscribe(&s, broker, name), MB_EINVAL);
    assert_null(s);
    name[MB_TOPIC_NAME_MAX] = '\0';
    s = subscribe(broker, name);
    assert_int_equal(publish_letters(broker, name, "a"), 0);
    assert_int_equal(mb_publish(broker, name, NULL, 0), 0);
    receive_letters(s, "a");
    mb_subscriber_free(s);
    mb_subscriber_free(NULL);
    mb_broker_free(broker);
    mb_broker_free(NULL);
}

static void test_odd_topic_names(void **state) {
    (void)state;
    static const char *const good[] = {"\x01\x7f\n", " ", "\xff\xfe", "a/#", "%s%n", "../x"};
    mb_broker *broker = new_broker(0, MB_OVERFLOW_REJECT);
    char *name = malloc(65537);
    mb_subscriber *s = NULL;
    assert_non_null(name);
    memset(name, 'n', 65536);
    name[65536] = '\0';
    assert_int_equal(mb_subscribe(&s, broker, name), MB_EINVAL);
    assert_int_equal(publish_letters(broker, name, "a"), MB_EINVAL);
    assert_int_equal(publish_letters(broker, "", "a"), MB_EINVAL);
    assert_null(s);
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        s = subscribe(broker, good[i]);
        assert_int_equal(publish_letters(broker, good[i], "a"), 0);
        receive_letters(s, "a");
        mb_subscriber_free(s);
    }
    free(name);
    mb_broker_free(broker);
}

/* A payload may be empty, and as large as memory allows: it is passed on, not copied. */
static void test_payloads_of_0_bytes_and_64_mb(void **state) {
    (void)state;
    static const size_t sizes[] = {0, (size_t)64 << 20};
    mb_broker *broker = new_broker(0, MB_OVERFLOW_REJECT);
    mb_subscriber *s = subscribe(broker, "t");
    for (size_t i = 0; i < 2; i++) {
        char *payload = calloc(1, sizes[i] + 1);
        mb_message *m = NULL;
        mb_delivery d;
        assert_non_null(payload);
        payload[sizes[i] / 2] = 'x';
        assert_int_equal(mb_message_new(&m, payload, sizes[i]), 0);
        assert_int_equal(mb_publish(broker, "t", &m, 1), 0);
        assert_int_equal(mb_subscriber_try_receive(&d, s), 0);
        assert_ptr_equal(d.message, m);
        assert_int_equal(mb_message_payload_size(d.message), sizes[i]);
        assert_int_equal(memcmp(mb_message_payload(d.message), payload, sizes[i]), 0);
        mb_message_unref(d.message);
        mb_message_unref(m);
        free(payload);
    }
    mb_subscriber_free(s);
    mb_broker_free(broker);
}

static void test_many_topics_do_not_mix(void **state) {
    (void)state;
    enum { N = 3000 };
    static mb_subscriber *subscribers[N];
    char name[24];
    mb_broker *broker = new_broker(1, MB_OVERFLOW_REJECT);
    for (int i = 0; i < N; i++) {
        snprintf(name, sizeof name, "topic-%d", i);
        subscribers[i] = subscribe(broker, name);
    }
    for (int i = 0; i < N; i++) {
        const char letter[2] = {(char)('a' + i % 26), '\0'};
        snprintf(name, sizeof name, "topic-%d", i);
        assert_int_equal(publish_letters(broker, name, letter), 0);
    }
    for (int i = 0; i < N; i++) {
        const char letter[2] = {(char)('a' + i % 26), '\0'};
        assert_int_equal(receive_letters(subscribers[i], letter), 1);
        mb_subscriber_free(subscribers[i]);
    }
    mb_broker_free(broker);
}

static int set_up_and_publish(void) {
    mb_broker *broker = NULL;
    mb_subscriber *subscribers[6] = {NULL};
    mb_message *m = NULL;
    int rc = mb_broker_new(&broker, NULL);
    for (int i = 0; i < 6 && rc == 0; i++) {
        rc = mb_subscribe(&subscribers[i], broker, "t");
    }
    if (rc == 0) {
        rc = mb_message_new(&m, "x", 1);
    }
    if (rc == 0) {
        assert_int_equal(mb_publish(broker, "t", &m, 1), 0); /* needs no memory */
    }
    mb_message_unref(m);
    for (int i = 0; i < 6; i++) {
        mb_subscriber_free(subscribers[i]);
    }
    mb_broker_free(broker);
    return rc;
}

static void test_every_allocation_may_fail(void **state) {
    (void)state;
    fail_every_allocation(set_up_and_publish);
    mb_broker *broker = NULL;
    mb_subscriber *s = NULL;
    assert_int_equal(mb_broker_new(&broker, &(mb_broker_options){.queue_capacity = SIZE_MAX}), 0);
    assert_int_equal(mb_subscribe(&s, broker, "t"), MB_ENOMEM); /* the size overflows */
    assert_null(s);
    mb_broker_free(broker);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_subscriber_gets_everything_in_order),
        cmocka_unit_test(test_only_current_subscribers),
        cmocka_unit_test(test_a_message_can_be_published_again_and_elsewhere),
        cmocka_unit_test(test_receive_batch),
        cmocka_unit_test(test_timeouts),
        cmocka_unit_test(test_overflow_reject),
        cmocka_unit_test(test_overflow_block_gives_up_in_the_end),
        cmocka_unit_test(test_overflow_drop_oldest),
        cmocka_unit_test(test_expired_messages_are_not_received),
        cmocka_unit_test(test_times_to_live_with_a_clock_that_is_set_back),
        cmocka_unit_test(test_shutdown_delivers_what_is_queued),
        cmocka_unit_test(test_arguments),
        cmocka_unit_test(test_odd_topic_names),
        cmocka_unit_test(test_payloads_of_0_bytes_and_64_mb),
        cmocka_unit_test(test_many_topics_do_not_mix),
        cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
