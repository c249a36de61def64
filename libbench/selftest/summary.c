/*
 * Counts decisions and holds them against the bars. Where the figures of the bars come from:
 * docs/statistics.md, "The measured proof".
 */
#include "selftest/summary.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/robust.h"
#include "stats/special.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define TURN_LIMIT_NS       10e3
#define INFERENCE_LIMIT_NS  1e6
#define ALARM_UPPER         0.02
#define SECONDS_LIMIT       2.0
#define SMALL_SECONDS_LIMIT 5.0

struct bench__share bench__share_of(size_t k, size_t n) {
    struct bench__share share = {k, n, NAN, NAN, NAN};
    if (n > 0) {
        share.rate = (double)k / (double)n;
        bench__binomial_interval(k, n, BENCH__SELFTEST_CONFIDENCE, &share.lower, &share.upper);
    }
    return share;
}

enum bench__bar_state bench__bar_judge(const struct bench__share *share, int is_minimum,
                                       double limit, double upper_limit) {
    if (share->n == 0) {
        return BENCH__BAR_OPEN;
    }
    if (is_minimum ? share->upper < limit : share->lower > limit) {
        return BENCH__BAR_MISSED;
    }
    const struct bench__share perfect = bench__share_of(is_minimum ? share->n : 0, share->n);
    const int is_enough = is_minimum ? perfect.lower >= limit : perfect.upper <= upper_limit;
    const int is_met =
        is_minimum ? share->rate >= limit : share->rate <= limit && share->upper <= upper_limit;
    return is_enough && is_met ? BENCH__BAR_MET : BENCH__BAR_OPEN;
}

/* ---- cells ---- */

/* The median of one column over the trials of a cell. */
static double median_of(const struct bench__trials *trials, const struct bench__selftest_cell *cell,
                        size_t offset, double *scratch) {
    size_t n = 0;
    for (size_t i = 0; i < trials->n; i++) {
        const struct bench__trial *t = &trials->items[i];
        if (t->body == cell->body && t->effect == cell->effect) {
            scratch[n++] = *(const double *)(const void *)((const char *)t + offset);
        }
    }
    return bench__median_inplace(scratch, n);
}

static void fill_cell(struct bench__selftest_cell *cell, const struct bench__trials *trials,
                      double *scratch) {
    size_t n = 0, n_found = 0;
    for (size_t i = 0; i < trials->n; i++) {
        const struct bench__trial *t = &trials->items[i];
        if (t->body == cell->body && t->effect == cell->effect) {
            n++;
            n_found += cell->effect == 0 ? t->direction != 0 : t->direction > 0;
            cell->n_verdicts[t->verdict]++;
        }
    }
    cell->found = bench__share_of(n_found, n);
    cell->change = median_of(trials, cell, offsetof(struct bench__trial, change.point), scratch);
    cell->mde = median_of(trials, cell, offsetof(struct bench__trial, mde), scratch);
    cell->seconds = median_of(trials, cell, offsetof(struct bench__trial, seconds), scratch);
}

/* ---- spread ---- */

static void fill_spread(struct bench__selftest_spread *spread, const struct bench__trials *trials,
                        double *scratch) {
    double squares = 0, explained = 0;
    for (size_t i = 0; i < trials->n; i++) {
        const struct bench__trial *t = &trials->items[i];
        if (t->body == spread->body) {
            const double truth = log1p(t->effect / (double)BENCH__WORK_UNIT);
            const double error = log1p(t->change.point) - truth;
            squares += error * error;
            explained += t->launch_sd * t->launch_sd / t->n_launches;
            spread->n_floor += t->floor_sd > 0;
            scratch[spread->n++] = t->launch_sd;
        }
    }
    const double n = (double)spread->n;
    spread->launch = bench__median_inplace(scratch, spread->n);
    spread->decision = n > 0 ? sqrt(squares / n) : NAN;
    spread->explained = n > 0 ? sqrt(explained / n) : NAN;
}

/* ---- bars ---- */

static struct bench__bar *add_bar(struct bench__selftest_summary *s, const char *name,
                                  const char *text) {
    struct bench__bar *bar = &s->bars[s->n_bars++];
    snprintf(bar->name, sizeof bar->name, "%s", name);
    snprintf(bar->text, sizeof bar->text, "%s", text);
    return bar;
}

static void add_share(struct bench__selftest_summary *s, const char *name, const char *text,
                      size_t k, size_t n, int is_minimum, double limit, double upper_limit) {
    struct bench__bar *bar = add_bar(s, name, text);
    bar->share = bench__share_of(k, n);
    bar->is_minimum = is_minimum;
    bar->limit = limit;
    bar->state = bench__bar_judge(&bar->share, is_minimum, limit, upper_limit);
}

static void add_time(struct bench__selftest_summary *s, const char *name, const char *text,
                     double value, double limit) {
    struct bench__bar *bar = add_bar(s, name, text);
    bar->is_time = 1;
    bar->value = value;
    bar->limit = limit;
    bar->state = isnan(value)     ? BENCH__BAR_OPEN
                 : value <= limit ? BENCH__BAR_MET
                                  : BENCH__BAR_MISSED;
}

static void add_alarms(struct bench__selftest_summary *s, const struct bench__trials *trials,
                       const struct bench__selftest_plan *plan) {
    for (int body = 0; body < BENCH__N_BODIES; body++) {
        size_t k = 0, n = 0;
        char name[24], text[96];
        for (size_t i = 0; i < trials->n; i++) {
            const struct bench__trial *t = &trials->items[i];
            if ((int)t->body == body && t->effect == 0) {
                n++;
                k += t->direction != 0;
            }
        }
        snprintf(name, sizeof name, "alarms/%s", bench__selftest_names[body]);
        snprintf(text, sizeof text, "false alarms, %s", bench__selftest_names[body]);
        add_share(s, name, text, k, n, 0, plan->alpha, fmax(ALARM_UPPER, plan->alpha));
    }
}

/* Found within the time, of the decisions that said they could. */
static void add_found(struct bench__selftest_summary *s, const struct bench__trials *trials,
                      const char *name, const char *text, int effect, double max_mde,
                      double max_seconds, double limit) {
    size_t k = 0, n = 0;
    for (size_t i = 0; i < trials->n; i++) {
        const struct bench__trial *t = &trials->items[i];
        /* branches are left out where nothing is said about the MDE: they are known to be wide */
        const int counts = isinf(max_mde) ? t->body != BENCH__BODY_BRANCH : t->mde <= max_mde;
        if (t->effect == effect && counts) {
            n++;
            k += t->direction > 0 && t->seconds <= max_seconds;
        }
    }
    add_share(s, name, text, k, n, 1, limit, 1);
}

static void add_verdicts(struct bench__selftest_summary *s, const struct bench__trials *trials,
                         const struct bench__selftest_plan *plan) {
    size_t n_twice = 0, n_regressed = 0, n_above = 0, n_passed = 0;
    const int threshold = (int)lround(plan->threshold * BENCH__WORK_UNIT);
    for (size_t i = 0; i < trials->n; i++) {
        const struct bench__trial *t = &trials->items[i];
        if (t->effect == 2 * threshold && t->mde <= plan->threshold) {
            n_twice++;
            n_regressed += t->verdict == BENCH_VERDICT_REGRESSED;
        }
        if (t->effect > threshold) {
            n_above++;
            n_passed += t->verdict == BENCH_VERDICT_PASS;
        }
    }
    add_share(s, "regressed", "twice the threshold is 'regressed'", n_regressed, n_twice, 1, 0.9,
              1);
    add_share(s, "wrong-pass", "more than the threshold is 'pass'", n_passed, n_above, 0,
              plan->alpha, fmax(ALARM_UPPER, plan->alpha));
}

static void add_times(struct bench__selftest_summary *s, const struct bench__trials *trials,
                      double *scratch) {
    size_t n = 0;
    for (size_t i = 0; i < trials->n; i++) {
        if (trials->items[i].effect == 0 || trials->items[i].effect >= 10) {
            scratch[n++] = trials->items[i].inference_ns;
        }
    }
    add_time(s, "turn", "passing the turn", trials->turn_ns, TURN_LIMIT_NS);
    add_time(s, "inference", "statistics of one decision", bench__median_inplace(scratch, n),
             INFERENCE_LIMIT_NS);
}

int bench__selftest_summary(struct bench__selftest_summary *out, const struct bench__trials *trials,
                            const struct bench__selftest_plan *plan, bench_error *err) {
    *out = (struct bench__selftest_summary){0};
    out->cells = bench__alloc(BENCH__N_BODIES * plan->n_effects, sizeof *out->cells);
    double *scratch = bench__alloc(trials->n, sizeof *scratch);
    if (out->cells == NULL || scratch == NULL) {
        bench__free(scratch);
        bench__selftest_summary_clear(out);
        return bench__error(err, BENCH_ENOMEM, "out of memory");
    }
    for (int body = 0; body < BENCH__N_BODIES; body++) {
        for (size_t e = 0; e < plan->n_effects; e++) {
            struct bench__selftest_cell *cell = &out->cells[out->n_cells++];
            cell->body = (enum bench__selftest_body)body;
            cell->effect = plan->effects[e];
            fill_cell(cell, trials, scratch);
        }
    }
    for (int body = 0; body < BENCH__N_BODIES; body++) {
        out->spreads[body].body = (enum bench__selftest_body)body;
        fill_spread(&out->spreads[body], trials, scratch);
    }
    add_alarms(out, trials, plan);
    add_found(out, trials, "found-2%", "+2 % found in 2 s", 20, 0.02, SECONDS_LIMIT, 0.98);
    add_found(out, trials, "found-1%", "+1 % found in 2 s", 10, 0.01, SECONDS_LIMIT, 0.95);
    add_found(out, trials, "found-0.5%", "+0.5 % found in 5 s", 5, INFINITY, SMALL_SECONDS_LIMIT,
              0.95);
    add_verdicts(out, trials, plan);
    add_times(out, trials, scratch);
    bench__free(scratch);
    return 0;
}

void bench__selftest_summary_clear(struct bench__selftest_summary *summary) {
    bench__free(summary->cells);
    *summary = (struct bench__selftest_summary){0};
}
