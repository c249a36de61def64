/*
 * result/model.h - ownership of the result structs of <bench/result.h>.
 *
 * Arrays grow by doubling and keep no capacity of their own: an array of a model must only be grown
 * by the functions below. Each of them may move the array, so pointers to its elements end with the
 * next call.
 */
#ifndef BENCH_RESULT_MODEL_H
#define BENCH_RESULT_MODEL_H

#include <bench/result.h>

enum { BENCH__FORMAT_VERSION = 1 };      /* of results, baselines and journals */
enum { BENCH__EXECUTABLE_ID_SIZE = 33 }; /* of the id of an executable's content, with its NUL */

/** 1 for 32 hexadecimal digits, small letters: ids become names of files. */
int bench__executable_id_is_valid(const char *id);

/** Names in files and reports, by enum value; NULL at the end. */
extern const char *const bench__verdict_names[];
extern const char *const bench__status_names[];
extern const char *const bench__kernel_names[];

/** A run with every number at "not measured". NULL without memory. Free with bench_run_free(). */
bench_run *bench__run_new(void);
/** All numbers to "not measured", all pointers NULL, status NOT_RUN. */
void bench__result_init(bench_result *result);
void bench__result_clear(bench_result *result);
/** The same; a launch is OK and steady until something else is known. */
void bench__launch_init(bench_launch *launch);
void bench__launch_clear(bench_launch *launch);
/** No launches, all numbers "not measured". */
void bench__duel_record_init(bench_duel_record *record);
/** Appends an initialised result / launch / calibration; NULL without memory. */
bench_result *bench__run_add_result(bench_run *run);
bench_launch *bench__result_add_launch(bench_result *result);
bench_calibration *bench__run_add_calibration(bench_run *run);
bench_pair_result *bench__run_add_pair(bench_run *run);
/** All numbers to "not measured", all pointers NULL, status NOT_RUN. */
void bench__pair_init(bench_pair_result *pair);
void bench__pair_clear(bench_pair_result *pair);
/** Appends the log ratio of one more launch. @return 0 or BENCH_ENOMEM. */
int bench__pair_add_launch(bench_pair_result *pair, double log_ratio);
/** Moves results, pairs and calibration readings of `from` behind those of `into`; launches go on
 *  naming their readings, and the executable is joined (below). What else is known about the runs
 *  stays. @return 0 or BENCH_ENOMEM, with both good for nothing but to be freed. */
int bench__run_move(bench_run *into, bench_run *from);
/** Copies name and text. @return 0 or BENCH_ENOMEM. */
int bench__result_add_param(bench_result *result, const char *name, const char *text, int is_i64,
                            int64_t i64);
/** Appends a counter to an array that has *n of them; NULL without memory. */
bench_counter_record *bench__counter_add(bench_counter_record **counters, size_t *n,
                                         const char *name, const char *unit,
                                         bench_counter_kind kind, double value);
void bench__counters_free(bench_counter_record *counters, size_t n);
/** Sets a label in an array that has *n of them. @return 0 or BENCH_ENOMEM. */
int bench__label_set(bench_label_record **labels, size_t *n, const char *name, const char *value);
/** @return the label of that name, or NULL. */
const bench_label_record *bench__label_find(const bench_label_record *labels, size_t n,
                                            const char *name);
void bench__labels_free(bench_label_record *labels, size_t n);
/** When the last launch or calibration reading of the run ended, ns since its start; 0 without any
 *  whose time is known. */
double bench__run_last_ns(const bench_run *run);
/** Sorts results and pairs by name and launches by index: what files and comparisons rely on. */
void bench__run_sort(bench_run *run);
/** Of a run that takes in results of another: its executable stays only if it is the other's too. A
 *  benchmark must never be measured again with an executable that its times are not from. */
void bench__run_join_executable(bench_run *into, const bench_run *from);
/** Status of the whole benchmark from its launches: the worst, with its message. Launches that were
 *  not run matter only when no launch ended well. */
void bench__result_settle_status(bench_result *result);

/** 1 when a launch may enter an estimate: it ended well and its clock can be trusted. */
int bench__launch_valid(const bench_launch *launch);
/** The part of the launches that ended well and were disturbed (any BENCH_NOISE_ bit); 0 without.
 */
double bench__contaminated_share(const bench_result *result);

#endif
