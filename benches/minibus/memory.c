/* All of the broker's allocations go through here, so that a test can make any of them fail and a
 * benchmark can count them. Memory that third-party libraries allocate does not. */
#include "minibus/memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void *allocate_default(void *user, size_t size) {
    (void)user;
    return malloc(size);
}

static void release_default(void *user, void *memory) {
    (void)user;
    free(memory);
}

static const mb_allocator default_allocator = {allocate_default, release_default, NULL};
static mb_allocator current = {allocate_default, release_default, NULL};

void mb_set_allocator(const mb_allocator *allocator) {
    current = allocator ? *allocator : default_allocator;
}

void *mb__alloc(size_t size) {
    return current.allocate(current.user, size);
}

void *mb__alloc_zeroed(size_t n, size_t size) {
    if (size != 0 && n > SIZE_MAX / size) {
        return NULL;
    }
    void *memory = mb__alloc(n * size);
    return memory ? memset(memory, 0, n * size) : NULL;
}

void mb__free(void *memory) {
    if (memory) {
        current.release(current.user, memory);
    }
}
