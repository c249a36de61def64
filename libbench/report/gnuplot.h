/* report/gnuplot.h - the wall around gnuplot: one process for all plots of a page. */
#ifndef BENCH_REPORT_GNUPLOT_H
#define BENCH_REPORT_GNUPLOT_H

#include <bench/common.h>

/**
 * Runs gnuplot over `script`, a file in `directory`, which is its working directory; init files of
 * the user are not read. Killed after `timeout_ns`.
 * @return 1 when it ended well; else 0, with one line for the user in `note`. Plots that were
 * written before a failure are there all the same.
 */
int bench__gnuplot_run(const char *directory, const char *script, int64_t timeout_ns, char *note,
                       size_t note_size);

/** The line that `gnuplot --version` prints, as it is, cut to size; "" when there is no gnuplot or
 *  it does not answer in time and with exit code 0. */
void bench__gnuplot_version(char *out, size_t size, int64_t timeout_ns);

/**
 * Makes gnuplot's SVG fit to stand in a page beside others: only drawing elements and attributes
 * stay, no identifiers, references, fonts or scripts; the colours below become the page's own.
 * @return text to be freed with bench__free(); NULL when `svg` is not complete, or without memory.
 */
char *bench__svg_clean(const char *svg);

/** Colours to be used in scripts; anything else becomes the axis colour. */
#define BENCH__PLOT_AXIS "#010101" /* var(--axis) */
#define BENCH__PLOT_NEW  "#020202" /* var(--new) */
#define BENCH__PLOT_OLD  "#030303" /* var(--old) */

#endif
