/* Correlation ids for messages that have none: one entry of metadata that is the same for all of
 * them but for the id, so it is written once and copied into each. */
#include <string.h>

#include "minibus/error.h"
#include "minibus/memory.h"
#include "minibus/message_struct.h"
#include "minibus/metadata.h"
#include "minibus/middleware.h"

enum {
    KEY_SIZE = sizeof MB_CORRELATION_ID - 1,
    ID_AT = MB__ENTRY_HEADER + KEY_SIZE + 1, /* in an entry */
    FRESH_SIZE = MB__ENTRY_SIZE(KEY_SIZE, MB_UUID_TEXT_SIZE - 1)
};

struct mb_correlation {
    mb_correlation_mode mode;
    size_t entry_size;
    unsigned char entry[]; /* with the preset id, or one that a fresh one takes the place of */
};

int mb_correlation_new(mb_correlation **out, mb_correlation_mode mode, const char *preset) {
    static const mb_uuid nobody;
    char text[MB_UUID_TEXT_SIZE];
    if (mode > MB_CORRELATION_PRESET || (mode == MB_CORRELATION_PRESET) != (preset != NULL)) {
        return MB_EINVAL;
    }
    const char *id = preset ? preset : mb_uuid_format(text, &nobody);
    const size_t entry_size = MB__ENTRY_SIZE(KEY_SIZE, strlen(id));
    mb_correlation *c = mb__alloc_zeroed(1, sizeof *c + entry_size);
    if (!c) {
        return MB_ENOMEM;
    }
    c->mode = mode;
    c->entry_size = entry_size;
    if (mb__metadata_write_entry(c->entry, MB_CORRELATION_ID, id)) {
        mb__free(c);
        return MB_EINVAL;
    }
    *out = c;
    return 0;
}

void mb_correlation_free(mb_correlation *correlation) {
    mb__free(correlation);
}

static int has_id(const mb_message *m) {
    return m->n_metadata != 0 && mb_message_correlation_id(m);
}

/* To message i, which is `*m`; that may be another one afterwards. */
static inline int append(mb_message **m, mb_batch *batch, size_t i, const unsigned char *entry,
                         size_t entry_size) {
    const int rc = mb__message_is_shared(*m) ? mb_batch_writable(m, batch, i) : 0;
    return rc ? rc : mb__metadata_append(*m, entry, entry_size);
}

static int append_same(mb_batch *batch, const unsigned char *entry, size_t entry_size) {
    const size_t n = mb_batch_size(batch);
    int rc = 0;
    for (size_t i = 0; i < n && rc == 0; i++) {
        mb_message *m = mb_batch_message(batch, i);
        if (!has_id(m)) {
            rc = append(&m, batch, i, entry, entry_size);
        }
    }
    return rc;
}

static int append_fresh_to_all(mb_batch *batch, const unsigned char *entry) {
    unsigned char same[FRESH_SIZE];
    mb_uuid id;
    const int rc = mb_uuid_from_prng(&id);
    memcpy(same, entry, sizeof same);
    if (rc == 0) {
        mb_uuid_format((char *)same + ID_AT, &id);
    }
    return rc ? rc : append_same(batch, same, sizeof same);
}

/* The id is written where it belongs: copying what was just written in other pieces is slow. */
static int append_fresh_to_each(mb_batch *batch, const unsigned char *entry) {
    const size_t n = mb_batch_size(batch);
    int rc = 0;
    for (size_t i = 0; i < n && rc == 0; i++) {
        mb_message *m = mb_batch_message(batch, i);
        mb_uuid id;
        if (has_id(m)) {
            continue;
        }
        rc = mb_uuid_from_prng(&id);
        rc = rc ? rc : append(&m, batch, i, entry, FRESH_SIZE);
        if (rc == 0) {
            unsigned char *end = m->metadata + m->metadata_size;
            mb_uuid_format((char *)end - FRESH_SIZE + ID_AT, &id);
        }
    }
    return rc;
}

static int before_publish(void *user, mb_batch *batch) {
    const mb_correlation *c = user;
    switch (c->mode) {
    case MB_CORRELATION_PER_MESSAGE:
        return append_fresh_to_each(batch, c->entry);
    case MB_CORRELATION_PER_BATCH:
        return append_fresh_to_all(batch, c->entry);
    default:
        return append_same(batch, c->entry, c->entry_size);
    }
}

mb_middleware mb_correlation_middleware(mb_correlation *correlation) {
    return (mb_middleware){.before_publish = before_publish, .user = correlation};
}

int mb_correlation_copy(mb_message *to, const mb_message *from) {
    const char *id = mb_message_correlation_id(from);
    return id ? mb_message_set_correlation_id(to, id) : 0;
}
