/*
 * allocations.h - counts what the broker allocates, for benchmarks of memory.
 *
 * Counted is every call for memory by the broker's own code and by jansson, which its JSON codec
 * uses: that is all that its operations allocate, apart from what the C library does by itself,
 * such as a thread's stack. Bytes are usable sizes, what malloc really gave; the 8 bytes that glibc
 * keeps in front of each block are not in them.
 *
 * Counting takes some nanoseconds of each call, so times taken meanwhile are not the broker's.
 */
#ifndef ALLOCATIONS_H
#define ALLOCATIONS_H

#include <stdint.h>

/** By the calling thread, since it began. What another thread frees is missing in `live_bytes`. */
struct allocations {
    uint64_t n;         /**< calls that got memory */
    uint64_t bytes;     /**< that they got */
    int64_t live_bytes; /**< of these, not given back */
};

/** Both only while the broker holds no memory and no other thread is in it. */
void allocations_start(void);
void allocations_stop(void);

struct allocations allocations_now(void);

/** The file name of the library that malloc() comes from, such as "libc.so.6"; "" when unknown. */
const char *allocations_library(void);
/** Whether that is glibc, so that mallinfo2() tells about it. */
int allocations_are_glibc(void);

#endif
