/*
 * The declared pairs on a terminal: a heading that says what is compared with what, and a line of
 * figures for each combination of parameters.
 */
#include "report/console_parts.h"

#include "base/table.h"
#include "report/figures.h"

#include <string.h>

enum { INDENT = 4, FIGURES_WIDTH = 50, N_COLUMNS = 5 };

/* A label that would push the figures out of the line gets a line of its own. */
static int stands_alone(const struct bench__console *c, const struct bench__strbuf *label) {
    return bench__ink_width(label) + INDENT + FIGURES_WIDTH > c->style->columns;
}

static void add_figures(const struct bench__console *c, const struct bench__pair_row *row,
                        char figures[3][BENCH__FIGURE_SIZE], struct bench__strbuf *budget) {
    const bench_pair_result *pair = row->pair;
    bench__figure_percent(figures[0], BENCH__FIGURE_SIZE, pair->change.point, 1);
    bench__figure_change_range(figures[1], BENCH__FIGURE_SIZE, &pair->change, c->style->utf8);
    bench__figure_share(figures[2], BENCH__FIGURE_SIZE, pair->mde);
    if (row->budget != NULL) {
        bench__ink_add(budget, c->style, bench__ink_of(bench__budget_tone(row->budget->verdict)),
                       bench__budget_word(row->budget->verdict));
    }
}

static int add_row(const struct bench__console *c, struct bench__table *table,
                   const struct bench__pair_row *row) {
    char figures[3][BENCH__FIGURE_SIZE] = {"", "", ""};
    struct bench__strbuf label, budget;
    bench__strbuf_init(&label);
    bench__strbuf_init(&budget);
    bench__ink_blanks(&label, INDENT);
    bench__pair_label(&label, row->pair);
    if (row->pair->status == BENCH_STATUS_OK) {
        add_figures(c, row, figures, &budget);
    }
    const char *cells[N_COLUMNS] = {stands_alone(c, &label) ? "" : bench__strbuf_text(&label),
                                    figures[0], figures[1], figures[2],
                                    bench__strbuf_text(&budget)};
    const int rc = label.failed || budget.failed ? BENCH_ENOMEM : bench__table_row(table, cells);
    bench__strbuf_clear(&label);
    bench__strbuf_clear(&budget);
    return rc;
}

/* What stands above a row's figures, or in their place. @return 1 when its line is to follow. */
static int add_above(const struct bench__console *c, const struct bench__pair_row *row,
                     const bench_pair_result *before) {
    const bench_pair_result *pair = row->pair;
    struct bench__strbuf text;
    bench__strbuf_init(&text);
    if (before == NULL || !bench__same_pair(before, pair)) {
        bench__say_pair(&text, pair);
        bench__ink_blanks(c->out, INDENT - 2);
        bench__ink_wrap(c->out, c->style, BENCH__INK_PLAIN, bench__strbuf_text(&text), INDENT - 2,
                        INDENT);
        bench__strbuf_clear(&text);
    }
    bench__pair_label(&text, pair);
    const int is_ok = pair->status == BENCH_STATUS_OK;
    if (!is_ok) {
        bench__strbuf_add(&text, "  ");
        bench__say_end(&text, pair->status, pair->message);
    }
    if (!is_ok || stands_alone(c, &text)) {
        bench__ink_blanks(c->out, INDENT);
        bench__ink_wrap(c->out, c->style, bench__ink_of(bench__status_tone(pair->status)),
                        bench__strbuf_text(&text), INDENT, INDENT + 2);
    }
    c->out->failed |= text.failed;
    bench__strbuf_clear(&text);
    return is_ok;
}

static void add_lines(const struct bench__console *c, const char *lines) {
    const struct bench__view *view = c->view;
    for (size_t i = 0; i < view->n_pairs; i++) {
        const size_t n = strcspn(lines, "\n") + 1;
        if (add_above(c, &view->pairs[i], i > 0 ? view->pairs[i - 1].pair : NULL)) {
            bench__strbuf_addn(c->out, lines, n);
        }
        lines += n;
    }
}

int bench__console_pairs(const struct bench__console *c) {
    static const enum bench__align align[N_COLUMNS] = {BENCH__LEFT, BENCH__RIGHT, BENCH__RIGHT,
                                                       BENCH__RIGHT, BENCH__LEFT};
    const char *titles[N_COLUMNS] = {"", "change", "between", "sees", NULL};
    struct bench__strbuf lines;
    if (c->view->n_pairs == 0) {
        return 0;
    }
    int has_figures = 0;
    for (size_t i = 0; i < c->view->n_pairs; i++) {
        has_figures |= c->view->pairs[i].pair->status == BENCH_STATUS_OK;
        titles[4] = c->view->pairs[i].budget != NULL ? "budget" : titles[4];
    }
    bench__strbuf_init(&lines);
    struct bench__table *table = bench__table_new(N_COLUMNS, align);
    int rc = table != NULL ? bench__table_row(table, titles) : BENCH_ENOMEM;
    for (size_t i = 0; rc == 0 && i < c->view->n_pairs; i++) {
        rc = add_row(c, table, &c->view->pairs[i]);
    }
    if (rc == 0) {
        bench__table_write(table, &lines, 2);
        rc = lines.failed ? BENCH_ENOMEM : 0;
    }
    if (rc == 0) {
        const size_t n = strcspn(lines.text, "\n") + 1;
        bench__console_title(c, "Pairs (measured side by side)");
        bench__strbuf_addn(c->out, lines.text, has_figures ? n : 0);
        add_lines(c, lines.text + n);
    }
    bench__strbuf_clear(&lines);
    bench__table_free(table);
    return rc;
}
