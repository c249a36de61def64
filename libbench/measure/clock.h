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
    double ticks_per_ns; /* 1 for the monotonic clock; a counter's first rate is refined by slope */
    /* Injected clocks only (NULL for hardware, where reads are inlined by kind): */
    uint64_t (*read)(void *context);
    void *context;
};

/**
 * Picks and checks a clock. AUTO takes the counter only where it runs at a constant rate and the
 * kernel uses it as its own clocksource; forcing a counter overrides the kernel's opinion, never
 * the constant rate. A counter's rate is calibrated over 2 ms (tens of ppm).
 * @return 0 or BENCH_EUNSUPPORTED when a forced kind is not there.
 */
int bench__clock_open(struct bench__clock *clock, bench_clock_kind want, bench_error *err);
/** The same with /sys below `root` (tests). */
int bench__clock_open_at(struct bench__clock *clock, bench_clock_kind want, const char *root,
                         bench_error *err);
const char *bench__clock_name(bench_clock_kind kind);
/** "auto", "tsc", "cntvct", "monotonic". @return 0 or BENCH_EINVAL. */
int bench__clock_parse(bench_clock_kind *out, const char *text, bench_error *err);

/* bench__clock_start, _stop and _stop_cpu come with measure/clock_read.h, below */

/** Time between two readings; negative when the second was taken on a CPU whose counter lags. */
double bench__clock_ns(const struct bench__clock *clock, struct bench__ticks from,
                       struct bench__ticks to);

/** Bracketed (ticks, ns) pairs against CLOCK_MONOTONIC_RAW, collected while warming up. Starts
 *  zeroed; pairs are counted from the first one. */
#define BENCH__CLOCK_PAIRS 64
struct bench__clock_calibration {
    size_t n;
    double ticks[BENCH__CLOCK_PAIRS], ns[BENCH__CLOCK_PAIRS];
    uint64_t first_ticks;
    int64_t first_ns;
    uint64_t n_offered; /* pairs taken or passed over */
    unsigned thinned;   /* every 2^thinned-th pair is kept, so that they stay evenly spaced */
};
/** Takes one pair: the tightest of a few bracketed readings. Cheap (under 2 us), any number of
 *  times. An injected or the monotonic clock is its own reference: its slope is ticks_per_ns. */
void bench__clock_pair(const struct bench__clock *clock, struct bench__clock_calibration *cal);
/** Enters a pair taken elsewhere; when full, every second one is dropped. */
void bench__clock_calibration_add(struct bench__clock_calibration *cal, uint64_t ticks, int64_t ns);
/** Theil-Sen slope in ticks per ns; NAN with fewer than 2 pairs or under 1 ms of span. */
double bench__clock_slope(const struct bench__clock_calibration *cal);
/** Rate from the last pair kept until now against ticks_per_ns, ppm: how well the calibration of
 * the warm-up held during the timed part. (A slope over all pairs would not show it: being a
 * median, it ignores the few late ones.) NAN without pairs or with under 1 ms since the last. */
double bench__clock_drift_ppm(const struct bench__clock *clock,
                              const struct bench__clock_calibration *cal);

/** Resolution: the step of back-to-back differences, NAN when the clock stands still; overhead:
 *  median of empty start/stop pairs. Takes well under 1 ms with a counter. */
void bench__clock_probe(const struct bench__clock *clock, double *out_resolution_ns,
                        double *out_overhead_ns);
/**
 * The step in which a clock advances, from non-zero differences of its readings: the smallest
 * distance from zero to a cluster of them, or between two clusters. (A reading itself takes one or
 * more steps, so that the smallest difference may be two.) A cluster is values within 25 % (and 1)
 * of its smallest, at least 1 % of all and three: a lone glitch is none. A greatest common divisor
 * would fail where the step is no whole number of ticks. Sorts differences. NAN without a cluster.
 */
double bench__clock_step(double *differences, size_t n);

/** CLOCK_MONOTONIC in ns: for budgets and time stamps, never for samples. */
int64_t bench__monotonic_ns(void);

#include "measure/clock_read.h" /* start and stop readings, inline, per architecture */

#endif
