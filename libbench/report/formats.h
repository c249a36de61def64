/* report/formats.h - machine-readable reports. None of them decides anything. */
#ifndef BENCH_REPORT_FORMATS_H
#define BENCH_REPORT_FORMATS_H

#include <bench/report.h>
#include <stdio.h>

/** One JSON document: the results file's format with samples, and "outcome" (verdicts, budgets,
 *  exit code). docs/schema/results.schema.json. */
int bench__report_json(FILE *out, const bench_outcome *outcome, bench_error *err);
/** One JSON object per line: {"kind": "benchmark", "result", "comparison"} for each benchmark (no
 *  samples; "result" is null for a missing one), {"kind": "budget", "budget"} for each budget, and
 *  {"kind": "summary", "answer", "exit_code", "verdicts", ...} at the end. */
int bench__report_jsonl(FILE *out, const bench_outcome *outcome, bench_error *err);
/**
 * RFC 4180, one row per benchmark, missing ones included; a header row; empty cells for what was
 * not measured; numbers with 6 digits. Columns, by name, in this order (later versions append):
 *   name, suite, group, function, params ("size=100,batch=1")
 *   status ("ok", "skipped", ..., "missing"), message, flags ("not steady; prints")
 *   threads, launches, samples
 *   time_ns, time_lower_ns, time_upper_ns   median over launches, with its interval
 *   mean_ns, std_dev_ns, mad_ns             over launch medians
 *   min_ns, q05_ns, q95_ns, max_ns          of all samples
 *   spread                                  launch to launch, of log time
 *   cold_ns, cpu_ns                         first call; CPU time per iteration
 *   latency_p50_ns, _p95_ns, _p99_ns, _p999_ns, _max_ns
 *   error_rate                              per iteration
 *   elements_per_second, bytes_per_second   over all threads
 *   peak_rss_bytes
 *   verdict, reason, before_ns              before_ns: the baseline's median
 *   change, change_lower, change_upper, mde, p_adjusted, threshold    relative: 0.02 is 2 % slower
 *   counter NAME [UNIT]                     one for each counter's name in the run
 */
int bench__report_csv(FILE *out, const bench_outcome *outcome, bench_error *err);
/** GitHub-flavoured, for a step summary or a comment: the answer, a table per suite with verdicts,
 *  budgets below. Names are shown as they are, never interpreted. */
int bench__report_markdown(FILE *out, const bench_outcome *outcome, bench_error *err);

/** The flat document of message-library dashboards: name, backend and metrics per benchmark,
 *  latencies as text ("1.2us"), null for what was not measured. For those who read that shape. */
int bench__report_compat(FILE *out, const bench_outcome *outcome, bench_error *err);

#endif
