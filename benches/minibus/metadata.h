/*
 * minibus/metadata.h - a message's metadata: a few pairs of text, in the order of their first
 * setting. Small metadata lives inside the message and costs no allocation.
 */
#ifndef MINIBUS_METADATA_H
#define MINIBUS_METADATA_H

#include "minibus/message.h"

enum {
    MB_METADATA_KEY_MAX = 255, /**< bytes; at least 1 */
    MB_METADATA_ENTRIES_MAX = 255,
    MB_METADATA_BYTES_MAX = 65535 /**< of all entries together, each with 5 bytes of its own */
};

/** The key under which mb_message_set_correlation_id() stores. */
#define MB_CORRELATION_ID "correlation_id"

/** Adds a pair or replaces the value of its key. Both are UTF-8 and are copied; they must not point
 *  into this message. @return 0, MB_EINVAL (not UTF-8, a key that is empty or too long), MB_ELIMIT,
 *  MB_ESHARED, MB_ENOMEM; after a failure the message is as before. */
int mb_metadata_set(mb_message *message, const char *key, const char *value);

/** @return the value, or NULL when there is no such key. */
const char *mb_metadata_get(const mb_message *message, const char *key);

size_t mb_metadata_count(const mb_message *message);

/** Walks over all pairs: start with *cursor = 0. @return 1 with the next pair, or 0 at the end. */
int mb_metadata_next(const mb_message *message, size_t *cursor, const char **key,
                     const char **value);

/** The id that ties the messages of one conversation together. @return as mb_metadata_set(). */
int mb_message_set_correlation_id(mb_message *message, const char *id);
/** @return the id, or NULL without. */
const char *mb_message_correlation_id(const mb_message *message);

#endif
