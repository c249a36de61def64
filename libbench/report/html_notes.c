/*
 * What stands between the table and the sections: changes in full, budgets, scaling, and what to
 * know before believing the numbers.
 */
#include "report/html_parts.h"

#include "base/mem.h"
#include "base/units.h"
#include "report/figures.h"
#include "report/scaling.h"
#include "report/words_duel.h"

/* ---- comparisons ---- */

static void add_comparison(struct bench__strbuf *out, const bench_comparison *c) {
    struct bench__strbuf words;
    bench__strbuf_init(&words);
    bench__strbuf_add(out, "<li><span class=\"name\">");
    bench__html_text(out, c->name);
    bench__strbuf_add(out, "</span><br/><span class=\"muted\">");
    bench__say_comparison(&words, c, 1);
    bench__html_words(out, &words);
    bench__strbuf_add(out, "</span></li>\n");
}

static void add_verdict(const struct bench__page *page, bench_verdict verdict, const char *title) {
    const bench_outcome *outcome = page->view->outcome;
    if (page->view->n_verdicts[verdict] == 0 || outcome->incomparable) {
        return;
    }
    bench__strbuf_addf(page->out, "<h2>%s</h2>\n<ul class=\"list %s\">\n", title,
                       bench__html_tone(bench__verdict_tone(verdict)));
    for (size_t i = 0; i < outcome->n_comparisons; i++) {
        if (outcome->comparisons[i].verdict == verdict) {
            add_comparison(page->out, &outcome->comparisons[i]);
        }
    }
    bench__strbuf_add(page->out, "</ul>\n");
    if (verdict == BENCH_VERDICT_INCONCLUSIVE) {
        struct bench__strbuf words;
        bench__strbuf_init(&words);
        bench__say_inconclusive(&words, page->view);
        bench__strbuf_add(page->out, "<p>");
        bench__html_words(page->out, &words);
        bench__strbuf_add(page->out, "</p>\n");
    }
}

static void add_incomparable(const struct bench__page *page) {
    if (page->view->outcome->incomparable) {
        bench__strbuf_add(page->out, "<h2>The baseline cannot be compared with</h2>\n<p>");
        bench__html_text(page->out, page->view->outcome->incomparable_why);
        bench__strbuf_add(page->out, "</p>\n<p>" BENCH__INCOMPARABLE_ADVICE "</p>\n");
    }
}

/* ---- pairs ---- */

static void add_pair_figures(struct bench__strbuf *out, const struct bench__pair_row *row) {
    const bench_pair_result *pair = row->pair;
    char figures[3][BENCH__FIGURE_SIZE];
    bench__strbuf_addf(out,
                       "<td class=\"number\">%s</td><td class=\"number muted\">%s</td>"
                       "<td class=\"number muted\">%s</td><td>",
                       bench__figure_percent(figures[0], sizeof figures[0], pair->change.point, 1),
                       bench__figure_change_range(figures[1], sizeof figures[1], &pair->change, 1),
                       bench__figure_share(figures[2], sizeof figures[2], pair->mde));
    if (row->budget != NULL) {
        bench__strbuf_addf(out, "<span class=\"chip %s\">%s</span>",
                           bench__html_tone(bench__budget_tone(row->budget->verdict)),
                           bench__budget_word(row->budget->verdict));
    }
    bench__strbuf_add(out, "</td></tr>\n");
}

static void add_pair(struct bench__strbuf *out, const struct bench__pair_row *row) {
    const bench_pair_result *pair = row->pair;
    struct bench__strbuf words;
    bench__strbuf_init(&words);
    bench__strbuf_add(out, "<tr><td class=\"name\">");
    bench__html_text(out, pair->name);
    bench__strbuf_add(out, "</td><td>");
    bench__say_sides(&words, pair);
    bench__html_words(out, &words);
    bench__strbuf_add(out, "</td>");
    if (pair->status == BENCH_STATUS_OK) {
        add_pair_figures(out, row);
        return;
    }
    bench__say_end(&words, pair->status, pair->message);
    bench__strbuf_add(out, "<td colspan=\"4\" class=\"muted\">");
    bench__html_words(out, &words);
    bench__strbuf_add(out, "</td></tr>\n");
}

static void add_pairs(const struct bench__page *page) {
    if (page->view->n_pairs == 0) {
        return;
    }
    bench__strbuf_add(page->out,
                      "<h2 id=\"pairs\">Pairs <small>measured side by side</small></h2>\n"
                      "<div class=\"scroll\"><table>\n<thead><tr><th class=\"name\">pair</th>"
                      "<th></th><th class=\"number\">change</th><th class=\"number\">between</th>"
                      "<th class=\"number\">sees</th><th>budget</th></tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < page->view->n_pairs; i++) {
        add_pair(page->out, &page->view->pairs[i]);
    }
    bench__strbuf_add(page->out, "</tbody></table></div>\n");
}

/* ---- budgets ---- */

static void add_quantity(struct bench__strbuf *out, const char *before, double value,
                         const char *unit) {
    char figure[BENCH__FIGURE_SIZE];
    bench__strbuf_addf(out, "<td class=\"number\">%s", before);
    bench__html_text(out, bench__figure_quantity(figure, sizeof figure, value, unit, 1));
    bench__strbuf_add(out, "</td>");
}

static void add_budget(struct bench__strbuf *out, const bench_budget *b) {
    char figure[BENCH__FIGURE_SIZE];
    bench__strbuf_add(out, "<tr><td class=\"name\">");
    bench__html_text(out, b->subject);
    struct bench__strbuf loosening;
    bench__strbuf_init(&loosening);
    bench__say_loosening(&loosening, b, 1);
    const char *notes[] = {b->why, b->reason, loosening.n > 0 ? loosening.text : NULL};
    for (size_t i = 0; i < 3; i++) {
        if (notes[i] != NULL && notes[i][0] != '\0') {
            bench__strbuf_add(out, "<span class=\"note\">");
            bench__html_text(out, notes[i]);
            bench__strbuf_add(out, "</span>");
        }
    }
    out->failed |= loosening.failed;
    bench__strbuf_clear(&loosening);
    bench__strbuf_add(out, "</td><td>");
    bench__html_text(out, b->metric);
    bench__strbuf_add(out, "</td>");
    add_quantity(out, b->is_maximum ? "at most " : "at least ", b->limit, b->unit);
    add_quantity(out, "", b->measured.point, b->unit);
    bench__strbuf_addf(out,
                       "<td class=\"number\">%s</td>"
                       "<td><span class=\"chip %s\">%s</span></td></tr>\n",
                       bench__format_percent(figure, sizeof figure, b->margin, 2, 1),
                       bench__html_tone(bench__budget_tone(b->verdict)),
                       bench__budget_word(b->verdict));
}

static void add_budgets(const struct bench__page *page) {
    const bench_outcome *outcome = page->view->outcome;
    if (outcome->n_budgets == 0) {
        return;
    }
    bench__strbuf_add(page->out,
                      "<h2 id=\"budgets\">Budgets</h2>\n<div class=\"scroll\"><table "
                      "class=\"budgets\">\n<thead><tr>"
                      "<th class=\"name\">subject</th><th>metric</th>"
                      "<th class=\"number\">target</th><th class=\"number\">measured</th>"
                      "<th class=\"number\">room left</th><th></th></tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < outcome->n_budgets; i++) {
        add_budget(page->out, &outcome->budgets[i]);
    }
    bench__strbuf_add(page->out, "</tbody></table></div>\n");
}

/* ---- scaling ---- */

static void add_scaling_row(struct bench__strbuf *out, const struct bench__scaling *s) {
    char lower[BENCH__FIGURE_SIZE];
    char upper[BENCH__FIGURE_SIZE];
    struct bench__strbuf words;
    bench__strbuf_init(&words);
    bench__strbuf_add(out, "<tr><td class=\"name\">");
    bench__html_text(out, s->result->group);
    bench__strbuf_addc(out, '/');
    bench__html_text(out, s->result->function);
    bench__strbuf_add(out, "</td><td>");
    bench__scaling_say(&words, s);
    bench__html_words(out, &words);
    bench__strbuf_addf(out,
                       "</td><td class=\"number muted\">%s … %s</td>"
                       "<td class=\"number muted\">%zu</td><td>%s</td></tr>\n",
                       bench__figure_fixed(lower, sizeof lower, s->exponent.lower, 2),
                       bench__figure_fixed(upper, sizeof upper, s->exponent.upper, 2), s->n_values,
                       s->is_steep ? "<span class=\"chip unsure\">steep</span>" : "");
}

static int add_scaling(const struct bench__page *page, bench_error *err) {
    struct bench__scaling *found;
    size_t n;
    int rc = bench__scaling_find(&found, &n, page->view, err);
    if (n > 0) {
        bench__strbuf_add(page->out,
                          "<h2>Scaling <small>estimated from the medians</small></h2>\n"
                          "<div class=\"scroll\"><table>\n<thead><tr><th class=\"name\"></th>"
                          "<th>steepest growth</th><th class=\"number\">95 % interval</th>"
                          "<th class=\"number\">values</th><th></th></tr></thead>\n<tbody>\n");
        for (size_t i = 0; i < n; i++) {
            add_scaling_row(page->out, &found[i]);
        }
        bench__strbuf_add(page->out, "</tbody></table></div>\n");
    }
    bench__free(found);
    return rc;
}

/* ---- what to know ---- */

static void add_item(struct bench__strbuf *out, const char *label, struct bench__strbuf *words) {
    if (words->n > 0 || words->failed) {
        bench__strbuf_addf(out, "<dt>%s</dt><dd>", label);
        bench__html_words(out, words);
        bench__strbuf_add(out, "</dd>\n");
    }
    bench__strbuf_clear(words);
}

static void add_flags(const struct bench__page *page) {
    for (unsigned flag = 0; flag < BENCH__N_FLAGS; flag++) {
        struct bench__strbuf words;
        bench__strbuf_init(&words);
        size_t n = bench__count_flag(page->view, flag);
        if (n > 0) {
            bench__say_count(&words, n, "benchmark");
            bench__strbuf_addf(&words, ": %s", bench__flag_advice(flag, n));
            add_item(page->out, bench__flag_word(flag), &words);
        }
    }
}

static void add_knowledge(const struct bench__page *page) {
    struct bench__strbuf words;
    bench__strbuf_init(&words);
    bench__strbuf_add(page->out, "<h2 id=\"notes\">Good to know</h2>\n<dl>\n");
    bench__strbuf_add(&words, BENCH__LEGEND_TIME "; " BENCH__LEGEND_SPREAD);
    const int has_pairs = page->view->n_pairs > 0;
    if (page->view->n_compared > 0 || has_pairs) {
        bench__strbuf_add(&words, "; " BENCH__LEGEND_SEES);
    }
    bench__strbuf_add(&words, has_pairs ? "; " BENCH__LEGEND_PAIRS : "");
    bench__strbuf_add(&words, ". Limits of budgets are targets; scaling is estimated");
    add_item(page->out, "figures", &words);
    bench__say_launches(&words, page->view);
    add_item(page->out, "launches", &words);
    bench__say_noise(&words, page->view);
    add_item(page->out, "disturbances", &words);
    bench__say_outliers(&words, page->view);
    add_item(page->out, "outliers", &words);
    add_flags(page);
    bench__say_between_runs(&words, page->view);
    add_item(page->out, "between runs", &words);
    bench__say_resolution(&words, page->view);
    add_item(page->out, "duels", &words);
    bench__say_placement(&words, page->view);
    add_item(page->out, "placement", &words);
    for (size_t i = 0; i < page->view->outcome->n_suite_changes; i++) {
        bench__say_suite_change(&words, &page->view->outcome->suite_changes[i]);
        add_item(page->out, "whole suite", &words);
    }
    bench__strbuf_add(page->out, "</dl>\n");
}

int bench__html_notes(const struct bench__page *page, bench_error *err) {
    add_incomparable(page);
    add_verdict(page, BENCH_VERDICT_REGRESSED, "Slower");
    add_verdict(page, BENCH_VERDICT_INCONCLUSIVE, "Could not be decided");
    add_verdict(page, BENCH_VERDICT_MISSING, "Missing: measured in the baseline, not in this run");
    add_verdict(page, BENCH_VERDICT_INCOMPARABLE, "Not comparable");
    add_verdict(page, BENCH_VERDICT_IMPROVED, "Faster");
    add_pairs(page);
    add_budgets(page);
    int rc = add_scaling(page, err);
    add_knowledge(page);
    return rc;
}
