/* Growing, sorting and settling the result structs. */
#include "result_support.h"

#include "unit/base/alloc_failure.h"

static void a_new_run_has_measured_nothing(void **state) {
    (void)state;
    bench_run *run = bench__run_new();
    assert_non_null(run);
    assert_int_equal(run->format_version, BENCH__FORMAT_VERSION);
    assert_true(isnan(run->wall_ns));
    assert_int_equal(run->host.memory_bytes, -1);
    bench_result *result = bench__run_add_result(run);
    assert_int_equal(result->status, BENCH_STATUS_NOT_RUN);
    assert_true(isnan(result->time.median.point));
    assert_true(isnan(result->latency.p99));
    assert_true(isnan(result->kernel_correlation[BENCH_KERNEL_SYSCALL]));
    assert_int_equal(result->peak_rss_bytes, -1);
    bench_launch *launch = bench__result_add_launch(result);
    assert_int_equal(launch->calibration, -1);
    assert_true(isnan(launch->median_ns));
    assert_int_equal(launch->noise.steal_ns, -1);
    bench_run_free(run);
    bench_run_free(NULL);
}

static void grows_to_ten_thousand(void **state) {
    char name[40];
    (void)state;
    bench_run *run = bench__run_new();
    for (int i = 0; i < 10000; i++) {
        bench_result *result = bench__run_add_result(run);
        assert_non_null(result);
        snprintf(name, sizeof name, "s/g/%05d", (i * 7919) % 10000);
        set_text(&result->name, name);
    }
    bench__run_sort(run);
    for (size_t i = 0; i < run->n_results; i++) {
        snprintf(name, sizeof name, "s/g/%05zu", i);
        assert_string_equal(run->results[i].name, name);
        assert_ptr_equal(bench_run_find(run, name), &run->results[i]);
    }
    assert_null(bench_run_find(run, "s/g/"));
    assert_null(bench_run_find(run, "zzz"));
    bench_run_free(run);
}

static void sorts_launches(void **state) {
    (void)state;
    bench_run *run = new_run();
    bench_result *result = add_benchmark(run, "s", "f");
    for (uint32_t i = 0; i < 5; i++) {
        bench__result_add_launch(result)->index = (i * 3) % 5;
    }
    bench__run_sort(run);
    for (uint32_t i = 0; i < 5; i++) {
        assert_int_equal(result->launches[i].index, i);
    }
    bench_run_free(run);
}

static void the_worst_launch_gives_the_status(void **state) {
    (void)state;
    bench_run *run = new_run();
    bench_result *result = add_benchmark(run, "s", "f");
    bench__result_settle_status(result);
    assert_int_equal(result->status, BENCH_STATUS_NOT_RUN);
    add_launch(result, 1)->status = BENCH_STATUS_NOT_RUN;
    add_launch(result, 1);
    bench__result_settle_status(result);
    assert_int_equal(result->status, BENCH_STATUS_OK);
    assert_null(result->message);
    bench_launch *failed = add_launch(result, 1);
    failed->status = BENCH_STATUS_FAILED;
    failed->message = bench__strdup("queue full");
    add_launch(result, 1)->status = BENCH_STATUS_SKIPPED;
    bench__result_settle_status(result);
    assert_int_equal(result->status, BENCH_STATUS_FAILED);
    assert_string_equal(result->message, "queue full");
    add_launch(result, 1)->status = BENCH_STATUS_CRASHED;
    bench__result_settle_status(result);
    assert_int_equal(result->status, BENCH_STATUS_CRASHED);
    assert_null(result->message);
    bench_run_free(run);
}

static void contaminated_share_counts_ok_launches(void **state) {
    (void)state;
    bench_run *run = new_run();
    bench_result *result = add_benchmark(run, "s", "f");
    assert_true(bench__contaminated_share(result) == 0);
    for (int i = 0; i < 4; i++) {
        add_launch(result, 1)->noise.contaminated = i == 0 ? BENCH_NOISE_CLOCK : 0;
    }
    add_launch(result, 1)->status = BENCH_STATUS_FAILED;
    assert_true(bench__contaminated_share(result) == 0.25);
    assert_false(bench__launch_valid(&result->launches[0]));
    assert_true(bench__launch_valid(&result->launches[1]));
    assert_false(bench__launch_valid(&result->launches[4]));
    bench_run_free(run);
}

static int build(void) {
    bench_run *run = bench__run_new();
    bench_result *result = run != NULL ? bench__run_add_result(run) : NULL;
    int is_whole = result != NULL && bench__run_add_calibration(run) != NULL &&
                   bench__result_add_param(result, "size", "64", 1, 64) == 0 &&
                   bench__result_add_launch(result) != NULL;
    is_whole = is_whole && bench__counter_add(&result->counters, &result->n_counters, "hits", "1",
                                              BENCH_COUNTER_RATE, 3) != NULL;
    is_whole = is_whole &&
               bench__label_set(&result->labels, &result->n_labels, "server", "one") == 0 &&
               bench__label_set(&result->labels, &result->n_labels, "server", "two") == 0 &&
               strcmp(result->labels[0].value, "two") == 0 && result->n_labels == 1;
    bench_run_free(run);
    return is_whole;
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    const long live = bench__mem_live();
    long n = 0;
    for (int done = 0; !done; n++) {
        bench__mem_fail_after(n);
        done = build();
        bench__mem_fail_after(-1);
        assert_int_equal(bench__mem_live(), live);
    }
    assert_true(n > 8);
}

static void one_run_moves_behind_another(void **state) {
    (void)state;
    bench_run *into = new_run(), *from = new_run();
    add_reading(into, 1);
    bench__result_add_launch(add_benchmark(into, "s", "a"))->calibration = 0;
    add_reading(from, 2);
    add_reading(from, 3);
    bench_result *moved = add_benchmark(from, "s", "b");
    bench__result_add_launch(moved)->calibration = 1;
    bench__result_add_launch(moved); /* without a reading */
    snprintf(into->executable_id, sizeof into->executable_id, "one");
    assert_int_equal(bench__run_move(into, from), 0);
    assert_string_equal(into->executable_id, ""); /* they are of different ones */
    bench_run_free(from);                         /* owns nothing of it any more */
    assert_int_equal(into->n_calibrations, 3);
    assert_true(into->calibrations[2].ns[BENCH_KERNEL_ADD] == 3);
    assert_int_equal(into->n_results, 2);
    assert_string_equal(into->results[1].name, "s/group/b");
    assert_int_equal(into->results[0].launches[0].calibration, 0);
    assert_int_equal(into->results[1].launches[0].calibration, 2);
    assert_int_equal(into->results[1].launches[1].calibration, -1);
    bench_run_free(into);
}

static int move_scenario(void) {
    int rc = BENCH_ENOMEM;
    bench_run *into = bench__run_new(), *from = bench__run_new();
    if (into != NULL && from != NULL && bench__run_add_calibration(from) != NULL &&
        bench__run_add_result(from) != NULL) {
        rc = bench__run_move(into, from);
    }
    bench_run_free(into);
    bench_run_free(from);
    return rc;
}

static void every_allocation_of_a_move_may_fail(void **state) {
    (void)state;
    fail_every_allocation(move_scenario);
}

/* Over launches and readings; what is unknown does not count. */
static void when_a_run_last_did_something(void **state) {
    (void)state;
    bench_run *run = new_run();
    assert_true(bench__run_last_ns(run) == 0);
    bench_result *result = add_benchmark(run, "s", "a");
    bench_launch *launch = bench__result_add_launch(result);
    assert_true(bench__run_last_ns(run) == 0);
    launch->wall_ns = 50;
    assert_true(bench__run_last_ns(run) == 0);
    launch->started_at_ns = 100;
    assert_true(bench__run_last_ns(run) == 150);
    launch = bench__result_add_launch(result);
    launch->started_at_ns = 170;
    assert_true(bench__run_last_ns(run) == 170);
    bench__run_add_calibration(run)->at_ns = 400;
    assert_true(bench__run_last_ns(run) == 400);
    bench__run_add_calibration(run);
    assert_true(bench__run_last_ns(run) == 400);
    bench_run_free(run);
}

static void names(void **state) {
    (void)state;
    assert_string_equal(bench_verdict_name(BENCH_VERDICT_NONE), "none");
    assert_string_equal(bench_verdict_name(BENCH_VERDICT_INCOMPARABLE), "incomparable");
    assert_string_equal(bench_verdict_name((bench_verdict)99), "unknown");
    assert_string_equal(bench_status_name(BENCH_STATUS_TIMEOUT), "timeout");
    assert_string_equal(bench_status_name((bench_status)99), "unknown");
    assert_string_equal(bench_kernel_name(BENCH_KERNEL_SYSCALL), "syscall");
    assert_string_equal(bench_kernel_name((bench_kernel)99), "unknown");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_run_has_measured_nothing),
        cmocka_unit_test(grows_to_ten_thousand),
        cmocka_unit_test(sorts_launches),
        cmocka_unit_test(the_worst_launch_gives_the_status),
        cmocka_unit_test(contaminated_share_counts_ok_launches),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(one_run_moves_behind_another),
        cmocka_unit_test(every_allocation_of_a_move_may_fail),
        cmocka_unit_test(when_a_run_last_did_something),
        cmocka_unit_test(names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
