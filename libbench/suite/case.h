/* suite/case.h - single benchmarks: a function with one value for each axis of its group. */
#ifndef BENCH_SUITE_CASE_H
#define BENCH_SUITE_CASE_H

#include "base/pattern.h"
#include "suite/suite.h"
#include <bench/result.h>

struct bench__case {
    const bench_suite *suite;
    const bench_group *group;
    const struct bench__function *function;
    size_t n_params;
    bench_param *params; /* in the order of the axes; owned */
    char *name;          /* owned */
};

/** Values that replace those of an axis wherever the axis exists: --param NAME=V1,V2. */
struct bench__param_override {
    const char *name;
    size_t n_values;
    const char *const *values;
    int used; /* set when some group has the axis */
};

/** Which cases to take. Patterns may be NULL when their count is 0. */
struct bench__selection {
    size_t n_filters; /* none: everything */
    struct bench__pattern *const *filters;
    int exact; /* filters are whole names: handled by `names` */
    const char *const *names;
    size_t n_excludes;
    struct bench__pattern *const *excludes;
    size_t n_overrides;
    struct bench__param_override *overrides;
};

/** 1 when filters and excludes choose this name. */
int bench__selection_takes(const struct bench__selection *selection, const char *name);
/** 1 when an exclude names it. */
int bench__selection_excludes(const struct bench__selection *selection, const char *name);

/** Expands all suites into cases, in order of declaration. Free with bench__cases_free(). A filter
 * that names a pair takes both of its cases. An integer axis overridden with something that is not
 * an integer: BENCH_EINVAL. */
int bench__cases_select(struct bench__case **out, size_t *out_n, bench_suite *const *suites,
                        size_t n_suites, const struct bench__selection *selection,
                        bench_error *err);
void bench__cases_free(struct bench__case *cases, size_t n);

/** Finds one function and binds values to its axes, as a worker does from a request. */
int bench__case_bind(struct bench__case *out, bench_suite *const *suites, size_t n_suites,
                     const char *suite, const char *group, const char *function,
                     const bench_param *params, size_t n_params, bench_error *err);
void bench__case_clear(struct bench__case *c);

/** What one iteration of this case processes; NAN without that unit. */
double bench__case_per_iteration(const struct bench__case *c, bench_throughput_unit unit);
/** Value of the axis "threads", or 1. */
int bench__case_threads(const struct bench__case *c);

#endif
