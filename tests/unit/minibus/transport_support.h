/* For tests of transports: open and expect, publish numbered messages, receive them again. */
#ifndef TRANSPORT_SUPPORT_H
#define TRANSPORT_SUPPORT_H

#include <stdio.h>

#include "testing.h"

#include "minibus/transport.h"

/* Long enough that only a hang reaches it: nothing is measured with it. */
#define PATIENCE_NS ((int64_t)20 * 1000000000)

static inline mb_transport *open_transport(const char *url) {
    mb_transport *t = NULL;
    mb_error error = {0};
    if (mb_transport_open(&t, url, &error)) {
        fail_msg("%s: %s", url, error.text);
    }
    return t;
}

/* The call must fail like this, in words that contain `text`. */
static inline void expect_error(int rc, const mb_error *error, int expected, const char *text) {
    if (rc != expected || error->code != rc || !strstr(error->text, text)) {
        fail_msg("expected %d '%s', got %d '%s' (%d)", expected, text, rc, error->text,
                 error->code);
    }
}

static inline void expect_no_open(const char *url, int expected, const char *text) {
    mb_transport *t = NULL;
    mb_error error = {0};
    expect_error(mb_transport_open(&t, url, &error), &error, expected, text);
    assert_null(t);
}

static inline void subscribe_to(mb_transport *t, const char *topic) {
    mb_error error = {0};
    if (mb_transport_subscribe(t, topic, &error)) {
        fail_msg("subscribe: %s", error.text);
    }
}

/* Messages with the numbers first, first + 1 ... and `size` bytes each. */
static inline int publish_numbered(mb_transport *t, const char *topic, uint64_t first, size_t n,
                                   size_t size, mb_confirm confirm, mb_error *error) {
    mb_message **messages = calloc(n, sizeof *messages);
    unsigned char *payload = malloc(size + 1);
    assert_true(messages && payload);
    for (size_t i = 0; i < n; i++) {
        memset(payload, (int)(first + i), size + 1);
        assert_int_equal(mb_message_new(&messages[i], payload, size), 0);
        assert_int_equal(mb_message_set_sequence(messages[i], first + i), 0);
    }
    const int rc = mb_transport_publish(t, topic, messages, n, confirm, error);
    for (size_t i = 0; i < n; i++) {
        mb_message_unref(messages[i]);
    }
    free(messages);
    free(payload);
    return rc;
}

static inline void expect_numbered(mb_transport *t, uint64_t first, size_t n, size_t size) {
    for (size_t i = 0; i < n; i++) {
        mb_message *m = NULL;
        mb_error error = {0};
        if (mb_transport_receive(&m, t, PATIENCE_NS, &error)) {
            fail_msg("message %zu: %s", i, error.text);
        }
        assert_int_equal(mb_message_sequence(m), first + i);
        assert_int_equal(mb_message_payload_size(m), size);
        const unsigned char *p = mb_message_payload(m);
        for (size_t k = 0; k<size; k += size> 4096 ? 4095 : 1) {
            assert_int_equal(p[k], (unsigned char)(first + i));
        }
        mb_message_unref(m);
    }
}

static inline void send_numbered(mb_transport *t, const char *topic, uint64_t first, size_t n,
                                 size_t size, mb_confirm confirm) {
    mb_error error = {0};
    if (publish_numbered(t, topic, first, n, size, confirm, &error) ||
        mb_transport_flush(t, &error)) {
        fail_msg("publish: %s", error.text);
    }
}

/* Everything that every transport has to do right, with a topic of its own. */
static inline void check_round_trips(mb_transport *t, const char *topic) {
    mb_message *m = NULL;
    mb_error error = {0};
    expect_error(mb_transport_receive(&m, t, 0, &error), &error, MB_EINVAL, "not subscribed");
    send_numbered(t, topic, 900, 1, 3, MB_CONFIRMED); /* before: not for us */
    subscribe_to(t, topic);
    expect_error(mb_transport_subscribe(t, topic, &error), &error, MB_EINVAL, "already");
    expect_error(mb_transport_receive(&m, t, 1, &error), &error, MB_ETIMEOUT, "nothing received");
    send_numbered(t, topic, 1, 1, 4, MB_CONFIRMED);
    send_numbered(t, topic, 2, 1, 0, MB_CONFIRMED);
    expect_numbered(t, 1, 1, 4);
    expect_numbered(t, 2, 1, 0);
    send_numbered(t, topic, 3, 1000, 100, MB_UNCONFIRMED);
    expect_numbered(t, 3, 1000, 100);
    send_numbered(t, topic, 2000, 1000, 1024, MB_CONFIRMED);
    send_numbered(t, topic, 3000, 0, 1, MB_CONFIRMED);
    expect_numbered(t, 2000, 1000, 1024);
    expect_error(mb_transport_receive(&m, t, 0, &error), &error, MB_ETIMEOUT, "nothing received");
    assert_null(m);
    assert_true(strlen(mb_transport_guarantee(t, MB_CONFIRMED)) > 10);
    assert_true(strlen(mb_transport_guarantee(t, MB_UNCONFIRMED)) > 10);
}

/* Topics that no transport takes. */
static inline void check_bad_topics(mb_transport *t) {
    mb_error error = {0};
    char *topic = malloc(65537);
    assert_non_null(topic);
    memset(topic, 'a', 65536);
    topic[65536] = '\0';
    expect_error(publish_numbered(t, "", 1, 1, 1, MB_CONFIRMED, &error), &error, MB_EINVAL,
                 "0 bytes");
    expect_error(mb_transport_subscribe(t, topic, &error), &error, MB_EINVAL, "65536 bytes");
    topic[256] = '\0';
    expect_error(publish_numbered(t, topic, 1, 1, 1, MB_CONFIRMED, &error), &error, MB_EINVAL,
                 "256 bytes");
    expect_error(publish_numbered(t, "a\nb", 1, 1, 1, MB_CONFIRMED, &error), &error, MB_EINVAL,
                 "0x0a");
    free(topic);
}

#endif
