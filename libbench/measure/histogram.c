/*
 * The log-linear histogram. A value in units of 1/256 ns with its leading bit at position b goes to
 * bucket (b - 7) * 128 + its top eight bits; below 128 units the value is its own index. Does no
 * timing and writes no files.
 */
#include "measure/histogram.h"

#include "base/mem.h"

#include <math.h>
#include <string.h>

enum { SUB_BITS = 7, SUB_BUCKETS = 1 << SUB_BITS };
static const double UNITS_PER_NS = 256;
static const double TOP_NS = (double)(1ull << 40);

struct bench__histogram {
    uint64_t n;
    double min_ns, max_ns, sum_ns;
    uint64_t count[BENCH__HISTOGRAM_BUCKETS];
};

struct bench__histogram *bench__histogram_new(void) {
    struct bench__histogram *h = bench__alloc(1, sizeof *h);
    if (h)
        bench__histogram_reset(h);
    return h;
}

void bench__histogram_free(struct bench__histogram *h) {
    bench__free(h);
}

void bench__histogram_reset(struct bench__histogram *h) {
    memset(h, 0, sizeof *h);
    h->min_ns = INFINITY;
    h->max_ns = -INFINITY;
}

uint32_t bench__histogram_index(double ns) {
    if (!(ns > 0))
        return 0;
    if (ns >= TOP_NS)
        return BENCH__HISTOGRAM_BUCKETS - 1;
    uint64_t units = (uint64_t)(ns * UNITS_PER_NS);
    if (units < SUB_BUCKETS)
        return (uint32_t)units;
    unsigned shift = 63 - SUB_BITS - (unsigned)__builtin_clzll(units);
    return (uint32_t)(shift * SUB_BUCKETS + (units >> shift));
}

void bench__histogram_bounds(uint32_t index, double *out_lower_ns, double *out_upper_ns) {
    *out_lower_ns = *out_upper_ns = NAN;
    if (index >= BENCH__HISTOGRAM_BUCKETS)
        return;
    unsigned shift = index < SUB_BUCKETS ? 0 : index / SUB_BUCKETS - 1;
    uint64_t top_bits = index - shift * SUB_BUCKETS;
    *out_lower_ns = (double)(top_bits << shift) / UNITS_PER_NS;
    *out_upper_ns = (double)((top_bits + 1) << shift) / UNITS_PER_NS;
    if (index == BENCH__HISTOGRAM_BUCKETS - 1)
        *out_upper_ns = INFINITY;
}

void bench__histogram_add(struct bench__histogram *h, double ns) {
    if (isnan(ns))
        return;
    if (ns < 0)
        ns = 0;
    h->count[bench__histogram_index(ns)]++;
    h->n++;
    h->sum_ns += ns;
    if (ns < h->min_ns)
        h->min_ns = ns;
    if (ns > h->max_ns)
        h->max_ns = ns;
}

static void add_totals(struct bench__histogram *into, uint64_t n, double min_ns, double max_ns,
                       double sum_ns) {
    into->n += n;
    into->sum_ns += sum_ns;
    into->min_ns = fmin(into->min_ns, min_ns);
    into->max_ns = fmax(into->max_ns, max_ns);
}

void bench__histogram_merge(struct bench__histogram *into, const struct bench__histogram *from) {
    for (size_t i = 0; i < BENCH__HISTOGRAM_BUCKETS; i++)
        into->count[i] += from->count[i];
    add_totals(into, from->n, from->min_ns, from->max_ns, from->sum_ns);
}

void bench__histogram_record_clear(bench_histogram_record *record) {
    bench__free(record->index);
    bench__free(record->count);
    *record = (bench_histogram_record){.min_ns = NAN, .max_ns = NAN, .sum_ns = NAN};
}

static size_t n_used(const struct bench__histogram *h) {
    size_t n = 0;
    for (size_t i = 0; i < BENCH__HISTOGRAM_BUCKETS; i++)
        n += h->count[i] != 0;
    return n;
}

int bench__histogram_record(const struct bench__histogram *h, bench_histogram_record *out) {
    *out = (bench_histogram_record){.min_ns = NAN, .max_ns = NAN, .sum_ns = NAN};
    if (h->n == 0)
        return 0;
    size_t n = n_used(h);
    out->index = bench__alloc(n, sizeof *out->index);
    out->count = bench__alloc(n, sizeof *out->count);
    if (!out->index || !out->count) {
        bench__histogram_record_clear(out);
        return BENCH_ENOMEM;
    }
    for (uint32_t i = 0; i < BENCH__HISTOGRAM_BUCKETS; i++) {
        if (h->count[i] == 0)
            continue;
        out->index[out->n_buckets] = i;
        out->count[out->n_buckets++] = h->count[i];
    }
    out->n_total = h->n;
    out->min_ns = h->min_ns;
    out->max_ns = h->max_ns;
    out->sum_ns = h->sum_ns;
    return 0;
}

static int is_consistent(const bench_histogram_record *r) {
    uint64_t total = 0;
    for (size_t i = 0; i < r->n_buckets; i++) {
        if (r->index[i] >= BENCH__HISTOGRAM_BUCKETS || (i > 0 && r->index[i] <= r->index[i - 1]))
            return 0;
        if (r->count[i] == 0 || __builtin_add_overflow(total, r->count[i], &total))
            return 0;
    }
    if (total != r->n_total)
        return 0;
    return total == 0 || (bench__histogram_index(r->min_ns) == r->index[0] &&
                          bench__histogram_index(r->max_ns) == r->index[r->n_buckets - 1] &&
                          r->min_ns >= 0 && r->min_ns <= r->max_ns && r->sum_ns >= 0);
}

int bench__histogram_add_record(struct bench__histogram *into, const bench_histogram_record *from) {
    if (!is_consistent(from))
        return BENCH_EFORMAT;
    if (from->n_total == 0)
        return 0;
    for (size_t i = 0; i < from->n_buckets; i++)
        into->count[from->index[i]] += from->count[i];
    add_totals(into, from->n_total, from->min_ns, from->max_ns, from->sum_ns);
    return 0;
}

static double within_bucket(const struct bench__histogram *h, uint32_t index, double fraction) {
    double lower, upper;
    bench__histogram_bounds(index, &lower, &upper);
    lower = fmax(lower, h->min_ns);
    upper = fmin(upper, h->max_ns);
    return lower + fraction * (upper - lower);
}

double bench__histogram_quantile(const struct bench__histogram *h, double p) {
    const double needed_above = 100 * (1 - 1e-9); /* 1000 * (1 - 0.9) is a little under 100 */
    double n = (double)h->n;
    if (!(p >= 0 && p <= 1) || h->n == 0 || (p > 0.5 && n * (1 - p) < needed_above))
        return NAN;
    double rank = p * n, below = 0;
    for (uint32_t i = 0; i < BENCH__HISTOGRAM_BUCKETS; i++) {
        double here = (double)h->count[i];
        if (here > 0 && below + here >= rank)
            return within_bucket(h, i, (rank - below) / here);
        below += here;
    }
    return h->max_ns;
}
