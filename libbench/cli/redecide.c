/*
 * Chooses what to duel and with whom. How duels are played is cli/matchup.
 */
#include "cli/redecide.h"

#include "base/error.h"

#include <stdio.h>

static int is_in_doubt(const bench_comparison *c) {
    const int is_measured = c->after != NULL && c->before != NULL &&
                            c->after->status == BENCH_STATUS_OK &&
                            c->before->status == BENCH_STATUS_OK;
    return is_measured &&
           (c->verdict == BENCH_VERDICT_REGRESSED || c->verdict == BENCH_VERDICT_IMPROVED ||
            c->verdict == BENCH_VERDICT_INCONCLUSIVE || c->verdict == BENCH_VERDICT_INCOMPARABLE);
}

static size_t count_doubts(const bench_outcome *outcome) {
    size_t n = 0;
    for (size_t i = 0; i < outcome->n_comparisons; i++) {
        n += (size_t)is_in_doubt(&outcome->comparisons[i]);
    }
    return n;
}

/* The old executable may lack a benchmark that the baseline has from elsewhere: that one stays with
 * its stored verdict. */
static int add_doubts(struct bench__matchup *m, const bench_outcome *outcome, bench_error *err) {
    int code = 0;
    for (size_t i = 0; code == 0 && i < outcome->n_comparisons; i++) {
        const char *name = outcome->comparisons[i].name;
        if (is_in_doubt(&outcome->comparisons[i]) &&
            bench__listing_find(&m->sides[0].listing, name) != NULL &&
            bench__listing_find(&m->sides[1].listing, name) != NULL) {
            code = bench__matchup_add(m, name, name, err);
        }
    }
    return code;
}

static void on_progress(void *context, const bench_progress *progress) {
    bench__progress_line_update(((struct bench__session *)context)->line, progress);
}

static void on_warning(void *context, const char *text) {
    (void)context;
    fprintf(stderr, "warning: %s\n", text);
}

static int play(struct bench__matchup *m, struct bench__session *s, size_t n_doubts,
                bench_error *err) {
    const bench_outcome *outcome = &s->outcome;
    int code = add_doubts(m, outcome, err);
    if (code != 0 || m->n_pairs == 0) {
        return code;
    }
    if (!s->options->quiet) {
        fprintf(stderr,
                "%zu of %zu benchmarks %s decided side by side with the executable of '%s'\n",
                m->n_pairs, outcome->n_comparisons, m->n_pairs == 1 ? "is" : "are",
                s->baseline->label != NULL ? s->baseline->label : "the baseline");
    }
    if (m->n_pairs < n_doubts) {
        fprintf(stderr, "note: it lacks %zu of them\n", n_doubts - m->n_pairs);
    }
    bench__session_progress(s);
    m->on_progress = on_progress;
    m->on_warning = on_warning;
    m->context = s;
    code = bench__matchup_decide(m, s->options, s->gates, 1, err);
    bench__progress_line_free(s->line);
    s->line = NULL;
    return code;
}

int bench__redecide(struct bench__matchup *out, struct bench__session *s) {
    const struct bench__cli_options *o = s->options;
    const size_t n_doubts = count_doubts(&s->outcome);
    *out = (struct bench__matchup){0};
    if (s->baseline == NULL || s->baseline_exe == NULL || o->no_duel || s->run->interrupted ||
        n_doubts == 0) {
        return 0;
    }
    bench_error why = {0};
    int code = bench__matchup_open(out, s->baseline_exe, NULL, &why);
    if (code == 0) {
        code = play(out, s, n_doubts, &why);
    }
    if (code == 0) {
        return 0;
    }
    if (o->baseline_exe != NULL || code == BENCH_ENOMEM) {
        if (s->err->code == 0) {
            *s->err = why;
        }
        return code;
    }
    /* a kept one may be of a version whose workers do not understand this one; the run stands */
    fprintf(stderr, "warning: no duels with the kept executable: %s\n", why.text);
    bench__matchup_clear(out);
    return 0;
}
