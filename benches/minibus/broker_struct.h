/* minibus/broker_struct.h - the inside of brokers and subscribers, for the broker's own files. */
#ifndef MINIBUS_BROKER_STRUCT_H
#define MINIBUS_BROKER_STRUCT_H

#include "minibus/topic.h"

/* How much more work publish does than it has to: a regression of a known size. Any percentage. */
#ifndef MINIBUS_SLOWDOWN_PERCENT
#define MINIBUS_SLOWDOWN_PERCENT 0
#endif

struct mb_broker {
    mb_broker_options options; /* resolved */
    struct mb__topics topics;
};

struct mb_subscriber {
    mb_broker *broker;
    struct mb__topic *topic;
    pthread_cond_t readable; /* with the topic's lock */
    struct mb__queue queue;
    struct mb__queue scratch; /* for repeated work; without slots unless publish is slowed down */
    uint64_t n_received, n_dropped, n_expired;
};

#endif
