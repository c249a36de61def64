/* Acknowledging in one thread: what comes again, when, in which order, and what becomes of what
 * does not. The clock is the test's. */
#include "testing.h"

#include <stdio.h>

#include "minibus/ack.h"
#include "minibus/metadata.h"

enum { VISIBLE_NS = 1000, CAPACITY = 4 };

struct fixture {
    int64_t now_ns;
    mb_broker *broker;
    mb_subscriber *work, *dead;
};

static int64_t now_of(void *user) {
    return ((struct fixture *)user)->now_ns;
}

static int make(struct fixture *f, const mb_ack_options *options, mb_overflow overflow) {
    const mb_broker_options broker_options = {.queue_capacity = CAPACITY,
                                              .overflow = overflow,
                                              .now_ns = now_of,
                                              .clock_user = f,
                                              .block_timeout_ns = MB_FOREVER};
    int rc = mb_broker_new(&f->broker, &broker_options);
    if (rc == 0) {
        rc = mb_subscribe_ack(&f->work, f->broker, "work", options);
    }
    return rc ? rc : mb_subscribe(&f->dead, f->broker, "dead");
}

static int set_up(void **state) {
    static struct fixture f;
    f = (struct fixture){.now_ns = 5000};
    const mb_ack_options options = {
        .visibility_timeout_ns = VISIBLE_NS, .max_deliveries = 3, .dead_letter_topic = "dead"};
    assert_int_equal(make(&f, &options, MB_OVERFLOW_BLOCK), 0);
    *state = &f;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *f = *state;
    mb_subscriber_free(f->work);
    mb_subscriber_free(f->dead);
    mb_broker_free(f->broker);
    return 0;
}

/* One message for every character. */
static void publish(struct fixture *f, const char *topic, const char *letters) {
    for (; *letters; letters++) {
        mb_message *m;
        assert_int_equal(mb_message_new(&m, letters, 1), 0);
        assert_int_equal(mb_publish(f->broker, topic, &m, 1), 0);
        mb_message_unref(m);
    }
}

static char letter_of(const mb_delivery *d) {
    return *(const char *)mb_message_payload(d->message);
}

/* Receives one and gives its reference back; the tag is all that acknowledging needs. */
static mb_delivery receive(mb_subscriber *s, char letter, unsigned n_deliveries) {
    mb_delivery d;
    assert_int_equal(mb_subscriber_try_receive(&d, s), 0);
    assert_int_equal(letter_of(&d), letter);
    assert_int_equal(d.n_deliveries, n_deliveries);
    mb_message_unref(d.message);
    return d;
}

static void assert_empty(mb_subscriber *s) {
    mb_delivery d;
    assert_int_equal(mb_subscriber_try_receive(&d, s), MB_EEMPTY);
}

static void assert_dead(struct fixture *f, char letter, const char *reason, const char *n) {
    mb_delivery d;
    assert_int_equal(mb_subscriber_try_receive(&d, f->dead), 0);
    assert_int_equal(letter_of(&d), letter);
    assert_string_equal(mb_metadata_get(d.message, MB_DEAD_REASON), reason);
    assert_string_equal(mb_metadata_get(d.message, MB_DEAD_TOPIC), "work");
    assert_string_equal(mb_metadata_get(d.message, MB_DEAD_DELIVERIES), n);
    assert_int_equal(mb_message_ttl_ns(d.message), 0);
    mb_message_unref(d.message);
}

static void test_an_acknowledged_message_is_done(void **state) {
    struct fixture *f = *state;
    publish(f, "work", "ab");
    const mb_delivery a = receive(f->work, 'a', 1), b = receive(f->work, 'b', 1);
    assert_int_equal(mb_ack_stats_now(f->work).pending, 2);
    assert_int_equal(mb_ack(f->work, &b), 0);
    assert_int_equal(mb_ack(f->work, &a), 0);
    assert_int_equal(mb_ack(f->work, &a), MB_ENOTPENDING);
    assert_int_equal(mb_nack(f->work, &a, 1), MB_ENOTPENDING);
    f->now_ns += 10 * VISIBLE_NS;
    assert_empty(f->work);
    const mb_ack_stats stats = mb_ack_stats_now(f->work);
    assert_int_equal(stats.acked, 2);
    assert_int_equal(stats.pending, 0);
    assert_int_equal(stats.timed_out, 0);
}

static void test_a_refused_message_comes_again_first_and_in_order(void **state) {
    struct fixture *f = *state;
    publish(f, "work", "abcd");
    const mb_delivery a = receive(f->work, 'a', 1), b = receive(f->work, 'b', 1),
                      c = receive(f->work, 'c', 1);
    assert_int_equal(mb_nack(f->work, &b, 1), 0);
    assert_int_equal(mb_nack(f->work, &c, 1), 0);
    assert_int_equal(mb_nack(f->work, &a, 1), 0);
    assert_int_equal(mb_ack(f->work, &a), MB_ENOTPENDING);
    const mb_delivery again = receive(f->work, 'a', 2);
    assert_int_equal(again.sequence, a.sequence);
    assert_int_not_equal(again.ack_tag, a.ack_tag);
    assert_int_equal(mb_ack(f->work, &a), MB_ENOTPENDING); /* only the current delivery counts */
    assert_int_equal(mb_ack(f->work, &again), 0);
    receive(f->work, 'b', 2);
    receive(f->work, 'c', 2);
    receive(f->work, 'd', 1);
    const mb_ack_stats stats = mb_ack_stats_now(f->work);
    assert_int_equal(stats.requeued, 3);
    assert_int_equal(stats.redelivered, 3);
    assert_int_equal(stats.returned, 0);
    assert_int_equal(mb_subscriber_stats_now(f->work).received, 7);
}

static void test_returned_messages_need_no_room_in_the_queue(void **state) {
    struct fixture *f = *state;
    publish(f, "work", "a");
    const mb_delivery a = receive(f->work, 'a', 1);
    publish(f, "work", "bcde"); /* full */
    assert_int_equal(mb_nack(f->work, &a, 1), 0);
    mb_delivery d[8];
    size_t n;
    assert_int_equal(mb_subscriber_receive_batch(d, 8, &n, f->work, 0), 0);
    assert_int_equal(n, 4); /* as many as may be pending */
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(letter_of(&d[i]), "abcd"[i]);
        mb_message_unref(d[i].message);
    }
    assert_empty(f->work);
    assert_int_equal(mb_ack(f->work, &d[2]), 0);
    receive(f->work, 'e', 1);
}

static void test_what_is_not_settled_in_time_comes_again(void **state) {
    struct fixture *f = *state;
    publish(f, "work", "ab");
    const mb_delivery a = receive(f->work, 'a', 1);
    f->now_ns += VISIBLE_NS / 2;
    const mb_delivery b = receive(f->work, 'b', 1);
    f->now_ns += VISIBLE_NS / 2 - 1;
    assert_empty(f->work);
    f->now_ns += 1;
    assert_int_equal(mb_ack(f->work, &a), MB_ENOTPENDING); /* nobody received, but it is late */
    receive(f->work, 'a', 2);
    assert_empty(f->work);
    assert_int_equal(mb_ack(f->work, &b), 0);
    assert_int_equal(mb_ack_stats_now(f->work).timed_out, 1);
}

static void test_a_clock_that_is_set_back_changes_nothing(void **state) {
    struct fixture *f = *state;
    publish(f, "work", "a");
    receive(f->work, 'a', 1);
    f->now_ns += VISIBLE_NS - 10;
    assert_empty(f->work);
    f->now_ns = INT64_MIN;
    assert_int_equal(mb_ack_stats_now(f->work).pending, 1);
    publish(f, "work", "b");
    const mb_delivery b = receive(f->work, 'b', 1);
    f->now_ns += 9;
    assert_empty(f->work);
    f->now_ns += 1; /* 1000 have passed for a, 10 for b */
    receive(f->work, 'a', 2);
    assert_empty(f->work);
    assert_int_equal(mb_ack(f->work, &b), 0);
    f->now_ns = INT64_MAX; /* further than the numbers go */
    receive(f->work, 'a', 3);
}

static void test_too_many_deliveries_make_a_dead_letter(void **state) {
    struct fixture *f = *state;
    publish(f, "work", "a");
    const mb_delivery first = receive(f->work, 'a', 1);
    assert_int_equal(mb_nack(f->work, &first, 1), 0);
    receive(f->work, 'a', 2);
    f->now_ns += VISIBLE_NS;
    const mb_delivery last = receive(f->work, 'a', 3);
    assert_int_equal(mb_nack(f->work, &last, 1), 0);
    assert_dead(f, 'a', MB_DEAD_MAX_DELIVERIES, "3");
    assert_empty(f->work);
    const mb_ack_stats stats = mb_ack_stats_now(f->work);
    assert_int_equal(stats.requeued, 1);
    assert_int_equal(stats.timed_out, 1);
    assert_int_equal(stats.dead_lettered, 1);
    assert_int_equal(stats.dropped, 0);
}

static void test_a_timeout_can_be_the_last_too(void **state) {
    struct fixture *f = *state;
    publish(f, "work", "a");
    for (unsigned n = 1; n <= 3; n++) {
        receive(f->work, 'a', n);
        f->now_ns += VISIBLE_NS;
    }
    assert_empty(f->work); /* which buries it */
    assert_dead(f, 'a', MB_DEAD_MAX_DELIVERIES, "3");
}

static void test_refused_for_good(void **state) {
    struct fixture *f = *state;
    mb_message *m = new_message("x");
    assert_int_equal(mb_message_set_ttl_ns(m, 5), 0);
    assert_int_equal(mb_publish(f->broker, "work", &m, 1), 0);
    const mb_delivery d = receive(f->work, 'x', 1);
    f->now_ns += 100; /* a time to live does not matter once it was delivered */
    assert_int_equal(mb_nack(f->work, &d, 0), 0);
    assert_dead(f, 'x', MB_DEAD_REJECTED, "1");
    assert_null(mb_metadata_get(m, MB_DEAD_REASON));  /* the dead letter is a copy */
    assert_int_equal(mb_message_set_ttl_ns(m, 0), 0); /* and nobody holds the original */
    mb_message_unref(m);
}

static void test_a_dead_letter_waits_for_room(void **state) {
    struct fixture *f = *state;
    publish(f, "dead", "1234"); /* full, and this broker's publishers would wait for ever */
    publish(f, "work", "a");
    const mb_delivery a = receive(f->work, 'a', 1);
    assert_int_equal(mb_nack(f->work, &a, 0), 0);
    mb_ack_stats stats = mb_ack_stats_now(f->work);
    assert_int_equal(stats.dead, 1);
    assert_int_equal(stats.dead_failures, 2);
    assert_empty(f->work);
    receive(f->dead, '1', 0);
    stats = mb_ack_stats_now(f->work);
    assert_int_equal(stats.dead, 0);
    assert_int_equal(stats.dead_lettered, 1);
    receive(f->dead, '2', 0);
    receive(f->dead, '3', 0);
    receive(f->dead, '4', 0);
    assert_dead(f, 'a', MB_DEAD_REJECTED, "1");
}

static void test_metadata_without_room_for_the_reason(void **state) {
    struct fixture *f = *state;
    mb_message *m = new_message("a");
    char key[8];
    for (int i = 0; i < MB_METADATA_ENTRIES_MAX; i++) {
        snprintf(key, sizeof key, "%d", i);
        assert_int_equal(mb_metadata_set(m, key, ""), 0);
    }
    assert_int_equal(mb_publish(f->broker, "work", &m, 1), 0);
    mb_message_unref(m);
    const mb_delivery d = receive(f->work, 'a', 1);
    assert_int_equal(mb_nack(f->work, &d, 0), 0);
    receive(f->dead, 'a', 0);
}

static void test_nobody_reads_dead_letters(void **state) {
    struct fixture *f = *state;
    mb_subscriber_free(f->dead);
    f->dead = NULL;
    publish(f, "work", "a");
    mb_delivery d = receive(f->work, 'a', 1);
    assert_int_equal(mb_nack(f->work, &d, 0), 0);
    mb_subscriber_free(f->work);
    assert_int_equal(mb_subscribe_ack(&f->work, f->broker, "work", NULL), 0); /* no such topic */
    publish(f, "work", "b");
    d = receive(f->work, 'b', 1);
    assert_int_equal(mb_nack(f->work, &d, 0), 0);
    assert_int_equal(mb_ack_stats_now(f->work).dropped, 1);
    assert_int_equal(mb_ack_stats_now(f->work).dead_lettered, 0);
    assert_int_equal(mb_broker_unacked_lost(f->broker), 0); /* dropped as agreed */
}

static void test_freeing_a_subscriber_buries_what_is_left(void **state) {
    struct fixture *f = *state;
    publish(f, "work", "abcd");
    const mb_delivery a = receive(f->work, 'a', 1), b = receive(f->work, 'b', 1);
    receive(f->work, 'c', 1);
    assert_int_equal(mb_ack(f->work, &a), 0);
    assert_int_equal(mb_nack(f->work, &b, 1), 0);
    mb_subscriber_free(f->work);
    f->work = NULL;
    assert_dead(f, 'b', MB_DEAD_UNSUBSCRIBED, "1");
    assert_dead(f, 'c', MB_DEAD_UNSUBSCRIBED, "1");
    assert_dead(f, 'd', MB_DEAD_UNSUBSCRIBED, "0");
    assert_empty(f->dead);
    assert_int_equal(mb_broker_unacked_lost(f->broker), 0);

    assert_int_equal(mb_subscribe_ack(&f->work, f->broker, "work",
                                      &(mb_ack_options){.dead_letter_topic = "dead"}),
                     0);
    publish(f, "dead", "123");
    publish(f, "work", "xyz");
    receive(f->work, 'x', 1);
    mb_subscriber_free(f->work); /* does not wait, though publishers would */
    f->work = NULL;
    assert_int_equal(mb_broker_unacked_lost(f->broker), 2);
}

static void test_batches(void **state) {
    struct fixture *f = *state;
    publish(f, "work", "abc");
    mb_delivery d[4] = {{0}};
    size_t n;
    assert_int_equal(mb_subscriber_receive_batch(d, 3, &n, f->work, 0), 0);
    for (size_t i = 0; i < n; i++) {
        mb_message_unref(d[i].message);
    }
    assert_int_equal(mb_ack(f->work, &d[1]), 0);
    assert_int_equal(mb_ack_batch(f->work, d, 4, &n), MB_ENOTPENDING);
    assert_int_equal(n, 2);
    assert_int_equal(mb_ack_batch(f->work, d, 0, &n), 0);
    assert_int_equal(mb_ack_batch(f->work, d, 3, NULL), MB_ENOTPENDING);
    publish(f, "work", "de");
    d[0] = receive(f->work, 'd', 1);
    d[1] = receive(f->work, 'e', 1);
    assert_int_equal(mb_ack_batch(f->work, d, 2, NULL), 0);
    assert_int_equal(mb_ack_stats_now(f->work).acked, 5);
}

static void test_tags_that_were_never_given(void **state) {
    struct fixture *f = *state;
    mb_delivery d = {0};
    assert_int_equal(mb_ack(f->work, &d), MB_ENOTPENDING);
    d.ack_tag = UINT64_MAX;
    assert_int_equal(mb_ack(f->work, &d), MB_ENOTPENDING);
    assert_int_equal(mb_ack(f->dead, &d), MB_ENOTPENDING); /* subscribed without acks */
    assert_int_equal(mb_nack(f->dead, &d, 1), MB_ENOTPENDING);
    assert_int_equal(mb_ack_stats_now(f->dead).acked, 0);
}

/* Three entries: numbers of two bits, of which the last names none. */
static void test_a_tag_of_no_entry(void **state) {
    struct fixture f = {.now_ns = 0};
    (void)state;
    assert_int_equal(make(&f, &(mb_ack_options){.max_pending = 3}, MB_OVERFLOW_REJECT), 0);
    publish(&f, "work", "abcd");
    mb_delivery d = {.ack_tag = 3};
    assert_int_equal(mb_ack(f.work, &d), MB_ENOTPENDING);
    for (const char *letter = "abc"; *letter; letter++) {
        d = receive(f.work, *letter, 1);
    }
    assert_empty(f.work); /* the table is full */
    const mb_delivery beyond = {.ack_tag = d.ack_tag | 3};
    assert_int_equal(mb_ack(f.work, &beyond), MB_ENOTPENDING);
    assert_int_equal(mb_ack(f.work, &d), 0);
    d = receive(f.work, 'd', 1);
    assert_int_equal(mb_ack(f.work, &d), 0);
    assert_int_equal(mb_ack_stats_now(f.work).pending, 2);
    void *fixture = &f;
    tear_down(&fixture);
}

static mb_message *publish_kept(struct fixture *f, const char *letter, int64_t ttl_ns) {
    mb_message *m = new_message(letter);
    assert_int_equal(mb_message_set_ttl_ns(m, ttl_ns), 0);
    assert_int_equal(mb_publish(f->broker, "work", &m, 1), 0);
    return m;
}

/* Nobody else holds it: only then can it be changed. */
static void assert_only_reference(mb_message *m) {
    assert_int_equal(mb_message_set_ttl_ns(m, 0), 0);
    mb_message_unref(m);
}

/* Whichever way a message leaves, and however many read it. */
static void test_every_reference_comes_back(void **state) {
    struct fixture f = {.now_ns = 0};
    mb_subscriber *other = NULL;
    (void)state;
    assert_int_equal(make(&f, NULL, MB_OVERFLOW_DROP_OLDEST), 0);
    assert_int_equal(mb_subscribe(&other, f.broker, "work"), 0);
    mb_message *dropped = publish_kept(&f, "a", 0), *expired = publish_kept(&f, "b", 1);
    mb_message *again = publish_kept(&f, "c", 0), *refused = publish_kept(&f, "d", 0);
    mb_message *queued = publish_kept(&f, "e", 0); /* the queue has room for four: "a" goes */
    assert_only_reference(dropped);
    f.now_ns = 1;
    const mb_delivery first = receive(f.work, 'c', 1);
    receive(other, 'c', 0);
    assert_only_reference(expired);
    assert_int_equal(mb_nack(f.work, &first, 1), 0);
    const mb_delivery second = receive(f.work, 'c', 2);
    assert_int_equal(mb_ack(f.work, &second), 0);
    assert_only_reference(again);
    const mb_delivery last = receive(f.work, 'd', 1);
    receive(other, 'd', 0);
    assert_int_equal(mb_nack(f.work, &last, 0), 0);
    assert_only_reference(refused);
    mb_subscriber_free(other);
    mb_subscriber_free(f.work);
    f.work = NULL;
    assert_only_reference(queued);
    void *fixture = &f;
    tear_down(&fixture);
}

static void test_after_shutdown(void **state) {
    struct fixture *f = *state;
    publish(f, "work", "abc");
    const mb_delivery a = receive(f->work, 'a', 1), b = receive(f->work, 'b', 1);
    mb_broker_shutdown(f->broker);
    const mb_delivery c = receive(f->work, 'c', 1);
    mb_delivery d;
    assert_int_equal(mb_subscriber_receive(&d, f->work, MB_FOREVER), MB_ECLOSED);
    assert_int_equal(mb_ack(f->work, &a), 0);
    assert_int_equal(mb_nack(f->work, &b, 1), 0);
    receive(f->work, 'b', 2);
    assert_int_equal(mb_nack(f->work, &c, 0), 0);
    assert_int_equal(mb_ack_stats_now(f->work).dropped, 1);
}

static void test_bad_options(void **state) {
    struct fixture *f = *state;
    char name[MB_TOPIC_NAME_MAX + 2];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    const mb_ack_options bad[] = {
        {.max_pending = MB_ACK_PENDING_MAX + 1},
        {.visibility_timeout_ns = -2},
        {.dead_letter_topic = ""},
        {.dead_letter_topic = name},
        {.dead_letter_topic = "work"},
    };
    mb_subscriber *s = NULL;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(mb_subscribe_ack(&s, f->broker, "work", &bad[i]), MB_EINVAL);
    }
    assert_int_equal(mb_subscribe_ack(&s, f->broker, "", NULL), MB_EINVAL);
    assert_null(s);
}

static int refuse_one(void) {
    struct fixture f = {0};
    mb_message *m = NULL;
    mb_delivery d;
    int rc = make(&f, &(mb_ack_options){.dead_letter_topic = "dead"}, MB_OVERFLOW_REJECT);
    if (rc == 0) {
        rc = mb_message_new(&m, "x", 1);
    }
    if (rc == 0) {
        rc = mb_publish(f.broker, "work", &m, 1);
    }
    if (rc == 0) {
        assert_int_equal(mb_subscriber_try_receive(&d, f.work), 0);
        mb_message_unref(d.message);
        assert_int_equal(mb_nack(f.work, &d, 0), 0);
        const mb_ack_stats stats = mb_ack_stats_now(f.work); /* tries again */
        assert_int_equal(stats.dead + stats.dead_lettered, 1);
        rc = stats.dead ? MB_ENOMEM : 0;
    }
    mb_message_unref(m);
    mb_subscriber_free(f.work);
    mb_subscriber_free(f.dead);
    mb_broker_free(f.broker);
    return rc;
}

static void test_every_allocation_may_fail(void **state) {
    (void)state;
    fail_every_allocation(refuse_one);
}

#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(test_an_acknowledged_message_is_done),
        WITH_FIXTURE(test_a_refused_message_comes_again_first_and_in_order),
        WITH_FIXTURE(test_returned_messages_need_no_room_in_the_queue),
        WITH_FIXTURE(test_what_is_not_settled_in_time_comes_again),
        WITH_FIXTURE(test_a_clock_that_is_set_back_changes_nothing),
        WITH_FIXTURE(test_too_many_deliveries_make_a_dead_letter),
        WITH_FIXTURE(test_a_timeout_can_be_the_last_too),
        WITH_FIXTURE(test_refused_for_good),
        WITH_FIXTURE(test_a_dead_letter_waits_for_room),
        WITH_FIXTURE(test_metadata_without_room_for_the_reason),
        WITH_FIXTURE(test_nobody_reads_dead_letters),
        WITH_FIXTURE(test_freeing_a_subscriber_buries_what_is_left),
        WITH_FIXTURE(test_batches),
        WITH_FIXTURE(test_tags_that_were_never_given),
        cmocka_unit_test(test_a_tag_of_no_entry),
        cmocka_unit_test(test_every_reference_comes_back),
        WITH_FIXTURE(test_after_shutdown),
        WITH_FIXTURE(test_bad_options),
        cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
