/*
 * benchctl baseline list, check and accept: what is stored, whether it is whole, and replacing it
 * with a reason that stays beside it. Compares nothing.
 */
#include "result/baseline.h"
#include "base/error.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/table.h"
#include "base/units.h"
#include "cli/output.h"
#include "ctl/commands.h"
#include "local/executables.h"
#include "measure/host.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static int no_memory(bench_error *err) {
    return bench__error(err, BENCH_ENOMEM, "out of memory");
}

/* ---- list ---- */

struct cache {
    struct bench__kept_executable *kept;
    size_t n;
};

/* Whether the executable that made a baseline's file is here. */
static const char *executable_cell(const char *path, const struct cache *cache) {
    bench_run *run = NULL;
    bench_error ignored = {0};
    const char *cell = "not kept";
    if (bench_run_load(&run, path, &ignored) != 0)
        return "unreadable"; /* why, is for `baseline check` to say */
    if (run->executable_id[0] == '\0')
        cell = "not known";
    for (size_t i = 0; i < cache->n; i++) {
        if (strcmp(cache->kept[i].id, run->executable_id) == 0)
            cell = "kept";
    }
    bench_run_free(run);
    return cell;
}

static int add_row(struct bench__table *table, const struct bench__baseline_entry *entry,
                   const struct cache *cache) {
    char size[32];
    bench__format_bytes(size, sizeof size, (double)entry->size_bytes, 3);
    const char *cells[] = {entry->name, entry->machine, entry->suite, size,
                           executable_cell(entry->path, cache)};
    return bench__table_row(table, cells);
}

static int print_entries(const struct bench__baseline_entry *entries, size_t n,
                         const struct cache *cache, bench_error *err) {
    static const enum bench__align align[] = {BENCH__LEFT, BENCH__LEFT, BENCH__LEFT, BENCH__RIGHT,
                                              BENCH__LEFT};
    static const char *const titles[] = {"name", "machine", "suite", "size", "executable"};
    struct bench__strbuf text;
    bench__strbuf_init(&text);
    struct bench__table *table = bench__table_new(5, align);
    int rc = table != NULL ? bench__table_row(table, titles) : BENCH_ENOMEM;
    for (size_t i = 0; i < n && rc == 0; i++)
        rc = add_row(table, &entries[i], cache);
    if (rc == 0)
        bench__table_write(table, &text, 2);
    if (rc != 0 || text.failed)
        rc = no_memory(err);
    else
        fputs(bench__strbuf_text(&text), stdout);
    bench__strbuf_clear(&text);
    bench__table_free(table);
    return rc;
}

int benchctl_baseline_list(const struct bench__cli_options *options, bench_error *err) {
    struct bench__baseline_entry *entries = NULL;
    struct cache cache = {0};
    bench_error ignored = {0};
    size_t n = 0;
    int rc = bench__baseline_list(&entries, &n, options->baselines_dir, err);
    bench__executables_list(&cache.kept, &cache.n, &ignored); /* cannot be read: nothing is kept */
    if (rc == 0 && n == 0)
        printf("There are no baselines in %s.\n", options->baselines_dir);
    else if (rc == 0)
        rc = print_entries(entries, n, &cache, err);
    bench__executables_list_free(cache.kept, cache.n);
    bench__baseline_list_free(entries, n);
    return rc;
}

/* ---- check ---- */

static void print_problem(const bench_error *problem) {
    char line[sizeof problem->text + sizeof problem->place + 4];
    printf("%s\n", bench__error_line(problem, line, sizeof line));
}

/* A file must stand where a run of its machine and suite would look for it. */
static int check_place(const struct bench__baseline_entry *entry, const bench_run *run,
                       bench_error *err) {
    char machine[64];
    int rc = 0;
    bench__host_class(&run->host, machine);
    if (strcmp(machine, entry->machine) != 0)
        rc = bench__error(err, BENCH_EFORMAT,
                          "its machine is of class %s: it will never be found in %s", machine,
                          entry->machine);
    for (size_t i = 0; i < run->n_results && rc == 0; i++) {
        if (strcmp(run->results[i].suite, entry->suite) != 0)
            rc = bench__error(err, BENCH_EFORMAT, "'%.200s' does not belong to suite '%.60s'",
                              run->results[i].name, entry->suite);
    }
    bench__error_place(err, "%s", entry->path);
    return rc;
}

/* @return the number of problems, 0 or 1. */
static size_t check_entry(const struct bench__baseline_entry *entry) {
    bench_run *run = NULL;
    bench_error problem = {0};
    int rc = bench_run_load(&run, entry->path, &problem);
    if (rc == 0)
        rc = check_place(entry, run, &problem);
    bench_run_free(run);
    if (rc != 0)
        print_problem(&problem);
    return rc != 0;
}

static size_t check_gates(const struct bench__cli_options *options) {
    struct bench__gates *gates = NULL;
    bench_error problem = {0};
    int rc = bench__cli_gates(&gates, options, &problem);
    bench__gates_free(gates);
    if (rc != 0)
        print_problem(&problem);
    return rc != 0;
}

int benchctl_baseline_check(const struct bench__cli_options *options, bench_error *err) {
    struct bench__baseline_entry *entries = NULL;
    size_t n = 0;
    int rc = bench__baseline_list(&entries, &n, options->baselines_dir, err);
    if (rc != 0)
        return rc;
    size_t n_problems = check_gates(options);
    for (size_t i = 0; i < n; i++)
        n_problems += check_entry(&entries[i]);
    bench__baseline_list_free(entries, n);
    printf("%zu baseline file%s, %zu problem%s\n", n, n == 1 ? "" : "s", n_problems,
           n_problems == 1 ? "" : "s");
    return n_problems == 0 ? BENCH__EXIT_OK : BENCH__EXIT_USAGE;
}

/* ---- accept ---- */

static void add_entry(struct bench__strbuf *text, const bench_run *run, const char *reason) {
    char date[16], machine[64];
    struct tm utc;
    time_t now = time(NULL);
    gmtime_r(&now, &utc);
    strftime(date, sizeof date, "%Y-%m-%d", &utc);
    bench__host_class(&run->host, machine);
    bench__strbuf_addf(text, "- %s, %s", date, machine);
    if (run->git_commit[0] != '\0')
        bench__strbuf_addf(text, ", commit %s", run->git_commit);
    bench__strbuf_add(text, ": ");
    bench__strbuf_add_safe(text, reason);
    bench__strbuf_addc(text, '\n');
}

/* Adds a line to the baseline's ACCEPTED.md. */
static int record_reason(const char *path, const bench_run *run, const char *name,
                         const char *reason, bench_error *err) {
    char *before = NULL;
    size_t n = 0;
    int rc = bench__file_exists(path) ? bench__read_file(&before, &n, path, 0, err) : 0;
    if (rc != 0)
        return rc;
    struct bench__strbuf text;
    bench__strbuf_init(&text);
    if (before != NULL)
        bench__strbuf_addn(&text, before, n);
    else
        bench__strbuf_addf(&text, "# Why baseline %s is what it is\n\n", name);
    bench__free(before);
    add_entry(&text, run, reason);
    rc = text.failed ? no_memory(err) : bench__write_file_atomic(path, text.text, text.n, err);
    bench__strbuf_clear(&text);
    return rc;
}

static int record(const bench_run *run, const char *dir, const char *name, const char *reason,
                  bench_error *err) {
    char *home = bench__path_join(dir, name);
    char *path = home != NULL ? bench__path_join(home, "ACCEPTED.md") : NULL;
    int rc = path == NULL ? no_memory(err) : bench__make_directories(home, err);
    if (rc == 0)
        rc = record_reason(path, run, name, reason, err);
    bench__free(path);
    bench__free(home);
    return rc;
}

static int check_accept(const struct bench__cli_options *options, bench_error *err) {
    if (options->reason == NULL)
        return bench__error(err, BENCH_EINVAL,
                            "--reason is needed: cause, why necessary, mitigation tried");
    if (options->from == NULL)
        return bench__error(err, BENCH_EINVAL, "--from is needed: the results file to accept");
    if (!bench__is_safe_component(options->arguments.items[0]))
        return bench__error(err, BENCH_EINVAL, "'%.60s' is not a name for a baseline",
                            options->arguments.items[0]);
    return 0;
}

int benchctl_baseline_accept(const struct bench__cli_options *options, bench_error *err) {
    bench_run *run = NULL;
    size_t n_left_out = 0;
    int rc = check_accept(options, err);
    if (rc == 0)
        rc = bench_run_load(&run, options->from, err);
    if (rc != 0)
        return rc;
    const char *dir = options->baselines_dir, *name = options->arguments.items[0];
    rc = record(run, dir, name, options->reason, err);
    if (rc == 0)
        rc = bench__baseline_save(run, dir, name, &n_left_out, err);
    if (rc == 0)
        printf("Accepted %zu of %zu benchmark%s as baseline %s.\n", run->n_results - n_left_out,
               run->n_results, run->n_results == 1 ? "" : "s", name);
    if (rc == 0 && n_left_out > 0)
        fprintf(stderr, "%zu did not run to %s end and %s left out.\n", n_left_out,
                n_left_out == 1 ? "its" : "their", n_left_out == 1 ? "was" : "were");
    bench_run_free(run);
    return rc;
}
