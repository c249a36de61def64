/* The cost of this library's loop around nothing but keeping a value. */
#include <bench/bench.h>

static void empty(bench_state *b) {
    int x = 1;
    BENCH_LOOP(b) {
        bench_keep(x);
    }
}

int main(int argc, char **argv) {
    bench_suite *suite = bench_suite_new("loop");
    bench_add(bench_group_new(suite, "loop"), "empty", empty, NULL);
    return bench_main(argc, argv, &suite, 1);
}
