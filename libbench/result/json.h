/*
 * result/json.h - the one wall around the JSON library: a writer whose output a person can diff,
 * and a typed reader whose errors name file, line and field.
 *
 * Writing: keys must be added in ascending order (asserted), numbers take the shortest form that
 * reads back exactly, and what is not finite becomes null. Nothing is parsed back or sorted, so the
 * same calls always give the same bytes.
 *
 * Reading: a missing field and null both mean "not there"; the reader of a field decides whether
 * that is allowed. Integers and reals are told apart.
 */
#ifndef BENCH_RESULT_JSON_H
#define BENCH_RESULT_JSON_H

#include "base/strbuf.h"
#include <bench/common.h>

/* ---- writing ----------------------------------------------------------------------------------
 */

enum bench__json_style {
    BENCH__JSON_BLOCK = 0, /* every element on a line of its own */
    BENCH__JSON_LINE       /* the container and all it holds on one line */
};

enum { BENCH__JSON_MAX_DEPTH = 16 };

/** Plain data; start with bench__json_writer_init(). Memory errors are kept in `out` (strbuf.h). */
struct bench__json_writer {
    struct bench__strbuf *out;
    int depth;
    int line_depth; /* depth of the outermost one-line container, 0 outside of one */
    struct {
        size_t n;
        const char *last_key;
    } level[BENCH__JSON_MAX_DEPTH];
};

void bench__json_writer_init(struct bench__json_writer *w, struct bench__strbuf *out);
/** In all of these `key` is NULL within an array and at the top. Keys are borrowed until their
 *  object is closed. */
void bench__json_object_open(struct bench__json_writer *w, const char *key,
                             enum bench__json_style style);
void bench__json_object_close(struct bench__json_writer *w);
void bench__json_array_open(struct bench__json_writer *w, const char *key,
                            enum bench__json_style style);
void bench__json_array_close(struct bench__json_writer *w);
/** Text in any encoding: what is not valid UTF-8 becomes U+FFFD. NULL is written as null. */
void bench__json_add_text(struct bench__json_writer *w, const char *key, const char *text);
void bench__json_add_double(struct bench__json_writer *w, const char *key, double value);
void bench__json_add_i64(struct bench__json_writer *w, const char *key, int64_t value);
void bench__json_add_u64(struct bench__json_writer *w, const char *key, uint64_t value);
void bench__json_add_bool(struct bench__json_writer *w, const char *key, int value);
void bench__json_add_null(struct bench__json_writer *w, const char *key);

/** The decimal number nearest to x with so many significant digits (1 to 15). */
double bench__round_digits(double x, int digits);
/** The same with so many decimals (0 to 15). */
double bench__round_decimals(double x, int decimals);

/* ---- reading ----------------------------------------------------------------------------------
 */

struct json_t;

/** A parsed text. `text` and `file` are borrowed and must outlive it. */
struct bench__json_doc {
    struct json_t *root;
    const char *file; /* for messages */
    const char *text;
    size_t first_line; /* number of the text's first line in its file, from 1 */
    bench_error *err;  /* where every reader below reports */
};

/** A value and the way to it. Plain data; a child borrows its parent. */
struct bench__json {
    const struct bench__json_doc *doc;
    const struct bench__json *parent;
    const char *key; /* NULL: element `index` of an array, or the root */
    size_t index;
    struct json_t *value; /* NULL when the field is missing */
};

/** Refuses duplicate keys, NaN, Infinity, invalid UTF-8, anything after the end. `text` must be
 *  terminated. @return 0, BENCH_EFORMAT, BENCH_ENOMEM. */
int bench__json_parse(struct bench__json_doc *doc, const char *file, size_t first_line,
                      const char *text, size_t n, bench_error *err);
void bench__json_clear(struct bench__json_doc *doc);
struct bench__json bench__json_root(const struct bench__json_doc *doc);

/** A field of an object; its value is NULL when it is missing (or `object` is no object). */
struct bench__json bench__json_get(const struct bench__json *object, const char *key);
/** An element of an array; its value is NULL beyond the end. */
struct bench__json bench__json_at(const struct bench__json *array, size_t index);
/** Elements of an array; 0 for anything else. */
size_t bench__json_length(const struct bench__json *array);
/** 1 when the field is missing or null. */
int bench__json_absent(const struct bench__json *value);
int bench__json_is_text(const struct bench__json *value);
int bench__json_is_object(const struct bench__json *value);

/** Sets the error "format" at the value's file, line and field. @return BENCH_EFORMAT. */
int bench__json_error(const struct bench__json *value, const char *format, ...) BENCH_PRINTF(2, 3);

/* Each of these returns 0, or reports a value of another type as BENCH_EFORMAT. */
int bench__json_expect_object(const struct bench__json *value);
int bench__json_expect_array(const struct bench__json *value);
/** Refuses fields of an object that are not in the list, with the nearest known name. */
int bench__json_expect_keys(const struct bench__json *object, const char *const *known, size_t n);
/** Checks that `root` is an object and its "format_version" from 1 to `newest`.
 *  @return 0, BENCH_EFORMAT, BENCH_EVERSION. */
int bench__json_check_version(const struct bench__json *root, int newest);
/** Any number, never NaN. */
int bench__json_read_double(double *out, const struct bench__json *value);
int bench__json_read_i64(int64_t *out, const struct bench__json *value);
int bench__json_read_u64(uint64_t *out, const struct bench__json *value); /* not negative */
int bench__json_read_bool(int *out, const struct bench__json *value);
/** Borrowed from the document. */
int bench__json_read_text(const char **out, const struct bench__json *value);
/** Text without control characters (a name may be printed, logged, turned into a path). */
int bench__json_read_name(const char **out, const struct bench__json *value);

#endif
