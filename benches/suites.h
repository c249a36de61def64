/* suites.h - the suites of run_benches. A suite that takes several files adds up their parts. */
#ifndef SUITES_H
#define SUITES_H

#include <bench/bench.h>

/** The same work over every transport. @return a suite, or NULL. */
bench_suite *backend_comparison_suite(void);

/** How large the broker is when it is shipped. @return a suite, or NULL. */
bench_suite *binary_size_suite(void);

/** The broker used by many threads at once. @return a suite, or NULL. */
bench_suite *concurrent_access_suite(void);
/** Its groups concurrent_publishers and spawned_publishers. */
void concurrent_access_add_publishers(bench_suite *suite);

/** What a message goes through, one operation at a time. @return a suite, or NULL. */
bench_suite *core_operations_suite(void);
/** Its groups message, uuid, metadata and codec. */
void core_operations_add_messages(bench_suite *suite);

/** What the broker's features cost, as pairs. @return a suite, or NULL. */
bench_suite *feature_impact_suite(void);
/** Its groups logging and router. */
void feature_impact_add_logging(bench_suite *suite);
void feature_impact_add_router(bench_suite *suite);

/** The broker beside other ways through memory. @return a suite, or NULL. */
bench_suite *in_memory_peers_suite(void);

/** How much memory things take. @return a suite, or NULL. */
bench_suite *memory_profiling_suite(void);
/** Its groups operation, pool and glibc_heap. */
void memory_profiling_add_operations(bench_suite *suite);
void memory_profiling_add_pool(bench_suite *suite);
void memory_profiling_add_heap(bench_suite *suite);

/** The replicated log of operations: write, read, merge. @return a suite, or NULL. */
bench_suite *operation_log_suite(void);
/** Its groups with several threads or replicas. */
void operation_log_add_threads(bench_suite *suite);

/** What common ways of writing such code badly cost, as pairs. @return a suite, or NULL. */
bench_suite *pitfalls_suite(void);
/** Its groups about memory, and those about start-up, merging and syncing. */
void pitfalls_add_memory(bench_suite *suite);
void pitfalls_add_state(bench_suite *suite);

/** What stands below a broker: threads, wake-ups, timers, connections, memory. @return a suite, or
 *  NULL. */
bench_suite *runtime_suite(void);
/** Its groups connection_pool and shared_connection_pool. */
void runtime_add_connection_pool(bench_suite *suite);
/** Its groups allocate and mixed_lifetimes. */
void runtime_add_allocator(bench_suite *suite);

/** From the start of a process to its first message. @return a suite, or NULL. */
bench_suite *startup_time_suite(void);

/** Bodies whose cost is known, to check the measuring itself. */
bench_suite *truth_suite(void);

#endif
