/*
 * Where a sample is located: Hodges-Lehmann estimate, signed-rank interval, trimmed mean,
 * sign-flip test. Values are taken as symmetric about their location, independent and equally
 * good; what breaks that is the caller's (stats/paired.c).
 */
#include "stats/location.h"

#include "base/mem.h"
#include "base/rng.h"
#include "base/robust.h"
#include "stats/describe.h"

#include <bench/common.h>
#include <math.h>
#include <string.h>

#define CLIP     3.0   /* median distances */
#define ROUNDING 1e-12 /* sums that differ by less, relative to all there is, are ties */

/* ---- signed ranks --------------------------------------------------------------------------- */

enum { MAX_WALSH = BENCH__SIGNED_RANK_MAX * (BENCH__SIGNED_RANK_MAX + 1) / 2 };

static size_t walsh_averages(double *out, const double *x, size_t n) {
    size_t n_averages = 0;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j <= i; j++) {
            out[n_averages++] = (x[i] + x[j]) / 2;
        }
    }
    return n_averages;
}

double bench__hodges_lehmann(const double *x, size_t n) {
    double *walsh = bench__alloc(n * (n + 1) / 2, sizeof *walsh);
    if (walsh == NULL) {
        return NAN;
    }
    double median = bench__median_inplace(walsh, walsh_averages(walsh, x, n));
    bench__free(walsh);
    return median;
}

/* The distribution of the sum of positive ranks: each of 1 ... n is in it or not, with chance 1/2.
 * @return the smallest w > 0 with P(W <= w) >= tail, and P(W < w). */
static size_t signed_rank_quantile(size_t n, double tail, double *out_below) {
    double chance[MAX_WALSH + 1] = {1};
    size_t largest = 0;
    for (size_t rank = 1; rank <= n; rank++) {
        largest += rank;
        for (size_t w = largest + 1; w-- > 0;) {
            chance[w] = (chance[w] + (w >= rank ? chance[w - rank] : 0)) / 2;
        }
    }
    size_t w = 1;
    double below = chance[0];
    while (below + chance[w] < tail) {
        below += chance[w++];
    }
    *out_below = below;
    return w;
}

bench_estimate bench__signed_rank_interval(const double *x, size_t n, double level,
                                           double *out_coverage) {
    double walsh[MAX_WALSH], below;
    size_t n_walsh = walsh_averages(walsh, x, n);
    bench__sort(walsh, n_walsh);
    size_t w = signed_rank_quantile(n, (1 - level) / 2, &below);
    *out_coverage = 1 - 2 * below;
    return (bench_estimate){.point = (walsh[(n_walsh - 1) / 2] + walsh[n_walsh / 2]) / 2,
                            .lower = walsh[w - 1],
                            .upper = walsh[n_walsh - w]};
}

/* ---- trimmed mean --------------------------------------------------------------------------- */

double bench__trimmed_mean(const double *sorted, size_t n, double trim, double *out_error2,
                           size_t *out_kept) {
    size_t cut = (size_t)(trim * (double)n), kept = n - 2 * cut;
    double low = sorted[cut], high = sorted[n - 1 - cut];
    double mean = bench__mean(sorted + cut, kept), sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++) {
        double d = fmin(fmax(sorted[i], low), high) - mean;
        sum += d;
        squares += d * d;
    }
    double deviations = fmax(squares - sum * sum / (double)n, 0);
    *out_error2 = n < 2 ? NAN : deviations / ((double)kept * (double)(kept - 1));
    *out_kept = kept;
    return mean;
}

/* ---- sign flips ----------------------------------------------------------------------------- */

/* Makes n ascending sums 2n ascending ones, for either sign of one more weight. */
static void extend_sums(double *sums, size_t n, double w, double *scratch) {
    memcpy(scratch, sums, n * sizeof *sums);
    size_t lower = 0, upper = 0;
    while (upper < n) {
        int take_lower = lower < n && scratch[lower] - w <= scratch[upper] + w;
        sums[lower + upper] = take_lower ? scratch[lower] - w : scratch[upper] + w;
        lower += take_lower;
        upper += !take_lower;
    }
}

/* How many sums of one from each list are at least `limit`. */
static double count_from(const double *a, size_t n_a, const double *b, size_t n_b, double limit) {
    double count = 0;
    size_t n_small = n_b; /* of b: too small even with the a at hand */
    for (size_t i = 0; i < n_a; i++) {
        while (n_small > 0 && a[i] + b[n_small - 1] >= limit) {
            n_small--;
        }
        count += (double)(n_b - n_small);
    }
    return count;
}

/* All 2^n sums, without making them: the sorted sums of either half are enough. */
static int flip_all(struct bench__sign_flip *out, const double *weight, size_t n, double sum,
                    double tie) {
    size_t n_a = (size_t)1 << n / 2, n_b = (size_t)1 << (n - n / 2);
    double *a = bench__alloc(n_a + 2 * n_b, sizeof *a);
    if (a == NULL) {
        return BENCH_ENOMEM;
    }
    double *b = a + n_a, *scratch = b + n_b;
    for (size_t i = 0; i < n / 2; i++) {
        extend_sums(a, (size_t)1 << i, weight[i], scratch);
    }
    for (size_t i = n / 2; i < n; i++) {
        extend_sums(b, (size_t)1 << (i - n / 2), weight[i], scratch);
    }
    double share = 1 / ((double)n_a * (double)n_b);
    out->greater = share * count_from(a, n_a, b, n_b, sum - tie);
    out->less = share * count_from(a, n_a, b, n_b, -sum - tie); /* the distribution is symmetric */
    out->two_sided = fmin(1, 2 * fmin(out->greater, out->less));
    bench__free(a);
    return 0;
}

/* Sums of 8 weights by the byte that holds their signs. */
struct byte_sums {
    double of[256];
};

static struct byte_sums *byte_sums(const double *weight, size_t n) {
    struct byte_sums *sums = bench__alloc((n + 7) / 8, sizeof *sums);
    for (size_t i = 0; sums != NULL && i < n; i++) {
        for (size_t byte = 0; byte < 256; byte++) {
            sums[i / 8].of[byte] += byte >> i % 8 & 1 ? weight[i] : -weight[i];
        }
    }
    return sums;
}

static int flip_some(struct bench__sign_flip *out, const double *weight, size_t n, double sum,
                     double tie, uint64_t seed) {
    enum { DRAWS = 99999 };
    struct byte_sums *sums = byte_sums(weight, n);
    if (sums == NULL) {
        return BENCH_ENOMEM;
    }
    struct bench__rng rng;
    bench__rng_init(&rng, seed);
    unsigned n_greater = 1, n_less = 1, n_beyond = 1; /* the data themselves are one of the draws */
    for (int draw = 0; draw < DRAWS; draw++) {
        double drawn = 0;
        uint64_t signs = 0;
        for (size_t byte = 0; byte < (n + 7) / 8; byte++, signs >>= 8) {
            signs = byte % 8 == 0 ? bench__rng_u64(&rng) : signs;
            drawn += sums[byte].of[signs & 255];
        }
        n_greater += drawn >= sum - tie;
        n_less += drawn <= sum + tie;
        n_beyond += fabs(drawn) >= fabs(sum) - tie;
    }
    out->greater = n_greater / (DRAWS + 1.0);
    out->less = n_less / (DRAWS + 1.0);
    out->two_sided = n_beyond / (DRAWS + 1.0);
    bench__free(sums);
    return 0;
}

int bench__sign_flip(struct bench__sign_flip *out, const double *x, size_t n, double shift,
                     uint64_t seed) {
    double *weight = bench__alloc(n, 2 * sizeof *weight);
    if (weight == NULL) {
        return BENCH_ENOMEM;
    }
    double *scratch = weight + n;
    for (size_t i = 0; i < n; i++) {
        weight[i] = scratch[i] = fabs(x[i] - shift);
    }
    double limit = CLIP * bench__median_inplace(scratch, n), sum = 0, total = 0;
    for (size_t i = 0; i < n; i++) {
        weight[i] = fmin(weight[i], limit);
        sum += x[i] < shift ? -weight[i] : weight[i];
        total += weight[i];
    }
    int code = n <= BENCH__SIGN_FLIP_EXACT ? flip_all(out, weight, n, sum, ROUNDING * total)
                                           : flip_some(out, weight, n, sum, ROUNDING * total, seed);
    bench__free(weight);
    return code;
}
