/* result/result_fields.h - the tables of the result structs, for the writer and the reader. */
#ifndef BENCH_RESULT_RESULT_FIELDS_H
#define BENCH_RESULT_RESULT_FIELDS_H

#include "result/fields.h"

/* A custom member's pair of functions. */
#define BENCH__CUSTOM(name_, write_, read_)                                                        \
    { .name = (name_), .type = BENCH__FIELD_CUSTOM, .write = (write_), .read = (read_) }

extern const struct bench__fields bench__run_fields;
extern const struct bench__fields bench__result_fields;
/** Of one launch and one calibration reading; in result files as columns, in a journal as rows. */
extern const struct bench__fields bench__launch_fields;
extern const struct bench__fields bench__calibration_fields;
extern const struct bench__fields bench__host_fields;
extern const char *const bench__clock_names[];

/** The custom member "executable" of a run: {"bytes", "id"}; nothing is written
 *  when it is not known. */
void bench__executable_write(const struct bench__write_context *context, const char *key,
                             const void *owner);
int bench__executable_read(void *owner, const struct bench__json *value);

void bench__counters_write(const struct bench__write_context *context, const char *key,
                           const bench_counter_record *counters, size_t n,
                           enum bench__json_style style);
int bench__counters_read(bench_counter_record **out, size_t *out_n,
                         const struct bench__json *value);
/** Nothing is written when there are none. */
void bench__labels_write(const struct bench__write_context *context, const char *key,
                         const bench_label_record *labels, size_t n, enum bench__json_style style);
int bench__labels_read(bench_label_record **out, size_t *out_n, const struct bench__json *value);
/** One benchmark; its required fields are checked. */
int bench__result_read(bench_result *result, const struct bench__json *object);

#endif
