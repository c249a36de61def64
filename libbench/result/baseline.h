/*
 * result/baseline.h - where baselines live: <dir>/<name>/<machine class>/<suite>.json
 *
 * Names of baselines and suites become path components: BENCH_EINVAL for what is none
 * (bench__is_safe_component).
 */
#ifndef BENCH_RESULT_BASELINE_H
#define BENCH_RESULT_BASELINE_H

#include <bench/result.h>

/**
 * Saves one file per suite of the run. Benchmarks that did not run OK are left out and counted in
 * *out_left_out. Benchmarks that the file has and this run has not stand as they were, with the
 * calibration readings they refer to; the rest of the file is about the newest run, except that the
 * executable is "not known" when any of those came from another one. A file that is there but
 * cannot be read is an error, and stays. Two processes saving at once take turns (a lock on
 * <dir>/<name>/.lock), so that neither loses what the other saved.
 */
int bench__baseline_save(const bench_run *run, const char *dir, const char *name,
                         size_t *out_left_out, bench_error *err);

/**
 * Loads the files of `name` for this machine class and the suites given (all that exist when
 * n_suites is 0) into one run; time stamp and commit are those of the newest file. A suite without
 * a file is not an error as long as one suite has one.
 *
 * When there is nothing of this machine's class but of another, that is loaded instead (its host
 * differs, so its verdicts will be "incomparable"): 0 is returned, and *err, which has to be one of
 * its own for that, holds BENCH_ENOTFOUND with the classes that exist and the way out.
 * @return 0; BENCH_ENOTFOUND with the baselines that exist; the errors of bench_run_load().
 */
int bench__baseline_load(bench_run **out, const char *dir, const char *name, const bench_host *host,
                         const char *const *suites, size_t n_suites, bench_error *err);

/** One line per baseline, class and suite, for `benchctl baseline list`; sorted. */
struct bench__baseline_entry {
    char *name, *machine, *suite, *path; /* owned */
    int64_t size_bytes;
};
/** A directory that does not exist holds no baselines. */
int bench__baseline_list(struct bench__baseline_entry **out, size_t *out_n, const char *dir,
                         bench_error *err);
void bench__baseline_list_free(struct bench__baseline_entry *entries, size_t n);

#endif
