/* measure/sysfile.h - small files of /proc and /sys, or of a copy of them below a root, for tests.
 */
#ifndef BENCH_MEASURE_SYSFILE_H
#define BENCH_MEASURE_SYSFILE_H

#include <stddef.h>
#include <stdint.h>

/** Opens root + path for reading (root is "" for the machine itself). @return the fd or -1. */
int bench__sysfile_open(const char *root, const char *path);
/** The start of the file, as much as fits; always terminated, "" when it cannot be read.
 *  @return bytes read, or -1. Allocates nothing. */
long bench__sysfile_read(const char *root, const char *path, char *buf, size_t size);
/** The first line without blanks around it. @return its length, or -1 with buf "". */
long bench__sysfile_line(const char *root, const char *path, char *buf, size_t size);
/** A decimal number at the start of the first line. @return it, or -1. */
int64_t bench__sysfile_i64(const char *root, const char *path);

#endif
