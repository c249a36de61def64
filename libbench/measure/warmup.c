/*
 * Warm-up detection on batch means. It only judges; the sampler decides how long to go on.
 */
#include "measure/warmup.h"

#include "base/robust.h"

#include <math.h>
#include <string.h>

static double sum(const double *x, size_t n) {
    double total = 0;
    for (size_t i = 0; i < n; i++) {
        total += x[i];
    }
    return total;
}

/* Going backwards, every truncation point costs one update of the mean and the sum of squares
 * (Welford 1962) of the batches behind it. */
size_t bench__mser5(const double *x, size_t n) {
    enum { BATCH = 5 };
    size_t n_batches = n / BATCH, best = n_batches / 2;
    double mean = 0.0, squares = 0.0, lowest = INFINITY;
    for (size_t first = n_batches; first-- > 0;) {
        double value = sum(x + first * BATCH, BATCH) / BATCH;
        double kept = (double)(n_batches - first), from_mean = value - mean;
        mean += from_mean / kept;
        squares += from_mean * (value - mean);
        double statistic = squares / (kept * kept);
        if (first <= n_batches / 2 && statistic <= lowest) {
            lowest = statistic;
            best = first;
        }
    }
    return n_batches == 0 || best == n_batches / 2 ? n : best * BATCH;
}

static void merge_neighbours(struct bench__warmup *w) {
    for (size_t i = 0; i < w->n / 2; i++) {
        w->mean_ns[i] = (w->mean_ns[2 * i] + w->mean_ns[2 * i + 1]) / 2;
        w->faults[i] = w->faults[2 * i] + w->faults[2 * i + 1];
    }
    w->n /= 2;
}

void bench__warmup_add(struct bench__warmup *w, double ns_per_iteration, double faults) {
    if (w->n == BENCH__WARMUP_BATCHES) {
        merge_neighbours(w);
    }
    w->mean_ns[w->n] = ns_per_iteration;
    w->faults[w->n] = faults;
    w->n++;
}

/* Does the window drift by more than its own scatter, and by more than 1 %? */
static int is_flat(const double *x, size_t n) {
    double index[BENCH__WARMUP_BATCHES], scratch[BENCH__WARMUP_BATCHES];
    for (size_t i = 0; i < n; i++) {
        index[i] = (double)i;
    }
    const double drift = fabs(bench__theil_sen(index, x, n)) * (double)n;
    const double median = bench__median(x, n);
    memcpy(scratch, x, n * sizeof *x);
    const double mad = bench__mad_inplace(scratch, n);
    /* The standard error of a slope times n is about sqrt(12/n) standard deviations. */
    const double explained = 2.6 * sqrt(12.0 / (double)n) * 1.4826 * mad;
    return drift <= fmax(0.01 * median, explained);
}

int bench__warmup_steady(const struct bench__warmup *w) {
    if (w->n < BENCH__WARMUP_MIN_BATCHES) {
        return 0;
    }
    const size_t half = w->n / 2;
    if (bench__mser5(w->mean_ns, w->n) > half) {
        return 0;
    }
    const size_t n = w->n - half;
    const double early = sum(w->faults + half, n / 2);
    const double late = sum(w->faults + half + n / 2, n / 2);
    if (early > 0 && late < 0.5 * early) {
        return 0;
    }
    return is_flat(w->mean_ns + half, n);
}
