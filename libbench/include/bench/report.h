/*
 * bench/report.h - reporters of your own, beside those of the command line.
 */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include <bench/result.h>

BENCH_BEGIN_DECLS

/** How far a run is. Strings are borrowed for the time of the call. */
typedef struct bench_progress {
    size_t launches_done, launches_total;
    size_t benchmarks_done, benchmarks_total; /**< a pair counts as one more */
    int64_t elapsed_ns;
    int64_t remaining_ns;         /**< estimated; -1 while unknown */
    const char *name;             /**< of the benchmark or pair about to be launched, or finished */
    const bench_result *finished; /**< set when a benchmark's last launch is in; status and launches
                                       are valid, estimates not yet */
    const bench_pair_result *finished_pair; /**< the same for a pair */
} bench_progress;

/** A reporter: hooks, all optional. They run in the runner's process, never while something is
 *  timed in it (with --in-process: never between a benchmark's samples). */
typedef struct bench_reporter {
    uint32_t version; /**< 0: the version of this header */
    void *user;       /**< handed to every hook */
    void (*on_progress)(void *user, const bench_progress *progress);
    /** At the end, before the library's own reporters. @return 0, or a BENCH_E... code with err. */
    int (*on_outcome)(void *user, const bench_outcome *outcome, bench_error *err);
} bench_reporter;

/** As bench_main(), with a reporter of your own. `reporter` is borrowed for the call. */
static inline int bench_main_reporter(int argc, char **argv, bench_suite *const *suites,
                                      size_t n_suites, const bench_reporter *reporter) {
    const bench_build build = {0, BENCH_COMPILER, BENCH_COMPILE_FLAGS};
    return bench_main_build(argc, argv, suites, n_suites, reporter, &build);
}

BENCH_END_DECLS

#endif
