/* Golden files: expected output kept as it is, compared byte by byte. */
#include "support/golden.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *read_all(const char *path) {
    FILE *in = fopen(path, "rb");
    if (in == NULL) {
        return NULL;
    }
    char *text = NULL;
    size_t n = 0;
    FILE *copy = open_memstream(&text, &n);
    for (int c; copy != NULL && (c = getc(in)) != EOF;) {
        putc(c, copy);
    }
    fclose(in);
    if (copy != NULL) {
        fclose(copy);
    }
    return text;
}

static void write_all(const char *text, const char *path) {
    FILE *out = fopen(path, "wb");
    if (out == NULL || fputs(text, out) < 0 || fclose(out) != 0) {
        fail_msg("cannot write %s", path);
    }
}

void assert_golden(const char *text, const char *path) {
    if (getenv("BENCH_UPDATE_GOLDEN") != NULL) {
        write_all(text, path);
        return;
    }
    char *expected = read_all(path);
    if (expected == NULL) {
        fail_msg("cannot read %s", path);
        return;
    }
    const char *a = text;
    const char *b = expected;
    int line = 1;
    while (strcspn(a, "\n") == strcspn(b, "\n") && strncmp(a, b, strcspn(a, "\n") + 1) == 0 &&
           *a != '\0') {
        a += strcspn(a, "\n") + 1;
        b += strcspn(b, "\n") + 1;
        line++;
    }
    if (strcmp(a, b) != 0) {
        fail_msg("%s:%d\nexpected: %.*s\n     got: %.*s", path, line, (int)strcspn(b, "\n"), b,
                 (int)strcspn(a, "\n"), a);
    }
    free(expected);
}
