/*
 * The verdict against a stored baseline, simulated: how often it is wrong and how often it finds
 * what is there. Medians of launches are drawn directly: log time = benchmark + run (sd between
 * runs) + launch (sd between launches).
 */
#include "verdict_support.h"

struct world {
    double between_runs, between_launches; /* sd of log time */
    double spikes;                         /* part of the launches that are 5 sd slower */
    double change;
};

static void add_simulated(bench_run *run, int i, const struct world *world, double change,
                          struct bench__rng *rng) {
    char suite[16];
    snprintf(suite, sizeof suite, "s%04d", i); /* each its own suite: nothing is adjusted */
    bench_result *result = add_benchmark(run, suite, "f");
    const double level = log(100) + log1p(change) + world->between_runs * bench__rng_normal(rng);
    for (int l = 0; l < LAUNCHES; l++) {
        const double spike = bench__rng_double(rng) < world->spikes ? 5 : 0;
        const double noise = world->between_launches * (bench__rng_normal(rng) + spike);
        add_launch(result, exp(level + noise));
    }
}

/* Part of n comparisons with p below alpha, whatever the threshold. */
static double rejected(const struct world *world, int n, uint64_t seed) {
    double sd = world->between_runs;
    const struct bench__verdict_options options = {.between_runs = known_exactly, .context = &sd};
    struct bench__rng rng;
    size_t n_rejected = 0;
    bench__rng_init(&rng, seed);
    bench_run *baseline = new_run(), *run = new_run();
    for (int i = 0; i < n; i++) {
        add_simulated(baseline, i, world, 0, &rng);
        add_simulated(run, i, world, world->change, &rng);
    }
    bench_outcome outcome = judge(run, baseline, &options);
    for (size_t i = 0; i < outcome.n_comparisons; i++) {
        n_rejected += outcome.comparisons[i].p_adjusted < outcome.comparisons[i].alpha;
    }
    bench_outcome_clear(&outcome);
    bench_run_free(run);
    bench_run_free(baseline);
    return (double)n_rejected / n;
}

/* 8000 comparisons of equals: 1 % is 80; 107 is three standard deviations above. */
static void equals_differ_in_at_most_alpha(void **state) {
    static const struct world worlds[] = {
        {.between_runs = 0, .between_launches = 0.01},
        {.between_runs = 0.01, .between_launches = 0.01},
        {.between_runs = 0.05, .between_launches = 0.005},
        {.between_runs = 0.005, .between_launches = 0.02, .spikes = 0.1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof worlds / sizeof *worlds; i++) {
        const double rate = rejected(&worlds[i], 8000, 100 + i);
        if (!(rate <= 107.0 / 8000)) {
            fail_msg("world %zu: %.2f %% of equals called different", i, 100 * rate);
        }
    }
}

static void changes_are_found(void **state) {
    static const struct world worlds[] = {
        {.between_runs = 0.005, .between_launches = 0.01, .change = 0.05},
        {.between_runs = 0.01, .between_launches = 0.01, .change = -0.08},
        {.between_runs = 0.005, .between_launches = 0.01, .spikes = 0.1, .change = 0.05},
    };
    (void)state;
    for (size_t i = 0; i < sizeof worlds / sizeof *worlds; i++) {
        const double rate = rejected(&worlds[i], 1000, 200 + i);
        if (!(rate >= 0.98)) {
            fail_msg("world %zu: only %.1f %% found", i, 100 * rate);
        }
    }
}

/* The interval must hold the truth as often as it says: 99 %. */
static void intervals_cover(void **state) {
    const struct world world = {.between_runs = 0.01, .between_launches = 0.01, .change = 0.03};
    double sd = world.between_runs;
    const struct bench__verdict_options options = {.between_runs = known_exactly, .context = &sd};
    const int n = 4000;
    struct bench__rng rng;
    int covered = 0;
    (void)state;
    bench__rng_init(&rng, 300);
    bench_run *baseline = new_run(), *run = new_run();
    for (int i = 0; i < n; i++) {
        add_simulated(baseline, i, &world, 0, &rng);
        add_simulated(run, i, &world, world.change, &rng);
    }
    bench_outcome outcome = judge(run, baseline, &options);
    for (size_t i = 0; i < outcome.n_comparisons; i++) {
        const bench_estimate *change = &outcome.comparisons[i].change;
        covered += change->lower <= world.change && world.change <= change->upper;
    }
    bench_outcome_clear(&outcome);
    bench_run_free(run);
    bench_run_free(baseline);
    assert_in_range(covered, (int)(0.985 * n), (int)(0.995 * n));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_differ_in_at_most_alpha),
        cmocka_unit_test(changes_are_found),
        cmocka_unit_test(intervals_cover),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
