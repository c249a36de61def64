/*
 * The binary format, version 1. All numbers are little endian.
 *
 *      0  "MBM", u8 version
 *      4  u32 size of metadata, u32 size of payload
 *     12  id, 16 bytes
 *     28  u64 sequence, i64 created_ns, i64 ttl_ns
 *     52  metadata (the block of metadata.c), payload; nothing after it
 */
#include "minibus/codec.h"

#include <string.h>

#include "minibus/error.h"
#include "minibus/message_struct.h"

enum { VERSION = 1, HEADER_SIZE = 52 };

static const unsigned char magic[4] = {'M', 'B', 'M', VERSION};

static void put_le(unsigned char *p, uint64_t value, int n_bytes) {
    for (int i = 0; i < n_bytes; i++) {
        p[i] = (unsigned char)(value >> (8 * i));
    }
}

static uint64_t get_le(const unsigned char *p, int n_bytes) {
    uint64_t value = 0;
    for (int i = 0; i < n_bytes; i++) {
        value |= (uint64_t)p[i] << (8 * i);
    }
    return value;
}

static int encode(mb_buffer *out, const mb_message *m) {
    const size_t size = HEADER_SIZE + m->metadata_size + (size_t)m->payload_size;
    const int rc = mb_buffer_reserve(out, size);
    if (rc) {
        return rc;
    }
    unsigned char *p = out->data + out->size;
    memcpy(p, magic, sizeof magic);
    put_le(p + 4, m->metadata_size, 4);
    put_le(p + 8, m->payload_size, 4);
    memcpy(p + 12, m->id.bytes, sizeof m->id.bytes);
    put_le(p + 28, m->sequence, 8);
    put_le(p + 36, (uint64_t)m->created_ns, 8);
    put_le(p + 44, (uint64_t)m->ttl_ns, 8);
    memcpy(p + HEADER_SIZE, m->metadata, m->metadata_size);
    memcpy(p + HEADER_SIZE + m->metadata_size, m->payload, m->payload_size);
    out->size += size;
    return 0;
}

/* Whether the bytes are a whole version 1 message, as far as the sizes tell. */
static int check_frame(const unsigned char *p, size_t size) {
    if (size < HEADER_SIZE || memcmp(p, magic, 3) != 0) {
        return MB_EFORMAT;
    }
    if (p[3] != VERSION) {
        return MB_EVERSION;
    }
    const uint64_t body_size = get_le(p + 4, 4) + get_le(p + 8, 4); /* cannot overflow 64 bits */
    return body_size == size - HEADER_SIZE ? 0 : MB_EFORMAT;
}

int mb__binary_size(uint64_t *out, const void *data, size_t size) {
    const unsigned char *p = data;
    if (memcmp(p, magic, size < sizeof magic ? size : sizeof magic) != 0) {
        return MB_EFORMAT;
    }
    if (size < 12) {
        return 0;
    }
    *out = HEADER_SIZE + get_le(p + 4, 4) + get_le(p + 8, 4);
    return 1;
}

static int read_fields(mb_message *m, const unsigned char *p, size_t metadata_size) {
    memcpy(m->id.bytes, p + 12, sizeof m->id.bytes);
    m->sequence = get_le(p + 28, 8);
    m->created_ns = (int64_t)get_le(p + 36, 8);
    m->ttl_ns = (int64_t)get_le(p + 44, 8);
    if (m->sequence > INT64_MAX || m->ttl_ns < 0) {
        return MB_EFORMAT;
    }
    memcpy(m->payload, p + HEADER_SIZE + metadata_size, m->payload_size);
    return mb__metadata_load(m, p + HEADER_SIZE, metadata_size);
}

static int decode(mb_message **out, const void *data, size_t size) {
    const unsigned char *p = data;
    int rc = check_frame(p, size);
    if (rc) {
        return rc;
    }
    mb_message *m;
    rc = mb__message_alloc(&m, (size_t)get_le(p + 8, 4));
    if (rc) {
        return rc;
    }
    rc = read_fields(m, p, (size_t)get_le(p + 4, 4));
    if (rc) {
        mb_message_unref(m);
        return rc;
    }
    *out = m;
    return 0;
}

const mb_codec mb_codec_binary = {"binary", encode, decode};
