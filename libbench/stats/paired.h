/*
 * stats/paired.h - inference of a duel over its launches.
 *
 * A duel gives one number per launch, x_p = median over the launch's pairs of ln(t_B / t_A): 0.01
 * is B slower by 1 %. All numbers here are on that log scale. Samples within a launch are no
 * evidence of their own; launches are. The order inside each pair is a fair coin, so if B is A
 * every launch is as likely to give -x_p as x_p, whatever drift, tails or autocorrelation the
 * machine adds: the sign-flip test is then exact.
 *
 * What the spread of launches cannot show enters the standard error from two other sources, and
 * more launches do not reduce it:
 *
 *   floor    A duel of A against a copy of itself ought to be 0. With G copies of means m_g over
 *            n_g launches, and s^2 the variance of one launch, pooled from duel and floor,
 *            mean(m_g^2) - s^2 mean(1/n_g) estimates the variance s0^2 of a lasting offset
 *            between two copies. It is added, with G degrees of freedom, when an F test shows it
 *            at 1 %, launches of the floor clipped at 2.5 s, so that a single wild one shows
 *            nothing; without that gate a third of all honest duels would be widened out of use.
 *            So a floor can show that a machine tells equals apart; that it does not, one copy
 *            cannot show. Sixteen copies (the floors of several benchmarks) nearly can.
 *   layouts  Launches of one layout of the executables share its placement. With K layouts of
 *            shares f_k, placement adds sl^2 sum(f_k^2) to the variance of the mean, of which the
 *            spread of launches shows sl^2 / n; sl^2 is the between-layout component
 *            (bench__variance_components). Where it is above 0 the degrees of freedom are K - 1,
 *            as in an analysis of the layouts' means. Eight layouts keep false alarms at 1 %;
 *            with four they reach 2 %. Nothing changes when every launch has a layout of its own,
 *            the best plan.
 *
 *     SE^2 = SE_launches^2 + sl^2 (sum(f_k^2) - 1 / n) + s0^2,  df by Welch and Satterthwaite
 *
 * SE_launches is of the 10 % trimmed mean (Yuen 1974), kept - 1 degrees of freedom. Wherever
 * layouts or floor add something, intervals are stretched about the estimate by the ratio of t SE
 * with it and without it, and a p-value is the larger of the sign-flip's and of t's with SE and
 * df.
 */
#ifndef BENCH_STATS_PAIRED_H
#define BENCH_STATS_PAIRED_H

#include "stats/location.h"

#include <bench/result.h>

enum { BENCH__MAX_LAUNCHES = 1024 };

/** One number per launch. */
struct bench__launch_values {
    const double *x;
    const int *group; /* layout (of a duel) or copy (of a floor) of each launch, any numbers; NULL:
                         placement not varied, one copy */
    size_t n;
};

struct bench__paired_options {
    double alpha;     /* in (0, 0.5); 0.01 */
    double threshold; /* d, 0 or more: the change that matters; log(1.01) */
    uint64_t seed;    /* for more than BENCH__SIGN_FLIP_EXACT launches */
};

/** A variance and its degrees of freedom. */
struct bench__error_part {
    double variance, df;
};

struct bench__paired {
    size_t n;
    double alpha;
    bench_estimate change; /* Hodges-Lehmann (1963); interval at 1 - alpha */
    int exact;             /* the interval inverts the signed-rank test; else it is t's */
    double coverage;       /* of the interval: as attained if exact, else 1 - alpha */
    double lower, upper;   /* one-sided bounds, each at 1 - alpha; pass: upper < d */
    double se, df;         /* layouts and floor included; NAN with one launch */
    double launch_sd;      /* of one launch, sqrt(n) SE_launches */
    struct bench__error_part own, layouts, offset; /* SE^2 = own / n + layouts + offset */
    double floor_sd;                               /* s0; 0: none shown; NAN: no floor */
    double layout_sd, within_sd; /* sl, and within a layout; NAN when one cannot tell them apart */
    struct bench__sign_flip p;   /* at 0: `greater` is for slower, `less` for faster */
    double p_regressed;          /* that the change is at most +d */
    double p_improved;           /* that it is at least -d */
    double p_pass;               /* that it is at least +d */
    double p_equivalent;         /* that it lies outside -d ... +d (TOST, Schuirmann 1987) */
    double mde; /* (t_{1-alpha/2,df} + t_{0.9,df}) SE; infinite where no p can be below alpha */
};

/**
 * Everything about one duel; microseconds for 16 launches, milliseconds from 32. At most
 * BENCH__MAX_LAUNCHES launches, all values finite. `copies` is the floor, or NULL. With one launch
 * all but the point is NAN or says nothing.
 * The interval inverts the signed-rank test up to BENCH__SIGNED_RANK_MAX launches; for more, and
 * for too few to reach 1 - alpha that way (below 8 for 99 %), it is t's about the 10 % trimmed
 * mean. p-values are sign-flip tests. "Found" should mean that both agree: on normal launches
 * that is so for 87 of 100 changes as large as the MDE, and for 0.8 of 100 nulls at alpha 1 %.
 * @return 0, BENCH_EINVAL, BENCH_ENOMEM.
 */
int bench__paired(struct bench__paired *out, const struct bench__launch_values *duel,
                  const struct bench__launch_values *copies,
                  const struct bench__paired_options *options, bench_error *err);

/** How many more launches would bring the MDE down to `wanted`; 0 when it is there, infinite when
 *  what layouts and floor add is too much alone. With `wanted` the distance from the estimate to
 *  the threshold: what would decide an inconclusive verdict 9 times in 10, were the estimate true.
 *  Times the duration of a launch it is a time. */
double bench__extra_launches(const struct bench__paired *duel, double wanted);

#endif
