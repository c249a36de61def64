/* suite/pair.h - single pairs: a declared pair with one value for each axis of its group. */
#ifndef BENCH_SUITE_PAIR_H
#define BENCH_SUITE_PAIR_H

#include "suite/case.h"

struct bench__pair_case {
    char *name;           /* "suite/group/pair/params"; owned */
    size_t base, variant; /* indices of the cases */
};

/** The pairs of which both benchmarks are among the cases and that no exclude matches, in order of
 *  declaration. Free with bench__pairs_free(). @return 0 or BENCH_ENOMEM. */
int bench__pairs_select(struct bench__pair_case **out, size_t *out_n,
                        const struct bench__case *cases, size_t n_cases,
                        const struct bench__selection *selection, bench_error *err);
void bench__pairs_free(struct bench__pair_case *pairs, size_t n);

#endif
