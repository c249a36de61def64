/* For tests of busd and its client: frames by hand, from and to either side. */
#ifndef BUSD_SUPPORT_H
#define BUSD_SUPPORT_H

#include "transport_support.h"

#include <sys/socket.h>
#include <unistd.h>

#include "minibus/busd.h"
#include "minibus/frame.h"
#include "minibus/net.h"
#include "minibus/wait.h"

static inline mb_busd *start_busd(char url[64]) {
    mb_busd *d = NULL;
    mb_error error = {0};
    if (mb_busd_start(&d, 0, &error)) {
        fail_msg("%s", error.text);
    }
    snprintf(url, 64, "loopback://127.0.0.1:%d", mb_busd_port(d));
    return d;
}

static inline int64_t soon(void) {
    return mb__monotonic_ns() + PATIENCE_NS;
}

static inline int connect_raw(const mb_busd *d) {
    int fd;
    assert_int_equal(mb__net_connect(&fd, "127.0.0.1", mb_busd_port(d), PATIENCE_NS, NULL), 0);
    return fd;
}

static inline void send_raw(int fd, const void *data, size_t size) {
    assert_int_equal(mb__net_send(fd, data, size, soon()), 0);
}

/* Reads frames until the connection ends or one of `type` comes. @return whether it came. */
static inline int wait_for_frame(int fd, unsigned char type, char *text, size_t text_size) {
    struct mb__frame_reader in = {0};
    struct mb__frame frame = {0};
    int found = 0;
    while (!found) {
        const int rc = mb__frame_next(&frame, &in);
        assert_true(rc >= 0);
        if (rc) {
            found = frame.type == type;
            continue;
        }
        assert_int_equal(mb__net_wait_readable(fd, soon()), 0);
        const long n = mb__frame_read(&in, fd);
        if (n == 0 || n == MB_ELOST) {
            break;
        }
    }
    if (found && text) {
        snprintf(text, text_size, "%.*s", (int)frame.size, (const char *)frame.body);
    }
    mb_buffer_clear(&in.buffer);
    return found;
}

static inline void append_publish(mb_buffer *out, unsigned char type, const char *topic,
                                  size_t n_topic, const char *payload) {
    const unsigned char size = (unsigned char)n_topic;
    size_t at;
    mb_message *m = new_message(payload);
    assert_int_equal(mb__frame_begin(&at, out, type), 0);
    assert_int_equal(mb_buffer_append(out, &size, 1), 0);
    assert_int_equal(mb_buffer_append(out, topic, n_topic), 0);
    assert_int_equal(mb__frame_add_message(out, m), 0);
    mb__frame_end(out, at);
    mb_message_unref(m);
}

/* A server that accepts, and then does what the test says. */
static inline int listen_raw(int *listener, char *url, size_t size, mb_transport **t) {
    int port = 0;
    assert_int_equal(mb__net_listen(listener, &port, NULL), 0);
    snprintf(url, size, "loopback://127.0.0.1:%d?timeout_ms=50", port);
    *t = open_transport(url);
    assert_int_equal(mb__net_wait_readable(*listener, soon()), 0);
    const int fd = accept(*listener, NULL, NULL);
    assert_true(fd >= 0);
    return fd;
}

#endif
