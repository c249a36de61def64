/* base/fs.h - files: whole reads, atomic writes, directories, safe names. */
#ifndef BENCH_BASE_FS_H
#define BENCH_BASE_FS_H

#include <bench/common.h>

/* Errors carry the path as their place. BENCH_ENOTFOUND when it does not exist, BENCH_ENOMEM, or
 * BENCH_EIO with sys_errno. */

/** Reads a whole file; *out is terminated by an extra NUL and freed with bench__free().
 *  Refuses directories, and more than max_bytes (0: 512 MiB) with BENCH_EFORMAT. */
int bench__read_file(char **out, size_t *out_n, const char *path, size_t max_bytes,
                     bench_error *err);
/** Replaces a file atomically: a temporary in the same directory, written, fsynced, renamed; the
 *  directory is fsynced. On any failure the old file stands and the temporary is gone. Symbolic
 *  links are followed and stay links; an existing file keeps its mode, a new one gets 0644 and the
 *  umask. A device or a pipe (/dev/null) cannot be replaced and is written to instead. */
int bench__write_file_atomic(const char *path, const void *data, size_t n, bench_error *err);
/** Writes everything to a descriptor, whatever interrupts it. @return 0 or an errno. */
int bench__write_all(int fd, const void *bytes, size_t n);
/** mkdir -p: no error when it exists already. */
int bench__make_directories(const char *path, bench_error *err);
/** Waits until nobody else has <path>/.lock, which it creates, and then has it for as long as the
 *  descriptor is open. @return that descriptor, or an error. */
int bench__lock_directory(const char *path, bench_error *err);
/** Names in a directory (without . and ..), sorted; free with bench__free_names(). */
int bench__list_directory(char ***out, size_t *out_n, const char *path, bench_error *err);
void bench__free_names(char **names, size_t n);
int bench__is_directory(const char *path);
/** Anything but a directory. */
int bench__file_exists(const char *path);
/** 1 when a name may become one path component: not empty, at most 100 bytes of valid UTF-8, no
 *  slash, no control characters, not starting with '.' or '-'. */
int bench__is_safe_component(const char *name);
/** Joins with '/', allocated. NULL without memory. */
char *bench__path_join(const char *a, const char *b);
/** First match of a program on PATH (or the name itself when it holds a '/'), allocated; NULL when
 *  there is none. */
char *bench__find_program(const char *name);

#endif
