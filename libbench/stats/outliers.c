/* Counts unusual values by two rules. Labels only: nothing is removed or reordered. */
#include "stats/outliers.h"

#include "stats/quantile.h"

#include <math.h>

/* Number of sorted values below a limit. */
static size_t count_below(const double *sorted, size_t n, double limit) {
    size_t low = 0, high = n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (sorted[middle] < limit) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static size_t count_above(const double *sorted, size_t n, double limit) {
    return n - count_below(sorted, n, nextafter(limit, INFINITY));
}

static void tukey(const double *sorted, size_t n, bench_outliers *out) {
    double q1 = bench__quantile(sorted, n, 0.25, 7), q3 = bench__quantile(sorted, n, 0.75, 7);
    double iqr = q3 - q1;
    out->low_severe = count_below(sorted, n, q1 - 3.0 * iqr);
    out->low_mild = count_below(sorted, n, q1 - 1.5 * iqr) - out->low_severe;
    out->high_severe = count_above(sorted, n, q3 + 3.0 * iqr);
    out->high_mild = count_above(sorted, n, q3 + 1.5 * iqr) - out->high_severe;
}

/* The median distance from the centre of the values on one side of it (the centre included) is the
 * distance of that side's own median, since the values are sorted. */
static void double_mad(const double *sorted, size_t n, bench_outliers *out) {
    const double normal_sd = 1.4826;
    double centre = bench__quantile(sorted, n, 0.5, 7);
    size_t n_low = n - count_above(sorted, n, centre);
    size_t n_high = n - count_below(sorted, n, centre);
    double low = centre - bench__quantile(sorted, n_low, 0.5, 7);
    double high = bench__quantile(sorted + n - n_high, n_high, 0.5, 7) - centre;
    if (low > 0.0) {
        out->mad_low = count_below(sorted, n, centre - 3.0 * normal_sd * low);
    }
    if (high > 0.0) {
        out->mad_high = count_above(sorted, n, centre + 3.0 * normal_sd * high);
    }
}

void bench__outliers(const double *sorted, size_t n, bench_outliers *out) {
    *out = (bench_outliers){.n = n};
    if (n > 0) {
        tukey(sorted, n, out);
        double_mad(sorted, n, out);
    }
}
