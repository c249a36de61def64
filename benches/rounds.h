/*
 * rounds.h - the unit of work of feature_impact: a round of ROUND messages that are made, published
 * in one batch, received in one batch, compared with what was sent, and given back. It is the whole
 * life of a small message in one thread: no waiting, and no work of an application.
 *
 * Each message has one reference when it is published, its publisher's, as in a program that makes
 * messages to publish them: so middleware writes into them in place. The publisher's reference goes
 * back right after publishing, and the consumer's is the last.
 */
#ifndef ROUNDS_H
#define ROUNDS_H

#include "minibus/broker.h"

enum { ROUND = 100 }; /**< messages */

struct rounds {
    mb_broker *broker;
    mb_subscriber *subscriber;
    const char *topic; /**< that is published to */
    void *payload;
    size_t size; /**< of it, in bytes */
    mb_message *messages[ROUND];
    mb_delivery deliveries[ROUND];
    size_t n_taken;   /**< deliveries that are not given back */
    uint64_t n_wrong; /**< messages that did not come, or whose payload had changed */
};

/* All return 0 or a code of the broker. */

/** From all zero: a broker with one topic and a subscriber to it, and a payload. */
int rounds_init(struct rounds *r, size_t size);
/** Accepts what rounds_init() did not finish. */
void rounds_clear(struct rounds *r);

int rounds_make(struct rounds *r);
/** Publishes what was made, and gives it back. */
int rounds_send(struct rounds *r);
/** Receives n messages in one call and looks at each. */
int rounds_take(struct rounds *r, mb_subscriber *from, size_t n);
void rounds_give_back(struct rounds *r);

/* The same with a broker that was compiled without middleware. */
int plain_rounds_init(struct rounds *r, size_t size);
void plain_rounds_clear(struct rounds *r);
int plain_rounds_make(struct rounds *r);
int plain_rounds_send(struct rounds *r);
int plain_rounds_take(struct rounds *r, mb_subscriber *from, size_t n);
void plain_rounds_give_back(struct rounds *r);

#endif
