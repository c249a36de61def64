/*
 * Plays one launch of a duel: starts both workers, lets each warm up, draws the turns, waits for
 * both. Draws no conclusions: the inference over launches is stats/paired.
 */
#include "run/duel.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/robust.h"
#include "measure/clock.h"
#include "measure/plan.h"
#include "result/model.h"
#include "run/schedule.h"
#include "worker/board.h"

#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define EPOCH_NS         200e3
#define HAND_OVER_NS     10e3
#define UNTIMED_SHARE    0.1
#define DITHER           0.1
#define END_TIMEOUT_NS   INT64_C(5000000000)
#define MIN_PAIRS        4
#define PAD_MAX          4096
#define HEAP_OFFSET_MAX  65536
#define STACK_OFFSET_MAX 4096

struct game {
    struct bench__duel_launch *out;
    const struct bench__duellist *sides;
    const struct bench__duel_settings *settings;
    const volatile sig_atomic_t *interrupted;
    bench_error *err;
    uint32_t index;
    uint64_t seed;
    struct bench__rng rng;
    struct bench__board *board;
    struct bench__worker worker[2];
    double ns_per_iteration[2];
    uint64_t max_iterations; /* per call, the smaller limit of both sides; 0: none */
};

/* One of the CPUs this process may use, drawn anew for each launch; -1 when it may not choose. */
static int draw_cpu(struct bench__rng *rng) {
    cpu_set_t allowed;
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0 || CPU_COUNT(&allowed) == 0 ||
        sched_setaffinity(0, sizeof allowed, &allowed) != 0) {
        return -1;
    }
    uint64_t left = bench__rng_below(rng, (uint64_t)CPU_COUNT(&allowed));
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (CPU_ISSET((size_t)cpu, &allowed) && left-- == 0) {
            return cpu;
        }
    }
    return -1;
}

static struct bench__request request_for(struct game *g, int side) {
    const struct bench__duellist *d = &g->sides[side];
    return (struct bench__request){
        .suite = d->suite,
        .group = d->group,
        .function = d->function,
        .params = d->params,
        .n_params = d->n_params,
        .index = g->index,
        .sampler = {.sampling = g->settings->sampling,
                    .warm_up_ns = g->settings->warm_up_ns / 2,
                    .measurement_ns = g->settings->measurement_ns,
                    .sample_size = BENCH__DUEL_MAX_PAIRS,
                    .seed = g->seed}, /* the same data for both sides */
        .clock = g->settings->clock,
        .ticks_per_ns = g->settings->ticks_per_ns,
        .cpu = g->out->cpu,
        .stack_offset = (uint32_t)bench__rng_below(&g->rng, STACK_OFFSET_MAX) & ~15u,
        .heap_offset = (uint32_t)bench__rng_below(&g->rng, HEAP_OFFSET_MAX),
        .side = side,
    };
}

static void fail(struct game *g, int side, bench_status status, const char *reason) {
    const int is_skipped = g->out->status == BENCH_STATUS_SKIPPED;
    if (g->out->status == BENCH_STATUS_OK || (is_skipped && status != BENCH_STATUS_SKIPPED)) {
        g->out->status = status;
        g->out->failed_side = side;
        snprintf(g->out->reason, sizeof g->out->reason, "%s", reason);
    } else if (is_skipped && status == BENCH_STATUS_SKIPPED) {
        g->out->failed_side = 0; /* nothing is lost that the old side did not have */
    }
}

/* A side that ends before its turns sends its launch instead of "ready". */
static int take_launch(struct game *g, int side, struct bench__wire *answer) {
    bench__launch_clear(&g->out->side[side]);
    const int code = bench__get_launch(answer, &g->out->side[side], g->err);
    const bench_launch *launch = &g->out->side[side];
    if (code == 0 && launch->status != BENCH_STATUS_OK) {
        fail(g, side, launch->status, launch->message != NULL ? launch->message : "");
    }
    return code;
}

/* Starts a side and lets it warm up. */
static int make_ready(struct game *g, int side, int board_fd) {
    const struct bench__duellist *d = &g->sides[side];
    const struct bench__program program = {.path = d->path, .argv = d->argv, .board_fd = board_fd};
    struct bench__wire question = {0}, answer = {0};
    struct bench__reply reply;
    const size_t pad = (size_t)bench__rng_below(&g->rng, PAD_MAX);
    int code = bench__worker_start(&g->worker[side], &program, pad, g->interrupted, g->err);
    if (code != 0) {
        return code;
    }
    const struct bench__request request = request_for(g, side);
    bench__put_request(&question, &request);
    code = bench__worker_ask(&g->worker[side], BENCH__FRAME_LAUNCH, &question,
                             g->settings->timeout_ns, g->interrupted, &reply, &answer, g->err);
    if (code == 0 && reply.status != BENCH_STATUS_OK) {
        fail(g, side, reply.status, reply.reason);
    } else if (code == 0 && reply.type == BENCH__FRAME_LAUNCH) {
        code = take_launch(g, side, &answer);
        if (code == 0 && g->out->side[side].status == BENCH_STATUS_OK) {
            fail(g, side, BENCH_STATUS_FAILED, "ended before its first turn");
        }
    } else if (code == 0) {
        g->ns_per_iteration[side] = bench__wire_get_f64(&answer);
        const uint64_t limit = bench__wire_get_u64(&answer);
        if (limit != 0 && (g->max_iterations == 0 || limit < g->max_iterations)) {
            g->max_iterations = limit;
        }
    }
    bench__wire_clear(&question);
    bench__wire_clear(&answer);
    return code;
}

static void draw_turns(struct game *g) {
    const double slower = fmax(g->ns_per_iteration[0], g->ns_per_iteration[1]);
    const double epoch = g->settings->epoch_ns > 0 ? g->settings->epoch_ns : EPOCH_NS;
    const uint64_t n = bench__plan_iterations(slower, epoch, g->max_iterations);
    const double pair_ns =
        (double)n * (g->ns_per_iteration[0] + g->ns_per_iteration[1]) * (1 + UNTIMED_SHARE) +
        2 * HAND_OVER_NS;
    double n_pairs = floor(g->settings->measurement_ns / pair_ns);
    n_pairs = n_pairs < MIN_PAIRS               ? MIN_PAIRS
              : n_pairs > BENCH__DUEL_MAX_PAIRS ? BENCH__DUEL_MAX_PAIRS
                                                : n_pairs;
    struct bench__board *board = g->board;
    for (uint32_t pair = 0; pair < (uint32_t)n_pairs; pair++) {
        const double dither = 1 + DITHER * (2 * bench__rng_double(&g->rng) - 1);
        uint64_t iterations = n > 1 ? (uint64_t)fmax(1, rint((double)n * dither)) : 1;
        if (g->max_iterations != 0 && iterations > g->max_iterations) {
            iterations = g->max_iterations;
        }
        const uint32_t first = (uint32_t)(bench__rng_u64(&g->rng) >> 63);
        for (uint32_t k = 0; k < 2; k++) {
            board->turns[2 * pair + k] = (struct bench__turn){
                .side = k == 0 ? first : !first,
                .n_untimed = (uint32_t)ceil(n > 1 ? (double)n * UNTIMED_SHARE : 0),
                .iterations = iterations,
            };
        }
    }
    board->n_turns = 2 * (uint32_t)n_pairs;
}

static int start_turns(struct game *g) {
    struct bench__reply reply;
    for (int side = 0; side < 2; side++) {
        const int code =
            bench__worker_send(&g->worker[side], BENCH__FRAME_GO, NULL, &reply, g->err);
        if (code != 0) {
            return code;
        }
        if (reply.status != BENCH_STATUS_OK) {
            fail(g, side, reply.status, reply.reason);
        }
    }
    return 0;
}

/* Whose turn has not ended: the one to blame when nothing moves. */
static int side_at_turn(const struct game *g) {
    const uint32_t turn = atomic_load(&g->board->turn);
    return turn < g->board->n_turns ? (int)g->board->turns[turn].side : 1;
}

/* Takes what a side that has ended, or that is to be given up, has to say. */
static int take_end(struct game *g, int side) {
    struct bench__wire answer = {0};
    struct bench__reply reply;
    int code = bench__worker_receive(&g->worker[side], 0, NULL, &reply, &answer, g->err);
    if (code == 0 && reply.status != BENCH_STATUS_OK) {
        fail(g, side, reply.status, reply.reason);
    } else if (code == 0) {
        code = take_launch(g, side, &answer);
    }
    bench__wire_clear(&answer);
    return code;
}

/* Waits for both sides; one that dies or hangs ends the game for the other, which then has a moment
 * to say so. */
static int await_both(struct game *g) {
    struct bench__worker *waiting[2] = {&g->worker[0], &g->worker[1]};
    int64_t deadline = bench__monotonic_ns() + g->settings->timeout_ns;
    int code = 0;
    while (code == 0 && (waiting[0] != NULL || waiting[1] != NULL)) {
        int side = bench__workers_await(waiting, 2, deadline, g->interrupted);
        if (side == BENCH_EINTERRUPTED) {
            return bench__error(g->err, BENCH_EINTERRUPTED, "interrupted");
        }
        if (side < 0) {
            side = side_at_turn(g);
            side = waiting[side] != NULL ? side : !side;
        }
        code = take_end(g, side);
        waiting[side] = NULL;
        if (code != 0 || g->out->status != BENCH_STATUS_OK) {
            bench__board_end(g->board);
            deadline = bench__monotonic_ns() + END_TIMEOUT_NS;
        }
    }
    return code;
}

/* The k-th samples of both sides are a pair: that is how the turns were drawn. */
static int conclude(struct game *g) {
    const bench_launch *a = &g->out->side[0], *b = &g->out->side[1];
    const size_t n = a->n_samples < b->n_samples ? a->n_samples : b->n_samples;
    double *d = bench__alloc(n, sizeof *d);
    if (d == NULL) {
        return bench__error(g->err, BENCH_ENOMEM, "out of memory for %zu pair%s", n,
                            n == 1 ? "" : "s");
    }
    size_t n_pairs = 0;
    for (size_t i = 0; i < n; i++) {
        if (a->elapsed_ns[i] > 0 && b->elapsed_ns[i] > 0) {
            d[n_pairs++] = log(b->elapsed_ns[i] / a->elapsed_ns[i]);
        }
    }
    g->out->n_pairs = n_pairs;
    g->out->difference = bench__median_inplace(d, n_pairs);
    bench__free(d);
    if (n_pairs == 0) {
        fail(g, 1, BENCH_STATUS_FAILED, "no pair took a time that could be measured");
    }
    return 0;
}

static int play(struct game *g, int board_fd) {
    int code = 0;
    /* The side that warms up last has the warmer caches: that, too, is for a coin to decide. */
    const int first = (int)(bench__rng_u64(&g->rng) >> 63);
    /* Where one side skips, whether the other one would have measured makes the difference. */
    for (int k = 0; code == 0 && k < 2 &&
                    (g->out->status == BENCH_STATUS_OK || g->out->status == BENCH_STATUS_SKIPPED);
         k++) {
        code = make_ready(g, k == 0 ? first : !first, board_fd);
    }
    if (code == 0 && g->out->status == BENCH_STATUS_OK) {
        draw_turns(g);
        code = start_turns(g);
    }
    if (code == 0 && g->out->status == BENCH_STATUS_OK) {
        code = await_both(g);
    }
    if (code == 0 && g->out->status == BENCH_STATUS_OK) {
        code = conclude(g);
    }
    return code;
}

int bench__duel_launch(struct bench__duel_launch *out, const struct bench__duellist sides[2],
                       const struct bench__duel_settings *settings, uint32_t index,
                       const volatile sig_atomic_t *interrupted, bench_error *err) {
    struct game g = {.out = out,
                     .sides = sides,
                     .settings = settings,
                     .interrupted = interrupted,
                     .err = err,
                     .index = index,
                     .seed = bench__launch_seed(settings->seed, settings->name, index)};
    int fd;
    memset(out, 0, sizeof *out);
    bench__launch_init(&out->side[0]);
    bench__launch_init(&out->side[1]);
    out->failed_side = -1;
    out->difference = NAN;
    bench__rng_init(&g.rng, g.seed);
    /* threads on one CPU would hide what they do to each other */
    out->cpu = sides[0].n_threads > 1 || sides[1].n_threads > 1 ? -1 : draw_cpu(&g.rng);
    g.worker[0].pid = g.worker[1].pid = -1;
    g.board = bench__board_new(&fd, 2 * BENCH__DUEL_MAX_PAIRS, err);
    if (g.board == NULL) {
        return BENCH_ESYSTEM;
    }
    const int code = play(&g, fd);
    bench__board_end(g.board);
    bench__worker_stop(&g.worker[0]);
    bench__worker_stop(&g.worker[1]);
    close(fd);
    bench__board_free(g.board);
    if (code != 0) {
        bench__duel_launch_clear(out);
    }
    return code;
}

void bench__duel_launch_clear(struct bench__duel_launch *launch) {
    bench__launch_clear(&launch->side[0]);
    bench__launch_clear(&launch->side[1]);
}
