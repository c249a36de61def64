/* The broker's life and publishing. Subscribing and receiving are in subscriber.c. */
#include "minibus/broker.h"

#include <stdint.h>

#include "minibus/broker_struct.h"
#include "minibus/error.h"
#include "minibus/message_struct.h"
#include "minibus/wait.h"

enum { DEFAULT_QUEUE_CAPACITY = 1024, DEFAULT_BLOCK_TIMEOUT_NS = 1000000000 };

static int64_t default_now_ns(void *user) {
    (void)user;
    return mb__monotonic_ns();
}

static int resolve_options(mb_broker_options *o) {
    if (o->overflow > MB_OVERFLOW_BLOCK || o->block_timeout_ns < MB_FOREVER) {
        return MB_EINVAL;
    }
    if (o->queue_capacity == 0) {
        o->queue_capacity = DEFAULT_QUEUE_CAPACITY;
    }
    if (o->overflow == MB_OVERFLOW_REJECT) {
        o->block_timeout_ns = 0; /* rejecting is blocking for no time at all */
    } else if (o->block_timeout_ns == 0) {
        o->block_timeout_ns = DEFAULT_BLOCK_TIMEOUT_NS;
    }
    if (!o->now_ns) {
        o->now_ns = default_now_ns;
    }
    return 0;
}

int mb_broker_new(mb_broker **out, const mb_broker_options *options) {
    mb_broker_options resolved = options ? *options : (mb_broker_options){0};
    int rc = resolve_options(&resolved);
    if (rc) {
        return rc;
    }
    mb_broker *broker = mb__alloc(sizeof *broker);
    if (!broker) {
        return MB_ENOMEM;
    }
    broker->options = resolved;
    broker->chain.n_links = 0;
    atomic_init(&broker->n_unacked_lost, 0);
    rc = mb__topics_init(&broker->topics);
    if (rc) {
        mb__free(broker);
        return rc;
    }
    *out = broker;
    return 0;
}

void mb_broker_free(mb_broker *broker) {
    if (!broker) {
        return;
    }
    mb__topics_clear(&broker->topics);
    mb__free(broker);
}

void mb_broker_shutdown(mb_broker *broker) {
    mb__topics_close(&broker->topics);
}

/* ---- publishing: what follows runs with the topic's lock held -------------------------------- */

static int has_room(const struct mb__topic *topic, size_t n) {
    for (size_t i = 0; i < topic->n_subscribers; i++) {
        if (mb__queue_room(&topic->subscribers[i]->queue) < n) {
            return 0;
        }
    }
    return 1;
}

static int wait_for_room(struct mb__topic *topic, size_t n, int64_t timeout_ns) {
    struct mb__wait wait = {.timeout_ns = timeout_ns};
    int rc = 0;
    while (!has_room(topic, n)) {
        if (rc) {
            return MB_EQUEUEFULL;
        }
        topic->n_blocked++;
        rc = mb__wait_once(&wait, &topic->writable, &topic->lock);
        topic->n_blocked--;
        if (topic->closed) {
            return MB_ECLOSED;
        }
    }
    return 0;
}

static void drop_oldest(struct mb__topic *topic, size_t n) {
    for (size_t i = 0; i < topic->n_subscribers; i++) {
        mb_subscriber *s = topic->subscribers[i];
        while (mb__queue_room(&s->queue) < n) {
            mb__slot_drop(s, mb__queue_pop(&s->queue));
            s->n_dropped++;
        }
    }
}

static int make_room(const mb_broker *broker, struct mb__topic *topic, size_t n,
                     int64_t timeout_ns) {
    if (topic->closed) {
        return MB_ECLOSED;
    }
    if (broker->options.overflow != MB_OVERFLOW_DROP_OLDEST) {
        return wait_for_room(topic, n, timeout_ns);
    }
    drop_oldest(topic, n);
    return 0;
}

static int64_t deadline_of(const mb_broker *broker, const mb_message *message) {
    if (message->ttl_ns == 0) {
        return 0;
    }
    const int64_t now_ns = broker->options.now_ns(broker->options.clock_user);
    int64_t deadline_ns;
    if (__builtin_add_overflow(now_ns, message->ttl_ns, &deadline_ns)) {
        return INT64_MAX;
    }
    return deadline_ns != 0 ? deadline_ns : 1; /* 0 would be: never */
}

/* Publishing again what was just published, for its cost alone. */
enum work { REAL, REPEATED };

static int prepare(const mb_broker *broker, struct mb__topic *topic, size_t n, enum work work) {
    if (work == REAL) {
        return make_room(broker, topic, n, broker->options.block_timeout_ns);
    }
    for (size_t i = 0; i < topic->n_subscribers; i++) {
        mb__queue_drain(&topic->subscribers[i]->scratch);
    }
    return 0;
}

static unsigned refs_of_all(const struct mb__topic *topic) {
    unsigned n = 0;
    for (size_t i = 0; i < topic->n_subscribers; i++) {
        n += mb__slot_refs(topic->subscribers[i]);
    }
    return n;
}

/* Repeated work fills the scratch queues, takes no references and gives no sequence numbers. */
static void enqueue(const mb_broker *broker, struct mb__topic *topic, mb_message *const *messages,
                    size_t n, enum work work) {
    const unsigned n_refs = work == REAL ? refs_of_all(topic) : 0;
    uint64_t sequence = topic->next_sequence;
    for (size_t i = 0; i < n; i++) {
        const struct mb__slot slot = {messages[i], sequence++, deadline_of(broker, messages[i])};
        mb__message_ref_n(messages[i], n_refs);
        for (size_t s = 0; s < topic->n_subscribers; s++) {
            mb_subscriber *subscriber = topic->subscribers[s];
            mb__queue_push(work == REAL ? &subscriber->queue : &subscriber->scratch, slot);
        }
    }
    if (work == REAL) {
        topic->next_sequence = sequence;
    }
}

/* ---- publishing ------------------------------------------------------------------------------ */

/* Publishing to a topic that is not there. */
static int without_topic(mb_broker *broker, const char *name) {
    if (mb__topics_are_closed(&broker->topics)) {
        return MB_ECLOSED;
    }
    return mb__topic_name_is_valid(name) ? 0 : MB_EINVAL;
}

static int publish(mb_broker *broker, const char *name, mb_message *const *messages, size_t n,
                   enum work work) {
    struct mb__topic *topic = mb__topics_find(&broker->topics, name);
    if (!topic) {
        return without_topic(broker, name);
    }
    pthread_mutex_lock(&topic->lock);
    const int rc = prepare(broker, topic, n, work);
    if (rc == 0) {
        enqueue(broker, topic, messages, n, work);
    }
    pthread_mutex_unlock(&topic->lock);
    if (rc == 0) {
        pthread_cond_broadcast(&topic->readable);
    }
    return rc;
}

int mb__publish_one(mb_broker *broker, const char *name, mb_message *message, int64_t timeout_ns,
                    size_t *n_readers) {
    *n_readers = 0;
    struct mb__topic *topic = mb__topics_find(&broker->topics, name);
    if (!topic) {
        return without_topic(broker, name);
    }
    pthread_mutex_lock(&topic->lock);
    const int rc = make_room(broker, topic, 1, timeout_ns);
    if (rc == 0) {
        enqueue(broker, topic, &message, 1, REAL);
        *n_readers = topic->n_subscribers;
    }
    pthread_mutex_unlock(&topic->lock);
    if (rc == 0) {
        pthread_cond_broadcast(&topic->readable);
    }
    return rc;
}

/* In the long run every batch is repeated MINIBUS_SLOWDOWN_PERCENT / 100 times: whole batches, so
 * that the share is the same for large and small ones. */
static void repeat(mb_broker *broker, const char *name, mb_message *const *messages, size_t n) {
    static _Thread_local double percent_due;
    for (percent_due += MINIBUS_SLOWDOWN_PERCENT; percent_due >= 100; percent_due -= 100) {
        publish(broker, name, messages, n, REPEATED);
    }
}

static int publish_directly(mb_broker *broker, const char *topic, mb_message *const *messages,
                            size_t n) {
    if (n > broker->options.queue_capacity) {
        return MB_EQUEUEFULL;
    }
    const int rc = publish(broker, topic, messages, n, REAL);
    if (MINIBUS_SLOWDOWN_PERCENT > 0 && rc == 0) {
        repeat(broker, topic, messages, n);
    }
    return rc;
}

int mb_publish(mb_broker *broker, const char *topic, mb_message *const *messages, size_t n) {
    if (mb__chain_is_used(&broker->chain)) {
        return mb__chain_publish(broker, &broker->chain, topic, messages, n, publish_directly);
    }
    return publish_directly(broker, topic, messages, n);
}
