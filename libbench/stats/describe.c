/* Moments, autocorrelation and variance components. Nothing is sorted, nothing allocated. */
#include "stats/describe.h"

#include <math.h>

static double pairwise_sum(const double *x, size_t n) {
    if (n > 64) {
        return pairwise_sum(x, n / 2) + pairwise_sum(x + n / 2, n - n / 2);
    }
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        sum += x[i];
    }
    return sum;
}

double bench__mean(const double *x, size_t n) {
    return n == 0 ? NAN : pairwise_sum(x, n) / (double)n;
}

/* Sum of (x[i] - mean)(x[i + lag] - mean). */
static double lagged_products(const double *x, size_t n, size_t lag, double mean) {
    double sum = 0.0;
    for (size_t i = 0; i + lag < n; i++) {
        sum += (x[i] - mean) * (x[i + lag] - mean);
    }
    return sum;
}

double bench__variance(const double *x, size_t n) {
    return n < 2 ? NAN : lagged_products(x, n, 0, bench__mean(x, n)) / (double)(n - 1);
}

double bench__std_dev(const double *x, size_t n) {
    return sqrt(bench__variance(x, n));
}

double bench__skewness(const double *x, size_t n) {
    double mean = bench__mean(x, n), m2 = 0.0, m3 = 0.0;
    for (size_t i = 0; i < n; i++) {
        double d = x[i] - mean;
        m2 += d * d;
        m3 += d * d * d;
    }
    return m2 > 0.0 ? sqrt((double)n) * m3 / (m2 * sqrt(m2)) : NAN;
}

double bench__autocorrelation(const double *x, size_t n, size_t lag) {
    double mean = bench__mean(x, n), total = lagged_products(x, n, 0, mean);
    return total > 0.0 && lag < n ? lagged_products(x, n, lag, mean) / total : NAN;
}

double bench__effective_size(const double *x, size_t n) {
    double mean = bench__mean(x, n), total = lagged_products(x, n, 0, mean);
    if (n == 0 || !(total > 0.0)) {
        return (double)n;
    }
    double time = -1.0; /* 1 + 2 sum of rho(k), written with pairs of neighbouring lags */
    for (size_t lag = 0; lag + 1 < n; lag += 2) {
        double pair = lagged_products(x, n, lag, mean) + lagged_products(x, n, lag + 1, mean);
        if (pair <= 0.0) {
            break;
        }
        time += 2.0 * pair / total;
    }
    return time <= 1.0 ? (double)n : fmax(1.0, (double)n / time);
}

double bench__correlation(const double *x, const double *y, size_t n) {
    double mean_x = bench__mean(x, n), mean_y = bench__mean(y, n), xx = 0.0, yy = 0.0, xy = 0.0;
    for (size_t i = 0; i < n; i++) {
        double dx = x[i] - mean_x, dy = y[i] - mean_y;
        xx += dx * dx;
        yy += dy * dy;
        xy += dx * dy;
    }
    return xx > 0.0 && yy > 0.0 ? fmax(-1.0, fmin(1.0, xy / sqrt(xx) / sqrt(yy))) : NAN;
}

struct bench__components bench__variance_components(const double *x, const size_t *start,
                                                    size_t n_groups) {
    size_t n = n_groups ? start[n_groups] - start[0] : 0, groups = 0;
    double grand = n ? bench__mean(x + start[0], n) : NAN;
    double within = 0.0, between = 0.0, squares = 0.0;
    for (size_t g = 0; g < n_groups; g++) {
        size_t size = start[g + 1] - start[g];
        if (size == 0) {
            continue;
        }
        const double *values = x + start[g];
        double mean = bench__mean(values, size);
        within += lagged_products(values, size, 0, mean);
        between += (double)size * (mean - grand) * (mean - grand);
        squares += (double)size * (double)size;
        groups++;
    }
    struct bench__components out = {NAN, NAN};
    if (n > groups) {
        out.within = within / (double)(n - groups);
        if (groups > 1) {
            double typical_size = ((double)n - squares / (double)n) / (double)(groups - 1);
            out.between = fmax(0.0, (between / (double)(groups - 1) - out.within) / typical_size);
        }
    }
    return out;
}
