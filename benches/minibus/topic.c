/* The table of topics and who subscribes to each. Not what travels through them. */
#include "minibus/topic.h"

#include <string.h>

#include "minibus/broker_struct.h"
#include "minibus/error.h"
#include "minibus/wait.h"

enum { FIRST_CAPACITY = 1024 };

/* FNV-1a. */
static uint64_t hash_of(const char *name) {
    uint64_t hash = 0xcbf29ce484222325u;
    for (; *name; name++) {
        hash = (hash ^ (unsigned char)*name) * 0x100000001b3u;
    }
    return hash;
}

static _Atomic(struct mb__topic *) *place_of(struct mb__topic_table *table, uint64_t hash) {
    return &table->places[hash & table->mask];
}

/* The place behind, and the first one behind the last. */
static _Atomic(struct mb__topic *) *next_place(struct mb__topic_table *table,
                                               _Atomic(struct mb__topic *) *place) {
    return place < table->places + table->mask ? place + 1 : table->places;
}

static struct mb__topic *find(struct mb__topics *topics, const char *name, uint64_t hash) {
    struct mb__topic_table *table = atomic_load_explicit(&topics->table, memory_order_acquire);
    _Atomic(struct mb__topic *) *place = place_of(table, hash);
    struct mb__topic *t;
    while ((t = atomic_load_explicit(place, memory_order_acquire)) &&
           (t->hash != hash || strcmp(t->name, name) != 0)) {
        place = next_place(table, place);
    }
    return t;
}

static int topic_new(struct mb__topic **out, const char *name, uint64_t hash) {
    const size_t name_size = strlen(name) + 1;
    struct mb__topic *t = mb__alloc_zeroed(1, sizeof *t + name_size);
    if (!t) {
        return MB_ENOMEM;
    }
    if (mb__wait_init(&t->readable)) {
        mb__free(t);
        return MB_ESYSTEM;
    }
    if (mb__wait_init(&t->writable)) {
        pthread_cond_destroy(&t->readable);
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
    pthread_cond_destroy(&t->readable);
    pthread_cond_destroy(&t->writable);
    pthread_mutex_destroy(&t->lock);
    mb__free(t->subscribers);
    mb__free(t);
}

static struct mb__topic_table *table_new(size_t capacity, struct mb__topic_table *smaller) {
    struct mb__topic_table *table =
        mb__alloc_zeroed(1, sizeof *table + capacity * sizeof table->places[0]);
    if (table) {
        table->smaller = smaller;
        table->mask = capacity - 1;
    }
    return table;
}

int mb__topics_init(struct mb__topics *topics) {
    struct mb__topic_table *table = table_new(FIRST_CAPACITY, NULL);
    if (!table) {
        return MB_ENOMEM;
    }
    if (pthread_mutex_init(&topics->add_lock, NULL)) {
        mb__free(table);
        return MB_ESYSTEM;
    }
    topics->n = 0;
    atomic_init(&topics->closed, 0);
    atomic_init(&topics->table, table);
    return 0;
}

void mb__topics_clear(struct mb__topics *topics) {
    struct mb__topic_table *table = atomic_load(&topics->table);
    for (size_t i = 0; i <= table->mask; i++) {
        struct mb__topic *t = atomic_load(&table->places[i]);
        if (t) {
            topic_free(t);
        }
    }
    while (table) {
        struct mb__topic_table *smaller = table->smaller;
        mb__free(table);
        table = smaller;
    }
    pthread_mutex_destroy(&topics->add_lock);
}

int mb__topic_name_is_valid(const char *name) {
    const size_t size = strnlen(name, MB_TOPIC_NAME_MAX + 1);
    return size >= 1 && size <= MB_TOPIC_NAME_MAX;
}

struct mb__topic *mb__topics_find(struct mb__topics *topics, const char *name) {
    return find(topics, name, hash_of(name));
}

/* ---- adding, with add_lock held -------------------------------------------------------------- */

static void put(struct mb__topic_table *table, struct mb__topic *topic) {
    _Atomic(struct mb__topic *) *place = place_of(table, topic->hash);
    while (atomic_load_explicit(place, memory_order_relaxed)) {
        place = next_place(table, place);
    }
    atomic_store_explicit(place, topic, memory_order_release);
}

/* Room for one more. Who looks into the smaller table meanwhile finds all that was in it. */
static int reserve(struct mb__topics *topics) {
    struct mb__topic_table *table = atomic_load_explicit(&topics->table, memory_order_relaxed);
    const size_t capacity = table->mask + 1;
    if ((topics->n + 1) * 2 <= capacity) {
        return 0;
    }
    struct mb__topic_table *grown = table_new(capacity * 2, table);
    if (!grown) {
        return MB_ENOMEM;
    }
    for (size_t i = 0; i <= table->mask; i++) {
        struct mb__topic *t = atomic_load_explicit(&table->places[i], memory_order_relaxed);
        if (t) {
            put(grown, t);
        }
    }
    atomic_store_explicit(&topics->table, grown, memory_order_release);
    return 0;
}

static int add(struct mb__topic **out, struct mb__topics *topics, const char *name, uint64_t hash) {
    int rc = reserve(topics);
    if (rc == 0) {
        rc = topic_new(out, name, hash);
    }
    if (rc == 0) {
        put(atomic_load_explicit(&topics->table, memory_order_relaxed), *out);
        topics->n++;
    }
    return rc;
}

/* ---- the table ------------------------------------------------------------------------------- */

int mb__topics_find_or_add(struct mb__topic **out, struct mb__topics *topics, const char *name) {
    if (!mb__topic_name_is_valid(name)) {
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
    pthread_cond_broadcast(&t->readable);
    pthread_mutex_unlock(&t->lock);
}

int mb__topics_are_closed(struct mb__topics *topics) {
    return atomic_load(&topics->closed);
}

void mb__topics_close(struct mb__topics *topics) {
    pthread_mutex_lock(&topics->add_lock);
    atomic_store(&topics->closed, 1);
    struct mb__topic_table *table = atomic_load(&topics->table);
    for (size_t i = 0; i <= table->mask; i++) {
        struct mb__topic *t = atomic_load(&table->places[i]);
        if (t) {
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
