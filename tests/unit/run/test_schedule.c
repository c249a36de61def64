/* Schedules: complete, balanced, replayable. */
#include "run/schedule.h"

#include "base/mem.h"
#include "unit/measure/near.h"

#include <string.h>

#define N 20

static void every_launch_is_there_once(void **state) {
    (void)state;
    int launches[N], seen[N][40];
    memset(seen, 0, sizeof seen);
    for (int i = 0; i < N; i++) {
        launches[i] = i == 3 ? 0 : i == 5 ? 40 : 16;
    }
    struct bench__step *steps;
    size_t n;
    assert_int_equal(bench__schedule(&steps, &n, launches, N, 42, NULL), 0);
    assert_int_equal(n, 18 * 16 + 40);
    for (size_t i = 0; i < n; i++) {
        assert_in_range(steps[i].benchmark, 0, N - 1);
        assert_int_equal(seen[steps[i].benchmark][steps[i].launch]++, 0);
    }
    assert_int_equal(seen[5][39], 1);
    assert_int_equal(seen[3][0], 0);
    bench__free(steps);
}

static void launches_are_spread_over_the_run(void **state) {
    (void)state;
    int launches[N];
    for (int i = 0; i < N; i++) {
        launches[i] = 16;
    }
    struct bench__step *steps;
    size_t n;
    assert_int_equal(bench__schedule(&steps, &n, launches, N, 42, NULL), 0);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(steps[i].launch, i / N); /* a round has everyone once */
    }
    bench__free(steps);
}

static int same_order(uint64_t seed_a, uint64_t seed_b) {
    int launches[N];
    for (int i = 0; i < N; i++) {
        launches[i] = 4;
    }
    struct bench__step *a, *b;
    size_t n;
    assert_int_equal(bench__schedule(&a, &n, launches, N, seed_a, NULL), 0);
    assert_int_equal(bench__schedule(&b, &n, launches, N, seed_b, NULL), 0);
    int same = 1;
    for (size_t i = 0; i < n; i++) {
        same &= a[i].benchmark == b[i].benchmark;
    }
    bench__free(a);
    bench__free(b);
    return same;
}

static void the_seed_decides_the_order(void **state) {
    (void)state;
    assert_true(same_order(1, 1));
    assert_false(same_order(1, 2));
}

static void launch_seeds_depend_on_run_name_and_index_only(void **state) {
    (void)state;
    assert_true(bench__launch_seed(1, "a", 0) == bench__launch_seed(1, "a", 0));
    assert_true(bench__launch_seed(1, "a", 0) != bench__launch_seed(1, "a", 1));
    assert_true(bench__launch_seed(1, "a", 0) != bench__launch_seed(1, "b", 0));
    assert_true(bench__launch_seed(1, "a", 0) != bench__launch_seed(2, "a", 0));
}

static void no_memory_is_reported(void **state) {
    (void)state;
    const int launches[2] = {3, 3};
    for (long i = 0; i < 2; i++) {
        struct bench__step *steps;
        size_t n;
        bench__mem_fail_after(i);
        assert_int_equal(bench__schedule(&steps, &n, launches, 2, 1, NULL), BENCH_ENOMEM);
        bench__mem_fail_after(-1);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_launch_is_there_once),
        cmocka_unit_test(launches_are_spread_over_the_run),
        cmocka_unit_test(the_seed_decides_the_order),
        cmocka_unit_test(launch_seeds_depend_on_run_name_and_index_only),
        cmocka_unit_test(no_memory_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
