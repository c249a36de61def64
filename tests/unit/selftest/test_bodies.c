/*
 * The bodies of the selftest: exactly as many operations as asked for, the same ones from the same
 * seed, and no surprise when memory runs out. Nothing is timed.
 */
#include "selftest/bodies.h"

#include "unit/measure/near.h"

#include "../base/alloc_failure.h"
#include "suite/suite.h"

#include <stdlib.h>
#include <string.h>

#define SEED 7

/* ---- what the allocator is asked for ---- */

static size_t n_requests, smallest, largest, refuse_at;

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size) {
    n_requests++;
    smallest = size < smallest ? size : smallest;
    largest = size > largest ? size : largest;
    return n_requests == refuse_at ? NULL : __real_malloc(size);
}

static void start_counting(size_t refused) {
    n_requests = 0;
    largest = 0;
    smallest = SIZE_MAX;
    refuse_at = refused;
}

/* ---- operations ---- */

static struct bench__selftest_data *data_of(enum bench__selftest_body body) {
    struct bench__selftest_data *data = bench__selftest_data_new(body, SEED);
    assert_non_null(data);
    return data;
}

static void operations_are_proportional_to_work(void **state) {
    (void)state;
    for (int body = 0; body < BENCH__N_BODIES; body++) {
        const size_t base = bench__selftest_operations(body, BENCH__WORK_UNIT);
        assert_true(base >= BENCH__WORK_UNIT);
        for (int64_t work = 1; work <= BENCH__WORK_MAX; work++) {
            assert_int_equal(bench__selftest_operations(body, work) * BENCH__WORK_UNIT,
                             base * (size_t)work);
        }
    }
}

static void the_chain_multiplies_so_often(void **state) {
    (void)state;
    struct bench__selftest_data *d = data_of(BENCH__BODY_LATENCY);
    uint64_t power = 1;
    for (size_t n = 0; n < 70; n++) {
        assert_true(bench__selftest_do(d, n) == n * power);
        power *= 3;
    }
    bench__selftest_data_free(d);
}

/* After n operations at once the state is that after n times one: what the next one returns. */
static void operations_at_once_are_operations_one_by_one(void **state) {
    (void)state;
    static const size_t counts[] = {1, 24, 25, 26, 77, 5000};
    for (int body = 0; body < BENCH__N_BODIES; body++) {
        for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
            struct bench__selftest_data *a = data_of(body), *b = data_of(body);
            bench__selftest_do(a, counts[i]);
            for (size_t k = 0; k < counts[i]; k++) {
                bench__selftest_do(b, 1);
            }
            assert_true(bench__selftest_do(a, 1) == bench__selftest_do(b, 1));
            bench__selftest_data_free(a);
            bench__selftest_data_free(b);
        }
    }
}

static void the_walk_visits_every_line_once(void **state) {
    (void)state;
    enum { N = (256 << 10) / 64 };
    static unsigned char seen[N];
    struct bench__selftest_data *d = data_of(BENCH__BODY_CACHE);
    for (size_t i = 0; i < N; i++) {
        const uint64_t at = bench__selftest_do(d, 1);
        assert_true(at < N);
        assert_int_equal(seen[at]++, 0);
    }
    assert_int_equal(bench__selftest_do(d, N), 0); /* the walk began at line 0 */
    bench__selftest_data_free(d);
}

/* The state of the generator decides each branch; two seeds go other ways. */
static void the_branches_depend_on_the_seed(void **state) {
    (void)state;
    struct bench__selftest_data *a = data_of(BENCH__BODY_BRANCH);
    struct bench__selftest_data *b = bench__selftest_data_new(BENCH__BODY_BRANCH, SEED + 1);
    assert_non_null(b);
    assert_true(bench__selftest_do(a, 64) != bench__selftest_do(b, 64));
    bench__selftest_data_free(a);
    bench__selftest_data_free(b);
}

/* The byte after the last one copied is not copied yet, until the ring is full. */
static void the_copy_goes_round_its_ring(void **state) {
    (void)state;
    enum { RING = 128 << 10 };
    struct bench__selftest_data *a = data_of(BENCH__BODY_COPY), *b = data_of(BENCH__BODY_COPY);
    bench__selftest_do(a, RING);
    bench__selftest_do(b, 3 * RING + 5);
    bench__selftest_do(a, 5);
    assert_true(bench__selftest_do(a, 1000) == bench__selftest_do(b, 1000));
    bench__selftest_data_free(a);
    bench__selftest_data_free(b);
}

static void the_allocator_is_asked_so_often(void **state) {
    (void)state;
    struct bench__selftest_data *d = data_of(BENCH__BODY_ALLOCATOR);
    start_counting(0);
    assert_int_equal(bench__selftest_do(d, 5000), 0);
    assert_int_equal(n_requests, 5000);
    assert_true(smallest >= 16 && smallest < 64);
    assert_true(largest <= 4096 && largest > 4000);
    bench__selftest_data_free(d);
}

static void a_refused_block_is_counted(void **state) {
    (void)state;
    struct bench__selftest_data *d = data_of(BENCH__BODY_ALLOCATOR);
    start_counting(100);
    assert_int_equal(bench__selftest_do(d, 1000), 1);
    start_counting(0);
    assert_int_equal(bench__selftest_do(d, 1000), 0);
    bench__selftest_data_free(d);
}

/* ---- memory, and the suite ---- */

static int the_body; /* of the scenario */

static int make_and_free(void) {
    struct bench__selftest_data *d = bench__selftest_data_new(the_body, SEED);
    bench__selftest_data_free(d);
    return d != NULL ? 0 : BENCH_ENOMEM;
}

static void every_allocation_of_a_body_may_fail(void **state) {
    (void)state;
    for (the_body = 0; the_body < BENCH__N_BODIES; the_body++) {
        fail_every_allocation(make_and_free);
    }
}

static int declare_and_free(void) {
    bench_suite *suite = bench__selftest_suite();
    const int code = bench__suites_check(&suite, 1, NULL);
    bench_suite_free(suite);
    return code;
}

static void every_allocation_of_the_suite_may_fail(void **state) {
    (void)state;
    fail_every_allocation(declare_and_free);
}

static void nothing_is_freed_without_data(void **state) {
    (void)state;
    bench__selftest_data_free(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(operations_are_proportional_to_work),
        cmocka_unit_test(the_chain_multiplies_so_often),
        cmocka_unit_test(operations_at_once_are_operations_one_by_one),
        cmocka_unit_test(the_walk_visits_every_line_once),
        cmocka_unit_test(the_branches_depend_on_the_seed),
        cmocka_unit_test(the_copy_goes_round_its_ring),
        cmocka_unit_test(the_allocator_is_asked_so_often),
        cmocka_unit_test(a_refused_block_is_counted),
        cmocka_unit_test(every_allocation_of_a_body_may_fail),
        cmocka_unit_test(every_allocation_of_the_suite_may_fail),
        cmocka_unit_test(nothing_is_freed_without_data),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
