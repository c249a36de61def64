/*
 * amqp: AMQP 0-9-1 by librabbitmq, meant for RabbitMQ. One connection publishes (channel 1 without
 * and channel 2 with publisher confirms), another one receives, so that two threads need no lock.
 * The exchange is amq.direct with the topic as routing key; each subscriber has an exclusive queue.
 */
#include <amqp.h>
#include <amqp_tcp_socket.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "minibus/memory.h"
#include "minibus/net.h"
#include "minibus/transport_backend.h"
#include "minibus/wait.h"

enum {
    DEFAULT_PORT = 5672,
    FRAME_MAX = 131072,
    MAX_IN_FLIGHT = 4096, /* messages sent before their confirmations are read */
    PLAIN = 1,            /* channels */
    CONFIRMING = 2,
    CONNECTION_FORCED = 320 /* the server is being stopped */
};

struct link {
    amqp_connection_state_t state; /* NULL: not connected */
    int is_lost;
};

struct amqp {
    struct mb_transport base;
    char host[MB__HOST_MAX + 1];
    int port;
    int64_t timeout_ns;
    char *user, *password, *vhost;
    struct link publisher, subscriber;
    uint64_t n_confirmable; /* sent on that channel: the last one's delivery tag */
    mb_buffer out;
    mb_buffer confirmed; /* one byte for each message in flight */
};

static struct timeval timeval_of(int64_t ns) {
    return (struct timeval){.tv_sec = ns / 1000000000, .tv_usec = ns % 1000000000 / 1000};
}

static int fail(const struct amqp *t, int rc, const char *what, mb_error *error) {
    return mb__fail(error, rc, "rabbitmq: %s:%d: %s", t->host, t->port, what);
}

static int lose(const struct amqp *t, struct link *l, int rc, const char *what, mb_error *error) {
    l->is_lost = 1;
    return fail(t, rc, what, error);
}

static int refuse(const struct amqp *t, struct link *l, int code, amqp_bytes_t text,
                  mb_error *error) {
    l->is_lost = 1;
    return mb__fail(error, code == CONNECTION_FORCED ? MB_ELOST : MB_EREFUSED,
                    "rabbitmq: %s:%d: %.*s", t->host, t->port,
                    (int)(text.len < 200 ? text.len : 200), (const char *)text.bytes);
}

/* What the server says instead of what it was expected to say. */
static int handle_method(const struct amqp *t, struct link *l, const amqp_method_t *m,
                         mb_error *error) {
    if (m->id == AMQP_CHANNEL_CLOSE_METHOD) {
        const amqp_channel_close_t *close = m->decoded;
        return refuse(t, l, close->reply_code, close->reply_text, error);
    }
    if (m->id == AMQP_CONNECTION_CLOSE_METHOD) {
        const amqp_connection_close_t *close = m->decoded;
        return refuse(t, l, close->reply_code, close->reply_text, error);
    }
    if (m->id == AMQP_BASIC_CANCEL_METHOD) {
        return lose(t, l, MB_ELOST, "the server cancelled the subscription", error);
    }
    return lose(t, l, MB_ELOST, "the server says something unexpected", error);
}

/* A status of the library. */
static int check_status(const struct amqp *t, struct link *l, int status, mb_error *error) {
    switch (status) {
    case AMQP_STATUS_OK:
        return 0;
    case AMQP_STATUS_NO_MEMORY:
        return lose(t, l, MB_ENOMEM, "out of memory", error);
    case AMQP_STATUS_TIMEOUT:
        return lose(t, l, MB_ETIMEOUT, "the server does not answer", error);
    case AMQP_STATUS_CONNECTION_CLOSED:
    case AMQP_STATUS_SOCKET_ERROR:
    case AMQP_STATUS_TCP_ERROR:
    case AMQP_STATUS_SOCKET_CLOSED:
    case AMQP_STATUS_HEARTBEAT_TIMEOUT:
        return lose(t, l, MB_ELOST, "the connection was lost", error);
    default:
        return lose(t, l, MB_ELOST, amqp_error_string2(status), error);
    }
}

static int check_reply(const struct amqp *t, struct link *l, amqp_rpc_reply_t reply,
                       mb_error *error) {
    switch (reply.reply_type) {
    case AMQP_RESPONSE_NORMAL:
        return 0;
    case AMQP_RESPONSE_SERVER_EXCEPTION:
        return handle_method(t, l, &reply.reply, error);
    default:
        return check_status(t, l, reply.library_error, error);
    }
}

static int check_last(const struct amqp *t, struct link *l, mb_error *error) {
    return check_reply(t, l, amqp_get_rpc_reply(l->state), error);
}

static void close_link(struct link *l) {
    if (l->state) {
        if (!l->is_lost) {
            amqp_connection_close(l->state, AMQP_REPLY_SUCCESS);
        }
        amqp_destroy_connection(l->state);
    }
    *l = (struct link){0};
}

static int login(struct amqp *t, struct link *l, mb_error *error) {
    const struct timeval timeout = timeval_of(t->timeout_ns);
    amqp_socket_t *socket = amqp_tcp_socket_new(l->state);
    if (!socket) {
        return fail(t, MB_ENOMEM, "out of memory", error);
    }
    amqp_set_handshake_timeout(l->state, &timeout);
    amqp_set_rpc_timeout(l->state, &timeout);
    int fd; /* the library tells only that it failed; this one says why */
    const int rc = mb__net_connect(&fd, t->host, t->port, t->timeout_ns, error);
    if (rc) {
        return rc;
    }
    close(fd);
    const int status = amqp_socket_open_noblock(socket, t->host, t->port, &timeout);
    if (status) {
        return fail(t, MB_EUNREACHABLE, amqp_error_string2(status), error);
    }
    /* the library's publish waits for room without a limit; this one also ends on a window that
     * stays closed */
    const int timeout_ms = (int)(t->timeout_ns / 1000000);
    setsockopt(amqp_get_sockfd(l->state), IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms,
               sizeof timeout_ms);
    return check_reply(t, l,
                       amqp_login(l->state, t->vhost, 0, FRAME_MAX, 0, AMQP_SASL_METHOD_PLAIN,
                                  t->user, t->password),
                       error);
}

static int open_link(struct amqp *t, struct link *l, mb_error *error) {
    *l = (struct link){.state = amqp_new_connection()};
    if (!l->state) {
        return fail(t, MB_ENOMEM, "out of memory", error);
    }
    int rc = login(t, l, error);
    if (rc) {
        l->is_lost = 1;
        return rc;
    }
    amqp_channel_open(l->state, PLAIN);
    return check_last(t, l, error);
}

static int send_one(struct amqp *t, const char *topic, const mb_message *message, int channel,
                    mb_error *error) {
    struct link *l = &t->publisher;
    const amqp_basic_properties_t transient = {._flags = AMQP_BASIC_DELIVERY_MODE_FLAG,
                                               .delivery_mode = AMQP_DELIVERY_NONPERSISTENT};
    const int rc = mb__encode_to_send(&t->out, message, error);
    if (rc) {
        return rc;
    }
    const amqp_bytes_t body = {t->out.size, t->out.data};
    return check_status(t, l,
                        amqp_basic_publish(l->state, (amqp_channel_t)channel,
                                           amqp_cstring_bytes("amq.direct"),
                                           amqp_cstring_bytes(topic), 0, 0, &transient, body),
                        error);
}

struct confirmations {
    uint64_t first; /* delivery tag of the first one in flight */
    size_t n, n_done;
    size_t low; /* all before it are done */
};

static void mark(struct amqp *t, struct confirmations *c, uint64_t tag, int multiple) {
    const uint64_t i = tag - c->first;
    if (tag < c->first || i >= c->n) {
        return;
    }
    for (size_t k = multiple ? c->low : (size_t)i; k <= i; k++) {
        c->n_done += t->confirmed.data[k] == 0;
        t->confirmed.data[k] = 1;
    }
    if (multiple && i + 1 > c->low) {
        c->low = (size_t)i + 1;
    }
}

/* One frame on the publisher's connection. */
static int read_confirmation(struct amqp *t, struct confirmations *c, int64_t deadline_ns,
                             mb_error *error) {
    struct link *l = &t->publisher;
    amqp_frame_t frame;
    struct timeval left = timeval_of(mb__left_ns(deadline_ns));
    amqp_maybe_release_buffers(l->state);
    const int rc =
        check_status(t, l, amqp_simple_wait_frame_noblock(l->state, &frame, &left), error);
    if (rc || frame.frame_type != AMQP_FRAME_METHOD) {
        return rc;
    }
    if (frame.payload.method.id == AMQP_BASIC_ACK_METHOD) {
        const amqp_basic_ack_t *ack = frame.payload.method.decoded;
        mark(t, c, ack->delivery_tag, ack->multiple);
        return 0;
    }
    if (frame.payload.method.id == AMQP_BASIC_NACK_METHOD) {
        return lose(t, l, MB_EREFUSED, "the server did not take a message (basic.nack)", error);
    }
    return handle_method(t, l, &frame.payload.method, error);
}

static int publish_confirmed(struct amqp *t, const char *topic, mb_message *const *messages,
                             size_t n, mb_error *error) {
    struct confirmations c = {.first = t->n_confirmable + 1, .n = n};
    t->confirmed.size = 0;
    if (mb_buffer_reserve(&t->confirmed, n)) {
        return fail(t, MB_ENOMEM, "out of memory", error);
    }
    memset(t->confirmed.data, 0, n);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < n; i++) {
        rc = send_one(t, topic, messages[i], CONFIRMING, error);
        t->n_confirmable += rc == 0;
        c.n = rc ? i : c.n;
    }
    if (rc == MB_ENOMEM && !t->publisher.is_lost) {
        t->publisher.is_lost = 1; /* those before it stay unread: nothing fits any more */
    }
    const int64_t deadline_ns = mb__deadline_ns(t->timeout_ns);
    while (rc == 0 && c.n_done < c.n) {
        rc = read_confirmation(t, &c, deadline_ns, error);
    }
    return rc;
}

static int publish(mb_transport *transport, const char *topic, mb_message *const *messages,
                   size_t n, mb_confirm confirm, mb_error *error) {
    struct amqp *t = (struct amqp *)transport;
    int rc = t->publisher.is_lost ? fail(t, MB_ELOST, "the connection was lost", error) : 0;
    if (confirm != MB_CONFIRMED) {
        for (size_t i = 0; rc == 0 && i < n; i++) {
            rc = send_one(t, topic, messages[i], PLAIN, error);
        }
        return rc;
    }
    for (size_t i = 0; rc == 0 && i < n; i += MAX_IN_FLIGHT) {
        const size_t n_now = n - i < MAX_IN_FLIGHT ? n - i : MAX_IN_FLIGHT;
        rc = publish_confirmed(t, topic, messages + i, n_now, error);
    }
    return rc;
}

static int subscribe(mb_transport *transport, const char *topic, mb_error *error) {
    struct amqp *t = (struct amqp *)transport;
    struct link *l = &t->subscriber;
    close_link(l); /* of an attempt that failed */
    int rc = open_link(t, l, error);
    if (rc) {
        return rc;
    }
    const amqp_queue_declare_ok_t *queue =
        amqp_queue_declare(l->state, PLAIN, amqp_empty_bytes, 0, 0, 1 /* exclusive */,
                           1 /* goes with us */, amqp_empty_table);
    rc = check_last(t, l, error);
    if (rc) {
        return rc;
    }
    const amqp_bytes_t name = amqp_bytes_malloc_dup(queue->queue);
    if (!name.bytes) {
        return lose(t, l, MB_ENOMEM, "out of memory", error);
    }
    amqp_queue_bind(l->state, PLAIN, name, amqp_cstring_bytes("amq.direct"),
                    amqp_cstring_bytes(topic), amqp_empty_table);
    rc = check_last(t, l, error);
    if (rc == 0) {
        amqp_basic_consume(l->state, PLAIN, name, amqp_empty_bytes, 0, 1 /* no acks */, 1,
                           amqp_empty_table);
        rc = check_last(t, l, error);
    }
    amqp_bytes_free(name);
    return rc;
}

/* Something else than a message has come. */
static int read_other(struct amqp *t, mb_error *error) {
    struct link *l = &t->subscriber;
    amqp_frame_t frame;
    struct timeval now = {0};
    const int rc =
        check_status(t, l, amqp_simple_wait_frame_noblock(l->state, &frame, &now), error);
    if (rc) {
        return rc;
    }
    return frame.frame_type == AMQP_FRAME_METHOD
               ? handle_method(t, l, &frame.payload.method, error)
               : lose(t, l, MB_ELOST, "the server says something unexpected", error);
}

static int receive(mb_message **out, mb_transport *transport, int64_t timeout_ns, mb_error *error) {
    struct amqp *t = (struct amqp *)transport;
    struct link *l = &t->subscriber;
    if (l->is_lost) {
        return fail(t, MB_ELOST, "the connection was lost", error);
    }
    amqp_maybe_release_buffers(l->state);
    const struct timeval timeout = timeval_of(timeout_ns);
    amqp_envelope_t envelope;
    const amqp_rpc_reply_t reply =
        amqp_consume_message(l->state, &envelope, timeout_ns < 0 ? NULL : &timeout, 0);
    if (reply.reply_type == AMQP_RESPONSE_NORMAL) {
        const int rc =
            mb__decode_received(out, envelope.message.body.bytes, envelope.message.body.len, error);
        amqp_destroy_envelope(&envelope);
        return rc;
    }
    if (reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION) {
        if (reply.library_error == AMQP_STATUS_TIMEOUT) {
            return MB_ETIMEOUT;
        }
        if (reply.library_error == AMQP_STATUS_UNEXPECTED_STATE) {
            return read_other(t, error);
        }
    }
    return check_reply(t, l, reply, error);
}

static void close_amqp(mb_transport *transport) {
    struct amqp *t = (struct amqp *)transport;
    close_link(&t->publisher);
    close_link(&t->subscriber);
    mb_buffer_clear(&t->out);
    mb_buffer_clear(&t->confirmed);
    mb__free(t->user);
    mb__free(t->password);
    mb__free(t->vhost);
    mb__free(t);
}

static int connect_amqp(struct amqp *t, const struct mb__url *url, mb_error *error) {
    int rc = mb__url_timeout(&t->timeout_ns, url, error);
    rc = rc ? rc : mb__url_host(t->host, &t->port, url, DEFAULT_PORT, error);
    if (rc) {
        return rc;
    }
    t->user = mb__copy_text(*url->user ? url->user : "guest");
    t->password = mb__copy_text(*url->user ? url->password : "guest");
    t->vhost = mb__copy_text(*url->path ? url->path : "/");
    if (!t->user || !t->password || !t->vhost) {
        return mb__fail(error, MB_ENOMEM, "rabbitmq: out of memory");
    }
    snprintf(t->base.url, sizeof t->base.url,
             strchr(t->host, ':') ? "amqp://[%s]:%d" : "amqp://%s:%d", t->host, t->port);
    struct link *l = &t->publisher;
    rc = open_link(t, l, error);
    if (rc) {
        return rc;
    }
    amqp_channel_open(l->state, CONFIRMING);
    rc = check_last(t, l, error);
    if (rc == 0) {
        amqp_confirm_select(l->state, CONFIRMING);
        rc = check_last(t, l, error);
    }
    return rc;
}

static int open_amqp(mb_transport **out, const struct mb__url *url, mb_error *error) {
    struct amqp *t = mb__alloc_zeroed(1, sizeof *t);
    if (!t) {
        return mb__fail(error, MB_ENOMEM, "rabbitmq: out of memory");
    }
    t->base.backend = &mb__backend_amqp;
    t->base.name = "rabbitmq";
    t->base.guarantee[MB_UNCONFIRMED] = "no confirms: handed to the operating system; transient, "
                                        "exclusive queues, no consumer acks";
    t->base.guarantee[MB_CONFIRMED] =
        "publisher confirms: basic.ack for every message; transient, exclusive queues, no consumer "
        "acks";
    const int rc = connect_amqp(t, url, error);
    if (rc) {
        close_amqp(&t->base);
        return rc;
    }
    *out = &t->base;
    return 0;
}

const struct mb__backend mb__backend_amqp = {.scheme = "amqp",
                                             .open = open_amqp,
                                             .close = close_amqp,
                                             .publish = publish,
                                             .subscribe = subscribe,
                                             .receive = receive};
