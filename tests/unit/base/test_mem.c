/* Zeroing, overflow, growth, the count of live allocations, and failing on purpose. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "alloc_failure.h"
#include <pthread.h>
#include <string.h>

static int all_zero(const void *p, size_t n) {
    const unsigned char *bytes = p;
    for (size_t i = 0; i < n; i++) {
        if (bytes[i] != 0)
            return 0;
    }
    return 1;
}

static void memory_is_zeroed_and_counted(void **state) {
    (void)state;
    long live = bench__mem_live();
    void *p = bench__alloc(100, 8);
    assert_non_null(p);
    assert_true(all_zero(p, 800));
    assert_int_equal(bench__mem_live(), live + 1);
    bench__free(p);
    assert_int_equal(bench__mem_live(), live);
    bench__free(NULL);
    assert_int_equal(bench__mem_live(), live);
}

static void nothing_is_a_valid_pointer(void **state) {
    (void)state;
    void *a = bench__alloc(0, 8), *b = bench__alloc(8, 0);
    assert_non_null(a);
    assert_non_null(b);
    assert_ptr_not_equal(a, b);
    bench__free(a);
    bench__free(b);
}

static void overflow_is_refused(void **state) {
    (void)state;
    long live = bench__mem_live();
    volatile size_t huge = SIZE_MAX / 2 + 1; /* volatile: the compiler warns otherwise */
    assert_null(bench__alloc(huge, 2));
    assert_null(bench__alloc(huge + 1, 2));
    char *items = NULL;
    size_t capacity = 0;
    assert_int_equal(bench__grow(&items, &capacity, huge + 1, 2), BENCH_ENOMEM);
    assert_null(items);
    assert_int_equal(capacity, 0);
    assert_int_equal(bench__mem_live(), live);
}

static void growing_keeps_old_items_and_zeroes_new_ones(void **state) {
    (void)state;
    long live = bench__mem_live();
    uint32_t *items = NULL;
    size_t capacity = 0, moves = 0;
    for (uint32_t i = 0; i < 1000; i++) {
        size_t before = capacity;
        assert_int_equal(bench__grow(&items, &capacity, i + 1, sizeof *items), 0);
        assert_true(capacity > i);
        assert_true(all_zero(items + i, (capacity - i) * sizeof *items));
        moves += capacity != before;
        items[i] = i + 1;
    }
    for (uint32_t i = 0; i < 1000; i++)
        assert_int_equal(items[i], i + 1);
    assert_true(moves < 12); /* doubling */
    assert_int_equal(bench__mem_live(), live + 1);
    bench__free(items);
    assert_int_equal(bench__mem_live(), live);
}

static void failed_growth_changes_nothing(void **state) {
    (void)state;
    char *items = NULL;
    size_t capacity = 0;
    assert_int_equal(bench__grow(&items, &capacity, 4, 1), 0);
    memcpy(items, "abc", 4);
    size_t before = capacity;
    bench__mem_fail_after(0);
    assert_int_equal(bench__grow(&items, &capacity, before, 1), 0);
    assert_int_equal(bench__grow(&items, &capacity, before + 1, 1), BENCH_ENOMEM);
    bench__mem_fail_after(-1);
    assert_int_equal(capacity, before);
    assert_string_equal(items, "abc");
    bench__free(items);
}

static void copies_are_equal_and_separate(void **state) {
    (void)state;
    const double numbers[] = {1, 2, 3};
    char *a = bench__strdup("text"), *b = bench__strndup("text", 2), *c = bench__strndup("text", 9);
    char *empty = bench__strdup("");
    double *d = bench__memdup(numbers, 3, sizeof *numbers);
    void *none = bench__memdup(NULL, 0, 8);
    assert_string_equal(a, "text");
    assert_string_equal(b, "te");
    assert_string_equal(c, "text");
    assert_string_equal(empty, "");
    assert_memory_equal(d, numbers, sizeof numbers);
    assert_non_null(none);
    void *all[] = {a, b, c, empty, d, none};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        bench__free(all[i]);
}

static void strndup_does_not_read_past_n(void **state) {
    (void)state;
    char *unterminated = bench__alloc(3, 1); /* sanitizers and valgrind would notice */
    memcpy(unterminated, "xyz", 3);
    char *copy = bench__strndup(unterminated, 3);
    assert_string_equal(copy, "xyz");
    bench__free(copy);
    bench__free(unterminated);
}

static void failure_starts_at_the_nth_and_stays(void **state) {
    (void)state;
    bench__mem_fail_after(2);
    void *p[4];
    for (int i = 0; i < 4; i++)
        p[i] = bench__alloc(1, 1);
    bench__mem_fail_after(-1);
    assert_non_null(p[0]);
    assert_non_null(p[1]);
    assert_null(p[2]);
    assert_null(p[3]);
    bench__free(p[0]);
    bench__free(p[1]);
    void *again = bench__alloc(1, 1);
    assert_non_null(again);
    bench__free(again);
}

static int copy_both_ways(void) {
    char *a = bench__strdup("abc");
    char *b = a != NULL ? bench__memdup(a, 4, 1) : NULL;
    int rc = b != NULL ? 0 : BENCH_ENOMEM;
    bench__free(a);
    bench__free(b);
    return rc;
}

static void copies_survive_every_failure(void **state) {
    (void)state;
    fail_every_allocation(copy_both_ways);
}

enum { THREADS = 4, ROUNDS = 5000 };

static void *allocate_and_free(void *failures) {
    for (int i = 0; i < ROUNDS; i++) {
        void *p = bench__alloc(1, 16);
        *(long *)failures += p == NULL;
        bench__free(p);
    }
    return NULL;
}

/* @return how many allocations failed, over all threads. */
static long run_threads(void) {
    pthread_t threads[THREADS];
    long failures[THREADS] = {0}, sum = 0;
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, allocate_and_free, &failures[i]), 0);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        sum += failures[i];
    }
    return sum;
}

static void threads_lose_no_count(void **state) {
    (void)state;
    long live = bench__mem_live();
    assert_int_equal(run_threads(), 0);
    bench__mem_fail_after(777);
    long failures = run_threads();
    bench__mem_fail_after(-1);
    assert_int_equal(failures, THREADS * ROUNDS - 777);
    assert_int_equal(bench__mem_live(), live);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_zeroed_and_counted),
        cmocka_unit_test(nothing_is_a_valid_pointer),
        cmocka_unit_test(overflow_is_refused),
        cmocka_unit_test(growing_keeps_old_items_and_zeroes_new_ones),
        cmocka_unit_test(failed_growth_changes_nothing),
        cmocka_unit_test(copies_are_equal_and_separate),
        cmocka_unit_test(strndup_does_not_read_past_n),
        cmocka_unit_test(failure_starts_at_the_nth_and_stays),
        cmocka_unit_test(copies_survive_every_failure),
        cmocka_unit_test(threads_lose_no_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
