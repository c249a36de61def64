/*
 * What looking more than once costs and finds, over many simulated duels. Every test prints what it
 * observed.
 */
#include "power_support.h"

#include "stats/sequential.h"

static void precision_plan_keeps_alpha(void **state) {
    (void)state;
    enum { TRIALS = 1500 };
    int alarms = 0, held = 0, stops[BENCH__LAST_LOOK + 1] = {0};
    struct bench__rng rng;
    bench__rng_init(&rng, 800);
    for (int trial = 0; trial < TRIALS; trial++) {
        double x[MAX_N], half_width = NAN;
        size_t n = 0, next;
        struct bench__paired out = {0};
        double spread = exp(0.4 * bench__rng_normal(&rng)); /* some benchmarks need more */
        while ((next = bench__next_look(n, half_width, 1.0)) != 0) {
            for (; n < next; n++) {
                x[n] = spread * bench__rng_normal(&rng);
            }
            out = judge(x, n, 0.01);
            half_width = (out.change.upper - out.change.lower) / 2;
        }
        stops[n]++;
        alarms += is_found(&out);
        held += out.change.lower <= 0 && 0 <= out.change.upper;
    }
    print_message("  precision plan: called %.2f %%, interval holds %.2f %%; stopped at 8, 16, 32, "
                  "64: %d, %d, %d, %d\n",
                  100 * share(alarms, TRIALS), 100 * share(held, TRIALS), stops[8], stops[16],
                  stops[32], stops[64]);
    assert_true(stops[8] > 100 && stops[16] > 100 && stops[32] > 100 && stops[64] > 10);
    assert_rate_at_most(alarms, TRIALS, 0.01, "false alarms");
    assert_between(share(held, TRIALS), 0.98, 1, "coverage");
}

/* Spending: sign-flip p-values against the levels of the looks. */
static int spending_rejects(double *x, const double *level, double change, struct bench__rng *rng) {
    fill_units(x, BENCH__LAST_LOOK, change, rng);
    for (size_t look = 0, n = 8; look < 4; look++, n *= 2) {
        struct bench__sign_flip p;
        if (exp2(1 - (double)n) >= level[look]) {
            continue; /* no flips are that rare */
        }
        assert_int_equal(bench__sign_flip(&p, x, n, 0, 1), 0);
        if (p.two_sided < level[look]) {
            return 1;
        }
    }
    return 0;
}

static void alpha_spending_keeps_alpha(void **state) {
    (void)state;
    enum { TRIALS = 1000 };
    const double fraction[] = {0.125, 0.25, 0.5, 1};
    double level[4], x[MAX_N];
    struct bench__rng rng;
    bench__rng_init(&rng, 900);
    assert_int_equal(bench__spending_levels(level, fraction, 4, 0.01), 0);
    int alarms = 0, found = 0;
    for (int trial = 0; trial < TRIALS; trial++) {
        alarms += spending_rejects(x, level, 0, &rng);
    }
    for (int trial = 0; trial < TRIALS / 10; trial++) {
        found += spending_rejects(x, level, 0.6, &rng);
    }
    print_message("  spending, 4 looks: alarms %.2f %%, +0.6 sd found %.1f %%\n",
                  100 * share(alarms, TRIALS), 100 * share(found, TRIALS / 10));
    assert_rate_at_most(alarms, TRIALS, 0.01, "false alarms");
    assert_true(share(found, TRIALS / 10) > 0.95);
}

static void e_process_survives_a_look_at_every_launch(void **state) {
    (void)state;
    enum { TRIALS = 20000 };
    const double changes[] = {0, 1};
    int rejected[2] = {0, 0};
    struct bench__rng rng;
    bench__rng_init(&rng, 1000);
    for (int k = 0; k < 2; k++) {
        for (int trial = 0; trial < TRIALS; trial++) {
            struct bench__sign_process process;
            bench__sign_process_init(&process);
            for (int i = 0; i < 500 - 436 * k; i++) {
                bench__sign_process_add(&process, changes[k] + bench__rng_normal(&rng));
            }
            rejected[k] += bench__sign_process_p(&process) <= 0.01;
        }
    }
    print_message("  e-process: alarms %.2f %% in 500 looks, +1 sd found %.1f %% within 64\n",
                  100 * share(rejected[0], TRIALS), 100 * share(rejected[1], TRIALS));
    assert_between(share(rejected[0], TRIALS), 0, 0.01, "false alarms");
    assert_true(share(rejected[1], TRIALS) > 0.95);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(precision_plan_keeps_alpha),
        cmocka_unit_test(alpha_spending_keeps_alpha),
        cmocka_unit_test(e_process_survives_a_look_at_every_launch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
