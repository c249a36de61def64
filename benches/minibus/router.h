/*
 * minibus/router.h - takes messages from one topic and passes them on to others, by rules.
 *
 * A router belongs to one thread at a time; several routers can share a broker.
 */
#ifndef MINIBUS_ROUTER_H
#define MINIBUS_ROUTER_H

#include "minibus/ack.h"

typedef struct mb_router mb_router;

/**
 * Turns a message into the one to pass on. `in` is shared: copy it to change it.
 * @param out receives a reference, which may be one more to `in`, or NULL to pass nothing on.
 * @return 0, or a negative code, which mb_router_step() returns.
 */
typedef int mb_handler_fn(mb_message **out, mb_message *in, void *user);

/** A rule. Strings are copied. */
typedef struct mb_route {
    const char *key;        /**< metadata key that a message must have; NULL: any message */
    const char *value;      /**< and its value; NULL: any value */
    mb_handler_fn *handler; /**< NULL: pass on as it is */
    void *user;             /**< for the handler */
    const char *to;         /**< topic to publish to */
} mb_route;

/** When a message counts as done for the topic it was taken from. */
typedef enum mb_router_ack {
    /** Always: the subscription is one without acknowledgements. At most once. */
    MB_ROUTER_ACK_NEVER = 0,
    /** As soon as it is taken, before the rules. At most once: what fails later is gone. */
    MB_ROUTER_ACK_BEFORE,
    /** After it was passed on or filtered. At least once: what failed is requeued, what matches no
     *  rule is refused for good, and what timed out meanwhile comes again though it was passed. */
    MB_ROUTER_ACK_AFTER
} mb_router_ack;

/** What became of the messages that were taken. */
typedef struct mb_router_stats {
    uint64_t passed;    /**< published */
    uint64_t filtered;  /**< a handler passed nothing on */
    uint64_t unmatched; /**< no rule */
    uint64_t failed; /**< handler or publishing failed; without MB_ROUTER_ACK_AFTER, it is gone */
    uint64_t late;   /**< timed out before its acknowledgement: it comes again */
} mb_router_stats;

/** Subscribes to `from`. @return 0 or as mb_subscribe(). */
int mb_router_new(mb_router **out, mb_broker *broker, const char *from);
/** The same with acknowledgements. @param options as for mb_subscribe_ack(), unused with
 *  MB_ROUTER_ACK_NEVER. @return 0 or as mb_subscribe_ack(). */
int mb_router_new_ack(mb_router **out, mb_broker *broker, const char *from, mb_router_ack strategy,
                      const mb_ack_options *options);

/** Accepts NULL. */
void mb_router_free(mb_router *router);

/** Adds a rule behind those there are. @return 0, MB_ENOMEM, MB_EINVAL (no or overlong topic). */
int mb_router_add(mb_router *router, const mb_route *route);

/** Takes one message and follows the first rule that matches. @return 0, MB_ENOROUTE, what the
 *  handler or mb_publish() returned, MB_ENOTPENDING for a late one, or without a message
 *  MB_ETIMEOUT or MB_ECLOSED. */
int mb_router_step(mb_router *router, int64_t timeout_ns);

mb_router_stats mb_router_stats_now(const mb_router *router);
/** Of its subscription; all 0 without acknowledgements. */
mb_ack_stats mb_router_ack_stats_now(const mb_router *router);

#endif
