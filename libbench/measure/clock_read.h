/*
 * measure/clock_read.h - reading a clock, inlined into the timing loop. Include measure/clock.h.
 *
 * The counter is read so that everything before the timed code has finished at the start reading,
 * and all of the timed code at the stop reading: x86-64 `lfence; rdtsc; lfence` and
 * `rdtscp; lfence` (Intel, "How to Benchmark Code Execution Times", 2010; lfence also orders on
 * AMD), arm64 `isb; mrs cntvct_el0`. The "memory" clobbers keep the compiler from moving loads and
 * stores across a reading.
 */
#ifndef BENCH_MEASURE_CLOCK_READ_H
#define BENCH_MEASURE_CLOCK_READ_H

#include <sched.h>
#include <time.h>

static inline uint64_t bench__clock_read_raw(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_RAW, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* start, stop and stop_cpu of the architecture's counter; the raw clock where there is none. */
#if defined(__x86_64__)

static inline uint64_t bench__counter_start(void) {
    uint32_t low, high;
    __asm__ volatile("lfence\n\trdtsc\n\tlfence" : "=a"(low), "=d"(high) : : "memory");
    return (uint64_t)high << 32 | low;
}

static inline uint64_t bench__counter_stop_cpu(unsigned *cpu) {
    uint32_t low, high, aux;
    __asm__ volatile("rdtscp\n\tlfence" : "=a"(low), "=d"(high), "=c"(aux) : : "memory");
    *cpu = aux & 0xfff; /* Linux stores the NUMA node above the CPU's number */
    return (uint64_t)high << 32 | low;
}

static inline uint64_t bench__counter_stop(void) {
    unsigned cpu;
    return bench__counter_stop_cpu(&cpu);
}

#elif defined(__aarch64__)

static inline uint64_t bench__counter_start(void) {
    uint64_t n;
    __asm__ volatile("isb\n\tmrs %0, cntvct_el0\n\tisb" : "=r"(n) : : "memory");
    return n;
}

static inline uint64_t bench__counter_stop(void) {
    uint64_t n;
    __asm__ volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(n) : : "memory");
    return n;
}

static inline uint64_t bench__counter_stop_cpu(unsigned *cpu) {
    uint64_t n = bench__counter_stop();
    *cpu = (unsigned)sched_getcpu();
    return n;
}

#else

static inline uint64_t bench__counter_start(void) {
    return bench__clock_read_raw();
}

static inline uint64_t bench__counter_stop(void) {
    return bench__clock_read_raw();
}

static inline uint64_t bench__counter_stop_cpu(unsigned *cpu) {
    *cpu = (unsigned)sched_getcpu();
    return bench__clock_read_raw();
}

#endif

/** Reading before the timed code. */
static inline struct bench__ticks bench__clock_start(const struct bench__clock *clock) {
    if (clock->read)
        return (struct bench__ticks){clock->read(clock->context)};
    if (clock->kind == BENCH_CLOCK_MONOTONIC_RAW)
        return (struct bench__ticks){bench__clock_read_raw()};
    return (struct bench__ticks){bench__counter_start()};
}

/** Reading after the timed code. */
static inline struct bench__ticks bench__clock_stop(const struct bench__clock *clock) {
    if (clock->read)
        return (struct bench__ticks){clock->read(clock->context)};
    if (clock->kind == BENCH_CLOCK_MONOTONIC_RAW)
        return (struct bench__ticks){bench__clock_read_raw()};
    return (struct bench__ticks){bench__counter_stop()};
}

/** The same, and the CPU it was read on: two readings that differ tell of a migration between them.
 *  With the TSC the number comes for free with the reading. An injected clock is always on CPU 0.
 */
static inline struct bench__ticks bench__clock_stop_cpu(const struct bench__clock *clock,
                                                        unsigned *cpu) {
    if (clock->read) {
        *cpu = 0;
        return (struct bench__ticks){clock->read(clock->context)};
    }
    if (clock->kind == BENCH_CLOCK_MONOTONIC_RAW) {
        uint64_t now = bench__clock_read_raw();
        *cpu = (unsigned)sched_getcpu();
        return (struct bench__ticks){now};
    }
    return (struct bench__ticks){bench__counter_stop_cpu(cpu)};
}

#endif
