/*
 * Numbers as text. Digits are made from integers, because printf's decimal point belongs to the
 * locale of the program. Knows no layout: columns and colours are the reports' own business.
 */
#include "report/figures.h"

#include "base/error.h"
#include "base/strbuf.h"
#include "base/units.h"
#include "report/view.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

enum { NUMBER_SIZE = 40 }; /* a number, within a figure */

static void put_fixed(char *buf, size_t size, double value, int decimals, int sign) {
    static const int64_t power[] = {1, 10, 100, 1000};
    const char *prefix = value < 0 ? "-" : sign ? "+" : "";
    double scaled = fabs(value) * (double)power[decimals];
    if (!(scaled < 9e15)) {
        snprintf(buf, size, "%s%.0f", prefix, fabs(value));
        return;
    }
    int64_t digits = llround(scaled);
    if (decimals == 0) {
        snprintf(buf, size, "%s%" PRId64, prefix, digits);
        return;
    }
    snprintf(buf, size, "%s%" PRId64 ".%0*" PRId64, prefix, digits / power[decimals], decimals,
             digits % power[decimals]);
}

/* Decimals that leave `digits` significant ones, three at most. */
static int decimals_for(double value, int digits) {
    int decimals = digits - 1;
    for (double limit = 10; decimals > 0 && fabs(value) + 0.5 * pow(10, -decimals) >= limit;
         limit *= 10) {
        decimals--;
    }
    return decimals < 3 ? decimals : 3;
}

struct bench__time_unit bench__time_unit(double ns, int utf8) {
    static const struct bench__time_unit units[] = {
        {1, "ns"}, {1e3, "us"}, {1e6, "ms"}, {1e9, "s"}};
    size_t i = 0;
    while (i < 3 && fabs(ns) >= 999.95 * units[i].ns) {
        i++;
    }
    struct bench__time_unit unit = units[i];
    if (utf8 && i == 1) {
        memcpy(unit.name, "µs", sizeof "µs");
    }
    return unit;
}

const char *bench__figure_time(char *buf, size_t size, double ns, int utf8) {
    if (!isfinite(ns)) {
        snprintf(buf, size, "-");
        return buf;
    }
    struct bench__time_unit unit = bench__time_unit(ns, utf8);
    char number[NUMBER_SIZE];
    put_fixed(number, sizeof number, ns / unit.ns, decimals_for(ns / unit.ns, 4), 0);
    snprintf(buf, size, "%s %s", number, unit.name);
    return buf;
}

const char *bench__figure_interval(char *buf, size_t size, const bench_estimate *time, int utf8) {
    if (!isfinite(time->lower) || !isfinite(time->upper)) {
        snprintf(buf, size, "-");
        return buf;
    }
    struct bench__time_unit unit = bench__time_unit(time->point, utf8);
    int decimals = decimals_for(time->point / unit.ns, 4);
    char lower[NUMBER_SIZE];
    char upper[NUMBER_SIZE];
    put_fixed(lower, sizeof lower, time->lower / unit.ns, decimals, 0);
    put_fixed(upper, sizeof upper, time->upper / unit.ns, decimals, 0);
    snprintf(buf, size, "%s %s %s", lower, utf8 ? "…" : "..", upper);
    return buf;
}

const char *bench__figure_percent(char *buf, size_t size, double fraction, int sign) {
    if (!isfinite(fraction)) {
        snprintf(buf, size, "-");
        return buf;
    }
    char number[NUMBER_SIZE];
    put_fixed(number, sizeof number, 100 * fraction, decimals_for(100 * fraction, 3), sign);
    snprintf(buf, size, "%s %%", number);
    return buf;
}

const char *bench__figure_share(char *buf, size_t size, double fraction) {
    char number[NUMBER_SIZE];
    double percent = 100 * fraction;
    if (!isfinite(percent)) {
        snprintf(buf, size, "-");
    } else if (percent > 0 && percent < 0.05) {
        snprintf(buf, size, "<0.1 %%");
    } else {
        put_fixed(number, sizeof number, percent, percent < 99.95, 0);
        snprintf(buf, size, "%s %%", number);
    }
    return buf;
}

const char *bench__figure_plus_minus(char *buf, size_t size, const bench_estimate *time, int utf8) {
    char share[2 * NUMBER_SIZE];
    bench__figure_share(share, sizeof share, (time->upper - time->lower) / 2 / time->point);
    snprintf(buf, size, "%s%s", share[0] == '-' ? "" : utf8 ? "±" : "+-", share);
    return buf;
}

const char *bench__figure_change_range(char *buf, size_t size, const bench_estimate *change,
                                       int utf8) {
    if (!isfinite(change->lower) || !isfinite(change->upper)) {
        snprintf(buf, size, "-");
        return buf;
    }
    double wider = fmax(fabs(change->lower), fabs(change->upper));
    int decimals = decimals_for(100 * wider, 3);
    char lower[NUMBER_SIZE];
    char upper[NUMBER_SIZE];
    put_fixed(lower, sizeof lower, 100 * change->lower, decimals, 1);
    put_fixed(upper, sizeof upper, 100 * change->upper, decimals, 1);
    snprintf(buf, size, "%s %s %s %%", lower, utf8 ? "…" : "..", upper);
    return buf;
}

const char *bench__figure_throughput(char *buf, size_t size, const bench_result *result,
                                     int is_bytes) {
    double rate = is_bytes ? bench__bytes_per_second(result) : bench__elements_per_second(result);
    return bench__format_rate(buf, size, rate, is_bytes, 3);
}

/* A number of no known kind: four significant digits, without useless zeros. */
static void put_plain(char *buf, size_t size, double value) {
    double magnitude = fabs(value);
    if (value == 0 || magnitude >= 1e7 || magnitude < 1e-3 || !isfinite(value)) {
        bench__format_shortest(buf, size, value);
        return;
    }
    put_fixed(buf, size, value, decimals_for(value, 4), 0);
    char *point = strchr(buf, '.');
    for (char *end = buf + strlen(buf); point != NULL && (end[-1] == '0' || end[-1] == '.');
         end--) {
        int at_point = end[-1] == '.';
        end[-1] = '\0';
        if (at_point) {
            break;
        }
    }
}

static int is_one_of(const char *text, const char *const *names) {
    while (*names != NULL && strcmp(text, *names) != 0) {
        names++;
    }
    return *names != NULL;
}

const char *bench__figure_quantity(char *buf, size_t size, double value, const char *unit,
                                   int utf8) {
    static const char *const bytes[] = {"B", "bytes", NULL};
    static const char *const rate[] = {"/s", "1/s", NULL};
    static const char *const byte_rate[] = {"B/s", "bytes/s", NULL};
    static const char *const fraction[] = {"fraction", "%", NULL};
    if (!isfinite(value)) {
        snprintf(buf, size, "-");
    } else if (strcmp(unit, "ns") == 0) {
        bench__figure_time(buf, size, value, utf8);
    } else if (is_one_of(unit, bytes)) {
        bench__format_bytes(buf, size, value, 4);
    } else if (is_one_of(unit, rate)) {
        bench__format_rate(buf, size, value, 0, 4);
    } else if (is_one_of(unit, byte_rate)) {
        bench__format_rate(buf, size, value, 1, 4);
    } else if (is_one_of(unit, fraction)) {
        bench__figure_percent(buf, size, value, 0);
    } else {
        char number[NUMBER_SIZE];
        put_plain(number, sizeof number, value);
        int has_unit = unit[0] != '\0' && strcmp(unit, "1") != 0;
        snprintf(buf, size, "%s%s%s", number, has_unit ? " " : "", has_unit ? unit : "");
    }
    return buf;
}

const char *bench__figure_counter(char *buf, size_t size, const bench_counter_record *counter) {
    int has_unit = counter->unit[0] != '\0' && strcmp(counter->unit, "1") != 0;
    if (counter->kind != BENCH_COUNTER_RATE) {
        const char *suffix = counter->kind == BENCH_COUNTER_PER_ITERATION ? "/op" : "";
        char number[NUMBER_SIZE];
        bench__figure_quantity(number, sizeof number, counter->value, counter->unit, 0);
        snprintf(buf, size, "%s%s%s", number, suffix[0] != '\0' && !has_unit ? " " : "", suffix);
        return buf;
    }
    char unit[sizeof counter->unit + 2];
    snprintf(unit, sizeof unit, "%s/s", has_unit ? counter->unit : "");
    return bench__figure_quantity(buf, size, counter->value, unit, 0);
}

const char *bench__figure_fixed(char *buf, size_t size, double value, int decimals) {
    if (isfinite(value)) {
        put_fixed(buf, size, value, decimals, 0);
    } else {
        snprintf(buf, size, "-");
    }
    return buf;
}

int bench__write_text(FILE *out, const struct bench__strbuf *text, bench_error *err) {
    const char *bytes = bench__strbuf_text(text);
    if (bytes == NULL) {
        return bench__error(err, BENCH_ENOMEM, "out of memory for the report");
    }
    if (fwrite(bytes, 1, text->n, out) != text->n || fflush(out) != 0) {
        return bench__error_sys(err, BENCH_EIO, errno, "cannot write the report");
    }
    return 0;
}
