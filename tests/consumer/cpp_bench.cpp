// A benchmark of C++ code, written against the C interface.
#include <bench/bench.h>

#include <numeric>
#include <vector>

static void sum(bench_state *b) {
    const std::vector<int64_t> values(static_cast<size_t>(bench_param_i64(b, "n")), 1);
    BENCH_LOOP(b) {
        bench_keep(std::accumulate(values.begin(), values.end(), int64_t{0}));
    }
}

int main(int argc, char **argv) {
    const int64_t sizes[] = {10, 1000};
    bench_suite *suite = bench_suite_new("vectors");
    bench_group *group = bench_group_new(suite, "sum");
    bench_group_axis_i64(group, "n", sizes, 2);
    bench_add(group, "accumulate", sum, nullptr);
    return bench_main(argc, argv, &suite, 1);
}
