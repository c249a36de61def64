/*
 * Sentences about duels. Computes nothing but counts, extremes and medians of what is there.
 */
#include "report/words_duel.h"

#include "base/mem.h"
#include "base/robust.h"
#include "report/figures.h"
#include "report/words.h"

#include <math.h>
#include <string.h>

static int is_duelled(const bench_comparison *c) {
    return c->duel.n_launches > 1;
}

static const char *share(char text[BENCH__FIGURE_SIZE], double fraction) {
    return bench__figure_share(text, BENCH__FIGURE_SIZE, fraction);
}

static const char *change(char text[BENCH__FIGURE_SIZE], double fraction) {
    return bench__figure_percent(text, BENCH__FIGURE_SIZE, fraction, 1);
}

/* ---- resolution ---- */

struct resolution {
    size_t n, n_short; /* duels; those that cannot resolve their threshold */
    double least, middle, most;
    double more_ns; /* the longest that one of them would need; INFINITY: time will not do */
};

static struct resolution find_resolution(const bench_outcome *outcome) {
    struct resolution r = {.least = INFINITY, .most = 0, .middle = NAN};
    double *mde = bench__alloc(outcome->n_comparisons, sizeof *mde);
    for (size_t i = 0; mde != NULL && i < outcome->n_comparisons; i++) {
        const bench_comparison *c = &outcome->comparisons[i];
        if (!is_duelled(c) || !isfinite(c->mde)) {
            continue;
        }
        mde[r.n++] = c->mde;
        r.least = fmin(r.least, c->mde);
        r.most = fmax(r.most, c->mde);
        if (c->verdict == BENCH_VERDICT_INCONCLUSIVE && c->mde > c->threshold) {
            r.n_short++;
            r.more_ns = fmax(r.more_ns, c->duel.wall_ns_more);
        }
    }
    r.middle = bench__median_inplace(mde, r.n);
    bench__free(mde);
    return r;
}

void bench__say_resolution(struct bench__strbuf *out, const struct bench__view *view) {
    const struct resolution r = find_resolution(view->outcome);
    char least[BENCH__FIGURE_SIZE], middle[BENCH__FIGURE_SIZE], most[BENCH__FIGURE_SIZE];
    if (r.n == 0) {
        return;
    }
    bench__say_count(out, r.n, "duel");
    if (r.n > 1) {
        bench__strbuf_addf(out, ", resolving changes from %s to %s, the middle one %s",
                           share(least, r.least), share(most, r.most), share(middle, r.middle));
    } else {
        bench__strbuf_addf(out, ", resolving changes from %s up", share(least, r.least));
    }
    if (r.n_short > 0 && isfinite(r.more_ns)) {
        bench__strbuf_addf(out,
                           "; %zu cannot test the threshold in this time and would need %.1f "
                           "s more at most (--measurement-time)",
                           r.n_short, r.more_ns / 1e9);
    } else if (r.n_short > 0) {
        bench__strbuf_addf(out, "; %zu cannot test the threshold here in any time", r.n_short);
    }
}

/* ---- placement ---- */

struct placement {
    size_t n, n_layouts, n_floor, n_floor_shown, n_identical, n_unpinned;
    double largest; /* placement, sd */
    const char *where;
};

static struct placement find_placement(const bench_outcome *outcome) {
    struct placement p = {0};
    for (size_t i = 0; i < outcome->n_comparisons; i++) {
        const bench_comparison *c = &outcome->comparisons[i];
        if (!is_duelled(c)) {
            continue;
        }
        p.n++;
        p.n_layouts += c->duel.n_layouts > 1;
        p.n_floor += c->duel.n_floor_launches > 0;
        p.n_floor_shown += c->duel.floor_sd > 0;
        p.n_identical += c->duel.code == BENCH_CODE_IDENTICAL;
        p.n_unpinned += c->duel.n_unpinned > 0;
        if (c->duel.layout_sd > p.largest) {
            p.largest = c->duel.layout_sd;
            p.where = c->name;
        }
    }
    return p;
}

void bench__say_placement(struct bench__strbuf *out, const struct bench__view *view) {
    const struct placement p = find_placement(view->outcome);
    char figure[BENCH__FIGURE_SIZE];
    if (p.n == 0) {
        return;
    }
    if (p.n_layouts == 0) {
        bench__strbuf_add(out, "not varied: what the linker's choice of addresses costs counts as "
                               "a change");
    } else if (p.where == NULL) {
        bench__strbuf_add(out, "layouts make no difference that could be seen");
    } else {
        bench__strbuf_addf(out, "layouts differ by up to %s (", share(figure, p.largest));
        bench__strbuf_add_safe(out, p.where);
        bench__strbuf_add(out, "), which the intervals contain");
    }
    if (p.n_identical > 0) {
        bench__strbuf_addf(out, "; of %zu of %zu the machine code is the same in both executables",
                           p.n_identical, p.n);
    }
    if (p.n_floor_shown > 0) {
        bench__strbuf_addf(out, "; in %zu equal copies differed, which widened the interval",
                           p.n_floor_shown);
    } else if (p.n_floor > 0) {
        bench__strbuf_add(out, "; equal copies came out equal");
    }
    if (p.n_unpinned > 0) {
        bench__strbuf_addf(out, "; %zu could not be kept on one CPU", p.n_unpinned);
    }
}

/* ---- suites and single duels ---- */

void bench__say_suite_change(struct bench__strbuf *out, const bench_suite_change *s) {
    char point[BENCH__FIGURE_SIZE], from[BENCH__FIGURE_SIZE], to[BENCH__FIGURE_SIZE];
    bench__strbuf_add_safe(out, s->suite);
    bench__strbuf_addf(out, " %s (%s to %s), the geometric mean of ",
                       change(point, s->change.point), change(from, s->change.lower),
                       change(to, s->change.upper));
    bench__say_count(out, s->n_benchmarks, "benchmark");
}

void bench__say_duel(struct bench__strbuf *out, const bench_comparison *c) {
    const bench_duel_record *d = &c->duel;
    char figure[BENCH__FIGURE_SIZE];
    if (!is_duelled(c)) {
        return;
    }
    bench__strbuf_addf(out, "%s of %d launches in %.1f s",
                       c->evidence == BENCH_EVIDENCE_SCREENING ? "short duel" : "duel",
                       d->n_launches, d->wall_ns / 1e9);
    bench__strbuf_addf(out, ", one launch %s", share(figure, d->launch_sd));
    if (isfinite(d->layout_sd)) {
        bench__strbuf_addf(out, ", %d layouts %s", d->n_layouts, share(figure, d->layout_sd));
    }
    if (isfinite(d->floor_sd)) {
        bench__strbuf_addf(out, ", %d %s %s", d->n_floor_launches,
                           d->n_floor_launches == 1 ? "copy" : "copies",
                           share(figure, d->floor_sd));
    }
    bench__strbuf_addf(out, "; p %.2g, adjusted %.2g, equivalence %.2g", c->p_value, c->p_adjusted,
                       d->p_equivalent);
    if (d->code == BENCH_CODE_IDENTICAL) {
        bench__strbuf_add(out, "; same machine code");
    } else if (d->code_note[0] != '\0') {
        bench__strbuf_add(out, d->code == BENCH_CODE_DIFFERENT ? "; differs in " : "; ");
        bench__strbuf_add_safe(out, d->code_note);
    }
}

void bench__say_shift(struct bench__strbuf *out, const bench_comparison *c) {
    char figure[BENCH__FIGURE_SIZE];
    if (!is_duelled(c) || !isfinite(c->duel.shift[0].point)) {
        return;
    }
    bench__strbuf_add(out, "deciles of the samples");
    for (size_t i = 0; i < BENCH_N_DECILES; i++) {
        bench__strbuf_addf(out, "%s %s", i > 0 ? "," : "", change(figure, c->duel.shift[i].point));
    }
}
