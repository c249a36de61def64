/*
 * The end of a run: hands the launches to the analysis.
 */
#include "run/finish.h"

#include "base/robust.h"
#include "result/analyze.h"
#include "result/model.h"
#include "result/pairs.h"

#include <math.h>

#define MAX_READINGS 512

/* No loop iteration is faster than the dependent decrement of its own counter. */
static double empty_loop_ns(const bench_run *run) {
    double adds[MAX_READINGS];
    size_t n = 0;
    for (size_t i = 0; i < run->n_calibrations && n < MAX_READINGS; i++) {
        const double ns = run->calibrations[i].ns[BENCH_KERNEL_ADD];
        if (!isnan(ns)) {
            adds[n++] = ns;
        }
    }
    return bench__median_inplace(adds, n);
}

int bench__finish(bench_run *run, bench_error *err) {
    const double empty_ns = empty_loop_ns(run);
    int code = 0;
    for (size_t i = 0; code == 0 && i < run->n_results; i++) {
        bench_result *result = &run->results[i];
        if (result->n_launches == 0) {
            continue;
        }
        bench__result_settle_status(result);
        code = bench__analyze(result, run->calibrations, run->n_calibrations, empty_ns, run->seed,
                              err);
    }
    for (size_t i = 0; code == 0 && i < run->n_pairs; i++) {
        code = bench__pair_analyze(&run->pairs[i], err);
    }
    bench__run_sort(run);
    return code;
}
