/* result/model.h - ownership of the result structs of <bench/result.h>. */
#ifndef BENCH_RESULT_MODEL_H
#define BENCH_RESULT_MODEL_H

#include <bench/result.h>

/** A run with every number at "not measured". NULL without memory. Free with bench_run_free(). */
bench_run *bench__run_new(void);
/** All numbers to "not measured", all pointers NULL. */
void bench__result_init(bench_result *result);
void bench__result_clear(bench_result *result);
void bench__launch_init(bench_launch *launch);
void bench__launch_clear(bench_launch *launch);
/** Appends a zeroed, initialised result / launch / calibration; NULL without memory. */
bench_result *bench__run_add_result(bench_run *run);
bench_launch *bench__result_add_launch(bench_result *result);
bench_calibration *bench__run_add_calibration(bench_run *run);
int bench__result_add_param(bench_result *result, const char *name, const char *text, int is_i64, int64_t i64);
bench_counter_record *bench__counter_add(bench_counter_record **counters, size_t *n, const char *name,
                                         const char *unit, bench_counter_kind kind, double value);
/** Sorts results by name and launches by index: what files and comparisons rely on. */
void bench__run_sort(bench_run *run);
/** Status of the whole benchmark from its launches: the worst, with its message. */
void bench__result_settle_status(bench_result *result);

#endif
