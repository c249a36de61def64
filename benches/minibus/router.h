/*
 * minibus/router.h - takes messages from one topic and passes them on to others, by rules.
 *
 * A router belongs to one thread at a time; several routers can share a broker.
 */
#ifndef MINIBUS_ROUTER_H
#define MINIBUS_ROUTER_H

#include "minibus/broker.h"

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

/** What became of the messages that were taken. */
typedef struct mb_router_stats {
    uint64_t passed;    /**< published */
    uint64_t filtered;  /**< a handler passed nothing on */
    uint64_t unmatched; /**< no rule */
    uint64_t failed;    /**< handler or publishing failed; the message is gone */
} mb_router_stats;

/** Subscribes to `from`. @return 0 or as mb_subscribe(). */
int mb_router_new(mb_router **out, mb_broker *broker, const char *from);
/** Accepts NULL. */
void mb_router_free(mb_router *router);

/** Adds a rule behind those there are. @return 0, MB_ENOMEM, MB_EINVAL (no or overlong topic). */
int mb_router_add(mb_router *router, const mb_route *route);

/** Takes one message and follows the first rule that matches. @return 0, MB_ENOROUTE, what the
 *  handler or mb_publish() returned, or without a message MB_ETIMEOUT or MB_ECLOSED. */
int mb_router_step(mb_router *router, int64_t timeout_ns);

mb_router_stats mb_router_stats_now(const mb_router *router);

#endif
