/*
 * Launches of pairs are drawn from a seed made of the pair's name, as those of benchmarks are in
 * fixture_run.c.
 */
#include "support/fixture_pairs.h"

#include "base/mem.h"
#include "base/rng.h"
#include "result/json.h"
#include "result/model.h"
#include "result/pairs.h"
#include "support/fixture_support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Launches whose change of time is about `change`; without a spread the pair was not played. */
static void add_pair(bench_run *run, const char *name, const char *base, const char *variant,
                     double change, double spread, bench_status status, const char *message) {
    bench_pair_result *pair = bench__run_add_pair(run);
    struct bench__rng rng;
    check(pair != NULL, "out of memory");
    pair->name = copy(name);
    pair->suite = bench__strndup(name, strcspn(name, "/"));
    pair->base = copy(base);
    pair->variant = copy(variant);
    pair->status = status;
    pair->message = message != NULL ? copy(message) : NULL;
    pair->alpha = 0.05;
    bench__rng_init(&rng, seed_of(name));
    for (int i = 0; spread > 0 && i < 16; i++) {
        const double x = log1p(change) + spread * bench__rng_normal(&rng);
        check(bench__pair_add_launch(pair, bench__round_digits(x, 6)) == 0, "out of memory");
    }
    check(bench__pair_analyze(pair, NULL) == 0, "pair");
}

void fixture_add_pairs(bench_run *run) {
    add_pair(run, "memory_usage/join/index/n=64", "memory_usage/join/pairs/n=64",
             "memory_usage/join/indexed/n=64", -0.0031, 0.006, BENCH_STATUS_OK, NULL);
    add_pair(run, "memory_usage/join/index/n=256", "memory_usage/join/pairs/n=256",
             "memory_usage/join/indexed/n=256", 0.081, 0.005, BENCH_STATUS_OK, NULL);
    add_pair(run, "memory_usage/join/index/n=1024", "memory_usage/join/pairs/n=1024",
             "memory_usage/join/indexed/n=1024", 0, 0, BENCH_STATUS_CRASHED,
             "memory_usage/join/indexed/n=1024: signal 11 (segmentation fault)");
    add_pair(
        run, "core_operations/serialise/format",
        "core_operations/serialise/into_a_buffer_that_the_caller_owns_and_has_sized_generously",
        "core_operations/serialise/json", 5600, 0.01, BENCH_STATUS_OK, NULL);
    add_pair(run, "core_operations/publish/network/size=100,batch=1",
             "core_operations/publish/inmemory/size=100,batch=1",
             "core_operations/publish/rabbitmq/size=100,batch=1", 0, 0, BENCH_STATUS_SKIPPED,
             "core_operations/publish/rabbitmq/size=100,batch=1: RABBITMQ_URL is not set");
}

void fixture_add_hostile_pair(bench_run *run) {
    add_pair(run, "<script>alert(1)</script>/a&b\"c'/pipe|`tick` \033[31m\r\n",
             "<script>alert(1)</script>/a&b\"c'/escape \033[31m\r\n\a",
             "<script>alert(1)</script>/a&b\"c'/messung \xff", 0, 0, BENCH_STATUS_FAILED,
             "</table><img src=x onerror=alert(1)>, \"quoted\"\nand | a second line");
}
