/* minibus/broker_struct.h - the inside of brokers and subscribers, for the broker's own files. */
#ifndef MINIBUS_BROKER_STRUCT_H
#define MINIBUS_BROKER_STRUCT_H

#include "minibus/middleware_chain.h"
#include "minibus/topic.h"

/* How much more work publish does than it has to: a regression of a known size. Any percentage. */
#ifndef MINIBUS_SLOWDOWN_PERCENT
#define MINIBUS_SLOWDOWN_PERCENT 0
#endif

struct mb__ack;

struct mb_broker {
    mb_broker_options options; /* resolved */
    struct mb__topics topics;
    struct mb__chain chain; /* does not change while the broker is in use */
    _Atomic uint64_t n_unacked_lost;
};

struct mb_subscriber {
    mb_broker *broker;
    struct mb__topic *topic;
    struct mb__queue queue;
    struct mb__queue scratch; /* for repeated work; without slots unless publish is slowed down */
    uint64_t n_received, n_dropped, n_expired;
    struct mb__ack *ack; /* NULL: what is received is settled */
};

/** The references that a slot of this subscriber's queue holds: with acks two, the second of which
 *  is that of its first delivery. */
static inline unsigned mb__slot_refs(const mb_subscriber *subscriber) {
    return subscriber->ack ? 2 : 1;
}

/** Gives back what a slot holds that is not delivered. */
static inline void mb__slot_drop(const mb_subscriber *subscriber, struct mb__slot slot) {
    for (unsigned i = mb__slot_refs(subscriber); i > 0; i--) {
        mb_message_unref(slot.message);
    }
}

/** Publishes one message with `timeout_ns` instead of the broker's time limit, and without what
 *  mb_publish() does around it. @param n_readers receives how many subscribers got it. */
int mb__publish_one(mb_broker *broker, const char *topic, mb_message *message, int64_t timeout_ns,
                    size_t *n_readers);

/** As mb_subscribe(); takes over `ack`, which may be NULL, unless it fails. */
int mb__subscribe(mb_subscriber **out, mb_broker *broker, const char *topic, struct mb__ack *ack);

#endif
