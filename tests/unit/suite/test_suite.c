/* Declaring suites: mistakes are kept and reported, never fatal on the way. */
#include "suite/suite.h"

#include "base/mem.h"
#include "unit/measure/near.h"

#include <string.h>

static void body(bench_state *b) {
    (void)b;
}

static const int64_t sizes[] = {1, 2};

static void assert_mistake(bench_suite *s, int code, const char *text) {
    bench_error error = {0};
    assert_int_equal(bench__suites_check(&s, 1, &error), code);
    if (strstr(error.text, text) == NULL) {
        fail_msg("'%s' does not say '%s'", error.text, text);
    }
    bench_suite_free(s);
}

static void a_good_suite_has_no_mistake(void **state) {
    (void)state;
    bench_suite *s = bench_suite_new("numbers");
    bench_group *g = bench_group_new(s, "sum");
    bench_group_axis_i64(g, "size", sizes, 2);
    bench_group_axis_str(g, "codec", (const char *const[]){"json", "binary"}, 2);
    bench_group_threads(g, (const int64_t[]){1, 4}, 2);
    bench_group_throughput(g, BENCH_BYTES, "size");
    bench_group_throughput_fixed(g, BENCH_ELEMENTS, 3);
    bench_add(g, "plain", body, NULL);
    bench_add(g, "other", body, &(bench_opts){.launches = 3});
    assert_int_equal(bench__suites_check(&s, 1, NULL), 0);
    assert_int_equal(g->n_axes, 3);
    assert_int_equal(g->n_functions, 2);
    assert_int_equal(g->functions[1].opts.launches, 3);
    bench_suite_free(s);
}

static void mistakes_are_named(void **state) {
    (void)state;
    bench_suite *s = bench_suite_new("a/b");
    assert_mistake(s, BENCH_EINVAL, "suite 'a/b'");
    s = bench_suite_new("s");
    bench_group_new(s, "");
    assert_mistake(s, BENCH_EINVAL, "group without a name");
    s = bench_suite_new("s");
    bench_group_new(s, "g");
    bench_group_new(s, "g");
    assert_mistake(s, BENCH_EEXIST, "group 'g' is declared twice");
    s = bench_suite_new("s");
    bench_group *g = bench_group_new(s, "g");
    bench_add(g, "f", body, NULL);
    bench_add(g, "f", body, NULL);
    assert_mistake(s, BENCH_EEXIST, "'f' is declared twice");
    s = bench_suite_new("s");
    bench_add(bench_group_new(s, "g"), "f", NULL, NULL);
    assert_mistake(s, BENCH_EINVAL, "has no body");
    s = bench_suite_new("s");
    bench_add(bench_group_new(s, "g"), "f\n", body, NULL);
    assert_mistake(s, BENCH_EINVAL, "control characters");
    s = bench_suite_new("s");
    bench_add(bench_group_new(s, "g"), "f", body, &(bench_opts){.version = 9});
    assert_mistake(s, BENCH_EVERSION, "newer version");
}

static int prepare(bench_state *b, uint64_t n) {
    (void)b;
    return n == 0;
}

static void release(bench_state *b, uint64_t n) {
    (void)b;
    (void)n;
}

static void options_without_effect_are_mistakes(void **state) {
    (void)state;
    static const struct {
        bench_opts opts;
        const char *mistake; /* NULL: none */
    } cases[] = {
        {{.caller_timed = 1, .batch_setup = prepare}, "a caller_timed body has no batches"},
        {{.caller_timed = 1, .batch_teardown = release}, "a caller_timed body has no batches"},
        {{.caller_timed = 1, .batch_max = 9}, "batch_max without batch_setup"},
        {{.batch_max = 9}, "benchmark 'f': batch_max without batch_setup or batch_teardown"},
        {{.caller_timed = 1}, NULL},
        {{.batch_setup = prepare, .batch_max = 9}, NULL},
        {{.batch_teardown = release, .batch_max = 9}, NULL},
        {{.batch_setup = prepare}, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bench_suite *s = bench_suite_new("s");
        bench_add(bench_group_new(s, "g"), "f", body, &cases[i].opts);
        if (cases[i].mistake != NULL) {
            assert_mistake(s, BENCH_EINVAL, cases[i].mistake);
        } else {
            assert_int_equal(bench__suites_check(&s, 1, NULL), 0);
            bench_suite_free(s);
        }
    }
}

static void mistakes_with_axes_are_named(void **state) {
    (void)state;
    bench_suite *s = bench_suite_new("s");
    bench_group_axis_i64(bench_group_new(s, "g"), "size", sizes, 0);
    assert_mistake(s, BENCH_EINVAL, "has no values");
    s = bench_suite_new("s");
    bench_group *g = bench_group_new(s, "g");
    bench_group_axis_i64(g, "size", sizes, 2);
    bench_group_axis_i64(g, "size", sizes, 2);
    assert_mistake(s, BENCH_EEXIST, "axis 'size' is declared twice");
    s = bench_suite_new("s");
    bench_group_throughput(bench_group_new(s, "g"), BENCH_BYTES, "size");
    assert_mistake(s, BENCH_EINVAL, "which is no integer axis");
    s = bench_suite_new("s");
    bench_group_threads(bench_group_new(s, "g"), (const int64_t[]){0}, 1);
    assert_mistake(s, BENCH_EINVAL, "threads=0");
    s = bench_suite_new("s");
    bench_group_throughput_fixed(bench_group_new(s, "g"), BENCH_BYTES, 0);
    assert_mistake(s, BENCH_EINVAL, "must be above 0");
    s = bench_suite_new("s");
    bench_group_axis_str(bench_group_new(s, "g"), "codec", (const char *const[]){"a=b"}, 1);
    assert_mistake(s, BENCH_EINVAL, "'a=b'");
}

/* A group with the functions "off" and "on". */
static bench_suite *switched(bench_group **out) {
    bench_suite *s = bench_suite_new("s");
    *out = bench_group_new(s, "g");
    bench_add(*out, "off", body, NULL);
    bench_add(*out, "on", body, NULL);
    return s;
}

static void a_pair_may_stand_before_its_functions(void **state) {
    (void)state;
    bench_suite *s = bench_suite_new("s");
    bench_group *g = bench_group_new(s, "g");
    bench_pair(g, "cost", "off", "on");
    bench_add(g, "off", body, NULL);
    bench_add(g, "on", body, NULL);
    bench_pair(g, "gain", "on", "off");
    assert_int_equal(bench__suites_check(&s, 1, NULL), 0);
    assert_int_equal(g->n_pairs, 2);
    assert_string_equal(g->pairs[0].base, "off");
    assert_string_equal(g->pairs[0].variant, "on");
    bench_suite_free(s);
}

static void mistakes_with_pairs_are_named(void **state) {
    static const struct {
        const char *name, *base, *variant;
        int code;
        const char *text;
    } cases[] = {
        {NULL, "off", "on", BENCH_EINVAL, "pair without a name"},
        {"", "off", "on", BENCH_EINVAL, "pair without a name"},
        {"a/b", "off", "on", BENCH_EINVAL, "pair 'a/b': a name may not hold"},
        {"cost", NULL, "on", BENCH_EINVAL, "base of a pair without a name"},
        {"cost", "off", "", BENCH_EINVAL, "variant of a pair without a name"},
        {"cost", "off", "off", BENCH_EINVAL, "'off' cannot be compared with itself"},
        {"cost", "of", "on", BENCH_EINVAL, "names 'of', which is no benchmark of group 'g'"},
        {"cost", "off", "one", BENCH_EINVAL, "names 'one', which is no benchmark of group 'g'"},
        {"on", "off", "on", BENCH_EEXIST, "'on' is a pair and a benchmark"},
    };
    (void)state;
    bench_group *g;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bench_suite *s = switched(&g);
        bench_pair(g, cases[i].name, cases[i].base, cases[i].variant);
        assert_mistake(s, cases[i].code, cases[i].text);
    }
    bench_suite *s = switched(&g);
    bench_pair(g, "cost", "off", "on");
    bench_pair(g, "cost", "on", "off");
    assert_mistake(s, BENCH_EEXIST, "pair 'cost' is declared twice in 'g'");
    bench_pair(NULL, "cost", "off", "on"); /* its group is a mistake that was kept already */
}

static void two_suites_of_one_name_are_a_mistake(void **state) {
    (void)state;
    bench_suite *suites[] = {bench_suite_new("s"), bench_suite_new("s")};
    bench_error error = {0};
    assert_int_equal(bench__suites_check(suites, 2, &error), BENCH_EEXIST);
    bench_suite_free(suites[0]);
    bench_suite_free(suites[1]);
}

static bench_suite *declare_all(void) {
    bench_suite *s = bench_suite_new("s");
    bench_group *g = bench_group_new(s, "g");
    bench_group_axis_i64(g, "size", sizes, 2);
    bench_group_axis_str(g, "codec", (const char *const[]){"json", "binary"}, 2);
    bench_group_throughput(g, BENCH_BYTES, "size");
    bench_add(g, "f", body, NULL);
    bench_add(g, "h", body, NULL);
    bench_pair(g, "cost", "f", "h");
    return s;
}

static void no_memory_at_any_point_is_reported(void **state) {
    (void)state;
    const long live = bench__mem_live();
    int code = BENCH_ENOMEM;
    for (long n = 0; code != 0; n++) {
        assert_true(n < 100);
        bench__mem_fail_after(n);
        bench_suite *s = declare_all();
        bench__mem_fail_after(-1);
        code = bench__suites_check(&s, 1, NULL);
        assert_true(code == 0 || code == BENCH_ENOMEM);
        bench_suite_free(s);
        assert_int_equal(bench__mem_live(), live);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_suite_has_no_mistake),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(options_without_effect_are_mistakes),
        cmocka_unit_test(mistakes_with_axes_are_named),
        cmocka_unit_test(a_pair_may_stand_before_its_functions),
        cmocka_unit_test(mistakes_with_pairs_are_named),
        cmocka_unit_test(two_suites_of_one_name_are_a_mistake),
        cmocka_unit_test(no_memory_at_any_point_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
