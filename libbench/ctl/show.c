/*
 * benchctl show FILE, and what it shares with compare: finding stored runs by file, directory or
 * name, and reporting on one. Several files become one run only when they are of one machine.
 */
#include "base/error.h"
#include "base/fs.h"
#include "base/mem.h"
#include "cli/noise.h"
#include "cli/output.h"
#include "ctl/commands.h"
#include "measure/host.h"
#include "result/baseline.h"
#include "result/model.h"
#include "result/verdict.h"

#include <string.h>

static int no_memory(bench_error *err) {
    return bench__error(err, BENCH_ENOMEM, "out of memory");
}

/* ---- several files, one run ---- */

static int add_file(bench_run **run, const char *path, bench_error *err) {
    bench_run *more = NULL;
    char difference[300];
    int rc = bench_run_load(&more, path, err);
    if (rc != 0)
        return rc;
    if (*run == NULL) {
        *run = more;
        return 0;
    }
    if (bench__host_differences(&(*run)->host, &more->host, difference, sizeof difference) > 0) {
        rc = bench__error(err, BENCH_EINVAL,
                          "not of the same machine and build as the files "
                          "before it: %s",
                          difference);
        bench__error_place(err, "%s", path);
    } else {
        rc = bench__run_move(*run, more) == 0 ? 0 : no_memory(err);
    }
    bench_run_free(more);
    return rc;
}

static int check_names(bench_run *run, const char *text, bench_error *err) {
    bench__run_sort(run);
    for (size_t i = 1; i < run->n_results; i++) {
        if (strcmp(run->results[i - 1].name, run->results[i].name) == 0) {
            int rc = bench__error(err, BENCH_EFORMAT, "benchmark '%.200s' is there twice",
                                  run->results[i].name);
            bench__error_place(err, "%s", text);
            return rc;
        }
    }
    return 0;
}

/* ---- directories ---- */

static int is_json(const char *name) {
    size_t n = strlen(name);
    return n > 5 && strcmp(name + n - 5, ".json") == 0;
}

static int add_directory(bench_run **run, const char *directory, bench_error *err) {
    char **names = NULL;
    size_t n = 0;
    int rc = bench__list_directory(&names, &n, directory, err);
    for (size_t i = 0; i < n && rc == 0; i++) {
        if (!is_json(names[i]))
            continue;
        char *path = bench__path_join(directory, names[i]);
        rc = path != NULL ? add_file(run, path, err) : no_memory(err);
        bench__free(path);
    }
    bench__free_names(names, n);
    if (rc == 0 && *run == NULL) {
        rc = bench__error(err, BENCH_ENOTFOUND, "there are no .json files in this directory");
        bench__error_place(err, "%s", directory);
    }
    return rc;
}

/* ---- baselines ---- */

/* The first file of baseline `name` when all of its files are of one machine class; else NULL, with
 * the classes in `classes`. */
static const struct bench__baseline_entry *only_class(const struct bench__baseline_entry *entries,
                                                      size_t n, const char *name,
                                                      struct bench__strbuf *classes) {
    const struct bench__baseline_entry *first = NULL;
    const char *last = "";
    int n_classes = 0;
    for (size_t i = 0; i < n; i++) { /* sorted: a class's files follow each other */
        if (strcmp(entries[i].name, name) != 0 || strcmp(entries[i].machine, last) == 0)
            continue;
        first = n_classes == 0 ? &entries[i] : first;
        last = entries[i].machine;
        bench__strbuf_addf(classes, "%s%s", n_classes++ == 0 ? "" : ", ", last);
    }
    return n_classes == 1 ? first : NULL;
}

static int no_class(const char *name, const char *dir, const struct bench__strbuf *classes,
                    bench_error *err) {
    if (classes->failed)
        return no_memory(err);
    if (classes->n == 0)
        return bench__error(err, BENCH_ENOTFOUND, "baseline '%.60s' in %.100s is empty", name, dir);
    return bench__error(err, BENCH_EINVAL,
                        "baseline '%.60s' is of several machine classes (%.160s); name a "
                        "directory, %.60s/%.60s/CLASS",
                        name, classes->text, dir, name);
}

/* The machine of a baseline that has one class only. */
static int find_host(bench_host *host, const char *name, const char *dir, bench_error *err) {
    struct bench__baseline_entry *entries = NULL;
    size_t n = 0;
    int rc = bench__baseline_list(&entries, &n, dir, err);
    if (rc != 0)
        return rc;
    struct bench__strbuf classes;
    bench__strbuf_init(&classes);
    const struct bench__baseline_entry *entry = only_class(entries, n, name, &classes);
    bench_run *run = NULL;
    rc =
        entry != NULL ? bench_run_load(&run, entry->path, err) : no_class(name, dir, &classes, err);
    if (rc == 0)
        *host = run->host;
    bench_run_free(run);
    bench__strbuf_clear(&classes);
    bench__baseline_list_free(entries, n);
    return rc;
}

static int load_baseline(bench_run **run, const char *name, const char *dir, const bench_host *host,
                         bench_error *err) {
    bench_host own;
    bench_error note = {0};
    int rc = host == NULL ? find_host(&own, name, dir, err) : 0;
    if (rc != 0)
        return rc;
    rc = bench__baseline_load(run, dir, name, host != NULL ? host : &own, NULL, 0, &note);
    if (rc != 0) {
        bench__error(err, rc, "%s", note.text);
        bench__error_place(err, "%s", note.place);
    } else if (note.code != 0) { /* of another machine: the verdicts will say so */
        fprintf(stderr, "note: %s\n", note.text);
    }
    return rc;
}

int benchctl_is_baseline(const char *text, const struct bench__cli_options *options) {
    if (!bench__is_safe_component(text))
        return 0;
    char *path = bench__path_join(options->baselines_dir, text);
    int is_one = path != NULL && bench__is_directory(path);
    bench__free(path);
    return is_one;
}

/* ---- any ---- */

int benchctl_load(bench_run **out, const char *text, const struct bench__cli_options *options,
                  const bench_host *host, bench_error *err) {
    bench_run *run = NULL;
    int rc;
    if (benchctl_is_baseline(text, options))
        rc = load_baseline(&run, text, options->baselines_dir, host, err);
    else if (bench__is_directory(text))
        rc = add_directory(&run, text, err);
    else if (bench__file_exists(text))
        rc = add_file(&run, text, err);
    else
        rc = bench__error(err, BENCH_ENOTFOUND,
                          "'%.100s' is no file, no directory, and no baseline in %.100s "
                          "(benchctl baseline list shows them)",
                          text, options->baselines_dir);
    if (rc == 0)
        rc = check_names(run, text, err);
    if (rc != 0) {
        bench_run_free(run);
        return rc;
    }
    *out = run;
    return 0;
}

int benchctl_report(const bench_run *run, const bench_run *baseline,
                    const struct bench__verdict_options *how, const struct bench__gates *gates,
                    const struct bench__cli_options *options, bench_error *err) {
    struct bench__gates *own = NULL;
    bench_outcome outcome = {0};
    struct bench__style style;
    int rc = gates == NULL ? bench__cli_gates(&own, options, err) : 0;
    if (rc == 0) {
        rc = bench__judge(&outcome, run, baseline, gates != NULL ? gates : own, how, err);
    }
    if (rc == 0) {
        bench__cli_style(&style, options, stdout);
        rc = bench__cli_write_outputs(&outcome, options, &style, stdout, stderr, err);
    }
    if (rc == 0) {
        bench__cli_noise_add(&outcome, 0, options, NULL);
        rc = outcome.exit_code;
    }
    bench_outcome_clear(&outcome);
    bench__gates_free(own);
    return rc;
}

int benchctl_show(const struct bench__cli_options *options, bench_error *err) {
    bench_run *run = NULL;
    int rc = benchctl_load(&run, options->arguments.items[0], options, NULL, err);
    const struct bench__verdict_options how = {0};
    if (rc == 0)
        rc = benchctl_report(run, NULL, &how, NULL, options, err);
    bench_run_free(run);
    return rc;
}
