/*
 * result/fields.h - tables that say which member of a struct is which field of a file, so that
 * writing and reading cannot drift apart.
 *
 * A table is sorted by name. Reading a field that is missing or null leaves the member as the
 * struct's init function made it: "not measured".
 */
#ifndef BENCH_RESULT_FIELDS_H
#define BENCH_RESULT_FIELDS_H

#include "result/json.h"
#include <bench/result.h>

enum bench__field_type {
    BENCH__FIELD_BUFFER,   /* char[size]; "" is null */
    BENCH__FIELD_TEXT,     /* char *, owned; NULL is null */
    BENCH__FIELD_NAME,     /* the same without control characters */
    BENCH__FIELD_BOOL,     /* int */
    BENCH__FIELD_INT,      /* int; -1 is null */
    BENCH__FIELD_I64,      /* int64_t; -1 is null */
    BENCH__FIELD_U32,      /* uint32_t */
    BENCH__FIELD_U64,      /* uint64_t */
    BENCH__FIELD_SEED,     /* uint64_t as "0x..." : JSON numbers do not reach that far */
    BENCH__FIELD_SIGNED,   /* double, 6 digits; NAN is null, in all of these */
    BENCH__FIELD_AMOUNT,   /* double, never negative, 6 digits */
    BENCH__FIELD_EXACT,    /* double, never negative, all digits */
    BENCH__FIELD_ESTIMATE, /* bench_estimate, never negative, 6 digits, on one line */
    BENCH__FIELD_ENUM,     /* an enum by `names` */
    BENCH__FIELD_BITS,     /* unsigned by `names`, as "one,two" */
    BENCH__FIELD_OBJECT,   /* a struct by `fields`; within a block, on a line of its own */
    BENCH__FIELD_CUSTOM    /* by `write` and `read` */
};

/** What a writer wants written. */
struct bench__write_context {
    struct bench__json_writer *w;
    int with_samples;             /* 0: only the fields marked `in_baseline` of each launch */
    const bench_outcome *outcome; /* of the whole run, or NULL */
};

struct bench__fields;

struct bench__field {
    const char *name;
    enum bench__field_type type;
    size_t offset;                      /* of the member */
    int in_baseline;                    /* in columns: written without samples too */
    int rows_only;                      /* not in columns */
    size_t size;                        /* of a BUFFER */
    const char *const *names;           /* of an ENUM or of BITS, NULL at the end */
    const struct bench__fields *fields; /* of an OBJECT */
    enum bench__json_style style;       /* of an OBJECT; of a CUSTOM column */
    /* CUSTOM: the member's owner, not the member. `read` is only called with a value. */
    void (*write)(const struct bench__write_context *context, const char *key, const void *owner);
    int (*read)(void *owner, const struct bench__json *value);
};

struct bench__fields {
    size_t n;
    const struct bench__field *field;
};

#define BENCH__FIELD(type_, name_, owner, member)                                                  \
    .name = (name_), .type = BENCH__FIELD_##type_, .offset = offsetof(owner, member)
#define BENCH__FIELDS(array)                                                                       \
    { sizeof(array) / sizeof *(array), (array) }

/** Writes every field of a table into the open object. */
void bench__fields_write(const struct bench__write_context *context,
                         const struct bench__fields *fields, const void *owner);
int bench__fields_read(const struct bench__fields *fields, void *owner,
                       const struct bench__json *object);

/** The same for n owners, `stride` bytes apart, as one array per field: `{"a": [1, 2], "b": [3,
 * 4]}`. `keep` says which of them to write; NULL is all. */
void bench__columns_write(const struct bench__write_context *context, const char *key,
                          const struct bench__fields *fields, const void *owners, size_t stride,
                          size_t n, int (*keep)(const void *owner));
/** Columns must have n elements. */
int bench__columns_read(const struct bench__fields *fields, void *owners, size_t stride, size_t n,
                        const struct bench__json *object);

/** Copies a text; reports the lack of memory at the value. @return 0 or BENCH_ENOMEM. */
int bench__text_copy(char **out, const char *text, const struct bench__json *value);
int bench__json_no_memory(const struct bench__json *value);

#endif
