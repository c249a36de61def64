/*
 * Kernel density on the log scale, its bandwidth and its modes. Everything works on counts in bins,
 * so that thousands of samples cost as much as hundreds; nothing here draws.
 */
#include "stats/kde.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/robust.h"
#include "stats/describe.h"
#include "stats/quantile.h"

#include <math.h>
#include <string.h>

#define N_BINS          1000 /* for the bandwidth: pairwise distances in units of range/1000 */
#define BRACKET_STEPS   60
#define BISECTION_STEPS 40
#define MODE_PROMINENCE 0.1 /* of the highest peak */
#define TAIL_BANDWIDTHS 3
#define INV_SQRT_2PI    0.398942280401432677939946
#define TWO_SQRT_PI     3.544907701811032054596335

/* Numbers of pairs (i, j), i < j, by the distance of their bins. */
struct distances {
    double n_pairs[N_BINS];
    double width; /* of a bin */
    double n;
};

static double phi(double z) {
    return INV_SQRT_2PI * exp(-0.5 * z * z);
}

/* Fourth and sixth derivatives of the normal density. */
static double phi_4(double z2, double density) {
    return (z2 * z2 - 6 * z2 + 3) * density;
}

static double phi_6(double z2, double density) {
    return (z2 * z2 * z2 - 15 * z2 * z2 + 45 * z2 - 15) * density;
}

/* Sum over all pairs, both orders and each point with itself, of a derivative at distance/h. */
static double sum_over_pairs(const struct distances *d, double h,
                             double (*derivative)(double z2, double density)) {
    double sum = 0;
    for (size_t k = 0; k < N_BINS; k++) {
        const double z = (double)k * d->width / h;
        if (z > 40) {
            break; /* the density has underflowed */
        }
        if (d->n_pairs[k] > 0) {
            sum += d->n_pairs[k] * derivative(z * z, phi(z));
        }
    }
    return 2 * sum + d->n * derivative(0, phi(0));
}

/* Estimates of the integrals of f''^2 and f'''^2 (Sheather and Jones 1991, section 2). */
static double s_d(const struct distances *d, double h) {
    return sum_over_pairs(d, h, phi_4) / (d->n * (d->n - 1) * pow(h, 5));
}

static double t_d(const struct distances *d, double h) {
    return -sum_over_pairs(d, h, phi_6) / (d->n * (d->n - 1) * pow(h, 7));
}

static void count_distances(struct distances *d, const double *x, size_t n, double lowest,
                            double highest) {
    double count[N_BINS] = {0};
    memset(d, 0, sizeof *d);
    d->width = (highest - lowest) * 1.01 / N_BINS;
    d->n = (double)n;
    for (size_t i = 0; i < n; i++) {
        count[(size_t)((x[i] - lowest) / d->width)]++;
    }
    for (size_t i = 0; i < N_BINS; i++) {
        if (count[i] == 0) {
            continue;
        }
        d->n_pairs[0] += count[i] * (count[i] - 1) / 2;
        for (size_t k = 1; i + k < N_BINS; k++) {
            d->n_pairs[k] += count[i] * count[i + k];
        }
    }
}

/* The equation whose root is the bandwidth: R(K)/(n S_D(alpha(h)))^(1/5) - h. */
struct equation {
    const struct distances *d;
    double alpha; /* 1.357 (S_D(a)/T_D(b))^(1/7) */
};

static double excess(const struct equation *e, double h) {
    const double s = s_d(e->d, e->alpha * pow(h, 5.0 / 7));
    return s > 0 ? pow(1 / (TWO_SQRT_PI * e->d->n * s), 0.2) - h : NAN;
}

static double solve(const struct equation *e, double guess) {
    double low = guess / 10, high = guess;
    for (int i = 0; i < BRACKET_STEPS && !(excess(e, low) >= 0); i++) {
        low /= 1.2;
    }
    for (int i = 0; i < BRACKET_STEPS && !(excess(e, high) <= 0); i++) {
        high *= 1.2;
    }
    if (!(excess(e, low) >= 0 && excess(e, high) <= 0)) {
        return NAN;
    }
    for (int i = 0; i < BISECTION_STEPS && high - low > 1e-6 * high; i++) {
        const double middle = (low + high) / 2;
        if (excess(e, middle) > 0) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return (low + high) / 2;
}

/* min(s, IQR/1.34...), the usual robust scale; s when the quartiles coincide. `sorted`. */
static double scale_of(const double *sorted, size_t n, double iqr_divisor) {
    const double s = bench__std_dev(sorted, n);
    const double iqr = bench__quantile(sorted, n, 0.75, 7) - bench__quantile(sorted, n, 0.25, 7);
    return iqr > 0 ? fmin(s, iqr / iqr_divisor) : s;
}

static double sj_of_sorted(const double *sorted, size_t n) {
    struct distances d;
    const double scale = scale_of(sorted, n, 1.349);
    if (n < 4 || !(scale > 0)) {
        return NAN;
    }
    count_distances(&d, sorted, n, sorted[0], sorted[n - 1]);
    const double a = 1.24 * scale * pow((double)n, -1.0 / 7);
    const double b = 1.23 * scale * pow((double)n, -1.0 / 9);
    const double t = t_d(&d, b), s = s_d(&d, a);
    if (!(t > 0 && s > 0)) {
        return NAN;
    }
    const struct equation e = {&d, 1.357 * pow(s / t, 1.0 / 7)};
    return solve(&e, 1.144 * scale * pow((double)n, -0.2));
}

static double nrd0_of_sorted(const double *sorted, size_t n) {
    const double scale = scale_of(sorted, n, 1.34);
    return n >= 2 && scale > 0 ? 0.9 * scale * pow((double)n, -0.2) : NAN;
}

static double of_sorted_copy(const double *x, size_t n,
                             double (*bandwidth)(const double *, size_t)) {
    double *sorted = bench__memdup(x, n, sizeof *x);
    if (sorted == NULL) {
        return NAN;
    }
    bench__sort(sorted, n);
    const double h = bandwidth(sorted, n);
    bench__free(sorted);
    return h;
}

double bench__bandwidth_sj(const double *x, size_t n) {
    return of_sorted_copy(x, n, sj_of_sorted);
}

double bench__bandwidth_nrd0(const double *x, size_t n) {
    return of_sorted_copy(x, n, nrd0_of_sorted);
}

/* ---- the density ---- */

/* Spreads each value over the two grid points beside it. */
static void bin_linearly(double *weight, size_t n_grid, const double *z, size_t n, double from,
                         double step) {
    for (size_t i = 0; i < n; i++) {
        const double position = (z[i] - from) / step;
        size_t left = (size_t)position;
        left = left > n_grid - 2 ? n_grid - 2 : left;
        weight[left] += 1 - (position - (double)left);
        weight[left + 1] += position - (double)left;
    }
}

/* Convolves the weights with the kernel. What it would put below the minimum, where nothing can be,
 * is folded back. */
static void smooth(double *y, const double *weight, size_t n_grid, double step, double h,
                   double n) {
    for (size_t i = 0; i < n_grid; i++) {
        y[i] = 0;
    }
    for (size_t k = 0; k < 2 * n_grid; k++) {
        const double z = (double)k * step / h;
        if (z > 8) {
            break;
        }
        const double density = phi(z) / (n * h);
        for (size_t i = 0; i < n_grid; i++) {
            y[i] += i + k < n_grid ? weight[i + k] * density : 0;
            y[i] += k > 0 && i >= k ? weight[i - k] * density : 0;
            y[i] += k > i && k - i < n_grid ? weight[k - i] * density : 0; /* mirrored */
        }
    }
}

/* Peaks that stand out: from one to the next, the curve must dip by the prominence. */
static int count_modes(const double *y, size_t n) {
    double highest = 0, top = 0, valley = 0;
    int n_modes = 0, falling = 0;
    for (size_t i = 0; i < n; i++) {
        highest = fmax(highest, y[i]);
    }
    const double prominence = MODE_PROMINENCE * highest;
    for (size_t i = 0; i < n; i++) {
        if (falling) {
            valley = fmin(valley, y[i]);
            if (y[i] > valley + prominence) {
                falling = 0;
                top = y[i];
            }
        } else {
            top = fmax(top, y[i]);
            if (y[i] < top - prominence) {
                n_modes++;
                falling = 1;
                valley = y[i];
            }
        }
    }
    return n_modes + (!falling && top > valley + prominence);
}

/* All values equal: one spike of area 1, as narrow as can be drawn. */
static void spike(struct bench__density *out, double at) {
    const double half = at * 1e-6;
    for (size_t i = 0; i < out->n; i++) {
        const double t = 2.0 * (double)i / (double)(out->n - 1) - 1;
        out->x[i] = at + half * t;
        out->y[i] = (1 - fabs(t)) / half;
    }
    out->n_modes = 1;
}

static void fill(struct bench__density *out, double *z, size_t n, double *weight) {
    for (size_t i = 0; i < n; i++) {
        z[i] = log(z[i]);
    }
    bench__sort(z, n);
    double h = sj_of_sorted(z, n);
    h = isnan(h) ? nrd0_of_sorted(z, n) : h;
    if (isnan(h)) {
        spike(out, exp(z[0]));
        return;
    }
    const double step = (z[n - 1] + TAIL_BANDWIDTHS * h - z[0]) / (double)(out->n - 1);
    bin_linearly(weight, out->n, z, n, z[0], step);
    smooth(out->y, weight, out->n, step, h, (double)n);
    out->n_modes = count_modes(out->y, out->n);
    for (size_t i = 0; i < out->n; i++) {
        out->x[i] = exp(z[0] + (double)i * step);
        out->y[i] /= out->x[i]; /* from per unit of log to per unit */
    }
    out->bandwidth = h;
}

int bench__density(struct bench__density *out, const double *x, size_t n, size_t n_grid,
                   bench_error *err) {
    memset(out, 0, sizeof *out);
    if (n == 0 || n_grid < 64 || n_grid > 1024) {
        return bench__error(err, BENCH_EINVAL, "density of %zu values on %zu points", n, n_grid);
    }
    for (size_t i = 0; i < n; i++) {
        if (!(x[i] > 0) || isinf(x[i])) {
            return bench__error(err, BENCH_EINVAL, "density of a value that is not positive: %g",
                                x[i]);
        }
    }
    double *z = bench__memdup(x, n, sizeof *x), *weight = bench__alloc(n_grid, sizeof *weight);
    out->n = n_grid;
    out->x = bench__alloc(n_grid, sizeof *out->x);
    out->y = bench__alloc(n_grid, sizeof *out->y);
    int code = 0;
    if (z == NULL || weight == NULL || out->x == NULL || out->y == NULL) {
        code = bench__error(err, BENCH_ENOMEM, "out of memory for a density");
        bench__density_clear(out);
    } else {
        fill(out, z, n, weight);
    }
    bench__free(z);
    bench__free(weight);
    return code;
}

void bench__density_clear(struct bench__density *density) {
    bench__free(density->x);
    bench__free(density->y);
    memset(density, 0, sizeof *density);
}
