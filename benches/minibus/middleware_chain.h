/* minibus/middleware_chain.h - the chain of one broker, for the broker's own files. */
#ifndef MINIBUS_MIDDLEWARE_CHAIN_H
#define MINIBUS_MIDDLEWARE_CHAIN_H

#include "minibus/middleware.h"

/* 0 compiles the chain out of publishing and receiving, to measure what it costs when it is there
 * and empty; brokers of such code call no middleware. */
#ifndef MINIBUS_MIDDLEWARE
#define MINIBUS_MIDDLEWARE 1
#endif

struct mb__chain {
    size_t n_links;
    mb_middleware links[MB_MIDDLEWARE_MAX];
};

static inline int mb__chain_is_used(const struct mb__chain *chain) {
    return MINIBUS_MIDDLEWARE && __builtin_expect(chain->n_links != 0, 0);
}

/** mb_publish() through a chain that is not empty; `publish` is the publishing itself. */
int mb__chain_publish(mb_broker *broker, const struct mb__chain *chain, const char *topic,
                      mb_message *const *messages, size_t n,
                      int (*publish)(mb_broker *broker, const char *topic,
                                     mb_message *const *messages, size_t n));

void mb__chain_received(const struct mb__chain *chain, const char *topic,
                        const mb_delivery *deliveries, size_t n);

#endif
