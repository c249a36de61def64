/*
 * What duels promise, over many simulated ones: false alarms at their nominal rate whatever the
 * machine does, intervals that hold the truth, changes found. Every test prints what it observed.
 */
#include "power_support.h"

#include "base/robust.h"
#include "stats/power.h"
#include "stats/special.h"

enum { PAIRS = 11, TIMINGS = 2 * PAIRS };

/* ---- machines ----------------------------------------------------------------------------------
 *
 * A machine adds noise to the log times of one launch, in the order in which they are taken.
 */

struct machine {
    const char *name;
    void (*fill)(double *noise, struct bench__rng *rng);
    double process_sd;  /* of each worker process as a whole */
    double wild_chance; /* that a process is slower by half or more */
};

static void fill_normal(double *noise, struct bench__rng *rng) {
    for (int i = 0; i < TIMINGS; i++) {
        noise[i] = 0.01 * bench__rng_normal(rng);
    }
}

static void fill_lognormal(double *noise, struct bench__rng *rng) {
    for (int i = 0; i < TIMINGS; i++) {
        noise[i] = log1p(0.02 * exp(1.5 * bench__rng_normal(rng)));
    }
}

static void fill_spikes(double *noise, struct bench__rng *rng) {
    fill_normal(noise, rng);
    for (int i = 0; i < TIMINGS; i++) {
        noise[i] += bench__rng_double(rng) < 0.2 ? -log(1 - bench__rng_double(rng)) : 0;
    }
}

static void fill_bimodal(double *noise, struct bench__rng *rng) {
    for (int i = 0; i < TIMINGS; i++) {
        noise[i] = 0.001 * bench__rng_normal(rng) + (bench__rng_u64(rng) & 1 ? 0.1 : 0);
    }
}

static void fill_autocorrelated(double *noise, struct bench__rng *rng) {
    double state = bench__rng_normal(rng);
    for (int i = 0; i < TIMINGS; i++) {
        noise[i] = 0.01 * state;
        state = 0.6 * state + 0.8 * bench__rng_normal(rng);
    }
}

/* Ten per cent slower from first to last, and the second of a pair always by another three. */
static void fill_drift(double *noise, struct bench__rng *rng) {
    for (int i = 0; i < TIMINGS; i++) {
        noise[i] = 0.1 * i / TIMINGS + 0.03 * (i % 2) + 0.002 * bench__rng_normal(rng);
    }
}

static const struct machine MACHINES[] = {
    {"normal", fill_normal, 0, 0},
    {"lognormal", fill_lognormal, 0, 0},
    {"spikes", fill_spikes, 0, 0},
    {"bimodal", fill_bimodal, 0, 0},
    {"AR(1) 0.6", fill_autocorrelated, 0, 0},
    {"drift and order", fill_drift, 0, 0},
    {"processes, ICC 0.9", fill_normal, 0.03, 0},
    {"wild processes", fill_normal, 0.01, 0.1},
};

enum { N_MACHINES = sizeof MACHINES / sizeof MACHINES[0] };

/* The level of a worker process: one number for all it does. */
static double process_level(const struct machine *machine, struct bench__rng *rng) {
    double level = machine->process_sd > 0 ? machine->process_sd * bench__rng_normal(rng) : 0;
    return bench__rng_double(rng) < machine->wild_chance ? level + 0.5 + level * level : level;
}

/* Median log ratio of one launch: pairs in the order of a coin. */
static double launch(const struct machine *machine, double change, struct bench__rng *rng) {
    double noise[TIMINGS], ratio[PAIRS];
    machine->fill(noise, rng);
    double level = process_level(machine, rng) - process_level(machine, rng) + change;
    uint64_t coins = bench__rng_u64(rng);
    for (int i = 0; i < PAIRS; i++) {
        double second_less_first = noise[2 * i + 1] - noise[2 * i];
        ratio[i] = level + (coins >> i & 1 ? second_less_first : -second_less_first);
    }
    return bench__median_inplace(ratio, PAIRS);
}

static void fill_duel(double *x, size_t n, const struct machine *machine, double change,
                      struct bench__rng *rng) {
    for (size_t p = 0; p < n; p++) {
        x[p] = launch(machine, change, rng);
    }
}

/* ---- false alarms and coverage -------------------------------------------------------------- */

struct tally {
    int trials, rejected, found, held, below;
};

/* `below`: duels whose one-sided bound says that the change is smaller than it is. */
static struct tally run_duels(const struct machine *machine, size_t n, double alpha, int trials,
                              uint64_t seed) {
    struct tally tally = {.trials = trials};
    struct bench__rng rng;
    bench__rng_init(&rng, seed);
    for (int trial = 0; trial < trials; trial++) {
        double x[MAX_N];
        fill_duel(x, n, machine, 0, &rng);
        struct bench__paired out = judge(x, n, alpha);
        tally.rejected += out.p.two_sided < alpha;
        tally.found += is_found(&out);
        tally.held += out.change.lower <= 0 && 0 <= out.change.upper;
        tally.below += out.upper < 0;
    }
    return tally;
}

static void print_tally(const struct machine *machine, size_t n, const struct tally *tally) {
    print_message(
        "  %-18s %2zu launches: p < alpha %.2f %%, called %.2f %%, interval holds %.2f %%, "
        "bound misses %.2f %%\n",
        machine->name, n, 100 * share(tally->rejected, tally->trials),
        100 * share(tally->found, tally->trials), 100 * share(tally->held, tally->trials),
        100 * share(tally->below, tally->trials));
}

static void false_alarms_at_1_percent(void **state) {
    (void)state;
    for (size_t i = 0; i < N_MACHINES; i++) {
        struct tally tally = run_duels(&MACHINES[i], 16, 0.01, 10000, 100 + i);
        print_tally(&MACHINES[i], 16, &tally);
        assert_rate(tally.rejected, tally.trials, 0.01, MACHINES[i].name);
        assert_rate_at_most(tally.found, tally.trials, 0.01, MACHINES[i].name);
        assert_rate_at_most(tally.below, tally.trials, 0.01, MACHINES[i].name);
        assert_between(share(tally.held, tally.trials), 0.98, 1, MACHINES[i].name);
    }
}

static void coverage_within_a_point(void **state) {
    (void)state;
    const size_t sizes[] = {8, 16, 20};
    for (size_t i = 0; i < N_MACHINES; i++) {
        for (size_t k = 0; k < 3; k++) {
            struct tally tally = run_duels(&MACHINES[i], sizes[k], 0.05, 2000, 200 + i);
            print_tally(&MACHINES[i], sizes[k], &tally);
            assert_rate_at_most(tally.rejected, tally.trials, 0.05, MACHINES[i].name);
            /* a point for the interval, another for twice the error of the simulation */
            assert_between(share(tally.held, tally.trials), 0.94 - 0.01, 0.97, MACHINES[i].name);
        }
    }
}

/* Flips are drawn; the interval is exact up to 64 launches, and t's for 80. */
static void many_launches(void **state) {
    (void)state;
    for (size_t n = 64; n <= 80; n += 16) {
        struct tally tally = run_duels(&MACHINES[6], n, 0.05, 300, 300);
        print_tally(&MACHINES[6], n, &tally);
        assert_rate(tally.rejected, tally.trials, 0.05, "drawn flips");
        assert_rate(tally.held, tally.trials, 0.95, "interval");
    }
}

/* A suite in which nothing changed: one in a hundred may raise any alarm at all. */
static void a_suite_of_200_nulls(void **state) {
    (void)state;
    enum { SUITES = 1000, BENCHMARKS = 200, N = 16 };
    struct bench__rng rng;
    bench__rng_init(&rng, 400);
    int alarmed[2] = {0, 0};
    for (int suite = 0; suite < SUITES; suite++) {
        double slower[BENCHMARKS], holm[BENCHMARKS], x[N];
        for (size_t b = 0; b < BENCHMARKS; b++) {
            struct bench__sign_flip p;
            fill_units(x, N, 0, &rng);
            x[b % N] *= b % 3 == 0 ? 20 : 1;
            assert_int_equal(bench__sign_flip(&p, x, N, 0, 1), 0);
            slower[b] = p.greater;
        }
        assert_int_equal(bench__adjust_holm(holm, slower, BENCHMARKS), 0);
        assert_int_equal(bench__adjust_bh(slower, slower, BENCHMARKS), 0);
        int any[2] = {0, 0};
        for (size_t b = 0; b < BENCHMARKS; b++) {
            any[0] |= slower[b] < 0.01;
            any[1] |= holm[b] < 0.01;
        }
        alarmed[0] += any[0];
        alarmed[1] += any[1];
    }
    print_message("  suites of 200 with an alarm: %.2f %% by BH, %.2f %% by Holm\n",
                  100 * share(alarmed[0], SUITES), 100 * share(alarmed[1], SUITES));
    assert_rate_at_most(alarmed[0], SUITES, 0.01, "Benjamini-Hochberg");
    assert_rate_at_most(alarmed[1], SUITES, 0.01, "Holm");
}

/* ---- power ---------------------------------------------------------------------------------- */

/* How often Student's t finds it, the most that any such test can on normal launches. */
static int found_by_t(const double *x, size_t n, double alpha) {
    double mean = 0, squares = 0;
    for (size_t i = 0; i < n; i++) {
        mean += x[i] / (double)n;
    }
    for (size_t i = 0; i < n; i++) {
        squares += (x[i] - mean) * (x[i] - mean);
    }
    double se = sqrt(squares / (double)(n - 1) / (double)n);
    return fabs(mean) > bench__t_quantile(1 - alpha / 2, (double)n - 1) * se;
}

static void check_power(size_t n, double effect, int with_wild, double least_of_t) {
    enum { TRIALS = 2000 };
    struct bench__rng rng;
    bench__rng_init(&rng, 500);
    int found = 0, by_t = 0;
    for (int trial = 0; trial < TRIALS; trial++) {
        double x[MAX_N];
        fill_units(x, n, effect, &rng);
        for (size_t i = 0; with_wild && i < n; i++) {
            x[i] += bench__rng_double(&rng) < 0.05 ? 50 * bench__rng_normal(&rng) : 0;
        }
        struct bench__paired out = judge(x, n, 0.01);
        found += is_found(&out);
        by_t += found_by_t(x, n, 0.01);
    }
    print_message("  +%.1f sd, %2zu launches%s: found %.1f %%, by a t test %.1f %%\n", effect, n,
                  with_wild ? ", 5 % of them wild" : "", 100 * share(found, TRIALS),
                  100 * share(by_t, TRIALS));
    assert_true(found >= least_of_t * by_t);
}

static void power_is_nearly_that_of_t(void **state) {
    (void)state;
    const double effects[] = {0.5, 1, 2};
    for (size_t k = 0; k < 3; k++) {
        check_power(8, effects[k], 0, 0.5);
        check_power(16, effects[k], 0, 0.8);
        check_power(24, effects[k], 0, 0.8);
        check_power(16, effects[k], 1, 1.2);
    }
}

/* The MDE of a duel says what the next one like it finds. A test alone would find it nine times in
 * ten; to be called, p and interval have to agree, which costs up to five points. */
static void mde_is_found(void **state) {
    (void)state;
    enum { TRIALS = 3000 };
    const size_t sizes[] = {12, 16, 24};
    struct bench__rng rng;
    bench__rng_init(&rng, 600);
    for (size_t k = 0; k < 3; k++) {
        double n = (double)sizes[k], kept = n - 2 * floor(n / 10);
        double effect = bench__mde(1 / sqrt(n), kept - 1, 0.01), mean_mde = 0;
        int found = 0;
        for (int trial = 0; trial < TRIALS; trial++) {
            double x[MAX_N];
            fill_units(x, sizes[k], effect, &rng);
            struct bench__paired out = judge(x, sizes[k], 0.01);
            found += is_found(&out);
            mean_mde += out.mde / TRIALS;
        }
        print_message("  MDE, %zu launches: found %.1f %%; says %.3f, is %.3f\n", sizes[k],
                      100 * share(found, TRIALS), mean_mde, effect);
        assert_between(share(found, TRIALS), 0.84, 0.93, "found at the MDE");
        assert_between(mean_mde / effect, 0.95, 1.06, "MDE as printed");
    }
}

/* ---- floors and layouts --------------------------------------------------------------------- */

struct world {
    int n_copies, per_copy; /* of the floor */
    double offset_sd;       /* lasting offset of a duel, and of each copy */
    int n_layouts;
    double layout_sd;
};

static double share_found(const struct world *world, double change, int trials) {
    struct bench__rng rng;
    bench__rng_init(&rng, 700);
    int found = 0;
    for (int trial = 0; trial < trials; trial++) {
        double x[16], floor_values[64], placement[16] = {0}, offset;
        int copy[64], layout[16];
        for (int k = 0; k < world->n_layouts; k++) {
            placement[k] = world->layout_sd * bench__rng_normal(&rng);
        }
        offset = world->offset_sd * bench__rng_normal(&rng);
        fill_units(x, 16, change + offset, &rng);
        for (int i = 0; i < 16; i++) {
            layout[i] = world->n_layouts > 0 ? i % world->n_layouts : i;
            x[i] += placement[layout[i]];
        }
        size_t n_floor = (size_t)(world->n_copies * world->per_copy);
        for (int k = 0, i = 0; k < world->n_copies; k++) {
            offset = world->offset_sd * bench__rng_normal(&rng);
            for (int j = 0; j < world->per_copy; j++, i++) {
                copy[i] = k;
                floor_values[i] = offset + bench__rng_normal(&rng);
            }
        }
        struct bench__launch_values duel = {x, layout, 16}, copies = {floor_values, copy, n_floor};
        struct bench__paired_options options = {.alpha = 0.01, .threshold = 0, .seed = 1};
        struct bench__paired out;
        assert_int_equal(bench__paired(&out, &duel, &copies, &options, NULL), 0);
        found += is_found(&out);
    }
    return share(found, trials);
}

static void a_floor_costs_little_where_nothing_is_wrong(void **state) {
    (void)state;
    const struct world none = {.n_copies = 0}, one = {.n_copies = 1, .per_copy = 4};
    double without = share_found(&none, 1.5, 4000), with = share_found(&one, 1.5, 4000);
    double alarms = share_found(&one, 0, 10000);
    print_message("  +1.5 sd: %.1f %% without floor, %.1f %% with; alarms %.2f %%\n", 100 * without,
                  100 * with, 100 * alarms);
    assert_true(with > 0.93 * without);
    assert_between(alarms, 0, 0.014, "false alarms");
}

/* Two copies of one program differ for good, by as much as two launches do. Duels alone take half
 * of such accidents for changes. */
static void a_floor_sees_lasting_offsets(void **state) {
    (void)state;
    const struct world none = {.n_copies = 0, .offset_sd = 1};
    const struct world one = {.n_copies = 1, .per_copy = 4, .offset_sd = 1};
    const struct world many = {.n_copies = 16, .per_copy = 4, .offset_sd = 1};
    double without = share_found(&none, 0, 4000), with_one = share_found(&one, 0, 4000);
    double with_many = share_found(&many, 0, 4000);
    print_message("  lasting offsets called changes: %.1f %% without floor, %.1f %% with a copy, "
                  "%.2f %% with 16\n",
                  100 * without, 100 * with_one, 100 * with_many);
    assert_true(without > 0.4 && with_one < 0.8 * without);
    assert_between(with_many, 0, 0.05, "16 copies");
}

/* Placement as large as the rest of the noise, and nine times its variance. Four layouts are too
 * few to know either. */
static void shared_layouts_raise_no_alarm(void **state) {
    (void)state;
    const int n_layouts[] = {4, 8, 16};
    const double most[] = {0.025, 0.014, 0.014};
    for (int k = 0; k < 3; k++) {
        struct world even = {.n_layouts = n_layouts[k], .layout_sd = 1};
        struct world strong = {.n_layouts = n_layouts[k], .layout_sd = 3};
        double alarms = share_found(&even, 0, 10000),
               alarms_strong = share_found(&strong, 0, 10000);
        print_message("  %2d layouts: called %.2f %% at ICC 0.5, %.2f %% at 0.9\n", n_layouts[k],
                      100 * alarms, 100 * alarms_strong);
        assert_between(alarms, 0, most[k], "placement called a change, ICC 0.5");
        assert_between(alarms_strong, 0, most[k], "placement called a change, ICC 0.9");
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(false_alarms_at_1_percent),
        cmocka_unit_test(coverage_within_a_point),
        cmocka_unit_test(many_launches),
        cmocka_unit_test(a_suite_of_200_nulls),
        cmocka_unit_test(power_is_nearly_that_of_t),
        cmocka_unit_test(mde_is_found),
        cmocka_unit_test(a_floor_costs_little_where_nothing_is_wrong),
        cmocka_unit_test(a_floor_sees_lasting_offsets),
        cmocka_unit_test(shared_layouts_raise_no_alarm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
