/* The exchange as a state machine around poll(): one outgoing frame is in memory at a time, and one
 * incoming, whose buffer grows with what has arrived and not with what a header claims. */
#include "minibus/replica_sync.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "minibus/broker.h"
#include "minibus/error.h"
#include "minibus/memory.h"

enum type { HELLO = 1, OPS, DONE };

enum {
    FRAME_HEADER = 5,
    HELLO_HEADER = 5,
    HELLO_ENTRY = 12,
    OPS_HEADER = 16,
    OP_HEADER = 15,
    FRAME_TARGET = 64 * 1024, /* operations are added while the body is smaller */
    FRAME_MAX = OPS_HEADER + OP_HEADER + MB_OP_KEY_MAX + MB_OP_VALUE_MAX + FRAME_TARGET,
    FIRST_READ = 4096,
    NS_PER_MS = 1000000
};

struct buffer {
    unsigned char *bytes;
    size_t size, capacity;
};

/* What is still to be sent of one history. */
struct part {
    uint32_t replica;
    uint64_t next, end;
};

struct mb_sync {
    mb_oplog *log;
    int socket;
    int rc; /* of an exchange that has ended badly */
    size_t io_limit;
    struct buffer out, in;
    size_t n_sent; /* of `out` */
    int got_hello, got_done, done_queued;
    struct part parts[MB_OPLOG_REPLICAS_MAX];
    size_t n_parts, part;
    mb_sync_stats stats;
};

/* ---- bytes ----------------------------------------------------------------------------------- */

static void put_uint(unsigned char **at, uint64_t value, int n_bytes) {
    for (int i = 0; i < n_bytes; i++) {
        *(*at)++ = (unsigned char)(value >> (8 * i));
    }
}

static uint64_t get_uint(const unsigned char **at, int n_bytes) {
    uint64_t value = 0;
    for (int i = 0; i < n_bytes; i++) {
        value |= (uint64_t) * (*at)++ << (8 * i);
    }
    return value;
}

static int reserve(struct buffer *b, size_t size) {
    if (size <= b->capacity) {
        return 0;
    }
    size_t capacity = b->capacity * 2 > size ? b->capacity * 2 : size;
    unsigned char *grown = mb__alloc(capacity);
    if (!grown) {
        return MB_ENOMEM;
    }
    if (b->size != 0) {
        memcpy(grown, b->bytes, b->size);
    }
    mb__free(b->bytes);
    b->bytes = grown;
    b->capacity = capacity;
    return 0;
}

/* ---- frames that go out ---------------------------------------------------------------------- */

/* Begins the next frame; its size is written by end_frame(). */
static int begin_frame(mb_sync *sync, enum type type, size_t body_size) {
    sync->out.size = 0;
    sync->n_sent = 0;
    const int rc = reserve(&sync->out, FRAME_HEADER + body_size);
    if (rc == 0) {
        sync->out.bytes[4] = (unsigned char)type;
    }
    return rc;
}

static void end_frame(mb_sync *sync, const unsigned char *end) {
    unsigned char *at = sync->out.bytes;
    sync->out.size = (size_t)(end - at);
    put_uint(&at, sync->out.size - FRAME_HEADER, 4);
}

static int queue_hello(mb_sync *sync) {
    const size_t n = mb_oplog_n_histories(sync->log);
    const int rc = begin_frame(sync, HELLO, HELLO_HEADER + n * HELLO_ENTRY);
    if (rc) {
        return rc;
    }
    unsigned char *at = sync->out.bytes + FRAME_HEADER;
    put_uint(&at, MB_SYNC_VERSION, 1);
    put_uint(&at, n, 4);
    for (size_t i = 0; i < n; i++) {
        const mb_history history = mb_oplog_history(sync->log, i);
        put_uint(&at, history.replica, 4);
        put_uint(&at, history.n_ops, 8);
    }
    end_frame(sync, at);
    return 0;
}

/* @return how many operations, at least one, go into the next frame. */
static uint64_t measure_ops(const mb_sync *sync, const struct part *part, size_t *size) {
    uint64_t n = 0;
    *size = OPS_HEADER;
    for (; *size < FRAME_TARGET && part->next + n < part->end; n++) {
        mb_op op;
        mb_oplog_op(&op, sync->log, part->replica, part->next + n);
        *size += OP_HEADER + op.key_size + op.value_size;
    }
    return n;
}

static int queue_ops(mb_sync *sync, struct part *part) {
    size_t size;
    const uint64_t n = measure_ops(sync, part, &size);
    const int rc = begin_frame(sync, OPS, size);
    if (rc) {
        return rc;
    }
    unsigned char *at = sync->out.bytes + FRAME_HEADER;
    put_uint(&at, part->replica, 4);
    put_uint(&at, part->next, 8);
    put_uint(&at, n, 4);
    for (uint64_t i = 0; i < n; i++) {
        mb_op op;
        mb_oplog_op(&op, sync->log, part->replica, part->next++);
        put_uint(&at, op.clock, 8);
        put_uint(&at, (uint64_t)op.kind, 1);
        put_uint(&at, op.key_size, 2);
        put_uint(&at, op.value_size, 4);
        memcpy(at, op.key, op.key_size);
        at += op.key_size;
        memcpy(at, op.value, op.value_size);
        at += op.value_size;
    }
    end_frame(sync, at);
    sync->stats.ops_sent += n;
    return 0;
}

/* When the last frame is out: the next one, if it is known yet what the other side lacks. */
static int queue_next(mb_sync *sync) {
    if (sync->n_sent < sync->out.size || !sync->got_hello || sync->done_queued) {
        return 0;
    }
    while (sync->part < sync->n_parts &&
           sync->parts[sync->part].next == sync->parts[sync->part].end) {
        sync->part++;
    }
    if (sync->part < sync->n_parts) {
        return queue_ops(sync, &sync->parts[sync->part]);
    }
    const int rc = begin_frame(sync, DONE, 0);
    if (rc == 0) {
        end_frame(sync, sync->out.bytes + FRAME_HEADER);
        sync->done_queued = 1;
    }
    return rc;
}

/* ---- frames that come in --------------------------------------------------------------------- */

/* The other side holds n operations of a replica. */
static void plan_less(mb_sync *sync, uint32_t replica, uint64_t n) {
    for (size_t i = 0; i < sync->n_parts; i++) {
        struct part *part = &sync->parts[i];
        if (part->replica == replica) {
            part->next = n < part->end ? n : part->end;
        }
    }
}

static int read_hello(mb_sync *sync, const unsigned char *at, size_t size) {
    if (sync->got_hello || size < HELLO_HEADER) {
        return MB_EFORMAT;
    }
    if (get_uint(&at, 1) != MB_SYNC_VERSION) {
        return MB_EVERSION;
    }
    const uint64_t n = get_uint(&at, 4);
    if (n > MB_OPLOG_REPLICAS_MAX || size != HELLO_HEADER + n * HELLO_ENTRY) {
        return MB_EFORMAT;
    }
    for (uint64_t i = 0; i < n; i++) {
        const uint32_t replica = (uint32_t)get_uint(&at, 4);
        plan_less(sync, replica, get_uint(&at, 8));
    }
    sync->got_hello = 1;
    return 0;
}

/* @return 0 with *at behind the operation. */
static int read_op(mb_op *op, const unsigned char **at, const unsigned char *end) {
    if (end - *at < OP_HEADER) {
        return MB_EFORMAT;
    }
    op->clock = get_uint(at, 8);
    op->kind = (int)get_uint(at, 1);
    op->key_size = (size_t)get_uint(at, 2);
    op->value_size = (size_t)get_uint(at, 4);
    if ((size_t)(end - *at) < op->key_size + op->value_size) {
        return MB_EFORMAT;
    }
    op->key = *at;
    op->value = *at + op->key_size;
    *at += op->key_size + op->value_size;
    return 0;
}

static int read_ops(mb_sync *sync, const unsigned char *at, size_t size) {
    const unsigned char *end = at + size;
    if (!sync->got_hello || size < OPS_HEADER) {
        return MB_EFORMAT;
    }
    mb_op op = {.replica = (uint32_t)get_uint(&at, 4)};
    const uint64_t first = get_uint(&at, 8);
    const uint64_t n = get_uint(&at, 4);
    int rc = first > UINT64_MAX - n ? MB_EFORMAT : 0;
    for (uint64_t i = 0; i < n && rc == 0; i++) {
        rc = read_op(&op, &at, end);
        if (rc == 0) {
            rc = mb_oplog_apply(sync->log, &op, first + i);
        }
        sync->stats.ops_received += rc == 0;
    }
    return rc == 0 && at != end ? MB_EFORMAT : rc;
}

static int read_frame(mb_sync *sync) {
    const unsigned char *body = sync->in.bytes + FRAME_HEADER;
    const size_t size = sync->in.size - FRAME_HEADER;
    switch (sync->in.bytes[4]) {
    case HELLO:
        return read_hello(sync, body, size);
    case OPS:
        return read_ops(sync, body, size);
    case DONE:
        sync->got_done = 1;
        return sync->got_hello && size == 0 ? 0 : MB_EFORMAT;
    default:
        return MB_EFORMAT;
    }
}

/* ---- the socket ------------------------------------------------------------------------------ */

static size_t limited(const mb_sync *sync, size_t n) {
    return sync->io_limit && n > sync->io_limit ? sync->io_limit : n;
}

static int socket_error(void) {
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) {
        return 0;
    }
    return errno == EPIPE || errno == ECONNRESET ? MB_EPEER : MB_ESYSTEM;
}

static int send_some(mb_sync *sync) {
    const size_t n = limited(sync, sync->out.size - sync->n_sent);
    if (n == 0) {
        return 0;
    }
    const ssize_t sent =
        send(sync->socket, sync->out.bytes + sync->n_sent, n, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0) {
        return socket_error();
    }
    sync->n_sent += (size_t)sent;
    sync->stats.bytes_sent += (uint64_t)sent;
    return 0;
}

/* The size of the frame that is coming in, as far as it is known. */
static size_t frame_size(const mb_sync *sync) {
    const unsigned char *at = sync->in.bytes;
    return sync->in.size < FRAME_HEADER ? FRAME_HEADER : FRAME_HEADER + (size_t)get_uint(&at, 4);
}

static int receive_some(mb_sync *sync) {
    const size_t size = frame_size(sync);
    if (size > FRAME_HEADER + (size_t)FRAME_MAX) {
        return MB_EFORMAT;
    }
    size_t want = size;
    if (sync->in.size == sync->in.capacity) {
        const size_t doubled = sync->in.size * 2 > FIRST_READ ? sync->in.size * 2 : FIRST_READ;
        const int rc = reserve(&sync->in, doubled);
        if (rc) {
            return rc;
        }
    }
    want = want < sync->in.capacity ? want : sync->in.capacity;
    const ssize_t n = recv(sync->socket, sync->in.bytes + sync->in.size,
                           limited(sync, want - sync->in.size), MSG_DONTWAIT);
    if (n < 0) {
        return socket_error();
    }
    if (n == 0) {
        return MB_EPEER;
    }
    sync->in.size += (size_t)n;
    sync->stats.bytes_received += (uint64_t)n;
    int rc = 0;
    if (sync->in.size >= FRAME_HEADER && sync->in.size == frame_size(sync)) {
        rc = read_frame(sync);
        sync->in.size = 0;
    }
    return rc;
}

static int poll_ms(int64_t timeout_ns) {
    if (timeout_ns == MB_FOREVER) {
        return -1;
    }
    const int64_t ms = timeout_ns / NS_PER_MS + (timeout_ns % NS_PER_MS != 0);
    return ms < INT32_MAX ? (int)ms : INT32_MAX;
}

static int exchange(mb_sync *sync, int64_t timeout_ns) {
    int rc = queue_next(sync);
    if (rc) {
        return rc;
    }
    struct pollfd fd = {.fd = sync->socket};
    fd.events =
        (short)((sync->got_done ? 0 : POLLIN) | (sync->n_sent < sync->out.size ? POLLOUT : 0));
    const int n_ready = poll(&fd, 1, poll_ms(timeout_ns));
    if (n_ready < 0) {
        return errno == EINTR ? 0 : MB_ESYSTEM;
    }
    if (n_ready == 0) {
        return MB_ETIMEOUT;
    }
    if (fd.revents & POLLNVAL) {
        return MB_ESYSTEM;
    }
    if (!sync->got_done && (fd.revents & (POLLIN | POLLHUP | POLLERR))) {
        rc = receive_some(sync);
    }
    if (rc == 0 && (fd.revents & (POLLOUT | POLLHUP | POLLERR))) {
        rc = send_some(sync);
    }
    return rc;
}

/* ---- the exchange ---------------------------------------------------------------------------- */

int mb_sync_new(mb_sync **out, mb_oplog *log, int socket) {
    mb_sync *sync = mb__alloc_zeroed(1, sizeof *sync);
    if (!sync) {
        return MB_ENOMEM;
    }
    sync->log = log;
    sync->socket = socket;
    sync->n_parts = mb_oplog_n_histories(log);
    for (size_t i = 0; i < sync->n_parts; i++) {
        const mb_history history = mb_oplog_history(log, i);
        sync->parts[i] = (struct part){history.replica, 0, history.n_ops};
    }
    const int rc = queue_hello(sync);
    if (rc) {
        mb_sync_free(sync);
        return rc;
    }
    *out = sync;
    return 0;
}

void mb_sync_free(mb_sync *sync) {
    if (!sync) {
        return;
    }
    mb__free(sync->out.bytes);
    mb__free(sync->in.bytes);
    mb__free(sync);
}

void mb_sync_limit_io(mb_sync *sync, size_t n_bytes) {
    sync->io_limit = n_bytes;
}

int mb_sync_step(mb_sync *sync, int64_t timeout_ns) {
    if (sync->rc || mb_sync_is_done(sync)) {
        return sync->rc;
    }
    const int rc = exchange(sync, timeout_ns);
    if (rc != MB_ETIMEOUT) {
        sync->rc = rc;
    }
    return rc;
}

int mb_sync_is_done(const mb_sync *sync) {
    return sync->got_done && sync->done_queued && sync->n_sent == sync->out.size && !sync->rc;
}

mb_sync_stats mb_sync_stats_now(const mb_sync *sync) {
    return sync->stats;
}

int mb_sync_run(mb_oplog *log, int socket, int64_t timeout_ns, mb_sync_stats *stats) {
    mb_sync *sync;
    int rc = mb_sync_new(&sync, log, socket);
    if (rc) {
        return rc;
    }
    while (rc == 0 && !mb_sync_is_done(sync)) {
        rc = mb_sync_step(sync, timeout_ns);
    }
    if (stats) {
        *stats = sync->stats;
    }
    mb_sync_free(sync);
    return rc;
}
