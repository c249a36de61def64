/*
 * The table of all benchmarks, with a small drawing of each change: the interval as a line over the
 * band of changes that are allowed.
 */
#include "report/html_parts.h"

#include "report/figures.h"

#include <math.h>
#include <string.h>

enum { DRAWING_WIDTH = 120, DRAWING_HEIGHT = 16 };

static void add_cell(struct bench__strbuf *out, const char *class, const char *text) {
    bench__strbuf_addf(out, "<td class=\"%s\">%s</td>", class, strcmp(text, "-") != 0 ? text : "");
}

/* ---- drawings of changes ---- */

/* The change that reaches the drawing's edge: the same for all rows, so that they compare. */
static double drawing_scale(const bench_outcome *outcome) {
    double scale = 0.01;
    for (size_t i = 0; i < outcome->n_comparisons; i++) {
        const bench_comparison *c = &outcome->comparisons[i];
        scale = fmax(scale, 1.5 * c->threshold);
        if (isfinite(c->change.lower) && isfinite(c->change.upper)) {
            scale = fmax(scale, 1.1 * fmax(fabs(c->change.lower), fabs(c->change.upper)));
        }
    }
    return fmin(scale, 0.5);
}

/* Tenths of a pixel from the left, cut to the drawing. */
static int place(double change, double scale) {
    double at = (0.5 + 0.5 * change / scale) * 10 * DRAWING_WIDTH;
    return (int)lround(fmin(fmax(at, 0), 10 * DRAWING_WIDTH));
}

static void add_line(struct bench__strbuf *out, const char *class, int x1, int x2, int y1, int y2) {
    bench__strbuf_addf(out, "<line class=\"%s\" x1=\"%d.%d\" x2=\"%d.%d\" y1=\"%d\" y2=\"%d\"/>",
                       class, x1 / 10, x1 % 10, x2 / 10, x2 % 10, y1, y2);
}

static void add_drawing(struct bench__strbuf *out, const bench_comparison *c, double scale) {
    if (c == NULL || !isfinite(c->change.lower) || !isfinite(c->change.upper)) {
        bench__strbuf_add(out, "<td class=\"drawing\"></td>");
        return;
    }
    int left = place(-c->threshold, scale);
    int right = place(c->threshold, scale);
    int at = place(c->change.point, scale);
    int middle = DRAWING_HEIGHT / 2;
    bench__strbuf_addf(
        out,
        "<td class=\"drawing\"><svg class=\"change %s\" width=\"%d\" height=\"%d\">"
        "<rect class=\"allowed\" x=\"%d.%d\" y=\"0\" width=\"%d.%d\" height=\"%d\"/>",
        bench__html_tone(bench__verdict_tone(c->verdict)), DRAWING_WIDTH, DRAWING_HEIGHT, left / 10,
        left % 10, (right - left) / 10, (right - left) % 10, DRAWING_HEIGHT);
    add_line(out, "zero", 5 * DRAWING_WIDTH, 5 * DRAWING_WIDTH, 0, DRAWING_HEIGHT);
    add_line(out, "interval", place(c->change.lower, scale), place(c->change.upper, scale), middle,
             middle);
    bench__strbuf_addf(out, "<circle cx=\"%d.%d\" cy=\"%d\" r=\"3\"/></svg></td>", at / 10, at % 10,
                       middle);
}

/* ---- rows ---- */

static void add_comparison(struct bench__strbuf *out, const struct bench__row *row, double scale) {
    const bench_comparison *c = row->comparison;
    char figure[BENCH__FIGURE_SIZE];
    bench__strbuf_add(out, "<td>");
    bench__html_chip(out, row);
    bench__strbuf_add(out, "</td>");
    add_cell(out, "number",
             c != NULL ? bench__figure_percent(figure, sizeof figure, c->change.point, 1) : "");
    add_drawing(out, c, scale);
    add_cell(out, "number wide",
             c != NULL ? bench__figure_share(figure, sizeof figure, c->mde) : "");
}

static void add_figures(struct bench__strbuf *out, const bench_result *r) {
    char figure[BENCH__FIGURE_SIZE];
    const bench_time_estimates *t = &r->time;
    int is_bytes = isnan(r->elements_per_iteration);
    add_cell(out, "number strong", bench__figure_time(figure, sizeof figure, t->median.point, 1));
    add_cell(out, "number muted wide",
             bench__figure_interval(figure, sizeof figure, &t->median, 1));
    add_cell(out, "number", bench__figure_throughput(figure, sizeof figure, r, is_bytes));
    add_cell(out, "number muted wide",
             bench__figure_share(figure, sizeof figure, t->between_launch_sd));
}

static void add_flags(struct bench__strbuf *out, const bench_result *r) {
    int any = 0;
    for (unsigned i = 0; i < BENCH__N_FLAGS; i++) {
        if (r->flags >> i & 1) {
            bench__strbuf_addf(out, "%s<span title=\"", any ? ", " : "<span class=\"flags\">");
            bench__html_text(out, bench__flag_advice(i, 1));
            bench__strbuf_addf(out, "\">%s</span>", bench__flag_word(i));
            any = 1;
        }
    }
    bench__strbuf_add(out, any ? "</span>" : "");
}

static void add_name(const struct bench__page *page, const struct bench__row *row) {
    struct bench__strbuf label;
    bench__strbuf_init(&label);
    bench__row_label(&label, row->result);
    bench__strbuf_add(page->out, "<td class=\"name\">");
    if (bench__row_measured(row)) {
        bench__strbuf_addf(page->out, "<a href=\"#b%zu\">", (size_t)(row - page->view->rows));
        bench__html_words(page->out, &label);
        bench__strbuf_add(page->out, "</a>");
        add_flags(page->out, row->result);
    } else {
        bench__html_words(page->out, &label);
    }
    bench__strbuf_add(page->out, "</td>");
}

/* Without a baseline its columns are not there. */
static int count_columns(const struct bench__page *page) {
    return page->view->outcome->baseline != NULL ? 9 : 5;
}

static void add_row(const struct bench__page *page, const struct bench__row *row, double scale) {
    struct bench__strbuf *out = page->out;
    bench__strbuf_add(out, "<tr>");
    add_name(page, row);
    if (bench__row_measured(row)) {
        add_figures(out, row->result);
    } else if (row->is_missing) {
        bench__strbuf_add(out,
                          "<td></td><td class=\"wide\"></td><td></td><td class=\"wide\"></td>");
    } else {
        struct bench__strbuf words;
        bench__strbuf_init(&words);
        bench__say_status(&words, row->result);
        int is_bad = bench__status_tone(row->result->status) == BENCH__TONE_BAD;
        bench__strbuf_addf(out, "<td colspan=\"%d\" class=\"%s\">", count_columns(page) - 1,
                           is_bad ? "ink-bad" : "muted");
        bench__html_words(out, &words);
        bench__strbuf_add(out, "</td></tr>\n");
        return;
    }
    if (page->view->outcome->baseline != NULL) {
        add_comparison(out, row, scale);
    }
    bench__strbuf_add(out, "</tr>\n");
}

/* `first` is the index of its first row. */
static void add_suite(const struct bench__page *page, size_t first) {
    bench__strbuf_addf(page->out, "<h2 class=\"name\" id=\"suite-%zu\">", first);
    bench__html_text(page->out, page->view->rows[first].result->suite);
    bench__strbuf_add(page->out,
                      "</h2>\n<div class=\"scroll\"><table class=\"results\">\n<thead><tr>"
                      "<th class=\"name\">measured</th><th class=\"number\">time</th>"
                      "<th class=\"number wide\">interval</th><th class=\"number\">throughput</th>"
                      "<th class=\"number wide\" title=\"how much launches differ\">spread</th>");
    if (page->view->outcome->baseline != NULL) {
        bench__strbuf_add(page->out, "<th>vs ");
        bench__html_text(page->out, bench__baseline_label(page->view->outcome));
        bench__strbuf_add(page->out,
                          "</th><th class=\"number\">change</th>"
                          "<th class=\"drawing\">faster <span>slower</span></th>"
                          "<th class=\"number wide\" title=\"the smallest change that would be "
                          "found 9 times in 10\">sees</th>");
    }
    bench__strbuf_add(page->out, "</tr></thead>\n<tbody>\n");
}

static void add_heading(const struct bench__page *page, const bench_result *r) {
    struct bench__strbuf *out = page->out;
    bench__strbuf_addf(out, "<tr class=\"group\"><th class=\"name\" colspan=\"%d\">",
                       count_columns(page));
    bench__html_text(out, r->group);
    if (r->n_params > 0) {
        bench__strbuf_addc(out, '/');
        bench__html_text(out, r->function);
    }
    bench__strbuf_add(out, "</th></tr>\n");
}

void bench__html_table(const struct bench__page *page) {
    const struct bench__view *view = page->view;
    double scale = drawing_scale(view->outcome);
    const bench_result *above = NULL;
    for (size_t i = 0; i < view->n_rows; i++) {
        const bench_result *r = view->rows[i].result;
        int new_suite = above == NULL || strcmp(above->suite, r->suite) != 0;
        if (new_suite) {
            bench__strbuf_add(page->out, above != NULL ? "</tbody></table></div>\n" : "");
            add_suite(page, i);
        }
        if (new_suite || !bench__same_heading(above, r)) {
            add_heading(page, r);
        }
        add_row(page, &view->rows[i], scale);
        above = r;
    }
    bench__strbuf_add(page->out, above != NULL ? "</tbody></table></div>\n" : "");
}

/* ---- contents ---- */

static size_t end_of_suite(const struct bench__view *view, size_t first) {
    size_t end = first + 1;
    while (end < view->n_rows &&
           strcmp(view->rows[end].result->suite, view->rows[first].result->suite) == 0) {
        end++;
    }
    return end;
}

static void add_count(struct bench__strbuf *out, size_t n, const char *what) {
    if (n > 0) {
        bench__strbuf_addf(out, " <span class=\"muted\">%zu %s</span>", n, what);
    }
}

static void add_suite_link(const struct bench__page *page, size_t first, size_t end) {
    size_t n_measured = 0, n_skipped = 0, n_missing = 0;
    for (size_t i = first; i < end; i++) {
        const struct bench__row *row = &page->view->rows[i];
        n_missing += (size_t)row->is_missing;
        n_measured += (size_t)bench__row_measured(row);
        n_skipped += !row->is_missing && row->result->status == BENCH_STATUS_SKIPPED;
    }
    bench__strbuf_addf(page->out, "<li><a href=\"#suite-%zu\">", first);
    bench__html_text(page->out, page->view->rows[first].result->suite);
    bench__strbuf_add(page->out, "</a>");
    add_count(page->out, n_measured, "measured");
    add_count(page->out, n_skipped, "skipped");
    add_count(page->out, end - first - n_measured - n_skipped - n_missing, "failed or not run");
    add_count(page->out, n_missing, "missing");
    bench__strbuf_add(page->out, "</li>\n");
}

void bench__html_contents(const struct bench__page *page) {
    const struct bench__view *view = page->view;
    if (view->n_rows == 0 || end_of_suite(view, 0) == view->n_rows) {
        return;
    }
    bench__strbuf_add(page->out, "<nav>\n<ul>\n");
    for (size_t i = 0, end; i < view->n_rows; i = end) {
        end = end_of_suite(view, i);
        add_suite_link(page, i, end);
    }
    bench__strbuf_add(page->out, "</ul>\n<p>");
    if (view->n_pairs > 0) {
        bench__strbuf_add(page->out, "<a href=\"#pairs\">Pairs</a> ");
    }
    if (view->outcome->n_budgets > 0) {
        bench__strbuf_add(page->out, "<a href=\"#budgets\">Budgets</a> ");
    }
    bench__strbuf_add(page->out, "<a href=\"#notes\">Good to know</a> "
                                 "<a href=\"#benchmarks\">Every benchmark</a></p>\n</nav>\n");
}
