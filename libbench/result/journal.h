/* result/journal.h - the crash-safe record of a run in progress: JSON lines, one per launch. */
#ifndef BENCH_RESULT_JOURNAL_H
#define BENCH_RESULT_JOURNAL_H

#include <bench/result.h>

struct bench__journal;

/** Creates (refusing to replace an existing file that is not empty) and writes the header line:
 * seed, time stamp, host, git commit, and a digest of the plan (names and resolved options). */
int bench__journal_create(struct bench__journal **out, const char *path, const bench_run *run,
                          const char *plan_digest, bench_error *err);
/** Opens an existing one for `--resume`: fills `run` with seed, calibrations and the launches that
 * are there (results with name and launches only). A half-written last line is dropped. Another
 * plan digest or machine: BENCH_EINVAL with the difference. */
int bench__journal_resume(struct bench__journal **out, const char *path, bench_run *run,
                          const char *plan_digest, bench_error *err);
/** Appends one finished launch; synced to disk at most once a second (and at close). */
int bench__journal_launch(struct bench__journal *j, const char *benchmark,
                          const bench_launch *launch, bench_error *err);
int bench__journal_calibration(struct bench__journal *j, const bench_calibration *c,
                               bench_error *err);
int bench__journal_close(struct bench__journal *j, bench_error *err);

#endif
