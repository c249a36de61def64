/* measure/clock.h - reading time: the counter, its calibration, its resolution and cost. */
#ifndef BENCH_MEASURE_CLOCK_H
#define BENCH_MEASURE_CLOCK_H

#include <bench/record.h>

/** A clock reading; only differences mean anything. */
struct bench__ticks {
    uint64_t n;
};

/** A source of time. The library's own are hardware; tests hand in an exact one. */
struct bench__clock {
    bench_clock_kind kind;
    double ticks_per_ns; /* after calibration; 1 for the monotonic clock */
    /* Injected clocks only (NULL for hardware, where reads are inlined by kind): */
    uint64_t (*read)(void *context);
    void *context;
};

/** Picks and checks a clock: AUTO takes the counter only where it is invariant and the kernel trusts
 *  it too. @return 0 or BENCH_EUNSUPPORTED when a forced kind is not there. */
int bench__clock_open(struct bench__clock *clock, bench_clock_kind want, bench_error *err);
const char *bench__clock_name(bench_clock_kind kind);
/** "auto", "tsc", "cntvct", "monotonic". @return 0 or BENCH_EINVAL. */
int bench__clock_parse(bench_clock_kind *out, const char *text, bench_error *err);

/* start/stop readings are defined inline below, at the end of this header */

double bench__clock_ns(const struct bench__clock *clock, struct bench__ticks from, struct bench__ticks to);

/** Bracketed (ticks, ns) pairs against CLOCK_MONOTONIC_RAW, collected while warming up. */
#define BENCH__CLOCK_PAIRS 64
struct bench__clock_calibration {
    size_t n;
    double ticks[BENCH__CLOCK_PAIRS], ns[BENCH__CLOCK_PAIRS];
    uint64_t first_ticks;
    int64_t first_ns;
};
/** Takes one pair: the tightest of a few bracketed readings. Cheap (under 2 us). Thins itself when full. */
void bench__clock_pair(const struct bench__clock *clock, struct bench__clock_calibration *cal);
/** Theil-Sen slope in ticks per ns; NAN with fewer than 2 pairs or under 1 ms of span. */
double bench__clock_slope(const struct bench__clock_calibration *cal);

/** Smallest cluster of non-zero back-to-back differences, and median of empty start/stop pairs. */
void bench__clock_probe(const struct bench__clock *clock, double *out_resolution_ns, double *out_overhead_ns);

/** CLOCK_MONOTONIC in ns: for budgets and time stamps, never for samples. */
int64_t bench__monotonic_ns(void);

#include "measure/clock_read.h" /* bench__clock_start, bench__clock_stop: static inline, per architecture */

#endif
