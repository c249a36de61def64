/*
 * worker/board.h - the shared memory on which the two workers of a duel take turns.
 *
 * The runner writes the order of turns; then the workers pass the turn to each other directly, by a
 * futex, without the runner in between: both sit on one CPU, so handing over is one switch between
 * them. A side that ends early marks the board as over and wakes the other.
 */
#ifndef BENCH_WORKER_BOARD_H
#define BENCH_WORKER_BOARD_H

#include "measure/sampler.h"

#include <stdatomic.h>

/** Descriptor of the board in a worker that takes part in a duel. */
#define BENCH__BOARD_FD 4

struct bench__turn {
    uint32_t side; /* 0 or 1 */
    uint32_t n_untimed;
    uint64_t iterations;
};

struct bench__board {
    _Atomic uint32_t turn; /* number of the turn being played; n_turns at the end */
    _Atomic uint32_t over; /* a side has ended early */
    uint32_t n_turns;
    uint32_t capacity;
    struct bench__turn turns[];
};

/** Makes a board for so many turns. *out_fd is to be handed to the workers and closed.
 *  @return the mapping, or NULL with err. */
struct bench__board *bench__board_new(int *out_fd, uint32_t capacity, bench_error *err);
/** Maps the board behind a descriptor; NULL with err when it is none. */
struct bench__board *bench__board_open(int fd, bench_error *err);
void bench__board_free(struct bench__board *board);

/** Waits until turn number `n` begins. @return 0 when the duel is over instead. */
int bench__board_await(struct bench__board *board, uint32_t n);
/** Passes the turn to number n, waking whoever waits for it. */
void bench__board_pass(struct bench__board *board, uint32_t n);
/** Ends the duel for both sides. Callable by the runner when a worker has died. */
void bench__board_end(struct bench__board *board);

#endif
