/* base/units.h - numbers with units, to and from text. Formatting never depends on the locale. */
#ifndef BENCH_BASE_UNITS_H
#define BENCH_BASE_UNITS_H

#include <bench/common.h>

/** "50ms", "2s", "1.5us", "1m", "300" (a bare number is seconds) to ns. @return 0 or BENCH_EINVAL. */
int bench__parse_duration_ns(int64_t *out_ns, const char *text, bench_error *err);
/** "5%" or "0.05" to 0.05. */
int bench__parse_fraction(double *out, const char *text, bench_error *err);
/** "1M/s", "200", "50 MB", "1us", "10ms", "4KiB" to the plain number (per second, bytes, ns, ...). */
int bench__parse_quantity(double *out, char unit_out[24], const char *text, bench_error *err);
/** Integers with optional k, M, G; refuses what does not fit or has a tail. */
int bench__parse_i64(int64_t *out, const char *text, bench_error *err);
int bench__parse_double(double *out, const char *text, bench_error *err);

/* All of these write into buf, cut to size, and return it; NAN becomes "-". `digits` is the number
 * of significant digits. */
/** "12.3 ns", "4.56 us", "7.8 ms", "1.20 s". */
const char *bench__format_ns(char *buf, size_t size, double ns, int digits);
/** "1.23 M/s"; bytes: "1.17 GiB/s". */
const char *bench__format_rate(char *buf, size_t size, double per_second, int is_bytes, int digits);
/** "104 B", "3.2 KiB". */
const char *bench__format_bytes(char *buf, size_t size, double bytes, int digits);
/** 0.0123 as "1.23 %"; `sign` forces a plus. */
const char *bench__format_percent(char *buf, size_t size, double fraction, int digits, int sign);
/** "1:05", "1:02:03": whole seconds for progress. */
const char *bench__format_clock(char *buf, size_t size, int64_t ns);
/** The shortest decimal form that reads back as the same double; integers without a point. */
const char *bench__format_shortest(char *buf, size_t size, double value);

#endif
