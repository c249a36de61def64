/*
 * benchctl compare OLD_EXE NEW_EXE: both executables side by side, benchmark by benchmark. Says
 * what is to be compared; the duels are cli/matchup.
 */
#include "base/error.h"
#include "base/mem.h"
#include "base/pattern.h"
#include "cli/matchup.h"
#include "cli/output.h"
#include "cli/session.h"
#include "ctl/commands.h"
#include "result/model.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct command {
    const struct bench__cli_options *options;
    struct bench__matchup matchup;
    char *paths[2];            /* owned */
    const char *benchmarks[2]; /* NULL: all */
    struct bench__pattern **filters;
    size_t n_filters;
    struct bench__gates *gates;
    struct bench__progress_line *line;
};

int benchctl_is_duel(const struct bench__cli_options *options) {
    for (size_t i = 0; i < 2; i++) {
        char *path = bench__strdup(options->arguments.items[i]);
        if (path == NULL) {
            return 0;
        }
        char *colon = strrchr(path, ':');
        int is = bench__is_executable(path);
        if (!is && colon != NULL) {
            *colon = '\0';
            is = bench__is_executable(path);
        }
        bench__free(path);
        if (!is) {
            return 0;
        }
    }
    return 1;
}

static int open_operand(struct command *c, size_t side, bench_error *err) {
    c->paths[side] = bench__strdup(c->options->arguments.items[side]);
    if (c->paths[side] == NULL) {
        return bench__error(err, BENCH_ENOMEM, "out of memory");
    }
    if (!bench__is_executable(c->paths[side])) {
        char *colon = strrchr(c->paths[side], ':');
        *colon = '\0';
        c->benchmarks[side] = colon + 1;
    }
    return 0;
}

static int is_chosen(const struct command *c, const char *name) {
    for (size_t i = 0; i < c->n_filters; i++) {
        if (bench__pattern_matches(c->filters[i], name)) {
            return 1;
        }
    }
    return c->n_filters == 0;
}

static int has_one_pair(const struct command *c) {
    return c->benchmarks[0] != NULL || c->benchmarks[1] != NULL;
}

/* One benchmark against one, or all that both have. */
static int pair_up(struct command *c, bench_error *err) {
    const struct bench__listing *old = &c->matchup.sides[0].listing;
    size_t n_chosen = 0;
    int code = 0;
    if (has_one_pair(c)) {
        const char *a = c->benchmarks[0] != NULL ? c->benchmarks[0] : c->benchmarks[1];
        const char *b = c->benchmarks[1] != NULL ? c->benchmarks[1] : c->benchmarks[0];
        return bench__matchup_add(&c->matchup, a, b, err);
    }
    for (size_t i = 0; code == 0 && i < old->n; i++) {
        const char *name = old->items[i].name;
        n_chosen += (size_t)is_chosen(c, name);
        if (is_chosen(c, name) && bench__listing_find(&c->matchup.sides[1].listing, name) != NULL) {
            code = bench__matchup_add(&c->matchup, name, name, err);
        }
    }
    return code != 0 || n_chosen > 0
               ? code
               : bench__error(err, BENCH_ENOTFOUND, "no benchmark of %.100s matches", c->paths[0]);
}

static int open_all(struct command *c, bench_error *err) {
    const struct bench__cli_options *o = c->options;
    c->filters = bench__alloc(o->arguments.n, sizeof(struct bench__pattern *));
    if (c->filters == NULL) {
        return bench__error(err, BENCH_ENOMEM, "out of memory");
    }
    int code = bench__cli_gates(&c->gates, o, err);
    if (code == 0) {
        bench__gates_set_default_threshold(c->gates, BENCH__DUEL_THRESHOLD);
    }
    for (size_t i = 2; code == 0 && i < o->arguments.n; i++) {
        code = bench__pattern_new(&c->filters[c->n_filters], o->arguments.items[i], err);
        c->n_filters += code == 0;
    }
    for (size_t i = 0; code == 0 && i < 2; i++) {
        code = open_operand(c, i, err);
    }
    if (code == 0) {
        code = bench__matchup_open(&c->matchup, c->paths[0], c->paths[1], err);
    }
    if (code == 0 && has_one_pair(c) && c->n_filters > 0) {
        return bench__error(err, BENCH_EINVAL,
                            "filters are for comparing all of two executables, not '%.200s'",
                            o->arguments.items[2]);
    }
    return code == 0 ? pair_up(c, err) : code;
}

static void close_all(struct command *c) {
    bench__matchup_clear(&c->matchup);
    for (size_t i = 0; i < c->n_filters; i++) {
        bench__pattern_free(c->filters[i]);
    }
    bench__free(c->filters);
    bench__gates_free(c->gates);
    bench__free(c->paths[0]);
    bench__free(c->paths[1]);
}

static void on_progress(void *context, const bench_progress *progress) {
    bench__progress_line_update(((struct command *)context)->line, progress);
}

static void on_warning(void *context, const char *text) {
    (void)context;
    fprintf(stderr, "warning: %s\n", text);
}

/* Benchmarks that only the old side has go into its run, so that they come out as missing. */
static int add_missing(struct command *c, bench_error *err) {
    const struct bench__listing *old = &c->matchup.sides[0].listing;
    for (size_t i = 0; i < old->n && !has_one_pair(c); i++) {
        const struct bench__listed *x = &old->items[i];
        if (!is_chosen(c, x->name) ||
            bench__listing_find(&c->matchup.sides[1].listing, x->name) != NULL) {
            continue;
        }
        bench_result *r = bench__run_add_result(c->matchup.runs[0]);
        if (r == NULL) {
            return bench__error(err, BENCH_ENOMEM, "out of memory");
        }
        r->name = bench__strdup(x->name);
        r->suite = bench__strdup(x->suite);
        r->group = bench__strdup(x->group);
        r->function = bench__strdup(x->function);
        r->status = BENCH_STATUS_OK;
        if (r->name == NULL || r->suite == NULL || r->group == NULL || r->function == NULL) {
            return bench__error(err, BENCH_ENOMEM, "out of memory");
        }
    }
    bench__run_sort(c->matchup.runs[0]);
    return 0;
}

static int play(struct command *c, bench_error *err) {
    struct bench__style style;
    bench__cli_style(&style, c->options, stderr);
    c->line = bench__progress_line_new(stderr, &style, isatty(STDERR_FILENO));
    c->matchup.on_progress = on_progress;
    c->matchup.on_warning = on_warning;
    c->matchup.context = c;
    const int code = bench__matchup_decide(&c->matchup, c->options, c->gates, 0, err);
    bench__progress_line_free(c->line);
    return code;
}

/* Everything that the old side has was to be compared. */
static int judge_and_report(struct command *c, bench_error *err) {
    const struct bench__matchup *m = &c->matchup;
    const bench_run *old = m->runs[0];
    const char **names = bench__alloc(old->n_results, sizeof *names);
    if (names == NULL) {
        return bench__error(err, BENCH_ENOMEM, "out of memory");
    }
    for (size_t i = 0; i < old->n_results; i++) {
        names[i] = old->results[i].name;
    }
    const struct bench__verdict_options how = {.noise_threshold = c->options->noise_threshold,
                                               .selected = names,
                                               .n_selected = old->n_results,
                                               .adjustment =
                                                   (enum bench__adjustment)c->options->adjust,
                                               .duels = m->evidence,
                                               .n_duels = m->n_evidence,
                                               .has_two_stages = m->has_two_stages};
    const int code = benchctl_report(m->runs[1], old, &how, c->gates, c->options, err);
    bench__free(names);
    return code >= 0 && m->runs[1]->interrupted ? BENCH__EXIT_INTERRUPTED : code;
}

int benchctl_duel(const struct bench__cli_options *options, bench_error *err) {
    struct command c = {.options = options};
    int code = open_all(&c, err);
    if (code == 0) {
        code = play(&c, err);
    }
    if (code == 0) {
        code = add_missing(&c, err);
    }
    if (code == 0) {
        code = judge_and_report(&c, err);
    }
    close_all(&c);
    return code;
}
