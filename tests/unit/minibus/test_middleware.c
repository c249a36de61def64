/* The chain of middleware: order, failures, what may be changed; correlation ids. */
#include "middleware_support.h"

#include <pthread.h>

struct probe {
    struct fixture *fixture;
    char name;
    int rc;
};

static void note(const struct probe *p, char hook) {
    char *trace = p->fixture->trace;
    const size_t n = strlen(trace);
    assert_true(n + 3 < sizeof p->fixture->trace);
    trace[n] = hook;
    trace[n + 1] = p->name;
}

static int probe_before(void *user, mb_batch *batch) {
    const struct probe *p = user;
    assert_string_equal(mb_batch_topic(batch), "t");
    assert_int_equal(mb_batch_size(batch), 1);
    note(p, '<');
    return p->rc;
}

static void probe_after(void *user, const mb_batch *batch, int rc) {
    assert_string_equal(mb_batch_topic(batch), "t");
    note(user, rc ? '!' : '>');
}

static void probe_receive(void *user, const char *topic, const mb_delivery *d, size_t n) {
    assert_string_equal(topic, "t");
    assert_int_equal(n, 1);
    assert_payload(d[0].message, "x");
    note(user, 'r');
}

static void use_probe(struct fixture *f, struct probe *p) {
    p->fixture = f;
    const mb_middleware m = {probe_before, probe_after, probe_receive, p};
    assert_int_equal(mb_broker_use(f->broker, &m), 0);
}

static void test_the_chain_is_called_in_order(void **state) {
    struct fixture *f = *state;
    struct probe a = {.name = 'a'}, b = {.name = 'b'};
    use_probe(f, &a);
    assert_int_equal(mb_broker_use(f->broker, &(mb_middleware){0}), 0); /* no hooks at all */
    use_probe(f, &b);
    mb_message *m = new_message("x");
    assert_int_equal(publish(f, m), 0);
    assert_ptr_equal(receive(f), m);
    assert_null(receive(f)); /* nothing received, nobody told */
    assert_string_equal(f->trace, "<a<b>b>arbra");
    mb_message_unref(m);
    mb_message_unref(m);
}

static void test_a_link_can_refuse(void **state) {
    struct fixture *f = *state;
    struct probe a = {.name = 'a'}, b = {.name = 'b', .rc = MB_EINVAL}, c = {.name = 'c'};
    use_probe(f, &a);
    use_probe(f, &b);
    use_probe(f, &c);
    mb_message *m = new_message("x");
    assert_int_equal(publish(f, m), MB_EINVAL);
    assert_null(receive(f));
    assert_string_equal(f->trace, "<a<b!b!a");
    assert_int_equal(mb_message_set_ttl_ns(m, 1), 0); /* no reference was kept */
    mb_message_unref(m);
}

static void test_the_chain_is_limited(void **state) {
    struct fixture *f = *state;
    for (int i = 0; i < MB_MIDDLEWARE_MAX; i++) {
        assert_int_equal(mb_broker_use(f->broker, &(mb_middleware){0}), 0);
    }
    assert_int_equal(mb_broker_use(f->broker, &(mb_middleware){0}), MB_ELIMIT);
}

/* ---- correlation ----------------------------------------------------------------------------- */

static mb_correlation *use_correlation(struct fixture *f, mb_correlation_mode mode,
                                       const char *preset) {
    mb_correlation *c = NULL;
    assert_int_equal(mb_correlation_new(&c, mode, preset), 0);
    const mb_middleware m = mb_correlation_middleware(c);
    assert_int_equal(mb_broker_use(f->broker, &m), 0);
    return c;
}

static void assert_received_id(struct fixture *f, const char *id) {
    mb_message *m = receive(f);
    assert_non_null(m);
    assert_string_equal(mb_message_correlation_id(m), id);
    mb_message_unref(m);
}

static void test_an_own_message_is_changed_and_a_shared_one_copied(void **state) {
    struct fixture *f = *state;
    mb_correlation *c = use_correlation(f, MB_CORRELATION_PRESET, "preset");
    mb_message *own = new_message("x"), *shared = new_message("x"), *has_one = new_message("x");
    mb_message *other_reference = mb_message_ref(shared);
    assert_int_equal(mb_message_set_correlation_id(has_one, "mine"), 0);
    mb_message *const all[] = {own, shared, has_one};
    assert_int_equal(mb_publish(f->broker, "t", all, 3), 0);
    assert_string_equal(mb_message_correlation_id(own), "preset");
    assert_null(mb_message_correlation_id(shared));
    assert_received_id(f, "preset");
    mb_message *m = receive(f);
    assert_ptr_not_equal(m, shared);
    assert_memory_equal(mb_message_id(m), mb_message_id(shared), sizeof(mb_uuid));
    assert_string_equal(mb_message_correlation_id(m), "preset");
    mb_message_unref(m);
    assert_received_id(f, "mine");
    mb_message_unref(own);
    mb_message_unref(shared);
    mb_message_unref(other_reference);
    mb_message_unref(has_one);
    mb_correlation_free(c);
}

/* Publishes n messages at once. @return how many different ids they got. */
static size_t count_ids(struct fixture *f, size_t n) {
    mb_message *messages[100], *received[100];
    size_t n_different = 0;
    for (size_t i = 0; i < n; i++) {
        messages[i] = new_message("x");
    }
    assert_int_equal(mb_publish(f->broker, "t", messages, n), 0);
    for (size_t i = 0; i < n; i++) {
        mb_message_unref(messages[i]);
        received[i] = receive(f);
        size_t same = 0;
        while (strcmp(mb_message_correlation_id(received[same]),
                      mb_message_correlation_id(received[i])) != 0) {
            same++;
        }
        n_different += same == i;
    }
    for (size_t i = 0; i < n; i++) {
        mb_message_unref(received[i]);
    }
    return n_different;
}

static void test_fresh_ids(void **state) {
    struct fixture *f = *state;
    mb_correlation *c = use_correlation(f, MB_CORRELATION_PER_MESSAGE, NULL);
    assert_int_equal(count_ids(f, 3), 3);
    assert_int_equal(count_ids(f, 100), 100); /* more than fit the stack */
    assert_int_equal(mb_publish(f->broker, "t", NULL, 0), 0);
    mb_correlation_free(c);
}

static void test_one_fresh_id_per_batch(void **state) {
    struct fixture *f = *state;
    mb_correlation *c = use_correlation(f, MB_CORRELATION_PER_BATCH, NULL);
    assert_int_equal(count_ids(f, 3), 1);
    mb_correlation_free(c);
}

static void test_answers_join_the_conversation(void **state) {
    (void)state;
    mb_message *question = new_message("?"), *answer = new_message("!");
    assert_int_equal(mb_correlation_copy(answer, question), 0);
    assert_null(mb_message_correlation_id(answer));
    assert_int_equal(mb_message_set_correlation_id(question, "talk"), 0);
    assert_int_equal(mb_correlation_copy(answer, question), 0);
    assert_string_equal(mb_message_correlation_id(answer), "talk");
    mb_message_unref(question);
    mb_message_unref(answer);
}

static void test_bad_correlation(void **state) {
    (void)state;
    mb_correlation *c = NULL;
    assert_int_equal(mb_correlation_new(&c, MB_CORRELATION_PRESET, NULL), MB_EINVAL);
    assert_int_equal(mb_correlation_new(&c, MB_CORRELATION_PER_BATCH, "x"), MB_EINVAL);
    assert_int_equal(mb_correlation_new(&c, (mb_correlation_mode)3, NULL), MB_EINVAL);
    assert_int_equal(mb_correlation_new(&c, MB_CORRELATION_PRESET, "\xff"), MB_EINVAL);
    static char too_long[MB_METADATA_BYTES_MAX];
    memset(too_long, 'x', sizeof too_long - 1);
    assert_int_equal(mb_correlation_new(&c, MB_CORRELATION_PRESET, too_long), MB_EINVAL);
    assert_null(c);
    mb_correlation_free(c);
}

/* As long as metadata can be; a message that has other metadata has no room for it. */
static void test_the_longest_preset(void **state) {
    struct fixture *f = *state;
    static char longest[MB_METADATA_BYTES_MAX];
    memset(longest, 'x', sizeof longest - 1 - strlen(MB_CORRELATION_ID) - 5);
    longest[sizeof longest - 1 - strlen(MB_CORRELATION_ID) - 5] = '\0';
    mb_correlation *c = use_correlation(f, MB_CORRELATION_PRESET, longest);
    mb_message *m = new_message("x"), *full = new_message("x");
    assert_int_equal(publish(f, m), 0);
    mb_message_unref(m);
    m = receive(f);
    assert_int_equal(strlen(mb_message_correlation_id(m)), strlen(longest));
    mb_message_unref(m);
    assert_int_equal(mb_metadata_set(full, "k", "v"), 0);
    assert_int_equal(publish(f, full), MB_ELIMIT);
    assert_int_equal(mb_metadata_count(full), 1);
    mb_message_unref(full);
    mb_correlation_free(c);
}

/* ---- together -------------------------------------------------------------------------------- */

static void *run_publisher(void *argument) {
    struct fixture *f = argument;
    for (int i = 0; i < 200; i++) {
        mb_message *m = NULL;
        if (mb_message_new(&m, "x", 1) == 0) {
            publish(f, m); /* the queue fills up: that is logged too */
        }
        mb_message_unref(m);
    }
    return NULL;
}

static void test_threads_share_a_chain(void **state) {
    struct fixture *f = *state;
    mb_correlation *c = use_correlation(f, MB_CORRELATION_PER_MESSAGE, NULL);
    mb_log *log =
        use_log(f, (mb_log_options){.level = MB_LOG_BATCHES, .sink = MB_LOG_RING, .ring_lines = 3});
    pthread_t threads[2];
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, run_publisher, f), 0);
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_int_equal(mb_log_n_lines(log), 400);
    mb_log_free(log);
    mb_correlation_free(c);
}

/* ---- memory ---------------------------------------------------------------------------------- */

static int publish_shared(mb_broker *broker) {
    mb_message *m = NULL;
    int rc = mb_message_new(&m, "x", 1);
    if (rc == 0) {
        mb_message *all[65]; /* one reference for all: shared with the subscriber's copies */
        for (size_t i = 0; i < 65; i++) {
            all[i] = mb_message_ref(m);
        }
        rc = mb_publish(broker, "t", all, 65);
        for (size_t i = 0; i < 65; i++) {
            mb_message_unref(all[i]);
        }
    }
    mb_message_unref(m);
    return rc;
}

static int use_everything(void) {
    mb_broker *broker = NULL;
    mb_subscriber *s = NULL;
    mb_correlation *c = NULL;
    mb_log *log = NULL;
    int rc = mb_broker_new(&broker, NULL);
    if (rc == 0) {
        rc = mb_subscribe(&s, broker, "t");
    }
    if (rc == 0) {
        rc = mb_correlation_new(&c, MB_CORRELATION_PER_MESSAGE, NULL);
    }
    if (rc == 0) {
        rc = mb_log_new(&log, &(mb_log_options){.level = MB_LOG_MESSAGES, .sink = MB_LOG_RING});
    }
    if (rc == 0) {
        const mb_middleware links[] = {mb_correlation_middleware(c), mb_log_middleware(log)};
        rc = mb_broker_use(broker, &links[0]);
        rc = rc ? rc : mb_broker_use(broker, &links[1]);
    }
    if (rc == 0) {
        rc = publish_shared(broker);
        assert_int_equal(mb_subscriber_stats_now(s).queued, rc ? 0 : 65);
    }
    mb_subscriber_free(s);
    mb_broker_free(broker);
    mb_correlation_free(c);
    mb_log_free(log);
    return rc;
}

static void test_every_allocation_may_fail(void **state) {
    (void)state;
    fail_every_allocation(use_everything);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(test_the_chain_is_called_in_order),
        WITH_FIXTURE(test_a_link_can_refuse),
        WITH_FIXTURE(test_the_chain_is_limited),
        WITH_FIXTURE(test_an_own_message_is_changed_and_a_shared_one_copied),
        WITH_FIXTURE(test_fresh_ids),
        WITH_FIXTURE(test_one_fresh_id_per_batch),
        cmocka_unit_test(test_answers_join_the_conversation),
        cmocka_unit_test(test_bad_correlation),
        WITH_FIXTURE(test_the_longest_preset),
        WITH_FIXTURE(test_threads_share_a_chain),
        cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
