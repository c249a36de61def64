/*
 * Numbers with units, to and from text. Everything happens in the "C" locale, whatever the program
 * has set: files and command lines must mean the same everywhere. Knows no benchmarks and no
 * tables.
 */
#include "base/units.h"
#include "base/error.h"
#include <ctype.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* --- the "C" locale, for this thread only --- */

struct locale_guard {
    locale_t c, before;
};

static struct locale_guard enter_c_locale(void) {
    struct locale_guard guard = {.c = newlocale(LC_ALL_MASK, "C", (locale_t)0)};
    guard.before = uselocale(guard.c);
    return guard;
}

static void leave_c_locale(struct locale_guard guard) {
    uselocale(guard.before);
    if (guard.c != (locale_t)0)
        freelocale(guard.c);
}

/* --- reading --- */

static const char *skip_digits(const char *p) {
    while (isdigit((unsigned char)*p))
        p++;
    return p;
}

/* The end of a plain decimal number (no hexadecimal, no "inf"), or NULL when there is none. */
static const char *number_end(const char *text) {
    const char *start = *text == '-' ? text + 1 : text;
    const char *p = skip_digits(start);
    int digits = p > start;
    if (*p == '.') {
        const char *fraction = p + 1;
        p = skip_digits(fraction);
        digits |= p > fraction;
    }
    if (!digits)
        return NULL;
    if (*p == 'e' || *p == 'E') {
        const char *exponent = p + 1 + (p[1] == '+' || p[1] == '-');
        if (isdigit((unsigned char)*exponent))
            p = skip_digits(exponent);
    }
    return p;
}

/* Reads the number at the start of text; *tail is what follows it, blanks skipped. 0 when there is
 * none or it is too large for a double. */
static int read_number(double *out, const char **tail, const char *text) {
    const char *end = number_end(text);
    if (end == NULL)
        return 0;
    struct locale_guard guard = enter_c_locale();
    *out = strtod(text, NULL);
    leave_c_locale(guard);
    size_t blanks = strspn(end, " ");
    *tail = end[blanks] != '\0' ? end + blanks : end; /* "50 MB", but not "50 " */
    return isfinite(*out) != 0;
}

static int read_nonnegative(double *out, const char **tail, const char *text) {
    return text[0] != '-' && read_number(out, tail, text);
}

struct unit {
    const char *name;
    double factor;
    const char *canonical;
    int allows_per_second;
};

/* Prefixes are decimal, KiB and its like binary. "m" is a minute, "M" a million. */
static const struct unit units[] = {
    {"ns", 1, "ns", 0},          {"us", 1e3, "ns", 0},
    {"\xC2\xB5s", 1e3, "ns", 0}, /* micro sign */
    {"\xCE\xBCs", 1e3, "ns", 0}, /* Greek mu */
    {"ms", 1e6, "ns", 0},        {"s", 1e9, "ns", 0},
    {"m", 60e9, "ns", 0},        {"min", 60e9, "ns", 0},
    {"h", 3600e9, "ns", 0},      {"", 1, "1", 1},
    {"k", 1e3, "1", 1},          {"K", 1e3, "1", 1},
    {"M", 1e6, "1", 1},          {"G", 1e9, "1", 1},
    {"T", 1e12, "1", 1},         {"B", 1, "bytes", 1},
    {"kB", 1e3, "bytes", 1},     {"KB", 1e3, "bytes", 1},
    {"MB", 1e6, "bytes", 1},     {"GB", 1e9, "bytes", 1},
    {"TB", 1e12, "bytes", 1},    {"KiB", 0x1p10, "bytes", 1},
    {"MiB", 0x1p20, "bytes", 1}, {"GiB", 0x1p30, "bytes", 1},
    {"TiB", 0x1p40, "bytes", 1},
};

static const struct unit *find_unit(const char *name, size_t n) {
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strlen(units[i].name) == n && memcmp(units[i].name, name, n) == 0)
            return &units[i];
    }
    return NULL;
}

int bench__parse_duration_ns(int64_t *out_ns, const char *text, bench_error *err) {
    double number;
    const char *tail;
    if (read_nonnegative(&number, &tail, text)) {
        const struct unit *unit = *tail == '\0' ? find_unit("s", 1) : find_unit(tail, strlen(tail));
        double ns = unit != NULL ? number * unit->factor : INFINITY;
        if (unit != NULL && strcmp(unit->canonical, "ns") == 0 && ns < 0x1p63) {
            *out_ns = (int64_t)round(ns);
            return 0;
        }
    }
    return bench__error(
        err, BENCH_EINVAL,
        "'%.100s' is not a duration: a number with ns, us, ms, s, m or h (alone: seconds)"
        " up to 292 years",
        text);
}

int bench__parse_fraction(double *out, const char *text, bench_error *err) {
    double number;
    const char *tail;
    if (!read_nonnegative(&number, &tail, text) || (*tail != '\0' && strcmp(tail, "%") != 0))
        return bench__error(err, BENCH_EINVAL,
                            "'%.100s' is not a fraction: write it as 5%% or as 0.05", text);
    if (*tail == '\0' && number > 1)
        return bench__error(err, BENCH_EINVAL,
                            "'%.100s' without %% must be between 0 and 1 (did you mean %.100s%%?)",
                            text, text);
    *out = *tail == '%' ? number / 100 : number;
    return 0;
}

/* Applies a suffix such as "MB/s". @return 0 when there is no such unit. */
static int apply_unit(double *number, char unit_out[24], const char *suffix) {
    if (strcmp(suffix, "%") == 0) {
        *number /= 100; /* not a factor: 7 * 0.01 is not 0.07 */
        snprintf(unit_out, 24, "1");
        return 1;
    }
    size_t n = strlen(suffix);
    int per_second = n >= 2 && strcmp(suffix + n - 2, "/s") == 0;
    const struct unit *unit = find_unit(suffix, per_second ? n - 2 : n);
    if (unit == NULL || (per_second && !unit->allows_per_second))
        return 0;
    *number *= unit->factor;
    snprintf(unit_out, 24, "%s%s", unit->canonical, per_second ? "/s" : "");
    return 1;
}

int bench__parse_quantity(double *out, char unit_out[24], const char *text, bench_error *err) {
    double number;
    const char *tail;
    if (!read_nonnegative(&number, &tail, text) || !apply_unit(&number, unit_out, tail) ||
        !isfinite(number))
        return bench__error(
            err, BENCH_EINVAL,
            "'%.100s' is not a quantity: a number alone or with k, M, G, T, %%, a size "
            "(B, kB, MB, KiB, MiB, ...), a time (ns, us, ms, s, m, h) or a rate "
            "(/s, M/s, MB/s, ...)",
            text);
    *out = number;
    return 0;
}

static int64_t i64_multiplier(const char *suffix) {
    if (suffix[0] == '\0')
        return 1;
    if (suffix[1] != '\0')
        return 0;
    switch (suffix[0]) {
    case 'k':
    case 'K':
        return 1000;
    case 'M':
        return 1000000;
    case 'G':
        return 1000000000;
    default:
        return 0;
    }
}

int bench__parse_i64(int64_t *out, const char *text, bench_error *err) {
    const char *digits = *text == '-' ? text + 1 : text;
    const char *end = skip_digits(digits);
    int64_t multiplier = end > digits ? i64_multiplier(end) : 0;
    if (multiplier == 0)
        return bench__error(err, BENCH_EINVAL,
                            "'%.100s' is not an integer (k, M and G may follow the digits)", text);
    int64_t value = 0;
    int overflow = 0;
    for (const char *p = digits; p < end; p++) {
        int digit = *text == '-' ? '0' - *p : *p - '0'; /* downwards, so that the smallest fits */
        overflow |= __builtin_mul_overflow(value, 10, &value);
        overflow |= __builtin_add_overflow(value, digit, &value);
    }
    if (overflow || __builtin_mul_overflow(value, multiplier, &value))
        return bench__error(err, BENCH_EINVAL, "'%.100s' does not fit into 64 bits", text);
    *out = value;
    return 0;
}

int bench__parse_double(double *out, const char *text, bench_error *err) {
    double number;
    const char *tail;
    const char *end = number_end(text);
    if (end == NULL || *end != '\0' || !read_number(&number, &tail, text))
        return bench__error(err, BENCH_EINVAL, "'%.100s' is not a number such as 12, 0.5 or 1e-3",
                            text);
    *out = number;
    return 0;
}

int bench__parse_timestamp(double *out_s, const char *text) {
    static const char form[] = "dddd-dd-ddTdd:dd:ddZ";
    for (size_t i = 0; i < sizeof form; i++) {
        const int fits = form[i] == 'd' ? text[i] >= '0' && text[i] <= '9' : text[i] == form[i];
        if (!fits)
            return BENCH_EINVAL;
    }
    struct tm utc = {.tm_year = atoi(text) - 1900,
                     .tm_mon = atoi(text + 5) - 1,
                     .tm_mday = atoi(text + 8),
                     .tm_hour = atoi(text + 11),
                     .tm_min = atoi(text + 14),
                     .tm_sec = atoi(text + 17)};
    const struct tm asked = utc;
    const time_t seconds = timegm(&utc);
    if (utc.tm_mon != asked.tm_mon || utc.tm_mday != asked.tm_mday ||
        utc.tm_hour != asked.tm_hour || utc.tm_min != asked.tm_min || utc.tm_sec != asked.tm_sec)
        return BENCH_EINVAL; /* there is no 30th of February */
    *out_s = (double)seconds;
    return 0;
}

/* --- writing; the caller is inside the "C" locale --- */

enum { MOST_DECIMALS = 9, NUMBER_SIZE = 400 /* DBL_MAX has 309 digits */ };

/* A value with so many significant digits, without exponent; the integer part is never cut. */
static void print_significant(char *out, double value, int digits, int sign) {
    char exponential[64];
    digits = digits < 1 ? 1 : digits > 17 ? 17 : digits;
    if (fabs(value) < 0.5e-9) /* what no decimal shows; also -0 */
        value = 0;
    snprintf(exponential, sizeof exponential, "%.*e", digits - 1, value);
    int exponent = atoi(strchr(exponential, 'e') + 1); /* of the rounded value: 9.996 is 10.0 */
    int decimals = digits - 1 - exponent;
    decimals = decimals < 0 ? 0 : decimals > MOST_DECIMALS ? MOST_DECIMALS : decimals;
    snprintf(out, NUMBER_SIZE, sign ? "%+.*f" : "%.*f", decimals, value);
}

struct scale {
    double base;
    size_t n;
    const char *const *names;
};

/* Prints in the first unit in which the rounded number stays under scale->base. */
static const char *print_scaled(char *buf, size_t size, double value, int digits,
                                const struct scale *scale) {
    char number[NUMBER_SIZE];
    struct locale_guard guard = enter_c_locale();
    size_t unit = 0;
    print_significant(number, value, digits, 0);
    while (unit + 1 < scale->n && fabs(strtod(number, NULL)) >= scale->base) {
        value /= scale->base;
        unit++;
        print_significant(number, value, digits, 0);
    }
    snprintf(buf, size, "%s %s", number, scale->names[unit]);
    leave_c_locale(guard);
    return buf;
}

static const char *print_nothing(char *buf, size_t size) {
    snprintf(buf, size, "-");
    return buf;
}

const char *bench__format_ns(char *buf, size_t size, double ns, int digits) {
    static const char *const names[] = {"ns", "us", "ms", "s"};
    if (!isfinite(ns))
        return print_nothing(buf, size);
    return print_scaled(buf, size, ns, digits, &(struct scale){1000, 4, names});
}

const char *bench__format_rate(char *buf, size_t size, double per_second, int is_bytes,
                               int digits) {
    static const char *const plain[] = {"/s", "k/s", "M/s", "G/s", "T/s"};
    static const char *const bytes[] = {"B/s", "KiB/s", "MiB/s", "GiB/s", "TiB/s"};
    if (!isfinite(per_second))
        return print_nothing(buf, size);
    struct scale scale = {is_bytes ? 1024 : 1000, 5, is_bytes ? bytes : plain};
    return print_scaled(buf, size, per_second, digits, &scale);
}

const char *bench__format_bytes(char *buf, size_t size, double bytes, int digits) {
    static const char *const names[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    if (!isfinite(bytes))
        return print_nothing(buf, size);
    if (fabs(bytes) < 1024 && bytes == trunc(bytes)) { /* whole bytes: "5 B", not "5.00 B" */
        snprintf(buf, size, "%d B", (int)bytes);
        return buf;
    }
    return print_scaled(buf, size, bytes, digits, &(struct scale){1024, 5, names});
}

const char *bench__format_percent(char *buf, size_t size, double fraction, int digits, int sign) {
    char number[NUMBER_SIZE];
    if (!isfinite(fraction * 100))
        return print_nothing(buf, size);
    struct locale_guard guard = enter_c_locale();
    print_significant(number, fraction * 100, digits, sign);
    snprintf(buf, size, "%s %%", number);
    leave_c_locale(guard);
    return buf;
}

const char *bench__format_clock(char *buf, size_t size, int64_t ns) {
    if (ns < 0)
        return print_nothing(buf, size);
    long long seconds = ns / 1000000000, hours = seconds / 3600;
    int minute = (int)(seconds / 60 % 60), second = (int)(seconds % 60);
    if (hours > 0)
        snprintf(buf, size, "%lld:%02d:%02d", hours, minute, second);
    else
        snprintf(buf, size, "%d:%02d", minute, second);
    return buf;
}

const char *bench__format_shortest(char *buf, size_t size, double value) {
    char number[32];
    if (!isfinite(value))
        return print_nothing(buf, size);
    struct locale_guard guard = enter_c_locale();
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(number, sizeof number, "%.*g", digits, value);
        if (strtod(number, NULL) == value)
            break;
    }
    leave_c_locale(guard);
    snprintf(buf, size, "%s", number);
    return buf;
}
