/* stats/describe.h - moments, autocorrelation, variance components. NAN where undefined. */
#ifndef BENCH_STATS_DESCRIBE_H
#define BENCH_STATS_DESCRIBE_H

#include <stddef.h>

double bench__mean(const double *x, size_t n);     /* pairwise summation */
double bench__variance(const double *x, size_t n); /* n - 1 */
double bench__std_dev(const double *x, size_t n);
double bench__skewness(const double *x, size_t n); /* m3 / m2^1.5, of moments over n */
/** Lag-k autocorrelation, as R's acf. */
double bench__autocorrelation(const double *x, size_t n, size_t lag);
/** n discounted by the integrated autocorrelation time (Geyer's initial positive sequence, 1992);
 *  between 1 and n. */
double bench__effective_size(const double *x, size_t n);
/** Pearson correlation. */
double bench__correlation(const double *x, const double *y, size_t n);

/** One-way random-effects components (method of moments, unbalanced; Searle 1971): groups of
 *  values, group g being x[start[g]] ... x[start[g+1]-1]. Variances; the between part is never
 * below 0. */
struct bench__components {
    double between, within;
};
struct bench__components bench__variance_components(const double *x, const size_t *start,
                                                    size_t n_groups);

#endif
