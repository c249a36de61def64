/* Counters read from copies of /proc and /sys, and every rule of contamination at its edge. */
#include "measure/noise.h"

#include "base/mem.h"
#include "unit/measure/near.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* One ns per reading: a ruler pass takes exactly 1 ns. */
static uint64_t tick(void *context) {
    return ++*(uint64_t *)context;
}

static uint64_t stopped(void *context) {
    return *(uint64_t *)context;
}

static struct bench__noise_reading read_once(const char *root) {
    uint64_t now = 0;
    struct bench__clock clock = {.ticks_per_ns = 1, .read = tick, .context = &now};
    struct bench__noise_probe *probe = bench__noise_probe_new(root);
    struct bench__noise_reading reading;
    assert_non_null(probe);
    bench__noise_read(probe, &clock, &reading);
    bench__noise_probe_free(probe);
    return reading;
}

static void test_laptop(void **state) {
    (void)state;
    struct bench__noise_reading r = read_once(TEST_DATA_DIR "/host/laptop");
    assert_int_equal(r.migrations, 17);
    assert_int_equal(r.steal_ns, 0);
    assert_int_equal(r.throttled_ns, 0);
    assert_int_equal(r.pressure_ns, 1234567000);
    assert_true(r.involuntary_switches >= 0 && r.voluntary_switches >= 0);
    assert_true(r.minor_faults > 0 && r.major_faults >= 0 && r.cpu_ns > 0);
    assert_near(r.ruler_ghz, 4096, 0);
}

/* The quota is the parent's, so its throttling counts and not that of the group inside. */
static void test_kvm(void **state) {
    (void)state;
    struct bench__noise_reading r = read_once(TEST_DATA_DIR "/host/kvm");
    assert_int_equal(r.migrations, -1);
    assert_int_equal(r.steal_ns, 11 * (1000000000 / sysconf(_SC_CLK_TCK)));
    assert_int_equal(r.throttled_ns, 2500000);
    assert_int_equal(r.pressure_ns, -1);
}

static void test_container_v1(void **state) {
    (void)state;
    struct bench__noise_reading r = read_once(TEST_DATA_DIR "/host/container_v1");
    assert_int_equal(r.throttled_ns, 123456789);
    assert_int_equal(r.steal_ns, 8 * (1000000000 / sysconf(_SC_CLK_TCK)));
}

static void test_nothing_to_read(void **state) {
    (void)state;
    struct bench__noise_reading r = read_once(TEST_DATA_DIR "/host/nowhere");
    assert_int_equal(r.migrations, -1);
    assert_int_equal(r.steal_ns, -1);
    assert_int_equal(r.throttled_ns, -1);
    assert_int_equal(r.pressure_ns, -1);
    assert_true(r.minor_faults > 0);
}

static void write_file(const char *path, const char *text) {
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

/* Kept open, read again from the start; a kernel that suddenly writes nonsense tells nothing. */
static void test_files_are_read_again(void **state) {
    (void)state;
    char root[] = "/tmp/bench-noise-XXXXXX", proc[64], file[80];
    assert_non_null(mkdtemp(root));
    snprintf(proc, sizeof proc, "%s/proc", root);
    snprintf(file, sizeof file, "%s/stat", proc);
    assert_int_equal(mkdir(proc, 0700), 0);

    uint64_t now = 0;
    struct bench__clock clock = {.ticks_per_ns = 1, .read = tick, .context = &now};
    struct bench__noise_reading readings[3];
    write_file(file, "cpu  1 2 3 4 5 6 7 8 9 10\ncpu0 1 2 3 4 5 6 7 8 9 10\n");
    struct bench__noise_probe *probe = bench__noise_probe_new(root);
    bench__noise_read(probe, &clock, &readings[0]);
    write_file(file, "cpu  2 3 4 5 6 7 8 1009 10 11\n");
    bench__noise_read(probe, &clock, &readings[1]);
    write_file(file, "cpu  2 3 4 five\n");
    bench__noise_read(probe, &clock, &readings[2]);
    bench__noise_probe_free(probe);
    unlink(file);
    rmdir(proc);
    rmdir(root);

    int64_t tick_ns = 1000000000 / sysconf(_SC_CLK_TCK);
    assert_int_equal(readings[1].steal_ns - readings[0].steal_ns, 1001 * tick_ns);
    assert_int_equal(readings[2].steal_ns, -1);
}

static const struct bench__noise_reading quiet = {.ruler_ghz = 3};

static unsigned bits(struct bench__noise_reading to, double wall_ns, double drift_ppm) {
    bench_noise noise;
    bench__noise_between(&quiet, &to, wall_ns, drift_ppm, &noise);
    return noise.contaminated;
}

static void test_differences(void **state) {
    (void)state;
    struct bench__noise_reading from = {1, 2, 3, 4, 5, 6, 7, 8, 9, 3.0};
    struct bench__noise_reading to = {11, 22, 33, 44, -1, 5, 77, 88, 99, 3.1};
    bench_noise noise;
    bench__noise_between(&from, &to, 1e9, 0, &noise);
    assert_int_equal(noise.involuntary_switches, 10);
    assert_int_equal(noise.voluntary_switches, 20);
    assert_int_equal(noise.minor_faults, 30);
    assert_int_equal(noise.major_faults, 40);
    assert_int_equal(noise.migrations, -1); /* not told at the end */
    assert_int_equal(noise.steal_ns, 0);    /* stepped back */
    assert_int_equal(noise.throttled_ns, 70);
    assert_int_equal(noise.pressure_ns, 80);
    assert_near(noise.ruler_before_ghz, 3.0, 0);
    assert_near(noise.ruler_after_ghz, 3.1, 0);
    assert_int_equal(noise.contaminated, BENCH_NOISE_THROTTLED);
}

static void test_rules(void **state) {
    (void)state;
    struct bench__noise_reading r = quiet;
    assert_int_equal(bits(r, 1e8, 0), 0);

    r.steal_ns = 10000000;
    assert_int_equal(bits(r, 1e9, 0), 0); /* one tick of 10 ms in a second: exactly 1 % */
    assert_int_equal(bits(r, 0.99e9, 0), BENCH_NOISE_STEAL);

    r = quiet;
    r.throttled_ns = 1;
    assert_int_equal(bits(r, 1e8, 0), BENCH_NOISE_THROTTLED);

    r = quiet;
    r.migrations = 1;
    assert_int_equal(bits(r, 1e8, 0), BENCH_NOISE_MIGRATED);

    r = quiet;
    r.involuntary_switches = 10;
    assert_int_equal(bits(r, 1e8, 0), 0);
    assert_int_equal(bits(r, 0.99e8, 0), BENCH_NOISE_PREEMPTED);

    r = quiet;
    r.ruler_ghz = 3 * 1.049;
    assert_int_equal(bits(r, 1e8, 0), 0);
    r.ruler_ghz = 3 * 1.051;
    assert_int_equal(bits(r, 1e8, 0), BENCH_NOISE_FREQUENCY);
    r.ruler_ghz = 3 * 0.949;
    assert_int_equal(bits(r, 1e8, 0), BENCH_NOISE_FREQUENCY);

    assert_int_equal(bits(quiet, 1e8, 50), 0);
    assert_int_equal(bits(quiet, 1e8, 51), BENCH_NOISE_CLOCK);
    assert_int_equal(bits(quiet, 1e8, -51), BENCH_NOISE_CLOCK);
}

static void test_the_unknown_is_no_contamination(void **state) {
    (void)state;
    struct bench__noise_reading r = {-1, -1, -1, -1, -1, -1, -1, -1, -1, NAN};
    assert_int_equal(bits(r, 1e6, NAN), 0);
}

static void test_several_causes(void **state) {
    (void)state;
    struct bench__noise_reading r = {.migrations = 2, .throttled_ns = 5, .ruler_ghz = 1};
    assert_int_equal(bits(r, 1e8, 80), BENCH_NOISE_MIGRATED | BENCH_NOISE_THROTTLED |
                                           BENCH_NOISE_FREQUENCY | BENCH_NOISE_CLOCK);
}

static void test_ruler(void **state) {
    (void)state;
    uint64_t now = 0;
    struct bench__clock clock = {.ticks_per_ns = 1, .read = stopped, .context = &now};
    assert_true(isnan(bench__noise_ruler_ghz(&clock)));
    assert_int_equal(bench__clock_open(&clock, BENCH_CLOCK_AUTO, NULL), 0);
    double ghz = bench__noise_ruler_ghz(&clock);
    assert_true(isfinite(ghz) && ghz > 0);
}

static void test_this_machine(void **state) {
    (void)state;
    struct bench__clock clock;
    struct bench__noise_reading from, to;
    bench_noise noise;
    assert_int_equal(bench__clock_open(&clock, BENCH_CLOCK_AUTO, NULL), 0);
    struct bench__noise_probe *probe = bench__noise_probe_new("");
    bench__noise_read(probe, &clock, &from);
    bench__noise_read(probe, &clock, &to);
    bench__noise_between(&from, &to, 1e6, 0, &noise);
    bench__noise_probe_free(probe);
    assert_true(to.cpu_ns >= from.cpu_ns);
    assert_true(noise.minor_faults >= 0 && noise.involuntary_switches >= 0);
    assert_true(noise.steal_ns >= -1 && noise.pressure_ns >= -1 && noise.migrations >= -1);
    assert_true(noise.ruler_before_ghz > 0 && noise.ruler_after_ghz > 0);
    assert_true(bench__process_cpu_ns() > 0);
    int64_t rss = bench__peak_rss_bytes();
    assert_true(rss == -1 || rss > 0);
}

static void test_without_memory(void **state) {
    (void)state;
    bench__mem_fail_after(0);
    assert_null(bench__noise_probe_new(""));
    bench__mem_fail_after(-1);
    bench__noise_probe_free(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_laptop),
        cmocka_unit_test(test_kvm),
        cmocka_unit_test(test_container_v1),
        cmocka_unit_test(test_nothing_to_read),
        cmocka_unit_test(test_files_are_read_again),
        cmocka_unit_test(test_differences),
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_the_unknown_is_no_contamination),
        cmocka_unit_test(test_several_causes),
        cmocka_unit_test(test_ruler),
        cmocka_unit_test(test_this_machine),
        cmocka_unit_test(test_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
