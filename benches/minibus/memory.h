/* minibus/memory.h - where the broker's memory comes from. */
#ifndef MINIBUS_MEMORY_H
#define MINIBUS_MEMORY_H

#include <stddef.h>

/** A source of memory. `allocate` returns NULL without; `release` is never given NULL. */
typedef struct mb_allocator {
    void *(*allocate)(void *user, size_t size);
    void (*release)(void *user, void *memory);
    void *user;
} mb_allocator;

/** Replaces malloc and free; NULL brings them back. The struct is copied. Call it only while the
 *  broker holds no memory and no other thread is in it. */
void mb_set_allocator(const mb_allocator *allocator);

/* For the broker's own files. */
void *mb__alloc(size_t size);                  /**< uninitialised */
void *mb__alloc_zeroed(size_t n, size_t size); /**< NULL also when n * size overflows */
void mb__free(void *memory);

#endif
