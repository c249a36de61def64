/* report/console.h - results for a person at a terminal, a log or a pipe. */
#ifndef BENCH_REPORT_CONSOLE_H
#define BENCH_REPORT_CONSOLE_H

#include <bench/report.h>
#include <stdio.h>

/** What a terminal can show. */
struct bench__style {
    int color;   /* SGR sequences */
    int utf8;    /* box drawing and "µ"; otherwise ASCII */
    int columns; /* 80 when unknown; names are never cut: a long one takes a line of its own */
    int verbose; /* 1: every launch's noise, all estimates, calibration */
    int quiet;   /* 1: only what is not a pass, and the last line */
};

/** Colour from --color ("auto", "always", "never"), NO_COLOR, CLICOLOR_FORCE, CLICOLOR, TERM, and
 *  whether `out` is a terminal; UTF-8 from LC_ALL/LC_CTYPE/LANG, never with TERM=dumb; columns from
 *  the terminal or COLUMNS. verbose and quiet are left at 0. */
void bench__style_detect(struct bench__style *style, FILE *out, const char *color);

int bench__report_console(FILE *out, const bench_outcome *outcome, const struct bench__style *style,
                          bench_error *err);

/** Progress on stderr: one line rewritten in place on a terminal, a line per finished benchmark
 *  otherwise; nothing when quiet. */
struct bench__progress_line;
struct bench__progress_line *bench__progress_line_new(FILE *out, const struct bench__style *style,
                                                      int is_terminal);
void bench__progress_line_update(struct bench__progress_line *line, const bench_progress *progress);
/** Removes the line from the terminal. */
void bench__progress_line_free(struct bench__progress_line *line);

#endif
