/* Labels against R, and on data where one side or all has no spread. */
#include "reference.h"
#include "stats/outliers.h"

static void agrees_with_r(void **state) {
    (void)state;
    struct reference r = reference_load("outliers");
    bench_outliers out = {0};
    for (size_t i = 0; i < r.n; i++) {
        const struct line *line = &r.lines[i];
        if (is(line, "data")) {
            bench__outliers(line->v, line->n, &out);
            assert_int_equal(out.n, line->n);
        } else if (is(line, "tukey")) {
            assert_int_equal(out.low_severe, line->v[0]);
            assert_int_equal(out.low_mild, line->v[1]);
            assert_int_equal(out.high_mild, line->v[2]);
            assert_int_equal(out.high_severe, line->v[3]);
        } else {
            assert_int_equal(out.mad_low, line->v[0]);
            assert_int_equal(out.mad_high, line->v[1]);
        }
    }
    reference_free(&r);
}

static void without_spread(void **state) {
    (void)state;
    const double flat[] = {4, 4, 4, 4, 4};
    bench_outliers out;
    bench__outliers(flat, 5, &out);
    assert_int_equal(out.low_severe + out.low_mild + out.high_mild + out.high_severe, 0);
    assert_int_equal(out.mad_low + out.mad_high, 0);
    bench__outliers(flat, 0, &out);
    assert_int_equal(out.n + out.high_severe + out.mad_high, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_r),
        cmocka_unit_test(without_spread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
