/*
 * One section per benchmark with its plots and estimates, and the record of the machine at the end.
 */
#include "report/html_parts.h"

#include "base/units.h"
#include "report/figures.h"
#include "report/words_duel.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

static void add_fact(struct bench__strbuf *out, const char *label, const char *value) {
    if (value[0] != '\0' && strcmp(value, "-") != 0) {
        bench__strbuf_addf(out, "<div><dt>%s</dt><dd>", label);
        bench__html_text(out, value);
        bench__strbuf_add(out, "</dd></div>\n");
    }
}

static void add_time(struct bench__strbuf *out, const char *label, double ns) {
    char figure[BENCH__FIGURE_SIZE];
    add_fact(out, label, bench__figure_time(figure, sizeof figure, ns, 1));
}

static void add_bytes(struct bench__strbuf *out, const char *label, int64_t bytes) {
    char figure[BENCH__FIGURE_SIZE];
    if (bytes >= 0) {
        add_fact(out, label, bench__format_bytes(figure, sizeof figure, (double)bytes, 3));
    }
}

static void add_i64(struct bench__strbuf *out, const char *label, int64_t value) {
    char figure[BENCH__FIGURE_SIZE];
    snprintf(figure, sizeof figure, "%" PRId64, value);
    add_fact(out, label, figure);
}

/* ---- one benchmark ---- */

static void add_latency(struct bench__strbuf *out, const bench_latency *l) {
    if (l->n > 0) {
        add_time(out, "p50", l->p50);
        add_time(out, "p95", l->p95);
        add_time(out, "p99", l->p99);
        add_time(out, "p99.9", l->p999);
        add_time(out, "slowest operation", l->max);
    }
}

static void add_counters(struct bench__strbuf *out, const bench_result *r) {
    for (size_t i = 0; i < r->n_counters; i++) {
        char figure[2 * BENCH__FIGURE_SIZE];
        bench__strbuf_add(out, "<div><dt>");
        bench__html_text(out, r->counters[i].name);
        bench__strbuf_add(out, "</dt><dd>");
        bench__html_text(out, bench__figure_counter(figure, sizeof figure, &r->counters[i]));
        bench__strbuf_add(out, "</dd></div>\n");
    }
}

static void add_labels(struct bench__strbuf *out, const bench_result *r) {
    for (size_t i = 0; i < r->n_labels; i++) {
        bench__strbuf_add(out, "<div class=\"label\"><dt>");
        bench__html_text(out, r->labels[i].name);
        bench__strbuf_add(out, "</dt><dd>");
        bench__html_text(out, r->labels[i].value);
        bench__strbuf_add(out, "</dd></div>\n");
    }
}

static void add_facts(struct bench__strbuf *out, const bench_result *r) {
    char figure[BENCH__FIGURE_SIZE];
    const bench_time_estimates *t = &r->time;
    bench__strbuf_add(out, "<dl class=\"facts\">\n");
    add_time(out, "median", t->median.point);
    add_fact(out, "interval", bench__figure_interval(figure, sizeof figure, &t->median, 1));
    add_time(out, "mean", t->mean.point);
    add_time(out, "slope", t->slope.point);
    add_time(out, "fastest sample", t->min);
    add_time(out, "slowest sample", t->max);
    add_time(out, "first call", t->cold);
    add_time(out, "CPU time", t->cpu);
    add_fact(out, "throughput", bench__figure_throughput(figure, sizeof figure, r, 0));
    add_fact(out, "throughput", bench__figure_throughput(figure, sizeof figure, r, 1));
    add_fact(out, "spread of launches",
             bench__figure_share(figure, sizeof figure, t->between_launch_sd));
    add_fact(out, "spread within one",
             bench__figure_share(figure, sizeof figure, t->within_launch_sd));
    add_i64(out, "launches", (int64_t)r->n_launches);
    add_i64(out, "samples", (int64_t)t->outliers.n);
    add_bytes(out, "peak memory", r->peak_rss_bytes);
    if (r->error_rate > 0) {
        add_fact(out, "failed operations",
                 bench__figure_share(figure, sizeof figure, r->error_rate));
    }
    add_latency(out, &r->latency);
    add_counters(out, r);
    add_labels(out, r);
    bench__strbuf_add(out, "</dl>\n");
}

static void add_legend(const struct bench__page *page, const struct bench__row *row) {
    const bench_comparison *c = row->comparison;
    bench__strbuf_add(page->out, "<span class=\"key new\">this run</span>");
    if (c != NULL && c->before != NULL) {
        const char *label = page->view->outcome->baseline->label;
        bench__strbuf_add(page->out, " <span class=\"key old\">baseline ");
        bench__html_text(page->out, label != NULL ? label : "");
        bench__strbuf_add(page->out, "</span>");
    }
}

static void add_figure(const struct bench__page *page, const struct bench__row *row,
                       const char *svg, const char *label, const char *caption) {
    if (svg != NULL) {
        bench__strbuf_addf(page->out, "<figure role=\"img\" aria-label=\"%s\">%s<figcaption>",
                           label, svg);
        add_legend(page, row);
        bench__strbuf_addf(page->out, " %s</figcaption></figure>\n", caption);
    }
}

static void add_plots(const struct bench__page *page, const struct bench__row *row) {
    size_t i = (size_t)(row - page->view->rows);
    if (i >= page->plots->n) {
        return;
    }
    const bench_result *before = row->comparison != NULL ? row->comparison->before : NULL;
    int summarised = before != NULL && !bench__has_samples(before);
    bench__strbuf_add(page->out, "<div class=\"plots\">\n");
    add_figure(page, row, page->plots->density[i], "Where the times lie",
               summarised
                   ? "curves: estimated, the baseline's from five figures per launch; upright "
                     "lines: medians"
                   : "curves: estimated from the samples; upright lines: medians");
    add_figure(page, row, page->plots->launches[i], "Launch by launch",
               "boxes: middle half of a launch; thin lines: 5 to 95 %");
    bench__strbuf_add(page->out, "</div>\n");
}

static void add_duel(struct bench__strbuf *out, const bench_comparison *c) {
    struct bench__strbuf words;
    bench__strbuf_init(&words);
    bench__say_duel(&words, c);
    if (words.n > 0) {
        bench__strbuf_add(out, "<p class=\"muted\">");
        bench__html_words(out, &words);
        bench__say_shift(&words, c);
        bench__strbuf_add(out, words.n > 0 ? "<br/>" : "");
        bench__html_words(out, &words);
        bench__strbuf_add(out, "</p>\n");
    }
    bench__strbuf_clear(&words);
}

static void add_section(const struct bench__page *page, const struct bench__row *row) {
    struct bench__strbuf *out = page->out;
    bench__strbuf_addf(out, "<section id=\"b%zu\">\n<h3 class=\"name\">",
                       (size_t)(row - page->view->rows));
    bench__html_text(out, row->result->name);
    bench__strbuf_add(out, "</h3> ");
    bench__html_chip(out, row);
    if (row->comparison != NULL && isfinite(row->comparison->change.point)) {
        struct bench__strbuf words;
        bench__strbuf_init(&words);
        bench__say_change(&words, row->comparison, 1);
        bench__strbuf_add(out, " <span class=\"muted\">");
        bench__html_words(out, &words);
        bench__strbuf_add(out, "</span>");
    }
    bench__strbuf_addc(out, '\n');
    if (row->comparison != NULL) {
        add_duel(out, row->comparison);
    }
    add_plots(page, row);
    add_facts(out, row->result);
    bench__strbuf_add(out, "</section>\n");
}

void bench__html_sections(const struct bench__page *page) {
    bench__strbuf_add(page->out, "<h2 id=\"benchmarks\">Every benchmark</h2>\n");
    for (size_t i = 0; i < page->view->n_rows; i++) {
        if (bench__row_measured(&page->view->rows[i])) {
            add_section(page, &page->view->rows[i]);
        }
    }
}

/* ---- machine and settings ---- */

static void add_host(struct bench__strbuf *out, const bench_host *h) {
    char figure[BENCH__FIGURE_SIZE];
    add_fact(out, "CPU", h->cpu_model);
    add_i64(out, "CPUs", h->n_cpus);
    add_fact(out, "hypervisor", h->hypervisor);
    add_fact(out, "compiler", h->compiler);
    add_fact(out, "flags", h->flags);
    add_fact(out, "architecture", h->arch);
    add_fact(out, "clock", bench__clock_word(h->clock));
    add_fact(out, "host name", h->hostname);
    add_fact(out, "kernel", h->kernel);
    add_fact(out, "C library", h->libc);
    add_fact(out, "microcode", h->microcode);
    add_fact(out, "governor", h->governor);
    add_fact(out, "kernel clock", h->clocksource);
    add_fact(out, "turbo", h->turbo);
    add_fact(out, "SMT", h->smt);
    add_fact(out, "address randomisation", h->aslr);
    add_bytes(out, "memory", h->memory_bytes);
    add_bytes(out, "L1 data cache", h->l1d_bytes);
    add_bytes(out, "L2 cache", h->l2_bytes);
    add_bytes(out, "L3 cache", h->l3_bytes);
    add_fact(out, "CPU quota", bench__figure_fixed(figure, sizeof figure, h->cpu_quota, 2));
    add_fact(out, "load at the start", bench__figure_fixed(figure, sizeof figure, h->load_1min, 2));
}

static void add_settings(struct bench__strbuf *out, const bench_result *r) {
    char figure[BENCH__FIGURE_SIZE];
    const bench_resolved *o = &r->options;
    add_i64(out, "launches", o->launches);
    add_time(out, "warm-up, all launches", (double)o->warm_up_time_ns);
    add_time(out, "measuring, all launches", (double)o->measurement_time_ns);
    add_i64(out, "samples per launch, at most", o->sample_size);
    add_fact(out, "confidence level",
             bench__format_percent(figure, sizeof figure, o->confidence_level, 3, 0));
    add_i64(out, "resamples", o->n_resamples);
}

static void add_calibration(struct bench__strbuf *out, const bench_run *run) {
    for (int k = 0; run->n_calibrations > 0 && k < BENCH_N_KERNELS; k++) {
        add_time(out, bench_kernel_name((bench_kernel)k), run->calibrations[0].ns[k]);
    }
}

static void add_noise(const struct bench__page *page) {
    struct bench__strbuf words;
    bench__strbuf_init(&words);
    bench__say_noise(&words, page->view);
    bench__strbuf_add(page->out, "<h3>Noise</h3>\n<p>");
    bench__html_words(page->out, &words);
    bench__strbuf_add(page->out, "</p>\n");
}

void bench__html_machine(const struct bench__page *page) {
    struct bench__strbuf *out = page->out;
    const bench_run *run = page->view->outcome->run;
    char seed[BENCH__FIGURE_SIZE];
    snprintf(seed, sizeof seed, "%" PRIu64, run->seed);
    bench__strbuf_add(out, "<details>\n<summary>Machine and settings</summary>\n"
                           "<h3>Run</h3>\n<dl class=\"facts\">\n");
    add_fact(out, "started", run->timestamp);
    add_fact(out, "commit", run->git_commit);
    add_fact(out, "branch", run->git_branch);
    add_fact(out, "seed", seed);
    if (run->n_results > 0) {
        add_settings(out, &run->results[0]);
    }
    bench__strbuf_add(out, "</dl>\n<h3>Machine</h3>\n<dl class=\"facts\">\n");
    add_host(out, &run->host);
    bench__strbuf_add(out, "</dl>\n<h3>Its speed, by small reference loops, per operation</h3>\n"
                           "<dl class=\"facts\">\n");
    add_calibration(out, run);
    bench__strbuf_add(out, "</dl>\n");
    add_noise(page);
    bench__strbuf_add(out, "</details>\n");
}
