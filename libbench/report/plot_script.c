/*
 * What is drawn for one benchmark, as gnuplot commands: its density over the baseline's, and one
 * box per launch. Numbers only: no text from outside reaches gnuplot.
 */
#include "report/plots.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/robust.h"
#include "base/strbuf.h"
#include "base/units.h"
#include "report/figures.h"
#include "report/gnuplot.h"
#include "result/json.h"
#include "stats/kde.h"

#include <math.h>
#include <string.h>

enum { GRID = 256, MOST_SAMPLES = 4096, MOST_LAUNCHES = 64 };

/* Half the width of a median's tick, in launches. */
static const char TICK[] = "0.15";

/* A launch's five quantiles stand for the share of its samples nearest to each. */
enum { N_QUANTILES = 5 };
static const double WEIGHTS[N_QUANTILES] = {0.15, 0.2, 0.3, 0.2, 0.15};

/* ---- densities ---- */

static int is_valid(const bench_launch *launch) {
    return launch->status == BENCH_STATUS_OK && launch->median_ns > 0;
}

int bench__has_samples(const bench_result *result) {
    for (size_t i = 0; i < result->n_launches; i++) {
        if (result->launches[i].elapsed_ns != NULL && result->launches[i].n_samples > 0) {
            return 1;
        }
    }
    return 0;
}

static size_t count_samples(const bench_result *result) {
    size_t n = 0;
    for (size_t i = 0; i < result->n_launches; i++) {
        const bench_launch *launch = &result->launches[i];
        n += is_valid(launch) && launch->elapsed_ns != NULL ? launch->n_samples : 0;
    }
    return n;
}

static int density_of_samples(struct bench__density *out, const bench_result *result,
                              bench_error *err) {
    size_t total = count_samples(result);
    size_t stride = 1 + total / MOST_SAMPLES;
    double *x = bench__alloc(total, sizeof *x);
    if (x == NULL) {
        return bench__error(err, BENCH_ENOMEM, "out of memory for the plots");
    }
    size_t n = 0;
    size_t seen = 0;
    for (size_t i = 0; i < result->n_launches; i++) {
        const bench_launch *launch = &result->launches[i];
        for (size_t k = 0; is_valid(launch) && launch->elapsed_ns != NULL && k < launch->n_samples;
             k++) {
            double each = launch->elapsed_ns[k] / (double)launch->iterations[k];
            if (seen++ % stride == 0 && each > 0) {
                x[n++] = each;
            }
        }
    }
    int rc = n > 0 ? bench__density(out, x, n, GRID, err) : 0;
    bench__free(x);
    return rc;
}

/* Fills values and weights of all valid launches. @return how many. */
static size_t weighted_quantiles(double *x, double *weight, const bench_result *result) {
    size_t n = 0;
    for (size_t i = 0; i < result->n_launches; i++) {
        const bench_launch *l = &result->launches[i];
        const double q[N_QUANTILES] = {l->q05_ns, l->q25_ns, l->median_ns, l->q75_ns, l->q95_ns};
        for (size_t k = 0; is_valid(l) && k < N_QUANTILES; k++) {
            if (q[k] > 0) {
                x[n] = log(q[k]);
                weight[n++] = WEIGHTS[k];
            }
        }
    }
    return n;
}

static void sum_kernels(struct bench__density *out, const double *x, const double *weight, size_t n,
                        double h) {
    double low = x[0];
    double high = x[0];
    double total = 0;
    for (size_t i = 0; i < n; i++) {
        low = fmin(low, x[i]);
        high = fmax(high, x[i]);
        total += weight[i] * h * sqrt(2 * M_PI);
    }
    for (size_t k = 0; k < out->n; k++) {
        double at = low - 3 * h + (high - low + 6 * h) * (double)k / (double)(out->n - 1);
        double sum = 0;
        for (size_t i = 0; i < n; i++) {
            double z = (at - x[i]) / h;
            sum += weight[i] * exp(-0.5 * z * z);
        }
        out->x[k] = exp(at);
        out->y[k] = sum / total / exp(at); /* per unit of time, not of its logarithm */
    }
}

/* A baseline keeps five quantiles per launch: a kernel density over those, on the log scale. */
static int density_of_summaries(struct bench__density *out, const bench_result *result,
                                bench_error *err) {
    size_t most = N_QUANTILES * result->n_launches;
    double *x = bench__alloc(most, sizeof *x);
    double *weight = bench__alloc(most, sizeof *weight);
    *out = (struct bench__density){.n = GRID,
                                   .x = bench__alloc(GRID, sizeof *out->x),
                                   .y = bench__alloc(GRID, sizeof *out->y)};
    int rc = 0;
    if (x == NULL || weight == NULL || out->x == NULL || out->y == NULL) {
        rc = bench__error(err, BENCH_ENOMEM, "out of memory for the plots");
    }
    size_t n = rc == 0 ? weighted_quantiles(x, weight, result) : 0;
    if (n > 0) {
        double h = bench__bandwidth_nrd0(x, n);
        sum_kernels(out, x, weight, n, h > 0 ? h : 1e-3);
    } else {
        bench__density_clear(out);
    }
    bench__free(x);
    bench__free(weight);
    return rc;
}

static int density_of(struct bench__density *out, const bench_result *result, bench_error *err) {
    *out = (struct bench__density){0};
    if (result == NULL) {
        return 0;
    }
    return bench__has_samples(result) ? density_of_samples(out, result, err)
                                      : density_of_summaries(out, result, err);
}

/* ---- drawing ---- */

struct picture {
    struct bench__strbuf *out;
    const bench_result *after, *before; /* `before` may be NULL */
    struct bench__time_unit unit;
};

static void add_number(struct bench__strbuf *out, double value, int digits) {
    char number[BENCH__FIGURE_SIZE];
    bench__strbuf_addc(out, ' ');
    bench__strbuf_add(
        out, bench__format_shortest(number, sizeof number, bench__round_digits(value, digits)));
}

static void add_time(const struct picture *p, double ns) {
    add_number(p->out, ns / p->unit.ns, 6);
}

static void set_range(const struct picture *p, char axis, double low, double high) {
    bench__strbuf_addf(p->out, "set %crange [", axis);
    add_number(p->out, low, 7);
    bench__strbuf_add(p->out, ":");
    add_number(p->out, high, 7);
    bench__strbuf_add(p->out, "]\n");
}

/* Range and labels of an axis of times, in the picture's unit: about `n_labels` of them, round. */
static void set_time_axis(const struct picture *p, char axis, double low, double high,
                          double n_labels) {
    low /= p->unit.ns;
    high /= p->unit.ns;
    double rough = (high - low) / n_labels;
    double step = pow(10, floor(log10(rough)));
    step *= rough / step > 5 ? 10 : rough / step > 2 ? 5 : rough / step > 1 ? 2 : 1;
    int decimals = (int)fmax(0, -floor(log10(step * 1.0001)));
    bench__strbuf_addf(p->out, "set %ctics nomirror", axis);
    add_number(p->out, step, 6);
    bench__strbuf_addf(p->out, "\nset format %c '%%.%df'\n", axis, decimals);
    set_range(p, axis, low, high);
}

/* Widens [low, high] to what one result's bulk needs, leaving far outliers outside. */
static void include_bulk(const bench_result *r, double *low, double *high) {
    const bench_time_estimates *t = &r->time;
    double width = t->q95 - t->q05;
    double floor = fmax(t->q05 - 0.6 * width, 0);
    double ceiling = fmin(fmax(t->q99, t->q95), t->q95 + width) + 0.2 * width;
    if (isfinite(floor) && isfinite(ceiling)) {
        *low = fmin(*low, floor);
        *high = fmax(*high, ceiling);
    }
}

static double highest(const struct bench__density *d) {
    double most = 0;
    for (size_t i = 0; i < d->n; i++) {
        most = fmax(most, d->y[i]);
    }
    return most;
}

/* 1 when the curve between points a and b is straight to the eye. `top` is the plot's height. */
static int is_straight(const struct bench__density *d, size_t a, size_t b, double top) {
    for (size_t i = a + 1; i < b; i++) {
        double share = (d->x[i] - d->x[a]) / (d->x[b] - d->x[a]);
        double between = d->y[a] + share * (d->y[b] - d->y[a]);
        if (fabs(d->y[i] - between) > 0.003 * top) {
            return 0;
        }
    }
    return 1;
}

/* A data block with the curve within [low, high], as few points as it needs, at most 1 high. */
static size_t add_curve(const struct picture *p, const char *name, const struct bench__density *d,
                        double low, double high, double top) {
    size_t n = 0;
    size_t kept = 0;
    bench__strbuf_addf(p->out, "%s << EOD\n", name);
    for (size_t i = 0; i < d->n; i++) {
        int inside = d->x[i] >= low && d->x[i] <= high;
        int has_next = i + 1 < d->n && d->x[i + 1] <= high;
        if (!inside || (n > 0 && has_next && is_straight(d, kept, i + 1, top))) {
            continue;
        }
        add_time(p, d->x[i]);
        add_number(p->out, bench__round_decimals(d->y[i] / top, 3), 6);
        bench__strbuf_addc(p->out, '\n');
        kept = i;
        n++;
    }
    bench__strbuf_add(p->out, "EOD\n");
    return n;
}

static void add_median_mark(const struct picture *p, const bench_result *r, const char *color) {
    bench__strbuf_add(p->out, "set arrow from first");
    add_time(p, r->time.median.point);
    bench__strbuf_add(p->out, ", graph 0 to first");
    add_time(p, r->time.median.point);
    bench__strbuf_addf(p->out, ", graph 0.96 nohead linewidth 1.2 linecolor rgb '%s'\n", color);
}

static void plot_density(const struct picture *p, size_t index, const struct bench__density *after,
                         const struct bench__density *before) {
    double low = p->after->time.median.point * 0.999;
    double high = p->after->time.median.point * 1.001;
    include_bulk(p->after, &low, &high);
    if (before->n > 0) {
        include_bulk(p->before, &low, &high);
    }
    double top = fmax(highest(after), highest(before));
    size_t n_old = add_curve(p, "$old", before, low, high, top);
    size_t n_new = add_curve(p, "$new", after, low, high, top);
    if (n_new < 2 || !(top > 0)) {
        return;
    }
    bench__strbuf_addf(p->out,
                       "set output '%zud.svg'\nunset arrow\nunset ytics\nset lmargin 2\n"
                       "set xlabel 'time per iteration (%s)' offset 0,0.4 textcolor rgb "
                       "'" BENCH__PLOT_AXIS "'\nset yrange [0:1.08]\n",
                       index, p->unit.name);
    set_time_axis(p, 'x', low, high, 6);
    if (n_old >= 2) {
        add_median_mark(p, p->before, BENCH__PLOT_OLD);
    }
    add_median_mark(p, p->after, BENCH__PLOT_NEW);
    bench__strbuf_add(p->out, "plot ");
    if (n_old >= 2) {
        bench__strbuf_add(p->out,
                          "$old with filledcurves y1=0 fillcolor rgb '" BENCH__PLOT_OLD
                          "' fillstyle transparent solid 0.22, "
                          "$old with lines linewidth 1.2 linecolor rgb '" BENCH__PLOT_OLD "', ");
    }
    bench__strbuf_add(p->out, "$new with filledcurves y1=0 fillcolor rgb '" BENCH__PLOT_NEW
                              "' fillstyle transparent solid 0.22, "
                              "$new with lines linewidth 1.6 linecolor rgb '" BENCH__PLOT_NEW
                              "'\nunset output\n");
}

/* A data block with a line per launch: place, then the quantiles 5, 25, 50, 75 and 95 %. */
static size_t add_launches(const struct picture *p, const char *name, const bench_result *r,
                           double shift, double *low, double *high) {
    size_t n = 0;
    bench__strbuf_addf(p->out, "%s << EOD\n", name);
    for (size_t i = 0; r != NULL && i < r->n_launches && n < MOST_LAUNCHES; i++) {
        const bench_launch *l = &r->launches[i];
        const double q[N_QUANTILES] = {l->q05_ns, l->q25_ns, l->median_ns, l->q75_ns, l->q95_ns};
        if (!is_valid(l) || !(q[0] > 0) || !isfinite(q[4])) {
            continue;
        }
        add_number(p->out, (double)++n + shift, 6);
        for (size_t k = 0; k < N_QUANTILES; k++) {
            add_time(p, q[k]);
        }
        bench__strbuf_addc(p->out, '\n');
        *low = fmin(*low, q[0]);
        *high = fmax(*high, q[4]);
    }
    bench__strbuf_add(p->out, "EOD\n");
    return n;
}

/* A thin line from 5 to 95 %, a wide one from 25 to 75 %, a tick at the median. */
static void add_boxes(const struct picture *p, const char *data, int width, const char *color) {
    bench__strbuf_addf(p->out,
                       "%s using 1:2:(0):($6-$2) with vectors nohead linewidth 1 linecolor rgb "
                       "'%s', %s using 1:3:(0):($5-$3) with vectors nohead linewidth %d linecolor "
                       "rgb '#90%s', ",
                       data, color, data, width, color + 1);
    bench__strbuf_addf(p->out,
                       "%s using ($1-%s):4:(2*%s):(0) with vectors nohead linewidth 2 linecolor "
                       "rgb '%s'",
                       data, TICK, TICK, color);
}

static void plot_launches(const struct picture *p, size_t index) {
    double low = p->after->time.median.point * 0.999;
    double high = p->after->time.median.point * 1.001;
    double shift = p->before != NULL ? 0.2 : 0;
    size_t n_old = add_launches(p, "$old", p->before, -shift, &low, &high);
    size_t n_new = add_launches(p, "$new", p->after, shift, &low, &high);
    if (n_new == 0) {
        return;
    }
    size_t most = n_old > n_new ? n_old : n_new;
    int width = most <= 20 ? 6 : most <= 40 ? 3 : 2;
    double pad = 0.06 * (high - low);
    bench__strbuf_addf(p->out,
                       "set output '%zul.svg'\nunset arrow\nset lmargin 8\n"
                       "set xlabel 'launch' offset 0,0.4 textcolor rgb '" BENCH__PLOT_AXIS "'\n"
                       "set ylabel '%s' textcolor rgb '" BENCH__PLOT_AXIS "'\n"
                       "set xtics %d\nset format x '%%.0f'\n",
                       index, p->unit.name,
                       most <= 8    ? 1
                       : most <= 20 ? 2
                                    : 8);
    set_range(p, 'x', 0.2, (double)most + 0.8);
    set_time_axis(p, 'y', low - pad, high + pad, 5);
    bench__strbuf_add(p->out, "plot ");
    if (n_old > 0) {
        add_boxes(p, "$old", width, BENCH__PLOT_OLD);
        bench__strbuf_add(p->out, ", ");
    }
    add_boxes(p, "$new", width, BENCH__PLOT_NEW);
    bench__strbuf_add(p->out, "\nunset output\nunset ylabel\n");
}

int bench__plots_script(struct bench__strbuf *out, const struct bench__row *row, size_t index,
                        bench_error *err) {
    const bench_comparison *c = row->comparison;
    struct picture p = {.out = out,
                        .after = row->result,
                        .before = c != NULL ? c->before : NULL,
                        .unit = bench__time_unit(row->result->time.median.point, 1)};
    struct bench__density after = {0};
    struct bench__density before = {0};
    int rc = density_of(&after, p.after, err);
    if (rc == 0) {
        rc = density_of(&before, p.before, err);
    }
    if (rc == 0 && p.after->time.median.point > 0) {
        plot_density(&p, index, &after, &before);
        plot_launches(&p, index);
    }
    bench__density_clear(&after);
    bench__density_clear(&before);
    return rc;
}
