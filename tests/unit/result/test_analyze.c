/* From launches to estimates: exact cases first, then what random samples must give. */
#include "analyze_support.h"

#include "measure/histogram.h"

/* ---- exact ----------------------------------------------------------------------------------- */

static void launches_are_summarised(void **state) {
    const double times[] = {14, 10, 12, 11, 13};
    (void)state;
    bench_run *run = new_run();
    bench_result *result = add_benchmark(run, "s", "f");
    bench_launch *launch = add_times(result, times, 5);
    for (size_t i = 0; i < 5; i++) {
        launch->iterations[i] = 10;
        launch->elapsed_ns[i] *= 10;
    }
    analyze(run, result);
    expect_near(launch->median_ns, 12, 1e-12);
    expect_near(launch->q05_ns, 10.2, 1e-12);
    expect_near(launch->q25_ns, 11, 1e-12);
    expect_near(launch->q75_ns, 13, 1e-12);
    expect_near(launch->q95_ns, 13.8, 1e-12);
    expect_near(result->time.median.point, 12, 1e-12);
    assert_true(isnan(result->time.median.lower) && isnan(result->time.mde));
    expect_near(result->time.min, 10, 1e-12);
    expect_near(result->time.max, 14, 1e-12);
    expect_near(result->time.q99, 13.96, 1e-12);
    bench_run_free(run);
}

/* 16 launches with medians 101 ... 116: the 95 % interval is from the 4th to the 13th. */
static void many_launches_have_order_statistics(void **state) {
    (void)state;
    bench_run *run = new_run();
    bench_result *result = add_benchmark(run, "s", "f");
    for (int i = 0; i < 16; i++) {
        const double median = 101 + (i * 5) % 16, times[] = {median - 1, median, median + 1};
        add_times(result, times, 3);
    }
    analyze(run, result);
    const bench_time_estimates *time = &result->time;
    expect_near(time->median.point, 108.5, 1e-12);
    expect_near(time->median.lower, 104, 1e-12);
    expect_near(time->median.upper, 113, 1e-12);
    expect_near(time->mean.point, 108.5, 1e-9);
    expect_near(time->std_dev.point, sqrt(16 * 17 / 12.0), 1e-9);
    expect_near(time->mad.point, 4, 1e-9);
    assert_true(time->mean.lower > 105.5 && time->mean.lower < 107);
    assert_true(time->mean.upper > 110 && time->mean.upper < 111.5);
    assert_true(time->std_dev.lower < time->std_dev.point);
    assert_true(time->std_dev.upper > time->std_dev.point);
    assert_true(isnan(time->slope.point));
    bench_run_free(run);
}

/* Four launches: a t interval of the mean of logs, t(0.975, 3) = 3.182446. */
static void few_launches_have_t_intervals(void **state) {
    (void)state;
    bench_run *run = new_run();
    bench_result *result = add_benchmark(run, "s", "f");
    for (int i = 0; i < 4; i++) {
        const double time = 100 * exp(0.01 * i);
        add_times(result, &time, 1);
    }
    analyze(run, result);
    const double sd = 0.01 * sqrt(5.0 / 3), half = 3.182446305 * sd / 2;
    expect_near(result->time.median.point, (100 * exp(0.01) + 100 * exp(0.02)) / 2, 1e-9);
    expect_near(result->time.median.lower, 100 * exp(0.015 - half), 1e-6);
    expect_near(result->time.median.upper, 100 * exp(0.015 + half), 1e-6);
    expect_near(result->time.mean.lower, 100 * exp(0.015 - half), 1e-6);
    assert_false(isnan(result->time.std_dev.point) || isnan(result->time.mad.point));
    assert_true(isnan(result->time.std_dev.lower) && isnan(result->time.mad.upper));
    /* mde: t(0.995, 6) + t(0.9, 6) = 3.707428 + 1.439756 times sd sqrt(2 / 4) */
    expect_near(result->time.mde, expm1((3.707428 + 1.439756) * sd * sqrt(0.5)), 1e-6);
    bench_run_free(run);
}

/* Samples 3 ns an iteration, whose launches agree or not; the slope is that of all samples. */
static void linear_sampling_has_a_slope(void **state) {
    (void)state;
    for (int n_launches = 4; n_launches <= 12; n_launches += 8) {
        bench_run *run = new_run();
        bench_result *result = add_benchmark(run, "s", "f");
        result->options.sampling = BENCH_SAMPLING_LINEAR;
        for (int i = 0; i < n_launches; i++) {
            bench_launch *launch = add_launch(result, NAN);
            struct bench__rng rng;
            bench__rng_init(&rng, (uint64_t)i);
            add_samples(launch, &rng, 20, 1, 1, 0);
            for (size_t s = 0; s < 20; s++) {
                launch->iterations[s] = 10 * (s + 1);
                launch->elapsed_ns[s] = (3 + (i % 2 ? 0.1 : -0.1)) * 10 * (double)(s + 1);
            }
        }
        analyze(run, result);
        expect_near(result->time.slope.point, 3, 1e-9);
        assert_true(result->time.slope.lower > 2.7 && result->time.slope.lower < 3);
        assert_true(result->time.slope.upper < 3.3 && result->time.slope.upper > 3);
        assert_false(result->flags & BENCH_FLAG_DEAD_CODE);
        bench_run_free(run);
    }
}

static void only_valid_launches_count(void **state) {
    const double good = 10, bad = 1000;
    (void)state;
    bench_run *run = new_run();
    bench_result *result = add_benchmark(run, "s", "f");
    add_times(result, &good, 1);
    add_times(result, &bad, 1)->status = BENCH_STATUS_CRASHED;
    add_times(result, &bad, 1)->noise.contaminated = BENCH_NOISE_CLOCK;
    add_times(result, &good, 1)->noise.contaminated = BENCH_NOISE_STEAL;
    add_launch(result, NAN); /* --test: no samples */
    result->launches[1].peak_rss_bytes = 99;
    result->launches[4].peak_rss_bytes = 7;
    analyze(run, result);
    expect_near(result->time.median.point, 10, 0);
    expect_near(result->time.max, 10, 0);
    assert_true(isnan(result->launches[1].median_ns) && isnan(result->launches[4].median_ns));
    assert_int_equal(result->peak_rss_bytes, 7);
    bench_run_free(run);
}

static void nothing_to_analyze(void **state) {
    (void)state;
    bench_run *run = new_run();
    bench_result *result = add_benchmark(run, "s", "f");
    analyze(run, result);
    assert_true(isnan(result->time.median.point) && isnan(result->error_rate));
    assert_int_equal(result->flags, BENCH_FLAG_FEW_LAUNCHES);
    add_launch(result, NAN)->cold_ns = 5;
    analyze(run, result);
    assert_true(isnan(result->time.median.point) && result->time.cold == 5);
    bench_run_free(run);
}

/* A coarse clock: most samples took no time at all. */
static void times_of_zero(void **state) {
    const double times[] = {0, 0, 0, 10, 0};
    (void)state;
    bench_run *run = new_run();
    bench_result *result = add_benchmark(run, "s", "f");
    for (int i = 0; i < 12; i++) {
        add_times(result, times, 5);
    }
    analyze(run, result);
    expect_near(result->time.median.point, 0, 0);
    expect_near(result->time.max, 10, 0);
    assert_true(isnan(result->time.between_launch_sd) && isnan(result->time.mde));
    assert_true(result->flags & BENCH_FLAG_DEAD_CODE);
    bench_run_free(run);
}

/* ---- random samples -------------------------------------------------------------------------- */

static void variance_components_and_order(void **state) {
    struct bench__rng rng;
    (void)state;
    bench__rng_init(&rng, 11);
    bench_run *run = new_run();
    bench_result *result = add_benchmark(run, "s", "f");
    for (int i = 0; i < 64; i++) {
        add_random(result, &rng, 200, 100 * exp(0.02 * bench__rng_normal(&rng)), 0.05);
    }
    analyze(run, result);
    expect_near(result->time.between_launch_sd, 0.02, 0.005);
    expect_near(result->time.within_launch_sd, 0.05, 0.002);
    expect_near(result->time.lag1, 0, 0.02);
    assert_true(result->time.effective_samples > 10000 && result->time.effective_samples <= 12800);
    assert_int_equal(result->time.n_modes, 1);
    assert_int_equal(result->time.outliers.n, 12800);
    expect_near(result->time.median.point, 100, 1);
    bench_run_free(run);
}

static void correlated_samples_count_less(void **state) {
    struct bench__rng rng;
    double x = 0;
    (void)state;
    bench__rng_init(&rng, 12);
    bench_run *run = new_run();
    bench_result *result = add_benchmark(run, "s", "f");
    for (int i = 0; i < 10; i++) {
        bench_launch *launch = add_random(result, &rng, 500, 100, 0);
        for (size_t s = 0; s < 500; s++) {
            x = 0.6 * x + bench__rng_normal(&rng);
            launch->elapsed_ns[s] *= exp(0.01 * x);
        }
    }
    analyze(run, result);
    expect_near(result->time.lag1, 0.6, 0.05);
    expect_near(result->time.effective_samples, 5000 * 0.4 / 1.6, 300);
    bench_run_free(run);
}

/* Two placements, 30 % apart: two modes, but not a single outlier more. */
static void another_level_is_a_mode_not_outliers(void **state) {
    struct bench__rng rng;
    (void)state;
    bench__rng_init(&rng, 13);
    bench_run *run = new_run();
    bench_result *result = add_benchmark(run, "s", "f");
    for (int i = 0; i < 16; i++) {
        add_random(result, &rng, 200, i < 2 ? 130 : 100, 0.01);
    }
    analyze(run, result);
    assert_true(result->time.n_modes == 2 && result->flags & BENCH_FLAG_MULTIMODAL);
    const bench_outliers *o = &result->time.outliers;
    assert_true(o->high_severe + o->low_severe < 3);
    assert_true(o->high_mild + o->low_mild < 0.02 * 3200);
    result->launches[3].elapsed_ns[7] *= 2;
    analyze(run, result);
    assert_true(o->high_severe >= 1 && o->high_severe < 4);
    bench_run_free(run);
}

/* 8 launches of one world after another: the 95 % interval must hold the truth 95 times in 100. */
static void intervals_of_few_launches_cover(void **state) {
    const int n = 3000;
    struct bench__rng rng;
    int covered = 0;
    (void)state;
    bench__rng_init(&rng, 14);
    bench_run *run = new_run();
    bench_result *result = add_benchmark(run, "s", "f");
    for (int trial = 0; trial < n; trial++) {
        for (int i = 0; i < 8; i++) {
            const double time = 100 * exp(0.05 * bench__rng_normal(&rng));
            add_times(result, &time, 1);
        }
        analyze(run, result);
        covered += result->time.median.lower <= 100 && 100 <= result->time.median.upper;
        for (size_t i = 0; i < result->n_launches; i++) {
            bench__launch_clear(&result->launches[i]);
        }
        result->n_launches = 0;
    }
    assert_in_range(covered, (int)(0.94 * n), (int)(0.96 * n));
    bench_run_free(run);
}

static void the_same_seed_gives_the_same_result(void **state) {
    struct bench__rng rng;
    bench_error err = {0};
    (void)state;
    bench__rng_init(&rng, 15);
    bench_run *run = new_run();
    bench_result *result = add_benchmark(run, "s", "f");
    for (int i = 0; i < 16; i++) {
        add_random(result, &rng, 50, 100 + i, 0.01);
    }
    analyze(run, result);
    const bench_time_estimates first = result->time;
    analyze(run, result);
    assert_memory_equal(&first.mean, &result->time.mean, sizeof first.mean);
    assert_memory_equal(&first.std_dev, &result->time.std_dev, sizeof first.std_dev);
    expect_ok(bench__analyze(result, NULL, 0, NAN, run->seed + 1, &err), &err);
    assert_true(first.mean.point == result->time.mean.point);
    assert_true(first.mean.lower != result->time.mean.lower);
    bench_run_free(run);
}

/* ---- beside time ----------------------------------------------------------------------------- */

static void latencies_are_merged(void **state) {
    (void)state;
    bench_run *run = new_run();
    bench_result *result = add_benchmark(run, "s", "f");
    result->options.sampling = BENCH_SAMPLING_LATENCY;
    for (int i = 0; i < 2; i++) { /* 1 ... 10000 ns, the odd and the even ones apart */
        const double time = 5000;
        struct bench__histogram *h = bench__histogram_new();
        assert_non_null(h);
        for (int ns = 1 + i; ns <= 10000; ns += 2) {
            bench__histogram_add(h, ns);
        }
        bench_launch *launch = add_times(result, &time, 1);
        assert_int_equal(bench__histogram_record(h, &launch->latency), 0);
        bench__histogram_free(h);
    }
    analyze(run, result);
    const bench_latency *latency = &result->latency;
    assert_int_equal(latency->n, 10000);
    expect_near(latency->min, 1, 0);
    expect_near(latency->max, 10000, 0);
    expect_near(latency->mean, 5000.5, 1e-9);
    expect_near(latency->p50, 5000, 50);
    expect_near(latency->p90, 9000, 90);
    expect_near(latency->p99, 9900, 99);
    assert_true(isnan(latency->p999)); /* needs 100,000 */
    result->launches[1].latency.n_total++;
    bench_error err = {0};
    expect_error(bench__analyze(result, NULL, 0, NAN, 1, &err), BENCH_EFORMAT, &err, "s/group/f",
                 "contradicts itself");
    bench_run_free(run);
}

static void counters_errors_and_the_rest(void **state) {
    const double time = 100;
    (void)state;
    bench_run *run = new_run();
    bench_result *result = add_benchmark(run, "s", "f");
    result->n_threads = 4;
    for (int i = 0; i < 3; i++) {
        bench_launch *launch = add_times(result, &time, 1);
        launch->total_iterations = 100;
        launch->n_errors = (uint64_t)i;
        launch->cpu_ns = 30000 + 1000 * i;
        launch->cold_ns = i == 0 ? NAN : 1000 * i;
        launch->peak_rss_bytes = 4096 * (i + 1);
        assert_non_null(bench__counter_add(&launch->counters, &launch->n_counters, "depth", "1",
                                           BENCH_COUNTER_VALUE, i * i));
    }
    assert_non_null(bench__counter_add(&result->launches[2].counters,
                                       &result->launches[2].n_counters, "late", "bytes",
                                       BENCH_COUNTER_RATE, 7));
    for (int again = 0; again < 2; again++) {
        analyze(run, result);
        assert_int_equal(result->n_counters, 2);
        assert_string_equal(result->counters[0].name, "depth");
        expect_near(result->counters[0].value, 1, 0);
        assert_string_equal(result->counters[1].unit, "bytes");
        assert_int_equal(result->counters[1].kind, BENCH_COUNTER_RATE);
        expect_near(result->error_rate, 3.0 / 1200, 1e-15);
        expect_near(result->time.cpu, 310, 1e-12);
        expect_near(result->time.cold, 1500, 1e-12);
        assert_int_equal(result->peak_rss_bytes, 12288);
    }
    bench_run_free(run);
}

static void labels_are_those_of_the_first_launch(void **state) {
    const double time = 100;
    (void)state;
    bench_run *run = new_run();
    bench_result *result = add_benchmark(run, "s", "f");
    for (int i = 0; i < 3; i++) {
        bench_launch *launch = add_times(result, &time, 1);
        const char *names[] = {"server", "server", "late"}, *values[] = {"a", "b", "c"};
        assert_int_equal(bench__label_set(&launch->labels, &launch->n_labels, names[i], values[i]),
                         0);
    }
    result->launches[0].status = BENCH_STATUS_FAILED;
    for (int again = 0; again < 2; again++) {
        analyze(run, result);
        assert_int_equal(result->n_labels, 2);
        assert_string_equal(result->labels[0].value, "a");
        assert_string_equal(result->labels[1].name, "late");
    }
    bench_run_free(run);
}

static void correlation_with_the_calibration(void **state) {
    (void)state;
    bench_run *run = new_run();
    bench_result *result = add_benchmark(run, "s", "f");
    for (int i = 0; i < 8; i++) {
        const double factor = 1 + 0.01 * ((i * 3) % 8), time = 100 * factor;
        bench_calibration *reading = add_reading(run, 1);
        reading->ns[BENCH_KERNEL_L2] *= factor;
        reading->ns[BENCH_KERNEL_COPY] /= factor;
        reading->ns[BENCH_KERNEL_L3] = i == 0 ? NAN : factor;
        add_times(result, &time, 1)->calibration = i;
    }
    analyze(run, result);
    expect_near(result->kernel_correlation[BENCH_KERNEL_L2], 1, 1e-9);
    expect_near(result->kernel_correlation[BENCH_KERNEL_COPY], -1, 1e-9);
    assert_true(isnan(result->kernel_correlation[BENCH_KERNEL_ADD])); /* does not vary */
    assert_true(isnan(result->kernel_correlation[BENCH_KERNEL_L3]));  /* seven launches */
    bench_run_free(run);
}

/* ---- memory ---------------------------------------------------------------------------------- */

static void every_allocation_may_fail(void **state) {
    struct bench__rng rng;
    (void)state;
    bench_run *run = quiet_run();
    bench_result *result = &run->results[0];
    result->options.sampling = BENCH_SAMPLING_LINEAR;
    result->options.n_resamples = 100;
    bench__rng_init(&rng, 1);
    bench_launch *launch = &result->launches[0];
    assert_non_null(bench__counter_add(&launch->counters, &launch->n_counters, "c", "1",
                                       BENCH_COUNTER_VALUE, 1));
    assert_int_equal(bench__label_set(&launch->labels, &launch->n_labels, "l", "v"), 0);
    long n = 0;
    for (int done = 0; !done; n++) {
        bench_error err = {0};
        bench__counters_free(result->counters, result->n_counters);
        result->counters = NULL;
        result->n_counters = 0;
        bench__labels_free(result->labels, result->n_labels);
        result->labels = NULL;
        result->n_labels = 0;
        const long live = bench__mem_live();
        bench__mem_fail_after(n);
        const int rc = bench__analyze(result, NULL, 0, NAN, 1, &err);
        bench__mem_fail_after(-1);
        done = rc == 0;
        assert_true(done || rc == BENCH_ENOMEM);
        assert_int_equal(rc, err.code);
        assert_int_equal(bench__mem_live(),
                         live + 2 * (long)result->n_counters + 3 * (long)result->n_labels);
    }
    assert_true(n > 10);
    bench_run_free(run);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(launches_are_summarised),
        cmocka_unit_test(many_launches_have_order_statistics),
        cmocka_unit_test(few_launches_have_t_intervals),
        cmocka_unit_test(linear_sampling_has_a_slope),
        cmocka_unit_test(only_valid_launches_count),
        cmocka_unit_test(nothing_to_analyze),
        cmocka_unit_test(times_of_zero),
        cmocka_unit_test(variance_components_and_order),
        cmocka_unit_test(correlated_samples_count_less),
        cmocka_unit_test(another_level_is_a_mode_not_outliers),
        cmocka_unit_test(intervals_of_few_launches_cover),
        cmocka_unit_test(the_same_seed_gives_the_same_result),
        cmocka_unit_test(latencies_are_merged),
        cmocka_unit_test(counters_errors_and_the_rest),
        cmocka_unit_test(labels_are_those_of_the_first_launch),
        cmocka_unit_test(correlation_with_the_calibration),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
