/* measure/noise.h - what disturbed a stretch of time: switches, faults, migrations, steal,
 * throttling. */
#ifndef BENCH_MEASURE_NOISE_H
#define BENCH_MEASURE_NOISE_H

#include "measure/clock.h"

/** A reading of all counters; two of them make a bench_noise. -1 where the machine does not tell.
 */
struct bench__noise_reading {
    int64_t involuntary_switches, voluntary_switches, minor_faults, major_faults; /* all threads */
    int64_t migrations;   /* of the process's first thread */
    int64_t steal_ns;     /* whole machine, in ticks of 10 ms */
    int64_t throttled_ns; /* the cgroup whose quota binds this process */
    int64_t pressure_ns;  /* whole machine */
    int64_t cpu_ns;       /* of this process, all threads, user and system */
    double ruler_ghz;
};

/** Keeps its /proc and /sys files open, so that a reading costs some tens of microseconds, most of
 *  them the ruler. They tell of the process that opened them: make a new one after a fork. */
struct bench__noise_probe;
/** NULL without memory. `root` as in bench__host_read. */
struct bench__noise_probe *bench__noise_probe_new(const char *root);
void bench__noise_probe_free(struct bench__noise_probe *probe);
void bench__noise_read(struct bench__noise_probe *probe, const struct bench__clock *clock,
                       struct bench__noise_reading *out);
/**
 * Differences and the contamination bits for a stretch of `wall_ns`; drift_ppm from the clock (NAN:
 * unknown). A cause that cannot be known sets no bit.
 *
 * Steal counts as contamination when the machine's CPUs together lost more than 1 % of wall_ns. The
 * kernel tells it in ticks of 10 ms: in a stretch under a second one tick is enough, and one that
 * lost less than a tick is flagged with a chance in proportion. Single flags are coarse then, but
 * the share of flagged launches is right, and asking for two ticks would pass 10 % of steal in 100
 * ms.
 */
void bench__noise_between(const struct bench__noise_reading *from,
                          const struct bench__noise_reading *to, double wall_ns, double drift_ppm,
                          bench_noise *out);
/** The cycle ruler alone: 4096 dependent adds, best of a few, adds per ns; some 20 us. NAN when the
 *  clock does not advance. */
double bench__noise_ruler_ghz(const struct bench__clock *clock);
/** Largest resident set of this process so far, bytes; -1 unknown. */
int64_t bench__peak_rss_bytes(void);
/** CPU time of this process, all threads, ns. */
int64_t bench__process_cpu_ns(void);

#endif
