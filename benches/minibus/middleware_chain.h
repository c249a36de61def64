/* minibus/middleware_chain.h - the chain of one broker, for the broker's own files. */
#ifndef MINIBUS_MIDDLEWARE_CHAIN_H
#define MINIBUS_MIDDLEWARE_CHAIN_H

#include "minibus/middleware.h"

struct mb__chain {
    size_t n_links;
    mb_middleware links[MB_MIDDLEWARE_MAX];
};

/** mb_publish() through a chain that is not empty; `publish` is the publishing itself. */
int mb__chain_publish(mb_broker *broker, const struct mb__chain *chain, const char *topic,
                      mb_message *const *messages, size_t n,
                      int (*publish)(mb_broker *broker, const char *topic,
                                     mb_message *const *messages, size_t n));

void mb__chain_received(const struct mb__chain *chain, const char *topic,
                        const mb_delivery *deliveries, size_t n);

#endif
