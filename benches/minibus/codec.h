/* minibus/codec.h - messages as bytes, for files and other processes. */
#ifndef MINIBUS_CODEC_H
#define MINIBUS_CODEC_H

#include <stddef.h>
#include <stdint.h>

#include "minibus/message.h"

/** Bytes that grow; all zero is an empty one. Read it, change it by the functions only. */
typedef struct mb_buffer {
    unsigned char *data;
    size_t size, capacity;
} mb_buffer;

/** Room for `more` bytes after those there are. @return 0, MB_ENOMEM with the buffer unchanged. */
int mb_buffer_reserve(mb_buffer *buffer, size_t more);
/** @return 0, MB_ENOMEM with the buffer unchanged. */
int mb_buffer_append(mb_buffer *buffer, const void *data, size_t size);
/** Gives the memory back. To use the memory again instead, set size to 0. */
void mb_buffer_clear(mb_buffer *buffer);

/** A way to write messages. Decoding what was encoded gives an equal message, id included. */
typedef struct mb_codec {
    const char *name;
    /** Appends one message. @return 0, or MB_ENOMEM with the buffer's content as it was. */
    int (*encode)(mb_buffer *out, const mb_message *message);
    /** Makes a message of exactly these bytes, which may come from anywhere. @return 0, MB_EFORMAT,
     *  MB_EVERSION, MB_ELIMIT, MB_ENOMEM. */
    int (*decode)(mb_message **out, const void *data, size_t size);
} mb_codec;

/** Fixed header, little endian, then metadata and payload as they are. What it decodes, it encodes
 *  to the same bytes. */
extern const mb_codec mb_codec_binary;

/** One object in one line; the payload in base64. Fields that it does not know are refused. When
 *  memory runs out while it parses, it may say MB_EFORMAT. */
extern const mb_codec mb_codec_json;

/** @return the codec "binary" or "json", or NULL. */
const mb_codec *mb_codec_find(const char *name);

/* For the broker's own files: how long the message is that `size` bytes of the binary codec begin.
 * @return 1; 0 when there are too few bytes to tell; MB_EFORMAT when they begin none. */
int mb__binary_size(uint64_t *out, const void *data, size_t size);

#endif
