/* Correlation ids for messages that have none. */
#include <string.h>

#include "minibus/error.h"
#include "minibus/memory.h"
#include "minibus/metadata.h"
#include "minibus/middleware.h"
#include "minibus/uuid.h"

struct mb_correlation {
    mb_correlation_mode mode;
    char preset[];
};

int mb_correlation_new(mb_correlation **out, mb_correlation_mode mode, const char *preset) {
    if (mode > MB_CORRELATION_PRESET || (mode == MB_CORRELATION_PRESET) != (preset != NULL)) {
        return MB_EINVAL;
    }
    const size_t size = preset ? strlen(preset) + 1 : 1;
    mb_correlation *c = mb__alloc_zeroed(1, sizeof *c + size);
    if (!c) {
        return MB_ENOMEM;
    }
    c->mode = mode;
    if (preset) {
        memcpy(c->preset, preset, size);
    }
    *out = c;
    return 0;
}

void mb_correlation_free(mb_correlation *correlation) {
    mb__free(correlation);
}

static int fresh_id(char text[MB_UUID_TEXT_SIZE]) {
    mb_uuid id;
    const int rc = mb_uuid_from_prng(&id);
    if (rc == 0) {
        mb_uuid_format(text, &id);
    }
    return rc;
}

static int set_id(mb_batch *batch, size_t i, const char *id) {
    mb_message *m;
    const int rc = mb_batch_writable(&m, batch, i);
    return rc ? rc : mb_message_set_correlation_id(m, id);
}

static int before_publish(void *user, mb_batch *batch) {
    const mb_correlation *c = user;
    const char *id = c->mode == MB_CORRELATION_PRESET ? c->preset : NULL;
    char text[MB_UUID_TEXT_SIZE];
    int rc = 0;
    for (size_t i = 0; i < mb_batch_size(batch) && rc == 0; i++) {
        if (mb_message_correlation_id(mb_batch_message(batch, i))) {
            continue;
        }
        if (!id || c->mode == MB_CORRELATION_PER_MESSAGE) {
            rc = fresh_id(text);
            id = text;
        }
        if (rc == 0) {
            rc = set_id(batch, i, id);
        }
    }
    return rc;
}

mb_middleware mb_correlation_middleware(mb_correlation *correlation) {
    return (mb_middleware){.before_publish = before_publish, .user = correlation};
}

int mb_correlation_copy(mb_message *to, const mb_message *from) {
    const char *id = mb_message_correlation_id(from);
    return id ? mb_message_set_correlation_id(to, id) : 0;
}
