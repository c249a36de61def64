#include "work.hpp"
#include <bench/bench.h>

static void steps(bench_state *b) {
    int n = 7;
    BENCH_LOOP(b) {
        bench_keep(n = work_first(work_second(n)) % 100);
    }
}

int main(int argc, char **argv) {
    bench_suite *suite = bench_suite_new("work");
    bench_add(bench_group_new(suite, "numbers"), "steps", steps, nullptr);
    return bench_main(argc, argv, &suite, 1);
}
