/*
 * The order of a suite's duels, and where their launches go. Judging is result/verdict.
 */
#include "run/duels.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/rng.h"
#include "measure/clock.h"
#include "result/model.h"
#include "run/copies.h"
#include "run/duel_shift.h"
#include "run/finish.h"
#include "run/schedule.h"
#include "stats/paired.h"
#include "stats/sequential.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int bench__duel_floor_launches(int launches) {
    return (launches + 3) / 4;
}

/* How far a pair has come. */
struct state {
    int n_left;    /* launches until the next look, of the duel and of the floor */
    int n_floor;   /* of them, of the floor */
    uint32_t next; /* index of the duel's next launch */
    int is_over;   /* failed: one failure is enough to know */
};

struct session {
    const struct bench__duels *duels;
    bench_run *runs[2];
    struct bench__duel_evidence *evidence;
    struct state *states;
    struct bench__copies copies;
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

static int prepare(struct session *s) {
    const struct bench__duels *duels = s->duels;
    for (size_t i = 0; i < duels->n_pairs; i++) {
        struct bench__duel_evidence *e = &s->evidence[i];
        bench__evidence_init(e);
        e->name = duels->pairs[i].name;
        e->kind = duels->kind;
        e->n_layouts = duels->n_layouts;
        if (bench__evidence_reserve(e, (size_t)duels->max_launches,
                                    (size_t)duels->floor_launches) != 0) {
            return no_memory(s->err);
        }
        s->states[i] = (struct state){.n_left = duels->launches + duels->floor_launches,
                                      .n_floor = duels->floor_launches};
        s->launches_total += (size_t)s->states[i].n_left;
        for (int side = 0; side < 2; side++) {
            const int code = add_result(s, side, &duels->pairs[i]);
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

static void warn(struct session *s, const char *text) {
    if (s->duels->on_warning != NULL) {
        s->duels->on_warning(s->duels->context, text);
    }
}

/* ---- what a launch leaves ---- */

/* The launch of one side moves into its result. */
static bench_launch *keep_side(struct session *s, int side, size_t pair,
                               struct bench__duel_launch *l) {
    bench_launch *slot = bench__result_add_launch(&s->runs[side]->results[pair]);
    if (slot != NULL) {
        *slot = l->side[side];
        slot->noise.contaminated &= ~(unsigned)BENCH_NOISE_PREEMPTED; /* taking turns, that is */
        bench__launch_init(&l->side[side]);
    }
    return slot;
}

/* What ended a launch stands in the new side's result, where it is looked for, whichever side it
 * was. */
static int keep_failure(struct session *s, size_t pair, struct bench__duel_launch *l) {
    struct bench__duel_evidence *e = &s->evidence[pair];
    char text[800];
    bench_launch *slot = keep_side(s, 1, pair, l);
    snprintf(text, sizeof text, "the %s executable: %s", l->failed_side == 0 ? "old" : "new",
             l->reason);
    e->failed_side = l->failed_side;
    snprintf(e->end, sizeof e->end, "%s: %.200s", bench_status_name(l->status), text);
    if (slot == NULL) {
        return no_memory(s->err);
    }
    bench__free(slot->message);
    slot->status = l->status;
    slot->message = bench__strdup(text);
    s->states[pair].is_over = 1;
    return slot->message != NULL ? 0 : no_memory(s->err);
}

static int keep(struct session *s, size_t pair, int layout, struct bench__duel_launch *l) {
    struct bench__duel_evidence *e = &s->evidence[pair];
    if (l->status != BENCH_STATUS_OK) {
        return keep_failure(s, pair, l);
    }
    if (keep_side(s, 0, pair, l) == NULL || keep_side(s, 1, pair, l) == NULL) {
        return no_memory(s->err);
    }
    e->n_unpinned += l->cpu < 0 && s->duels->pairs[pair].side[0].n_threads <= 1;
    e->rounds[s->states[pair].next - 1] = l->difference;
    e->layout[e->n] = layout;
    e->x[e->n++] = l->difference;
    return 0;
}

/* ---- a launch ---- */

/* Which layout launch number `index` of a pair plays: all of them in turns, in an order that
 * differs from pair to pair and from turn to turn. */
static int draw_layout(const struct session *s, const char *name, uint32_t index) {
    size_t order[BENCH__MAX_LAYOUTS];
    const uint32_t n = (uint32_t)s->duels->n_layouts;
    struct bench__rng rng;
    if (n < 2) {
        return 0;
    }
    bench__rng_init(&rng,
                    bench__launch_seed(s->duels->launch.seed ^ 0x6c61796f7574u, name, index / n));
    bench__rng_permutation(&rng, order, n);
    return (int)order[index % n];
}

static void choose_layout(const struct session *s, struct bench__duellist sides[2], int layout) {
    for (int side = 0; side < 2 && s->duels->n_layouts > 0; side++) {
        sides[side].path = s->duels->layouts[side][layout];
    }
}

static int play_launch(struct session *s, size_t pair) {
    const struct bench__duel_pair *p = &s->duels->pairs[pair];
    struct bench__duel_settings settings = s->duels->launch;
    struct bench__duellist sides[2] = {p->side[0], p->side[1]};
    struct bench__duel_launch l;
    const uint32_t index = s->states[pair].next++;
    const int layout = draw_layout(s, p->name, index);
    settings.name = p->name;
    choose_layout(s, sides, layout);
    int code = bench__duel_launch(&l, sides, &settings, index, s->duels->interrupted, s->err);
    if (code == 0) {
        code = keep(s, pair, layout, &l);
        bench__duel_launch_clear(&l);
    }
    return code;
}

/* A floor that cannot be measured takes nothing from the duel. */
static int play_floor(struct session *s, size_t pair) {
    const struct bench__duel_pair *p = &s->duels->pairs[pair];
    struct bench__duel_evidence *e = &s->evidence[pair];
    struct bench__duel_settings settings = s->duels->launch;
    struct bench__duellist sides[2] = {p->side[0], p->side[0]};
    struct bench__duel_launch l;
    bench_error why = {0};
    char *copy;
    settings.seed = bench__launch_seed(settings.seed, "floor", 0);
    settings.name = p->name;
    choose_layout(s, sides, draw_layout(s, p->name, (uint32_t)e->n_floor));
    sides[1].path = NULL;
    int code = bench__copies_make(&copy, &s->copies, sides[0].path, &why);
    sides[1].path = copy;
    if (code == 0) {
        code = bench__duel_launch(&l, sides, &settings, (uint32_t)e->n_floor, s->duels->interrupted,
                                  &why);
    }
    if (code == 0 && l.status == BENCH_STATUS_OK) {
        e->floor[e->n_floor++] = l.difference;
    }
    if (code == 0) {
        bench__duel_launch_clear(&l);
    }
    bench__copies_drop(copy);
    if (code != 0 && code != BENCH_EINTERRUPTED && s->copies.dir != NULL) {
        char text[500];
        snprintf(text, sizeof text, "no launches against copies: %s", why.text);
        warn(s, text);
        bench__copies_close(&s->copies); /* the next one would not fare better */
    }
    return code == BENCH_EINTERRUPTED ? code : 0;
}

static int is_interrupted(const struct session *s) {
    return s->duels->interrupted != NULL && *s->duels->interrupted;
}

/* ---- looks ---- */

/* How many launches more a pair needs to be precise enough. */
static int launches_to_add(const struct session *s, size_t pair) {
    const struct bench__duel_evidence *e = &s->evidence[pair];
    const struct bench__duel_pair *p = &s->duels->pairs[pair];
    const struct bench__launch_values values = {e->x, e->n_layouts > 1 ? e->layout : NULL, e->n};
    const struct bench__paired_options options = {
        .alpha = p->alpha, .threshold = p->precision, .seed = s->duels->launch.seed};
    struct bench__paired paired;
    if (s->states[pair].is_over || e->n == 0 || s->duels->max_launches <= (int)e->n ||
        bench__paired(&paired, &values, NULL, &options, NULL) != 0) {
        return 0;
    }
    const double half_width = (paired.change.upper - paired.change.lower) / 2;
    size_t next = bench__next_look(e->n, half_width, p->precision);
    next = next < (size_t)s->duels->max_launches ? next : (size_t)s->duels->max_launches;
    return next > e->n ? (int)(next - e->n) : 0;
}

/* One launch of the pair: mostly of the duel, now and then of the floor, spread evenly. */
static int play_next(struct session *s, size_t pair) {
    struct state *state = &s->states[pair];
    const int is_floor =
        state->n_floor > 0 && state->n_left * s->duels->floor_launches <=
                                  state->n_floor * (s->duels->launches + s->duels->floor_launches);
    const int64_t from = bench__monotonic_ns();
    report_progress(s, pair, 0);
    state->n_floor -= is_floor;
    state->n_left--;
    s->launches_done++;
    const int code = is_floor ? play_floor(s, pair) : play_launch(s, pair);
    s->evidence[pair].wall_ns += (double)(bench__monotonic_ns() - from);
    if (state->is_over) {
        s->launches_total -= (size_t)state->n_left;
        state->n_left = state->n_floor = 0;
    }
    return code;
}

static int look(struct session *s, size_t pair) {
    struct state *state = &s->states[pair];
    state->n_left = launches_to_add(s, pair);
    s->launches_total += (size_t)state->n_left;
    if (state->n_left == 0 && s->runs[1]->results[pair].n_launches > 0) {
        bench__result_settle_status(&s->runs[1]->results[pair]); /* progress shows it */
    }
    s->benchmarks_done += state->n_left == 0;
    report_progress(s, pair, state->n_left == 0);
    return state->n_left > 0;
}

/* Rounds in random order until no pair has anything left to do. */
static int walk(struct session *s) {
    const size_t n = s->duels->n_pairs;
    size_t *order = bench__alloc(n, sizeof *order), n_active = n;
    struct bench__rng rng;
    int code = order != NULL ? 0 : no_memory(s->err);
    bench__rng_init(&rng, s->duels->launch.seed);
    while (code == 0 && n_active > 0 && !is_interrupted(s)) {
        n_active = 0;
        bench__rng_permutation(&rng, order, n);
        for (size_t k = 0; k < n && code == 0 && !is_interrupted(s); k++) {
            if (s->states[order[k]].n_left == 0) {
                continue;
            }
            code = play_next(s, order[k]);
            n_active += code == 0 && (s->states[order[k]].n_left > 0 || look(s, order[k]));
        }
    }
    bench__free(order);
    if (code == BENCH_EINTERRUPTED || is_interrupted(s)) {
        s->runs[0]->interrupted = s->runs[1]->interrupted = 1;
        if (code == BENCH_EINTERRUPTED && s->err != NULL) {
            *s->err = (bench_error){0};
        }
        code = 0;
    }
    return code;
}

/* ---- the whole ---- */

static int by_name(const void *a, const void *b) {
    const struct bench__duel_evidence *x = a, *y = b;
    return strcmp(x->name, y->name);
}

static int play_all(struct session *s) {
    bench_error why = {0};
    int code = prepare(s);
    if (code == 0 && s->duels->floor_launches > 0 && bench__copies_open(&s->copies, &why) != 0) {
        char text[500];
        snprintf(text, sizeof text, "no launches against copies: %s", why.text);
        warn(s, text);
    }
    if (code == 0) {
        code = walk(s);
    }
    bench__copies_close(&s->copies);
    for (size_t i = 0; code == 0 && i < s->duels->n_pairs; i++) {
        code = bench__duel_shift(&s->evidence[i], &s->runs[0]->results[i], &s->runs[1]->results[i],
                                 s->duels->launch.seed, s->err);
    }
    return code;
}

int bench__duels_play(bench_run *before, bench_run *after, struct bench__duel_evidence **out,
                      const struct bench__duels *duels, bench_error *err) {
    struct session s = {.duels = duels, .runs = {before, after}, .err = err};
    s.states = bench__alloc(duels->n_pairs, sizeof *s.states);
    s.evidence = bench__alloc(duels->n_pairs, sizeof *s.evidence);
    s.started_ns = bench__monotonic_ns();
    before->seed = after->seed = duels->launch.seed;
    int code = s.states != NULL && s.evidence != NULL ? play_all(&s) : no_memory(err);
    for (int side = 0; code == 0 && side < 2; side++) {
        s.runs[side]->wall_ns = (double)(bench__monotonic_ns() - s.started_ns);
        code = bench__finish(s.runs[side], err);
        for (size_t i = 0; i < s.runs[side]->n_results; i++) { /* what disturbs meets both alike */
            s.runs[side]->results[i].flags &= ~(unsigned)BENCH_FLAG_NOISY;
        }
    }
    bench__free(s.states);
    if (code != 0) {
        bench__duels_free(s.evidence, duels->n_pairs);
        s.evidence = NULL;
    } else {
        qsort(s.evidence, duels->n_pairs, sizeof *s.evidence, by_name);
    }
    *out = s.evidence;
    return code;
}

void bench__duels_free(struct bench__duel_evidence *evidence, size_t n) {
    for (size_t i = 0; evidence != NULL && i < n; i++) {
        bench__evidence_clear(&evidence[i]);
    }
    bench__free(evidence);
}
