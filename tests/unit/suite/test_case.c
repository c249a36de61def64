/* Cases: names, products, filters, overrides, and finding one again from its parts. */
#include "suite/case.h"

#include "base/mem.h"
#include "unit/measure/near.h"

#include <string.h>

static void body(bench_state *b) {
    (void)b;
}

static bench_suite *suite(void) {
    bench_suite *s = bench_suite_new("core");
    bench_group *g = bench_group_new(s, "publish");
    bench_group_axis_i64(g, "size", (const int64_t[]){100, 1024}, 2);
    bench_group_axis_i64(g, "batch", (const int64_t[]){1, 10, 100}, 3);
    bench_group_throughput(g, BENCH_ELEMENTS, "batch");
    bench_group_throughput(g, BENCH_BYTES, "batch");
    bench_group_throughput(g, BENCH_BYTES, "size");
    bench_add(g, "inmemory", body, NULL);
    bench_add(g, "null", body, NULL);
    g = bench_group_new(s, "uuid");
    bench_add(g, "format", body, NULL);
    return s;
}

static size_t select_cases(struct bench__case **out, bench_suite *s,
                           const struct bench__selection *selection) {
    size_t n;
    assert_int_equal(bench__cases_select(out, &n, &s, 1, selection, NULL), 0);
    return n;
}

static void product_varies_the_first_axis_slowest(void **state) {
    (void)state;
    bench_suite *s = suite();
    struct bench__case *cases;
    const size_t n = select_cases(&cases, s, &(struct bench__selection){0});
    assert_int_equal(n, 13);
    assert_string_equal(cases[0].name, "core/publish/inmemory/size=100,batch=1");
    assert_string_equal(cases[1].name, "core/publish/inmemory/size=100,batch=10");
    assert_string_equal(cases[3].name, "core/publish/inmemory/size=1024,batch=1");
    assert_string_equal(cases[6].name, "core/publish/null/size=100,batch=1");
    assert_string_equal(cases[12].name, "core/uuid/format");
    assert_near(bench__case_per_iteration(&cases[5], BENCH_ELEMENTS), 100, 0);
    assert_near(bench__case_per_iteration(&cases[5], BENCH_BYTES), 102400, 0);
    assert_true(isnan(bench__case_per_iteration(&cases[12], BENCH_BYTES)));
    assert_int_equal(bench__case_threads(&cases[0]), 1);
    bench__cases_free(cases, n);
    bench_suite_free(s);
}

static void throughput_without_an_axis_is_one(void **state) {
    (void)state;
    bench_suite *s = bench_suite_new("s");
    bench_group *g = bench_group_new(s, "g");
    struct bench__case *cases;
    bench_group_throughput(g, BENCH_ELEMENTS, NULL);
    bench_group_throughput(g, BENCH_BYTES, NULL);
    bench_group_throughput_fixed(g, BENCH_BYTES, 64);
    bench_add(g, "f", body, NULL);
    const size_t n = select_cases(&cases, s, &(struct bench__selection){0});
    assert_int_equal(n, 1);
    assert_near(bench__case_per_iteration(&cases[0], BENCH_ELEMENTS), 1, 0);
    assert_near(bench__case_per_iteration(&cases[0], BENCH_BYTES), 64, 0);
    bench__cases_free(cases, n);
    bench_suite_free(s);
}

static size_t count(bench_suite *s, const char *filter, const char *exclude) {
    struct bench__pattern *filters[1], *excludes[1];
    struct bench__case *cases;
    assert_int_equal(bench__pattern_new(&filters[0], filter, NULL), 0);
    assert_int_equal(bench__pattern_new(&excludes[0], exclude, NULL), 0);
    const struct bench__selection selection = {
        .n_filters = 1, .filters = filters, .n_excludes = 1, .excludes = excludes};
    const size_t n = select_cases(&cases, s, &selection);
    bench__cases_free(cases, n);
    bench__pattern_free(filters[0]);
    bench__pattern_free(excludes[0]);
    return n;
}

static void filters_and_excludes(void **state) {
    (void)state;
    bench_suite *s = suite();
    assert_int_equal(count(s, "core", "none"), 13);
    assert_int_equal(count(s, "core/publish", "none"), 12);
    assert_int_equal(count(s, "core/publish", "**/batch=1"), 12);
    assert_int_equal(count(s, "core/publish", "/batch=1$/"), 8);
    assert_int_equal(count(s, "core/*/inmemory/*", "none"), 6);
    assert_int_equal(count(s, "/null.*batch=100/", "none"), 2);
    assert_int_equal(count(s, "cor", "none"), 0);
    bench_suite_free(s);
}

static void exact_takes_whole_names_only(void **state) {
    (void)state;
    bench_suite *s = suite();
    struct bench__case *cases;
    const char *const names[] = {"core/uuid/format", "core/publish"};
    const struct bench__selection selection = {.n_filters = 2, .exact = 1, .names = names};
    const size_t n = select_cases(&cases, s, &selection);
    assert_int_equal(n, 1);
    bench__cases_free(cases, n);
    bench_suite_free(s);
}

static void overrides_replace_values(void **state) {
    (void)state;
    bench_suite *s = suite();
    struct bench__case *cases;
    struct bench__param_override overrides[] = {
        {.name = "size", .n_values = 1, .values = (const char *const[]){"64"}},
        {.name = "colour", .n_values = 1, .values = (const char *const[]){"red"}},
    };
    const struct bench__selection selection = {.n_overrides = 2, .overrides = overrides};
    const size_t n = select_cases(&cases, s, &selection);
    assert_int_equal(n, 7);
    assert_string_equal(cases[0].name, "core/publish/inmemory/size=64,batch=1");
    assert_int_equal(overrides[0].used, 1);
    assert_int_equal(overrides[1].used, 0);
    bench__cases_free(cases, n);
    bench_suite_free(s);
}

static void overrides_must_fit_the_axis(void **state) {
    (void)state;
    bench_suite *s = suite();
    struct bench__case *cases;
    size_t n;
    bench_error error = {0};
    struct bench__param_override override = {
        .name = "size", .n_values = 1, .values = (const char *const[]){"large"}};
    const struct bench__selection selection = {.n_overrides = 1, .overrides = &override};
    assert_int_equal(bench__cases_select(&cases, &n, &s, 1, &selection, &error), BENCH_EINVAL);
    assert_non_null(strstr(error.text, "'large'"));
    assert_null(cases);
    bench_suite_free(s);
}

static void a_worker_finds_any_case_by_its_parts(void **state) {
    (void)state;
    bench_suite *s = suite();
    struct bench__case c;
    bench_param params[] = {{.name = (char[]){"size"}, .text = (char[]){"77"}},
                            {.name = (char[]){"batch"}, .text = (char[]){"3"}}};
    assert_int_equal(bench__case_bind(&c, &s, 1, "core", "publish", "null", params, 2, NULL), 0);
    assert_string_equal(c.name, "core/publish/null/size=77,batch=3");
    assert_int_equal(c.params[0].i64, 77);
    bench__case_clear(&c);
    assert_int_equal(bench__case_bind(&c, &s, 1, "core", "publish", "null", params, 1, NULL),
                     BENCH_ENOTFOUND);
    assert_int_equal(bench__case_bind(&c, &s, 1, "core", "publish", "nul", params, 2, NULL),
                     BENCH_ENOTFOUND);
    params[1].name[0] = 'x';
    assert_int_equal(bench__case_bind(&c, &s, 1, "core", "publish", "null", params, 2, NULL),
                     BENCH_ENOTFOUND);
    bench_suite_free(s);
}

static void no_memory_at_any_point_is_reported(void **state) {
    (void)state;
    bench_suite *s = suite();
    const long live = bench__mem_live();
    int code = BENCH_ENOMEM;
    for (long n = 0; code != 0; n++) {
        struct bench__case *cases;
        size_t n_cases;
        assert_true(n < 1000);
        bench__mem_fail_after(n);
        code = bench__cases_select(&cases, &n_cases, &s, 1, &(struct bench__selection){0}, NULL);
        bench__mem_fail_after(-1);
        assert_true(code == 0 || code == BENCH_ENOMEM);
        bench__cases_free(cases, n_cases);
        assert_int_equal(bench__mem_live(), live);
    }
    bench_suite_free(s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(product_varies_the_first_axis_slowest),
        cmocka_unit_test(throughput_without_an_axis_is_one),
        cmocka_unit_test(filters_and_excludes),
        cmocka_unit_test(exact_takes_whole_names_only),
        cmocka_unit_test(overrides_replace_values),
        cmocka_unit_test(overrides_must_fit_the_axis),
        cmocka_unit_test(a_worker_finds_any_case_by_its_parts),
        cmocka_unit_test(no_memory_at_any_point_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
