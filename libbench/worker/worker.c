/*
 * The measuring side of a worker process: takes requests from a socket, makes launches of them.
 * Nothing else runs in this process but the benchmark.
 */
#include "worker/worker.h"

#include "base/error.h"
#include "base/mem.h"
#include "measure/calibrate.h"
#include "measure/host.h"
#include "measure/noise.h"
#include "result/model.h"
#include "worker/board.h"
#include "worker/state.h"

#include <alloca.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

int bench__worker_is_one(void) {
    return getenv("BENCH__WORKER") != NULL;
}

static int pin(int cpu, bench_error *err) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET((size_t)cpu, &set);
    if (sched_setaffinity(0, sizeof set, &set) != 0) {
        return bench__error_sys(err, BENCH_ESYSTEM, errno, "cannot pin to CPU %d", cpu);
    }
    return 0;
}

static int sample(bench_launch *out, const struct bench__case *c, const struct bench__request *r,
                  const struct bench__turns *turns, bench_error *err) {
    struct bench__clock clock = {.kind = r->clock, .ticks_per_ns = r->ticks_per_ns};
    struct bench__execution e;
    struct bench__noise_probe *probe = bench__noise_probe_new("");
    int code = bench__execution_start(&e, c, &clock, r->sampler.sampling, r->sampler.seed, err);
    if (code == 0 && e.status == BENCH_STATUS_OK) {
        struct bench__sampler_options options = r->sampler;
        options.max_iterations = c->function->opts.max_iterations;
        options.turns = turns;
        const struct bench__body body = bench__execution_body(&e);
        code = bench__sample(out, &options, &body, &clock, probe, err);
    }
    bench__execution_stop(&e);
    if (code == 0 && bench__execution_collect(&e, out) != 0) {
        code = bench__error(err, BENCH_ENOMEM, "out of memory");
    }
    bench__execution_clear(&e);
    bench__noise_probe_free(probe);
    return code;
}

static int launch(bench_launch *out, bench_suite *const *suites, size_t n_suites,
                  const struct bench__request *r, const struct bench__turns *turns,
                  uint64_t *out_max_iterations, bench_error *err) {
    struct bench__case c;
    bench__launch_init(out);
    out->index = r->index;
    out->seed = r->sampler.seed;
    int code = bench__case_bind(&c, suites, n_suites, r->suite, r->group, r->function, r->params,
                                r->n_params, err);
    if (code == 0 && r->cpu >= 0) {
        code = pin(r->cpu, err);
    }
    if (code == 0) {
        *out_max_iterations = c.function->opts.max_iterations;
        code = sample(out, &c, r, turns, err);
    }
    bench__case_clear(&c);
    if (code != 0) {
        bench__launch_clear(out);
    }
    return code;
}

int bench__launch_here(bench_launch *out, bench_suite *const *suites, size_t n_suites,
                       const struct bench__request *r, bench_error *err) {
    uint64_t max_iterations;
    return launch(out, suites, n_suites, r, NULL, &max_iterations, err);
}

/* Another place on the stack and in the heap for every launch: layout is noise, not signal. */
static int __attribute__((noinline))
launch_displaced(bench_launch *out, bench_suite *const *suites, size_t n_suites,
                 const struct bench__request *r, const struct bench__turns *turns,
                 uint64_t *out_max_iterations, bench_error *err) {
    void *stack = alloca((size_t)r->stack_offset + 1);
    void *heap = malloc((size_t)r->heap_offset + 1);
    __asm__ __volatile__("" : : "r"(stack), "r"(heap) : "memory");
    const int code = launch(out, suites, n_suites, r, turns, out_max_iterations, err);
    free(heap);
    return code;
}

struct server {
    int fd;
    pid_t pid;
    bench_suite *const *suites;
    size_t n_suites;
    struct bench__calibrator *calibrator; /* prepared by the first request for it */
    struct bench__clock clock;
    int is_over; /* the runner has closed the socket */
};

/* A benchmark that forked and let the child return must not answer twice. */
static int answer(const struct server *s, enum bench__frame type, const struct bench__wire *w,
                  bench_error *err) {
    if (getpid() != s->pid) {
        _exit(0);
    }
    return bench__frame_send(s->fd, type, w, err);
}

/* ---- one side of a duel ---- */

struct duellist {
    struct server *server;
    struct bench__board *board;
    uint32_t side;
    uint32_t at;             /* the turn to look at next */
    uint64_t max_iterations; /* of the benchmark; 0: no limit */
    bench_error *err;
};

static size_t begin_turns(void *context, double ns_per_iteration) {
    struct duellist *d = context;
    struct bench__wire w = {0};
    enum bench__frame type;
    size_t n = 0;
    bench__wire_put_f64(&w, ns_per_iteration);
    bench__wire_put_u64(&w, d->max_iterations);
    int code = answer(d->server, BENCH__FRAME_READY, &w, d->err);
    if (code == 0) {
        code = bench__frame_receive(d->server->fd, &type, &w, d->err);
    }
    for (uint32_t i = 0; code == 0 && i < d->board->n_turns; i++) {
        n += d->board->turns[i].side == d->side;
    }
    bench__wire_clear(&w);
    return n;
}

static int next_turn(void *context, uint64_t *out_iterations, uint64_t *out_untimed) {
    struct duellist *d = context;
    while (d->at < d->board->n_turns && d->board->turns[d->at].side != d->side) {
        d->at++;
    }
    if (d->at >= d->board->n_turns || !bench__board_await(d->board, d->at)) {
        return 0;
    }
    *out_iterations = d->board->turns[d->at].iterations;
    *out_untimed = d->board->turns[d->at].n_untimed;
    return 1;
}

static void end_turn(void *context) {
    struct duellist *d = context;
    bench__board_pass(d->board, ++d->at);
}

/* A side whose benchmark stops early must not leave the other waiting. */
static int duel(struct server *s, const struct bench__request *request, bench_launch *out,
                bench_error *err) {
    struct duellist d = {.server = s, .side = (uint32_t)request->side, .err = err};
    d.board = bench__board_open(BENCH__BOARD_FD, err);
    if (d.board == NULL) {
        return err->code;
    }
    const struct bench__turns turns = {begin_turns, next_turn, end_turn, &d};
    const int code =
        launch_displaced(out, s->suites, s->n_suites, request, &turns, &d.max_iterations, err);
    if (code != 0 || out->status != BENCH_STATUS_OK) {
        bench__board_end(d.board);
    }
    bench__board_free(d.board);
    return code;
}

static int serve_launch(struct server *s, struct bench__wire *in, bench_error *err) {
    struct bench__request request;
    bench_launch out;
    uint64_t max_iterations;
    int code = bench__get_request(in, &request, err);
    if (code != 0) {
        return code;
    }
    code = request.side >= 0 ? duel(s, &request, &out, err)
                             : launch_displaced(&out, s->suites, s->n_suites, &request, NULL,
                                                &max_iterations, err);
    bench__request_clear(&request);
    if (code != 0) {
        return code;
    }
    struct bench__wire w = {0};
    bench__put_launch(&w, &out);
    code = answer(s, BENCH__FRAME_LAUNCH, &w, err);
    bench__wire_clear(&w);
    bench__launch_clear(&out);
    return code;
}

static int prepare_calibrator(struct server *s, bench_error *err) {
    bench_host host;
    bench__host_read(&host, "");
    const int code = bench__clock_open(&s->clock, BENCH_CLOCK_AUTO, err);
    if (code != 0) {
        return code;
    }
    s->calibrator = bench__calibrator_new(&host, 1);
    return s->calibrator != NULL
               ? 0
               : bench__error(err, BENCH_ENOMEM, "out of memory for the calibration");
}

static int serve_calibration(struct server *s, bench_error *err) {
    bench_calibration reading;
    if (s->calibrator == NULL) {
        const int code = prepare_calibrator(s, err);
        if (code != 0) {
            return code;
        }
    }
    bench__calibrator_run(s->calibrator, &s->clock, &reading);
    struct bench__wire out = {0};
    bench__put_calibration(&out, &reading);
    const int code = answer(s, BENCH__FRAME_CALIBRATE, &out, err);
    bench__wire_clear(&out);
    return code;
}

static int serve(struct server *s, bench_error *err) {
    struct bench__wire in = {0};
    enum bench__frame type;
    int code;
    for (;;) {
        code = bench__frame_receive(s->fd, &type, &in, err);
        if (code != 0) {
            s->is_over = code == BENCH_ENOTFOUND;
            break;
        }
        code = type == BENCH__FRAME_CALIBRATE ? serve_calibration(s, err)
               : type == BENCH__FRAME_LAUNCH
                   ? serve_launch(s, &in, err)
                   : bench__error(err, BENCH_EFORMAT, "unknown request %d", (int)type);
        if (code != 0) {
            break;
        }
    }
    bench__wire_clear(&in);
    return code;
}

static int say_hello(const struct server *s, bench_error *err) {
    struct bench__wire hello = {0};
    bench__wire_put_text(&hello, bench_version());
    const int code = answer(s, BENCH__FRAME_HELLO, &hello, err);
    bench__wire_clear(&hello);
    return code;
}

int bench__worker_main(bench_suite *const *suites, size_t n_suites) {
    struct server s = {.fd = atoi(getenv("BENCH__WORKER")),
                       .pid = getpid(),
                       .suites = suites,
                       .n_suites = n_suites};
    bench_error error = {0};
    /* Children of the benchmark are no workers. */
    unsetenv("BENCH__WORKER");
    unsetenv("BENCH__PAD");
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    int code = say_hello(&s, &error);
    if (code == 0) {
        code = serve(&s, &error);
    }
    bench__calibrator_free(s.calibrator);
    if (s.is_over) {
        return 0;
    }
    struct bench__wire out = {0};
    bench__wire_put_text(&out, error.text);
    bench__wire_put_i64(&out, code);
    answer(&s, BENCH__FRAME_ERROR, &out, NULL);
    bench__wire_clear(&out);
    return 1;
}
