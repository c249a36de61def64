/* Life and plain fields of a message. Metadata is in metadata.c, encoding in the codecs. */
#include "minibus/message.h"

#include <string.h>
#include <time.h>

#include "minibus/error.h"
#include "minibus/memory.h"
#include "minibus/message_struct.h"

static int64_t wall_clock_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int mb__message_alloc(mb_message **out, size_t payload_size) {
    if (payload_size > MB_PAYLOAD_MAX) {
        return MB_ELIMIT;
    }
    mb_message *m = mb__alloc(sizeof *m + payload_size);
    if (!m) {
        return MB_ENOMEM;
    }
    memset(m, 0, offsetof(struct mb_message, metadata_inline));
    atomic_init(&m->n_refs, 1);
    m->payload_size = (uint32_t)payload_size;
    m->metadata = m->metadata_inline;
    m->metadata_capacity = MB__METADATA_INLINE;
    *out = m;
    return 0;
}

int mb_message_new(mb_message **out, const void *payload, size_t size) {
    mb_uuid id;
    int rc = mb_uuid_from_prng(&id);
    if (rc) {
        return rc;
    }
    mb_message *m;
    rc = mb__message_alloc(&m, size);
    if (rc) {
        return rc;
    }
    m->id = id;
    m->created_ns = wall_clock_ns();
    if (size != 0) {
        memcpy(m->payload, payload, size);
    }
    *out = m;
    return 0;
}

mb_message *mb_message_ref(mb_message *message) {
    mb__message_ref_n(message, 1);
    return message;
}

void mb_message_unref(mb_message *message) {
    if (!message) {
        return;
    }
    /* Whoever holds the only reference needs no atomic step: nobody is there to race with. */
    if (mb__message_is_shared(message) &&
        atomic_fetch_sub_explicit(&message->n_refs, 1, memory_order_acq_rel) != 1) {
        return;
    }
    if (message->metadata != message->metadata_inline) {
        mb__free(message->metadata);
    }
    mb__free(message);
}

int mb_message_copy(mb_message **out, const mb_message *message) {
    mb_message *m;
    int rc = mb__message_alloc(&m, message->payload_size);
    if (rc) {
        return rc;
    }
    rc = mb__metadata_copy(m, message);
    if (rc) {
        mb_message_unref(m);
        return rc;
    }
    m->id = message->id;
    m->sequence = message->sequence;
    m->created_ns = message->created_ns;
    m->ttl_ns = message->ttl_ns;
    memcpy(m->payload, message->payload, message->payload_size);
    *out = m;
    return 0;
}

const mb_uuid *mb_message_id(const mb_message *message) {
    return &message->id;
}

const void *mb_message_payload(const mb_message *message) {
    return message->payload;
}

size_t mb_message_payload_size(const mb_message *message) {
    return message->payload_size;
}

int64_t mb_message_created_ns(const mb_message *message) {
    return message->created_ns;
}

uint64_t mb_message_sequence(const mb_message *message) {
    return message->sequence;
}

int mb_message_set_sequence(mb_message *message, uint64_t sequence) {
    if (sequence > INT64_MAX) {
        return MB_EINVAL;
    }
    if (mb__message_is_shared(message)) {
        return MB_ESHARED;
    }
    message->sequence = sequence;
    return 0;
}

int64_t mb_message_ttl_ns(const mb_message *message) {
    return message->ttl_ns;
}

int mb_message_set_ttl_ns(mb_message *message, int64_t ttl_ns) {
    if (ttl_ns < 0) {
        return MB_EINVAL;
    }
    if (mb__message_is_shared(message)) {
        return MB_ESHARED;
    }
    message->ttl_ns = ttl_ns;
    return 0;
}
