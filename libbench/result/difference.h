/*
 * result/difference.h - how far apart two sets of launches are, on the log scale, and what is known
 * about the machine between two runs. Used by verdicts (two runs) and by ratio budgets (one run).
 *
 * The location of a set is its 20 % trimmed mean. The mean alone would follow the single launch
 * that met a bad placement or a busy neighbour; the median of 16 launches throws away a third of
 * the information and has no simple standard error. The trimmed mean resists three odd launches of
 * 16, and its standard error and degrees of freedom are known: Yuen, "The two-sample trimmed t for
 * unequal population variances" (1974). Under five launches it is the mean, and Yuen's test
 * Welch's.
 */
#ifndef BENCH_RESULT_DIFFERENCE_H
#define BENCH_RESULT_DIFFERENCE_H

#include <bench/result.h>

/** One side: a value for each launch, log of time per iteration. */
struct bench__side {
    double *x; /* owned */
    size_t n;
};

/** An estimate of b - a. `se` is NAN with fewer than 2 launches on a side. */
struct bench__difference {
    double estimate, se, df;
};

/**
 * Log launch medians of the launches that count (model.h, bench__launch_valid), with
 * `calibrations` each minus the log of the kernel's reading beside it.
 * @param calibrations of the run, NULL for plain times.
 * @return 0, BENCH_ENOMEM; a launch without a reading gives an empty side.
 */
int bench__side_init(struct bench__side *side, const bench_result *result,
                     const bench_run *calibrations, bench_kernel kernel);
void bench__side_clear(struct bench__side *side);

/** bench__trimmed_mean() of a side; NAN of an empty one. Sorts the side. */
double bench__side_location(struct bench__side *side, double *out_error2, size_t *out_kept);

/**
 * How far the times of one benchmark move from run to run, of log time: what the launches of a run
 * cannot show.
 */
struct bench__between_runs {
    double sd;         /* standard deviation of the times of single runs; NAN: not known */
    double df;         /* its degrees of freedom; INFINITY: known exactly */
    double own_error2; /* the part of sd^2 that the runs' own launches explain; 0: sd has none */
    double span_s;     /* time from the first to the last of the runs it comes from; NAN: unknown */
    size_t n_runs;     /* that are known; with fewer than BENCH__MIN_KNOWN_RUNS sd is NAN */
};

enum { BENCH__MIN_KNOWN_RUNS = 5 };

/**
 * b - a. Two runs of the same code differ by 2 sd^2, and of that own_error2 on each side is what
 * launches as many and as good as those of the known runs would show. So the squared standard error
 * is 2 sd^2, plus what the launches of each side show beyond own_error2; and never less than what
 * the launches of both sides show. The degrees of freedom are Welch and Satterthwaite's over these
 * parts, and at most those of the launches where these decide. NULL: nothing moves between runs.
 */
struct bench__difference bench__difference(struct bench__side *b, struct bench__side *a,
                                           const struct bench__between_runs *between);
/** Interval at a two-sided level; NAN bounds without a standard error. Log scale. */
bench_estimate bench__difference_interval(const struct bench__difference *d, double level);
/** Two-sided p of no difference; NAN without a standard error. */
double bench__difference_p(const struct bench__difference *d);

/**
 * What to assume for the standard deviation between runs, of log time, when it was not learned from
 * a history: the machine's own calibration readings say how far it moves. For each kernel: the
 * variance of its log readings within the runs (by MAD), plus half the square of its shift from one
 * run to the other; then the root of the median over kernels, and never less than
 * BENCH__ASSUMED_SD_FLOOR. (The mean would be ruled by one kernel: on a shared machine, readings of
 * the last-level cache differ by a factor of ten with what the neighbours keep in it.) With
 * `divisor` >= 0 the readings are first divided by that kernel's, as the times are that will be
 * compared.
 */
double bench__assumed_between_run_sd(const bench_run *a, const bench_run *b, int divisor);

/** Two runs differ by at least so much (1 %) even where no calibration reading shows it: another
 *  placement of code and data, another page colouring. */
#define BENCH__ASSUMED_SD_FLOOR 0.01

#endif
