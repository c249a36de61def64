/* Published test vectors, unbiased ranges, permutations, normal moments, independent streams. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/rng.h"
#include <math.h>
#include <string.h>

/* The stream of the authors' reference implementation from the state {1, 2, 3, 4}. */
static void generator_follows_the_reference(void **state) {
    (void)state;
    static const uint64_t expected[] = {
        UINT64_C(11520),
        UINT64_C(0),
        UINT64_C(1509978240),
        UINT64_C(1215971899390074240),
        UINT64_C(1216172134540287360),
        UINT64_C(607988272756665600),
        UINT64_C(16172922978634559625),
        UINT64_C(8476171486693032832),
        UINT64_C(10595114339597558777),
        UINT64_C(2904607092377533576),
    };
    struct bench__rng rng = {{1, 2, 3, 4}};
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++)
        assert_true(bench__rng_u64(&rng) == expected[i]);
}

/* splitmix64 from 1234567, as published with its reference implementation. */
static void seeding_follows_the_reference(void **state) {
    (void)state;
    struct bench__rng rng;
    bench__rng_init(&rng, 1234567);
    assert_true(rng.s[0] == UINT64_C(6457827717110365317));
    assert_true(rng.s[1] == UINT64_C(3203168211198807973));
    assert_true(rng.s[2] == UINT64_C(9817491932198370423));
    assert_true(rng.s[3] == UINT64_C(4593380528125082431));
}

static void same_seed_same_stream(void **state) {
    (void)state;
    struct bench__rng a, b, c;
    bench__rng_init(&a, 0);
    bench__rng_init(&b, 0);
    bench__rng_init(&c, 1);
    int equal_to_c = 0;
    for (int i = 0; i < 1000; i++) {
        uint64_t value = bench__rng_u64(&a);
        assert_true(value == bench__rng_u64(&b));
        equal_to_c += value == bench__rng_u64(&c);
    }
    assert_int_equal(equal_to_c, 0);
}

static double chi_square(const long *counts, size_t n, double expected) {
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (counts[i] - expected) * (counts[i] - expected) / expected;
    return sum;
}

static void below_stays_below_and_is_uniform(void **state) {
    (void)state;
    struct bench__rng rng;
    bench__rng_init(&rng, 42);
    long counts[10] = {0};
    for (int i = 0; i < 200000; i++) {
        uint64_t value = bench__rng_below(&rng, 10);
        assert_true(value < 10);
        counts[value]++;
    }
    assert_true(chi_square(counts, 10, 20000) < 27.9); /* 9 degrees of freedom, p = 0.001 */
    for (int i = 0; i < 100; i++)
        assert_true(bench__rng_below(&rng, 1) == 0);
}

/* For n = 3 * 2^62, a multiplication or a remainder without rejection would draw every third number
 * twice as often as the others. */
static void below_has_no_bias_for_large_n(void **state) {
    (void)state;
    const uint64_t n = UINT64_C(3) << 62;
    struct bench__rng rng;
    bench__rng_init(&rng, 43);
    long residues[3] = {0}, thirds[3] = {0};
    for (int i = 0; i < 30000; i++) {
        uint64_t value = bench__rng_below(&rng, n);
        assert_true(value < n);
        residues[value % 3]++;
        thirds[value >> 62]++;
    }
    assert_true(chi_square(residues, 3, 10000) < 13.8); /* 2 degrees of freedom, p = 0.001 */
    assert_true(chi_square(thirds, 3, 10000) < 13.8);
}

static void doubles_fill_the_unit_interval(void **state) {
    (void)state;
    struct bench__rng rng;
    bench__rng_init(&rng, 44);
    long counts[20] = {0};
    for (int i = 0; i < 100000; i++) {
        double value = bench__rng_double(&rng);
        assert_true(value >= 0 && value < 1);
        counts[(int)(value * 20)]++;
    }
    assert_true(chi_square(counts, 20, 5000) < 43.8); /* 19 degrees of freedom, p = 0.001 */
    struct bench__rng high = {
        {0, UINT64_C(0x8E38E38E38E38E39), 0, 0}}; /* some state: still below 1 */
    assert_true(bench__rng_double(&high) < 1);
}

static void normal_has_the_right_moments(void **state) {
    (void)state;
    enum { N = 200000 };
    struct bench__rng rng;
    bench__rng_init(&rng, 45);
    double sum[5] = {0};
    for (int i = 0; i < N; i++) {
        double z = bench__rng_normal(&rng), power = 1;
        assert_true(isfinite(z));
        for (int k = 1; k <= 4; k++)
            sum[k] += power *= z;
    }
    /* four standard errors of each raw moment: sqrt(1, 2, 15, 96) / sqrt(N) */
    assert_true(fabs(sum[1] / N) < 4 * sqrt(1.0 / N));
    assert_true(fabs(sum[2] / N - 1) < 4 * sqrt(2.0 / N));
    assert_true(fabs(sum[3] / N) < 4 * sqrt(15.0 / N));
    assert_true(fabs(sum[4] / N - 3) < 4 * sqrt(96.0 / N));
}

static void permutations_are_permutations(void **state) {
    (void)state;
    enum { LARGEST = 200 };
    struct bench__rng rng;
    bench__rng_init(&rng, 46);
    for (size_t n = 0; n <= LARGEST; n++) {
        size_t order[LARGEST + 1];
        char seen[LARGEST + 1] = {0};
        order[n] = 99999;
        bench__rng_permutation(&rng, order, n);
        for (size_t i = 0; i < n; i++) {
            assert_true(order[i] < n);
            assert_false(seen[order[i]]);
            seen[order[i]] = 1;
        }
        assert_int_equal(order[n], 99999);
    }
}

static void all_orders_are_equally_likely(void **state) {
    (void)state;
    struct bench__rng rng;
    bench__rng_init(&rng, 47);
    long counts[256] = {0}, used[24];
    for (int i = 0; i < 24000; i++) {
        size_t order[4];
        bench__rng_permutation(&rng, order, 4);
        counts[order[0] << 6 | order[1] << 4 | order[2] << 2 | order[3]]++;
    }
    size_t n = 0;
    for (size_t i = 0; i < 256; i++) {
        if (counts[i] > 0)
            used[n++] = counts[i];
    }
    assert_int_equal(n, 24);
    assert_true(chi_square(used, 24, 1000) < 49.7); /* 23 degrees of freedom, p = 0.001 */
}

static void mixed_seeds_differ(void **state) {
    (void)state;
    enum { SIDE = 64 };
    uint64_t seeds[SIDE * SIDE];
    size_t n = 0;
    for (uint64_t a = 0; a < SIDE; a++) {
        for (uint64_t b = 0; b < SIDE; b++) {
            seeds[n] = bench__rng_mix(a, b);
            for (size_t i = 0; i < n; i++)
                assert_true(seeds[i] != seeds[n]);
            n++;
        }
    }
    assert_true(bench__rng_mix(1, 2) != bench__rng_mix(2, 1));
    assert_true(bench__rng_mix(5, 6) == bench__rng_mix(5, 6));
}

static void entropy_differs(void **state) {
    (void)state;
    assert_true(bench__rng_entropy() != bench__rng_entropy());
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(generator_follows_the_reference),
        cmocka_unit_test(seeding_follows_the_reference),
        cmocka_unit_test(same_seed_same_stream),
        cmocka_unit_test(below_stays_below_and_is_uniform),
        cmocka_unit_test(below_has_no_bias_for_large_n),
        cmocka_unit_test(doubles_fill_the_unit_interval),
        cmocka_unit_test(normal_has_the_right_moments),
        cmocka_unit_test(permutations_are_permutations),
        cmocka_unit_test(all_orders_are_equally_likely),
        cmocka_unit_test(mixed_seeds_differ),
        cmocka_unit_test(entropy_differs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
