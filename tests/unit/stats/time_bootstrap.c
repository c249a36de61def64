/*
 * What the bootstrap and the density cost: medians of 50 runs, CPU time of this process. To be read
 * by a person: build it optimised and run it on a quiet machine.
 */
#include "base/rng.h"
#include "stats/bootstrap.h"
#include "stats/kde.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { RUNS = 50, MAX_N = 10000 };

static double x[MAX_N], y[MAX_N];

static double now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static int by_value(const void *a, const void *b) {
    double v = *(const double *)a, w = *(const double *)b;
    return (v > w) - (v < w);
}

static double bootstrap_ms(size_t n, int has_x, uint64_t seed) {
    struct bench__boot_options options = {BENCH__BOOT_BCA, 100000, 0.95, seed};
    struct bench__boot_result result;
    double start = now_ms();
    if (bench__bootstrap(&result, y, has_x ? x : NULL, n, &options, NULL) != 0) {
        exit(1);
    }
    return now_ms() - start;
}

static double density_ms(size_t n) {
    struct bench__density density;
    double start = now_ms();
    if (bench__density(&density, y, n, 256, NULL) != 0) {
        exit(1);
    }
    bench__density_clear(&density);
    return now_ms() - start;
}

int main(void) {
    struct bench__rng rng;
    bench__rng_init(&rng, 1);
    for (int i = 0; i < MAX_N; i++) {
        x[i] = 1 + i % 100;
        y[i] = x[i] * exp(3 + 0.05 * bench__rng_normal(&rng));
    }
    printf("100,000 resamples: mean, median, MAD, standard deviation (slope with x), BCa\n");
    const size_t sizes[] = {16, 100, 1000};
    for (int k = 0; k < 6; k++) {
        double ms[RUNS];
        for (int run = 0; run < RUNS; run++) {
            ms[run] = bootstrap_ms(sizes[k / 2], k % 2, (uint64_t)run);
        }
        qsort(ms, RUNS, sizeof ms[0], by_value);
        printf("  %5zu points %s  %7.3f ms (fastest %.3f)\n", sizes[k / 2],
               k % 2 ? "with x   " : "without x", ms[RUNS / 2], ms[0]);
    }
    printf("  %5d points with x     %7.0f ms (once)\n", MAX_N, bootstrap_ms(MAX_N, 1, 1));
    double ms[RUNS];
    for (int run = 0; run < RUNS; run++) {
        ms[run] = density_ms(8000);
    }
    qsort(ms, RUNS, sizeof ms[0], by_value);
    printf("density of 8,000 values on 256 points: %.3f ms (fastest %.3f)\n", ms[RUNS / 2], ms[0]);
    return 0;
}
