/* Reading numbers with units: accepted and refused texts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/units.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/* --- reading --- */

static void durations(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int64_t ns;
    } cases[] = {
        {"0", 0},
        {"50ms", 50000000},
        {"2s", 2000000000},
        {"1.5us", 1500},
        {"1m", 60000000000},
        {"2min", 120000000000},
        {"1h", 3600000000000},
        {"300", 300000000000},
        {"0.25", 250000000},
        {".5s", 500000000},
        {"7 ns", 7},
        {"1e3ns", 1000},
        {"3\xC2\xB5s", 3000},
        {"3\xCE\xBCs", 3000},
        {"0.6ns", 1},
        {"0.001s", 1000000},
        {"9000000000s", INT64_C(9000000000000000000)},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t ns = -1;
        bench_error err = {0};
        assert_int_equal(bench__parse_duration_ns(&ns, cases[i].text, &err), 0);
        assert_true(ns == cases[i].ns);
        assert_int_equal(err.code, 0);
    }
}

static void fractions(void **state) {
    (void)state;
    static const struct {
        const char *text;
        double value;
    } cases[] = {{"5%", 0.05}, {"0.05", 0.05}, {"7 %", 0.07},   {"0", 0},       {"0%", 0},
                 {"1", 1},     {"150%", 1.5},  {"1e-3", 0.001}, {"0.1%", 0.001}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double value = -1;
        assert_int_equal(bench__parse_fraction(&value, cases[i].text, NULL), 0);
        assert_true(value == cases[i].value);
    }
}

static void quantities(void **state) {
    (void)state;
    static const struct {
        const char *text, *unit;
        double value;
    } cases[] = {
        {"200", "1", 200},
        {"1k", "1", 1e3},
        {"1K", "1", 1e3},
        {"2.5M", "1", 2.5e6},
        {"1G", "1", 1e9},
        {"1T", "1", 1e12},
        {"5%", "1", 0.05},
        {"7%", "1", 0.07},
        {"1M/s", "1/s", 1e6},
        {"200/s", "1/s", 200},
        {"100 k/s", "1/s", 1e5},
        {"50 MB", "bytes", 50e6},
        {"104 B", "bytes", 104},
        {"4KiB", "bytes", 4096},
        {"2kB", "bytes", 2000},
        {"1MiB", "bytes", 1 << 20},
        {"1GiB", "bytes", 1 << 30},
        {"1TiB", "bytes", 0x1p40},
        {"1 GB/s", "bytes/s", 1e9},
        {"1MiB/s", "bytes/s", 1 << 20},
        {"1us", "ns", 1000},
        {"10ms", "ns", 1e7},
        {"1s", "ns", 1e9},
        {"1m", "ns", 6e10},
        {"0", "1", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double value = -1;
        char unit[24] = "?";
        assert_int_equal(bench__parse_quantity(&value, unit, cases[i].text, NULL), 0);
        assert_true(value == cases[i].value);
        assert_string_equal(unit, cases[i].unit);
    }
}

static void integers(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int64_t value;
    } cases[] = {
        {"0", 0},
        {"-0", 0},
        {"007", 7},
        {"10k", 10000},
        {"2K", 2000},
        {"3M", 3000000},
        {"4G", 4000000000},
        {"-5k", -5000},
        {"9223372036854775807", INT64_MAX},
        {"-9223372036854775808", INT64_MIN},
        {"9223372036854775k", INT64_C(9223372036854775000)},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t value = 77;
        assert_int_equal(bench__parse_i64(&value, cases[i].text, NULL), 0);
        assert_true(value == cases[i].value);
    }
}

static void plain_numbers(void **state) {
    (void)state;
    static const struct {
        const char *text;
        double value;
    } cases[] = {{"12", 12},     {"-0.5", -0.5},
                 {"1e-3", 1e-3}, {"2.5E+2", 250},
                 {".5", 0.5},    {"3.", 3},
                 {"1e-400", 0},  {"1.7976931348623157e308", 1.7976931348623157e308}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double value = 77;
        assert_int_equal(bench__parse_double(&value, cases[i].text, NULL), 0);
        assert_true(value == cases[i].value);
    }
}

enum reader { DURATION, FRACTION, QUANTITY, INTEGER, NUMBER, READERS };

static int read_with(enum reader reader, const char *text, bench_error *err) {
    int64_t i64 = 77;
    double number = 77;
    char unit[24];
    int rc = 0;
    switch (reader) {
    case DURATION:
        rc = bench__parse_duration_ns(&i64, text, err);
        break;
    case FRACTION:
        rc = bench__parse_fraction(&number, text, err);
        break;
    case QUANTITY:
        rc = bench__parse_quantity(&number, unit, text, err);
        break;
    case INTEGER:
        rc = bench__parse_i64(&i64, text, err);
        break;
    default:
        rc = bench__parse_double(&number, text, err);
    }
    assert_true(rc == 0 || (i64 == 77 && number == 77)); /* a refused text changes nothing */
    return rc;
}

static void assert_refused(enum reader reader, const char *text) {
    bench_error err = {0};
    if (read_with(reader, text, &err) != BENCH_EINVAL)
        fail_msg("reader %d takes '%s'", (int)reader, text);
    assert_int_equal(err.code, BENCH_EINVAL);
    assert_true(strlen(err.text) > 20);
}

static void nonsense_is_refused_by_all(void **state) {
    (void)state;
    static const char *const texts[] = {
        "",      " ",   " 1",  "1 ",  "x",        "-",    ".",   "+1",        "1x",    "1..2",
        "1.2.3", "nan", "inf", "NaN", "1e999",    "0x10", "1,5", "--1",       "1e",    "%",
        "k",     "ns",  "1 2", "1\n", "infinity", "- 1",  "1e+", "\xC2\xB5s", "1\xFF",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        for (int reader = 0; reader < READERS; reader++)
            assert_refused(reader, texts[i]);
    }
}

static void each_refuses_what_is_senseless_for_it(void **state) {
    (void)state;
    static const struct {
        enum reader reader;
        const char *text;
    } cases[] = {
        {DURATION, "-1s"},
        {DURATION, "-0"},
        {DURATION, "1M"},
        {DURATION, "1KiB"},
        {DURATION, "1ns/s"},
        {DURATION, "1e300s"},
        {DURATION, "9223372037s"},
        {DURATION, "5%"},
        {FRACTION, "-5%"},
        {FRACTION, "5"},
        {FRACTION, "1.01"},
        {FRACTION, "5%%"},
        {FRACTION, "5k"},
        {FRACTION, "5 ms"},
        {QUANTITY, "-1"},
        {QUANTITY, "1ms/s"},
        {QUANTITY, "5%/s"},
        {QUANTITY, "1 M /s"},
        {QUANTITY, "1mb"},
        {QUANTITY, "1/m"},
        {QUANTITY, "1e300T"},
        {QUANTITY, "1P"},
        {QUANTITY, "/s"},
        {INTEGER, "1.5"},
        {INTEGER, "1e3"},
        {INTEGER, "1 k"},
        {INTEGER, "1kk"},
        {INTEGER, "1m"},
        {INTEGER, "9223372036854775808"},
        {INTEGER, "-9223372036854775809"},
        {INTEGER, "9223372036854776k"},
        {INTEGER, "99999999999999999999999999"},
        {NUMBER, "1k"},
        {NUMBER, "1%"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_refused(cases[i].reader, cases[i].text);
}

static void messages_say_what_is_accepted(void **state) {
    (void)state;
    bench_error err = {0};
    bench__parse_fraction(&(double){0}, "5", &err);
    assert_string_equal(err.text, "'5' without % must be between 0 and 1 (did you mean 5%?)");
    err = (bench_error){0};
    bench__parse_duration_ns(&(int64_t){0}, "5 parsecs", &err);
    assert_non_null(strstr(err.text, "'5 parsecs'"));
    assert_non_null(strstr(err.text, "ns, us, ms, s, m or h"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations),
        cmocka_unit_test(fractions),
        cmocka_unit_test(quantities),
        cmocka_unit_test(integers),
        cmocka_unit_test(plain_numbers),
        cmocka_unit_test(nonsense_is_refused_by_all),
        cmocka_unit_test(each_refuses_what_is_senseless_for_it),
        cmocka_unit_test(messages_say_what_is_accepted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
