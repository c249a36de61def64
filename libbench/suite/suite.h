/* suite/suite.h - what was declared: suites, groups, axes, functions. Filled by the public bench_*.
 */
#ifndef BENCH_SUITE_SUITE_H
#define BENCH_SUITE_SUITE_H

#include <bench/bench.h>

#define BENCH__MAX_THREADS 1024

struct bench__axis {
    char *name;
    size_t n_values;
    int is_i64;
    int64_t *i64; /* NULL for strings */
    char **text;  /* always */
};

/** What one iteration processes, in one unit: `fixed` times the values of the axes named. */
struct bench__throughput {
    int is_set;
    double fixed;
    size_t n_axes;
    char **axes;
};

struct bench__function {
    char *name;
    bench_fn *body;
    bench_opts opts;
};

/** Two functions of the group that are also measured against each other. */
struct bench__pair {
    char *name, *base, *variant;
};

struct bench_group {
    bench_suite *suite;
    char *name;
    size_t n_axes, axes_capacity;
    struct bench__axis *axes;
    size_t n_functions, functions_capacity;
    struct bench__function *functions;
    size_t n_pairs, pairs_capacity;
    struct bench__pair *pairs;
    struct bench__throughput bytes, elements;
};

struct bench_suite {
    char *name;
    size_t n_groups, groups_capacity;
    bench_group **groups;
    bench_error error; /* the first mistake made in declaring it */
};

/** The group's axis of that name, or NULL. */
const struct bench__axis *bench__group_find_axis(const bench_group *group, const char *name);
/** Checks what can only be checked when all is declared (throughput axes exist, names are unique
 *  across suites, ...). @return 0 or the first mistake. */
int bench__suites_check(bench_suite *const *suites, size_t n_suites, bench_error *err);

#endif
