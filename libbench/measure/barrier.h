/*
 * measure/barrier.h - a reusable barrier that releases its threads within a cache-line transfer.
 *
 * pthread_barrier wakes sleepers one by one, tens of microseconds apart; threads that are to start
 * together spin instead. Only when there are more of them than CPUs do they yield, which costs a
 * system call of skew.
 */
#ifndef BENCH_MEASURE_BARRIER_H
#define BENCH_MEASURE_BARRIER_H

#include <sched.h>
#include <stdatomic.h>

struct bench__barrier {
    atomic_uint arrived;
    atomic_uint generation;
    unsigned parties;
    int may_yield; /* more parties than CPUs */
};

static inline void bench__barrier_init(struct bench__barrier *b, unsigned parties,
                                       unsigned n_cpus) {
    b->may_yield = parties > n_cpus;
    atomic_init(&b->arrived, 0);
    atomic_init(&b->generation, 0);
    b->parties = parties;
}

static inline void bench__barrier_relax(void) {
#if defined(__x86_64__)
    __asm__ __volatile__("pause");
#elif defined(__aarch64__)
    __asm__ __volatile__("yield");
#endif
}

/** Counts as having come, without waiting: for a thread that will not take part in this round. */
static inline void bench__barrier_arrive(struct bench__barrier *b) {
    if (atomic_fetch_add(&b->arrived, 1) + 1 == b->parties) {
        atomic_store(&b->arrived, 0);
        atomic_fetch_add(&b->generation, 1);
    }
}

static inline void bench__barrier_wait(struct bench__barrier *b) {
    const unsigned generation = atomic_load(&b->generation);
    bench__barrier_arrive(b);
    for (unsigned spins = 0;
         atomic_load_explicit(&b->generation, memory_order_acquire) == generation; spins++) {
        /* far beyond any start-up of threads, a lone spinner lets others run all the same */
        if ((b->may_yield && spins >= 200) || spins >= 1000000) {
            sched_yield();
        } else {
            bench__barrier_relax();
        }
    }
}

#endif
