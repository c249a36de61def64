/* Lines about what was published and received, and the three places they can go. What a line says
 * is noted as it happens; it becomes text when it goes to a stream, and with a ring when somebody
 * reads it. The clock is read and the lock taken once for all lines of a call. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "minibus/error.h"
#include "minibus/memory.h"
#include "minibus/metadata.h"
#include "minibus/middleware.h"
#include "minibus/wait.h"

enum { DEFAULT_RING_LINES = 1024, TEXT_SIZE = 8192 /* of lines that are handed over together */ };

/* What one line says. */
struct note {
    const char *verb;
    int64_t now_ns;
    uint64_t n; /* messages of a call; bytes of a message */
    int is_message;
    int rc;                      /* of a call */
    mb_uuid id;                  /* of a message */
    char name[MB_LOG_LINE_SIZE]; /* the topic of a call, the correlation id of a message; cut */
};

struct mb_log {
    mb_log_options options; /* resolved */
    pthread_mutex_t lock;   /* protects what follows */
    uint64_t n_lines;
    struct note *ring;
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

/* ---- notes ----------------------------------------------------------------------------------- */

/* As much as a line can show. strncpy() would fill up the rest. */
static void set_name(struct note *note, const char *name) {
    const size_t size = strnlen(name, sizeof note->name - 1);
    memcpy(note->name, name, size);
    note->name[size] = '\0';
}

static void note_call(struct note *note, const char *verb, const char *topic, size_t n, int rc) {
    note->verb = verb;
    note->n = n;
    note->is_message = 0;
    note->rc = rc;
    set_name(note, topic);
}

static void note_message(struct note *note, const char *verb, const mb_message *m) {
    const char *correlation_id = mb_message_correlation_id(m);
    note->verb = verb;
    note->n = mb_message_payload_size(m);
    note->is_message = 1;
    note->id = *mb_message_id(m);
    set_name(note, correlation_id ? correlation_id : "-");
}

/* ---- lines ----------------------------------------------------------------------------------- */

/* Text that grows up to `end`, where it is cut. snprintf() would take twice as long as everything
 * else that happens to a message. */
struct line {
    char *at, *end;
};

static void add(struct line *line, const char *text) {
    while (*text && line->at < line->end) {
        *line->at++ = *text++;
    }
}

/* Names and ids come from outside: what is no printable ASCII would end up on a terminal. */
static void add_printable(struct line *line, const char *text) {
    for (; *text && line->at < line->end; text++) {
        *line->at++ = *text < ' ' || *text > '~' ? '?' : *text;
    }
}

static void add_u64(struct line *line, uint64_t value) {
    char digits[21];
    char *p = digits + sizeof digits - 1;
    *p = '\0';
    do {
        *--p = (char)('0' + value % 10);
    } while ((value /= 10) != 0);
    add(line, p);
}

static void add_i64(struct line *line, int64_t value) {
    if (value < 0) {
        add(line, "-");
    }
    add_u64(line, value < 0 ? -(uint64_t)value : (uint64_t)value);
}

/* @return its length, without the NUL that ends it. */
static size_t format(char text[MB_LOG_LINE_SIZE], const struct note *note) {
    char id[MB_UUID_TEXT_SIZE];
    struct line line = {text, text + MB_LOG_LINE_SIZE - 1};
    add_i64(&line, note->now_ns);
    add(&line, " ");
    add(&line, note->verb);
    if (note->is_message) {
        add(&line, " id=");
        add(&line, mb_uuid_format(id, &note->id));
        add(&line, " size=");
        add_u64(&line, note->n);
        add(&line, " correlation=");
    } else {
        add(&line, " n=");
        add_u64(&line, note->n);
        add(&line, " ");
        add(&line, note->rc ? mb_error_text(note->rc) : "ok");
        add(&line, " topic=");
    }
    add_printable(&line, note->name);
    *line.at = '\0';
    return (size_t)(line.at - text);
}

/* ---- where they go --------------------------------------------------------------------------- */

/* The lines of one call. */
struct writer {
    mb_log *log;
    int64_t now_ns;
    struct note note; /* the current one, unless it is in the ring */
    uint64_t n_lines;
    size_t used; /* of `text` */
    char text[TEXT_SIZE];
};

/* Everything but its text, which would be 8 KiB to clear. With a ring it holds the lock until
 * close_writer(). */
static void open_writer(struct writer *w, mb_log *log) {
    w->log = log;
    w->now_ns = log->options.now_ns(log->options.clock_user);
    w->n_lines = 0;
    w->used = 0;
    if (log->ring) {
        pthread_mutex_lock(&log->lock);
    }
}

static struct note *next_note(struct writer *w) {
    mb_log *log = w->log;
    struct note *note = log->ring ? &log->ring[log->n_lines++ % log->options.ring_lines] : &w->note;
    note->now_ns = w->now_ns;
    return note;
}

static void hand_over(struct writer *w) {
    mb_log *log = w->log;
    int is_written = 1;
    pthread_mutex_lock(&log->lock);
    if (log->options.sink == MB_LOG_FILE) {
        is_written = fwrite(w->text, 1, w->used, log->options.file) == w->used;
    }
    log->n_lines += is_written ? w->n_lines : 0;
    pthread_mutex_unlock(&log->lock);
    w->n_lines = 0;
    w->used = 0;
}

static void finish_note(struct writer *w) {
    if (w->log->ring) {
        return;
    }
    w->used += format(w->text + w->used, &w->note);
    w->text[w->used++] = '\n';
    w->n_lines++;
    if (w->used + MB_LOG_LINE_SIZE > sizeof w->text) {
        hand_over(w);
    }
}

static void close_writer(struct writer *w) {
    if (w->log->ring) {
        pthread_mutex_unlock(&w->log->lock);
    } else if (w->n_lines != 0) {
        hand_over(w);
    }
}

/* ---- hooks ----------------------------------------------------------------------------------- */

static void write_call(struct writer *w, const char *verb, const char *topic, size_t n, int rc) {
    note_call(next_note(w), verb, topic, n, rc);
    finish_note(w);
}

static void write_message(struct writer *w, const char *verb, const mb_message *m) {
    note_message(next_note(w), verb, m);
    finish_note(w);
}

static void log_publish(mb_log *log, const mb_batch *batch, int rc) {
    const size_t n = mb_batch_size(batch);
    struct writer w;
    open_writer(&w, log);
    write_call(&w, "publish", mb_batch_topic(batch), n, rc);
    for (size_t i = 0; log->options.level == MB_LOG_MESSAGES && i < n; i++) {
        write_message(&w, "published", mb_batch_message(batch, i));
    }
    close_writer(&w);
}

static void after_publish(void *user, const mb_batch *batch, int rc) {
    mb_log *log = user;
    const mb_log_level level = log->options.level;
    if (level >= MB_LOG_BATCHES || (level == MB_LOG_ERRORS && rc)) {
        log_publish(log, batch, rc);
    }
}

static void log_receive(mb_log *log, const char *topic, const mb_delivery *deliveries, size_t n) {
    struct writer w;
    open_writer(&w, log);
    write_call(&w, "receive", topic, n, 0);
    for (size_t i = 0; log->options.level == MB_LOG_MESSAGES && i < n; i++) {
        write_message(&w, "received", deliveries[i].message);
    }
    close_writer(&w);
}

static void after_receive(void *user, const char *topic, const mb_delivery *deliveries, size_t n) {
    mb_log *log = user;
    if (log->options.level >= MB_LOG_BATCHES) {
        log_receive(log, topic, deliveries, n);
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
        format(line, &log->ring[(log->n_lines - 1 - age) % log->options.ring_lines]);
        rc = 0;
    }
    pthread_mutex_unlock(&log->lock);
    return rc;
}
