/*
 * The cache of executables: copying in, looking up, listing, removing. Decides neither what is kept
 * nor what is done with it.
 */
#include "local/executables.h"

#include "base/error.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "base/units.h"
#include "local/dirs.h"
#include "local/executable_file.h"
#include "local/executable_note.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int no_memory(bench_error *err) {
    return bench__error(err, BENCH_ENOMEM, "out of memory");
}

static int pass_on(bench_error *err, const bench_error *why) {
    if (err != NULL && err->code == 0) {
        *err = *why;
    }
    return why->code;
}

/* ---- places ---------------------------------------------------------------------------------- */

char *bench__executables_dir(void) {
    char *cache = bench__cache_dir();
    char *dir = cache != NULL ? bench__path_join(cache, "executables") : NULL;
    bench__free(cache);
    return dir;
}

/* NULL has two causes: one is tried out. */
static int find_dir(char **out, bench_error *err) {
    *out = bench__executables_dir();
    if (*out != NULL) {
        return 0;
    }
    char *anything = bench__strdup("");
    const int has_memory = anything != NULL;
    bench__free(anything);
    return has_memory ? bench__error(err, BENCH_ENOTFOUND,
                                     "there is no place for it: none of BENCH_CACHE_DIR, "
                                     "XDG_CACHE_HOME and HOME says where")
                      : no_memory(err);
}

/* <dir>/<id><suffix>; NULL without memory. */
static char *path_of(const char *dir, const char *id, const char *suffix) {
    struct bench__strbuf path;
    bench__strbuf_init(&path);
    bench__strbuf_addf(&path, "%s/%s%s", dir, id, suffix);
    return bench__strbuf_steal(&path);
}

/* The cache, made when it is not there, and locked. */
struct store {
    char *dir;
    int lock;
};

static int store_open(struct store *store, bench_error *err) {
    store->lock = -1;
    int rc = find_dir(&store->dir, err);
    rc = rc == 0 ? bench__make_directories(store->dir, err) : rc;
    if (rc == 0) {
        store->lock = bench__lock_directory(store->dir, err);
        rc = store->lock < 0 ? store->lock : 0;
    }
    return rc;
}

static void store_close(struct store *store) {
    if (store->lock >= 0) {
        close(store->lock); /* and with it the lock */
    }
    bench__free(store->dir);
}

/* ---- listing --------------------------------------------------------------------------------- */

struct list {
    struct bench__kept_executable *entries;
    size_t n, capacity;
};

void bench__executables_list_free(struct bench__kept_executable *entries, size_t n) {
    for (size_t i = 0; i < n; i++) {
        bench__free(entries[i].program);
        bench__free(entries[i].git_commit);
        bench__free(entries[i].baselines);
    }
    bench__free(entries);
}

/* What the note beside an executable says, moved or copied into its entry. */
static int add_note(struct bench__kept_executable *entry, const char *dir) {
    struct bench__executable_note note;
    char *path = path_of(dir, entry->id, ".json");
    if (path == NULL || bench__executable_note_load(&note, path) != 0) {
        bench__free(path);
        return BENCH_ENOMEM;
    }
    struct bench__strbuf names;
    bench__strbuf_init(&names);
    for (size_t i = 0; i < note.n_baselines; i++) {
        bench__strbuf_addf(&names, "%s%s", i > 0 ? ", " : "", note.baselines[i]);
    }
    const int failed = names.failed;
    entry->baselines = note.n_baselines > 0 ? bench__strbuf_steal(&names) : NULL;
    entry->program = note.program;
    entry->git_commit = note.git_commit;
    note.program = note.git_commit = NULL;
    memcpy(entry->kept_at, note.kept_at, sizeof entry->kept_at);
    bench__executable_note_clear(&note);
    bench__free(path);
    return failed ? BENCH_ENOMEM : 0;
}

/* A file may claim any time: what is beyond the year 2262 is "very late". */
static int64_t nanoseconds(const struct timespec *time) {
    int64_t ns;
    const int is_beyond = __builtin_mul_overflow((int64_t)time->tv_sec, INT64_C(1000000000), &ns) ||
                          __builtin_add_overflow(ns, (int64_t)time->tv_nsec, &ns);
    return !is_beyond ? ns : time->tv_sec < 0 ? INT64_MIN : INT64_MAX;
}

static int add_entry(struct list *list, const char *dir, const char *id) {
    struct stat status;
    char *path = bench__executable_id_is_valid(id) ? path_of(dir, id, "") : bench__strdup("");
    if (path == NULL) {
        return BENCH_ENOMEM;
    }
    const int is_one = path[0] != '\0' && lstat(path, &status) == 0 && S_ISREG(status.st_mode);
    bench__free(path);
    if (!is_one) {
        return 0; /* none of ours, or gone since the directory was read */
    }
    if (bench__grow(&list->entries, &list->capacity, list->n + 1, sizeof *list->entries) != 0) {
        return BENCH_ENOMEM;
    }
    struct bench__kept_executable *entry = &list->entries[list->n++];
    snprintf(entry->id, sizeof entry->id, "%s", id);
    entry->bytes = status.st_size;
    entry->used_at_ns = nanoseconds(&status.st_mtim);
    return add_note(entry, dir);
}

static int last_used_first(const void *a, const void *b) {
    const struct bench__kept_executable *x = a, *y = b;
    const int order = (x->used_at_ns < y->used_at_ns) - (x->used_at_ns > y->used_at_ns);
    return order != 0 ? order : strcmp(x->id, y->id);
}

static int list_dir(struct list *list, const char *dir, bench_error *err) {
    char **names = NULL;
    size_t n = 0;
    int rc = bench__is_directory(dir) ? bench__list_directory(&names, &n, dir, err) : 0;
    for (size_t i = 0; i < n && rc == 0; i++) {
        rc = add_entry(list, dir, names[i]) != 0 ? no_memory(err) : 0;
    }
    bench__free_names(names, n);
    if (rc != 0) {
        bench__executables_list_free(list->entries, list->n);
        *list = (struct list){0};
    } else if (list->n > 1) {
        qsort(list->entries, list->n, sizeof *list->entries, last_used_first);
    }
    return rc;
}

int bench__executables_list(struct bench__kept_executable **out, size_t *out_n, bench_error *err) {
    struct list list = {0};
    bench_error ignored = {0};
    char *dir = NULL;
    int rc = find_dir(&dir, &ignored);
    if (rc == 0) {
        rc = list_dir(&list, dir, err);
    } else {
        rc = rc == BENCH_ENOTFOUND ? 0 : no_memory(err);
    }
    bench__free(dir);
    *out = list.entries;
    *out_n = list.n;
    return rc;
}

/* ---- removing -------------------------------------------------------------------------------- */

static int remove_file(const char *dir, const char *name, const char *suffix, bench_error *err) {
    char *path = path_of(dir, name, suffix);
    if (path == NULL) {
        return no_memory(err);
    }
    const int rc = unlink(path) != 0 && errno != ENOENT
                       ? bench__executable_error(err, errno, path, "cannot be removed")
                       : 0;
    bench__free(path);
    return rc;
}

static int remove_entry(const char *dir, const char *id, bench_error *err) {
    const int rc = remove_file(dir, id, "", err);
    return rc == 0 ? remove_file(dir, id, ".json", err) : rc;
}

/* Files of ours that belong to nothing: nobody is writing them, since the cache is locked. */
static int is_remains(const char *dir, const char *name) {
    const size_t n = strlen(name);
    if (name[0] == '.' && n > 4 && strcmp(name + n - 4, ".tmp") == 0) {
        return 1;
    }
    char id[BENCH__EXECUTABLE_ID_SIZE];
    snprintf(id, sizeof id, "%s", name);
    if (!bench__executable_id_is_valid(id) || strcmp(name + sizeof id - 1, ".json") != 0) {
        return 0;
    }
    char *path = path_of(dir, id, "");
    const int is_alone = path != NULL && access(path, F_OK) != 0 && errno == ENOENT;
    bench__free(path);
    return is_alone;
}

static int remove_remains(const char *dir, bench_error *err) {
    char **names = NULL;
    size_t n = 0;
    int rc = bench__list_directory(&names, &n, dir, err);
    for (size_t i = 0; i < n; i++) {
        if (is_remains(dir, names[i])) {
            const int failed = remove_file(dir, names[i], "", err);
            rc = rc == 0 ? failed : rc;
        }
    }
    bench__free_names(names, n);
    return rc;
}

/* Of a locked cache; `spared` is an id that stays whatever its age, or "". */
static int prune(const char *dir, int64_t max_bytes, const char *spared, struct bench__pruned *out,
                 bench_error *err) {
    struct list list = {0};
    int rc = remove_remains(dir, err);
    const int failed = list_dir(&list, dir, err);
    *out = (struct bench__pruned){.n_left = list.n};
    for (size_t i = 0; i < list.n; i++) {
        out->bytes_left += list.entries[i].bytes;
    }
    for (size_t i = list.n; i-- > 0 && out->bytes_left > max_bytes;) {
        const struct bench__kept_executable *entry = &list.entries[i];
        if (strcmp(entry->id, spared) == 0) {
            continue;
        }
        const int code = remove_entry(dir, entry->id, err);
        rc = rc == 0 ? code : rc;
        if (code == 0) {
            out->n_left--;
            out->n_removed++;
            out->bytes_left -= entry->bytes;
            out->bytes_removed += entry->bytes;
        }
    }
    bench__executables_list_free(list.entries, list.n);
    return rc == 0 ? failed : rc;
}

int bench__executables_prune(int64_t max_bytes, struct bench__pruned *out, bench_error *err) {
    struct store store;
    bench_error ignored = {0};
    char *dir = NULL;
    *out = (struct bench__pruned){0};
    int rc = find_dir(&dir, &ignored);
    const int is_there = rc == 0 && bench__is_directory(dir);
    bench__free(dir);
    if (!is_there) {
        return rc == BENCH_ENOMEM ? no_memory(err) : 0;
    }
    rc = store_open(&store, err);
    rc = rc == 0 ? prune(store.dir, max_bytes, "", out, err) : rc;
    store_close(&store);
    return rc;
}

/* ---- keeping --------------------------------------------------------------------------------- */

static int check_size(const char *path, int64_t max_bytes, bench_error *err) {
    struct stat status;
    char size[32], room[32];
    if (stat(path, &status) != 0) {
        return bench__executable_error(err, errno, path, "cannot be read");
    }
    if (status.st_size <= max_bytes) {
        return 0;
    }
    return bench__error(err, BENCH_EINVAL,
                        "it has %s, and the whole cache may have %s (--cache-size)",
                        bench__format_bytes(size, sizeof size, (double)status.st_size, 3),
                        bench__format_bytes(room, sizeof room, (double)max_bytes, 3));
}

static int copy_in(const char *dir, const char *path, const char *id, bench_error *err) {
    char *temporary = path_of(dir, ".copy", ".tmp"), *target = path_of(dir, id, "");
    const int rc = temporary != NULL && target != NULL
                       ? bench__executable_copy(path, id, temporary, target, err)
                       : no_memory(err);
    bench__free(temporary);
    bench__free(target);
    return rc;
}

static int set_text(char **out, const char *text) {
    char *copy = text != NULL && text[0] != '\0' ? bench__strdup(text) : NULL;
    if (text != NULL && text[0] != '\0' && copy == NULL) {
        return BENCH_ENOMEM;
    }
    bench__free(*out);
    *out = copy;
    return 0;
}

/* The note says what is known now, and all names that were ever given. */
static int update_note(const char *dir, const char *id,
                       const struct bench__executable_origin *origin, bench_error *err) {
    struct bench__executable_note note;
    char *path = path_of(dir, id, ".json");
    int rc = path != NULL ? bench__executable_note_load(&note, path) : BENCH_ENOMEM;
    if (rc != 0) {
        bench__free(path);
        return no_memory(err);
    }
    if (note.kept_at[0] == '\0') {
        const time_t now = time(NULL);
        struct tm utc;
        gmtime_r(&now, &utc);
        strftime(note.kept_at, sizeof note.kept_at, "%Y-%m-%dT%H:%M:%SZ", &utc);
    }
    rc = set_text(&note.program, origin->program);
    rc = rc == 0 ? set_text(&note.git_commit, origin->git_commit) : rc;
    if (rc == 0 && origin->baseline != NULL) {
        rc = bench__executable_note_add_baseline(&note, origin->baseline);
    }
    rc = rc == 0 ? bench__executable_note_save(&note, path, err) : no_memory(err);
    bench__executable_note_clear(&note);
    bench__free(path);
    return rc;
}

/* Marks a copy as used now; in a cache that is read-only nothing is ever removed by age. */
static void touch(const char *path) {
    (void)utimensat(AT_FDCWD, path, NULL, 0);
}

/* Of an open cache. The note and the removal of others are not worth a failure: the copy is there.
 */
static int keep(const char *dir, const char *path, const char *id, int64_t max_bytes,
                const struct bench__executable_origin *origin, bench_error *err) {
    struct bench__pruned pruned;
    bench_error ignored = {0};
    char *kept = path_of(dir, id, "");
    if (kept == NULL) {
        return no_memory(err);
    }
    int rc = 0;
    if (bench__executable_has_id(kept, id, &ignored) == 1) {
        touch(kept);
    } else {
        rc = copy_in(dir, path, id, err);
    }
    bench__free(kept);
    if (rc == 0) {
        bench_error unused = {0};
        update_note(dir, id, origin, &unused);
        prune(dir, max_bytes, id, &pruned, &unused);
    }
    return rc;
}

/* For a cache that cannot be written, which may hold it all the same; dir may be NULL. */
static int is_there(const char *dir, const char *id) {
    bench_error ignored = {0};
    char *kept = dir != NULL ? path_of(dir, id, "") : NULL;
    const int is_so = kept != NULL && bench__executable_has_id(kept, id, &ignored) == 1;
    bench__free(kept);
    return is_so;
}

int bench__executables_keep(const char *path, const char *id, int64_t max_bytes,
                            const struct bench__executable_origin *origin, bench_error *err) {
    struct store store;
    if (!bench__executable_id_is_valid(id)) {
        return bench__error(err, BENCH_EINVAL, "'%.60s' is not the id of an executable", id);
    }
    int rc = check_size(path, max_bytes, err);
    if (rc != 0) {
        return rc;
    }
    bench_error why = {0};
    rc = store_open(&store, &why);
    if (rc == 0) {
        rc = keep(store.dir, path, id, max_bytes, origin, err);
    } else {
        rc = is_there(store.dir, id) ? 0 : pass_on(err, &why);
    }
    store_close(&store);
    return rc;
}

/* ---- finding --------------------------------------------------------------------------------- */

static int not_kept(const char *why, bench_error *err) {
    return bench__error(err, BENCH_ENOTFOUND, "the executable is not kept on this machine%s", why);
}

/* Looks once more, since somebody may have replaced it by a good one. */
static void remove_damaged(const char *dir, const char *path, const char *id) {
    bench_error ignored = {0};
    const int lock = bench__lock_directory(dir, &ignored);
    if (lock >= 0) {
        if (bench__executable_has_id(path, id, NULL) == 0) {
            remove_entry(dir, id, NULL);
        }
        close(lock);
    }
}

/* A copy that came back from somewhere without its permissions gets them again. */
static int make_executable(const char *path, bench_error *err) {
    if (access(path, X_OK) == 0 || (chmod(path, 0755) == 0 && access(path, X_OK) == 0)) {
        return 0;
    }
    return bench__executable_error(err, errno, path, "cannot be executed");
}

static int look_up(const char *dir, const char *path, const char *id, bench_error *err) {
    bench_error why = {0};
    const int rc = bench__executable_has_id(path, id, &why);
    if (rc == 1) {
        touch(path);
        return make_executable(path, err);
    }
    if (rc == 0) {
        remove_damaged(dir, path, id);
        return not_kept(" any more: its copy was damaged", err);
    }
    if (rc == BENCH_ENOTFOUND || rc == BENCH_EINVAL) {
        return not_kept("", err);
    }
    return pass_on(err, &why);
}

int bench__executables_find(char **out_path, const char *id, bench_error *err) {
    char *dir = NULL;
    *out_path = NULL;
    if (!bench__executable_id_is_valid(id)) {
        return not_kept(": it is not known which one that was", err);
    }
    int rc = find_dir(&dir, err);
    char *path = rc == 0 ? path_of(dir, id, "") : NULL;
    if (rc == 0) {
        rc = path != NULL ? look_up(dir, path, id, err) : no_memory(err);
    }
    bench__free(dir);
    if (rc != 0) {
        bench__free(path);
        return rc;
    }
    *out_path = path;
    return 0;
}
