/* What is marked about a benchmark, and why. */
#include "analyze_support.h"

static void expect_flags(bench_run *run, unsigned flags) {
    analyze(run, &run->results[0]);
    assert_int_equal(run->results[0].flags & ~(unsigned)BENCH_FLAG_MULTIMODAL, flags);
    bench_run_free(run);
}

static void each_flag_has_its_cause(void **state) {
    (void)state;
    expect_flags(quiet_run(), 0);

    bench_run *run = quiet_run();
    run->results[0].launches[3].steady = 0;
    expect_flags(run, BENCH_FLAG_NOT_STEADY);

    run = quiet_run();
    run->results[0].launches[3].output_bytes = 1;
    expect_flags(run, BENCH_FLAG_WRITES_OUTPUT);

    run = quiet_run();
    for (int i = 0; i < 5; i++) {
        run->results[0].launches[i].noise.contaminated = BENCH_NOISE_MIGRATED;
    }
    expect_flags(run, BENCH_FLAG_NOISY);

    run = quiet_run();
    run->results[0].launches[3].status = BENCH_STATUS_NOT_RUN;
    expect_flags(run, BENCH_FLAG_FEW_LAUNCHES);

    run = quiet_run(); /* 10 us samples, but a step of 11 ns */
    for (int i = 0; i < 16; i++) {
        run->results[0].launches[i].clock.resolution_ns = 11;
    }
    expect_flags(run, BENCH_FLAG_CLOCK_BOUND);

    run = quiet_run(); /* 10 us samples, in batches of 0.9 us where 1 us is needed */
    for (int i = 0; i < 16; i++) {
        run->results[0].launches[i].batch_max = 90;
    }
    expect_flags(run, BENCH_FLAG_CLOCK_BOUND);

    run = quiet_run();
    for (int i = 0; i < 16; i++) {
        run->results[0].launches[i].batch_max = 110;
    }
    expect_flags(run, 0);

    run = quiet_run(); /* batches longer than the samples */
    for (int i = 0; i < 16; i++) {
        run->results[0].launches[i].batch_max = 100000;
    }
    expect_flags(run, 0);

    run = quiet_run(); /* what the caller knows about threads stays */
    run->results[0].flags = BENCH_FLAG_OVERSUBSCRIBED | BENCH_FLAG_NOISY;
    expect_flags(run, BENCH_FLAG_OVERSUBSCRIBED);

    run = quiet_run(); /* no more than an empty loop */
    for (int i = 0; i < 16; i++) {
        for (int s = 0; s < 20; s++) {
            run->results[0].launches[i].elapsed_ns[s] = 1.15 * EMPTY_LOOP_NS * 1000 * 100;
            run->results[0].launches[i].iterations[s] = 1000 * 100;
        }
    }
    expect_flags(run, BENCH_FLAG_DEAD_CODE);
}

/* Time that does not grow with the iterations: the loop's body is gone. */
static void a_loop_that_does_not_grow_is_dead(void **state) {
    (void)state;
    for (int grows = 0; grows < 2; grows++) {
        bench_run *run = quiet_run();
        for (int i = 0; i < 16; i++) {
            bench_launch *launch = &run->results[0].launches[i];
            for (size_t s = 0; s < 20; s++) {
                launch->iterations[s] = 1000 * (s + 1);
                launch->elapsed_ns[s] = grows ? 3e4 + 10000.0 * (double)(s + 1) : 3e5;
            }
        }
        run->results[0].options.sampling = BENCH_SAMPLING_LINEAR;
        expect_flags(run, grows ? 0 : BENCH_FLAG_DEAD_CODE);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_flag_has_its_cause),
        cmocka_unit_test(a_loop_that_does_not_grow_is_dead),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
