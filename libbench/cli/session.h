/* cli/session.h - what one invocation holds: its benchmarks, its run, its baseline, its journal. */
#ifndef BENCH_CLI_SESSION_H
#define BENCH_CLI_SESSION_H

#include "cli/options.h"
#include "report/console.h"
#include "result/gates.h"
#include "suite/pair.h"
#include <bench/report.h>
#include <signal.h>

struct bench__session {
    /* given */
    const struct bench__cli_options *options;
    bench_suite *const *suites;
    size_t n_suites;
    const bench_build *build;
    const bench_reporter *reporter; /* may be NULL */
    const char *program;
    bench_error *err;
    /* made on the way */
    struct bench__case *cases;
    size_t n_cases;
    struct bench__pair_case *pairs;
    size_t n_pairs;
    bench_resolved *resolved;
    bench_run *run;
    bench_run *baseline; /* NULL without one */
    char *baseline_exe;  /* the executable behind it, or NULL */
    struct bench__gates *gates;
    bench_outcome outcome;
    char *journal_path; /* NULL: none could be made */
    struct bench__progress_line *line;
};

/** Chooses the benchmarks, and the pairs among them. */
int bench__session_open(struct bench__session *s);
/** Everything that can be wrong before time is spent: gates, baselines, the run's description. */
int bench__session_load(struct bench__session *s);
/** Looks which executable this is. When that cannot be told, the run does not say it. */
void bench__session_identify(struct bench__session *s);
/**
 * Keeps the executable for the baseline just saved, as far as --cache-size allows. What goes wrong
 * is a warning on standard error: the results are saved and stay so.
 * @return 1 when it is kept.
 */
int bench__session_keep_executable(const struct bench__session *s);
/** Decides where the journal goes; a place that cannot be written is a warning, not an error. */
int bench__session_journal(struct bench__session *s);
/** Shows progress on standard error from now on; ended by bench__progress_line_free(s->line). */
void bench__session_progress(struct bench__session *s);
/** Removes the journal of a run whose results are written; after an interruption or an error
 *  (`code`) it stays, and the user is told how to go on with it. */
void bench__session_end_journal(struct bench__session *s, int code);
/** Makes SIGINT, SIGTERM and SIGHUP ask the work to end in order (a second one ends the process),
 *  those that are not ignored already. @return the flag that they set. */
const volatile sig_atomic_t *bench__cli_interrupted(void);
void bench__session_close(struct bench__session *s);

#endif
