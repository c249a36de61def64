/* Connections that end, or pause, after every single byte of what each side says; and clients that
 * only send, or never read. */
#include "busd_support.h"

#include <pthread.h>

/* A subscription and two confirmed messages. @return where the second message begins. */
static size_t append_conversation(mb_buffer *out) {
    size_t at;
    assert_int_equal(mb__frame_begin(&at, out, 'S'), 0);
    assert_int_equal(mb_buffer_append(out, "t", 1), 0);
    mb__frame_end(out, at);
    append_publish(out, 'C', "t", 1, "first");
    const size_t second = out->size;
    append_publish(out, 'C', "t", 1, "second");
    return second;
}

static void expect_payload(mb_transport *t, const char *payload) {
    mb_message *m = NULL;
    assert_int_equal(mb_transport_receive(&m, t, PATIENCE_NS, NULL), 0);
    assert_payload(m, payload);
    mb_message_unref(m);
}

/* What has arrived whole counts, what is cut off does not, and nobody else notices. */
static void test_a_client_that_is_gone_after_every_byte(void **state) {
    (void)state;
    char url[64];
    mb_buffer out = {0};
    mb_busd *d = start_busd(url);
    mb_transport *bystander = open_transport(url);
    subscribe_to(bystander, "t");
    const size_t second = append_conversation(&out);
    for (size_t n = 0; n <= out.size; n++) {
        const int fd = connect_raw(d);
        send_raw(fd, out.data, n);
        shutdown(fd, SHUT_WR);
        assert_false(wait_for_frame(fd, 'E', NULL, 0)); /* it is read to the end */
        close(fd);
        if (n >= second) {
            expect_payload(bystander, "first");
        }
        if (n == out.size) {
            expect_payload(bystander, "second");
        }
        send_numbered(bystander, "t", n, 1, 1, MB_CONFIRMED);
        expect_numbered(bystander, n, 1, 1); /* and nothing else before it */
    }
    mb_buffer_clear(&out);
    mb_transport_close(bystander);
    mb_busd_stop(d);
}

/* Who has said all may still listen: the answers come before the end. */
static void test_answers_reach_who_only_listens(void **state) {
    (void)state;
    char url[64];
    mb_buffer out = {0};
    mb_busd *d = start_busd(url);
    append_conversation(&out);
    for (int i = 0; i < 50; i++) {
        const int fd = connect_raw(d);
        send_raw(fd, out.data, out.size);
        shutdown(fd, SHUT_WR);
        struct mb__frame_reader in = {0};
        struct mb__frame frame;
        long n;
        do {
            assert_int_equal(mb__net_wait_readable(fd, soon()), 0);
            n = mb__frame_read(&in, fd);
        } while (n > 0);
        assert_int_equal(n, 0);
        char types[8] = "";
        for (size_t k = 0; k < 7 && mb__frame_next(&frame, &in) > 0; k++) {
            types[k] = (char)frame.type;
        }
        assert_string_equal(types, "AMAMA");
        mb_buffer_clear(&in.buffer);
        close(fd);
    }
    mb_buffer_clear(&out);
    mb_busd_stop(d);
}

/* As a server sends them. */
static void append_answer(mb_buffer *out) {
    size_t at;
    assert_int_equal(mb__frame_begin(&at, out, 'A'), 0);
    mb__frame_end(out, at);
}

static void append_message(mb_buffer *out) {
    size_t at;
    mb_message *m = new_message("hello");
    assert_int_equal(mb__frame_begin(&at, out, 'M'), 0);
    assert_int_equal(mb__frame_add_message(out, m), 0);
    mb__frame_end(out, at);
    mb_message_unref(m);
}

static void test_a_server_that_is_gone_within_its_answer(void **state) {
    (void)state;
    mb_buffer out = {0};
    append_answer(&out);
    for (size_t n = 0; n <= out.size; n++) {
        char url[64];
        mb_transport *t;
        mb_error error = {0};
        int listener;
        const int fd = listen_raw(&listener, url, sizeof url, &t);
        send_raw(fd, out.data, n);
        shutdown(fd, SHUT_WR);
        const int rc = publish_numbered(t, "t", 1, 1, 1, MB_CONFIRMED, &error);
        if (n == out.size) {
            assert_int_equal(rc, 0);
        } else {
            expect_error(rc, &error, MB_ELOST, n ? "within a frame" : "lost");
            expect_error(publish_numbered(t, "t", 2, 1, 1, MB_CONFIRMED, &error), &error, MB_ELOST,
                         "lost before");
        }
        mb_transport_close(t);
        close(fd);
        close(listener);
    }
    mb_buffer_clear(&out);
}

struct subscribing {
    mb_transport *transport;
    int rc;
};

static void *subscribe_in_thread(void *argument) {
    struct subscribing *s = argument;
    s->rc = mb_transport_subscribe(s->transport, "t", NULL);
    return NULL;
}

/* A transport whose subscription this answers. @return the server's end of it. */
static int accept_subscriber(mb_transport *t, int listener) {
    struct subscribing s = {.transport = t};
    pthread_t thread;
    mb_buffer answer = {0};
    append_answer(&answer);
    assert_int_equal(pthread_create(&thread, NULL, subscribe_in_thread, &s), 0);
    assert_int_equal(mb__net_wait_readable(listener, soon()), 0);
    const int fd = accept(listener, NULL, NULL);
    assert_true(fd >= 0);
    send_raw(fd, answer.data, answer.size);
    pthread_join(thread, NULL);
    assert_int_equal(s.rc, 0);
    mb_buffer_clear(&answer);
    return fd;
}

static void test_a_message_that_is_cut_at_every_byte(void **state) {
    (void)state;
    mb_buffer out = {0};
    append_message(&out);
    for (size_t n = 0; n < 2 * out.size; n++) {
        char url[64];
        mb_transport *t;
        mb_error error = {0};
        mb_message *m = NULL;
        int listener;
        const size_t cut = n % out.size;
        const int publisher = listen_raw(&listener, url, sizeof url, &t);
        const int fd = accept_subscriber(t, listener);
        send_raw(fd, out.data, cut);
        if (n < out.size) { /* the end */
            shutdown(fd, SHUT_WR);
            expect_error(mb_transport_receive(&m, t, PATIENCE_NS, &error), &error, MB_ELOST,
                         cut ? "within a frame" : "lost");
        } else { /* a pause */
            expect_error(mb_transport_receive(&m, t, 0, &error), &error, MB_ETIMEOUT, "received");
            send_raw(fd, out.data + cut, out.size - cut);
            expect_payload(t, "hello");
        }
        mb_transport_close(t);
        close(fd);
        close(publisher);
        close(listener);
    }
    mb_buffer_clear(&out);
}

/* It is refused, but reads nothing of what it was sent before and goes on sending: that may neither
 * hold up the server nor anybody else. */
static void test_a_refused_client_that_does_not_read(void **state) {
    (void)state;
    char url[64];
    mb_error error = {0};
    mb_busd *d = start_busd(url);
    mb_transport *t = open_transport(url);
    const int fd = connect_raw(d);
    mb_buffer out = {0};
    append_conversation(&out);
    send_raw(fd, out.data, out.size);
    assert_true(wait_for_frame(fd, 'A', NULL, 0)); /* subscribed */
    for (int i = 0; i < 8; i++) {                  /* more than its socket takes */
        send_numbered(t, "t", 1, 1, (size_t)8 << 20, MB_CONFIRMED);
    }
    assert_true(send(fd, "\0\0\0\0", 4, MSG_NOSIGNAL | MSG_DONTWAIT) == 4);
    (void)send(fd, out.data, out.size, MSG_NOSIGNAL | MSG_DONTWAIT);
    subscribe_to(t, "t");
    send_numbered(t, "t", 1, 100, 100, MB_CONFIRMED);
    expect_numbered(t, 1, 100, 100);
    assert_false(wait_for_frame(fd, 'X', NULL, 0)); /* all of it comes, and the end */
    close(fd);
    assert_int_equal(publish_numbered(t, "t", 1, 1, 1, MB_CONFIRMED, &error), 0);
    mb_buffer_clear(&out);
    mb_transport_close(t);
    mb_busd_stop(d);
}

/* A slow subscriber does not make the server's memory grow without end. */
static void test_a_subscriber_that_is_too_far_behind(void **state) {
    (void)state;
    char url[64];
    mb_error error = {0};
    mb_message *m = NULL;
    mb_busd *d = start_busd(url);
    mb_transport *slow = open_transport(url), *t = open_transport(url);
    subscribe_to(slow, "t");
    for (int i = 0; i < 10; i++) { /* 320 MB */
        send_numbered(t, "t", 1, 1, (size_t)32 << 20, MB_CONFIRMED);
    }
    int rc;
    while ((rc = mb_transport_receive(&m, slow, PATIENCE_NS, &error)) == 0) {
        mb_message_unref(m);
    }
    expect_error(rc, &error, MB_ELOST, "127.0.0.1");
    send_numbered(t, "t", 1, 1, 1, MB_CONFIRMED);
    mb_transport_close(slow);
    mb_transport_close(t);
    mb_busd_stop(d);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_client_that_is_gone_after_every_byte),
        cmocka_unit_test(test_answers_reach_who_only_listens),
        cmocka_unit_test(test_a_server_that_is_gone_within_its_answer),
        cmocka_unit_test(test_a_message_that_is_cut_at_every_byte),
        cmocka_unit_test(test_a_refused_client_that_does_not_read),
        cmocka_unit_test(test_a_subscriber_that_is_too_far_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
