/*
 * result/result_file.h - the text of a results or baseline file, beside bench_run_load() and
 * bench_run_save() of <bench/result.h>. docs/json-format.md describes the format.
 */
#ifndef BENCH_RESULT_RESULT_FILE_H
#define BENCH_RESULT_RESULT_FILE_H

#include "result/fields.h"

/** Appends the whole document. `outcome` may be NULL; else it becomes the field "outcome".
 *  @return 0 or BENCH_ENOMEM. */
int bench__run_print(struct bench__strbuf *out, const bench_run *run, int with_samples,
                     const bench_outcome *outcome, bench_error *err);
/** The reverse, from a terminated text; `file` is for messages. Errors as bench_run_load(). */
int bench__run_parse(bench_run **out, const char *file, const char *text, size_t n,
                     bench_error *err);

/* Parts of the document, for reports that are streams of objects. */
void bench__result_write(const struct bench__write_context *context, const char *key,
                         const bench_result *result);
void bench__outcome_write(const struct bench__write_context *context, const char *key,
                          const bench_outcome *outcome);
void bench__comparison_write(struct bench__json_writer *w, const char *key,
                             const bench_comparison *comparison);
void bench__budget_write(struct bench__json_writer *w, const char *key, const bench_budget *budget);

#endif
