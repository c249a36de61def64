/*
 * local/executable_note.h - what is written beside a kept executable: for whom it was kept. For
 * people only; nothing is decided by it, so a note that cannot be read is one that says nothing.
 */
#ifndef BENCH_LOCAL_EXECUTABLE_NOTE_H
#define BENCH_LOCAL_EXECUTABLE_NOTE_H

#include <bench/common.h>

enum { BENCH__NOTE_MAX_BASELINES = 16 };

/** All owned; NULL or empty is not known. */
struct bench__executable_note {
    char *program;    /* the last component of its path, never more of it */
    char *git_commit; /* of the working directory it was run in */
    char kept_at[32]; /* UTC, RFC 3339; first time */
    char *baselines[BENCH__NOTE_MAX_BASELINES];
    size_t n_baselines;
};

/** A file that is missing or makes no sense gives an empty note. @return 0 or BENCH_ENOMEM, with an
 *  empty note. */
int bench__executable_note_load(struct bench__executable_note *note, const char *path);
int bench__executable_note_save(const struct bench__executable_note *note, const char *path,
                                bench_error *err);
/** Adds a name unless it is there; when there is no room the oldest goes.
 *  @return 0 or BENCH_ENOMEM. */
int bench__executable_note_add_baseline(struct bench__executable_note *note, const char *name);
void bench__executable_note_clear(struct bench__executable_note *note);

#endif
