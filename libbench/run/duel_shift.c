/*
 * Gathers the samples of a duel for its shift function.
 */
#include "run/duel_shift.h"

#include "base/error.h"
#include "base/mem.h"
#include "stats/shift.h"

#include <math.h>

#define MIN_LAUNCHES 8
#define N_RESAMPLES  1000
#define LEVEL        0.95

/* Log times per iteration of all launches, and where each launch starts. */
struct gathered {
    double *x;
    size_t *start;
    size_t n_launches;
};

static void gathered_clear(struct gathered *g) {
    bench__free(g->x);
    bench__free(g->start);
}

static int gather(struct gathered *g, const bench_result *r) {
    size_t n = 0;
    for (size_t i = 0; i < r->n_launches; i++) {
        n += r->launches[i].n_samples;
    }
    *g = (struct gathered){.x = bench__alloc(n, sizeof *g->x),
                           .start = bench__alloc(r->n_launches + 1, sizeof *g->start)};
    if (g->x == NULL || g->start == NULL) {
        return BENCH_ENOMEM;
    }
    n = 0;
    for (size_t i = 0; i < r->n_launches; i++) {
        const bench_launch *l = &r->launches[i];
        for (size_t k = 0; k < l->n_samples; k++) {
            if (l->elapsed_ns[k] > 0) {
                g->x[n++] = log(l->elapsed_ns[k] / (double)l->iterations[k]);
            }
        }
        g->start[++g->n_launches] = n;
    }
    return 0;
}

int bench__duel_shift(struct bench__duel_evidence *evidence, const bench_result *before,
                      const bench_result *after, uint64_t seed, bench_error *err) {
    const struct bench__shift_options options = {
        .paired = 1, .level = LEVEL, .n_resamples = N_RESAMPLES, .seed = seed};
    struct gathered a = {0}, b = {0};
    struct bench__shift shift;
    if (evidence->kind != BENCH_EVIDENCE_DUEL || evidence->n < MIN_LAUNCHES ||
        before->n_launches != after->n_launches) {
        return 0;
    }
    int code = gather(&a, before);
    if (code == 0) {
        code = gather(&b, after);
    }
    if (code == 0) {
        const struct bench__launch_samples old = {a.x, a.start, a.n_launches};
        const struct bench__launch_samples new = {b.x, b.start, b.n_launches};
        code = bench__shift(&shift, &old, &new, &options, NULL);
        for (size_t k = 0; code == 0 && k < BENCH_N_DECILES; k++) {
            evidence->shift[k] =
                (bench_estimate){expm1(shift.change[k].point), expm1(shift.change[k].lower),
                                 expm1(shift.change[k].upper)};
        }
    }
    gathered_clear(&a);
    gathered_clear(&b);
    /* a launch without a usable sample leaves the shift unmeasured, and that is all */
    return code == BENCH_ENOMEM ? bench__error(err, code, "out of memory for a duel") : 0;
}
