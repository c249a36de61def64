/* minibus/message_struct.h - the inside of a message, for the broker's own files. */
#ifndef MINIBUS_MESSAGE_STRUCT_H
#define MINIBUS_MESSAGE_STRUCT_H

#include <stdatomic.h>
#include <string.h>

#include "minibus/metadata.h"

/* Three typical pairs and a correlation id that is a UUID in text, 104 bytes, find room. */
enum { MB__METADATA_INLINE = 112 };

/* A cache line of header, room for metadata, then the payload. Metadata is a packed block in the
 * layout that metadata.c describes; when it outgrows its room it moves to a block of its own. */
struct mb_message {
    atomic_uint n_refs;
    uint32_t payload_size;
    uint16_t metadata_size;     /* bytes in use */
    uint16_t metadata_capacity; /* bytes there are */
    uint16_t n_metadata;        /* entries */
    unsigned char *metadata;    /* metadata_inline, or an allocation */
    uint64_t sequence;
    int64_t created_ns;
    int64_t ttl_ns;
    mb_uuid id;
    unsigned char metadata_inline[MB__METADATA_INLINE];
    unsigned char payload[];
};

_Static_assert(offsetof(struct mb_message, metadata_inline) == 64, "the header is one cache line");

/** A message with room for a payload and nothing set but that. @return 0, MB_ENOMEM, MB_ELIMIT. */
int mb__message_alloc(mb_message **out, size_t payload_size);

/** Takes n references at once; n may be 0. */
static inline void mb__message_ref_n(mb_message *message, unsigned n) {
    atomic_fetch_add_explicit(&message->n_refs, n, memory_order_relaxed);
}

/** Acquire: the owners that are gone have finished reading. */
static inline int mb__message_is_shared(const mb_message *message) {
    return atomic_load_explicit(&message->n_refs, memory_order_acquire) != 1;
}

/* Entries of metadata that many messages get: written once, then appended without checks. */
#define MB__ENTRY_HEADER                     3 /* bytes in front of the key */
#define MB__ENTRY_SIZE(key_size, value_size) (MB__ENTRY_HEADER + (key_size) + 1 + (value_size) + 1)

/** @param entry room for MB__ENTRY_SIZE(). @return 0, MB_EINVAL (no metadata can be like that). */
int mb__metadata_write_entry(unsigned char *entry, const char *key, const char *value);
/** Room for one more. @return 0, MB_ELIMIT, MB_ENOMEM. */
int mb__metadata_make_room(mb_message *message, size_t entry_size);

/** The message has one owner, and no such key. @return as mb__metadata_make_room(). */
static inline int mb__metadata_append(mb_message *message, const unsigned char *entry,
                                      size_t entry_size) {
    const size_t size = message->metadata_size + entry_size;
    if (size > message->metadata_capacity || message->n_metadata == MB_METADATA_ENTRIES_MAX) {
        const int rc = mb__metadata_make_room(message, entry_size);
        if (rc) {
            return rc;
        }
    }
    memcpy(message->metadata + message->metadata_size, entry, entry_size);
    message->metadata_size = (uint16_t)size;
    message->n_metadata++;
    return 0;
}

/* Both fill a message that has no metadata yet and leave it without when they fail. */

/** @return 0, MB_ENOMEM. */
int mb__metadata_copy(mb_message *to, const mb_message *from);
/** From a packed block of unknown origin. @return 0, MB_EFORMAT, MB_ELIMIT, MB_ENOMEM. */
int mb__metadata_load(mb_message *message, const unsigned char *block, size_t size);

#endif
