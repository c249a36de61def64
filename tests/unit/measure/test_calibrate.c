/* The calibration kernels: with exact time for the arithmetic, with the real clock for sanity. */
#include "measure/calibrate.h"

#include "base/mem.h"
#include "unit/measure/near.h"

/* Small caches keep the test small; the memory buffer has its lower bound all the same. */
static const bench_host small = {.l1d_bytes = 16 << 10, .l2_bytes = 128 << 10, .l3_bytes = 1 << 20};
static const bench_host unknown = {.l1d_bytes = -1, .l2_bytes = -1, .l3_bytes = -1};

static uint64_t tick(void *context) {
    return *(uint64_t *)context += 1 << 20;
}

static uint64_t stopped(void *context) {
    return *(uint64_t *)context;
}

/* Every repeat takes 2^20 ns here, so a kernel shows 2^20 / operations. */
static void test_per_operation(void **state) {
    (void)state;
    uint64_t now = 0;
    struct bench__clock clock = {.ticks_per_ns = 1, .read = tick, .context = &now};
    struct bench__calibrator *c = bench__calibrator_new(&small, 1);
    bench_calibration out = {.at_ns = 42};
    assert_non_null(c);
    bench__calibrator_run(c, &clock, &out);
    assert_near(out.ns[BENCH_KERNEL_ADD], 4, 0);
    assert_near(out.ns[BENCH_KERNEL_MULTIPLY], 16, 0);
    assert_near(out.ns[BENCH_KERNEL_L1], 16, 0);
    assert_near(out.ns[BENCH_KERNEL_L2], 32, 0);
    assert_near(out.ns[BENCH_KERNEL_L3], 128, 0);
    assert_near(out.ns[BENCH_KERNEL_MEMORY], 512, 0);
    assert_near(out.ns[BENCH_KERNEL_COPY], 256, 0); /* 16 times 256 KiB, per KiB */
    assert_near(out.ns[BENCH_KERNEL_BRANCH], 32, 0);
    assert_near(out.ns[BENCH_KERNEL_SYSCALL], (1 << 20) / 500.0, 1e-9);
    assert_int_equal(out.at_ns, 42);
    bench__calibrator_free(c);
}

static void test_clock_that_stands_still(void **state) {
    (void)state;
    uint64_t now = 5;
    struct bench__clock clock = {.ticks_per_ns = 1, .read = stopped, .context = &now};
    struct bench__calibrator *c = bench__calibrator_new(&small, 1);
    bench_calibration out;
    bench__calibrator_run(c, &clock, &out);
    for (int i = 0; i < BENCH_N_KERNELS; i++)
        assert_true(isnan(out.ns[i]));
    bench__calibrator_free(c);
}

static void test_this_machine(void **state) {
    (void)state;
    struct bench__clock clock;
    assert_int_equal(bench__clock_open(&clock, BENCH_CLOCK_AUTO, NULL), 0);
    struct bench__calibrator *c = bench__calibrator_new(&unknown, 2);
    assert_non_null(c);
    for (int reading = 0; reading < 2; reading++) {
        bench_calibration out;
        bench__calibrator_run(c, &clock, &out);
        for (int i = 0; i < BENCH_N_KERNELS; i++)
            assert_true(isfinite(out.ns[i]) && out.ns[i] > 0);
    }
    bench__calibrator_free(c);
}

static void test_without_memory(void **state) {
    (void)state;
    long live = bench__mem_live();
    struct bench__calibrator *c = NULL;
    long n = 0;
    for (; !c; n++) {
        bench__mem_fail_after(n);
        c = bench__calibrator_new(&small, 3);
        bench__mem_fail_after(-1);
        if (!c)
            assert_int_equal(bench__mem_live(), live);
    }
    assert_true(n > 8); /* each buffer has failed once */
    bench__calibrator_free(c);
    bench__calibrator_free(NULL);
    assert_int_equal(bench__mem_live(), live);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_per_operation),
        cmocka_unit_test(test_clock_that_stands_still),
        cmocka_unit_test(test_this_machine),
        cmocka_unit_test(test_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
