/*
 * stats/sequential.h - looking at a duel while it runs without paying for it in false alarms.
 *
 *   precision   Looks at 8, 16, 32, 64 launches that see nothing but the width of the interval.
 *               The default; p-values after it are used as they are.
 *   spending    Fixed looks, each at a level of its own, alpha in all (Lan and DeMets 1983).
 *   e-process   A look after every launch: signs only, valid at any time. The price is power.
 */
#ifndef BENCH_STATS_SEQUENTIAL_H
#define BENCH_STATS_SEQUENTIAL_H

#include <stddef.h>

enum { BENCH__FIRST_LOOK = 8, BENCH__LAST_LOOK = 64, BENCH__MAX_LOOKS = 64 };

/** How many launches to have at the next look; 0: stop, half the width of the interval is at most
 *  `target`, or the last look is over. Start with n_launches = 0. A width of NAN goes on. */
size_t bench__next_look(size_t n_launches, double half_width, double target);

/**
 * Two-sided nominal levels of looks at the shares 0 < fraction[0] < ... <= 1 of all launches:
 * reject at look k when p < out_level[k]. They spend 4 - 4 Phi(z_{1-alpha/4} / sqrt(t)), like the
 * boundaries of O'Brien and Fleming (1979): almost nothing early, nearly alpha at the end.
 * Boundaries are those of a Brownian motion, by numerical integration (Armitage, McPherson and
 * Rowe 1969); seven digits for looks 0.05 apart or more. A few milliseconds a look. At most
 * BENCH__MAX_LOOKS looks, at least 0.005 of all launches apart.
 * @return 0, BENCH_EINVAL, BENCH_ENOMEM.
 */
int bench__spending_levels(double *out_level, const double *fraction, size_t n_looks, double alpha);

/** Evidence against "B is as often faster as slower". */
struct bench__sign_process {
    size_t n, n_positive; /* launches so far; those that are 0 say nothing and are not counted */
    double e;             /* E_n now; 1 at the start */
    double largest;       /* E_n at its largest: reject when it reaches 1 / alpha (Ville 1939) */
};

void bench__sign_process_init(struct bench__sign_process *process);
/**
 * One more launch. Under the null, signs are fair coins and
 *     E_n = 2^n Gamma(S + 1/2) Gamma(n - S + 1/2) / (pi Gamma(n + 1)),  S positives of n,
 * is a martingale: the likelihood ratio of coins whose bias is drawn from Beta(1/2, 1/2), the
 * predictor of Krichevsky and Trofimov (1981). With signs all equal it passes 100 at 10 launches.
 */
void bench__sign_process_add(struct bench__sign_process *process, double x);
/** p-value that stays valid whenever one stops: 1 / largest. */
double bench__sign_process_p(const struct bench__sign_process *process);

#endif
