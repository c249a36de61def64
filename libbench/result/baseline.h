/* result/baseline.h - where baselines live: <dir>/<name>/<machine class>/<suite>.json */
#ifndef BENCH_RESULT_BASELINE_H
#define BENCH_RESULT_BASELINE_H

#include <bench/result.h>

/** Saves one file per suite of the run. Benchmarks that did not run OK are left out and named in
 *  *out_left_out (a count). With only part of a suite run, the file's other benchmarks stand as
 * they were. Two runs saving at once: each file is written whole, under a lock file; the last one
 * wins. */
int bench__baseline_save(const bench_run *run, const char *dir, const char *name,
                         size_t *out_left_out, bench_error *err);

/** Loads the files of `name` for this machine class and the suites given (all that exist when
 *  n_suites is 0) into one run. When there is no file of this class but others exist, *out_other
 *  receives the run of another class (verdict: incomparable) and err explains; else BENCH_ENOTFOUND
 *  with the list of baselines or classes that exist. */
int bench__baseline_load(bench_run **out, const char *dir, const char *name, const bench_host *host,
                         const char *const *suites, size_t n_suites, bench_error *err);

/** One line per baseline, class and suite, for `benchctl baseline list`. */
struct bench__baseline_entry {
    char *name, *machine, *suite, *path; /* owned */
    int64_t size_bytes;
};
int bench__baseline_list(struct bench__baseline_entry **out, size_t *out_n, const char *dir,
                         bench_error *err);
void bench__baseline_list_free(struct bench__baseline_entry *entries, size_t n);

#endif
