/*
 * Suite "truth": bodies whose cost the machine's manuals tell, to check the measuring itself.
 * scripts/compare_peers.sh reads its results: a chain of 2N multiplications must measure twice a
 * chain of N, additions and multiplications must differ by their latencies, and a loop of one
 * operation must cost what a thousandth of a loop of a thousand does.
 */
#include "suites.h"

#if defined(__x86_64__)
#define ADD(x, y)      __asm__ __volatile__("add %1, %0" : "+r"(x) : "r"(y))
#define MULTIPLY(x, y) __asm__ __volatile__("imul %1, %0" : "+r"(x) : "r"(y))
#elif defined(__aarch64__)
#define ADD(x, y)      __asm__ __volatile__("add %0, %0, %1" : "+r"(x) : "r"(y))
#define MULTIPLY(x, y) __asm__ __volatile__("mul %0, %0, %1" : "+r"(x) : "r"(y))
#else
#define ADD(x, y)      ((x) += (y), bench_clobber())
#define MULTIPLY(x, y) ((x) *= (y), bench_clobber())
#endif

#define TEN(op) op op op op op op op op op op

/* Chains of n dependent operations, n a multiple of 100; the loop around them hides behind them. */
static void add_chain(bench_state *b) {
    const int64_t hundreds = bench_param_i64(b, "n") / 100;
    uint64_t x = 1, y = 3;
    BENCH_LOOP(b) {
        for (int64_t i = 0; i < hundreds; i++) {
            TEN(TEN(ADD(x, y);))
        }
    }
    bench_keep(x);
}

static void multiply_chain(bench_state *b) {
    const int64_t hundreds = bench_param_i64(b, "n") / 100;
    uint64_t x = 1, y = 3;
    BENCH_LOOP(b) {
        for (int64_t i = 0; i < hundreds; i++) {
            TEN(TEN(MULTIPLY(x, y);))
        }
    }
    bench_keep(x);
}

/* n multiplications, n from 1: what is left at n = 0 is the cost of measuring. */
static void multiply_few(bench_state *b) {
    const int64_t n = bench_param_i64(b, "n");
    uint64_t x = 1, y = 3;
    BENCH_LOOP(b) {
        for (int64_t i = 0; i < n; i++) {
            MULTIPLY(x, y);
        }
    }
    bench_keep(x);
}

static void empty_loop(bench_state *b) {
    uint64_t x = 1;
    BENCH_LOOP(b) {
        bench_keep(x);
    }
}

bench_suite *truth_suite(void) {
    static const int64_t lengths[] = {1000, 2000}, few[] = {1, 2, 5, 10, 100, 1000};
    bench_suite *suite = bench_suite_new("truth");
    bench_group *chain = bench_group_new(suite, "chain");
    bench_group_axis_i64(chain, "n", lengths, 2);
    bench_add(chain, "add", add_chain, NULL);
    bench_add(chain, "multiply", multiply_chain, NULL);
    bench_group *intercept = bench_group_new(suite, "intercept");
    bench_group_axis_i64(intercept, "n", few, 6);
    bench_add(intercept, "multiply", multiply_few, NULL);
    bench_group *loop = bench_group_new(suite, "loop");
    bench_add(loop, "empty", empty_loop, NULL);
    return suite;
}
