/* Least-squares lines in closed form. No robust fits (base/robust.h), no diagnostics. */
#include "stats/regression.h"

#include "stats/special.h"

#include <math.h>

double bench__slope_origin(const double *x, const double *y, size_t n) {
    double xy = 0.0, xx = 0.0;
    for (size_t i = 0; i < n; i++) {
        xy += x[i] * y[i];
        xx += x[i] * x[i];
    }
    return xx > 0.0 ? xy / xx : NAN;
}

/* The line through the points f(x), f(y), so that logarithms need no copy of the data. */
static int fit(double (*f)(double), const double *x, const double *y, size_t n, double *intercept,
               double *slope, double *slope_se) {
    double mean_x = 0.0, mean_y = 0.0, xx = 0.0, xy = 0.0, residual = 0.0;
    for (size_t i = 0; i < n; i++) {
        mean_x += f(x[i]) / (double)n;
        mean_y += f(y[i]) / (double)n;
    }
    for (size_t i = 0; i < n; i++) {
        double dx = f(x[i]) - mean_x;
        xx += dx * dx;
        xy += dx * (f(y[i]) - mean_y);
    }
    if (n < 2 || !(xx > 0.0) || !isfinite(xy)) {
        return -1;
    }
    *slope = xy / xx;
    *intercept = mean_y - *slope * mean_x;
    for (size_t i = 0; i < n; i++) {
        double e = f(y[i]) - mean_y - *slope * (f(x[i]) - mean_x);
        residual += e * e;
    }
    *slope_se = n > 2 ? sqrt(residual / (double)(n - 2) / xx) : NAN;
    return 0;
}

static double identity(double value) {
    return value;
}

int bench__line_fit(const double *x, const double *y, size_t n, double *out_intercept,
                    double *out_slope, double *out_slope_se) {
    return fit(identity, x, y, n, out_intercept, out_slope, out_slope_se);
}

int bench__power_law(const double *x, const double *y, size_t n, double level, double *out_exponent,
                     double *out_lower, double *out_upper) {
    double intercept, se;
    if (n < 3 || fit(log, x, y, n, &intercept, out_exponent, &se) != 0) {
        return -1;
    }
    double half = bench__t_quantile(0.5 + level / 2, (double)(n - 2)) * se;
    *out_lower = *out_exponent - half;
    *out_upper = *out_exponent + half;
    return 0;
}
