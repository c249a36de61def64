/* suites.h - the suites of run_benches. A suite that takes several files adds up their parts. */
#ifndef SUITES_H
#define SUITES_H

#include <bench/bench.h>

/** What a message goes through, one operation at a time. @return a suite, or NULL. */
bench_suite *core_operations_suite(void);
/** Its groups message, uuid, metadata and codec. */
void core_operations_add_messages(bench_suite *suite);

/** The replicated log of operations: write, read, merge. @return a suite, or NULL. */
bench_suite *operation_log_suite(void);
/** Its groups with several threads or replicas. */
void operation_log_add_threads(bench_suite *suite);

/** From the start of a process to its first message. @return a suite, or NULL. */
bench_suite *startup_time_suite(void);

/** How large the broker is when it is shipped. @return a suite, or NULL. */
bench_suite *binary_size_suite(void);

/** How much memory things take. @return a suite, or NULL. */
bench_suite *memory_profiling_suite(void);
/** Its groups operation, pool and allocator. */
void memory_profiling_add_operations(bench_suite *suite);
void memory_profiling_add_pool(bench_suite *suite);
void memory_profiling_add_allocator(bench_suite *suite);

/** The same work over every transport. @return a suite, or NULL. */
bench_suite *backend_comparison_suite(void);

/** Bodies whose cost is known, to check the measuring itself. */
bench_suite *truth_suite(void);

#endif
