/*
 * Filling a caller's bench_error, and the public names of codes and version.
 * Text that reaches an error may come from a file or a command line, so control characters and cut
 * UTF-8 sequences are made harmless here. Nothing is allocated: an error must fit when memory is
 * out.
 */
#include "base/error.h"
#include "base/strbuf.h"
#include <stdio.h>
#include <string.h>

/* Replaces, byte by byte, whatever may not be shown; the text keeps its length. */
static void make_printable(char *text) {
    while (*text != '\0') {
        uint32_t point;
        size_t n = bench__utf8_decode(text, &point);
        if (n == 0) {
            *text++ = '?';
            continue;
        }
        if (bench__is_control(point))
            memset(text, '?', n);
        text += n;
    }
}

static void set_text(bench_error *err, int code, int sys_errno, const char *format, va_list args)
    BENCH_PRINTF(4, 0);

static void set_text(bench_error *err, int code, int sys_errno, const char *format, va_list args) {
    err->code = code;
    err->sys_errno = sys_errno;
    vsnprintf(err->text, sizeof err->text, format, args);
    if (sys_errno != 0) {
        size_t n = strlen(err->text);
        snprintf(err->text + n, sizeof err->text - n, ": %s", strerror(sys_errno));
    }
    make_printable(err->text);
}

int bench__error(bench_error *err, int code, const char *format, ...) {
    if (err != NULL && err->code == 0) {
        va_list args;
        va_start(args, format);
        set_text(err, code, 0, format, args);
        va_end(args);
    }
    return code;
}

int bench__error_sys(bench_error *err, int code, int sys_errno, const char *format, ...) {
    if (err != NULL && err->code == 0) {
        va_list args;
        va_start(args, format);
        set_text(err, code, sys_errno, format, args);
        va_end(args);
    }
    return code;
}

void bench__error_place(bench_error *err, const char *format, ...) {
    if (err == NULL || err->code == 0 || err->place[0] != '\0')
        return;
    va_list args;
    va_start(args, format);
    vsnprintf(err->place, sizeof err->place, format, args);
    va_end(args);
    make_printable(err->place);
}

const char *bench__error_line(const bench_error *err, char *buf, size_t size) {
    const char *separator = err->place[0] != '\0' ? ": " : "";
    snprintf(buf, size, "%s%s%s", err->place, separator, err->text);
    return buf;
}

const char *bench_error_name(int code) {
    static const char *const names[] = {
        "BENCH_OK",      "BENCH_ENOMEM",       "BENCH_EINVAL",       "BENCH_EIO",
        "BENCH_EFORMAT", "BENCH_EVERSION",     "BENCH_ENOTFOUND",    "BENCH_EEXIST",
        "BENCH_ESYSTEM", "BENCH_EINTERRUPTED", "BENCH_EUNSUPPORTED",
    };
    const int n = (int)(sizeof names / sizeof names[0]);
    return code <= 0 && code > -n ? names[-code] : "BENCH_E?";
}

const char *bench_version(void) {
    return BENCH_VERSION;
}
