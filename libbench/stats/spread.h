/* stats/spread.h - how far single values move about the level of their group. */
#ifndef BENCH_STATS_SPREAD_H
#define BENCH_STATS_SPREAD_H

#include <stddef.h>

struct bench__spread {
    double sd; /* NAN without two values in one group */
    double df; /* for a t with this sd; NAN likewise */
};

/**
 * Pooled standard deviation of values about the mean of their group: group g is x[start[g]] ...
 * x[start[g+1]-1], in order of time.
 *
 * df is what a difference of two further values may be judged by, with a t distribution. It is less
 * than the n - 1 of each group, summed, in two ways. Values that follow their predecessors count
 * for fewer (bench__effective_size; with a drift, the deviations of 30 values are worth those of a
 * few). And few values do not show how heavy the tails are that they come from, so tails heavier
 * than the normal are taken for granted: 1/df = 1/(effective n - 1) + 1/9. With the 9, two values
 * of a t distribution with three degrees of freedom differ at level 1 % in at most 1 % of the
 * cases, when one of them is among the 5, 10 or 30 that the spread comes from (local/noise_power).
 */
struct bench__spread bench__pooled_spread(const double *x, const size_t *start, size_t n_groups);

#endif
