/*
 * mqtt: MQTT 3.1.1 by libmosquitto. One client publishes, another one receives, so that two threads
 * need no lock; each runs its network in the thread that calls, none in a thread of the library.
 * Subscriptions are QoS 1, so a message arrives with the QoS that it was published with.
 */
#include <mosquitto.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "minibus/memory.h"
#include "minibus/net.h"
#include "minibus/transport_backend.h"
#include "minibus/wait.h"

enum {
    DEFAULT_PORT = 1883,
    MAX_IN_FLIGHT = 10000, /* packet identifiers are 16 bits wide */
    KEEPALIVE_S = 65535    /* a benchmark may leave a connection alone for long */
};

struct arrival {
    struct arrival *next;
    mb_message *message; /* or NULL, and the reason */
    int rc;
};

struct client {
    struct mosquitto *mosq;
    int is_connected, connack; /* connack: -1 until the server answers */
    int is_lost;
    int granted_qos; /* -1 until the server answers */
    uint64_t n_sent, n_done;
    struct arrival *first, **last;
    int is_out_of_memory;
};

struct mqtt {
    struct mb_transport base;
    char host[MB__HOST_MAX + 1];
    int port;
    int64_t timeout_ns;
    char *user, *password; /* or NULL */
    struct client publisher, subscriber;
    mb_buffer out;
};

static void on_connect(struct mosquitto *mosq, void *user, int connack) {
    struct client *c = user;
    (void)mosq;
    c->connack = connack;
    c->is_connected = connack == 0;
}

static void on_disconnect(struct mosquitto *mosq, void *user, int reason) {
    struct client *c = user;
    (void)mosq;
    (void)reason;
    c->is_lost = c->is_connected;
}

static void on_subscribe(struct mosquitto *mosq, void *user, int mid, int n, const int *granted) {
    struct client *c = user;
    (void)mosq;
    (void)mid;
    c->granted_qos = n > 0 ? granted[0] : 128;
}

static void on_publish(struct mosquitto *mosq, void *user, int mid) {
    struct client *c = user;
    (void)mosq;
    (void)mid;
    c->n_done++;
}

static void on_message(struct mosquitto *mosq, void *user, const struct mosquitto_message *m) {
    struct client *c = user;
    (void)mosq;
    struct arrival *a = mb__alloc_zeroed(1, sizeof *a);
    if (!a) {
        c->is_out_of_memory = 1;
        return;
    }
    a->rc = mb_codec_binary.decode(&a->message, m->payload, (size_t)m->payloadlen);
    *c->last = a;
    c->last = &a->next;
}

static void close_client(struct client *c) {
    if (c->mosq) {
        mosquitto_disconnect(c->mosq); /* says good-bye if the server still listens */
        mosquitto_destroy(c->mosq);
        c->mosq = NULL;
    }
    while (c->first) {
        struct arrival *a = c->first;
        c->first = a->next;
        mb_message_unref(a->message);
        mb__free(a);
    }
}

static int fail(const struct mqtt *t, int rc, const char *what, mb_error *error) {
    return mb__fail(error, rc, "mqtt: %s:%d: %s", t->host, t->port, what);
}

/* One result of libmosquitto. */
static int check(const struct mqtt *t, struct client *c, int result, mb_error *error) {
    if (result == MOSQ_ERR_SUCCESS && !c->is_lost) {
        return 0;
    }
    switch (result) {
    case MOSQ_ERR_NOMEM:
        return fail(t, MB_ENOMEM, "out of memory", error);
    case MOSQ_ERR_INVAL:
    case MOSQ_ERR_MALFORMED_UTF8:
        return fail(t, MB_EINVAL, mosquitto_strerror(result), error);
    case MOSQ_ERR_PAYLOAD_SIZE:
    case MOSQ_ERR_OVERSIZE_PACKET:
        return fail(t, MB_EREFUSED, mosquitto_strerror(result), error);
    default:
        c->is_lost = 1;
        return fail(t, MB_ELOST, "the connection was lost", error);
    }
}

/* Network of one client, for a while or until something happens. */
static int run(const struct mqtt *t, struct client *c, int64_t deadline_ns, mb_error *error) {
    if (c->is_lost) {
        return fail(t, MB_ELOST, "the connection was lost", error);
    }
    return check(t, c, mosquitto_loop(c->mosq, mb__poll_ms(mb__left_ns(deadline_ns)), 1), error);
}

/* Connects a client whose server has just been seen to listen. */
static int login(struct mqtt *t, struct client *c, mb_error *error) {
    const int64_t deadline_ns = mb__deadline_ns(t->timeout_ns);
    int rc = check(t, c, mosquitto_connect(c->mosq, t->host, t->port, KEEPALIVE_S), error);
    while (rc == 0 && c->connack < 0) {
        rc = run(t, c, deadline_ns, error);
        if (rc == 0 && c->connack < 0 && mb__left_ns(deadline_ns) == 0) {
            rc = fail(t, MB_EUNREACHABLE, "no answer to the login", error);
        }
    }
    if (c->connack > 0) {
        return fail(t, MB_EREFUSED, mosquitto_connack_string(c->connack), error);
    }
    return rc;
}

static int open_client(struct mqtt *t, struct client *c, mb_error *error) {
    *c = (struct client){.connack = -1, .granted_qos = -1};
    c->last = &c->first;
    int fd;
    int rc = mb__net_connect(&fd, t->host, t->port, t->timeout_ns, error);
    if (rc) {
        return rc; /* libmosquitto would try for minutes */
    }
    close(fd);
    c->mosq = mosquitto_new(NULL, true, c);
    if (!c->mosq) {
        return fail(t, MB_ENOMEM, "out of memory", error);
    }
    mosquitto_connect_callback_set(c->mosq, on_connect);
    mosquitto_disconnect_callback_set(c->mosq, on_disconnect);
    mosquitto_subscribe_callback_set(c->mosq, on_subscribe);
    mosquitto_publish_callback_set(c->mosq, on_publish);
    mosquitto_message_callback_set(c->mosq, on_message);
    mosquitto_int_option(c->mosq, MOSQ_OPT_TCP_NODELAY, 1);
    mosquitto_max_inflight_messages_set(c->mosq, MAX_IN_FLIGHT);
    if (t->user) {
        rc = check(t, c, mosquitto_username_pw_set(c->mosq, t->user, t->password), error);
    }
    return rc ? rc : login(t, c, error);
}

/* Until at most so many messages wait for the server, or for the socket if they are QoS 0. */
static int wait_for_done(struct mqtt *t, uint64_t n_waiting, mb_error *error) {
    struct client *c = &t->publisher;
    const int64_t deadline_ns = mb__deadline_ns(t->timeout_ns);
    while (c->n_sent - c->n_done > n_waiting) {
        const int rc = run(t, c, deadline_ns, error);
        if (rc) {
            return rc;
        }
        if (c->n_sent - c->n_done > n_waiting && mb__left_ns(deadline_ns) == 0) {
            c->is_lost = 1; /* late confirmations would be counted for others */
            return fail(t, MB_ETIMEOUT, "the server does not answer", error);
        }
    }
    return 0;
}

static int flush(mb_transport *transport, mb_error *error) {
    struct mqtt *t = (struct mqtt *)transport;
    return wait_for_done(t, 0, error);
}

static int publish(mb_transport *transport, const char *topic, mb_message *const *messages,
                   size_t n, mb_confirm confirm, mb_error *error) {
    struct mqtt *t = (struct mqtt *)transport;
    struct client *c = &t->publisher;
    int rc = c->is_lost ? fail(t, MB_ELOST, "the connection was lost", error) : 0;
    for (size_t i = 0; rc == 0 && i < n; i++) {
        rc = mb__encode_to_send(&t->out, messages[i], error);
        if (rc) {
            break;
        }
        c->n_sent++; /* QoS 0 may be done before the next call returns */
        rc = check(t, c,
                   mosquitto_publish(c->mosq, NULL, topic, (int)t->out.size, t->out.data,
                                     confirm == MB_CONFIRMED, false),
                   error);
        c->n_sent -= rc != 0;
        rc = rc ? rc : wait_for_done(t, MAX_IN_FLIGHT - 1, error);
    }
    return rc || confirm != MB_CONFIRMED ? rc : wait_for_done(t, 0, error);
}

static int check_topic(const char *topic, mb_error *error) {
    if (strpbrk(topic, "+#") || topic[0] == '$' ||
        mosquitto_validate_utf8(topic, (int)strlen(topic)) != MOSQ_ERR_SUCCESS) {
        return mb__fail(error, MB_EINVAL,
                        "mqtt: topics are UTF-8 without + and #, and do not begin with $");
    }
    return 0;
}

static int subscribe(mb_transport *transport, const char *topic, mb_error *error) {
    struct mqtt *t = (struct mqtt *)transport;
    struct client *c = &t->subscriber;
    close_client(c); /* of an attempt that failed */
    int rc = open_client(t, c, error);
    rc = rc ? rc : check(t, c, mosquitto_subscribe(c->mosq, NULL, topic, 1), error);
    const int64_t deadline_ns = mb__deadline_ns(t->timeout_ns);
    while (rc == 0 && c->granted_qos < 0) {
        rc = run(t, c, deadline_ns, error);
        if (rc == 0 && c->granted_qos < 0 && mb__left_ns(deadline_ns) == 0) {
            rc = fail(t, MB_ETIMEOUT, "no answer to subscribing", error);
        }
    }
    if (rc == 0 && c->granted_qos != 1) {
        rc = fail(t, MB_EREFUSED, "it does not grant QoS 1", error);
    }
    return rc;
}

static int take_arrival(mb_message **out, struct mqtt *t, mb_error *error) {
    struct client *c = &t->subscriber;
    struct arrival *a = c->first;
    c->first = a->next;
    if (!c->first) {
        c->last = &c->first;
    }
    const int rc = a->rc;
    if (rc == 0) {
        *out = a->message;
    }
    mb__free(a);
    return rc ? fail(t, rc, mb_error_text(rc), error) : 0;
}

static int receive(mb_message **out, mb_transport *transport, int64_t timeout_ns, mb_error *error) {
    struct mqtt *t = (struct mqtt *)transport;
    struct client *c = &t->subscriber;
    const int64_t deadline_ns = mb__deadline_ns(timeout_ns);
    for (int is_first = 1; !c->first; is_first = 0) {
        if (!is_first && mb__left_ns(deadline_ns) == 0) {
            return MB_ETIMEOUT;
        }
        const int rc = run(t, c, deadline_ns, error);
        if (c->is_out_of_memory) {
            c->is_out_of_memory = 0;
            return fail(t, MB_ENOMEM, "out of memory: a message was dropped", error);
        }
        if (rc && !c->first) {
            return rc;
        }
    }
    return take_arrival(out, t, error);
}

static void close_mqtt(mb_transport *transport) {
    struct mqtt *t = (struct mqtt *)transport;
    close_client(&t->publisher);
    close_client(&t->subscriber);
    mb_buffer_clear(&t->out);
    mb__free(t->user);
    mb__free(t->password);
    mb__free(t);
}

static int connect_mqtt(struct mqtt *t, const struct mb__url *url, mb_error *error) {
    int rc = mb__url_timeout(&t->timeout_ns, url, error);
    rc = rc ? rc : mb__url_host(t->host, &t->port, url, DEFAULT_PORT, error);
    if (rc) {
        return rc;
    }
    if (*url->path) {
        return mb__fail(error, MB_EINVAL, "mqtt: takes no path: mqtt://HOST[:PORT]");
    }
    if (*url->user) {
        t->user = mb__copy_text(url->user);
        t->password = mb__copy_text(url->password);
        if (!t->user || !t->password) {
            return mb__fail(error, MB_ENOMEM, "mqtt: out of memory");
        }
    }
    snprintf(t->base.url, sizeof t->base.url,
             strchr(t->host, ':') ? "mqtt://[%s]:%d" : "mqtt://%s:%d", t->host, t->port);
    return open_client(t, &t->publisher, error);
}

static void init_library(void) {
    mosquitto_lib_init();
}

static int open_mqtt(mb_transport **out, const struct mb__url *url, mb_error *error) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, init_library);
    struct mqtt *t = mb__alloc_zeroed(1, sizeof *t);
    if (!t) {
        return mb__fail(error, MB_ENOMEM, "mqtt: out of memory");
    }
    t->base.backend = &mb__backend_mqtt;
    t->base.name = "mqtt";
    t->base.guarantee[MB_UNCONFIRMED] =
        "QoS 0: handed to the operating system after flush; clean session, not retained";
    t->base.guarantee[MB_CONFIRMED] =
        "QoS 1: PUBACK received for every message; clean session, not retained";
    const int rc = connect_mqtt(t, url, error);
    if (rc) {
        close_mqtt(&t->base);
        return rc;
    }
    *out = &t->base;
    return 0;
}

const struct mb__backend mb__backend_mqtt = {.scheme = "mqtt",
                                             .open = open_mqtt,
                                             .close = close_mqtt,
                                             .check_topic = check_topic,
                                             .publish = publish,
                                             .flush = flush,
                                             .subscribe = subscribe,
                                             .receive = receive};
