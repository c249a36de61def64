/* base/table.h - aligned text tables; widths count terminal columns, not bytes. */
#ifndef BENCH_BASE_TABLE_H
#define BENCH_BASE_TABLE_H

#include "base/strbuf.h"

enum bench__align { BENCH__LEFT = 0, BENCH__RIGHT };

struct bench__table;

/** NULL without memory. */
struct bench__table *bench__table_new(size_t n_columns, const enum bench__align *align);
void bench__table_free(struct bench__table *table);
/** Adds a row of n_columns cells (NULL is empty), which are copied; they may hold SGR colour
 *  sequences. @return 0 or BENCH_ENOMEM, with the table unchanged. */
int bench__table_row(struct bench__table *table, const char *const *cells);
/** Writes every row; `gap` blanks between columns, none added at the end of a line. A column that
 *  is empty in every row takes no room. */
void bench__table_write(const struct bench__table *table, struct bench__strbuf *out, int gap);
/** Columns that a UTF-8 text takes on a terminal: combining marks and control characters 0, East
 *  Asian wide characters 2, an invalid byte 1; SGR sequences are not counted. */
size_t bench__display_width(const char *text);

#endif
