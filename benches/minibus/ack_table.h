/* minibus/ack_table.h - the deliveries of one subscriber that are not settled, for the broker's own
 * files. Everything here expects the lock of the subscriber's topic to be held. */
#ifndef MINIBUS_ACK_TABLE_H
#define MINIBUS_ACK_TABLE_H

#include "minibus/ack.h"
#include "minibus/queue.h"

/* One unsettled message. It is in exactly one list, or with the thread that buries it; or free. */
struct mb__unacked {
    struct mb__unacked *previous, *next;
    mb_message *message; /* one reference */
    uint64_t sequence;
    uint64_t tag;       /* of its current delivery; 0 unless that is pending */
    int64_t visible_ns; /* when it comes back, on the table's own clock */
    const char *reason; /* of its death */
    uint32_t n_deliveries;
};

struct mb__unacked_list {
    struct mb__unacked *first, *last;
    size_t count;
};

struct mb__ack {
    mb_ack_options options;         /* resolved; its string is `dead_letter_topic` */
    struct mb__unacked *first_free; /* unused ones, by `next` */
    struct mb__unacked_list
        pending,  /* delivered, in that order: so also in the order in which they come back */
        returned, /* to be delivered again, by sequence */
        dead;     /* to be buried */
    int bury_due; /* there may be progress with `dead` */
    uint64_t n_tags;
    unsigned index_bits; /* of a tag: which entry */
    int64_t clock_ns;    /* last reading of the broker's clock */
    int64_t elapsed_ns;  /* the table's own clock: the sum of its steps forward */
    mb_ack_stats stats;  /* without what is counted by the lists */
    char dead_letter_topic[MB_TOPIC_NAME_MAX + 1];
    struct mb__unacked entries[];
};

/** An empty table of options.max_pending entries. The options are resolved, and the name fits.
 *  @return NULL without memory. */
struct mb__ack *mb__ack_new(const mb_ack_options *options, int64_t clock_ns);
/** Gives back all messages. Accepts NULL. */
void mb__ack_free(struct mb__ack *ack);

void mb__unacked_append(struct mb__unacked_list *list, struct mb__unacked *entry);
/** Takes the first out. @return NULL when there is none. */
struct mb__unacked *mb__unacked_pop(struct mb__unacked_list *list);

/** Reads the clock, and takes back what is due. */
void mb__ack_advance(struct mb__ack *ack, int64_t clock_ns);
/** @return how long until something comes back if nothing happens; MB_FOREVER: it will not. */
int64_t mb__ack_next_due_ns(const struct mb__ack *ack);

/** Delivers again what was returned. @return how many. */
size_t mb__ack_take_returned(mb_delivery *out, size_t capacity, struct mb__ack *ack);
static inline int mb__ack_has_room(const struct mb__ack *ack) {
    return ack->first_free != NULL;
}
/** The first delivery; there must be room. Takes over both references of the slot. */
mb_delivery mb__ack_deliver(struct mb__ack *ack, struct mb__slot slot);

/** @return the pending delivery with this tag, or NULL. */
struct mb__unacked *mb__ack_find(struct mb__ack *ack, uint64_t tag);
/** Makes a used entry free that is in no list. @return its message, with the reference. */
mb_message *mb__ack_release(struct mb__ack *ack, struct mb__unacked *entry);

/* Each takes a pending delivery back. */

/** It is done. @return its message, with the reference. */
mb_message *mb__ack_settle(struct mb__ack *ack, struct mb__unacked *entry);
/** It is to be delivered again, or dead if this was the last time. @return 1, or 0 when dead. */
int mb__ack_return(struct mb__ack *ack, struct mb__unacked *entry);
/** It is dead. @param reason a string constant. */
void mb__ack_kill(struct mb__ack *ack, struct mb__unacked *entry, const char *reason);

/* ---- between subscriber.c and ack.c ---------------------------------------------------------- */

/** Brings the table up to the broker's clock. */
void mb__subscriber_advance(mb_subscriber *subscriber);
/** Publishes dead letters if there may be progress; gives up the lock while it does.
 *  @return whether it did, and everything may have changed. */
int mb__subscriber_bury(mb_subscriber *subscriber);
/** Makes dead letters of everything that is left; nobody else knows the subscriber any more, and
 *  the lock is not held. */
void mb__subscriber_bury_all(mb_subscriber *subscriber);

#endif
