/* suite/pair.h - single pairs: a declared pair with one value for each axis of its group. */
#ifndef BENCH_SUITE_PAIR_H
#define BENCH_SUITE_PAIR_H

#include "suite/case.h"

struct bench__pair_case {
    char *name;           /* "suite/group/pair/params"; owned */
    size_t base, variant; /* indices of the cases */
};

/** The name of a pair for the parameters of one of its two cases; to be freed, NULL without
 *  memory. */
char *bench__pair_name(const struct bench__case *side, const struct bench__pair *pair);

/** The pairs that the filters name, or of which they choose both benchmarks, unless an exclude
 *  matches; both must be among the cases. In order of declaration. Free with bench__pairs_free().
 *  @return 0 or BENCH_ENOMEM. */
int bench__pairs_select(struct bench__pair_case **out, size_t *out_n,
                        const struct bench__case *cases, size_t n_cases,
                        const struct bench__selection *selection, bench_error *err);
void bench__pairs_free(struct bench__pair_case *pairs, size_t n);

#endif
