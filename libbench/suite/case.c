/*
 * From declarations to single benchmarks: cartesian product, names, filters, overrides.
 */
#include "suite/case.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "base/units.h"
#include "suite/pair.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The values an axis takes in this run: its own or those of an override. */
struct axis_values {
    const struct bench__axis *axis;
    size_t n;
    const char *const *text;
};

struct expansion {
    struct bench__case *cases;
    size_t n, capacity;
    const struct bench__selection *selection;
    bench_error *err;
};

void bench__case_clear(struct bench__case *c) {
    for (size_t i = 0; c->params != NULL && i < c->n_params; i++) {
        bench__free(c->params[i].name);
        bench__free(c->params[i].text);
    }
    bench__free(c->params);
    bench__free(c->name);
    memset(c, 0, sizeof *c);
}

void bench__cases_free(struct bench__case *cases, size_t n) {
    for (size_t i = 0; cases != NULL && i < n; i++) {
        bench__case_clear(&cases[i]);
    }
    bench__free(cases);
}

static int set_param(bench_param *param, const struct bench__axis *axis, const char *text,
                     bench_error *err) {
    param->name = bench__strdup(axis->name);
    param->text = bench__strdup(text);
    param->is_i64 = axis->is_i64;
    if (param->name == NULL || param->text == NULL) {
        return bench__error(err, BENCH_ENOMEM, "out of memory");
    }
    if (!axis->is_i64) {
        return strpbrk(text, "/,=") == NULL
                   ? 0
                   : bench__error(err, BENCH_EINVAL,
                                  "axis '%.100s': a value may not hold '/', ',' or '=': '%.100s'",
                                  axis->name, text);
    }
    bench_error inner = {0};
    if (bench__parse_i64(&param->i64, text, &inner) != 0) {
        return bench__error(err, BENCH_EINVAL, "axis '%.100s' takes integers, not '%.100s'",
                            axis->name, text);
    }
    char canonical[24]; /* 0100 and 1k are 100 and 1000: names must not depend on the spelling */
    snprintf(canonical, sizeof canonical, "%" PRId64, param->i64);
    bench__free(param->text);
    param->text = bench__strdup(canonical);
    if (param->text == NULL) {
        return bench__error(err, BENCH_ENOMEM, "out of memory");
    }
    if (strcmp(axis->name, "threads") == 0 && (param->i64 < 1 || param->i64 > BENCH__MAX_THREADS)) {
        return bench__error(err, BENCH_EINVAL, "threads=%s: from 1 to %d", text,
                            BENCH__MAX_THREADS);
    }
    return 0;
}

static char *case_name(const struct bench__case *c) {
    struct bench__strbuf sb;
    bench__strbuf_init(&sb);
    bench__strbuf_add(&sb, c->suite->name);
    bench__strbuf_addc(&sb, '/');
    bench__strbuf_add(&sb, c->group->name);
    bench__strbuf_addc(&sb, '/');
    bench__strbuf_add(&sb, c->function->name);
    for (size_t i = 0; i < c->n_params; i++) {
        bench__strbuf_addc(&sb, i == 0 ? '/' : ',');
        bench__strbuf_add(&sb, c->params[i].name);
        bench__strbuf_addc(&sb, '=');
        bench__strbuf_add(&sb, c->params[i].text);
    }
    return bench__strbuf_steal(&sb);
}

static int make_case(struct bench__case *c, const bench_group *group,
                     const struct bench__function *function, const struct axis_values *values,
                     const size_t *index, bench_error *err) {
    memset(c, 0, sizeof *c);
    c->suite = group->suite;
    c->group = group;
    c->function = function;
    c->n_params = group->n_axes;
    c->params = bench__alloc(group->n_axes, sizeof *c->params);
    if (c->params == NULL) {
        return bench__error(err, BENCH_ENOMEM, "out of memory");
    }
    for (size_t i = 0; i < group->n_axes; i++) {
        const int code = set_param(&c->params[i], values[i].axis, values[i].text[index[i]], err);
        if (code != 0) {
            return code;
        }
    }
    c->name = case_name(c);
    return c->name != NULL ? 0 : bench__error(err, BENCH_ENOMEM, "out of memory");
}

int bench__selection_excludes(const struct bench__selection *s, const char *name) {
    for (size_t i = 0; i < s->n_excludes; i++) {
        if (bench__pattern_matches(s->excludes[i], name)) {
            return 1;
        }
    }
    return 0;
}

int bench__selection_takes(const struct bench__selection *s, const char *name) {
    int taken = s->n_filters == 0;
    for (size_t i = 0; i < s->n_filters && !taken; i++) {
        taken =
            s->exact ? strcmp(s->names[i], name) == 0 : bench__pattern_matches(s->filters[i], name);
    }
    return taken && !bench__selection_excludes(s, name);
}

/* Whether a filter names a pair that this case is a side of. */
static int takes_pair_of(const struct bench__selection *s, const struct bench__case *c,
                         int *out_taken, bench_error *err) {
    const char *function = c->function->name;
    for (size_t i = 0; s->n_filters > 0 && i < c->group->n_pairs; i++) {
        const struct bench__pair *pair = &c->group->pairs[i];
        if (strcmp(pair->base, function) != 0 && strcmp(pair->variant, function) != 0) {
            continue;
        }
        char *name = bench__pair_name(c, pair);
        if (name == NULL) {
            return bench__error(err, BENCH_ENOMEM, "out of memory");
        }
        *out_taken |= bench__selection_takes(s, name);
        bench__free(name);
    }
    return 0;
}

static int takes_case(const struct bench__selection *s, const struct bench__case *c, int *out_taken,
                      bench_error *err) {
    *out_taken = bench__selection_takes(s, c->name);
    return *out_taken || bench__selection_excludes(s, c->name)
               ? 0
               : takes_pair_of(s, c, out_taken, err);
}

static int add_case(struct expansion *e, const bench_group *group,
                    const struct bench__function *function, const struct axis_values *values,
                    const size_t *index) {
    struct bench__case c;
    int code = make_case(&c, group, function, values, index, e->err), is_taken = 0;
    if (code == 0) {
        code = takes_case(e->selection, &c, &is_taken, e->err);
    }
    if (code == 0 && is_taken) {
        code = bench__grow(&e->cases, &e->capacity, e->n + 1, sizeof c);
        if (code == 0) {
            e->cases[e->n++] = c;
            return 0;
        }
        bench__error(e->err, code, "out of memory for %zu benchmark%s", e->n, e->n == 1 ? "" : "s");
    }
    bench__case_clear(&c);
    return code;
}

static struct axis_values values_of(const struct bench__axis *axis,
                                    const struct bench__selection *selection) {
    struct axis_values v = {axis, axis->n_values, (const char *const *)axis->text};
    for (size_t i = 0; i < selection->n_overrides; i++) {
        struct bench__param_override *o = &selection->overrides[i];
        if (strcmp(o->name, axis->name) == 0) {
            o->used = 1;
            v.n = o->n_values;
            v.text = o->values;
        }
    }
    return v;
}

/* Advances a mixed-radix counter, the last axis fastest. @return 0 when it has gone round. */
static int next_combination(size_t *index, const struct axis_values *values, size_t n) {
    for (size_t i = n; i > 0; i--) {
        if (++index[i - 1] < values[i - 1].n) {
            return 1;
        }
        index[i - 1] = 0;
    }
    return 0;
}

static int by_name(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Every name once: files are kept by them. */
static int check_unique(const struct bench__case *cases, size_t n, bench_error *err) {
    const char **names = bench__alloc(n, sizeof *names);
    int code = 0;
    if (names == NULL) {
        return bench__error(err, BENCH_ENOMEM, "out of memory for %zu benchmark%s", n,
                            n == 1 ? "" : "s");
    }
    for (size_t i = 0; i < n; i++) {
        names[i] = cases[i].name;
    }
    qsort(names, n, sizeof *names, by_name);
    for (size_t i = 1; code == 0 && i < n; i++) {
        if (strcmp(names[i - 1], names[i]) == 0) {
            code = bench__error(err, BENCH_EEXIST, "benchmark '%.300s' is there twice", names[i]);
        }
    }
    bench__free(names);
    return code;
}

static int expand_group(struct expansion *e, const bench_group *group) {
    struct axis_values *values = bench__alloc(group->n_axes, sizeof *values);
    size_t *index = bench__alloc(group->n_axes, sizeof *index);
    int code = 0;
    if (values == NULL || index == NULL) {
        code = bench__error(e->err, BENCH_ENOMEM, "out of memory");
    }
    for (size_t i = 0; code == 0 && i < group->n_axes; i++) {
        values[i] = values_of(&group->axes[i], e->selection);
    }
    for (size_t f = 0; code == 0 && f < group->n_functions; f++) {
        do {
            code = add_case(e, group, &group->functions[f], values, index);
        } while (code == 0 && next_combination(index, values, group->n_axes));
    }
    bench__free(values);
    bench__free(index);
    return code;
}

int bench__cases_select(struct bench__case **out, size_t *out_n, bench_suite *const *suites,
                        size_t n_suites, const struct bench__selection *selection,
                        bench_error *err) {
    struct expansion e = {.selection = selection, .err = err};
    int code = 0;
    for (size_t s = 0; code == 0 && s < n_suites; s++) {
        for (size_t g = 0; code == 0 && g < suites[s]->n_groups; g++) {
            code = expand_group(&e, suites[s]->groups[g]);
        }
    }
    if (code == 0) {
        code = check_unique(e.cases, e.n, err);
    }
    if (code != 0) {
        bench__cases_free(e.cases, e.n);
        e.cases = NULL;
        e.n = 0;
    }
    *out = e.cases;
    *out_n = e.n;
    return code;
}

static const bench_group *find_group(bench_suite *const *suites, size_t n_suites, const char *suite,
                                     const char *group) {
    for (size_t s = 0; s < n_suites; s++) {
        for (size_t g = 0; strcmp(suites[s]->name, suite) == 0 && g < suites[s]->n_groups; g++) {
            if (strcmp(suites[s]->groups[g]->name, group) == 0) {
                return suites[s]->groups[g];
            }
        }
    }
    return NULL;
}

int bench__case_bind(struct bench__case *out, bench_suite *const *suites, size_t n_suites,
                     const char *suite, const char *group, const char *function,
                     const bench_param *params, size_t n_params, bench_error *err) {
    memset(out, 0, sizeof *out);
    const bench_group *g = find_group(suites, n_suites, suite, group);
    const struct bench__function *f = NULL;
    for (size_t i = 0; g != NULL && i < g->n_functions; i++) {
        if (strcmp(g->functions[i].name, function) == 0) {
            f = &g->functions[i];
        }
    }
    if (f == NULL || g->n_axes != n_params) {
        return bench__error(err, BENCH_ENOTFOUND,
                            "no benchmark %.100s/%.100s/%.100s in this executable", suite, group,
                            function);
    }
    struct axis_values *values = bench__alloc(n_params, sizeof *values);
    size_t *index = bench__alloc(n_params, sizeof *index);
    const char **text = bench__alloc(n_params, sizeof *text);
    int code = values != NULL && index != NULL && text != NULL
                   ? 0
                   : bench__error(err, BENCH_ENOMEM, "out of memory");
    for (size_t i = 0; code == 0 && i < n_params; i++) {
        text[i] = params[i].text;
        values[i] = (struct axis_values){&g->axes[i], 1, &text[i]};
        if (strcmp(g->axes[i].name, params[i].name) != 0) {
            code = bench__error(err, BENCH_ENOTFOUND, "group %.100s has no axis '%.100s' there",
                                group, params[i].name);
        }
    }
    if (code == 0) {
        code = make_case(out, g, f, values, index, err);
    }
    bench__free(values);
    bench__free(index);
    bench__free(text);
    if (code != 0) {
        bench__case_clear(out);
    }
    return code;
}

static const bench_param *find_param(const struct bench__case *c, const char *name) {
    for (size_t i = 0; i < c->n_params; i++) {
        if (strcmp(c->params[i].name, name) == 0) {
            return &c->params[i];
        }
    }
    return NULL;
}

double bench__case_per_iteration(const struct bench__case *c, bench_throughput_unit unit) {
    const struct bench__throughput *t =
        unit == BENCH_BYTES ? &c->group->bytes : &c->group->elements;
    if (!t->is_set) {
        return NAN;
    }
    double product = t->fixed;
    for (size_t i = 0; i < t->n_axes; i++) {
        const bench_param *param = find_param(c, t->axes[i]);
        product *= param != NULL ? (double)param->i64 : NAN;
    }
    return product;
}

int bench__case_threads(const struct bench__case *c) {
    const bench_param *param = find_param(c, "threads");
    return param != NULL && param->is_i64 && param->i64 >= 1 ? (int)param->i64 : 1;
}
