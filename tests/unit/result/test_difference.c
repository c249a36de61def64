/* Sides of a comparison: where they are, and what an odd or an empty one does to a difference. */
#include "result_support.h"

#include "result/difference.h"
#include "stats/location.h"

#include <math.h>

/* As bench__trimmed_mean() of the sorted values, whatever their order. */
static void a_side_is_where_its_trimmed_mean_is(void **state) {
    double x[16], sorted[16], error2, expected2;
    size_t kept, expected_kept;
    (void)state;
    for (int i = 0; i < 16; i++) {
        x[i] = (7 * i) % 16;
        sorted[i] = i;
    }
    x[0] = -1000; /* one odd launch */
    sorted[0] = -1000;
    struct bench__side side = {x, 16};
    const double expected = bench__trimmed_mean(sorted, 16, 0.2, &expected2, &expected_kept);
    assert_true(bench__side_location(&side, &error2, &kept) == expected);
    assert_true(error2 == expected2);
    assert_int_equal(kept, 10);
    assert_true(expected == 7.5);
}

static void sides_of_few_launches(void **state) {
    double one[] = {3}, two[] = {3, 1}, error2;
    size_t kept;
    (void)state;
    struct bench__side side = {one, 0};
    assert_true(isnan(bench__side_location(&side, &error2, &kept)));
    assert_true(isnan(error2));
    assert_int_equal(kept, 0);
    side = (struct bench__side){one, 1};
    assert_true(bench__side_location(&side, &error2, &kept) == 3);
    assert_true(isnan(error2));
    side = (struct bench__side){two, 2};
    assert_true(bench__side_location(&side, &error2, &kept) == 2);
    assert_true(error2 == 1);
    assert_int_equal(kept, 2);
}

static void a_difference_needs_two_launches_on_each_side(void **state) {
    double a[] = {1, 2, 3}, b[] = {5}, c[] = {5, 6, 7};
    (void)state;
    struct bench__side left = {a, 3}, single = {b, 1}, right = {c, 3};
    struct bench__difference d = bench__difference(&single, &left, NULL);
    assert_true(d.estimate == 3 && isnan(d.se));
    assert_true(isnan(bench__difference_p(&d)));
    assert_true(isnan(bench__difference_interval(&d, 0.95).lower));
    d = bench__difference(&right, &left, NULL);
    assert_true(d.estimate == 4 && fabs(d.se - sqrt(2.0 / 3)) < 1e-12);
    assert_true(fabs(d.df - 4) < 1e-9); /* Welch's, of equal variances */
    const struct bench__between_runs exactly = {.sd = sqrt(0.5), .df = INFINITY};
    const double wider = bench__difference(&right, &left, &exactly).se;
    assert_true(fabs(wider - sqrt(5.0 / 3)) < 1e-12);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_side_is_where_its_trimmed_mean_is),
        cmocka_unit_test(sides_of_few_launches),
        cmocka_unit_test(a_difference_needs_two_launches_on_each_side),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
