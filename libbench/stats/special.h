/*
 * stats/special.h - distributions: normal, t, beta, binomial. Relative error below 1e-10, in the
 * tails too. NAN for arguments without meaning. Degrees of freedom and shapes may be any positive
 * number.
 */
#ifndef BENCH_STATS_SPECIAL_H
#define BENCH_STATS_SPECIAL_H

#include <stddef.h>
#include <stdint.h>

double bench__normal_cdf(double z);
double bench__normal_quantile(double p);
/** Student's t; infinite df is the normal. */
double bench__t_cdf(double t, double df);
double bench__t_quantile(double p, double df);
/** Regularised incomplete beta I_x(a, b) and its inverse. */
double bench__beta_cdf(double x, double a, double b);
double bench__beta_quantile(double p, double a, double b);
/** P(X <= k). */
double bench__binomial_cdf(uint64_t k, uint64_t n, double p);
/** Clopper-Pearson bounds of a proportion, two-sided at `level`. */
void bench__binomial_interval(uint64_t k, uint64_t n, double level, double *out_lower,
                              double *out_upper);

#endif
