/*
 * The registry: copies what is declared and remembers the first mistake. Expands and runs nothing.
 */
#include "suite/suite.h"

#include "base/error.h"
#include "base/mem.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Names become parts of "suite/group/function/axis=value,axis=value". */
static int check_name(bench_suite *suite, const char *what, const char *name) {
    if (name == NULL || *name == '\0') {
        return bench__error(&suite->error, BENCH_EINVAL, "%s without a name", what);
    }
    for (const char *c = name; *c != '\0'; c++) {
        if (*c == '/' || *c == ',' || *c == '=' || (unsigned char)*c < 0x20 || *c == 0x7f) {
            return bench__error(
                &suite->error, BENCH_EINVAL,
                "%s '%.100s': a name may not hold '/', ',', '=' or control characters", what, name);
        }
    }
    return 0;
}

static int no_memory(bench_suite *suite) {
    return bench__error(&suite->error, BENCH_ENOMEM, "out of memory while declaring benchmarks");
}

bench_suite *bench_suite_new(const char *name) {
    bench_suite *suite = bench__alloc(1, sizeof *suite);
    if (suite == NULL) {
        return NULL;
    }
    check_name(suite, "suite", name);
    suite->name = bench__strdup(name != NULL ? name : "");
    if (suite->name == NULL) {
        bench__free(suite);
        return NULL;
    }
    return suite;
}

static void free_throughput(struct bench__throughput *t) {
    for (size_t i = 0; i < t->n_axes; i++) {
        bench__free(t->axes[i]);
    }
    bench__free(t->axes);
}

static void clear_axis(struct bench__axis *axis) {
    for (size_t i = 0; axis->text != NULL && i < axis->n_values; i++) {
        bench__free(axis->text[i]);
    }
    bench__free(axis->text);
    bench__free(axis->i64);
    bench__free(axis->name);
}

static void clear_pair(struct bench__pair *pair) {
    bench__free(pair->name);
    bench__free(pair->base);
    bench__free(pair->variant);
}

static void free_group(bench_group *group) {
    for (size_t i = 0; i < group->n_axes; i++) {
        clear_axis(&group->axes[i]);
    }
    for (size_t i = 0; i < group->n_functions; i++) {
        bench__free(group->functions[i].name);
    }
    for (size_t i = 0; i < group->n_pairs; i++) {
        clear_pair(&group->pairs[i]);
    }
    free_throughput(&group->bytes);
    free_throughput(&group->elements);
    bench__free(group->pairs);
    bench__free(group->axes);
    bench__free(group->functions);
    bench__free(group->name);
    bench__free(group);
}

void bench_suite_free(bench_suite *suite) {
    if (suite == NULL) {
        return;
    }
    for (size_t i = 0; i < suite->n_groups; i++) {
        free_group(suite->groups[i]);
    }
    bench__free(suite->groups);
    bench__free(suite->name);
    bench__free(suite);
}

bench_group *bench_group_new(bench_suite *suite, const char *name) {
    if (suite == NULL || check_name(suite, "group", name) != 0) {
        return NULL;
    }
    for (size_t i = 0; i < suite->n_groups; i++) {
        if (strcmp(suite->groups[i]->name, name) == 0) {
            bench__error(&suite->error, BENCH_EEXIST, "group '%.100s' is declared twice", name);
            return NULL;
        }
    }
    bench_group *group = bench__alloc(1, sizeof *group);
    char *copy = bench__strdup(name);
    if (group == NULL || copy == NULL ||
        bench__grow(&suite->groups, &suite->groups_capacity, suite->n_groups + 1,
                    sizeof *suite->groups) != 0) {
        bench__free(group);
        bench__free(copy);
        no_memory(suite);
        return NULL;
    }
    group->suite = suite;
    group->name = copy;
    suite->groups[suite->n_groups++] = group;
    return group;
}

const struct bench__axis *bench__group_find_axis(const bench_group *group, const char *name) {
    for (size_t i = 0; i < group->n_axes; i++) {
        if (strcmp(group->axes[i].name, name) == 0) {
            return &group->axes[i];
        }
    }
    return NULL;
}

/* A new axis with room for its values; NULL after a mistake, which is then kept. */
static struct bench__axis *add_axis(bench_group *group, const char *name, size_t n_values) {
    if (group == NULL || check_name(group->suite, "axis", name) != 0) {
        return NULL;
    }
    if (n_values == 0) {
        bench__error(&group->suite->error, BENCH_EINVAL, "axis '%.100s' has no values", name);
        return NULL;
    }
    if (bench__group_find_axis(group, name) != NULL) {
        bench__error(&group->suite->error, BENCH_EEXIST,
                     "axis '%.100s' is declared twice in '%.100s'", name, group->name);
        return NULL;
    }
    struct bench__axis axis = {.name = bench__strdup(name),
                               .n_values = n_values,
                               .text = bench__alloc(n_values, sizeof(char *))};
    if (axis.name == NULL || axis.text == NULL ||
        bench__grow(&group->axes, &group->axes_capacity, group->n_axes + 1, sizeof axis) != 0) {
        clear_axis(&axis);
        no_memory(group->suite);
        return NULL;
    }
    group->axes[group->n_axes] = axis;
    return &group->axes[group->n_axes++];
}

void bench_group_axis_i64(bench_group *group, const char *name, const int64_t *values,
                          size_t n_values) {
    struct bench__axis *axis = add_axis(group, name, n_values);
    if (axis == NULL) {
        return;
    }
    axis->is_i64 = 1;
    axis->i64 = bench__memdup(values, n_values, sizeof *values);
    for (size_t i = 0; i < n_values; i++) {
        char text[24];
        snprintf(text, sizeof text, "%" PRId64, values[i]);
        axis->text[i] = bench__strdup(text);
        if (axis->text[i] == NULL || axis->i64 == NULL) {
            no_memory(group->suite);
            return;
        }
    }
}

void bench_group_axis_str(bench_group *group, const char *name, const char *const *values,
                          size_t n_values) {
    struct bench__axis *axis = add_axis(group, name, n_values);
    for (size_t i = 0; axis != NULL && i < n_values; i++) {
        if (check_name(group->suite, "value of an axis", values[i]) != 0) {
            return;
        }
        axis->text[i] = bench__strdup(values[i]);
        if (axis->text[i] == NULL) {
            no_memory(group->suite);
            return;
        }
    }
}

void bench_group_threads(bench_group *group, const int64_t *values, size_t n_values) {
    for (size_t i = 0; group != NULL && i < n_values; i++) {
        if (values[i] < 1 || values[i] > BENCH__MAX_THREADS) {
            bench__error(&group->suite->error, BENCH_EINVAL,
                         "threads=%" PRId64 " in '%.100s': from 1 to %d", values[i], group->name,
                         BENCH__MAX_THREADS);
            return;
        }
    }
    bench_group_axis_i64(group, "threads", values, n_values);
}

static struct bench__throughput *throughput_of(bench_group *group, bench_throughput_unit unit) {
    struct bench__throughput *t = unit == BENCH_BYTES ? &group->bytes : &group->elements;
    if (!t->is_set) {
        t->is_set = 1;
        t->fixed = 1;
    }
    return t;
}

void bench_group_throughput(bench_group *group, bench_throughput_unit unit, const char *axis) {
    if (group == NULL) {
        return;
    }
    struct bench__throughput *t = throughput_of(group, unit);
    if (axis == NULL) {
        return;
    }
    char *copy = bench__strdup(axis);
    size_t capacity = t->n_axes;
    if (copy == NULL || bench__grow(&t->axes, &capacity, t->n_axes + 1, sizeof *t->axes) != 0) {
        bench__free(copy);
        no_memory(group->suite);
        return;
    }
    t->axes[t->n_axes++] = copy;
}

void bench_group_throughput_fixed(bench_group *group, bench_throughput_unit unit,
                                  double per_iteration) {
    if (group == NULL) {
        return;
    }
    if (!(per_iteration > 0) || per_iteration > 1e18) {
        bench__error(&group->suite->error, BENCH_EINVAL, "throughput of '%.100s' must be above 0",
                     group->name);
        return;
    }
    throughput_of(group, unit)->fixed *= per_iteration;
}

/* Options that could not have any effect. @return 0 or BENCH_EINVAL. */
static int check_opts(bench_error *error, const char *function, const bench_opts *opts) {
    const int has_batches = opts->batch_setup != NULL || opts->batch_teardown != NULL;
    if (opts->caller_timed && has_batches) {
        return bench__error(error, BENCH_EINVAL,
                            "benchmark '%.100s': a caller_timed body has no batches for "
                            "batch_setup and batch_teardown",
                            function);
    }
    if (opts->batch_max != 0 && !has_batches) {
        return bench__error(error, BENCH_EINVAL,
                            "benchmark '%.100s': batch_max without batch_setup or batch_teardown",
                            function);
    }
    return 0;
}

void bench_add(bench_group *group, const char *function, bench_fn *body, const bench_opts *opts) {
    if (group == NULL || check_name(group->suite, "benchmark", function) != 0) {
        return;
    }
    bench_error *error = &group->suite->error;
    if (body == NULL) {
        bench__error(error, BENCH_EINVAL, "benchmark '%.100s' has no body", function);
        return;
    }
    if (opts != NULL && opts->version != 0) {
        bench__error(error, BENCH_EVERSION, "benchmark '%.100s': bench_opts of a newer version",
                     function);
        return;
    }
    if (opts != NULL && check_opts(error, function, opts) != 0) {
        return;
    }
    for (size_t i = 0; i < group->n_functions; i++) {
        if (strcmp(group->functions[i].name, function) == 0) {
            bench__error(error, BENCH_EEXIST, "benchmark '%.100s' is declared twice in '%.100s'",
                         function, group->name);
            return;
        }
    }
    struct bench__function f = {.name = bench__strdup(function), .body = body};
    if (opts != NULL) {
        f.opts = *opts;
    }
    if (f.name == NULL || bench__grow(&group->functions, &group->functions_capacity,
                                      group->n_functions + 1, sizeof f) != 0) {
        bench__free(f.name);
        no_memory(group->suite);
        return;
    }
    group->functions[group->n_functions++] = f;
}

void bench_pair(bench_group *group, const char *name, const char *base, const char *variant) {
    if (group == NULL || check_name(group->suite, "pair", name) != 0 ||
        check_name(group->suite, "base of a pair", base) != 0 ||
        check_name(group->suite, "variant of a pair", variant) != 0) {
        return;
    }
    bench_error *error = &group->suite->error;
    if (strcmp(base, variant) == 0) {
        bench__error(error, BENCH_EINVAL, "pair '%.100s': '%.100s' cannot be compared with itself",
                     name, base);
        return;
    }
    for (size_t i = 0; i < group->n_pairs; i++) {
        if (strcmp(group->pairs[i].name, name) == 0) {
            bench__error(error, BENCH_EEXIST, "pair '%.100s' is declared twice in '%.100s'", name,
                         group->name);
            return;
        }
    }
    struct bench__pair pair = {.name = bench__strdup(name),
                               .base = bench__strdup(base),
                               .variant = bench__strdup(variant)};
    if (pair.name == NULL || pair.base == NULL || pair.variant == NULL ||
        bench__grow(&group->pairs, &group->pairs_capacity, group->n_pairs + 1, sizeof pair) != 0) {
        clear_pair(&pair);
        no_memory(group->suite);
        return;
    }
    group->pairs[group->n_pairs++] = pair;
}

static int has_function(const bench_group *group, const char *name) {
    for (size_t i = 0; i < group->n_functions; i++) {
        if (strcmp(group->functions[i].name, name) == 0) {
            return 1;
        }
    }
    return 0;
}

/* Functions may be added after the pairs that name them. */
static int check_pair(const bench_group *group, const struct bench__pair *pair, bench_error *err) {
    const char *const sides[] = {pair->base, pair->variant};
    if (has_function(group, pair->name)) {
        return bench__error(err, BENCH_EEXIST,
                            "'%.100s' is a pair and a benchmark of group '%.100s': a pair needs a "
                            "name of its own",
                            pair->name, group->name);
    }
    for (size_t i = 0; i < 2; i++) {
        if (!has_function(group, sides[i])) {
            return bench__error(err, BENCH_EINVAL,
                                "pair '%.100s' names '%.100s', which is no benchmark of group "
                                "'%.100s'",
                                pair->name, sides[i], group->name);
        }
    }
    return 0;
}

static int check_throughput(const bench_group *group, const struct bench__throughput *t,
                            bench_error *err) {
    for (size_t i = 0; i < t->n_axes; i++) {
        const struct bench__axis *axis = bench__group_find_axis(group, t->axes[i]);
        if (axis == NULL || !axis->is_i64) {
            return bench__error(
                err, BENCH_EINVAL,
                "throughput of group '%.100s' names '%.100s', which is no integer axis",
                group->name, t->axes[i]);
        }
    }
    return 0;
}

static int check_suite(const bench_suite *suite, bench_error *err) {
    if (suite->error.code != 0) {
        bench__error(err, suite->error.code, "%s", suite->error.text);
        bench__error_place(err, "suite '%.100s'", suite->name);
        return suite->error.code;
    }
    for (size_t i = 0; i < suite->n_groups; i++) {
        const bench_group *group = suite->groups[i];
        if (check_throughput(group, &group->bytes, err) != 0 ||
            check_throughput(group, &group->elements, err) != 0) {
            return BENCH_EINVAL;
        }
        for (size_t k = 0; k < group->n_pairs; k++) {
            const int code = check_pair(group, &group->pairs[k], err);
            if (code != 0) {
                bench__error_place(err, "suite '%.100s'", suite->name);
                return code;
            }
        }
    }
    return 0;
}

int bench__suites_check(bench_suite *const *suites, size_t n_suites, bench_error *err) {
    for (size_t i = 0; i < n_suites; i++) {
        if (suites[i] == NULL) {
            return bench__error(err, BENCH_ENOMEM, "a suite could not be allocated");
        }
        const int code = check_suite(suites[i], err);
        if (code != 0) {
            return code;
        }
        for (size_t k = 0; k < i; k++) {
            if (strcmp(suites[k]->name, suites[i]->name) == 0) {
                return bench__error(err, BENCH_EEXIST, "suite '%.100s' is declared twice",
                                    suites[i]->name);
            }
        }
    }
    return 0;
}
