/*
 * Pairs after they were played. Measures nothing; the statistics are stats/paired.
 */
#include "result/pairs.h"

#include "result/model.h"
#include "stats/paired.h"

#include <math.h>
#include <stdlib.h>
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

size_t bench__pairs_failed(const bench_run *run) {
    size_t n = 0;
    for (size_t i = 0; i < run->n_pairs; i++) {
        const bench_status status = run->pairs[i].status;
        n += status != BENCH_STATUS_OK && status != BENCH_STATUS_SKIPPED &&
             status != BENCH_STATUS_NOT_RUN;
    }
    return n;
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

/* ---- sets of pairs ----------------------------------------------------------------------------
 */

static int by_name(const void *a, const void *b) {
    const bench_pair_result *x = a, *y = b;
    return strcmp(x->name, y->name);
}

void bench__pairs_sort(bench_run *run) {
    if (run->n_pairs > 1) {
        qsort(run->pairs, run->n_pairs, sizeof *run->pairs, by_name);
    }
}

static const bench_pair_result *find_played(const bench_run *run, const char *name,
                                            const char *suite) {
    for (size_t i = 0; i < run->n_pairs; i++) {
        const bench_pair_result *pair = &run->pairs[i];
        if (pair->status == BENCH_STATUS_OK && strcmp(pair->suite, suite) == 0 &&
            strcmp(pair->name, name) == 0) {
            return pair;
        }
    }
    return NULL;
}

int bench__pairs_borrow(bench_run *out, const bench_run *source, const bench_run *run,
                        const char *suite) {
    for (size_t i = 0; i < source->n_pairs; i++) {
        const bench_pair_result *newer = find_played(run, source->pairs[i].name, suite);
        if (source == run ? newer == NULL : newer != NULL) {
            continue;
        }
        bench_pair_result *copy = bench__run_add_pair(out);
        if (copy == NULL) {
            return BENCH_ENOMEM;
        }
        *copy = source->pairs[i];
    }
    return 0;
}
