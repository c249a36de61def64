/* The table of topics and who subscribes to each. Not what travels through them. */
#include "minibus/topic.h"

#include <string.h>

#include "minibus/broker_struct.h"
#include "minibus/error.h"
#include "minibus/wait.h"

/* FNV-1a. */
static uint64_t hash_of(const char *name) {
    uint64_t hash = 0xcbf29ce484222325u;
    for (; *name; name++) {
        hash = (hash ^ (unsigned char)*name) * 0x100000001b3u;
    }
    return hash;
}

static struct mb__topic *find(struct mb__topics *topics, const char *name, uint64_t hash) {
    struct mb__topic *t =
        atomic_load_explicit(&topics->buckets[hash % MB__TOPIC_BUCKETS], memory_order_acquire);
    while (t && (t->hash != hash || strcmp(t->name, name) != 0)) {
        t = t->next;
    }
    return t;
}

static int topic_new(struct mb__topic **out, const char *name, uint64_t hash) {
    const size_t name_size = strlen(name) + 1;
    struct mb__topic *t = mb__alloc_zeroed(1, sizeof *t + name_size);
    if (!t) {
        return MB_ENOMEM;
    }
    if (mb__wait_init(&t->writable)) {
        mb__free(t);
        return MB_ESYSTEM;
    }
    pthread_mutex_init(&t->lock, NULL);
    t->next_sequence = 1;
    t->hash = hash;
    memcpy(t->name, name, name_size);
    *out = t;
    return 0;
}

static void topic_free(struct mb__topic *t) {
    pthread_cond_destroy(&t->writable);
    pthread_mutex_destroy(&t->lock);
    mb__free(t->subscribers);
    mb__free(t);
}

int mb__topics_init(struct mb__topics *topics) {
    if (pthread_mutex_init(&topics->add_lock, NULL)) {
        return MB_ESYSTEM;
    }
    atomic_init(&topics->closed, 0);
    for (size_t i = 0; i < MB__TOPIC_BUCKETS; i++) {
        atomic_init(&topics->buckets[i], NULL);
    }
    return 0;
}

void mb__topics_clear(struct mb__topics *topics) {
    for (size_t i = 0; i < MB__TOPIC_BUCKETS; i++) {
        struct mb__topic *next;
        for (struct mb__topic *t = atomic_load(&topics->buckets[i]); t; t = next) {
            next = t->next;
            topic_free(t);
        }
    }
    pthread_mutex_destroy(&topics->add_lock);
}

struct mb__topic *mb__topics_find(struct mb__topics *topics, const char *name) {
    return find(topics, name, hash_of(name));
}

/* With add_lock held. */
static int add(struct mb__topic **out, struct mb__topics *topics, const char *name, uint64_t hash) {
    _Atomic(struct mb__topic *) *bucket = &topics->buckets[hash % MB__TOPIC_BUCKETS];
    const int rc = topic_new(out, name, hash);
    if (rc) {
        return rc;
    }
    (*out)->next = atomic_load_explicit(bucket, memory_order_relaxed);
    atomic_store_explicit(bucket, *out, memory_order_release);
    return 0;
}

int mb__topics_find_or_add(struct mb__topic **out, struct mb__topics *topics, const char *name) {
    const size_t name_size = strnlen(name, MB_TOPIC_NAME_MAX + 1);
    if (name_size == 0 || name_size > MB_TOPIC_NAME_MAX) {
        return MB_EINVAL;
    }
    const uint64_t hash = hash_of(name);
    int rc = 0;
    pthread_mutex_lock(&topics->add_lock);
    if (atomic_load(&topics->closed)) {
        rc = MB_ECLOSED;
    } else if (!(*out = find(topics, name, hash))) {
        rc = add(out, topics, name, hash);
    }
    pthread_mutex_unlock(&topics->add_lock);
    return rc;
}

static void close_topic(struct mb__topic *t) {
    pthread_mutex_lock(&t->lock);
    t->closed = 1;
    pthread_cond_broadcast(&t->writable);
    for (size_t i = 0; i < t->n_subscribers; i++) {
        pthread_cond_broadcast(&t->subscribers[i]->readable);
    }
    pthread_mutex_unlock(&t->lock);
}

int mb__topics_are_closed(struct mb__topics *topics) {
    return atomic_load(&topics->closed);
}

void mb__topics_close(struct mb__topics *topics) {
    pthread_mutex_lock(&topics->add_lock);
    atomic_store(&topics->closed, 1);
    for (size_t i = 0; i < MB__TOPIC_BUCKETS; i++) {
        for (struct mb__topic *t = atomic_load(&topics->buckets[i]); t; t = t->next) {
            close_topic(t);
        }
    }
    pthread_mutex_unlock(&topics->add_lock);
}

int mb__topic_add_subscriber(struct mb__topic *topic, mb_subscriber *subscriber) {
    if (topic->n_subscribers == topic->subscribers_capacity) {
        const size_t capacity = topic->subscribers_capacity * 2 + 4;
        mb_subscriber **grown = mb__alloc_zeroed(capacity, sizeof(mb_subscriber *));
        if (!grown) {
            return MB_ENOMEM;
        }
        if (topic->n_subscribers != 0) {
            memcpy(grown, topic->subscribers, topic->n_subscribers * sizeof(mb_subscriber *));
        }
        mb__free(topic->subscribers);
        topic->subscribers = grown;
        topic->subscribers_capacity = capacity;
    }
    topic->subscribers[topic->n_subscribers++] = subscriber;
    return 0;
}

void mb__topic_remove_subscriber(struct mb__topic *topic, const mb_subscriber *subscriber) {
    size_t i = 0;
    while (topic->subscribers[i] != subscriber) {
        i++;
    }
    topic->subscribers[i] = topic->subscribers[--topic->n_subscribers];
}
