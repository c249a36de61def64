/*
 * One option's value, from text to its field in struct bench__cli_options, with every check that
 * concerns this option alone. Where the text came from, and which options go together, is decided
 * in options.c.
 */
#include "base/error.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/pattern.h"
#include "base/units.h"
#include "cli/options.h"
#include "result/gates.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static int no_memory(bench_error *err) {
    return bench__error(err, BENCH_ENOMEM, "out of memory");
}

static int store_text(char **field, const char *text, bench_error *err) {
    char *copy = bench__strdup(text);
    if (copy == NULL)
        return no_memory(err);
    bench__free(*field);
    *field = copy;
    return 0;
}

int bench__texts_add(struct bench__texts *texts, const char *text, bench_error *err) {
    char *copy = bench__strdup(text);
    if (copy == NULL ||
        bench__grow(&texts->items, &texts->capacity, texts->n + 1, sizeof *texts->items) != 0) {
        bench__free(copy);
        return no_memory(err);
    }
    texts->items[texts->n++] = copy;
    return 0;
}

void bench__texts_clear(struct bench__texts *texts) {
    for (size_t i = 0; i < texts->n; i++)
        bench__free(texts->items[i]);
    bench__free(texts->items);
    *texts = (struct bench__texts){0};
}

/* ---- texts ---- */

static int is_one_line(const char *text) {
    for (; *text != '\0'; text++) {
        if (iscntrl((unsigned char)*text))
            return 0;
    }
    return 1;
}

static int check_text(const char *text, bench_error *err) {
    if (text[strspn(text, " ")] == '\0' || !is_one_line(text))
        return bench__error(err, BENCH_EINVAL, "'%.60s' is not one line of text", text);
    return 0;
}

static int check_path(const char *text, bench_error *err) {
    if (*text == '\0')
        return bench__error(err, BENCH_EINVAL, "a path is needed, not an empty text");
    return 0;
}

static int check_name(const char *text, bench_error *err) {
    if (!bench__is_safe_component(text))
        return bench__error(err, BENCH_EINVAL,
                            "'%.60s' is not a name for a baseline: up to 100 characters, no '/', "
                            "not starting with '.' or '-'",
                            text);
    return 0;
}

static int check_pattern(const char *text, bench_error *err) {
    struct bench__pattern *pattern = NULL;
    int rc = bench__pattern_new(&pattern, text, err);
    bench__pattern_free(pattern);
    return rc;
}

/* NAME=V1,V2 without an empty name or value. */
static int check_param(const char *text, bench_error *err) {
    const char *equals = strchr(text, '=');
    int ok = equals != NULL && equals > text;
    for (const char *value = equals; ok && value != NULL; value = strchr(value + 1, ','))
        ok = value[1] != '\0' && value[1] != ',';
    if (!ok)
        return bench__error(err, BENCH_EINVAL,
                            "'%.60s' does not have the form NAME=VALUE or NAME=VALUE,VALUE,...",
                            text);
    return 0;
}

static int set_text(void *field, const struct bench__option *option, const char *text,
                    bench_error *err) {
    static int (*const checks[])(const char *, bench_error *) = {
        [BENCH__KIND_TEXT] = check_text,       [BENCH__KIND_NAME] = check_name,
        [BENCH__KIND_FILE] = check_path,       [BENCH__KIND_DIRECTORY] = check_path,
        [BENCH__KIND_PATTERN] = check_pattern, [BENCH__KIND_PARAM] = check_param,
    };
    int rc = checks[option->kind](text, err);
    if (rc != 0)
        return rc;
    return option->repeatable ? bench__texts_add(field, text, err) : store_text(field, text, err);
}

/* ---- numbers ---- */

static int set_integer(void *field, const struct bench__option *option, const char *text,
                       bench_error *err) {
    int64_t value;
    int rc = bench__parse_i64(&value, text, err);
    if (rc != 0)
        return rc;
    if ((double)value < option->min || (double)value > option->max)
        return bench__error(err, BENCH_EINVAL, "'%.60s' is not between %.0f and %.0f", text,
                            option->min, option->max);
    *(int64_t *)field = value;
    return 0;
}

static int set_seed(void *field, const struct bench__option *option, const char *text,
                    bench_error *err) {
    (void)option;
    uint64_t value = 0;
    int ok = *text != '\0';
    for (const char *p = text; *p != '\0' && ok; p++)
        ok = isdigit((unsigned char)*p) && !__builtin_mul_overflow(value, 10, &value) &&
             !__builtin_add_overflow(value, (unsigned)(*p - '0'), &value);
    if (!ok)
        return bench__error(err, BENCH_EINVAL, "'%.60s' is not an integer from 0 to 2^64-1", text);
    *(uint64_t *)field = value;
    return 0;
}

static int set_duration(void *field, const struct bench__option *option, const char *text,
                        bench_error *err) {
    int64_t ns;
    int rc = bench__parse_duration_ns(&ns, text, err);
    if (rc != 0)
        return rc;
    if ((double)ns < option->min || (double)ns > option->max)
        return bench__error(err, BENCH_EINVAL, "'%.60s' is not between %.0f ms and %.0f h", text,
                            option->min / 1e6, option->max / 3600e9);
    *(int64_t *)field = ns;
    return 0;
}

static int set_fraction(void *field, const struct bench__option *option, const char *text,
                        bench_error *err) {
    double value;
    char low[32], high[32];
    int rc = bench__parse_fraction(&value, text, err);
    if (rc != 0)
        return rc;
    if (value < option->min || value > option->max)
        return bench__error(err, BENCH_EINVAL, "'%.60s' is not between %s and %s", text,
                            bench__format_percent(low, sizeof low, option->min, 4, 0),
                            bench__format_percent(high, sizeof high, option->max, 4, 0));
    *(double *)field = value;
    return 0;
}

static int set_size(void *field, const struct bench__option *option, const char *text,
                    bench_error *err) {
    double bytes;
    char unit[24] = "";
    const int is_size = bench__parse_quantity(&bytes, unit, text, NULL) == 0 &&
                        (strcmp(unit, "bytes") == 0 || strcmp(unit, "1") == 0) &&
                        strchr(text, '%') == NULL;
    if (!is_size || bytes > option->max || (bytes > 0 && bytes < 1))
        return bench__error(err, BENCH_EINVAL,
                            "'%.60s' is not a size up to 1024 TiB: write it as 512MiB, 2GB or 0",
                            text);
    *(int64_t *)field = (int64_t)bytes;
    return 0;
}

/* ---- words ---- */

static int set_flag(void *field, const struct bench__option *option, const char *text,
                    bench_error *err) {
    static const char *const words[] = {"0", "1", "no", "yes", "false", "true", "off", "on"};
    (void)option;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcasecmp(text, words[i]) == 0) {
            *(int *)field = i % 2;
            return 0;
        }
    }
    return bench__error(err, BENCH_EINVAL, "'%.60s' is neither yes nor no (nor 1 or 0)", text);
}

static int set_choice(void *field, const struct bench__option *option, const char *text,
                      bench_error *err) {
    char list[100] = "";
    for (int i = 0; option->choices[i] != NULL; i++) {
        if (strcmp(text, option->choices[i]) == 0) {
            *(int *)field = i;
            return 0;
        }
        strncat(list, i == 0 ? "" : ", ", sizeof list - strlen(list) - 1);
        strncat(list, option->choices[i], sizeof list - strlen(list) - 1);
    }
    return bench__error(err, BENCH_EINVAL, "'%.60s' is none of: %s", text, list);
}

static int set_fail_on(void *field, const struct bench__option *option, const char *text,
                       bench_error *err) {
    (void)option;
    return bench__fail_on_parse(field, text, err);
}

/* ---- any ---- */

int bench__option_set(struct bench__cli_options *options, const struct bench__option *option,
                      const char *text, bench_error *err) {
    static int (*const setters[])(void *, const struct bench__option *, const char *,
                                  bench_error *) = {
        [BENCH__KIND_FLAG] = set_flag,         [BENCH__KIND_INTEGER] = set_integer,
        [BENCH__KIND_SEED] = set_seed,         [BENCH__KIND_DURATION] = set_duration,
        [BENCH__KIND_FRACTION] = set_fraction, [BENCH__KIND_CHOICE] = set_choice,
        [BENCH__KIND_SIZE] = set_size,         [BENCH__KIND_FAIL_ON] = set_fail_on,
    };
    void *field = (char *)options + option->offset;
    bench_error why = {0};
    int rc = option->kind >= BENCH__KIND_TEXT ? set_text(field, option, text, &why)
                                              : setters[option->kind](field, option, text, &why);
    return rc == 0 ? 0 : bench__error(err, rc, "--%s: %s", option->name, why.text);
}

static size_t width(enum bench__option_kind kind) {
    switch (kind) {
    case BENCH__KIND_FLAG:
    case BENCH__KIND_CHOICE:
    case BENCH__KIND_FAIL_ON:
        return sizeof(int);
    default:
        return sizeof(int64_t); /* a double is as wide */
    }
}

void bench__option_unset(struct bench__cli_options *options, const struct bench__option *option) {
    void *field = (char *)options + option->offset;
    if (option->repeatable) {
        bench__texts_clear(field);
    } else if (option->kind >= BENCH__KIND_TEXT) {
        bench__free(*(char **)field);
        *(char **)field = NULL;
    } else {
        memset(field, 0, width(option->kind));
    }
}
