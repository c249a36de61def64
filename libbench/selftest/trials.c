/*
 * Plays the decisions of a selftest. What they add up to is summary.c.
 */
#include "selftest/trials.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/rng.h"
#include "measure/clock.h"
#include "result/decide.h"
#include "result/model.h"
#include "run/duels.h"
#include "selftest/turns.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define LAUNCH_TIMEOUT_NS INT64_C(30000000000)

struct session {
    const struct bench__selftest_plan *plan;
    struct bench__trials *out;
    struct bench__clock clock;
    struct bench__rng rng;
    const volatile sig_atomic_t *interrupted;
    bench_error *err;
};

/* A decision to come. */
struct step {
    enum bench__selftest_body body;
    int effect;
};

int bench__selftest_launches(const struct bench__selftest_plan *plan, int effect) {
    const int is_small = effect > 0 && effect < 10;
    return is_small ? (int)ceil(plan->launches * BENCH__SELFTEST_PRECISION) : plan->launches;
}

/* ---- one decision ---- */

int bench__trial_decide(struct bench__trial *trial, const struct bench__duel_evidence *evidence,
                        double alpha, double threshold, uint64_t seed, bench_error *err) {
    bench_comparison c = {.alpha = alpha, .threshold = threshold};
    double upper;
    const int code = bench__evidence_compare(&c, &upper, evidence, seed, err);
    if (code != 0) {
        return code;
    }
    c.p_adjusted = c.p_value;
    bench__decide(&c, upper);
    trial->change = c.change;
    trial->p = c.p_value;
    trial->mde = c.mde;
    trial->n_launches = c.duel.n_launches;
    trial->launch_sd = c.duel.launch_sd;
    trial->floor_sd = c.duel.floor_sd;
    trial->verdict = c.verdict;
    trial->direction = !(c.p_value < alpha) ? 0
                       : c.change.lower > 0 ? 1
                       : c.change.upper < 0 ? -1
                                            : 0;
    return 0;
}

static char axis_name[] = BENCH__SELFTEST_AXIS; /* a bench_param owns its name elsewhere */

static struct bench__duellist duellist(const struct step *step, bench_param *param, int64_t work,
                                       char text[24], char *const *argv) {
    snprintf(text, 24, "%lld", (long long)work);
    *param = (bench_param){.name = axis_name, .text = text, .is_i64 = 1, .i64 = work};
    return (struct bench__duellist){.argv = argv,
                                    .suite = BENCH__SELFTEST_SUITE,
                                    .group = bench__selftest_names[step->body],
                                    .function = BENCH__SELFTEST_FUNCTION,
                                    .params = param,
                                    .n_params = 1,
                                    .bytes_per_iteration = NAN,
                                    .elements_per_iteration = NAN,
                                    .n_threads = 1};
}

/* The duel as benchctl compare would play it; its runs are only looked at for a failure. */
static int play_duel(struct session *s, const struct step *step, uint64_t seed,
                     struct bench__duel_evidence **evidence, bench_run *runs[2]) {
    static char name[] = "benchctl";
    char *const argv[] = {name, NULL};
    char text[2][24];
    bench_param params[2];
    const struct bench__selftest_plan *plan = s->plan;
    const double n = plan->launches + bench__duel_floor_launches(plan->launches);
    const struct bench__duel_pair pair = {
        .name = bench__selftest_names[step->body],
        .side = {duellist(step, &params[0], BENCH__WORK_UNIT, text[0], argv),
                 duellist(step, &params[1], BENCH__WORK_UNIT + step->effect, text[1], argv)},
        .alpha = plan->alpha,
        .precision = log1p(plan->threshold) / 2};
    const int launches = bench__selftest_launches(plan, step->effect);
    const struct bench__duels duels = {.pairs = &pair,
                                       .n_pairs = 1,
                                       .launches = launches,
                                       .max_launches = launches,
                                       .floor_launches = bench__duel_floor_launches(launches),
                                       .kind = BENCH_EVIDENCE_DUEL,
                                       .confidence_level = 0.95,
                                       .n_resamples = 1000, /* of the sides, which nobody reads */
                                       .launch = {.sampling = BENCH_SAMPLING_FLAT,
                                                  .warm_up_ns = plan->warm_up_ns / n,
                                                  .measurement_ns = plan->measurement_ns / n,
                                                  .seed = seed,
                                                  .timeout_ns = LAUNCH_TIMEOUT_NS,
                                                  .clock = s->clock.kind,
                                                  .ticks_per_ns = s->clock.ticks_per_ns},
                                       .interrupted = s->interrupted};
    return bench__duels_play(runs[0], runs[1], evidence, &duels, s->err);
}

static int check_duel(const bench_run *after, const struct step *step, bench_error *err) {
    const bench_result *r = &after->results[0];
    if (after->interrupted) {
        return bench__error(err, BENCH_EINTERRUPTED, "interrupted");
    }
    if (r->status != BENCH_STATUS_OK) {
        const bench_launch *last = r->n_launches > 0 ? &r->launches[r->n_launches - 1] : NULL;
        return bench__error(err, BENCH_ESYSTEM, "a duel of '%s' failed: %.300s",
                            bench__selftest_names[step->body],
                            last != NULL && last->message != NULL ? last->message : "no launch");
    }
    return 0;
}

static int play_decision(struct session *s, const struct step *step, struct bench__trial *trial) {
    const struct bench__selftest_plan *plan = s->plan;
    const int64_t started = bench__monotonic_ns();
    const uint64_t seed = bench__rng_u64(&s->rng);
    struct bench__duel_evidence *evidence = NULL;
    bench_run *runs[2] = {bench__run_new(), bench__run_new()};
    int code = runs[0] != NULL && runs[1] != NULL
                   ? play_duel(s, step, seed, &evidence, runs)
                   : bench__error(s->err, BENCH_ENOMEM, "out of memory");
    if (code == 0) {
        code = check_duel(runs[1], step, s->err);
    }
    const int64_t measured = bench__monotonic_ns();
    if (code == 0) {
        *trial = (struct bench__trial){.body = step->body, .effect = step->effect};
        code = bench__trial_decide(trial, &evidence[0], plan->alpha, plan->threshold, seed, s->err);
        const int64_t decided = bench__monotonic_ns();
        trial->inference_ns = (double)(decided - measured);
        trial->seconds = (double)(decided - started) * 1e-9;
    }
    bench__duels_free(evidence, evidence != NULL);
    bench_run_free(runs[0]);
    bench_run_free(runs[1]);
    return code;
}

/* ---- all of them ---- */

/* Every body at every effect once, and equals as often as everything else. @return how many. */
static size_t list_block(struct step *steps, const struct bench__selftest_plan *plan) {
    size_t n = 0, n_slower = 0;
    for (size_t e = 0; e < plan->n_effects; e++) {
        n_slower += plan->effects[e] != 0;
    }
    for (size_t e = 0; e < plan->n_effects; e++) {
        const size_t times = plan->effects[e] == 0 && n_slower > 0 ? n_slower : 1;
        for (size_t k = 0; k < times; k++) {
            for (int body = 0; body < BENCH__N_BODIES; body++) {
                steps[n++] = (struct step){(enum bench__selftest_body)body, plan->effects[e]};
            }
        }
    }
    return n;
}

static int is_interrupted(const struct session *s) {
    return s->interrupted != NULL && *s->interrupted;
}

static int play_all(struct session *s, bench__trials_progress_fn *on_progress, void *context) {
    struct step steps[2 * BENCH__SELFTEST_MAX_EFFECTS * BENCH__N_BODIES];
    size_t order[2 * BENCH__SELFTEST_MAX_EFFECTS * BENCH__N_BODIES];
    const size_t n_steps = list_block(steps, s->plan);
    struct bench__trials *out = s->out;
    const int64_t started = bench__monotonic_ns();
    int64_t now = started;
    int code = 0;
    for (size_t i = 0; code == 0 && !is_interrupted(s); i++) {
        if (i % n_steps == 0) {
            bench__rng_permutation(&s->rng, order, n_steps);
        }
        if (i > 0 && now - started >= s->plan->time_ns) {
            break;
        }
        if (on_progress != NULL) {
            on_progress(context, out, (double)(now - started) / (double)s->plan->time_ns);
        }
        code = bench__grow(&out->items, &out->capacity, out->n + 1, sizeof *out->items) == 0
                   ? play_decision(s, &steps[order[i % n_steps]], &out->items[out->n])
                   : bench__error(s->err, BENCH_ENOMEM, "out of memory");
        out->n += code == 0;
        now = bench__monotonic_ns();
    }
    out->elapsed_ns = (double)(now - started);
    return code;
}

int bench__trials_play(struct bench__trials *out, const struct bench__selftest_plan *plan,
                       bench__trials_progress_fn *on_progress, void *context,
                       const volatile sig_atomic_t *interrupted, bench_error *err) {
    struct session s = {.plan = plan, .out = out, .interrupted = interrupted, .err = err};
    *out = (struct bench__trials){.turn_ns = NAN};
    bench__rng_init(&s.rng, plan->seed);
    int code = bench__clock_open(&s.clock, BENCH_CLOCK_AUTO, err);
    if (code == 0) {
        code = bench__selftest_turn_ns(&out->turn_ns, err);
    }
    if (code == 0) {
        code = play_all(&s, on_progress, context);
    }
    if (code == BENCH_EINTERRUPTED || is_interrupted(&s)) {
        out->interrupted = 1;
        if (code == BENCH_EINTERRUPTED && err != NULL) {
            *err = (bench_error){0};
        }
        code = code == BENCH_EINTERRUPTED ? 0 : code;
    }
    return code;
}

void bench__trials_clear(struct bench__trials *trials) {
    bench__free(trials->items);
    *trials = (struct bench__trials){.turn_ns = NAN};
}
