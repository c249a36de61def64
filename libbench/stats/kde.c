/*
 * Kernel density estimate on the log scale, its bandwidth and its modes. Everything is binned: cost
 * hardly grows with the number of values. One dimension, Gaussian kernel only.
 */
#include "stats/kde.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/robust.h"
#include "stats/describe.h"
#include "stats/quantile.h"

#include <math.h>
#include <string.h>

/* ---- bandwidths of sorted values ------------------------------------------------------------- */

static double iqr(const double *sorted, size_t n) {
    return bench__quantile(sorted, n, 0.75, 7) - bench__quantile(sorted, n, 0.25, 7);
}

/* Silverman (1986), equation 3.31. */
static double nrd0(const double *sorted, size_t n) {
    double spread = bench__std_dev(sorted, n), quartiles = iqr(sorted, n) / 1.34;
    if (n < 2 || !(spread > 0.0)) {
        return NAN;
    }
    spread = quartiles > 0.0 ? fmin(spread, quartiles) : spread;
    return 0.9 * spread * pow((double)n, -0.2);
}

enum { LAGS = 1000, MAX_BINS = 1 << 14 };

/* How many pairs of values are 0, 1, 2, ... bins apart; pairs farther apart do not matter. */
struct pairs {
    double count[LAGS];
    double width; /* of a bin */
    double n;     /* values */
};

/* A thousandth of the range is a fine bin unless the tails are long compared to `scale`. */
static void count_pairs(struct pairs *pairs, const double *sorted, size_t n, double scale) {
    uint32_t bin[MAX_BINS] = {0};
    double range = sorted[n - 1] - sorted[0];
    double width = fmax(fmin(range / (LAGS - 1), scale / 50), range / (MAX_BINS - 1));
    *pairs = (struct pairs){.width = width, .n = (double)n};
    for (size_t i = 0; i < n; i++) {
        bin[(size_t)((sorted[i] - sorted[0]) / width)]++;
    }
    for (size_t i = 0; i < MAX_BINS; i++) {
        if (bin[i] == 0) {
            continue;
        }
        size_t lags = MAX_BINS - i < LAGS ? MAX_BINS - i : LAGS;
        pairs->count[0] += 0.5 * bin[i] * (bin[i] - 1.0);
        for (size_t k = 1; k < lags; k++) {
            pairs->count[k] += (double)bin[i] * bin[i + k];
        }
    }
}

/* Mean over all pairs (both orders, and each value with itself) of the 4th or 6th derivative of a
 * Gaussian kernel of bandwidth h: the functionals S_D and -T_D of Sheather and Jones (1991). */
static double mean_derivative(const struct pairs *pairs, double h, int order) {
    double at_zero = order == 4 ? 3.0 : -15.0, sum = 0.0;
    for (size_t k = 0; k < LAGS; k++) {
        double z2 = (double)k * pairs->width / h * ((double)k * pairs->width / h);
        if (z2 > 1000.0) {
            break;
        }
        double hermite = order == 4 ? (z2 - 6.0) * z2 + 3.0 : ((z2 - 15.0) * z2 + 45.0) * z2 - 15.0;
        sum += pairs->count[k] * hermite * exp(-0.5 * z2);
    }
    double n = pairs->n, scale = n * (n - 1.0) * pow(h, order + 1) * sqrt(2.0 * M_PI);
    return (2.0 * sum + n * at_zero) / scale;
}

/* Sheather and Jones (1991): solves h = [R(K) / (n S_D(alpha(h)))]^(1/5) with
 * alpha(h) = 1.357 [S_D(a) / T_D(b)]^(1/7) h^(5/7); `scale` estimates sigma, which is IQR / 1.349.
 * */
static double solve_sj(const struct pairs *pairs, double scale) {
    const double n = pairs->n, lambda = 1.349 * scale;
    double s = mean_derivative(pairs, 0.920 * lambda * pow(n, -1.0 / 7), 4);
    double t = -mean_derivative(pairs, 0.912 * lambda * pow(n, -1.0 / 9), 6);
    double ratio = 1.357 * pow(s / t, 1.0 / 7);
    double low = pairs->width, high = 1.144 * scale * pow(n, -0.2);
    if (!(s > 0.0 && t > 0.0)) {
        return NAN;
    }
    high = fmax(high, 2.0 * low);
    for (int i = 0; i < 40 && high / low > 1.00001; i++) {
        double h = sqrt(low * high);
        double curvature = mean_derivative(pairs, ratio * pow(h, 5.0 / 7), 4);
        double wanted = pow(1.0 / (2.0 * sqrt(M_PI) * n * curvature), 0.2);
        if (!(curvature > 0.0)) {
            return NAN;
        }
        if (wanted > h) {
            low = h;
        } else {
            high = h;
        }
    }
    return sqrt(low * high);
}

static double sj(const double *sorted, size_t n) {
    double scale = n < 2 ? 0.0 : fmin(bench__std_dev(sorted, n), iqr(sorted, n) / 1.349);
    if (!(scale > 0.0)) {
        return NAN;
    }
    struct pairs pairs;
    count_pairs(&pairs, sorted, n, scale);
    return solve_sj(&pairs, scale);
}

static double of_sorted(double (*bandwidth)(const double *, size_t), const double *x, size_t n) {
    double *sorted = bench__memdup(x, n, sizeof *x), h = NAN;
    if (sorted) {
        bench__sort(sorted, n);
        h = bandwidth(sorted, n);
    }
    bench__free(sorted);
    return h;
}

double bench__bandwidth_sj(const double *x, size_t n) {
    return of_sorted(sj, x, n);
}

double bench__bandwidth_nrd0(const double *x, size_t n) {
    return of_sorted(nrd0, x, n);
}

/* Typical distance of different neighbours in the middle half. A clock's steps make values that
 * repeat; a bandwidth below the step would show every step as a mode. */
static double lattice_step(const double *sorted, size_t n) {
    size_t from = n / 4, to = n - 1 - n / 4, n_steps = 0;
    for (size_t i = from; i < to; i++) {
        n_steps += sorted[i + 1] > sorted[i];
    }
    return n_steps ? (sorted[to] - sorted[from]) / (double)n_steps : 0.0;
}

static double choose_bandwidth(const double *sorted, size_t n) {
    const double no_spread = 1e-3; /* a spike has to have some width to be drawn */
    double h = sj(sorted, n);
    h = isnan(h) ? nrd0(sorted, n) : h;
    return isnan(h) ? no_spread : fmax(h, lattice_step(sorted, n));
}

/* ---- density --------------------------------------------------------------------------------- */

enum { MAX_CELLS = 1 << 14, MAX_TAPS = 64, CELLS_PER_BANDWIDTH = 8 };

/* The density on a fine grid over the logarithms. Cell 0 is the minimum, where it is cut: what the
 * kernels would put below is reflected. */
struct cells {
    double low, step;
    size_t n;
    double *weight, *density;
};

static void bin_values(struct cells *cells, const double *logs, size_t n) {
    for (size_t i = 0; i < n; i++) {
        double at = (logs[i] - cells->low) / cells->step;
        size_t k = (size_t)at;
        cells->weight[k] += 1.0 - (at - (double)k);
        cells->weight[k + 1] += at - (double)k;
    }
}

static void smooth(struct cells *cells, double bandwidth, double n_values) {
    double tap[MAX_TAPS], total = 0.0;
    size_t n_taps = 0;
    for (; n_taps < MAX_TAPS && (double)n_taps * cells->step < 5.0 * bandwidth; n_taps++) {
        double z = (double)n_taps * cells->step / bandwidth;
        tap[n_taps] = exp(-0.5 * z * z);
        total += n_taps == 0 ? 1.0 : 2.0 * tap[n_taps];
    }
    for (size_t i = 0; i < cells->n; i++) {
        double share = cells->weight[i] / (total * cells->step * n_values);
        if (share == 0.0) {
            continue;
        }
        for (size_t k = 0; k < n_taps; k++) {
            size_t left = k <= i ? i - k : k - i;
            if (i + k < cells->n) {
                cells->density[i + k] += share * tap[k];
            }
            if (k > 0 && left < cells->n) {
                cells->density[left] += share * tap[k];
            }
        }
    }
    cells->density[0] *= 2.0; /* its own reflection */
}

static int cells_init(struct cells *cells, const double *logs, size_t n, double bandwidth) {
    double range = logs[n - 1] - logs[0] + 3.0 * bandwidth;
    double wanted = ceil(range / bandwidth * CELLS_PER_BANDWIDTH);
    cells->n = (size_t)fmin(wanted, MAX_CELLS) + 2;
    cells->low = logs[0];
    cells->step = range / (double)(cells->n - 2);
    cells->weight = bench__alloc(cells->n, 2 * sizeof *cells->weight);
    if (!cells->weight) {
        return BENCH_ENOMEM;
    }
    cells->density = cells->weight + cells->n;
    bin_values(cells, logs, n);
    smooth(cells, bandwidth, (double)n);
    return 0;
}

/* Peaks that stand out by a tenth of the highest: up a tenth, then down a tenth, counts one. */
static int count_modes(const struct cells *cells) {
    double highest = 0.0;
    for (size_t i = 0; i < cells->n; i++) {
        highest = fmax(highest, cells->density[i]);
    }
    const double enough = 0.1 * highest;
    double turning = 0.0; /* the last valley while rising, the last peak while falling */
    int n_modes = 0, rising = 1;
    for (size_t i = 0; i <= cells->n; i++) {
        double y = i < cells->n ? cells->density[i] : 0.0;
        if (rising) {
            turning = fmax(turning, y);
            if (turning - y >= enough) {
                n_modes++;
                rising = 0;
                turning = y;
            }
        } else {
            turning = fmin(turning, y);
            if (y - turning >= enough) {
                rising = 1;
                turning = y;
            }
        }
    }
    return n_modes;
}

/* The density between cells. */
static double density_at(const struct cells *cells, double at) {
    at = fmin(fmax(at, 0.0), (double)(cells->n - 2));
    size_t k = (size_t)at;
    double part = at - (double)k;
    return (1.0 - part) * cells->density[k] + part * cells->density[k + 1];
}

/* Log-spaced points from the minimum on, each the average up to half way to its neighbours: a mode
 * narrower than the grid is then still seen. Per unit of x is per unit of log x, over x. */
static void sample_cells(struct bench__density *out, const struct cells *cells) {
    const double step = (double)(cells->n - 2) / (double)(out->n - 1);
    const size_t n_parts = (size_t)ceil(step);
    for (size_t i = 0; i < out->n; i++) {
        double at = (double)i * step, sum = 0.0;
        for (size_t k = 0; k < n_parts; k++) {
            double offset = ((double)k + 0.5) / (double)n_parts - 0.5;
            sum += density_at(cells, at + offset * step);
        }
        out->x[i] = exp(cells->low + at * cells->step);
        out->y[i] = sum / (double)n_parts / out->x[i];
    }
}

static int estimate(struct bench__density *out, const double *logs, size_t n) {
    struct cells cells;
    out->bandwidth = choose_bandwidth(logs, n);
    int code = cells_init(&cells, logs, n, out->bandwidth);
    if (code != 0) {
        return code;
    }
    out->n_modes = count_modes(&cells);
    sample_cells(out, &cells);
    bench__free(cells.weight);
    return 0;
}

int bench__density(struct bench__density *out, const double *x, size_t n, size_t n_grid,
                   bench_error *err) {
    *out = (struct bench__density){.n = n_grid};
    if (n == 0 || n_grid < 64 || n_grid > 1024) {
        return bench__error(err, BENCH_EINVAL, "no density of %zu values at %zu points", n, n_grid);
    }
    double *logs = bench__alloc(n, sizeof *logs);
    out->x = bench__alloc(n_grid, sizeof *out->x);
    out->y = bench__alloc(n_grid, sizeof *out->y);
    int code = logs && out->x && out->y ? 0 : BENCH_ENOMEM;
    for (size_t i = 0; i < n && code == 0; i++) {
        logs[i] = log(x[i]);
        code = isfinite(logs[i]) ? 0 : BENCH_EINVAL;
    }
    if (code == 0) {
        bench__sort(logs, n);
        code = estimate(out, logs, n);
    }
    bench__free(logs);
    if (code != 0) {
        bench__density_clear(out);
        bench__error(err, code,
                     code == BENCH_EINVAL ? "no density of values that are not positive"
                                          : "out of memory for a density");
    }
    return code;
}

void bench__density_clear(struct bench__density *density) {
    bench__free(density->x);
    bench__free(density->y);
    *density = (struct bench__density){0};
}
