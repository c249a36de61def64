/*
 * Allocation for the whole library: zeroed, checked for overflow, counted, and able to fail on
 * purpose. It is malloc underneath: no pools, no arenas.
 */
#include "base/mem.h"
#include <bench/common.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static atomic_long live;
static atomic_long allowed = -1; /* allocations that may still succeed; -1: all */

static int may_allocate(void) {
    long left = atomic_load(&allowed);
    while (left > 0 && !atomic_compare_exchange_weak(&allowed, &left, left - 1)) {
    }
    return left != 0;
}

void *bench__alloc(size_t n, size_t size) {
    size_t bytes;
    if (__builtin_mul_overflow(n, size, &bytes) || !may_allocate())
        return NULL;
    void *p = calloc(bytes > 0 ? bytes : 1, 1);
    if (p != NULL)
        atomic_fetch_add(&live, 1);
    return p;
}

/* The next capacity: doubling, so that appending one by one stays linear. */
static size_t grown_capacity(size_t capacity, size_t needed) {
    size_t doubled = capacity > SIZE_MAX / 2 ? SIZE_MAX : capacity * 2;
    if (doubled < 8)
        doubled = 8;
    return doubled > needed ? doubled : needed;
}

int bench__grow(void *items, size_t *capacity, size_t needed, size_t size) {
    if (needed <= *capacity)
        return 0;
    size_t wanted = grown_capacity(*capacity, needed), bytes;
    if (__builtin_mul_overflow(wanted, size, &bytes) || !may_allocate())
        return BENCH_ENOMEM;
    char *old, *grown;
    memcpy(&old, items, sizeof old); /* `items` is the address of a pointer of any type */
    grown = realloc(old, bytes);
    if (grown == NULL)
        return BENCH_ENOMEM;
    if (old == NULL)
        atomic_fetch_add(&live, 1);
    memset(grown + *capacity * size, 0, bytes - *capacity * size);
    memcpy(items, &grown, sizeof grown);
    *capacity = wanted;
    return 0;
}

char *bench__strdup(const char *text) {
    return bench__memdup(text, strlen(text) + 1, 1);
}

char *bench__strndup(const char *text, size_t n) {
    size_t length = strnlen(text, n);
    char *copy = bench__alloc(length + 1, 1);
    if (copy != NULL)
        memcpy(copy, text, length);
    return copy;
}

void *bench__memdup(const void *data, size_t n, size_t size) {
    void *copy = bench__alloc(n, size);
    if (copy != NULL && n > 0 && size > 0)
        memcpy(copy, data, n * size);
    return copy;
}

void bench__free(void *p) {
    if (p == NULL)
        return;
    atomic_fetch_sub(&live, 1);
    free(p);
}

void bench__mem_fail_after(long n) {
    atomic_store(&allowed, n);
}

long bench__mem_live(void) {
    return atomic_load(&live);
}
