/*
 * A decision with its stages and looks as a whole, simulated: a screening of 10 launches, then for
 * what it leaves open 16, 32 or 64 on fresh data. Launches are drawn directly, with the floors that
 * a real duel plays beside them.
 */
#include "verdict_support.h"

#include "result/evidence.h"
#include "stats/paired.h"
#include "stats/sequential.h"

enum { SCREENING = 10, FIRST = 16, LAST = 64, FLOORS = 16, TRIALS = 2000 };

#define THRESHOLD 0.01

struct world {
    double sd;     /* of the log ratio of a launch of the final duel */
    double spikes; /* part of the launches that are 5 sd off, to either side */
    double offset; /* sd of what two files have lastingly, though they are copies of one */
};

static double draw_launch(const struct world *world, double sd, struct bench__rng *rng) {
    const double spike = bench__rng_double(rng) < world->spikes ? 5 * bench__rng_normal(rng) : 0;
    return sd * (bench__rng_normal(rng) + spike);
}

/* Launches until the width is right, or all at once in a screening. */
static struct bench__duel_evidence play(const struct world *world, double log_change, double sd,
                                        bench_evidence kind, struct bench__rng *rng) {
    struct bench__duel_evidence e;
    const size_t n_first = kind == BENCH_EVIDENCE_SCREENING ? SCREENING : FIRST;
    const size_t n_floor = (n_first + 3) / 4;
    bench__evidence_init(&e);
    assert_int_equal(bench__evidence_reserve(&e, LAST, FLOORS), 0);
    e.name = "s/group/f";
    e.kind = kind;
    e.wall_ns = 1e9;
    for (size_t next = n_first; next > 0;) {
        for (; e.n < next; e.n++) {
            e.x[e.n] = log_change + draw_launch(world, sd, rng);
        }
        const struct bench__paired_options how = {.alpha = 0.01, .threshold = THRESHOLD / 2};
        const struct bench__launch_values values = {e.x, NULL, e.n};
        struct bench__paired paired;
        assert_int_equal(bench__paired(&paired, &values, NULL, &how, NULL), 0);
        next = kind == BENCH_EVIDENCE_SCREENING
                   ? 0
                   : bench__next_look(e.n, (paired.change.upper - paired.change.lower) / 2,
                                      THRESHOLD / 2);
    }
    for (; e.n_floor < n_floor; e.n_floor++) {
        e.floor[e.n_floor] = world->offset * bench__rng_normal(rng) + draw_launch(world, sd, rng);
    }
    return e;
}

struct sides {
    bench_run *runs[2];
    struct bench__gates *gates;
};

static bench_verdict decide(const struct sides *s, struct bench__duel_evidence *e) {
    const struct bench__verdict_options how = {.duels = e, .n_duels = 1, .has_two_stages = 1};
    bench_outcome outcome;
    bench_error err = {0};
    expect_ok(bench__judge(&outcome, s->runs[1], s->runs[0], s->gates, &how, &err), &err);
    const bench_verdict verdict = outcome.comparisons[0].verdict;
    bench_outcome_clear(&outcome);
    bench__evidence_clear(e);
    return verdict;
}

/* Both stages, as the matchup plays them: a screening has half of the time for 10 launches. */
static bench_verdict whole_decision(const struct sides *s, const struct world *world, double change,
                                    struct bench__rng *rng) {
    const double sd_of_screening = world->sd * sqrt(2.0 * SCREENING / FIRST);
    const double log_change = log1p(change) + world->offset * bench__rng_normal(rng);
    struct bench__duel_evidence e =
        play(world, log_change, sd_of_screening, BENCH_EVIDENCE_SCREENING, rng);
    const bench_verdict first = decide(s, &e);
    if (first != BENCH_VERDICT_INCONCLUSIVE) {
        return first;
    }
    e = play(world, log_change, world->sd, BENCH_EVIDENCE_DUEL, rng);
    return decide(s, &e);
}

static void count_verdicts(double share[BENCH_VERDICT_INCOMPARABLE + 1], const struct world *world,
                           double change, uint64_t seed) {
    struct sides s;
    struct bench__rng rng;
    size_t n[BENCH_VERDICT_INCOMPARABLE + 1] = {0};
    bench__rng_init(&rng, seed);
    for (int side = 0; side < 2; side++) {
        s.runs[side] = new_run();
        add_launch(add_benchmark(s.runs[side], "s", "f"), 100);
    }
    s.gates = new_gates();
    bench__gates_set_threshold(s.gates, THRESHOLD);
    for (int i = 0; i < TRIALS; i++) {
        n[whole_decision(&s, world, change, &rng)]++;
    }
    for (size_t i = 0; i <= BENCH_VERDICT_INCOMPARABLE; i++) {
        share[i] = (double)n[i] / TRIALS;
    }
    bench__gates_free(s.gates);
    bench_run_free(s.runs[0]);
    bench_run_free(s.runs[1]);
}

static const struct world worlds[] = {
    {.sd = 0.002},
    {.sd = 0.005},
    {.sd = 0.01},
    {.sd = 0.02},
    {.sd = 0.005, .spikes = 0.1},
    {.sd = 0.005, .offset = 0.005},
};
enum { N_WORLDS = sizeof worlds / sizeof *worlds };

/* Of 2000, 1 % are 20 with a standard deviation of 4.4: 37 are four above. */
static double allowed(double alpha) {
    return alpha + 4 * sqrt(alpha * (1 - alpha) / TRIALS);
}

static void expect_at_most(double share, double limit, size_t world, const char *what) {
    print_message("world %zu: %s %.2f %%\n", world, what, 100 * share);
    if (!(share <= limit)) {
        fail_msg("world %zu: %s in %.2f %%, at most %.2f %% expected", world, what, 100 * share,
                 100 * limit);
    }
}

static void a_slowdown_of_the_threshold_passes_at_most_as_often_as_alpha(void **state) {
    (void)state;
    for (size_t w = 0; w < N_WORLDS; w++) {
        double share[BENCH_VERDICT_INCOMPARABLE + 1];
        count_verdicts(share, &worlds[w], THRESHOLD, 100 + w);
        /* A lasting offset is half of the time to the better; only layouts average it out. */
        expect_at_most(share[BENCH_VERDICT_PASS], worlds[w].offset > 0 ? 0.5 : allowed(0.01), w,
                       "wrong passes");
        /* two-sided at alpha: half of it to either side */
        expect_at_most(share[BENCH_VERDICT_REGRESSED], worlds[w].offset > 0 ? 0.5 : allowed(0.005),
                       w, "called beyond the threshold at the threshold");
    }
}

static void equals_are_never_called_changed(void **state) {
    (void)state;
    for (size_t w = 0; w < N_WORLDS; w++) {
        double share[BENCH_VERDICT_INCOMPARABLE + 1];
        count_verdicts(share, &worlds[w], 0, 200 + w);
        expect_at_most(share[BENCH_VERDICT_REGRESSED] + share[BENCH_VERDICT_IMPROVED],
                       worlds[w].offset > 0 ? 0.05 : allowed(0.001), w, "equals called changed");
        if (w < 2) {
            expect_at_most(1 - share[BENCH_VERDICT_PASS], 0.02, w, "equals that do not pass");
        }
    }
}

static void twice_the_threshold_is_found(void **state) {
    (void)state;
    for (size_t w = 0; w < 3; w++) {
        double share[BENCH_VERDICT_INCOMPARABLE + 1];
        count_verdicts(share, &worlds[w], 2 * THRESHOLD, 300 + w);
        expect_at_most(1 - share[BENCH_VERDICT_REGRESSED], w < 2 ? 0.02 : 0.25, w, "missed");
        expect_at_most(share[BENCH_VERDICT_PASS], 0.001, w, "twice the threshold passed");
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_slowdown_of_the_threshold_passes_at_most_as_often_as_alpha),
        cmocka_unit_test(equals_are_never_called_changed),
        cmocka_unit_test(twice_the_threshold_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
