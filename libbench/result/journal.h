/*
 * result/journal.h - the crash-safe record of a run in progress: JSON lines. The first is about the
 * run, each further one is a launch or a calibration reading, as in a results file
 * (docs/json-format.md). One process at a time: the file is locked while it is open.
 */
#ifndef BENCH_RESULT_JOURNAL_H
#define BENCH_RESULT_JOURNAL_H

#include <bench/result.h>

struct bench__journal;

/** Creates the file and writes the header line: seed, time stamp, host, git commit, executable, and
 *  a digest of the plan (names and resolved options). @return 0; BENCH_EEXIST for a file that is
 *  there and not empty; BENCH_ESYSTEM when it is in use; BENCH_EIO, BENCH_ENOMEM. */
int bench__journal_create(struct bench__journal **out, const char *path, const bench_run *run,
                          const char *plan_digest, bench_error *err);
/**
 * Opens an existing one for `--resume`: fills `run` with the journal's seed, time stamp,
 * calibrations and launches, by index. Launches go to the results of `run` with the same name,
 * which keep their order; for other names, results with nothing but name and launches are added.
 * The last line is cut off when it is not whole: it was being written when the run was killed.
 * @return 0; BENCH_EINVAL for another plan digest, machine, git commit or executable, with the
 * difference; BENCH_EFORMAT for any other line that cannot be read, with its number, and for times
 * of more than a year after the start; BENCH_ENOTFOUND, BENCH_EIO, BENCH_ESYSTEM, BENCH_ENOMEM. On
 * an error `run` is good for nothing but to be freed.
 */
int bench__journal_resume(struct bench__journal **out, const char *path, bench_run *run,
                          const char *plan_digest, bench_error *err);
/** Appends one finished launch; synced to disk at most once a second (and at close). When it cannot
 *  be written whole, the journal is as it was before. */
int bench__journal_launch(struct bench__journal *j, const char *benchmark,
                          const bench_launch *launch, bench_error *err);
int bench__journal_calibration(struct bench__journal *j, const bench_calibration *c,
                               bench_error *err);
/** Syncs, closes and frees, also when the sync fails. NULL is nothing. */
int bench__journal_close(struct bench__journal *j, bench_error *err);

#endif
