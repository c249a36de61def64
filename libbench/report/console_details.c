/*
 * What stands below a benchmark's line: latencies, counters, warnings, and with --verbose every
 * estimate and launch. Warnings are a few words here; the notes at the end explain them.
 */
#include "report/console_parts.h"

#include "base/units.h"
#include "report/figures.h"
#include "report/words_duel.h"

#include <math.h>
#include <string.h>

enum { INDENT = 4 };

/* Writes a detail line, unless there is nothing to say, and clears the text. */
static void add_line(const struct bench__console *c, enum bench__ink ink,
                     struct bench__strbuf *text) {
    if (text->n > 0 || text->failed) {
        bench__ink_blanks(c->out, INDENT);
        bench__ink_wrap(c->out, c->style, ink, bench__strbuf_text(text), INDENT, INDENT + 2);
    }
    bench__strbuf_clear(text);
}

static const char *dot(const struct bench__console *c) {
    return c->style->utf8 ? " · " : ", ";
}

/* Starts one more item of a detail line. */
static void next_item(const struct bench__console *c, struct bench__strbuf *details) {
    bench__strbuf_add(details, details->n > 0 ? dot(c) : "");
}

static void add_counters(const struct bench__console *c, struct bench__strbuf *details,
                         const bench_result *r) {
    for (size_t i = 0; i < r->n_counters; i++) {
        char figure[2 * BENCH__FIGURE_SIZE];
        next_item(c, details);
        bench__strbuf_add_safe(details, r->counters[i].name);
        bench__strbuf_addc(details, ' ');
        bench__strbuf_add_safe(details,
                               bench__figure_counter(figure, sizeof figure, &r->counters[i]));
    }
}

static int has_param(const bench_result *r, const char *name) {
    size_t i = 0;
    while (i < r->n_params && strcmp(r->params[i].name, name) != 0) {
        i++;
    }
    return i < r->n_params;
}

/* What has no column: latencies, threads, bytes beside elements, the benchmark's own counters. */
static void add_details(const struct bench__console *c, const bench_result *r) {
    struct bench__strbuf details;
    char figure[BENCH__FIGURE_SIZE];
    bench__strbuf_init(&details);
    bench__say_latency(&details, &r->latency, dot(c), c->style->utf8);
    if (r->n_threads > 1 && !has_param(r, "threads")) {
        next_item(c, &details);
        bench__say_count(&details, (size_t)r->n_threads, "thread");
    }
    add_counters(c, &details, r);
    if (r->error_rate > 0) {
        next_item(c, &details);
        bench__strbuf_addf(&details, "%s of the operations failed",
                           bench__figure_share(figure, sizeof figure, r->error_rate));
    }
    add_line(c, BENCH__INK_DIM, &details);
}

static void add_flags(const struct bench__console *c, const struct bench__row *row) {
    struct bench__strbuf words;
    bench__strbuf_init(&words);
    for (unsigned i = 0; i < BENCH__N_FLAGS; i++) {
        if (row->result->flags >> i & 1) {
            bench__strbuf_addf(&words, "%s%s", words.n > 0 ? ", " : "! ", bench__flag_word(i));
        }
    }
    if (row->comparison != NULL && row->comparison->below_threshold) {
        bench__strbuf_add(&words, words.n > 0 ? ", " : "! ");
        bench__strbuf_add(&words, "slower, but by less than its limit");
    }
    add_line(c, BENCH__INK_UNSURE, &words);
}

static void next_time(const struct bench__console *c, struct bench__strbuf *text, const char *name,
                      double ns) {
    if (isfinite(ns)) {
        char figure[BENCH__FIGURE_SIZE];
        next_item(c, text);
        bench__strbuf_addf(text, "%s %s", name,
                           bench__figure_time(figure, sizeof figure, ns, c->style->utf8));
    }
}

static void add_estimates(const struct bench__console *c, const bench_result *r) {
    const bench_time_estimates *t = &r->time;
    struct bench__strbuf text;
    char figure[BENCH__FIGURE_SIZE];
    bench__strbuf_init(&text);
    next_time(c, &text, "mean", t->mean.point);
    next_time(c, &text, "standard deviation", t->std_dev.point);
    next_time(c, &text, "slope", t->slope.point);
    next_time(c, &text, "min", t->min);
    next_time(c, &text, "5 %", t->q05);
    next_time(c, &text, "95 %", t->q95);
    next_time(c, &text, "max", t->max);
    add_line(c, BENCH__INK_DIM, &text);
    next_time(c, &text, "first call", t->cold);
    next_time(c, &text, "CPU", t->cpu);
    if (r->peak_rss_bytes >= 0) {
        next_item(c, &text);
        bench__strbuf_addf(
            &text, "peak memory %s",
            bench__format_bytes(figure, sizeof figure, (double)r->peak_rss_bytes, 3));
    }
    next_item(c, &text);
    bench__say_count(&text, (size_t)t->outliers.n, "sample");
    if (isfinite(t->effective_samples)) {
        bench__strbuf_add(&text, ", worth ");
        bench__say_count(&text, (size_t)fmax(round(t->effective_samples), 0), "independent one");
    }
    if (isfinite(t->mde)) {
        next_item(c, &text);
        bench__strbuf_addf(&text, "another run like this sees %s",
                           bench__figure_share(figure, sizeof figure, t->mde));
    }
    add_line(c, BENCH__INK_DIM, &text);
}

static void add_labels(const struct bench__console *c, const bench_result *r) {
    for (size_t i = 0; i < r->n_labels; i++) {
        struct bench__strbuf text;
        bench__strbuf_init(&text);
        bench__strbuf_add_safe(&text, r->labels[i].name);
        bench__strbuf_add(&text, ": ");
        bench__strbuf_add_safe(&text, r->labels[i].value);
        add_line(c, BENCH__INK_DIM, &text);
    }
}

static void add_launch(const struct bench__console *c, const bench_launch *launch) {
    struct bench__strbuf text;
    bench__strbuf_init(&text);
    bench__strbuf_addf(&text, "launch %u", launch->index);
    next_time(c, &text, "median", launch->median_ns);
    for (unsigned i = 0; i < BENCH__N_NOISE_CAUSES; i++) {
        if (launch->noise.contaminated >> i & 1) {
            next_item(c, &text);
            bench__strbuf_add(&text, bench__noise_word(i, 1));
        }
    }
    if (launch->noise.involuntary_switches >= 0) {
        next_item(c, &text);
        bench__say_count(&text, (size_t)launch->noise.involuntary_switches, "interruption");
    }
    next_time(c, &text, "stolen",
              launch->noise.steal_ns > 0 ? (double)launch->noise.steal_ns : NAN);
    add_line(c, BENCH__INK_DIM, &text);
}

void bench__console_details(const struct bench__console *c, const struct bench__row *row) {
    add_details(c, row->result);
    add_flags(c, row);
    if (c->style->verbose && row->comparison != NULL) {
        struct bench__strbuf words;
        bench__strbuf_init(&words);
        bench__say_duel(&words, row->comparison);
        add_line(c, BENCH__INK_DIM, &words);
        bench__say_shift(&words, row->comparison);
        add_line(c, BENCH__INK_DIM, &words);
    }
    if (c->style->verbose) {
        add_labels(c, row->result);
        add_estimates(c, row->result);
        for (size_t i = 0; i < row->result->n_launches; i++) {
            add_launch(c, &row->result->launches[i]);
        }
    }
}
