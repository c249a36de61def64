/* alloc_failure.h - runs a scenario with the n-th allocation failing, for every n until none fails.
 */
#ifndef TESTS_ALLOC_FAILURE_H
#define TESTS_ALLOC_FAILURE_H

#include "base/mem.h"
#include <bench/common.h>

/* `scenario` returns 0 or BENCH_ENOMEM and frees what it made; include cmocka before. */
static inline void fail_every_allocation(int (*scenario)(void)) {
    const long live = bench__mem_live();
    for (long n = 0;; n++) {
        bench__mem_fail_after(n);
        int rc = scenario();
        bench__mem_fail_after(-1);
        assert_int_equal(bench__mem_live(), live);
        if (rc == 0) {
            assert_true(n > 0); /* a scenario that never allocates proves nothing */
            return;
        }
        assert_int_equal(rc, BENCH_ENOMEM);
    }
}

#endif
