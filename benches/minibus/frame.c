/* Frames: sizes are believed only up to a limit, and memory is taken for bytes that have arrived,
 * not for bytes that were announced. */
#include "minibus/frame.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "minibus/error.h"

enum { READ_SIZE = 1 << 16 };

static void put_u32(unsigned char *p, size_t value) {
    for (int i = 0; i < 4; i++) {
        p[i] = (unsigned char)(value >> (8 * i));
    }
}

static size_t get_u32(const unsigned char *p) {
    return (size_t)p[0] | (size_t)p[1] << 8 | (size_t)p[2] << 16 | (size_t)p[3] << 24;
}

int mb__frame_begin(size_t *at, mb_buffer *buffer, unsigned char type) {
    const unsigned char header[MB__FRAME_HEADER] = {[4] = type};
    *at = buffer->size;
    return mb_buffer_append(buffer, header, sizeof header);
}

void mb__frame_end(mb_buffer *buffer, size_t at) {
    put_u32(buffer->data + at, buffer->size - at - 4);
}

int mb__frame_add_message(mb_buffer *buffer, const mb_message *message) {
    static const unsigned char no_size[4];
    const size_t at = buffer->size;
    int rc = mb_buffer_append(buffer, no_size, sizeof no_size);
    if (rc == 0) {
        rc = mb_codec_binary.encode(buffer, message);
    }
    if (rc) {
        buffer->size = at;
        return rc;
    }
    put_u32(buffer->data + at, buffer->size - at - 4);
    return 0;
}

int mb__frame_add_encoded(mb_buffer *buffer, const void *data, size_t size) {
    unsigned char size_bytes[4];
    put_u32(size_bytes, size);
    int rc = mb_buffer_reserve(buffer, sizeof size_bytes + size);
    if (rc == 0) {
        rc = mb_buffer_append(buffer, size_bytes, sizeof size_bytes);
    }
    return rc ? rc : mb_buffer_append(buffer, data, size);
}

int mb__frame_next_message(const unsigned char **data, size_t *size, struct mb__frame *rest) {
    if (rest->size == 0) {
        return 0;
    }
    if (rest->size < 4 || get_u32(rest->body) > rest->size - 4) {
        return MB_EFORMAT;
    }
    *size = get_u32(rest->body);
    *data = rest->body + 4;
    rest->body += 4 + *size;
    rest->size -= 4 + *size;
    return 1;
}

long mb__frame_read(struct mb__frame_reader *reader, int fd) {
    mb_buffer *b = &reader->buffer;
    if (reader->at != 0) {
        memmove(b->data, b->data + reader->at, b->size - reader->at);
        b->size -= reader->at;
        reader->at = 0;
    }
    if (mb_buffer_reserve(b, READ_SIZE)) {
        return MB_ENOMEM;
    }
    ssize_t n;
    do {
        n = recv(fd, b->data + b->size, b->capacity - b->size, MSG_DONTWAIT);
    } while (n < 0 && errno == EINTR);
    if (n < 0) {
        return errno == EAGAIN || errno == EWOULDBLOCK ? MB_ETIMEOUT : MB_ELOST;
    }
    b->size += (size_t)n;
    return n;
}

int mb__frame_next(struct mb__frame *out, struct mb__frame_reader *reader) {
    const size_t n_bytes = reader->buffer.size - reader->at;
    if (n_bytes < 4) { /* there may be no buffer yet */
        return 0;
    }
    const unsigned char *p = reader->buffer.data + reader->at;
    const size_t size = get_u32(p);
    if (size == 0) {
        return MB_EFORMAT;
    }
    if (size > MB__FRAME_MAX) {
        return MB_ELIMIT;
    }
    if (n_bytes - 4 < size) {
        return 0;
    }
    *out = (struct mb__frame){p[4], p + MB__FRAME_HEADER, size - 1};
    reader->at += 4 + size;
    return 1;
}

int mb__frame_is_partial(const struct mb__frame_reader *reader) {
    return reader->at != reader->buffer.size;
}
