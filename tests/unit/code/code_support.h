/* code_support.h - the executables that are compared, and where their functions stand. */
#ifndef TEST_CODE_SUPPORT_H
#define TEST_CODE_SUPPORT_H

#include "code/elf.h"
#include "unit/measure/near.h"

#include <string.h>

static inline uint64_t address_of(const char *path, const char *function) {
    struct bench__elf elf;
    uint64_t address = 0;
    assert_int_equal(bench__elf_open(&elf, path, NULL), 0);
    for (size_t i = 0; i < elf.n_functions; i++) {
        if (strcmp(elf.functions[i].name, function) == 0) {
            address = elf.functions[i].address;
        }
    }
    bench__elf_close(&elf);
    return address;
}

#endif
