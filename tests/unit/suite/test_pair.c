/* Pairs: which cases belong together, their names, and when they are left out. */
#include "suite/pair.h"

#include "base/mem.h"
#include "unit/measure/near.h"

#include <string.h>

static void body(bench_state *b) {
    (void)b;
}

static bench_suite *suite(void) {
    bench_suite *s = bench_suite_new("core");
    bench_group *g = bench_group_new(s, "ack");
    bench_group_axis_i64(g, "size", (const int64_t[]){100, 1024}, 2);
    bench_group_axis_str(g, "codec", (const char *const[]){"json", "binary"}, 2);
    bench_add(g, "off", body, NULL);
    bench_add(g, "single", body, NULL);
    bench_add(g, "batch", body, NULL);
    bench_pair(g, "single_cost", "off", "single");
    bench_pair(g, "batch_cost", "off", "batch");
    bench_pair(g, "gain", "single", "batch");
    g = bench_group_new(s, "uuid");
    bench_add(g, "off", body, NULL);
    bench_add(g, "single", body, NULL);
    bench_pair(g, "cost", "off", "single");
    return s;
}

struct chosen {
    struct bench__case *cases;
    struct bench__pair_case *pairs;
    size_t n_cases, n_pairs;
};

/* What one filter and one exclude leave; NULL is none. */
static struct chosen choose(bench_suite *s, const char *filter, const char *exclude) {
    struct bench__pattern *filters[1] = {NULL}, *excludes[1] = {NULL};
    struct chosen c;
    if (filter != NULL) {
        assert_int_equal(bench__pattern_new(&filters[0], filter, NULL), 0);
    }
    if (exclude != NULL) {
        assert_int_equal(bench__pattern_new(&excludes[0], exclude, NULL), 0);
    }
    const struct bench__selection selection = {.n_filters = filter != NULL,
                                               .filters = filters,
                                               .n_excludes = exclude != NULL,
                                               .excludes = excludes};
    assert_int_equal(bench__cases_select(&c.cases, &c.n_cases, &s, 1, &selection, NULL), 0);
    assert_int_equal(
        bench__pairs_select(&c.pairs, &c.n_pairs, c.cases, c.n_cases, &selection, NULL), 0);
    bench__pattern_free(filters[0]);
    bench__pattern_free(excludes[0]);
    return c;
}

static void release(struct chosen *c) {
    bench__pairs_free(c->pairs, c->n_pairs);
    bench__cases_free(c->cases, c->n_cases);
}

static void assert_pair(const struct chosen *c, size_t i, const char *name, const char *base,
                        const char *variant) {
    assert_true(i < c->n_pairs);
    assert_string_equal(c->pairs[i].name, name);
    assert_string_equal(c->cases[c->pairs[i].base].name, base);
    assert_string_equal(c->cases[c->pairs[i].variant].name, variant);
}

/* Two of them have the base "off", whose cases come first. */
static void every_combination_of_the_axes_is_a_pair(void **state) {
    (void)state;
    bench_suite *s = suite();
    struct chosen c = choose(s, NULL, NULL);
    assert_int_equal(c.n_pairs, 4 * 3 + 1);
    assert_pair(&c, 0, "core/ack/single_cost/size=100,codec=json",
                "core/ack/off/size=100,codec=json", "core/ack/single/size=100,codec=json");
    assert_pair(&c, 1, "core/ack/batch_cost/size=100,codec=json",
                "core/ack/off/size=100,codec=json", "core/ack/batch/size=100,codec=json");
    assert_pair(&c, 7, "core/ack/batch_cost/size=1024,codec=binary",
                "core/ack/off/size=1024,codec=binary", "core/ack/batch/size=1024,codec=binary");
    assert_pair(&c, 11, "core/ack/gain/size=1024,codec=binary",
                "core/ack/single/size=1024,codec=binary", "core/ack/batch/size=1024,codec=binary");
    assert_pair(&c, 12, "core/uuid/cost", "core/uuid/off", "core/uuid/single");
    release(&c);
    bench_suite_free(s);
}

static void both_sides_must_be_chosen(void **state) {
    (void)state;
    bench_suite *s = suite();
    struct chosen c = choose(s, "/off|single/", "core/uuid/**");
    assert_int_equal(c.n_pairs, 4);
    release(&c);
    c = choose(s, "core/ack/off", NULL);
    assert_int_equal(c.n_cases, 4);
    assert_int_equal(c.n_pairs, 0);
    release(&c);
    c = choose(s, "/size=100,/", "/batch/");
    assert_int_equal(c.n_pairs, 2);
    assert_pair(&c, 1, "core/ack/single_cost/size=100,codec=binary",
                "core/ack/off/size=100,codec=binary", "core/ack/single/size=100,codec=binary");
    release(&c);
    bench_suite_free(s);
}

static void an_exclude_can_name_the_pair(void **state) {
    (void)state;
    bench_suite *s = suite();
    struct chosen c = choose(s, "core/ack", "core/ack/*_cost/**");
    assert_int_equal(c.n_cases, 12);
    assert_int_equal(c.n_pairs, 4);
    assert_pair(&c, 0, "core/ack/gain/size=100,codec=json", "core/ack/single/size=100,codec=json",
                "core/ack/batch/size=100,codec=json");
    release(&c);
    bench_suite_free(s);
}

static void a_filter_can_name_the_pair(void **state) {
    (void)state;
    bench_suite *s = suite();
    struct chosen c = choose(s, "core/ack/gain/size=1024,codec=json", NULL);
    assert_int_equal(c.n_cases, 2);
    assert_int_equal(c.n_pairs, 1);
    assert_pair(&c, 0, "core/ack/gain/size=1024,codec=json", "core/ack/single/size=1024,codec=json",
                "core/ack/batch/size=1024,codec=json");
    release(&c);
    c = choose(s, "/cost/size=100,codec=json/", NULL); /* all three functions, two of the pairs */
    assert_int_equal(c.n_cases, 3);
    assert_int_equal(c.n_pairs, 2);
    assert_pair(&c, 1, "core/ack/batch_cost/size=100,codec=json",
                "core/ack/off/size=100,codec=json", "core/ack/batch/size=100,codec=json");
    release(&c);
    c = choose(s, "core/ack/gain", "/batch/"); /* what is excluded is not taken by the back door */
    assert_int_equal(c.n_cases, 4);
    assert_int_equal(c.n_pairs, 0);
    release(&c);
    c = choose(s, "core/ack/gain", "core/ack/gain/**");
    assert_int_equal(c.n_cases, 0);
    release(&c);
    bench_suite_free(s);
}

static void no_memory_at_any_point_is_reported(void **state) {
    (void)state;
    bench_suite *s = suite();
    struct bench__pattern *filter;
    assert_int_equal(bench__pattern_new(&filter, "core/ack/gain/size=100,*", NULL), 0);
    const struct bench__selection selection = {.n_filters = 1, .filters = &filter};
    const long live = bench__mem_live();
    int code = BENCH_ENOMEM;
    for (long n = 0; code != 0; n++) {
        struct chosen c = {0};
        assert_true(n < 1000);
        bench__mem_fail_after(n);
        code = bench__cases_select(&c.cases, &c.n_cases, &s, 1, &selection, NULL);
        if (code == 0) {
            code = bench__pairs_select(&c.pairs, &c.n_pairs, c.cases, c.n_cases, &selection, NULL);
        }
        bench__mem_fail_after(-1);
        assert_int_equal(c.n_pairs, code == 0 ? 2 : 0);
        assert_true(code == 0 || code == BENCH_ENOMEM);
        release(&c);
        assert_int_equal(bench__mem_live(), live);
    }
    bench__pattern_free(filter);
    bench_suite_free(s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_combination_of_the_axes_is_a_pair),
        cmocka_unit_test(both_sides_must_be_chosen),
        cmocka_unit_test(an_exclude_can_name_the_pair),
        cmocka_unit_test(a_filter_can_name_the_pair),
        cmocka_unit_test(no_memory_at_any_point_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
