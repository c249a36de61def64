/*
 * Normal, Student's t, beta and binomial distributions in double precision. Everything but the
 * normal goes through the incomplete beta function, kept in logarithms so that far tails keep their
 * relative accuracy. No non-central distributions, no densities.
 */
#include "stats/special.h"

#include <math.h>

#define HALF_LOG_2PI 0.91893853320467274178
#define TWO_PI       6.28318530717958647693

double bench__normal_cdf(double z) {
    return 0.5 * erfc(-z * M_SQRT1_2);
}

/* Start from Abramowitz and Stegun 26.2.23 (error under 4.5e-4) and correct it by Halley's method,
 * whose error is cubed by each step: the second already ends at the rounding. */
double bench__normal_quantile(double p) {
    if (!(p > 0.0 && p < 1.0)) {
        return p == 0.0 ? -INFINITY : p == 1.0 ? INFINITY : NAN;
    }
    if (p > 0.5) {
        return -bench__normal_quantile(1.0 - p);
    }
    double w = sqrt(-2.0 * log(p));
    double z = (2.515517 + w * (0.802853 + w * 0.010328)) /
                   (1.0 + w * (1.432788 + w * (0.189269 + w * 0.001308))) -
               w;
    for (int i = 0; i < 3; i++) {
        /* Near the centre the difference of two numbers close to 1/2 would lose the digits of z. */
        double off = z > -0.5 ? 0.5 * erf(z * M_SQRT1_2) - (p - 0.5) : bench__normal_cdf(z) - p;
        double step = copysign(sqrt(TWO_PI) * exp(0.5 * z * z + log(fabs(off))), off);
        z -= step / (1.0 + 0.5 * z * step);
    }
    return z;
}

/* log Gamma(z) - [(z - 1/2) log z - z + log(2 pi) / 2], the rest of Stirling's formula. */
static double stirling_rest(double z) {
    if (z < 10.0) {
        int sign;
        return lgamma_r(z, &sign) - ((z - 0.5) * log(z) - z + HALF_LOG_2PI);
    }
    double w = 1.0 / (z * z);
    double tail = 1.0 / 1188 - w * (691.0 / 360360 - w / 156);
    return (1.0 / 12 - w * (1.0 / 360 - w * (1.0 / 1260 - w * (1.0 / 1680 - w * tail)))) / z;
}

/* log(ratio) - d for ratio = 1 + d, without cancellation when d is small. */
static double log_minus(double ratio, double d) {
    if (fabs(d) > 0.3) {
        return log(ratio) - d;
    }
    double r = d / (2.0 + d), r2 = r * r, power = 2.0 * r * r2, sum = 0.0;
    for (int k = 3; k < 25; k += 2, power *= r2) {
        sum += power / k;
    }
    return sum - d * r;
}

/* log(x^a y^b / B(a, b)) for y = 1 - x, as the deviance from the mean (Loader 2000): the huge terms
 * of large a and b cancel on paper rather than in the machine. */
static double log_kernel(double x, double y, double a, double b) {
    double c = x * b - y * a, n = a + b;
    return a * log_minus(x * n / a, c / a) + b * log_minus(y * n / b, -c / b) +
           0.5 * log(a / n * b / TWO_PI) + stirling_rest(n) - stirling_rest(a) - stirling_rest(b);
}

/* The continued fraction of I_x(a, b) (DLMF 8.17.22) by Lentz's method; quick for x below the mean.
 * Its first denominator is 1 - (a + b) x / (a + 1), in a form that keeps the digits of y = 1 - x.
 * */
static double beta_fraction(double x, double y, double a, double b) {
    double c = 1.0, d = (a + 1.0) / (a * y + 1.0 - b * x), value = d;
    for (double m = 1.0; m < 1e6; m += 1.0) {
        double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        d = 1.0 / (1.0 + even * d);
        c = 1.0 + even / c;
        value *= c * d;
        d = 1.0 / (1.0 + odd * d);
        c = 1.0 + odd / c;
        value *= c * d;
        if (fabs(c * d - 1.0) < 3e-16) {
            break;
        }
    }
    return value;
}

/* log I_x(a, b), with y = 1 - x given because the caller often knows it better than 1 - x. */
static double log_beta_cdf(double x, double y, double a, double b) {
    double kernel = log_kernel(x, y, a, b);
    if (x <= (a + 1.0) / (a + b + 2.0)) {
        return kernel + log(beta_fraction(x, y, a, b) / a);
    }
    return log1p(-fmin(1.0, exp(kernel) * beta_fraction(y, x, b, a) / b));
}

/* log(x / (1 - x)) where I_x(a, b) = p; q = 1 - p. On this scale log I is concave and increasing,
 * so Newton's method converges from anywhere: after one step it climbs to the root from below. */
static double beta_log_odds(double p, double q, double a, double b) {
    if (p > q) {
        return -beta_log_odds(q, p, b, a);
    }
    const double lowest = -700.0; /* x is 1e-304 there */
    double u = fmax(lowest, log(a / b)), step = 1.0;
    for (int i = 0; i < 100 && fabs(step) > 1e-10 * (1.0 + fabs(u)); i++) {
        double x = 1.0 / (1.0 + exp(-u)), y = 1.0 / (1.0 + exp(u));
        double value = log_beta_cdf(x, y, a, b);
        step = (value - log(p)) / exp(log_kernel(x, y, a, b) - value);
        if (u == lowest && step > 0.0) {
            return -INFINITY;
        }
        u = fmax(lowest, u - step);
    }
    return u;
}

double bench__beta_cdf(double x, double a, double b) {
    if (!(a > 0.0 && b > 0.0) || isnan(x)) {
        return NAN;
    }
    if (x <= 0.0 || x >= 1.0) {
        return x >= 1.0;
    }
    return exp(log_beta_cdf(x, 1.0 - x, a, b));
}

double bench__beta_quantile(double p, double a, double b) {
    if (!(p >= 0.0 && p <= 1.0 && a > 0.0 && b > 0.0)) {
        return NAN;
    }
    if (p == 0.0 || p == 1.0) {
        return p;
    }
    return 1.0 / (1.0 + exp(-beta_log_odds(p, 1.0 - p, a, b)));
}

/* From here on Hill's expansion (1970) is exact to rounding, and the continued fraction is slow. */
#define LARGE_DF 1e5

static double hill_correction(double z, double df) {
    return z * (z * z + 3.0) / (48.0 * (df - 0.5) * (df - 0.5));
}

double bench__t_cdf(double t, double df) {
    if (!(df > 0.0) || isnan(t)) {
        return NAN;
    }
    double t2 = t * t;
    if (df > LARGE_DF) {
        double z = isinf(df) ? fabs(t) : sqrt((df - 0.5) * log1p(t2 / df));
        return bench__normal_cdf(copysign(z + hill_correction(z, df), t));
    }
    double tail =
        isinf(t2) ? 0.0 : 0.5 * exp(log_beta_cdf(df / (df + t2), t2 / (df + t2), df / 2, 0.5));
    return t > 0.0 ? 1.0 - tail : tail;
}

double bench__t_quantile(double p, double df) {
    if (!(p >= 0.0 && p <= 1.0 && df > 0.0)) {
        return NAN;
    }
    if (p == 0.0 || p == 1.0) {
        return p == 0.0 ? -INFINITY : INFINITY;
    }
    if (df > LARGE_DF) {
        double z = bench__normal_quantile(p);
        z -= isinf(df) ? 0.0 : hill_correction(z, df);
        return isinf(df) ? z : copysign(sqrt(df * expm1(z * z / (df - 0.5))), z);
    }
    double tails = 2.0 * fmin(p, 1.0 - p);
    double centre = 2.0 * fabs(p - 0.5);
    if (centre == 0.0) {
        return 0.0;
    }
    return copysign(sqrt(df) * exp(-0.5 * beta_log_odds(tails, centre, df / 2, 0.5)), p - 0.5);
}

double bench__binomial_cdf(uint64_t k, uint64_t n, double p) {
    if (!(p >= 0.0 && p <= 1.0)) {
        return NAN;
    }
    if (k >= n || p == 0.0) {
        return 1.0;
    }
    if (p == 1.0) {
        return 0.0;
    }
    return exp(log_beta_cdf(1.0 - p, p, (double)(n - k), (double)k + 1.0));
}

void bench__binomial_interval(uint64_t k, uint64_t n, double level, double *out_lower,
                              double *out_upper) {
    double tail = 0.5 * (1.0 - level), hits = (double)k, misses = (double)n - (double)k;
    *out_lower = 0.0;
    *out_upper = 1.0;
    if (k > 0) {
        *out_lower = 1.0 / (1.0 + exp(-beta_log_odds(tail, 1.0 - tail, hits, misses + 1.0)));
    }
    if (k < n) {
        *out_upper = 1.0 / (1.0 + exp(-beta_log_odds(1.0 - tail, tail, hits + 1.0, misses)));
    }
}
