/* cli/listing.h - which benchmarks an executable has: asks it by --list --format json. */
#ifndef BENCH_CLI_LISTING_H
#define BENCH_CLI_LISTING_H

#include "code/code.h"
#include <bench/result.h>

struct bench__listed {
    char *name, *suite, *group, *function; /* owned */
    bench_param *params;                   /* owned */
    size_t n_params;
    double bytes_per_iteration, elements_per_iteration; /* NAN without */
    struct bench__code_roots code;                      /* all 0: it does not say */
};

struct bench__listing {
    struct bench__listed *items; /* sorted by name */
    size_t n;
};

/** 1 when the path is an executable file and no results file. */
int bench__is_executable(const char *path);
/** Runs the executable once, for at most bench__start_timeout(). Errors have its path as place.
 *  @return 0; BENCH_ENOTFOUND, BENCH_ESYSTEM (cannot be run), BENCH_EINVAL, BENCH_ENOMEM,
 *  BENCH_EFORMAT (ended otherwise, or its output is no list: no benchmark executable). */
int bench__listing_load(struct bench__listing *out, const char *path, bench_error *err);
void bench__listing_clear(struct bench__listing *listing);
const struct bench__listed *bench__listing_find(const struct bench__listing *listing,
                                                const char *name);

#endif
