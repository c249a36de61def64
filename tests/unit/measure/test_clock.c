/* The clock with exact, injected time; of the real one only what holds on every machine. */
#include "measure/clock.h"

#include "base/mem.h"
#include "base/rng.h"
#include "unit/measure/near.h"

#include <string.h>

/* Advances by `step` per reading. */
struct fake {
    uint64_t now, step;
};

static uint64_t read_fake(void *context) {
    struct fake *fake = context;
    return fake->now += fake->step;
}

static struct bench__clock fake_clock(struct fake *fake, double ticks_per_ns) {
    return (struct bench__clock){
        .kind = BENCH_CLOCK_TSC, .ticks_per_ns = ticks_per_ns, .read = read_fake, .context = fake};
}

static void test_names(void **state) {
    (void)state;
    static const char *const names[] = {"auto", "tsc", "cntvct", "monotonic"};
    for (unsigned i = 0; i < 4; i++) {
        bench_clock_kind kind;
        assert_int_equal(bench__clock_parse(&kind, names[i], NULL), 0);
        assert_string_equal(bench__clock_name(kind), names[i]);
    }
    bench_clock_kind kind = BENCH_CLOCK_CNTVCT;
    bench_error err = {0};
    assert_int_equal(bench__clock_parse(&kind, "hpet", &err), BENCH_EINVAL);
    assert_int_equal(kind, BENCH_CLOCK_CNTVCT);
    assert_non_null(strstr(err.text, "hpet"));
    assert_string_equal(bench__clock_name((bench_clock_kind)99), "unknown");
}

static void test_injected_reading(void **state) {
    (void)state;
    struct fake fake = {1000, 26};
    struct bench__clock clock = fake_clock(&fake, 2.6);
    unsigned cpu = 7;
    struct bench__ticks a = bench__clock_start(&clock), b = bench__clock_stop(&clock);
    struct bench__ticks c = bench__clock_stop_cpu(&clock, &cpu);
    assert_int_equal(a.n, 1026);
    assert_int_equal(b.n, 1052);
    assert_int_equal(c.n, 1078);
    assert_int_equal(cpu, 0);
    assert_near(bench__clock_ns(&clock, a, b), 10, 1e-12);
    assert_near(bench__clock_ns(&clock, b, a), -10, 1e-12);
}

static void test_counter_wraps(void **state) {
    (void)state;
    struct bench__clock clock = {.ticks_per_ns = 1};
    struct bench__ticks before = {UINT64_MAX - 4}, after = {5};
    assert_near(bench__clock_ns(&clock, before, after), 10, 0);
}

static void test_slope_is_exact_without_noise(void **state) {
    (void)state;
    struct bench__clock_calibration cal = {0};
    for (int i = 0; i < 50; i++)
        bench__clock_calibration_add(&cal, 777 + 26 * (uint64_t)i * 10000,
                                     (int64_t)i * 100000 - 5000000);
    assert_int_equal(cal.n, 50);
    assert_near(bench__clock_slope(&cal), 2.6, 1e-12);
}

/* Every fourth reading was interrupted for up to 50 us: a mean would be off, the median is not. */
static void test_slope_survives_interruptions(void **state) {
    (void)state;
    struct bench__rng rng;
    bench__rng_init(&rng, 11);
    struct bench__clock_calibration cal = {0};
    for (int i = 0; i < 64; i++) {
        double late_ns =
            i % 4 == 3 ? 50000 * bench__rng_double(&rng) : 10 * bench__rng_double(&rng);
        bench__clock_calibration_add(&cal, (uint64_t)(3.0 * i * 1e6), (int64_t)(i * 1e6 + late_ns));
    }
    assert_near(bench__clock_slope(&cal), 3.0, 3.0 * 5e-6);
}

static void test_slope_needs_pairs_and_span(void **state) {
    (void)state;
    struct bench__clock_calibration cal = {0};
    assert_true(isnan(bench__clock_slope(&cal)));
    bench__clock_calibration_add(&cal, 100, 100);
    assert_true(isnan(bench__clock_slope(&cal)));
    bench__clock_calibration_add(&cal, 999999 + 100, 999999 + 100);
    assert_true(isnan(bench__clock_slope(&cal)));
    bench__clock_calibration_add(&cal, 1000000 + 100, 1000000 + 100);
    assert_near(bench__clock_slope(&cal), 1, 1e-12);
}

static void test_thinning_keeps_even_spacing(void **state) {
    (void)state;
    struct bench__clock_calibration cal = {0};
    for (int i = 0; i < 100000; i++) {
        bench__clock_calibration_add(&cal, 2 * (uint64_t)i * 1000, (int64_t)i * 1000);
        assert_true(cal.n <= BENCH__CLOCK_PAIRS);
    }
    assert_true(cal.n > BENCH__CLOCK_PAIRS / 2);
    assert_near(cal.ns[0], 0, 0);
    for (size_t i = 1; i < cal.n; i++)
        assert_near(cal.ns[i] - cal.ns[i - 1], cal.ns[1], 0);
    assert_true(cal.ns[cal.n - 1] > 0.95e8);
    assert_near(bench__clock_slope(&cal), 2, 1e-12);
}

static void test_injected_clock_is_its_own_reference(void **state) {
    (void)state;
    struct fake fake = {0, 260000};
    struct bench__clock clock = fake_clock(&fake, 2.6);
    struct bench__clock_calibration cal = {0};
    for (int i = 0; i < 200; i++)
        bench__clock_pair(&clock, &cal);
    assert_near(bench__clock_slope(&cal), 2.6, 1e-9);
}

/* Sixty pairs at the right rate, then the rate changes: the end is compared with the last pair. */
static void test_drift(void **state) {
    (void)state;
    struct fake fake = {0, 2600000};
    struct bench__clock clock = fake_clock(&fake, 2.6);
    struct bench__clock_calibration cal = {0};
    assert_true(isnan(bench__clock_drift_ppm(&clock, &cal)));
    for (int i = 0; i < 60; i++)
        bench__clock_pair(&clock, &cal);
    fake.now += 26000000;
    assert_near(bench__clock_drift_ppm(&clock, &cal), 0, 0.2);

    cal.ns[cal.n - 1] -= 0.001 * 12e6; /* as if 12 ms of this clock had taken 12.012 ms */
    assert_near(bench__clock_drift_ppm(&clock, &cal), -999, 1);

    fake.step = 26;
    bench__clock_pair(&clock, &cal);
    assert_true(isnan(bench__clock_drift_ppm(&clock, &cal)));
}

static double step_of(const double *values, const int *counts, size_t n_values) {
    double differences[2000];
    size_t n = 0;
    for (size_t i = 0; i < n_values; i++) {
        for (int k = 0; k < counts[i]; k++)
            differences[n++] = values[i];
    }
    return bench__clock_step(differences, n);
}

static void test_step(void **state) {
    (void)state;
    /* a reading takes one step of 26, sometimes two */
    assert_near(step_of((double[]){52, 26}, (int[]){300, 700}, 2), 26, 0);
    /* a reading takes two steps, sometimes three */
    assert_near(step_of((double[]){52, 78}, (int[]){700, 300}, 2), 26, 0);
    /* a step that is no whole number of ticks: the greatest common divisor would be 1 */
    assert_near(step_of((double[]){25, 26, 51, 52}, (int[]){400, 400, 100, 100}, 4), 26, 1);
    /* lone glitches are no step, neither small nor large */
    assert_near(step_of((double[]){1, 26, 5000}, (int[]){2, 990, 9}, 3), 26, 0);
    /* steps of one tick, readings of about forty: all that is known is that it is no more */
    assert_near(step_of((double[]){38, 39, 40, 41, 42}, (int[]){99, 200, 400, 200, 99}, 5), 40, 0);
    assert_true(isnan(step_of(NULL, NULL, 0)));
    assert_true(isnan(step_of((double[]){26}, (int[]){2}, 1)));
}

static void test_probe_of_injected_clocks(void **state) {
    (void)state;
    double resolution_ns, overhead_ns;
    struct fake fake = {0, 26};
    struct bench__clock clock = fake_clock(&fake, 2.6);
    bench__clock_probe(&clock, &resolution_ns, &overhead_ns);
    assert_near(resolution_ns, 10, 1e-9);
    assert_near(overhead_ns, 10, 1e-9);

    fake.step = 0;
    bench__clock_probe(&clock, &resolution_ns, &overhead_ns);
    assert_true(isnan(resolution_ns));
    assert_near(overhead_ns, 0, 0);
}

static void test_auto_asks_the_kernel(void **state) {
    (void)state;
    struct bench__clock clock;
    assert_int_equal(
        bench__clock_open_at(&clock, BENCH_CLOCK_AUTO, TEST_DATA_DIR "/host/kvm", NULL), 0);
    assert_int_equal(clock.kind, BENCH_CLOCK_MONOTONIC_RAW);
    assert_near(clock.ticks_per_ns, 1, 0);
    assert_int_equal(
        bench__clock_open_at(&clock, BENCH_CLOCK_AUTO, TEST_DATA_DIR "/host/nowhere", NULL), 0);
    assert_int_equal(clock.kind, BENCH_CLOCK_MONOTONIC_RAW);
    /* trusted by the kernel: the counter, where this machine has a good one */
    assert_int_equal(
        bench__clock_open_at(&clock, BENCH_CLOCK_AUTO, TEST_DATA_DIR "/host/laptop", NULL), 0);
    assert_true(clock.kind == BENCH_CLOCK_MONOTONIC_RAW || clock.kind == BENCH_CLOCK_TSC);
}

static void test_counters_of_other_machines(void **state) {
    (void)state;
    bench_clock_kind foreign = BENCH_CLOCK_TSC;
#if defined(__x86_64__)
    foreign = BENCH_CLOCK_CNTVCT;
#endif
    struct bench__clock clock;
    bench_error err = {0};
    assert_int_equal(bench__clock_open(&clock, foreign, &err), BENCH_EUNSUPPORTED);
    assert_non_null(strstr(err.text, bench__clock_name(foreign)));
}

static void check_real(bench_clock_kind kind) {
    struct bench__clock clock;
    if (bench__clock_open(&clock, kind, NULL) != 0)
        return; /* a counter that this machine does not have */
    assert_null(clock.read);
    assert_true(isfinite(clock.ticks_per_ns) && clock.ticks_per_ns > 0);
    for (int i = 0; i < 1000; i++) {
        unsigned cpu;
        struct bench__ticks a = bench__clock_start(&clock), b = bench__clock_stop(&clock);
        struct bench__ticks c = bench__clock_stop_cpu(&clock, &cpu);
        assert_true(bench__clock_ns(&clock, a, b) >= 0);
        assert_true(bench__clock_ns(&clock, b, c) >= 0);
        assert_true(cpu < 8192);
    }
    double resolution_ns, overhead_ns;
    bench__clock_probe(&clock, &resolution_ns, &overhead_ns);
    assert_true(isfinite(resolution_ns) && resolution_ns > 0);
    assert_true(isfinite(overhead_ns) && overhead_ns >= 0);
}

static void test_real_clocks(void **state) {
    (void)state;
    check_real(BENCH_CLOCK_AUTO);
    check_real(BENCH_CLOCK_TSC);
    check_real(BENCH_CLOCK_CNTVCT);
    check_real(BENCH_CLOCK_MONOTONIC_RAW);
}

static void test_without_memory(void **state) {
    (void)state;
    struct bench__clock clock;
    bench__mem_fail_after(0);
    int rc = bench__clock_open_at(&clock, BENCH_CLOCK_AUTO, TEST_DATA_DIR "/host/laptop", NULL);
    bench__mem_fail_after(-1);
    assert_true(rc == BENCH_ENOMEM || rc == 0); /* 0: no counter here, nothing to calibrate */
    assert_int_equal(clock.kind, BENCH_CLOCK_MONOTONIC_RAW);
    assert_near(clock.ticks_per_ns, 1, 0);
}

static void test_monotonic(void **state) {
    (void)state;
    int64_t before = bench__monotonic_ns(), after = bench__monotonic_ns();
    assert_true(before > 0 && after >= before);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_injected_reading),
        cmocka_unit_test(test_counter_wraps),
        cmocka_unit_test(test_slope_is_exact_without_noise),
        cmocka_unit_test(test_slope_survives_interruptions),
        cmocka_unit_test(test_slope_needs_pairs_and_span),
        cmocka_unit_test(test_thinning_keeps_even_spacing),
        cmocka_unit_test(test_injected_clock_is_its_own_reference),
        cmocka_unit_test(test_drift),
        cmocka_unit_test(test_step),
        cmocka_unit_test(test_probe_of_injected_clocks),
        cmocka_unit_test(test_auto_asks_the_kernel),
        cmocka_unit_test(test_counters_of_other_machines),
        cmocka_unit_test(test_real_clocks),
        cmocka_unit_test(test_without_memory),
        cmocka_unit_test(test_monotonic),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
