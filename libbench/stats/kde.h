/* stats/kde.h - kernel density with Sheather-Jones bandwidth (1991), binned; modality. */
#ifndef BENCH_STATS_KDE_H
#define BENCH_STATS_KDE_H

#include <bench/common.h>

struct bench__density {
    size_t n;         /* grid points, evenly spaced on the log scale */
    double *x, *y;    /* ascending x in the input's unit; density per unit; owned */
    double bandwidth; /* on the log scale */
    int n_modes; /* peaks that rise at least 10 % of the highest above the valleys beside them */
};

/**
 * Density of n positive values, estimated on the log scale from the minimum, where it is cut (the
 * kernels are reflected there, so that the density still integrates to 1), to three bandwidths
 * above the maximum. `n_grid` 64...1024. The bandwidth is Sheather and Jones's, or nrd0 where that
 * is undefined, but at least the step of values that come in steps; 0.001 when all are equal. Modes
 * are counted on a grid as fine as the bandwidth needs; where the grid given out is coarser, it
 * holds averages.
 * @param out to be cleared with bench__density_clear(); empty on error.
 * @return 0, BENCH_EINVAL (no values, one not positive and finite, n_grid), BENCH_ENOMEM.
 */
int bench__density(struct bench__density *out, const double *x, size_t n, size_t n_grid,
                   bench_error *err);
void bench__density_clear(struct bench__density *density);
/** The bandwidths alone, on the scale given (R: bw.SJ, bw.nrd0). NAN when undefined (no spread; for
 *  SJ, a middle half without spread) and without memory. */
double bench__bandwidth_sj(const double *x, size_t n);
double bench__bandwidth_nrd0(const double *x, size_t n);

#endif
