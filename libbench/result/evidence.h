/*
 * result/evidence.h - what duels say: from one number per launch to a comparison.
 *
 * The inference is stats/paired.h; the verdict that follows from it is result/verdict.h.
 */
#ifndef BENCH_RESULT_EVIDENCE_H
#define BENCH_RESULT_EVIDENCE_H

#include <bench/result.h>

/** What the launches of a duel said about one benchmark. */
struct bench__duel_evidence {
    const char *name;    /* borrowed */
    bench_evidence kind; /* SCREENING or DUEL */
    double *x;           /* ln(new / old) of each launch; owned */
    int *layout;         /* of each launch; NULL: not varied; owned */
    size_t n;
    double *floor; /* ln(copy of old / old) of each launch against a copy; owned */
    size_t n_floor;
    double *rounds; /* x by number of the launch, NAN where there was none: launches of one number
                       were close in time over the suite; owned */
    size_t n_rounds;
    int n_layouts, n_unpinned;
    int failed_side; /* 0 or 1: that side ended the duel, as `end` says; -1: none did */
    char end[240];   /* "crashed: the new executable: ..." */
    double wall_ns;  /* of all launches */
    bench_estimate shift[BENCH_N_DECILES]; /* as in bench_duel_record */
    bench_code code;
    char code_note[120];
};

/** Everything at "not measured", nothing owned. */
void bench__evidence_init(struct bench__duel_evidence *evidence);
void bench__evidence_clear(struct bench__duel_evidence *evidence);
/** Makes room for launches of the duel and of the floor. @return 0 or BENCH_ENOMEM. */
int bench__evidence_reserve(struct bench__duel_evidence *evidence, size_t n, size_t n_floor);

/** Fills change, p_value, mde and the record of the duel of a comparison that has its threshold and
 *  alpha. *out_upper is the one-sided bound at 1 - alpha, relative; NAN with fewer than two
 *  launches. @return 0, BENCH_EINVAL, BENCH_ENOMEM. */
int bench__evidence_compare(bench_comparison *c, double *out_upper,
                            const struct bench__duel_evidence *evidence, uint64_t seed,
                            bench_error *err);

/** 1 when two full names of benchmarks begin with the same suite. */
int bench__same_suite(const char *a, const char *b);
/** The change of every suite of two benchmarks or more, by the rounds of `evidence` (sorted by
 *  name), where that has all that are compared. @return 0 or BENCH_ENOMEM. */
int bench__evidence_suites(bench_outcome *out, const struct bench__duel_evidence *evidence,
                           size_t n, bench_error *err);

#endif
