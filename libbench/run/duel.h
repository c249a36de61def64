/*
 * run/duel.h - one launch of a duel: old and new side by side, taking strict turns on one CPU.
 *
 * Each launch starts a fresh worker for each side. After both have warmed up, the order of turns is
 * drawn: pairs, each with the same number of iterations for both sides (dithered by 10 % from pair
 * to pair) and its order decided by a coin. Whatever drifts, throttles or disturbs the machine then
 * meets both sides alike; under "both are the same" the sign of a launch's difference is a fair
 * coin.
 */
#ifndef BENCH_RUN_DUEL_H
#define BENCH_RUN_DUEL_H

#include "worker/worker.h"
#include <bench/record.h>

/** Pairs of a launch at most. */
#define BENCH__DUEL_MAX_PAIRS 4096

/** One of the two: an executable and a benchmark in it. Everything is borrowed. */
struct bench__duellist {
    const char *path;  /* of the executable; NULL: this one */
    char *const *argv; /* for it; NULL-terminated */
    const char *suite, *group, *function;
    const bench_param *params;
    size_t n_params;
    double bytes_per_iteration, elements_per_iteration; /* NAN without */
    int n_threads; /* more than one: the sides are not pinned, but still take turns */
};

struct bench__duel_settings {
    bench_sampling sampling;
    double warm_up_ns, measurement_ns; /* of a launch, both sides together */
    const char *name;                  /* of the benchmark: seeds its launches */
    double epoch_ns;                   /* length of a turn's timed part; 0: 200 us */
    uint64_t seed;                     /* of the duel; launches draw from it */
    int64_t timeout_ns;                /* of a launch, each side */
    bench_clock_kind clock;            /* resolved */
    double ticks_per_ns;
};

/** What one launch says. */
struct bench__duel_launch {
    bench_status status; /* OK, or how a side ended */
    int failed_side;     /* 0 or 1; -1 when OK */
    char reason[700];
    double difference; /* median over pairs of ln(time of side 1 / time of side 0) */
    size_t n_pairs;
    int cpu;              /* both sides ran there; -1: not pinned (forbidden, or threads) */
    bench_launch side[2]; /* owned; samples in the order of the pairs */
};

/** Plays launch number `index`. @return 0 (look at status), BENCH_EINTERRUPTED, BENCH_ENOMEM,
 *  BENCH_ESYSTEM, BENCH_EVERSION and BENCH_EFORMAT when a side cannot be started at all. */
int bench__duel_launch(struct bench__duel_launch *out, const struct bench__duellist sides[2],
                       const struct bench__duel_settings *settings, uint32_t index,
                       const volatile sig_atomic_t *interrupted, bench_error *err);
void bench__duel_launch_clear(struct bench__duel_launch *launch);

#endif
