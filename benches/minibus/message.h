/*
 * minibus/message.h - a message: an identity, time stamps, a payload of bytes, metadata of text.
 *
 * A message is one allocation with a reference count. Whoever holds the only reference may change
 * it; once it is shared, which publishing does, it can only be read, from any thread and without
 * locks. Pointers into a message are valid while a reference is held and it is not changed.
 */
#ifndef MINIBUS_MESSAGE_H
#define MINIBUS_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

#include "minibus/uuid.h"

typedef struct mb_message mb_message;

#define MB_PAYLOAD_MAX ((size_t)1 << 30) /**< bytes */

/** Makes a message with a fresh id, of this moment, with a copy of `size` bytes of payload.
 *  @param out receives the only reference. @return 0, MB_ENOMEM, MB_ELIMIT, MB_ESYSTEM. */
int mb_message_new(mb_message **out, const void *payload, size_t size);

/** Another reference to the same message: what a clone is here. @return message */
mb_message *mb_message_ref(mb_message *message);

/** Gives a reference back; the last one frees the message. Accepts NULL. */
void mb_message_unref(mb_message *message);

/** A message of its own with the same content, id included. @return 0, MB_ENOMEM. */
int mb_message_copy(mb_message **out, const mb_message *message);

const mb_uuid *mb_message_id(const mb_message *message);
const void *mb_message_payload(const mb_message *message);
size_t mb_message_payload_size(const mb_message *message);

/** When it was made: nanoseconds since 1970, UTC. */
int64_t mb_message_created_ns(const mb_message *message);

/** Its producer's own number for it, at most INT64_MAX; 0 without. It travels with the message over
 *  every transport, so that a consumer can see losses. A topic's numbers are in mb_delivery. */
uint64_t mb_message_sequence(const mb_message *message);
/** @return 0, MB_EINVAL, MB_ESHARED. */
int mb_message_set_sequence(mb_message *message, uint64_t sequence);

/** How long it may wait in a queue, in nanoseconds from its publication; 0 is without limit. */
int64_t mb_message_ttl_ns(const mb_message *message);
/** @return 0, MB_EINVAL when negative, MB_ESHARED. */
int mb_message_set_ttl_ns(mb_message *message, int64_t ttl_ns);

#endif
