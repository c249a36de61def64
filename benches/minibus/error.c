/* The texts of the result codes, and errors with a text of their own. */
#include "minibus/error.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

static const char *const texts[] = {
    [-MB_OK] = "ok",
    [-MB_ENOMEM] = "out of memory",
    [-MB_EINVAL] = "invalid argument",
    [-MB_ESYSTEM] = "the operating system refused",
    [-MB_EFORMAT] = "not an encoded message",
    [-MB_EVERSION] = "encoded by another version",
    [-MB_ELIMIT] = "message is too large",
    [-MB_ESHARED] = "message is shared",
    [-MB_EQUEUEFULL] = "queue is full",
    [-MB_EEMPTY] = "queue is empty",
    [-MB_ETIMEOUT] = "timed out",
    [-MB_ECLOSED] = "broker is closed",
    [-MB_ENOROUTE] = "no route matches",
    [-MB_EUNREACHABLE] = "server is unreachable",
    [-MB_EUNAVAILABLE] = "built without this backend",
    [-MB_EREFUSED] = "refused by the server",
    [-MB_ELOST] = "connection lost",
    [-MB_ECONFLICT] = "histories contradict each other",
    [-MB_EPEER] = "the other side is gone",
    [-MB_ENOTPENDING] = "delivery is not pending",
};

const char *mb_error_text(int code) {
    const int n_texts = (int)(sizeof texts / sizeof texts[0]);
    const char *text = code <= 0 && code > -n_texts ? texts[-code] : NULL;
    return text ? text : "unknown error";
}

int mb__fail(mb_error *error, int code, const char *format, ...) {
    if (!error) {
        return code;
    }
    va_list args;
    va_start(args, format);
    vsnprintf(error->text, sizeof error->text, format, args);
    va_end(args);
    for (char *c = error->text; *c; c++) { /* parts of it may come from outside */
        if ((unsigned char)*c < 0x20 || *c == 0x7f) {
            *c = '?';
        }
    }
    error->code = code;
    return code;
}
