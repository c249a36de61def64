/*
 * The analysis of one benchmark, in the order of bench_result: samples to launch summaries,
 * launches to estimates, then everything beside time. The mathematics is in stats/; no rule about
 * verdicts here.
 */
#include "result/analyze.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/robust.h"
#include "result/metrics.h"
#include "result/model.h"
#include "stats/bootstrap.h"
#include "stats/describe.h"
#include "stats/kde.h"
#include "stats/outliers.h"
#include "stats/power.h"
#include "stats/quantile.h"
#include "stats/special.h"

#include <math.h>
#include <string.h>

#define LEAST_MODAL_SPREAD                                                                         \
    0.1 /* of the median, between quartiles or launches: what few samples do is no speed */
#define MIN_LAUNCHES_TO_RESAMPLE  10
#define MIN_LAUNCHES_TO_CORRELATE 8
#define MDE_ALPHA                 0.01
#define DENSITY_GRID              256
#define NOISY_SHARE               0.3
#define VARYING_RATIO             1.5 /* of iterations between samples: enough to see time grow */
#define LEAST_GROWTH              0.1 /* of the growth of iterations */
/* A sample, or a batch that is timed by itself, shorter than these, in resolutions and read
 * overheads of the clock, is not to be trusted; the plan aims at samples twice as long. For a
 * single timed operation the clock is part of the picture. */
#define SAMPLE_RESOLUTIONS 1000
#define SAMPLE_OVERHEADS   50
#define SINGLE_RESOLUTIONS 10
#define SINGLE_OVERHEADS   2

/* The launches that count, and their samples as time per iteration, one launch after the other. */
struct work {
    bench_result *result;
    uint64_t seed;
    size_t n_launches, n_samples;
    bench_launch **launch;
    size_t *start;    /* n_launches + 1 */
    double *times;    /* n_samples, in the order in which they were taken */
    double *scratch;  /* n_samples */
    double *medians;  /* n_launches */
    double *logs;     /* of the medians; all NAN when one is not positive */
    double *scratch2; /* n_launches */
};

static int has_samples(const bench_launch *launch) {
    return bench__launch_valid(launch) && launch->n_samples > 0 && launch->iterations != NULL &&
           launch->elapsed_ns != NULL;
}

static void work_clear(struct work *w) {
    bench__free(w->launch);
    bench__free(w->start);
    bench__free(w->times);
    bench__free(w->scratch);
    bench__free(w->medians);
    bench__free(w->logs);
    bench__free(w->scratch2);
}

static int work_init(struct work *w, bench_result *result) {
    const size_t most = result->n_launches;
    w->result = result;
    w->launch = bench__alloc(most, sizeof *w->launch);
    w->start = bench__alloc(most + 1, sizeof *w->start);
    w->medians = bench__alloc(most, sizeof *w->medians);
    w->logs = bench__alloc(most, sizeof *w->logs);
    w->scratch2 = bench__alloc(most, sizeof *w->scratch2);
    if (w->launch == NULL || w->start == NULL || w->medians == NULL || w->logs == NULL ||
        w->scratch2 == NULL) {
        return BENCH_ENOMEM;
    }
    for (size_t i = 0; i < most; i++) {
        bench_launch *launch = &result->launches[i];
        if (has_samples(launch)) {
            w->launch[w->n_launches++] = launch;
            w->n_samples += launch->n_samples;
            w->start[w->n_launches] = w->n_samples;
        }
    }
    w->times = bench__alloc(w->n_samples, sizeof *w->times);
    w->scratch = bench__alloc(w->n_samples, sizeof *w->scratch);
    return w->times != NULL && w->scratch != NULL ? 0 : BENCH_ENOMEM;
}

/* ---- launches ---------------------------------------------------------------------------------
 */

static void summarise_launch(struct work *w, size_t i) {
    bench_launch *launch = w->launch[i];
    double *times = w->times + w->start[i], *sorted = w->scratch;
    const size_t n = launch->n_samples;
    for (size_t s = 0; s < n; s++) {
        times[s] = launch->elapsed_ns[s] / (double)launch->iterations[s];
    }
    memcpy(sorted, times, n * sizeof *sorted);
    bench__sort(sorted, n);
    launch->median_ns = bench__quantile(sorted, n, 0.5, 7);
    launch->q05_ns = bench__quantile(sorted, n, 0.05, 7);
    launch->q25_ns = bench__quantile(sorted, n, 0.25, 7);
    launch->q75_ns = bench__quantile(sorted, n, 0.75, 7);
    launch->q95_ns = bench__quantile(sorted, n, 0.95, 7);
    w->medians[i] = launch->median_ns;
}

static void summarise_launches(struct work *w) {
    int all_positive = 1;
    for (size_t i = 0; i < w->n_launches; i++) {
        summarise_launch(w, i);
        all_positive &= w->medians[i] > 0;
    }
    for (size_t i = 0; i < w->n_launches; i++) {
        w->logs[i] = all_positive ? log(w->medians[i]) : NAN;
    }
}

/* ---- estimates over launches ------------------------------------------------------------------
 */

/* t interval around the mean of logs; the point, some other location, is kept inside. */
static bench_estimate log_interval(double point, const double *logs, size_t n, double level) {
    bench_estimate estimate = {point, NAN, NAN};
    if (n >= 2 && !isnan(logs[0])) {
        const double half = bench__t_quantile(0.5 + level / 2, (double)(n - 1)) *
                            bench__std_dev(logs, n) / sqrt((double)n);
        const double centre = bench__mean(logs, n);
        estimate.lower = fmin(point, exp(centre - half));
        estimate.upper = fmax(point, exp(centre + half));
    }
    return estimate;
}

static void estimate_from_few(struct work *w) {
    bench_time_estimates *time = &w->result->time;
    const double level = w->result->options.confidence_level;
    const size_t n = w->n_launches;
    double *x = w->scratch2;
    memcpy(x, w->medians, n * sizeof *x);
    time->median = log_interval(bench__median_inplace(x, n), w->logs, n, level);
    time->mean = log_interval(bench__mean(w->medians, n), w->logs, n, level);
    if (n >= 2) {
        time->std_dev.point = bench__std_dev(w->medians, n);
        time->mad.point = bench__mad_inplace(x, n);
    }
}

static struct bench__boot_options boot_options(const struct work *w) {
    return (struct bench__boot_options){.method = BENCH__BOOT_BCA,
                                        .n_resamples = w->result->options.n_resamples,
                                        .level = w->result->options.confidence_level,
                                        .seed = w->seed};
}

static int estimate_from_many(struct work *w, bench_error *err) {
    bench_time_estimates *time = &w->result->time;
    const struct bench__boot_options options = boot_options(w);
    const size_t n = w->n_launches;
    struct bench__boot_result boot;
    memcpy(w->scratch2, w->medians, n * sizeof *w->scratch2);
    bench__sort(w->scratch2, n);
    time->median = bench__median_interval(w->scratch2, n, options.level, NULL);
    const int rc = bench__bootstrap(&boot, w->medians, NULL, n, &options, err);
    if (rc == 0) {
        time->mean = boot.mean;
        time->mad = boot.mad;
        time->std_dev = boot.std_dev;
    }
    return rc;
}

/* The slope of all samples, sum(xy) / sum(xx), with launches resampled: launch p enters as the one
 * point (sqrt(Sxx), Sxy / sqrt(Sxx)), whose products are the launch's own sums. */
static int estimate_slope(struct work *w, bench_error *err) {
    bench_time_estimates *time = &w->result->time;
    const size_t n = w->n_launches;
    double *x = w->scratch2, *y = bench__alloc(n, sizeof *y), total_xx = 0, total_xy = 0;
    int rc = y != NULL ? 0 : bench__error(err, BENCH_ENOMEM, "out of memory analysing samples");
    for (size_t i = 0; i < n && rc == 0; i++) {
        const bench_launch *launch = w->launch[i];
        double xx = 0, xy = 0;
        for (size_t s = 0; s < launch->n_samples; s++) {
            const double iterations = (double)launch->iterations[s];
            xx += iterations * iterations;
            xy += iterations * launch->elapsed_ns[s];
        }
        x[i] = sqrt(xx);
        y[i] = xy / sqrt(xx);
        total_xx += xx;
        total_xy += xy;
    }
    if (rc == 0 && n >= MIN_LAUNCHES_TO_RESAMPLE) {
        const struct bench__boot_options options = boot_options(w);
        struct bench__boot_result boot;
        rc = bench__bootstrap(&boot, y, x, n, &options, err);
        time->slope = rc == 0 ? boot.slope : time->slope;
    } else if (rc == 0) {
        for (size_t i = 0; i < n; i++) {
            y[i] = log(y[i] / x[i]);
        }
        time->slope = log_interval(total_xy / total_xx, isfinite(bench__mean(y, n)) ? y : w->logs,
                                   n, w->result->options.confidence_level);
    }
    bench__free(y);
    return rc;
}

static int estimate_over_launches(struct work *w, bench_error *err) {
    bench_time_estimates *time = &w->result->time;
    const size_t n = w->n_launches;
    int rc = 0;
    if (n >= MIN_LAUNCHES_TO_RESAMPLE) {
        rc = estimate_from_many(w, err);
    } else {
        estimate_from_few(w);
    }
    if (rc == 0 && w->result->options.sampling == BENCH_SAMPLING_LINEAR) {
        rc = estimate_slope(w, err);
    }
    if (n >= 2) { /* NAN logs give NAN */
        const double se = bench__std_dev(w->logs, n) * sqrt(2 / (double)n);
        time->mde = expm1(bench__mde(se, 2 * (double)n - 2, MDE_ALPHA));
    }
    return rc;
}

/* ---- estimates over samples -------------------------------------------------------------------
 */

static void describe_pooled(struct work *w) {
    bench_time_estimates *time = &w->result->time;
    const size_t n = w->n_samples;
    double *x = w->scratch;
    memcpy(x, w->times, n * sizeof *x);
    bench__sort(x, n);
    time->min = x[0];
    time->max = x[n - 1];
    time->q05 = bench__quantile(x, n, 0.05, 7);
    time->q25 = bench__quantile(x, n, 0.25, 7);
    time->q75 = bench__quantile(x, n, 0.75, 7);
    time->q95 = bench__quantile(x, n, 0.95, 7);
    time->q99 = bench__quantile(x, n, 0.99, 7);
}

static void count_outliers(struct work *w) {
    for (size_t i = 0; i < w->n_launches; i++) {
        for (size_t s = w->start[i]; s < w->start[i + 1]; s++) {
            w->scratch[s] = w->times[s] / w->medians[i];
        }
    }
    bench__sort(w->scratch, w->n_samples);
    bench__outliers(w->scratch, w->n_samples, &w->result->time.outliers);
}

static void describe_order(struct work *w) {
    bench_time_estimates *time = &w->result->time;
    double sum = 0;
    size_t n = 0;
    time->effective_samples = 0;
    for (size_t i = 0; i < w->n_launches; i++) {
        const double *x = w->times + w->start[i];
        const size_t length = w->start[i + 1] - w->start[i];
        const double lag1 = bench__autocorrelation(x, length, 1);
        const double effective = bench__effective_size(x, length);
        time->effective_samples += isnan(effective) ? (double)length : effective;
        sum += isnan(lag1) ? 0 : lag1;
        n += !isnan(lag1);
    }
    time->lag1 = n > 0 ? sum / (double)n : NAN;
}

/* On the log scale, so only where every sample took some time. */
static int describe_logs(struct work *w, bench_error *err) {
    bench_time_estimates *time = &w->result->time;
    struct bench__density density;
    for (size_t s = 0; s < w->n_samples; s++) {
        w->scratch[s] = log(w->times[s]);
    }
    const struct bench__components variance =
        bench__variance_components(w->scratch, w->start, w->n_launches);
    time->between_launch_sd = sqrt(variance.between);
    time->within_launch_sd = sqrt(variance.within);
    const int rc = bench__density(&density, w->times, w->n_samples, DENSITY_GRID, err);
    if (rc == 0) {
        time->n_modes = density.n_modes;
        bench__density_clear(&density);
    }
    return rc;
}

static int estimate_time(struct work *w, bench_error *err) {
    summarise_launches(w);
    int rc = estimate_over_launches(w, err);
    if (rc != 0) {
        return rc;
    }
    describe_pooled(w);
    describe_order(w);
    if (w->result->time.min > 0) {
        count_outliers(w);
        rc = describe_logs(w, err);
    }
    return rc;
}

/* ---- the calibration ------------------------------------------------------------------------- */

static void correlate(struct work *w, const bench_calibration *calibrations,
                      size_t n_calibrations) {
    for (size_t k = 0; k < BENCH_N_KERNELS; k++) {
        double *times = w->scratch, *readings = w->scratch2; /* n_samples >= n_launches */
        size_t n = 0;
        for (size_t i = 0; i < w->n_launches; i++) {
            const int at = w->launch[i]->calibration;
            if (at >= 0 && (size_t)at < n_calibrations && calibrations[at].ns[k] > 0) {
                times[n] = w->logs[i];
                readings[n++] = log(calibrations[at].ns[k]);
            }
        }
        w->result->kernel_correlation[k] =
            n >= MIN_LAUNCHES_TO_CORRELATE ? bench__correlation(times, readings, n) : NAN;
    }
}

/* ---- flags ------------------------------------------------------------------------------------
 */

/* Median iterations, or median time, of the samples with more (or fewer) than `middle` iterations.
 */
static double half_median(struct work *w, double middle, int above, int want_time) {
    size_t n = 0;
    for (size_t i = 0; i < w->n_launches; i++) {
        const bench_launch *launch = w->launch[i];
        for (size_t s = 0; s < launch->n_samples; s++) {
            const double iterations = (double)launch->iterations[s];
            if (above ? iterations > middle : iterations < middle) {
                w->scratch[n++] = want_time ? launch->elapsed_ns[s] : iterations;
            }
        }
    }
    return bench__median_inplace(w->scratch, n);
}

/* More iterations must take more time. Only linear sampling varies their number within a launch. */
static int fails_to_grow(struct work *w) {
    if (w->result->options.sampling != BENCH_SAMPLING_LINEAR) {
        return 0;
    }
    for (size_t i = 0; i < w->n_launches; i++) {
        for (size_t s = 0; s < w->launch[i]->n_samples; s++) {
            w->scratch[w->start[i] + s] = (double)w->launch[i]->iterations[s];
        }
    }
    const double middle = bench__median_inplace(w->scratch, w->n_samples);
    const double more = half_median(w, middle, 1, 0) / half_median(w, middle, 0, 0);
    if (!(more >= VARYING_RATIO)) {
        return 0;
    }
    const double longer = half_median(w, middle, 1, 1) / half_median(w, middle, 0, 1);
    return !(longer - 1 >= LEAST_GROWTH * (more - 1));
}

/* The usual length of what is timed at a stretch: a sample, or each batch of it. */
static double stretch_ns(const bench_launch *launch, double *scratch) {
    for (size_t s = 0; s < launch->n_samples; s++) {
        const double iterations = (double)launch->iterations[s], most = (double)launch->batch_max;
        scratch[s] = launch->elapsed_ns[s] * (most > 0 ? fmin(most / iterations, 1) : 1);
    }
    return bench__median_inplace(scratch, launch->n_samples);
}

static int is_clock_bound(struct work *w) {
    const int single = w->result->options.sampling == BENCH_SAMPLING_LATENCY;
    const bench_launch *first = w->launch[0];
    const bench_clock_record *clock = &first->clock;
    const double length = single ? w->result->latency.p50 : stretch_ns(first, w->scratch);
    const double resolutions = single ? SINGLE_RESOLUTIONS : SAMPLE_RESOLUTIONS;
    const double overheads = single ? SINGLE_OVERHEADS : SAMPLE_OVERHEADS;
    return length < fmax(resolutions * clock->resolution_ns, overheads * clock->overhead_ns);
}

/* From the second fastest launch to the second slowest: a single odd one is no speed. */
static double spread_of_launches(const struct work *w) {
    double low[2] = {INFINITY, INFINITY}, high[2] = {0, 0};
    for (size_t i = 0; i < w->n_launches; i++) {
        const double x = w->launch[i]->median_ns;
        low[1] = fmin(low[1], fmax(x, low[0]));
        low[0] = fmin(low[0], x);
        high[1] = fmax(high[1], fmin(x, high[0]));
        high[0] = fmax(high[0], x);
    }
    return w->n_launches < 4 ? 0 : high[1] - low[1];
}

static unsigned flags_of_samples(struct work *w, double empty_loop_ns) {
    unsigned flags = 0;
    if (w->result->options.sampling != BENCH_SAMPLING_LATENCY &&
        (w->result->time.median.point <= BENCH__DEAD_CODE_RATIO * empty_loop_ns ||
         fails_to_grow(w))) {
        flags |= BENCH_FLAG_DEAD_CODE;
    }
    if (is_clock_bound(w)) {
        flags |= BENCH_FLAG_CLOCK_BOUND;
    }
    const bench_time_estimates *time = &w->result->time;
    const double apart = fmax(time->q75 - time->q25, spread_of_launches(w));
    const int is_wide = apart > LEAST_MODAL_SPREAD * time->median.point;
    return flags | (time->n_modes > 1 && is_wide ? BENCH_FLAG_MULTIMODAL : 0);
}

static unsigned flags_of_launches(const bench_result *result) {
    unsigned flags = bench__contaminated_share(result) > NOISY_SHARE ? BENCH_FLAG_NOISY : 0;
    int n_valid = 0;
    for (size_t i = 0; i < result->n_launches; i++) {
        const bench_launch *launch = &result->launches[i];
        if (bench__launch_valid(launch)) {
            n_valid++;
            flags |= launch->steady ? 0 : BENCH_FLAG_NOT_STEADY;
            flags |= launch->output_bytes > 0 ? BENCH_FLAG_WRITES_OUTPUT : 0;
        }
    }
    return flags | (n_valid < result->options.launches ? BENCH_FLAG_FEW_LAUNCHES : 0);
}

/* ---- all of it --------------------------------------------------------------------------------
 */

/* An analysis may be made again, with other options: nothing of the one before may stay. */
static void forget(bench_result *result) {
    bench_result empty;
    bench__result_init(&empty);
    result->time = empty.time;
    memcpy(result->kernel_correlation, empty.kernel_correlation, sizeof empty.kernel_correlation);
    result->flags &= BENCH_FLAG_OVERSUBSCRIBED;
}

static uint64_t hash_text(const char *text) { /* FNV-1a */
    uint64_t hash = 14695981039346656037u;
    for (; *text != '\0'; text++) {
        hash = (hash ^ (unsigned char)*text) * 1099511628211u;
    }
    return hash;
}

static int analyze_samples(struct work *w, const bench_calibration *calibrations,
                           size_t n_calibrations, double empty_loop_ns, bench_error *err) {
    if (w->n_launches == 0) {
        return 0;
    }
    const int rc = estimate_time(w, err);
    if (rc == 0) {
        correlate(w, calibrations, calibrations != NULL ? n_calibrations : 0);
        w->result->flags |= flags_of_samples(w, empty_loop_ns);
    }
    return rc;
}

int bench__analyze(bench_result *result, const bench_calibration *calibrations,
                   size_t n_calibrations, double empty_loop_ns, uint64_t seed, bench_error *err) {
    struct work w = {.seed = bench__rng_mix(seed, hash_text(result->name))};
    forget(result);
    int rc = work_init(&w, result);
    if (rc != 0) {
        bench__error(err, rc, "out of memory analysing samples");
    }
    if (rc == 0) {
        rc = bench__metrics(result, err);
    }
    if (rc == 0) {
        rc = analyze_samples(&w, calibrations, n_calibrations, empty_loop_ns, err);
    }
    if (rc == 0) {
        result->flags |= flags_of_launches(result);
    }
    work_clear(&w);
    return rc;
}
