/*
 * The table of benchmarks: which columns there is room for, and one line per benchmark. All widths
 * are terminal columns of the escaped text.
 */
#include "report/console_parts.h"

#include "base/table.h"
#include "base/units.h"
#include "report/figures.h"

#include <math.h>
#include <string.h>

enum column {
    TIME = 0,
    INTERVAL,
    PLUS_MINUS,
    THROUGHPUT, /* of elements, or of bytes when there are none */
    BYTES,      /* beside elements */
    SPREAD,
    VERDICT,
    CHANGE,
    SEES,
    N_COLUMNS
};

enum { NAME_INDENT = 2, GAP = 2, CELL_SIZE = 2 * BENCH__FIGURE_SIZE };

struct cells {
    char text[N_COLUMNS][CELL_SIZE];
};

struct layout {
    unsigned columns; /* bits */
    int name_width;
    int width[N_COLUMNS];
    const char *against; /* title of the verdicts */
    char interval[CELL_SIZE];
};

#define BIT(column) (1u << (column))

/* From rich to poor: the first one that fits is taken. */
static const unsigned LAYOUTS[] = {
    BIT(TIME) | BIT(INTERVAL) | BIT(THROUGHPUT) | BIT(BYTES) | BIT(SPREAD) | BIT(VERDICT) |
        BIT(CHANGE) | BIT(SEES),
    BIT(TIME) | BIT(INTERVAL) | BIT(THROUGHPUT) | BIT(SPREAD) | BIT(VERDICT) | BIT(CHANGE) |
        BIT(SEES),
    BIT(TIME) | BIT(INTERVAL) | BIT(THROUGHPUT) | BIT(VERDICT) | BIT(CHANGE) | BIT(SEES),
    BIT(TIME) | BIT(PLUS_MINUS) | BIT(THROUGHPUT) | BIT(SPREAD) | BIT(VERDICT) | BIT(CHANGE),
    BIT(TIME) | BIT(PLUS_MINUS) | BIT(THROUGHPUT) | BIT(VERDICT) | BIT(CHANGE),
    BIT(TIME) | BIT(PLUS_MINUS) | BIT(VERDICT) | BIT(CHANGE),
    BIT(TIME) | BIT(VERDICT) | BIT(CHANGE),
    BIT(TIME) | BIT(VERDICT),
};

static int shows_verdicts(const struct bench__console *c) {
    const bench_outcome *outcome = c->view->outcome;
    return outcome->baseline != NULL && !outcome->incomparable;
}

static int is_shown(const struct bench__console *c, const struct bench__row *row) {
    if (!c->style->quiet) {
        return 1;
    }
    bench_verdict verdict = bench__row_verdict(row);
    int good = verdict == BENCH_VERDICT_NONE || verdict == BENCH_VERDICT_PASS ||
               verdict == BENCH_VERDICT_IMPROVED;
    return row->is_missing || row->result->status != BENCH_STATUS_OK || !good;
}

static void fill_verdict(struct cells *cells, const struct bench__row *row) {
    const bench_comparison *c = row->comparison;
    if (c == NULL) {
        return;
    }
    snprintf(cells->text[VERDICT], CELL_SIZE, "%s", bench__row_verdict_word(row));
    if (isfinite(c->change.point)) {
        bench__figure_percent(cells->text[CHANGE], CELL_SIZE, c->change.point, 1);
    }
    bench__figure_share(cells->text[SEES], CELL_SIZE, c->mde);
}

/* "-" says nothing that an empty cell would not say. */
static void blank_dashes(struct cells *cells) {
    for (int i = 0; i < N_COLUMNS; i++) {
        if (strcmp(cells->text[i], "-") == 0) {
            cells->text[i][0] = '\0';
        }
    }
}

static void fill_cells(const struct bench__console *c, struct cells *cells,
                       const struct bench__row *row) {
    *cells = (struct cells){0};
    int utf8 = c->style->utf8;
    const bench_time_estimates *time = &row->result->time;
    if (bench__row_measured(row)) {
        bench__figure_time(cells->text[TIME], CELL_SIZE, time->median.point, utf8);
        bench__figure_interval(cells->text[INTERVAL], CELL_SIZE, &time->median, utf8);
        bench__figure_plus_minus(cells->text[PLUS_MINUS], CELL_SIZE, &time->median, utf8);
        int has_elements = isfinite(row->result->elements_per_iteration);
        bench__figure_throughput(cells->text[THROUGHPUT], CELL_SIZE, row->result, !has_elements);
        if (has_elements) {
            bench__figure_throughput(cells->text[BYTES], CELL_SIZE, row->result, 1);
        }
        bench__figure_share(cells->text[SPREAD], CELL_SIZE, time->between_launch_sd);
    }
    if (shows_verdicts(c)) {
        fill_verdict(cells, row);
    }
    blank_dashes(cells);
}

static const char *title(const struct layout *layout, enum column column, int utf8) {
    static const char *const titles[N_COLUMNS] = {[TIME] = "time", [THROUGHPUT] = "throughput",
                                                  [BYTES] = "",    [SPREAD] = "spread",
                                                  [CHANGE] = "",   [SEES] = "sees"};
    switch (column) {
    case INTERVAL:
        return layout->interval;
    case PLUS_MINUS:
        return utf8 ? "±" : "+-";
    case VERDICT:
        return layout->against != NULL ? layout->against : "";
    default:
        return titles[column];
    }
}

static int label_width(const struct bench__row *row) {
    struct bench__strbuf label;
    bench__strbuf_init(&label);
    bench__row_label(&label, row->result);
    int width = NAME_INDENT + bench__ink_width(&label);
    bench__strbuf_clear(&label);
    return width;
}

/* Widths of all columns, those that no row fills being 0. */
static void measure(const struct bench__console *c, struct layout *layout) {
    for (size_t i = 0; i < c->view->n_rows; i++) {
        struct cells cells;
        const struct bench__row *row = &c->view->rows[i];
        if (!is_shown(c, row)) {
            continue;
        }
        fill_cells(c, &cells, row);
        for (int k = 0; k < N_COLUMNS; k++) {
            int width = (int)bench__display_width(cells.text[k]);
            layout->width[k] = width > layout->width[k] ? width : layout->width[k];
        }
    }
    for (int k = 0; k < N_COLUMNS; k++) {
        int heading = (int)bench__display_width(title(layout, k, c->style->utf8));
        if (layout->width[k] > 0 && layout->width[k] < heading) {
            layout->width[k] = heading;
        }
    }
}

static int total_width(const struct layout *layout, unsigned columns) {
    int total = 0;
    for (int k = 0; k < N_COLUMNS; k++) {
        total += columns & BIT(k) && layout->width[k] > 0 ? GAP + layout->width[k] : 0;
    }
    return total;
}

static void set_interval_title(const struct bench__console *c, struct layout *layout) {
    double level = NAN;
    for (size_t i = 0; i < c->view->n_rows && isnan(level); i++) {
        level = c->view->rows[i].result->options.confidence_level;
    }
    char percent[BENCH__FIGURE_SIZE];
    bench__format_percent(percent, sizeof percent, level, 2, 0);
    snprintf(layout->interval, sizeof layout->interval, "%s interval", percent);
}

/* Two executables have no baseline between them. */
static int are_all_duels(const bench_outcome *outcome) {
    size_t n_duels = 0;
    for (size_t i = 0; i < outcome->n_comparisons; i++) {
        const bench_comparison *c = &outcome->comparisons[i];
        if (c->evidence == BENCH_EVIDENCE_STORED && !isnan(c->p_value)) {
            return 0;
        }
        n_duels += c->evidence != BENCH_EVIDENCE_STORED;
    }
    return n_duels > 0;
}

/* "vs main" stands above the verdict and the change; a label too long for that is "baseline", or
 * "old" among duels. */
static void set_verdict_title(struct layout *layout, const struct bench__strbuf *against,
                              const bench_outcome *outcome) {
    if (layout->width[VERDICT] == 0) {
        return;
    }
    int room = layout->width[VERDICT] + GAP + layout->width[CHANGE];
    const char *text = bench__strbuf_text(against);
    int fits = text != NULL && bench__ink_width(against) <= room;
    layout->against = fits ? text : are_all_duels(outcome) ? "vs old" : "vs baseline";
    int missing = (int)bench__display_width(layout->against) - room;
    layout->width[VERDICT] += missing > 0 ? missing : 0;
}

/* The widest label that fits: the few that are wider stand on a line of their own. */
static int fitting_name_width(const struct bench__console *c, int room) {
    int best = 0;
    for (size_t i = 0; i < c->view->n_rows; i++) {
        int width = is_shown(c, &c->view->rows[i]) ? label_width(&c->view->rows[i]) : 0;
        best = width <= room && width > best ? width : best;
    }
    return best;
}

static void choose_layout(const struct bench__console *c, struct layout *layout,
                          const struct bench__strbuf *against) {
    const size_t n_layouts = sizeof LAYOUTS / sizeof *LAYOUTS;
    measure(c, layout);
    set_verdict_title(layout, against, c->view->outcome);
    int wanted = fitting_name_width(c, c->style->columns / 4);
    size_t i = 0;
    while (i + 1 < n_layouts && c->style->columns - total_width(layout, LAYOUTS[i]) < wanted) {
        i++;
    }
    layout->columns = LAYOUTS[i];
    layout->name_width = fitting_name_width(c, c->style->columns - total_width(layout, LAYOUTS[i]));
}

static enum bench__ink ink_of(enum column column, const struct bench__row *row) {
    if (column == TIME) {
        return BENCH__INK_BOLD;
    }
    if (column == VERDICT) {
        return bench__ink_of(bench__verdict_tone(bench__row_verdict(row)));
    }
    int secondary =
        column == INTERVAL || column == PLUS_MINUS || column == SPREAD || column == SEES;
    return secondary ? BENCH__INK_DIM : BENCH__INK_PLAIN;
}

/* Appends the cells of a line, right-aligned but for verdicts, without blanks at its end. */
static void add_cells(const struct bench__console *c, const struct layout *layout,
                      const struct cells *cells, const struct bench__row *row) {
    int owed = 0;
    for (int k = 0; k < N_COLUMNS; k++) {
        if (!(layout->columns & BIT(k)) || layout->width[k] == 0) {
            continue;
        }
        int padding = layout->width[k] - (int)bench__display_width(cells->text[k]);
        int is_left = k == VERDICT;
        owed += GAP + (is_left ? 0 : padding);
        if (cells->text[k][0] != '\0') {
            bench__ink_blanks(c->out, owed);
            bench__ink_add(c->out, c->style, row == NULL ? BENCH__INK_DIM : ink_of(k, row),
                           cells->text[k]);
            owed = 0;
        }
        owed += is_left ? padding : 0;
    }
    bench__strbuf_addc(c->out, '\n');
}

/* Appends a name and the blanks up to the figures; a name that is too wide stands alone. */
static void add_name(const struct bench__console *c, const struct layout *layout,
                     enum bench__ink ink, const struct bench__strbuf *name, int indent) {
    int width = indent + bench__ink_width(name);
    bench__ink_blanks(c->out, indent);
    bench__ink_add(c->out, c->style, ink, bench__strbuf_text(name));
    if (width > layout->name_width) {
        bench__strbuf_addc(c->out, '\n');
        width = 0;
    }
    bench__ink_blanks(c->out, layout->name_width - width);
}

/* The suite's name and the titles of the columns. */
static void add_suite(const struct bench__console *c, const struct layout *layout,
                      const bench_result *result) {
    struct cells cells = {0};
    struct bench__strbuf name;
    bench__strbuf_init(&name);
    bench__strbuf_add_safe(&name, result->suite);
    for (int k = 0; k < N_COLUMNS; k++) {
        snprintf(cells.text[k], CELL_SIZE, "%s", title(layout, k, c->style->utf8));
    }
    bench__strbuf_add(c->out, c->out->n > 0 ? "\n" : "");
    add_name(c, layout, BENCH__INK_BOLD, &name, 0);
    add_cells(c, layout, &cells, NULL);
    bench__strbuf_clear(&name);
}

static void add_heading(const struct bench__console *c, const bench_result *result) {
    bench__strbuf_add_safe(c->out, result->group);
    if (result->n_params > 0) {
        bench__strbuf_addc(c->out, '/');
        bench__strbuf_add_safe(c->out, result->function);
    }
    bench__strbuf_addc(c->out, '\n');
}

/* Why there are no figures, in their place. */
static void add_status(const struct bench__console *c, const struct layout *layout,
                       const struct bench__row *row) {
    bench_status status = row->is_missing ? BENCH_STATUS_NOT_RUN : row->result->status;
    int indent = layout->name_width + GAP;
    struct bench__strbuf words;
    bench__strbuf_init(&words);
    if (row->is_missing) {
        bench__strbuf_add(&words, "not in this run");
    } else {
        bench__say_status(&words, row->result);
    }
    bench__ink_blanks(c->out, GAP);
    int is_bad = bench__status_tone(status) == BENCH__TONE_BAD;
    bench__ink_wrap(c->out, c->style, is_bad ? BENCH__INK_BAD : BENCH__INK_DIM,
                    bench__strbuf_text(&words), indent, indent);
    bench__strbuf_clear(&words);
}

static void add_row(const struct bench__console *c, const struct layout *layout,
                    const struct bench__row *row) {
    struct bench__strbuf label;
    bench__strbuf_init(&label);
    bench__row_label(&label, row->result);
    add_name(c, layout, BENCH__INK_PLAIN, &label, NAME_INDENT);
    bench__strbuf_clear(&label);
    if (!bench__row_measured(row) && (!row->is_missing || !shows_verdicts(c))) {
        add_status(c, layout, row);
        return;
    }
    struct cells cells;
    fill_cells(c, &cells, row);
    add_cells(c, layout, &cells, row);
    if (!row->is_missing) {
        bench__console_details(c, row);
    }
}

unsigned bench__console_table(const struct bench__console *c) {
    struct layout layout = {0};
    struct bench__strbuf against;
    bench__strbuf_init(&against);
    bench__strbuf_add(&against, "vs ");
    bench__strbuf_add_safe(&against, bench__baseline_label(c->view->outcome));
    set_interval_title(c, &layout);
    choose_layout(c, &layout, &against);
    const bench_result *above = NULL;
    for (size_t i = 0; i < c->view->n_rows; i++) {
        const struct bench__row *row = &c->view->rows[i];
        if (!is_shown(c, row)) {
            continue;
        }
        int new_suite = above == NULL || strcmp(above->suite, row->result->suite) != 0;
        if (new_suite) {
            add_suite(c, &layout, row->result);
        }
        if (new_suite || !bench__same_heading(above, row->result)) {
            add_heading(c, row->result);
        }
        add_row(c, &layout, row);
        above = row->result;
    }
    bench__strbuf_clear(&against);
    int spread = layout.columns & BIT(SPREAD) && layout.width[SPREAD] > 0;
    int sees = layout.columns & BIT(SEES) && layout.width[SEES] > 0;
    return (spread ? BENCH__SHOWN_SPREAD : 0) | (sees ? BENCH__SHOWN_SEES : 0);
}
