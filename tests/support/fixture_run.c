/*
 * Builds fixtures from a table of benchmarks. Every random number comes from a seed made of the
 * benchmark's name, so that adding a benchmark does not change the others.
 */
#include "support/fixture_run.h"

#include "base/mem.h"
#include "base/rng.h"
#include "measure/histogram.h"
#include "result/analyze.h"
#include "result/model.h"
#include "support/fixture_pairs.h"
#include "support/fixture_support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { N_SAMPLES = 40 };

/* One benchmark of a fixture: identity, how fast it is, and what is special about it. */
struct recipe {
    const char *suite, *group, *function;
    const char
        *params;   /* "size=100,batch=1", integers unless a value does not start with a digit */
    double ns;     /* per iteration */
    double spread; /* launch to launch, of log time */
    double elements, bytes; /* per iteration; 0 is none */
    double was;             /* baseline over this run; 0: not in the baseline */
    int n_threads;
    unsigned flags; /* added to those of the analysis */
    bench_status status;
    const char *message;
    int is_latency;
    bench_verdict verdict;
};

#define OK   .status = BENCH_STATUS_OK
#define PASS .verdict = BENCH_VERDICT_PASS

static const struct recipe RECIPES[] = {
    {"core_operations", "publish", "inmemory", "size=100,batch=1", 83.1, 0.006, 1, 0, 0.997, 1, 0,
     OK, PASS},
    {"core_operations", "publish", "inmemory", "size=100,batch=10", 402, 0.005, 10, 0, 1.002, 1, 0,
     OK, PASS},
    {"core_operations", "publish", "inmemory", "size=100,batch=100", 3310, 0.009, 100, 0, 0.855, 1,
     0, OK, .verdict = BENCH_VERDICT_REGRESSED},
    {"core_operations", "publish", "inmemory", "size=1024,batch=1", 121, 0.007, 1, 1024, 1.0, 1, 0,
     OK, PASS},
    {"core_operations", "publish", "inmemory", "size=1024,batch=10", 633, 0.006, 10, 10240, 1.21, 1,
     0, OK, .verdict = BENCH_VERDICT_IMPROVED},
    {"core_operations", "publish", "inmemory", "size=1024,batch=100", 5210, 0.051, 100, 102400,
     0.98, 1, BENCH_FLAG_NOISY, OK, .verdict = BENCH_VERDICT_INCONCLUSIVE},
    {"core_operations", "publish", "inmemory", "size=10240,batch=1", 452, 0.008, 1, 10240, 0.974, 1,
     0, OK, PASS},
    {"core_operations", "publish", "inmemory", "size=10240,batch=10", 3904, 0.007, 10, 102400,
     1.004, 1, 0, OK, PASS},
    {"core_operations", "publish", "inmemory", "size=10240,batch=100", 38400, 0.012, 100, 1024000,
     1.001, 1, 0, OK, PASS},
    {"core_operations", "publish", "rabbitmq", "size=100,batch=1", 0, 0, 1, 0, 0, 1, 0,
     .status = BENCH_STATUS_SKIPPED, .message = "RABBITMQ_URL is not set"},
    {"core_operations", "receive", "same_thread", "", 61.2, 0.004, 1, 0, 1.001, 1, 0, OK,
     .is_latency = 1, PASS},
    {"core_operations", "receive", "wake_up", "", 7340, 0.031, 1, 0, 1.02, 2,
     BENCH_FLAG_MULTIMODAL | BENCH_FLAG_NOT_STEADY, OK, .is_latency = 1,
     .verdict = BENCH_VERDICT_INCONCLUSIVE},
    {"core_operations", "serialise", "into_a_buffer_that_the_caller_owns_and_has_sized_generously",
     "", 208, 0.003, 0, 184, 0.999, 1, 0, OK, PASS},
    {"core_operations", "serialise", "json", "", 1180000, 0.004, 0, 65536, 1.0, 1, 0, OK, PASS},
    {"core_operations", "uuid", "empty", "", 0.3121, 0.002, 0, 0, 1.0, 1,
     BENCH_FLAG_DEAD_CODE | BENCH_FLAG_CLOCK_BOUND, OK, .verdict = BENCH_VERDICT_INCOMPARABLE},
    {"core_operations", "uuid", "format", "", 18.4, 0.003, 0, 0, 0, 1, BENCH_FLAG_WRITES_OUTPUT,
     OK},
    {"core_operations", "uuid", "gone", "", 33.0, 0.003, 0, 0, 1.0, 1, 0,
     .status = BENCH_STATUS_NOT_RUN, .verdict = BENCH_VERDICT_MISSING},
    {"core_operations", "uuid", "parse", "", 0, 0, 0, 0, 0, 1, 0, .status = BENCH_STATUS_CRASHED,
     .message = "signal 11 (segmentation fault) in launch 3"},
    {"memory_usage", "join", "pairs", "n=64", 4100, 0.004, 64, 0, 1.001, 1, 0, OK, PASS},
    {"memory_usage", "join", "pairs", "n=256", 66300, 0.004, 256, 0, 0.999, 1, 0, OK, PASS},
    {"memory_usage", "join", "pairs", "n=1024", 1050000, 0.004, 1024, 0, 1.0, 1, 0, OK, PASS},
    {"memory_usage", "shared_broker", "steady", "threads=1", 90.0, 0.006, 1, 0, 1.0, 1, 0, OK,
     PASS},
    {"memory_usage", "shared_broker", "steady", "threads=2", 133, 0.006, 1, 0, 1.0, 2, 0, OK, PASS},
    {"memory_usage", "shared_broker", "steady", "threads=8", 640, 0.02, 1, 0, 1.0, 8,
     BENCH_FLAG_OVERSUBSCRIBED | BENCH_FLAG_FEW_LAUNCHES, OK, PASS},
};

static const struct recipe HOSTILE[] = {
    {"<script>alert(1)</script>", "a&b\"c'", "pipe|`tick`", "", 83.1, 0.006, 1, 0, 0, 1, 0, OK},
    {"<script>alert(1)</script>", "a&b\"c'", "escape \033[31m\r\n\a", "", 83.1, 0.006, 1, 0, 0, 1,
     0, OK},
    {"<script>alert(1)</script>", "a&b\"c'", "messung \xc3\xa4\xc3\xb6\xc3\xbc \xff", "", 83.1,
     0.006, 1, 0, 0, 1, 0, OK},
    {"<script>alert(1)</script>", "a&b\"c'", "reason", "", 0, 0, 0, 0, 0, 1, 0,
     .status = BENCH_STATUS_FAILED,
     .message =
         "]]></svg><img src=x onerror=alert(1)>, \"quoted\"\nand a second line | with a pipe"},
};

static void add_params(bench_result *r, const char *text) {
    while (*text != '\0') {
        char name[64];
        char value[64];
        int n = 0;
        check(sscanf(text, "%63[^=]=%63[^,]%n", name, value, &n) == 2, "bad params");
        check(bench__result_add_param(r, name, value, 1, strtoll(value, NULL, 10)) == 0, "params");
        text += n + (text[n] == ',');
    }
}

static void set_identity(bench_result *r, const struct recipe *recipe) {
    char name[512];
    snprintf(name, sizeof name, "%s/%s/%s%s%s", recipe->suite, recipe->group, recipe->function,
             recipe->params[0] != '\0' ? "/" : "", recipe->params);
    r->name = copy(name);
    r->suite = copy(recipe->suite);
    r->group = copy(recipe->group);
    r->function = copy(recipe->function);
    add_params(r, recipe->params);
    r->n_threads = recipe->n_threads;
    r->elements_per_iteration = recipe->elements > 0 ? recipe->elements : NAN;
    r->bytes_per_iteration = recipe->bytes > 0 ? recipe->bytes : NAN;
    r->options = (bench_resolved){.sampling = recipe->is_latency ? BENCH_SAMPLING_LATENCY
                                                                 : BENCH_SAMPLING_FLAT,
                                  .warm_up_time_ns = 500000000,
                                  .measurement_time_ns = 1000000000,
                                  .launches = 16,
                                  .sample_size = N_SAMPLES,
                                  .timeout_ns = 60000000000,
                                  .confidence_level = 0.95,
                                  .n_resamples = 1000};
}

static void fill_latency(bench_launch *launch, struct bench__rng *rng, double ns) {
    struct bench__histogram *h = bench__histogram_new();
    check(h != NULL, "out of memory");
    for (int i = 0; i < 8000; i++) {
        double tail = bench__rng_below(rng, 100) == 0 ? 6.0 : 1.0;
        bench__histogram_add(h, ns * exp(0.1 * bench__rng_normal(rng)) * tail);
    }
    check(bench__histogram_record(h, &launch->latency) == 0, "latency");
    bench__histogram_free(h);
}

/* Samples of one launch: its own level, a skewed scatter, and a slow one now and then. */
static void fill_samples(bench_launch *launch, struct bench__rng *rng, double ns) {
    launch->iterations = bench__alloc(N_SAMPLES, sizeof *launch->iterations);
    launch->elapsed_ns = bench__alloc(N_SAMPLES, sizeof *launch->elapsed_ns);
    check(launch->iterations != NULL && launch->elapsed_ns != NULL, "out of memory");
    uint64_t iterations = (uint64_t)fmax(1, 200000 / ns);
    launch->n_samples = N_SAMPLES;
    launch->measured_ns = 0;
    for (int i = 0; i < N_SAMPLES; i++) {
        double slow = bench__rng_below(rng, 60) == 0 ? 1.08 : 1;
        double each = ns * exp(0.004 * fabs(bench__rng_normal(rng))) * slow;
        launch->iterations[i] = iterations;
        launch->elapsed_ns[i] = each * (double)iterations;
        launch->measured_ns += launch->elapsed_ns[i];
        launch->total_iterations += iterations;
    }
    launch->cpu_ns = 0.998 * launch->measured_ns;
}

static void add_launch(bench_result *r, const struct recipe *recipe, struct bench__rng *rng,
                       double ns) {
    bench_launch *launch = bench__result_add_launch(r);
    check(launch != NULL, "out of memory");
    launch->index = (uint32_t)(r->n_launches - 1);
    launch->status = BENCH_STATUS_OK;
    launch->clock = (bench_clock_record){BENCH_CLOCK_TSC, 2.45, 0.41, 11.2, 0.8};
    double level = ns * exp(recipe->spread * bench__rng_normal(rng));
    fill_samples(launch, rng, level);
    launch->cold_ns = 9 * ns;
    launch->peak_rss_bytes = 3 << 20;
    launch->noise.involuntary_switches = (int64_t)bench__rng_below(rng, 3);
    launch->noise.steal_ns = 0;
    launch->noise.contaminated = bench__rng_below(rng, 40) == 0 ? BENCH_NOISE_PREEMPTED : 0;
    if (recipe->is_latency) {
        fill_latency(launch, rng, level);
    }
}

static bench_result *add_result(bench_run *run, const struct recipe *recipe, double ns,
                                uint64_t salt) {
    bench_result *r = bench__run_add_result(run);
    check(r != NULL, "out of memory");
    set_identity(r, recipe);
    r->status = recipe->status;
    r->message = recipe->message != NULL ? copy(recipe->message) : NULL;
    if (ns <= 0) {
        return r;
    }
    r->status = BENCH_STATUS_OK;
    uint64_t seed = bench__rng_mix(seed_of(r->name), salt);
    struct bench__rng rng;
    bench__rng_init(&rng, seed);
    for (int i = 0; i < 16; i++) {
        add_launch(r, recipe, &rng, ns);
    }
    bench_error err = {0};
    if (bench__analyze(r, NULL, 0, 0.1, seed, &err) != 0) {
        check(0, err.text);
    }
    r->flags = recipe->flags;
    return r;
}

static void add_counters(bench_run *run) {
    for (size_t i = 0; i < run->n_results; i++) {
        bench_result *r = &run->results[i];
        if (r->status == BENCH_STATUS_OK && strstr(r->name, "steady/threads=8") != NULL) {
            check(bench__counter_add(&r->counters, &r->n_counters, "lost", "1", BENCH_COUNTER_RATE,
                                     12.5) != NULL &&
                      bench__counter_add(&r->counters, &r->n_counters, "message size", "bytes",
                                         BENCH_COUNTER_VALUE, 184) != NULL &&
                      bench__counter_add(&r->counters, &r->n_counters, "allocations", "1",
                                         BENCH_COUNTER_PER_ITERATION, 1.5) != NULL &&
                      bench__label_set(&r->labels, &r->n_labels, "guarantee", "QoS <1>") == 0,
                  "counters and labels");
            r->error_rate = 0.0021;
        }
    }
}

static bench_run *new_run(const char *label, const char *day) {
    bench_run *run = bench__run_new();
    check(run != NULL, "out of memory");
    run->label = label != NULL ? copy(label) : NULL;
    snprintf(run->timestamp, sizeof run->timestamp, "%sT09:30:00Z", day);
    snprintf(run->git_commit, sizeof run->git_commit, "3fa9c1d27be04c55a0e1f2d3c4b5a69788796a5b%s",
             label == NULL ? "-dirty" : "");
    snprintf(run->git_branch, sizeof run->git_branch, "%s", label != NULL ? label : "faster-rings");
    run->seed = 42;
    run->wall_ns = 96.4e9;
    bench_host *host = &run->host;
    snprintf(host->cpu_model, sizeof host->cpu_model, "AMD EPYC 7B13");
    snprintf(host->hypervisor, sizeof host->hypervisor, "kvm");
    snprintf(host->compiler, sizeof host->compiler, "gcc 12.2.0");
    snprintf(host->flags, sizeof host->flags, "-O2 -g");
    snprintf(host->arch, sizeof host->arch, "x86_64");
    snprintf(host->kernel, sizeof host->kernel, "6.1.0");
    snprintf(host->hostname, sizeof host->hostname, "runner-7");
    host->clock = BENCH_CLOCK_TSC;
    host->n_cpus = 2;
    host->memory_bytes = INT64_C(8) << 30;
    host->load_1min = 0.12;
    bench_calibration *c = bench__run_add_calibration(run);
    check(c != NULL, "out of memory");
    *c = (bench_calibration){{0.408, 1.22, 1.63, 5.7, 21, 94, 61, 1.9, 112}, 0};
    return run;
}

/* A baseline file keeps the summary of each launch, not its samples. */
static void forget_samples(bench_run *run) {
    for (size_t i = 0; i < run->n_results; i++) {
        for (size_t k = 0; k < run->results[i].n_launches; k++) {
            bench_launch *launch = &run->results[i].launches[k];
            bench__free(launch->iterations);
            bench__free(launch->elapsed_ns);
            launch->iterations = NULL;
            launch->elapsed_ns = NULL;
        }
    }
}

/* ---- verdicts ---- */

static const char *reason_for(bench_verdict verdict) {
    switch (verdict) {
    case BENCH_VERDICT_REGRESSED:
        return "slower by 16.3 %, at least 15.4 %; threshold 5 %";
    case BENCH_VERDICT_IMPROVED:
        return "faster by 17.5 %, at least 17.0 %; threshold 5 %";
    case BENCH_VERDICT_INCONCLUSIVE:
        return "between -5.1 % and +3.1 %; this comparison finds changes from 6.7 % up, the "
               "threshold is 5 %";
    case BENCH_VERDICT_MISSING:
        return "it was not in this run";
    case BENCH_VERDICT_INCOMPARABLE:
        return "throughput changed since the baseline";
    default:
        return "at most 1.9 % slower; threshold 5 %";
    }
}

static void set_comparison(bench_comparison *c, const bench_result *after,
                           const bench_result *before, bench_verdict verdict) {
    *c = (bench_comparison){.name = after != NULL ? after->name : before->name,
                            .after = after,
                            .before = before,
                            .verdict = verdict,
                            .change = {NAN, NAN, NAN},
                            .mde = NAN,
                            .p_value = NAN,
                            .p_adjusted = NAN,
                            .threshold = 0.05,
                            .alpha = 0.01,
                            .kernel = -1,
                            .between_run_sd = NAN};
    if (after != NULL && before != NULL && verdict != BENCH_VERDICT_INCOMPARABLE) {
        double change = after->time.median.point / before->time.median.point - 1;
        double se = hypot(after->time.between_launch_sd, before->time.between_launch_sd) / 4;
        c->change = (bench_estimate){change, change - 2.6 * se, change + 2.6 * se};
        c->mde = 4.2 * se;
        c->p_value = c->p_adjusted = fabs(change) > 2.6 * se ? 0.001 : 0.4;
        c->below_threshold = verdict == BENCH_VERDICT_PASS && c->change.lower > 0.01;
        c->between_run_sd = 0.01;
        c->n_runs_known = 3;
    }
    if (verdict != BENCH_VERDICT_NONE) {
        snprintf(c->reason, sizeof c->reason, "%s", reason_for(verdict));
    }
}

static bench_verdict verdict_of(const bench_result *r, enum fixture_kind kind) {
    if (kind == FIXTURE_INCOMPARABLE) {
        return BENCH_VERDICT_INCOMPARABLE;
    }
    for (size_t i = 0; kind != FIXTURE_LARGE && i < sizeof RECIPES / sizeof *RECIPES; i++) {
        char name[512];
        const struct recipe *x = &RECIPES[i];
        snprintf(name, sizeof name, "%s/%s/%s%s%s", x->suite, x->group, x->function,
                 x->params[0] != '\0' ? "/" : "", x->params);
        if (strcmp(name, r->name) == 0) {
            return x->verdict;
        }
    }
    return BENCH_VERDICT_PASS;
}

static int by_name(const void *a, const void *b) {
    return strcmp(((const bench_comparison *)a)->name, ((const bench_comparison *)b)->name);
}

static void compare_all(struct fixture *f, enum fixture_kind kind) {
    bench_outcome *o = &f->outcome;
    o->comparisons =
        bench__alloc(f->run->n_results + f->baseline->n_results, sizeof *o->comparisons);
    check(o->comparisons != NULL, "out of memory");
    for (size_t i = 0; i < f->run->n_results; i++) {
        const bench_result *after = &f->run->results[i];
        const bench_result *before = bench_run_find(f->baseline, after->name);
        int ok = after->status == BENCH_STATUS_OK;
        bench_verdict verdict = ok && before != NULL ? verdict_of(after, kind) : BENCH_VERDICT_NONE;
        set_comparison(&o->comparisons[o->n_comparisons++], after, before, verdict);
    }
    for (size_t i = 0; i < f->baseline->n_results; i++) {
        const bench_result *before = &f->baseline->results[i];
        if (bench_run_find(f->run, before->name) == NULL) {
            set_comparison(&o->comparisons[o->n_comparisons++], NULL, before,
                           BENCH_VERDICT_MISSING);
        }
    }
    qsort(o->comparisons, o->n_comparisons, sizeof *o->comparisons, by_name);
}

static void add_budget(bench_outcome *o, const char *subject, const char *metric, const char *unit,
                       int is_maximum, double limit, double measured, bench_budget_verdict verdict,
                       const char *why, const char *reason) {
    bench_budget *b = &o->budgets[o->n_budgets++];
    *b = (bench_budget){.subject = copy(subject),
                        .metric = copy(metric),
                        .why = copy(why),
                        .reason = copy(reason),
                        .is_maximum = is_maximum,
                        .limit = limit,
                        .measured = {measured, 0.98 * measured, 1.02 * measured},
                        .margin = is_maximum ? 1 - measured / limit : measured / limit - 1,
                        .verdict = verdict};
    snprintf(b->unit, sizeof b->unit, "%s", unit);
}

static void add_budgets(bench_outcome *o) {
    o->budgets = bench__alloc(7, sizeof *o->budgets);
    check(o->budgets != NULL, "out of memory");
    const char *subject = "core_operations/publish/inmemory/size=100,batch=100";
    add_budget(o, subject, "throughput", "1/s", 0, 1e6, 30.2e6, BENCH_BUDGET_PASS,
               "the broker must never be what limits a producer", "");
    add_budget(o, subject, "bytes/message", "bytes", 1, 200, 184, BENCH_BUDGET_PASS, "", "");
    add_budget(o, "core_operations/receive/wake_up", "p99", "ns", 1, 10000, 44300,
               BENCH_BUDGET_OVER, "a request waits for two wake-ups",
               "the whole interval lies above the limit");
    add_budget(o, "core_operations/receive/same_thread over core_operations/uuid/format", "time",
               "1", 1, 3.3, 3.33, BENCH_BUDGET_INCONCLUSIVE, "",
               "the interval holds the limit: more launches would decide");
    add_budget(o, "core_operations/publish/rabbitmq/size=100,batch=1", "throughput", "1/s", 0, 1e5,
               NAN, BENCH_BUDGET_NOT_MEASURED, "", "skipped: RABBITMQ_URL is not set");
    add_budget(o, "memory_usage/join/indexed/n=64 over memory_usage/join/pairs/n=64", "time",
               "fraction", 1, 0.02, -0.0031, BENCH_BUDGET_PASS, "", "by duel");
    add_budget(o, "memory_usage/join/indexed/n=256 over memory_usage/join/pairs/n=256", "time",
               "fraction", 1, 0.02, 0.081, BENCH_BUDGET_OVER, "an index is to cost nothing",
               "by duel");
    o->budgets[1].loosened_from = 160;
    o->budgets[1].justification = copy("messages carry a correlation id | each");
}

/* ---- fixtures ---- */

static void add_recipes(struct fixture *f, const struct recipe *recipes, size_t n,
                        enum fixture_kind kind) {
    for (size_t i = 0; i < n; i++) {
        const struct recipe *r = &recipes[i];
        int fine = r->status == BENCH_STATUS_OK && r->flags == 0 &&
                   (r->verdict == BENCH_VERDICT_PASS || r->verdict == BENCH_VERDICT_IMPROVED);
        if (kind == FIXTURE_ALL_PASS && !fine) {
            continue;
        }
        if (f->baseline != NULL && r->was > 0) {
            add_result(f->baseline, r, r->ns * r->was, 1);
        }
        if (r->verdict != BENCH_VERDICT_MISSING) {
            add_result(f->run, r, r->status == BENCH_STATUS_OK ? r->ns : 0, 0);
        }
    }
}

static void add_large(struct fixture *f) {
    for (int size = 1; size <= 8; size++) {
        for (int batch = 1; batch <= 9; batch++) {
            char params[64];
            snprintf(params, sizeof params, "size=%d,batch=%d", size * 100, batch);
            struct recipe r = {"large",
                               "publish",
                               "inmemory",
                               params,
                               40.0 * size * batch,
                               0.01,
                               batch,
                               size * 100.0 * batch,
                               1.0,
                               1,
                               0,
                               OK,
                               PASS};
            add_result(f->baseline, &r, r.ns * r.was, 1);
            add_result(f->run, &r, r.ns, 0);
        }
    }
}

void fixture_init(struct fixture *f, enum fixture_kind kind) {
    *f = (struct fixture){.run = new_run(NULL, "2025-03-04")};
    int is_compared = kind != FIXTURE_ALONE && kind != FIXTURE_HOSTILE;
    f->baseline = is_compared ? new_run("main", "2025-03-01") : NULL;
    f->outcome = (bench_outcome){.run = f->run, .baseline = f->baseline};
    if (kind == FIXTURE_LARGE) {
        add_large(f);
    } else if (kind == FIXTURE_HOSTILE) {
        add_recipes(f, HOSTILE, sizeof HOSTILE / sizeof *HOSTILE, kind);
    } else {
        add_recipes(f, RECIPES, sizeof RECIPES / sizeof *RECIPES, kind);
    }
    if (kind == FIXTURE_COMPARED) {
        fixture_add_pairs(f->run);
    } else if (kind == FIXTURE_HOSTILE) {
        fixture_add_hostile_pair(f->run);
    }
    add_counters(f->run);
    bench__run_sort(f->run);
    if (is_compared) {
        bench__run_sort(f->baseline);
        forget_samples(f->baseline);
        compare_all(f, kind);
    }
    if (kind == FIXTURE_COMPARED) {
        add_budgets(&f->outcome);
        f->outcome.exit_code = 3;
    }
    if (kind == FIXTURE_INCOMPARABLE) {
        f->outcome.incomparable = 1;
        f->outcome.exit_code = 5;
        snprintf(f->outcome.incomparable_why, sizeof f->outcome.incomparable_why,
                 "cpu_model: AMD EPYC 7B13 here, Intel Xeon 8375C in the baseline");
    }
}

void fixture_clear(struct fixture *f) {
    bench_outcome_clear(&f->outcome);
    bench_run_free(f->run);
    bench_run_free(f->baseline);
}
