/* The chain: batches, and in which order the hooks are called. What hooks do is in correlation.c
 * and log.c. */
#include "minibus/middleware.h"

#include <string.h>

#include "minibus/broker_struct.h"
#include "minibus/error.h"
#include "minibus/message_struct.h"

enum { ON_STACK = 64 };

struct mb_batch {
    const char *topic;
    mb_message *const *messages; /* what is published: `given`, or `own` once that is there */
    mb_message *const *given;    /* the publisher's */
    mb_message **own;            /* NULL until a message has to be replaced by a copy */
    size_t n;
    mb_message *on_stack[ON_STACK];
};

const char *mb_batch_topic(const mb_batch *batch) {
    return batch->topic;
}

size_t mb_batch_size(const mb_batch *batch) {
    return batch->n;
}

mb_message *mb_batch_message(const mb_batch *batch, size_t i) {
    return batch->messages[i];
}

/* An array whose messages may be replaced. @return NULL without memory. */
static mb_message **own_array(mb_batch *batch) {
    if (batch->own) {
        return batch->own;
    }
    const size_t size = batch->n * sizeof(mb_message *);
    batch->own = batch->n <= ON_STACK ? batch->on_stack : mb__alloc(size);
    if (batch->own) {
        batch->messages = memcpy(batch->own, batch->given, size);
    }
    return batch->own;
}

static void release_copies(mb_batch *batch) {
    for (size_t i = 0; batch->own && i < batch->n; i++) {
        if (batch->own[i] != batch->given[i]) {
            mb_message_unref(batch->own[i]);
        }
    }
    if (batch->own != batch->on_stack) {
        mb__free(batch->own);
    }
}

int mb_batch_writable(mb_message **out, mb_batch *batch, size_t i) {
    mb_message *m = batch->messages[i];
    if (mb__message_is_shared(m)) {
        mb_message **own = own_array(batch);
        mb_message *copy;
        const int rc = own ? mb_message_copy(&copy, m) : MB_ENOMEM;
        if (rc) {
            return rc;
        }
        own[i] = copy; /* a copy of ours is never shared: this was the original */
        m = copy;
    }
    *out = m;
    return 0;
}

int mb_broker_use(mb_broker *broker, const mb_middleware *middleware) {
    struct mb__chain *chain = &broker->chain;
    if (chain->n_links == MB_MIDDLEWARE_MAX) {
        return MB_ELIMIT;
    }
    chain->links[chain->n_links++] = *middleware;
    return 0;
}

/* @param n_passed receives how many links have seen the batch. */
static int before_publish(const struct mb__chain *chain, mb_batch *batch, size_t *n_passed) {
    int rc = 0;
    size_t i = 0;
    for (; i < chain->n_links && rc == 0; i++) {
        const mb_middleware *link = &chain->links[i];
        if (link->before_publish) {
            rc = link->before_publish(link->user, batch);
        }
    }
    *n_passed = i;
    return rc;
}

static void after_publish(const struct mb__chain *chain, const mb_batch *batch, size_t n_passed,
                          int rc) {
    while (n_passed > 0) {
        const mb_middleware *link = &chain->links[--n_passed];
        if (link->after_publish) {
            link->after_publish(link->user, batch, rc);
        }
    }
}

int mb__chain_publish(mb_broker *broker, const struct mb__chain *chain, const char *topic,
                      mb_message *const *messages, size_t n,
                      int (*publish)(mb_broker *broker, const char *topic,
                                     mb_message *const *messages, size_t n)) {
    mb_batch batch; /* without its array on the stack, which few need */
    batch.topic = topic;
    batch.messages = batch.given = messages;
    batch.own = NULL;
    batch.n = n;
    size_t n_passed;
    int rc = before_publish(chain, &batch, &n_passed);
    if (rc == 0) {
        rc = publish(broker, topic, batch.messages, n);
    }
    after_publish(chain, &batch, n_passed, rc);
    release_copies(&batch);
    return rc;
}

void mb__chain_received(const struct mb__chain *chain, const char *topic,
                        const mb_delivery *deliveries, size_t n) {
    for (size_t i = chain->n_links; i > 0; i--) {
        const mb_middleware *link = &chain->links[i - 1];
        if (link->after_receive) {
            link->after_receive(link->user, topic, deliveries, n);
        }
    }
}
