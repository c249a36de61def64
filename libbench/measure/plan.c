/*
 * The arithmetic of a launch: epoch length, iterations, samples. Reads no clock and runs nothing.
 */
#include "measure/plan.h"

#include <math.h>

#define LONGEST_EPOCH_NS  2e6
#define SHORTEST_EPOCH_NS 20e3
#define MIN_SAMPLES       30
#define MAX_ITERATIONS    1e15
#define UNSEEN_ITERATIONS 1e6 /* of something that takes no time by the clock */

double bench__plan_shortest_epoch_ns(double resolution_ns, double overhead_ns) {
    return fmax(2000 * resolution_ns, 100 * overhead_ns);
}

uint64_t bench__plan_iterations(double ns_per_iteration, double epoch_ns, uint64_t max_iterations) {
    double n = UNSEEN_ITERATIONS;
    if (ns_per_iteration > 0) {
        n = fmin(MAX_ITERATIONS, rint(epoch_ns / ns_per_iteration));
    }
    if (max_iterations != 0 && n > (double)max_iterations) {
        return max_iterations;
    }
    return n < 1 ? 1 : (uint64_t)n;
}

size_t bench__plan_candidates(double out_epoch_ns[3], double shortest_ns, double measurement_ns,
                              int sample_size) {
    double epoch = fmax(shortest_ns, SHORTEST_EPOCH_NS);
    epoch = fmax(epoch, measurement_ns / sample_size);
    const double longest = fmin(LONGEST_EPOCH_NS, measurement_ns / MIN_SAMPLES);
    size_t n = 0;
    out_epoch_ns[n++] = epoch;
    while (n < 3 && epoch * 3 <= longest) {
        epoch *= 3;
        out_epoch_ns[n++] = epoch;
    }
    return n;
}

size_t bench__plan_choose(const double *epoch_ns, const double *mad, size_t n) {
    size_t best = 0;
    double least = INFINITY;
    for (size_t i = 0; i < n; i++) {
        const double cost = mad[i] * mad[i] * epoch_ns[i];
        if (cost < least) {
            least = cost;
            best = i;
        }
    }
    return best;
}

size_t bench__plan_samples(double measurement_ns, double sample_ns, int sample_size) {
    const double n = sample_ns > 0 ? floor(measurement_ns / sample_ns) : sample_size;
    if (n > sample_size) {
        return (size_t)sample_size;
    }
    return n < 1 ? 1 : (size_t)n;
}

size_t bench__plan_linear(uint64_t *iterations, int sample_size, double ns_per_iteration,
                          double shortest_ns, double measurement_ns, uint64_t max_iterations,
                          struct bench__rng *rng) {
    /* sum over i of (i+1)*d*t = measurement: fewer samples when even d = shortest takes too long */
    const double shortest = fmax(shortest_ns, ns_per_iteration);
    size_t n = (size_t)sample_size;
    while (n > 2 && shortest * (double)n * (double)(n + 1) / 2 > measurement_ns) {
        n--;
    }
    const double unit_ns = measurement_ns / ((double)n * (double)(n + 1) / 2);
    uint64_t d = bench__plan_iterations(ns_per_iteration, fmax(unit_ns, shortest), 0);
    if (max_iterations != 0 && d > max_iterations / n) {
        d = max_iterations / n > 0 ? max_iterations / n : 1;
    }
    for (size_t i = 0; i < n; i++) {
        iterations[i] = d * (i + 1);
    }
    for (size_t i = n; i > 1; i--) {
        const size_t j = bench__rng_below(rng, i);
        const uint64_t swapped = iterations[i - 1];
        iterations[i - 1] = iterations[j];
        iterations[j] = swapped;
    }
    return n;
}
