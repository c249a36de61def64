/* Numbers as text: units, digits, and what was not measured. */
#include "report_test.h"

#include "base/strbuf.h"
#include "report/figures.h"
#include "result/model.h"

#include <locale.h>
#include <math.h>

static char buf[BENCH__FIGURE_SIZE];

static void test_times(void **state) {
    (void)state;
    static const struct {
        double ns;
        const char *text;
    } cases[] = {{0.3121, "0.312 ns"}, {9.9996, "10.00 ns"}, {83.123, "83.12 ns"},
                 {999.94, "999.9 ns"}, {999.96, "1.000 us"}, {4560, "4.560 us"},
                 {1.5e6, "1.500 ms"},  {2e9, "2.000 s"},     {12345e9, "12345 s"},
                 {0, "0.000 ns"},      {NAN, "-"},           {INFINITY, "-"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_string_equal(bench__figure_time(buf, sizeof buf, cases[i].ns, 0), cases[i].text);
    }
    assert_string_equal(bench__figure_time(buf, sizeof buf, 4560, 1), "4.560 µs");
}

static void test_intervals_use_the_unit_of_the_point(void **state) {
    (void)state;
    bench_estimate e = {998.0, 990.12, 1004.4};
    assert_string_equal(bench__figure_interval(buf, sizeof buf, &e, 0), "990.1 .. 1004.4");
    e = (bench_estimate){4560, 4551, 4572};
    assert_string_equal(bench__figure_interval(buf, sizeof buf, &e, 1), "4.551 … 4.572");
    e.upper = NAN;
    assert_string_equal(bench__figure_interval(buf, sizeof buf, &e, 1), "-");
}

static void test_percents(void **state) {
    (void)state;
    assert_string_equal(bench__figure_percent(buf, sizeof buf, 0.0042, 1), "+0.42 %");
    assert_string_equal(bench__figure_percent(buf, sizeof buf, -0.17, 1), "-17.0 %");
    assert_string_equal(bench__figure_percent(buf, sizeof buf, 2.5, 0), "250 %");
    assert_string_equal(bench__figure_percent(buf, sizeof buf, NAN, 1), "-");
    assert_string_equal(bench__figure_share(buf, sizeof buf, 0.0123), "1.2 %");
    assert_string_equal(bench__figure_share(buf, sizeof buf, 0.0002), "<0.1 %");
    assert_string_equal(bench__figure_share(buf, sizeof buf, 0), "0.0 %");
    assert_string_equal(bench__figure_share(buf, sizeof buf, 1.5), "150 %");
    assert_string_equal(bench__figure_share(buf, sizeof buf, NAN), "-");
}

static void test_changes(void **state) {
    (void)state;
    const bench_estimate e = {0.17, -0.0521, 0.188};
    assert_string_equal(bench__figure_change_range(buf, sizeof buf, &e, 0), "-5.2 .. +18.8 %");
    const bench_estimate t = {100, 98, 102};
    assert_string_equal(bench__figure_plus_minus(buf, sizeof buf, &t, 1), "±2.0 %");
    assert_string_equal(bench__figure_plus_minus(buf, sizeof buf, &t, 0), "+-2.0 %");
}

static void test_quantities(void **state) {
    (void)state;
    static const struct {
        double value;
        const char *unit, *text;
    } cases[] = {
        {12500, "ns", "12.50 us"}, {1.2e6, "1/s", "1.200 M/s"},  {2048, "bytes", "2.000 KiB"},
        {184, "B", "184 B"},       {0.02, "fraction", "2.00 %"}, {3.33, "1", "3.33"},
        {3.3, "", "3.3"},          {120, "msg", "120 msg"},      {NAN, "ns", "-"},
        {0, "msg", "0 msg"},       {-2.5, "msg", "-2.5 msg"},    {1e9, "msg", "1000000000 msg"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_string_equal(
            bench__figure_quantity(buf, sizeof buf, cases[i].value, cases[i].unit, 0),
            cases[i].text);
    }
}

static void test_counters(void **state) {
    (void)state;
    bench_counter_record c = {.unit = "1", .kind = BENCH_COUNTER_RATE, .value = 12500};
    assert_string_equal(bench__figure_counter(buf, sizeof buf, &c), "12.50 k/s");
    c = (bench_counter_record){.unit = "bytes", .kind = BENCH_COUNTER_RATE, .value = 2048};
    assert_string_equal(bench__figure_counter(buf, sizeof buf, &c), "2.000 KiB/s");
    c = (bench_counter_record){.unit = "", .kind = BENCH_COUNTER_PER_ITERATION, .value = 1.5};
    assert_string_equal(bench__figure_counter(buf, sizeof buf, &c), "1.5 /op");
    c = (bench_counter_record){.unit = "bytes", .kind = BENCH_COUNTER_PER_ITERATION, .value = 96};
    assert_string_equal(bench__figure_counter(buf, sizeof buf, &c), "96 B/op");
    c = (bench_counter_record){.unit = "msg", .kind = BENCH_COUNTER_VALUE, .value = 7};
    assert_string_equal(bench__figure_counter(buf, sizeof buf, &c), "7 msg");
}

static void test_throughput_counts_all_threads(void **state) {
    (void)state;
    bench_result r;
    bench__result_init(&r);
    r.time.median.point = 100;
    r.elements_per_iteration = 2;
    r.n_threads = 4;
    assert_string_equal(bench__figure_throughput(buf, sizeof buf, &r, 0), "80.0 M/s");
    assert_string_equal(bench__figure_throughput(buf, sizeof buf, &r, 1), "-");
    r.bytes_per_iteration = 1024;
    assert_string_equal(bench__figure_throughput(buf, sizeof buf, &r, 1), "38.1 GiB/s");
}

/* A program with a comma as its decimal point gets the same text. */
static void test_no_locale(void **state) {
    (void)state;
    const char *names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "de_DE"};
    int found = 0;
    for (size_t i = 0; i < 4 && !found; i++) {
        found = setlocale(LC_NUMERIC, names[i]) != NULL;
    }
    if (!found) {
        skip();
    }
    assert_string_equal(bench__figure_time(buf, sizeof buf, 83.123, 0), "83.12 ns");
    assert_string_equal(bench__figure_percent(buf, sizeof buf, 0.0042, 1), "+0.42 %");
    assert_string_equal(bench__figure_quantity(buf, sizeof buf, 3.33, "1", 0), "3.33");
    setlocale(LC_NUMERIC, "C");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_intervals_use_the_unit_of_the_point),
        cmocka_unit_test(test_percents),
        cmocka_unit_test(test_changes),
        cmocka_unit_test(test_quantities),
        cmocka_unit_test(test_counters),
        cmocka_unit_test(test_throughput_counts_all_threads),
        cmocka_unit_test(test_no_locale),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
