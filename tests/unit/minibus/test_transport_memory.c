/* Transports whose memory runs out once, on either side: what was confirmed arrives all the same,
 * in order and once, whatever else fails in words. */
#include "transport_support.h"

#include <unistd.h>

#include "minibus/busd.h"
#include "support/scratch.h"

enum { N_MESSAGES = 6, SIZE = 1500 };

static const char *url;
static char busd_url[64], journal[SCRATCH_SIZE + 16], file_url[SCRATCH_SIZE + 32];

/* One allocation may fail, so the second attempt has to succeed. */
static mb_transport *open_again(void) {
    mb_transport *t = NULL;
    mb_error error = {0};
    const int rc = mb_transport_open(&t, url, &error);
    if (rc) {
        assert_int_equal(rc, MB_ENOMEM);
        assert_non_null(strstr(error.text, "out of memory"));
        assert_null(t);
        t = open_transport(url);
    }
    return t;
}

static mb_transport *subscribe_again(mb_transport *t) {
    mb_error error = {0};
    const int rc = mb_transport_subscribe(t, "t", &error);
    if (rc) {
        assert_true(strlen(error.text) > 10);
        mb_transport_close(t);
        t = open_transport(url);
        subscribe_to(t, "t");
    }
    return t;
}

static mb_message *message_again(uint64_t number) {
    static const char payload[SIZE];
    mb_message *m = NULL;
    if (mb_message_new(&m, payload, sizeof payload)) {
        assert_int_equal(mb_message_new(&m, payload, sizeof payload), 0);
    }
    assert_int_equal(mb_message_set_sequence(m, number), 0);
    return m;
}

/* Takes what was confirmed; what failed may be there or not. */
static void expect_confirmed(mb_transport *t, const int *is_confirmed) {
    mb_error error = {0};
    uint64_t next = 1;
    while (next <= N_MESSAGES) {
        mb_message *m = NULL;
        int rc = mb_transport_receive(&m, t, PATIENCE_NS, &error);
        if (rc == MB_ENOMEM) { /* not lost: the next attempt gets it */
            rc = mb_transport_receive(&m, t, PATIENCE_NS, &error);
        }
        if (rc) {
            fail_msg("%s: waiting for %d: %s", url, (int)next, error.text);
        }
        const uint64_t number = mb_message_sequence(m);
        mb_message_unref(m);
        assert_true(number >= next);
        for (; next < number; next++) {
            assert_false(is_confirmed[next]);
        }
        next++;
    }
}

/* The subscriber of inmemory: has to be the publisher. */
static void publish_and_receive(int is_shared) {
    int is_confirmed[N_MESSAGES + 1] = {0};
    mb_transport *in = subscribe_again(open_again());
    mb_transport *out = is_shared ? in : open_again();
    for (uint64_t i = 1; i <= N_MESSAGES; i++) {
        mb_error error = {0};
        mb_message *m = message_again(i);
        int rc = mb_transport_publish(out, "t", &m, 1, MB_CONFIRMED, &error);
        if (rc && !is_shared) { /* only a new connection is sure to work */
            assert_true(rc == MB_ENOMEM || rc == MB_ELOST || rc == MB_EREFUSED);
            assert_true(strlen(error.text) > 10);
            mb_transport_close(out);
            out = open_transport(url);
        }
        if (rc && i == N_MESSAGES) { /* the last one ends the receiving */
            rc = mb_transport_publish(out, "t", &m, 1, MB_CONFIRMED, &error);
            assert_int_equal(rc, 0);
        }
        is_confirmed[i] = rc == 0;
        mb_message_unref(m);
    }
    expect_confirmed(in, is_confirmed);
    if (!is_shared) {
        mb_transport_close(out);
    }
    mb_transport_close(in);
}

static void through_broker(void) {
    url = "inmemory:?capacity=64";
    publish_and_receive(1);
}

static void through_file(void) {
    unlink(journal);
    url = file_url;
    publish_and_receive(0);
}

static void through_server(void) {
    mb_busd *d = NULL;
    if (mb_busd_start(&d, 0, NULL)) {
        assert_null(d);
        assert_int_equal(mb_busd_start(&d, 0, NULL), 0);
    }
    snprintf(busd_url, sizeof busd_url, "loopback://127.0.0.1:%d", mb_busd_port(d));
    url = busd_url;
    publish_and_receive(0);
    mb_busd_stop(d);
}

static void test_inmemory(void **state) {
    (void)state;
    fail_each_allocation(through_broker);
}

static void test_file(void **state) {
    (void)state;
    char dir[SCRATCH_SIZE];
    scratch_make(dir);
    snprintf(journal, sizeof journal, "%s/journal", dir);
    snprintf(file_url, sizeof file_url, "file:%s", journal);
    fail_each_allocation(through_file);
    scratch_remove(dir);
}

static void test_loopback(void **state) {
    (void)state;
    fail_each_allocation(through_server);
}

/* A confirmed batch of several frames, of which the last one finds no memory: the answers to the
 * others must not be taken for those to what is published next. */
static void test_a_large_batch_without_memory(void **state) {
    (void)state;
    enum { N = 8, LARGE = 700 << 10 };
    mb_error error = {0};
    mb_message *messages[N];
    char *payload = calloc(1, (size_t)8 * LARGE);
    assert_non_null(payload);
    struct single_failure f;
    atomic_init(&f.n_live, 0);
    atomic_init(&f.n_before, -1);
    mb_set_allocator(&(mb_allocator){allocate_but_one, release_but_one, &f});
    mb_transport *t = open_transport("loopback:");
    subscribe_to(t, "t");
    for (int i = 0; i < N; i++) { /* the last is larger: its frame needs a larger buffer */
        const size_t size = i == N - 1 ? (size_t)8 * LARGE : LARGE;
        assert_int_equal(mb_message_new(&messages[i], payload, size), 0);
    }
    int n_failed = 0;
    for (long n = 0; n < 40; n++) {
        atomic_store(&f.n_before, n);
        const int rc = mb_transport_publish(t, "t", messages, N, MB_CONFIRMED, &error);
        atomic_store(&f.n_before, -1);
        if (rc) {
            n_failed++;
            mb_transport_close(t);
            t = open_transport("loopback:");
            subscribe_to(t, "t");
            continue;
        }
        for (int i = 0; i < N; i++) {
            mb_message *m = NULL;
            assert_int_equal(mb_transport_receive(&m, t, PATIENCE_NS, &error), 0);
            assert_int_equal(mb_message_payload_size(m), mb_message_payload_size(messages[i]));
            mb_message_unref(m);
        }
    }
    assert_true(n_failed > 0);
    for (int i = 0; i < N; i++) {
        mb_message_unref(messages[i]);
    }
    mb_transport_close(t);
    mb_set_allocator(NULL);
    assert_int_equal(atomic_load(&f.n_live), 0);
    free(payload);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_inmemory),
        cmocka_unit_test(test_file),
        cmocka_unit_test(test_loopback),
        cmocka_unit_test(test_a_large_batch_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
