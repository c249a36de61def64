/*
 * One launch's setup, calls and teardown over all its threads. Takes no samples itself.
 */
#include "base/error.h"
#include "base/mem.h"
#include "result/model.h"
#include "worker/state.h"
#include "worker/team.h"

#include <math.h>
#include <string.h>

#define DEFAULT_BATCH_MAX 1024

static const bench_opts *opts_of(const struct bench__execution *e) {
    return &e->c->function->opts;
}

static int batch_setup(void *context, uint64_t n) {
    bench_state *b = context;
    const int code = opts_of(b->execution)->batch_setup(b, n);
    if (code != 0) {
        bench_fail(b, "batch_setup failed with %d", code);
    }
    return code;
}

static void batch_teardown(void *context, uint64_t n) {
    bench_state *b = context;
    opts_of(b->execution)->batch_teardown(b, n);
}

static int init_state(struct bench__execution *e, int index) {
    bench_state *b = &e->states[index];
    const bench_opts *opts = opts_of(e);
    b->execution = e;
    b->thread_index = index;
    b->lane.clock = e->clock;
    b->lane.barrier = e->n_threads > 1 ? &e->barrier : NULL;
    b->lane.context = b;
    if (opts->batch_setup != NULL || opts->batch_teardown != NULL) {
        b->lane.batch_max = opts->batch_max != 0 ? opts->batch_max : DEFAULT_BATCH_MAX;
        b->lane.batch_setup = opts->batch_setup != NULL ? batch_setup : NULL;
        b->lane.batch_teardown = opts->batch_teardown != NULL ? batch_teardown : NULL;
    }
    if (e->is_latency) {
        b->lane.histogram = bench__histogram_new();
        return b->lane.histogram != NULL ? 0 : BENCH_ENOMEM;
    }
    return 0;
}

/* A body that did not run its loop to the end, without having said why, is a mistake. */
static void check_use(bench_state *b) {
    if (b->lane.stopped) {
        return;
    }
    if (opts_of(b->execution)->caller_timed) {
        if (b->elapsed_ns < 0) {
            bench_fail(b, "caller_timed, but the body did not call bench_set_elapsed_ns");
        }
    } else if (b->lane.phase == BENCH__LANE_ARMED) {
        bench_fail(b, "the body did not run a BENCH_LOOP");
    } else if (b->lane.phase != BENCH__LANE_DONE) {
        bench_fail(b, "the body left its BENCH_LOOP early (break, return or goto)");
    }
}

static void call_body(bench_state *b) {
    struct bench__execution *e = b->execution;
    e->c->function->body(b);
    if (e->n_threads > 1 && b->lane.phase == BENCH__LANE_ARMED) {
        bench__barrier_arrive(
            &e->barrier); /* the others must not wait for a thread without a loop */
    }
    check_use(b);
}

/* One thread's share of what the team is doing. */
static void run_task(void *context, int number) {
    struct bench__execution *e = context;
    bench_state *b = &e->states[number];
    const bench_opts *opts = opts_of(e);
    switch (e->task) {
    case BENCH__TASK_SETUP:
        if (opts->thread_setup != NULL && opts->thread_setup(b) != 0) {
            bench_fail(b, "thread_setup failed");
        }
        break;
    case BENCH__TASK_CALL:
        call_body(b);
        break;
    case BENCH__TASK_TEARDOWN:
        if (opts->thread_teardown != NULL) {
            opts->thread_teardown(b);
        }
        break;
    }
}

static void run_in_all_threads(struct bench__execution *e, enum bench__task task) {
    e->task = task;
    if (e->team != NULL) {
        bench__team_run(e->team);
    } else {
        run_task(e, 0);
    }
}

int bench__execution_start(struct bench__execution *e, const struct bench__case *c,
                           struct bench__clock *clock, bench_sampling sampling, uint64_t seed,
                           bench_error *err) {
    memset(e, 0, sizeof *e);
    pthread_mutex_init(&e->lock, NULL);
    e->c = c;
    e->clock = clock;
    e->seed = seed;
    e->is_latency = sampling == BENCH_SAMPLING_LATENCY;
    e->n_threads = bench__case_threads(c);
    cpu_set_t cpus;
    const int n_cpus = sched_getaffinity(0, sizeof cpus, &cpus) == 0 ? CPU_COUNT(&cpus) : 1;
    bench__barrier_init(&e->barrier, (unsigned)e->n_threads, (unsigned)n_cpus);
    e->states = bench__alloc((size_t)e->n_threads, sizeof *e->states);
    if (e->states == NULL) {
        return bench__error(err, BENCH_ENOMEM, "out of memory");
    }
    for (int i = 0; i < e->n_threads; i++) {
        if (init_state(e, i) != 0) {
            return bench__error(err, BENCH_ENOMEM, "out of memory");
        }
    }
    if (opts_of(e)->setup != NULL && opts_of(e)->setup(&e->states[0]) != 0) {
        bench_fail(&e->states[0], "setup failed");
    }
    e->is_running = 1;
    if (e->status != BENCH_STATUS_OK) {
        return 0;
    }
    if (e->n_threads > 1) {
        const int code = bench__team_new(&e->team, e->n_threads - 1, run_task, e, err);
        if (code != 0) {
            return code;
        }
    }
    e->threads_are_set_up = 1;
    run_in_all_threads(e, BENCH__TASK_SETUP);
    return 0;
}

/* The time of a call over all threads, in ticks: see bench_group_threads(). */
static double elapsed_ticks(const struct bench__execution *e) {
    const bench_opts *opts = opts_of(e);
    uint64_t first = UINT64_MAX, last = 0, longest = 0;
    double caller_ns = 0;
    for (int i = 0; i < e->n_threads; i++) {
        const bench_state *b = &e->states[i];
        caller_ns = fmax(caller_ns, b->elapsed_ns);
        first = b->lane.first.n < first ? b->lane.first.n : first;
        last = b->lane.last.n > last ? b->lane.last.n : last;
        longest = b->lane.timed_ticks > longest ? b->lane.timed_ticks : longest;
    }
    if (opts->caller_timed) {
        return caller_ns * e->clock->ticks_per_ns;
    }
    const int has_pauses = e->states[0].lane.batch_max != 0 || e->is_latency;
    return (double)(e->n_threads == 1 || has_pauses ? longest : last - first);
}

static double call(void *context, uint64_t n) {
    struct bench__execution *e = context;
    if (e->status != BENCH_STATUS_OK) {
        return -1;
    }
    for (int i = 0; i < e->n_threads; i++) {
        e->states[i].iterations = n;
        e->states[i].elapsed_ns = -1;
        if (!opts_of(e)->caller_timed) {
            bench__lane_arm(&e->states[i].lane, n);
        }
    }
    run_in_all_threads(e, BENCH__TASK_CALL);
    return e->status == BENCH_STATUS_OK ? elapsed_ticks(e) : -1;
}

static void forget(void *context) {
    struct bench__execution *e = context;
    e->n_errors = 0;
    for (size_t i = 0; i < e->n_counters; i++) {
        if (e->counters[i].kind != BENCH_COUNTER_VALUE) {
            e->counters[i].value = 0;
        }
    }
    for (int i = 0; e->is_latency && i < e->n_threads; i++) {
        bench__histogram_reset(e->states[i].lane.histogram);
    }
}

static void set_pause(void *context, int is_paused) {
    ((struct bench__execution *)context)->is_paused = is_paused;
}

struct bench__body bench__execution_body(struct bench__execution *e) {
    return (struct bench__body){.call = call, .pause = set_pause, .forget = forget, .context = e};
}

void bench__execution_stop(struct bench__execution *e) {
    if (e->states == NULL) {
        return;
    }
    if (e->threads_are_set_up) {
        run_in_all_threads(e, BENCH__TASK_TEARDOWN);
    }
    bench__team_free(e->team);
    e->team = NULL;
    if (opts_of(e)->teardown != NULL) {
        opts_of(e)->teardown(&e->states[0]);
    }
}

static int collect_latency(struct bench__execution *e, bench_launch *launch) {
    struct bench__histogram *all = e->states[0].lane.histogram;
    for (int i = 1; i < e->n_threads; i++) {
        bench__histogram_merge(all, e->states[i].lane.histogram);
    }
    return bench__histogram_record(all, &launch->latency);
}

int bench__execution_collect(struct bench__execution *e, bench_launch *launch) {
    const uint64_t batch_max = e->is_latency ? 1 : e->states[0].lane.batch_max;
    launch->batch_max = batch_max < INT64_MAX ? (int64_t)batch_max : INT64_MAX;
    if (batch_max != 0) {
        launch->cpu_ns = NAN;
    }
    if (launch->status == BENCH_STATUS_OK) {
        launch->status = e->status;
        launch->message = e->message;
        e->message = NULL;
    }
    const double iterations = (double)launch->total_iterations * e->n_threads;
    for (size_t i = 0; i < e->n_counters; i++) {
        bench_counter_record *counter = &e->counters[i];
        if (counter->kind == BENCH_COUNTER_PER_ITERATION) {
            counter->value = iterations > 0 ? counter->value / iterations : NAN;
        } else if (counter->kind == BENCH_COUNTER_RATE) {
            counter->value =
                launch->measured_ns > 0 ? counter->value / (launch->measured_ns * 1e-9) : NAN;
        }
    }
    launch->n_counters = e->n_counters;
    launch->counters = e->counters;
    launch->n_labels = e->n_labels;
    launch->labels = e->labels;
    launch->n_errors = e->n_errors;
    e->counters = NULL;
    e->n_counters = 0;
    e->labels = NULL;
    e->n_labels = 0;
    return e->is_latency ? collect_latency(e, launch) : 0;
}

void bench__execution_clear(struct bench__execution *e) {
    for (int i = 0; e->states != NULL && i < e->n_threads; i++) {
        bench__histogram_free(e->states[i].lane.histogram);
    }
    bench__counters_free(e->counters, e->n_counters);
    bench__labels_free(e->labels, e->n_labels);
    bench__free(e->states);
    bench__free(e->message);
    bench__team_free(e->team);
    pthread_mutex_destroy(&e->lock);
}
