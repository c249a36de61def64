/*
 * Warm-up detection on batch means. It only judges; the sampler decides how long to go on.
 */
#include "measure/warmup.h"

#include "base/robust.h"
#include "stats/describe.h"

#include <math.h>
#include <string.h>

#define MIN_BATCHES 20

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

static double sum(const double *x, size_t n) {
    double total = 0;
    for (size_t i = 0; i < n; i++) {
        total += x[i];
    }
    return total;
}

int bench__warmup_steady(const struct bench__warmup *w) {
    if (w->n < MIN_BATCHES) {
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
