/*
 * measure/chain.h - chains of dependent instructions whose length the compiler cannot change: the
 * clock cycle made visible without a counter.
 *
 * Both operands are registers: recent cores (Golden Cove) add small immediates while renaming, and
 * such a chain takes less than a cycle per addition.
 */
#ifndef BENCH_MEASURE_CHAIN_H
#define BENCH_MEASURE_CHAIN_H

#include <stdint.h>

#define BENCH__CHAIN_BLOCK 64

#if defined(__x86_64__)
#define BENCH__CHAIN_STEPS(op, x, y)                                                               \
    __asm__ volatile(".rept 64\n\t" op " %1, %0\n\t.endr" : "+r"(x) : "r"(y) : "cc")
#define BENCH__CHAIN_ADD(x, y) BENCH__CHAIN_STEPS("addq", x, y)
#define BENCH__CHAIN_MUL(x, y) BENCH__CHAIN_STEPS("imulq", x, y)
#elif defined(__aarch64__)
#define BENCH__CHAIN_STEPS(op, x, y)                                                               \
    __asm__ volatile(".rept 64\n\t" op " %0, %0, %1\n\t.endr" : "+r"(x) : "r"(y))
#define BENCH__CHAIN_ADD(x, y) BENCH__CHAIN_STEPS("add", x, y)
#define BENCH__CHAIN_MUL(x, y) BENCH__CHAIN_STEPS("mul", x, y)
#else
#define BENCH__CHAIN_STEPS(op, x, y)                                                               \
    do {                                                                                           \
        for (int step = 0; step < BENCH__CHAIN_BLOCK; step++) {                                    \
            (x) = (x)op(y);                                                                        \
            __asm__ volatile("" : "+r"(x));                                                        \
        }                                                                                          \
    } while (0)
#define BENCH__CHAIN_ADD(x, y) BENCH__CHAIN_STEPS(+, x, y)
#define BENCH__CHAIN_MUL(x, y) BENCH__CHAIN_STEPS(*, x, y)
#endif

/** n dependent additions, n a multiple of BENCH__CHAIN_BLOCK. */
static inline void bench__chain_add(unsigned n) {
    unsigned long x = n, y = 1;
    for (unsigned i = 0; i < n; i += BENCH__CHAIN_BLOCK)
        BENCH__CHAIN_ADD(x, y);
}

/** n dependent multiplications, n a multiple of BENCH__CHAIN_BLOCK. */
static inline void bench__chain_multiply(unsigned n) {
    unsigned long x = n, y = 3;
    for (unsigned i = 0; i < n; i += BENCH__CHAIN_BLOCK)
        BENCH__CHAIN_MUL(x, y);
}

#endif
