/* The part of feature_impact about what messages pass on their way: logging, a router. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "feature_impact.h"
#include "fixtures.h"
#include "minibus/error.h"
#include "minibus/middleware.h"
#include "minibus/router.h"
#include "suites.h"

/* ---- logging --------------------------------------------------------------------------------- */

struct logged {
    struct rounds rounds; /* first: the bodies are those of all rounds */
    mb_log *log;
    FILE *file;
    uint64_t n_lines; /* each round must write so many */
};

static struct logged *new_logged(bench_state *b) {
    struct logged *l = fx_new(b, sizeof *l);
    return l && !fx_failed(b, rounds_init(&l->rounds, 100)) ? l : NULL;
}

static int unused_setup(bench_state *b) {
    return new_logged(b) ? 0 : -1;
}

static int use_log(bench_state *b, struct logged *l, const mb_log_options *options) {
    if (fx_failed(b, mb_log_new(&l->log, options))) {
        return -1;
    }
    const mb_middleware middleware = mb_log_middleware(l->log);
    return fx_failed(b, mb_broker_use(l->rounds.broker, &middleware));
}

static int off_setup(bench_state *b) {
    struct logged *l = new_logged(b);
    return !l || use_log(b, l, &(mb_log_options){.level = MB_LOG_OFF});
}

/* "call": one line for a call that published or received something; "message": one for each message
 * as well. */
static int logged_setup(bench_state *b, mb_log_sink sink) {
    struct logged *l = new_logged(b);
    if (!l) {
        return -1;
    }
    const int all = strcmp(bench_param_str(b, "line_per"), "message") == 0;
    if (sink == MB_LOG_FILE && !(l->file = tmpfile())) {
        return fx_failed(b, MB_ESYSTEM);
    }
    l->n_lines = all ? 2 + 2 * ROUND : 2;
    return use_log(b, l,
                   &(mb_log_options){.level = all ? MB_LOG_MESSAGES : MB_LOG_BATCHES,
                                     .sink = sink,
                                     .file = l->file});
}

static int null_setup(bench_state *b) {
    return logged_setup(b, MB_LOG_NULL);
}

static int ring_setup(bench_state *b) {
    return logged_setup(b, MB_LOG_RING);
}

static int file_setup(bench_state *b) {
    return logged_setup(b, MB_LOG_FILE);
}

static void logged_teardown(bench_state *b) {
    struct logged *l = bench_user(b);
    if (!l) {
        return;
    }
    rounds_clear(&l->rounds);
    mb_log_free(l->log);
    if (l->file) {
        fclose(l->file);
    }
    free(l);
}

static void logging(bench_state *b) {
    struct logged *l = bench_user(b);
    const uint64_t n_before = mb_log_n_lines(l->log);
    uint64_t n_rounds = 0;
    BENCH_LOOP(b) {
        if (fx_failed(b, feature_round(&l->rounds))) {
            return;
        }
        n_rounds++;
    }
    feature_check(b, &l->rounds);
    const uint64_t n = mb_log_n_lines(l->log) - n_before;
    if (n != n_rounds * l->n_lines) {
        bench_fail(b, "%llu lines of %llu rounds", (unsigned long long)n,
                   (unsigned long long)n_rounds);
    }
}

/* Untimed, so that the file does not grow until the disk is what is measured. */
static void empty_file(bench_state *b, uint64_t n) {
    const struct logged *l = bench_user(b);
    (void)n;
    if (fseek(l->file, 0, SEEK_SET) != 0 || ftruncate(fileno(l->file), 0) != 0) {
        fx_fail(b, MB_ESYSTEM);
    }
}

/* ---- logging, compiled out ------------------------------------------------------------------- */

static int compiled_out_setup(bench_state *b) {
    struct rounds *r = fx_new(b, sizeof *r);
    return !r || fx_failed(b, plain_rounds_init(r, 100));
}

static void compiled_out_teardown(bench_state *b) {
    struct rounds *r = bench_user(b);
    if (!r) {
        return;
    }
    plain_rounds_clear(r);
    free(r);
}

/* feature_round() with the other broker. */
static int plain_round(struct rounds *r) {
    int rc = plain_rounds_make(r);
    rc = rc ? rc : plain_rounds_send(r);
    rc = rc ? rc : plain_rounds_take(r, r->subscriber, ROUND);
    plain_rounds_give_back(r);
    return rc;
}

static void compiled_out(bench_state *b) {
    struct rounds *r = bench_user(b);
    BENCH_LOOP(b) {
        if (fx_failed(b, plain_round(r))) {
            return;
        }
    }
    feature_check(b, r);
}

void feature_impact_add_logging(bench_suite *suite) {
    static const char *const lines[] = {"call", "message"};
    bench_opts opts = {.setup = compiled_out_setup, .teardown = compiled_out_teardown};
    bench_group *g = feature_group(suite, "logging");
    bench_group_axis_str(g, "line_per", lines, sizeof lines / sizeof lines[0]);
    bench_add(g, "compiled_out", compiled_out, &opts);
    opts.teardown = logged_teardown;
    opts.setup = unused_setup; /* a chain without a link */
    bench_add(g, "unused", feature_rounds, &opts);
    opts.setup = off_setup; /* a link that looks at its level and returns */
    bench_add(g, "off", logging, &opts);
    opts.setup = null_setup; /* lines are formatted and forgotten */
    bench_add(g, "null", logging, &opts);
    opts.setup = ring_setup;
    bench_add(g, "ring", logging, &opts);
    opts.setup = file_setup; /* a temporary file, buffered by stdio */
    opts.batch_teardown = empty_file;
    bench_add(g, "file", logging, &opts);
    bench_pair(g, "unused_cost", "compiled_out", "unused");
    bench_pair(g, "off_cost", "compiled_out", "off");
    bench_pair(g, "null_cost", "compiled_out", "null");
    bench_pair(g, "ring_cost", "compiled_out", "ring");
    bench_pair(g, "file_cost", "compiled_out", "file");
}

/* ---- router ---------------------------------------------------------------------------------- */

struct detour {
    struct rounds rounds; /* its subscriber reads where the router publishes */
    mb_router *router;    /* NULL: published there directly */
};

static int direct_setup(bench_state *b) {
    struct detour *d = fx_new(b, sizeof *d);
    return !d || fx_failed(b, rounds_init(&d->rounds, 100));
}

/* One rule, which every message follows unchanged. */
static int router_setup(bench_state *b, mb_router_ack strategy) {
    if (direct_setup(b)) {
        return -1;
    }
    struct detour *d = bench_user(b);
    const mb_route route = {.to = d->rounds.topic};
    d->rounds.topic = "in";
    return fx_failed(b, mb_router_new_ack(&d->router, d->rounds.broker, "in", strategy, NULL)) ||
           fx_failed(b, mb_router_add(d->router, &route));
}

static int plain_router_setup(bench_state *b) {
    return router_setup(b, MB_ROUTER_ACK_NEVER);
}

static int ack_before_setup(bench_state *b) {
    return router_setup(b, MB_ROUTER_ACK_BEFORE);
}

static int ack_after_setup(bench_state *b) {
    return router_setup(b, MB_ROUTER_ACK_AFTER);
}

static void router_teardown(bench_state *b) {
    struct detour *d = bench_user(b);
    if (!d) {
        return;
    }
    mb_router_free(d->router);
    rounds_clear(&d->rounds);
    free(d);
}

static int route_all(mb_router *router) {
    int rc = 0;
    for (size_t i = 0; i < ROUND && rc == 0; i++) {
        rc = mb_router_step(router, 0);
    }
    return rc;
}

static int round_routed(struct detour *d) {
    struct rounds *r = &d->rounds;
    int rc = rounds_make(r);
    rc = rc ? rc : rounds_send(r);
    rc = rc ? rc : route_all(d->router);
    rc = rc ? rc : rounds_take(r, r->subscriber, ROUND);
    rounds_give_back(r);
    return rc;
}

static void routing(bench_state *b) {
    struct detour *d = bench_user(b);
    BENCH_LOOP(b) {
        if (fx_failed(b, round_routed(d))) {
            return;
        }
    }
    feature_check(b, &d->rounds);
    if (mb_router_ack_stats_now(d->router).pending != 0) {
        bench_fail(b, "the router left messages unsettled");
    }
}

void feature_impact_add_router(bench_suite *suite) {
    bench_opts opts = {.setup = direct_setup, .teardown = router_teardown};
    bench_group *g = feature_group(suite, "router");
    bench_add(g, "direct", feature_rounds, &opts);
    opts.setup = plain_router_setup;
    bench_add(g, "plain", routing, &opts);
    opts.setup = ack_before_setup;
    bench_add(g, "ack_before", routing, &opts);
    opts.setup = ack_after_setup;
    bench_add(g, "ack_after", routing, &opts);
    bench_pair(g, "plain_cost", "direct", "plain");
    bench_pair(g, "ack_before_cost", "direct", "ack_before");
    bench_pair(g, "ack_after_cost", "direct", "ack_after");
}
