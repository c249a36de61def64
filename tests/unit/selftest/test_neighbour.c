/*
 * The noisy neighbour and the passing of turns: processes that come, do something, and are gone.
 */
#include "selftest/neighbour.h"
#include "selftest/turns.h"

#include "unit/measure/near.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

static void a_neighbour_runs_until_it_is_stopped(void **state) {
    (void)state;
    pid_t pid = 0;
    bench_error error = {0};
    assert_int_equal(bench__neighbour_start(&pid, 3, &error), 0);
    assert_true(pid > 0);
    assert_int_equal(kill(pid, 0), 0);
    assert_int_equal(waitpid(pid, NULL, WNOHANG), 0); /* it has not ended */
    bench__neighbour_stop(pid);
    assert_int_equal(kill(pid, 0), -1);
    assert_int_equal(errno, ESRCH);
}

static void nobody_to_stop_is_fine(void **state) {
    (void)state;
    bench__neighbour_stop(0);
}

static void a_turn_takes_time_and_leaves_nobody(void **state) {
    (void)state;
    double ns = NAN;
    bench_error error = {0};
    assert_int_equal(bench__selftest_turn_ns(&ns, &error), 0);
    assert_true(ns > 0);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_neighbour_runs_until_it_is_stopped),
        cmocka_unit_test(nobody_to_stop_is_fine),
        cmocka_unit_test(a_turn_takes_time_and_leaves_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
