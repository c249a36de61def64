/* Reading the files of tests/data/reference: lines of a name and numbers (make_reference.R). */
#ifndef TEST_STATS_REFERENCE_H
#define TEST_STATS_REFERENCE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct line {
    char name[32];
    size_t n;
    double *v;
};

struct reference {
    size_t n;
    struct line *lines;
};

static inline void read_line(struct line *line, char *text) {
    char *end = text + strcspn(text, " \n");
    snprintf(line->name, sizeof line->name, "%.*s", (int)(end - text), text);
    line->v = calloc(strlen(end) + 1, sizeof *line->v);
    assert_non_null(line->v);
    for (char *at = end;; at = end) {
        double value = strtod(at, &end);
        if (end == at) {
            break;
        }
        line->v[line->n++] = value;
    }
}

static inline struct reference reference_load(const char *subject) {
    char path[512], *text = NULL;
    size_t size = 0;
    struct reference out = {0, NULL};
    snprintf(path, sizeof path, "%s/reference/%s.txt", TEST_DATA_DIR, subject);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (getline(&text, &size, file) > 0) {
        if (text[0] == '#') {
            continue;
        }
        out.lines = realloc(out.lines, (out.n + 1) * sizeof *out.lines);
        assert_non_null(out.lines);
        out.lines[out.n] = (struct line){.n = 0};
        read_line(&out.lines[out.n++], text);
    }
    free(text);
    fclose(file);
    assert_true(out.n > 0);
    return out;
}

static inline void reference_free(struct reference *reference) {
    for (size_t i = 0; i < reference->n; i++) {
        free(reference->lines[i].v);
    }
    free(reference->lines);
}

static inline int is(const struct line *line, const char *name) {
    return strcmp(line->name, name) == 0;
}

/* `tolerance` is relative to the expected value; two NANs are equal. */
static inline void assert_near(double actual, double expected, double tolerance, const char *what) {
    double allowed = fmax(tolerance * fabs(expected), tolerance * 1e-30);
    if (!(fabs(actual - expected) <= allowed) && !(isnan(actual) && isnan(expected)) &&
        actual != expected) {
        fail_msg("%s: %.17g, expected %.17g", what, actual, expected);
    }
}

static inline void assert_between(double actual, double low, double high, const char *what) {
    if (!(actual >= low && actual <= high)) {
        fail_msg("%s: %.6g is not in %.6g ... %.6g", what, actual, low, high);
    }
}

#endif
