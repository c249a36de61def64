/*
 * Pairs after they were played. Measures nothing; the statistics are stats/paired.
 */
#include "result/pairs.h"

#include "result/model.h"
#include "stats/paired.h"

#include <math.h>
#include <string.h>

/* Only more than BENCH__SIGN_FLIP_EXACT launches draw; the same draws wherever a file is read. */
#define SIGN_FLIP_SEED 1

int bench__pair_analyze(bench_pair_result *pair, bench_error *err) {
    const struct bench__launch_values values = {.x = pair->log_ratio, .n = pair->n_launches};
    const struct bench__paired_options options = {.alpha = pair->alpha, .seed = SIGN_FLIP_SEED};
    struct bench__paired paired;
    if (pair->n_launches == 0) {
        return 0;
    }
    const int rc = bench__paired(&paired, &values, NULL, &options, err);
    if (rc != 0) {
        return rc;
    }
    pair->change = (bench_estimate){expm1(paired.change.point), expm1(paired.change.lower),
                                    expm1(paired.change.upper)};
    pair->p_value = paired.p.two_sided;
    pair->mde = expm1(paired.mde);
    return 0;
}

int bench__pair_failed(const bench_pair_result *pair) {
    return pair->status != BENCH_STATUS_OK && pair->status != BENCH_STATUS_SKIPPED &&
           pair->status != BENCH_STATUS_NOT_RUN;
}

int bench__pair_decides(const bench_pair_result *pair) {
    return pair->status == BENCH_STATUS_OK && !isnan(pair->change.lower) &&
           !isnan(pair->change.upper);
}

int bench__pair_ratio(bench_estimate *out, const bench_run *run, const char *of, const char *over) {
    const bench_pair_result *pair = bench_run_find_pair(run, of, over);
    if (pair == NULL || !bench__pair_decides(pair)) {
        return 0;
    }
    const bench_estimate *c = &pair->change;
    if (strcmp(pair->variant, of) == 0) {
        *out = (bench_estimate){1 + c->point, 1 + c->lower, 1 + c->upper};
    } else {
        *out = (bench_estimate){1 / (1 + c->point), 1 / (1 + c->upper), 1 / (1 + c->lower)};
    }
    return 1;
}
