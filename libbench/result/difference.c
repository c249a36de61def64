/*
 * Trimmed means of launches and their difference; the spread to assume between runs. Decides
 * nothing: thresholds and verdicts are in verdict.c and budgets.c.
 */
#include "result/difference.h"

#include "base/mem.h"
#include "base/robust.h"
#include "result/model.h"
#include "stats/location.h"
#include "stats/special.h"

#include <math.h>

#define TRIM              0.2    /* of each end */
#define MAD_TO_SD         1.4826 /* for a normal distribution */
#define MAX_READINGS_USED 2048   /* of one kernel */

static double reading_of(const bench_run *run, const bench_launch *launch, bench_kernel kernel) {
    const int i = launch->calibration;
    return i >= 0 && (size_t)i < run->n_calibrations ? run->calibrations[i].ns[kernel] : NAN;
}

int bench__side_init(struct bench__side *side, const bench_result *result,
                     const bench_run *calibrations, bench_kernel kernel) {
    *side = (struct bench__side){.x = bench__alloc(result->n_launches, sizeof *side->x)};
    if (side->x == NULL) {
        return BENCH_ENOMEM;
    }
    for (size_t i = 0; i < result->n_launches; i++) {
        const bench_launch *launch = &result->launches[i];
        if (!bench__launch_valid(launch) || !(launch->median_ns > 0)) {
            continue;
        }
        const double unit = calibrations != NULL ? reading_of(calibrations, launch, kernel) : 1;
        if (!(unit > 0)) {
            side->n = 0;
            return 0;
        }
        side->x[side->n++] = log(launch->median_ns / unit);
    }
    return 0;
}

void bench__side_clear(struct bench__side *side) {
    bench__free(side->x);
    *side = (struct bench__side){0};
}

double bench__side_location(struct bench__side *side, double *out_error2, size_t *out_kept) {
    if (side->n == 0) {
        *out_error2 = NAN;
        *out_kept = 0;
        return NAN;
    }
    bench__sort(side->x, side->n);
    return bench__trimmed_mean(side->x, side->n, TRIM, out_error2, out_kept);
}

/* Squared standard error of a sum of independent parts and its degrees of freedom. */
struct error_sum {
    double error2, lost; /* lost: sum of squares over degrees of freedom */
};

static void add_part(struct error_sum *sum, double error2, double df) {
    if (error2 > 0) {
        sum->error2 += error2;
        sum->lost += error2 * error2 / df; /* 0 for what is known exactly */
    }
}

/* Nearly exact is exact: beyond, t is the normal distribution. */
static double df_of(const struct error_sum *sum) {
    const double df = sum->error2 * sum->error2 / sum->lost;
    return sum->lost > 0 && df < 1e9 ? df : 1e9;
}

struct bench__difference bench__difference(struct bench__side *b, struct bench__side *a,
                                           const struct bench__between_runs *between) {
    double error2[2];
    size_t kept[2];
    const double at_a = bench__side_location(a, &error2[0], &kept[0]);
    const double at_b = bench__side_location(b, &error2[1], &kept[1]);
    if (isnan(error2[0]) || isnan(error2[1])) {
        return (struct bench__difference){at_b - at_a, NAN, NAN};
    }
    struct error_sum launches = {0, 0}, all = {0, 0};
    for (int i = 0; i < 2; i++) {
        const double own = between != NULL ? between->own_error2 : 0;
        add_part(&launches, error2[i], (double)(kept[i] - 1));
        add_part(&all, error2[i] - own, (double)(kept[i] - 1));
    }
    if (between != NULL) {
        const double moved = 2 * between->sd * between->sd;
        add_part(&all, moved, between->df);
    }
    if (launches.error2 > all.error2) {
        return (struct bench__difference){at_b - at_a, sqrt(launches.error2),
                                          fmin(df_of(&launches), df_of(&all))};
    }
    return (struct bench__difference){at_b - at_a, sqrt(all.error2), df_of(&all)};
}

bench_estimate bench__difference_interval(const struct bench__difference *d, double level) {
    const double half = isnan(d->se) ? NAN : bench__t_quantile(0.5 + level / 2, d->df) * d->se;
    return (bench_estimate){d->estimate, d->estimate - half, d->estimate + half};
}

double bench__difference_p(const struct bench__difference *d) {
    if (isnan(d->se)) {
        return NAN;
    }
    if (d->se == 0) {
        return d->estimate == 0 ? 1 : 0;
    }
    return 2 * bench__t_cdf(-fabs(d->estimate) / d->se, d->df);
}

/* ---- between runs -----------------------------------------------------------------------------
 */

/* Log readings of one kernel, divided by those of another when `divisor` >= 0. */
static size_t log_readings(double *out, const bench_run *run, size_t kernel, int divisor) {
    size_t n = 0;
    for (size_t i = 0; i < run->n_calibrations && n < MAX_READINGS_USED; i++) {
        const bench_calibration *c = &run->calibrations[i];
        const double ns = divisor >= 0 ? c->ns[kernel] / c->ns[divisor] : c->ns[kernel];
        if (ns > 0 && isfinite(ns)) {
            out[n++] = log(ns);
        }
    }
    return n;
}

/* Variance by MAD and the median, in one go; the readings are destroyed. */
static double robust_variance(double *x, size_t n, double *out_median) {
    *out_median = bench__median_inplace(x, n);
    const double sd = MAD_TO_SD * bench__mad_inplace(x, n);
    return sd * sd;
}

double bench__assumed_between_run_sd(const bench_run *a, const bench_run *b, int divisor) {
    double x[MAX_READINGS_USED], variance[BENCH_N_KERNELS];
    size_t n_kernels = 0;
    for (size_t kernel = 0; kernel < BENCH_N_KERNELS; kernel++) {
        double median_a, median_b;
        const size_t n_a = log_readings(x, a, kernel, divisor);
        const double within_a = robust_variance(x, n_a, &median_a);
        const size_t n_b = log_readings(x, b, kernel, divisor);
        const double within_b = robust_variance(x, n_b, &median_b);
        if ((int)kernel == divisor || n_a == 0 || n_b == 0) {
            continue;
        }
        const double shift = median_b - median_a;
        variance[n_kernels++] = (within_a + within_b) / 2 + shift * shift / 2;
    }
    const double sd = n_kernels > 0 ? sqrt(bench__median_inplace(variance, n_kernels)) : 0;
    return fmax(sd, BENCH__ASSUMED_SD_FLOOR);
}
