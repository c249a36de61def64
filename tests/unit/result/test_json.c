/* The writer's text and the reader's errors. */
#include "result_support.h"

#include "result/json.h"

/* ---- writing --------------------------------------------------------------------------------- */

static void writes_blocks_and_lines(void **state) {
    struct bench__strbuf out;
    struct bench__json_writer w;
    (void)state;
    bench__strbuf_init(&out);
    bench__json_writer_init(&w, &out);
    bench__json_object_open(&w, NULL, BENCH__JSON_BLOCK);
    bench__json_array_open(&w, "a", BENCH__JSON_LINE);
    bench__json_add_i64(&w, NULL, -1);
    bench__json_object_open(&w, NULL, BENCH__JSON_BLOCK);
    bench__json_add_bool(&w, "x", 1);
    bench__json_add_bool(&w, "y", 0);
    bench__json_object_close(&w);
    bench__json_array_close(&w);
    bench__json_array_open(&w, "b", BENCH__JSON_BLOCK);
    bench__json_array_close(&w);
    bench__json_object_open(&w, "c", BENCH__JSON_BLOCK);
    bench__json_add_u64(&w, "n", UINT64_MAX);
    bench__json_add_null(&w, "o");
    bench__json_object_close(&w);
    bench__json_object_close(&w);
    assert_string_equal(bench__strbuf_text(&out), "{\n"
                                                  "  \"a\": [-1, {\"x\": true, \"y\": false}],\n"
                                                  "  \"b\": [],\n"
                                                  "  \"c\": {\n"
                                                  "    \"n\": 18446744073709551615,\n"
                                                  "    \"o\": null\n"
                                                  "  }\n"
                                                  "}\n");
    bench__strbuf_clear(&out);
}

static void expect_double(double value, const char *expected) {
    struct bench__strbuf out;
    struct bench__json_writer w;
    bench__strbuf_init(&out);
    bench__json_writer_init(&w, &out);
    bench__json_array_open(&w, NULL, BENCH__JSON_LINE);
    bench__json_add_double(&w, NULL, value);
    bench__json_array_close(&w);
    assert_string_equal(bench__strbuf_text(&out), expected);
    bench__strbuf_clear(&out);
}

static void writes_numbers(void **state) {
    (void)state;
    expect_double(0, "[0]\n");
    expect_double(0.1, "[0.1]\n");
    expect_double(1.0 / 3, "[0.3333333333333333]\n");
    expect_double(1e300, "[1e+300]\n");
    expect_double(NAN, "[null]\n");
    expect_double(INFINITY, "[null]\n");
    expect_double(-INFINITY, "[null]\n");
}

static void expect_text(const char *text, const char *expected) {
    struct bench__strbuf out;
    struct bench__json_writer w;
    bench__strbuf_init(&out);
    bench__json_writer_init(&w, &out);
    bench__json_array_open(&w, NULL, BENCH__JSON_LINE);
    bench__json_add_text(&w, NULL, text);
    bench__json_array_close(&w);
    assert_string_equal(bench__strbuf_text(&out), expected);
    bench__strbuf_clear(&out);
}

static void writes_text(void **state) {
    (void)state;
    expect_text(NULL, "[null]\n");
    expect_text("", "[\"\"]\n");
    expect_text("a\"b\\c/d", "[\"a\\\"b\\\\c/d\"]\n");
    expect_text("\n\t\x1b[31m\x7f", "[\"\\u000a\\u0009\\u001b[31m\\u007f\"]\n");
    expect_text("gr\xc3\xbc\xc3\x9f", "[\"gr\xc3\xbc\xc3\x9f\"]\n");
    expect_text("\xff\xc3(\xed\xa0\x80", "[\"\\ufffd\\ufffd(\\ufffd\\ufffd\\ufffd\"]\n");
    expect_text("\xc2\x9b", "[\"\\u009b\"]\n");
}

static void rounds_to_the_nearest_decimal(void **state) {
    (void)state;
    assert_true(bench__round_digits(1234567.0, 6) == 1234570.0);
    assert_true(bench__round_digits(0.000123456789, 6) == 0.000123457);
    assert_true(bench__round_digits(-82.12345678, 6) == -82.1235);
    assert_true(bench__round_digits(999999.7, 6) == 1000000.0);
    assert_true(bench__round_digits(1e-300, 6) == 1e-300);
    assert_true(bench__round_digits(1.23456789e200, 6) == 1.23456789e200);
    assert_true(bench__round_digits(0, 6) == 0);
    assert_true(isnan(bench__round_digits(NAN, 6)));
    assert_true(isinf(bench__round_digits(INFINITY, 6)));
    assert_true(bench__round_decimals(123456.78951, 3) == 123456.79);
    assert_true(bench__round_decimals(1e17, 3) == 1e17);
}

static void rounding_is_stable(void **state) {
    struct bench__rng rng;
    (void)state;
    bench__rng_init(&rng, 1);
    for (int i = 0; i < 100000; i++) {
        const double x = exp(20 * bench__rng_normal(&rng) / 3);
        const double once = bench__round_digits(x, 6);
        assert_true(fabs(once / x - 1) <= 5.001e-6);
        assert_true(bench__round_digits(once, 6) == once);
    }
}

/* ---- reading --------------------------------------------------------------------------------- */

static const char sample[] = "{\n"
                             "  \"a\": {\"b\": [1, 2.5,\n"
                             "      {\"c\": \"x, ] } \\\" \"}, null]},\n"
                             "  \"t\": true,\n"
                             "\n"
                             "  \"n\": \"a\\u0007b\"\n"
                             "}\n";

static int parse(struct bench__json_doc *doc, const char *text, bench_error *err) {
    *err = (bench_error){0};
    return bench__json_parse(doc, "f.json", 1, text, strlen(text), err);
}

static void reads_values(void **state) {
    struct bench__json_doc doc;
    bench_error err;
    double d = 0;
    int64_t i = 0;
    int flag = 0;
    const char *text = NULL;
    (void)state;
    expect_ok(parse(&doc, sample, &err), &err);
    const struct bench__json root = bench__json_root(&doc), a = bench__json_get(&root, "a");
    const struct bench__json b = bench__json_get(&a, "b"), t = bench__json_get(&root, "t");
    const struct bench__json b0 = bench__json_at(&b, 0), b1 = bench__json_at(&b, 1);
    const struct bench__json b2 = bench__json_at(&b, 2), b3 = bench__json_at(&b, 3);
    const struct bench__json c = bench__json_get(&b2, "c"), none = bench__json_get(&root, "z");
    assert_int_equal(bench__json_length(&b), 4);
    expect_ok(bench__json_read_i64(&i, &b0), &err);
    assert_int_equal(i, 1);
    expect_ok(bench__json_read_double(&d, &b0), &err);
    assert_true(d == 1);
    expect_ok(bench__json_read_double(&d, &b1), &err);
    assert_true(d == 2.5);
    expect_ok(bench__json_read_text(&text, &c), &err);
    assert_string_equal(text, "x, ] } \" ");
    expect_ok(bench__json_read_bool(&flag, &t), &err);
    assert_int_equal(flag, 1);
    assert_true(bench__json_absent(&b3));
    assert_true(bench__json_absent(&none));
    assert_false(bench__json_absent(&b0));
    bench__json_clear(&doc);
}

/* The first error names line and field; each block below reads something wrong. */
static void errors_name_line_and_field(void **state) {
    struct bench__json_doc doc;
    bench_error err;
    double d;
    int64_t i;
    uint64_t u;
    int flag;
    const char *text;
    (void)state;
    expect_ok(parse(&doc, sample, &err), &err);
    const struct bench__json root = bench__json_root(&doc), a = bench__json_get(&root, "a");
    const struct bench__json b = bench__json_get(&a, "b"), b1 = bench__json_at(&b, 1);
    const struct bench__json b2 = bench__json_at(&b, 2), c = bench__json_get(&b2, "c");
    const struct bench__json n = bench__json_get(&root, "n"), t = bench__json_get(&root, "t");
    const struct bench__json none = bench__json_get(&b2, "none");

    expect_error(bench__json_read_double(&d, &c), BENCH_EFORMAT, &err, "f.json:3: a.b[2].c",
                 "must be a number, not a string");
    err = (bench_error){0};
    expect_error(bench__json_read_i64(&i, &b1), BENCH_EFORMAT, &err, "f.json:2: a.b[1]",
                 "must be an integer, not a number with a fraction");
    err = (bench_error){0};
    expect_error(bench__json_read_u64(&u, &t), BENCH_EFORMAT, &err, "f.json:4: t",
                 "must be an integer, not true");
    err = (bench_error){0};
    expect_error(bench__json_read_bool(&flag, &n), BENCH_EFORMAT, &err, "f.json:6: n",
                 "must be true or false");
    err = (bench_error){0};
    expect_error(bench__json_read_name(&text, &n), BENCH_EFORMAT, &err, "f.json:6: n",
                 "control character");
    err = (bench_error){0};
    expect_error(bench__json_read_text(&text, &none), BENCH_EFORMAT, &err, "f.json:3: a.b[2].none",
                 "is missing");
    err = (bench_error){0};
    expect_error(bench__json_expect_array(&root), BENCH_EFORMAT, &err, "f.json:1",
                 "must be an array, not an object");
    bench__json_clear(&doc);
}

static void unknown_keys_are_named(void **state) {
    static const char *const known[] = {"a", "threshold"};
    struct bench__json_doc doc;
    bench_error err;
    (void)state;
    expect_ok(parse(&doc, "{\"a\": 1,\n \"treshold\": 2}", &err), &err);
    struct bench__json root = bench__json_root(&doc);
    expect_error(bench__json_expect_keys(&root, known, 2), BENCH_EFORMAT, &err,
                 "f.json:2: treshold", "is it \"threshold\"?");
    bench__json_clear(&doc);
    expect_ok(parse(&doc, "{\"something else\": 1}", &err), &err);
    root = bench__json_root(&doc);
    expect_error(bench__json_expect_keys(&root, known, 2), BENCH_EFORMAT, &err, "something else",
                 "is not known here");
    assert_null(strstr(err.text, "?"));
    bench__json_clear(&doc);
}

static void syntax_errors_name_the_line(void **state) {
    static const struct {
        const char *text, *place, *says;
    } cases[] = {
        {"", "f.json:1", "is empty"},
        {" \n\n", "f.json:", "is empty"},
        {"{\"a\": 1", "f.json:1", "ends too early"},
        {"{\"a\":\n\n NaN}", "f.json:3", "not valid JSON"},
        {"{\"a\": Infinity}", "f.json:1", "not valid JSON"},
        {"{\"a\": 1e999}", "f.json:1", "overflow"},
        {"{\"a\": 1,\n\"a\": 2}", "f.json:2", "duplicate"},
        {"{} {}", "f.json:1", "end of file expected"},
        {"{\"a\": \"\xff\"}", "f.json:1", "decode byte 0xff"},
        {"{\"a\": \"\\u0000\"}", "f.json:1", "NUL"},
    };
    struct bench__json_doc doc;
    bench_error err;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        expect_error(parse(&doc, cases[i].text, &err), BENCH_EFORMAT, &err, cases[i].place,
                     cases[i].says);
    }
}

static void versions(void **state) {
    struct bench__json_doc doc;
    bench_error err;
    (void)state;
    expect_ok(parse(&doc, "{\"format_version\": 3}", &err), &err);
    const struct bench__json root = bench__json_root(&doc);
    expect_ok(bench__json_check_version(&root, 3), &err);
    expect_error(bench__json_check_version(&root, 2), BENCH_EVERSION, &err,
                 "f.json:1: format_version", "newer");
    bench__json_clear(&doc);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_blocks_and_lines),
        cmocka_unit_test(writes_numbers),
        cmocka_unit_test(writes_text),
        cmocka_unit_test(rounds_to_the_nearest_decimal),
        cmocka_unit_test(rounding_is_stable),
        cmocka_unit_test(reads_values),
        cmocka_unit_test(errors_name_line_and_field),
        cmocka_unit_test(unknown_keys_are_named),
        cmocka_unit_test(syntax_errors_name_the_line),
        cmocka_unit_test(versions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
