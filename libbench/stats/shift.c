/* Shift function and suite change. Both resample launches, never samples within one. */
#include "stats/shift.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/robust.h"
#include "stats/describe.h"
#include "stats/paired.h"
#include "stats/special.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N = BENCH__N_DECILES, MAX_RESAMPLES = 1000000 };

/* ---- deciles of resampled launches ---------------------------------------------------------- */

struct point {
    double value;
    size_t launch;
};

/* All samples of a side, ascending, and how often each of its launches was drawn. A resample is
 * read off by one pass; nothing is sorted again. */
struct pool {
    struct point *points;
    size_t *count, *size; /* by launch */
    size_t n_points, n_launches;
};

static int by_value(const void *a, const void *b) {
    double x = ((const struct point *)a)->value, y = ((const struct point *)b)->value;
    return (x > y) - (x < y);
}

static void pool_clear(struct pool *pool) {
    bench__free(pool->points);
    bench__free(pool->count);
    bench__free(pool->size);
}

static int pool_init(struct pool *pool, const struct bench__launch_samples *samples) {
    const size_t n = samples->n_launches, *start = samples->start;
    *pool = (struct pool){.n_launches = n, .n_points = start ? start[n] - start[0] : n};
    pool->points = bench__alloc(pool->n_points, sizeof *pool->points);
    pool->count = bench__alloc(n, sizeof *pool->count);
    pool->size = bench__alloc(n, sizeof *pool->size);
    if (pool->points == NULL || pool->count == NULL || pool->size == NULL) {
        return BENCH_ENOMEM;
    }
    size_t filled = 0;
    for (size_t p = 0; p < n; p++) {
        pool->count[p] = 1;
        pool->size[p] = start ? start[p + 1] - start[p] : 1;
        const double *x = samples->x + (start ? start[p] : p);
        for (size_t i = 0; i < pool->size[p]; i++) {
            pool->points[filled++] = (struct point){x[i], p};
        }
    }
    qsort(pool->points, pool->n_points, sizeof *pool->points, by_value);
    return 0;
}

static void draw_launches(struct pool *pool, struct bench__rng *rng) {
    memset(pool->count, 0, pool->n_launches * sizeof *pool->count);
    for (size_t i = 0; i < pool->n_launches; i++) {
        pool->count[bench__rng_below(rng, pool->n_launches)]++;
    }
}

/* A place in the pool: point i is the one of rank `end` - 1, ranks counted in the resample. */
struct place {
    size_t i, end;
};

static struct place advance(const struct pool *pool, struct place at, size_t rank) {
    while (at.end <= rank) {
        at.end += pool->count[pool->points[++at.i].launch];
    }
    return at;
}

static void deciles(double out[N], const struct pool *pool) {
    size_t total = 0;
    for (size_t p = 0; p < pool->n_launches; p++) {
        total += pool->count[p] * pool->size[p];
    }
    struct place at = {0, pool->count[pool->points[0].launch]};
    for (size_t k = 0; k < N; k++) {
        size_t tenths = (total - 1) * (k + 1), rank = tenths / 10;
        at = advance(pool, at, rank);
        out[k] = pool->points[at.i].value;
        if (tenths % 10 != 0) {
            double next = pool->points[advance(pool, at, rank + 1).i].value;
            out[k] += (double)(tenths % 10) / 10 * (next - out[k]);
        }
    }
}

/* ---- the band ------------------------------------------------------------------------------- */

static void difference(double out[N], const struct pool *a, const struct pool *b) {
    double of_a[N];
    deciles(of_a, a);
    deciles(out, b);
    for (size_t k = 0; k < N; k++) {
        out[k] -= of_a[k];
    }
}

/* Deviations of resampled differences, one row of N for each resample. */
static void resample(double *rows, struct pool *a, struct pool *b, const struct bench__shift *shift,
                     const struct bench__shift_options *options) {
    struct bench__rng rng;
    bench__rng_init(&rng, options->seed);
    for (int64_t r = 0; r < options->n_resamples; r++, rows += N) {
        draw_launches(a, &rng);
        if (options->paired) {
            memcpy(b->count, a->count, a->n_launches * sizeof *a->count);
        } else {
            draw_launches(b, &rng);
        }
        difference(rows, a, b);
        for (size_t k = 0; k < N; k++) {
            rows[k] -= shift->change[k].point;
        }
    }
}

/* Standard errors, and the value that the largest studentised deviation exceeds with chance 1 -
 * level. The rows are destroyed. */
static double sup_t(double error[N], double *rows, size_t n_rows, double level) {
    for (size_t k = 0; k < N; k++) {
        double squares = 0;
        for (size_t r = 0; r < n_rows; r++) {
            squares += rows[r * N + k] * rows[r * N + k];
        }
        error[k] = sqrt(squares / (double)n_rows);
    }
    for (size_t r = 0; r < n_rows; r++) { /* row r is read before its largest goes to place r */
        double largest = 0;
        for (size_t k = 0; k < N; k++) {
            largest = error[k] > 0 ? fmax(largest, fabs(rows[r * N + k]) / error[k]) : largest;
        }
        rows[r] = largest;
    }
    bench__sort(rows, n_rows);
    return rows[(size_t)(level * (double)(n_rows - 1))];
}

static int add_band(struct bench__shift *out, struct pool *a, struct pool *b,
                    const struct bench__shift_options *options) {
    const size_t n_rows = (size_t)options->n_resamples;
    double error[N], *rows = bench__alloc(n_rows, N * sizeof *rows);
    if (rows == NULL) {
        return BENCH_ENOMEM;
    }
    resample(rows, a, b, out, options);
    double critical = sup_t(error, rows, n_rows, options->level);
    double n = (double)(a->n_launches < b->n_launches ? a->n_launches : b->n_launches);
    critical = -bench__t_quantile(bench__normal_cdf(-critical), n - 1) * sqrt(n / (n - 1));
    for (size_t k = 0; k < N; k++) {
        out->change[k].lower = out->change[k].point - critical * error[k];
        out->change[k].upper = out->change[k].point + critical * error[k];
    }
    bench__free(rows);
    return 0;
}

static int check_side(const struct bench__launch_samples *side, bench_error *err) {
    if (side->n_launches < 2) {
        return bench__error(err, BENCH_EINVAL, "a shift function needs two launches, not %zu",
                            side->n_launches);
    }
    for (size_t p = 0; p < side->n_launches; p++) {
        size_t first = side->start ? side->start[p] : p;
        size_t end = side->start ? side->start[p + 1] : p + 1;
        int valid = first < end;
        for (size_t i = first; valid && i < end; i++) {
            valid = isfinite(side->x[i]);
        }
        if (!valid) {
            return bench__error(err, BENCH_EINVAL, "launch %zu is empty or not all numbers", p);
        }
    }
    return 0;
}

static int check(const struct bench__launch_samples *a, const struct bench__launch_samples *b,
                 const struct bench__shift_options *options, bench_error *err) {
    if (!(options->level > 0 && options->level < 1) || options->n_resamples < 100 ||
        options->n_resamples > MAX_RESAMPLES) {
        return bench__error(err, BENCH_EINVAL, "no band at level %g with %lld resamples",
                            options->level, (long long)options->n_resamples);
    }
    if (options->paired && a->n_launches != b->n_launches) {
        return bench__error(err, BENCH_EINVAL, "%zu launches cannot be paired with %zu",
                            a->n_launches, b->n_launches);
    }
    int code = check_side(a, err);
    return code != 0 ? code : check_side(b, err);
}

int bench__shift(struct bench__shift *out, const struct bench__launch_samples *a,
                 const struct bench__launch_samples *b, const struct bench__shift_options *options,
                 bench_error *err) {
    int code = check(a, b, options, err);
    if (code != 0) {
        return code;
    }
    struct pool pool_a, pool_b = {0};
    code = pool_init(&pool_a, a);
    if (code == 0) {
        code = pool_init(&pool_b, b);
    }
    if (code == 0) {
        double after[N];
        deciles(out->before, &pool_a);
        deciles(after, &pool_b);
        for (size_t k = 0; k < N; k++) {
            out->change[k].point = after[k] - out->before[k];
        }
        code = add_band(out, &pool_a, &pool_b, options);
    }
    if (code != 0) {
        bench__error(err, code, "out of memory for a shift function");
    }
    pool_clear(&pool_a);
    pool_clear(&pool_b);
    return code;
}

/* ---- a suite -------------------------------------------------------------------------------- */

/* Rows of values over launches; NAN where there was no launch. */
struct suite {
    const double *x;
    size_t n_benchmarks, n_launches;
    double *scratch; /* of one row */
};

/* The values of a row but for one launch (n_launches: all), into the scratch. @return how many. */
static size_t row_without(const struct suite *suite, size_t benchmark, size_t launch) {
    const double *row = suite->x + benchmark * suite->n_launches;
    size_t n = 0;
    for (size_t p = 0; p < suite->n_launches; p++) {
        if (p != launch && !isnan(row[p])) {
            suite->scratch[n++] = row[p];
        }
    }
    return n;
}

/* Mean of the estimates of rows of two launches or more; NAN without any, or without memory. */
static double change_without(const struct suite *suite, size_t launch) {
    double sum = 0, n_rows = 0;
    for (size_t b = 0; b < suite->n_benchmarks; b++) {
        if (row_without(suite, b, suite->n_launches) >= 2) {
            sum += bench__hodges_lehmann(suite->scratch, row_without(suite, b, launch));
            n_rows++;
        }
    }
    return sum / n_rows;
}

static int check_suite(const struct suite *suite, double level, bench_error *err) {
    const size_t n = suite->n_launches;
    if (n < 2 || n > BENCH__MAX_LAUNCHES || !(level > 0 && level < 1)) {
        return bench__error(err, BENCH_EINVAL, "no change of a suite from %zu launches at level %g",
                            n, level);
    }
    for (size_t b = 0; b < suite->n_benchmarks; b++) {
        size_t n_present = 0;
        for (size_t p = 0; p < n; p++) {
            n_present += isfinite(suite->x[b * n + p]) != 0;
        }
        if (n_present >= 2) {
            return 0;
        }
    }
    return bench__error(err, BENCH_EINVAL, "no benchmark of the suite has two launches");
}

int bench__suite_change(bench_estimate *out, const double *x, size_t n_benchmarks,
                        size_t n_launches, double level, bench_error *err) {
    struct suite suite = {x, n_benchmarks, n_launches, NULL};
    if (check_suite(&suite, level, err) != 0) {
        return BENCH_EINVAL;
    }
    const double n = (double)n_launches;
    double *without = bench__alloc(n_launches, 2 * sizeof *without), point = NAN, error = NAN;
    if (without != NULL) {
        suite.scratch = without + n_launches;
        point = change_without(&suite, n_launches);
        for (size_t p = 0; p < n_launches; p++) {
            without[p] = change_without(&suite, p);
        }
        error = (n - 1) / sqrt(n) * bench__std_dev(without, n_launches);
    }
    bench__free(without);
    if (isnan(point) || isnan(error)) {
        return bench__error(err, BENCH_ENOMEM, "out of memory for the change of a suite");
    }
    double half = bench__t_quantile(0.5 + level / 2, n - 1) * error;
    *out = (bench_estimate){point, point - half, point + half};
    return 0;
}
