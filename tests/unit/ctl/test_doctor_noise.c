/* The two seconds of benchctl doctor: what slices and readings of known times say, and that
 * measuring fills everything. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/base/alloc_failure.h"
#include "unit/ctl/doctor_support.h"
#include "unit/measure/near.h"

enum { WINDOW = DOCTOR_SLICES_PER_WINDOW, N = 10 * WINDOW };

static double slices[N];

static struct doctor_noise of_slices(size_t n) {
    struct doctor_noise noise = {0};
    assert_int_equal(benchctl_doctor_slices(&noise, slices, n, 1000), 0);
    return noise;
}

static void fill(double ns) {
    for (size_t i = 0; i < N; i++) {
        slices[i] = ns;
    }
}

static void a_steady_machine(void **state) {
    (void)state;
    fill(500);
    const struct doctor_noise noise = of_slices(N);
    assert_int_equal(noise.n_slices, N);
    assert_near(noise.interrupted_share, 0, 0);
    assert_near(noise.lost_share, 0, 0);
    assert_near(noise.longest_ns, 0, 0);
    assert_near(noise.ruler_ghz, 2, 1e-12);
    assert_near(noise.ruler_spread, 0, 0);
}

/* 5 % longer is still the same slice. */
static void interruptions(void **state) {
    (void)state;
    fill(500);
    slices[3] = 525;
    slices[100] = 526;
    slices[5 * WINDOW] = 10500;
    const struct doctor_noise noise = of_slices(N);
    assert_near(noise.interrupted_share, 2.0 / N, 1e-12);
    assert_near(noise.longest_ns, 10000, 0);
    assert_near(noise.lost_share, 10026 / (N * 500.0 + 10051), 1e-12);
    assert_near(noise.ruler_spread, 0, 0);
}

/* A slower half is a matter of frequency, and not one long interruption. */
static void a_change_of_frequency(void **state) {
    (void)state;
    fill(500);
    for (size_t i = N / 2; i < N; i++) {
        slices[i] = 600;
    }
    const struct doctor_noise noise = of_slices(N);
    assert_near(noise.interrupted_share, 0, 0);
    assert_near(noise.ruler_spread, 100.0 / 550, 1e-12);
    assert_near(noise.ruler_ghz, 1000.0 / 550, 1e-12);
}

static void a_window_that_is_not_full(void **state) {
    (void)state;
    fill(500);
    slices[WINDOW] = 1e6; /* left out */
    assert_int_equal(of_slices(2 * WINDOW - 1).n_slices, WINDOW);
    assert_near(of_slices(2 * WINDOW - 1).lost_share, 0, 0);
    const struct doctor_noise noise = of_slices(WINDOW - 1);
    assert_int_equal(noise.n_slices, 0);
    assert_true(isnan(noise.lost_share) && isnan(noise.interrupted_share));
    assert_true(isnan(noise.longest_ns));
    assert_true(isnan(noise.ruler_ghz) && isnan(noise.ruler_spread));
}

/* A clock that stands still. */
static void no_time_at_all(void **state) {
    (void)state;
    fill(0);
    const struct doctor_noise noise = of_slices(N);
    struct doctor_facts f = doctor_quiet_machine();
    struct doctor_findings findings;
    assert_true(isnan(noise.lost_share) && isnan(noise.ruler_ghz) && isnan(noise.ruler_spread));
    f.noise.lost_share = noise.lost_share;
    f.noise.ruler_spread = noise.ruler_spread;
    benchctl_doctor_judge(&findings, &f);
    assert_int_equal(doctor_find(&findings, "interruptions")->verdict, DOCTOR_UNKNOWN);
    assert_int_equal(doctor_find(&findings, "frequency")->verdict, DOCTOR_UNKNOWN);
}

static int slices_scenario(void) {
    struct doctor_noise noise = {0};
    fill(500);
    return benchctl_doctor_slices(&noise, slices, N, 1000);
}

static void every_allocation_of_slices_may_fail(void **state) {
    (void)state;
    fail_every_allocation(slices_scenario);
}

static void set_reading(bench_calibration *reading, double ns) {
    for (int i = 0; i < BENCH_N_KERNELS; i++) {
        reading->ns[i] = ns;
    }
}

/* docs/statistics.md: "With the least sigma_b, 1 % ... sees is about 5.6 %". */
static void readings(void **state) {
    (void)state;
    bench_calibration r[8];
    struct doctor_noise noise = {0};
    for (int i = 0; i < 8; i++) {
        set_reading(&r[i], 10);
    }
    benchctl_doctor_readings(&noise, r, 8);
    assert_int_equal(noise.n_readings, 8);
    assert_near(noise.between_run_sd, 0.01, 1e-12);
    assert_near(noise.sees, 0.0560675, 1e-6);
    for (int i = 0; i < 8; i++) {
        set_reading(&r[i], i % 2 == 0 ? 10 : 12);
    }
    benchctl_doctor_readings(&noise, r, 8);
    assert_near(noise.between_run_sd, 1.4826 * log(1.2) / 2, 1e-9);
    assert_true(noise.sees > 0.5);
    benchctl_doctor_readings(&noise, r, 3);
    assert_int_equal(noise.n_readings, 3);
    assert_true(isnan(noise.between_run_sd) && isnan(noise.sees));
}

static int measure(struct doctor_noise *noise, const char *root) {
    const bench_host host = {.l1d_bytes = -1, .l2_bytes = -1, .l3_bytes = -1};
    struct bench__clock clock;
    bench_error err = {0};
    assert_int_equal(bench__clock_open(&clock, BENCH_CLOCK_MONOTONIC_RAW, NULL), 0);
    const int rc = benchctl_doctor_measure(noise, &host, &clock, 1, root, &err);
    assert_int_equal(err.code, rc);
    return rc;
}

/* However short the time: one window, and readings enough to compare. */
static void measuring(void **state) {
    (void)state;
    struct doctor_noise noise;
    assert_int_equal(measure(&noise, TEST_DATA_DIR "/host/kvm"), 0);
    assert_int_equal(noise.n_slices, WINDOW);
    assert_int_equal(noise.n_readings, 4);
    assert_true(noise.duration_ns > 0 && noise.ruler_ghz > 0 && noise.ruler_spread >= 0);
    assert_true(noise.lost_share >= 0 && noise.lost_share < 1);
    assert_true(noise.between_run_sd >= 0.01 && noise.sees > 0.05);
    assert_true(noise.involuntary_switches >= 0 && noise.voluntary_switches >= 0);
    assert_near(noise.steal_share, 0, 0); /* of files that stand still */
    assert_int_equal(noise.throttled_ns, 0);
    assert_int_equal(noise.throttled_before_ns, 2500000);
    assert_int_equal(noise.migrations, -1);
    assert_int_equal(noise.thermal_events, -1);
}

static void measuring_where_nothing_is_told(void **state) {
    (void)state;
    struct doctor_noise noise;
    assert_int_equal(measure(&noise, TEST_DATA_DIR "/host/nowhere"), 0);
    assert_true(isnan(noise.steal_share));
    assert_int_equal(noise.throttled_ns, -1);
    assert_int_equal(noise.throttled_before_ns, -1);
}

static int measure_scenario(void) {
    struct doctor_noise noise;
    return measure(&noise, TEST_DATA_DIR "/host/nowhere");
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    fail_every_allocation(measure_scenario);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_steady_machine),
        cmocka_unit_test(interruptions),
        cmocka_unit_test(a_change_of_frequency),
        cmocka_unit_test(a_window_that_is_not_full),
        cmocka_unit_test(no_time_at_all),
        cmocka_unit_test(every_allocation_of_slices_may_fail),
        cmocka_unit_test(readings),
        cmocka_unit_test(measuring),
        cmocka_unit_test(measuring_where_nothing_is_told),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
