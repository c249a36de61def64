/* minibus/queue.h - the bounded ring of one subscriber, under the lock of its topic. */
#ifndef MINIBUS_QUEUE_H
#define MINIBUS_QUEUE_H

#include "minibus/memory.h"
#include "minibus/message.h"

struct mb__slot {
    mb_message *message; /* with mb__slot_refs() references */
    uint64_t sequence;   /* in its topic */
    int64_t deadline_ns; /* worthless from then on; 0: never */
};

struct mb__queue {
    struct mb__slot *slots;
    size_t capacity;
    size_t head; /* index of the oldest */
    size_t count;
};

static inline int mb__queue_init(struct mb__queue *q, size_t capacity) {
    *q = (struct mb__queue){.slots = mb__alloc_zeroed(capacity, sizeof *q->slots),
                            .capacity = capacity};
    return q->slots != NULL;
}

static inline size_t mb__queue_room(const struct mb__queue *q) {
    return q->capacity - q->count;
}

/* There must be room. */
static inline void mb__queue_push(struct mb__queue *q, struct mb__slot slot) {
    const size_t at = q->head + q->count;
    q->slots[at < q->capacity ? at : at - q->capacity] = slot;
    q->count++;
}

/* There must be something. */
static inline struct mb__slot mb__queue_pop(struct mb__queue *q) {
    const struct mb__slot slot = q->slots[q->head];
    q->head = q->head + 1 < q->capacity ? q->head + 1 : 0;
    q->count--;
    return slot;
}

/* Forgets everything; the next push goes where it would have gone anyway. */
static inline void mb__queue_drain(struct mb__queue *q) {
    const size_t at = q->head + q->count;
    q->head = at < q->capacity ? at : at - q->capacity;
    q->count = 0;
}

#endif
