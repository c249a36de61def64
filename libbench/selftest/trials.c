/*
 * Plays the decisions of a selftest. What they add up to is summary.c.
 */
#include "selftest/trials.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/rng.h"
#include "measure/clock.h"
#include "result/decide.h"
#include "selftest/turns.h"
#include "stats/paired.h"

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

int bench__trial_decide(struct bench__trial *trial, const double *x, size_t n, double alpha,
                        double threshold, uint64_t seed, bench_error *err) {
    const struct bench__paired_options options = {
        .alpha = alpha, .threshold = log1p(threshold), .seed = seed};
    const struct bench__launch_values values = {.x = x, .n = n};
    struct bench__paired paired;
    const int code = bench__paired(&paired, &values, NULL, &options, err);
    if (code != 0) {
        return code;
    }
    bench_comparison c = {.alpha = alpha,
                          .threshold = threshold,
                          .change = {expm1(paired.change.point), expm1(paired.change.lower),
                                     expm1(paired.change.upper)},
                          .p_value = paired.p.two_sided,
                          .p_adjusted = paired.p.two_sided,
                          .mde = expm1(paired.mde)};
    bench__decide(&c, expm1(paired.upper));
    trial->change = c.change;
    trial->p = c.p_value;
    trial->mde = c.mde;
    trial->verdict = c.verdict;
    trial->direction = !(c.p_value < alpha)      ? 0
                       : paired.change.lower > 0 ? 1
                       : paired.change.upper < 0 ? -1
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

static int play_launch(struct session *s, const struct step *step,
                       const struct bench__duel_settings *settings, uint32_t index, double *x) {
    static char name[] = "benchctl";
    char *const argv[] = {name, NULL};
    char text[2][24];
    bench_param params[2];
    const struct bench__duellist sides[2] = {
        duellist(step, &params[0], BENCH__WORK_UNIT, text[0], argv),
        duellist(step, &params[1], BENCH__WORK_UNIT + step->effect, text[1], argv)};
    struct bench__duel_launch launch;
    int code = bench__duel_launch(&launch, sides, settings, index, s->interrupted, s->err);
    if (code != 0) {
        return code;
    }
    *x = launch.difference;
    if (launch.status != BENCH_STATUS_OK) {
        code = bench__error(s->err, BENCH_ESYSTEM, "a duel of '%s' failed: %s",
                            bench__selftest_names[step->body], launch.reason);
    }
    bench__duel_launch_clear(&launch);
    return code;
}

static int play_decision(struct session *s, const struct step *step, struct bench__trial *trial) {
    const struct bench__selftest_plan *plan = s->plan;
    const int n = bench__selftest_launches(plan, step->effect);
    const int64_t started = bench__monotonic_ns();
    const struct bench__duel_settings settings = {.sampling = BENCH_SAMPLING_FLAT,
                                                  .warm_up_ns = plan->warm_up_ns / plan->launches,
                                                  .measurement_ns =
                                                      plan->measurement_ns / plan->launches,
                                                  .name = bench__selftest_names[step->body],
                                                  .seed = bench__rng_u64(&s->rng),
                                                  .timeout_ns = LAUNCH_TIMEOUT_NS,
                                                  .clock = s->clock.kind,
                                                  .ticks_per_ns = s->clock.ticks_per_ns};
    double *x = bench__alloc((size_t)n, sizeof *x);
    int code = x != NULL ? 0 : bench__error(s->err, BENCH_ENOMEM, "out of memory");
    for (int i = 0; code == 0 && i < n; i++) {
        code = play_launch(s, step, &settings, (uint32_t)i, &x[i]);
    }
    const int64_t measured = bench__monotonic_ns();
    if (code == 0) {
        *trial = (struct bench__trial){.body = step->body, .effect = step->effect};
        code = bench__trial_decide(trial, x, (size_t)n, plan->alpha, plan->threshold, settings.seed,
                                   s->err);
        const int64_t decided = bench__monotonic_ns();
        trial->inference_ns = (double)(decided - measured);
        trial->seconds = (double)(decided - started) * 1e-9;
    }
    bench__free(x);
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
