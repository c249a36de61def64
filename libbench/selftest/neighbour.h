/* selftest/neighbour.h - a noisy neighbour of our own making. */
#ifndef BENCH_SELFTEST_NEIGHBOUR_H
#define BENCH_SELFTEST_NEIGHBOUR_H

#include <bench/common.h>
#include <sys/types.h>

/**
 * Starts a process that works in bursts of random length (2 to 40 ms): arithmetic, traffic through
 * 32 MiB of memory, rest. It is not pinned, takes at most one CPU, and ends with this process.
 * @return 0, BENCH_ESYSTEM.
 */
int bench__neighbour_start(pid_t *out, uint64_t seed, bench_error *err);
/** Ends it; nothing for a pid of 0. */
void bench__neighbour_stop(pid_t pid);

#endif
