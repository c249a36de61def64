/* Plans: arithmetic with known answers, and the limits that keep them sane. */
#include "measure/plan.h"

#include "unit/measure/near.h"

static void shortest_epoch_follows_the_worse_of_resolution_and_overhead(void **state) {
    (void)state;
    assert_near(bench__plan_shortest_epoch_ns(10, 20), 20000, 1e-9);
    assert_near(bench__plan_shortest_epoch_ns(0.4, 30), 3000, 1e-9);
}

static void iterations_fill_the_epoch(void **state) {
    (void)state;
    assert_int_equal(bench__plan_iterations(10, 20000, 0), 2000);
    assert_int_equal(bench__plan_iterations(1e9, 20000, 0), 1);
    assert_int_equal(bench__plan_iterations(10, 20000, 7), 7);
    assert_int_equal(bench__plan_iterations(0, 20000, 7), 7);
    assert_int_equal(bench__plan_iterations(0, 20000, 0), 1000000);
}

static void candidates_are_ascending_and_leave_room_for_samples(void **state) {
    (void)state;
    double epoch[3];
    const size_t n = bench__plan_candidates(epoch, 4000, 75e6, 500);
    assert_int_equal(n, 3);
    assert_near(epoch[0], 150e3, 1e-6);
    assert_near(epoch[1], 450e3, 1e-6);
    assert_near(epoch[2], 1350e3, 1e-6);
    /* a coarse clock wins over everything else */
    assert_int_equal(bench__plan_candidates(epoch, 5e6, 75e6, 500), 1);
    assert_near(epoch[0], 5e6, 1e-6);
    /* little time: no epoch may leave fewer than 30 samples */
    const size_t few = bench__plan_candidates(epoch, 4000, 3e6, 500);
    assert_true(epoch[few - 1] * 30 <= 3e6 + 1);
}

static void choice_minimises_variance_times_time(void **state) {
    (void)state;
    const double epoch[3] = {100, 300, 900};
    assert_int_equal(bench__plan_choose(epoch, (double[]){3, 2, 1}, 3), 0); /* 900 1200 900 */
    assert_int_equal(bench__plan_choose(epoch, (double[]){9, 2, 2}, 3), 1); /* 8100 1200 3600 */
    assert_int_equal(bench__plan_choose(epoch, (double[]){9, 5, 1}, 3), 2);
    assert_int_equal(bench__plan_choose(epoch, (double[]){NAN, 5, NAN}, 3), 1);
    assert_int_equal(bench__plan_choose(epoch, (double[]){NAN, NAN, NAN}, 3), 0);
}

static void samples_fit_the_time(void **state) {
    (void)state;
    assert_int_equal(bench__plan_samples(75e6, 150e3, 500), 500);
    assert_int_equal(bench__plan_samples(75e6, 300e3, 500), 250);
    assert_int_equal(bench__plan_samples(75e6, 80e6, 500), 1);
    assert_int_equal(bench__plan_samples(75e6, 0, 500), 500);
}

static void linear_is_a_shuffled_progression_of_the_right_length(void **state) {
    (void)state;
    struct bench__rng rng;
    uint64_t iterations[500];
    bench__rng_init(&rng, 1);
    const size_t n = bench__plan_linear(iterations, 100, 10, 4000, 75e6, 0, &rng);
    uint64_t total = 0, least = UINT64_MAX;
    for (size_t i = 0; i < n; i++) {
        total += iterations[i];
        least = iterations[i] < least ? iterations[i] : least;
    }
    assert_int_equal(n, 100);
    assert_near((double)total * 10, 75e6, 1e6);
    size_t in_order = 0;
    for (size_t k = 1; k <= n; k++) { /* every multiple once */
        size_t found = 0;
        for (size_t i = 0; i < n; i++) {
            found += iterations[i] == k * least;
        }
        assert_int_equal(found, 1);
        in_order += iterations[k - 1] == k * least;
    }
    assert_true(in_order < n / 4);
}

static void linear_takes_fewer_samples_rather_than_too_short_ones(void **state) {
    (void)state;
    struct bench__rng rng;
    uint64_t iterations[500];
    bench__rng_init(&rng, 1);
    const size_t n = bench__plan_linear(iterations, 500, 10, 20000, 75e6, 0, &rng);
    assert_in_range(n, 2, 90);
    for (size_t i = 0; i < n; i++) {
        assert_true(iterations[i] * 10 >= 20000);
    }
    assert_int_equal(bench__plan_linear(iterations, 500, 1e9, 4000, 75e6, 0, &rng), 2);
    const size_t limited = bench__plan_linear(iterations, 50, 10, 4000, 75e6, 100, &rng);
    for (size_t i = 0; i < limited; i++) {
        assert_true(iterations[i] <= 100);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shortest_epoch_follows_the_worse_of_resolution_and_overhead),
        cmocka_unit_test(iterations_fill_the_epoch),
        cmocka_unit_test(candidates_are_ascending_and_leave_room_for_samples),
        cmocka_unit_test(choice_minimises_variance_times_time),
        cmocka_unit_test(samples_fit_the_time),
        cmocka_unit_test(linear_is_a_shuffled_progression_of_the_right_length),
        cmocka_unit_test(linear_takes_fewer_samples_rather_than_too_short_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
