/* report/formats.h - machine-readable reports. None of them decides anything. */
#ifndef BENCH_REPORT_FORMATS_H
#define BENCH_REPORT_FORMATS_H

#include <bench/report.h>
#include <stdio.h>

/** One JSON document: the results file's format with samples, and "outcome" (verdicts, budgets,
 *  exit code). docs/schema/results.schema.json. */
int bench__report_json(FILE *out, const bench_outcome *outcome, bench_error *err);
/** One JSON object per benchmark and line, then one per budget, then a summary line. */
int bench__report_jsonl(FILE *out, const bench_outcome *outcome, bench_error *err);
/** RFC 4180, one row per benchmark, a header row; empty cells for what was not measured. */
int bench__report_csv(FILE *out, const bench_outcome *outcome, bench_error *err);
/** A GitHub-flavoured table per suite with verdicts, budgets below. */
int bench__report_markdown(FILE *out, const bench_outcome *outcome, bench_error *err);

#endif
