/*
 * Finds series of measurements that differ in one integer parameter only and fits a power law to
 * each. Keeps the steepest per function and axis: the one that decides how far the code will go.
 */
#include "report/scaling.h"

#include "base/error.h"
#include "base/mem.h"
#include "report/figures.h"
#include "stats/regression.h"

#include <math.h>
#include <string.h>

static const double STEEP = 1.5;

/* The measured rows of one function, and room for the points of one series. */
struct series {
    const struct bench__row *rows;
    size_t n_rows;
    double *x, *y;
    size_t n;
};

static int same_function(const bench_result *a, const bench_result *b) {
    if (strcmp(a->suite, b->suite) != 0 || strcmp(a->group, b->group) != 0 ||
        strcmp(a->function, b->function) != 0 || a->n_params != b->n_params) {
        return 0;
    }
    for (size_t i = 0; i < a->n_params; i++) {
        if (strcmp(a->params[i].name, b->params[i].name) != 0) {
            return 0;
        }
    }
    return 1;
}

static int same_but(const bench_result *a, const bench_result *b, size_t axis) {
    for (size_t i = 0; i < a->n_params; i++) {
        if (i != axis && strcmp(a->params[i].text, b->params[i].text) != 0) {
            return 0;
        }
    }
    return 1;
}

static int usable(const struct bench__row *row, size_t axis) {
    const bench_result *r = row->result;
    return bench__row_measured(row) && r->params[axis].is_i64 && r->params[axis].i64 > 0 &&
           r->time.median.point > 0;
}

/* 1 when row `first` is the first of its series; then fills the points. */
static int collect(struct series *s, size_t first, size_t axis) {
    s->n = 0;
    for (size_t i = 0; i < s->n_rows; i++) {
        const bench_result *r = s->rows[i].result;
        if (!usable(&s->rows[i], axis) || !same_but(s->rows[first].result, r, axis)) {
            continue;
        }
        if (i < first) {
            return 0;
        }
        s->x[s->n] = (double)r->params[axis].i64;
        s->y[s->n++] = r->time.median.point;
    }
    return usable(&s->rows[first], axis);
}

/* 1 when at least one series of that axis could be fitted. */
static int fit_axis(struct bench__scaling *out, struct series *s, size_t axis) {
    *out = (struct bench__scaling){.axis = axis};
    for (size_t i = 0; i < s->n_rows; i++) {
        bench_estimate e;
        if (!collect(s, i, axis) || s->n < 3 ||
            bench__power_law(s->x, s->y, s->n, 0.95, &e.point, &e.lower, &e.upper) != 0) {
            continue;
        }
        if (out->n_series == 0 || e.point > out->exponent.point) {
            out->result = s->rows[i].result;
            out->n_values = s->n;
            out->exponent = e;
        }
        out->n_series++;
    }
    out->is_steep = out->exponent.point > STEEP;
    return out->n_series > 0;
}

static size_t function_end(const struct bench__view *view, size_t from) {
    size_t end = from + 1;
    while (end < view->n_rows && same_function(view->rows[from].result, view->rows[end].result)) {
        end++;
    }
    return end;
}

int bench__scaling_find(struct bench__scaling **out, size_t *out_n, const struct bench__view *view,
                        bench_error *err) {
    size_t capacity = 0;
    *out = NULL;
    *out_n = 0;
    struct series s = {.x = bench__alloc(view->n_rows, sizeof(double)),
                       .y = bench__alloc(view->n_rows, sizeof(double))};
    int rc = s.x == NULL || s.y == NULL ? BENCH_ENOMEM : 0;
    for (size_t from = 0, end; rc == 0 && from < view->n_rows; from = end) {
        end = function_end(view, from);
        s.rows = view->rows + from;
        s.n_rows = end - from;
        for (size_t axis = 0; rc == 0 && axis < s.rows->result->n_params; axis++) {
            struct bench__scaling found;
            if (fit_axis(&found, &s, axis)) {
                rc = bench__grow(out, &capacity, *out_n + 1, sizeof **out);
                if (rc == 0) {
                    (*out)[(*out_n)++] = found;
                }
            }
        }
    }
    bench__free(s.x);
    bench__free(s.y);
    if (rc != 0) {
        bench__free(*out);
        *out = NULL;
        *out_n = 0;
        return bench__error(err, rc, "out of memory for the report");
    }
    return 0;
}

static const char *how_it_grows(double exponent) {
    if (exponent > STEEP) {
        return "grows much faster than";
    }
    if (exponent > 1.1) {
        return "grows faster than";
    }
    if (exponent >= 0.9) {
        return "grows in proportion to";
    }
    return exponent > 0.1 ? "grows slower than" : "hardly depends on";
}

/* The values of the other parameters: "batch=1000". */
static void add_fixed(struct bench__strbuf *out, const struct bench__scaling *s) {
    const char *separator = "";
    for (size_t i = 0; i < s->result->n_params; i++) {
        if (i != s->axis) {
            bench__strbuf_add(out, separator);
            bench__strbuf_add_safe(out, s->result->params[i].name);
            bench__strbuf_addc(out, '=');
            bench__strbuf_add_safe(out, s->result->params[i].text);
            separator = ",";
        }
    }
}

void bench__scaling_say(struct bench__strbuf *out, const struct bench__scaling *scaling) {
    const char *axis = scaling->result->params[scaling->axis].name;
    char number[BENCH__FIGURE_SIZE];
    bench__strbuf_addf(out, "time %s ", how_it_grows(scaling->exponent.point));
    bench__strbuf_add_safe(out, axis);
    bench__strbuf_add(out, " (");
    bench__strbuf_add_safe(out, axis);
    bench__strbuf_addf(out, "^%s",
                       bench__figure_fixed(number, sizeof number, scaling->exponent.point, 2));
    if (scaling->n_series > 1) {
        bench__strbuf_add(out, " at ");
        add_fixed(out, scaling);
    }
    bench__strbuf_add(out, ")");
}
