/*
 * Metadata as one packed block, searched from the front: for the handful of short pairs that
 * messages carry this beats any index, and copying or encoding it is one memcpy.
 *
 * An entry: u8 key size, u16 value size (little endian), key, NUL, value, NUL. The same bytes go
 * over the wire, so a block from outside is checked in full before it is taken over.
 */
#include "minibus/metadata.h"

#include <string.h>

#include "minibus/error.h"
#include "minibus/memory.h"
#include "minibus/message_struct.h"

enum { ENTRY_HEADER = MB__ENTRY_HEADER, ENTRY_OVERHEAD = MB__ENTRY_SIZE(0, 0) };

struct entry {
    const char *key, *value;
    size_t key_size, value_size;
    size_t size; /* of the whole entry */
};

static struct entry entry_at(const unsigned char *p) {
    struct entry e;
    e.key_size = p[0];
    e.value_size = (size_t)p[1] | (size_t)p[2] << 8;
    e.key = (const char *)p + ENTRY_HEADER;
    e.value = e.key + e.key_size + 1;
    e.size = ENTRY_OVERHEAD + e.key_size + e.value_size;
    return e;
}

static void write_entry(unsigned char *p, const struct entry *e) {
    p[0] = (unsigned char)e->key_size;
    p[1] = (unsigned char)(e->value_size & 0xff);
    p[2] = (unsigned char)(e->value_size >> 8);
    memcpy(p + ENTRY_HEADER, e->key, e->key_size + 1);
    memcpy(p + ENTRY_HEADER + e->key_size + 1, e->value, e->value_size + 1);
}

/* @return the offset of the entry with this key, or `size` when there is none. */
static size_t find(const unsigned char *block, size_t size, const char *key, size_t key_size) {
    size_t at = 0;
    while (at < size) {
        const struct entry e = entry_at(block + at);
        if (e.key_size == key_size && memcmp(e.key, key, key_size) == 0) {
            break;
        }
        at += e.size;
    }
    return at;
}

/* @return the length of the UTF-8 sequence at p (RFC 3629: shortest form, no surrogates), or 0. */
static size_t utf8_length(const unsigned char *p, size_t left) {
    if (p[0] < 0x80) {
        return 1;
    }
    const size_t n = p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : p[0] < 0xf5 ? 4 : 0;
    if (n == 0 || n > left) {
        return 0;
    }
    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
        (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f)) {
        return 0;
    }
    return n;
}

/* @return how many bytes at the beginning are ASCII, of whole words of eight. */
static size_t ascii_words(const unsigned char *p, size_t size) {
    size_t at = 0;
    for (uint64_t word; at + sizeof word <= size; at += sizeof word) {
        memcpy(&word, p + at, sizeof word);
        if (word & 0x8080808080808080u) {
            break;
        }
    }
    return at;
}

static int is_utf8(const char *text, size_t size) {
    const unsigned char *p = (const unsigned char *)text;
    for (size_t at = ascii_words(p, size); at < size;) {
        const size_t n = utf8_length(p + at, size - at);
        if (n == 0) {
            return 0;
        }
        at += n;
    }
    return 1;
}

static int is_pair(const struct entry *e) {
    return e->key_size >= 1 && e->key_size <= MB_METADATA_KEY_MAX && is_utf8(e->key, e->key_size) &&
           is_utf8(e->value, e->value_size);
}

/* Room for `size` bytes in all, keeping what is there. */
static int reserve(mb_message *m, size_t size) {
    if (size <= m->metadata_capacity) {
        return 0;
    }
    size_t capacity = 2 * (size_t)m->metadata_capacity;
    if (capacity < size) {
        capacity = size;
    }
    if (capacity > MB_METADATA_BYTES_MAX) {
        capacity = MB_METADATA_BYTES_MAX;
    }
    unsigned char *block = mb__alloc(capacity);
    if (!block) {
        return MB_ENOMEM;
    }
    memcpy(block, m->metadata, m->metadata_size);
    if (m->metadata != m->metadata_inline) {
        mb__free(m->metadata);
    }
    m->metadata = block;
    m->metadata_capacity = (uint16_t)capacity;
    return 0;
}

int mb_metadata_set(mb_message *message, const char *key, const char *value) {
    struct entry e = {key, value, strlen(key), strlen(value), 0};
    e.size = ENTRY_OVERHEAD + e.key_size + e.value_size;
    if (mb__message_is_shared(message)) {
        return MB_ESHARED;
    }
    if (!is_pair(&e)) {
        return MB_EINVAL;
    }

    const size_t at = find(message->metadata, message->metadata_size, key, e.key_size);
    const int is_new = at == message->metadata_size;
    const size_t old_size = is_new ? 0 : entry_at(message->metadata + at).size;
    const size_t tail_size = message->metadata_size - at - old_size;
    const size_t size = at + e.size + tail_size;
    if (size > MB_METADATA_BYTES_MAX || message->n_metadata + is_new > MB_METADATA_ENTRIES_MAX) {
        return MB_ELIMIT;
    }
    const int rc = reserve(message, size);
    if (rc) {
        return rc;
    }

    unsigned char *p = message->metadata + at;
    memmove(p + e.size, p + old_size, tail_size);
    write_entry(p, &e);
    message->metadata_size = (uint16_t)size;
    message->n_metadata = (uint16_t)(message->n_metadata + is_new);
    return 0;
}

const char *mb_metadata_get(const mb_message *message, const char *key) {
    const size_t at = find(message->metadata, message->metadata_size, key, strlen(key));
    return at < message->metadata_size ? entry_at(message->metadata + at).value : NULL;
}

size_t mb_metadata_count(const mb_message *message) {
    return message->n_metadata;
}

int mb_metadata_next(const mb_message *message, size_t *cursor, const char **key,
                     const char **value) {
    if (*cursor >= message->metadata_size) {
        return 0;
    }
    const struct entry e = entry_at(message->metadata + *cursor);
    *key = e.key;
    *value = e.value;
    *cursor += e.size;
    return 1;
}

int mb__metadata_write_entry(unsigned char *entry, const char *key, const char *value) {
    const struct entry e = {key, value, strlen(key), strlen(value), 0};
    if (!is_pair(&e) || e.value_size > MB_METADATA_BYTES_MAX - ENTRY_OVERHEAD - e.key_size) {
        return MB_EINVAL;
    }
    write_entry(entry, &e);
    return 0;
}

int mb__metadata_make_room(mb_message *message, size_t entry_size) {
    const size_t size = message->metadata_size + entry_size;
    if (size > MB_METADATA_BYTES_MAX || message->n_metadata == MB_METADATA_ENTRIES_MAX) {
        return MB_ELIMIT;
    }
    return reserve(message, size);
}

int mb_message_set_correlation_id(mb_message *message, const char *id) {
    return mb_metadata_set(message, MB_CORRELATION_ID, id);
}

const char *mb_message_correlation_id(const mb_message *message) {
    return mb_metadata_get(message, MB_CORRELATION_ID);
}

/* Puts a block that is known to be good into a message that has no metadata. */
static int take_over(mb_message *m, const unsigned char *block, size_t size, size_t n_entries) {
    const int rc = reserve(m, size);
    if (rc) {
        return rc;
    }
    memcpy(m->metadata, block, size);
    m->metadata_size = (uint16_t)size;
    m->n_metadata = (uint16_t)n_entries;
    return 0;
}

int mb__metadata_copy(mb_message *to, const mb_message *from) {
    return take_over(to, from->metadata, from->metadata_size, from->n_metadata);
}

/* Whether `left` bytes at p begin with a complete entry whose texts end where they should. */
static int entry_is_complete(const unsigned char *p, size_t left) {
    if (left < ENTRY_OVERHEAD) {
        return 0;
    }
    const struct entry e = entry_at(p);
    return e.size <= left && is_pair(&e) && strnlen(e.key, e.key_size + 1) == e.key_size &&
           strnlen(e.value, e.value_size + 1) == e.value_size;
}

int mb__metadata_load(mb_message *message, const unsigned char *block, size_t size) {
    if (size > MB_METADATA_BYTES_MAX) {
        return MB_ELIMIT;
    }
    size_t n = 0;
    for (size_t at = 0; at < size; n++) {
        if (n == MB_METADATA_ENTRIES_MAX) {
            return MB_ELIMIT;
        }
        if (!entry_is_complete(block + at, size - at)) {
            return MB_EFORMAT;
        }
        const struct entry e = entry_at(block + at);
        if (find(block, at, e.key, e.key_size) != at) {
            return MB_EFORMAT; /* the key came before */
        }
        at += e.size;
    }
    return take_over(message, block, size, n);
}
