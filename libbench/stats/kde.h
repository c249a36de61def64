/* stats/kde.h - kernel density with Sheather-Jones bandwidth (1991), binned; modality. */
#ifndef BENCH_STATS_KDE_H
#define BENCH_STATS_KDE_H

#include <bench/common.h>

struct bench__density {
    size_t n;      /* grid points */
    double *x, *y; /* ascending x in the input's unit; density per unit; owned */
    double bandwidth; /* on the log scale */
    int n_modes;   /* peaks that rise at least 10 % of the highest above the valleys beside them */
};

/** Density of positive values, estimated on the log scale and cut at the minimum. `n_grid` 64...1024.
 *  Bandwidth falls back to 0.9 min(s, IQR/1.34) n^(-1/5). All values equal: one spike, n_modes 1. */
int bench__density(struct bench__density *out, const double *x, size_t n, size_t n_grid, bench_error *err);
void bench__density_clear(struct bench__density *density);
/** The bandwidths alone, on the scale given (R: bw.SJ, bw.nrd0). NAN when undefined. */
double bench__bandwidth_sj(const double *x, size_t n);
double bench__bandwidth_nrd0(const double *x, size_t n);

#endif
