/*
 * The JSON format, version 1, and the only place that knows the JSON library:
 *
 *     {"version":1,"id":"...","sequence":7,"created_ns":1700000000000000000,"ttl_ns":0,
 *      "metadata":{"key":"value"},"payload":"base64"}
 */
#include "minibus/codec.h"

#include <jansson.h>
#include <string.h>

#include "minibus/error.h"
#include "minibus/memory.h"
#include "minibus/message_struct.h"
#include "minibus/metadata.h"

enum { VERSION = 1 };

/* ---- base64 (RFC 4648, with padding) --------------------------------------------------------- */

static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static size_t base64_size(size_t n_bytes) {
    return (n_bytes + 2) / 3 * 4;
}

static void base64_encode(char *out, const unsigned char *data, size_t size) {
    for (size_t at = 0; at < size; at += 3, out += 4) {
        const size_t n = size - at < 3 ? size - at : 3;
        const uint32_t bits = (uint32_t)data[at] << 16 | (n > 1 ? (uint32_t)data[at + 1] << 8 : 0) |
                              (n > 2 ? data[at + 2] : 0);
        out[0] = base64_digits[bits >> 18];
        out[1] = base64_digits[bits >> 12 & 63];
        out[2] = n > 1 ? base64_digits[bits >> 6 & 63] : '=';
        out[3] = n > 2 ? base64_digits[bits & 63] : '=';
    }
}

static int base64_value(char c) {
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* How many bytes `size` digits stand for; SIZE_MAX when that cannot be base64. */
static size_t base64_decoded_size(const char *text, size_t size) {
    if (size % 4 != 0) {
        return SIZE_MAX;
    }
    if (size == 0) {
        return 0;
    }
    const size_t n_padding = text[size - 1] != '=' ? 0 : text[size - 2] != '=' ? 1 : 2;
    return size / 4 * 3 - n_padding;
}

/* Fills out[0..size); every digit must be one and the bits behind the last byte must be 0. */
static int base64_decode(unsigned char *out, size_t size, const char *text) {
    for (size_t at = 0; at < size; at += 3, text += 4) {
        const size_t n = size - at < 3 ? size - at : 3;
        uint32_t bits = 0;
        for (size_t i = 0; i < 4; i++) {
            const int value = i <= n ? base64_value(text[i]) : 0;
            if (value < 0) {
                return MB_EFORMAT;
            }
            bits = bits << 6 | (uint32_t)value;
        }
        const uint32_t unused = n == 3 ? 0 : n == 2 ? 0xff : 0xffff;
        if (bits & unused) {
            return MB_EFORMAT;
        }
        for (size_t i = 0; i < n; i++) {
            out[at + i] = (unsigned char)(bits >> (16 - 8 * i));
        }
    }
    return 0;
}

/* ---- encoding -------------------------------------------------------------------------------- */

static json_t *payload_to_json(const mb_message *m) {
    const size_t size = base64_size(m->payload_size);
    char *text = mb__alloc(size + 1);
    if (!text) {
        return NULL;
    }
    base64_encode(text, m->payload, m->payload_size);
    json_t *payload = json_stringn_nocheck(text, size);
    mb__free(text);
    return payload;
}

static json_t *metadata_to_json(const mb_message *m) {
    json_t *object = json_object();
    const char *key, *value;
    for (size_t cursor = 0; object && mb_metadata_next(m, &cursor, &key, &value);) {
        if (json_object_set_new_nocheck(object, key, json_string_nocheck(value))) {
            json_decref(object);
            return NULL;
        }
    }
    return object;
}

static json_t *message_to_json(const mb_message *m) {
    char id[MB_UUID_TEXT_SIZE];
    json_t *metadata = metadata_to_json(m);
    json_t *payload = payload_to_json(m);
    json_t *root = NULL;
    if (metadata && payload) {
        root = json_pack("{s:i,s:s,s:I,s:I,s:I,s:O,s:O}", "version", VERSION, "id",
                         mb_uuid_format(id, &m->id), "sequence", (json_int_t)m->sequence,
                         "created_ns", (json_int_t)m->created_ns, "ttl_ns", (json_int_t)m->ttl_ns,
                         "metadata", metadata, "payload", payload);
    }
    json_decref(metadata);
    json_decref(payload);
    return root;
}

static int append_chunk(const char *chunk, size_t size, void *buffer) {
    return mb_buffer_append(buffer, chunk, size);
}

static int encode(mb_buffer *out, const mb_message *m) {
    json_t *root = message_to_json(m);
    if (!root) {
        return MB_ENOMEM;
    }
    const size_t size_before = out->size;
    const int failed = json_dump_callback(root, append_chunk, out, JSON_COMPACT);
    json_decref(root);
    if (failed) {
        out->size = size_before;
        return MB_ENOMEM;
    }
    return 0;
}

/* ---- decoding -------------------------------------------------------------------------------- */

struct fields {
    const char *id, *payload;
    size_t payload_size;
    json_int_t sequence, created_ns, ttl_ns;
    json_t *metadata;
};

/* Borrows from root. A version that is not ours is told apart from a message that is none. */
static int unpack(struct fields *f, json_t *root) {
    int version;
    if (json_unpack(root, "{s:i}", "version", &version)) {
        return MB_EFORMAT;
    }
    if (version != VERSION) {
        return MB_EVERSION;
    }
    if (json_unpack(root, "{s:i,s:s,s:I,s:I,s:I,s:o,s:s%!}", "version", &version, "id", &f->id,
                    "sequence", &f->sequence, "created_ns", &f->created_ns, "ttl_ns", &f->ttl_ns,
                    "metadata", &f->metadata, "payload", &f->payload, &f->payload_size)) {
        return MB_EFORMAT;
    }
    return json_is_object(f->metadata) && f->sequence >= 0 && f->ttl_ns >= 0 ? 0 : MB_EFORMAT;
}

static int metadata_from_json(mb_message *m, json_t *object) {
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value) {
        if (!json_is_string(value)) {
            return MB_EFORMAT;
        }
        const int rc = mb_metadata_set(m, key, json_string_value(value));
        if (rc) {
            return rc == MB_EINVAL ? MB_EFORMAT : rc;
        }
    }
    return 0;
}

static int fill(mb_message *m, const struct fields *f) {
    if (mb_uuid_parse(&m->id, f->id)) {
        return MB_EFORMAT;
    }
    m->sequence = (uint64_t)f->sequence;
    m->created_ns = f->created_ns;
    m->ttl_ns = f->ttl_ns;
    const int rc = base64_decode(m->payload, m->payload_size, f->payload);
    return rc ? rc : metadata_from_json(m, f->metadata);
}

static int message_from_json(mb_message **out, json_t *root) {
    struct fields f;
    int rc = unpack(&f, root);
    if (rc) {
        return rc;
    }
    const size_t payload_size = base64_decoded_size(f.payload, f.payload_size);
    if (payload_size == SIZE_MAX) {
        return MB_EFORMAT;
    }
    mb_message *m;
    rc = mb__message_alloc(&m, payload_size);
    if (rc) {
        return rc;
    }
    rc = fill(m, &f);
    if (rc) {
        mb_message_unref(m);
        return rc;
    }
    *out = m;
    return 0;
}

static int decode(mb_message **out, const void *data, size_t size) {
    json_t *root = json_loadb(data, size, JSON_REJECT_DUPLICATES, NULL);
    if (!root) {
        return MB_EFORMAT; /* or out of memory: the library does not tell them apart reliably */
    }
    const int rc = message_from_json(out, root);
    json_decref(root);
    return rc;
}

const mb_codec mb_codec_json = {"json", encode, decode};
