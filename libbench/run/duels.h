/*
 * run/duels.h - duels over many benchmarks: rounds of launches, each benchmark once per round.
 */
#ifndef BENCH_RUN_DUELS_H
#define BENCH_RUN_DUELS_H

#include "result/evidence.h"
#include "run/duel.h"
#include <bench/report.h>

/** Layouts of an executable at most. */
enum { BENCH__MAX_LAYOUTS = 64 };

/** Launches of the old side against copies of itself beside so many of the duel: one in five. */
int bench__duel_floor_launches(int launches);

/** A benchmark that both executables have. Names are borrowed. */
struct bench__duel_pair {
    const char *name;
    struct bench__duellist side[2]; /* old, new */
    double alpha;                   /* of the interval whose width is looked at */
    double precision;               /* half of that width, of log time, that is enough */
};

struct bench__duels {
    const struct bench__duel_pair *pairs;
    size_t n_pairs;
    int launches; /* of each pair, at least */
    /* Looks at 16, 32, 64 launches see nothing but the width of the interval; those pairs that are
     * not precise enough get more launches, up to this many. */
    int max_launches;
    int floor_launches; /* of the old side against copies of itself; 0: no floor */
    /* Layout i of the old side plays against layout i of the new one; launches take them in turns,
     * in an order drawn for each pair. NULL: the executables themselves. */
    const char *const *layouts[2];
    int n_layouts;
    bench_evidence kind;
    double confidence_level; /* of the estimates of each side */
    int64_t n_resamples;
    struct bench__duel_settings launch; /* of every launch; its seed is the run's */
    void (*on_progress)(void *context, const bench_progress *progress); /* may be NULL */
    void (*on_warning)(void *context, const char *text);                /* may be NULL */
    void *context;
    const volatile sig_atomic_t *interrupted; /* may be NULL */
};

/**
 * Plays all duels. What each side's launches measured is added to `before` and `after` (from
 * bench__run_new()), analysed like any run's; the evidence is one array per pair, sorted by name,
 * to be freed with bench__duels_free(). When a side fails or skips, its pair has that status in
 * `after`, whichever side it was, and no more launches. An interruption sets `interrupted` in both
 * runs. A floor that cannot be measured is a warning.
 */
int bench__duels_play(bench_run *before, bench_run *after, struct bench__duel_evidence **out,
                      const struct bench__duels *duels, bench_error *err);
void bench__duels_free(struct bench__duel_evidence *evidence, size_t n);

#endif
