/*
 * minibus/broker.h - publish and subscribe within one process.
 *
 * A topic comes into being with its first subscription. What is published to it goes to everybody
 * who is subscribed at that moment, each with a bounded queue of their own. A topic numbers its
 * messages 1, 2, 3 ...; all subscribers see them in that order. One lock per topic: topics do not
 * disturb each other.
 *
 * Everything here may be called from any thread, except where a function says otherwise.
 */
#ifndef MINIBUS_BROKER_H
#define MINIBUS_BROKER_H

#include "minibus/message.h"

typedef struct mb_broker mb_broker;
typedef struct mb_subscriber mb_subscriber;

enum { MB_TOPIC_NAME_MAX = 255 }; /**< bytes of any value but NUL; at least 1 */

#define MB_FOREVER (-1) /**< as a timeout */

/** What publishing does when a subscriber's queue has no room for the batch. */
typedef enum mb_overflow {
    MB_OVERFLOW_REJECT = 0,  /**< fails with MB_EQUEUEFULL at once */
    MB_OVERFLOW_DROP_OLDEST, /**< the oldest messages of that queue make room and are counted */
    MB_OVERFLOW_BLOCK        /**< waits for room; MB_EQUEUEFULL after block_timeout_ns */
} mb_overflow;

/** Zero means default. */
typedef struct mb_broker_options {
    size_t queue_capacity; /**< messages per subscriber; default 1024 */
    mb_overflow overflow;
    int64_t block_timeout_ns; /**< default one second; MB_FOREVER */
    /** The clock for times to live and visibility, in nanoseconds; default CLOCK_MONOTONIC. */
    int64_t (*now_ns)(void *user);
    void *clock_user;
} mb_broker_options;

/** A message on its way to one subscriber. */
typedef struct mb_delivery {
    mb_message *message; /**< a reference that is the receiver's: mb_message_unref() */
    uint64_t sequence;   /**< in its topic: a gap is what this subscriber lost */
    uint64_t ack_tag;    /**< for acknowledging exactly this delivery (minibus/ack.h), or 0 */
    uint32_t
        n_deliveries; /**< of this message to this subscriber; 1 is the first, 0 without acks */
} mb_delivery;

/** What became of the messages that were queued for one subscriber. */
typedef struct mb_subscriber_stats {
    uint64_t received; /**< with acks, repeated deliveries count again */
    uint64_t dropped;  /**< by MB_OVERFLOW_DROP_OLDEST */
    uint64_t expired;  /**< found past their time to live by a receiver */
    size_t queued;     /**< now */
} mb_subscriber_stats;

/** @param options may be NULL. @return 0, MB_ENOMEM, MB_EINVAL, MB_ESYSTEM. */
int mb_broker_new(mb_broker **out, const mb_broker_options *options);

/** Frees a broker that nobody uses any more: all subscribers must be freed. Accepts NULL. */
void mb_broker_free(mb_broker *broker);

/** From here on publishing and subscribing fail with MB_ECLOSED, and everybody who waits is woken.
 *  Subscribers still receive what is in their queues, then MB_ECLOSED. */
void mb_broker_shutdown(mb_broker *broker);

/**
 * Publishes n messages. The batch is atomic: either every subscriber of the topic gets all of it,
 * in this order and with nothing in between, or nobody gets anything. Publishing to a topic that
 * nobody ever subscribed succeeds and does nothing. The broker takes references of its own.
 * @return 0, MB_EQUEUEFULL (also when n exceeds the queue capacity, under any policy), MB_ECLOSED,
 *  MB_EINVAL (a name that no topic can have), and with middleware (minibus/middleware.h) what that
 *  returns, and MB_ENOMEM.
 */
int mb_publish(mb_broker *broker, const char *topic, mb_message *const *messages, size_t n);

/** Subscribes from now on. @return 0, MB_ENOMEM, MB_EINVAL (topic name), MB_ECLOSED, MB_ESYSTEM. */
int mb_subscribe(mb_subscriber **out, mb_broker *broker, const char *topic);

/** Unsubscribes and drops what is queued; with acks, see minibus/ack.h. Nobody may be receiving
 *  from it. Accepts NULL. */
void mb_subscriber_free(mb_subscriber *subscriber);

/** Takes the next message. @param timeout_ns 0 or more, or MB_FOREVER.
 *  @return 0, MB_ETIMEOUT, MB_ECLOSED. */
int mb_subscriber_receive(mb_delivery *out, mb_subscriber *subscriber, int64_t timeout_ns);

/** The same without waiting. @return 0, MB_EEMPTY, MB_ECLOSED. */
int mb_subscriber_try_receive(mb_delivery *out, mb_subscriber *subscriber);

/** Takes up to `capacity` messages, and waits only for the first.
 *  @param n_out receives how many: at least 1 on success, 0 otherwise. @return as receive. */
int mb_subscriber_receive_batch(mb_delivery *out, size_t capacity, size_t *n_out,
                                mb_subscriber *subscriber, int64_t timeout_ns);

mb_subscriber_stats mb_subscriber_stats_now(mb_subscriber *subscriber);

#endif
