#include "branchy.h"

static void call(bench_state *b) {
    uint32_t x = 8;
    bench_keep(x);
    BENCH_LOOP(b) {
        bench_keep(branchy(x));
    }
}

int main(int argc, char **argv) {
    bench_suite *suite = bench_suite_new("layouts");
    bench_add(bench_group_new(suite, "branchy"), "call", call, NULL);
    return bench_main(argc, argv, &suite, 1);
}
