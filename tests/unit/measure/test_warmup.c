/* Warm-up detection on made-up batch means. */
#include "measure/warmup.h"

#include "base/rng.h"
#include "unit/measure/near.h"

static void too_few_batches_are_never_steady(void **state) {
    (void)state;
    struct bench__warmup w = {.n = 0};
    for (int i = 0; i < 19; i++) {
        bench__warmup_add(&w, 10, 0);
        assert_int_equal(bench__warmup_steady(&w), 0);
    }
    bench__warmup_add(&w, 10, 0);
    assert_int_equal(bench__warmup_steady(&w), 1);
}

static void noise_around_a_level_is_steady(void **state) {
    (void)state;
    struct bench__rng rng;
    bench__rng_init(&rng, 3);
    int n_steady = 0;
    for (int run = 0; run < 200; run++) {
        struct bench__warmup w = {.n = 0};
        for (int i = 0; i < 100; i++) {
            bench__warmup_add(&w, 10 + 0.3 * bench__rng_normal(&rng), 0);
        }
        n_steady += bench__warmup_steady(&w);
    }
    assert_true(n_steady >= 180);
}

static void a_drift_is_not_steady(void **state) {
    (void)state;
    struct bench__rng rng;
    bench__rng_init(&rng, 4);
    int n_steady = 0;
    for (int run = 0; run < 200; run++) {
        struct bench__warmup w = {.n = 0};
        for (int i = 0; i < 100; i++) {
            bench__warmup_add(&w, 20 - 0.05 * i + 0.05 * bench__rng_normal(&rng), 0);
        }
        n_steady += bench__warmup_steady(&w);
    }
    assert_true(n_steady <= 4);
}

static void a_step_in_the_later_half_is_not_steady(void **state) {
    (void)state;
    struct bench__warmup w = {.n = 0};
    for (int i = 0; i < 100; i++) {
        bench__warmup_add(&w, i < 75 ? 20 : 10, 0);
    }
    assert_int_equal(bench__warmup_steady(&w), 0);
}

static void falling_page_faults_are_not_steady(void **state) {
    (void)state;
    struct bench__warmup w = {.n = 0};
    for (int i = 0; i < 100; i++) {
        bench__warmup_add(&w, 10, i < 70 ? 5 : 0);
    }
    assert_int_equal(bench__warmup_steady(&w), 0);
    struct bench__warmup constant = {.n = 0}; /* a body that maps memory at every call */
    for (int i = 0; i < 100; i++) {
        bench__warmup_add(&constant, 10, 5);
    }
    assert_int_equal(bench__warmup_steady(&constant), 1);
}

static void any_number_of_batches_fits(void **state) {
    (void)state;
    struct bench__warmup w = {.n = 0};
    for (int i = 0; i < 100000; i++) {
        bench__warmup_add(&w, 10, 0);
        assert_in_range(w.n, 1, BENCH__WARMUP_BATCHES);
    }
    assert_int_equal(bench__warmup_steady(&w), 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(too_few_batches_are_never_steady),
        cmocka_unit_test(noise_around_a_level_is_steady),
        cmocka_unit_test(a_drift_is_not_steady),
        cmocka_unit_test(a_step_in_the_later_half_is_not_steady),
        cmocka_unit_test(falling_page_faults_are_not_steady),
        cmocka_unit_test(any_number_of_batches_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
