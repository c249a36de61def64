/*
 * local/executables.h - copies of the executables that made baselines, so that they can be measured
 * again beside a new one: <cache dir>/executables/<id>, and a note <id>.json beside each.
 *
 * An executable is named by its content (bench__executable_id), so one that several baselines share
 * is kept once. Only the file itself is kept: shared libraries of one's own are those of the day it
 * runs. Copies are made whole or not at all; whoever adds or removes some holds a lock on
 * <cache dir>/executables/.lock, and whoever reads must expect that a copy is gone the next moment.
 */
#ifndef BENCH_LOCAL_EXECUTABLES_H
#define BENCH_LOCAL_EXECUTABLES_H

#include "result/model.h"
#include <bench/common.h>

/**
 * The id of a file's content: two XXH64 hashes of it, of different seeds, as hexadecimal digits.
 * @param out_bytes receives the file's size; may be NULL.
 * @return 0, BENCH_ENOTFOUND, BENCH_EIO, BENCH_EINVAL for what is no regular file, BENCH_ENOMEM.
 */
int bench__executable_id(char out[BENCH__EXECUTABLE_ID_SIZE], int64_t *out_bytes, const char *path,
                         bench_error *err);

/** For whom an executable is kept, as the note says it; any of it may be NULL. */
struct bench__executable_origin {
    const char *baseline, *git_commit, *program;
};

/**
 * Copies the executable at `path` into the cache unless it is there; then removes what was not used
 * for longest until the cache has at most max_bytes, but never the one just kept.
 * @return 0; BENCH_EINVAL for an executable that is larger than that; BENCH_EFORMAT when its
 * content is not of that id; the errors of making a file. On an error the cache holds what it held.
 */
int bench__executables_keep(const char *path, const char *id, int64_t max_bytes,
                            const struct bench__executable_origin *origin, bench_error *err);

/**
 * The copy of an executable, with the content of its id: that is looked at, and a copy that was
 * damaged is removed. Counts as a use.
 * @param out_path to be freed with bench__free(); NULL on an error.
 * @return 0; BENCH_ENOTFOUND when there is none (err says so), BENCH_EIO, BENCH_ENOMEM.
 */
int bench__executables_find(char **out_path, const char *id, bench_error *err);

/** A kept executable; texts are owned and NULL when not known. */
struct bench__kept_executable {
    char id[BENCH__EXECUTABLE_ID_SIZE];
    int64_t bytes, used_at_ns; /* of the copy; since 1970 */
    char *program, *git_commit;
    char *baselines; /* names, joined by ", " */
    char kept_at[32];
};

/** All that are kept, the last used first; their content is not looked at. A cache that does not
 *  exist holds none. */
int bench__executables_list(struct bench__kept_executable **out, size_t *out_n, bench_error *err);
void bench__executables_list_free(struct bench__kept_executable *entries, size_t n);

struct bench__pruned {
    size_t n_removed, n_left;
    int64_t bytes_removed, bytes_left;
};
/** Removes what was not used for longest until at most max_bytes are left, and the remains of
 *  copies that were interrupted. What cannot be removed is an error, after all others were. */
int bench__executables_prune(int64_t max_bytes, struct bench__pruned *out, bench_error *err);

/** Where they are, whether or not it exists; NULL when no variable says where, or without memory.
 *  To be freed with bench__free(). */
char *bench__executables_dir(void);

#endif
