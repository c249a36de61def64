/* fuzz.h - what a fuzz target is: it takes any bytes, and ends the process when what they lead to
 * is wrong. libFuzzer's name, so that the same file serves it and drive.c. */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/** @return 0 always. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* assert() that no build type takes away. */
#define FUZZ_CHECK(condition)                                                                      \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                        \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

#endif
