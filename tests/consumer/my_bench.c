#include <bench/bench.h>
#include <string.h>

static void copy(bench_state *b) {
    static char from[65536], to[65536];
    const size_t size = (size_t)bench_param_i64(b, "size");
    bench_keep(memset(from, 1, sizeof from));
    BENCH_LOOP(b) {
        bench_keep(memcpy(to, from, size));
    }
}

int main(int argc, char **argv) {
    bench_suite *suite = bench_suite_new("strings");
    bench_group *group = bench_group_new(suite, "memory");
    bench_group_axis_i64(group, "size", (int64_t[]){64, 1024, 65536}, 3);
    bench_group_throughput(group, BENCH_BYTES, "size");
    bench_add(group, "copy", copy, NULL);
    return bench_main(argc, argv, &suite, 1);
}
