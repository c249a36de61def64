/* The loopback server and its client against each other's and everybody's bad behaviour: partial,
 * malformed and random frames, a port in use, an end in the middle. */
#include "busd_support.h"
#include "random_support.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

static void test_frames_in_single_bytes(void **state) {
    (void)state;
    char url[64];
    mb_busd *d = start_busd(url);
    mb_transport *t = open_transport(url);
    subscribe_to(t, "t");
    mb_buffer out = {0};
    append_publish(&out, 'C', "t", 1, "hello");
    append_publish(&out, 'C', "t", 1, "again");
    const int fd = connect_raw(d);
    for (size_t i = 0; i < out.size; i++) {
        send_raw(fd, out.data + i, 1);
    }
    assert_true(wait_for_frame(fd, 'A', NULL, 0));
    static const char *const payloads[] = {"hello", "again"};
    for (int i = 0; i < 2; i++) {
        mb_message *m = NULL;
        assert_int_equal(mb_transport_receive(&m, t, PATIENCE_NS, NULL), 0);
        assert_payload(m, payloads[i]);
        mb_message_unref(m);
    }
    close(fd);
    mb_buffer_clear(&out);
    mb_transport_close(t);
    mb_busd_stop(d);
}

static void test_bad_frames_are_refused_in_words(void **state) {
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
        const char *text;
    } bad[] = {
        {"\0\0\0\0", 4, "not a frame"},
        {"\xff\xff\xff\xff", 4, "too large"},
        {"GET / HTTP/1.0\r\n\r\n", 18, "too large"},
        {"\1\0\0\0?", 5, "unknown type 0x3f"},
        {"\1\0\0\0P", 5, "topic cut off"},
        {"\1\0\0\0S", 5, "0 bytes"},
        {"\4\0\0\0Sa\0b", 8, "0x00"},
        {"\3\0\0\0P\5a", 7, "topic cut off"},
        {"\5\0\0\0P\3a\0b", 9, "0x00"},
        {"\7\0\0\0P\1t\1\0\0\0", 11, "message cut off"},
        {"\4\0\0\0P\1t\1", 8, "message cut off"},
        {"\10\0\0\0P\1t\1\0\0\0x", 12, "not an encoded message"},
    };
    char url[64], text[200];
    mb_busd *d = start_busd(url);
    mb_transport *bystander = open_transport(url);
    subscribe_to(bystander, "t");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const int fd = connect_raw(d);
        send_raw(fd, bad[i].bytes, bad[i].size);
        assert_true(wait_for_frame(fd, 'E', text, sizeof text));
        if (!strstr(text, bad[i].text)) {
            fail_msg("%zu: expected '%s', got '%s'", i, bad[i].text, text);
        }
        close(fd);
    }
    send_numbered(bystander, "t", 1, 3, 10, MB_CONFIRMED);
    expect_numbered(bystander, 1, 3, 10);
    mb_transport_close(bystander);
    mb_busd_stop(d);
}

/* Good frames with damage; sizes stay small, so that many are taken for whole frames. */
static void append_random(mb_buffer *out) {
    const size_t start = out->size;
    append_publish(out, "PC"[random_u64() % 2], "fuzz", 4, "payload");
    for (uint64_t i = random_u64() % 3; i > 0; i--) {
        out->data[start + random_u64() % (out->size - start)] = (unsigned char)random_u64();
    }
    if (random_u64() % 4 == 0) {
        out->size -= random_u64() % (out->size - start);
    }
}

/* Exactly as large as a frame may be, it is read whole; one byte more is not waited for. */
static void test_the_largest_frame(void **state) {
    (void)state;
    static const unsigned char over[] = {
        (MB__FRAME_MAX + 1) & 0xff, (MB__FRAME_MAX + 1) >> 8 & 0xff,
        (MB__FRAME_MAX + 1) >> 16 & 0xff, (MB__FRAME_MAX + 1) >> 24, 'P'};
    char url[64], text[200];
    mb_busd *d = start_busd(url);
    int fd = connect_raw(d);
    send_raw(fd, over, sizeof over);
    assert_true(wait_for_frame(fd, 'E', text, sizeof text));
    assert_string_equal(text, "a frame that is too large");
    close(fd);
    mb_buffer out = {0};
    size_t at;
    assert_int_equal(mb__frame_begin(&at, &out, 'P'), 0);
    assert_int_equal(mb_buffer_reserve(&out, MB__FRAME_MAX), 0);
    memset(out.data + out.size, 1, MB__FRAME_MAX - 1); /* a topic "\1" */
    out.size += MB__FRAME_MAX - 1;
    mb__frame_end(&out, at);
    fd = connect_raw(d);
    send_raw(fd, out.data, out.size);
    assert_true(wait_for_frame(fd, 'E', text, sizeof text));
    assert_non_null(strstr(text, "0x01"));
    close(fd);
    mb_buffer_clear(&out);
    mb_busd_stop(d);
}

static void test_random_frames(void **state) {
    (void)state;
    char url[64];
    mb_busd *d = start_busd(url);
    mb_transport *bystander = open_transport(url);
    subscribe_to(bystander, "calm");
    random_state = 3;
    for (int i = 0; i < 500; i++) {
        mb_buffer out = {0};
        append_random(&out);
        append_random(&out);
        const int fd = connect_raw(d);
        (void)mb__net_send(fd, out.data, out.size, soon()); /* it may have had enough already */
        shutdown(fd, SHUT_WR);
        (void)wait_for_frame(fd, 'E', NULL, 0);
        close(fd);
        mb_buffer_clear(&out);
    }
    send_numbered(bystander, "calm", 1, 3, 10, MB_CONFIRMED);
    expect_numbered(bystander, 1, 3, 10);
    mb_transport_close(bystander);
    mb_busd_stop(d);
}

static void test_a_port_in_use(void **state) {
    (void)state;
    char url[64];
    mb_busd *d = start_busd(url), *second = NULL;
    mb_error error = {0};
    expect_error(mb_busd_start(&second, mb_busd_port(d), &error), &error, MB_ESYSTEM,
                 "Address already in use");
    expect_error(mb_busd_start(&second, 65536, &error), &error, MB_EINVAL, "port 65536");
    assert_null(second);
    mb_busd_stop(d);
    expect_no_open(url, MB_EUNREACHABLE, "Connection refused");
}

static void test_a_server_that_stops_and_comes_back(void **state) {
    (void)state;
    char url[64];
    mb_busd *d = start_busd(url);
    const int port = mb_busd_port(d);
    mb_transport *t = open_transport(url);
    mb_error error = {0};
    mb_message *m = NULL;
    subscribe_to(t, "t");
    send_numbered(t, "t", 1, 2, 100, MB_CONFIRMED);
    mb_busd_stop(d);
    expect_error(publish_numbered(t, "t", 3, 1, 100, MB_CONFIRMED, &error), &error, MB_ELOST,
                 "lost");
    expect_error(publish_numbered(t, "t", 4, 1, 100, MB_UNCONFIRMED, &error), &error, MB_ELOST,
                 "lost before");
    expect_numbered(t, 1, 2, 100); /* these were on their way */
    expect_error(mb_transport_receive(&m, t, PATIENCE_NS, &error), &error, MB_ELOST, "lost");
    expect_error(mb_transport_receive(&m, t, MB_FOREVER, &error), &error, MB_ELOST, "lost");
    mb_transport_close(t);
    d = NULL;
    assert_int_equal(mb_busd_start(&d, port, &error), 0);
    t = open_transport(url);
    subscribe_to(t, "t");
    send_numbered(t, "t", 5, 1, 10, MB_CONFIRMED);
    expect_numbered(t, 5, 1, 10);
    mb_transport_close(t);
    mb_busd_stop(d);
}

/* An answer that waits for the acknowledgement of the one before takes 40 ms. */
static void test_a_server_sends_at_once(void **state) {
    (void)state;
    char url[64];
    mb_transport *t;
    int listener, is_on = 0;
    const int fd = listen_raw(&listener, url, sizeof url, &t);
    assert_int_equal(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &is_on, &(socklen_t){sizeof is_on}),
                     0);
    assert_true(is_on);
    mb_transport_close(t);
    close(fd);
    close(listener);
}

static void test_servers_that_answer_wrongly(void **state) {
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
        int code;
        const char *text;
    } answers[] = {
        {"\1\0\0\0M", 5, MB_ELOST, "another answer"},
        {"\0\0\0\0", 4, MB_ELOST, "does not speak"},
        {"HTTP/1.0 400 Bad\r\n", 18, MB_ELOST, "does not speak"},
        {"\10\0\0\0Eno\x1bway", 12, MB_EREFUSED, "no?way"},
        {"\1\0\0", 3, MB_ELOST, "within a frame"},
        {"", 0, MB_ELOST, "lost"},
    };
    char url[64];
    mb_transport *t;
    mb_error error = {0};
    int listener;
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        const int fd = listen_raw(&listener, url, sizeof url, &t);
        send_raw(fd, answers[i].bytes, answers[i].size);
        shutdown(fd, SHUT_WR);
        expect_error(publish_numbered(t, "t", 1, 1, 1, MB_CONFIRMED, &error), &error,
                     answers[i].code, answers[i].text);
        mb_transport_close(t);
        close(fd);
        close(listener);
    }
}

/* Of an unconfirmed publish nobody reads the answers. */
static void test_a_refusal_behind_an_answer(void **state) {
    (void)state;
    char url[64];
    mb_transport *t;
    mb_error error = {0};
    int listener, rc = 0;
    const int fd = listen_raw(&listener, url, sizeof url, &t);
    send_raw(fd, "\1\0\0\0A\3\0\0\0Eno", 12);
    close(fd);
    for (int i = 0; i < 1000 && rc == 0; i++) { /* the first may still find room */
        rc = publish_numbered(t, "t", 1, 1, 1, MB_UNCONFIRMED, &error);
    }
    expect_error(rc, &error, MB_EREFUSED, "no");
    mb_transport_close(t);
    close(listener);
}

static void test_a_server_that_says_nothing(void **state) {
    (void)state;
    char url[64];
    mb_transport *t;
    mb_error error = {0};
    int listener;
    const int fd = listen_raw(&listener, url, sizeof url, &t);
    expect_error(publish_numbered(t, "t", 1, 1, 1, MB_CONFIRMED, &error), &error, MB_ETIMEOUT,
                 "does not answer");
    mb_transport_close(t);
    t = open_transport(url);
    expect_error(publish_numbered(t, "t", 1, 4, (size_t)8 << 20, MB_UNCONFIRMED, &error), &error,
                 MB_ETIMEOUT, "takes nothing");
    mb_transport_close(t);
    close(fd);
    close(listener);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_frames_in_single_bytes),
        cmocka_unit_test(test_bad_frames_are_refused_in_words),
        cmocka_unit_test(test_the_largest_frame),
        cmocka_unit_test(test_random_frames),
        cmocka_unit_test(test_a_port_in_use),
        cmocka_unit_test(test_a_server_that_stops_and_comes_back),
        cmocka_unit_test(test_a_server_sends_at_once),
        cmocka_unit_test(test_servers_that_answer_wrongly),
        cmocka_unit_test(test_a_refusal_behind_an_answer),
        cmocka_unit_test(test_a_server_that_says_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
