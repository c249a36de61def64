/*
 * cli/output.h - what run_benches and benchctl share once their options are read: the gates in
 * force, and an outcome written to every place that was asked for.
 */
#ifndef BENCH_CLI_OUTPUT_H
#define BENCH_CLI_OUTPUT_H

#include "cli/options.h"
#include "report/console.h"
#include "result/gates.h"

/** The file of --gates, else gates.json of the baselines' directory when there is one, else the
 *  built-in gates; then what the command line says otherwise. Errors as bench__gates_load(). */
int bench__cli_gates(struct bench__gates **out, const struct bench__cli_options *options,
                     bench_error *err);

/** What `out` can show, by --color, --quiet and --verbose. */
void bench__cli_style(struct bench__style *style, const struct bench__cli_options *options,
                      FILE *out);

/** 1 when results go to standard output: they are text, no --out names a file, or one is "-". */
int bench__cli_wants_standard_output(const struct bench__cli_options *options);

/** The format that the ending of a file's name asks for. */
enum bench__format bench__cli_file_format(const char *path, enum bench__format otherwise);

/**
 * Writes the outcome
 * - to `out` in --output-format; when that is not text and --out names files, only if one is "-",
 * - to every file of --out, atomically, in the format of its ending, else in --output-format,
 * - as Markdown to the end of the file in GITHUB_STEP_SUMMARY, when that is set,
 * - as HTML to the directory of --report.
 * One that fails does not keep the others from being written; the first error is returned.
 * @param messages receives lines for the user that are no results, such as missing plots.
 */
int bench__cli_write_outputs(const bench_outcome *outcome, const struct bench__cli_options *options,
                             const struct bench__style *style, FILE *out, FILE *messages,
                             bench_error *err);

#endif
