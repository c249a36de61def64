/* Acknowledging, and burying: dead letters are published while no lock is held, since the topic
 * they go to has a lock of its own. */
#include "minibus/ack.h"

#include <stdio.h>
#include <string.h>

#include "minibus/ack_table.h"
#include "minibus/broker_struct.h"
#include "minibus/error.h"
#include "minibus/metadata.h"

enum { DEFAULT_MAX_DELIVERIES = 5 };
#define DEFAULT_VISIBILITY_NS ((int64_t)30 * 1000000000)

static int64_t clock_ns(const mb_broker *broker) {
    return broker->options.now_ns(broker->options.clock_user);
}

static int resolve(mb_ack_options *o, const mb_broker *broker, const char *topic) {
    if (o->max_pending == 0) {
        o->max_pending = broker->options.queue_capacity;
    }
    if (o->visibility_timeout_ns == 0) {
        o->visibility_timeout_ns = DEFAULT_VISIBILITY_NS;
    }
    if (o->max_deliveries == 0) {
        o->max_deliveries = DEFAULT_MAX_DELIVERIES;
    }
    if (o->max_pending > MB_ACK_PENDING_MAX || o->visibility_timeout_ns < MB_FOREVER) {
        return MB_EINVAL;
    }
    if (!o->dead_letter_topic) {
        return 0;
    }
    return mb__topic_name_is_valid(o->dead_letter_topic) && strcmp(o->dead_letter_topic, topic) != 0
               ? 0
               : MB_EINVAL;
}

int mb_subscribe_ack(mb_subscriber **out, mb_broker *broker, const char *topic,
                     const mb_ack_options *options) {
    mb_ack_options resolved = options ? *options : (mb_ack_options){0};
    int rc = resolve(&resolved, broker, topic);
    if (rc) {
        return rc;
    }
    struct mb__ack *ack = mb__ack_new(&resolved, clock_ns(broker));
    if (!ack) {
        return MB_ENOMEM;
    }
    rc = mb__subscribe(out, broker, topic, ack);
    if (rc) {
        mb__ack_free(ack);
    }
    return rc;
}

void mb__subscriber_advance(mb_subscriber *subscriber) {
    if (subscriber->ack->options.visibility_timeout_ns == MB_FOREVER) {
        return; /* no time can run out, so it need not be known */
    }
    mb__ack_advance(subscriber->ack, clock_ns(subscriber->broker));
}

/* ---- dead letters ---------------------------------------------------------------------------- */

/* A message whose metadata has no room for the reasons is better buried without them than kept. */
static int describe(mb_message *letter, const char *topic, const char *reason, uint32_t n) {
    char deliveries[16];
    snprintf(deliveries, sizeof deliveries, "%u", n);
    int rc = mb_metadata_set(letter, MB_DEAD_REASON, reason);
    if (rc == 0) {
        rc = mb_metadata_set(letter, MB_DEAD_TOPIC, topic);
    }
    if (rc == 0) {
        rc = mb_metadata_set(letter, MB_DEAD_DELIVERIES, deliveries);
    }
    return rc == MB_ENOMEM ? rc : 0;
}

/* @param n_readers receives how many will see it: 0 is a dropped message, which is no error.
 * @return 0, MB_EQUEUEFULL, MB_ENOMEM. */
static int dead_letter(mb_subscriber *s, const struct mb__unacked *entry, size_t *n_readers) {
    const char *to = s->ack->options.dead_letter_topic;
    *n_readers = 0;
    if (!to) {
        return 0;
    }
    mb_message *letter;
    int rc = mb_message_copy(&letter, entry->message);
    if (rc) {
        return rc;
    }
    mb_message_set_ttl_ns(letter, 0);
    rc = describe(letter, s->topic->name, entry->reason, entry->n_deliveries);
    if (rc == 0) {
        rc = mb__publish_one(s->broker, to, letter, 0, n_readers);
    }
    mb_message_unref(letter);
    return rc == MB_ECLOSED ? 0 : rc;
}

/* Without the lock: what is in `dead` is in nobody else's hands. */
static struct mb__unacked_list bury(mb_subscriber *s, struct mb__unacked_list *dead,
                                    mb_ack_stats *counts) {
    struct mb__unacked_list done = {0};
    struct mb__unacked_list failed = {0};
    struct mb__unacked *entry;
    while ((entry = mb__unacked_pop(dead))) {
        size_t n_readers;
        const int rc = dead_letter(s, entry, &n_readers);
        mb__unacked_append(rc ? &failed : &done, entry);
        counts->dead_failures += rc != 0;
        counts->dead_lettered += rc == 0 && n_readers != 0;
        counts->dropped += rc == 0 && n_readers == 0;
        if (rc == 0) {
            mb_message_unref(entry->message);
            entry->message = NULL;
        }
    }
    *dead = failed;
    return done;
}

int mb__subscriber_bury(mb_subscriber *s) {
    struct mb__ack *ack = s->ack;
    if (!ack->bury_due) {
        return 0;
    }
    mb_ack_stats counts = {0};
    struct mb__unacked_list dead = ack->dead;
    ack->dead = (struct mb__unacked_list){0};
    ack->bury_due = 0;
    pthread_mutex_unlock(&s->topic->lock);
    struct mb__unacked_list done = bury(s, &dead, &counts);
    pthread_mutex_lock(&s->topic->lock);

    ack->stats.dead_failures += counts.dead_failures;
    ack->stats.dead_lettered += counts.dead_lettered;
    ack->stats.dropped += counts.dropped;
    struct mb__unacked *entry;
    while ((entry = mb__unacked_pop(&done))) {
        mb__ack_release(ack, entry);
    }
    while ((entry = mb__unacked_pop(&dead))) {
        mb__unacked_append(&ack->dead, entry);
    }
    pthread_cond_broadcast(&s->topic->readable); /* there may be room in the table now */
    return 1;
}

/* @return whether the message is lost. */
static int bury_one(mb_subscriber *s, const struct mb__unacked *entry) {
    size_t n_readers;
    return dead_letter(s, entry, &n_readers) != 0 || n_readers == 0;
}

void mb__subscriber_bury_all(mb_subscriber *s) {
    uint64_t n_lost = 0;
    for (size_t i = 0; i < s->ack->options.max_pending; i++) {
        struct mb__unacked *entry = &s->ack->entries[i];
        if (entry->message) {
            entry->reason = entry->reason ? entry->reason : MB_DEAD_UNSUBSCRIBED;
            n_lost += (uint64_t)bury_one(s, entry);
        }
    }
    while (s->queue.count != 0) {
        const struct mb__slot slot = mb__queue_pop(&s->queue);
        const struct mb__unacked queued = {.message = slot.message, .reason = MB_DEAD_UNSUBSCRIBED};
        n_lost += (uint64_t)bury_one(s, &queued);
        mb__slot_drop(s, slot);
    }
    atomic_fetch_add(&s->broker->n_unacked_lost, n_lost);
}

uint64_t mb_broker_unacked_lost(mb_broker *broker) {
    return atomic_load(&broker->n_unacked_lost);
}

/* ---- settling -------------------------------------------------------------------------------- */

static void lock_and_advance(mb_subscriber *s) {
    pthread_mutex_lock(&s->topic->lock);
    mb__subscriber_advance(s);
    s->ack->bury_due = s->ack->dead.count != 0;
}

/* Wakes those who wait for what came back, or for room in the table; then buries. */
static void wake_and_unlock(mb_subscriber *s, int was_full) {
    if (was_full || s->ack->returned.count != 0) {
        pthread_cond_broadcast(&s->topic->readable);
    }
    mb__subscriber_bury(s);
    pthread_mutex_unlock(&s->topic->lock);
}

int mb_ack_batch(mb_subscriber *subscriber, const mb_delivery *deliveries, size_t n,
                 size_t *n_acked) {
    struct mb__ack *ack = subscriber->ack;
    size_t n_done = 0;
    if (ack) {
        lock_and_advance(subscriber);
        const int was_full = !mb__ack_has_room(ack);
        for (size_t i = 0; i < n; i++) {
            struct mb__unacked *entry = mb__ack_find(ack, deliveries[i].ack_tag);
            if (entry) {
                mb_message_unref(mb__ack_settle(ack, entry));
                n_done++;
            }
        }
        wake_and_unlock(subscriber, was_full);
    }
    if (n_acked) {
        *n_acked = n_done;
    }
    return n_done == n ? 0 : MB_ENOTPENDING;
}

int mb_ack(mb_subscriber *subscriber, const mb_delivery *delivery) {
    return mb_ack_batch(subscriber, delivery, 1, NULL);
}

int mb_nack(mb_subscriber *subscriber, const mb_delivery *delivery, int requeue) {
    struct mb__ack *ack = subscriber->ack;
    if (!ack) {
        return MB_ENOTPENDING;
    }
    lock_and_advance(subscriber);
    struct mb__unacked *entry = mb__ack_find(ack, delivery->ack_tag);
    if (entry && requeue) {
        ack->stats.requeued += (uint64_t)mb__ack_return(ack, entry);
    } else if (entry) {
        mb__ack_kill(ack, entry, MB_DEAD_REJECTED);
    }
    wake_and_unlock(subscriber, 0);
    return entry ? 0 : MB_ENOTPENDING;
}

mb_ack_stats mb_ack_stats_now(mb_subscriber *subscriber) {
    struct mb__ack *ack = subscriber->ack;
    if (!ack) {
        return (mb_ack_stats){0};
    }
    lock_and_advance(subscriber);
    mb__subscriber_bury(subscriber);
    mb_ack_stats stats = ack->stats;
    stats.pending = ack->pending.count;
    stats.returned = ack->returned.count;
    stats.dead = ack->dead.count;
    pthread_mutex_unlock(&subscriber->topic->lock);
    return stats;
}
