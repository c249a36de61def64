/*
 * minibus/middleware.h - code that sees every message on its way into a broker and out of it.
 *
 * A broker has a chain of up to MB_MIDDLEWARE_MAX. Publishing goes through it in the order of
 * adding, receiving in the opposite order. All hooks run in the thread that publishes or receives,
 * with no lock held. Without any, publishing and receiving cost one predictable branch more.
 *
 * What the broker publishes itself, dead letters, does not go through the chain.
 */
#ifndef MINIBUS_MIDDLEWARE_H
#define MINIBUS_MIDDLEWARE_H

#include "minibus/broker.h"

enum { MB_MIDDLEWARE_MAX = 8 };

/** What one call of mb_publish() was given, and what has become of it so far. */
typedef struct mb_batch mb_batch;

const char *mb_batch_topic(const mb_batch *batch);
size_t mb_batch_size(const mb_batch *batch);
mb_message *mb_batch_message(const mb_batch *batch, size_t i);

/** Message i in a form that may be changed: itself when the publisher holds its only reference,
 *  otherwise a copy that takes its place in the batch. @return 0, MB_ENOMEM. */
int mb_batch_writable(mb_message **out, mb_batch *batch, size_t i);

/** Any hook may be NULL. */
typedef struct mb_middleware {
    /** Before a batch is published. @return 0, or a negative code: nothing is published, and
     *  mb_publish() returns that code. */
    int (*before_publish)(void *user, mb_batch *batch);
    /** After it was published or failed with `rc`, also when this or a later before_publish
     *  failed. */
    void (*after_publish)(void *user, const mb_batch *batch, int rc);
    /** After n deliveries were taken. */
    void (*after_receive)(void *user, const char *topic, const mb_delivery *deliveries, size_t n);
    void *user; /**< not the broker's: it must outlive the broker's use */
} mb_middleware;

/** Adds to the end of the chain. Call it before other threads use the broker.
 *  @return 0, MB_ELIMIT. */
int mb_broker_use(mb_broker *broker, const mb_middleware *middleware);

/* ---- correlation ----------------------------------------------------------------------------- */

/** What id a message gets that has none. */
typedef enum mb_correlation_mode {
    MB_CORRELATION_PER_MESSAGE = 0, /**< a fresh one */
    MB_CORRELATION_PER_BATCH,       /**< one fresh one for all messages of a call of mb_publish() */
    MB_CORRELATION_PRESET           /**< always the same */
} mb_correlation_mode;

typedef struct mb_correlation mb_correlation;

/** Gives every published message a correlation id (minibus/metadata.h); an id that is there stays.
 *  A message whose only reference is the publisher's is changed in place, any other is copied.
 *  @param preset for that mode, copied: UTF-8 of a size that metadata takes; otherwise NULL.
 *  @return 0, MB_ENOMEM, MB_EINVAL. */
int mb_correlation_new(mb_correlation **out, mb_correlation_mode mode, const char *preset);
/** Accepts NULL. */
void mb_correlation_free(mb_correlation *correlation);
mb_middleware mb_correlation_middleware(mb_correlation *correlation);

/** Makes an answer part of its question's conversation: copies the id, if there is one.
 *  @return as mb_metadata_set(). */
int mb_correlation_copy(mb_message *to, const mb_message *from);

/* ---- logging --------------------------------------------------------------------------------- */

typedef enum mb_log_level {
    MB_LOG_OFF = 0, /**< in the chain, but does nothing */
    MB_LOG_ERRORS,  /**< publishing that failed */
    MB_LOG_BATCHES, /**< also one line for each call that published or received something */
    MB_LOG_MESSAGES /**< also one line for each message: id, size, correlation id */
} mb_log_level;

/** Where lines go. */
typedef enum mb_log_sink {
    MB_LOG_NULL = 0, /**< formatted and forgotten */
    MB_LOG_RING,     /**< the last ring_lines, in memory of a fixed size; formatted when read */
    MB_LOG_FILE      /**< a stream; buffering is the stream's */
} mb_log_sink;

enum {
    MB_LOG_LINE_SIZE = 256, /**< bytes with the terminating NUL; longer lines are cut */
    MB_LOG_RING_MAX = 1 << 20
};

/** Zero means default. */
typedef struct mb_log_options {
    mb_log_level level;
    mb_log_sink sink;
    size_t ring_lines; /**< default 1024 */
    void *file;        /**< a FILE *, which stays the caller's */
    /** For the time stamps, in nanoseconds; default CLOCK_MONOTONIC. Read once for each call that
     *  is logged: its lines have one time. */
    int64_t (*now_ns)(void *user);
    void *clock_user;
} mb_log_options;

typedef struct mb_log mb_log;

/** @return 0, MB_ENOMEM, MB_EINVAL. */
int mb_log_new(mb_log **out, const mb_log_options *options);
/** Accepts NULL. */
void mb_log_free(mb_log *log);
mb_middleware mb_log_middleware(mb_log *log);

/** How many lines were written since the beginning. A file gets up to 8 KiB of them at once; those
 *  that it refused, in whole or in part, do not count. */
uint64_t mb_log_n_lines(mb_log *log);
/** Reads a line back from the ring. @param age 0 is the latest. @return 0, MB_EEMPTY. */
int mb_log_read(char line[MB_LOG_LINE_SIZE], mb_log *log, size_t age);

#endif
