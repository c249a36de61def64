/*
 * GitHub-flavoured Markdown, as for a step summary or a comment: the answer first, a table per
 * suite, budgets below. Names are escaped so that they are shown, never interpreted.
 */
#include "report/formats.h"

#include "base/units.h"
#include "report/figures.h"
#include "report/view.h"
#include "report/words.h"
#include "report/words_duel.h"

#include <math.h>
#include <string.h>

/* Escapes text that is safe for a terminal already. */
static void add_escaped(struct bench__strbuf *out, const char *text) {
    if (text == NULL) {
        out->failed = 1;
        return;
    }
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '<':
            bench__strbuf_add(out, "&lt;");
            break;
        case '>':
            bench__strbuf_add(out, "&gt;");
            break;
        case '&':
            bench__strbuf_add(out, "&amp;");
            break;
        case '@': /* nobody is to be notified by a benchmark's name */
            bench__strbuf_add(out, "&#64;");
            break;
        default:
            bench__strbuf_add(out, strchr("\\`*_{}[]|~#!", *text) != NULL ? "\\" : "");
            bench__strbuf_addc(out, *text);
        }
    }
}

static void add_foreign(struct bench__strbuf *out, const char *text) {
    struct bench__strbuf safe;
    bench__strbuf_init(&safe);
    bench__strbuf_add_safe(&safe, text);
    add_escaped(out, bench__strbuf_text(&safe));
    bench__strbuf_clear(&safe);
}

/* Moves a sentence of report/words over, escaped. */
static void add_words(struct bench__strbuf *out, struct bench__strbuf *words) {
    add_escaped(out, bench__strbuf_text(words));
    bench__strbuf_clear(words);
}

static void add_cell(struct bench__strbuf *out, const char *text) {
    bench__strbuf_addc(out, ' ');
    bench__strbuf_add(out, strcmp(text, "-") != 0 ? text : "");
    bench__strbuf_add(out, " |");
}

static void add_verdict(struct bench__strbuf *out, const struct bench__row *row) {
    bench_verdict verdict = bench__row_verdict(row);
    const bench_comparison *c = row->comparison;
    if (verdict == BENCH_VERDICT_NONE) {
        add_cell(out, bench__row_verdict_word(row));
        bench__strbuf_add(out, " | | |");
        return;
    }
    char figure[BENCH__FIGURE_SIZE];
    bench__strbuf_addf(out, verdict == BENCH_VERDICT_PASS ? " %s |" : " **%s** |",
                       bench_verdict_name(verdict));
    add_cell(out, bench__figure_percent(figure, sizeof figure, c->change.point, 1));
    add_cell(out, bench__figure_change_range(figure, sizeof figure, &c->change, 1));
    add_cell(out, bench__figure_share(figure, sizeof figure, c->mde));
}

static void add_figures(struct bench__strbuf *out, const bench_result *r) {
    char figure[BENCH__FIGURE_SIZE];
    add_cell(out, bench__figure_time(figure, sizeof figure, r->time.median.point, 1));
    add_cell(out, bench__figure_interval(figure, sizeof figure, &r->time.median, 1));
    add_cell(out,
             bench__figure_throughput(figure, sizeof figure, r, isnan(r->elements_per_iteration)));
    add_cell(out, bench__figure_share(figure, sizeof figure, r->time.between_launch_sd));
}

/* Group, function and parameters: the suite is the table's title. */
static void add_name(struct bench__strbuf *out, const bench_result *r) {
    struct bench__strbuf label;
    bench__strbuf_init(&label);
    bench__strbuf_add_safe(&label, r->group);
    bench__strbuf_addc(&label, '/');
    if (r->n_params > 0) {
        bench__strbuf_add_safe(&label, r->function);
        bench__strbuf_addc(&label, '/');
    }
    bench__row_label(&label, r);
    add_words(out, &label);
}

static void add_row(struct bench__strbuf *out, const struct bench__row *row, int compared) {
    bench__strbuf_add(out, "| ");
    add_name(out, row->result);
    bench__strbuf_add(out, " |");
    if (bench__row_measured(row)) {
        add_figures(out, row->result);
    } else {
        struct bench__strbuf words;
        bench__strbuf_init(&words);
        if (!row->is_missing) {
            bench__say_status(&words, row->result);
        }
        bench__strbuf_addc(out, ' ');
        add_words(out, &words);
        bench__strbuf_add(out, " | | | |");
    }
    if (compared) {
        add_verdict(out, row);
    }
    bench__strbuf_addc(out, '\n');
}

static void add_suite(struct bench__strbuf *out, const struct bench__view *view,
                      const char *suite) {
    int compared = view->outcome->baseline != NULL;
    bench__strbuf_add(out, "\n#### ");
    add_foreign(out, suite);
    bench__strbuf_add(out, "\n\n| benchmark | time | interval | throughput | spread |");
    bench__strbuf_add(out, compared ? " verdict | change | between | sees |\n" : "\n");
    bench__strbuf_add(out, "|:--|--:|--:|--:|--:|");
    bench__strbuf_add(out, compared ? ":--|--:|--:|--:|\n" : "\n");
}

static void add_foreign_cell(struct bench__strbuf *out, const char *text) {
    bench__strbuf_addc(out, ' ');
    add_foreign(out, text);
    bench__strbuf_add(out, " |");
}

static void add_pair(struct bench__strbuf *out, const struct bench__pair_row *row) {
    const bench_pair_result *pair = row->pair;
    char figure[BENCH__FIGURE_SIZE];
    struct bench__strbuf words;
    bench__strbuf_init(&words);
    bench__strbuf_addc(out, '|');
    add_foreign_cell(out, pair->name);
    bench__say_sides(&words, pair);
    bench__strbuf_addc(out, ' ');
    add_words(out, &words);
    bench__strbuf_add(out, " |");
    if (pair->status != BENCH_STATUS_OK) {
        bench__say_end(&words, pair->status, pair->message);
        bench__strbuf_addc(out, ' ');
        add_words(out, &words);
        bench__strbuf_add(out, " | | | |\n");
        return;
    }
    add_cell(out, bench__figure_percent(figure, sizeof figure, pair->change.point, 1));
    add_cell(out, bench__figure_change_range(figure, sizeof figure, &pair->change, 1));
    add_cell(out, bench__figure_share(figure, sizeof figure, pair->mde));
    if (row->budget == NULL) {
        add_cell(out, "");
    } else {
        bench__strbuf_addf(out, row->budget->verdict == BENCH_BUDGET_PASS ? " %s |" : " **%s** |",
                           bench__budget_word(row->budget->verdict));
    }
    bench__strbuf_addc(out, '\n');
}

static void add_pairs(struct bench__strbuf *out, const struct bench__view *view) {
    if (view->n_pairs > 0) {
        bench__strbuf_add(out, "\n#### Pairs, measured side by side\n\n"
                               "| pair | | change | between | sees | budget |\n"
                               "|:--|:--|--:|--:|--:|:--|\n");
    }
    for (size_t i = 0; i < view->n_pairs; i++) {
        add_pair(out, &view->pairs[i]);
    }
}

static void add_budget(struct bench__strbuf *out, const bench_budget *b) {
    char figure[BENCH__FIGURE_SIZE];
    bench__strbuf_addc(out, '|');
    add_foreign_cell(out, b->subject);
    add_foreign_cell(out, b->metric);
    bench__strbuf_add(out, b->is_maximum ? " at most" : " at least");
    add_foreign_cell(out, bench__figure_quantity(figure, sizeof figure, b->limit, b->unit, 1));
    add_foreign_cell(out,
                     bench__figure_quantity(figure, sizeof figure, b->measured.point, b->unit, 1));
    add_cell(out, bench__format_percent(figure, sizeof figure, b->margin, 2, 1));
    bench__strbuf_addf(out, b->verdict == BENCH_BUDGET_PASS ? " %s |" : " **%s** |",
                       bench__budget_word(b->verdict));
    struct bench__strbuf note;
    bench__strbuf_init(&note);
    bench__say_loosening(&note, b, 1);
    bench__strbuf_add(&note, note.n > 0 && b->reason != NULL && b->reason[0] != '\0' ? "; " : "");
    bench__strbuf_add_safe(&note, b->reason != NULL ? b->reason : "");
    add_foreign_cell(out, note.n > 0 ? note.text : "");
    out->failed |= note.failed;
    bench__strbuf_clear(&note);
    bench__strbuf_addc(out, '\n');
}

static void add_budgets(struct bench__strbuf *out, const bench_outcome *outcome) {
    if (outcome->n_budgets > 0) {
        bench__strbuf_add(out, "\n#### Budgets\n\n"
                               "| subject | metric | target | measured | room left | verdict | |\n"
                               "|:--|:--|--:|--:|--:|:--|:--|\n");
    }
    for (size_t i = 0; i < outcome->n_budgets; i++) {
        add_budget(out, &outcome->budgets[i]);
    }
}

static void add_paragraph(struct bench__strbuf *out, struct bench__strbuf *words) {
    if (words->n > 0 || words->failed) {
        bench__strbuf_addc(out, '\n');
        add_words(out, words);
        bench__strbuf_addc(out, '\n');
    }
    bench__strbuf_clear(words);
}

static void add_head(struct bench__strbuf *out, const struct bench__view *view) {
    struct bench__strbuf words;
    bench__strbuf_init(&words);
    bench__strbuf_add(out, "### ");
    bench__say_answer(&words, view);
    add_words(out, &words);
    bench__strbuf_addc(out, '\n');
    bench__say_counts(&words, view);
    add_paragraph(out, &words);
    if (view->outcome->incomparable) {
        bench__strbuf_add_safe(&words, view->outcome->incomparable_why);
        bench__strbuf_add(&words, ". " BENCH__INCOMPARABLE_ADVICE);
        add_paragraph(out, &words);
    }
}

static void add_foot(struct bench__strbuf *out, const struct bench__view *view) {
    struct bench__strbuf words;
    bench__strbuf_init(&words);
    bench__strbuf_add(&words, BENCH__LEGEND_TIME "; " BENCH__LEGEND_SPREAD);
    bench__strbuf_add(&words,
                      view->n_compared > 0 || view->n_pairs > 0 ? "; " BENCH__LEGEND_SEES : "");
    bench__strbuf_add(&words, view->n_pairs > 0 ? "; " BENCH__LEGEND_PAIRS : "");
    add_paragraph(out, &words);
    bench__say_noise(&words, view);
    add_paragraph(out, &words);
    bench__say_between_runs(&words, view);
    add_paragraph(out, &words);
    bench__say_resolution(&words, view);
    add_paragraph(out, &words);
    for (size_t i = 0; i < view->outcome->n_suite_changes; i++) {
        bench__say_suite_change(&words, &view->outcome->suite_changes[i]);
        add_paragraph(out, &words);
    }
    bench__say_machine(&words, &view->outcome->run->host);
    bench__strbuf_add(&words, "; ");
    bench__say_run(&words, view);
    add_paragraph(out, &words);
}

int bench__report_markdown(FILE *out, const bench_outcome *outcome, bench_error *err) {
    struct bench__view view;
    int rc = bench__view_init(&view, outcome, err);
    if (rc != 0) {
        return rc;
    }
    struct bench__strbuf text;
    bench__strbuf_init(&text);
    add_head(&text, &view);
    for (size_t i = 0; i < view.n_rows; i++) {
        const char *suite = view.rows[i].result->suite;
        if (i == 0 || strcmp(view.rows[i - 1].result->suite, suite) != 0) {
            add_suite(&text, &view, suite);
        }
        add_row(&text, &view.rows[i], outcome->baseline != NULL);
    }
    add_pairs(&text, &view);
    add_budgets(&text, outcome);
    add_foot(&text, &view);
    rc = bench__write_text(out, &text, err);
    bench__strbuf_clear(&text);
    bench__view_clear(&view);
    return rc;
}
