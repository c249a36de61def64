/* Detectable effects and corrections for multiple looks. Makes no decisions. */
#include "stats/power.h"

#include "base/mem.h"
#include "stats/special.h"

#include <bench/common.h>
#include <math.h>
#include <stdlib.h>

double bench__mde(double se, double df, double alpha) {
    return (bench__t_quantile(1.0 - alpha / 2, df) + bench__t_quantile(0.9, df)) * se;
}

double bench__welch_df(double var_a, size_t n_a, double var_b, size_t n_b) {
    double a = var_a / (double)n_a, b = var_b / (double)n_b;
    return (a + b) * (a + b) / (a * a / (double)(n_a - 1) + b * b / (double)(n_b - 1));
}

static int by_p_value(const void *a, const void *b) {
    double p = **(const double *const *)a, q = **(const double *const *)b;
    return (p > q) - (p < q);
}

/* Pointers to the p-values that are numbers, ascending; NULL without memory. The others are done:
 * they stay what they are. */
static const double **sort_p_values(double *out, const double *p, size_t n, size_t *out_n) {
    const double **order = bench__alloc(n, sizeof *order);
    *out_n = 0;
    for (size_t i = 0; order && i < n; i++) {
        if (isnan(p[i])) {
            out[i] = p[i];
        } else {
            order[(*out_n)++] = &p[i];
        }
    }
    if (order && *out_n > 1) {
        qsort(order, *out_n, sizeof *order, by_p_value);
    }
    return order;
}

/* Every value is read once, before its own place in `out` is written: `out` may be `p`. */
int bench__adjust_bh(double *out, const double *p, size_t n) {
    size_t m;
    const double **order = sort_p_values(out, p, n, &m);
    if (!order) {
        return BENCH_ENOMEM;
    }
    double lowest = 1.0;
    for (size_t i = m; i-- > 0;) {
        lowest = fmin(lowest, *order[i] * (double)m / (double)(i + 1));
        out[order[i] - p] = lowest;
    }
    bench__free(order);
    return 0;
}

int bench__adjust_holm(double *out, const double *p, size_t n) {
    size_t m;
    const double **order = sort_p_values(out, p, n, &m);
    if (!order) {
        return BENCH_ENOMEM;
    }
    double highest = 0.0;
    for (size_t i = 0; i < m; i++) {
        highest = fmax(highest, fmin(1.0, *order[i] * (double)(m - i)));
        out[order[i] - p] = highest;
    }
    bench__free(order);
    return 0;
}
