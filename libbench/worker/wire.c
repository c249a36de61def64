/*
 * Encoding of values and framing of messages. Knows no message's contents.
 */
#include "worker/wire.h"

#include "base/error.h"
#include "base/mem.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAGIC       0x68636e62u /* "bnch" */
#define MAX_PAYLOAD ((uint64_t)256 << 20)
#define NO_TEXT     UINT64_MAX

struct header {
    uint32_t magic;
    uint16_t protocol;
    uint16_t type;
    uint64_t n;
};

void bench__wire_clear(struct bench__wire *w) {
    bench__free(w->data);
    memset(w, 0, sizeof *w);
}

void bench__wire_put_bytes(struct bench__wire *w, const void *data, size_t n) {
    if (w->failed || n > MAX_PAYLOAD || bench__grow(&w->data, &w->capacity, w->n + n, 1) != 0) {
        w->failed = 1;
        return;
    }
    if (n > 0) {
        memcpy(w->data + w->n, data, n);
        w->n += n;
    }
}

void bench__wire_put_u64(struct bench__wire *w, uint64_t value) {
    bench__wire_put_bytes(w, &value, sizeof value);
}

void bench__wire_put_i64(struct bench__wire *w, int64_t value) {
    bench__wire_put_bytes(w, &value, sizeof value);
}

void bench__wire_put_f64(struct bench__wire *w, double value) {
    bench__wire_put_bytes(w, &value, sizeof value);
}

void bench__wire_put_text(struct bench__wire *w, const char *text) {
    if (text == NULL) {
        bench__wire_put_u64(w, NO_TEXT);
        return;
    }
    const size_t n = strlen(text);
    bench__wire_put_u64(w, n);
    bench__wire_put_bytes(w, text, n);
}

void bench__wire_put_array(struct bench__wire *w, const void *items, size_t n, size_t size) {
    bench__wire_put_u64(w, n);
    bench__wire_put_bytes(w, items, n * size);
}

static const void *take(struct bench__wire *w, uint64_t n) {
    if (w->failed || n > w->n - w->at) {
        w->failed = 1;
        return NULL;
    }
    const void *data = w->data + w->at;
    w->at += n;
    return data;
}

uint64_t bench__wire_get_u64(struct bench__wire *w) {
    uint64_t value = 0;
    const void *data = take(w, sizeof value);
    if (data != NULL) {
        memcpy(&value, data, sizeof value);
    }
    return value;
}

int64_t bench__wire_get_i64(struct bench__wire *w) {
    return (int64_t)bench__wire_get_u64(w);
}

double bench__wire_get_f64(struct bench__wire *w) {
    const uint64_t bits = bench__wire_get_u64(w);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

char *bench__wire_get_text(struct bench__wire *w) {
    const uint64_t n = bench__wire_get_u64(w);
    if (w->failed || n == NO_TEXT) {
        return NULL;
    }
    const void *data = take(w, n);
    char *text = data != NULL ? bench__strndup(data, n) : NULL;
    w->failed |= text == NULL;
    return text;
}

void *bench__wire_get_array(struct bench__wire *w, size_t size, size_t *n_out) {
    const uint64_t n = bench__wire_get_u64(w);
    *n_out = 0;
    if (n == 0 || n > MAX_PAYLOAD / size) {
        w->failed |= n != 0;
        return NULL;
    }
    const void *data = take(w, n * size);
    void *items = data != NULL ? bench__memdup(data, n, size) : NULL;
    w->failed |= items == NULL;
    *n_out = items != NULL ? n : 0;
    return items;
}

static int send_all(int fd, const void *data, size_t n, bench_error *err) {
    const char *at = data;
    while (n > 0) {
        const ssize_t sent = send(fd, at, n, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) {
            continue;
        }
        if (sent < 0) {
            return bench__error_sys(err, BENCH_EIO, errno, "cannot send to the other process");
        }
        at += sent;
        n -= (size_t)sent;
    }
    return 0;
}

int bench__frame_send(int fd, enum bench__frame type, const struct bench__wire *w,
                      bench_error *err) {
    if (w != NULL && w->failed) {
        return bench__error(err, BENCH_ENOMEM, "out of memory for a message");
    }
    const struct header header = {MAGIC, BENCH__PROTOCOL, (uint16_t)type, w != NULL ? w->n : 0};
    const int code = send_all(fd, &header, sizeof header, err);
    return code != 0 || w == NULL ? code : send_all(fd, w->data, w->n, err);
}

static int receive_all(int fd, void *data, size_t n, bench_error *err) {
    char *at = data;
    const size_t wanted = n;
    while (n > 0) {
        const ssize_t got = recv(fd, at, n, 0);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return bench__error_sys(err, BENCH_EIO, errno, "cannot hear the other process");
        }
        if (got == 0) {
            return bench__error(err, n == wanted ? BENCH_ENOTFOUND : BENCH_EFORMAT,
                                "the other process ended%s",
                                n == wanted ? "" : " within a message");
        }
        at += got;
        n -= (size_t)got;
    }
    return 0;
}

int bench__frame_receive(int fd, enum bench__frame *type, struct bench__wire *w, bench_error *err) {
    struct header header;
    int code = receive_all(fd, &header, sizeof header, err);
    if (code != 0) {
        return code;
    }
    if (header.magic != MAGIC || header.n > MAX_PAYLOAD) {
        return bench__error(err, BENCH_EFORMAT, "what came is no message of a libbench worker");
    }
    if (header.protocol != BENCH__PROTOCOL) {
        return bench__error(err, BENCH_EVERSION,
                            "the worker speaks protocol %u, this program %d: rebuild the older one",
                            header.protocol, BENCH__PROTOCOL);
    }
    *type = (enum bench__frame)header.type;
    bench__wire_clear(w);
    if (bench__grow(&w->data, &w->capacity, header.n, 1) != 0) {
        return bench__error(err, BENCH_ENOMEM, "out of memory for a message");
    }
    w->n = header.n;
    code = receive_all(fd, w->data, w->n, err);
    return code == BENCH_ENOTFOUND ? BENCH_EFORMAT : code;
}
