/*
 * selftest/summary.h - what the decisions of a selftest add up to: a cell for each body and
 * slowdown, and the bars that libbench sets itself.
 */
#ifndef BENCH_SELFTEST_SUMMARY_H
#define BENCH_SELFTEST_SUMMARY_H

#include "selftest/trials.h"

#define BENCH__SELFTEST_CONFIDENCE 0.95

/** k of n, with the Clopper-Pearson interval at 95 %. NANs where n is 0. */
struct bench__share {
    size_t k, n;
    double rate, lower, upper;
};
struct bench__share bench__share_of(size_t k, size_t n);

/** All decisions about one body with one slowdown. */
struct bench__selftest_cell {
    enum bench__selftest_body body;
    int effect;
    struct bench__share found; /* of equals: false alarms, in either direction */
    size_t n_verdicts[BENCH_VERDICT_INCOMPARABLE + 1]; /* by bench_verdict */
    double change, mde, seconds;                       /* medians */
};

/** How far decisions about one body are from the truth, and what explains that: standard deviations
 *  of log time. NANs without decisions. */
struct bench__selftest_spread {
    enum bench__selftest_body body;
    size_t n;         /* decisions */
    double launch;    /* of one launch, median */
    double decision;  /* of estimates about the true change */
    double explained; /* of them, were launches all there is */
    size_t n_floor;   /* decisions in which equal copies differed */
};

enum bench__bar_state {
    BENCH__BAR_MET = 0,
    BENCH__BAR_MISSED, /* with confidence: the whole interval is beyond the bar */
    BENCH__BAR_OPEN    /* not enough decisions to say */
};

/** A bar: a share that has to be at least or at most so much, or a time that has to be short. */
struct bench__bar {
    char name[24];  /* for programs: "false-alarms/latency" */
    char text[96];  /* for people */
    int is_time;    /* then `value`, in ns, counts; else `share` */
    int is_minimum; /* the share is to be at least `limit`; else it, or the time, at most */
    double limit;
    struct bench__share share;
    double value;
    enum bench__bar_state state;
};

enum { BENCH__N_BARS = BENCH__N_BODIES + 7 };

struct bench__selftest_summary {
    struct bench__selftest_cell *cells; /* by body, then effect; owned */
    size_t n_cells;
    struct bench__selftest_spread spreads[BENCH__N_BODIES];
    struct bench__bar bars[BENCH__N_BARS];
    size_t n_bars;
};

/** @return 0 or BENCH_ENOMEM. Clear with bench__selftest_summary_clear(). */
int bench__selftest_summary(struct bench__selftest_summary *out, const struct bench__trials *trials,
                            const struct bench__selftest_plan *plan, bench_error *err);
void bench__selftest_summary_clear(struct bench__selftest_summary *summary);

/** The rule for shares: missed when the interval is beyond the limit; met when the rate is on the
 *  right side and n is large enough for a perfect record to prove it (and, for an upper limit,
 *  `upper_limit` holds for the interval); else open. */
enum bench__bar_state bench__bar_judge(const struct bench__share *share, int is_minimum,
                                       double limit, double upper_limit);

#endif
