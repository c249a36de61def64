/*
 * run/copies.h - fresh copies of an executable: the same program in other memory pages.
 *
 * A duel of an executable against a copy of itself shows what a machine calls a difference between
 * equals.
 */
#ifndef BENCH_RUN_COPIES_H
#define BENCH_RUN_COPIES_H

#include <bench/common.h>

struct bench__copies {
    char *dir; /* owned; NULL: none could be made */
    unsigned n_made;
};

/** Makes a private directory below $TMPDIR or /tmp. @return 0, BENCH_EIO, BENCH_ENOMEM. */
int bench__copies_open(struct bench__copies *copies, bench_error *err);
/** Copies an executable (NULL: this one). *out is to be given to bench__copies_drop().
 *  @return 0, BENCH_EIO, BENCH_ENOMEM. */
int bench__copies_make(char **out, struct bench__copies *copies, const char *path,
                       bench_error *err);
void bench__copies_drop(char *path);
void bench__copies_close(struct bench__copies *copies);

#endif
