/* The histogram against exact answers on random data of every shape. */
#include "measure/histogram.h"

#include "base/mem.h"
#include "base/rng.h"
#include "base/robust.h"
#include "unit/measure/near.h"

#include <string.h>

#define LAST (BENCH__HISTOGRAM_BUCKETS - 1)

static void test_buckets_tile_the_line(void **state) {
    (void)state;
    double expected = 0;
    for (uint32_t i = 0; i < BENCH__HISTOGRAM_BUCKETS; i++) {
        double lower, upper;
        bench__histogram_bounds(i, &lower, &upper);
        assert_near(lower, expected, 0);
        assert_true(upper > lower);
        assert_int_equal(bench__histogram_index(lower), i);
        if (i < LAST)
            assert_int_equal(bench__histogram_index(nextafter(upper, 0)), i);
        expected = upper;
    }
    assert_true(isinf(expected));
    double lower, upper;
    bench__histogram_bounds(BENCH__HISTOGRAM_BUCKETS, &lower, &upper);
    assert_true(isnan(lower) && isnan(upper));
}

static void test_width_is_as_promised(void **state) {
    (void)state;
    for (uint32_t i = 0; i < LAST; i++) {
        double lower, upper;
        bench__histogram_bounds(i, &lower, &upper);
        if (lower >= 0.5)
            assert_true((upper - lower) / lower <= 1.0 / 128);
        else
            assert_near(upper - lower, 1.0 / 256, 0);
    }
    double lower, upper;
    bench__histogram_bounds(LAST, &lower, &upper);
    assert_true(lower > 1e12);
}

static void test_index_of_odd_values(void **state) {
    (void)state;
    assert_int_equal(bench__histogram_index(0), 0);
    assert_int_equal(bench__histogram_index(-5), 0);
    assert_int_equal(bench__histogram_index(NAN), 0);
    assert_int_equal(bench__histogram_index(INFINITY), LAST);
    assert_int_equal(bench__histogram_index(1e300), LAST);
    assert_int_equal(bench__histogram_index(0.5), 128);
    assert_int_equal(bench__histogram_index(1), 256);
}

/* Shapes of latencies: 0 uniform, 1 log-uniform over the whole range, 2 lognormal, 3 two modes. */
static double draw(struct bench__rng *rng, int shape) {
    if (shape == 0)
        return 100 + 50 * bench__rng_double(rng);
    if (shape == 1)
        return exp(log(0.5) + bench__rng_double(rng) * log(2e12));
    if (shape == 2)
        return exp(5 + bench__rng_normal(rng));
    return bench__rng_below(rng, 100) ? 80 + bench__rng_normal(rng)
                                      : 1e6 * (1 + bench__rng_double(rng));
}

static void check_quantiles(uint64_t seed, int shape, size_t n) {
    static double x[20000];
    static const double ps[] = {0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99};
    struct bench__histogram *h = bench__histogram_new();
    struct bench__rng rng;
    bench__rng_init(&rng, seed);
    for (size_t i = 0; i < n; i++) {
        x[i] = draw(&rng, shape);
        bench__histogram_add(h, x[i]);
    }
    bench__sort(x, n);
    for (size_t i = 0; i < sizeof ps / sizeof ps[0]; i++) {
        double rank = ceil(ps[i] * (double)n);
        double exact = x[rank < 1 ? 0 : (size_t)rank - 1];
        double got = bench__histogram_quantile(h, ps[i]);
        if (ps[i] > 0.5 && (double)n * (1 - ps[i]) < 99.9)
            assert_true(isnan(got));
        else
            assert_true(fabs(got - exact) <= exact * 0.01);
    }
    bench__histogram_free(h);
}

static void test_quantiles_against_exact(void **state) {
    (void)state;
    for (int shape = 0; shape < 4; shape++) {
        static const size_t sizes[] = {1, 2, 10, 199, 200, 1000, 1001, 20000};
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
            check_quantiles(1000 + i, shape, sizes[i]);
    }
}

static struct bench__histogram *filled(uint64_t seed, size_t n) {
    struct bench__histogram *h = bench__histogram_new();
    struct bench__rng rng;
    bench__rng_init(&rng, seed);
    for (size_t i = 0; i < n; i++)
        bench__histogram_add(h, draw(&rng, 2));
    return h;
}

static void test_percentile_needs_values(void **state) {
    (void)state;
    struct bench__histogram *h = bench__histogram_new();
    assert_true(isnan(bench__histogram_quantile(h, 0.5)));
    for (int i = 0; i < 999; i++)
        bench__histogram_add(h, 10);
    assert_near(bench__histogram_quantile(h, 0.5), 10, 0);
    assert_true(isnan(bench__histogram_quantile(h, 0.9)));
    bench__histogram_add(h, 10);
    assert_near(bench__histogram_quantile(h, 0.9), 10, 0);
    assert_true(isnan(bench__histogram_quantile(h, 0.99)));
    assert_true(isnan(bench__histogram_quantile(h, 1)));
    assert_true(isnan(bench__histogram_quantile(h, -0.1)));
    assert_true(isnan(bench__histogram_quantile(h, 1.1)));
    assert_true(isnan(bench__histogram_quantile(h, NAN)));
    bench__histogram_free(h);
}

static void test_odd_values_are_recorded_sanely(void **state) {
    (void)state;
    struct bench__histogram *h = bench__histogram_new();
    bench_histogram_record record;
    bench__histogram_add(h, NAN);
    assert_int_equal(bench__histogram_record(h, &record), 0);
    assert_int_equal(record.n_total, 0);
    bench__histogram_add(h, -3);
    bench__histogram_add(h, 3e12);
    assert_int_equal(bench__histogram_record(h, &record), 0);
    assert_int_equal(record.n_total, 2);
    assert_near(record.min_ns, 0, 0);
    assert_near(record.max_ns, 3e12, 0);
    assert_near(record.sum_ns, 3e12, 0);
    assert_int_equal(record.index[1], LAST);
    assert_true(bench__histogram_quantile(h, 0.5) >= 0);
    bench__histogram_record_clear(&record);
    bench__histogram_free(h);
}

static void test_record_round_trip(void **state) {
    (void)state;
    struct bench__histogram *h = filled(3, 50000), *copy = bench__histogram_new();
    bench_histogram_record record;
    assert_int_equal(bench__histogram_record(h, &record), 0);
    assert_int_equal(record.n_total, 50000);
    assert_int_equal(bench__histogram_add_record(copy, &record), 0);
    for (int i = 0; i <= 99; i++)
        assert_near(bench__histogram_quantile(copy, i / 100.0),
                    bench__histogram_quantile(h, i / 100.0), 0);
    bench__histogram_record_clear(&record);
    assert_null(record.index);
    assert_null(record.count);
    assert_int_equal(record.n_buckets, 0);
    bench__histogram_free(h);
    bench__histogram_free(copy);
}

static void test_empty_round_trip(void **state) {
    (void)state;
    struct bench__histogram *h = bench__histogram_new(), *into = filled(4, 10);
    bench_histogram_record record, after;
    assert_int_equal(bench__histogram_record(h, &record), 0);
    assert_null(record.index);
    assert_true(isnan(record.min_ns) && isnan(record.max_ns) && isnan(record.sum_ns));
    assert_int_equal(bench__histogram_add_record(into, &record), 0);
    assert_int_equal(bench__histogram_record(into, &after), 0);
    assert_int_equal(after.n_total, 10);
    assert_true(isfinite(after.sum_ns));
    bench__histogram_record_clear(&after);
    bench__histogram_free(h);
    bench__histogram_free(into);
}

/* Adding in two halves and merging is adding all; resetting forgets all. */
static void test_merge_and_reset(void **state) {
    (void)state;
    struct bench__histogram *whole = bench__histogram_new(), *half = bench__histogram_new(),
                            *other = bench__histogram_new();
    struct bench__rng rng;
    bench__rng_init(&rng, 5);
    for (int i = 0; i < 40000; i++) {
        double ns = draw(&rng, i % 4);
        bench__histogram_add(whole, ns);
        bench__histogram_add(i % 2 ? half : other, ns);
    }
    bench__histogram_merge(half, other);
    for (int i = 0; i <= 99; i++)
        assert_near(bench__histogram_quantile(half, i / 100.0),
                    bench__histogram_quantile(whole, i / 100.0), 0);
    bench__histogram_reset(half);
    assert_true(isnan(bench__histogram_quantile(half, 0.5)));
    bench__histogram_merge(whole, half);
    bench_histogram_record record;
    assert_int_equal(bench__histogram_record(whole, &record), 0);
    assert_int_equal(record.n_total, 40000);
    assert_true(record.min_ns >= 0.5 && isfinite(record.max_ns));
    bench__histogram_record_clear(&record);
    bench__histogram_free(whole);
    bench__histogram_free(half);
    bench__histogram_free(other);
}

static void test_contradicting_records_are_refused(void **state) {
    (void)state;
    uint32_t good[] = {300, 400}, falling[] = {400, 300}, twice[] = {300, 300};
    uint32_t outside[] = {300, BENCH__HISTOGRAM_BUCKETS};
    uint64_t counts[] = {2, 3}, zero[] = {0, 5}, huge[] = {UINT64_MAX, 6};
    double low, high, unused;
    bench__histogram_bounds(300, &low, &unused);
    bench__histogram_bounds(400, &high, &unused);
    const bench_histogram_record valid = {2, good, counts, 5, low, high, 5 * low};
    struct bad {
        uint32_t *index;
        uint64_t *count;
        uint64_t n_total;
        double min_ns, max_ns, sum_ns;
    } bad[] = {
        {falling, counts, 5, low, high, 1}, {twice, counts, 5, low, low, 1},
        {outside, counts, 5, low, 1e13, 1}, {good, zero, 5, low, high, 1},
        {good, huge, 5, low, high, 1},      {good, counts, 6, low, high, 1},
        {good, counts, 5, 0, high, 1},      {good, counts, 5, low, 1e6, 1},
        {good, counts, 5, NAN, high, 1},    {good, counts, 5, low, NAN, 1},
        {good, counts, 5, low, high, NAN},  {good, counts, 5, low, high, -1},
    };
    struct bench__histogram *h = bench__histogram_new();
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        bench_histogram_record record = {2,
                                         bad[i].index,
                                         bad[i].count,
                                         bad[i].n_total,
                                         bad[i].min_ns,
                                         bad[i].max_ns,
                                         bad[i].sum_ns};
        assert_int_equal(bench__histogram_add_record(h, &record), BENCH_EFORMAT);
        assert_true(isnan(bench__histogram_quantile(h, 0.5)));
    }
    assert_int_equal(bench__histogram_add_record(h, &valid), 0);
    assert_true(bench__histogram_quantile(h, 0.5) >= low);
    bench__histogram_free(h);
}

static void test_without_memory(void **state) {
    (void)state;
    long live = bench__mem_live();
    struct bench__histogram *h = filled(6, 100);
    bench__mem_fail_after(0);
    assert_null(bench__histogram_new());
    for (long n = 0; n < 2; n++) {
        bench_histogram_record record;
        bench__mem_fail_after(n);
        assert_int_equal(bench__histogram_record(h, &record), BENCH_ENOMEM);
        assert_null(record.index);
        assert_null(record.count);
    }
    bench__mem_fail_after(-1);
    bench__histogram_free(h);
    bench__histogram_free(NULL);
    assert_int_equal(bench__mem_live(), live);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_buckets_tile_the_line),
        cmocka_unit_test(test_width_is_as_promised),
        cmocka_unit_test(test_index_of_odd_values),
        cmocka_unit_test(test_quantiles_against_exact),
        cmocka_unit_test(test_percentile_needs_values),
        cmocka_unit_test(test_odd_values_are_recorded_sanely),
        cmocka_unit_test(test_record_round_trip),
        cmocka_unit_test(test_empty_round_trip),
        cmocka_unit_test(test_merge_and_reset),
        cmocka_unit_test(test_contradicting_records_are_refused),
        cmocka_unit_test(test_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
