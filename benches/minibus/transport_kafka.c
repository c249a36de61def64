/*
 * kafka: librdkafka, with partition 0 of each topic, so that its messages have an order. Without a
 * broker the library's own cluster, which speaks the protocol over loopback within this process;
 * it is called kafka-mock everywhere. Like any server it outlives its clients: it is started once
 * and ends with the process (to end it earlier often takes librdkafka 2.0 a whole second, because a
 * wake-up comes too soon). It keeps the last 5 MB or 100,000 messages of a topic and drops others
 * in silence. The library reconnects by itself: after MB_ELOST a transport may be used again, but
 * what was under way is given up.
 */
#include <errno.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "minibus/memory.h"
#include "minibus/net.h"
#include "minibus/transport_backend.h"
#include "minibus/wait.h"

enum {
    DEFAULT_PORT = 9092,
    SLICE_MS = 100, /* of a long wait, to see in between whether brokers are there at all */
    PARTITION = 0
};

/* One handle of the library; its callbacks run in the thread that polls it. */
struct handle {
    rd_kafka_t *rk; /* NULL: not there yet */
    rd_kafka_topic_t *topic;
    uint64_t n_sent, n_done;
    rd_kafka_resp_err_t failure; /* of a message that was not delivered */
    int is_down;                 /* no broker could be reached, and nothing has worked since */
};

struct kafka {
    struct mb_transport base;
    struct handle producers[2] /* by mb_confirm */, consumer;
    int is_mock;
    char *brokers;
    int64_t timeout_ns;
    mb_buffer out;
};

static void on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *message, void *user) {
    struct handle *h = user;
    (void)rk;
    h->n_done++;
    if (message->err) {
        h->failure = message->err;
    } else {
        h->is_down = 0;
    }
}

static void on_error(rd_kafka_t *rk, int code, const char *reason, void *user) {
    struct handle *h = user;
    (void)rk;
    (void)reason;
    h->is_down |= code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN;
}

static void on_log(const rd_kafka_t *rk, int level, const char *facility, const char *text) {
    (void)rk; /* it would print; what matters comes as an error */
    (void)level;
    (void)facility;
    (void)text;
}

static int fail(const struct kafka *t, int rc, const char *what, mb_error *error) {
    return mb__fail(error, rc, "%s: %.60s: %s", t->base.name, t->brokers ? t->brokers : "", what);
}

static int fail_with(const struct kafka *t, rd_kafka_resp_err_t code, mb_error *error) {
    int rc = MB_EREFUSED;
    switch (code) {
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
    case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
        rc = MB_ETIMEOUT;
        break;
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
    case RD_KAFKA_RESP_ERR__PURGE_QUEUE:
    case RD_KAFKA_RESP_ERR__PURGE_INFLIGHT:
    case RD_KAFKA_RESP_ERR__FATAL:
        rc = MB_ELOST;
        break;
    case RD_KAFKA_RESP_ERR__QUEUE_FULL:
        rc = MB_EQUEUEFULL;
        break;
    default:
        break;
    }
    return fail(t, rc, rd_kafka_err2str(code), error);
}

static int poll_ms(int64_t deadline_ns, int at_most) {
    const int ms = mb__poll_ms(mb__left_ns(deadline_ns));
    return ms < 0 || ms > at_most ? at_most : ms;
}

/* Settings that all handles need; `more` is pairs of names and values up to a NULL. */
static int new_handle(struct kafka *t, struct handle *h, rd_kafka_type_t type,
                      const char *const *more, mb_error *error) {
    static const char *const common[] = {"socket.nagle.disable",
                                         "true",
                                         "reconnect.backoff.max.ms",
                                         "500",
                                         "reconnect.backoff.ms",
                                         "50",
                                         "message.max.bytes",
                                         "70000000",
                                         "allow.auto.create.topics",
                                         "true",
                                         NULL};
    char why[256] = "out of memory";
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    int ok = 1;
    for (const char *const *p = common; ok && *p; p += 2) {
        ok = rd_kafka_conf_set(conf, p[0], p[1], why, sizeof why) == RD_KAFKA_CONF_OK;
    }
    for (const char *const *p = more; ok && *p; p += 2) {
        ok = rd_kafka_conf_set(conf, p[0], p[1], why, sizeof why) == RD_KAFKA_CONF_OK;
    }
    if (ok && t->brokers) {
        ok = rd_kafka_conf_set(conf, "bootstrap.servers", t->brokers, why, sizeof why) ==
             RD_KAFKA_CONF_OK;
    }
    rd_kafka_conf_set_opaque(conf, h);
    rd_kafka_conf_set_log_cb(conf, on_log);
    rd_kafka_conf_set_error_cb(conf, on_error);
    if (type == RD_KAFKA_PRODUCER) {
        rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    }
    h->rk = ok ? rd_kafka_new(type, conf, why, sizeof why) : NULL;
    if (!h->rk) {
        rd_kafka_conf_destroy(conf);
        return fail(t, MB_ESYSTEM, why, error);
    }
    return 0;
}

static int new_producer(struct kafka *t, mb_confirm confirm, mb_error *error) {
    const int is_confirmed = confirm == MB_CONFIRMED;
    char timeout_ms[16];
    snprintf(timeout_ms, sizeof timeout_ms, "%d", mb__poll_ms(t->timeout_ns));
    const char *const more[] = {"acks",
                                is_confirmed ? "all" : "0",
                                "enable.idempotence",
                                is_confirmed ? "true" : "false",
                                "linger.ms",
                                "0",
                                "message.timeout.ms",
                                timeout_ms,
                                NULL};
    return new_handle(t, &t->producers[confirm], RD_KAFKA_PRODUCER, more, error);
}

static void close_handle(struct handle *h) {
    if (h->topic) {
        rd_kafka_topic_destroy(h->topic);
    }
    if (h->rk) {
        if (rd_kafka_type(h->rk) == RD_KAFKA_PRODUCER) {
            rd_kafka_purge(h->rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
        }
        rd_kafka_destroy(h->rk);
    }
    *h = (struct handle){0};
}

/* The handle's topic; the one of before is given back. */
static int use_topic(const struct kafka *t, struct handle *h, const char *name, mb_error *error) {
    if (h->topic && strcmp(rd_kafka_topic_name(h->topic), name) == 0) {
        return 0;
    }
    rd_kafka_topic_t *topic = rd_kafka_topic_new(h->rk, name, NULL);
    if (!topic) {
        return fail_with(t, rd_kafka_last_error(), error);
    }
    if (h->topic) {
        rd_kafka_topic_destroy(h->topic);
    }
    h->topic = topic;
    return 0;
}

/* Until the library has said what became of every message. */
static int wait_for_done(struct kafka *t, struct handle *h, mb_error *error) {
    /* its own limit for messages comes first; this one is for a library that says nothing */
    const int64_t deadline_ns = mb__deadline_ns(2 * t->timeout_ns);
    h->is_down = 0;
    while (h->n_done < h->n_sent) {
        rd_kafka_poll(h->rk, poll_ms(deadline_ns, SLICE_MS));
        if (h->is_down) {
            rd_kafka_purge(h->rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
            h->failure = RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN;
        }
        if (h->n_done < h->n_sent && mb__left_ns(deadline_ns) == 0) {
            return fail(t, MB_ETIMEOUT, "the server does not answer", error);
        }
    }
    const rd_kafka_resp_err_t failure = h->failure;
    h->failure = RD_KAFKA_RESP_ERR_NO_ERROR;
    return failure ? fail_with(t, h->is_down ? RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN : failure, error)
                   : 0;
}

static int flush(mb_transport *transport, mb_error *error) {
    struct kafka *t = (struct kafka *)transport;
    struct handle *h = &t->producers[MB_UNCONFIRMED];
    return h->rk ? wait_for_done(t, h, error) : 0;
}

/* Into the library's queue; waits while that is full. */
static int send_one(struct kafka *t, struct handle *h, const mb_message *message, mb_error *error) {
    int rc = mb__encode_to_send(&t->out, message, error);
    if (rc) {
        return rc;
    }
    const int64_t deadline_ns = mb__deadline_ns(t->timeout_ns);
    while (rd_kafka_produce(h->topic, PARTITION, RD_KAFKA_MSG_F_COPY, t->out.data, t->out.size,
                            NULL, 0, NULL) != 0) {
        const rd_kafka_resp_err_t why = rd_kafka_last_error();
        if (why != RD_KAFKA_RESP_ERR__QUEUE_FULL || mb__left_ns(deadline_ns) == 0) {
            return fail_with(t, why, error);
        }
        rd_kafka_poll(h->rk, poll_ms(deadline_ns, SLICE_MS));
    }
    h->n_sent++;
    return 0;
}

static int publish(mb_transport *transport, const char *topic, mb_message *const *messages,
                   size_t n, mb_confirm confirm, mb_error *error) {
    struct kafka *t = (struct kafka *)transport;
    struct handle *h = &t->producers[confirm];
    int rc = h->rk ? 0 : new_producer(t, confirm, error);
    rc = rc ? rc : use_topic(t, h, topic, error);
    for (size_t i = 0; rc == 0 && i < n; i++) {
        rc = send_one(t, h, messages[i], error);
    }
    if (confirm == MB_CONFIRMED) {
        const int rc_done = h->rk ? wait_for_done(t, h, rc ? NULL : error) : 0;
        rc = rc ? rc : rc_done;
    } else if (h->rk) {
        rd_kafka_poll(h->rk, 0); /* forgets what is gone */
    }
    return rc;
}

static int check_topic(const char *topic, mb_error *error) {
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    const size_t size = strlen(topic);
    if (size > 249 || strspn(topic, allowed) != size || strcmp(topic, ".") == 0 ||
        strcmp(topic, "..") == 0) {
        return mb__fail(error, MB_EINVAL,
                        "kafka: topics are 1 to 249 of A-Z a-z 0-9 . _ - and not . or ..");
    }
    return 0;
}

/* A topic comes into being when somebody asks for it, but not at once. */
static int wait_for_topic(struct kafka *t, int64_t deadline_ns, mb_error *error) {
    struct handle *h = &t->consumer;
    for (;;) {
        const struct rd_kafka_metadata *metadata;
        const rd_kafka_resp_err_t code =
            rd_kafka_metadata(h->rk, 0, h->topic, &metadata, mb__poll_ms(t->timeout_ns));
        if (code) {
            return fail_with(t, code, error);
        }
        const int is_there = metadata->topic_cnt == 1 && metadata->topics[0].err == 0 &&
                             metadata->topics[0].partition_cnt > PARTITION;
        rd_kafka_metadata_destroy(metadata);
        if (is_there) {
            return 0;
        }
        if (mb__left_ns(deadline_ns) == 0) {
            return fail_with(t, RD_KAFKA_RESP_ERR__TIMED_OUT, error);
        }
        rd_kafka_poll(h->rk, poll_ms(deadline_ns, SLICE_MS));
    }
}

static int subscribe(mb_transport *transport, const char *topic, mb_error *error) {
    struct kafka *t = (struct kafka *)transport;
    struct handle *h = &t->consumer;
    /* The library's cluster answers a fetch only when that time is over, also if messages come. */
    const char *const more[] = {"fetch.wait.max.ms", t->is_mock ? "1" : "500", NULL};
    const int64_t deadline_ns = mb__deadline_ns(t->timeout_ns);
    int64_t low, high;
    close_handle(h); /* of an attempt that failed */
    int rc = new_handle(t, h, RD_KAFKA_CONSUMER, more, error);
    rc = rc ? rc : use_topic(t, h, topic, error);
    rc = rc ? rc : wait_for_topic(t, deadline_ns, error);
    if (rc) {
        return rc;
    }
    const rd_kafka_resp_err_t code = rd_kafka_query_watermark_offsets(
        h->rk, topic, PARTITION, &low, &high, mb__poll_ms(t->timeout_ns));
    if (code) {
        return fail_with(t, code, error);
    }
    return rd_kafka_consume_start(h->topic, PARTITION, high)
               ? fail_with(t, rd_kafka_last_error(), error)
               : 0;
}

static int receive(mb_message **out, mb_transport *transport, int64_t timeout_ns, mb_error *error) {
    struct kafka *t = (struct kafka *)transport;
    struct handle *h = &t->consumer;
    const int64_t deadline_ns = mb__deadline_ns(timeout_ns);
    for (;;) {
        rd_kafka_message_t *m =
            rd_kafka_consume(h->topic, PARTITION, poll_ms(deadline_ns, SLICE_MS));
        if (m && m->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
            const int rc = mb__decode_received(out, m->payload, m->len, error);
            rd_kafka_message_destroy(m);
            return rc;
        }
        if (m) {
            const rd_kafka_resp_err_t code = m->err;
            rd_kafka_message_destroy(m);
            return fail_with(t, code, error);
        }
        rd_kafka_poll(h->rk, 0);
        if (h->is_down) {
            h->is_down = 0;
            return fail_with(t, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, error);
        }
        if (mb__left_ns(deadline_ns) == 0) {
            return MB_ETIMEOUT;
        }
    }
}

static void close_kafka(mb_transport *transport) {
    struct kafka *t = (struct kafka *)transport;
    if (t->consumer.topic && t->base.is_subscribed) {
        rd_kafka_consume_stop(t->consumer.topic, PARTITION);
    }
    close_handle(&t->consumer);
    close_handle(&t->producers[MB_UNCONFIRMED]);
    close_handle(&t->producers[MB_CONFIRMED]);
    mb_buffer_clear(&t->out);
    mb__free(t->brokers);
    mb__free(t);
}

/* The address of the process's own cluster; NULL when it does not start. */
static const char *mock_brokers(struct kafka *t, mb_error *error) {
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static struct handle mock;
    static rd_kafka_mock_cluster_t *cluster;
    static const char *const none[] = {NULL};
    pthread_mutex_lock(&lock);
    int rc = mock.rk ? 0 : new_handle(t, &mock, RD_KAFKA_PRODUCER, none, error);
    if (rc == 0 && !cluster) {
        cluster = rd_kafka_mock_cluster_new(mock.rk, 1);
        rc = cluster ? 0 : fail(t, MB_ESYSTEM, "the library's own cluster does not start", error);
    }
    pthread_mutex_unlock(&lock);
    return rc ? NULL : rd_kafka_mock_cluster_bootstraps(cluster);
}

/* Whether all are HOST:PORT, and one of them listens: the library itself would only time out. */
static int check_brokers(const struct kafka *t, mb_error *error) {
    struct mb__url one = {.text = ""};
    int rc = MB_EUNREACHABLE;
    for (const char *at = t->brokers; at;) {
        char host[MB__HOST_MAX + 1];
        int port, fd;
        const size_t size = strcspn(at, ",");
        memcpy(one.text, at, size);
        one.text[size] = '\0';
        one.hosts = one.text;
        if (mb__url_host(host, &port, &one, DEFAULT_PORT, error)) {
            return MB_EINVAL;
        }
        if (rc && (rc = mb__net_connect(&fd, host, port, t->timeout_ns, error)) == 0) {
            close(fd);
        }
        at = at[size] ? at + size + 1 : NULL;
    }
    return rc;
}

static int connect_kafka(struct kafka *t, const struct mb__url *url, mb_error *error) {
    int rc = mb__url_timeout(&t->timeout_ns, url, error);
    if (rc) {
        return rc;
    }
    if (*url->user || *url->password ||
        (url->has_hosts ? *url->path != 0 : strcmp(url->path, "mock") != 0)) {
        return mb__fail(error, MB_EINVAL,
                        "kafka: use kafka://HOST:PORT[,HOST:PORT...], which takes no user and no "
                        "path, or kafka:mock");
    }
    t->is_mock = !url->has_hosts;
    t->base.name = t->is_mock ? "kafka-mock" : "kafka";
    const char *brokers = t->is_mock ? mock_brokers(t, error) : url->hosts;
    if (!brokers) {
        return MB_ESYSTEM;
    }
    t->brokers = mb__copy_text(brokers);
    if (!t->brokers) {
        return fail(t, MB_ENOMEM, "out of memory", error);
    }
    rc = t->is_mock ? 0 : check_brokers(t, error);
    rc = rc ? rc : new_producer(t, MB_CONFIRMED, error);
    if (rc) {
        return rc;
    }
    const struct rd_kafka_metadata *metadata;
    const rd_kafka_resp_err_t code = rd_kafka_metadata(t->producers[MB_CONFIRMED].rk, 0, NULL,
                                                       &metadata, mb__poll_ms(t->timeout_ns));
    if (code) {
        return fail(t, MB_EUNREACHABLE, rd_kafka_err2str(code), error);
    }
    rd_kafka_metadata_destroy(metadata);
    if (strlen(t->brokers) + sizeof "kafka://" <= sizeof t->base.url) {
        snprintf(t->base.url, sizeof t->base.url, "kafka://%.300s", t->brokers);
    }
    return 0;
}

static int open_kafka(mb_transport **out, const struct mb__url *url, mb_error *error) {
    struct kafka *t = mb__alloc_zeroed(1, sizeof *t);
    if (!t) {
        return mb__fail(error, MB_ENOMEM, "kafka: out of memory");
    }
    t->base.backend = &mb__backend_kafka;
    t->base.name = "kafka";
    t->base.guarantee[MB_UNCONFIRMED] =
        "acks=0, linger 0 ms: sent after flush, not acknowledged; one partition";
    t->base.guarantee[MB_CONFIRMED] =
        "acks=all, idempotent, linger 0 ms: acknowledged by all in-sync replicas; one partition";
    const int rc = connect_kafka(t, url, error);
    if (rc) {
        close_kafka(&t->base);
        return rc;
    }
    if (t->is_mock) {
        t->base.guarantee[MB_UNCONFIRMED] = "librdkafka's own cluster in this process, no disk and "
                                            "no replica; acks=0, linger 0 ms; one partition";
        t->base.guarantee[MB_CONFIRMED] =
            "librdkafka's own cluster in this process, no disk and no replica; acks=all, "
            "idempotent, linger 0 ms; one partition";
    }
    *out = &t->base;
    return 0;
}

const struct mb__backend mb__backend_kafka = {.scheme = "kafka",
                                              .open = open_kafka,
                                              .close = close_kafka,
                                              .check_topic = check_topic,
                                              .publish = publish,
                                              .flush = flush,
                                              .subscribe = subscribe,
                                              .receive = receive};
