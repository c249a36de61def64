/* A counting layer above malloc, put below the broker and jansson while it is wanted. */
#include "allocations.h"

#include <dlfcn.h>
#include <jansson.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "minibus/memory.h"

static _Thread_local struct allocations counts;

static void *count_allocate(size_t size) {
    void *memory = malloc(size);
    if (memory) {
        const size_t usable = malloc_usable_size(memory);
        counts.n++;
        counts.bytes += usable;
        counts.live_bytes += (int64_t)usable;
    }
    return memory;
}

static void count_release(void *memory) {
    if (memory) {
        counts.live_bytes -= (int64_t)malloc_usable_size(memory);
    }
    free(memory);
}

static void *broker_allocate(void *user, size_t size) {
    (void)user;
    return count_allocate(size);
}

static void broker_release(void *user, void *memory) {
    (void)user;
    count_release(memory);
}

void allocations_start(void) {
    static const mb_allocator counting = {broker_allocate, broker_release, NULL};
    mb_set_allocator(&counting);
    json_set_alloc_funcs(count_allocate, count_release);
}

void allocations_stop(void) {
    mb_set_allocator(NULL);
    json_set_alloc_funcs(malloc, free);
}

struct allocations allocations_now(void) {
    return counts;
}

const char *allocations_library(void) {
    void *(*function)(size_t) = malloc;
    void *address;
    Dl_info info;
    memcpy(&address, &function, sizeof address);
    if (!dladdr(address, &info) || !info.dli_fname) {
        return "";
    }
    const char *slash = strrchr(info.dli_fname, '/');
    return slash ? slash + 1 : info.dli_fname;
}

int allocations_are_glibc(void) {
    return strncmp(allocations_library(), "libc.so", 7) == 0;
}
