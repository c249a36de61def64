/*
 * Inference of a duel over its launches: estimate, intervals, p-values, what it can see. Knows
 * nothing of how launches are run, corrects for no multiplicity (stats/power.h) and gives no
 * verdict.
 */
#include "stats/paired.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/robust.h"
#include "stats/describe.h"
#include "stats/power.h"
#include "stats/special.h"

#include <math.h>
#include <string.h>

#define TRIM        0.1 /* of each end */
#define CLIP        3.0 /* median distances */
#define FLOOR_LEVEL 0.05
#define ROUNDING    1e-12 /* sums that differ by less, relative to all there is, are ties */

/* ---- signed ranks ----------------------------------------------------------------------------- */

enum { MAX_WALSH = BENCH__SIGNED_RANK_MAX * (BENCH__SIGNED_RANK_MAX + 1) / 2 };

static size_t walsh_averages(double *out, const double *x, size_t n) {
    size_t n_averages = 0;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j <= i; j++) {
            out[n_averages++] = (x[i] + x[j]) / 2;
        }
    }
    return n_averages;
}

double bench__hodges_lehmann(const double *x, size_t n) {
    double *walsh = bench__alloc(n * (n + 1) / 2, sizeof *walsh);
    if (walsh == NULL) {
        return NAN;
    }
    double median = bench__median_inplace(walsh, walsh_averages(walsh, x, n));
    bench__free(walsh);
    return median;
}

/* The distribution of the sum of positive ranks: each of 1 ... n is in it or not, with chance 1/2.
 * @return the smallest w > 0 with P(W <= w) >= tail, and P(W < w). */
static size_t signed_rank_quantile(size_t n, double tail, double *out_below) {
    double chance[MAX_WALSH + 1] = {1};
    size_t largest = 0;
    for (size_t rank = 1; rank <= n; rank++) {
        largest += rank;
        for (size_t w = largest + 1; w-- > 0;) {
            chance[w] = (chance[w] + (w >= rank ? chance[w - rank] : 0)) / 2;
        }
    }
    size_t w = 1;
    double below = chance[0];
    while (below + chance[w] < tail) {
        below += chance[w++];
    }
    *out_below = below;
    return w;
}

/* Walsh averages in ascending order, of at most BENCH__SIGNED_RANK_MAX launches. */
struct walsh {
    size_t n_launches, n;
    double average[MAX_WALSH];
};

static void walsh_init(struct walsh *walsh, const double *x, size_t n) {
    walsh->n_launches = n;
    walsh->n = walsh_averages(walsh->average, x, n);
    bench__sort(walsh->average, walsh->n);
}

/* Interval with the chance `tail` beyond each end. */
static bench_estimate invert_signed_rank(const struct walsh *walsh, double tail,
                                         double *out_coverage) {
    double below;
    size_t n = walsh->n, w = signed_rank_quantile(walsh->n_launches, tail, &below);
    *out_coverage = 1 - 2 * below;
    return (bench_estimate){.point = (walsh->average[(n - 1) / 2] + walsh->average[n / 2]) / 2,
                            .lower = walsh->average[w - 1],
                            .upper = walsh->average[n - w]};
}

bench_estimate bench__signed_rank_interval(const double *x, size_t n, double level,
                                           double *out_coverage) {
    struct walsh walsh;
    walsh_init(&walsh, x, n);
    return invert_signed_rank(&walsh, (1 - level) / 2, out_coverage);
}

/* ---- trimmed mean ----------------------------------------------------------------------------- */

double bench__trimmed_mean(const double *sorted, size_t n, double trim, double *out_error2,
                           size_t *out_kept) {
    size_t cut = (size_t)(trim * (double)n), kept = n - 2 * cut;
    double low = sorted[cut], high = sorted[n - 1 - cut];
    double mean = bench__mean(sorted + cut, kept), sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++) {
        double d = fmin(fmax(sorted[i], low), high) - mean;
        sum += d;
        squares += d * d;
    }
    double deviations = fmax(squares - sum * sum / (double)n, 0);
    *out_error2 = n < 2 ? NAN : deviations / ((double)kept * (double)(kept - 1));
    *out_kept = kept;
    return mean;
}

/* ---- sign flips ------------------------------------------------------------------------------- */

/* Makes the n ascending sums 2n ascending ones, each with and without its sign: s - w and s + w. */
static void extend_sums(double *sums, size_t n, double w, double *scratch) {
    memcpy(scratch, sums, n * sizeof *sums);
    size_t lower = 0, upper = 0;
    while (upper < n) {
        int take_lower = lower < n && scratch[lower] - w <= scratch[upper] + w;
        sums[lower + upper] = take_lower ? scratch[lower] - w : scratch[upper] + w;
        lower += take_lower;
        upper += !take_lower;
    }
}

/* How many sums of one from each list are at least `limit`. */
static double count_from(const double *a, size_t n_a, const double *b, size_t n_b, double limit) {
    double count = 0;
    size_t n_small = n_b; /* of b: too small even with the a at hand */
    for (size_t i = 0; i < n_a; i++) {
        while (n_small > 0 && a[i] + b[n_small - 1] >= limit) {
            n_small--;
        }
        count += (double)(n_b - n_small);
    }
    return count;
}

/* All 2^n sums, without making them: the sorted sums of either half are enough. */
static int flip_all(struct bench__sign_flip *out, const double *weight, size_t n, double sum,
                    double tie) {
    size_t n_a = (size_t)1 << n / 2, n_b = (size_t)1 << (n - n / 2);
    double *a = bench__alloc(n_a + 2 * n_b, sizeof *a), *b = a + n_a;
    if (a == NULL) {
        return BENCH_ENOMEM;
    }
    for (size_t i = 0; i < n / 2; i++) {
        extend_sums(a, (size_t)1 << i, weight[i], b + n_b);
    }
    for (size_t i = n / 2; i < n; i++) {
        extend_sums(b, (size_t)1 << (i - n / 2), weight[i], b + n_b);
    }
    double share = 1 / ((double)n_a * (double)n_b);
    out->greater = share * count_from(a, n_a, b, n_b, sum - tie);
    out->less = share * count_from(a, n_a, b, n_b, -sum - tie); /* the distribution is symmetric */
    out->two_sided = fmin(1, 2 * fmin(out->greater, out->less));
    bench__free(a);
    return 0;
}

/* Sums of 8 weights by the byte that holds their signs. */
struct byte_sums {
    double of[256];
};

static struct byte_sums *byte_sums(const double *weight, size_t n) {
    struct byte_sums *sums = bench__alloc((n + 7) / 8, sizeof *sums);
    for (size_t i = 0; sums != NULL && i < n; i++) {
        for (size_t byte = 0; byte < 256; byte++) {
            sums[i / 8].of[byte] += byte >> i % 8 & 1 ? weight[i] : -weight[i];
        }
    }
    return sums;
}

static int flip_some(struct bench__sign_flip *out, const double *weight, size_t n, double sum,
                     double tie, uint64_t seed) {
    enum { DRAWS = 99999 };
    struct byte_sums *sums = byte_sums(weight, n);
    if (sums == NULL) {
        return BENCH_ENOMEM;
    }
    struct bench__rng rng;
    bench__rng_init(&rng, seed);
    unsigned n_greater = 1, n_less = 1, n_beyond = 1; /* the data themselves are one of the draws */
    for (int draw = 0; draw < DRAWS; draw++) {
        double drawn = 0;
        uint64_t signs = 0;
        for (size_t byte = 0; byte < (n + 7) / 8; byte++, signs >>= 8) {
            signs = byte % 8 == 0 ? bench__rng_u64(&rng) : signs;
            drawn += sums[byte].of[signs & 255];
        }
        n_greater += drawn >= sum - tie;
        n_less += drawn <= sum + tie;
        n_beyond += fabs(drawn) >= fabs(sum) - tie;
    }
    out->greater = n_greater / (DRAWS + 1.0);
    out->less = n_less / (DRAWS + 1.0);
    out->two_sided = n_beyond / (DRAWS + 1.0);
    bench__free(sums);
    return 0;
}

int bench__sign_flip(struct bench__sign_flip *out, const double *x, size_t n, double shift,
                     uint64_t seed) {
    double *weight = bench__alloc(n, 2 * sizeof *weight), *scratch = weight + n;
    if (weight == NULL) {
        return BENCH_ENOMEM;
    }
    for (size_t i = 0; i < n; i++) {
        weight[i] = scratch[i] = fabs(x[i] - shift);
    }
    double limit = CLIP * bench__median_inplace(scratch, n), sum = 0, total = 0;
    for (size_t i = 0; i < n; i++) {
        weight[i] = fmin(weight[i], limit);
        sum += x[i] < shift ? -weight[i] : weight[i];
        total += weight[i];
    }
    int code = n <= BENCH__SIGN_FLIP_EXACT ? flip_all(out, weight, n, sum, ROUNDING * total)
                                           : flip_some(out, weight, n, sum, ROUNDING * total, seed);
    bench__free(weight);
    return code;
}

/* ---- what launches do not show ---------------------------------------------------------------- */

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
static struct bench__component total_error(const struct bench__paired *duel, double n, double df) {
    struct bench__component sum = {duel->own.variance / n, df}, offset = duel->offset;
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
        duel->layouts = (struct bench__component){found.between * squares, (double)groups.n - 1};
        duel->own.variance = fmax(0, duel->own.variance - found.between);
    }
    groups_clear(&groups);
    return 0;
}

/* A lasting offset between A and its copies; `launch` is the variance of one launch of the duel. */
static struct bench__component offset_of_copies(const struct groups *copies,
                                                struct bench__component launch) {
    double n_copies = (double)copies->n, means2 = 0, inverse = 0, deviations = 0;
    for (size_t g = 0; g < copies->n; g++) {
        const double *x = copies->x + copies->start[g];
        size_t n = copies->start[g + 1] - copies->start[g];
        double mean = bench__mean(x, n);
        means2 += mean * mean / n_copies;
        inverse += 1 / ((double)n * n_copies);
        deviations += n > 1 ? bench__variance(x, n) * (double)(n - 1) : 0;
    }
    double df = (double)copies->start[copies->n] - n_copies + launch.df;
    double by_chance = inverse * (deviations + launch.df * launch.variance) / df;
    double ratio = n_copies * means2 / by_chance; /* F, times its degrees of freedom */
    int shown = bench__beta_cdf(df / (df + ratio), df / 2, n_copies / 2) < FLOOR_LEVEL;
    return (struct bench__component){shown ? means2 - by_chance : 0, n_copies};
}

static int find_offset(struct bench__paired *duel, const struct bench__launch_values *values,
                       struct bench__component launch) {
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

/* ---- a duel ----------------------------------------------------------------------------------- */

/* Intermediate results of bench__paired(). */
struct work {
    const struct bench__launch_values *values;
    const struct bench__paired_options *options;
    struct walsh walsh;               /* up to BENCH__SIGNED_RANK_MAX launches */
    double center;                    /* the trimmed mean */
    struct bench__component launches; /* its squared standard error */
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
    work->launches = (struct bench__component){error2, n > 1 ? (double)kept - 1 : NAN};
    out->change.point = bench__hodges_lehmann(work->values->x, n);
    if (n <= BENCH__SIGNED_RANK_MAX) {
        walsh_init(&work->walsh, work->values->x, n);
    }
    return isnan(out->change.point) ? BENCH_ENOMEM : 0;
}

static int find_errors(struct work *work, struct bench__paired *out,
                       const struct bench__launch_values *copies) {
    const double n = (double)out->n;
    struct bench__component launch = {work->launches.variance * n, work->launches.df};
    out->launch_sd = sqrt(launch.variance);
    out->own = launch;
    if (find_layouts(out, work->values) != 0 || find_offset(out, copies, launch) != 0) {
        return BENCH_ENOMEM;
    }
    struct bench__component all = total_error(out, n, launch.df);
    out->se = sqrt(all.variance);
    out->df = all.df;
    return 0;
}

/* The interval as the launches have it, with the chance `tail` beyond each end. */
static bench_estimate launch_interval(const struct work *work, const struct bench__paired *duel,
                                      double tail, double *out_coverage, int *out_exact) {
    bench_estimate out;
    *out_exact = 0;
    if (duel->n <= BENCH__SIGNED_RANK_MAX) {
        out = invert_signed_rank(&work->walsh, tail, out_coverage);
        *out_exact = *out_coverage >= 1 - 2 * tail - ROUNDING;
    }
    if (!*out_exact) {
        double point = duel->change.point;
        double half =
            bench__t_quantile(1 - tail, work->launches.df) * sqrt(work->launches.variance);
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
    double launches =
        bench__t_quantile(1 - tail, work->launches.df) * sqrt(work->launches.variance);
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
    struct work work;
    work.values = duel;
    work.options = options;
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
    struct bench__component all = total_error(duel, n, kept - 1);
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
