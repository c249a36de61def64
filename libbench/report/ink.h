/* report/ink.h - text on a terminal: line breaks, and colours that only repeat the words. */
#ifndef BENCH_REPORT_INK_H
#define BENCH_REPORT_INK_H

#include "base/strbuf.h"
#include "report/console.h"
#include "report/words.h"

enum bench__ink {
    BENCH__INK_PLAIN = 0,
    BENCH__INK_DIM,
    BENCH__INK_BOLD,
    BENCH__INK_GOOD,
    BENCH__INK_BAD,
    BENCH__INK_UNSURE
};

enum bench__ink bench__ink_of(enum bench__tone tone);
/* Text handed to these is escaped already. NULL, which a string buffer gives without memory,
 * makes `out` fail too. */

/** Appends text in an ink, when the style has colour. */
void bench__ink_add(struct bench__strbuf *out, const struct bench__style *style,
                    enum bench__ink ink, const char *text);
/** So many blanks. */
void bench__ink_blanks(struct bench__strbuf *out, int n);
/** Columns that a buffer's text takes; 0 when it failed. */
int bench__ink_width(const struct bench__strbuf *text);
/** Appends text broken at blanks to stay within the style's columns, with a final newline. The
 *  cursor stands at column `column`; later lines start at `indent`. Words are never cut. */
void bench__ink_wrap(struct bench__strbuf *out, const struct bench__style *style,
                     enum bench__ink ink, const char *text, int column, int indent);
/** "  label   text", the text wrapped beside the label; a label wider than `width` stands alone. */
void bench__ink_entry(struct bench__strbuf *out, const struct bench__style *style,
                      enum bench__ink ink, const char *label, int width, const char *text);

#endif
