/*
 * run/duels.h - duels over many benchmarks: rounds of launches, each benchmark once per round.
 */
#ifndef BENCH_RUN_DUELS_H
#define BENCH_RUN_DUELS_H

#include "result/verdict.h"
#include "run/duel.h"
#include <bench/report.h>

/** A benchmark that both executables have. Names are borrowed. */
struct bench__duel_pair {
    const char *name;
    struct bench__duellist side[2]; /* old, new */
};

struct bench__duels {
    const struct bench__duel_pair *pairs;
    size_t n_pairs;
    int launches;            /* of each pair */
    double confidence_level; /* of the estimates of each side */
    int64_t n_resamples;
    struct bench__duel_settings launch; /* of every launch; its seed is the run's */
    void (*on_progress)(void *context, const bench_progress *progress); /* may be NULL */
    void *context;
    const volatile sig_atomic_t *interrupted; /* may be NULL */
};

/**
 * Plays all duels. What each side's launches measured is added to `before` and `after` (from
 * bench__run_new()), analysed like any run's; the evidence is one array per pair, to be freed with
 * bench__duels_free(). When a side fails or skips, its pair has that status in `after`, whichever
 * side it was, and no more launches. An interruption sets `interrupted` in both runs.
 */
int bench__duels_play(bench_run *before, bench_run *after, struct bench__duel_evidence **out,
                      const struct bench__duels *duels, bench_error *err);
void bench__duels_free(struct bench__duel_evidence *evidence, size_t n);

#endif
