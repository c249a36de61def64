/*
 * base/mem.h - allocation for the whole library: zeroed, overflow-checked, able to fail on purpose.
 * May be called from any thread; the two counters for tests are global.
 */
#ifndef BENCH_BASE_MEM_H
#define BENCH_BASE_MEM_H

#include <stddef.h>

/** Zeroed memory for n items of `size` bytes; NULL when out of memory or n*size overflows.
 *  n = 0 gives a valid pointer. Free with bench__free(). */
void *bench__alloc(size_t n, size_t size);
/** Makes *items (of `size` bytes each, *capacity of them) hold at least `needed`; new items are
 *  zeroed. @return 0 or BENCH_ENOMEM, with *items unchanged. */
int bench__grow(void *items, size_t *capacity, size_t needed, size_t size);
/* Copies, to be freed with bench__free(); NULL when out of memory. strndup stops at a NUL. */
char *bench__strdup(const char *text);
char *bench__strndup(const char *text, size_t n);
void *bench__memdup(const void *data, size_t n, size_t size);
void bench__free(void *p);

/** Tests: the n-th allocation from now (0 = the next) and all after it fail; -1 switches it off. */
void bench__mem_fail_after(long n);
/** Tests: allocations made and not freed. */
long bench__mem_live(void);

#endif
