/* Writing numbers with units: rounding, round trips, whatever the locale. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/rng.h"
#include "base/units.h"
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct format_case {
    double value;
    int digits;
    const char *expected;
};

static void assert_ns(const struct format_case *c) {
    char buf[64];
    assert_string_equal(bench__format_ns(buf, sizeof buf, c->value, c->digits), c->expected);
}

static void times(void **state) {
    (void)state;
    static const struct format_case cases[] = {
        {12.3456, 3, "12.3 ns"}, {1, 3, "1.00 ns"},          {4561, 3, "4.56 us"},
        {7.8e6, 3, "7.80 ms"},   {1.2e9, 3, "1.20 s"},       {100, 3, "100 ns"},
        {0.25, 3, "0.250 ns"},   {0.00123, 3, "0.00123 ns"}, {0, 3, "0.00 ns"},
        {-0.0, 3, "0.00 ns"},    {-1e-12, 3, "0.00 ns"},     {-1234, 3, "-1.23 us"},
        {999.4, 3, "999 ns"},    {999.5, 3, "1.00 us"},      {999.96, 4, "1.000 us"},
        {999.94, 4, "999.9 ns"}, {999999, 3, "1.00 ms"},     {999999, 6, "999.999 us"},
        {9.996, 3, "10.0 ns"},   {99.96, 3, "100 ns"},       {123, 1, "123 ns"},
        {999.7, 1, "1 us"},      {-999.7, 3, "-1.00 us"},    {999.9999e6, 3, "1.00 s"},
        {12345e9, 3, "12345 s"}, {1e12, 3, "1000 s"},        {1, 0, "1 ns"},
        {NAN, 3, "-"},           {INFINITY, 3, "-"},         {-INFINITY, 3, "-"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_ns(&cases[i]);
}

static void rates(void **state) {
    (void)state;
    static const struct format_case plain[] = {
        {1.234e6, 3, "1.23 M/s"},
        {0.5, 3, "0.500 /s"},
        {200, 3, "200 /s"},
        {999999, 3, "1.00 M/s"},
        {2.5e12, 2, "2.5 T/s"},
        {1e16, 3, "10000 T/s"},
        {NAN, 3, "-"},
    };
    static const struct format_case bytes[] = {
        {1256277934, 3, "1.17 GiB/s"}, {1023, 4, "1023 B/s"}, {1023.9, 4, "0.9999 KiB/s"},
        {1024, 3, "1.00 KiB/s"},       {12, 3, "12.0 B/s"},
    };
    char buf[64];
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++)
        assert_string_equal(bench__format_rate(buf, sizeof buf, plain[i].value, 0, plain[i].digits),
                            plain[i].expected);
    for (size_t i = 0; i < sizeof bytes / sizeof bytes[0]; i++)
        assert_string_equal(bench__format_rate(buf, sizeof buf, bytes[i].value, 1, bytes[i].digits),
                            bytes[i].expected);
}

static void sizes(void **state) {
    (void)state;
    static const struct format_case cases[] = {
        {104, 2, "104 B"},
        {5, 3, "5 B"},
        {0, 3, "0 B"},
        {-5, 3, "-5 B"},
        {104.25, 4, "104.2 B"},
        {3277, 2, "3.2 KiB"},
        {1023.99, 3, "1.00 KiB"},
        {1 << 20, 3, "1.00 MiB"},
        {0x1p60, 3, "1048576 TiB"},
        {NAN, 3, "-"},
    };
    char buf[64];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_string_equal(bench__format_bytes(buf, sizeof buf, cases[i].value, cases[i].digits),
                            cases[i].expected);
}

static void percentages(void **state) {
    (void)state;
    char buf[64];
    assert_string_equal(bench__format_percent(buf, sizeof buf, 0.0123, 3, 0), "1.23 %");
    assert_string_equal(bench__format_percent(buf, sizeof buf, 0.0123, 3, 1), "+1.23 %");
    assert_string_equal(bench__format_percent(buf, sizeof buf, -0.5, 3, 1), "-50.0 %");
    assert_string_equal(bench__format_percent(buf, sizeof buf, -0.0, 3, 0), "0.00 %");
    assert_string_equal(bench__format_percent(buf, sizeof buf, 1.5, 3, 0), "150 %");
    assert_string_equal(bench__format_percent(buf, sizeof buf, NAN, 3, 1), "-");
    assert_string_equal(bench__format_percent(buf, sizeof buf, 1e308, 3, 1), "-");
}

static void clocks(void **state) {
    (void)state;
    const int64_t s = 1000000000;
    char buf[64];
    assert_string_equal(bench__format_clock(buf, sizeof buf, 0), "0:00");
    assert_string_equal(bench__format_clock(buf, sizeof buf, 59 * s + s - 1), "0:59");
    assert_string_equal(bench__format_clock(buf, sizeof buf, 65 * s), "1:05");
    assert_string_equal(bench__format_clock(buf, sizeof buf, 3600 * s), "1:00:00");
    assert_string_equal(bench__format_clock(buf, sizeof buf, 3723 * s), "1:02:03");
    assert_string_equal(bench__format_clock(buf, sizeof buf, 360000 * s), "100:00:00");
    assert_string_equal(bench__format_clock(buf, sizeof buf, INT64_MAX), "2562047:47:16");
    assert_string_equal(bench__format_clock(buf, sizeof buf, -1), "-");
}

static void shortest(void **state) {
    (void)state;
    static const struct format_case cases[] = {
        {0.1, 0, "0.1"},
        {5, 0, "5"},
        {1e21, 0, "1e+21"},
        {0, 0, "0"},
        {-0.0, 0, "-0"},
        {-2.5, 0, "-2.5"},
        {1.0 / 3, 0, "0.3333333333333333"},
        {0.1 + 0.2, 0, "0.30000000000000004"},
        {9007199254740993.0, 0, "9007199254740992"},
        {1e-7, 0, "1e-07"},
        {1.7976931348623157e308, 0, "1.7976931348623157e+308"},
        {NAN, 0, "-"},
        {INFINITY, 0, "-"},
    };
    char buf[64];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_string_equal(bench__format_shortest(buf, sizeof buf, cases[i].value),
                            cases[i].expected);
}

static double random_double(struct bench__rng *rng) {
    double value;
    do { /* any bit pattern but the infinities and not-a-numbers */
        uint64_t bits = bench__rng_u64(rng);
        memcpy(&value, &bits, sizeof value);
    } while (!isfinite(value));
    return value;
}

static int is_json_number(const char *p) {
    p += *p == '-';
    size_t digits = strspn(p, "0123456789");
    if (digits == 0 || (digits > 1 && *p == '0'))
        return 0;
    p += digits;
    if (*p == '.') {
        digits = strspn(p + 1, "0123456789");
        if (digits == 0)
            return 0;
        p += digits + 1;
    }
    if (*p == 'e') {
        p += p[1] == '+' || p[1] == '-' ? 2 : 1;
        digits = strspn(p, "0123456789");
        if (digits == 0)
            return 0;
        p += digits;
    }
    return *p == '\0';
}

static void shortest_reads_back(void **state) {
    (void)state;
    struct bench__rng rng;
    bench__rng_init(&rng, 7);
    for (int i = 0; i < 100000; i++) {
        double value = i % 2 ? random_double(&rng) : (double)bench__rng_below(&rng, 1000000) / 1000;
        double back = 0;
        char buf[64];
        bench__format_shortest(buf, sizeof buf, value);
        if (!is_json_number(buf) || strlen(buf) > 24 ||
            bench__parse_double(&back, buf, NULL) != 0 || memcmp(&back, &value, sizeof value) != 0)
            fail_msg("%a became %s", value, buf);
        if (i % 2 == 0)
            assert_true(strlen(buf) <= 7); /* three decimals stay three decimals */
    }
}

/* Whatever the value: cells of a column of times have few characters and never four digits and
 * "ns". */
static void formatted_times_are_compact(void **state) {
    (void)state;
    struct bench__rng rng;
    bench__rng_init(&rng, 8);
    for (int i = 0; i < 20000; i++) {
        double ns = pow(10, 11.9 * bench__rng_double(&rng));
        char buf[64];
        bench__format_ns(buf, sizeof buf, ns, 3);
        double number = strtod(buf, NULL);
        assert_true(number >= 0.99 && number < 1000);
        assert_true(strspn(buf, "0123456789") <= 3);
        size_t width = strcspn(buf, " ");
        assert_true(width == 4 || (width == 3 && number >= 100));
        static const char *const names[] = {"ns", "us", "ms", "s"};
        static const double scales[] = {1, 1e3, 1e6, 1e9};
        for (int u = 0; u < 4; u++) {
            if (strcmp(buf + width + 1, names[u]) == 0)
                assert_true(fabs(number * scales[u] / ns - 1) < 0.00501);
        }
    }
}

static void results_are_cut_to_size(void **state) {
    (void)state;
    char buf[5] = "....";
    bench__format_ns(buf, 4, 123.456, 6);
    assert_string_equal(buf, "123");
    bench__format_shortest(buf, 3, 12345);
    assert_string_equal(buf, "12");
    char wide[400];
    bench__format_rate(wide, sizeof wide, 1.7976931348623157e308, 1, 17);
    assert_true(strlen(wide) > 290);
}

/* Finds or compiles a locale whose decimal point is a comma. @return whether it is set. */
static int set_comma_locale(void) {
    static const char *const names[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "es_ES.UTF-8", "ru_RU.UTF-8"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (setlocale(LC_ALL, names[i]) != NULL)
            return 1;
    }
    char directory[] = "/tmp/bench-locale-XXXXXX", command[200];
    if (mkdtemp(directory) == NULL)
        return 0;
    snprintf(command, sizeof command, "localedef -i de_DE -f UTF-8 %s/de_DE.UTF-8 >/dev/null 2>&1",
             directory);
    int found = 0;
    if (system(command) == 0 && setenv("LOCPATH", directory, 1) == 0)
        found = setlocale(LC_ALL, "de_DE.UTF-8") != NULL;
    unsetenv("LOCPATH");
    snprintf(command, sizeof command, "rm -rf %s", directory);
    assert_int_equal(system(command), 0);
    return found;
}

static void the_locale_does_not_matter(void **state) {
    (void)state;
    if (!set_comma_locale())
        skip();
    char buf[64], unit[24];
    snprintf(buf, sizeof buf, "%.1f", 1.5);
    assert_string_equal(buf, "1,5"); /* the locale is what this test is about */
    double value = 0;
    int64_t ns = 0;
    int rc =
        bench__parse_double(&value, "1.5", NULL) | bench__parse_duration_ns(&ns, "1.5us", NULL);
    rc |= bench__parse_double(&value, "1,5", NULL) == 0;
    bench__format_shortest(buf, sizeof buf, value);
    bench__format_ns(unit, sizeof unit, 1234, 3);
    setlocale(LC_ALL, "C");
    assert_int_equal(rc, 0);
    assert_true(value == 1.5 && ns == 1500);
    assert_string_equal(buf, "1.5");
    assert_string_equal(unit, "1.23 us");
}

static void timestamps(void **state) {
    static const char *const wrong[] = {
        "",
        "2024",
        "2024-05-06",
        "2024-05-06 07:08:09Z",
        "2024-05-06T07:08:09",
        "2024-05-06T07:08:09Z ",
        "2024-05-06T07:08:09+02",
        "2024-13-06T07:08:09Z",
        "2024-00-06T07:08:09Z",
        "2023-02-29T07:08:09Z",
        "2024-05-06T24:08:09Z",
        "2024-05-06T07:60:09Z",
        "2024-05-06T07:08:60Z",
        "-024-05-06T07:08:09Z",
    };
    double s = 7, later = 7;
    (void)state;
    assert_int_equal(bench__parse_timestamp(&s, "1970-01-02T00:00:01Z"), 0);
    assert_true(s == 86401);
    assert_int_equal(bench__parse_timestamp(&s, "2024-02-28T23:59:59Z"), 0);
    assert_int_equal(bench__parse_timestamp(&later, "2024-03-01T00:00:00Z"), 0);
    assert_true(later - s == 86401);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        double out = -1;
        assert_int_equal(bench__parse_timestamp(&out, wrong[i]), BENCH_EINVAL);
        assert_true(out == -1);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times),
        cmocka_unit_test(rates),
        cmocka_unit_test(sizes),
        cmocka_unit_test(percentages),
        cmocka_unit_test(clocks),
        cmocka_unit_test(timestamps),
        cmocka_unit_test(shortest),
        cmocka_unit_test(shortest_reads_back),
        cmocka_unit_test(formatted_times_are_compact),
        cmocka_unit_test(results_are_cut_to_size),
        cmocka_unit_test(the_locale_does_not_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
