/*
 * Every macro and inline function of the public headers, used once the way a user would. It is
 * compiled as C11 and as C++ with all warnings; it is never run.
 */
#include <bench/bench.h>
#include <bench/common.h>
#include <bench/record.h>
#include <bench/report.h>
#include <bench/result.h>

static void plain(bench_state *b) {
    const char *text = bench_param_str(b, "text");
    const double ratio = 0.5;
    BENCH_LOOP(b) {
        bench_keep(text);
        bench_keep(ratio);
        bench_keep(1 + 1);
        bench_clobber();
    }
}

static void indexed(bench_state *b) {
    const int *prepared = (const int *)bench_user(b);
    BENCH_LOOP_INDEX(b, i) {
        bench_keep(prepared[i]);
    }
}

int main(int argc, char **argv) {
    const int64_t values[] = {1, 2};
    const char *const texts[] = {"a", "b"};
    static bench_opts opts;
    static bench_reporter reporter;
    bench_suite *suite = bench_suite_new(BENCH_VERSION);
    bench_group *group = bench_group_new(suite, "group");
    opts.sampling = BENCH_SAMPLING_LINEAR;
    bench_group_axis_i64(group, "n", values, 2);
    bench_group_axis_str(group, "text", texts, 2);
    bench_add(group, "plain", plain, NULL);
    bench_add(group, "indexed", indexed, &opts);
    if (argc > 1) {
        return bench_main_reporter(argc, argv, &suite, 1, &reporter);
    }
    return bench_main(argc, argv, &suite, 1);
}
