/* Quantiles of sorted data and the exact interval of the median. Sorting is the caller's. */
#include "stats/quantile.h"

#include "stats/special.h"

#include <float.h>
#include <math.h>

/* The value at a 1-based rank, ranks beyond the ends being the ends. */
static double at_rank(const double *sorted, size_t n, double rank) {
    return sorted[rank < 1.0 ? 0 : rank > (double)n ? n - 1 : (size_t)rank - 1];
}

/* Hyndman and Fan (1996), table 1. Types 4 to 9 interpolate at rank m + n p; 1 to 3 step. */
double bench__quantile(const double *sorted, size_t n, double p, int type) {
    if (n == 0 || !(p >= 0.0 && p <= 1.0) || type < 1 || type > 9) {
        return NAN;
    }
    const double m[10] = {0, 0, 0, -0.5, 0, 0.5, p, 1 - p, (p + 1) / 3, p / 4 + 0.375};
    const double rounding = 4 * DBL_EPSILON; /* n p may miss a whole number by this much */
    double rank = (double)n * p + m[type];
    double whole = floor(rank + rounding * fmax(1.0, rank)), part = rank - whole;
    part = fabs(part) <= rounding * fmax(1.0, rank) ? 0.0 : part;
    if (type == 1) {
        part = part > 0.0;
    } else if (type == 2) {
        part = part > 0.0 ? 1.0 : 0.5;
    } else if (type == 3) {
        part = part > 0.0 || fmod(whole, 2.0) != 0.0; /* halves go to the even rank */
    }
    double low = at_rank(sorted, n, whole), high = at_rank(sorted, n, whole + 1);
    return part == 0.0 ? low : part == 1.0 ? high : low + part * (high - low);
}

/* Chance that the median lies between the k-th smallest and the k-th largest of n values. */
static double coverage_of_rank(size_t k, size_t n) {
    return 1.0 - 2.0 * bench__binomial_cdf(k - 1, n, 0.5);
}

bench_estimate bench__median_interval(const double *sorted, size_t n, double level,
                                      double *out_coverage) {
    bench_estimate out = {NAN, NAN, NAN};
    double coverage = NAN;
    if (n > 0) {
        size_t k = 1, too_large = n / 2 + 1;
        while (too_large - k > 1) {
            size_t middle = k + (too_large - k) / 2;
            if (coverage_of_rank(middle, n) >= level) {
                k = middle;
            } else {
                too_large = middle;
            }
        }
        coverage = n == 1 ? 0.0 : coverage_of_rank(k, n);
        out.point = bench__quantile(sorted, n, 0.5, 7);
        out.lower = sorted[k - 1];
        out.upper = sorted[n - k];
    }
    if (out_coverage) {
        *out_coverage = coverage;
    }
    return out;
}
