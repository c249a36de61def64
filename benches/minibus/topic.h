/* minibus/topic.h - topics and the table of their names, for the broker's own files. */
#ifndef MINIBUS_TOPIC_H
#define MINIBUS_TOPIC_H

#include <pthread.h>
#include <stdatomic.h>

#include "minibus/broker.h"
#include "minibus/queue.h"

struct mb__topic {
    pthread_mutex_t lock;    /* protects what follows, and the subscribers' queues */
    pthread_cond_t readable; /* of all subscribers. Publishing gives the lock back first, so that
                                who is woken finds it free: the topic is there for longer */
    pthread_cond_t writable;
    unsigned n_blocked; /* publishers waiting for `writable` */
    int closed;
    uint64_t next_sequence;
    mb_subscriber **subscribers;
    size_t n_subscribers, subscribers_capacity;

    uint64_t hash; /* this and the name never change */
    char name[];
};

/* Places for topics, each found by trying one place after another from where its hash points to;
 * at least half of them are empty, so such a walk is short. */
struct mb__topic_table {
    struct mb__topic_table *smaller; /* the one before; somebody may still be looking into it */
    size_t mask;                     /* a power of two, less 1: the last place */
    _Atomic(struct mb__topic *) places[];
};

/* Topics live as long as their table and are only ever added: so they are found without a lock, and
 * publishers of different topics share nothing that is written. A table that is half full is
 * replaced by one of twice the size; all before it together are as large as that. */
struct mb__topics {
    _Atomic(struct mb__topic_table *) table;
    pthread_mutex_t add_lock;
    size_t n; /* with add_lock */
    atomic_int closed;
};

/** @return 0, MB_ENOMEM, MB_ESYSTEM. */
int mb__topics_init(struct mb__topics *topics);
void mb__topics_clear(struct mb__topics *topics);

/** Whether a topic can have that name: any bytes, 1 to MB_TOPIC_NAME_MAX. */
int mb__topic_name_is_valid(const char *name);

/** @return the topic, or NULL when there is none of that name. */
struct mb__topic *mb__topics_find(struct mb__topics *topics, const char *name);
/** @return 0, MB_EINVAL, MB_ENOMEM, MB_ECLOSED, MB_ESYSTEM. */
int mb__topics_find_or_add(struct mb__topic **out, struct mb__topics *topics, const char *name);

int mb__topics_are_closed(struct mb__topics *topics);
/** Closes all topics, also for those who wait in them. */
void mb__topics_close(struct mb__topics *topics);

/** Both expect the topic's lock to be held. @return 0, MB_ENOMEM. */
int mb__topic_add_subscriber(struct mb__topic *topic, mb_subscriber *subscriber);
void mb__topic_remove_subscriber(struct mb__topic *topic, const mb_subscriber *subscriber);

#endif
