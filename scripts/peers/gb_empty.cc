// The cost of Google Benchmark's loop around nothing but keeping a value.
#include <benchmark/benchmark.h>

static void empty(benchmark::State &state) {
    int x = 1;
    for (auto _ : state) {
        benchmark::DoNotOptimize(x);
    }
}
BENCHMARK(empty);

BENCHMARK_MAIN();
