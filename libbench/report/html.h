/* report/html.h - one self-contained HTML page, with plots through one gnuplot process. */
#ifndef BENCH_REPORT_HTML_H
#define BENCH_REPORT_HTML_H

#include <bench/report.h>

/** Writes <dir>/index.html (directories are made). `note` receives one line for the user when plots
 *  are missing ("plots: gnuplot not found, skipped"), else "". */
int bench__report_html(const char *dir, const bench_outcome *outcome, int with_plots, char *note,
                       size_t note_size, bench_error *err);

#endif
