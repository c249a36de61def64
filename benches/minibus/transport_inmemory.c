/* inmemory: a broker in this process. Nothing is encoded; receivers get the published message. */
#include <string.h>

#include "minibus/broker.h"
#include "minibus/memory.h"
#include "minibus/transport_backend.h"

enum { DEFAULT_CAPACITY = 65536, MAX_CAPACITY = 16 << 20 };

struct inmemory {
    struct mb_transport base;
    mb_broker *broker;
    mb_subscriber *subscriber;
};

static int open_inmemory(mb_transport **out, const struct mb__url *url, mb_error *error) {
    static const char *const known[] = {"capacity", NULL};
    int64_t capacity;
    if (url->has_hosts || *url->path) {
        return mb__fail(error, MB_EINVAL, "inmemory: takes no host and no path");
    }
    int rc = mb__url_check_options(url, known, error);
    if (rc == 0) {
        rc = mb__url_number(&capacity, url, "capacity", DEFAULT_CAPACITY, MAX_CAPACITY, error);
    }
    if (rc) {
        return rc;
    }
    struct inmemory *t = mb__alloc_zeroed(1, sizeof *t);
    if (!t) {
        return mb__fail(error, MB_ENOMEM, "inmemory: out of memory");
    }
    rc = mb_broker_new(&t->broker, &(mb_broker_options){.queue_capacity = (size_t)capacity});
    if (rc) {
        mb__free(t);
        return mb__fail(error, rc, "inmemory: %s", mb_error_text(rc));
    }
    static const char guarantee[] =
        "in every subscriber's queue when publish returns; lost with the process";
    t->base = (struct mb_transport){
        .backend = &mb__backend_inmemory, .name = "inmemory", .guarantee = {guarantee, guarantee}};
    *out = &t->base;
    return 0;
}

static void close_inmemory(mb_transport *transport) {
    struct inmemory *t = (struct inmemory *)transport;
    mb_subscriber_free(t->subscriber);
    mb_broker_free(t->broker);
    mb__free(t);
}

static int publish(mb_transport *transport, const char *topic, mb_message *const *messages,
                   size_t n, mb_confirm confirm, mb_error *error) {
    struct inmemory *t = (struct inmemory *)transport;
    (void)confirm;
    const int rc = mb_publish(t->broker, topic, messages, n);
    return rc == 0 ? 0 : mb__fail(error, rc, "inmemory: %s", mb_error_text(rc));
}

static int subscribe(mb_transport *transport, const char *topic, mb_error *error) {
    struct inmemory *t = (struct inmemory *)transport;
    const int rc = mb_subscribe(&t->subscriber, t->broker, topic);
    return rc == 0 ? 0 : mb__fail(error, rc, "inmemory: %s", mb_error_text(rc));
}

static int receive(mb_message **out, mb_transport *transport, int64_t timeout_ns, mb_error *error) {
    struct inmemory *t = (struct inmemory *)transport;
    mb_delivery delivery;
    const int rc = mb_subscriber_receive(&delivery, t->subscriber, timeout_ns);
    if (rc) {
        return mb__fail(error, rc, "inmemory: %s", mb_error_text(rc));
    }
    *out = delivery.message;
    return 0;
}

const struct mb__backend mb__backend_inmemory = {.scheme = "inmemory",
                                                 .open = open_inmemory,
                                                 .close = close_inmemory,
                                                 .publish = publish,
                                                 .subscribe = subscribe,
                                                 .receive = receive};
