/*
 * Studentised resamples for the bootstrap-t. Standard errors are the infinitesimal jackknife's for
 * mean, variance and slope (Efron 1982, chapter 6) and Maritz and Jarrett's (1978) for median and
 * MAD, the MAD being taken as the median of the distances. Takes a microsecond or so per resample.
 */
#include "stats/resample.h"

#include "base/mem.h"
#include "stats/special.h"

#include <math.h>
#include <string.h>

struct studentized {
    double estimate[BENCH__BOOT_N], error[BENCH__BOOT_N];
};

static void moments(struct studentized *out, const double *value, size_t size) {
    double n = (double)size, mean = 0.0, m2 = 0.0, m4 = 0.0;
    for (size_t i = 0; i < size; i++) {
        mean += value[i] / n;
    }
    for (size_t i = 0; i < size; i++) {
        double d2 = (value[i] - mean) * (value[i] - mean);
        m2 += d2 / n;
        m4 += d2 * d2 / n;
    }
    out->estimate[BENCH__BOOT_MEAN] = mean;
    out->error[BENCH__BOOT_MEAN] = sqrt(m2 / (n - 1.0));
    out->estimate[BENCH__BOOT_VARIANCE] = m2 * n / (n - 1.0);
    out->error[BENCH__BOOT_VARIANCE] = sqrt(fmax(0.0, m4 - m2 * m2) / n);
}

static void slope(struct studentized *out, const struct bench__points *points,
                  const uint32_t *list) {
    double xx = 0.0, xe = 0.0, influence = 0.0;
    for (size_t k = 0; k < points->n; k++) {
        double x = points->x[list[k]];
        xx += x * x;
        xe += x * points->residual[list[k]];
    }
    for (size_t k = 0; k < points->n; k++) {
        double x = points->x[list[k]], term = x * (points->residual[list[k]] - xe / xx * x);
        influence += term * term;
    }
    out->estimate[BENCH__BOOT_SLOPE] = points->estimate[BENCH__BOOT_SLOPE] + xe / xx;
    out->error[BENCH__BOOT_SLOPE] = sqrt(influence) / xx;
}

/* Standard deviation of the median as a random order statistic of the sample itself. */
static double median_error(const double *sorted, const double *weight, size_t n, double median) {
    double first = 0.0, second = 0.0;
    for (size_t i = 0; i < n; i++) {
        double d = sorted[i] - median;
        first += weight[i] * d;
        second += weight[i] * d * d;
    }
    return sqrt(fmax(0.0, second - first * first));
}

/* Distances of sorted values from the median, sorted: two ascending halves merged from inside out.
 * */
static void sort_distances(double *out, const double *sorted, size_t n, double median) {
    size_t above = 0;
    while (above < n && sorted[above] < median) {
        above++;
    }
    for (size_t k = 0, below = above; k < n; k++) {
        if (above == n || (below > 0 && median - sorted[below - 1] < sorted[above] - median)) {
            out[k] = median - sorted[--below];
        } else {
            out[k] = sorted[above++] - median;
        }
    }
}

static void robust(struct studentized *out, const struct bench__studentizer *studentizer,
                   const uint32_t *list) {
    const size_t n = studentizer->points->n;
    double median, mad, *distance = studentizer->distance;
    bench__robust_of_list(&median, &mad, studentizer->points->value, list, n);
    sort_distances(distance, studentizer->value, n, median);
    out->estimate[BENCH__BOOT_MEDIAN] = median;
    out->estimate[BENCH__BOOT_MAD] = mad;
    out->error[BENCH__BOOT_MEDIAN] =
        median_error(studentizer->value, studentizer->weight, n, median);
    out->error[BENCH__BOOT_MAD] = median_error(distance, studentizer->weight, n, mad);
}

static void studentize(struct studentized *out, const struct bench__studentizer *studentizer,
                       const uint32_t *list) {
    const struct bench__points *points = studentizer->points;
    *out = (struct studentized){{0}, {0}};
    for (size_t k = 0; k < points->n; k++) {
        studentizer->value[k] = points->value[list[k]];
    }
    moments(out, studentizer->value, points->n);
    robust(out, studentizer, list);
    if (points->x) {
        slope(out, points, list);
    }
}

static void set_weights(double *weight, size_t n) {
    double half = 0.5 * (double)(n + 1), below = 0.0;
    for (size_t i = 0; i < n; i++) {
        double up_to = bench__beta_cdf((double)(i + 1) / (double)n, half, half);
        weight[i] = up_to - below;
        below = up_to;
    }
}

int bench__studentizer_init(struct bench__studentizer *studentizer,
                            const struct bench__points *points, uint64_t seed) {
    const size_t n = points->n;
    *studentizer = (struct bench__studentizer){.points = points};
    studentizer->weight = bench__alloc(n, sizeof(double));
    studentizer->value = bench__alloc(n, sizeof(double));
    studentizer->distance = bench__alloc(n, sizeof(double));
    studentizer->order = bench__alloc(n, sizeof(size_t));
    if (!studentizer->order || !studentizer->weight || !studentizer->value ||
        !studentizer->distance || bench__drawer_init(&studentizer->drawer, n, seed) != 0) {
        bench__studentizer_clear(studentizer);
        return BENCH_ENOMEM;
    }
    set_weights(studentizer->weight, n);
    for (size_t i = 0; i < n; i++) {
        studentizer->order[i] = i;
        studentizer->drawer.list[i] = (uint32_t)i; /* the points themselves, each once */
    }
    struct studentized own;
    studentize(&own, studentizer, studentizer->drawer.list);
    for (int s = 0; s < BENCH__BOOT_N; s++) {
        studentizer->error[s] = own.error[s] / points->unit[s];
    }
    return 0;
}

void bench__studentizer_clear(struct bench__studentizer *studentizer) {
    bench__free(studentizer->weight);
    bench__free(studentizer->value);
    bench__free(studentizer->distance);
    bench__free(studentizer->order);
    bench__drawer_clear(&studentizer->drawer);
    *studentizer = (struct bench__studentizer){0};
}

void bench__studentizer_next(struct bench__studentizer *studentizer, struct bench__replicates *out,
                             size_t n, size_t out_n[BENCH__BOOT_N]) {
    const double *point = studentizer->points->estimate;
    memset(out_n, 0, BENCH__BOOT_N * sizeof *out_n);
    for (size_t i = 0; i < n; i++) {
        struct studentized resample;
        bench__draw(&studentizer->drawer);
        bench__draw_list(&studentizer->drawer, studentizer->order);
        studentize(&resample, studentizer, studentizer->drawer.list);
        for (int s = 0; s < BENCH__BOOT_N; s++) {
            float t = (float)((resample.estimate[s] - point[s]) / resample.error[s]);
            if (isfinite(t)) {
                out->value[s][out_n[s]++] = t;
            }
        }
    }
}
