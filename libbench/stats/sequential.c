/* When to stop a duel, and at which level to test on the way. Sees numbers only: the tests
 * themselves are in paired.c. */
#include "stats/sequential.h"

#include "base/mem.h"
#include "stats/special.h"

#include <bench/common.h>
#include <math.h>

size_t bench__next_look(size_t n_launches, double half_width, double target) {
    size_t look = BENCH__FIRST_LOOK;
    if (n_launches >= BENCH__FIRST_LOOK && half_width <= target) {
        return 0;
    }
    while (look <= n_launches && look <= BENCH__LAST_LOOK) {
        look *= 2;
    }
    return look <= BENCH__LAST_LOOK ? look : 0;
}

/* ---- alpha spending ---------------------------------------------------------------------------
 *
 * The test statistic times sqrt(t) is a Brownian motion B(t). Its density over the paths that have
 * not crossed a boundary is carried from look to look on a grid of Simpson's rule.
 */

enum { INTERVALS = 800, NODES = INTERVALS + 1 };

#define BEYOND 40.0 /* no normal deviate in double precision */

struct motion {
    double boundary; /* of |B| at the look; grid from -boundary to boundary */
    double density[NODES], next[NODES];
};

static double node(const struct motion *motion, size_t i) {
    return motion->boundary * (2.0 * (double)i / INTERVALS - 1.0);
}

static double simpson_weight(const struct motion *motion, size_t i) {
    double third = 2 * motion->boundary / INTERVALS / 3;
    return i == 0 || i == INTERVALS ? third : i % 2 == 1 ? 4 * third : 2 * third;
}

/* Chance to be outside +-limit after a step of deviation sd, having stayed inside so far. */
static double chance_outside(const struct motion *motion, double sd, double limit) {
    double sum = 0;
    for (size_t i = 0; i < NODES; i++) {
        double x = node(motion, i);
        double out = bench__normal_cdf((x - limit) / sd) + bench__normal_cdf((-x - limit) / sd);
        sum += simpson_weight(motion, i) * motion->density[i] * out;
    }
    return sum;
}

static double find_boundary(const struct motion *motion, double sd, double chance) {
    double low = 0, high = BEYOND;
    for (int i = 0; i < 60; i++) {
        double middle = (low + high) / 2;
        if (chance_outside(motion, sd, middle) > chance) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return high;
}

static double normal_density(double x, double sd) {
    const double sqrt_2pi = 2.50662827463100050242;
    return exp(-0.5 * x * x / (sd * sd)) / (sd * sqrt_2pi);
}

static void step(struct motion *motion, double sd, double boundary) {
    for (size_t i = 0; i < NODES; i++) {
        double y = boundary * (2.0 * (double)i / INTERVALS - 1.0), sum = 0;
        for (size_t j = 0; j < NODES; j++) {
            sum += simpson_weight(motion, j) * motion->density[j] *
                   normal_density(y - node(motion, j), sd);
        }
        motion->next[i] = sum;
    }
    motion->boundary = boundary;
    for (size_t i = 0; i < NODES; i++) {
        motion->density[i] = motion->next[i];
    }
}

static void first_step(struct motion *motion, double sd, double boundary) {
    motion->boundary = boundary;
    for (size_t i = 0; i < NODES; i++) {
        motion->density[i] = normal_density(node(motion, i), sd);
    }
}

static double spent(double fraction, double alpha) {
    return 4 * bench__normal_cdf(bench__normal_quantile(alpha / 4) / sqrt(fraction));
}

static int looks_valid(const double *fraction, size_t n_looks, double alpha) {
    const double least = 0.005;
    int valid = n_looks > 0 && n_looks <= BENCH__MAX_LOOKS && alpha > 0 && alpha < 1;
    for (size_t k = 0; valid && k < n_looks; k++) {
        double step_length = fraction[k] - (k > 0 ? fraction[k - 1] : 0);
        valid = step_length >= least && fraction[k] <= 1;
    }
    return valid;
}

int bench__spending_levels(double *out_level, const double *fraction, size_t n_looks,
                           double alpha) {
    if (!looks_valid(fraction, n_looks, alpha)) {
        return BENCH_EINVAL;
    }
    struct motion *motion = bench__alloc(1, sizeof *motion);
    if (motion == NULL) {
        return BENCH_ENOMEM;
    }
    double t = fraction[0], sd = sqrt(t), before = spent(t, alpha);
    out_level[0] = before;
    first_step(motion, sd, fmin(-bench__normal_quantile(before / 2), BEYOND) * sd);
    for (size_t k = 1; k < n_looks; k++) {
        double so_far = spent(fraction[k], alpha);
        sd = sqrt(fraction[k] - t);
        t = fraction[k];
        double boundary = find_boundary(motion, sd, so_far - before);
        out_level[k] = 2 * bench__normal_cdf(-boundary / sqrt(t));
        step(motion, sd, boundary);
        before = so_far;
    }
    bench__free(motion);
    return 0;
}

/* ---- the sign e-process --------------------------------------------------------------------- */

void bench__sign_process_init(struct bench__sign_process *process) {
    *process = (struct bench__sign_process){.e = 1, .largest = 1};
}

void bench__sign_process_add(struct bench__sign_process *process, double x) {
    if (!(x > 0 || x < 0)) {
        return;
    }
    /* The predictor's chance of this sign over the coin's: E_n / E_{n-1} with Gamma(z + 1) = z
     * Gamma(z). */
    size_t seen = x > 0 ? process->n_positive : process->n - process->n_positive;
    process->e *= 2 * ((double)seen + 0.5) / ((double)process->n + 1);
    process->largest = fmax(process->largest, process->e);
    process->n++;
    process->n_positive += x > 0;
}

double bench__sign_process_p(const struct bench__sign_process *process) {
    return 1 / process->largest;
}
