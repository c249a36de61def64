/* power_support.h - simulated duels: rates against what was promised, and launches to judge. */
#ifndef TESTS_STATS_POWER_SUPPORT_H
#define TESTS_STATS_POWER_SUPPORT_H

#include "base/rng.h"
#include "reference.h"
#include "stats/paired.h"

enum { MAX_N = 80 };

static inline double share(int count, int trials) {
    return count / (double)trials;
}

/* A rate that may differ from the nominal one by what chance explains once in 16000 times. */
static inline void assert_rate(int count, int trials, double nominal, const char *what) {
    double error = 4 * sqrt(nominal * (1 - nominal) / trials);
    assert_between(share(count, trials), nominal - error, nominal + error, what);
}

static inline void assert_rate_at_most(int count, int trials, double nominal, const char *what) {
    double error = 4 * sqrt(nominal * (1 - nominal) / trials);
    assert_between(share(count, trials), 0, nominal + error, what);
}

/* Launches of standard deviation 1, for tests in units of it. */
static inline void fill_units(double *x, size_t n, double change, struct bench__rng *rng) {
    for (size_t p = 0; p < n; p++) {
        x[p] = change + bench__rng_normal(rng);
    }
}

static inline struct bench__paired judge(const double *x, size_t n, double alpha) {
    struct bench__launch_values duel = {.x = x, .n = n};
    struct bench__paired_options options = {.alpha = alpha, .threshold = 0.01, .seed = 1};
    struct bench__paired out;
    assert_int_equal(bench__paired(&out, &duel, NULL, &options, NULL), 0);
    return out;
}

/* Found: significant, and the interval agrees. */
static inline int is_found(const struct bench__paired *duel) {
    return duel->p.two_sided < duel->alpha && (duel->change.lower > 0 || duel->change.upper < 0);
}

#endif
