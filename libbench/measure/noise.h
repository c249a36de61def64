/* measure/noise.h - what disturbed a stretch of time: switches, faults, migrations, steal, throttling. */
#ifndef BENCH_MEASURE_NOISE_H
#define BENCH_MEASURE_NOISE_H

#include "measure/clock.h"

/** A reading of all counters; two of them make a bench_noise. -1 where the machine does not tell. */
struct bench__noise_reading {
    int64_t involuntary_switches, voluntary_switches, minor_faults, major_faults, migrations;
    int64_t steal_ns, throttled_ns, pressure_ns;
    int64_t cpu_ns; /* of this process, all threads, user and system */
    double ruler_ghz;
};

struct bench__noise_probe; /* keeps its /proc files open: a reading costs a few microseconds */
/** NULL without memory. `root` as in bench__host_read. */
struct bench__noise_probe *bench__noise_probe_new(const char *root);
void bench__noise_probe_free(struct bench__noise_probe *probe);
void bench__noise_read(struct bench__noise_probe *probe, const struct bench__clock *clock,
                       struct bench__noise_reading *out);
/** Differences and the contamination bits for a stretch of `wall_ns`; drift_ppm from the clock. */
void bench__noise_between(const struct bench__noise_reading *from, const struct bench__noise_reading *to,
                          double wall_ns, double drift_ppm, bench_noise *out);
/** The cycle ruler alone: 4096 dependent adds, best of a few, adds per ns. */
double bench__noise_ruler_ghz(const struct bench__clock *clock);
/** Largest resident set of this process so far, bytes; -1 unknown. */
int64_t bench__peak_rss_bytes(void);
/** CPU time of this process, all threads, ns. */
int64_t bench__process_cpu_ns(void);

#endif
