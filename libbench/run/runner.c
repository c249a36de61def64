/*
 * The solo runner: walks the schedule, one worker process per launch, and gathers what they send.
 * Judges nothing; the analysis belongs to result/.
 */
#include "run/runner.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/rng.h"
#include "measure/clock.h"
#include "measure/host.h"
#include "result/model.h"
#include "run/calibration.h"
#include "run/finish.h"
#include "run/pairs.h"
#include "run/revision.h"
#include "run/schedule.h"
#include "worker/worker.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define PAD_MAX           4096
#define HEAP_PROLOGUE_MAX 65536
#define STACK_OFFSET_MAX  4096
#define MIN_LAUNCHES      3
#define PATIENCE          4    /* times its budget a benchmark may take before launches are cut, */
#define OVERHEAD_NS       25e6 /* and so much for starting and preparing each launch */

struct session {
    const struct bench__runner *r;
    bench_run *run;
    bench_error *err;
    struct bench__step *steps;
    size_t n_steps;
    int *n_left; /* launches still to come, per case */
    struct bench__journal *journal;
    struct bench__calibration_schedule calibration;
    struct bench__clock_calibration pairs; /* the runner's own clock, a first guess for workers */
    struct bench__clock clock;
    int64_t started_ns; /* of the run; resumed: as if its parts had followed each other */
    size_t launches_done, launches_total, benchmarks_done;
    int64_t launching_ns; /* spent on the launches so far */
    size_t launches_timed;
};

static int64_t since_start_ns(const struct session *s) {
    return bench__monotonic_ns() - s->started_ns;
}

static void warn(const struct session *s, const char *text) {
    if (s->r->on_warning != NULL) {
        s->r->on_warning(s->r->context, text);
    }
}

static int is_interrupted(const struct session *s) {
    return s->r->interrupted != NULL && *s->r->interrupted;
}

/* ---- before the first launch ---- */

static int add_result(struct session *s, const struct bench__case *c) {
    bench_result *result = bench__run_add_result(s->run);
    if (result == NULL) {
        return BENCH_ENOMEM;
    }
    result->options = s->r->resolved[c - s->r->cases];
    result->name = bench__strdup(c->name);
    result->suite = bench__strdup(c->suite->name);
    result->group = bench__strdup(c->group->name);
    result->function = bench__strdup(c->function->name);
    result->status = BENCH_STATUS_NOT_RUN;
    result->n_threads = bench__case_threads(c);
    if (s->run->host.n_cpus > 0 && result->n_threads > s->run->host.n_cpus) {
        result->flags |= BENCH_FLAG_OVERSUBSCRIBED;
    }
    result->bytes_per_iteration = bench__case_per_iteration(c, BENCH_BYTES);
    result->elements_per_iteration = bench__case_per_iteration(c, BENCH_ELEMENTS);
    for (size_t i = 0; i < c->n_params; i++) {
        const bench_param *p = &c->params[i];
        if (bench__result_add_param(result, p->name, p->text, p->is_i64, p->i64) != 0) {
            return BENCH_ENOMEM;
        }
    }
    return result->name != NULL && result->suite != NULL && result->group != NULL &&
                   result->function != NULL
               ? 0
               : BENCH_ENOMEM;
}

int bench__run_describe(bench_run *run, const bench_build *build, bench_clock_kind want,
                        bench_error *err) {
    const time_t now = time(NULL);
    struct bench__clock clock;
    struct tm utc;
    const int code = bench__clock_open(&clock, want, err);
    if (code != 0) {
        return code;
    }
    gmtime_r(&now, &utc);
    strftime(run->timestamp, sizeof run->timestamp, "%Y-%m-%dT%H:%M:%SZ", &utc);
    bench__revision_read(run->git_commit, sizeof run->git_commit, run->git_branch,
                         sizeof run->git_branch);
    bench__host_read(&run->host, "");
    snprintf(run->host.compiler, sizeof run->host.compiler, "%s", build->compiler);
    snprintf(run->host.flags, sizeof run->host.flags, "%s", build->flags);
    run->host.libbench_major = BENCH_VERSION_MAJOR;
    run->host.clock = clock.kind;
    return 0;
}

/* What must be the same for a run to be resumed: names and options, in order. */
static void plan_digest(const bench_run *run, const struct bench__run_settings *settings,
                        char out[24]) {
    uint64_t digest = bench__rng_mix((uint64_t)settings->cpu, (uint64_t)settings->in_process);
    for (size_t i = 0; i < run->n_results; i++) {
        const bench_result *r = &run->results[i];
        digest = bench__launch_seed(digest, r->name, (uint32_t)r->options.launches);
        digest = bench__rng_mix(digest, (uint64_t)r->options.measurement_time_ns);
        digest = bench__rng_mix(digest, (uint64_t)r->options.warm_up_time_ns);
        digest = bench__rng_mix(digest, (uint64_t)r->options.sampling);
        digest = bench__rng_mix(digest, (uint64_t)r->options.sample_size);
    }
    snprintf(out, 24, "%016" PRIx64, digest);
}

static int open_journal(struct session *s) {
    char digest[24];
    if (s->r->journal_path == NULL) {
        return 0;
    }
    plan_digest(s->run, &s->r->settings, digest);
    if (s->r->resume) {
        return bench__journal_resume(&s->journal, s->r->journal_path, s->run, digest, s->err);
    }
    return bench__journal_create(&s->journal, s->r->journal_path, s->run, digest, s->err);
}

static int prepare(struct session *s) {
    const size_t n = s->r->n_cases;
    int *launches = bench__alloc(n, sizeof *launches);
    s->n_left = bench__alloc(n, sizeof *s->n_left);
    int code = launches != NULL && s->n_left != NULL ? 0 : BENCH_ENOMEM;
    for (size_t i = 0; code == 0 && i < n; i++) {
        code = add_result(s, &s->r->cases[i]);
    }
    if (code == BENCH_ENOMEM) {
        bench__error(s->err, code, "out of memory for %zu benchmark%s", n, n == 1 ? "" : "s");
    }
    if (code == 0) {
        code = bench__pairs_add(s->run, s->r, s->err);
    }
    if (code == 0) {
        code = open_journal(s);
    }
    for (size_t i = 0; code == 0 && i < n; i++) {
        launches[i] = s->n_left[i] = s->run->results[i].options.launches;
    }
    if (code == 0) {
        code = bench__schedule(&s->steps, &s->n_steps, launches, n, s->run->seed, s->err);
        s->launches_total = s->n_steps + bench__pairs_launches(s->r);
    }
    bench__free(launches);
    return code;
}

/* ---- one launch ---- */

static struct bench__request make_request(struct session *s, const struct bench__step *step) {
    const struct bench__case *c = &s->r->cases[step->benchmark];
    const bench_resolved *o = &s->run->results[step->benchmark].options;
    struct bench__rng rng;
    const uint64_t seed = bench__launch_seed(s->run->seed, c->name, step->launch);
    bench__rng_init(&rng, seed);
    return (struct bench__request){
        .suite = c->suite->name,
        .group = c->group->name,
        .function = c->function->name,
        .params = c->params,
        .n_params = c->n_params,
        .index = step->launch,
        .sampler = {.sampling = o->sampling,
                    .warm_up_ns = (double)o->warm_up_time_ns / o->launches,
                    .measurement_ns = (double)o->measurement_time_ns / o->launches,
                    .sample_size = o->sample_size,
                    .seed = seed,
                    .once = s->r->settings.once,
                    .no_keep = s->r->settings.no_keep},
        .clock = s->clock.kind,
        .ticks_per_ns = s->clock.ticks_per_ns,
        .cpu = s->r->settings.cpu,
        .stack_offset = (uint32_t)bench__rng_below(&rng, STACK_OFFSET_MAX) & ~15u,
        .heap_offset = (uint32_t)bench__rng_below(&rng, HEAP_PROLOGUE_MAX),
        .side = -1,
    };
}

/* A launch that did not come back: what is known about it. */
static int failed_launch(bench_launch *launch, const struct bench__request *request,
                         bench_status status, const char *reason) {
    bench__launch_init(launch);
    launch->index = request->index;
    launch->seed = request->sampler.seed;
    launch->status = status;
    launch->message = bench__strdup(reason);
    return launch->message != NULL ? 0 : BENCH_ENOMEM;
}

static int launch_in_worker(struct session *s, const struct bench__request *request,
                            int64_t timeout_ns, bench_launch *launch) {
    struct bench__worker worker;
    struct bench__reply reply;
    struct bench__wire question = {0}, answer = {0};
    const struct bench__program program = {.argv = s->r->argv, .board_fd = -1};
    const size_t pad = (size_t)(request->sampler.seed >> 20) % PAD_MAX;
    bench_error why = {0};
    int code = bench__worker_start(&worker, &program, pad, s->r->interrupted, &why);
    if (code != 0 && code != BENCH_EINTERRUPTED && code != BENCH_ENOMEM && s->launches_done > 0) {
        return failed_launch(launch, request, BENCH_STATUS_FAILED, why.text);
    }
    if (code != 0) {
        if (s->err != NULL && s->err->code == 0) {
            *s->err = why;
        }
        return code;
    }
    bench__put_request(&question, request);
    code = bench__worker_ask(&worker, BENCH__FRAME_LAUNCH, &question, timeout_ns, s->r->interrupted,
                             &reply, &answer, s->err);
    if (code == 0 && reply.status == BENCH_STATUS_OK &&
        (reply.type != BENCH__FRAME_LAUNCH || bench__get_launch(&answer, launch, NULL) != 0)) {
        code = failed_launch(launch, request, BENCH_STATUS_FAILED,
                             "its worker sent something that is no launch");
    } else if (code == 0 && reply.status != BENCH_STATUS_OK) {
        code = failed_launch(launch, request, reply.status, reply.reason);
    }
    bench__worker_stop(&worker);
    if (code == 0) {
        launch->output_bytes = worker.output_bytes;
    }
    bench__wire_clear(&question);
    bench__wire_clear(&answer);
    return code;
}

static double mean_wall_ns(const bench_result *result) {
    double sum = 0;
    for (size_t i = 0; i < result->n_launches; i++) {
        sum += result->launches[i].wall_ns;
    }
    return sum / (double)result->n_launches;
}

/* Bad news about one launch is no reason for fourteen more; slow ones get fewer. */
static void cut_launches(struct session *s, size_t benchmark, const bench_launch *launch) {
    const bench_resolved *o = &s->run->results[benchmark].options;
    const int made = (int)s->run->results[benchmark].n_launches;
    int wanted = o->launches;
    if (launch->status != BENCH_STATUS_OK) {
        wanted = made;
    } else {
        const double budget = (double)(o->warm_up_time_ns + o->measurement_time_ns) * PATIENCE +
                              (double)o->launches * OVERHEAD_NS;
        const double affordable = floor(budget / mean_wall_ns(&s->run->results[benchmark]));
        wanted = affordable >= o->launches ? o->launches : (int)fmax(affordable, MIN_LAUNCHES);
        wanted = wanted > o->launches ? o->launches : wanted;
    }
    const int cancel = s->n_left[benchmark] - (wanted > made ? wanted - made : 0);
    if (cancel > 0) {
        s->n_left[benchmark] -= cancel;
        s->launches_total -= (size_t)cancel;
    }
}

static bench_progress progress_of(const struct session *s, const char *name,
                                  const bench_result *finished) {
    const size_t left = s->launches_total - s->launches_done;
    return (bench_progress){
        .launches_done = s->launches_done,
        .launches_total = s->launches_total,
        .benchmarks_done = s->benchmarks_done,
        .benchmarks_total = s->r->n_cases + (s->r->settings.in_process ? 0 : s->r->n_pairs),
        .elapsed_ns = since_start_ns(s),
        .remaining_ns = s->launches_timed > 0 ? (int64_t)((double)s->launching_ns /
                                                          (double)s->launches_timed * (double)left)
                                              : -1,
        .name = name,
        .finished = finished,
    };
}

static void report_progress(struct session *s, const char *name, const bench_result *finished) {
    if (s->r->on_progress != NULL) {
        const bench_progress progress = progress_of(s, name, finished);
        s->r->on_progress(s->r->context, &progress);
    }
}

/* Takes a launch into its result, cuts or ends the benchmark. The launch's memory moves. */
static int keep_launch(struct session *s, size_t benchmark, bench_launch *launch) {
    bench_result *result = &s->run->results[benchmark];
    bench_launch *slot = bench__result_add_launch(result);
    if (slot == NULL) {
        bench__launch_clear(launch);
        return bench__error(s->err, BENCH_ENOMEM, "out of memory for a launch");
    }
    *slot = *launch;
    s->n_left[benchmark]--;
    s->launches_done++;
    cut_launches(s, benchmark, slot);
    const int is_last = s->n_left[benchmark] == 0;
    if (is_last) {
        s->benchmarks_done++;
        bench__result_settle_status(result);
    }
    report_progress(s, result->name, is_last ? result : NULL);
    return 0;
}

/* Measuring goes on without it. */
static void give_up_journal(struct session *s, const char *why) {
    warn(s, why);
    bench__journal_close(s->journal, NULL);
    s->journal = NULL;
}

static int run_step(struct session *s, const struct bench__step *step) {
    const struct bench__request request = make_request(s, step);
    const bench_result *result = &s->run->results[step->benchmark];
    bench_launch launch;
    report_progress(s, result->name, NULL);
    const int64_t from = bench__monotonic_ns();
    const int code =
        s->r->settings.in_process
            ? bench__launch_here(&launch, s->r->suites, s->r->n_suites, &request, s->err)
            : launch_in_worker(s, &request, result->options.timeout_ns, &launch);
    if (code != 0) {
        return code;
    }
    const int64_t wall = bench__monotonic_ns() - from;
    s->launching_ns += wall;
    s->launches_timed++;
    launch.wall_ns = (double)wall;
    launch.started_at_ns = from - s->started_ns;
    launch.calibration = (int)s->run->n_calibrations - 1;
    bench_error journal_error = {0};
    if (s->journal != NULL &&
        bench__journal_launch(s->journal, result->name, &launch, &journal_error) != 0) {
        give_up_journal(s, journal_error.text);
    }
    return keep_launch(s, step->benchmark, &launch);
}

/* ---- the whole run ---- */

static int has_launch(const bench_result *result, uint32_t index) {
    for (size_t i = 0; i < result->n_launches; i++) {
        if (result->launches[i].index == index) {
            return 1;
        }
    }
    return 0;
}

/* Launches that a resumed journal already holds count as made, and its time as passed: the run goes
 * on where the last of them ended. */
static void account_for_resumed(struct session *s) {
    s->started_ns -= (int64_t)bench__run_last_ns(s->run);
    for (size_t b = 0; b < s->r->n_cases; b++) {
        bench_result *result = &s->run->results[b];
        for (size_t i = 0; i < result->n_launches; i++) {
            s->n_left[b]--;
            s->launches_done++;
        }
        if (result->n_launches > 0) {
            cut_launches(s, b, &result->launches[result->n_launches - 1]);
        }
        if (s->n_left[b] == 0) {
            s->benchmarks_done++;
            bench__result_settle_status(result);
        }
    }
}

static void calibrate_if_due(struct session *s) {
    bench_error inner = {0};
    const int code = bench__calibration_if_due(&s->calibration, s->run, since_start_ns(s),
                                               s->r->argv, s->r->interrupted, &inner);
    if (code > 0 && s->journal != NULL &&
        bench__journal_calibration(s->journal, &s->run->calibrations[s->run->n_calibrations - 1],
                                   &inner) != 0) {
        give_up_journal(s, inner.text);
    } else if (code < 0 && code != BENCH_EINTERRUPTED) {
        warn(s, inner.text);
    }
}

/* The runner's clock gets better with the time it has been watched. */
static void watch_clock(struct session *s) {
    bench__clock_pair(&s->clock, &s->pairs);
    const double slope = bench__clock_slope(&s->pairs);
    if (slope > 0) {
        s->clock.ticks_per_ns = slope;
    }
}

static int walk(struct session *s) {
    int code = 0;
    for (size_t i = 0; code == 0 && i < s->n_steps && !is_interrupted(s); i++) {
        const struct bench__step *step = &s->steps[i];
        if (s->n_left[step->benchmark] == 0 ||
            has_launch(&s->run->results[step->benchmark], step->launch)) {
            continue;
        }
        calibrate_if_due(s);
        watch_clock(s);
        code = run_step(s, step);
    }
    if (code == 0 && !is_interrupted(s)) {
        const bench_progress so_far = progress_of(s, NULL, NULL);
        watch_clock(s);
        code = bench__pairs_play(s->run, s->r, &s->clock, &so_far, s->started_ns, s->err);
    }
    if (code == BENCH_EINTERRUPTED || is_interrupted(s)) {
        s->run->interrupted = 1;
        if (code == BENCH_EINTERRUPTED && s->err != NULL) {
            *s->err = (bench_error){0}; /* not an error: the run says it */
        }
        code = 0;
    }
    return code;
}

static int start_clock(struct session *s) {
    const int code = bench__clock_open(&s->clock, s->r->settings.clock, s->err);
    if (code != 0) {
        return code;
    }
    s->started_ns = bench__monotonic_ns();
    bench__clock_pair(&s->clock, &s->pairs);
    return 0;
}

/* A slope needs a millisecond at least: reading the machine and asking git take longer than that.
 */
static void await_clock(struct session *s) {
    do {
        watch_clock(s);
    } while (since_start_ns(s) < 2000000);
}

int bench__run(bench_run *run, const struct bench__runner *runner, bench_error *err) {
    struct session s = {.r = runner, .run = run, .err = err};
    int code = start_clock(&s);
    if (code == 0) {
        run->seed = runner->settings.seed;
        code = prepare(&s);
    }
    if (code == 0) {
        await_clock(&s);
        account_for_resumed(&s);
        bench__calibration_start(&s.calibration, runner->settings.in_process ||
                                                     runner->settings.once ||
                                                     runner->settings.no_keep);
        code = walk(&s);
        if (code == 0 && !run->interrupted) {
            bench__calibration_last(&s.calibration, run, since_start_ns(&s), runner->interrupted);
        }
        bench__calibration_stop(&s.calibration);
    }
    if (s.journal != NULL) {
        bench__journal_close(s.journal, code == 0 ? err : NULL);
    }
    if (code == 0) {
        code = bench__finish(run, err);
    }
    run->wall_ns = (double)since_start_ns(&s);
    bench__free(s.steps);
    bench__free(s.n_left);
    return code;
}
