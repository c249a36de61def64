/* loopback: a client of busd. One connection publishes, another one receives, so that two threads
 * need no lock between them. A batch goes out in frames of about 1 MiB. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "minibus/busd.h"
#include "minibus/frame.h"
#include "minibus/memory.h"
#include "minibus/net.h"
#include "minibus/transport_backend.h"

enum { FRAME_TARGET = 1 << 20 };

struct stream {
    int fd; /* -1: not connected, or lost */
    struct mb__frame_reader in;
};

struct loopback {
    struct mb_transport base;
    mb_busd *busd; /* of its own, or NULL */
    char host[MB__HOST_MAX + 1];
    int port;
    int64_t timeout_ns;
    struct stream publisher, subscriber;
    mb_buffer out;
};

static void close_stream(struct stream *s) {
    if (s->fd >= 0) {
        close(s->fd);
    }
    s->fd = -1;
}

static int lose(struct loopback *t, struct stream *s, int rc, const char *what, mb_error *error) {
    close_stream(s); /* in the middle of a frame: nothing sensible can follow */
    return mb__fail(error, rc, "loopback: %s:%d: %s", t->host, t->port, what);
}

/* The next frame. @return 0, or as receive. */
static int read_frame(struct mb__frame *out, struct loopback *t, struct stream *s,
                      int64_t deadline_ns, mb_error *error) {
    if (s->fd < 0) {
        return lose(t, s, MB_ELOST, "the connection was lost before", error);
    }
    for (;;) {
        const int found = mb__frame_next(out, &s->in);
        if (found < 0) {
            return lose(t, s, MB_ELOST, "the server does not speak this protocol", error);
        }
        if (found && out->type == 'E') {
            char text[200];
            snprintf(text, sizeof text, "%.*s", (int)(out->size < 199 ? out->size : 199),
                     (const char *)out->body);
            return lose(t, s, MB_EREFUSED, text, error);
        }
        if (found) {
            return 0;
        }
        const long n = mb__frame_read(&s->in, s->fd);
        if (n == 0 || n == MB_ELOST) {
            return lose(t, s, MB_ELOST,
                        mb__frame_is_partial(&s->in) ? "the connection ended within a frame"
                                                     : "the connection was lost",
                        error);
        }
        if (n == MB_ENOMEM) {
            return mb__fail(error, MB_ENOMEM, "loopback: out of memory");
        }
        if (n == MB_ETIMEOUT && mb__net_wait_readable(s->fd, deadline_ns)) {
            return mb__fail(error, MB_ETIMEOUT, "loopback: %s:%d does not answer", t->host,
                            t->port);
        }
    }
}

static int wait_for_answer(struct loopback *t, struct stream *s, mb_error *error) {
    struct mb__frame frame;
    const int rc = read_frame(&frame, t, s, mb__deadline_ns(t->timeout_ns), error);
    if (rc) { /* an answer that comes later might be taken for that to something else */
        close_stream(s);
    }
    if (rc == 0 && frame.type != 'A') {
        return lose(t, s, MB_ELOST, "another answer than expected", error);
    }
    return rc;
}

/* Sends what is in `out`. A refusal that is already there, perhaps behind answers to frames before,
 * says more than a broken connection. */
static int send_out(struct loopback *t, struct stream *s, mb_error *error) {
    if (s->fd < 0) {
        return lose(t, s, MB_ELOST, "the connection was lost before", error);
    }
    const int rc = mb__net_send(s->fd, t->out.data, t->out.size, mb__deadline_ns(t->timeout_ns));
    if (rc == MB_ELOST) {
        struct mb__frame frame;
        int reason;
        do {
            reason = read_frame(&frame, t, s, 0, error);
        } while (reason == 0);
        return reason == MB_EREFUSED ? reason
                                     : lose(t, s, MB_ELOST, "the connection was lost", error);
    }
    return rc ? lose(t, s, rc, "the server takes nothing", error) : 0;
}

/* One frame with as many messages as it should hold. @param n_done moves on. */
static int encode_frame(struct loopback *t, const char *topic, mb_message *const *messages,
                        size_t n, size_t *n_done, mb_confirm confirm) {
    const unsigned char n_topic = (unsigned char)strlen(topic);
    size_t at;
    t->out.size = 0;
    int rc = mb__frame_begin(&at, &t->out, confirm == MB_CONFIRMED ? 'C' : 'P');
    rc = rc ? rc : mb_buffer_append(&t->out, &n_topic, 1);
    rc = rc ? rc : mb_buffer_append(&t->out, topic, n_topic);
    while (rc == 0 && *n_done < n && t->out.size < FRAME_TARGET) {
        const size_t size_before = t->out.size;
        rc = mb__frame_add_message(&t->out, messages[*n_done]);
        if (rc == 0 && t->out.size > MB__FRAME_MAX) { /* the first one alone always fits */
            t->out.size = size_before;
            break;
        }
        *n_done += rc == 0;
    }
    if (rc == 0) {
        mb__frame_end(&t->out, at);
    }
    return rc;
}

static int publish(mb_transport *transport, const char *topic, mb_message *const *messages,
                   size_t n, mb_confirm confirm, mb_error *error) {
    struct loopback *t = (struct loopback *)transport;
    size_t n_frames = 0;
    int no_memory = 0, rc = 0;
    for (size_t n_done = 0; n_done < n && !no_memory; n_frames += !no_memory) {
        no_memory = encode_frame(t, topic, messages, n, &n_done, confirm);
        rc = no_memory ? 0 : send_out(t, &t->publisher, error);
        if (rc) {
            return rc;
        }
    }
    for (size_t i = 0; rc == 0 && confirm == MB_CONFIRMED && i < n_frames; i++) {
        rc = wait_for_answer(t, &t->publisher, error); /* also for a batch that is not complete */
    }
    return rc || !no_memory ? rc : mb__fail(error, no_memory, "loopback: out of memory");
}

static int subscribe(mb_transport *transport, const char *topic, mb_error *error) {
    struct loopback *t = (struct loopback *)transport;
    close_stream(&t->subscriber); /* of an attempt that failed */
    int fd;
    int rc = mb__net_connect(&fd, t->host, t->port, t->timeout_ns, error);
    if (rc) {
        return rc;
    }
    t->subscriber.fd = fd;
    t->subscriber.in.buffer.size = t->subscriber.in.at = 0;
    mb_buffer out = {0};
    size_t at;
    rc = mb__frame_begin(&at, &out, 'S');
    rc = rc ? rc : mb_buffer_append(&out, topic, strlen(topic));
    if (rc) {
        mb_buffer_clear(&out);
        return mb__fail(error, rc, "loopback: %s", mb_error_text(rc));
    }
    mb__frame_end(&out, at);
    rc = mb__net_send(fd, out.data, out.size, mb__deadline_ns(t->timeout_ns));
    mb_buffer_clear(&out);
    if (rc) {
        return lose(t, &t->subscriber, rc, "subscribing failed", error);
    }
    return wait_for_answer(t, &t->subscriber, error);
}

static int receive(mb_message **out, mb_transport *transport, int64_t timeout_ns, mb_error *error) {
    struct loopback *t = (struct loopback *)transport;
    struct mb__frame frame;
    const int rc = read_frame(&frame, t, &t->subscriber, mb__deadline_ns(timeout_ns), error);
    if (rc) {
        return rc;
    }
    const size_t frame_size = MB__FRAME_HEADER + frame.size;
    const unsigned char *data;
    size_t size;
    if (frame.type != 'M' || mb__frame_next_message(&data, &size, &frame) != 1) {
        return lose(t, &t->subscriber, MB_ELOST, "the server does not speak this protocol", error);
    }
    const int decoded = mb__decode_received(out, data, size, error);
    if (decoded == MB_ENOMEM) {
        t->subscriber.in.at -= frame_size; /* for the next attempt */
    }
    return decoded;
}

static void close_loopback(mb_transport *transport) {
    struct loopback *t = (struct loopback *)transport;
    close_stream(&t->publisher);
    close_stream(&t->subscriber);
    mb_buffer_clear(&t->publisher.in.buffer);
    mb_buffer_clear(&t->subscriber.in.buffer);
    mb_buffer_clear(&t->out);
    mb_busd_stop(t->busd);
    mb__free(t);
}

static int connect_loopback(struct loopback *t, const struct mb__url *url, mb_error *error) {
    int rc = mb__url_timeout(&t->timeout_ns, url, error);
    if (rc) {
        return rc;
    }
    if (*url->path || *url->user || *url->password) {
        return mb__fail(error, MB_EINVAL, "loopback: takes no user and no path");
    }
    if (url->has_hosts) {
        rc = mb__url_host(t->host, &t->port, url, 0, error);
    } else {
        strcpy(t->host, "127.0.0.1");
        rc = mb_busd_start(&t->busd, 0, error);
        t->port = rc ? 0 : mb_busd_port(t->busd);
    }
    if (rc) {
        return rc;
    }
    const int is_v6 = strchr(t->host, ':') != NULL;
    snprintf(t->base.url, sizeof t->base.url, is_v6 ? "loopback://[%s]:%d" : "loopback://%s:%d",
             t->host, t->port);
    return mb__net_connect(&t->publisher.fd, t->host, t->port, t->timeout_ns, error);
}

static int open_loopback(mb_transport **out, const struct mb__url *url, mb_error *error) {
    struct loopback *t = mb__alloc_zeroed(1, sizeof *t);
    if (!t) {
        return mb__fail(error, MB_ENOMEM, "loopback: out of memory");
    }
    t->base.backend = &mb__backend_loopback;
    t->base.name = "loopback";
    t->base.guarantee[MB_UNCONFIRMED] =
        "TCP, handed to the operating system when publish returns; nothing persists";
    t->base.guarantee[MB_CONFIRMED] =
        "TCP, acknowledged by the server once queued for every subscriber; nothing persists";
    t->publisher.fd = t->subscriber.fd = -1;
    const int rc = connect_loopback(t, url, error);
    if (rc) {
        t->publisher.fd = -1;
        close_loopback(&t->base);
        return rc;
    }
    *out = &t->base;
    return 0;
}

const struct mb__backend mb__backend_loopback = {.scheme = "loopback",
                                                 .open = open_loopback,
                                                 .close = close_loopback,
                                                 .publish = publish,
                                                 .subscribe = subscribe,
                                                 .receive = receive};
