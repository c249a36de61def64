/* For the broker's tests: cmocka, an allocator that counts and fails, messages to test with. */
#ifndef TESTING_H
#define TESTING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "minibus/error.h"
#include "minibus/memory.h"
#include "minibus/message.h"

/* Not thread-safe: for single-threaded tests. */
struct allocation_watch {
    long n_live;
    long fail_after; /* so many more succeed, then all fail; -1: none fails */
};

static inline void *watched_allocate(void *user, size_t size) {
    struct allocation_watch *w = user;
    if (w->fail_after == 0) {
        return NULL;
    }
    if (w->fail_after > 0) {
        w->fail_after--;
    }
    w->n_live++;
    return malloc(size);
}

static inline void watched_release(void *user, void *memory) {
    struct allocation_watch *w = user;
    w->n_live--;
    free(memory);
}

static inline void watch_allocations(struct allocation_watch *w) {
    *w = (struct allocation_watch){.fail_after = -1};
    mb_set_allocator(&(mb_allocator){watched_allocate, watched_release, w});
}

/* Runs `attempt` with its n-th allocation failing, for every n until it succeeds. It must say
 * MB_ENOMEM and leave nothing behind each time. */
static inline void fail_every_allocation(int (*attempt)(void)) {
    struct allocation_watch w;
    int rc = MB_ENOMEM;
    long n = 0;
    for (; rc != 0; n++) {
        watch_allocations(&w);
        w.fail_after = n;
        rc = attempt();
        assert_true(rc == 0 || rc == MB_ENOMEM);
        assert_int_equal(w.n_live, 0);
    }
    assert_true(n > 1); /* it does allocate */
    mb_set_allocator(NULL);
}

/* Of all allocations in all threads, one fails. */
struct single_failure {
    atomic_long n_live;
    atomic_long n_before; /* so many succeed before it */
};

static inline void *allocate_but_one(void *user, size_t size) {
    struct single_failure *f = user;
    void *memory = atomic_fetch_sub(&f->n_before, 1) == 0 ? NULL : malloc(size);
    atomic_fetch_add(&f->n_live, memory != NULL);
    return memory;
}

static inline void release_but_one(void *user, void *memory) {
    struct single_failure *f = user;
    atomic_fetch_sub(&f->n_live, 1);
    free(memory);
}

/* Runs `scenario` with its n-th allocation failing and all others not, for every n until there are
 * no more than that. It must leave no memory behind. */
static inline void fail_each_allocation(void (*scenario)(void)) {
    struct single_failure f;
    long n = 0;
    do {
        atomic_init(&f.n_live, 0);
        atomic_init(&f.n_before, n++);
        mb_set_allocator(&(mb_allocator){allocate_but_one, release_but_one, &f});
        scenario();
        assert_int_equal(atomic_load(&f.n_live), 0);
    } while (atomic_load(&f.n_before) < 0);
    assert_true(n > 2); /* it does allocate */
    mb_set_allocator(NULL);
}

static inline mb_message *new_message(const char *payload) {
    mb_message *m = NULL;
    assert_int_equal(mb_message_new(&m, payload, strlen(payload)), 0);
    return m;
}

static inline void assert_payload(const mb_message *m, const char *payload) {
    assert_int_equal(mb_message_payload_size(m), strlen(payload));
    assert_memory_equal(mb_message_payload(m), payload, strlen(payload));
}

#endif
