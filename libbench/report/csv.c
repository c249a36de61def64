/*
 * Comma-separated values as in RFC 4180: CRLF at line ends, quotes where needed. Numbers are plain,
 * in the unit that the column's name carries, and empty when they were not measured.
 */
#include "report/formats.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/units.h"
#include "report/figures.h"
#include "report/view.h"
#include "report/words.h"
#include "result/json.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/* A double of a struct, as a column. */
struct column {
    const char *name;
    size_t offset;
};

#define OF_RESULT(name, member)                                                                    \
    { (name), offsetof(bench_result, member) }
#define OF_COMPARISON(name, member)                                                                \
    { (name), offsetof(bench_comparison, member) }

static const struct column RESULT_COLUMNS[] = {
    OF_RESULT("time_ns", time.median.point),
    OF_RESULT("time_lower_ns", time.median.lower),
    OF_RESULT("time_upper_ns", time.median.upper),
    OF_RESULT("mean_ns", time.mean.point),
    OF_RESULT("std_dev_ns", time.std_dev.point),
    OF_RESULT("mad_ns", time.mad.point),
    OF_RESULT("min_ns", time.min),
    OF_RESULT("q05_ns", time.q05),
    OF_RESULT("q95_ns", time.q95),
    OF_RESULT("max_ns", time.max),
    OF_RESULT("spread", time.between_launch_sd),
    OF_RESULT("cold_ns", time.cold),
    OF_RESULT("cpu_ns", time.cpu),
    OF_RESULT("latency_p50_ns", latency.p50),
    OF_RESULT("latency_p95_ns", latency.p95),
    OF_RESULT("latency_p99_ns", latency.p99),
    OF_RESULT("latency_p999_ns", latency.p999),
    OF_RESULT("latency_max_ns", latency.max),
    OF_RESULT("error_rate", error_rate),
};

static const struct column COMPARISON_COLUMNS[] = {
    OF_COMPARISON("change", change.point),       OF_COMPARISON("change_lower", change.lower),
    OF_COMPARISON("change_upper", change.upper), OF_COMPARISON("mde", mde),
    OF_COMPARISON("p_adjusted", p_adjusted),     OF_COMPARISON("threshold", threshold),
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const char *const MIDDLE_COLUMNS[] = {
    "elements_per_second", "bytes_per_second", "peak_rss_bytes", "verdict", "reason", "before_ns"};

struct csv {
    struct bench__strbuf text;
    int within_line;
    size_t n_counters;
    size_t capacity;
    const bench_counter_record **counters; /* one of each name, in order of appearance */
};

static void add_text(struct csv *csv, const char *text) {
    bench__strbuf_add(&csv->text, csv->within_line ? "," : "");
    csv->within_line = 1;
    if (strpbrk(text, ",\"\r\n") == NULL) {
        bench__strbuf_add(&csv->text, text);
        return;
    }
    bench__strbuf_addc(&csv->text, '"');
    for (; *text != '\0'; text++) {
        bench__strbuf_add(&csv->text, *text == '"' ? "\"" : "");
        bench__strbuf_addc(&csv->text, *text);
    }
    bench__strbuf_addc(&csv->text, '"');
}

static void add_number(struct csv *csv, double value) {
    char number[BENCH__FIGURE_SIZE];
    double rounded = bench__round_digits(value, 6); /* as in JSON */
    add_text(csv, isfinite(value) ? bench__format_shortest(number, sizeof number, rounded) : "");
}

static void add_count(struct csv *csv, uint64_t n) {
    char number[32];
    snprintf(number, sizeof number, "%" PRIu64, n);
    add_text(csv, number);
}

static void add_buffer(struct csv *csv, struct bench__strbuf *text) {
    const char *known = bench__strbuf_text(text);
    csv->text.failed |= known == NULL;
    add_text(csv, known != NULL ? known : "");
    bench__strbuf_clear(text);
}

static void add_empty(struct csv *csv, size_t n) {
    for (size_t i = 0; i < n; i++) {
        add_text(csv, "");
    }
}

static void end_line(struct csv *csv) {
    bench__strbuf_add(&csv->text, "\r\n");
    csv->within_line = 0;
}

/* ---- counters: one column for each name that occurs in the run ---- */

static const bench_counter_record *find_counter(const bench_result *r, const char *name) {
    for (size_t i = 0; i < r->n_counters; i++) {
        if (strcmp(r->counters[i].name, name) == 0) {
            return &r->counters[i];
        }
    }
    return NULL;
}

static int know_counter(struct csv *csv, const bench_counter_record *counter) {
    for (size_t i = 0; i < csv->n_counters; i++) {
        if (strcmp(csv->counters[i]->name, counter->name) == 0) {
            return 0;
        }
    }
    int rc =
        bench__grow(&csv->counters, &csv->capacity, csv->n_counters + 1, sizeof *csv->counters);
    if (rc == 0) {
        csv->counters[csv->n_counters++] = counter;
    }
    return rc;
}

static int collect_counters(struct csv *csv, const bench_run *run) {
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < run->n_results; i++) {
        for (size_t k = 0; rc == 0 && k < run->results[i].n_counters; k++) {
            rc = know_counter(csv, &run->results[i].counters[k]);
        }
    }
    return rc;
}

static void add_counter_titles(struct csv *csv) {
    for (size_t i = 0; i < csv->n_counters; i++) {
        const bench_counter_record *c = csv->counters[i];
        const char *per = c->kind == BENCH_COUNTER_RATE            ? "/s"
                          : c->kind == BENCH_COUNTER_PER_ITERATION ? "/iteration"
                                                                   : "";
        struct bench__strbuf title;
        bench__strbuf_init(&title);
        bench__strbuf_addf(&title, "counter %s [%s%s]", c->name, c->unit[0] != '\0' ? c->unit : "1",
                           per);
        add_buffer(csv, &title);
    }
}

/* ---- lines ---- */

static void add_titles(struct csv *csv) {
    static const char *const first[] = {"name",    "suite",    "group",   "function",
                                        "params",  "status",   "message", "flags",
                                        "threads", "launches", "samples"};
    for (size_t i = 0; i < COUNT(first); i++) {
        add_text(csv, first[i]);
    }
    for (size_t i = 0; i < COUNT(RESULT_COLUMNS); i++) {
        add_text(csv, RESULT_COLUMNS[i].name);
    }
    for (size_t i = 0; i < COUNT(MIDDLE_COLUMNS); i++) {
        add_text(csv, MIDDLE_COLUMNS[i]);
    }
    for (size_t i = 0; i < COUNT(COMPARISON_COLUMNS); i++) {
        add_text(csv, COMPARISON_COLUMNS[i].name);
    }
    add_text(csv, "pair_base");
    add_text(csv, "pair_variant");
    add_counter_titles(csv);
    end_line(csv);
}

static void add_columns(struct csv *csv, const struct column *columns, size_t n,
                        const void *owner) {
    for (size_t i = 0; i < n; i++) {
        double value = NAN;
        if (owner != NULL) {
            memcpy(&value, (const char *)owner + columns[i].offset, sizeof value);
        }
        add_number(csv, value);
    }
}

static void add_params(struct csv *csv, const bench_result *r) {
    struct bench__strbuf params;
    bench__strbuf_init(&params);
    for (size_t i = 0; r != NULL && i < r->n_params; i++) {
        bench__strbuf_addf(&params, "%s%s=%s", i > 0 ? "," : "", r->params[i].name,
                           r->params[i].text);
    }
    add_buffer(csv, &params);
}

static void add_identity(struct csv *csv, const bench_result *r) {
    add_text(csv, r->name);
    add_text(csv, r->suite);
    add_text(csv, r->group);
    add_text(csv, r->function);
    add_params(csv, r);
}

static void add_state(struct csv *csv, const struct bench__row *row) {
    const bench_result *r = row->result;
    struct bench__strbuf flags;
    bench__strbuf_init(&flags);
    for (unsigned i = 0; i < BENCH__N_FLAGS; i++) {
        if (!row->is_missing && r->flags >> i & 1) {
            bench__strbuf_addf(&flags, "%s%s", flags.n > 0 ? "; " : "", bench__flag_word(i));
        }
    }
    add_text(csv, row->is_missing ? "missing" : bench_status_name(r->status));
    add_text(csv, r->message != NULL ? r->message : "");
    add_buffer(csv, &flags);
}

static void add_counters(struct csv *csv, const bench_result *r) {
    for (size_t i = 0; i < csv->n_counters; i++) {
        const bench_counter_record *counter =
            r != NULL ? find_counter(r, csv->counters[i]->name) : NULL;
        add_number(csv, counter != NULL ? counter->value : NAN);
    }
}

/* What a missing benchmark measured in the baseline is not a measurement of this run. */
static void add_line(struct csv *csv, const struct bench__row *row) {
    const bench_result *r = bench__row_measured(row) ? row->result : NULL;
    const bench_comparison *c = row->comparison;
    int has_verdict = c != NULL && c->verdict != BENCH_VERDICT_NONE;
    add_identity(csv, row->result);
    add_state(csv, row);
    add_count(csv, (uint64_t)row->result->n_threads);
    add_count(csv, r != NULL ? r->n_launches : 0);
    add_count(csv, r != NULL ? r->time.outliers.n : 0);
    add_columns(csv, RESULT_COLUMNS, COUNT(RESULT_COLUMNS), r);
    add_number(csv, r != NULL ? bench__elements_per_second(r) : NAN);
    add_number(csv, r != NULL ? bench__bytes_per_second(r) : NAN);
    add_number(csv, r != NULL && r->peak_rss_bytes >= 0 ? (double)r->peak_rss_bytes : NAN);
    add_text(csv, has_verdict ? bench_verdict_name(c->verdict) : "");
    add_text(csv, has_verdict ? c->reason : "");
    add_number(csv, c != NULL && c->before != NULL ? c->before->time.median.point : NAN);
    add_columns(csv, COMPARISON_COLUMNS, COUNT(COMPARISON_COLUMNS), c);
    add_empty(csv, 2);
    add_counters(csv, r);
    end_line(csv);
}

/* A pair is a line of its own: its change is that of the variant against the base, its function the
 * pair's own name. */
static void add_pair(struct csv *csv, const struct bench__pair_row *row) {
    const bench_pair_result *pair = row->pair;
    const int is_ok = pair->status == BENCH_STATUS_OK;
    const bench_comparison change = {
        .change = pair->change, .mde = pair->mde, .p_adjusted = NAN, .threshold = NAN};
    struct bench__strbuf function;
    bench__strbuf_init(&function);
    bench__function_of(&function, pair->name);
    add_text(csv, pair->name);
    add_text(csv, pair->suite);
    add_text(csv, row->base != NULL ? row->base->group : "");
    add_buffer(csv, &function);
    add_params(csv, row->base);
    add_text(csv, bench_status_name(pair->status));
    add_text(csv, pair->message != NULL ? pair->message : "");
    add_empty(csv, 2); /* flags, threads */
    add_count(csv, pair->n_launches);
    add_empty(csv, 1); /* samples */
    add_columns(csv, RESULT_COLUMNS, COUNT(RESULT_COLUMNS), NULL);
    add_empty(csv, COUNT(MIDDLE_COLUMNS));
    add_columns(csv, COMPARISON_COLUMNS, COUNT(COMPARISON_COLUMNS), is_ok ? &change : NULL);
    add_text(csv, pair->base);
    add_text(csv, pair->variant);
    add_counters(csv, NULL);
    end_line(csv);
}

int bench__report_csv(FILE *out, const bench_outcome *outcome, bench_error *err) {
    struct bench__view view;
    struct csv csv = {0};
    int rc = bench__view_init(&view, outcome, err);
    if (rc == 0 && collect_counters(&csv, outcome->run) != 0) {
        rc = bench__error(err, BENCH_ENOMEM, "out of memory for the report");
    }
    if (rc == 0) {
        add_titles(&csv);
        for (size_t i = 0; i < view.n_rows; i++) {
            add_line(&csv, &view.rows[i]);
        }
        for (size_t i = 0; i < view.n_pairs; i++) {
            add_pair(&csv, &view.pairs[i]);
        }
        rc = bench__write_text(out, &csv.text, err);
    }
    bench__free(csv.counters);
    bench__strbuf_clear(&csv.text);
    bench__view_clear(&view);
    return rc;
}
