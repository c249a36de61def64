/*
 * selftest/bodies.h - what the selftest measures: five bodies, each bound by another part of the
 * machine, whose work can be raised by exactly so much.
 *
 * The axis "work" is in thousandths: with work = 1010 an iteration does 1.01 times the operations
 * of work = 1000, of the same kind. For these bodies time is proportional to operations, up to
 * nanoseconds of a fixed cost in iterations of 10 us and more.
 */
#ifndef BENCH_SELFTEST_BODIES_H
#define BENCH_SELFTEST_BODIES_H

#include <bench/bench.h>

/** Work of the side that is not slower, and the most that a side may be asked for. */
enum { BENCH__WORK_UNIT = 1000, BENCH__WORK_MAX = 2000 };

enum bench__selftest_body {
    BENCH__BODY_LATENCY = 0, /* a chain of dependent multiplications */
    BENCH__BODY_BRANCH,      /* branches that cannot be predicted, and never were seen before */
    BENCH__BODY_CACHE,       /* a walk through 256 KiB, each step waiting for the last */
    BENCH__BODY_COPY,        /* copying round and round 128 KiB, neither side aligned */
    BENCH__BODY_ALLOCATOR,   /* free and malloc of 16 bytes to 4 KiB */
    BENCH__N_BODIES
};

/** Names of the groups, at most 9 characters. */
extern const char *const bench__selftest_names[BENCH__N_BODIES];

#define BENCH__SELFTEST_SUITE    "selftest"
#define BENCH__SELFTEST_FUNCTION "run"
#define BENCH__SELFTEST_AXIS     "work"

/** The suite: a group for each body with one function. NULL without memory. */
bench_suite *bench__selftest_suite(void);

/** Operations of one iteration: multiplications, branches, steps, bytes copied, blocks. */
size_t bench__selftest_operations(enum bench__selftest_body body, int64_t work);

/** A body's memory. */
struct bench__selftest_data;
/** Filled from the seed; NULL without memory. */
struct bench__selftest_data *bench__selftest_data_new(enum bench__selftest_body body,
                                                      uint64_t seed);
void bench__selftest_data_free(struct bench__selftest_data *data);
/** Does so many operations of the data's body. @return a number that depends on all of them. */
uint64_t bench__selftest_do(struct bench__selftest_data *data, size_t n_operations);

#endif
