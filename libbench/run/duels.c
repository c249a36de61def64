/*
 * The order of a suite's duels, and where their launches go. Judging is result/verdict.
 */
#include "run/duels.h"

#include "base/error.h"
#include "base/mem.h"
#include "measure/clock.h"
#include "result/model.h"
#include "run/finish.h"
#include "run/schedule.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct session {
    const struct bench__duels *duels;
    bench_run *runs[2];
    struct bench__duel_evidence *evidence;
    int *n_left;
    size_t launches_done, launches_total, benchmarks_done;
    int64_t started_ns;
    bench_error *err;
};

static int no_memory(bench_error *err) {
    return bench__error(err, BENCH_ENOMEM, "out of memory for the duels");
}

static int add_result(struct session *s, int side, const struct bench__duel_pair *pair) {
    const struct bench__duellist *d = &pair->side[side];
    bench_result *r = bench__run_add_result(s->runs[side]);
    if (r == NULL) {
        return no_memory(s->err);
    }
    r->name = bench__strdup(pair->name);
    r->suite = bench__strdup(d->suite);
    r->group = bench__strdup(d->group);
    r->function = bench__strdup(d->function);
    r->status = BENCH_STATUS_NOT_RUN;
    r->bytes_per_iteration = d->bytes_per_iteration;
    r->elements_per_iteration = d->elements_per_iteration;
    r->n_threads = d->n_threads;
    if (s->runs[side]->host.n_cpus > 0 && d->n_threads > s->runs[side]->host.n_cpus) {
        r->flags |= BENCH_FLAG_OVERSUBSCRIBED;
    }
    r->options = (bench_resolved){
        .sampling = s->duels->launch.sampling,
        .warm_up_time_ns = (int64_t)s->duels->launch.warm_up_ns * s->duels->launches,
        .measurement_time_ns = (int64_t)s->duels->launch.measurement_ns * s->duels->launches,
        .launches = s->duels->launches,
        .sample_size = BENCH__DUEL_MAX_PAIRS,
        .timeout_ns = s->duels->launch.timeout_ns,
        .confidence_level = s->duels->confidence_level,
        .n_resamples = s->duels->n_resamples};
    for (size_t i = 0; i < d->n_params; i++) {
        const bench_param *p = &d->params[i];
        if (bench__result_add_param(r, p->name, p->text, p->is_i64, p->i64) != 0) {
            return no_memory(s->err);
        }
    }
    return r->name != NULL && r->suite != NULL && r->group != NULL && r->function != NULL
               ? 0
               : no_memory(s->err);
}

static int prepare(struct session *s, int *launches) {
    for (size_t i = 0; i < s->duels->n_pairs; i++) {
        const struct bench__duel_pair *pair = &s->duels->pairs[i];
        launches[i] = s->n_left[i] = s->duels->launches;
        s->evidence[i].name = pair->name;
        s->evidence[i].x = bench__alloc((size_t)s->duels->launches, sizeof(double));
        if (s->evidence[i].x == NULL) {
            return no_memory(s->err);
        }
        for (int side = 0; side < 2; side++) {
            const int code = add_result(s, side, pair);
            if (code != 0) {
                return code;
            }
        }
    }
    return 0;
}

static void report_progress(struct session *s, size_t pair, int is_last) {
    const int64_t elapsed = bench__monotonic_ns() - s->started_ns;
    if (s->duels->on_progress == NULL) {
        return;
    }
    const bench_progress progress = {
        .launches_done = s->launches_done,
        .launches_total = s->launches_total,
        .benchmarks_done = s->benchmarks_done,
        .benchmarks_total = s->duels->n_pairs,
        .elapsed_ns = elapsed,
        .remaining_ns = s->launches_done > 0 ? elapsed / (int64_t)s->launches_done *
                                                   (int64_t)(s->launches_total - s->launches_done)
                                             : -1,
        .name = s->duels->pairs[pair].name,
        .finished = is_last ? &s->runs[1]->results[pair] : NULL,
    };
    s->duels->on_progress(s->duels->context, &progress);
}

/* The launch of one side moves into its result. */
static bench_launch *keep_side(struct session *s, int side, size_t pair,
                               struct bench__duel_launch *l) {
    bench_launch *slot = bench__result_add_launch(&s->runs[side]->results[pair]);
    if (slot != NULL) {
        *slot = l->side[side];
        bench__launch_init(&l->side[side]);
    }
    return slot;
}

/* What ended a launch stands in the new side's result, where it is looked for, whichever side it
 * was. */
static int keep_failure(struct session *s, size_t pair, struct bench__duel_launch *l) {
    char text[800];
    bench_launch *slot = keep_side(s, 1, pair, l);
    snprintf(text, sizeof text, "%s%s", l->failed_side == 0 ? "the old executable: " : "",
             l->reason);
    if (slot == NULL) {
        return no_memory(s->err);
    }
    bench__free(slot->message);
    slot->status = l->status;
    slot->message = bench__strdup(text);
    return slot->message != NULL ? 0 : no_memory(s->err);
}

static int keep(struct session *s, size_t pair, struct bench__duel_launch *l) {
    int code = 0, n_cancelled = 0;
    if (l->status != BENCH_STATUS_OK) {
        code = keep_failure(s, pair, l);
    } else if (keep_side(s, 0, pair, l) == NULL || keep_side(s, 1, pair, l) == NULL) {
        code = no_memory(s->err);
    }
    if (l->status == BENCH_STATUS_OK) {
        s->evidence[pair].x[s->evidence[pair].n++] = l->difference;
    } else {
        n_cancelled = s->n_left[pair] - 1; /* one failure is enough to know */
    }
    s->launches_done++;
    s->launches_total -= (size_t)n_cancelled;
    s->n_left[pair] -= 1 + n_cancelled;
    s->benchmarks_done += s->n_left[pair] == 0;
    report_progress(s, pair, s->n_left[pair] == 0);
    return code;
}

static int walk(struct session *s, const struct bench__step *steps, size_t n_steps) {
    const volatile sig_atomic_t *interrupted = s->duels->interrupted;
    int code = 0;
    for (size_t i = 0; code == 0 && i < n_steps && !(interrupted != NULL && *interrupted); i++) {
        const size_t pair = steps[i].benchmark;
        struct bench__duel_launch l;
        if (s->n_left[pair] == 0) {
            continue;
        }
        report_progress(s, pair, 0);
        struct bench__duel_settings settings = s->duels->launch;
        settings.name = s->duels->pairs[pair].name;
        code = bench__duel_launch(&l, s->duels->pairs[pair].side, &settings, steps[i].launch,
                                  interrupted, s->err);
        if (code == 0) {
            code = keep(s, pair, &l);
            bench__duel_launch_clear(&l);
        }
    }
    if (code == BENCH_EINTERRUPTED || (interrupted != NULL && *interrupted)) {
        s->runs[0]->interrupted = s->runs[1]->interrupted = 1;
        if (code == BENCH_EINTERRUPTED && s->err != NULL) {
            *s->err = (bench_error){0};
        }
        code = 0;
    }
    return code;
}

int bench__duels_play(bench_run *before, bench_run *after, struct bench__duel_evidence **out,
                      const struct bench__duels *duels, bench_error *err) {
    struct session s = {.duels = duels, .runs = {before, after}, .err = err};
    struct bench__step *steps = NULL;
    size_t n_steps = 0;
    int *launches = bench__alloc(duels->n_pairs, sizeof *launches);
    s.n_left = bench__alloc(duels->n_pairs, sizeof *s.n_left);
    s.evidence = bench__alloc(duels->n_pairs, sizeof *s.evidence);
    s.started_ns = bench__monotonic_ns();
    s.launches_total = duels->n_pairs * (size_t)duels->launches;
    before->seed = after->seed = duels->launch.seed;
    int code = launches != NULL && s.n_left != NULL && s.evidence != NULL ? prepare(&s, launches)
                                                                          : no_memory(err);
    if (code == 0) {
        code = bench__schedule(&steps, &n_steps, launches, duels->n_pairs, duels->launch.seed, err);
    }
    if (code == 0) {
        code = walk(&s, steps, n_steps);
    }
    for (int side = 0; code == 0 && side < 2; side++) {
        s.runs[side]->wall_ns = (double)(bench__monotonic_ns() - s.started_ns);
        code = bench__finish(s.runs[side], err);
    }
    bench__free(steps);
    bench__free(launches);
    bench__free(s.n_left);
    if (code != 0) {
        bench__duels_free(s.evidence, duels->n_pairs);
        s.evidence = NULL;
    }
    *out = s.evidence;
    return code;
}

void bench__duels_free(struct bench__duel_evidence *evidence, size_t n) {
    for (size_t i = 0; evidence != NULL && i < n; i++) {
        bench__free(evidence[i].x);
    }
    bench__free(evidence);
}
