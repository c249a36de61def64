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
    mb_message **messages; /* the publisher's, or copies of ours */
    size_t n;
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

int mb_batch_writable(mb_message **out, mb_batch *batch, size_t i) {
    mb_message *m = batch->messages[i];
    if (mb__message_is_shared(m)) {
        mb_message *copy;
        const int rc = mb_message_copy(&copy, m);
        if (rc) {
            return rc;
        }
        batch->messages[i] = copy; /* a copy of ours is never shared: this was the original */
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
    mb_message *on_stack[ON_STACK];
    mb_message **work = n <= ON_STACK ? on_stack : mb__alloc_zeroed(n, sizeof *work);
    if (!work) {
        return MB_ENOMEM;
    }
    if (n != 0) {
        memcpy(work, messages, n * sizeof *work);
    }
    mb_batch batch = {topic, work, n};
    size_t n_passed;
    int rc = before_publish(chain, &batch, &n_passed);
    if (rc == 0) {
        rc = publish(broker, topic, work, n);
    }
    after_publish(chain, &batch, n_passed, rc);
    for (size_t i = 0; i < n; i++) {
        if (work[i] != messages[i]) {
            mb_message_unref(work[i]);
        }
    }
    if (work != on_stack) {
        mb__free(work);
    }
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
