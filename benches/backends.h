/* backends.h - what the files of backend_comparison share: transports by the name of their backend,
 * and somebody who takes what is published, so that nothing is sent into the void. */
#ifndef BACKENDS_H
#define BACKENDS_H

#include <limits.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

#include <bench/bench.h>

#include "minibus/transport.h"

enum { BK_N_NAMES = 6, BK_PATIENCE_S = 3 /* the limit of each wait for messages */ };
extern const char *const bk_names[BK_N_NAMES]; /**< `kafka-mock` is not `kafka` */

/** A transport with what has to be cleaned up behind it. */
struct bk_link {
    mb_transport *transport;
    mb_confirm confirm;  /**< how it publishes */
    char topic[64];      /**< of this link alone */
    char url[PATH_MAX];  /**< it was opened with this; holds a password */
    char path[PATH_MAX]; /**< of the journal, in a directory of its own; "" unless a file */
};

/** Opens a transport, not subscribed yet, and labels the benchmark with the backend's real name and
 *  its guarantee. `file` gets a new directory below $TMPDIR, or /tmp; its options come from
 *  `file_options`, such as "?sync=each", or NULL.
 *  @return 0, or -1: then the benchmark is skipped (no server, not built) or has failed. */
int bk_open(bench_state *b, struct bk_link *link, const char *backend, mb_confirm confirm,
            const char *file_options);
/** Another transport at the same server; NULL for inmemory, which nobody else can reach. @return 0,
 *  or -1 when the benchmark has failed. */
int bk_open_again(bench_state *b, mb_transport **out, const struct bk_link *link);
/** Closes it and removes the file and its directory. Accepts one that was never opened. */
void bk_close(struct bk_link *link);

/** Whether a call of a transport failed; then the benchmark fails with the text. */
static inline int bk_failed(bench_state *b, int rc, const mb_error *error) {
    if (rc != 0) {
        bench_fail(b, "%s", error->text);
    }
    return rc != 0;
}

/** Publishes as the link does it, and hands over what waits on this side. @return whether it
 *  failed. */
int bk_publish(bench_state *b, struct bk_link *link, mb_message *const *messages, size_t n);

/** n messages, not numbered yet; free with bk_free_messages(). NULL without memory, when the
 *  benchmark has failed. */
mb_message **bk_new_messages(bench_state *b, size_t n, size_t payload_size);
void bk_free_messages(mb_message **messages, size_t n);
/** Gives the messages the numbers after `last`. They must have no other owner. @return whether it
 *  failed. */
int bk_number(bench_state *b, mb_message *const *messages, size_t n, uint64_t *last);

/**
 * Subscribes to a link's topic and takes its messages, which are numbered 1, 2, 3 ... : in a thread
 * of its own, or in bk_consumer_wait(), for a backend that holds the messages without help.
 */
struct bk_consumer {
    struct bk_link *link;
    int has_thread;
    pthread_t thread;
    sem_t reached; /* posted when `last` has reached `wanted` */
    atomic_int is_stopping;
    atomic_uint_fast64_t last, wanted, n_received, n_repeated;
    uint64_t n_counted; /* messages that earlier waits have accounted for */
};

/** @return 0, or -1 when the benchmark has failed. */
int bk_consumer_start(bench_state *b, struct bk_consumer *c, struct bk_link *link, int in_thread);
/** Waits until the message of that number was taken, or for BK_PATIENCE_S without. May be timed.
 *  @return whether it was. */
int bk_consumer_wait(struct bk_consumer *c, uint64_t number);
/** Waits for `number`, and counts what was lost or came twice since the last call as errors. */
void bk_consumer_settle(bench_state *b, struct bk_consumer *c, uint64_t number);
/** Ends it; the link stays open. Accepts one that was never started. */
void bk_consumer_stop(struct bk_consumer *c);

/* The parts of the suite, in files of their own. */
void backend_comparison_add_throughput(bench_suite *suite);
void backend_comparison_add_latency(bench_suite *suite);
void backend_comparison_add_costs(bench_suite *suite);

#endif
