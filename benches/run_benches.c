/* This project's own benchmarks: registers the suites, everything else is libbench's. */
#include "allocator_child.h"
#include "suites.h"

int main(int argc, char **argv) {
    int exit_code;
    if (allocator_child_main(&exit_code)) {
        return exit_code;
    }
    bench_suite *const suites[] = {backend_comparison_suite(), binary_size_suite(),
                                   concurrent_access_suite(),  core_operations_suite(),
                                   feature_impact_suite(),     in_memory_peers_suite(),
                                   memory_profiling_suite(),   operation_log_suite(),
                                   pitfalls_suite(),           runtime_suite(),
                                   startup_time_suite(),       truth_suite()};
    const size_t n_suites = sizeof suites / sizeof suites[0];
    exit_code = bench_main(argc, argv, suites, n_suites);
    for (size_t i = 0; i < n_suites; i++) {
        bench_suite_free(suites[i]);
    }
    return exit_code;
}
