/* ctl/commands.h - the commands of benchctl, and what they share. */
#ifndef BENCH_CTL_COMMANDS_H
#define BENCH_CTL_COMMANDS_H

#include "cli/options.h"
#include "result/verdict.h"

/** A command's work. @return an exit code (0 or more), or a BENCH_E... code (below 0) with err. */
typedef int benchctl_fn(const struct bench__cli_options *options, bench_error *err);

benchctl_fn benchctl_compare, benchctl_duel, benchctl_noise, benchctl_selftest, benchctl_show;
benchctl_fn benchctl_baseline_list, benchctl_baseline_check, benchctl_baseline_accept;
benchctl_fn benchctl_baseline_cache, benchctl_baseline_prune, benchctl_doctor;

/* ---- show.c ---- */

/** 1 when `text` names a baseline; anything else, and "./NAME", is a path. */
int benchctl_is_baseline(const char *text, const struct bench__cli_options *options);
/**
 * Loads a results or baseline file, a directory with one file per suite, or a baseline by name.
 * @param host of a baseline's machine classes the one of this host is taken; NULL, or none of this
 * host: the only one there is.
 * @param out receives a run to be freed with bench_run_free().
 */
int benchctl_load(bench_run **out, const char *text, const struct bench__cli_options *options,
                  const bench_host *host, bench_error *err);
/** Judges a run (baseline: NULL without one) by the gates (NULL: those that the options name) and
 *  writes all outputs. @return as benchctl_fn. */
int benchctl_report(const bench_run *run, const bench_run *baseline,
                    const struct bench__verdict_options *how, const struct bench__gates *gates,
                    const struct bench__cli_options *options, bench_error *err);

/* ---- duel.c ---- */

/** 1 when both operands of compare are executables (or "executable:benchmark"). */
int benchctl_is_duel(const struct bench__cli_options *options);

/* ---- selftest.c ---- */

/** In a worker process: serves the selftest's benchmarks. @return the process's exit code. */
int benchctl_serve_selftest(void);

#endif
