/*
 * The writer is a stream of calls into a string buffer. The reader wraps jansson; positions, which
 * jansson forgets, are found again by walking over the text, only when there is an error to report.
 * No knowledge of results here.
 */
#include "result/json.h"

#include "base/error.h"
#include "base/pattern.h"
#include "base/units.h"

#include <assert.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- writing ----------------------------------------------------------------------------------
 */

void bench__json_writer_init(struct bench__json_writer *w, struct bench__strbuf *out) {
    *w = (struct bench__json_writer){.out = out};
}

static void add_indent(struct bench__json_writer *w) {
    bench__strbuf_addc(w->out, '\n');
    for (int i = 0; i < w->depth; i++) {
        bench__strbuf_add(w->out, "  ");
    }
}

static void add_quoted(struct bench__strbuf *out, const char *text) {
    bench__strbuf_addc(out, '"');
    while (*text != '\0') {
        uint32_t point = 0;
        const size_t n = bench__utf8_decode(text, &point);
        if (n == 0) {
            bench__strbuf_add(out, "\\ufffd");
        } else if (point == '"' || point == '\\') {
            bench__strbuf_addc(out, '\\');
            bench__strbuf_addc(out, *text);
        } else if (bench__is_control(point)) {
            bench__strbuf_addf(out, "\\u%04" PRIx32, point);
        } else {
            bench__strbuf_addn(out, text, n);
        }
        text += n == 0 ? 1 : n;
    }
    bench__strbuf_addc(out, '"');
}

/* Everything that stands before a value: comma, line break, key. */
static void begin_value(struct bench__json_writer *w, const char *key) {
    const int within_line = w->line_depth != 0;
    if (w->depth > 0) {
        if (w->level[w->depth].n++ > 0) {
            bench__strbuf_add(w->out, within_line ? ", " : ",");
        }
        if (!within_line) {
            add_indent(w);
        }
    }
    if (key != NULL) {
        const char *last = w->level[w->depth].last_key;
        assert(last == NULL || strcmp(last, key) < 0);
        (void)last;
        w->level[w->depth].last_key = key;
        add_quoted(w->out, key);
        bench__strbuf_add(w->out, ": ");
    }
}

static void open_container(struct bench__json_writer *w, const char *key, char bracket,
                           enum bench__json_style style) {
    begin_value(w, key);
    bench__strbuf_addc(w->out, bracket);
    assert(w->depth + 1 < BENCH__JSON_MAX_DEPTH);
    w->depth++;
    w->level[w->depth].n = 0;
    w->level[w->depth].last_key = NULL;
    if (style == BENCH__JSON_LINE && w->line_depth == 0) {
        w->line_depth = w->depth;
    }
}

static void close_container(struct bench__json_writer *w, char bracket) {
    const size_t n = w->level[w->depth].n;
    const int within_line = w->line_depth != 0;
    if (w->line_depth == w->depth) {
        w->line_depth = 0;
    }
    w->depth--;
    if (n > 0 && !within_line) {
        add_indent(w);
    }
    bench__strbuf_addc(w->out, bracket);
    if (w->depth == 0) {
        bench__strbuf_addc(w->out, '\n');
    }
}

void bench__json_object_open(struct bench__json_writer *w, const char *key,
                             enum bench__json_style style) {
    open_container(w, key, '{', style);
}

void bench__json_object_close(struct bench__json_writer *w) {
    close_container(w, '}');
}

void bench__json_array_open(struct bench__json_writer *w, const char *key,
                            enum bench__json_style style) {
    open_container(w, key, '[', style);
}

void bench__json_array_close(struct bench__json_writer *w) {
    close_container(w, ']');
}

void bench__json_add_text(struct bench__json_writer *w, const char *key, const char *text) {
    if (text == NULL) {
        bench__json_add_null(w, key);
        return;
    }
    begin_value(w, key);
    add_quoted(w->out, text);
}

void bench__json_add_double(struct bench__json_writer *w, const char *key, double value) {
    char buf[40];
    if (!isfinite(value)) {
        bench__json_add_null(w, key);
        return;
    }
    begin_value(w, key);
    bench__strbuf_add(w->out, bench__format_shortest(buf, sizeof buf, value));
}

void bench__json_add_i64(struct bench__json_writer *w, const char *key, int64_t value) {
    begin_value(w, key);
    bench__strbuf_addf(w->out, "%" PRId64, value);
}

void bench__json_add_u64(struct bench__json_writer *w, const char *key, uint64_t value) {
    begin_value(w, key);
    bench__strbuf_addf(w->out, "%" PRIu64, value);
}

void bench__json_add_bool(struct bench__json_writer *w, const char *key, int value) {
    begin_value(w, key);
    bench__strbuf_add(w->out, value ? "true" : "false");
}

void bench__json_add_null(struct bench__json_writer *w, const char *key) {
    begin_value(w, key);
    bench__strbuf_add(w->out, "null");
}

/* Exact powers: a quotient or product of two exact doubles is the nearest one to the decimal. */
double bench__round_decimals(double x, int decimals) {
    static const double power[] = {1,    1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                   1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                   1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    if (decimals < -22 || decimals > 22) {
        return x;
    }
    const double scaled = decimals >= 0 ? x * power[decimals] : x / power[-decimals];
    if (!(fabs(scaled) < 9007199254740992.0)) {
        return x;
    }
    return decimals >= 0 ? nearbyint(scaled) / power[decimals]
                         : nearbyint(scaled) * power[-decimals];
}

double bench__round_digits(double x, int digits) {
    if (x == 0 || !isfinite(x)) {
        return x;
    }
    return bench__round_decimals(x, digits - 1 - (int)floor(log10(fabs(x))));
}

/* ---- where in the text ------------------------------------------------------------------------
 */

static const char *skip_space(const char *p) {
    return p + strspn(p, " \t\r\n");
}

static const char *skip_text(const char *p) {
    for (p++; *p != '"' && *p != '\0'; p++) {
        if (*p == '\\' && p[1] != '\0') {
            p++;
        }
    }
    return *p == '"' ? p + 1 : p;
}

/* Steps over one value of a text that has parsed. */
static const char *skip_value(const char *p) {
    size_t depth = 0;
    do {
        if (*p == '"') {
            p = skip_text(p);
        } else if (*p == '{' || *p == '[') {
            depth++;
            p++;
        } else if (*p == '}' || *p == ']') {
            depth--;
            p++;
        } else if (depth == 0) {
            return p + strcspn(p, ",]} \t\r\n");
        } else {
            p++;
        }
    } while (depth > 0 && *p != '\0');
    return p;
}

/* From '{' or '[' to the member or element wanted; the container itself when it is not there. */
static const char *find_child(const char *container, const struct bench__json *child) {
    const char *p = skip_space(container + 1);
    for (size_t i = 0; *p != '}' && *p != ']' && *p != '\0'; i++) {
        const char *start = p;
        if (*container == '{') {
            p = skip_space(skip_text(p));
            p = skip_space(p + 1);
        }
        const size_t length = child->key != NULL ? strlen(child->key) : 0;
        const int found = child->key == NULL ? i == child->index
                                             : strncmp(start + 1, child->key, length) == 0 &&
                                                   start[1 + length] == '"';
        if (found) {
            return p;
        }
        p = skip_space(skip_value(p));
        p = *p == ',' ? skip_space(p + 1) : p;
    }
    return container;
}

static const char *locate(const struct bench__json *value) {
    if (value->parent == NULL) {
        return skip_space(value->doc->text);
    }
    const char *container = locate(value->parent);
    return *container == '{' || *container == '[' ? find_child(container, value) : container;
}

static size_t line_of(const struct bench__json *value) {
    size_t line = value->doc->first_line;
    const char *end = locate(value);
    for (const char *p = value->doc->text; p < end; p++) {
        line += *p == '\n';
    }
    return line;
}

static void add_field_path(struct bench__strbuf *out, const struct bench__json *value) {
    if (value->parent == NULL) {
        return;
    }
    add_field_path(out, value->parent);
    if (value->key == NULL) {
        bench__strbuf_addf(out, "[%zu]", value->index);
    } else {
        bench__strbuf_add(out, out->n > 0 ? "." : "");
        bench__strbuf_add_safe(out, value->key);
    }
}

static int report(const struct bench__json *value, int code, const char *text) {
    if (value->doc->err != NULL && value->doc->err->code == 0) {
        struct bench__strbuf path;
        bench__strbuf_init(&path);
        add_field_path(&path, value);
        const char *field = bench__strbuf_text(&path);
        bench__error(value->doc->err, code, "%s", text);
        bench__error_place(value->doc->err, "%s:%zu%s%s", value->doc->file, line_of(value),
                           path.n > 0 ? ": " : "", field != NULL ? field : "");
        bench__strbuf_clear(&path);
    }
    return code;
}

int bench__json_error(const struct bench__json *value, const char *format, ...) {
    char text[300];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return report(value, BENCH_EFORMAT, text);
}

/* ---- reading ----------------------------------------------------------------------------------
 */

static int parse_error(const struct bench__json_doc *doc, const json_error_t *error, size_t n,
                       bench_error *err) {
    const size_t line = doc->first_line + (error->line > 0 ? (size_t)error->line - 1 : 0);
    int code = BENCH_EFORMAT;
    if (json_error_code(error) == json_error_out_of_memory) {
        code = bench__error(err, BENCH_ENOMEM, "out of memory");
    } else if (doc->text[strspn(doc->text, " \t\r\n")] == '\0' && strlen(doc->text) == n) {
        bench__error(err, code, "is empty");
    } else if (json_error_code(error) == json_error_premature_end_of_input) {
        bench__error(err, code, "ends too early: not the whole file is there");
    } else {
        bench__error(err, code, "is not valid JSON: %s", error->text);
    }
    bench__error_place(err, "%s:%zu", doc->file, line);
    return code;
}

int bench__json_parse(struct bench__json_doc *doc, const char *file, size_t first_line,
                      const char *text, size_t n, bench_error *err) {
    json_error_t error;
    *doc =
        (struct bench__json_doc){.file = file, .text = text, .first_line = first_line, .err = err};
    doc->root = json_loadb(text, n, JSON_REJECT_DUPLICATES, &error);
    return doc->root != NULL ? 0 : parse_error(doc, &error, n, err);
}

void bench__json_clear(struct bench__json_doc *doc) {
    json_decref(doc->root);
    doc->root = NULL;
}

struct bench__json bench__json_root(const struct bench__json_doc *doc) {
    return (struct bench__json){.doc = doc, .value = doc->root};
}

struct bench__json bench__json_get(const struct bench__json *object, const char *key) {
    return (struct bench__json){.doc = object->doc,
                                .parent = object,
                                .key = key,
                                .value = json_object_get(object->value, key)};
}

struct bench__json bench__json_at(const struct bench__json *array, size_t index) {
    return (struct bench__json){.doc = array->doc,
                                .parent = array,
                                .index = index,
                                .value = json_array_get(array->value, index)};
}

size_t bench__json_length(const struct bench__json *array) {
    return json_array_size(array->value);
}

int bench__json_absent(const struct bench__json *value) {
    return value->value == NULL || json_is_null(value->value);
}

int bench__json_is_text(const struct bench__json *value) {
    return json_is_string(value->value);
}

int bench__json_is_object(const struct bench__json *value) {
    return json_is_object(value->value);
}

static const char *type_name(const json_t *value) {
    static const char *const names[] = {[JSON_OBJECT] = "an object",
                                        [JSON_ARRAY] = "an array",
                                        [JSON_STRING] = "a string",
                                        [JSON_INTEGER] = "an integer",
                                        [JSON_REAL] = "a number with a fraction",
                                        [JSON_TRUE] = "true",
                                        [JSON_FALSE] = "false",
                                        [JSON_NULL] = "null"};
    return names[json_typeof(value)];
}

static int wrong_type(const struct bench__json *value, const char *wanted) {
    if (value->value == NULL) {
        return bench__json_error(value, "is missing: must be %s", wanted);
    }
    return bench__json_error(value, "must be %s, not %s", wanted, type_name(value->value));
}

int bench__json_expect_object(const struct bench__json *value) {
    return json_is_object(value->value) ? 0 : wrong_type(value, "an object");
}

int bench__json_expect_array(const struct bench__json *value) {
    return json_is_array(value->value) ? 0 : wrong_type(value, "an array");
}

static const char *nearest(const char *key, const char *const *known, size_t n) {
    const char *best = NULL;
    int best_distance = 3;
    for (size_t i = 0; i < n; i++) {
        const int distance = bench__edit_distance(key, known[i], best_distance - 1);
        if (distance < best_distance) {
            best_distance = distance;
            best = known[i];
        }
    }
    return best;
}

int bench__json_expect_keys(const struct bench__json *object, const char *const *known, size_t n) {
    const char *key;
    json_t *member;
    if (bench__json_expect_object(object) != 0) {
        return BENCH_EFORMAT;
    }
    json_object_foreach(object->value, key, member) {
        size_t i = 0;
        while (i < n && strcmp(known[i], key) != 0) {
            i++;
        }
        if (i == n) {
            const struct bench__json at = bench__json_get(object, key);
            const char *guess = nearest(key, known, n);
            return guess != NULL ? bench__json_error(&at, "is not known here; is it \"%s\"?", guess)
                                 : bench__json_error(&at, "is not known here");
        }
    }
    return 0;
}

int bench__json_check_version(const struct bench__json *root, int newest) {
    const struct bench__json field = bench__json_get(root, "format_version");
    int64_t version = 0;
    char text[120];
    if (bench__json_expect_object(root) != 0 || bench__json_read_i64(&version, &field) != 0) {
        return BENCH_EFORMAT;
    }
    if (version < 1) {
        return bench__json_error(&field, "must be at least 1");
    }
    if (version > newest) {
        snprintf(text, sizeof text,
                 "is %lld: this library reads versions up to %d; a newer libbench wrote the file",
                 (long long)version, newest);
        return report(&field, BENCH_EVERSION, text);
    }
    return 0;
}

int bench__json_read_double(double *out, const struct bench__json *value) {
    if (!json_is_number(value->value)) {
        return wrong_type(value, "a number");
    }
    *out = json_number_value(value->value);
    return 0;
}

int bench__json_read_i64(int64_t *out, const struct bench__json *value) {
    if (!json_is_integer(value->value)) {
        return wrong_type(value, "an integer");
    }
    *out = json_integer_value(value->value);
    return 0;
}

int bench__json_read_u64(uint64_t *out, const struct bench__json *value) {
    int64_t number = 0;
    if (bench__json_read_i64(&number, value) != 0) {
        return BENCH_EFORMAT;
    }
    if (number < 0) {
        return bench__json_error(value, "must not be negative");
    }
    *out = (uint64_t)number;
    return 0;
}

int bench__json_read_bool(int *out, const struct bench__json *value) {
    if (!json_is_boolean(value->value)) {
        return wrong_type(value, "true or false");
    }
    *out = json_is_true(value->value);
    return 0;
}

int bench__json_read_text(const char **out, const struct bench__json *value) {
    if (!json_is_string(value->value)) {
        return wrong_type(value, "a string");
    }
    *out = json_string_value(value->value);
    return 0;
}

int bench__json_read_name(const char **out, const struct bench__json *value) {
    if (bench__json_read_text(out, value) != 0) {
        return BENCH_EFORMAT;
    }
    for (const char *p = *out; *p != '\0';) {
        uint32_t point = 0;
        const size_t n = bench__utf8_decode(p, &point);
        if (n == 0 || bench__is_control(point)) {
            return bench__json_error(value, "holds a control character");
        }
        p += n;
    }
    return 0;
}
