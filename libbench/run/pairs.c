/*
 * Which pair is launched when, and what becomes of its launches. The duel itself is run/duel, the
 * inference result/pairs.
 */
#include "run/pairs.h"

#include "base/error.h"
#include "base/mem.h"
#include "result/json.h"
#include "result/model.h"
#include "run/duel.h"
#include "run/schedule.h"
#include "stats/paired.h"

#include <math.h>
#include <stdio.h>

#define DIGITS       6     /* of a log ratio, as in files */
#define PATIENCE     4     /* times its budget a pair may take before launches are cut, */
#define OVERHEAD_NS  100e6 /* and so much for starting and preparing both sides of each launch, */
#define MIN_LAUNCHES 3     /* but never to fewer than these */

/* What is in force for one pair: of either side the larger. */
struct budget {
    double warm_up_ns, measurement_ns; /* over all launches */
    int launches;
    int64_t timeout_ns;
    double alpha;
};

struct session {
    const struct bench__runner *r;
    bench_run *run;
    const struct bench__clock *clock;
    bench_error *err;
    bench_progress progress;
    int64_t started_ns, playing_ns; /* so much for the launches so far */
    size_t launches_timed;
    int *n_left;      /* launches still to come, per pair */
    double *spent_ns; /* on its launches so far, per pair */
};

static struct budget budget_of(const struct bench__runner *r, const struct bench__pair_case *pair) {
    const bench_resolved *a = &r->resolved[pair->base], *b = &r->resolved[pair->variant];
    const int launches = a->launches > b->launches ? a->launches : b->launches;
    return (struct budget){
        .warm_up_ns = fmax((double)a->warm_up_time_ns, (double)b->warm_up_time_ns),
        .measurement_ns = fmax((double)a->measurement_time_ns, (double)b->measurement_time_ns),
        .launches = launches < BENCH__MAX_LAUNCHES ? launches : BENCH__MAX_LAUNCHES,
        .timeout_ns = a->timeout_ns > b->timeout_ns ? a->timeout_ns : b->timeout_ns,
        /* intervals of pairs exist for more than 50 % only */
        .alpha = fmin(bench__round_digits(1 - a->confidence_level, DIGITS), 0.499),
    };
}

size_t bench__pairs_launches(const struct bench__runner *r) {
    size_t n = 0;
    for (size_t i = 0; !r->settings.in_process && i < r->n_pairs; i++) {
        n += (size_t)budget_of(r, &r->pairs[i]).launches;
    }
    return n;
}

static int set_end(bench_pair_result *pair, bench_status status, const char *message) {
    pair->status = status;
    bench__free(pair->message);
    pair->message = bench__strdup(message);
    return pair->message != NULL ? 0 : BENCH_ENOMEM;
}

int bench__pairs_add(bench_run *run, const struct bench__runner *r, bench_error *err) {
    int code = 0;
    for (size_t i = 0; code == 0 && i < r->n_pairs; i++) {
        const struct bench__case *base = &r->cases[r->pairs[i].base];
        bench_pair_result *pair = bench__run_add_pair(run);
        if (pair == NULL) {
            code = BENCH_ENOMEM;
            break;
        }
        pair->name = bench__strdup(r->pairs[i].name);
        pair->suite = bench__strdup(base->suite->name);
        pair->base = bench__strdup(base->name);
        pair->variant = bench__strdup(r->cases[r->pairs[i].variant].name);
        pair->alpha = budget_of(r, &r->pairs[i]).alpha;
        code =
            pair->name != NULL && pair->suite != NULL && pair->base != NULL && pair->variant != NULL
                ? 0
                : BENCH_ENOMEM;
        if (code == 0 && r->settings.in_process) {
            code = set_end(pair, BENCH_STATUS_SKIPPED, "--in-process starts no workers");
        }
    }
    return code == 0 ? 0 : bench__error(err, code, "out of memory for %zu pairs", r->n_pairs);
}

/* ---- one launch ---- */

static void report(struct session *s, size_t i, const bench_pair_result *finished) {
    bench_progress *p = &s->progress;
    if (s->r->on_progress == NULL) {
        return;
    }
    p->elapsed_ns = bench__monotonic_ns() - s->started_ns;
    if (s->launches_timed > 0) {
        p->remaining_ns = (int64_t)((double)s->playing_ns / (double)s->launches_timed *
                                    (double)(p->launches_total - p->launches_done));
    }
    p->name = s->run->pairs[i].name;
    p->finished_pair = finished;
    s->r->on_progress(s->r->context, p);
}

static struct bench__duellist side_of(const struct bench__runner *r, size_t index) {
    const struct bench__case *c = &r->cases[index];
    return (struct bench__duellist){
        .argv = r->argv,
        .suite = c->suite->name,
        .group = c->group->name,
        .function = c->function->name,
        .params = c->params,
        .n_params = c->n_params,
        .bytes_per_iteration = bench__case_per_iteration(c, BENCH_BYTES),
        .elements_per_iteration = bench__case_per_iteration(c, BENCH_ELEMENTS),
        .n_threads = bench__case_threads(c),
    };
}

/* A side that cannot even be started ends its pair, not the run: the benchmarks are measured. */
static int play(struct session *s, size_t i, uint32_t index, struct bench__duel_launch *out) {
    const struct bench__pair_case *pair = &s->r->pairs[i];
    const struct budget b = budget_of(s->r, pair);
    const struct bench__duellist sides[2] = {side_of(s->r, pair->base),
                                             side_of(s->r, pair->variant)};
    const struct bench__duel_settings settings = {
        .sampling = BENCH_SAMPLING_FLAT,
        .warm_up_ns = b.warm_up_ns / b.launches,
        .measurement_ns = b.measurement_ns / b.launches,
        .name = pair->name,
        .seed = s->run->seed,
        .timeout_ns = b.timeout_ns,
        .clock = s->clock->kind,
        .ticks_per_ns = s->clock->ticks_per_ns,
    };
    bench_error why = {0};
    const int code = bench__duel_launch(out, sides, &settings, index, s->r->interrupted, &why);
    if (code == BENCH_EINTERRUPTED || code == BENCH_ENOMEM) {
        if (s->err != NULL && s->err->code == 0) {
            *s->err = why;
        }
        return code;
    }
    if (code != 0) {
        out->status = BENCH_STATUS_FAILED;
        out->failed_side = -1;
        snprintf(out->reason, sizeof out->reason, "%s", why.text);
    }
    return 0;
}

/* Slow ones get fewer launches. */
static int affordable(const struct session *s, size_t i, int made) {
    const struct budget b = budget_of(s->r, &s->r->pairs[i]);
    const double budget =
        (b.warm_up_ns + b.measurement_ns) * PATIENCE + (double)b.launches * OVERHEAD_NS;
    const double n = floor(budget / (s->spent_ns[i] / made));
    return n >= b.launches ? b.launches : (int)fmax(n, MIN_LAUNCHES);
}

static void cancel(struct session *s, size_t i, int n) {
    s->n_left[i] -= n;
    s->progress.launches_total -= (size_t)n;
}

static int keep(struct session *s, size_t i, const struct bench__duel_launch *l) {
    bench_pair_result *pair = &s->run->pairs[i];
    int code = 0;
    s->n_left[i]--;
    s->progress.launches_done++;
    if (l->status != BENCH_STATUS_OK) {
        const char *who = l->failed_side == 0 ? pair->base : pair->variant;
        char text[1100];
        snprintf(text, sizeof text, "%.300s%s%.700s", l->failed_side < 0 ? "" : who,
                 l->failed_side < 0 ? "" : ": ", l->reason);
        code = set_end(pair, l->status, text);
        cancel(s, i, s->n_left[i]); /* one failure is enough to know */
    } else {
        code = bench__pair_add_launch(pair, bench__round_digits(l->difference, DIGITS));
        pair->status = BENCH_STATUS_OK;
        const int made = (int)pair->n_launches, wanted = affordable(s, i, made);
        if (made + s->n_left[i] > wanted) {
            cancel(s, i, made + s->n_left[i] - (wanted > made ? wanted : made));
        }
    }
    return code == 0 ? 0 : bench__error(s->err, code, "out of memory for a launch of a pair");
}

static int play_step(struct session *s, const struct bench__step *step) {
    const size_t i = step->benchmark;
    struct bench__duel_launch l;
    report(s, i, NULL);
    const int64_t from = bench__monotonic_ns();
    int code = play(s, i, step->launch, &l);
    if (code != 0) {
        return code;
    }
    const int64_t wall = bench__monotonic_ns() - from;
    s->playing_ns += wall;
    s->spent_ns[i] += (double)wall;
    s->launches_timed++;
    code = keep(s, i, &l);
    bench__duel_launch_clear(&l);
    if (code == 0 && s->n_left[i] == 0) {
        s->progress.benchmarks_done++;
        report(s, i, &s->run->pairs[i]);
    }
    return code;
}

/* ---- all of them ---- */

/* A side that did not work alone need not be tried again. A skipped side skips the pair. */
static int give_up(struct session *s, size_t i, const bench_result *side) {
    const int is_skip = side->status == BENCH_STATUS_SKIPPED;
    const char *message = side->message != NULL ? side->message : "";
    char text[1000];
    snprintf(text, sizeof text, "%.300s%s%s%s%.600s", side->name, is_skip ? "" : ": ",
             is_skip ? "" : bench_status_name(side->status), *message != '\0' ? ": " : "", message);
    return set_end(&s->run->pairs[i], is_skip ? BENCH_STATUS_SKIPPED : BENCH_STATUS_NOT_RUN, text);
}

/* @return 1 when both sides worked alone. */
static int can_be_played(struct session *s, size_t i, int *out_code) {
    const size_t sides[] = {s->r->pairs[i].base, s->r->pairs[i].variant};
    for (size_t k = 0; k < 2; k++) {
        const bench_result *side = &s->run->results[sides[k]];
        if (side->status != BENCH_STATUS_OK) {
            *out_code = give_up(s, i, side);
            return 0;
        }
    }
    return 1;
}

static int prepare(struct session *s, int *launches) {
    int code = 0;
    for (size_t i = 0; code == 0 && i < s->r->n_pairs; i++) {
        const int planned = budget_of(s->r, &s->r->pairs[i]).launches;
        launches[i] = s->n_left[i] = planned;
        if (!can_be_played(s, i, &code)) {
            launches[i] = 0;
            cancel(s, i, planned);
            s->progress.benchmarks_done++;
            report(s, i, &s->run->pairs[i]);
        }
    }
    return code == 0 ? 0 : bench__error(s->err, code, "out of memory for the pairs");
}

static int walk(struct session *s, const struct bench__step *steps, size_t n_steps) {
    int code = 0;
    for (size_t i = 0; code == 0 && i < n_steps; i++) {
        if (s->r->interrupted != NULL && *s->r->interrupted) {
            return BENCH_EINTERRUPTED;
        }
        if (s->n_left[steps[i].benchmark] > 0) {
            code = play_step(s, &steps[i]);
        }
    }
    return code;
}

int bench__pairs_play(bench_run *run, const struct bench__runner *r,
                      const struct bench__clock *clock, const bench_progress *so_far,
                      int64_t started_ns, bench_error *err) {
    struct session s = {.r = r,
                        .run = run,
                        .clock = clock,
                        .err = err,
                        .progress = *so_far,
                        .started_ns = started_ns};
    struct bench__step *steps = NULL;
    size_t n_steps = 0;
    if (r->n_pairs == 0 || r->settings.in_process) {
        return 0;
    }
    int *launches = bench__alloc(r->n_pairs, sizeof *launches);
    s.n_left = bench__alloc(r->n_pairs, sizeof *s.n_left);
    s.spent_ns = bench__alloc(r->n_pairs, sizeof *s.spent_ns);
    s.progress.finished = NULL;
    int code = launches != NULL && s.n_left != NULL && s.spent_ns != NULL
                   ? prepare(&s, launches)
                   : bench__error(err, BENCH_ENOMEM, "out of memory for the pairs");
    if (code == 0) {
        code = bench__schedule(&steps, &n_steps, launches, r->n_pairs, run->seed, err);
    }
    if (code == 0) {
        code = walk(&s, steps, n_steps);
    }
    bench__free(steps);
    bench__free(launches);
    bench__free(s.n_left);
    bench__free(s.spent_ns);
    return code;
}
