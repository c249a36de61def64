/*
 * worker/wire.h - frames between the runner and its workers: a header, then values in a fixed
 * order.
 *
 * Both ends run on one machine, so numbers travel in native byte order. The version is the whole
 * compatibility rule: executables built with different versions of the library understand each
 * other when BENCH__PROTOCOL is the same, and say so clearly when it is not.
 */
#ifndef BENCH_WORKER_WIRE_H
#define BENCH_WORKER_WIRE_H

#include <bench/common.h>

#define BENCH__PROTOCOL 3

enum bench__frame {
    BENCH__FRAME_HELLO = 1, /* worker: protocol, library version */
    BENCH__FRAME_LAUNCH,    /* runner: a request; worker: the launch it made */
    BENCH__FRAME_CALIBRATE, /* runner: empty; worker: a reading */
    BENCH__FRAME_ERROR,     /* worker: the request could not be served */
    BENCH__FRAME_READY, /* worker, in a duel: warm; ns per iteration, most iterations per call */
    BENCH__FRAME_GO     /* runner, in a duel: the board is filled */
};

/** A growing (writing) or bounded (reading) payload. The first failure sticks: check at the end. */
struct bench__wire {
    unsigned char *data;
    size_t n, capacity; /* n: written, or available */
    size_t at;          /* reading position */
    int failed;
};

void bench__wire_clear(struct bench__wire *w);
void bench__wire_put_u64(struct bench__wire *w, uint64_t value);
void bench__wire_put_i64(struct bench__wire *w, int64_t value);
void bench__wire_put_f64(struct bench__wire *w, double value);
void bench__wire_put_bytes(struct bench__wire *w, const void *data, size_t n);
void bench__wire_put_text(struct bench__wire *w, const char *text); /* NULL is kept apart from "" */
uint64_t bench__wire_get_u64(struct bench__wire *w);
int64_t bench__wire_get_i64(struct bench__wire *w);
double bench__wire_get_f64(struct bench__wire *w);
/** Allocated; NULL for a NULL that was put, or after a failure. */
char *bench__wire_get_text(struct bench__wire *w);
/** An allocated array of n_out items of `size` bytes, NULL when empty or failed. */
void *bench__wire_get_array(struct bench__wire *w, size_t size, size_t *n_out);
void bench__wire_put_array(struct bench__wire *w, const void *items, size_t n, size_t size);

/** Sends a frame whole (blocking; EINTR and short writes handled). */
int bench__frame_send(int fd, enum bench__frame type, const struct bench__wire *w,
                      bench_error *err);
/** Receives a frame whole (blocking). End of file before a header: BENCH_ENOTFOUND. A foreign
 * magic: BENCH_EFORMAT. Another protocol: BENCH_EVERSION. Payloads over 256 MiB are refused. */
int bench__frame_receive(int fd, enum bench__frame *type, struct bench__wire *w, bench_error *err);

#endif
