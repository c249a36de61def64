/* result/named_metric.h - the numbers of a result by name: metrics and the counters of its own. */
#ifndef BENCH_RESULT_NAMED_METRIC_H
#define BENCH_RESULT_NAMED_METRIC_H

#include <bench/result.h>

struct bench__metric {
    const char *name;
    const char *unit;     /* as reports know it */
    const char *quantity; /* as bench__parse_quantity calls it */
    bench_estimate (*get)(const bench_result *result);
    const char *needs; /* what the benchmark lacks when it is not measured */
};

/** @return NULL when there is no metric of this name. */
const struct bench__metric *bench__metric_find(const char *name);

/** The value of a metric, or of the counter of that name; its interval is NAN where there is none.
 *  @param out_unit receives the unit. @param out_reason why the value is NAN, if it is. */
bench_estimate bench__metric_value(const bench_result *result, const char *name,
                                   const char **out_unit, const char **out_reason);

#endif
