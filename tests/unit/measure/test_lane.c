/* Lanes: which stretches a loop gets, and that only their time is counted. */
#include "measure/lane.h"

#include "unit/measure/near.h"

struct world {
    uint64_t now;
    uint64_t n_setups, n_teardowns, fail_setup_at;
};

static uint64_t read_now(void *context) {
    return ((struct world *)context)->now;
}

/* Set-up and teardown take time that must not be seen. */
static int set_up(void *context, uint64_t n) {
    struct world *w = context;
    w->now += 1000 * n;
    return ++w->n_setups == w->fail_setup_at;
}

static void tear_down(void *context, uint64_t n) {
    struct world *w = context;
    w->now += 500 * n;
    w->n_teardowns++;
}

static uint64_t loop(struct bench__lane *lane, struct world *w) {
    uint64_t total = 0;
    for (uint64_t n = bench__lane_start(lane); n != 0 || (n = bench__lane_next(lane)) != 0; n--) {
        w->now += 10;
        total++;
    }
    return total;
}

static void a_plain_loop_is_one_stretch(void **state) {
    (void)state;
    struct world w = {0};
    const struct bench__clock clock = {.ticks_per_ns = 1, .read = read_now, .context = &w};
    struct bench__lane lane = {.clock = &clock};
    bench__lane_arm(&lane, 1000);
    assert_int_equal(loop(&lane, &w), 1000);
    assert_int_equal(lane.timed_ticks, 10000);
    assert_int_equal(lane.last.n - lane.first.n, 10000);
    assert_int_equal(lane.phase, BENCH__LANE_DONE);
}

static void batches_leave_out_what_is_around_them(void **state) {
    (void)state;
    struct world w = {0};
    const struct bench__clock clock = {.ticks_per_ns = 1, .read = read_now, .context = &w};
    struct bench__lane lane = {.clock = &clock,
                               .batch_max = 64,
                               .batch_setup = set_up,
                               .batch_teardown = tear_down,
                               .context = &w};
    bench__lane_arm(&lane, 1000);
    assert_int_equal(loop(&lane, &w), 1000);
    assert_int_equal(w.n_setups, 16); /* 15 of 64 and one of 40 */
    assert_int_equal(w.n_teardowns, 16);
    assert_int_equal(lane.timed_ticks, 10000);
}

static void a_failing_setup_ends_the_loop(void **state) {
    (void)state;
    for (uint64_t at = 1; at <= 3; at++) {
        struct world w = {.fail_setup_at = at};
        const struct bench__clock clock = {.ticks_per_ns = 1, .read = read_now, .context = &w};
        struct bench__lane lane = {.clock = &clock,
                                   .batch_max = 64,
                                   .batch_setup = set_up,
                                   .batch_teardown = tear_down,
                                   .context = &w};
        bench__lane_arm(&lane, 1000);
        assert_int_equal(loop(&lane, &w), 64 * (at - 1));
        assert_int_equal(w.n_teardowns, at - 1);
        assert_int_equal(lane.stopped, 1);
    }
}

static void latency_records_every_iteration(void **state) {
    (void)state;
    struct world w = {0};
    const struct bench__clock clock = {.ticks_per_ns = 1, .read = read_now, .context = &w};
    struct bench__histogram *h = bench__histogram_new();
    struct bench__lane lane = {.clock = &clock, .histogram = h};
    bench__lane_arm(&lane, 300);
    assert_int_equal(loop(&lane, &w), 300);
    bench_histogram_record record;
    assert_int_equal(bench__histogram_record(h, &record), 0);
    assert_int_equal(record.n_total, 300);
    assert_near(record.min_ns, 10, 0);
    assert_near(record.max_ns, 10, 0);
    bench__histogram_record_clear(&record);
    bench__histogram_free(h);
}

static void a_second_loop_gets_nothing(void **state) {
    (void)state;
    struct world w = {0};
    const struct bench__clock clock = {.ticks_per_ns = 1, .read = read_now, .context = &w};
    struct bench__lane lane = {.clock = &clock};
    assert_int_equal(loop(&lane, &w), 0); /* never armed */
    bench__lane_arm(&lane, 5);
    assert_int_equal(loop(&lane, &w), 5);
    assert_int_equal(loop(&lane, &w), 0);
    assert_int_equal(lane.timed_ticks, 50);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_loop_is_one_stretch),
        cmocka_unit_test(batches_leave_out_what_is_around_them),
        cmocka_unit_test(a_failing_setup_ends_the_loop),
        cmocka_unit_test(latency_records_every_iteration),
        cmocka_unit_test(a_second_loop_gets_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
