/*
 * Bootstrap intervals: percentile, BCa and bootstrap-t, for the common statistics together and for
 * any statistic the obvious way. How the common ones are resampled is in resample.c.
 */
#include "stats/bootstrap.h"

#include "base/error.h"
#include "base/mem.h"
#include "stats/describe.h"
#include "stats/resample.h"
#include "stats/special.h"

#include <math.h>
#include <string.h>

/* ---- selection ------------------------------------------------------------------------------- */

/* Moves what is below the limit (up to it, if inclusive) to the front. Free of branches, which
 * would be mispredicted. @return its number. */
static inline size_t split(float *x, size_t n, float limit, const int inclusive) {
    size_t n_front = 0;
    for (size_t i = 0; i < n; i++) {
        float value = x[i];
        x[i] = x[n_front];
        x[n_front] = value;
        n_front += inclusive ? value <= limit : value < limit;
    }
    return n_front;
}

/* The value of rank k < n. Reorders x. Quickselect; a sample makes for a pivot near that rank. */
static float select_rank(float *x, size_t n, size_t k) {
    enum { SAMPLE = 64 };
    for (;;) {
        float pivot = x[k];
        if (n > 4 * SAMPLE) {
            float sample[SAMPLE];
            memcpy(sample, x, sizeof sample);
            pivot = select_rank(sample, SAMPLE, (size_t)((double)k / (double)n * SAMPLE));
        }
        size_t n_below = split(x, n, pivot, 0);
        if (k < n_below) {
            n = n_below;
            continue;
        }
        size_t n_up_to = n_below + split(x + n_below, n - n_below, pivot, 1);
        if (k < n_up_to) {
            return pivot;
        }
        x += n_up_to;
        n -= n_up_to;
        k -= n_up_to;
    }
}

/* ---- from replicates to end points ----------------------------------------------------------- */

/* Takes in replicates chunk by chunk, as deviations from the estimate in some unit. Only the tails
 * are kept: the first chunk tells where they are, with five standard errors to spare. */
struct tally {
    enum bench__boot_method method;
    double level, acceleration;
    double estimate, unit;
    float tolerance;     /* smaller deviations are ties with the estimate */
    size_t n, n_below;   /* replicates; twice those below the estimate, a tie counting one */
    float middle, reach; /* values less than `reach` from the middle are only counted */
    float *kept;
    size_t n_kept, capacity;
};

static void tally_init(struct tally *tally, const struct bench__boot_options *options,
                       double estimate, double unit) {
    *tally = (struct tally){
        .method = options->method, .level = options->level, .estimate = estimate, .unit = unit};
}

/* The shares of replicates at which the interval ends (Efron 1987). Percentile and
 * bootstrap-t are the case without bias and acceleration. */
static void end_shares(const struct tally *tally, double share[2]) {
    double bias = 0.0, acceleration = 0.0;
    if (tally->method == BENCH__BOOT_BCA) {
        double n = (double)tally->n, below = 0.5 * (double)tally->n_below;
        bias = bench__normal_quantile(fmin(fmax(below, 0.5), n - 0.5) / n);
        acceleration = tally->acceleration;
    }
    for (int end = 0; end < 2; end++) {
        double tail = 0.5 - 0.5 * tally->level;
        double z = bias + bench__normal_quantile(end ? 1.0 - tail : tail);
        double denominator = 1.0 - acceleration * z;
        share[end] = denominator > 0.0 ? bench__normal_cdf(bias + z / denominator) : z > 0.0;
    }
}

static void find_tails(struct tally *tally, const float *x) {
    const double margin = 0.04, last = BENCH__CHUNK - 1;
    double share[2];
    end_shares(tally, share);
    if (share[0] + 2 * margin > share[1]) {
        return;
    }
    float sample[BENCH__CHUNK];
    memcpy(sample, x, sizeof sample);
    float low = select_rank(sample, BENCH__CHUNK, (size_t)((share[0] + margin) * last));
    float high = select_rank(sample, BENCH__CHUNK, (size_t)((share[1] - margin) * last));
    tally->middle = (low + high) / 2;
    tally->reach = fminf(tally->middle - low, high - tally->middle); /* both are kept */
}

/* At most BENCH__CHUNK values. */
static int tally_add(struct tally *tally, const float *x, size_t n) {
    int is_first = tally->n == 0;
    for (size_t i = 0; i < n; i++) {
        tally->n_below += (size_t)(x[i] < -tally->tolerance) + (size_t)(x[i] <= tally->tolerance);
    }
    tally->n += n;
    if (is_first && n == BENCH__CHUNK) {
        find_tails(tally, x);
    }
    int code = bench__grow(&tally->kept, &tally->capacity, tally->n_kept + n, sizeof *tally->kept);
    if (code != 0) {
        return code;
    }
    float *kept = tally->kept;
    size_t n_kept = tally->n_kept;
    for (size_t i = 0; i < n; i++) { /* a branch would often be mispredicted */
        kept[n_kept] = x[i];
        n_kept += !(fabsf(x[i] - tally->middle) < tally->reach);
    }
    tally->n_kept = n_kept;
    return 0;
}

/* The value at a share of all replicates, the middle of them being absent: a first chunk that has
 * misled costs little, the end point is then the edge of a tail. */
static float value_at(struct tally *tally, double share, size_t n_low) {
    double n = (double)tally->n, wanted = floor(share * (n + 1.0) + 0.5);
    size_t rank = (size_t)fmin(fmax(wanted, 1.0), n) - 1;
    if (rank < n_low) {
        return select_rank(tally->kept, n_low, rank);
    }
    size_t begins = n_low + tally->n - tally->n_kept; /* rank of the first of the upper tail */
    return select_rank(tally->kept + n_low, tally->n_kept - n_low,
                       rank > begins ? rank - begins : 0);
}

/* `error` is the standard error of the estimate, in its unit; for the bootstrap-t. */
static bench_estimate tally_interval(struct tally *tally, double error) {
    bench_estimate out = {tally->estimate, tally->estimate, tally->estimate};
    if (tally->n == 0) {
        return out;
    }
    double share[2];
    end_shares(tally, share);
    size_t n_low = tally->n_kept;
    if (tally->reach > 0.0f) {
        n_low = split(tally->kept, tally->n_kept, tally->middle, 0);
    }
    double lower = value_at(tally, share[0], n_low), upper = value_at(tally, share[1], n_low);
    if (tally->method == BENCH__BOOT_T) {
        double low = -upper * error;
        upper = -lower * error;
        lower = low;
    }
    out.lower += lower * tally->unit;
    out.upper += upper * tally->unit;
    return out;
}

/* ---- jackknife ------------------------------------------------------------------------------- */

/* From the estimates without one point each: the acceleration (Efron 1987) and how near replicates
 * must be to the estimate to count as ties, sums in another order being a little different. */
static void set_jackknife(struct tally *tally, const double *without, size_t n) {
    double mean = bench__mean(without, n), squares = 0.0, cubes = 0.0;
    for (size_t i = 0; i < n; i++) {
        double d = mean - without[i];
        squares += d * d;
        cubes += d * d * d;
    }
    double acceleration = cubes / (6.0 * squares * sqrt(squares));
    tally->acceleration = isfinite(acceleration) ? acceleration : 0.0;
    double tolerance = 1e-5 * sqrt(squares) / tally->unit;
    tally->tolerance = isfinite(tolerance) ? (float)tolerance : 0.0f;
}

/* Everything bench__bootstrap() needs; all zero is a valid state. */
struct work {
    struct bench__points points;
    struct bench__resampler resampler;
    struct bench__studentizer studentizer;
    struct bench__replicates replicates;
    struct tally tally[BENCH__BOOT_N];
    double *without[BENCH__BOOT_N]; /* estimates without one point each */
    uint32_t *list;
};

static void sums_without(struct work *work) {
    const struct bench__points *points = &work->points;
    const double n = (double)points->n, mean = points->estimate[BENCH__BOOT_MEAN];
    const double squares = points->estimate[BENCH__BOOT_VARIANCE] * (n - 1.0);
    double xx = 0.0;
    for (size_t i = 0; points->x && i < points->n; i++) {
        xx += points->x[i] * points->x[i];
    }
    for (size_t i = 0; i < points->n; i++) {
        double d = points->value[i] - mean;
        work->without[BENCH__BOOT_MEAN][i] = mean - d / (n - 1.0);
        work->without[BENCH__BOOT_VARIANCE][i] = (squares - d * d * n / (n - 1.0)) / (n - 2.0);
        if (points->x) {
            double x = points->x[i];
            work->without[BENCH__BOOT_SLOPE][i] =
                points->estimate[BENCH__BOOT_SLOPE] - x * points->residual[i] / (xx - x * x);
        }
    }
}

static void order_without(struct work *work) {
    const size_t n = work->points.n;
    for (size_t i = 0; i + 1 < n; i++) {
        work->list[i] = (uint32_t)i + 1;
    }
    for (size_t i = 0; i < n; i++) { /* the list holds all but i, ascending */
        bench__robust_of_list(&work->without[BENCH__BOOT_MEDIAN][i],
                              &work->without[BENCH__BOOT_MAD][i], work->points.value, work->list,
                              n - 1);
        if (i + 1 < n) {
            work->list[i] = (uint32_t)i;
        }
    }
}

static int jackknife(struct work *work) {
    const size_t n = work->points.n;
    work->list = bench__alloc(n, sizeof *work->list);
    for (int s = 0; s < BENCH__BOOT_N; s++) {
        work->without[s] = bench__alloc(n, sizeof *work->without[s]);
        if (!work->without[s] || !work->list) {
            return BENCH_ENOMEM;
        }
    }
    sums_without(work);
    order_without(work);
    for (int s = 0; s < BENCH__BOOT_N; s++) {
        set_jackknife(&work->tally[s], work->without[s], n);
    }
    return 0;
}

/* ---- the common statistics ------------------------------------------------------------------- */

static void work_free(struct work *work) {
    bench__points_clear(&work->points);
    bench__resampler_clear(&work->resampler);
    bench__studentizer_clear(&work->studentizer);
    for (int s = 0; s < BENCH__BOOT_N; s++) {
        bench__free(work->tally[s].kept);
        bench__free(work->without[s]);
    }
    bench__free(work->list);
    bench__free(work);
}

static int prepare(struct work *work, const struct bench__boot_options *options) {
    const struct bench__points *points = &work->points;
    for (int s = 0; s < BENCH__BOOT_N; s++) {
        tally_init(&work->tally[s], options, points->estimate[s], points->unit[s]);
    }
    if (options->method == BENCH__BOOT_T) {
        return bench__studentizer_init(&work->studentizer, points, options->seed);
    }
    int code = options->method == BENCH__BOOT_BCA ? jackknife(work) : 0;
    return code != 0 ? code : bench__resampler_init(&work->resampler, points, options->seed);
}

static int take_replicates(struct work *work, const struct bench__boot_options *options) {
    size_t left = (size_t)options->n_resamples;
    while (left > 0) {
        size_t n = left < BENCH__CHUNK ? left : BENCH__CHUNK;
        size_t n_valid[BENCH__BOOT_N] = {n, n, n, n, n};
        if (options->method == BENCH__BOOT_T) {
            bench__studentizer_next(&work->studentizer, &work->replicates, n, n_valid);
        } else {
            bench__resampler_next(&work->resampler, &work->replicates, n);
        }
        const int n_statistics = work->points.x ? BENCH__BOOT_N : BENCH__BOOT_SLOPE;
        for (int s = 0; s < n_statistics; s++) {
            if (tally_add(&work->tally[s], work->replicates.value[s], n_valid[s]) != 0) {
                return BENCH_ENOMEM;
            }
        }
        left -= n;
    }
    return 0;
}

/* Intervals of a variance are those of the deviation, squared. */
static bench_estimate root(bench_estimate estimate) {
    return (bench_estimate){sqrt(fmax(0.0, estimate.point)), sqrt(fmax(0.0, estimate.lower)),
                            sqrt(fmax(0.0, estimate.upper))};
}

static void estimate(struct bench__boot_result *out, struct work *work) {
    const double *error = work->studentizer.error;
    bench_estimate all[BENCH__BOOT_N];
    for (int s = 0; s < BENCH__BOOT_N; s++) {
        all[s] = tally_interval(&work->tally[s], error[s]);
    }
    all[BENCH__BOOT_MAD].lower = fmax(0.0, all[BENCH__BOOT_MAD].lower); /* not -1e-9 */
    *out = (struct bench__boot_result){
        .mean = all[BENCH__BOOT_MEAN],
        .median = all[BENCH__BOOT_MEDIAN],
        .mad = all[BENCH__BOOT_MAD],
        .std_dev = root(all[BENCH__BOOT_VARIANCE]),
        .slope = work->points.x ? all[BENCH__BOOT_SLOPE] : (bench_estimate){NAN, NAN, NAN},
    };
}

static int check(size_t n, const struct bench__boot_options *options, bench_error *err) {
    if (n < 2 || n > BENCH__MAX_POINTS) {
        return bench__error(err, BENCH_EINVAL, "cannot bootstrap %zu points", n);
    }
    if (options->n_resamples < 100 || !(options->level > 0.0 && options->level < 1.0)) {
        return bench__error(err, BENCH_EINVAL, "cannot bootstrap at level %g with %lld resamples",
                            options->level, (long long)options->n_resamples);
    }
    return 0;
}

static int check_points(const double *y, const double *x, size_t n, bench_error *err) {
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(y[i]) || (x && !(x[i] > 0.0 && isfinite(x[i])))) {
            return bench__error(err, BENCH_EINVAL, "cannot bootstrap point %zu: (%g, %g)", i,
                                x ? x[i] : NAN, y[i]);
        }
    }
    return 0;
}

/* Squares that overflow would leave nothing but NANs. */
static int check_estimates(const struct bench__points *points, bench_error *err) {
    if (isfinite(points->estimate[BENCH__BOOT_VARIANCE]) &&
        (!points->x || isfinite(points->estimate[BENCH__BOOT_SLOPE]))) {
        return 0;
    }
    return bench__error(err, BENCH_EINVAL, "cannot bootstrap values that large");
}

int bench__bootstrap(struct bench__boot_result *out, const double *y, const double *x, size_t n,
                     const struct bench__boot_options *options, bench_error *err) {
    if (check(n, options, err) != 0 || check_points(y, x, n, err) != 0) {
        return BENCH_EINVAL;
    }
    struct work *work = bench__alloc(1, sizeof *work);
    int code = work ? bench__points_init(&work->points, y, x, n) : BENCH_ENOMEM;
    if (code == 0) {
        code = check_estimates(&work->points, err);
    }
    if (code == 0) {
        code = prepare(work, options);
    }
    if (code == 0) {
        code = take_replicates(work, options);
    }
    if (code == 0) {
        estimate(out, work);
    } else {
        bench__error(err, code, "out of memory for a bootstrap of %zu points", n);
    }
    if (work) {
        work_free(work);
    }
    return code;
}

/* ---- any statistic --------------------------------------------------------------------------- */

struct any {
    bench__statistic *statistic;
    void *context;
    size_t n;
    double *resample, *without, *estimates;
};

/* Estimates without point i, for every i. @return the jackknife's standard error. */
static double any_jackknife(const struct any *any, const double *x) {
    const double n = (double)any->n;
    memcpy(any->without, x + 1, (any->n - 1) * sizeof *x);
    for (size_t i = 0; i < any->n; i++) {
        any->estimates[i] = any->statistic(any->without, any->n - 1, any->context);
        if (i + 1 < any->n) {
            any->without[i] = x[i];
        }
    }
    return (n - 1.0) / sqrt(n) * bench__std_dev(any->estimates, any->n);
}

static int any_replicates(struct tally *tally, const struct any *any, const double *x,
                          const struct bench__boot_options *options) {
    struct bench__rng rng;
    bench__rng_init(&rng, options->seed);
    for (int64_t done = 0; done < options->n_resamples; done++) {
        for (size_t i = 0; i < any->n; i++) {
            any->resample[i] = x[bench__rng_below(&rng, any->n)];
        }
        double deviation = any->statistic(any->resample, any->n, any->context) - tally->estimate;
        double unit = tally->unit;
        if (options->method == BENCH__BOOT_T) {
            unit = any_jackknife(any, any->resample);
        }
        float replicate = (float)(deviation / unit);
        if (isfinite(replicate) && tally_add(tally, &replicate, 1) != 0) {
            return BENCH_ENOMEM;
        }
    }
    return 0;
}

int bench__bootstrap_statistic(bench_estimate *out, const double *x, size_t n,
                               bench__statistic *statistic, void *context,
                               const struct bench__boot_options *options, bench_error *err) {
    if (check(n, options, err) != 0) {
        return BENCH_EINVAL;
    }
    double *memory = bench__alloc(n, 3 * sizeof *memory);
    struct tally tally = {0};
    int code = BENCH_ENOMEM;
    if (memory) {
        const struct any any = {statistic, context, n, memory, memory + n, memory + 2 * n};
        double error = any_jackknife(&any, x);
        tally_init(&tally, options, statistic(x, n, context), error > 0.0 ? error : 1.0);
        set_jackknife(&tally, any.estimates, n);
        code = any_replicates(&tally, &any, x, options);
    }
    if (code == 0) {
        *out = tally_interval(&tally, 1.0);
    } else {
        bench__error(err, code, "out of memory for a bootstrap of %zu points", n);
    }
    bench__free(tally.kept);
    bench__free(memory);
    return code;
}
