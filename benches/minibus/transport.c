/* Chooses the backend and checks what all of them would have to check. The backends are in the
 * files transport_*.c; those that were not built are transport_unavailable.c. */
#include "minibus/transport.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "minibus/message_struct.h"
#include "minibus/transport_backend.h"
#include "minibus/wait.h"

static const struct mb__backend *const backends[] = {
    &mb__backend_inmemory, &mb__backend_loopback, &mb__backend_file,
    &mb__backend_amqp,     &mb__backend_mqtt,     &mb__backend_kafka,
};

enum { N_BACKENDS = sizeof backends / sizeof backends[0] };

int mb_transport_open(mb_transport **out, const char *text, mb_error *error) {
    struct mb__url url;
    const int rc = mb__url_parse(&url, text, error);
    if (rc) {
        return rc;
    }
    for (int i = 0; i < N_BACKENDS; i++) {
        if (strcmp(backends[i]->scheme, url.scheme) == 0) {
            return backends[i]->open(out, &url, error);
        }
    }
    return mb__fail(error, MB_EINVAL,
                    "'%.40s:' is no transport: use inmemory: loopback: file: amqp: mqtt: or kafka:",
                    url.scheme);
}

void mb_transport_close(mb_transport *transport) {
    if (transport) {
        transport->backend->close(transport);
    }
}

int mb__topic_name_check(const void *name, size_t size, mb_error *error) {
    if (size == 0 || size > MB_TOPIC_NAME_MAX) {
        return mb__fail(error, MB_EINVAL, "a topic of %zu bytes: it must have 1 to %d", size,
                        (int)MB_TOPIC_NAME_MAX);
    }
    const unsigned char *bytes = name;
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] < 0x20 || bytes[i] == 0x7f) {
            return mb__fail(error, MB_EINVAL,
                            "a topic with the byte 0x%02x: control characters are not allowed",
                            bytes[i]);
        }
    }
    return 0;
}

static int check_topic(const mb_transport *t, const char *topic, mb_error *error) {
    /* MQTT and AMQP would cut or refuse a longer one in ways of their own */
    const int rc = mb__topic_name_check(topic, strlen(topic), error);
    return rc || !t->backend->check_topic ? rc : t->backend->check_topic(topic, error);
}

static int check_messages(mb_message *const *messages, size_t n, mb_error *error) {
    for (size_t i = 0; i < n; i++) {
        const size_t size = (size_t)messages[i]->payload_size + messages[i]->metadata_size;
        if (size > MB_TRANSPORT_MESSAGE_MAX) {
            return mb__fail(error, MB_ELIMIT, "a message of %zu bytes: transports take up to %zu",
                            size, MB_TRANSPORT_MESSAGE_MAX);
        }
    }
    return 0;
}

int mb_transport_publish(mb_transport *transport, const char *topic, mb_message *const *messages,
                         size_t n, mb_confirm confirm, mb_error *error) {
    int rc = check_topic(transport, topic, error);
    if (rc == 0) {
        rc = check_messages(messages, n, error);
    }
    if (rc || n == 0) {
        return rc;
    }
    if (n > INT_MAX || (confirm != MB_UNCONFIRMED && confirm != MB_CONFIRMED)) {
        return mb__fail(error, MB_EINVAL, "a batch that is too large, or no mb_confirm");
    }
    return transport->backend->publish(transport, topic, messages, n, confirm, error);
}

int mb_transport_flush(mb_transport *transport, mb_error *error) {
    return transport->backend->flush ? transport->backend->flush(transport, error) : 0;
}

int mb_transport_subscribe(mb_transport *transport, const char *topic, mb_error *error) {
    int rc = check_topic(transport, topic, error);
    if (rc) {
        return rc;
    }
    if (transport->is_subscribed) {
        return mb__fail(error, MB_EINVAL, "already subscribed: open a transport for each topic");
    }
    rc = transport->backend->subscribe(transport, topic, error);
    transport->is_subscribed = rc == 0;
    return rc;
}

int mb_transport_receive(mb_message **out, mb_transport *transport, int64_t timeout_ns,
                         mb_error *error) {
    if (!transport->is_subscribed) {
        return mb__fail(error, MB_EINVAL, "not subscribed to a topic");
    }
    if (timeout_ns < MB_FOREVER) {
        return mb__fail(error, MB_EINVAL, "a time limit below 0 that is not MB_FOREVER");
    }
    const int rc = transport->backend->receive(out, transport, timeout_ns, error);
    if (rc == MB_ETIMEOUT) {
        mb__fail(error, rc, "%s: nothing received within %.3f ms", transport->name,
                 (double)timeout_ns / 1e6);
    }
    return rc;
}

const char *mb_transport_name(const mb_transport *transport) {
    return transport->name;
}

const char *mb_transport_guarantee(const mb_transport *transport, mb_confirm confirm) {
    return transport->guarantee[confirm == MB_CONFIRMED];
}

const char *mb_transport_url(const mb_transport *transport) {
    return transport->url;
}

int mb__poll_ms(int64_t timeout_ns) {
    if (timeout_ns < 0) {
        return -1;
    }
    const int64_t ms = timeout_ns / 1000000 + (timeout_ns % 1000000 != 0);
    return ms < INT_MAX ? (int)ms : INT_MAX;
}

int64_t mb__deadline_ns(int64_t timeout_ns) {
    const int64_t now_ns = mb__monotonic_ns();
    return timeout_ns < 0 || timeout_ns > INT64_MAX - now_ns ? MB_FOREVER : now_ns + timeout_ns;
}

int64_t mb__left_ns(int64_t deadline_ns) {
    if (deadline_ns == MB_FOREVER) {
        return MB_FOREVER;
    }
    const int64_t left_ns = deadline_ns - mb__monotonic_ns();
    return left_ns > 0 ? left_ns : 0;
}

int mb__decode_received(mb_message **out, const void *data, size_t size, mb_error *error) {
    const int rc = mb_codec_binary.decode(out, data, size);
    return rc == 0 ? 0 : mb__fail(error, rc, "received %zu bytes: %s", size, mb_error_text(rc));
}

int mb__encode_to_send(mb_buffer *buffer, const mb_message *message, mb_error *error) {
    buffer->size = 0;
    const int rc = mb_codec_binary.encode(buffer, message);
    return rc == 0 ? 0 : mb__fail(error, rc, "encoding a message: %s", mb_error_text(rc));
}
