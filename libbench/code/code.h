/*
 * code/code.h - is the code of a benchmark the same in two executables?
 *
 * "The same" is what would run: every instruction of the benchmark's functions, of what they call
 * and jump to directly, and the data that these refer to, function by function, up to
 * BENCH__CODE_MAX_PARTS of them. Where something stands may differ, since that is what the linker
 * decides: distances to code and data count as equal when they lead to equal things. Whatever
 * cannot be shown to be equal is "different" or "unknown"; the error to avoid is "identical".
 *
 * Not followed: calls through pointers that are computed while the program runs, and the insides of
 * shared libraries. Functions of these are equal when their names are and both executables find the
 * same libraries.
 */
#ifndef BENCH_CODE_CODE_H
#define BENCH_CODE_CODE_H

#include <bench/result.h>

/** Functions and data objects that are compared for one benchmark, at most. */
#define BENCH__CODE_MAX_PARTS 10000

/** An executable that was read. Not safe for several threads at once. */
struct bench__code;

/** @return 0; BENCH_ENOTFOUND, BENCH_EIO, BENCH_ENOMEM; BENCH_EFORMAT (no 64-bit little-endian ELF
 *  executable, or a damaged one). */
int bench__code_open(struct bench__code **out, const char *path, bench_error *err);
void bench__code_close(struct bench__code *code);

/** The functions that a launch calls before or between what is timed, and the one that is timed. */
enum bench__code_role {
    BENCH__CODE_BODY = 0,
    BENCH__CODE_SETUP,
    BENCH__CODE_THREAD_SETUP,
    BENCH__CODE_BATCH_SETUP,
    BENCH__CODE_BATCH_TEARDOWN,
    BENCH__CODE_N_ROLES
};

/** "body", "setup", ...: also the names in the list of an executable's benchmarks. */
extern const char *const bench__code_role_names[BENCH__CODE_N_ROLES];

/** Where they stand, as bench__code_address() says; 0: there is none, or for the body: unknown. */
struct bench__code_roots {
    uint64_t at[BENCH__CODE_N_ROLES];
};

/** The address of a function of this very process in its executable's file, which is where it was
 *  linked to, wherever it was loaded. 0 when it stands in a shared library. */
uint64_t bench__code_address(uintptr_t function);

struct bench__code_result {
    bench_code answer;
    char function[128]; /* DIFFERENT: where; UNKNOWN: there, or "". From the file: unescaped */
    char reason[200];   /* not IDENTICAL: why, as in "its instructions differ" */
    size_t n_functions, n_objects; /* that were compared */
};

/** @return 0 (look at the answer) or BENCH_ENOMEM. */
int bench__code_compare(struct bench__code_result *out, struct bench__code *a,
                        const struct bench__code_roots *roots_a, struct bench__code *b,
                        const struct bench__code_roots *roots_b, bench_error *err);

#endif
