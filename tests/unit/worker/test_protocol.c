/* Requests and launches over the wire, whole and cut at every byte. */
#include "worker/protocol.h"

#include "base/mem.h"
#include "result/model.h"
#include "unit/measure/near.h"

#include <string.h>

static bench_param params[] = {
    {.name = (char[]){"size"}, .text = (char[]){"100"}, .is_i64 = 1, .i64 = 100}};

static const struct bench__request request = {
    .suite = "s",
    .group = "g",
    .function = "f",
    .params = params,
    .n_params = 1,
    .index = 3,
    .sampler = {.sampling = BENCH_SAMPLING_LINEAR,
                .warm_up_ns = 1,
                .measurement_ns = 2,
                .sample_size = 4,
                .max_iterations = 5,
                .seed = 6,
                .once = 1,
                .no_keep = 1},
    .clock = BENCH_CLOCK_TSC,
    .ticks_per_ns = 2.5,
    .cpu = -1,
    .side = -1,
    .stack_offset = 16,
    .heap_offset = 99,
};

static void requests_come_back(void **state) {
    (void)state;
    struct bench__wire w = {0};
    struct bench__request back;
    bench__put_request(&w, &request);
    assert_int_equal(bench__get_request(&w, &back, NULL), 0);
    assert_string_equal(back.function, "f");
    assert_string_equal(back.params[0].name, "size");
    assert_string_equal(back.params[0].text, "100");
    assert_memory_equal(&back.sampler, &request.sampler, sizeof back.sampler);
    assert_int_equal(back.index, 3);
    assert_int_equal(back.cpu, -1);
    assert_int_equal(back.stack_offset, 16);
    assert_int_equal(back.heap_offset, 99);
    assert_near(back.ticks_per_ns, 2.5, 0);
    bench__request_clear(&back);
    bench__wire_clear(&w);
}

static void fill_launch(bench_launch *launch) {
    static const uint64_t iterations[] = {10, 20};
    static const double elapsed[] = {100.5, 200.25};
    static const uint32_t index[] = {1, 7};
    static const uint64_t count[] = {2, 3};
    bench__launch_init(launch);
    launch->index = 5;
    launch->seed = 17;
    launch->status = BENCH_STATUS_FAILED;
    launch->message = bench__strdup("because");
    launch->clock.kind = BENCH_CLOCK_TSC;
    launch->noise.migrations = 4;
    launch->cold_ns = 12.5;
    launch->n_samples = 2;
    launch->iterations = bench__memdup(iterations, 2, sizeof *iterations);
    launch->elapsed_ns = bench__memdup(elapsed, 2, sizeof *elapsed);
    launch->total_iterations = 30;
    launch->batch_max = 8;
    launch->peak_rss_bytes = 4096;
    launch->n_errors = 1;
    launch->latency.n_buckets = 2;
    launch->latency.index = bench__memdup(index, 2, sizeof *index);
    launch->latency.count = bench__memdup(count, 2, sizeof *count);
    launch->latency.n_total = 5;
    assert_non_null(bench__counter_add(&launch->counters, &launch->n_counters, "fill", "bytes",
                                       BENCH_COUNTER_RATE, 3.5));
    assert_int_equal(bench__label_set(&launch->labels, &launch->n_labels, "server", "one"), 0);
}

static void launches_come_back(void **state) {
    (void)state;
    struct bench__wire w = {0};
    bench_launch launch, back;
    fill_launch(&launch);
    bench__put_launch(&w, &launch);
    assert_int_equal(bench__get_launch(&w, &back, NULL), 0);
    assert_int_equal(back.index, 5);
    assert_int_equal(back.status, BENCH_STATUS_FAILED);
    assert_string_equal(back.message, "because");
    assert_int_equal(back.noise.migrations, 4);
    assert_int_equal(back.n_samples, 2);
    assert_near(back.elapsed_ns[1], 200.25, 0);
    assert_int_equal(back.iterations[1], 20);
    assert_int_equal(back.batch_max, 8);
    assert_int_equal(back.latency.n_buckets, 2);
    assert_int_equal(back.latency.count[1], 3);
    assert_int_equal(back.n_counters, 1);
    assert_string_equal(back.counters[0].name, "fill");
    assert_string_equal(back.counters[0].unit, "bytes");
    assert_int_equal(back.counters[0].kind, BENCH_COUNTER_RATE);
    assert_near(back.counters[0].value, 3.5, 0);
    assert_int_equal(back.n_labels, 1);
    assert_string_equal(back.labels[0].name, "server");
    assert_string_equal(back.labels[0].value, "one");
    bench__launch_clear(&launch);
    bench__launch_clear(&back);
    bench__wire_clear(&w);
}

static void every_truncation_is_noticed(void **state) {
    (void)state;
    struct bench__wire whole = {0};
    bench_launch launch, back;
    fill_launch(&launch);
    bench__put_launch(&whole, &launch);
    const long live = bench__mem_live();
    for (size_t n = 0; n < whole.n; n++) {
        struct bench__wire cut = {.data = whole.data, .n = n};
        bench_error error = {0};
        assert_int_equal(bench__get_launch(&cut, &back, &error), BENCH_EFORMAT);
        assert_int_equal(bench__mem_live(), live);
    }
    bench__launch_clear(&launch);
    bench__wire_clear(&whole);
    bench__put_request(&whole, &request);
    for (size_t n = 0; n < whole.n; n++) {
        struct bench__wire cut = {.data = whole.data, .n = n};
        struct bench__request got;
        assert_int_equal(bench__get_request(&cut, &got, NULL), BENCH_EFORMAT);
    }
    bench__wire_clear(&whole);
}

static void calibrations_come_back(void **state) {
    (void)state;
    struct bench__wire w = {0};
    bench_calibration out = {.ns = {1, 2, 3, 4, 5, 6, 7, 8, NAN}}, back;
    bench__put_calibration(&w, &out);
    assert_int_equal(bench__get_calibration(&w, &back, NULL), 0);
    assert_near(back.ns[BENCH_KERNEL_COPY], 7, 0);
    assert_true(isnan(back.ns[BENCH_KERNEL_SYSCALL]));
    bench__wire_clear(&w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_come_back),
        cmocka_unit_test(launches_come_back),
        cmocka_unit_test(every_truncation_is_noticed),
        cmocka_unit_test(calibrations_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
