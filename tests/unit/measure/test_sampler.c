/* The sampler under an exact clock: what it measures must be exact too. */
#include "measure/sampler.h"

#include "base/mem.h"
#include "result/model.h"
#include "unit/measure/fake_body.h"
#include "unit/measure/near.h"

#include <string.h>

static const struct bench__sampler_options usual = {
    .sampling = BENCH_SAMPLING_FLAT,
    .warm_up_ns = 25e6,
    .measurement_ns = 75e6,
    .sample_size = 500,
    .seed = 7,
};

static void sample(bench_launch *launch, struct fake_body *f,
                   const struct bench__sampler_options *options) {
    struct bench__clock clock = fake_clock_of(f);
    const struct bench__body body = fake_body_of(f);
    bench__launch_init(launch);
    assert_int_equal(bench__sample(launch, options, &body, &clock, NULL, NULL), 0);
}

static void every_sample_is_exact(void **state) {
    (void)state;
    struct fake_body f = {.per_read = 20, .per_iteration = 40};
    bench_launch launch;
    sample(&launch, &f, &usual);
    assert_in_range(launch.n_samples, 30, 500);
    for (size_t i = 0; i < launch.n_samples; i++) {
        assert_near(launch.elapsed_ns[i] / (double)launch.iterations[i], 40, 1e-6);
        assert_int_equal(launch.iterations[i], launch.iterations[0]);
    }
    assert_near(launch.measured_ns, 75e6, 7.5e6);
    assert_int_equal(launch.steady, 1);
    assert_int_equal(f.n_forgotten, 1);
    bench__launch_clear(&launch);
}

static void cold_call_is_kept_apart(void **state) {
    (void)state;
    struct fake_body f = {.per_read = 20, .per_iteration = 40, .first_call_extra = 1000000};
    bench_launch launch;
    sample(&launch, &f, &usual);
    assert_near(launch.cold_ns, 1000040, 1e-6);
    assert_near(launch.elapsed_ns[0] / (double)launch.iterations[0], 40, 1e-6);
    bench__launch_clear(&launch);
}

static void warm_up_outlasts_a_slow_start(void **state) {
    (void)state;
    struct fake_body f = {.per_read = 20, .per_iteration = 40, .slow_until = 15000000};
    bench_launch launch;
    sample(&launch, &f, &usual);
    assert_true(launch.warm_up_ns > 15e6);
    assert_near(launch.elapsed_ns[0] / (double)launch.iterations[0], 40, 1e-6);
    assert_int_equal(launch.steady, 1);
    bench__launch_clear(&launch);
}

static void warm_up_is_capped_and_says_so(void **state) {
    (void)state;
    struct fake_body f = {.per_read = 20, .per_iteration = 40, .drift_until = 70000000};
    bench_launch launch;
    sample(&launch, &f, &usual);
    assert_true(launch.warm_up_ns >= 50e6);
    assert_true(launch.warm_up_ns < 60e6);
    assert_int_equal(launch.steady, 0);
    bench__launch_clear(&launch);
}

static void linear_samples_have_the_slope(void **state) {
    (void)state;
    struct fake_body f = {.per_read = 20, .per_iteration = 40};
    struct bench__sampler_options linear = usual;
    bench_launch launch;
    linear.sampling = BENCH_SAMPLING_LINEAR;
    sample(&launch, &f, &linear);
    uint64_t least = UINT64_MAX, most = 0;
    for (size_t i = 0; i < launch.n_samples; i++) {
        least = launch.iterations[i] < least ? launch.iterations[i] : least;
        most = launch.iterations[i] > most ? launch.iterations[i] : most;
        assert_near(launch.elapsed_ns[i], 40.0 * (double)launch.iterations[i], 1e-3);
    }
    assert_int_equal(most, least * launch.n_samples);
    bench__launch_clear(&launch);
}

static void a_long_operation_is_one_sample_without_warm_up(void **state) {
    (void)state;
    struct fake_body f = {.per_read = 20, .per_iteration = UINT64_C(10000000000)};
    bench_launch launch;
    sample(&launch, &f, &usual);
    assert_int_equal(launch.n_samples, 1);
    assert_int_equal(f.n_iterations, 2); /* cold and sample */
    assert_near(launch.elapsed_ns[0], 1e10, 1);
    bench__launch_clear(&launch);
}

static void a_slow_first_call_does_not_make_an_operation_long(void **state) {
    (void)state;
    struct fake_body f = {.per_read = 20, .per_iteration = 40, .first_call_extra = 80000000};
    bench_launch launch;
    sample(&launch, &f, &usual);
    assert_true(launch.n_samples >= 30);
    assert_near(launch.elapsed_ns[0] / (double)launch.iterations[0], 40, 1e-6);
    assert_near(launch.cold_ns, 80000040, 1e-6);
    bench__launch_clear(&launch);
}

static void little_warm_up_still_finds_the_iterations(void **state) {
    (void)state;
    struct fake_body f = {.per_read = 20, .per_iteration = 1};
    struct bench__sampler_options none = usual;
    bench_launch launch;
    none.warm_up_ns = 0;
    sample(&launch, &f, &none);
    assert_true(launch.iterations[0] >= 10000);
    bench__launch_clear(&launch);
}

static void no_time_per_iteration_is_no_endless_loop(void **state) {
    (void)state;
    struct fake_body f = {.per_read = 20, .per_iteration = 0};
    bench_launch launch;
    sample(&launch, &f, &usual);
    assert_true(launch.n_samples > 0);
    assert_near(launch.elapsed_ns[0], 0, 0);
    bench__launch_clear(&launch);
}

static void max_iterations_is_kept(void **state) {
    (void)state;
    struct fake_body f = {.per_read = 20, .per_iteration = 40};
    struct bench__sampler_options limited = usual;
    bench_launch launch;
    limited.max_iterations = 100;
    sample(&launch, &f, &limited);
    assert_int_equal(f.largest_n, 100);
    assert_true(launch.n_samples > 0);
    bench__launch_clear(&launch);
}

static void a_body_that_stops_ends_the_launch_there(void **state) {
    (void)state;
    for (uint64_t at = 1; at < 400; at += 7) {
        struct fake_body f = {.per_read = 20, .per_iteration = 40, .stop_at_call = at};
        bench_launch launch;
        sample(&launch, &f, &usual);
        assert_int_equal(f.n_calls, at);
        assert_true(launch.n_samples < at);
        bench__launch_clear(&launch);
    }
}

static void once_is_once(void **state) {
    (void)state;
    struct fake_body f = {.per_read = 20, .per_iteration = 40};
    struct bench__sampler_options once = usual;
    bench_launch launch;
    once.once = 1;
    sample(&launch, &f, &once);
    assert_int_equal(f.n_calls, 1);
    assert_int_equal(f.n_iterations, 1);
    assert_int_equal(launch.n_samples, 0);
    bench__launch_clear(&launch);
}

static void profile_runs_its_time_and_keeps_nothing(void **state) {
    (void)state;
    struct fake_body f = {.per_read = 20, .per_iteration = 40};
    struct bench__sampler_options profile = usual;
    bench_launch launch;
    profile.no_keep = 1;
    profile.measurement_ns = 3e9;
    sample(&launch, &f, &profile);
    assert_int_equal(launch.n_samples, 0);
    assert_true((double)f.now > 3e9);
    assert_true((double)f.now < 4.5e9);
    bench__launch_clear(&launch);
}

static void out_of_memory_is_an_error(void **state) {
    (void)state;
    struct fake_body f = {.per_read = 20, .per_iteration = 40};
    struct bench__clock clock = fake_clock_of(&f);
    const struct bench__body body = fake_body_of(&f);
    for (long n = 0; n < 2; n++) {
        bench_launch launch;
        bench_error error = {0};
        bench__launch_init(&launch);
        bench__mem_fail_after(n);
        const int code = bench__sample(&launch, &usual, &body, &clock, NULL, &error);
        bench__mem_fail_after(-1);
        assert_int_equal(code, BENCH_ENOMEM);
        assert_non_null(strstr(error.text, "memory"));
        bench__launch_clear(&launch);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_sample_is_exact),
        cmocka_unit_test(cold_call_is_kept_apart),
        cmocka_unit_test(warm_up_outlasts_a_slow_start),
        cmocka_unit_test(warm_up_is_capped_and_says_so),
        cmocka_unit_test(linear_samples_have_the_slope),
        cmocka_unit_test(a_long_operation_is_one_sample_without_warm_up),
        cmocka_unit_test(a_slow_first_call_does_not_make_an_operation_long),
        cmocka_unit_test(little_warm_up_still_finds_the_iterations),
        cmocka_unit_test(no_time_per_iteration_is_no_endless_loop),
        cmocka_unit_test(max_iterations_is_kept),
        cmocka_unit_test(a_body_that_stops_ends_the_launch_there),
        cmocka_unit_test(once_is_once),
        cmocka_unit_test(profile_runs_its_time_and_keeps_nothing),
        cmocka_unit_test(out_of_memory_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
