/*
 * How often verdicts against a stored baseline are wrong when the movement between runs was
 * learned: whole runs are drawn and recorded, then two of them are judged. Log time = level + run +
 * launch. Every benchmark is a suite of its own, so that nothing is adjusted; each is one trial.
 */
#include "noise_support.h"

#include "result/verdict.h"

enum { TRIALS = 3000, MAX_RUNS = 32 };

enum movement { NORMAL, HEAVY, WALK, FOLLOWING };

struct world {
    const char *name;
    enum movement movement;
    double between, launch; /* sd of log time: between runs; between launches of a run */
    int n_launches[2];      /* of the recorded runs; of the one that is judged */
    double change;          /* of the code, in the run that is judged */
};

/* ---- drawing --------------------------------------------------------------------------------- */

static double draw_t3(struct bench__rng *rng) {
    double squares = 0;
    for (int i = 0; i < 3; i++) {
        const double z = bench__rng_normal(rng);
        squares += z * z;
    }
    return bench__rng_normal(rng) / sqrt(squares / 3) / sqrt(3); /* of variance 1 */
}

/* Where the machine is in each run, in units of world.between. */
static void draw_path(double *x, int n, enum movement movement, struct bench__rng *rng) {
    double at = bench__rng_normal(rng);
    for (int i = 0; i < n; i++) {
        const double z = bench__rng_normal(rng);
        switch (movement) {
        case NORMAL:
            x[i] = z;
            break;
        case HEAVY:
            x[i] = draw_t3(rng);
            break;
        case WALK:
            x[i] = at += z;
            break;
        case FOLLOWING:
            x[i] = at = 0.8 * at + 0.6 * z;
            break;
        }
    }
}

static void add_trial(bench_run *run, int trial, const struct world *world, double level,
                      int n_launches, struct bench__rng *rng) {
    char suite[16];
    snprintf(suite, sizeof suite, "s%05d", trial);
    bench_result *result = add_benchmark(run, suite, "f");
    for (int i = 0; i < n_launches; i++) {
        add_launch(result, 100 * exp(level + world->launch * bench__rng_normal(rng)));
    }
}

/* One run a day; the last is the one to be judged and is not recorded. */
struct history {
    bench_run *first, *last_known, *now;
    struct bench__noise_record record;
};

static void draw_history(struct history *h, const struct world *world, int n_runs, uint64_t seed) {
    static double path[TRIALS][MAX_RUNS];
    struct bench__rng rng;
    bench__rng_init(&rng, seed);
    for (int trial = 0; trial < TRIALS; trial++) {
        draw_path(path[trial], n_runs + 1, world->movement, &rng);
    }
    *h = (struct history){0};
    bench__noise_init(&h->record, "m");
    for (int i = 0; i <= n_runs; i++) {
        bench_run *run = run_of_day(i);
        for (int trial = 0; trial < TRIALS; trial++) {
            const double level =
                world->between * path[trial][i] + (i == n_runs ? log1p(world->change) : 0);
            add_trial(run, trial, world, level, world->n_launches[i == n_runs], &rng);
        }
        bench__run_sort(run);
        if (i < n_runs) {
            assert_int_equal(learn(&h->record, run, "same"), TRIALS);
        }
        if (i == 0) {
            h->first = run;
        } else if (i == n_runs - 1) {
            h->last_known = run;
        } else if (i == n_runs) {
            h->now = run;
        } else {
            bench_run_free(run);
        }
    }
}

static void clear_history(struct history *h) {
    bench_run_free(h->first);
    bench_run_free(h->last_known);
    bench_run_free(h->now);
    bench__noise_clear(&h->record);
}

/* ---- judging --------------------------------------------------------------------------------- */

static struct bench__between_runs ask(void *context, const char *name) {
    const struct history *h = context;
    return bench__noise_between_runs(&h->record, name, h->now);
}

struct rates {
    double differ; /* p below alpha, whatever the threshold */
    double called; /* regressed or improved, with the threshold of 5 % */
    double covered;
};

static struct rates judge(struct history *h, const bench_run *baseline, const struct world *world) {
    const struct bench__verdict_options options = {.between_runs = ask, .context = h};
    struct bench__gates *gates = NULL;
    bench_outcome outcome;
    bench_error err = {0};
    struct rates rates = {0};
    expect_ok(bench__gates_default(&gates, &err), &err);
    expect_ok(bench__judge(&outcome, h->now, baseline, gates, &options, &err), &err);
    assert_int_equal(outcome.n_comparisons, TRIALS);
    for (size_t i = 0; i < outcome.n_comparisons; i++) {
        const bench_comparison *c = &outcome.comparisons[i];
        assert_true(c->n_runs_known >= BENCH__MIN_KNOWN_RUNS);
        rates.differ += (c->p_adjusted < c->alpha) / (double)TRIALS;
        rates.called +=
            (c->verdict == BENCH_VERDICT_REGRESSED || c->verdict == BENCH_VERDICT_IMPROVED) /
            (double)TRIALS;
        rates.covered +=
            (c->change.lower <= world->change && world->change <= c->change.upper) / (double)TRIALS;
    }
    bench_outcome_clear(&outcome);
    bench__gates_free(gates);
    return rates;
}

static void say(const struct world *world, int n_runs, const char *baseline,
                const struct rates *r) {
    print_message("%-28s %2d runs, baseline %s: p < 1 %% in %.2f %%, called in %.2f %%, covered "
                  "%.2f %%\n",
                  world->name, n_runs, baseline, 100 * r->differ, 100 * r->called,
                  100 * r->covered);
}

/* ---- claims ---------------------------------------------------------------------------------- */

static const struct world equals[] = {
    {"normal", NORMAL, 0.02, 0.01, {16, 16}, 0},
    {"normal, launches rule", NORMAL, 0.001, 0.02, {16, 16}, 0},
    {"normal, --quick before", NORMAL, 0.005, 0.02, {8, 16}, 0},
    {"normal, --quick now", NORMAL, 0.005, 0.02, {16, 8}, 0},
    {"t with 3 df", HEAVY, 0.02, 0.01, {16, 16}, 0},
    {"random walk", WALK, 0.02, 0.01, {16, 16}, 0},
    {"AR(1) with 0.8", FOLLOWING, 0.02, 0.01, {16, 16}, 0},
};

/* 1 % of 3000 is 30; 46 is three standard deviations above. */
static void equals_differ_in_at_most_alpha(void **state) {
    static const int n_runs[] = {5, 10, 30};
    (void)state;
    for (size_t w = 0; w < sizeof equals / sizeof *equals; w++) {
        for (size_t n = 0; n < 3; n++) {
            struct history h;
            draw_history(&h, &equals[w], n_runs[n], 100 * w + n);
            const bench_run *baselines[] = {h.first, h.last_known};
            for (int b = 0; b < 2; b++) {
                const struct rates r = judge(&h, baselines[b], &equals[w]);
                say(&equals[w], n_runs[n], b == 0 ? "first" : "last", &r);
                assert_true(r.differ <= 46.0 / TRIALS);
                assert_true(r.called <= r.differ);
                assert_true(r.covered >= 1 - 46.0 / TRIALS);
            }
            clear_history(&h);
        }
    }
}

/* What is learned is what was drawn: the movement, and what the launches add to it. */
static void what_is_learned_is_what_was_drawn(void **state) {
    const struct world world = {"normal", NORMAL, 0.02, 0.04, {16, 16}, 0};
    /* of the 20 % trimmed mean of 16 normal values: 1.06 times that of the mean */
    const double own2 = 1.06 * 0.04 * 0.04 / 16;
    (void)state;
    for (int n_runs = 5; n_runs <= 30; n_runs += 25) {
        struct history h;
        double sd2 = 0, error2 = 0, n = 0;
        draw_history(&h, &world, n_runs, 7);
        for (size_t i = 0; i < h.record.n_benchmarks; i++) {
            const struct bench__between_runs known =
                bench__noise_between_runs(&h.record, h.record.benchmarks[i].name, NULL);
            sd2 += known.sd * known.sd;
            error2 += known.own_error2;
            n++;
        }
        print_message("%d runs: sd^2 %.4g of %.4g, own part %.4g of %.4g\n", n_runs, sd2 / n,
                      0.02 * 0.02 + own2, error2 / n, own2);
        assert_true(fabs(sd2 / n / (0.02 * 0.02 + own2) - 1) < 0.05);
        assert_true(fabs(error2 / n / own2 - 1) < 0.1);
        clear_history(&h);
    }
}

/* Learning pays: on a quiet machine a change is found that the assumed 1 % would hide. */
static void changes_are_found(void **state) {
    static const struct {
        int n_runs;
        double change, at_least;
    } cases[] = {{5, 0.10, 0.95}, {10, 0.08, 0.97}, {30, 0.07, 0.95}};
    struct world world = {"quiet", NORMAL, 0.002, 0.005, {16, 16}, 0};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct history h;
        world.change = cases[i].change;
        draw_history(&h, &world, cases[i].n_runs, 40 + i);
        const struct rates r = judge(&h, h.last_known, &world);
        say(&world, cases[i].n_runs, "last", &r);
        assert_true(r.called >= cases[i].at_least);
        clear_history(&h);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_differ_in_at_most_alpha),
        cmocka_unit_test(what_is_learned_is_what_was_drawn),
        cmocka_unit_test(changes_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
