/*
 * base/error.h - filling a caller's bench_error. The first error wins; err may be NULL everywhere
 * but in bench__error_line. Control characters and invalid UTF-8 in texts and places become '?'.
 */
#ifndef BENCH_BASE_ERROR_H
#define BENCH_BASE_ERROR_H

#include <bench/common.h>
#include <stdarg.h>

/** Sets code and text unless an error is already there. @return code, as in
 *  `return bench__error(...)`. */
int bench__error(bench_error *err, int code, const char *format, ...) BENCH_PRINTF(3, 4);
/** The same, with ": strerror(sys_errno)" appended to the text and sys_errno kept. */
int bench__error_sys(bench_error *err, int code, int sys_errno, const char *format, ...)
    BENCH_PRINTF(4, 5);
/** Sets the place unless there is one already; does nothing when there is no error. */
void bench__error_place(bench_error *err, const char *format, ...) BENCH_PRINTF(2, 3);
/** "place: text", or the text alone, into buf (terminated, cut to size). @return buf. */
const char *bench__error_line(const bench_error *err, char *buf, size_t size);

#endif
