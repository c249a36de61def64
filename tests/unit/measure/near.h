/* near.h - cmocka with doubles: assert_near(value, expected, tolerance); tolerance 0 means equal.
 */
#ifndef BENCH_TEST_NEAR_H
#define BENCH_TEST_NEAR_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static inline void near_at(double value, double expected, double tolerance, const char *file,
                           int line) {
    if (fabs(value - expected) <= tolerance)
        return;
    print_error("%.17g is not within %g of %.17g\n", value, tolerance, expected);
    _fail(file, line);
}

#define assert_near(value, expected, tolerance)                                                    \
    near_at(value, expected, tolerance, __FILE__, __LINE__)

#endif
