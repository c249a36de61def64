/*
 * The page for whoever ran everything and wants to know what came of it. Sections that have nothing
 * to say are left out; lists are cut at a few lines and say how much they leave out.
 */
#include "report/summary.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/table.h"
#include "report/console_parts.h"
#include "report/figures.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_LINES = 5, MOST_REASONS = 12, MARGIN = 2 };

/* One section at a time: rows are collected in a table that is written when it is complete. A row
 * may be about something with a name, which is never cut: it stands at the end of its line, or
 * above it when one of the section's lines would not fit. */
struct page {
    struct bench__console c;
    struct bench__table *table;
    struct bench__strbuf names; /* a line for each row, or nothing at all */
    int rc;
};

static void begin(struct page *p, size_t n_columns, const enum bench__align *align) {
    p->table = p->rc == 0 ? bench__table_new(n_columns, align) : NULL;
    p->rc = p->table != NULL ? p->rc : BENCH_ENOMEM;
    bench__strbuf_init(&p->names);
}

static void add_row(struct page *p, const char *const *cells) {
    p->rc = p->rc == 0 ? bench__table_row(p->table, cells) : p->rc;
}

static void add_named_row(struct page *p, const char *const *cells, const char *what,
                          const char *name) {
    add_row(p, cells);
    bench__strbuf_add_safe(&p->names, what != NULL ? what : "");
    p->names.failed |= what == NULL;
    bench__strbuf_add_safe(&p->names, name);
    bench__strbuf_addc(&p->names, '\n');
}

/* Takes one line off a text. @return its columns. */
static int next_line(const struct page *p, struct bench__strbuf *line, const char **text) {
    const size_t n = strcspn(*text, "\n");
    bench__strbuf_clear(line);
    bench__strbuf_addn(line, *text, n);
    *text += n + ((*text)[n] != '\0');
    p->c.out->failed |= line->failed;
    return bench__ink_width(line);
}

/* The columns of a text's longest line. */
static int widest_line(const struct page *p, const char *text) {
    struct bench__strbuf line;
    int widest = 0;
    bench__strbuf_init(&line);
    while (*text != '\0') {
        const int width = next_line(p, &line, &text);
        widest = width > widest ? width : widest;
    }
    bench__strbuf_clear(&line);
    return widest;
}

static void add_text(struct page *p, const struct bench__strbuf *text) {
    bench__ink_add(p->c.out, p->c.style, BENCH__INK_PLAIN, bench__strbuf_text(text));
}

static void write_lines(struct page *p, const char *lines) {
    struct bench__strbuf row, name;
    const char *names = p->names.n > 0 ? p->names.text : NULL;
    const int widest = widest_line(p, lines);
    const int is_beside =
        names == NULL || 2 * MARGIN + widest + widest_line(p, names) <= p->c.style->columns;
    bench__strbuf_init(&row);
    bench__strbuf_init(&name);
    for (const char *at = lines; *at != '\0';) {
        const int width = next_line(p, &row, &at);
        if (names != NULL) {
            next_line(p, &name, &names);
        }
        if (!is_beside && name.n > 0) {
            bench__ink_blanks(p->c.out, MARGIN);
            add_text(p, &name);
            bench__strbuf_addc(p->c.out, '\n');
        }
        bench__ink_blanks(p->c.out, is_beside ? MARGIN : 2 * MARGIN);
        add_text(p, &row);
        if (is_beside && name.n > 0) {
            bench__ink_blanks(p->c.out, widest - width + MARGIN);
            add_text(p, &name);
        }
        bench__strbuf_addc(p->c.out, '\n');
    }
    bench__strbuf_clear(&row);
    bench__strbuf_clear(&name);
}

static void end(struct page *p, const char *title) {
    struct bench__strbuf lines;
    bench__strbuf_init(&lines);
    if (p->rc == 0) {
        bench__table_write(p->table, &lines, MARGIN);
        p->rc = lines.failed || p->names.failed ? BENCH_ENOMEM : 0;
    }
    if (p->rc == 0) {
        bench__console_title(&p->c, title);
        write_lines(p, lines.text);
    }
    bench__strbuf_clear(&lines);
    bench__strbuf_clear(&p->names);
    bench__table_free(p->table);
    p->table = NULL;
}

static void add_rest(struct page *p, size_t n_left_out, const char *more) {
    if (n_left_out > 0) {
        struct bench__strbuf text;
        bench__strbuf_init(&text);
        bench__strbuf_addf(&text, "and %zu %s", n_left_out, more);
        bench__ink_blanks(p->c.out, MARGIN);
        bench__ink_add(p->c.out, p->c.style, BENCH__INK_DIM, bench__strbuf_text(&text));
        bench__strbuf_addc(p->c.out, '\n');
        bench__strbuf_clear(&text);
    }
}

/* ---- what ran ---- */

struct tally {
    const char *suite;
    size_t n_measured, n_skipped, n_failed, n_flagged, n_pairs;
    double wall_ns;
};

static void count_row(struct tally *t, const struct bench__row *row) {
    const bench_result *r = row->result;
    if (row->is_missing) {
        return;
    }
    t->n_measured += r->status == BENCH_STATUS_OK;
    t->n_skipped += r->status == BENCH_STATUS_SKIPPED;
    t->n_failed += bench__status_tone(r->status) == BENCH__TONE_BAD;
    t->n_flagged += r->flags != 0;
    for (size_t i = 0; i < r->n_launches; i++) {
        t->wall_ns += isnan(r->launches[i].wall_ns) ? 0 : r->launches[i].wall_ns;
    }
}

static void format_count(char *out, size_t size, size_t n) {
    snprintf(out, size, "%zu", n);
    out[0] = n == 0 ? '\0' : out[0];
}

static void add_tally(struct page *p, const struct tally *t) {
    struct bench__strbuf name;
    char figures[6][BENCH__FIGURE_SIZE];
    const size_t counts[] = {t->n_measured, t->n_skipped, t->n_failed, t->n_pairs, t->n_flagged};
    bench__strbuf_init(&name);
    bench__strbuf_add_safe(&name, t->suite);
    for (size_t i = 0; i < 5; i++) {
        format_count(figures[i], sizeof figures[i], counts[i]);
    }
    bench__figure_fixed(figures[5], sizeof figures[5], t->wall_ns * 1e-9, 1);
    const char *cells[] = {bench__strbuf_text(&name),
                           figures[0],
                           figures[1],
                           figures[2],
                           figures[3],
                           figures[4],
                           figures[5]};
    add_row(p, cells);
    bench__strbuf_clear(&name);
}

static int has_failed(const bench_pair_result *pair) {
    return bench__status_tone(pair->status) == BENCH__TONE_BAD;
}

static void count_pairs(struct tally *t, const bench_run *run) {
    for (size_t i = 0; i < run->n_pairs; i++) {
        const int is_here = strcmp(run->pairs[i].suite, t->suite) == 0;
        t->n_pairs += is_here && run->pairs[i].status == BENCH_STATUS_OK;
        t->n_failed += is_here && has_failed(&run->pairs[i]);
    }
}

/* 1 when nothing that the page has counted so far is of the suite of this pair. */
static int is_of_new_suite(const struct bench__view *view, size_t pair) {
    const char *suite = view->pairs[pair].pair->suite;
    int is_new = 1;
    for (size_t i = 0; i < view->n_rows; i++) {
        is_new &= strcmp(view->rows[i].result->suite, suite) != 0;
    }
    for (size_t i = 0; i < pair; i++) {
        is_new &= strcmp(view->pairs[i].pair->suite, suite) != 0;
    }
    return is_new;
}

static void add_suites(struct page *p) {
    static const enum bench__align align[] = {BENCH__LEFT,  BENCH__RIGHT, BENCH__RIGHT,
                                              BENCH__RIGHT, BENCH__RIGHT, BENCH__RIGHT,
                                              BENCH__RIGHT};
    static const char *const titles[] = {"",      "measured", "skipped", "failed",
                                         "pairs", "flagged",  "seconds"};
    const struct bench__view *view = p->c.view;
    begin(p, 7, align);
    add_row(p, titles);
    for (size_t i = 0; i < view->n_rows;) {
        struct tally t = {.suite = view->rows[i].result->suite};
        for (; i < view->n_rows && strcmp(view->rows[i].result->suite, t.suite) == 0; i++) {
            count_row(&t, &view->rows[i]);
        }
        count_pairs(&t, view->outcome->run);
        add_tally(p, &t);
    }
    for (size_t i = 0; i < view->n_pairs; i++) { /* chosen by their own names */
        if (is_of_new_suite(view, i)) {
            struct tally t = {.suite = view->pairs[i].pair->suite};
            count_pairs(&t, view->outcome->run);
            add_tally(p, &t);
        }
    }
    end(p, "What ran");
}

/* ---- what did not ---- */

struct reason {
    const char *suite, *message; /* NULL for none */
    bench_status status;
    size_t n;
};

static void count_reason(struct reason *reasons, size_t *n, const struct reason *reason) {
    const char *message = reason->message != NULL ? reason->message : "";
    size_t k = 0;
    while (k < *n &&
           (reasons[k].status != reason->status || strcmp(reasons[k].suite, reason->suite) != 0 ||
            strcmp(reasons[k].message != NULL ? reasons[k].message : "", message) != 0)) {
        k++;
    }
    if (k == *n) {
        reasons[(*n)++] = *reason;
    }
    reasons[k].n++;
}

/* Of pairs those that failed: one that is skipped has a side that is. @return how many. */
static size_t collect_reasons(struct reason *reasons, const struct bench__view *view) {
    const bench_run *run = view->outcome->run;
    size_t n = 0;
    for (size_t i = 0; i < view->n_rows; i++) {
        const bench_result *r = view->rows[i].result;
        if (!view->rows[i].is_missing && r->status != BENCH_STATUS_OK) {
            const struct reason reason = {r->suite, r->message, r->status, 0};
            count_reason(reasons, &n, &reason);
        }
    }
    for (size_t i = 0; i < run->n_pairs; i++) {
        const bench_pair_result *pair = &run->pairs[i];
        if (has_failed(pair)) {
            const struct reason reason = {pair->suite, pair->message, pair->status, 0};
            count_reason(reasons, &n, &reason);
        }
    }
    return n;
}

static void add_reason(struct page *p, const struct reason *reason) {
    struct bench__strbuf text;
    bench__strbuf_init(&text);
    bench__strbuf_addf(&text, "%zu in ", reason->n);
    bench__strbuf_add_safe(&text, reason->suite);
    bench__strbuf_add(&text, ": ");
    bench__say_end(&text, reason->status, reason->message);
    const enum bench__ink ink = bench__ink_of(bench__status_tone(reason->status));
    bench__ink_blanks(p->c.out, MARGIN);
    bench__ink_wrap(p->c.out, p->c.style, ink, bench__strbuf_text(&text), MARGIN, 2 * MARGIN);
    bench__strbuf_clear(&text);
}

static void add_reasons(struct page *p) {
    const size_t n_most = p->c.view->n_rows + p->c.view->n_pairs;
    struct reason *reasons = bench__alloc(n_most, sizeof *reasons);
    if (reasons == NULL) {
        p->rc = BENCH_ENOMEM;
        return;
    }
    const size_t n = collect_reasons(reasons, p->c.view);
    if (n > 0) {
        bench__console_title(&p->c, "What did not, and why");
    }
    for (size_t i = 0; i < n && i < MOST_REASONS; i++) {
        add_reason(p, &reasons[i]);
    }
    add_rest(p, n > MOST_REASONS ? n - MOST_REASONS : 0, "more reasons");
    bench__free(reasons);
}

/* ---- budgets ---- */

/* Those without a margin, as of nothing allowed and nothing found, come last. */
static double sort_key(const bench_budget *b) {
    return isnan(b->margin) ? INFINITY : b->margin;
}

static int by_need(const void *a, const void *b) {
    const bench_budget *x = *(const bench_budget *const *)a, *y = *(const bench_budget *const *)b;
    static const int ranks[] = {[BENCH_BUDGET_OVER] = 0,
                                [BENCH_BUDGET_INCONCLUSIVE] = 1,
                                [BENCH_BUDGET_PASS] = 2,
                                [BENCH_BUDGET_NOT_MEASURED] = 3};
    if (ranks[x->verdict] != ranks[y->verdict]) {
        return ranks[x->verdict] - ranks[y->verdict];
    }
    return (sort_key(x) > sort_key(y)) - (sort_key(x) < sort_key(y));
}

static void add_budget(struct page *p, const bench_budget *b) {
    char limit[BENCH__FIGURE_SIZE], measured[BENCH__FIGURE_SIZE], margin[BENCH__FIGURE_SIZE];
    char target[2 * BENCH__FIGURE_SIZE];
    struct bench__strbuf what, verdict;
    bench__strbuf_init(&what);
    bench__strbuf_init(&verdict);
    bench__figure_quantity(limit, sizeof limit, b->limit, b->unit, p->c.style->utf8);
    snprintf(target, sizeof target, "%s %s", b->is_maximum ? "at most" : "at least", limit);
    bench__figure_quantity(measured, sizeof measured, b->measured.point, b->unit, p->c.style->utf8);
    bench__figure_percent(margin, sizeof margin, b->margin, 1);
    bench__ink_add(&verdict, p->c.style, bench__ink_of(bench__budget_tone(b->verdict)),
                   bench__budget_word(b->verdict));
    bench__strbuf_addf(&what, "%s of ", b->metric);
    const char *cells[] = {bench__strbuf_text(&verdict), measured, target, margin};
    add_named_row(p, cells, bench__strbuf_text(&what), b->subject);
    bench__strbuf_clear(&what);
    bench__strbuf_clear(&verdict);
}

/* The budgets that were measured, sorted; with --quiet without those that are kept. @return how
 * many. */
static size_t collect_budgets(const bench_budget **out, const struct page *p) {
    const bench_outcome *outcome = p->c.view->outcome;
    size_t n = 0;
    for (size_t i = 0; i < outcome->n_budgets; i++) {
        const bench_budget_verdict verdict = outcome->budgets[i].verdict;
        if (verdict != BENCH_BUDGET_NOT_MEASURED &&
            !(p->c.style->quiet && verdict == BENCH_BUDGET_PASS)) {
            out[n++] = &outcome->budgets[i];
        }
    }
    qsort(out, n, sizeof *out, by_need);
    return n;
}

/* All that are exceeded or undecided, then those with the least room. */
static void add_budgets(struct page *p) {
    static const enum bench__align align[] = {BENCH__LEFT, BENCH__RIGHT, BENCH__LEFT, BENCH__RIGHT};
    static const char *const titles[] = {"", "measured", "target", "room left"};
    const bench_budget **order =
        bench__alloc(p->c.view->outcome->n_budgets, sizeof(const bench_budget *));
    if (order == NULL) {
        p->rc = BENCH_ENOMEM;
        return;
    }
    const size_t n = collect_budgets(order, p);
    if (n > 0) {
        size_t n_kept = 0;
        begin(p, 4, align);
        add_named_row(p, titles, "", "");
        for (size_t i = 0; i < n; i++) {
            n_kept += order[i]->verdict == BENCH_BUDGET_PASS;
            if (n_kept <= MOST_LINES) {
                add_budget(p, order[i]);
            }
        }
        end(p, "Budgets");
        add_rest(p, n_kept > MOST_LINES ? n_kept - MOST_LINES : 0, "more, all kept");
    }
    bench__free(order);
}

/* ---- extremes ---- */

static double time_of(const bench_result *r) {
    return r->time.median.point;
}

static double spread_of(const bench_result *r) {
    return r->time.between_launch_sd;
}

/* The largest of a figure, in descending order. @return how many. */
static size_t find_largest(const bench_result *out[MOST_LINES], const struct bench__view *view,
                           double (*figure)(const bench_result *)) {
    size_t n = 0;
    for (size_t i = 0; i < view->n_rows; i++) {
        const bench_result *r = view->rows[i].result;
        if (!bench__row_measured(&view->rows[i]) || isnan(figure(r))) {
            continue;
        }
        size_t at = n < MOST_LINES ? n++ : MOST_LINES;
        for (; at > 0 && figure(out[at - 1]) < figure(r); at--) {
            if (at < MOST_LINES) {
                out[at] = out[at - 1];
            }
        }
        if (at < MOST_LINES) {
            out[at] = r;
        }
    }
    return n;
}

static void add_extremes(struct page *p, const char *title,
                         double (*figure)(const bench_result *)) {
    static const enum bench__align align[] = {BENCH__RIGHT};
    const bench_result *largest[MOST_LINES];
    const size_t n = find_largest(largest, p->c.view, figure);
    if (n == 0) {
        return;
    }
    begin(p, 1, align);
    for (size_t i = 0; i < n; i++) {
        char text[BENCH__FIGURE_SIZE];
        if (figure == time_of) {
            bench__figure_time(text, sizeof text, figure(largest[i]), p->c.style->utf8);
        } else {
            bench__figure_share(text, sizeof text, figure(largest[i]));
        }
        const char *cells[] = {text};
        add_named_row(p, cells, "", largest[i]->name);
    }
    end(p, title);
}

/* ---- the page ---- */

int bench__report_summary(FILE *out, const bench_outcome *outcome, const struct bench__style *style,
                          bench_error *err) {
    struct bench__view view;
    struct bench__strbuf text;
    int rc = bench__view_init(&view, outcome, err);
    if (rc != 0) {
        return rc;
    }
    bench__strbuf_init(&text);
    struct page p = {.c = {.out = &text, .style = style, .view = &view}};
    if (!style->quiet) {
        bench__console_machine(&p.c);
        add_suites(&p);
    }
    add_reasons(&p);
    add_budgets(&p);
    if (!style->quiet) {
        add_extremes(&p, "Slowest, time of an iteration", time_of);
        add_extremes(&p, "Noisiest, spread between launches", spread_of);
    }
    bench__console_slower(&p.c);
    bench__strbuf_add(&text, text.n > 0 ? "\n" : "");
    bench__console_answer(&p.c);
    rc = p.rc != 0 ? bench__error(err, p.rc, "out of memory for the report")
                   : bench__write_text(out, &text, err);
    bench__strbuf_clear(&text);
    bench__view_clear(&view);
    return rc;
}
