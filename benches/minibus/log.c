/* Lines about what was published and received, and the three places they can go. A line is
 * formatted on the stack of its thread; only putting it away is under a lock. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "minibus/error.h"
#include "minibus/memory.h"
#include "minibus/metadata.h"
#include "minibus/middleware.h"
#include "minibus/wait.h"

enum { DEFAULT_RING_LINES = 1024 };

struct mb_log {
    mb_log_options options; /* resolved */
    pthread_mutex_t lock;   /* protects what follows */
    uint64_t n_lines;
    char (*ring)[MB_LOG_LINE_SIZE];
};

static int64_t default_now_ns(void *user) {
    (void)user;
    return mb__monotonic_ns();
}

static int resolve(mb_log_options *o) {
    if (o->level > MB_LOG_MESSAGES || o->sink > MB_LOG_FILE || o->ring_lines > MB_LOG_RING_MAX ||
        (o->sink == MB_LOG_FILE) != (o->file != NULL)) {
        return MB_EINVAL;
    }
    if (o->ring_lines == 0) {
        o->ring_lines = DEFAULT_RING_LINES;
    }
    if (!o->now_ns) {
        o->now_ns = default_now_ns;
    }
    return 0;
}

int mb_log_new(mb_log **out, const mb_log_options *options) {
    mb_log_options resolved = *options;
    const int rc = resolve(&resolved);
    if (rc) {
        return rc;
    }
    mb_log *log = mb__alloc_zeroed(1, sizeof *log);
    if (!log) {
        return MB_ENOMEM;
    }
    log->options = resolved;
    if (resolved.sink == MB_LOG_RING) {
        log->ring = mb__alloc_zeroed(resolved.ring_lines, sizeof *log->ring);
        if (!log->ring) {
            mb__free(log);
            return MB_ENOMEM;
        }
    }
    pthread_mutex_init(&log->lock, NULL);
    *out = log;
    return 0;
}

void mb_log_free(mb_log *log) {
    if (!log) {
        return;
    }
    pthread_mutex_destroy(&log->lock);
    mb__free(log->ring);
    mb__free(log);
}

/* Names and ids come from outside: what is no printable ASCII would end up on a terminal. */
static void make_printable(char *line) {
    for (; *line; line++) {
        if (*line < ' ' || *line > '~') {
            *line = '?';
        }
    }
}

static void put(mb_log *log, char *line) {
    int is_written = 1;
    make_printable(line);
    pthread_mutex_lock(&log->lock);
    if (log->options.sink == MB_LOG_RING) {
        memcpy(log->ring[log->n_lines % log->options.ring_lines], line, strlen(line) + 1);
    } else if (log->options.sink == MB_LOG_FILE) {
        is_written = fprintf(log->options.file, "%s\n", line) >= 0;
    }
    log->n_lines += (uint64_t)is_written;
    pthread_mutex_unlock(&log->lock);
}

static void put_call(mb_log *log, const char *verb, const char *topic, size_t n, int rc) {
    char line[MB_LOG_LINE_SIZE];
    const long long now_ns = log->options.now_ns(log->options.clock_user);
    snprintf(line, sizeof line, "%lld %s n=%zu %s topic=%s", now_ns, verb, n,
             rc ? mb_error_text(rc) : "ok", topic);
    put(log, line);
}

static void put_message(mb_log *log, const char *verb, const mb_message *m) {
    char line[MB_LOG_LINE_SIZE], id[MB_UUID_TEXT_SIZE];
    const char *correlation_id = mb_message_correlation_id(m);
    const long long now_ns = log->options.now_ns(log->options.clock_user);
    snprintf(line, sizeof line, "%lld %s id=%s size=%zu correlation=%s", now_ns, verb,
             mb_uuid_format(id, mb_message_id(m)), mb_message_payload_size(m),
             correlation_id ? correlation_id : "-");
    put(log, line);
}

static void after_publish(void *user, const mb_batch *batch, int rc) {
    mb_log *log = user;
    const size_t n = mb_batch_size(batch);
    const mb_log_level level = log->options.level;
    if (level >= MB_LOG_BATCHES || (level == MB_LOG_ERRORS && rc)) {
        put_call(log, "publish", mb_batch_topic(batch), n, rc);
    }
    for (size_t i = 0; level == MB_LOG_MESSAGES && i < n; i++) {
        put_message(log, "published", mb_batch_message(batch, i));
    }
}

static void after_receive(void *user, const char *topic, const mb_delivery *deliveries, size_t n) {
    mb_log *log = user;
    if (log->options.level < MB_LOG_BATCHES) {
        return;
    }
    put_call(log, "receive", topic, n, 0);
    for (size_t i = 0; log->options.level == MB_LOG_MESSAGES && i < n; i++) {
        put_message(log, "received", deliveries[i].message);
    }
}

mb_middleware mb_log_middleware(mb_log *log) {
    return (mb_middleware){
        .after_publish = after_publish, .after_receive = after_receive, .user = log};
}

uint64_t mb_log_n_lines(mb_log *log) {
    pthread_mutex_lock(&log->lock);
    const uint64_t n = log->n_lines;
    pthread_mutex_unlock(&log->lock);
    return n;
}

int mb_log_read(char line[MB_LOG_LINE_SIZE], mb_log *log, size_t age) {
    int rc = MB_EEMPTY;
    pthread_mutex_lock(&log->lock);
    if (log->ring && age < log->options.ring_lines && age < log->n_lines) {
        memcpy(line, log->ring[(log->n_lines - 1 - age) % log->options.ring_lines],
               MB_LOG_LINE_SIZE);
        rc = 0;
    }
    pthread_mutex_unlock(&log->lock);
    return rc;
}
