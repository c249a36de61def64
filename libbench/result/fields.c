/*
 * One function to write a member and one to read it, by its type; rows and columns of them. Knows
 * types, not what the members mean.
 */
#include "result/fields.h"

#include "base/error.h"
#include "base/mem.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS 6 /* of what was measured: a micro-relative step, and a diff that can be read */

/* ---- writing ----------------------------------------------------------------------------------
 */

static void write_rounded(struct bench__json_writer *w, const char *key, double value) {
    bench__json_add_double(w, key, bench__round_digits(value, DIGITS));
}

static void write_estimate(struct bench__json_writer *w, const char *key,
                           const bench_estimate *estimate) {
    if (isnan(estimate->point)) {
        bench__json_add_null(w, key);
        return;
    }
    bench__json_object_open(w, key, BENCH__JSON_LINE);
    write_rounded(w, "lower", estimate->lower);
    write_rounded(w, "point", estimate->point);
    write_rounded(w, "upper", estimate->upper);
    bench__json_object_close(w);
}

static void write_i64(struct bench__json_writer *w, const char *key, int64_t value) {
    if (value < 0) {
        bench__json_add_null(w, key);
    } else {
        bench__json_add_i64(w, key, value);
    }
}

static void write_seed(struct bench__json_writer *w, const char *key, uint64_t seed) {
    char text[24];
    snprintf(text, sizeof text, "0x%016" PRIx64, seed);
    bench__json_add_text(w, key, text);
}

static void write_bits(struct bench__json_writer *w, const char *key, unsigned bits,
                       const char *const *names) {
    char text[200] = "";
    for (size_t i = 0, n = 0; names[i] != NULL; i++) {
        if (bits & 1u << i) {
            n += (size_t)snprintf(text + n, sizeof text - n, "%s%s", n > 0 ? "," : "", names[i]);
        }
    }
    bench__json_add_text(w, key, text);
}

static void write_object(const struct bench__write_context *context, const char *key,
                         const struct bench__field *field, const void *object) {
    bench__json_object_open(context->w, key, field->style);
    bench__fields_write(context, field->fields, object);
    bench__json_object_close(context->w);
}

static void write_field(const struct bench__write_context *context, const char *key,
                        const struct bench__field *field, const void *owner) {
    struct bench__json_writer *w = context->w;
    const void *member = (const char *)owner + field->offset;
    switch (field->type) {
    case BENCH__FIELD_BUFFER:
        bench__json_add_text(w, key, *(const char *)member != '\0' ? member : NULL);
        break;
    case BENCH__FIELD_TEXT:
    case BENCH__FIELD_NAME:
        bench__json_add_text(w, key, *(char *const *)member);
        break;
    case BENCH__FIELD_BOOL:
        bench__json_add_bool(w, key, *(const int *)member);
        break;
    case BENCH__FIELD_INT:
        write_i64(w, key, *(const int *)member);
        break;
    case BENCH__FIELD_I64:
        write_i64(w, key, *(const int64_t *)member);
        break;
    case BENCH__FIELD_U32:
        bench__json_add_u64(w, key, *(const uint32_t *)member);
        break;
    case BENCH__FIELD_U64:
        bench__json_add_u64(w, key, *(const uint64_t *)member);
        break;
    case BENCH__FIELD_SEED:
        write_seed(w, key, *(const uint64_t *)member);
        break;
    case BENCH__FIELD_SIGNED:
    case BENCH__FIELD_AMOUNT:
        write_rounded(w, key, *(const double *)member);
        break;
    case BENCH__FIELD_EXACT:
        bench__json_add_double(w, key, *(const double *)member);
        break;
    case BENCH__FIELD_ESTIMATE:
        write_estimate(w, key, member);
        break;
    case BENCH__FIELD_ENUM:
        bench__json_add_text(w, key, field->names[*(const unsigned *)member]);
        break;
    case BENCH__FIELD_BITS:
        write_bits(w, key, *(const unsigned *)member, field->names);
        break;
    case BENCH__FIELD_OBJECT:
        write_object(context, key, field, member);
        break;
    case BENCH__FIELD_CUSTOM:
        field->write(context, key, owner);
        break;
    }
}

void bench__fields_write(const struct bench__write_context *context,
                         const struct bench__fields *fields, const void *owner) {
    for (size_t i = 0; i < fields->n; i++) {
        write_field(context, fields->field[i].name, &fields->field[i], owner);
    }
}

static void write_column(const struct bench__write_context *context,
                         const struct bench__field *field, const void *owners, size_t stride,
                         size_t n, int (*keep)(const void *owner)) {
    bench__json_array_open(context->w, field->name,
                           field->type == BENCH__FIELD_CUSTOM ? field->style : BENCH__JSON_LINE);
    for (size_t i = 0; i < n; i++) {
        const void *owner = (const char *)owners + i * stride;
        if (keep == NULL || keep(owner)) {
            write_field(context, NULL, field, owner);
        }
    }
    bench__json_array_close(context->w);
}

void bench__columns_write(const struct bench__write_context *context, const char *key,
                          const struct bench__fields *fields, const void *owners, size_t stride,
                          size_t n, int (*keep)(const void *owner)) {
    bench__json_object_open(context->w, key, BENCH__JSON_BLOCK);
    for (size_t f = 0; f < fields->n; f++) {
        if (!fields->field[f].rows_only &&
            (context->with_samples || fields->field[f].in_baseline)) {
            write_column(context, &fields->field[f], owners, stride, n, keep);
        }
    }
    bench__json_object_close(context->w);
}

/* ---- reading ----------------------------------------------------------------------------------
 */

int bench__json_no_memory(const struct bench__json *value) {
    return bench__error(value->doc->err, BENCH_ENOMEM, "out of memory reading %s",
                        value->doc->file);
}

int bench__text_copy(char **out, const char *text, const struct bench__json *value) {
    bench__free(*out);
    *out = bench__strdup(text);
    return *out != NULL ? 0 : bench__json_no_memory(value);
}

static int read_buffer(char *out, size_t size, const struct bench__json *value) {
    const char *text = NULL;
    if (bench__json_read_text(&text, value) != 0) {
        return BENCH_EFORMAT;
    }
    if (strlen(text) >= size) {
        return bench__json_error(value, "is longer than %zu bytes", size - 1);
    }
    memcpy(out, text, strlen(text) + 1);
    return 0;
}

static int read_string(char **out, int is_name, const struct bench__json *value) {
    const char *text = NULL;
    const int rc =
        is_name ? bench__json_read_name(&text, value) : bench__json_read_text(&text, value);
    return rc != 0 ? rc : bench__text_copy(out, text, value);
}

static int read_limited(uint64_t *out, uint64_t most, const struct bench__json *value) {
    if (bench__json_read_u64(out, value) != 0) {
        return BENCH_EFORMAT;
    }
    return *out <= most ? 0 : bench__json_error(value, "must not be above %" PRIu64, most);
}

static int read_int(int *out, const struct bench__json *value) {
    uint64_t number = 0;
    const int rc = read_limited(&number, INT_MAX, value);
    *out = rc == 0 ? (int)number : *out;
    return rc;
}

static int read_u32(uint32_t *out, const struct bench__json *value) {
    uint64_t number = 0;
    const int rc = read_limited(&number, UINT32_MAX, value);
    *out = rc == 0 ? (uint32_t)number : *out;
    return rc;
}

static int read_i64(int64_t *out, const struct bench__json *value) {
    uint64_t number = 0;
    const int rc = bench__json_read_u64(&number, value);
    *out = rc == 0 ? (int64_t)number : *out;
    return rc;
}

static int read_seed(uint64_t *out, const struct bench__json *value) {
    const char *text = NULL;
    char *end = NULL;
    if (bench__json_read_text(&text, value) != 0) {
        return BENCH_EFORMAT;
    }
    errno = 0;
    *out = strncmp(text, "0x", 2) == 0 ? strtoull(text + 2, &end, 16) : 0;
    if (end == NULL || end == text + 2 || *end != '\0' || errno != 0 || text[2] == '-') {
        return bench__json_error(value, "must be 64 bits in hexadecimal, such as \"0x1f\"");
    }
    return 0;
}

static int read_amount(double *out, const struct bench__json *value) {
    if (bench__json_read_double(out, value) != 0) {
        return BENCH_EFORMAT;
    }
    return *out >= 0 ? 0 : bench__json_error(value, "must not be negative");
}

static int read_estimate(bench_estimate *out, const struct bench__json *value) {
    static const char *const keys[] = {"lower", "point", "upper"};
    double *const parts[] = {&out->lower, &out->point, &out->upper};
    int rc = bench__json_expect_object(value);
    for (size_t i = 0; i < 3 && rc == 0; i++) {
        const struct bench__json part = bench__json_get(value, keys[i]);
        if (!bench__json_absent(&part)) {
            rc = read_amount(parts[i], &part);
        }
    }
    return rc;
}

/* Index of the first n bytes of `text` in `names`; -1 when they are not there. */
static int find_name(const char *const *names, const char *text, size_t n) {
    for (int i = 0; names[i] != NULL; i++) {
        if (strlen(names[i]) == n && memcmp(names[i], text, n) == 0) {
            return i;
        }
    }
    return -1;
}

static int read_enum(unsigned *out, const char *const *names, const struct bench__json *value) {
    const char *text = NULL;
    if (bench__json_read_text(&text, value) != 0) {
        return BENCH_EFORMAT;
    }
    const int i = find_name(names, text, strlen(text));
    if (i < 0) {
        return bench__json_error(value, "has a value that is not known: \"%.60s\"", text);
    }
    *out = (unsigned)i;
    return 0;
}

static int read_bits(unsigned *out, const char *const *names, const struct bench__json *value) {
    const char *text = NULL;
    if (bench__json_read_text(&text, value) != 0) {
        return BENCH_EFORMAT;
    }
    *out = 0;
    while (*text != '\0') {
        const size_t n = strcspn(text, ",");
        const int i = find_name(names, text, n);
        if (i < 0) {
            return bench__json_error(value, "has a value that is not known: \"%.60s\"", text);
        }
        *out |= 1u << i;
        text += n + (text[n] == ',');
    }
    return 0;
}

static int read_field(const struct bench__field *field, void *owner,
                      const struct bench__json *value) {
    void *member = (char *)owner + field->offset;
    if (bench__json_absent(value)) {
        return 0;
    }
    switch (field->type) {
    case BENCH__FIELD_BUFFER:
        return read_buffer(member, field->size, value);
    case BENCH__FIELD_TEXT:
    case BENCH__FIELD_NAME:
        return read_string(member, field->type == BENCH__FIELD_NAME, value);
    case BENCH__FIELD_BOOL:
        return bench__json_read_bool(member, value);
    case BENCH__FIELD_INT:
        return read_int(member, value);
    case BENCH__FIELD_I64:
        return read_i64(member, value);
    case BENCH__FIELD_U32:
        return read_u32(member, value);
    case BENCH__FIELD_U64:
        return bench__json_read_u64(member, value);
    case BENCH__FIELD_SEED:
        return read_seed(member, value);
    case BENCH__FIELD_SIGNED:
        return bench__json_read_double(member, value);
    case BENCH__FIELD_AMOUNT:
    case BENCH__FIELD_EXACT:
        return read_amount(member, value);
    case BENCH__FIELD_ESTIMATE:
        return read_estimate(member, value);
    case BENCH__FIELD_ENUM:
        return read_enum(member, field->names, value);
    case BENCH__FIELD_BITS:
        return read_bits(member, field->names, value);
    case BENCH__FIELD_OBJECT:
        return bench__fields_read(field->fields, member, value);
    case BENCH__FIELD_CUSTOM:
        return field->read(owner, value);
    }
    return BENCH_EFORMAT;
}

int bench__fields_read(const struct bench__fields *fields, void *owner,
                       const struct bench__json *object) {
    int rc = bench__json_expect_object(object);
    for (size_t i = 0; i < fields->n && rc == 0; i++) {
        const struct bench__json value = bench__json_get(object, fields->field[i].name);
        rc = read_field(&fields->field[i], owner, &value);
    }
    return rc;
}

int bench__columns_read(const struct bench__fields *fields, void *owners, size_t stride, size_t n,
                        const struct bench__json *object) {
    int rc = bench__json_expect_object(object);
    for (size_t f = 0; f < fields->n && rc == 0; f++) {
        const struct bench__json column = bench__json_get(object, fields->field[f].name);
        if (bench__json_absent(&column) || fields->field[f].rows_only) {
            continue;
        }
        rc = bench__json_expect_array(&column);
        if (rc == 0 && bench__json_length(&column) != n) {
            rc = bench__json_error(&column, "must have %zu element%s, not %zu", n,
                                   n == 1 ? "" : "s", bench__json_length(&column));
        }
        for (size_t i = 0; i < n && rc == 0; i++) {
            const struct bench__json value = bench__json_at(&column, i);
            rc = read_field(&fields->field[f], (char *)owners + i * stride, &value);
        }
    }
    return rc;
}
