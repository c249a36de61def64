/* Compiled twice: see without_middleware.h. */
#include "rounds.h"

#include <stdlib.h>
#include <string.h>

#include "fixtures.h"
#include "minibus/error.h"

int rounds_init(struct rounds *r, size_t size) {
    r->topic = "orders";
    r->size = size;
    r->payload = fx_payload(size);
    if (!r->payload) {
        return MB_ENOMEM;
    }
    const mb_broker_options options = {.queue_capacity = ROUND};
    const int rc = mb_broker_new(&r->broker, &options);
    return rc ? rc : mb_subscribe(&r->subscriber, r->broker, r->topic);
}

void rounds_clear(struct rounds *r) {
    mb_subscriber_free(r->subscriber);
    mb_broker_free(r->broker);
    free(r->payload);
}

static void unref_made(struct rounds *r, size_t n) {
    for (size_t i = 0; i < n; i++) {
        mb_message_unref(r->messages[i]);
    }
}

int rounds_make(struct rounds *r) {
    for (size_t i = 0; i < ROUND; i++) {
        const int rc = mb_message_new(&r->messages[i], r->payload, r->size);
        if (rc) {
            unref_made(r, i);
            return rc;
        }
    }
    return 0;
}

int rounds_send(struct rounds *r) {
    const int rc = mb_publish(r->broker, r->topic, r->messages, ROUND);
    unref_made(r, ROUND);
    return rc;
}

static int is_as_sent(const struct rounds *r, const mb_message *m) {
    return mb_message_payload_size(m) == r->size &&
           memcmp(mb_message_payload(m), r->payload, r->size) == 0;
}

int rounds_take(struct rounds *r, mb_subscriber *from, size_t n) {
    const int rc = mb_subscriber_receive_batch(r->deliveries, n, &r->n_taken, from, 0);
    r->n_wrong += n - r->n_taken;
    for (size_t i = 0; i < r->n_taken; i++) {
        r->n_wrong += !is_as_sent(r, r->deliveries[i].message);
    }
    return rc;
}

void rounds_give_back(struct rounds *r) {
    for (size_t i = 0; i < r->n_taken; i++) {
        mb_message_unref(r->deliveries[i].message);
    }
    r->n_taken = 0;
}
