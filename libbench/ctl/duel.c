/*
 * benchctl compare OLD_EXE NEW_EXE: both executables side by side, benchmark by benchmark. Finds
 * what to compare; the duels are run/, the judging result/.
 */
#include "base/error.h"
#include "base/mem.h"
#include "base/pattern.h"
#include "base/rng.h"
#include "cli/listing.h"
#include "cli/output.h"
#include "cli/session.h"
#include "ctl/commands.h"
#include "result/model.h"
#include "run/duels.h"
#include "run/runner.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* "EXE" or "EXE:benchmark". */
struct operand {
    char *path;            /* owned */
    const char *benchmark; /* NULL: all */
    struct bench__listing listing;
    char *argv[2];
};

struct match {
    struct operand operands[2];
    struct bench__pattern **filters;
    size_t n_filters;
    struct bench__duel_pair *pairs;
    size_t n_pairs;
    size_t n_only_old; /* benchmarks that the new executable has not */
    bench_run *runs[2];
    struct bench__duel_evidence *evidence;
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

static int open_operand(struct operand *o, const char *text, bench_error *err) {
    o->path = bench__strdup(text);
    if (o->path == NULL) {
        return bench__error(err, BENCH_ENOMEM, "out of memory");
    }
    if (!bench__is_executable(o->path)) {
        char *colon = strrchr(o->path, ':');
        *colon = '\0';
        o->benchmark = colon + 1;
    }
    o->argv[0] = o->path;
    const int code = bench__listing_load(&o->listing, o->path, err);
    if (code == 0 && o->benchmark != NULL &&
        bench__listing_find(&o->listing, o->benchmark) == NULL) {
        return bench__error(err, BENCH_ENOTFOUND, "%.100s has no benchmark '%.200s'", o->path,
                            o->benchmark);
    }
    return code;
}

static int is_chosen(const struct match *m, const char *name) {
    for (size_t i = 0; i < m->n_filters; i++) {
        if (bench__pattern_matches(m->filters[i], name)) {
            return 1;
        }
    }
    return m->n_filters == 0;
}

static int threads_of(const struct bench__listed *b) {
    for (size_t i = 0; i < b->n_params; i++) {
        if (strcmp(b->params[i].name, "threads") == 0 && b->params[i].is_i64) {
            return (int)b->params[i].i64;
        }
    }
    return 1;
}

static struct bench__duellist duellist(struct operand *o, const struct bench__listed *b) {
    return (struct bench__duellist){.path = o->path,
                                    .argv = o->argv,
                                    .suite = b->suite,
                                    .group = b->group,
                                    .function = b->function,
                                    .params = b->params,
                                    .n_params = b->n_params,
                                    .bytes_per_iteration = b->bytes_per_iteration,
                                    .elements_per_iteration = b->elements_per_iteration,
                                    .n_threads = threads_of(b)};
}

static void add_pair(struct match *m, const struct bench__listed *old,
                     const struct bench__listed *new) {
    m->pairs[m->n_pairs++] = (struct bench__duel_pair){
        .name = new->name,
        .side = {duellist(&m->operands[0], old), duellist(&m->operands[1], new)}};
}

/* One benchmark against one, or all that both have. */
static int pair_up(struct match *m, bench_error *err) {
    struct operand *old = &m->operands[0], *new = &m->operands[1];
    m->pairs = bench__alloc(old->listing.n + 1, sizeof *m->pairs);
    if (m->pairs == NULL) {
        return bench__error(err, BENCH_ENOMEM, "out of memory");
    }
    if (old->benchmark != NULL || new->benchmark != NULL) {
        const char *a = old->benchmark != NULL ? old->benchmark : new->benchmark;
        const char *b = new->benchmark != NULL ? new->benchmark : old->benchmark;
        const struct bench__listed *x = bench__listing_find(&old->listing, a);
        const struct bench__listed *y = bench__listing_find(&new->listing, b);
        if (x == NULL || y == NULL) {
            return bench__error(err, BENCH_ENOTFOUND, "no benchmark '%.200s' in %.100s",
                                x == NULL ? a : b, x == NULL ? old->path : new->path);
        }
        add_pair(m, x, y);
        return 0;
    }
    for (size_t i = 0; i < old->listing.n; i++) {
        const struct bench__listed *x = &old->listing.items[i];
        const struct bench__listed *y = bench__listing_find(&new->listing, x->name);
        if (is_chosen(m, x->name) && y != NULL) {
            add_pair(m, x, y);
        } else if (is_chosen(m, x->name)) {
            m->n_only_old++;
        }
    }
    return m->n_pairs + m->n_only_old > 0
               ? 0
               : bench__error(err, BENCH_ENOTFOUND, "no benchmark of %.100s matches", old->path);
}

static int open_match(struct match *m, const struct bench__cli_options *o, bench_error *err) {
    m->filters = bench__alloc(o->arguments.n, sizeof(struct bench__pattern *));
    if (m->filters == NULL) {
        return bench__error(err, BENCH_ENOMEM, "out of memory");
    }
    int code = 0;
    for (size_t i = 2; code == 0 && i < o->arguments.n; i++) {
        code = bench__pattern_new(&m->filters[m->n_filters], o->arguments.items[i], err);
        m->n_filters += code == 0;
    }
    for (size_t i = 0; code == 0 && i < 2; i++) {
        code = open_operand(&m->operands[i], o->arguments.items[i], err);
    }
    return code == 0 ? pair_up(m, err) : code;
}

static void close_match(struct match *m) {
    for (size_t i = 0; i < 2; i++) {
        bench__listing_clear(&m->operands[i].listing);
        bench__free(m->operands[i].path);
        bench_run_free(m->runs[i]);
    }
    for (size_t i = 0; i < m->n_filters; i++) {
        bench__pattern_free(m->filters[i]);
    }
    bench__free(m->filters);
    bench__duels_free(m->evidence, m->n_pairs);
    bench__free(m->pairs);
}

static void on_progress(void *context, const bench_progress *progress) {
    bench__progress_line_update(((struct match *)context)->line, progress);
}

/* Benchmarks that only the old side has go into its run, so that they come out as missing. */
static int add_missing(struct match *m, bench_error *err) {
    for (size_t i = 0; i < m->operands[0].listing.n; i++) {
        const struct bench__listed *x = &m->operands[0].listing.items[i];
        if (m->operands[0].benchmark != NULL || m->operands[1].benchmark != NULL ||
            !is_chosen(m, x->name) || bench__listing_find(&m->operands[1].listing, x->name)) {
            continue;
        }
        bench_result *r = bench__run_add_result(m->runs[0]);
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
    bench__run_sort(m->runs[0]);
    return 0;
}

static int describe(struct match *m, const struct bench__cli_options *o, bench_error *err) {
    const bench_build build = {0, "", ""};
    for (size_t i = 0; i < 2; i++) {
        m->runs[i] = bench__run_new();
        if (m->runs[i] == NULL) {
            return bench__error(err, BENCH_ENOMEM, "out of memory");
        }
        const int code = bench__run_describe(m->runs[i], &build, (bench_clock_kind)o->clock, err);
        if (code != 0) {
            return code;
        }
    }
    const char *slash = strrchr(m->operands[0].path, '/');
    m->runs[0]->label = bench__strdup(slash != NULL ? slash + 1 : m->operands[0].path);
    return m->runs[0]->label != NULL ? 0 : bench__error(err, BENCH_ENOMEM, "out of memory");
}

static int play(struct match *m, const struct bench__cli_options *o, bench_error *err) {
    struct bench__clock clock;
    struct bench__style style;
    int code = bench__clock_open(&clock, (bench_clock_kind)o->clock, err);
    if (code != 0) {
        return code;
    }
    const struct bench__duels duels = {
        .pairs = m->pairs,
        .n_pairs = m->n_pairs,
        .launches = (int)o->launches,
        .confidence_level = 0.95,
        .n_resamples = 100000,
        .launch = {.sampling = BENCH_SAMPLING_FLAT,
                   .warm_up_ns = (double)o->warm_up_time_ns / (double)o->launches,
                   .measurement_ns = (double)o->measurement_time_ns / (double)o->launches,
                   .seed = bench__cli_given(o, BENCH__OPT_SEED) ? o->seed : bench__rng_entropy(),
                   .timeout_ns = o->timeout_ns,
                   .clock = clock.kind,
                   .ticks_per_ns = clock.ticks_per_ns},
        .on_progress = on_progress,
        .context = m,
        .interrupted = bench__cli_interrupted(),
    };
    bench__cli_style(&style, o, stderr);
    m->line = bench__progress_line_new(stderr, &style, isatty(STDERR_FILENO));
    code = bench__duels_play(m->runs[0], m->runs[1], &m->evidence, &duels, err);
    bench__progress_line_free(m->line);
    return code;
}

/* Everything that the old side has was to be compared. */
static int judge_and_report(struct match *m, const struct bench__cli_options *options,
                            bench_error *err) {
    const bench_run *old = m->runs[0];
    const char **names = bench__alloc(old->n_results, sizeof *names);
    if (names == NULL) {
        return bench__error(err, BENCH_ENOMEM, "out of memory");
    }
    for (size_t i = 0; i < old->n_results; i++) {
        names[i] = old->results[i].name;
    }
    const struct bench__verdict_options how = {.between_run_sd = NAN,
                                               .noise_threshold = options->noise_threshold,
                                               .selected = names,
                                               .n_selected = old->n_results,
                                               .duels = m->evidence,
                                               .n_duels = m->n_pairs};
    const int code = benchctl_report(m->runs[1], old, &how, options, err);
    bench__free(names);
    return code >= 0 && m->runs[1]->interrupted ? BENCH__EXIT_INTERRUPTED : code;
}

int benchctl_duel(const struct bench__cli_options *options, bench_error *err) {
    struct match m = {0};
    int code = open_match(&m, options, err);
    if (code == 0) {
        code = describe(&m, options, err);
    }
    if (code == 0) {
        code = play(&m, options, err);
    }
    if (code == 0) {
        code = add_missing(&m, err);
    }
    if (code == 0) {
        code = judge_and_report(&m, options, err);
    }
    close_match(&m);
    return code;
}
