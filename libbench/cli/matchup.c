/*
 * From two executables to evidence. Duels are run/duels, verdicts result/verdict.
 */
#include "cli/matchup.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/units.h"
#include "cli/layouts.h"
#include "cli/session.h"
#include "result/model.h"
#include "run/runner.h"
#include "stats/paired.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FEW_PAIRS          3 /* not worth a screening */
#define SCREENING_LAUNCHES 10
#define SCREENING_SHARE    0.5 /* of the time of a whole duel */
#define FIRST_LOOK         16
#define LAST_LOOK          64

static int no_memory(bench_error *err) {
    return bench__error(err, BENCH_ENOMEM, "out of memory for the duels");
}

/* ---- the executables ---- */

static int open_side(struct bench__contender *side, const char *path, bench_error *err) {
    side->path = bench__strdup(path);
    if (side->path == NULL) {
        return no_memory(err);
    }
    side->argv[0] = side->path;
    const int code = bench__listing_load(&side->listing, side->path, err);
    return code == 0 ? bench__layouts_find(side, err) : code;
}

int bench__matchup_open(struct bench__matchup *m, const char *old_path, const char *new_path,
                        bench_error *err) {
    const int code = open_side(&m->sides[0], old_path, err);
    const char *path = new_path != NULL ? new_path : "/proc/self/exe";
    return code == 0 ? open_side(&m->sides[1], path, err) : code;
}

void bench__matchup_clear(struct bench__matchup *m) {
    for (size_t side = 0; side < 2; side++) {
        struct bench__contender *c = &m->sides[side];
        bench__listing_clear(&c->listing);
        bench__layouts_clear(c);
        bench__free(c->path);
        bench_run_free(m->runs[side]);
    }
    bench__duels_free(m->evidence, m->n_evidence);
    bench__free(m->pairs);
    *m = (struct bench__matchup){0};
}

/* ---- the pairs ---- */

static int threads_of(const struct bench__listed *b) {
    for (size_t i = 0; i < b->n_params; i++) {
        if (strcmp(b->params[i].name, "threads") == 0 && b->params[i].is_i64) {
            return (int)b->params[i].i64;
        }
    }
    return 1;
}

static struct bench__duellist duellist(struct bench__contender *c, const struct bench__listed *b) {
    return (struct bench__duellist){.path = c->path,
                                    .argv = c->argv,
                                    .suite = b->suite,
                                    .group = b->group,
                                    .function = b->function,
                                    .params = b->params,
                                    .n_params = b->n_params,
                                    .bytes_per_iteration = b->bytes_per_iteration,
                                    .elements_per_iteration = b->elements_per_iteration,
                                    .n_threads = threads_of(b)};
}

static int by_name(const void *a, const void *b) {
    const struct bench__duel_pair *x = a, *y = b;
    return strcmp(x->name, y->name);
}

int bench__matchup_add(struct bench__matchup *m, const char *old_name, const char *new_name,
                       bench_error *err) {
    const char *names[2] = {old_name, new_name};
    const struct bench__listed *listed[2];
    for (size_t i = 0; i < 2; i++) {
        listed[i] = bench__listing_find(&m->sides[i].listing, names[i]);
        if (listed[i] == NULL) {
            return bench__error(err, BENCH_ENOTFOUND, "%.100s has no benchmark '%.200s'",
                                m->sides[i].path, names[i]);
        }
    }
    if (bench__grow(&m->pairs, &m->capacity, m->n_pairs + 1, sizeof *m->pairs) != 0) {
        return no_memory(err);
    }
    m->pairs[m->n_pairs++] = (struct bench__duel_pair){
        .name = listed[1]->name,
        .side = {duellist(&m->sides[0], listed[0]), duellist(&m->sides[1], listed[1])}};
    return 0;
}

/* ---- playing ---- */

/* What one stage plays. */
struct stage {
    struct bench__matchup *m;
    const struct bench__cli_options *options;
    const struct bench__duel_pair *pairs;
    size_t n_pairs;
    bench_evidence kind;
    int launches, max_launches;
    double share; /* of the time that --measurement-time gives a duel */
    uint64_t seed;
};

static int describe(bench_run *runs[2], const struct bench__matchup *m,
                    const struct bench__cli_options *o, bench_error *err) {
    const bench_build build = {0, "", ""};
    for (size_t i = 0; i < 2; i++) {
        runs[i] = bench__run_new();
        if (runs[i] == NULL) {
            return no_memory(err);
        }
        const int code = bench__run_describe(runs[i], &build, (bench_clock_kind)o->clock, err);
        if (code != 0) {
            return code;
        }
        /* what is checked out here need not be what either was built from */
        runs[i]->git_commit[0] = runs[i]->git_branch[0] = '\0';
    }
    const char *slash = strrchr(m->sides[0].path, '/');
    runs[0]->label = bench__strdup(slash != NULL ? slash + 1 : m->sides[0].path);
    return runs[0]->label != NULL ? 0 : no_memory(err);
}

/* A run that is followed by duels has other defaults than they. */
static double time_of_duel(const struct bench__cli_options *o, enum bench__option_id id,
                           int64_t time_ns) {
    int64_t ns = time_ns;
    if (!bench__cli_given(o, id)) {
        bench__parse_duration_ns(&ns, bench__options[id].of_duels, NULL);
    }
    return (double)ns;
}

static size_t common_layouts(const struct bench__matchup *m) {
    const size_t a = m->sides[0].n_layouts, b = m->sides[1].n_layouts;
    return a < b ? a : b;
}

/* Layouts that were not built again when their executable was would be duelled in its place. */
static int check_layouts(struct bench__matchup *m, bench_error *err) {
    char why[400], text[460];
    for (int side = 0; side < 2 && common_layouts(m) > 1; side++) {
        const int code = bench__layouts_check(why, sizeof why, m, side, common_layouts(m), err);
        if (code < 0) {
            return code;
        }
        if (code == 0) {
            bench__layouts_clear(&m->sides[side]);
            snprintf(text, sizeof text, "layouts are not used: %s", why);
            if (m->on_warning != NULL) {
                m->on_warning(m->context, text);
            }
        }
    }
    return 0;
}

static int play(const struct stage *s, bench_run *runs[2], struct bench__duel_evidence **out,
                bench_error *err) {
    const struct bench__cli_options *o = s->options;
    const struct bench__contender *a = &s->m->sides[0], *b = &s->m->sides[1];
    const size_t n_layouts = common_layouts(s->m);
    const int floors = bench__duel_floor_launches(s->launches);
    const double n = s->launches + floors;
    const double warm_up_ns = time_of_duel(o, BENCH__OPT_WARM_UP_TIME, o->warm_up_time_ns);
    const double measurement_ns =
        time_of_duel(o, BENCH__OPT_MEASUREMENT_TIME, o->measurement_time_ns);
    struct bench__clock clock;
    int code = bench__clock_open(&clock, (bench_clock_kind)o->clock, err);
    if (code == 0) {
        code = describe(runs, s->m, o, err);
    }
    if (code != 0) {
        return code;
    }
    const struct bench__duels duels = {
        .pairs = s->pairs,
        .n_pairs = s->n_pairs,
        .launches = s->launches,
        .max_launches = s->max_launches,
        .floor_launches = floors,
        .layouts = {(const char *const *)a->layouts, (const char *const *)b->layouts},
        .n_layouts = n_layouts > 1 ? (int)n_layouts : 0,
        .kind = s->kind,
        .confidence_level = 0.95,
        .n_resamples = 100000,
        .launch = {.sampling = BENCH_SAMPLING_FLAT,
                   .warm_up_ns = s->share * warm_up_ns / n,
                   .measurement_ns = s->share * measurement_ns / n,
                   .seed = s->seed,
                   .timeout_ns = o->timeout_ns,
                   .clock = clock.kind,
                   .ticks_per_ns = clock.ticks_per_ns},
        .on_progress = s->m->on_progress,
        .on_warning = s->m->on_warning,
        .context = s->m->context,
        .interrupted = bench__cli_interrupted(),
    };
    return bench__duels_play(runs[0], runs[1], out, &duels, err);
}

/* ---- the second stage ---- */

static int is_suspect(const bench_comparison *c) {
    return c->evidence == BENCH_EVIDENCE_SCREENING && c->verdict == BENCH_VERDICT_INCONCLUSIVE;
}

static const struct bench__duel_pair *find_pair(const struct bench__matchup *m, const char *name) {
    const struct bench__duel_pair key = {.name = name};
    return bsearch(&key, m->pairs, m->n_pairs, sizeof key, by_name);
}

static int find_suspects(struct bench__duel_pair *out, size_t *n, const struct bench__matchup *m,
                         const struct bench__gates *gates, double noise_threshold,
                         bench_error *err) {
    const struct bench__verdict_options how = {.noise_threshold = noise_threshold,
                                               .duels = m->evidence,
                                               .n_duels = m->n_evidence,
                                               .has_two_stages = 1};
    bench_outcome outcome;
    const int code = bench__judge(&outcome, m->runs[1], m->runs[0], gates, &how, err);
    *n = 0;
    for (size_t i = 0; code == 0 && i < outcome.n_comparisons; i++) {
        const bench_comparison *c = &outcome.comparisons[i];
        const struct bench__duel_pair *pair = is_suspect(c) ? find_pair(m, c->name) : NULL;
        if (pair != NULL) {
            out[(*n)++] = *pair;
        }
    }
    bench_outcome_clear(&outcome);
    return code;
}

static bench_result *find_result(bench_run *run, const char *name) {
    for (size_t i = 0; i < run->n_results; i++) {
        if (strcmp(run->results[i].name, name) == 0) {
            return &run->results[i];
        }
    }
    return NULL;
}

/* The fresh data take the place of the screening's; only its rounds stay, for the whole suite. What
 * an interruption has left without fresh data keeps those of the screening, undecided. */
static void replace(struct bench__matchup *m, bench_run *fresh[2],
                    struct bench__duel_evidence *evidence, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (fresh[1]->interrupted && evidence[i].n < 2 && evidence[i].failed_side < 0) {
            continue;
        }
        for (size_t k = 0; k < m->n_evidence; k++) {
            if (strcmp(m->evidence[k].name, evidence[i].name) == 0) {
                const struct bench__duel_evidence old = m->evidence[k];
                m->evidence[k] = evidence[i];
                evidence[i] = old;
                evidence[i].rounds = m->evidence[k].rounds;
                evidence[i].n_rounds = m->evidence[k].n_rounds;
                m->evidence[k].rounds = old.rounds;
                m->evidence[k].n_rounds = old.n_rounds;
            }
        }
        for (int side = 0; side < 2; side++) {
            bench_result *a = find_result(m->runs[side], evidence[i].name);
            bench_result *b = find_result(fresh[side], evidence[i].name);
            if (a != NULL && b != NULL) {
                const bench_result old = *a;
                *a = *b;
                *b = old;
            }
        }
    }
    m->runs[0]->interrupted |= fresh[0]->interrupted;
    m->runs[1]->interrupted |= fresh[1]->interrupted;
    m->runs[0]->wall_ns += fresh[0]->wall_ns;
    m->runs[1]->wall_ns += fresh[1]->wall_ns;
}

static int confirm(struct bench__matchup *m, struct stage stage, const struct bench__gates *gates,
                   bench_error *err) {
    struct bench__duel_pair *suspects = bench__alloc(m->n_pairs, sizeof *suspects);
    struct bench__duel_evidence *evidence = NULL;
    bench_run *fresh[2] = {NULL, NULL};
    int code = suspects != NULL ? find_suspects(suspects, &stage.n_pairs, m, gates,
                                                stage.options->noise_threshold, err)
                                : no_memory(err);
    if (code == 0 && stage.n_pairs > 0) {
        stage.pairs = suspects;
        stage.seed = bench__rng_mix(stage.seed, 2);
        code = play(&stage, fresh, &evidence, err);
        if (code == 0) {
            replace(m, fresh, evidence, stage.n_pairs);
        }
        bench__duels_free(evidence, code == 0 ? stage.n_pairs : 0);
    }
    bench_run_free(fresh[0]);
    bench_run_free(fresh[1]);
    bench__free(suspects);
    return code;
}

/* ---- machine code ---- */

static void note_code(struct bench__duel_evidence *e, const struct bench__code_result *r) {
    const char *text = r->answer == BENCH_CODE_DIFFERENT ? r->function : r->reason;
    e->code = r->answer;
    snprintf(e->code_note, sizeof e->code_note, "%.*s", (int)sizeof e->code_note - 1, text);
}

/* Says of every duel whether both sides run the same machine code. An executable that cannot be
 * read for that leaves it unknown, and says why. */
static int look_at_code(struct bench__matchup *m, bench_error *err) {
    struct bench__code *code[2] = {NULL, NULL};
    struct bench__code_result result = {.answer = BENCH_CODE_UNKNOWN};
    bench_error why = {0};
    int rc = bench__code_open(&code[0], m->sides[0].path, &why);
    if (rc == 0) {
        rc = bench__code_open(&code[1], m->sides[1].path, &why);
    }
    for (size_t i = 0; i < m->n_evidence && rc != BENCH_ENOMEM; i++) {
        const struct bench__duel_pair *pair = find_pair(m, m->evidence[i].name);
        if (rc == 0) {
            rc = bench__code_compare(&result, code[0], bench__matchup_roots(m, 0, pair), code[1],
                                     bench__matchup_roots(m, 1, pair), err);
        } else {
            snprintf(result.reason, sizeof result.reason, "%.190s", why.text);
        }
        note_code(&m->evidence[i], &result);
    }
    bench__code_close(code[0]);
    bench__code_close(code[1]);
    return rc == BENCH_ENOMEM ? no_memory(err) : 0;
}

int bench__matchup_decide(struct bench__matchup *m, const struct bench__cli_options *o,
                          const struct bench__gates *gates, int is_screened, bench_error *err) {
    const int is_fixed = bench__cli_given(o, BENCH__OPT_LAUNCHES);
    if (is_fixed && !is_screened && o->launches > BENCH__MAX_LAUNCHES) {
        return bench__error(err, BENCH_EINVAL, "--launches: a duel has %d at most",
                            BENCH__MAX_LAUNCHES);
    }
    const int most = o->launches < BENCH__MAX_LAUNCHES ? (int)o->launches : BENCH__MAX_LAUNCHES;
    const int launches = is_fixed ? most : FIRST_LOOK;
    const struct stage decisive = {
        .m = m,
        .options = o,
        .pairs = m->pairs,
        .n_pairs = m->n_pairs,
        .kind = BENCH_EVIDENCE_DUEL,
        .launches = launches,
        .max_launches = is_fixed ? launches : LAST_LOOK,
        .share = 1,
        .seed = bench__cli_given(o, BENCH__OPT_SEED) ? o->seed : bench__rng_entropy()};
    struct stage first = decisive;
    if (m->n_pairs > 1) {
        qsort(m->pairs, m->n_pairs, sizeof *m->pairs, by_name);
    }
    for (size_t i = 0; i < m->n_pairs; i++) {
        const double threshold = bench__gates_threshold(gates, m->pairs[i].name);
        m->pairs[i].alpha = bench__gates_alpha(gates, m->pairs[i].name);
        m->pairs[i].precision = log1p(fmax(threshold, o->noise_threshold)) / 2;
    }
    const int has_two_stages = !is_screened && !is_fixed && m->n_pairs > FEW_PAIRS;
    m->has_two_stages = has_two_stages || is_screened;
    if (has_two_stages) {
        first.kind = BENCH_EVIDENCE_SCREENING;
        first.launches = first.max_launches = SCREENING_LAUNCHES;
        first.share = SCREENING_SHARE;
    }
    int code = check_layouts(m, err);
    if (code == 0) {
        code = play(&first, m->runs, &m->evidence, err);
    }
    m->n_evidence = code == 0 ? m->n_pairs : 0;
    if (code == 0 && has_two_stages && !m->runs[1]->interrupted) {
        code = confirm(m, decisive, gates, err);
    }
    return code == 0 ? look_at_code(m, err) : code;
}
