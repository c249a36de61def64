/*
 * local/executable_file.h - the content of an executable: its id, and copying it.
 */
#ifndef BENCH_LOCAL_EXECUTABLE_FILE_H
#define BENCH_LOCAL_EXECUTABLE_FILE_H

#include "local/executables.h"

/** @return 1 when the file's content is of that id, 0 when it is not, else the error of
 *  bench__executable_id(). */
int bench__executable_has_id(const char *path, const char *id, bench_error *err);
/** Copies a file whose content is of that id to `target`: through `temporary`, a path beside it
 *  that nobody else uses, synced and renamed. On an error neither is changed.
 *  @return 0, BENCH_EFORMAT for another content, BENCH_ENOTFOUND, BENCH_EIO, BENCH_ENOMEM. */
int bench__executable_copy(const char *path, const char *id, const char *temporary,
                           const char *target, bench_error *err);
/** An error of the operating system about a path. @return BENCH_ENOTFOUND or BENCH_EIO. */
int bench__executable_error(bench_error *err, int sys_errno, const char *path, const char *what);

#endif
