/*
 * The change between two runs of different times: which values are compared, what is known or has
 * to be assumed about the time in between, and the numbers that follow. Decides nothing.
 */
#include "result/stored.h"

#include "base/units.h"
#include "stats/power.h"
#include "stats/special.h"

#include <math.h>

#define AT_ONCE_S       60.0 /* runs within it are as good as at the same time */
#define MIN_CORRELATION 0.7  /* below, dividing by a kernel adds more spread than it takes away */

void bench__stored_init(struct bench__stored *runs, const bench_run *after, const bench_run *before,
                        bench__between_runs_fn *between_runs, void *context) {
    *runs = (struct bench__stored){
        .after = after, .before = before, .between_runs = between_runs, .context = context};
    for (size_t i = 0; i <= BENCH_N_KERNELS; i++) {
        runs->assumed_sd[i] = NAN;
    }
}

/* ---- what is compared -------------------------------------------------------------------------
 */

static int best_kernel(const bench_result *before) {
    int best = -1;
    for (int k = 0; k < BENCH_N_KERNELS; k++) {
        const double r = before->kernel_correlation[k];
        if (r >= MIN_CORRELATION && (best < 0 || r > before->kernel_correlation[best])) {
            best = k;
        }
    }
    return best;
}

/* Both sides of a pair, plain or divided by a kernel. */
struct sides {
    struct bench__side before, after;
};

static int sides_init(struct sides *s, const struct bench__stored *runs, const bench_comparison *c,
                      int kernel) {
    const bench_run *run = kernel < 0 ? NULL : runs->after;
    const bench_run *baseline = kernel < 0 ? NULL : runs->before;
    int rc = bench__side_init(&s->before, c->before, baseline, (bench_kernel)kernel);
    s->after = (struct bench__side){0};
    return rc != 0 ? rc : bench__side_init(&s->after, c->after, run, (bench_kernel)kernel);
}

static void sides_clear(struct sides *s) {
    bench__side_clear(&s->before);
    bench__side_clear(&s->after);
}

/* Replaces the sides by divided ones where the baseline alone says that this helps. */
static int divide_by_kernel(struct sides *s, const struct bench__stored *runs,
                            bench_comparison *c) {
    const int kernel = best_kernel(c->before);
    struct sides divided;
    double plain2, divided2;
    size_t kept;
    if (kernel < 0) {
        return 0;
    }
    int rc = sides_init(&divided, runs, c, kernel);
    if (rc == 0 && divided.before.n == s->before.n && divided.after.n == s->after.n) {
        bench__side_location(&s->before, &plain2, &kept);
        bench__side_location(&divided.before, &divided2, &kept);
        if (divided2 < plain2) {
            const struct sides plain = *s;
            *s = divided;
            divided = plain;
            c->kernel = kernel;
        }
    }
    sides_clear(&divided);
    return rc;
}

/* ---- between runs -----------------------------------------------------------------------------
 */

static double assumed_sd(struct bench__stored *runs, int kernel) {
    double *sd = &runs->assumed_sd[kernel + 1];
    if (isnan(*sd)) {
        *sd = bench__assumed_between_run_sd(runs->before, runs->after, kernel);
    }
    return *sd;
}

/* 1 when runs over so long a time say something about the time between old and new. */
static int spans_enough(const struct bench__stored *runs, const struct bench__between_runs *known) {
    double before, after;
    return bench__parse_timestamp(&before, runs->before->timestamp) == 0 &&
           bench__parse_timestamp(&after, runs->after->timestamp) == 0 &&
           fabs(after - before) <= 2 * known->span_s + AT_ONCE_S;
}

/* The change and what it was judged by. */
struct judged {
    struct bench__difference difference;
    double between_run_sd;
};

static struct judged judge_by(struct sides *s, const struct bench__between_runs *between) {
    return (struct judged){bench__difference(&s->after, &s->before, between), between->sd};
}

static double half_width(const struct judged *judged, double alpha) {
    const bench_estimate change = bench__difference_interval(&judged->difference, 1 - alpha);
    return change.upper - change.point;
}

/* By what is known of the benchmark's earlier runs, if that is enough; else by what has to be
 * assumed, and then the sides may be divided. Between the two the wider interval counts. */
static int judge(struct judged *out, struct sides *s, struct bench__stored *runs,
                 bench_comparison *c) {
    struct bench__between_runs known = {.n_runs = 0};
    if (runs->between_runs != NULL) {
        known = runs->between_runs(runs->context, c->name);
    }
    const int is_known = known.n_runs >= BENCH__MIN_KNOWN_RUNS;
    const int rc = is_known ? 0 : divide_by_kernel(s, runs, c);
    c->n_runs_known = known.n_runs;
    if (is_known) {
        *out = judge_by(s, &known);
    }
    if (rc == 0 && (!is_known || !spans_enough(runs, &known))) {
        const struct bench__between_runs assumed = {.sd = assumed_sd(runs, c->kernel),
                                                    .df = INFINITY};
        const struct judged other = judge_by(s, &assumed);
        if (!is_known || half_width(&other, c->alpha) > half_width(out, c->alpha)) {
            *out = other;
        }
    }
    return rc;
}

/* ---- the numbers ------------------------------------------------------------------------------
 */

int bench__stored_change(bench_comparison *c, double *out_upper, struct bench__stored *runs) {
    struct sides s;
    struct judged judged;
    int rc = sides_init(&s, runs, c, -1);
    if (rc == 0) {
        rc = judge(&judged, &s, runs, c);
    }
    if (rc == 0) {
        const struct bench__difference d = judged.difference;
        const bench_estimate change = bench__difference_interval(&d, 1 - c->alpha);
        c->between_run_sd = judged.between_run_sd;
        c->change = (bench_estimate){expm1(change.point), expm1(change.lower), expm1(change.upper)};
        c->p_value = bench__difference_p(&d);
        c->mde = isnan(d.se) ? NAN : expm1(bench__mde(d.se, d.df, c->alpha));
        *out_upper =
            isnan(d.se) ? NAN : expm1(d.estimate + bench__t_quantile(1 - c->alpha, d.df) * d.se);
    }
    sides_clear(&s);
    return rc;
}
