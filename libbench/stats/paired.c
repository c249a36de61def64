/*
 * Inference of a duel over its launches: estimate, intervals, p-values, what it can see. Knows
 * nothing of how launches are run, corrects for no multiplicity (stats/power.h) and gives no
 * verdict.
 */
#include "stats/paired.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/robust.h"
#include "stats/describe.h"
#include "stats/location.h"
#include "stats/power.h"
#include "stats/special.h"

#include <math.h>

#define TRIM        0.1 /* of each end */
#define FLOOR_LEVEL 0.01
#define CLIP        2.5   /* of launches of the floor, in deviations of a launch of the duel */
#define ROUNDING    1e-12 /* of a coverage */

/* ---- what launches do not show -------------------------------------------------------------- */

/* Values in the order of their groups: group g is x[start[g]] ... x[start[g + 1] - 1]. */
struct groups {
    double *x;
    size_t *start;
    size_t n;
};

static void groups_clear(struct groups *groups) {
    bench__free(groups->x);
    bench__free(groups->start);
}

static int same_group(const struct bench__launch_values *values, size_t i, size_t j) {
    return values->group == NULL || values->group[i] == values->group[j];
}

static int groups_init(struct groups *groups, const struct bench__launch_values *values) {
    *groups = (struct groups){.x = bench__alloc(values->n, sizeof *groups->x),
                              .start = bench__alloc(values->n + 1, sizeof *groups->start)};
    if (groups->x == NULL || groups->start == NULL) {
        groups_clear(groups);
        return BENCH_ENOMEM;
    }
    size_t placed = 0;
    for (size_t i = 0; i < values->n; i++) {
        size_t first = 0;
        while (!same_group(values, first, i)) {
            first++;
        }
        if (first < i) {
            continue; /* placed with the first of its group */
        }
        for (size_t j = i; j < values->n; j++) {
            if (same_group(values, j, i)) {
                groups->x[placed++] = values->x[j];
            }
        }
        groups->start[++groups->n] = placed;
    }
    return 0;
}

/* The squared standard error of n launches. Parts are added as Welch and Satterthwaite do. */
static struct bench__error_part total_error(const struct bench__paired *duel, double n, double df) {
    struct bench__error_part sum = {duel->own.variance / n, df}, offset = duel->offset;
    if (duel->layouts.variance > 0) {
        sum.variance += duel->layouts.variance;
        sum.df = fmin(df, duel->layouts.df);
    }
    if (offset.variance > 0) {
        double all = sum.variance + offset.variance;
        sum.df =
            all * all /
            (sum.variance * sum.variance / sum.df + offset.variance * offset.variance / offset.df);
        sum.variance = all;
    }
    return sum;
}

static int is_widened(const struct bench__paired *duel) {
    return duel->layouts.variance > 0 || duel->offset.variance > 0;
}

/* Placement that launches of one layout share, and what remains as each launch's own. */
static int find_layouts(struct bench__paired *duel, const struct bench__launch_values *values) {
    struct groups groups;
    duel->layout_sd = duel->within_sd = NAN;
    if (values->group == NULL) {
        return 0;
    }
    if (groups_init(&groups, values) != 0) {
        return BENCH_ENOMEM;
    }
    struct bench__components found = bench__variance_components(groups.x, groups.start, groups.n);
    double n = (double)values->n, squares = 0; /* of shares */
    for (size_t g = 0; g < groups.n; g++) {
        double share = (double)(groups.start[g + 1] - groups.start[g]) / n;
        squares += share * share;
    }
    duel->layout_sd = sqrt(found.between);
    duel->within_sd = sqrt(found.within);
    if (found.between > 0) {
        duel->layouts = (struct bench__error_part){found.between * squares, (double)groups.n - 1};
        duel->own.variance = fmax(0, duel->own.variance - found.between);
    }
    groups_clear(&groups);
    return 0;
}

/* Mean square of the copies' means, each launch clipped at `limit`. */
static double mean_square(const struct groups *copies, double limit) {
    double sum = 0;
    for (size_t g = 0; g < copies->n; g++) {
        double mean = 0, n = (double)(copies->start[g + 1] - copies->start[g]);
        for (size_t i = copies->start[g]; i < copies->start[g + 1]; i++) {
            mean += fmax(-limit, fmin(limit, copies->x[i])) / n;
        }
        sum += mean * mean / (double)copies->n;
    }
    return sum;
}

/* A lasting offset between A and its copies; `launch`: the variance of one launch of the duel. The
 * test clips: one wild launch shows no offset. */
static struct bench__error_part offset_of_copies(const struct groups *copies,
                                                 struct bench__error_part launch) {
    double n_copies = (double)copies->n, inverse = 0, deviations = 0;
    for (size_t g = 0; g < copies->n; g++) {
        const double *x = copies->x + copies->start[g];
        size_t n = copies->start[g + 1] - copies->start[g];
        inverse += 1 / ((double)n * n_copies);
        deviations += n > 1 ? bench__variance(x, n) * (double)(n - 1) : 0;
    }
    double df = (double)copies->start[copies->n] - n_copies + launch.df;
    double by_chance = inverse * (deviations + launch.df * launch.variance) / df;
    double means2 = mean_square(copies, INFINITY);
    double limit = launch.variance > 0 ? CLIP * sqrt(launch.variance) : INFINITY;
    double clipped2 = mean_square(copies, limit);
    double ratio = n_copies * clipped2 / by_chance; /* F, times its degrees of freedom */
    int shown = bench__beta_cdf(df / (df + ratio), df / 2, n_copies / 2) < FLOOR_LEVEL;
    return (struct bench__error_part){shown ? fmax(0, means2 - by_chance) : 0, n_copies};
}

static int find_offset(struct bench__paired *duel, const struct bench__launch_values *values,
                       struct bench__error_part launch) {
    struct groups copies;
    duel->floor_sd = NAN;
    if (values == NULL || values->n == 0 || isnan(launch.variance)) {
        return 0;
    }
    if (groups_init(&copies, values) != 0) {
        return BENCH_ENOMEM;
    }
    duel->offset = offset_of_copies(&copies, launch);
    duel->floor_sd = sqrt(duel->offset.variance);
    groups_clear(&copies);
    return 0;
}

/* ---- a duel --------------------------------------------------------------------------------- */

/* Intermediate results of bench__paired(). */
struct work {
    const struct bench__launch_values *values;
    const struct bench__paired_options *options;
    double center;                     /* the trimmed mean */
    struct bench__error_part launches; /* its squared standard error */
};

static int locate(struct work *work, struct bench__paired *out) {
    size_t n = work->values->n, kept;
    double *sorted = bench__memdup(work->values->x, n, sizeof *sorted), error2;
    if (sorted == NULL) {
        return BENCH_ENOMEM;
    }
    bench__sort(sorted, n);
    work->center = bench__trimmed_mean(sorted, n, TRIM, &error2, &kept);
    bench__free(sorted);
    work->launches = (struct bench__error_part){error2, n > 1 ? (double)kept - 1 : NAN};
    out->change.point = bench__hodges_lehmann(work->values->x, n);
    return isnan(out->change.point) ? BENCH_ENOMEM : 0;
}

static int find_errors(struct work *work, struct bench__paired *out,
                       const struct bench__launch_values *copies) {
    const double n = (double)out->n;
    struct bench__error_part launch = {work->launches.variance * n, work->launches.df};
    out->launch_sd = sqrt(launch.variance);
    out->own = launch;
    if (find_layouts(out, work->values) != 0 || find_offset(out, copies, launch) != 0) {
        return BENCH_ENOMEM;
    }
    struct bench__error_part all = total_error(out, n, launch.df);
    out->se = sqrt(all.variance);
    out->df = all.df;
    return 0;
}

/* Half of t's interval from launches alone. */
static double launch_half(const struct work *work, double tail) {
    return bench__t_quantile(1 - tail, work->launches.df) * sqrt(work->launches.variance);
}

/* The interval as the launches have it, with the chance `tail` beyond each end. */
static bench_estimate launch_interval(const struct work *work, const struct bench__paired *duel,
                                      double tail, double *out_coverage, int *out_exact) {
    bench_estimate out;
    *out_exact = 0;
    if (duel->n <= BENCH__SIGNED_RANK_MAX) {
        out = bench__signed_rank_interval(work->values->x, duel->n, 1 - 2 * tail, out_coverage);
        *out_exact = *out_coverage >= 1 - 2 * tail - ROUNDING;
    }
    if (!*out_exact) {
        double point = duel->change.point, half = launch_half(work, tail);
        out = (bench_estimate){point, work->center - half, work->center + half};
        out.lower = point < out.lower ? point : out.lower;
        out.upper = point > out.upper ? point : out.upper;
        *out_coverage = 1 - 2 * tail;
    }
    return out;
}

static bench_estimate interval(const struct work *work, const struct bench__paired *duel,
                               double tail, double *out_coverage, int *out_exact) {
    bench_estimate out = launch_interval(work, duel, tail, out_coverage, out_exact);
    if (!is_widened(duel)) {
        return out;
    }
    double half = bench__t_quantile(1 - tail, duel->df) * duel->se;
    double launches = launch_half(work, tail);
    double below = out.point - out.lower, above = out.upper - out.point;
    out.lower = out.point - (launches > 0 ? below * half / launches : half);
    out.upper = out.point + (launches > 0 ? above * half / launches : half);
    return out;
}

static int test_at(struct bench__sign_flip *out, const struct work *work,
                   const struct bench__paired *duel, double shift) {
    int code = bench__sign_flip(out, work->values->x, duel->n, shift, work->options->seed);
    if (code == 0 && is_widened(duel)) {
        double t = (duel->change.point - shift) / duel->se;
        out->greater = fmax(out->greater, bench__t_cdf(-t, duel->df));
        out->less = fmax(out->less, bench__t_cdf(t, duel->df));
        out->two_sided = fmax(out->two_sided, 2 * bench__t_cdf(-fabs(t), duel->df));
    }
    return code;
}

static int test_all(const struct work *work, struct bench__paired *out) {
    struct bench__sign_flip at_plus, at_minus;
    double threshold = work->options->threshold;
    if (test_at(&out->p, work, out, 0) != 0 || test_at(&at_plus, work, out, threshold) != 0 ||
        test_at(&at_minus, work, out, -threshold) != 0) {
        return BENCH_ENOMEM;
    }
    out->p_regressed = at_plus.greater;
    out->p_improved = at_minus.less;
    out->p_pass = at_plus.less;
    out->p_equivalent = fmax(at_plus.less, at_minus.greater);
    return 0;
}

/* No p-value of n flips is below 2^(1 - n). */
static int can_reject(double n, double alpha) {
    return exp2(1 - n) < alpha;
}

static int check(const struct bench__launch_values *values, const char *what, bench_error *err) {
    if (values->n > BENCH__MAX_LAUNCHES) {
        return bench__error(err, BENCH_EINVAL, "%s of %zu launches: at most %d", what, values->n,
                            BENCH__MAX_LAUNCHES);
    }
    for (size_t i = 0; i < values->n; i++) {
        if (!isfinite(values->x[i])) {
            return bench__error(err, BENCH_EINVAL, "launch %zu of a %s is not a number", i, what);
        }
    }
    return 0;
}

static int check_all(const struct bench__launch_values *duel,
                     const struct bench__launch_values *copies,
                     const struct bench__paired_options *options, bench_error *err) {
    if (!(options->alpha > 0 && options->alpha < 0.5) || !(options->threshold >= 0) ||
        duel->n == 0) {
        return bench__error(err, BENCH_EINVAL,
                            "cannot compare %zu launches at alpha %g with threshold %g", duel->n,
                            options->alpha, options->threshold);
    }
    int code = check(duel, "duel", err);
    return code != 0 || copies == NULL ? code : check(copies, "floor", err);
}

int bench__paired(struct bench__paired *out, const struct bench__launch_values *duel,
                  const struct bench__launch_values *copies,
                  const struct bench__paired_options *options, bench_error *err) {
    if (check_all(duel, copies, options, err) != 0) {
        return BENCH_EINVAL;
    }
    struct work work = {.values = duel, .options = options};
    double alpha = options->alpha, coverage;
    int exact;
    *out = (struct bench__paired){.n = duel->n, .alpha = alpha};
    if (locate(&work, out) != 0 || find_errors(&work, out, copies) != 0 ||
        test_all(&work, out) != 0) {
        return bench__error(err, BENCH_ENOMEM, "out of memory for a duel of %zu launches", duel->n);
    }
    bench_estimate bounds = interval(&work, out, alpha, &coverage, &exact);
    out->lower = bounds.lower;
    out->upper = bounds.upper;
    out->change = interval(&work, out, alpha / 2, &out->coverage, &out->exact);
    out->mde = can_reject((double)out->n, alpha) ? bench__mde(out->se, out->df, alpha) : INFINITY;
    return 0;
}

static double mde_with(const struct bench__paired *duel, double n) {
    double kept = n - 2 * floor(TRIM * n);
    struct bench__error_part all = total_error(duel, n, kept - 1);
    return can_reject(n, duel->alpha) ? bench__mde(sqrt(all.variance), all.df, duel->alpha)
                                      : INFINITY;
}

double bench__extra_launches(const struct bench__paired *duel, double wanted) {
    const double most = 1e9;
    double n = (double)duel->n, enough = n;
    if (isnan(duel->se)) {
        return INFINITY;
    }
    while (enough < most && !(mde_with(duel, enough) <= wanted)) {
        n = enough;
        enough *= 2;
    }
    while (enough < most && enough - n > 1) {
        double middle = floor((n + enough) / 2);
        if (mde_with(duel, middle) <= wanted) {
            enough = middle;
        } else {
            n = middle;
        }
    }
    return enough < most ? enough - (double)duel->n : INFINITY;
}
