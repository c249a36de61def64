/*
 * measure/plan.h - how many iterations make a sample, and how many samples a launch: arithmetic
 * only.
 */
#ifndef BENCH_MEASURE_PLAN_H
#define BENCH_MEASURE_PLAN_H

#include "base/rng.h"
#include <bench/bench.h>
#include <stddef.h>

/** Samples must be at least so long for the clock: max(2000 resolutions, 100 read overheads), ns.
 */
double bench__plan_shortest_epoch_ns(double resolution_ns, double overhead_ns);

/** Iterations that take about epoch_ns; at least 1, at most max_iterations (0: no limit). */
uint64_t bench__plan_iterations(double ns_per_iteration, double epoch_ns, uint64_t max_iterations);

/** Up to three candidate epoch lengths for the pilot, ascending: the shortest that the clock and
 * the sample limit allow, then 3 and 9 times that, none above 2 ms unless the shortest is.
 *  @return how many were written. */
size_t bench__plan_candidates(double out_epoch_ns[3], double shortest_ns, double measurement_ns,
                              int sample_size);

/** Index of the candidate with the least MAD^2 x length: the most precision for the time.
 *  `mad` is of time per iteration; NAN candidates are passed over; 0 when all are. */
size_t bench__plan_choose(const double *epoch_ns, const double *mad, size_t n);

/** Samples that fit into the time left; at least 1, at most sample_size. */
size_t bench__plan_samples(double measurement_ns, double sample_ns, int sample_size);

/** Linear sampling: iterations[i] = (i+1)*d in random order, the whole taking about measurement_ns.
 *  @return samples written (at most sample_size): at least 2. */
size_t bench__plan_linear(uint64_t *iterations, int sample_size, double ns_per_iteration,
                          double shortest_ns, double measurement_ns, uint64_t max_iterations,
                          struct bench__rng *rng);

#endif
