/*
 * The resampling engine; resample.h explains the method. Produces statistics of resamples, knows
 * nothing of intervals.
 */
#include "stats/resample.h"

#include "base/mem.h"
#include "base/robust.h"
#include "stats/describe.h"
#include "stats/regression.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- points ---------------------------------------------------------------------------------- */

struct point {
    double value, x, y;
};

static int by_value(const void *a, const void *b) {
    double v = ((const struct point *)a)->value, w = ((const struct point *)b)->value;
    return (v > w) - (v < w);
}

static void describe_values(struct bench__points *points) {
    const size_t n = points->n;
    double *value = points->value, *estimate = points->estimate, *unit = points->unit;
    estimate[BENCH__BOOT_MEAN] = bench__mean(value, n);
    estimate[BENCH__BOOT_VARIANCE] = bench__variance(value, n);
    memcpy(value + n, value, n * sizeof *value);
    estimate[BENCH__BOOT_MEDIAN] = bench__median_inplace(value + n, n);
    estimate[BENCH__BOOT_MAD] = bench__mad_inplace(value + n, n);
    memcpy(value + n, value, n * sizeof *value);
    double variance = estimate[BENCH__BOOT_VARIANCE], std_dev = sqrt(variance);
    unit[BENCH__BOOT_MEAN] = std_dev > 0.0 ? std_dev : 1.0;
    unit[BENCH__BOOT_MEDIAN] = unit[BENCH__BOOT_MAD] = unit[BENCH__BOOT_MEAN];
    unit[BENCH__BOOT_VARIANCE] = variance;
}

static double largest(const double *x, size_t n) {
    double max = 0.0;
    for (size_t i = 0; i < n; i++) {
        max = fmax(max, fabs(x[i]));
    }
    return max > 0.0 ? max : 1.0;
}

static void describe_slope(struct bench__points *points, const struct point *sorted) {
    for (size_t i = 0; i < points->n; i++) {
        points->x[i] = sorted[i].x;
        points->residual[i] = sorted[i].y;
    }
    double slope = bench__slope_origin(points->x, points->residual, points->n);
    for (size_t i = 0; i < points->n; i++) {
        points->residual[i] -= slope * points->x[i];
    }
    points->largest_x = largest(points->x, points->n);
    points->largest_residual = largest(points->residual, points->n);
    points->estimate[BENCH__BOOT_SLOPE] = slope;
    points->unit[BENCH__BOOT_SLOPE] = points->largest_residual / points->largest_x;
}

int bench__points_init(struct bench__points *points, const double *y, const double *x, size_t n) {
    *points = (struct bench__points){.n = n};
    points->estimate[BENCH__BOOT_SLOPE] = NAN;
    points->unit[BENCH__BOOT_SLOPE] = 1.0;
    struct point *sorted = bench__alloc(n, sizeof *sorted);
    points->value = bench__alloc(n, 2 * sizeof *points->value);
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
    for (size_t i = 0; i < n; i++) {
        points->value[i] = sorted[i].value;
    }
    describe_values(points);
    if (x) {
        describe_slope(points, sorted);
    }
    bench__free(sorted);
    return 0;
}

void bench__points_clear(struct bench__points *points) {
    bench__free(points->value);
    bench__free(points->x);
    bench__free(points->residual);
    *points = (struct bench__points){0};
}

/* ---- drawing --------------------------------------------------------------------------------- */

enum { EXPAND = 4 }; /* copies of a point number written at once */

int bench__drawer_init(struct bench__drawer *drawer, size_t n, uint64_t seed) {
    *drawer = (struct bench__drawer){.n = n};
    bench__rng_init(&drawer->rng, seed);
    drawer->drawn = bench__alloc(n, sizeof *drawer->drawn);
    drawer->count = bench__alloc(n, sizeof *drawer->count);
    drawer->list = bench__alloc(2 * n + EXPAND, sizeof *drawer->list);
    if (!drawer->drawn || !drawer->count || !drawer->list) {
        bench__drawer_clear(drawer);
        return BENCH_ENOMEM;
    }
    return 0;
}

void bench__drawer_clear(struct bench__drawer *drawer) {
    bench__free(drawer->drawn);
    bench__free(drawer->count);
    bench__free(drawer->list);
    *drawer = (struct bench__drawer){0};
}

/* Lemire's unbiased bounded numbers (2019) from the 16- or 32-bit parts of random words. */
static inline void draw_bits(struct bench__drawer *drawer, const unsigned bits) {
    const uint64_t n = drawer->n, mask = (UINT64_C(1) << bits) - 1, reject = (mask + 1) % n;
    for (size_t k = 0; k < n;) {
        uint64_t word = bench__rng_u64(&drawer->rng);
        for (unsigned part = 0; part < 64 / bits && k < n; part++, word >>= bits) {
            uint64_t product = (word & mask) * n;
            if ((product & mask) >= reject) {
                uint32_t point = (uint32_t)(product >> bits);
                drawer->drawn[k++] = point;
                drawer->count[point]++;
            }
        }
    }
}

void bench__draw(struct bench__drawer *drawer) {
    memset(drawer->count, 0, drawer->n * sizeof *drawer->count);
    if (drawer->n <= 4096) {
        draw_bits(drawer, 16);
    } else {
        draw_bits(drawer, 32);
    }
}

/* Every number is written four times and the surplus overwritten by the next one: branches on the
 * count would be mispredicted half of the time. */
void bench__draw_list(struct bench__drawer *drawer, const size_t *order) {
    const size_t n = drawer->n;
    uint32_t *end = drawer->list;
    for (size_t lane = 0, i = 0; lane < BENCH__LANES; lane++) {
        drawer->start[lane] = end;
        for (; i < (lane + 1) * n / BENCH__LANES; i++) {
            const size_t count = drawer->count[order[i]];
            const uint64_t twice = (uint64_t)i << 32 | i;
            memcpy(end, &twice, sizeof twice);
            memcpy(end + 2, &twice, sizeof twice);
            if (count > EXPAND) {
                for (size_t k = EXPAND; k < count; k++) {
                    end[k] = (uint32_t)i;
                }
            }
            end += count;
        }
    }
    memcpy(drawer->list + n, drawer->list, n * sizeof *drawer->list);
}

/* ---- median and MAD -------------------------------------------------------------------------- */

/* One instruction each, unlike fmin() and fmax(); there are no NANs here. */
static inline double smaller(double a, double b) {
    return a < b ? a : b;
}

static inline double larger(double a, double b) {
    return a > b ? a : b;
}

/* The mean of the k-th (and, for even n, the next) smallest distance from the median, k = (n+1)/2.
 * The k - 1 nearest elements are first ... first + k - 2: the candidates are their neighbours. */
static double mad_at_window(const double *value, const uint32_t *list, size_t n, size_t first,
                            double median) {
    const size_t end = first + (n + 1) / 2 - 1;
    double left = first > 0 ? median - value[list[first - 1]] : INFINITY;
    double right = value[list[end]] - median;
    if (n % 2 == 1) {
        return smaller(left, right);
    }
    double left2 = first > 1 ? median - value[list[first - 2]] : INFINITY;
    double right2 = end + 1 < n ? value[list[end + 1]] - median : INFINITY;
    double next = smaller(larger(left, right), smaller(left2, right2));
    return (smaller(left, right) + next) / 2;
}

static inline void robust(double *out_median, double *out_mad, const double *const *value,
                          const uint32_t *const *list, const size_t n_lists, size_t n) {
    const uint32_t *first[BENCH__LANES];
    const size_t k = (n + 1) / 2;
    for (size_t i = 0; i < n_lists; i++) {
        out_median[i] = (value[i][list[i][k - 1]] + value[i][list[i][n / 2]]) / 2;
        first[i] = list[i];
    }
    /* The first window of k elements that reaches at least as far above the median as below it.
     * Free of branches, and a step of all samples at a time, so that they overlap in the machine.
     * */
    for (size_t left = n - k; left > 0;) {
        const size_t half = (left + 1) / 2;
        for (size_t i = 0; i < n_lists; i++) {
            double below = out_median[i] - value[i][first[i][half - 1]];
            double above = value[i][first[i][half + k - 2]] - out_median[i];
            first[i] += half * (signbit(above - below) != 0); /* no select, no branch */
        }
        left -= half;
    }
    for (size_t i = 0; i < n_lists; i++) {
        out_mad[i] =
            mad_at_window(value[i], list[i], n, (size_t)(first[i] - list[i]), out_median[i]);
    }
}

void bench__robust_of_list(double *out_median, double *out_mad, const double *value,
                           const uint32_t *list, size_t n) {
    robust(out_median, out_mad, &value, &list, 1, n);
}

/* ---- sums ------------------------------------------------------------------------------------ */

/* What is summed, centred and scaled to about 1, so that single precision loses less than a
 * thousandth of the bootstrap's own scatter. */
enum term {
    VALUE,    /* z = (value - mean) / value_scale */
    SQUARE,   /* z^2 - 1 */
    RESIDUAL, /* u e, with u = x / x_scale, e = residual / residual_scale */
    XX,       /* u^2 */
    N_TERMS
};

enum {
    QUARTERS = 4,             /* of a draw */
    LANES = 2 * BENCH__LANES, /* permutations of the points */
    QUADS = BENCH__LANES / 4  /* vectors per term and row */
};

typedef float quad __attribute__((vector_size(16)));

/* The terms of one point under eight permutations, or sums of them. */
union bench__row {
    float lane[N_TERMS][BENCH__LANES];
    quad quads[N_TERMS * QUADS];
};

static void fill_lane(struct bench__resampler *resampler, size_t lane, const size_t *order) {
    const struct bench__points *points = resampler->points;
    union bench__row *rows = resampler->row + lane / BENCH__LANES * points->n;
    for (size_t i = 0; i < points->n; i++) {
        float(*terms)[BENCH__LANES] = rows[i].lane;
        size_t point = order[i], k = lane % BENCH__LANES;
        double z = (points->value[point] - points->estimate[BENCH__BOOT_MEAN]) /
                   points->unit[BENCH__BOOT_MEAN];
        terms[VALUE][k] = (float)z;
        terms[SQUARE][k] = (float)(z * z - 1.0);
        if (points->x) {
            double u = points->x[point] / points->largest_x;
            double e = points->residual[point] / points->largest_residual;
            terms[RESIDUAL][k] = (float)(u * e);
            terms[XX][k] = (float)(u * u);
        }
    }
}

/* Two terms. Spelt out: in a loop, not every compiler keeps the sums in registers. */
static inline void add_terms(quad *total, const quad *terms) {
    total[0] += terms[0];
    total[1] += terms[1];
    total[2] += terms[2];
    total[3] += terms[3];
}

/* Sums rows over a list; has_x must be a constant. */
static inline void add_rows(union bench__row *sum, const union bench__row *row,
                            const uint32_t *list, size_t n, const int has_x) {
    quad total[N_TERMS * QUADS] = {{0}};
    for (size_t k = 0; k < n; k++) {
        const quad *terms = row[list[k]].quads;
        add_terms(total, terms);
        if (has_x) {
            add_terms(total + 2 * QUADS, terms + 2 * QUADS);
        }
    }
    memcpy(sum->quads, total, sizeof total);
}

/* The sums of the draw's quarters, which are drawn independently of each other. */
static void sum_quarters(float sum[QUARTERS][N_TERMS][LANES + QUARTERS],
                         const struct bench__resampler *resampler) {
    const size_t n = resampler->points->n;
    for (size_t quarter = 0; quarter < QUARTERS; quarter++) {
        size_t from = quarter * n / QUARTERS, to = (quarter + 1) * n / QUARTERS;
        for (size_t half = 0; half < LANES / BENCH__LANES; half++) {
            union bench__row part;
            const union bench__row *row = resampler->row + half * n;
            const uint32_t *list = resampler->drawer.drawn + from;
            if (resampler->points->x) {
                add_rows(&part, row, list, to - from, 1);
            } else {
                add_rows(&part, row, list, to - from, 0);
            }
            for (size_t term = 0; term < N_TERMS; term++) {
                memcpy(sum[quarter][term] + half * BENCH__LANES, part.lane[term],
                       sizeof part.lane[term]);
            }
        }
        for (size_t term = 0; term < N_TERMS; term++) { /* once more, to spare the modulo */
            memcpy(sum[quarter][term] + LANES, sum[quarter][term], QUARTERS * sizeof(float));
        }
    }
}

/* Puts quarters together: for resample i, quarter q of lane i + q turn. */
static void join_quarters(float out[N_TERMS][LANES], float sum[QUARTERS][N_TERMS][LANES + QUARTERS],
                          size_t turn) {
    for (size_t term = 0; term < N_TERMS; term++) {
        for (size_t lane = 0; lane < LANES; lane++) {
            out[term][lane] = sum[0][term][lane] + sum[1][term][lane + turn] +
                              sum[2][term][lane + 2 * turn] + sum[3][term][lane + 3 * turn];
        }
    }
}

/* ---- all together ---------------------------------------------------------------------------- */

static void statistics_of_sums(struct bench__replicates *out, size_t at, float sum[N_TERMS][LANES],
                               size_t n_points) {
    const float n = (float)n_points;
    for (size_t i = 0; i < LANES; i++) {
        float mean = sum[VALUE][i] / n, xx = sum[XX][i];
        out->value[BENCH__BOOT_MEAN][at + i] = mean;
        out->value[BENCH__BOOT_VARIANCE][at + i] =
            (sum[SQUARE][i] + 1.0f - sum[VALUE][i] * mean) / (n - 1.0f);
        out->value[BENCH__BOOT_SLOPE][at + i] = sum[RESIDUAL][i] / (xx > FLT_MIN ? xx : FLT_MIN);
    }
}

static void rotated_medians(struct bench__replicates *out, size_t at,
                            const struct bench__resampler *resampler) {
    const struct bench__points *points = resampler->points;
    const size_t n = points->n;
    const double *rotated[BENCH__LANES];
    double median[BENCH__LANES], mad[BENCH__LANES];
    for (size_t lane = 0; lane < BENCH__LANES; lane++) {
        rotated[lane] = points->value + n - lane * n / BENCH__LANES;
    }
    robust(median, mad, rotated, resampler->drawer.start, BENCH__LANES, n);
    const double *estimate = points->estimate, per_unit = 1.0 / points->unit[BENCH__BOOT_MEDIAN];
    for (size_t i = 0; i < BENCH__LANES; i++) {
        out->value[BENCH__BOOT_MEDIAN][at + i] =
            (float)((median[i] - estimate[BENCH__BOOT_MEDIAN]) * per_unit);
        out->value[BENCH__BOOT_MAD][at + i] =
            (float)((mad[i] - estimate[BENCH__BOOT_MAD]) * per_unit);
    }
}

int bench__resampler_init(struct bench__resampler *resampler, const struct bench__points *points,
                          uint64_t seed) {
    const size_t n = points->n;
    /* The fewer points, the more alike are two permutations of them. */
    *resampler = (struct bench__resampler){.points = points, .turns = n < 64 ? 1 : 2};
    const size_t n_orders = resampler->turns * LANES / BENCH__LANES;
    resampler->row = bench__alloc(n, LANES / BENCH__LANES * sizeof *resampler->row);
    resampler->order = bench__alloc(n, n_orders * sizeof *resampler->order);
    if (!resampler->row || !resampler->order ||
        bench__drawer_init(&resampler->drawer, n, seed) != 0) {
        bench__resampler_clear(resampler);
        return BENCH_ENOMEM;
    }
    for (size_t lane = 0; lane < LANES; lane++) {
        bench__rng_permutation(&resampler->drawer.rng, resampler->order, n);
        fill_lane(resampler, lane, resampler->order);
    }
    for (size_t i = 0; i < n_orders; i++) {
        bench__rng_permutation(&resampler->drawer.rng, resampler->order + i * n, n);
    }
    return 0;
}

void bench__resampler_clear(struct bench__resampler *resampler) {
    bench__free(resampler->row);
    bench__free(resampler->order);
    bench__drawer_clear(&resampler->drawer);
    *resampler = (struct bench__resampler){0};
}

/* The resamples of one draw: `turns` times LANES. */
static void use_draw(struct bench__resampler *resampler, struct bench__replicates *out, size_t at) {
    float quarters[QUARTERS][N_TERMS][LANES + QUARTERS], sum[N_TERMS][LANES];
    bench__draw(&resampler->drawer);
    sum_quarters(quarters, resampler);
    for (size_t turn = 0; turn < resampler->turns; turn++) {
        join_quarters(sum, quarters, turn);
        statistics_of_sums(out, at + turn * LANES, sum, resampler->points->n);
    }
    const size_t *order = resampler->order;
    for (size_t i = 0; i < resampler->turns * LANES; i += BENCH__LANES) {
        bench__draw_list(&resampler->drawer, order);
        rotated_medians(out, at + i, resampler);
        order += resampler->points->n;
    }
}

void bench__resampler_next(struct bench__resampler *resampler, struct bench__replicates *out,
                           size_t n) {
    for (size_t at = 0; at < n; at += resampler->turns * LANES) {
        use_draw(resampler, out, at);
    }
}
