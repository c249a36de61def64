/*
 * allocator_child.h - allocators are chosen when a process starts: so this executable starts
 * itself again with another one preloaded, and that process measures.
 */
#ifndef ALLOCATOR_CHILD_H
#define ALLOCATOR_CHILD_H

#include <stdint.h>
#include <sys/types.h>

enum {
    ALLOCATOR_CHILD_OPERATIONS = 1000, /* messages that come, per iteration */
    MESSAGE_HEADER = 176               /* bytes that a message takes besides its payload */
};

struct allocator_child {
    pid_t pid;  /* 0: none */
    int socket; /* to it */
    int is_missing;
};

struct allocator_report {
    double elapsed_ns;
    uint64_t n_wrong;     /* messages with another content than was written */
    double fragmentation; /* share of the heap that is free, once the short-lived messages are gone;
                             -1: not known */
};

/** @param name "glibc", "jemalloc", "tcmalloc", "mimalloc".
 *  @return NULL, or why not; child->is_missing when the allocator is not installed. */
const char *allocator_child_start(struct allocator_child *child, const char *name);
/** @param iterations 0: only the fragmentation. @return 0, or -1 when the child is gone. */
int allocator_child_run(struct allocator_report *out, struct allocator_child *child,
                        uint64_t iterations);
/** Accepts what is zeroed. */
void allocator_child_stop(struct allocator_child *child);

/** For main(), before anything else: whether this process is such a child; then that is all it is
 *  to do, and *exit_code says how it went. */
int allocator_child_main(int *exit_code);

#endif
