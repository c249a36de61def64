/*
 * report/figures.h - numbers as every report writes them: four digits for times, one unit per line,
 * never a locale. Each function writes into buf, cut to size, and returns it; NAN becomes "-".
 */
#ifndef BENCH_REPORT_FIGURES_H
#define BENCH_REPORT_FIGURES_H

#include <bench/result.h>
#include <stdio.h>

enum { BENCH__FIGURE_SIZE = 96 }; /* every figure fits */

/** The unit in which a time reads best. */
struct bench__time_unit {
    double ns; /* one of it */
    char name[4];
};
struct bench__time_unit bench__time_unit(double ns, int utf8);

/** "83.12 ns", "4.560 µs" ("us" without utf8). */
const char *bench__figure_time(char *buf, size_t size, double ns, int utf8);
/** "82.64 … 83.91" in the unit and with the decimals of the point; "-" without both bounds. */
const char *bench__figure_interval(char *buf, size_t size, const bench_estimate *time, int utf8);
/** "1.2 %", "<0.1 %": how much something scatters; never negative. */
const char *bench__figure_share(char *buf, size_t size, double fraction);
/** "±0.8 %": half the interval's width against its point. */
const char *bench__figure_plus_minus(char *buf, size_t size, const bench_estimate *time, int utf8);
/** "0.42 %", "17.0 %", "250 %"; `sign` forces a plus. */
const char *bench__figure_percent(char *buf, size_t size, double fraction, int sign);
/** "+15.2 … +18.8 %". */
const char *bench__figure_change_range(char *buf, size_t size, const bench_estimate *change,
                                       int utf8);
/** "12.0 M/s", or "1.14 GiB/s" for bytes; "-" without throughput. */
const char *bench__figure_throughput(char *buf, size_t size, const bench_result *result,
                                     int is_bytes);
/** Any value in a unit of the library ("ns", "1/s", "B/s", "bytes", ...) or in the user's own. */
const char *bench__figure_quantity(char *buf, size_t size, double value, const char *unit,
                                   int utf8);
/** A counter's value with its unit and kind: "184 B", "12 k/s", "3.5 /iteration". */
const char *bench__figure_counter(char *buf, size_t size, const bench_counter_record *counter);

/** A bare number with so many decimals (at most 3). */
const char *bench__figure_fixed(char *buf, size_t size, double value, int decimals);

struct bench__strbuf;
/** Writes the finished text. @return 0, BENCH_ENOMEM when building it failed, BENCH_EIO. */
int bench__write_text(FILE *out, const struct bench__strbuf *text, bench_error *err);

#endif
