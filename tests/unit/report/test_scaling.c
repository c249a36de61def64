/* Scaling exponents: exact power laws come out, anything else stays silent. */
#include "report_test.h"

#include "report/scaling.h"
#include "result/model.h"

#include <math.h>

static bench_run *run;

static bench_result *add(const char *function, int64_t n, int64_t batch, double ns) {
    char name[128];
    char text[32];
    bench_result *r = bench__run_add_result(run);
    assert_non_null(r);
    snprintf(name, sizeof name, "s/g/%s/n=%d,batch=%d", function, (int)n, (int)batch);
    r->name = bench__strdup(name);
    r->suite = bench__strdup("s");
    r->group = bench__strdup("g");
    r->function = bench__strdup(function);
    snprintf(text, sizeof text, "%d", (int)n);
    assert_int_equal(bench__result_add_param(r, "n", text, 1, n), 0);
    snprintf(text, sizeof text, "%d", (int)batch);
    assert_int_equal(bench__result_add_param(r, "batch", text, 1, batch), 0);
    r->status = BENCH_STATUS_OK;
    r->time.median = (bench_estimate){ns, ns, ns};
    return r;
}

static size_t find(struct bench__scaling **found) {
    struct bench__view view;
    size_t n = 0;
    const bench_outcome outcome = {.run = run};
    assert_int_equal(bench__view_init(&view, &outcome, NULL), 0);
    assert_int_equal(bench__scaling_find(found, &n, &view, NULL), 0);
    bench__view_clear(&view);
    return n;
}

static int start(void **state) {
    (void)state;
    run = bench__run_new();
    return run == NULL;
}

static int end(void **state) {
    (void)state;
    bench_run_free(run);
    return 0;
}

static void test_exact_law(void **state) {
    (void)state;
    for (int64_t n = 2; n <= 16; n *= 2) {
        add("linear", n, 1, 7.0 * (double)n);
        add("square", n, 1, 3.0 * (double)(n * n));
    }
    struct bench__scaling *found;
    assert_int_equal(find(&found), 2);
    assert_float_equal(found[0].exponent.point, 1, 1e-9);
    assert_int_equal(found[0].is_steep, 0);
    assert_int_equal(found[0].n_values, 4);
    assert_float_equal(found[1].exponent.point, 2, 1e-9);
    assert_int_equal(found[1].is_steep, 1);
    struct bench__strbuf text;
    bench__strbuf_init(&text);
    bench__scaling_say(&text, &found[1]);
    assert_string_equal(bench__strbuf_text(&text), "time grows much faster than n (n^2.00)");
    bench__strbuf_clear(&text);
    bench__free(found);
}

static void test_steepest_series_is_kept(void **state) {
    (void)state;
    for (int64_t n = 1; n <= 4; n *= 2) {
        add("f", n, 1, 5);
        add("f", n, 8, 5 * pow((double)n, 1.7));
    }
    struct bench__scaling *found;
    assert_int_equal(find(&found), 1);
    assert_float_equal(found[0].exponent.point, 1.7, 1e-9);
    assert_int_equal(found[0].n_series, 2);
    struct bench__strbuf text;
    bench__strbuf_init(&text);
    bench__scaling_say(&text, &found[0]);
    assert_string_equal(bench__strbuf_text(&text),
                        "time grows much faster than n (n^1.70 at batch=8)");
    bench__strbuf_clear(&text);
    bench__free(found);
}

static void test_two_values_are_too_few(void **state) {
    (void)state;
    add("f", 1, 1, 5);
    add("f", 2, 1, 9);
    add("f", 4, 1, 20)->status = BENCH_STATUS_SKIPPED;
    add("f", 0, 1, 3);
    struct bench__scaling *found;
    assert_int_equal(find(&found), 0);
    bench__free(found);
}

static void test_no_memory(void **state) {
    (void)state;
    for (int64_t n = 1; n <= 4; n *= 2) {
        add("f", n, 1, 5);
    }
    struct bench__view view;
    const bench_outcome outcome = {.run = run};
    assert_int_equal(bench__view_init(&view, &outcome, NULL), 0);
    const long live = bench__mem_live();
    int rc = BENCH_ENOMEM;
    for (long n = 0; rc != 0; n++) {
        struct bench__scaling *found;
        size_t n_found;
        bench_error err = {0};
        bench__mem_fail_after(n);
        rc = bench__scaling_find(&found, &n_found, &view, &err);
        bench__mem_fail_after(-1);
        bench__free(found);
        assert_int_equal(bench__mem_live(), live);
        assert_int_equal(err.code, rc);
    }
    bench__view_clear(&view);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_exact_law, start, end),
        cmocka_unit_test_setup_teardown(test_steepest_series_is_kept, start, end),
        cmocka_unit_test_setup_teardown(test_two_values_are_too_few, start, end),
        cmocka_unit_test_setup_teardown(test_no_memory, start, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
