/*
 * Baselines as a tree of files: finding, loading and merging them. What stands in a file is the
 * business of result_read.c and result_write.c; verdicts are given elsewhere.
 */
#include "result/baseline.h"

#include "base/error.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "measure/host.h"
#include "result/model.h"
#include "result/pairs.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int no_memory(bench_error *err) {
    return bench__error(err, BENCH_ENOMEM, "out of memory for a baseline");
}

static int check_component(const char *what, const char *name, bench_error *err) {
    if (bench__is_safe_component(name)) {
        return 0;
    }
    struct bench__strbuf shown;
    bench__strbuf_init(&shown);
    bench__strbuf_add_safe(&shown, name);
    const char *text = bench__strbuf_text(&shown);
    const int rc = bench__error(err, BENCH_EINVAL,
                                "the %s \"%.120s\" cannot be the name of a file or directory", what,
                                text != NULL ? text : "");
    bench__strbuf_clear(&shown);
    return rc;
}

/* ---- listing --------------------------------------------------------------------------------- */

struct list {
    struct bench__baseline_entry *entries;
    size_t n, capacity;
};

void bench__baseline_list_free(struct bench__baseline_entry *entries, size_t n) {
    for (size_t i = 0; i < n; i++) {
        bench__free(entries[i].name);
        bench__free(entries[i].machine);
        bench__free(entries[i].suite);
        bench__free(entries[i].path);
    }
    bench__free(entries);
}

static int add_entry(struct list *list, const char *name, const char *machine, const char *file,
                     const char *path, bench_error *err) {
    struct stat status;
    const size_t length = strlen(file), tail = strlen(".json");
    if (length <= tail || strcmp(file + length - tail, ".json") != 0 || file[0] == '.') {
        return 0;
    }
    if (bench__grow(&list->entries, &list->capacity, list->n + 1, sizeof *list->entries) != 0) {
        return no_memory(err);
    }
    struct bench__baseline_entry *entry = &list->entries[list->n++];
    *entry = (struct bench__baseline_entry){.name = bench__strdup(name),
                                            .machine = bench__strdup(machine),
                                            .suite = bench__strndup(file, length - tail),
                                            .path = bench__strdup(path)};
    entry->size_bytes = stat(path, &status) == 0 ? (int64_t)status.st_size : -1;
    const int is_whole = entry->name != NULL && entry->machine != NULL && entry->suite != NULL &&
                         entry->path != NULL;
    return is_whole ? 0 : no_memory(err);
}

/* Calls itself for the three levels: 0 is <dir>, 1 a baseline, 2 a machine class. */
static int list_level(struct list *list, const char *path, int level, const char *const above[2],
                      bench_error *err) {
    char **names = NULL;
    size_t n = 0;
    int rc = bench__list_directory(&names, &n, path, err);
    for (size_t i = 0; i < n && rc == 0; i++) {
        char *child = bench__path_join(path, names[i]);
        if (child == NULL) {
            rc = no_memory(err);
        } else if (level == 2) {
            rc = add_entry(list, above[0], above[1], names[i], child, err);
        } else if (bench__is_safe_component(names[i]) && bench__is_directory(child)) {
            const char *const here[2] = {level == 0 ? names[i] : above[0],
                                         level == 0 ? NULL : names[i]};
            rc = list_level(list, child, level + 1, here, err);
        }
        bench__free(child);
    }
    bench__free_names(names, n);
    return rc;
}

int bench__baseline_list(struct bench__baseline_entry **out, size_t *out_n, const char *dir,
                         bench_error *err) {
    const char *const above[2] = {NULL, NULL};
    struct list list = {0};
    *out = NULL;
    *out_n = 0;
    const int rc = bench__is_directory(dir) ? list_level(&list, dir, 0, above, err) : 0;
    if (rc != 0) {
        bench__baseline_list_free(list.entries, list.n);
        return rc;
    }
    *out = list.entries;
    *out_n = list.n;
    return 0;
}

/* ---- loading --------------------------------------------------------------------------------- */

/* Moves everything of `from` to the end of `into`, which is then as new as the newer of the two. */
static int move_run(bench_run *into, bench_run *from) {
    if (strcmp(from->timestamp, into->timestamp) > 0) {
        memcpy(into->timestamp, from->timestamp, sizeof into->timestamp);
        memcpy(into->git_commit, from->git_commit, sizeof into->git_commit);
        memcpy(into->git_branch, from->git_branch, sizeof into->git_branch);
    }
    return bench__run_move(into, from);
}

/* Loads one more file into *run, which is NULL before the first. */
static int load_into(bench_run **run, const char *path, bench_error *err) {
    bench_run *more = NULL;
    int rc = bench_run_load(&more, path, err);
    if (rc != 0) {
        return rc;
    }
    if (*run == NULL) {
        *run = more;
        return 0;
    }
    rc = move_run(*run, more);
    bench_run_free(more);
    return rc == 0 ? 0 : no_memory(err);
}

static int is_wanted(const char *suite, const char *const *suites, size_t n_suites) {
    for (size_t i = 0; i < n_suites; i++) {
        if (strcmp(suites[i], suite) == 0) {
            return 1;
        }
    }
    return n_suites == 0;
}

struct query {
    const char *name;
    const char *const *suites;
    size_t n_suites;
};

static int answers(const struct bench__baseline_entry *entry, const struct query *query) {
    return strcmp(entry->name, query->name) == 0 &&
           is_wanted(entry->suite, query->suites, query->n_suites);
}

/* What the list has of a machine class; *out stays NULL when that is nothing. */
static int load_class(bench_run **out, const struct list *list, const struct query *query,
                      const char *machine, bench_error *err) {
    int rc = 0;
    for (size_t i = 0; i < list->n && rc == 0; i++) {
        if (answers(&list->entries[i], query) && strcmp(list->entries[i].machine, machine) == 0) {
            rc = load_into(out, list->entries[i].path, err);
        }
    }
    if (rc == 0 && *out != NULL) {
        bench__run_sort(*out);
    }
    if (rc != 0) {
        bench_run_free(*out);
        *out = NULL;
    }
    return rc;
}

/* Appends the names (or, of one baseline, the machine classes) in a list, each once. */
static void add_names(struct bench__strbuf *out, const struct list *list, const char *baseline) {
    const char *last = "";
    for (size_t i = 0; i < list->n; i++) {
        const struct bench__baseline_entry *entry = &list->entries[i];
        const char *text = baseline != NULL ? entry->machine : entry->name;
        if ((baseline == NULL || strcmp(entry->name, baseline) == 0) && strcmp(text, last) != 0) {
            bench__strbuf_add(out, *last != '\0' ? ", " : "");
            bench__strbuf_add_safe(out, text);
            last = text;
        }
    }
}

static const struct bench__baseline_entry *find_other(const struct list *list,
                                                      const struct query *query) {
    for (size_t i = 0; i < list->n; i++) {
        if (answers(&list->entries[i], query)) {
            return &list->entries[i];
        }
    }
    return NULL;
}

static int not_found(const struct list *list, const char *dir, const char *name, bench_error *err) {
    struct bench__strbuf names;
    int is_there = 0;
    for (size_t i = 0; i < list->n; i++) {
        is_there |= strcmp(list->entries[i].name, name) == 0;
    }
    bench__strbuf_init(&names);
    add_names(&names, list, NULL);
    const char *text = bench__strbuf_text(&names);
    const int rc =
        is_there
            ? bench__error(err, BENCH_ENOTFOUND,
                           "the baseline '%.100s' has none of the suites of this run", name)
            : bench__error(err, BENCH_ENOTFOUND, "there is no baseline '%.100s'; there %s%.180s",
                           name, list->n > 0 ? "are: " : "are none",
                           list->n > 0 && text != NULL ? text : "");
    bench__error_place(err, "%.270s", dir);
    bench__strbuf_clear(&names);
    return rc;
}

/* Tells that another machine's baseline is all there is. */
static void explain_other(const struct list *list, const char *name, const char *class,
                          bench_error *err) {
    struct bench__strbuf classes;
    bench__strbuf_init(&classes);
    add_names(&classes, list, name);
    const char *text = bench__strbuf_text(&classes);
    bench__error(err, BENCH_ENOTFOUND,
                 "the baseline '%.60s' has nothing for this machine (%s), only for: %.120s; to "
                 "compare here, measure both revisions on this machine (benchctl compare OLD NEW "
                 "with two executables)",
                 name, class, text != NULL ? text : "");
    bench__strbuf_clear(&classes);
}

int bench__baseline_load(bench_run **out, const char *dir, const char *name, const bench_host *host,
                         const char *const *suites, size_t n_suites, bench_error *err) {
    const struct query query = {.name = name, .suites = suites, .n_suites = n_suites};
    struct list list = {0};
    char class[64];
    *out = NULL;
    int rc = check_component("baseline", name, err);
    if (rc == 0) {
        rc = bench__baseline_list(&list.entries, &list.n, dir, err);
    }
    if (rc == 0) {
        bench__host_class(host, class);
        rc = load_class(out, &list, &query, class, err);
    }
    if (rc == 0 && *out == NULL) {
        const struct bench__baseline_entry *other = find_other(&list, &query);
        if (other == NULL) {
            rc = not_found(&list, dir, name, err);
        } else {
            rc = load_class(out, &list, &query, other->machine, err);
            if (rc == 0) {
                explain_other(&list, name, class, err);
            }
        }
    }
    bench__baseline_list_free(list.entries, list.n);
    return rc;
}

/* ---- saving ---------------------------------------------------------------------------------- */

/* A run that is put together from two: its results are copies that share everything but their
 * launches with the originals. */
struct merged {
    bench_run run;
    char *label;
};

static void merged_clear(struct merged *m) {
    for (size_t i = 0; i < m->run.n_results; i++) {
        bench__free(m->run.results[i].launches);
    }
    bench__free(m->run.results);
    bench__free(m->run.pairs);
    bench__free(m->run.calibrations);
    bench__free(m->label);
}

/* Whether a result of `source` goes into the file: what ran now, or what did not run now. */
static int belongs(const bench_result *result, const bench_run *run, const char *suite,
                   int is_new) {
    if (is_new) {
        return result->status == BENCH_STATUS_OK && strcmp(result->suite, suite) == 0;
    }
    const bench_result *newer = bench_run_find(run, result->name);
    return newer == NULL || !belongs(newer, run, suite, 1);
}

static int add_copy(struct merged *m, const bench_result *result, const int *map) {
    bench_launch *launches =
        bench__memdup(result->launches, result->n_launches, sizeof *result->launches);
    bench_result *copy = launches != NULL ? bench__run_add_result(&m->run) : NULL;
    if (copy == NULL) {
        bench__free(launches);
        return BENCH_ENOMEM;
    }
    *copy = *result;
    copy->launches = launches;
    for (size_t l = 0; l < copy->n_launches; l++) {
        const int calibration = launches[l].calibration;
        launches[l].calibration = calibration >= 0 ? map[calibration] : -1;
    }
    return 0;
}

/* Copies what belongs into the file from `source`, with the calibration readings that it names. */
static int add_from(struct merged *m, const bench_run *source, const bench_run *run,
                    const char *suite) {
    const int is_new = source == run;
    int *map = bench__alloc(source->n_calibrations, sizeof *map),
        rc = map != NULL ? 0 : BENCH_ENOMEM;
    for (size_t i = 0; i < source->n_results && rc == 0; i++) {
        const bench_result *result = &source->results[i];
        for (size_t l = 0; belongs(result, run, suite, is_new) && l < result->n_launches; l++) {
            if (result->launches[l].calibration >= 0) {
                map[result->launches[l].calibration] = 1;
            }
        }
    }
    for (size_t i = 0; i < source->n_calibrations && rc == 0; i++) {
        if (map[i]) {
            map[i] = (int)m->run.n_calibrations;
            bench_calibration *reading = bench__run_add_calibration(&m->run);
            rc = reading != NULL ? 0 : BENCH_ENOMEM;
            if (rc == 0) {
                *reading = source->calibrations[i];
            }
        }
    }
    for (size_t i = 0; i < source->n_results && rc == 0; i++) {
        if (belongs(&source->results[i], run, suite, is_new)) {
            rc = add_copy(m, &source->results[i], map);
        }
    }
    bench__free(map);
    return rc != 0 ? rc : bench__pairs_borrow(&m->run, source, run, suite);
}

static int write_merged(const bench_run *run, const bench_run *old, const char *name,
                        const char *suite, const char *path, bench_error *err) {
    struct merged m = {.run = *run, .label = bench__strdup(name)};
    m.run.label = m.label;
    m.run.results = NULL;
    m.run.pairs = NULL;
    m.run.calibrations = NULL;
    m.run.n_results = m.run.n_pairs = m.run.n_calibrations = 0;
    m.run.format_version = BENCH__FORMAT_VERSION;
    int rc = m.label != NULL ? add_from(&m, run, run, suite) : BENCH_ENOMEM;
    const size_t n_new = m.run.n_results;
    if (rc == 0 && old != NULL) {
        rc = add_from(&m, old, run, suite);
    }
    if (m.run.n_results > n_new) {
        bench__run_join_executable(&m.run, old);
    }
    if (rc != 0) {
        rc = no_memory(err);
    } else if (m.run.n_results > 0) {
        bench__run_sort(&m.run);
        rc = bench_run_save(&m.run, path, 0, err);
    }
    merged_clear(&m);
    return rc;
}

static int check_machine(const bench_run *run, const bench_run *old, const char *path,
                         bench_error *err) {
    char differences[200];
    if (bench__host_differences(&run->host, &old->host, differences, sizeof differences) == 0) {
        return 0;
    }
    const int rc = bench__error(err, BENCH_EFORMAT,
                                "is of another machine, although it stands among those of this "
                                "one: %s",
                                differences);
    bench__error_place(err, "%.200s: host", path);
    return rc;
}

static int save_suite(const bench_run *run, const char *directory, const char *name,
                      const char *suite, bench_error *err) {
    struct bench__strbuf path;
    bench_run *old = NULL;
    bench__strbuf_init(&path);
    bench__strbuf_addf(&path, "%s/%s.json", directory, suite);
    const char *text = bench__strbuf_text(&path);
    int rc = text != NULL ? 0 : no_memory(err);
    if (rc == 0 && bench__file_exists(text)) {
        rc = bench_run_load(&old, text, err);
    }
    if (rc == 0 && old != NULL) {
        rc = check_machine(run, old, text, err);
    }
    if (rc == 0) {
        rc = write_merged(run, old, name, suite, text, err);
    }
    bench_run_free(old);
    bench__strbuf_clear(&path);
    return rc;
}

static int is_first_of_suite(const bench_run *run, size_t i) {
    for (size_t j = 0; j < i; j++) {
        if (strcmp(run->results[j].suite, run->results[i].suite) == 0) {
            return 0;
        }
    }
    return 1;
}

static int save_suites(const bench_run *run, const char *directory, const char *name,
                       bench_error *err) {
    char class[64];
    bench__host_class(&run->host, class);
    char *machine = bench__path_join(directory, class);
    int rc = machine != NULL ? bench__make_directories(machine, err) : no_memory(err);
    const int fd = rc == 0 ? bench__lock_directory(directory, err) : -1;
    if (rc == 0 && fd < 0) {
        rc = fd;
    }
    for (size_t i = 0; i < run->n_results && rc == 0; i++) {
        if (is_first_of_suite(run, i)) {
            rc = save_suite(run, machine, name, run->results[i].suite, err);
        }
    }
    if (fd >= 0) {
        close(fd); /* and with it the lock */
    }
    bench__free(machine);
    return rc;
}

int bench__baseline_save(const bench_run *run, const char *dir, const char *name,
                         size_t *out_left_out, bench_error *err) {
    int rc = check_component("baseline", name, err);
    *out_left_out = 0;
    for (size_t i = 0; i < run->n_results && rc == 0; i++) {
        *out_left_out += run->results[i].status != BENCH_STATUS_OK;
        rc = check_component("suite", run->results[i].suite, err);
    }
    if (rc != 0) {
        return rc;
    }
    char *directory = bench__path_join(dir, name);
    rc = directory != NULL ? save_suites(run, directory, name, err) : no_memory(err);
    bench__free(directory);
    return rc;
}
