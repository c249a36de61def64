/*
 * From the launches of duels to what a comparison holds. Plays no duel and gives no verdict.
 */
#include "result/evidence.h"

#include "base/error.h"
#include "base/mem.h"
#include "stats/paired.h"
#include "stats/shift.h"

#include <math.h>
#include <string.h>

void bench__evidence_init(struct bench__duel_evidence *e) {
    *e = (struct bench__duel_evidence){.kind = BENCH_EVIDENCE_DUEL, .failed_side = -1};
    for (size_t i = 0; i < BENCH_N_DECILES; i++) {
        e->shift[i] = (bench_estimate){NAN, NAN, NAN};
    }
}

void bench__evidence_clear(struct bench__duel_evidence *e) {
    bench__free(e->x);
    bench__free(e->layout);
    bench__free(e->floor);
    bench__free(e->rounds);
    bench__evidence_init(e);
}

int bench__evidence_reserve(struct bench__duel_evidence *e, size_t n, size_t n_floor) {
    e->x = bench__alloc(n, sizeof *e->x);
    e->layout = bench__alloc(n, sizeof *e->layout);
    e->rounds = bench__alloc(n, sizeof *e->rounds);
    e->floor = bench__alloc(n_floor, sizeof *e->floor);
    if (e->x == NULL || e->layout == NULL || e->rounds == NULL || e->floor == NULL) {
        return BENCH_ENOMEM;
    }
    e->n_rounds = n;
    for (size_t i = 0; i < n; i++) {
        e->rounds[i] = NAN;
    }
    return 0;
}

/* ---- one benchmark ---- */

static bench_estimate relative(double point, double lower, double upper) {
    return (bench_estimate){expm1(point), expm1(lower), expm1(upper)};
}

/* How much more time would find a change as far from the threshold as the estimate is. */
static double wall_ns_more(const struct bench__paired *paired, const struct bench__duel_evidence *e,
                           double threshold) {
    const double distance = fabs(fabs(paired->change.point) - threshold);
    const double launch_ns = e->wall_ns / (double)(e->n + e->n_floor);
    return bench__extra_launches(paired, fmax(distance, threshold / 2)) * launch_ns;
}

int bench__evidence_compare(bench_comparison *c, double *out_upper,
                            const struct bench__duel_evidence *e, uint64_t seed, bench_error *err) {
    const struct bench__paired_options options = {
        .alpha = c->alpha, .threshold = log1p(c->threshold), .seed = seed};
    const struct bench__launch_values values = {e->x, e->n_layouts > 1 ? e->layout : NULL, e->n};
    int *copies = bench__alloc(e->n_floor, sizeof *copies);
    struct bench__paired paired;
    *out_upper = NAN;
    c->evidence = e->kind;
    c->between_run_sd = 0;
    if (e->n < 2) {
        bench__free(copies);
        return 0;
    }
    if (copies == NULL) {
        return bench__error(err, BENCH_ENOMEM, "out of memory for a duel");
    }
    for (size_t i = 0; i < e->n_floor; i++) {
        copies[i] = (int)i; /* each launch had a copy of its own */
    }
    const struct bench__launch_values floors = {e->floor, copies, e->n_floor};
    const int code = bench__paired(&paired, &values, &floors, &options, err);
    bench__free(copies);
    if (code != 0) {
        return code;
    }
    c->change = relative(paired.change.point, paired.change.lower, paired.change.upper);
    c->p_value = paired.p.two_sided;
    c->mde = expm1(paired.mde);
    c->duel = (bench_duel_record){.n_launches = (int)e->n,
                                  .n_floor_launches = (int)e->n_floor,
                                  .n_layouts = e->n_layouts,
                                  .n_unpinned = e->n_unpinned,
                                  .launch_sd = paired.launch_sd,
                                  .layout_sd = paired.layout_sd,
                                  .floor_sd = paired.floor_sd,
                                  .p_equivalent = paired.p_equivalent,
                                  .wall_ns = e->wall_ns,
                                  .wall_ns_more = wall_ns_more(&paired, e, options.threshold),
                                  .code = e->code};
    memcpy(c->duel.shift, e->shift, sizeof c->duel.shift);
    memcpy(c->duel.code_note, e->code_note, sizeof c->duel.code_note);
    *out_upper = expm1(paired.upper);
    return 0;
}

/* ---- suites ---- */

static size_t suite_length(const char *name) {
    return strcspn(name, "/");
}

int bench__same_suite(const char *a, const char *b) {
    return suite_length(a) == suite_length(b) && memcmp(a, b, suite_length(a)) == 0;
}

static size_t count_compared(const bench_outcome *out, const char *name) {
    size_t n = 0;
    for (size_t i = 0; i < out->n_comparisons; i++) {
        const bench_comparison *c = &out->comparisons[i];
        n += c->before != NULL && c->after != NULL && bench__same_suite(c->name, name);
    }
    return n;
}

static int add_suite(bench_outcome *out, const struct bench__duel_evidence *evidence, size_t n,
                     bench_error *err) {
    size_t n_rounds = 0, n_rows = 0;
    for (size_t i = 0; i < n; i++) {
        n_rounds = evidence[i].n_rounds > n_rounds ? evidence[i].n_rounds : n_rounds;
        n_rows += evidence[i].n >= 2;
    }
    if (n_rows < 2 || n_rounds < 2 || n_rows < count_compared(out, evidence->name)) {
        return 0; /* a selection of doubtful ones is not the suite */
    }
    double *x = bench__alloc(n * n_rounds, sizeof *x);
    bench_suite_change *s = &out->suite_changes[out->n_suite_changes];
    s->suite = bench__strndup(evidence->name, suite_length(evidence->name));
    if (x == NULL || s->suite == NULL) {
        bench__free(x);
        bench__free(s->suite);
        return bench__error(err, BENCH_ENOMEM, "out of memory for the change of a suite");
    }
    for (size_t i = 0; i < n * n_rounds; i++) {
        const struct bench__duel_evidence *e = &evidence[i / n_rounds];
        x[i] = i % n_rounds < e->n_rounds ? e->rounds[i % n_rounds] : NAN;
    }
    out->n_suite_changes++;
    s->n_benchmarks = n_rows;
    const int code = bench__suite_change(&s->change, x, n, n_rounds, 0.95, err);
    s->change = relative(s->change.point, s->change.lower, s->change.upper);
    bench__free(x);
    return code;
}

int bench__evidence_suites(bench_outcome *out, const struct bench__duel_evidence *evidence,
                           size_t n, bench_error *err) {
    int code = 0;
    out->suite_changes = bench__alloc(n, sizeof *out->suite_changes);
    if (out->suite_changes == NULL) {
        return bench__error(err, BENCH_ENOMEM, "out of memory for the change of a suite");
    }
    for (size_t from = 0, to; code == 0 && from < n; from = to) {
        for (to = from + 1; to < n && bench__same_suite(evidence[from].name, evidence[to].name);
             to++) {
        }
        code = add_suite(out, evidence + from, to - from, err);
    }
    return code;
}
