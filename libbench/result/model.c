/*
 * Making, growing and freeing the result structs, and their names in files. Holds no rule of
 * statistics and reads no file.
 */
#include "result/model.h"

#include "base/mem.h"
#include "measure/histogram.h"
#include "result/pairs.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const bench_estimate not_measured = {NAN, NAN, NAN};

bench_run *bench__run_new(void) {
    bench_run *run = bench__alloc(1, sizeof *run);
    if (run == NULL) {
        return NULL;
    }
    run->format_version = BENCH__FORMAT_VERSION;
    run->wall_ns = NAN;
    run->executable_bytes = -1;
    bench_host *host = &run->host;
    host->n_cpus = host->memory_bytes = -1;
    host->l1d_bytes = host->l2_bytes = host->l3_bytes = -1;
    host->cpu_quota = host->load_1min = NAN;
    return run;
}

int bench__executable_id_is_valid(const char *id) {
    const size_t n = strspn(id, "0123456789abcdef");
    return n == BENCH__EXECUTABLE_ID_SIZE - 1 && id[n] == '\0';
}

void bench__run_join_executable(bench_run *into, const bench_run *from) {
    if (strcmp(into->executable_id, from->executable_id) != 0) {
        into->executable_id[0] = '\0';
        into->executable_bytes = -1;
    }
}

static void init_time(bench_time_estimates *time) {
    time->median = time->mean = time->mad = time->std_dev = time->slope = not_measured;
    time->min = time->max = time->q05 = time->q25 = time->q75 = time->q95 = time->q99 = NAN;
    time->between_launch_sd = time->within_launch_sd = NAN;
    time->lag1 = time->effective_samples = time->mde = time->cold = time->cpu = NAN;
}

void bench__result_init(bench_result *result) {
    memset(result, 0, sizeof *result);
    result->status = BENCH_STATUS_NOT_RUN;
    result->options.confidence_level = 0.95;
    result->bytes_per_iteration = result->elements_per_iteration = NAN;
    result->n_threads = 1;
    init_time(&result->time);
    bench_latency *latency = &result->latency;
    latency->min = latency->p50 = latency->p90 = latency->p95 = NAN;
    latency->p99 = latency->p999 = latency->max = latency->mean = NAN;
    result->peak_rss_bytes = -1;
    result->error_rate = NAN;
    for (size_t i = 0; i < BENCH_N_KERNELS; i++) {
        result->kernel_correlation[i] = NAN;
    }
}

void bench__counters_free(bench_counter_record *counters, size_t n) {
    for (size_t i = 0; i < n; i++) {
        bench__free(counters[i].name);
    }
    bench__free(counters);
}

void bench__labels_free(bench_label_record *labels, size_t n) {
    for (size_t i = 0; i < n; i++) {
        bench__free(labels[i].name);
        bench__free(labels[i].value);
    }
    bench__free(labels);
}

void bench__result_clear(bench_result *result) {
    for (size_t i = 0; i < result->n_launches; i++) {
        bench__launch_clear(&result->launches[i]);
    }
    for (size_t i = 0; i < result->n_params; i++) {
        bench__free(result->params[i].name);
        bench__free(result->params[i].text);
    }
    bench__counters_free(result->counters, result->n_counters);
    bench__labels_free(result->labels, result->n_labels);
    bench__free(result->launches);
    bench__free(result->params);
    bench__free(result->name);
    bench__free(result->suite);
    bench__free(result->group);
    bench__free(result->function);
    bench__free(result->message);
    bench__result_init(result);
}

void bench__duel_record_init(bench_duel_record *record) {
    *record = (bench_duel_record){.launch_sd = NAN,
                                  .layout_sd = NAN,
                                  .floor_sd = NAN,
                                  .p_equivalent = NAN,
                                  .wall_ns = NAN,
                                  .wall_ns_more = NAN};
    for (size_t i = 0; i < BENCH_N_DECILES; i++) {
        record->shift[i] = (bench_estimate){NAN, NAN, NAN};
    }
}

void bench__pair_init(bench_pair_result *pair) {
    *pair = (bench_pair_result){.status = BENCH_STATUS_NOT_RUN,
                                .alpha = NAN,
                                .change = not_measured,
                                .p_value = NAN,
                                .mde = NAN};
}

void bench__pair_clear(bench_pair_result *pair) {
    bench__free(pair->name);
    bench__free(pair->suite);
    bench__free(pair->base);
    bench__free(pair->variant);
    bench__free(pair->message);
    bench__free(pair->log_ratio);
    bench__pair_init(pair);
}

void bench__launch_init(bench_launch *launch) {
    memset(launch, 0, sizeof *launch);
    launch->batch_max = launch->calibration = -1;
    launch->steady = 1;
    launch->wall_ns = launch->cold_ns = launch->warm_up_ns = launch->measured_ns = NAN;
    launch->cpu_ns = NAN;
    launch->output_bytes = launch->peak_rss_bytes = launch->started_at_ns = -1;
    bench_clock_record *clock = &launch->clock;
    clock->ticks_per_ns = clock->resolution_ns = clock->overhead_ns = clock->drift_ppm = NAN;
    bench_noise *noise = &launch->noise;
    noise->involuntary_switches = noise->voluntary_switches = noise->migrations = -1;
    noise->minor_faults = noise->major_faults = -1;
    noise->steal_ns = noise->throttled_ns = noise->pressure_ns = -1;
    noise->ruler_before_ghz = noise->ruler_after_ghz = NAN;
    launch->latency.min_ns = launch->latency.max_ns = launch->latency.sum_ns = NAN;
    launch->median_ns = launch->q05_ns = launch->q25_ns = launch->q75_ns = launch->q95_ns = NAN;
}

void bench__launch_clear(bench_launch *launch) {
    bench__free(launch->message);
    bench__free(launch->iterations);
    bench__free(launch->elapsed_ns);
    bench__histogram_record_clear(&launch->latency);
    bench__counters_free(launch->counters, launch->n_counters);
    bench__labels_free(launch->labels, launch->n_labels);
    bench__launch_init(launch);
}

void bench_run_free(bench_run *run) {
    if (run == NULL) {
        return;
    }
    for (size_t i = 0; i < run->n_results; i++) {
        bench__result_clear(&run->results[i]);
    }
    for (size_t i = 0; i < run->n_pairs; i++) {
        bench__pair_clear(&run->pairs[i]);
    }
    bench__free(run->results);
    bench__free(run->pairs);
    bench__free(run->calibrations);
    bench__free(run->label);
    bench__free(run);
}

/* An array of n items has room for the next power of two: full exactly when n is one, or 0.
 * @return the new last item, zeroed, or NULL without memory. */
static void *append(void *items, size_t *n, size_t size) {
    void **array = items;
    const int is_full = (*n & (*n - 1)) == 0;
    size_t capacity = *n;
    if (is_full && bench__grow(items, &capacity, *n == 0 ? 1 : 2 * *n, size) != 0) {
        return NULL;
    }
    char *item = (char *)*array + *n * size;
    memset(item, 0, size);
    (*n)++;
    return item;
}

bench_result *bench__run_add_result(bench_run *run) {
    bench_result *result = append(&run->results, &run->n_results, sizeof *result);
    if (result != NULL) {
        bench__result_init(result);
    }
    return result;
}

bench_launch *bench__result_add_launch(bench_result *result) {
    bench_launch *launch = append(&result->launches, &result->n_launches, sizeof *launch);
    if (launch != NULL) {
        bench__launch_init(launch);
    }
    return launch;
}

bench_calibration *bench__run_add_calibration(bench_run *run) {
    bench_calibration *reading = append(&run->calibrations, &run->n_calibrations, sizeof *reading);
    for (size_t i = 0; reading != NULL && i < BENCH_N_KERNELS; i++) {
        reading->ns[i] = NAN;
    }
    return reading;
}

bench_pair_result *bench__run_add_pair(bench_run *run) {
    bench_pair_result *pair = append(&run->pairs, &run->n_pairs, sizeof *pair);
    if (pair != NULL) {
        bench__pair_init(pair);
    }
    return pair;
}

int bench__pair_add_launch(bench_pair_result *pair, double log_ratio) {
    double *x = append(&pair->log_ratio, &pair->n_launches, sizeof *x);
    if (x == NULL) {
        return BENCH_ENOMEM;
    }
    *x = log_ratio;
    return 0;
}

int bench__result_add_param(bench_result *result, const char *name, const char *text, int is_i64,
                            int64_t i64) {
    bench_param *param = append(&result->params, &result->n_params, sizeof *param);
    if (param == NULL) {
        return BENCH_ENOMEM;
    }
    *param = (bench_param){.name = bench__strdup(name),
                           .text = bench__strdup(text),
                           .is_i64 = is_i64,
                           .i64 = is_i64 ? i64 : 0};
    return param->name != NULL && param->text != NULL ? 0 : BENCH_ENOMEM;
}

bench_counter_record *bench__counter_add(bench_counter_record **counters, size_t *n,
                                         const char *name, const char *unit,
                                         bench_counter_kind kind, double value) {
    char *copy = bench__strdup(name);
    bench_counter_record *counter = copy != NULL ? append(counters, n, sizeof *counter) : NULL;
    if (counter == NULL) {
        bench__free(copy);
        return NULL;
    }
    *counter = (bench_counter_record){.name = copy, .kind = kind, .value = value};
    snprintf(counter->unit, sizeof counter->unit, "%s", unit);
    return counter;
}

const bench_label_record *bench__label_find(const bench_label_record *labels, size_t n,
                                            const char *name) {
    size_t i = 0;
    while (i < n && strcmp(labels[i].name, name) != 0) {
        i++;
    }
    return i < n ? &labels[i] : NULL;
}

int bench__label_set(bench_label_record **labels, size_t *n, const char *name, const char *value) {
    const bench_label_record *found = bench__label_find(*labels, *n, name);
    bench_label_record new = {.name = found == NULL ? bench__strdup(name) : NULL,
                              .value = bench__strdup(value)};
    const int is_whole = new.value != NULL && (found != NULL || new.name != NULL);
    bench_label_record *label = !is_whole       ? NULL
                                : found != NULL ? &(*labels)[found - *labels]
                                                : append(labels, n, sizeof *label);
    if (label == NULL) {
        bench__free(new.name);
        bench__free(new.value);
        return BENCH_ENOMEM;
    }
    label->name = found != NULL ? label->name : new.name;
    bench__free(label->value);
    label->value = new.value;
    return 0;
}

int bench__run_move(bench_run *into, bench_run *from) {
    const int offset = (int)into->n_calibrations;
    for (size_t i = 0; i < from->n_calibrations; i++) {
        bench_calibration *reading = bench__run_add_calibration(into);
        if (reading == NULL) {
            return BENCH_ENOMEM;
        }
        *reading = from->calibrations[i];
    }
    for (size_t i = 0; i < from->n_results; i++) {
        bench_result *result = bench__run_add_result(into);
        if (result == NULL) {
            return BENCH_ENOMEM;
        }
        *result = from->results[i];
        bench__result_init(&from->results[i]); /* it owns nothing any more */
        for (size_t l = 0; l < result->n_launches; l++) {
            result->launches[l].calibration += result->launches[l].calibration >= 0 ? offset : 0;
        }
    }
    for (size_t i = 0; i < from->n_pairs; i++) {
        bench_pair_result *pair = bench__run_add_pair(into);
        if (pair == NULL) {
            return BENCH_ENOMEM;
        }
        *pair = from->pairs[i];
        bench__pair_init(&from->pairs[i]);
    }
    bench__run_join_executable(into, from);
    return 0;
}

double bench__run_last_ns(const bench_run *run) {
    double last = 0; /* fmax() passes NANs over */
    for (size_t i = 0; i < run->n_calibrations; i++) {
        last = fmax(last, (double)run->calibrations[i].at_ns);
    }
    for (size_t i = 0; i < run->n_results; i++) {
        for (size_t l = 0; l < run->results[i].n_launches; l++) {
            const bench_launch *launch = &run->results[i].launches[l];
            const double from = (double)launch->started_at_ns;
            last = fmax(last, from >= 0 ? fmax(from, from + launch->wall_ns) : 0);
        }
    }
    return last;
}

static int by_name(const void *a, const void *b) {
    const bench_result *x = a, *y = b;
    return strcmp(x->name, y->name);
}

static int by_index(const void *a, const void *b) {
    const bench_launch *x = a, *y = b;
    return (x->index > y->index) - (x->index < y->index);
}

void bench__run_sort(bench_run *run) {
    if (run->n_results > 1) {
        qsort(run->results, run->n_results, sizeof *run->results, by_name);
    }
    bench__pairs_sort(run);
    for (size_t i = 0; i < run->n_results; i++) {
        bench_result *result = &run->results[i];
        if (result->n_launches > 1) {
            qsort(result->launches, result->n_launches, sizeof *result->launches, by_index);
        }
    }
}

const bench_result *bench_run_find(const bench_run *run, const char *name) {
    size_t low = 0, high = run->n_results;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const int order = strcmp(name, run->results[middle].name);
        if (order == 0) {
            return &run->results[middle];
        }
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return NULL;
}

const bench_pair_result *bench_run_find_pair(const bench_run *run, const char *a, const char *b) {
    for (size_t i = 0; i < run->n_pairs; i++) {
        const bench_pair_result *pair = &run->pairs[i];
        if ((strcmp(pair->base, a) == 0 && strcmp(pair->variant, b) == 0) ||
            (strcmp(pair->base, b) == 0 && strcmp(pair->variant, a) == 0)) {
            return pair;
        }
    }
    return NULL;
}

void bench__result_settle_status(bench_result *result) {
    static const int badness[] = {
        [BENCH_STATUS_NOT_RUN] = 0, [BENCH_STATUS_OK] = 1,     [BENCH_STATUS_SKIPPED] = 2,
        [BENCH_STATUS_FAILED] = 3,  [BENCH_STATUS_EXITED] = 4, [BENCH_STATUS_TIMEOUT] = 5,
        [BENCH_STATUS_CRASHED] = 6,
    };
    const bench_launch *worst = NULL;
    for (size_t i = 0; i < result->n_launches; i++) {
        const bench_launch *launch = &result->launches[i];
        if (worst == NULL || badness[launch->status] > badness[worst->status]) {
            worst = launch;
        }
    }
    result->status = worst != NULL ? worst->status : BENCH_STATUS_NOT_RUN;
    bench__free(result->message);
    result->message =
        worst != NULL && worst->message != NULL ? bench__strdup(worst->message) : NULL;
}

int bench__launch_valid(const bench_launch *launch) {
    return launch->status == BENCH_STATUS_OK && !(launch->noise.contaminated & BENCH_NOISE_CLOCK);
}

double bench__contaminated_share(const bench_result *result) {
    size_t n = 0, n_contaminated = 0;
    for (size_t i = 0; i < result->n_launches; i++) {
        if (result->launches[i].status == BENCH_STATUS_OK) {
            n++;
            n_contaminated += result->launches[i].noise.contaminated != 0;
        }
    }
    return n == 0 ? 0 : (double)n_contaminated / (double)n;
}

/* ---- names ------------------------------------------------------------------------------------
 */

const char *const bench__verdict_names[] = {"none",         "pass",    "regressed",    "improved",
                                            "inconclusive", "missing", "incomparable", NULL};
const char *const bench__status_names[] = {"ok",     "skipped", "failed",  "crashed",
                                           "exited", "timeout", "not run", NULL};
const char *const bench__kernel_names[] = {"add",    "multiply", "l1",     "l2",      "l3",
                                           "memory", "copy",     "branch", "syscall", NULL};

const char *bench_verdict_name(bench_verdict verdict) {
    return verdict <= BENCH_VERDICT_INCOMPARABLE ? bench__verdict_names[verdict] : "unknown";
}

const char *bench_status_name(bench_status status) {
    return status <= BENCH_STATUS_NOT_RUN ? bench__status_names[status] : "unknown";
}

const char *bench_kernel_name(bench_kernel kernel) {
    return kernel < BENCH_N_KERNELS ? bench__kernel_names[kernel] : "unknown";
}
