/* fixtures.h - what the suites share: sizes, sample messages, turning error codes into failures. */
#ifndef FIXTURES_H
#define FIXTURES_H

#include <bench/bench.h>

#include "minibus/message.h"

enum { FX_N_SIZES = 3, FX_N_BATCHES = 4 };
extern const int64_t fx_sizes[FX_N_SIZES];     /**< 100, 1024, 10240: bytes of payload */
extern const int64_t fx_batches[FX_N_BATCHES]; /**< 1, 10, 100, 1000: messages at once */

/** Fails the benchmark with the text of a broker's code. */
void fx_fail(bench_state *b, int rc);

/** Whether a call of the broker failed; then the benchmark fails: `if (fx_failed(b, ...)) return;`.
 *  One branch when all is well, so it may stand in a timed loop. */
static inline int fx_failed(bench_state *b, int rc) {
    if (rc != 0) {
        fx_fail(b, rc);
    }
    return rc != 0;
}

/** Zeroed memory, which becomes the benchmark's user pointer; the teardown frees it with free().
 *  @return NULL without memory; the benchmark has failed then. */
void *fx_new(bench_state *b, size_t size);

/** CLOCK_MONOTONIC, in nanoseconds. */
int64_t fx_now_ns(void);

/** CPUs that this process may use, at least 1. */
int fx_n_cpus(void);

/** Bytes of which every value occurs: codecs have no easy case. Free with free(); or NULL. */
void *fx_payload(size_t size);

/** A message with such a payload. @return a code of the broker. */
int fx_message(mb_message **out, size_t payload_size);

/** Three pairs as applications have them, which fit into the message. @return as fx_message(). */
int fx_set_typical_metadata(mb_message *message);

/** Whether two messages agree in everything but their references. */
int fx_equal_messages(const mb_message *a, const mb_message *b);

#endif
