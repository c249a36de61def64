/*
 * minibus/ack.h - subscriptions whose messages count as done only when the receiver says so.
 *
 * Every delivery stays in a table of pending ones, with a reference to its message, until it is
 * acknowledged. It comes back when it is refused, or when it is not settled within the visibility
 * timeout: in front of everything that was never delivered, in the order of the topic, and with its
 * delivery count one higher. A message that has been delivered too often, or was refused for good,
 * goes to the dead-letter topic as a copy that says why (MB_DEAD_...), without a time to live.
 *
 * What is certain: an acknowledged message does not come again. A message that was delivered and
 * not acknowledged leaves the subscriber only as a dead letter. While the dead-letter topic has no
 * room, or there is no memory for the copy, it stays here, takes its place in the table, and is
 * tried again with every call for this subscriber. When nobody reads that topic, or there is none,
 * it is dropped and counted.
 *
 * - Before the first delivery everything is as without acknowledgements: a message may outlive its
 *   time or be dropped by MB_OVERFLOW_DROP_OLDEST. Afterwards only the number of deliveries ends
 *   it.
 * - Queued and pending messages are limited separately. With a full table nothing new is delivered.
 * - Only time that passes forward counts: a clock that is set back delays nothing and repeats
 *   nothing. A clock that leaps forward makes what is pending come back early.
 * - Timeouts take effect in the next call for this subscriber, also in a receive that waits.
 * - After mb_broker_shutdown() there are no dead letters any more: they are dropped and counted.
 *   Receiving ends with MB_ECLOSED when nothing can be delivered at that moment.
 *
 * mb_subscriber_free() makes dead letters of all that is not acknowledged, queued messages
 * included: a queue has one subscriber, so there is nobody else to give them to. It does not wait
 * for room; what finds none is lost and counted by mb_broker_unacked_lost().
 */
#ifndef MINIBUS_ACK_H
#define MINIBUS_ACK_H

#include "minibus/broker.h"

/* The metadata of a dead letter. */
#define MB_DEAD_REASON     "dead_letter_reason"     /**< one of the three below */
#define MB_DEAD_TOPIC      "dead_letter_topic"      /**< where it was published */
#define MB_DEAD_DELIVERIES "dead_letter_deliveries" /**< how often it was delivered, decimal */

#define MB_DEAD_REJECTED       "rejected"       /**< refused without a requeue */
#define MB_DEAD_MAX_DELIVERIES "max_deliveries" /**< delivered as often as allowed */
#define MB_DEAD_UNSUBSCRIBED   "unsubscribed"   /**< its subscriber was freed */

enum { MB_ACK_PENDING_MAX = 1 << 24 };

/** Zero means default. */
typedef struct mb_ack_options {
    size_t max_pending;            /**< default: the broker's queue capacity */
    int64_t visibility_timeout_ns; /**< default 30 seconds; MB_FOREVER */
    uint32_t max_deliveries;       /**< default 5 */
    const char *dead_letter_topic; /**< copied; not the subscribed one. NULL: none */
} mb_ack_options;

typedef struct mb_ack_stats {
    uint64_t acked;
    uint64_t requeued;      /**< refused, to be delivered again */
    uint64_t timed_out;     /**< not settled in time */
    uint64_t redelivered;   /**< deliveries that were not the first of their message */
    uint64_t dead_lettered; /**< published to the dead-letter topic */
    uint64_t dropped;       /**< dead letters that nobody reads */
    uint64_t dead_failures; /**< attempts that failed and will be repeated */
    size_t pending;         /**< now: delivered and not settled */
    size_t returned;        /**< now: waiting to be delivered again */
    size_t dead;            /**< now: waiting for room in the dead-letter topic */
} mb_ack_stats;

/** Subscribes with acknowledgements; everything else is as with mb_subscribe().
 *  @param options may be NULL. @return as mb_subscribe(); MB_EINVAL also for bad options. */
int mb_subscribe_ack(mb_subscriber **out, mb_broker *broker, const char *topic,
                     const mb_ack_options *options);

/** Settles a delivery of this subscriber. It reads only the tag: the message may be given back
 *  before or after. @return 0, MB_ENOTPENDING (settled before, timed out, or without acks). */
int mb_ack(mb_subscriber *subscriber, const mb_delivery *delivery);

/** Settles those of n deliveries that are pending, under one lock.
 *  @param n_acked receives how many; may be NULL. @return 0, MB_ENOTPENDING when not all were. */
int mb_ack_batch(mb_subscriber *subscriber, const mb_delivery *deliveries, size_t n,
                 size_t *n_acked);

/** Refuses a delivery: to have it again (the last allowed delivery becomes a dead letter), or to
 *  make a dead letter of it at once. @return 0, MB_ENOTPENDING. */
int mb_nack(mb_subscriber *subscriber, const mb_delivery *delivery, int requeue);

/** All 0 for a subscriber without acks. */
mb_ack_stats mb_ack_stats_now(mb_subscriber *subscriber);

/** How many unacknowledged messages were lost because their subscriber was freed. */
uint64_t mb_broker_unacked_lost(mb_broker *broker);

#endif
