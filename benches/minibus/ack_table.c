/* The table of unsettled deliveries: lists through a fixed array, so nothing allocates, and every
 * step takes constant time but for messages that come back out of order. */
#include "minibus/ack_table.h"

#include <string.h>

static void put_free(struct mb__ack *ack, struct mb__unacked *entry) {
    entry->next = ack->first_free;
    ack->first_free = entry;
}

static struct mb__unacked *take_free(struct mb__ack *ack) {
    struct mb__unacked *entry = ack->first_free;
    ack->first_free = entry->next;
    return entry;
}

struct mb__ack *mb__ack_new(const mb_ack_options *options, int64_t clock_ns) {
    struct mb__ack *ack = NULL;
    const size_t n = options->max_pending;
    if (n <= MB_ACK_PENDING_MAX) {
        ack = mb__alloc_zeroed(1, sizeof *ack + n * sizeof ack->entries[0]);
    }
    if (!ack) {
        return NULL;
    }
    ack->options = *options;
    if (options->dead_letter_topic) {
        strcpy(ack->dead_letter_topic, options->dead_letter_topic);
        ack->options.dead_letter_topic = ack->dead_letter_topic;
    }
    ack->clock_ns = clock_ns;
    while (((size_t)1 << ack->index_bits) < n) {
        ack->index_bits++;
    }
    for (size_t i = n; i > 0; i--) {
        put_free(ack, &ack->entries[i - 1]);
    }
    return ack;
}

void mb__ack_free(struct mb__ack *ack) {
    if (!ack) {
        return;
    }
    for (size_t i = 0; i < ack->options.max_pending; i++) {
        mb_message_unref(ack->entries[i].message);
    }
    mb__free(ack);
}

/* ---- lists ----------------------------------------------------------------------------------- */

/* Puts an entry behind another, or first when `after` is NULL. */
static void insert(struct mb__unacked_list *list, struct mb__unacked *entry,
                   struct mb__unacked *after) {
    entry->previous = after;
    entry->next = after ? after->next : list->first;
    *(after ? &after->next : &list->first) = entry;
    *(entry->next ? &entry->next->previous : &list->last) = entry;
    list->count++;
}

static void detach(struct mb__unacked_list *list, struct mb__unacked *entry) {
    *(entry->previous ? &entry->previous->next : &list->first) = entry->next;
    *(entry->next ? &entry->next->previous : &list->last) = entry->previous;
    list->count--;
}

void mb__unacked_append(struct mb__unacked_list *list, struct mb__unacked *entry) {
    insert(list, entry, list->last);
}

struct mb__unacked *mb__unacked_pop(struct mb__unacked_list *list) {
    struct mb__unacked *entry = list->first;
    if (entry) {
        detach(list, entry);
    }
    return entry;
}

/* Most come back in order, so the search starts at the end. */
static void insert_by_sequence(struct mb__unacked_list *list, struct mb__unacked *entry) {
    struct mb__unacked *after = list->last;
    if (list->first && entry->sequence < list->first->sequence) {
        after = NULL;
    }
    while (after && after->sequence > entry->sequence) {
        after = after->previous;
    }
    insert(list, entry, after);
}

/* ---- the life of a delivery ------------------------------------------------------------------ */

static void kill_detached(struct mb__ack *ack, struct mb__unacked *entry, const char *reason) {
    entry->tag = 0;
    entry->reason = reason;
    mb__unacked_append(&ack->dead, entry);
    ack->bury_due = 1;
}

void mb__ack_kill(struct mb__ack *ack, struct mb__unacked *entry, const char *reason) {
    detach(&ack->pending, entry);
    kill_detached(ack, entry, reason);
}

int mb__ack_return(struct mb__ack *ack, struct mb__unacked *entry) {
    detach(&ack->pending, entry);
    if (entry->n_deliveries >= ack->options.max_deliveries) {
        kill_detached(ack, entry, MB_DEAD_MAX_DELIVERIES);
        return 0;
    }
    entry->tag = 0;
    insert_by_sequence(&ack->returned, entry);
    return 1;
}

mb_message *mb__ack_release(struct mb__ack *ack, struct mb__unacked *entry) {
    mb_message *message = entry->message;
    entry->message = NULL;
    entry->tag = 0;
    entry->reason = NULL;
    entry->n_deliveries = 0;
    put_free(ack, entry);
    return message;
}

mb_message *mb__ack_settle(struct mb__ack *ack, struct mb__unacked *entry) {
    detach(&ack->pending, entry);
    ack->stats.acked++;
    return mb__ack_release(ack, entry);
}

/* The tag is never the same twice: it counts deliveries, and says which entry it is. The delivery
 * takes a reference that the caller has. */
static mb_delivery deliver(struct mb__ack *ack, struct mb__unacked *entry) {
    const uint64_t index = (uint64_t)(entry - ack->entries);
    const int64_t timeout_ns = ack->options.visibility_timeout_ns;
    entry->tag = ++ack->n_tags << ack->index_bits | index;
    entry->n_deliveries++;
    entry->visible_ns =
        timeout_ns < INT64_MAX - ack->elapsed_ns ? ack->elapsed_ns + timeout_ns : INT64_MAX;
    mb__unacked_append(&ack->pending, entry);
    return (mb_delivery){entry->message, entry->sequence, entry->tag, entry->n_deliveries};
}

mb_delivery mb__ack_deliver(struct mb__ack *ack, struct mb__slot slot) {
    struct mb__unacked *entry = take_free(ack);
    entry->message = slot.message;
    entry->sequence = slot.sequence;
    return deliver(ack, entry);
}

size_t mb__ack_take_returned(mb_delivery *out, size_t capacity, struct mb__ack *ack) {
    size_t n = 0;
    while (n < capacity && ack->returned.count != 0) {
        struct mb__unacked *entry = mb__unacked_pop(&ack->returned);
        mb_message_ref(entry->message);
        out[n++] = deliver(ack, entry);
    }
    ack->stats.redelivered += n;
    return n;
}

struct mb__unacked *mb__ack_find(struct mb__ack *ack, uint64_t tag) {
    const size_t index = tag & (((uint64_t)1 << ack->index_bits) - 1);
    if (tag == 0 || index >= ack->options.max_pending || ack->entries[index].tag != tag) {
        return NULL;
    }
    return &ack->entries[index];
}

/* ---- time ------------------------------------------------------------------------------------ */

void mb__ack_advance(struct mb__ack *ack, int64_t clock_ns) {
    int64_t step_ns;
    if (clock_ns > ack->clock_ns) {
        if (__builtin_sub_overflow(clock_ns, ack->clock_ns, &step_ns) ||
            __builtin_add_overflow(ack->elapsed_ns, step_ns, &ack->elapsed_ns)) {
            ack->elapsed_ns = INT64_MAX;
        }
    }
    ack->clock_ns = clock_ns;
    if (ack->options.visibility_timeout_ns == MB_FOREVER) {
        return;
    }
    while (ack->pending.first && ack->pending.first->visible_ns <= ack->elapsed_ns) {
        mb__ack_return(ack, ack->pending.first);
        ack->stats.timed_out++;
    }
}

int64_t mb__ack_next_due_ns(const struct mb__ack *ack) {
    if (ack->options.visibility_timeout_ns == MB_FOREVER || !ack->pending.first) {
        return MB_FOREVER;
    }
    return ack->pending.first->visible_ns - ack->elapsed_ns;
}
