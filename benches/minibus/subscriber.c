/* Subscribing and receiving. */
#include "minibus/broker.h"

#include "minibus/ack_table.h"
#include "minibus/broker_struct.h"
#include "minibus/error.h"
#include "minibus/wait.h"

/* Releases what a subscriber owns; it is in no topic any more, or not yet. */
static void destroy(mb_subscriber *s) {
    while (s->queue.count != 0) {
        mb__slot_drop(s, mb__queue_pop(&s->queue));
    }
    mb__free(s->queue.slots);
    mb__free(s->scratch.slots);
    mb__free(s);
}

static int create(mb_subscriber **out, mb_broker *broker) {
    mb_subscriber *s = mb__alloc_zeroed(1, sizeof *s);
    if (!s) {
        return MB_ENOMEM;
    }
    s->broker = broker;
    const size_t capacity = broker->options.queue_capacity;
    if (!mb__queue_init(&s->queue, capacity) ||
        (MINIBUS_SLOWDOWN_PERCENT > 0 && !mb__queue_init(&s->scratch, capacity))) {
        destroy(s);
        return MB_ENOMEM;
    }
    *out = s;
    return 0;
}

static int join(mb_subscriber *s, const char *name) {
    struct mb__topic *topic;
    int rc = mb__topics_find_or_add(&topic, &s->broker->topics, name);
    if (rc) {
        return rc;
    }
    s->topic = topic;
    pthread_mutex_lock(&topic->lock);
    rc = topic->closed ? MB_ECLOSED : mb__topic_add_subscriber(topic, s);
    pthread_mutex_unlock(&topic->lock);
    return rc;
}

int mb__subscribe(mb_subscriber **out, mb_broker *broker, const char *topic, struct mb__ack *ack) {
    mb_subscriber *s;
    int rc = create(&s, broker);
    if (rc) {
        return rc;
    }
    s->ack = ack;
    rc = join(s, topic);
    if (rc) {
        destroy(s);
        return rc;
    }
    *out = s;
    return 0;
}

int mb_subscribe(mb_subscriber **out, mb_broker *broker, const char *topic) {
    return mb__subscribe(out, broker, topic, NULL);
}

void mb_subscriber_free(mb_subscriber *subscriber) {
    if (!subscriber) {
        return;
    }
    struct mb__topic *topic = subscriber->topic;
    pthread_mutex_lock(&topic->lock);
    mb__topic_remove_subscriber(topic, subscriber);
    pthread_cond_broadcast(&topic->writable); /* its queue holds nobody up any more */
    pthread_mutex_unlock(&topic->lock);
    if (subscriber->ack) {
        mb__subscriber_bury_all(subscriber);
        mb__ack_free(subscriber->ack);
    }
    destroy(subscriber);
}

static int is_expired(const mb_subscriber *s, const struct mb__slot *slot) {
    const mb_broker_options *o = &s->broker->options;
    return slot->deadline_ns != 0 && slot->deadline_ns <= o->now_ns(o->clock_user);
}

/* Takes what is there, up to capacity, with the topic's lock held. */
static size_t take(mb_delivery *out, size_t capacity, mb_subscriber *s) {
    const size_t count_before = s->queue.count;
    size_t n = 0;
    if (s->ack) {
        mb__subscriber_advance(s);
        n = mb__ack_take_returned(out, capacity, s->ack);
    }
    while (n < capacity && s->queue.count != 0 && (!s->ack || mb__ack_has_room(s->ack))) {
        const struct mb__slot slot = mb__queue_pop(&s->queue);
        if (is_expired(s, &slot)) {
            mb__slot_drop(s, slot);
            s->n_expired++;
        } else {
            out[n++] = s->ack ? mb__ack_deliver(s->ack, slot)
                              : (mb_delivery){slot.message, slot.sequence, 0, 0};
        }
    }
    s->n_received += n;
    if (s->topic->n_blocked != 0 && s->queue.count != count_before) {
        pthread_cond_broadcast(&s->topic->writable);
    }
    return n;
}

/* Waits for a wake-up, or until a pending delivery comes back. With an injected clock that is a
 * guess, and the caller looks again. */
static int wait_readable(struct mb__wait *wait, mb_subscriber *s) {
    const int64_t due_ns = s->ack ? mb__ack_next_due_ns(s->ack) : MB_FOREVER;
    if (due_ns == MB_FOREVER) {
        return mb__wait_once(wait, &s->topic->readable, &s->topic->lock);
    }
    return mb__wait_at_most(wait, due_ns, &s->topic->readable, &s->topic->lock);
}

/* The lock may have been given up when this returns 1. */
static int bury(mb_subscriber *s) {
    return s->ack && mb__subscriber_bury(s);
}

int mb_subscriber_receive_batch(mb_delivery *out, size_t capacity, size_t *n_out,
                                mb_subscriber *subscriber, int64_t timeout_ns) {
    struct mb__topic *topic = subscriber->topic;
    struct mb__wait wait = {.timeout_ns = timeout_ns};
    size_t n;
    int rc = 0;
    pthread_mutex_lock(&topic->lock);
    if (subscriber->ack) {
        subscriber->ack->bury_due = subscriber->ack->dead.count != 0;
    }
    while ((n = take(out, capacity, subscriber)) == 0 && rc == 0) {
        if (bury(subscriber)) {
            continue;
        }
        rc = topic->closed ? MB_ECLOSED : wait_readable(&wait, subscriber);
    }
    bury(subscriber);
    pthread_mutex_unlock(&topic->lock);
    *n_out = n;
    if (n != 0 && mb__chain_is_used(&subscriber->broker->chain)) {
        mb__chain_received(&subscriber->broker->chain, topic->name, out, n);
    }
    return n != 0 ? 0 : rc;
}

int mb_subscriber_receive(mb_delivery *out, mb_subscriber *subscriber, int64_t timeout_ns) {
    size_t n;
    return mb_subscriber_receive_batch(out, 1, &n, subscriber, timeout_ns);
}

int mb_subscriber_try_receive(mb_delivery *out, mb_subscriber *subscriber) {
    const int rc = mb_subscriber_receive(out, subscriber, 0);
    return rc == MB_ETIMEOUT ? MB_EEMPTY : rc;
}

mb_subscriber_stats mb_subscriber_stats_now(mb_subscriber *subscriber) {
    pthread_mutex_lock(&subscriber->topic->lock);
    const mb_subscriber_stats stats = {subscriber->n_received, subscriber->n_dropped,
                                       subscriber->n_expired, subscriber->queue.count};
    pthread_mutex_unlock(&subscriber->topic->lock);
    return stats;
}
