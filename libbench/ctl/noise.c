/*
 * benchctl noise: what earlier runs have shown about this machine, one table per machine class.
 * Changes nothing: a file that cannot be read is an error here.
 */
#include "local/noise_file.h"

#include "base/error.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/pattern.h"
#include "base/table.h"
#include "ctl/commands.h"
#include "local/dirs.h"
#include "report/figures.h"
#include "stats/describe.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { N_COLUMNS = 5 };

struct command {
    const struct bench__cli_options *options;
    struct bench__pattern **filters;
    size_t n_filters, n_shown;
};

static int no_memory(bench_error *err) {
    return bench__error(err, BENCH_ENOMEM, "out of memory");
}

static int is_chosen(const struct command *c, const char *name) {
    for (size_t i = 0; i < c->n_filters; i++) {
        if (bench__pattern_matches(c->filters[i], name)) {
            return 1;
        }
    }
    return c->n_filters == 0;
}

/* ---- one machine class ------------------------------------------------------------------------
 */

static int add_row(struct bench__table *table, const struct bench__noise_record *record,
                   const struct bench__noise_benchmark *b) {
    char runs[24], between[BENCH__FIGURE_SIZE], copies[BENCH__FIGURE_SIZE], day[11] = "-";
    const struct bench__between_runs known = bench__noise_between_runs(record, b->name, NULL);
    struct bench__strbuf name;
    bench__strbuf_init(&name);
    bench__strbuf_add_safe(&name, b->name);
    snprintf(runs, sizeof runs, "%zu", b->n_runs);
    if (b->n_runs > 0) {
        snprintf(day, sizeof day, "%.10s", b->runs[b->n_runs - 1].key.timestamp);
    }
    const char *cells[N_COLUMNS] = {
        bench__strbuf_text(&name), runs, bench__figure_share(between, sizeof between, known.sd),
        bench__figure_share(copies, sizeof copies, bench__noise_floor_sd(b)), day};
    const int rc = name.failed ? BENCH_ENOMEM : bench__table_row(table, cells);
    bench__strbuf_clear(&name);
    return rc;
}

/* How far the machine's own kernels moved between its runs. */
static void add_kernels(struct bench__strbuf *out, const struct bench__noise_record *record) {
    const char *separator = "\nThe machine's own speed, over ";
    for (int k = 0; k < BENCH_N_KERNELS; k++) {
        double x[BENCH__NOISE_MAX_RUNS];
        size_t n = 0;
        for (size_t i = 0; i < record->n_calibrations; i++) {
            if (record->calibrations[i].ns[k] > 0) {
                x[n++] = log(record->calibrations[i].ns[k]);
            }
        }
        char figure[BENCH__FIGURE_SIZE];
        if (n < BENCH__MIN_KNOWN_RUNS) {
            continue;
        }
        bench__strbuf_add(out, separator);
        if (separator[0] == '\n') {
            bench__strbuf_addf(out, "%zu runs: ", n);
        }
        bench__strbuf_addf(out, "%s %s", bench_kernel_name((bench_kernel)k),
                           bench__figure_share(figure, sizeof figure, bench__std_dev(x, n)));
        separator = ", ";
    }
    bench__strbuf_add(out, separator[0] == '\n' ? "" : "\n");
}

static int print_record(struct command *c, const struct bench__noise_record *record,
                        bench_error *err) {
    static const enum bench__align align[N_COLUMNS] = {BENCH__LEFT, BENCH__RIGHT, BENCH__RIGHT,
                                                       BENCH__RIGHT, BENCH__LEFT};
    static const char *const titles[N_COLUMNS] = {"benchmark", "runs", "between runs",
                                                  "equal copies", "last run"};
    struct bench__strbuf text;
    size_t n_rows = 0;
    bench__strbuf_init(&text);
    struct bench__table *table = bench__table_new(N_COLUMNS, align);
    int rc = table != NULL ? bench__table_row(table, titles) : BENCH_ENOMEM;
    for (size_t i = 0; i < record->n_benchmarks && rc == 0; i++) {
        if (is_chosen(c, record->benchmarks[i].name)) {
            rc = add_row(table, record, &record->benchmarks[i]);
            n_rows++;
        }
    }
    if (rc == 0) {
        bench__strbuf_addf(&text, "%s%s\n\n", c->n_shown > 0 ? "\n" : "", record->machine);
        bench__table_write(table, &text, 2);
        add_kernels(&text, record);
    }
    rc = rc != 0 || text.failed ? no_memory(err) : 0;
    if (rc == 0 && n_rows > 0) {
        fputs(bench__strbuf_text(&text), stdout);
    }
    c->n_shown += n_rows;
    bench__strbuf_clear(&text);
    bench__table_free(table);
    return rc;
}

/* ---- all of them ------------------------------------------------------------------------------
 */

static int show_file(struct command *c, const char *state_dir, const char *file, bench_error *err) {
    static const char ending[] = ".json";
    char machine[64];
    const size_t n = strlen(file), n_ending = sizeof ending - 1;
    if (n <= n_ending || n - n_ending >= sizeof machine ||
        strcmp(file + n - n_ending, ending) != 0) {
        return 0;
    }
    snprintf(machine, sizeof machine, "%.*s", (int)(n - n_ending), file);
    struct bench__noise_record record;
    int rc = bench__noise_load(&record, state_dir, machine, err);
    if (rc == 0) {
        rc = print_record(c, &record, err);
    }
    bench__noise_clear(&record);
    return rc;
}

static int show_all(struct command *c, const char *state_dir, const char *directory,
                    bench_error *err) {
    char **files = NULL;
    size_t n = 0;
    int rc = bench__is_directory(directory) ? bench__list_directory(&files, &n, directory, err) : 0;
    for (size_t i = 0; i < n && rc == 0; i++) {
        rc = show_file(c, state_dir, files[i], err);
    }
    bench__free_names(files, n);
    if (rc != 0 || c->n_shown > 0) {
        return rc;
    }
    if (c->n_filters > 0) {
        return bench__error(err, BENCH_ENOTFOUND, "no benchmark of %.200s matches", directory);
    }
    printf("Nothing is known yet: there are no records in %s.\n", directory);
    return 0;
}

static int find_and_show(struct command *c, bench_error *err) {
    char *state_dir = bench__state_dir();
    if (state_dir == NULL) {
        return bench__error(err, BENCH_ENOTFOUND, "neither HOME nor BENCH_STATE_DIR is set");
    }
    char *directory = bench__path_join(state_dir, "noise");
    const int rc = directory != NULL ? show_all(c, state_dir, directory, err) : no_memory(err);
    bench__free(directory);
    bench__free(state_dir);
    return rc;
}

int benchctl_noise(const struct bench__cli_options *options, bench_error *err) {
    const struct bench__texts *texts = &options->arguments;
    struct command c = {.options = options,
                        .filters = bench__alloc(texts->n, sizeof(struct bench__pattern *))};
    int rc = c.filters != NULL ? 0 : no_memory(err);
    for (size_t i = 0; i < texts->n && rc == 0; i++) {
        rc = bench__pattern_new(&c.filters[i], texts->items[i], err);
        c.n_filters += rc == 0;
    }
    if (rc == 0) {
        rc = find_and_show(&c, err);
    }
    for (size_t i = 0; i < c.n_filters; i++) {
        bench__pattern_free(c.filters[i]);
    }
    bench__free(c.filters);
    return rc;
}
