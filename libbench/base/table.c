/*
 * Aligned text tables. Widths count terminal columns by Unicode ranges of its own, so that neither
 * the locale nor the C library decides. No wrapping, no cutting, no borders.
 */
#include "base/table.h"
#include "base/mem.h"
#include <string.h>

struct bench__table {
    size_t n_columns, n_rows, capacity; /* capacity in cells */
    enum bench__align *align;
    size_t *widths;
    char **cells; /* n_rows * n_columns */
};

/* --- display width --- */

struct range {
    uint32_t first, last;
};

/* Combining marks, joiners, variation selectors. */
static const struct range zero_width[] = {
    {0x0300, 0x036F}, {0x0483, 0x0489}, {0x0591, 0x05BD},   {0x0610, 0x061A},   {0x064B, 0x065F},
    {0x0900, 0x0902}, {0x0E34, 0x0E3A}, {0x0E47, 0x0E4E},   {0x1AB0, 0x1AFF},   {0x1DC0, 0x1DFF},
    {0x200B, 0x200F}, {0x202A, 0x202E}, {0x2060, 0x2064},   {0x20D0, 0x20FF},   {0xFE00, 0xFE0F},
    {0xFE20, 0xFE2F}, {0xFEFF, 0xFEFF}, {0x1F3FB, 0x1F3FF}, {0xE0100, 0xE01EF},
};

/* East Asian wide and full-width forms, and pictographs. */
static const struct range double_width[] = {
    {0x1100, 0x115F},   {0x231A, 0x231B},   {0x23E9, 0x23EC},   {0x2E80, 0x303E},
    {0x3041, 0x33FF},   {0x3400, 0x4DBF},   {0x4E00, 0x9FFF},   {0xA000, 0xA4CF},
    {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},
    {0xFFE0, 0xFFE6},   {0x1F300, 0x1F64F}, {0x1F680, 0x1F6FF}, {0x1F900, 0x1F9FF},
    {0x20000, 0x3FFFD},
};

static int in_ranges(uint32_t point, const struct range *ranges, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (point >= ranges[i].first && point <= ranges[i].last)
            return 1;
    }
    return 0;
}

static size_t point_width(uint32_t point) {
    if (bench__is_control(point))
        return 0;
    if (point < 0x300)
        return 1;
    if (in_ranges(point, zero_width, sizeof zero_width / sizeof zero_width[0]))
        return 0;
    return in_ranges(point, double_width, sizeof double_width / sizeof double_width[0]) ? 2 : 1;
}

/* Length of an SGR sequence (ESC [ digits and ; m) at text, or 0. */
static size_t sgr_length(const char *text) {
    if (text[0] != '\033' || text[1] != '[')
        return 0;
    size_t n = 2 + strspn(text + 2, "0123456789;:");
    return text[n] == 'm' ? n + 1 : 0;
}

size_t bench__display_width(const char *text) {
    size_t width = 0;
    while (*text != '\0') {
        size_t n = sgr_length(text);
        uint32_t point;
        if (n > 0) {
            text += n;
        } else if ((n = bench__utf8_decode(text, &point)) > 0) {
            width += point_width(point);
            text += n;
        } else {
            width++; /* a terminal shows one replacement character */
            text++;
        }
    }
    return width;
}

/* --- the table --- */

struct bench__table *bench__table_new(size_t n_columns, const enum bench__align *align) {
    struct bench__table *table = bench__alloc(1, sizeof *table);
    if (table == NULL)
        return NULL;
    table->n_columns = n_columns;
    table->align = bench__memdup(align, n_columns, sizeof *align);
    table->widths = bench__alloc(n_columns, sizeof *table->widths);
    if (table->align == NULL || table->widths == NULL) {
        bench__table_free(table);
        return NULL;
    }
    return table;
}

static void free_cells(char **cells, size_t n) {
    for (size_t i = 0; i < n; i++) {
        bench__free(cells[i]);
        cells[i] = NULL;
    }
}

void bench__table_free(struct bench__table *table) {
    if (table == NULL)
        return;
    free_cells(table->cells, table->n_rows * table->n_columns);
    bench__free(table->cells);
    bench__free(table->widths);
    bench__free(table->align);
    bench__free(table);
}

int bench__table_row(struct bench__table *table, const char *const *cells) {
    size_t n = table->n_columns, first = table->n_rows * n;
    if (bench__grow(&table->cells, &table->capacity, first + n, sizeof *table->cells) != 0)
        return BENCH_ENOMEM;
    for (size_t i = 0; i < n; i++) {
        char *cell = bench__strdup(cells[i] != NULL ? cells[i] : "");
        if (cell == NULL) {
            free_cells(table->cells + first, i);
            return BENCH_ENOMEM;
        }
        table->cells[first + i] = cell;
    }
    for (size_t i = 0; i < n; i++) {
        size_t width = bench__display_width(table->cells[first + i]);
        table->widths[i] = width > table->widths[i] ? width : table->widths[i];
    }
    table->n_rows++;
    return 0;
}

static void add_blanks(struct bench__strbuf *out, size_t n) {
    while (n-- > 0)
        bench__strbuf_addc(out, ' ');
}

static void write_row(const struct bench__table *table, size_t row, struct bench__strbuf *out,
                      size_t gap) {
    size_t blanks = 0; /* owed before the next text: none are left at the end of a line */
    for (size_t i = 0; i < table->n_columns; i++) {
        if (table->widths[i] == 0)
            continue;
        const char *cell = table->cells[row * table->n_columns + i];
        size_t padding = table->widths[i] - bench__display_width(cell);
        int right = table->align[i] == BENCH__RIGHT;
        if (*cell != '\0') {
            add_blanks(out, blanks + (right ? padding : 0));
            bench__strbuf_add(out, cell);
            blanks = right ? 0 : padding;
        } else {
            blanks += padding;
        }
        blanks += gap;
    }
    bench__strbuf_addc(out, '\n');
}

void bench__table_write(const struct bench__table *table, struct bench__strbuf *out, int gap) {
    for (size_t row = 0; row < table->n_rows; row++)
        write_row(table, row, out, gap > 0 ? (size_t)gap : 0);
}
