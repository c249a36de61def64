/*
 * Many short branches, all of them predictable: what such a function costs depends on which of them
 * share a line of the cache or of the branch predictor. Nothing of it knows where it stands.
 */
#include "branchy.h"

/* Of this executable's own choice: where the linker puts the function. */
#define TEXT_OF(number) #number
#define SKIP(number)    ".skip " TEXT_OF(number) "\n"
__asm__(".section .text.before_branchy,\"ax\",%progbits\n"
        ".p2align 6\n" SKIP(OFFSET) ".text\n");

/* A branch, and no conditional move: the compiler cannot do without the empty instruction. */
#define WHEN(condition, statement)                                                                 \
    if (condition) {                                                                               \
        statement;                                                                                 \
        bench_keep(sum);                                                                           \
    }

uint32_t branchy(uint32_t x) {
    uint32_t sum = 0;
    for (uint32_t i = 0; i < 64; i++) {
        WHEN((i & 1) != 0, sum += x)
        WHEN((x & 16) != 0, sum ^= 9)
        WHEN((i & 2) != 0, sum ^= i)
        WHEN((x & 8) != 0, sum += 5)
        WHEN((i & 4) != 0, sum -= 3)
        WHEN((x & 4) != 0, sum ^= 7)
        WHEN((x & 2) != 0, sum += 2)
        WHEN(sum == 0x12345, sum ^= 1)
    }
    return sum;
}
