/*
 * The resampling engine; resample.h explains the method. Produces statistics of resamples, knows
 * nothing of intervals.
 */
#include "stats/resample.h"

#include "base/mem.h"
#include "stats/describe.h"
#include "stats/regression.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- points ----------------------------------------------------------------------------------- */

struct point {
    double value, x, y;
};

static int by_value(const void *a, const void *b) {
    double v = ((const struct point *)a)->value, w = ((const struct point *)b)->value;
    return (v > w) - (v < w);
}

static void describe_points(struct bench__points *points, const struct point *sorted) {
    for (size_t i = 0; i < points->n; i++) {
        points->value[i] = sorted[i].value;
        if (points->x) {
            points->x[i] = sorted[i].x;
            points->residual[i] = sorted[i].y;
        }
    }
    points->mean = bench__mean(points->value, points->n);
    points->std_dev = bench__std_dev(points->value, points->n);
    points->slope = NAN;
    if (points->x) {
        points->slope = bench__slope_origin(points->x, points->residual, points->n);
        for (size_t i = 0; i < points->n; i++) {
            points->residual[i] -= points->slope * points->x[i];
        }
    }
}

int bench__points_init(struct bench__points *points, const double *y, const double *x, size_t n) {
    *points = (struct bench__points){.n = n};
    struct point *sorted = bench__alloc(n, sizeof *sorted);
    points->value = bench__alloc(n, sizeof *points->value);
    if (x) {
        points->x = bench__alloc(n, sizeof *points->x);
        points->residual = bench__alloc(n, sizeof *points->residual);
    }
    if (!sorted || !points->value || (x && (!points->x || !points->residual))) {
        bench__free(sorted);
        bench__points_clear(points);
        return BENCH_ENOMEM;
    }
    for (size_t i = 0; i < n; i++) {
        sorted[i] = (struct point){x ? y[i] / x[i] : y[i], x ? x[i] : 0.0, y[i]};
    }
    qsort(sorted, n, sizeof *sorted, by_value);
    describe_points(points, sorted);
    bench__free(sorted);
    return 0;
}

void bench__points_clear(struct bench__points *points) {
    bench__free(points->value);
    bench__free(points->x);
    bench__free(points->residual);
    *points = (struct bench__points){0};
}

/* ---- drawing ---------------------------------------------------------------------------------- */

enum { EXPAND = 4 }; /* copies of a point written at once */

int bench__drawer_init(struct bench__drawer *drawer, size_t n, uint64_t seed) {
    *drawer = (struct bench__drawer){.n = n};
    bench__rng_init(&drawer->rng, seed);
    drawer->list = bench__alloc(2 * n + EXPAND, sizeof *drawer->list);
    drawer->before = bench__alloc(n + 1, sizeof *drawer->before);
    drawer->count = bench__alloc(n, sizeof *drawer->count);
    if (!drawer->list || !drawer->before || !drawer->count) {
        bench__drawer_clear(drawer);
        return BENCH_ENOMEM;
    }
    return 0;
}

void bench__drawer_clear(struct bench__drawer *drawer) {
    bench__free(drawer->list);
    bench__free(drawer->before);
    bench__free(drawer->count);
    *drawer = (struct bench__drawer){0};
}

/* Lemire's unbiased bounded numbers (2019) on the 16- or 32-bit parts of one random word. */
static inline void draw_counts(struct bench__drawer *drawer, const unsigned bits) {
    const uint64_t n = drawer->n, mask = (UINT64_C(1) << bits) - 1, reject = (mask + 1) % n;
    uint32_t *count = drawer->count;
    for (uint64_t left = n; left > 0;) {
        uint64_t word = bench__rng_u64(&drawer->rng);
        for (unsigned part = 0; part < 64 / bits && left > 0; part++, word >>= bits) {
            uint64_t product = (word & mask) * n;
            if ((product & mask) >= reject) {
                count[product >> bits]++;
                left--;
            }
        }
    }
}

void bench__drawer_next(struct bench__drawer *drawer) {
    const size_t n = drawer->n;
    uint32_t *list = drawer->list, n_listed = 0;
    if (n <= 4096) {
        draw_counts(drawer, 16);
    } else {
        draw_counts(drawer, 32);
    }
    for (uint32_t i = 0; i < n; i++) {
        uint32_t count = drawer->count[i];
        drawer->count[i] = 0;
        drawer->before[i] = n_listed;
        /* A branch on `count` would be mispredicted half of the time: write too many, and let the
         * next point overwrite them. */
        for (uint32_t k = 0; k < EXPAND; k++) {
            list[n_listed + k] = i;
        }
        for (uint32_t k = EXPAND; k < count; k++) {
            list[n_listed + k] = i;
        }
        n_listed += count;
    }
    drawer->before[n] = n_listed;
    for (size_t k = 0; k < n; k++) {
        list[n + k] = list[k] + (uint32_t)n;
    }
}

/* ---- median and MAD --------------------------------------------------------------------------- */

struct sample {
    const double *value;
    const uint32_t *list;
    ptrdiff_t offset;
};

static inline double element(const struct sample *sample, size_t k) {
    return sample->value[(ptrdiff_t)sample->list[k] + sample->offset];
}

/* The mean of the k-th (and, for even n, the next) smallest distance from the median, k = (n+1)/2.
 * The k - 1 nearest elements are first ... first + k - 2: the candidates are their neighbours. */
static double mad_from_window(const struct sample *sample, size_t n, size_t first, double median) {
    size_t k = (n + 1) / 2;
    double left = first > 0 ? median - element(sample, first - 1) : INFINITY;
    double right = element(sample, first + k - 1) - median;
    double nearest = left < right ? left : right;
    if (n % 2 == 1) {
        return nearest;
    }
    double next = left < right ? right : left;
    double left2 = first > 1 ? median - element(sample, first - 2) : INFINITY;
    double right2 = first + k < n ? element(sample, first + k) - median : INFINITY;
    next = left2 < next ? left2 : next;
    next = right2 < next ? right2 : next;
    return (nearest + next) / 2;
}

void bench__robust_of_lists(const double *value, const uint32_t *const *list,
                            const ptrdiff_t *offset, size_t n_lists, size_t n, double *out_median,
                            double *out_mad) {
    struct sample sample[BENCH__LANES];
    size_t first[BENCH__LANES] = {0};
    const size_t k = (n + 1) / 2;
    for (size_t i = 0; i < n_lists; i++) {
        sample[i] = (struct sample){value, list[i], offset[i]};
        out_median[i] = (element(&sample[i], k - 1) + element(&sample[i], n / 2)) / 2;
    }
    /* The first window of k elements that reaches at least as far above the median as below it.
     * Branch-free, and a step of all samples at a time, so that they run in parallel. */
    for (size_t left = n - k; left > 0;) {
        size_t half = (left + 1) / 2;
        for (size_t i = 0; i < n_lists; i++) {
            size_t tested = first[i] + half - 1;
            double below = out_median[i] - element(&sample[i], tested);
            double above = element(&sample[i], tested + k - 1) - out_median[i];
            first[i] += half * (above < below);
        }
        left -= half;
    }
    for (size_t i = 0; i < n_lists; i++) {
        out_mad[i] = mad_from_window(&sample[i], n, first[i], out_median[i]);
    }
}

/* ---- sums ------------------------------------------------------------------------------------- */

/* Terms are centred and scaled to about 1, so that single precision loses a millionth of the
 * bootstrap's own scatter at most. */
typedef float lanes __attribute__((vector_size(4 * BENCH__LANES)));

struct terms {
    lanes value;    /* z = (value - mean) / value_scale */
    lanes square;   /* z^2 - 1 */
    lanes residual; /* u e, with u = x / x_scale, e = residual / residual_scale */
    lanes xx;       /* u^2 */
};

struct table {
    struct terms *row; /* by point number; NULL when out of memory */
    double value_scale, x_scale, residual_scale;
};

static double largest(const double *x, size_t n) {
    double max = 0.0;
    for (size_t i = 0; i < n; i++) {
        max = fmax(max, fabs(x[i]));
    }
    return max > 0.0 ? max : 1.0;
}

static void fill_lane(struct table *table, const struct bench__points *points, size_t lane,
                      const size_t *order) {
    for (size_t i = 0; i < points->n; i++) {
        size_t k = order[i];
        double z = (points->value[k] - points->mean) / table->value_scale;
        table->row[i].value[lane] = (float)z;
        table->row[i].square[lane] = (float)(z * z - 1.0);
        if (points->x) {
            double u = points->x[k] / table->x_scale;
            table->row[i].residual[lane] = (float)(u * points->residual[k] / table->residual_scale);
            table->row[i].xx[lane] = (float)(u * u);
        }
    }
}

static int table_init(struct table *table, const struct bench__points *points,
                      struct bench__rng *rng) {
    size_t n = points->n, *order = bench__alloc(n, sizeof *order);
    *table = (struct table){.row = bench__alloc(n, sizeof *table->row)};
    if (!order || !table->row) {
        bench__free(order);
        bench__free(table->row);
        return BENCH_ENOMEM;
    }
    table->value_scale = points->std_dev > 0.0 ? points->std_dev : 1.0;
    if (points->x) {
        table->x_scale = largest(points->x, n);
        table->residual_scale = largest(points->residual, n);
    }
    for (size_t lane = 0; lane < BENCH__LANES; lane++) {
        bench__rng_permutation(rng, order, n);
        fill_lane(table, points, lane, order);
    }
    bench__free(order);
    return 0;
}

static void add_rows(struct terms *sum, const struct terms *row, const uint32_t *list, size_t n) {
    lanes value = {0}, square = {0}, residual = {0}, xx = {0};
    for (size_t k = 0; k < n; k++) {
        const struct terms *terms = &row[list[k]];
        value += terms->value;
        square += terms->square;
        residual += terms->residual;
        xx += terms->xx;
    }
    *sum = (struct terms){value, square, residual, xx};
}

/* The same without x: half the work. */
static void add_value_rows(struct terms *sum, const struct terms *row, const uint32_t *list,
                           size_t n) {
    lanes value = {0}, square = {0};
    for (size_t k = 0; k < n; k++) {
        value += row[list[k]].value;
        square += row[list[k]].square;
    }
    *sum = (struct terms){.value = value, .square = square};
}

/* ---- all together ----------------------------------------------------------------------------- */

typedef double lane_values[BENCH__BOOT_N][BENCH__LANES];

static void statistics_of_sums(lane_values out, const struct terms *sum, const struct table *table,
                               const struct bench__points *points) {
    const double n = (double)points->n;
    for (size_t i = 0; i < BENCH__LANES; i++) {
        double z = sum->value[i], squares = sum->square[i] + n - z * z / n;
        double xx = sum->xx[i];
        out[BENCH__BOOT_MEAN][i] = points->mean + table->value_scale * z / n;
        out[BENCH__BOOT_STD_DEV][i] =
            table->value_scale * sqrt((squares > 0.0 ? squares : 0.0) / (n - 1.0));
        out[BENCH__BOOT_SLOPE][i] = points->slope + sum->residual[i] / (xx > 0.0 ? xx : 1.0) *
                                                        table->residual_scale / table->x_scale;
    }
}

static void rotated_medians(lane_values out, const struct bench__drawer *drawer,
                            const double *value) {
    const size_t n = drawer->n;
    const uint32_t *list[BENCH__LANES];
    ptrdiff_t offset[BENCH__LANES];
    for (size_t i = 0; i < BENCH__LANES; i++) {
        size_t shift = i * n / BENCH__LANES;
        list[i] = drawer->list + drawer->before[n - shift]; /* from here on, numbers wrap round */
        offset[i] = (ptrdiff_t)shift - (ptrdiff_t)n;
    }
    bench__robust_of_lists(value, list, offset, BENCH__LANES, n, out[BENCH__BOOT_MEDIAN],
                           out[BENCH__BOOT_MAD]);
}

static void resample_all(double *const out[BENCH__BOOT_N], const struct bench__points *points,
                         size_t n_resamples, struct bench__drawer *drawer,
                         const struct table *table) {
    for (size_t done = 0; done < n_resamples; done += BENCH__LANES) {
        struct terms sum;
        lane_values values;
        size_t used = n_resamples - done < BENCH__LANES ? n_resamples - done : BENCH__LANES;
        bench__drawer_next(drawer);
        if (points->x) {
            add_rows(&sum, table->row, drawer->list, points->n);
        } else {
            add_value_rows(&sum, table->row, drawer->list, points->n);
        }
        statistics_of_sums(values, &sum, table, points);
        rotated_medians(values, drawer, points->value);
        for (size_t s = 0; s < BENCH__BOOT_N; s++) {
            if (out[s]) {
                memcpy(out[s] + done, values[s], used * sizeof values[s][0]);
            }
        }
    }
}

int bench__resample(double *const out[BENCH__BOOT_N], const struct bench__points *points,
                    size_t n_resamples, uint64_t seed) {
    struct bench__drawer drawer;
    struct table table;
    if (bench__drawer_init(&drawer, points->n, seed) != 0) {
        return BENCH_ENOMEM;
    }
    int code = table_init(&table, points, &drawer.rng);
    if (code == 0) {
        resample_all(out, points, n_resamples, &drawer, &table);
        bench__free(table.row);
    }
    bench__drawer_clear(&drawer);
    return code;
}
