/*
 * Median, median absolute deviation and Theil-Sen slope: what both measuring and statistics need.
 * Everything else about distributions is in stats/.
 */
#include "base/robust.h"
#include "base/mem.h"
#include "base/rng.h"
#include <math.h>
#include <stdlib.h>

enum { THEIL_SEN_POINTS = 512 }; /* 131 thousand slopes, 1 MB */

static int compare_doubles(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void bench__sort(double *x, size_t n) {
    if (n > 1)
        qsort(x, n, sizeof *x, compare_doubles);
}

/* Partitions x[lo..hi] around a pivot; afterwards x[lo..*j] <= pivot <= x[*i..hi], *j < *i. */
static void partition(double *x, double pivot, ptrdiff_t *i, ptrdiff_t *j) {
    do {
        while (x[*i] < pivot)
            ++*i;
        while (pivot < x[*j])
            --*j;
        if (*i <= *j) {
            double swap = x[*i];
            x[(*i)++] = x[*j];
            x[(*j)--] = swap;
        }
    } while (*i <= *j);
}

/* Hoare's selection: puts the k-th smallest at x[k], nothing larger before it. The random pivot
 * makes it O(n) whatever the order of the input; the stream is fixed, so results are replayable. */
static void select_kth(double *x, size_t n, size_t k) {
    struct bench__rng rng;
    bench__rng_init(&rng, n);
    ptrdiff_t lo = 0, hi = (ptrdiff_t)n - 1, want = (ptrdiff_t)k;
    while (lo < hi) {
        ptrdiff_t i = lo, j = hi;
        double pivot = x[lo + (ptrdiff_t)bench__rng_below(&rng, (uint64_t)(hi - lo + 1))];
        partition(x, pivot, &i, &j);
        if (want <= j)
            hi = j;
        else if (want >= i)
            lo = i;
        else
            return;
    }
}

double bench__median_inplace(double *x, size_t n) {
    if (n == 0)
        return NAN;
    size_t middle = n / 2;
    select_kth(x, n, middle);
    if (n % 2 == 1)
        return x[middle];
    double below = x[0];
    for (size_t i = 1; i < middle; i++)
        below = x[i] > below ? x[i] : below;
    return (below + x[middle]) / 2;
}

double bench__median(const double *x, size_t n) {
    double *copy = bench__memdup(x, n, sizeof *x);
    if (copy == NULL)
        return NAN;
    double median = bench__median_inplace(copy, n);
    bench__free(copy);
    return median;
}

double bench__mad_inplace(double *x, size_t n) {
    double center = bench__median_inplace(x, n);
    for (size_t i = 0; i < n; i++)
        x[i] = fabs(x[i] - center);
    return bench__median_inplace(x, n);
}

/* Slopes of all pairs of `m` points spread evenly over n, into `slopes`. @return their number. */
static size_t pairwise_slopes(const double *x, const double *y, size_t n, size_t m,
                              double *slopes) {
    size_t n_slopes = 0;
    for (size_t k = 1; k < m; k++) {
        size_t b = k * (n - 1) / (m - 1);
        for (size_t l = 0; l < k; l++) {
            size_t a = l * (n - 1) / (m - 1);
            if (x[a] != x[b])
                slopes[n_slopes++] = (y[b] - y[a]) / (x[b] - x[a]);
        }
    }
    return n_slopes;
}

double bench__theil_sen(const double *x, const double *y, size_t n) {
    if (n < 2)
        return NAN;
    size_t m = n < THEIL_SEN_POINTS ? n : THEIL_SEN_POINTS;
    double *slopes = bench__alloc(m * (m - 1) / 2, sizeof *slopes);
    if (slopes == NULL)
        return NAN;
    double slope = bench__median_inplace(slopes, pairwise_slopes(x, y, n, m, slopes));
    bench__free(slopes);
    return slope;
}
