/* measure/host.h - the machine's fingerprint, read from /proc, /sys, CPUID and system calls. */
#ifndef BENCH_MEASURE_HOST_H
#define BENCH_MEASURE_HOST_H

#include <bench/record.h>

/** Overwrites *host with everything it can read; what it cannot stays "" or -1 or NAN. `root` is ""
 *  for the real machine, or a directory with a copy of /proc and /sys for tests; what comes from
 *  system calls (arch, hostname, kernel, libc, usable CPUs) is the real machine's either way.
 *  Compiler, flags and clock are left empty for the caller: they belong to the benchmark
 * executable. */
void bench__host_read(bench_host *host, const char *root);

/** A short readable class of the hard keys, for directory names: "amd-epyc-9454p-kvm-gcc12-3f9a".
 *  Only [a-z0-9-]; at most 60 bytes; the last four are a hash of all hard keys. Part of the file
 *  format: the same keys give the same class in every version. */
void bench__host_class(const bench_host *host, char out[64]);
/** Lists the hard keys that differ: "cpu_model: A here, B in the baseline; ...", cut to size.
 *  @return their number. */
int bench__host_differences(const bench_host *ours, const bench_host *theirs, char *out,
                            size_t size);

#endif
