/* base/robust.h - the few robust estimates that both measuring and statistics need. */
#ifndef BENCH_BASE_ROBUST_H
#define BENCH_BASE_ROBUST_H

#include <stddef.h>

/* NANs have no place in any of these arrays. */
/** Ascending. */
void bench__sort(double *x, size_t n);
/** Median (mean of the two middle values for even n), NAN for n = 0. Reorders x. O(n). */
double bench__median_inplace(double *x, size_t n);
/** Median without touching x; NAN when n = 0 or without memory. */
double bench__median(const double *x, size_t n);
/** Median absolute deviation from the median, unscaled. Reorders x and destroys its values. */
double bench__mad_inplace(double *x, size_t n);
/** Theil-Sen slope: median of all pairwise slopes of y over x (Sen 1968); more than 512 points are
 *  thinned evenly. NAN for n < 2, when no two x differ, and without memory. */
double bench__theil_sen(const double *x, const double *y, size_t n);

#endif
