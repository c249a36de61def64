/* report/console_parts.h - the parts of the console report. */
#ifndef BENCH_REPORT_CONSOLE_PARTS_H
#define BENCH_REPORT_CONSOLE_PARTS_H

#include "report/ink.h"

/** What every part of the report needs. */
struct bench__console {
    struct bench__strbuf *out;
    const struct bench__style *style;
    const struct bench__view *view;
};

/** The table's columns that need a word of explanation; bits. */
enum { BENCH__SHOWN_SPREAD = 1 << 0, BENCH__SHOWN_SEES = 1 << 1 };

/** One line per benchmark under headings of group and function; columns that do not fit are left
 *  out, those of least use first. @return BENCH__SHOWN_... bits. */
unsigned bench__console_table(const struct bench__console *c);
/** What stands below one benchmark's line: latencies, counters, warnings; more when verbose. */
void bench__console_details(const struct bench__console *c, const struct bench__row *row);
/** The declared pairs, if there are any. @return 0 or BENCH_ENOMEM. */
int bench__console_pairs(const struct bench__console *c);
/** The lines above everything: the machine, and the run. */
void bench__console_machine(const struct bench__console *c);
/** What became slower, in full; nothing when nothing did. */
void bench__console_slower(const struct bench__console *c);
/** The counts of verdicts, where there are any, and the last line: the answer. */
void bench__console_answer(const struct bench__console *c);
/** A blank line and a heading. */
void bench__console_title(const struct bench__console *c, const char *title);
/** Everything below the table but the answer: regressions in full, budgets, scaling, what to know
 *  about the measurement. `shown` is what the table said. @return 0 or BENCH_ENOMEM. */
int bench__console_notes(const struct bench__console *c, unsigned shown, bench_error *err);

#endif
