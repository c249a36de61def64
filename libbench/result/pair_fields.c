/*
 * The format of a pair: its table, and the array of its launches. docs/json-format.md explains the
 * fields. The estimates are written for other readers; here they follow from the launches again.
 */
#include "result/pairs.h"

#include "result/model.h"
#include "result/result_fields.h"
#include "stats/paired.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#define MAX_LOG_RATIO 700 /* beyond, a ratio is no double */

static const struct bench__field change_fields[] = {
    {BENCH__FIELD(SIGNED, "lower", bench_estimate, lower)},
    {BENCH__FIELD(SIGNED, "point", bench_estimate, point)},
    {BENCH__FIELD(SIGNED, "upper", bench_estimate, upper)},
};
static const struct bench__fields change_table = BENCH__FIELDS(change_fields);

static void write_log_ratio(const struct bench__write_context *context, const char *key,
                            const void *owner) {
    const bench_pair_result *pair = owner;
    bench__json_array_open(context->w, key, BENCH__JSON_LINE);
    for (size_t i = 0; i < pair->n_launches; i++) {
        bench__json_add_double(context->w, NULL, pair->log_ratio[i]);
    }
    bench__json_array_close(context->w);
}

static int read_log_ratio(void *owner, const struct bench__json *value) {
    int rc = bench__json_expect_array(value);
    if (rc == 0 && bench__json_length(value) > BENCH__MAX_LAUNCHES) {
        rc = bench__json_error(value, "must have at most %d elements", BENCH__MAX_LAUNCHES);
    }
    for (size_t i = 0; i < bench__json_length(value) && rc == 0; i++) {
        const struct bench__json at = bench__json_at(value, i);
        double x = 0;
        rc = bench__json_read_double(&x, &at);
        if (rc == 0 && !(fabs(x) <= MAX_LOG_RATIO)) {
            rc =
                bench__json_error(&at, "must lie between -%d and %d", MAX_LOG_RATIO, MAX_LOG_RATIO);
        }
        if (rc == 0 && bench__pair_add_launch(owner, x) != 0) {
            rc = bench__json_no_memory(value);
        }
    }
    return rc;
}

#define PAIR(type_, member)                                                                        \
    { BENCH__FIELD(type_, #member, bench_pair_result, member) }

static const struct bench__field pair_fields[] = {
    PAIR(EXACT, alpha),
    PAIR(NAME, base),
    {BENCH__FIELD(OBJECT, "change", bench_pair_result, change), .fields = &change_table,
     .style = BENCH__JSON_LINE},
    BENCH__CUSTOM("log_ratio", write_log_ratio, read_log_ratio),
    PAIR(AMOUNT, mde),
    PAIR(TEXT, message),
    PAIR(NAME, name),
    PAIR(AMOUNT, p_value),
    {BENCH__FIELD(ENUM, "status", bench_pair_result, status), .names = bench__status_names},
    PAIR(NAME, suite),
    PAIR(NAME, variant),
};
static const struct bench__fields pair_table = BENCH__FIELDS(pair_fields);

/* ---- writing ----------------------------------------------------------------------------------
 */

void bench__pair_write(const struct bench__write_context *context, const char *key,
                       const bench_pair_result *pair) {
    bench__json_object_open(context->w, key, BENCH__JSON_BLOCK);
    bench__fields_write(context, &pair_table, pair);
    bench__json_object_close(context->w);
}

void bench__pairs_write(const struct bench__write_context *context, const char *key,
                        const void *owner) {
    const bench_run *run = owner;
    if (run->n_pairs == 0) {
        return;
    }
    bench__json_array_open(context->w, key, BENCH__JSON_BLOCK);
    for (size_t i = 0; i < run->n_pairs; i++) {
        bench__pair_write(context, NULL, &run->pairs[i]);
    }
    bench__json_array_close(context->w);
}

/* ---- reading ----------------------------------------------------------------------------------
 */

static int check_names(const struct bench__json *object) {
    static const char *const keys[] = {"base", "name", "status", "suite", "variant"};
    int rc = bench__json_expect_object(object);
    for (size_t i = 0; i < sizeof keys / sizeof *keys && rc == 0; i++) {
        const struct bench__json value = bench__json_get(object, keys[i]);
        const char *text = NULL;
        if (bench__json_absent(&value)) {
            return bench__json_error(&value, "is missing");
        }
        rc = bench__json_read_name(&text, &value);
        if (rc == 0 && *text == '\0') {
            rc = bench__json_error(&value, "is empty");
        }
    }
    return rc;
}

/* An estimate without its data, or at no level, is none. */
static int analyze(bench_pair_result *pair, const struct bench__json *object) {
    const struct bench__json alpha = bench__json_get(object, "alpha");
    bench_error why = {0};
    if (pair->n_launches > 0 && !(pair->alpha > 0 && pair->alpha < 0.5)) {
        return bench__json_error(&alpha, "must lie between 0 and 0.5");
    }
    pair->change = (bench_estimate){NAN, NAN, NAN};
    pair->p_value = pair->mde = NAN;
    const int rc = bench__pair_analyze(pair, &why);
    return rc == 0              ? 0
           : rc == BENCH_ENOMEM ? bench__json_no_memory(object)
                                : bench__json_error(object, "%s", why.text);
}

static int read_pair(bench_run *run, const struct bench__json *object) {
    bench_pair_result *pair = bench__run_add_pair(run);
    int rc = pair != NULL ? check_names(object) : bench__json_no_memory(object);
    if (rc == 0) {
        rc = bench__fields_read(&pair_table, pair, object);
    }
    return rc != 0 ? rc : analyze(pair, object);
}

int bench__pairs_read(void *owner, const struct bench__json *value) {
    bench_run *run = owner;
    int rc = bench__json_expect_array(value);
    for (size_t i = 0; i < bench__json_length(value) && rc == 0; i++) {
        const struct bench__json at = bench__json_at(value, i);
        rc = read_pair(run, &at);
    }
    if (rc != 0) {
        return rc;
    }
    bench__pairs_sort(run);
    for (size_t i = 1; i < run->n_pairs; i++) {
        if (strcmp(run->pairs[i - 1].name, run->pairs[i].name) == 0) {
            return bench__json_error(value, "has \"%.100s\" twice", run->pairs[i].name);
        }
    }
    return 0;
}
