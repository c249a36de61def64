/* What all codecs share: the growing buffer and the list of names. */
#include "minibus/codec.h"

#include <stdint.h>
#include <string.h>

#include "minibus/error.h"
#include "minibus/memory.h"

int mb_buffer_reserve(mb_buffer *buffer, size_t more) {
    if (more <= buffer->capacity - buffer->size) {
        return 0;
    }
    if (more > SIZE_MAX / 2 - buffer->size) {
        return MB_ENOMEM;
    }
    size_t capacity = buffer->capacity + buffer->capacity / 2;
    if (capacity < buffer->size + more) {
        capacity = buffer->size + more;
    }
    unsigned char *data = mb__alloc(capacity);
    if (!data) {
        return MB_ENOMEM;
    }
    if (buffer->size != 0) {
        memcpy(data, buffer->data, buffer->size);
    }
    mb__free(buffer->data);
    buffer->data = data;
    buffer->capacity = capacity;
    return 0;
}

int mb_buffer_append(mb_buffer *buffer, const void *data, size_t size) {
    const int rc = mb_buffer_reserve(buffer, size);
    if (rc) {
        return rc;
    }
    if (size != 0) {
        memcpy(buffer->data + buffer->size, data, size);
    }
    buffer->size += size;
    return 0;
}

void mb_buffer_clear(mb_buffer *buffer) {
    mb__free(buffer->data);
    *buffer = (mb_buffer){0};
}

const mb_codec *mb_codec_find(const char *name) {
    static const mb_codec *const codecs[] = {&mb_codec_binary, &mb_codec_json};
    for (size_t i = 0; i < sizeof codecs / sizeof codecs[0]; i++) {
        if (strcmp(codecs[i]->name, name) == 0) {
            return codecs[i];
        }
    }
    return NULL;
}
