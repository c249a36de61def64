/*
 * file: a journal. Messages are appended as
 *
 *      u32 size of what follows the check, u32 check (FNV-1a of it), u8 size of topic, topic,
 *      the message in the binary codec
 *
 * and synced as ?sync= says. A receiver reads from the beginning or, by default, on from behind the
 * last record that is whole when it subscribes, and waits for more by inotify. It is no queue:
 * nothing is ever taken out of the file.
 *
 * Whoever opens a journal first, with nobody else having it open, checks all of it. A last record
 * that is cut off is taken away: its writer died, and it was never confirmed. Any other damage is
 * refused, and nothing is changed.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "minibus/memory.h"
#include "minibus/net.h"
#include "minibus/transport_backend.h"

enum { HEADER_SIZE = 8, WRITE_TARGET = 1 << 20, READ_SIZE = 1 << 16 };

#define RECORD_MAX (MB_TRANSPORT_MESSAGE_MAX + 4096)

enum sync { SYNC_NONE, SYNC_BATCH, SYNC_EACH };

struct file {
    struct mb_transport base;
    enum sync sync;
    char *path;
    int from_start, is_cut_off;
    int write_fd, read_fd, watch_fd;
    mb_buffer out;
    mb_buffer in; /* from the file, from in_at on not looked at */
    size_t in_at;
    int64_t in_offset; /* where in the file `in` begins */
    char topic[MB_TOPIC_NAME_MAX + 1];
};

static void put_u32(unsigned char *p, uint32_t value) {
    for (int i = 0; i < 4; i++) {
        p[i] = (unsigned char)(value >> (8 * i));
    }
}

static uint32_t get_u32(const unsigned char *p) {
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static uint32_t fnv1a(const unsigned char *p, size_t size) {
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < size; i++) {
        hash = (hash ^ p[i]) * 16777619u;
    }
    return hash;
}

static int fail_system(const struct file *t, const char *what, mb_error *error) {
    return mb__fail(error, MB_ESYSTEM, "file: %s %.200s: %s", what, t->path, strerror(errno));
}

static int add_record(struct file *t, const char *topic, const mb_message *message) {
    static const unsigned char header[HEADER_SIZE];
    const unsigned char n_topic = (unsigned char)strlen(topic);
    const size_t at = t->out.size;
    int rc = mb_buffer_append(&t->out, header, sizeof header);
    rc = rc ? rc : mb_buffer_append(&t->out, &n_topic, 1);
    rc = rc ? rc : mb_buffer_append(&t->out, topic, n_topic);
    rc = rc ? rc : mb_codec_binary.encode(&t->out, message);
    if (rc) {
        t->out.size = at;
        return rc;
    }
    const size_t size = t->out.size - at - HEADER_SIZE;
    put_u32(t->out.data + at, (uint32_t)size);
    put_u32(t->out.data + at + 4, fnv1a(t->out.data + at + HEADER_SIZE, size));
    return 0;
}

/* Takes the n bytes away that were written last, unless somebody else wrote behind them. */
static void take_back(struct file *t, size_t n) {
    struct stat now;
    const off_t end = lseek(t->write_fd, 0, SEEK_CUR);
    t->is_cut_off = n != 0 && (end < 0 || fstat(t->write_fd, &now) || now.st_size != end ||
                               ftruncate(t->write_fd, end - (off_t)n));
}

/* Whole or not at all: a record that found no room would make the rest of the file unreadable. */
static int write_out(struct file *t, mb_error *error) {
    size_t n_written = 0;
    while (n_written < t->out.size) {
        const ssize_t n = write(t->write_fd, t->out.data + n_written, t->out.size - n_written);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            const int rc = fail_system(t, "writing", error);
            take_back(t, n_written);
            return rc;
        }
        n_written += (size_t)n;
    }
    t->out.size = 0;
    return 0;
}

static int sync_file(struct file *t, mb_error *error) {
    return fdatasync(t->write_fd) ? fail_system(t, "syncing", error) : 0;
}

static int publish(mb_transport *transport, const char *topic, mb_message *const *messages,
                   size_t n, mb_confirm confirm, mb_error *error) {
    struct file *t = (struct file *)transport;
    const enum sync sync = confirm == MB_CONFIRMED ? t->sync : SYNC_NONE;
    int rc = 0;
    t->out.size = 0;
    if (t->is_cut_off) {
        return mb__fail(error, MB_ELOST, "file: %.200s ends within a record", t->path);
    }
    for (size_t i = 0; rc == 0 && i < n; i++) {
        rc = add_record(t, topic, messages[i]);
        if (rc) {
            return mb__fail(error, rc, "file: %s", mb_error_text(rc));
        }
        if (sync == SYNC_EACH || t->out.size >= WRITE_TARGET || i + 1 == n) {
            rc = write_out(t, error);
        }
        if (rc == 0 && (sync == SYNC_EACH || (sync == SYNC_BATCH && i + 1 == n))) {
            rc = sync_file(t, error);
        }
    }
    return rc;
}

static int fail_damaged(const struct file *t, mb_error *error) {
    return mb__fail(error, MB_EFORMAT, "file: %.200s: a damaged record at byte %lld", t->path,
                    (long long)t->in_offset + (long long)t->in_at);
}

/* The next record that is whole. @return 1, 0 when there is none yet, MB_EFORMAT. */
static int next_record(const unsigned char **out, size_t *size, struct file *t, mb_error *error) {
    const size_t n_bytes = t->in.size - t->in_at;
    if (n_bytes < HEADER_SIZE) { /* there may be no buffer yet */
        return 0;
    }
    const unsigned char *p = t->in.data + t->in_at;
    *size = get_u32(p);
    *out = p + HEADER_SIZE;
    if (*size == 0 || *size > RECORD_MAX) {
        return fail_damaged(t, error);
    }
    if (n_bytes - HEADER_SIZE < *size) {
        return 0;
    }
    if (fnv1a(*out, *size) != get_u32(p + 4) || (size_t) * *out + 1 > *size) {
        return fail_damaged(t, error);
    }
    t->in_at += HEADER_SIZE + *size;
    return 1;
}

/* @return 1 when something was read, 0 at the end. */
static int read_more(struct file *t, mb_error *error) {
    if (t->in_at != 0) {
        memmove(t->in.data, t->in.data + t->in_at, t->in.size - t->in_at);
        t->in.size -= t->in_at;
        t->in_offset += (int64_t)t->in_at;
        t->in_at = 0;
    }
    if (mb_buffer_reserve(&t->in, READ_SIZE)) {
        return mb__fail(error, MB_ENOMEM, "file: out of memory");
    }
    ssize_t n;
    do {
        n = read(t->read_fd, t->in.data + t->in.size, t->in.capacity - t->in.size);
    } while (n < 0 && errno == EINTR);
    if (n < 0) {
        return fail_system(t, "reading", error);
    }
    t->in.size += (size_t)n;
    return n > 0;
}

/* The end of the file was reached. @return 0 when it changed since, or as receive. */
static int wait_for_more(struct file *t, int64_t deadline_ns, mb_error *error) {
    struct stat now;
    if (fstat(t->read_fd, &now) || now.st_nlink == 0) {
        return mb__fail(error, MB_ELOST, "file: %.200s was removed", t->path);
    }
    if (now.st_size < lseek(t->read_fd, 0, SEEK_CUR)) {
        return mb__fail(error, MB_ELOST, "file: %.200s became shorter", t->path);
    }
    if (mb__net_wait_readable(t->watch_fd, deadline_ns)) {
        return MB_ETIMEOUT;
    }
    char events[4096];
    while (read(t->watch_fd, events, sizeof events) > 0) {
    }
    return 0;
}

static int receive(mb_message **out, mb_transport *transport, int64_t timeout_ns, mb_error *error) {
    struct file *t = (struct file *)transport;
    const int64_t deadline_ns = mb__deadline_ns(timeout_ns);
    const size_t n_topic = strlen(t->topic);
    for (;;) {
        const unsigned char *record;
        size_t size;
        int rc = next_record(&record, &size, t, error);
        if (rc < 0) {
            return rc;
        }
        if (rc && record[0] == n_topic && memcmp(record + 1, t->topic, n_topic) == 0) {
            rc = mb__decode_received(out, record + 1 + n_topic, size - 1 - n_topic, error);
            t->in_at -= rc == MB_ENOMEM ? HEADER_SIZE + size : 0; /* for the next attempt */
            return rc;
        }
        if (rc == 0) {
            rc = read_more(t, error);
            rc = rc == 0 ? wait_for_more(t, deadline_ns, error) : rc;
            if (rc < 0) {
                return rc;
            }
        }
    }
}

static void close_file(mb_transport *transport) {
    struct file *t = (struct file *)transport;
    const int fds[] = {t->write_fd, t->read_fd, t->watch_fd};
    for (int i = 0; i < 3; i++) {
        if (fds[i] >= 0) {
            close(fds[i]);
        }
    }
    mb_buffer_clear(&t->out);
    mb_buffer_clear(&t->in);
    mb__free(t->path);
    mb__free(t);
}

static const char *const confirmed[] = {
    [SYNC_NONE] = "in the page cache when publish returns; lost with the machine",
    [SYNC_BATCH] = "on the disk when publish returns: one fdatasync for each batch",
    [SYNC_EACH] = "on the disk when publish returns: one fdatasync for each message",
};

/* Whether what is left at the end is the beginning of a record, and no whole one whose size is
 * damaged: the message in it has a size of its own. */
static int is_beginning(const struct file *t) {
    const unsigned char *p = t->in.data + t->in_at;
    const size_t n_bytes = t->in.size - t->in_at;
    if (n_bytes <= HEADER_SIZE) {
        return 1;
    }
    const size_t before = HEADER_SIZE + 1 + (size_t)p[HEADER_SIZE];
    uint64_t size = 0;
    const int found = n_bytes > before ? mb__binary_size(&size, p + before, n_bytes - before) : 0;
    return found == 0 || (found == 1 && before - HEADER_SIZE + size == get_u32(p));
}

/* Reads all of it. @return 0 with `in` holding what follows the last whole record. */
static int check_records(struct file *t, mb_error *error) {
    const unsigned char *record;
    size_t size;
    int rc;
    do {
        while ((rc = next_record(&record, &size, t, error)) > 0) {
        }
    } while (rc == 0 && (rc = read_more(t, error)) > 0);
    if (rc == 0 && t->in.size != t->in_at && !is_beginning(t)) {
        rc = fail_damaged(t, error);
    }
    return rc;
}

/* From its end means behind the last whole record: somebody may be writing the next one. */
static int subscribe(mb_transport *transport, const char *topic, mb_error *error) {
    struct file *t = (struct file *)transport;
    if (t->read_fd < 0) {
        t->read_fd = open(t->path, O_RDONLY | O_CLOEXEC);
    }
    if (t->watch_fd < 0) {
        t->watch_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    }
    if (t->read_fd < 0 || t->watch_fd < 0 ||
        inotify_add_watch(t->watch_fd, t->path, IN_MODIFY | IN_ATTRIB) < 0 ||
        lseek(t->read_fd, 0, SEEK_SET) < 0) {
        return fail_system(t, "reading", error);
    }
    strcpy(t->topic, topic);
    t->in.size = t->in_at = 0;
    t->in_offset = 0;
    return t->from_start ? 0 : check_records(t, error);
}

/* With the file to itself. */
static int recover(struct file *t, mb_error *error) {
    t->read_fd = open(t->path, O_RDONLY | O_CLOEXEC);
    if (t->read_fd < 0) {
        return fail_system(t, "reading", error);
    }
    const int rc = check_records(t, error);
    if (rc == 0 && t->in.size != t->in_at &&
        ftruncate(t->write_fd, t->in_offset + (off_t)t->in_at)) {
        return fail_system(t, "repairing", error);
    }
    mb_buffer_clear(&t->in);
    t->in_at = 0;
    t->in_offset = 0;
    return rc;
}

/* So that a new file is found again after the machine has stopped, not only its content. */
static int sync_directory(const struct file *t, mb_error *error) {
    char *path = mb__copy_text(t->path);
    if (!path) {
        return mb__fail(error, MB_ENOMEM, "file: out of memory");
    }
    const int fd = open(dirname(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const int rc = fd < 0 || fsync(fd) ? fail_system(t, "syncing the directory of", error) : 0;
    if (fd >= 0) {
        close(fd);
    }
    mb__free(path);
    return rc;
}

static int open_journal(struct file *t, mb_error *error) {
    t->write_fd = open(t->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0600);
    struct stat what;
    if (t->write_fd < 0 || fstat(t->write_fd, &what)) {
        return fail_system(t, "opening", error);
    }
    if (!S_ISREG(what.st_mode)) {
        return mb__fail(error, MB_EINVAL, "file: %.200s is no regular file", t->path);
    }
    /* Alone for the check, then one of several; waits at most for somebody else's check. */
    int rc = flock(t->write_fd, LOCK_EX | LOCK_NB) == 0 ? recover(t, error) : 0;
    if (rc == 0 && flock(t->write_fd, LOCK_SH)) {
        rc = fail_system(t, "locking", error);
    }
    return rc || t->sync == SYNC_NONE || what.st_size != 0 ? rc : sync_directory(t, error);
}

/* @return which of the names the option has, or MB_EINVAL. */
static int choose(const struct mb__url *url, const char *option, const char *const *names, int n,
                  int fallback, mb_error *error) {
    const char *value = mb__url_option(url, option);
    if (!value) {
        return fallback;
    }
    for (int i = 0; i < n; i++) {
        if (strcmp(value, names[i]) == 0) {
            return i;
        }
    }
    return mb__fail(error, MB_EINVAL, "file: %s is '%.40s': use %s%s%s or %s", option, value,
                    n > 2 ? names[0] : "", n > 2 ? ", " : "", names[n - 2], names[n - 1]);
}

static int set_up(struct file *t, const struct mb__url *url, mb_error *error) {
    static const char *const known[] = {"sync", "from", NULL};
    static const char *const sync_names[] = {"none", "batch", "each"};
    static const char *const from_names[] = {"end", "start"};
    const int rc = mb__url_check_options(url, known, error);
    if (rc) {
        return rc;
    }
    if (url->has_hosts || !*url->path) {
        return mb__fail(error, MB_EINVAL, "file: needs a path, and no host: file:PATH");
    }
    const int sync = choose(url, "sync", sync_names, 3, SYNC_BATCH, error);
    const int from = choose(url, "from", from_names, 2, 0, error);
    if (sync < 0 || from < 0) {
        return MB_EINVAL;
    }
    t->sync = (enum sync)sync;
    t->from_start = from;
    t->base.guarantee[MB_UNCONFIRMED] = confirmed[SYNC_NONE];
    t->base.guarantee[MB_CONFIRMED] = confirmed[sync];
    t->path = mb__copy_text(url->path);
    if (!t->path) {
        return mb__fail(error, MB_ENOMEM, "file: out of memory");
    }
    if (strlen(t->path) + 6 <= sizeof t->base.url) {
        snprintf(t->base.url, sizeof t->base.url, "file:%.240s", t->path);
    }
    return open_journal(t, error);
}

static int open_file(mb_transport **out, const struct mb__url *url, mb_error *error) {
    struct file *t = mb__alloc_zeroed(1, sizeof *t);
    if (!t) {
        return mb__fail(error, MB_ENOMEM, "file: out of memory");
    }
    t->base.backend = &mb__backend_file;
    t->base.name = "file";
    t->write_fd = t->read_fd = t->watch_fd = -1;
    const int rc = set_up(t, url, error);
    if (rc) {
        close_file(&t->base);
        return rc;
    }
    *out = &t->base;
    return 0;
}

const struct mb__backend mb__backend_file = {.scheme = "file",
                                             .open = open_file,
                                             .close = close_file,
                                             .publish = publish,
                                             .subscribe = subscribe,
                                             .receive = receive};
