/*
 * What stands below the table: changes worth reading in full, budgets, scaling, and what a reader
 * should know before believing the numbers. Sections without content are left out.
 */
#include "report/console_parts.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/table.h"
#include "base/units.h"
#include "report/figures.h"
#include "report/scaling.h"
#include "report/words_duel.h"

#include <math.h>
#include <string.h>

enum { INDENT = 4, LABEL_WIDTH = 17 };

void bench__console_title(const struct bench__console *c, const char *title) {
    bench__strbuf_add(c->out, c->out->n > 0 ? "\n" : "");
    bench__ink_add(c->out, c->style, BENCH__INK_BOLD, title);
    bench__strbuf_addc(c->out, '\n');
}

static void add_paragraph(const struct bench__console *c, enum bench__ink ink,
                          const struct bench__strbuf *text, int indent) {
    bench__ink_blanks(c->out, indent);
    bench__ink_wrap(c->out, c->style, ink, bench__strbuf_text(text), indent, indent);
}

/* ---- comparisons ---- */

static void add_comparison(const struct bench__console *c, const bench_comparison *comparison) {
    struct bench__strbuf text;
    bench__strbuf_init(&text);
    bench__strbuf_add_safe(&text, comparison->name);
    add_paragraph(c, BENCH__INK_PLAIN, &text, INDENT - 2);
    bench__strbuf_clear(&text);
    bench__say_comparison(&text, comparison, c->style->utf8);
    add_paragraph(c, BENCH__INK_DIM, &text, INDENT);
    bench__strbuf_clear(&text);
}

static void add_verdict_section(const struct bench__console *c, bench_verdict verdict,
                                const char *title) {
    const bench_outcome *outcome = c->view->outcome;
    if (c->view->n_verdicts[verdict] == 0 || outcome->incomparable) {
        return;
    }
    bench__console_title(c, title);
    for (size_t i = 0; i < outcome->n_comparisons; i++) {
        if (outcome->comparisons[i].verdict == verdict) {
            add_comparison(c, &outcome->comparisons[i]);
        }
    }
}

/* Undecided ones stand in the table with what they can see; here only what to do about them. */
static void add_inconclusive(const struct bench__console *c) {
    size_t n = c->view->n_verdicts[BENCH_VERDICT_INCONCLUSIVE];
    if (c->style->verbose) {
        add_verdict_section(c, BENCH_VERDICT_INCONCLUSIVE, "Could not be decided");
    } else if (n > 0) {
        struct bench__strbuf text;
        bench__strbuf_init(&text);
        bench__console_title(c, "Could not be decided");
        bench__say_inconclusive(&text, c->view);
        add_paragraph(c, BENCH__INK_PLAIN, &text, INDENT - 2);
        bench__strbuf_clear(&text);
    }
}

static void add_incomparable(const struct bench__console *c) {
    const bench_outcome *outcome = c->view->outcome;
    if (!outcome->incomparable) {
        return;
    }
    struct bench__strbuf text;
    bench__strbuf_init(&text);
    bench__console_title(c, "The baseline cannot be compared with");
    bench__strbuf_add_safe(&text, outcome->incomparable_why);
    add_paragraph(c, BENCH__INK_UNSURE, &text, INDENT - 2);
    bench__strbuf_clear(&text);
    bench__strbuf_add(&text, BENCH__INCOMPARABLE_ADVICE);
    add_paragraph(c, BENCH__INK_PLAIN, &text, INDENT - 2);
    bench__strbuf_clear(&text);
}

/* ---- budgets ---- */

static int add_budget_row(const struct bench__console *c, struct bench__table *table,
                          const bench_budget *budget) {
    int utf8 = c->style->utf8;
    char limit[BENCH__FIGURE_SIZE];
    char measured[BENCH__FIGURE_SIZE];
    char margin[BENCH__FIGURE_SIZE];
    char target[2 * BENCH__FIGURE_SIZE];
    bench__figure_quantity(limit, sizeof limit, budget->limit, budget->unit, utf8);
    snprintf(target, sizeof target, "%s %s", budget->is_maximum ? "at most" : "at least", limit);
    bench__figure_quantity(measured, sizeof measured, budget->measured.point, budget->unit, utf8);
    bench__format_percent(margin, sizeof margin, budget->margin, 2, 1);
    struct bench__strbuf metric;
    struct bench__strbuf verdict;
    bench__strbuf_init(&metric);
    bench__strbuf_init(&verdict);
    bench__strbuf_add(&metric, "    ");
    bench__strbuf_add_safe(&metric, budget->metric);
    bench__ink_add(&verdict, c->style, bench__ink_of(bench__budget_tone(budget->verdict)),
                   bench__budget_word(budget->verdict));
    const char *cells[] = {bench__strbuf_text(&metric), target, measured, margin,
                           bench__strbuf_text(&verdict)};
    int rc = metric.failed || verdict.failed ? BENCH_ENOMEM : bench__table_row(table, cells);
    bench__strbuf_clear(&metric);
    bench__strbuf_clear(&verdict);
    return rc;
}

static void add_budget_reason(const struct bench__console *c, const bench_budget *budget) {
    struct bench__strbuf loosening;
    bench__strbuf_init(&loosening);
    bench__say_loosening(&loosening, budget, c->style->utf8);
    if (loosening.n > 0 || loosening.failed) {
        add_paragraph(c, BENCH__INK_DIM, &loosening, INDENT + 2);
    }
    bench__strbuf_clear(&loosening);
    const char *parts[] = {budget->reason, budget->verdict == BENCH_BUDGET_OVER ? budget->why : ""};
    for (size_t i = 0; i < 2; i++) {
        if (budget->verdict != BENCH_BUDGET_PASS && parts[i] != NULL && parts[i][0] != '\0') {
            struct bench__strbuf text;
            bench__strbuf_init(&text);
            bench__strbuf_add_safe(&text, parts[i]);
            add_paragraph(c, BENCH__INK_DIM, &text, INDENT + 2);
            bench__strbuf_clear(&text);
        }
    }
}

/* The table's lines come one per budget; subjects stand above them, so that no name is ever cut. */
static void add_budget_lines(const struct bench__console *c, const char *lines) {
    const bench_outcome *outcome = c->view->outcome;
    const char *above = "";
    for (size_t i = 0; i < outcome->n_budgets; i++) {
        const bench_budget *budget = &outcome->budgets[i];
        if (i == 0 || strcmp(above, budget->subject) != 0) {
            bench__ink_blanks(c->out, INDENT - 2);
            bench__strbuf_add_safe(c->out, budget->subject);
            bench__strbuf_addc(c->out, '\n');
        }
        above = budget->subject;
        size_t n = strcspn(lines, "\n") + 1;
        bench__strbuf_addn(c->out, lines, n);
        lines += n;
        add_budget_reason(c, budget);
    }
}

static int add_budgets(const struct bench__console *c) {
    static const enum bench__align align[] = {BENCH__LEFT, BENCH__RIGHT, BENCH__RIGHT, BENCH__RIGHT,
                                              BENCH__LEFT};
    static const char *const titles[] = {"", "target", "measured", "room left", ""};
    const bench_outcome *outcome = c->view->outcome;
    if (outcome->n_budgets == 0) {
        return 0;
    }
    struct bench__strbuf lines;
    bench__strbuf_init(&lines);
    struct bench__table *table = bench__table_new(5, align);
    int rc = table != NULL ? bench__table_row(table, titles) : BENCH_ENOMEM;
    for (size_t i = 0; rc == 0 && i < outcome->n_budgets; i++) {
        rc = add_budget_row(c, table, &outcome->budgets[i]);
    }
    if (rc == 0) {
        bench__table_write(table, &lines, 2);
        rc = lines.failed ? BENCH_ENOMEM : 0;
    }
    if (rc == 0) {
        size_t n = strcspn(lines.text, "\n");
        bench__console_title(c, "Budgets");
        bench__strbuf_addn(c->out, lines.text, n + 1);
        add_budget_lines(c, lines.text + n + 1);
    }
    bench__strbuf_clear(&lines);
    bench__table_free(table);
    return rc;
}

/* ---- scaling ---- */

static void scaling_label(struct bench__strbuf *out, const bench_result *r) {
    bench__strbuf_add_safe(out, r->group);
    bench__strbuf_addc(out, '/');
    bench__strbuf_add_safe(out, r->function);
}

static void add_scaling_entry(const struct bench__console *c, const struct bench__scaling *s,
                              int width) {
    struct bench__strbuf label;
    struct bench__strbuf text;
    bench__strbuf_init(&label);
    bench__strbuf_init(&text);
    scaling_label(&label, s->result);
    bench__strbuf_add(&text, s->is_steep ? "! " : "");
    bench__scaling_say(&text, s);
    bench__ink_entry(c->out, c->style, s->is_steep ? BENCH__INK_UNSURE : BENCH__INK_PLAIN,
                     bench__strbuf_text(&label), width, bench__strbuf_text(&text));
    bench__strbuf_clear(&label);
    bench__strbuf_clear(&text);
}

static int add_scaling(const struct bench__console *c, bench_error *err) {
    struct bench__scaling *found;
    size_t n;
    int rc = bench__scaling_find(&found, &n, c->view, err);
    int width = 0;
    for (size_t i = 0; i < n; i++) {
        struct bench__strbuf label;
        bench__strbuf_init(&label);
        scaling_label(&label, found[i].result);
        int w = bench__ink_width(&label);
        width = w > width && w <= c->style->columns / 3 ? w : width;
        bench__strbuf_clear(&label);
    }
    if (n > 0) {
        bench__console_title(c, "Scaling (estimated from the medians)");
    }
    for (size_t i = 0; i < n; i++) {
        add_scaling_entry(c, &found[i], width);
    }
    bench__free(found);
    return rc;
}

/* ---- what to know ---- */

static void add_entry(const struct bench__console *c, const char *label,
                      struct bench__strbuf *text) {
    if (text->n > 0 || text->failed) {
        bench__ink_entry(c->out, c->style, BENCH__INK_PLAIN, label, LABEL_WIDTH,
                         bench__strbuf_text(text));
    }
    bench__strbuf_clear(text);
}

static void add_flags(const struct bench__console *c) {
    for (unsigned flag = 0; flag < BENCH__N_FLAGS; flag++) {
        size_t n = bench__count_flag(c->view, flag);
        if (n > 0) {
            struct bench__strbuf text;
            bench__strbuf_init(&text);
            bench__say_count(&text, n, "benchmark");
            bench__strbuf_addf(&text, ": %s", bench__flag_advice(flag, n));
            add_entry(c, bench__flag_word(flag), &text);
        }
    }
}

static void add_calibration(const struct bench__console *c) {
    const bench_run *run = c->view->outcome->run;
    if (!c->style->verbose || run->n_calibrations == 0) {
        return;
    }
    struct bench__strbuf text;
    bench__strbuf_init(&text);
    for (int k = 0; k < BENCH_N_KERNELS; k++) {
        char figure[BENCH__FIGURE_SIZE];
        bench__figure_time(figure, sizeof figure, run->calibrations[0].ns[k], c->style->utf8);
        bench__strbuf_addf(&text, "%s%s %s", k > 0 ? ", " : "", bench_kernel_name(k), figure);
    }
    add_entry(c, "machine speed", &text);
}

static void add_knowledge(const struct bench__console *c, unsigned shown) {
    struct bench__strbuf text;
    bench__strbuf_init(&text);
    bench__console_title(c, "Good to know");
    bench__strbuf_add(&text, BENCH__LEGEND_TIME);
    bench__strbuf_add(&text, shown & BENCH__SHOWN_SPREAD ? "; " BENCH__LEGEND_SPREAD : "");
    bench__strbuf_add(
        &text, shown & BENCH__SHOWN_SEES || c->view->n_pairs > 0 ? "; " BENCH__LEGEND_SEES : "");
    bench__strbuf_add(&text, c->view->n_pairs > 0 ? "; " BENCH__LEGEND_PAIRS : "");
    add_entry(c, "figures", &text);
    bench__say_launches(&text, c->view);
    add_entry(c, "launches", &text);
    bench__say_noise(&text, c->view);
    add_entry(c, "disturbances", &text);
    bench__say_outliers(&text, c->view);
    add_entry(c, "outliers", &text);
    add_flags(c);
    bench__say_between_runs(&text, c->view);
    add_entry(c, "between runs", &text);
    bench__say_resolution(&text, c->view);
    add_entry(c, "duels", &text);
    bench__say_placement(&text, c->view);
    add_entry(c, "placement", &text);
    for (size_t i = 0; i < c->view->outcome->n_suite_changes; i++) {
        bench__say_suite_change(&text, &c->view->outcome->suite_changes[i]);
        add_entry(c, "whole suite", &text);
    }
    add_calibration(c);
}

void bench__console_slower(const struct bench__console *c) {
    add_verdict_section(c, BENCH_VERDICT_REGRESSED, "Slower");
}

int bench__console_notes(const struct bench__console *c, unsigned shown, bench_error *err) {
    add_knowledge(c, shown);
    int rc = add_scaling(c, err);
    if (rc == 0 && (bench__console_pairs(c) != 0 || add_budgets(c) != 0)) {
        rc = bench__error(err, BENCH_ENOMEM, "out of memory for the report");
    }
    add_incomparable(c);
    add_verdict_section(c, BENCH_VERDICT_IMPROVED, "Faster");
    add_verdict_section(c, BENCH_VERDICT_INCOMPARABLE, "Not comparable");
    add_verdict_section(c, BENCH_VERDICT_MISSING,
                        "Missing: measured in the baseline, not in this run");
    add_inconclusive(c);
    bench__console_slower(c);
    return rc;
}
