/* report/scaling.h - how time grows along an integer axis, all other parameters fixed. */
#ifndef BENCH_REPORT_SCALING_H
#define BENCH_REPORT_SCALING_H

#include "base/strbuf.h"
#include "report/view.h"

/** The steepest growth found along one axis of one function: time = constant * value^exponent.
 *  An estimate from the medians of at least three values. */
struct bench__scaling {
    const bench_result
        *result; /* one of the series: names suite, group, function and fixed values */
    size_t axis; /* index of the axis in its params */
    size_t n_values;
    size_t n_series;         /* combinations of the other parameters looked at */
    bench_estimate exponent; /* of the steepest series, 95 % interval of the fit */
    int is_steep;            /* above 1.5: grows clearly faster than the work */
};

/** One entry per function and integer axis with three or more measured values; free with
 *  bench__free(). @return 0 or BENCH_ENOMEM. */
int bench__scaling_find(struct bench__scaling **out, size_t *out_n, const struct bench__view *view,
                        bench_error *err);
/** "time grows in proportion to size (size^0.98)" and the like; escaped for terminals. */
void bench__scaling_say(struct bench__strbuf *out, const struct bench__scaling *scaling);

#endif
