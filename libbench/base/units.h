/* base/units.h - numbers with units, to and from text. Nothing here depends on the locale. */
#ifndef BENCH_BASE_UNITS_H
#define BENCH_BASE_UNITS_H

#include <bench/common.h>

/* Reading: @return 0, or BENCH_EINVAL with a text that says what is accepted. An empty text, a
 * tail, "inf", "nan", hexadecimal and what does not fit are refused; blanks may precede a unit. */
/** "50ms", "2s", "1.5us", "1m", "1h", "300" (a bare number is seconds) to ns. Not negative. */
int bench__parse_duration_ns(int64_t *out_ns, const char *text, bench_error *err);
/** "5%" or "0.05" to 0.05. Not negative; without % at most 1. */
int bench__parse_fraction(double *out, const char *text, bench_error *err);
/** "1M/s", "200", "50 MB", "1us", "4KiB", "2%" to the plain number and its unit: "1/s", "bytes/s",
 *  "bytes", "ns" or "1" (counts and fractions). k, M, G, T are decimal; KiB, MiB, ... binary; "m"
 *  is a minute. Not negative. */
int bench__parse_quantity(double *out, char unit_out[24], const char *text, bench_error *err);
/** Integers with optional k, M, G (decimal). */
int bench__parse_i64(int64_t *out, const char *text, bench_error *err);
/** A plain decimal number: "12", "-0.5", "1e-3". */
int bench__parse_double(double *out, const char *text, bench_error *err);
/** "2024-05-06T07:08:09Z", RFC 3339 in whole seconds of UTC, to seconds since 1970. Sets no error:
 *  a time that is not known is no mistake. */
int bench__parse_timestamp(double *out_s, const char *text);

/* Writing: all of these write into buf, cut to size, and return it; NAN and infinities become "-".
 * `digits` is the number of significant digits: trailing zeros stay, digits before the point are
 * never cut, nothing below 1e-9 of a unit is shown. The unit is chosen after rounding. */
/** "12.3 ns", "4.56 us", "7.80 ms", "1.20 s". */
const char *bench__format_ns(char *buf, size_t size, double ns, int digits);
/** "1.23 M/s"; bytes: "1.17 GiB/s". */
const char *bench__format_rate(char *buf, size_t size, double per_second, int is_bytes, int digits);
/** "104 B" (whole bytes stay whole), "3.20 KiB". */
const char *bench__format_bytes(char *buf, size_t size, double bytes, int digits);
/** 0.0123 as "1.23 %"; `sign` forces a plus. */
const char *bench__format_percent(char *buf, size_t size, double fraction, int digits, int sign);
/** "1:05", "1:02:03": whole seconds for progress; "-" when negative. */
const char *bench__format_clock(char *buf, size_t size, int64_t ns);
/** The first of 15, 16 and 17 significant digits that reads back as the same double, without
 *  trailing zeros: 0.1, 5, 1e+21. A valid JSON number, if finite; at most 24 characters. */
const char *bench__format_shortest(char *buf, size_t size, double value);

#endif
