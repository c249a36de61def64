/*
 * selftest/trials.h - duels whose true answer is known, played in random order until the time is
 * over.
 */
#ifndef BENCH_SELFTEST_TRIALS_H
#define BENCH_SELFTEST_TRIALS_H

#include "result/evidence.h"
#include "selftest/bodies.h"

#include <bench/result.h>
#include <signal.h>

enum { BENCH__SELFTEST_MAX_EFFECTS = 16 };

/** Slowdowns are in thousandths of the work, 0 for equals (A/A). */
struct bench__selftest_plan {
    int effects[BENCH__SELFTEST_MAX_EFFECTS];
    size_t n_effects;
    int launches;                      /* of a decision */
    double warm_up_ns, measurement_ns; /* of a decision, over its launches */
    double alpha, threshold;           /* 0.01 and 0.01 */
    int64_t time_ns;                   /* for everything */
    uint64_t seed;
    int has_neighbour;
};

/** A slowdown below 1 % gets so many times the launches: up to 5 s instead of 2. */
#define BENCH__SELFTEST_PRECISION 2.5
int bench__selftest_launches(const struct bench__selftest_plan *plan, int effect);

/** One decision: what a comparison of two executables would have said. */
struct bench__trial {
    enum bench__selftest_body body;
    int effect;            /* thousandths */
    bench_estimate change; /* relative, interval at 1 - alpha */
    double p;              /* two-sided */
    double mde;            /* relative */
    int n_launches;        /* of the duel, without those against copies */
    double launch_sd;      /* of one launch, of log time */
    double floor_sd;       /* what equal copies add, if they showed anything; NAN: no copies */
    bench_verdict verdict; /* by the product's rule, at the plan's threshold */
    int direction;         /* found: 1 slower, -1 faster; 0: nothing found */
    double seconds;        /* of wall time, process starts and inference included */
    double inference_ns;   /* of that for the statistics */
};

struct bench__trials {
    struct bench__trial *items; /* owned */
    size_t n, capacity;
    double turn_ns; /* NAN: could not be measured */
    double elapsed_ns;
    int interrupted;
};

/** Called before each decision, with the share of the time that is used up (0 to 1). */
typedef void bench__trials_progress_fn(void *context, const struct bench__trials *trials,
                                       double done);

/**
 * Plays decisions while time is left (at least one): blocks, each with every body at every effect
 * once and equals as often as all others together, in an order drawn from the seed. Decisions of a
 * slowdown compare work 1000 with 1000 + effect; both sides are this executable, which must serve
 * bench__selftest_suite() in its workers.
 * @return 0 (also after an interruption, with what there is), or the error of a duel that could not
 * be played. Clear afterwards either way.
 */
int bench__trials_play(struct bench__trials *out, const struct bench__selftest_plan *plan,
                       bench__trials_progress_fn *on_progress, void *context,
                       const volatile sig_atomic_t *interrupted, bench_error *err);
void bench__trials_clear(struct bench__trials *trials);

/** Concludes one decision from its launches, of which there are at least two. Fills all but body,
 *  effect and times. @return 0, BENCH_EINVAL, BENCH_ENOMEM. */
int bench__trial_decide(struct bench__trial *trial, const struct bench__duel_evidence *evidence,
                        double alpha, double threshold, uint64_t seed, bench_error *err);

#endif
