/*
 * What a record holds, what a run adds to it, and what it says about a benchmark. No files; the
 * statistics are in stats/spread.c.
 */
#include "local/noise_record.h"

#include "base/mem.h"
#include "base/robust.h"
#include "base/units.h"
#include "result/model.h"
#include "stats/spread.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MIN_GROUPED_DF = 4 };

/* ---- the record -------------------------------------------------------------------------------
 */

void bench__noise_init(struct bench__noise_record *record, const char *machine) {
    *record = (struct bench__noise_record){0};
    snprintf(record->machine, sizeof record->machine, "%s", machine);
}

static void clear_benchmark(struct bench__noise_benchmark *benchmark) {
    bench__free(benchmark->name);
    bench__free(benchmark->runs);
    bench__free(benchmark->floors);
}

void bench__noise_clear(struct bench__noise_record *record) {
    for (size_t i = 0; i < record->n_benchmarks; i++) {
        clear_benchmark(&record->benchmarks[i]);
    }
    for (size_t i = 0; i < record->n_executables; i++) {
        bench__free(record->executables[i]);
    }
    bench__free(record->benchmarks);
    bench__free(record->executables);
    bench__free(record->calibrations);
    *record = (struct bench__noise_record){0};
}

void bench__noise_run_init(struct bench__noise_run *run) {
    *run = (struct bench__noise_run){
        .time_ns = NAN, .error = NAN, .launch_sd = NAN, .n_launches = -1, .executable = -1};
}

struct bench__noise_benchmark *bench__noise_append(struct bench__noise_record *record,
                                                   const char *name) {
    if (bench__grow(&record->benchmarks, &record->benchmarks_capacity, record->n_benchmarks + 1,
                    sizeof *record->benchmarks) != 0) {
        return NULL;
    }
    struct bench__noise_benchmark *benchmark = &record->benchmarks[record->n_benchmarks];
    *benchmark = (struct bench__noise_benchmark){.name = bench__strdup(name)};
    if (benchmark->name == NULL) {
        return NULL;
    }
    record->n_benchmarks++;
    return benchmark;
}

static int by_name(const void *a, const void *b) {
    const struct bench__noise_benchmark *x = a, *y = b;
    return strcmp(x->name, y->name);
}

/* Among the first n, which are sorted. */
static struct bench__noise_benchmark *find(const struct bench__noise_record *record, size_t n,
                                           const char *name) {
    size_t low = 0, high = n;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const int order = strcmp(name, record->benchmarks[middle].name);
        if (order == 0) {
            return &record->benchmarks[middle];
        }
        *(order < 0 ? &high : &low) = order < 0 ? middle : middle + 1;
    }
    return NULL;
}

const struct bench__noise_benchmark *bench__noise_find(const struct bench__noise_record *record,
                                                       const char *name) {
    return find(record, record->n_benchmarks, name);
}

/* ---- what is kept -----------------------------------------------------------------------------
 */

int bench__noise_key_order(const struct bench__noise_key *a, const struct bench__noise_key *b) {
    const int order = strcmp(a->timestamp, b->timestamp);
    return order != 0 ? order : (a->seed > b->seed) - (a->seed < b->seed);
}

static struct bench__noise_key key_of(const bench_run *run) {
    struct bench__noise_key key = {.seed = run->seed};
    memcpy(key.timestamp, run->timestamp, sizeof key.timestamp);
    return key;
}

/* Items begin with their key. */
static int by_key(const void *a, const void *b) {
    return bench__noise_key_order(a, b);
}

/* Sorts items by time and keeps the newest. */
static void settle_items(void *items, size_t *n, size_t size) {
    if (*n > 1) {
        qsort(items, *n, size, by_key);
    }
    if (*n > BENCH__NOISE_MAX_RUNS) {
        const size_t too_many = *n - BENCH__NOISE_MAX_RUNS;
        memmove(items, (char *)items + too_many * size, BENCH__NOISE_MAX_RUNS * size);
        *n = BENCH__NOISE_MAX_RUNS;
    }
}

static const char *last_seen(const struct bench__noise_benchmark *benchmark) {
    const char *run =
        benchmark->n_runs > 0 ? benchmark->runs[benchmark->n_runs - 1].key.timestamp : "";
    const char *floor =
        benchmark->n_floors > 0 ? benchmark->floors[benchmark->n_floors - 1].key.timestamp : "";
    return strcmp(run, floor) > 0 ? run : floor;
}

static int newest_first(const void *a, const void *b) {
    const int order = strcmp(last_seen(b), last_seen(a));
    return order != 0 ? order : by_name(a, b);
}

/* Drops the ids that no run refers to. Without memory they stay: there is always another time. */
static void settle_executables(struct bench__noise_record *record) {
    int *index = bench__alloc(record->n_executables, sizeof *index), n = 0;
    for (size_t i = 0; i < record->n_benchmarks && index != NULL; i++) {
        for (size_t k = 0; k < record->benchmarks[i].n_runs; k++) {
            const int used = record->benchmarks[i].runs[k].executable;
            if (used >= 0) {
                index[used] = 1;
            }
        }
    }
    for (size_t i = 0; i < record->n_executables && index != NULL; i++) {
        char *id = record->executables[i];
        if (index[i]) {
            record->executables[n] = id;
            index[i] = n++;
        } else {
            bench__free(id);
        }
    }
    for (size_t i = 0; i < record->n_benchmarks && index != NULL; i++) {
        for (size_t k = 0; k < record->benchmarks[i].n_runs; k++) {
            int *used = &record->benchmarks[i].runs[k].executable;
            *used = *used >= 0 ? index[*used] : -1;
        }
    }
    record->n_executables = index != NULL ? (size_t)n : record->n_executables;
    bench__free(index);
}

void bench__noise_settle(struct bench__noise_record *record) {
    for (size_t i = 0; i < record->n_benchmarks; i++) {
        struct bench__noise_benchmark *b = &record->benchmarks[i];
        settle_items(b->runs, &b->n_runs, sizeof *b->runs);
        settle_items(b->floors, &b->n_floors, sizeof *b->floors);
    }
    settle_items(record->calibrations, &record->n_calibrations, sizeof *record->calibrations);
    if (record->n_benchmarks > BENCH__NOISE_MAX_BENCHMARKS) {
        qsort(record->benchmarks, record->n_benchmarks, sizeof *record->benchmarks, newest_first);
        while (record->n_benchmarks > BENCH__NOISE_MAX_BENCHMARKS) {
            clear_benchmark(&record->benchmarks[--record->n_benchmarks]);
        }
    }
    if (record->n_benchmarks > 1) {
        qsort(record->benchmarks, record->n_benchmarks, sizeof *record->benchmarks, by_name);
    }
    settle_executables(record);
}

/* ---- adding -----------------------------------------------------------------------------------
 */

/* Room for an item with that key: the one that has it already, or a new one at the end, which then
 * has to be put in its place. `items` is the address of an array. */
static void *item_at(void *items, size_t *n, size_t *capacity, size_t size,
                     const struct bench__noise_key *key) {
    char *array;
    memcpy(&array, items, sizeof array);
    for (size_t i = 0; i < *n; i++) {
        if (by_key(array + i * size, key) == 0) {
            return array + i * size;
        }
    }
    if (bench__grow(items, capacity, *n + 1, size) != 0) {
        return NULL;
    }
    memcpy(&array, items, sizeof array);
    char *item = array + size * (*n)++;
    memcpy(item, key, sizeof *key);
    return item;
}

static int executable_index(struct bench__noise_record *record, const char *id, int *out) {
    *out = -1;
    for (size_t i = 0; i < record->n_executables && id[0] != '\0'; i++) {
        if (strcmp(record->executables[i], id) == 0) {
            *out = (int)i;
            return 0;
        }
    }
    if (id[0] == '\0') {
        return 0;
    }
    if (bench__grow(&record->executables, &record->executables_capacity, record->n_executables + 1,
                    sizeof *record->executables) != 0) {
        return BENCH_ENOMEM;
    }
    char *copy = bench__strdup(id);
    if (copy == NULL) {
        return BENCH_ENOMEM;
    }
    *out = (int)record->n_executables;
    record->executables[record->n_executables++] = copy;
    return 0;
}

/* One run's figures of a benchmark. @return 1 when they are worth keeping, 0 or BENCH_ENOMEM. */
static int summarise(struct bench__noise_run *out, const bench_result *result) {
    struct bench__side side;
    bench__noise_run_init(out);
    if (result->status != BENCH_STATUS_OK || result->flags & BENCH_FLAG_NOISY) {
        return 0;
    }
    if (bench__side_init(&side, result, NULL, BENCH_KERNEL_ADD) != 0) {
        return BENCH_ENOMEM;
    }
    double error2;
    size_t kept;
    out->time_ns = exp(bench__side_location(&side, &error2, &kept));
    out->error = sqrt(error2);
    out->launch_sd = result->time.between_launch_sd;
    out->n_launches = (int)side.n;
    bench__side_clear(&side);
    return out->n_launches >= BENCH__NOISE_MIN_LAUNCHES && isfinite(out->time_ns);
}

/* `n_sorted`: benchmarks that were there before this run. */
static int add_result(struct bench__noise_record *record, size_t n_sorted,
                      const bench_result *result, const struct bench__noise_key *key,
                      int executable) {
    struct bench__noise_run run;
    const int worth = summarise(&run, result);
    if (worth <= 0) {
        return worth;
    }
    struct bench__noise_benchmark *benchmark = find(record, n_sorted, result->name);
    if (benchmark == NULL) {
        benchmark = bench__noise_append(record, result->name);
    }
    struct bench__noise_run *kept =
        benchmark == NULL ? NULL
                          : item_at(&benchmark->runs, &benchmark->n_runs, &benchmark->runs_capacity,
                                    sizeof *benchmark->runs, key);
    if (kept == NULL) {
        return BENCH_ENOMEM;
    }
    run.executable = executable;
    run.key = *key;
    *kept = run;
    return 1;
}

static int add_calibration(struct bench__noise_record *record, const bench_run *run) {
    const struct bench__noise_key key = key_of(run);
    const size_t n = run->n_calibrations;
    if (n == 0) {
        return 0;
    }
    double *readings = bench__alloc(n, sizeof *readings);
    struct bench__noise_calibration *kept =
        readings == NULL
            ? NULL
            : item_at(&record->calibrations, &record->n_calibrations,
                      &record->calibrations_capacity, sizeof *record->calibrations, &key);
    for (size_t k = 0; k < BENCH_N_KERNELS && kept != NULL; k++) {
        size_t n_known = 0;
        for (size_t i = 0; i < n; i++) {
            if (run->calibrations[i].ns[k] > 0) {
                readings[n_known++] = run->calibrations[i].ns[k];
            }
        }
        kept->ns[k] = bench__median_inplace(readings, n_known);
    }
    bench__free(readings);
    return kept != NULL ? 0 : BENCH_ENOMEM;
}

int bench__noise_add_run(struct bench__noise_record *record, const bench_run *run,
                         size_t *out_added) {
    const struct bench__noise_key key = key_of(run);
    const size_t n_sorted = record->n_benchmarks;
    double seconds;
    int executable = -1, rc = 0;
    *out_added = 0;
    if (run->interrupted || bench__parse_timestamp(&seconds, run->timestamp) != 0) {
        return 0;
    }
    rc = executable_index(record, run->executable_id, &executable);
    for (size_t i = 0; i < run->n_results && rc == 0; i++) {
        const int added = add_result(record, n_sorted, &run->results[i], &key, executable);
        *out_added += added > 0;
        rc = added < 0 ? added : 0;
    }
    if (rc == 0 && *out_added > 0) {
        rc = add_calibration(record, run);
    }
    bench__noise_settle(record);
    return rc;
}

static int add_floor(struct bench__noise_record *record, size_t n_sorted, const char *name,
                     const struct bench__noise_key *key, double sd) {
    struct bench__noise_benchmark *benchmark = find(record, n_sorted, name);
    if (benchmark == NULL) {
        benchmark = bench__noise_append(record, name);
    }
    struct bench__noise_floor *floor =
        benchmark == NULL ? NULL
                          : item_at(&benchmark->floors, &benchmark->n_floors,
                                    &benchmark->floors_capacity, sizeof *benchmark->floors, key);
    if (floor != NULL) {
        floor->sd = sd;
    }
    return floor != NULL ? 0 : BENCH_ENOMEM;
}

int bench__noise_add_duels(struct bench__noise_record *record, const bench_outcome *outcome) {
    const struct bench__noise_key key = key_of(outcome->run);
    const size_t n_sorted = record->n_benchmarks;
    double seconds;
    int rc = 0;
    if (bench__parse_timestamp(&seconds, key.timestamp) != 0) {
        return 0;
    }
    for (size_t i = 0; i < outcome->n_comparisons && rc == 0; i++) {
        const bench_comparison *c = &outcome->comparisons[i];
        if (c->duel.n_floor_launches > 0 && isfinite(c->duel.floor_sd)) {
            rc = add_floor(record, n_sorted, c->name, &key, c->duel.floor_sd);
        }
    }
    bench__noise_settle(record);
    return rc;
}

/* ---- what it says -----------------------------------------------------------------------------
 */

double bench__noise_floor_sd(const struct bench__noise_benchmark *benchmark) {
    double sd[BENCH__NOISE_MAX_RUNS];
    for (size_t i = 0; i < benchmark->n_floors; i++) {
        sd[i] = benchmark->floors[i].sd;
    }
    return bench__median_inplace(sd, benchmark->n_floors);
}

/* Runs in groups: those of group g are run[start[g]] ... run[start[g+1]-1], by time. */
struct grouped {
    const struct bench__noise_run *run[BENCH__NOISE_MAX_RUNS];
    size_t start[BENCH__NOISE_MAX_RUNS + 1], n_groups;
};

static void add_group(struct grouped *g, const struct bench__noise_run *const *runs, size_t n,
                      size_t first) {
    size_t at = g->start[g->n_groups];
    g->run[at++] = runs[first];
    for (size_t i = first + 1; i < n && runs[first]->executable >= 0; i++) {
        if (runs[i]->executable == runs[first]->executable) {
            g->run[at++] = runs[i];
        }
    }
    g->start[++g->n_groups] = at;
}

/* By executable; of an unknown one each run is alone. @return the degrees of freedom. */
static size_t group_by_executable(struct grouped *g, const struct bench__noise_run *const *runs,
                                  size_t n) {
    *g = (struct grouped){.n_groups = 0};
    for (size_t i = 0; i < n; i++) {
        int seen = 0;
        for (size_t k = 0; k < i && runs[i]->executable >= 0; k++) {
            seen |= runs[k]->executable == runs[i]->executable;
        }
        if (!seen) {
            add_group(g, runs, n, i);
        }
    }
    return n - g->n_groups;
}

static double seconds_between(const struct bench__noise_run *first,
                              const struct bench__noise_run *last) {
    double from, to;
    return bench__parse_timestamp(&from, first->key.timestamp) == 0 &&
                   bench__parse_timestamp(&to, last->key.timestamp) == 0
               ? to - from
               : NAN;
}

static struct bench__between_runs estimate(const struct grouped *g) {
    double x[BENCH__NOISE_MAX_RUNS], error2 = 0, df = 0;
    struct bench__between_runs out = {.span_s = 0};
    for (size_t k = 0; k < g->n_groups; k++) {
        const size_t from = g->start[k], to = g->start[k + 1];
        double sum = 0;
        for (size_t i = from; i < to; i++) {
            const double error = g->run[i]->error;
            x[i] = log(g->run[i]->time_ns);
            sum += isfinite(error) ? error * error : 0;
        }
        if (to - from >= 2) { /* what the launches add to the mean square of this group */
            error2 += sum / (double)(to - from) * (double)(to - from - 1);
            df += (double)(to - from - 1);
            out.n_runs += to - from;
            out.span_s = fmax(out.span_s, seconds_between(g->run[from], g->run[to - 1]));
        }
    }
    const struct bench__spread spread = bench__pooled_spread(x, g->start, g->n_groups);
    out.sd = spread.sd;
    out.df = spread.df;
    out.own_error2 = error2 / df;
    return out;
}

struct bench__between_runs bench__noise_between_runs(const struct bench__noise_record *record,
                                                     const char *name, const bench_run *except) {
    const struct bench__noise_benchmark *benchmark = bench__noise_find(record, name);
    const struct bench__noise_run *runs[BENCH__NOISE_MAX_RUNS];
    const struct bench__noise_key key =
        except != NULL ? key_of(except) : (struct bench__noise_key){.seed = 0};
    struct grouped g;
    size_t n = 0;
    for (size_t i = 0; benchmark != NULL && i < benchmark->n_runs; i++) {
        if (by_key(&benchmark->runs[i], &key) != 0) {
            runs[n++] = &benchmark->runs[i];
        }
    }
    if (n < BENCH__MIN_KNOWN_RUNS) {
        return (struct bench__between_runs){.sd = NAN, .df = NAN, .span_s = NAN, .n_runs = n};
    }
    if (group_by_executable(&g, runs, n) < MIN_GROUPED_DF) {
        g = (struct grouped){.n_groups = 1, .start = {0, n}};
        memcpy(g.run, runs, n * sizeof *runs);
    }
    return estimate(&g);
}
