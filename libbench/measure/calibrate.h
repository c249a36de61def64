/* measure/calibrate.h - the calibration vector: nine small kernels that stand for the machine's
 * speed. */
#ifndef BENCH_MEASURE_CALIBRATE_H
#define BENCH_MEASURE_CALIBRATE_H

#include "measure/clock.h"

/** Owns the buffers of the kernels: for MEMORY twice the last-level cache, at least 64 MiB and at
 *  most 128 MiB, all of it touched. */
struct bench__calibrator;

/** Prepares buffers, sized by the host's cache sizes (unknown: 32 KiB, 1 MiB, 16 MiB); about 0.1 s.
 *  The order of loads and the branches follow from the seed. NULL without memory. */
struct bench__calibrator *bench__calibrator_new(const bench_host *host, uint64_t seed);
void bench__calibrator_free(struct bench__calibrator *c);
/** Measures every kernel: median of short repeats, about 15 ms in all; a kernel that cannot run is
 *  NAN. at_ns is left to the caller. */
void bench__calibrator_run(struct bench__calibrator *c, const struct bench__clock *clock,
                           bench_calibration *out);

#endif
