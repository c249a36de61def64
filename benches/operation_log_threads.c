/*
 * The part of operation_log with two replicas, or several threads: synchronisation over a socket
 * pair, and ten threads that publish to one topic. Threads are started beforehand and wait at a
 * barrier; an iteration is from their release until the last one has finished.
 */
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fixtures.h"
#include "minibus/broker.h"
#include "minibus/error.h"
#include "minibus/replica_sync.h"
#include "operation_log.h"
#include "suites.h"

/* ---- crew: threads that do a piece of work together, again and again ------------------------- */

enum { CREW_MAX = 10 };

struct crew;

struct crew_member {
    struct crew *crew;
    int index;
    pthread_t thread;
};

struct crew {
    pthread_barrier_t begin, end; /* of all members and the one who leads them */
    int is_over;
    int n;
    void (*work)(void *user, int index);
    void *user;
    struct crew_member members[CREW_MAX];
};

static void *follow(void *argument) {
    const struct crew_member *member = argument;
    struct crew *crew = member->crew;
    for (;;) {
        pthread_barrier_wait(&crew->begin);
        if (crew->is_over) {
            return NULL;
        }
        crew->work(crew->user, member->index);
        pthread_barrier_wait(&crew->end);
    }
}

/* After a failure the process only ends: members that wait for the missing ones go with it. */
static int crew_start(struct crew *crew, int n, void (*work)(void *, int), void *user) {
    crew->work = work;
    crew->user = user;
    if (pthread_barrier_init(&crew->begin, NULL, (unsigned)n + 1) ||
        pthread_barrier_init(&crew->end, NULL, (unsigned)n + 1)) {
        return MB_ESYSTEM;
    }
    for (int i = 0; i < n; i++) {
        crew->members[i] = (struct crew_member){.crew = crew, .index = i};
        if (pthread_create(&crew->members[i].thread, NULL, follow, &crew->members[i])) {
            return MB_ESYSTEM;
        }
    }
    crew->n = n;
    return 0;
}

static void crew_stop(struct crew *crew) {
    if (crew->n == 0) {
        return;
    }
    crew->is_over = 1;
    pthread_barrier_wait(&crew->begin);
    for (int i = 0; i < crew->n; i++) {
        pthread_join(crew->members[i].thread, NULL);
    }
    pthread_barrier_destroy(&crew->begin);
    pthread_barrier_destroy(&crew->end);
}

/* ---- sync: two replicas with 1000 operations each that the other lacks ----------------------- */

enum { SYNC_OPS = 1000 };

struct replicas {
    mb_oplog *start[2]; /* do not change */
    mb_oplog *logs[2];  /* of this iteration */
    uint64_t digest;    /* of both when they are in sync */
    int sockets[2];
    int rc; /* of the other thread */
    struct crew crew;
};

static int replicas_setup(bench_state *b) {
    struct replicas *r = fx_new(b, sizeof *r);
    mb_oplog *all;
    if (!r || fx_failed(b, operation_log_diverge(&r->start[0], &r->start[1], SYNC_OPS)) ||
        fx_failed(b, mb_oplog_merge_full(&all, r->start[0], r->start[1], 3))) {
        return -1;
    }
    r->digest = mb_oplog_digest(all);
    mb_oplog_free(all);
    r->sockets[0] = r->sockets[1] = -1;
    return fx_failed(b, socketpair(AF_UNIX, SOCK_STREAM, 0, r->sockets) == 0 ? 0 : MB_ESYSTEM);
}

static void run_other_side(void *user, int index) {
    struct replicas *r = user;
    r->rc = mb_sync_run(r->logs[1 + index], r->sockets[1 + index], MB_FOREVER, NULL);
}

static int two_threads_setup(bench_state *b) {
    if (replicas_setup(b)) {
        return -1;
    }
    struct replicas *r = bench_user(b);
    return fx_failed(b, crew_start(&r->crew, 1, run_other_side, r));
}

static void replicas_teardown(bench_state *b) {
    struct replicas *r = bench_user(b);
    if (!r) {
        return;
    }
    crew_stop(&r->crew);
    for (int i = 0; i < 2; i++) {
        mb_oplog_free(r->start[i]);
        mb_oplog_free(r->logs[i]);
        if (r->sockets[i] > 0) {
            close(r->sockets[i]);
        }
    }
    free(r);
}

static int copy_replicas(bench_state *b, uint64_t n) {
    (void)n;
    struct replicas *r = bench_user(b);
    return fx_failed(b, operation_log_copy(&r->logs[0], r->start[0], 1)) ||
           fx_failed(b, operation_log_copy(&r->logs[1], r->start[1], 2));
}

static void check_replicas(bench_state *b, uint64_t n) {
    (void)n;
    struct replicas *r = bench_user(b);
    for (int i = 0; i < 2; i++) {
        if (mb_oplog_digest(r->logs[i]) != r->digest) {
            bench_fail(b, "replica %d is not in sync", i + 1);
        }
        mb_oplog_free(r->logs[i]);
        r->logs[i] = NULL;
    }
}

/* @param n_idle counts the sides in a row for which nothing was ready. */
static int step(mb_sync *sync, int *n_idle) {
    const int rc = mb_sync_is_done(sync) ? MB_ETIMEOUT : mb_sync_step(sync, 0);
    *n_idle = rc == MB_ETIMEOUT ? *n_idle + 1 : 0;
    return rc == MB_ETIMEOUT ? 0 : rc;
}

/* What is sent is there at once, so when neither side can go on, both have finished or are stuck;
 * the check afterwards tells. */
static int step_both(struct replicas *r) {
    mb_sync *a = NULL, *b = NULL;
    int n_idle = 0;
    int rc = mb_sync_new(&a, r->logs[0], r->sockets[0]);
    rc = rc ? rc : mb_sync_new(&b, r->logs[1], r->sockets[1]);
    while (rc == 0 && n_idle < 2) {
        rc = step(a, &n_idle);
        rc = rc ? rc : step(b, &n_idle);
    }
    mb_sync_free(a);
    mb_sync_free(b);
    return rc;
}

/* Both sides in turn: no waking up of threads, only the work of the exchange. */
static void sync_one_thread(bench_state *b) {
    struct replicas *r = bench_user(b);
    BENCH_LOOP(b) {
        if (fx_failed(b, step_both(r))) {
            return;
        }
    }
}

static void sync_two_threads(bench_state *b) {
    struct replicas *r = bench_user(b);
    BENCH_LOOP(b) {
        pthread_barrier_wait(&r->crew.begin);
        const int rc = mb_sync_run(r->logs[0], r->sockets[0], MB_FOREVER, NULL);
        pthread_barrier_wait(&r->crew.end);
        if (fx_failed(b, rc ? rc : r->rc)) {
            return;
        }
    }
}

static void add_sync(bench_suite *suite) {
    bench_opts opts = {.setup = replicas_setup,
                       .teardown = replicas_teardown,
                       .batch_setup = copy_replicas,
                       .batch_teardown = check_replicas,
                       .batch_max = 1};
    bench_group *g = bench_group_new(suite, "sync");
    bench_group_throughput_fixed(g, BENCH_ELEMENTS, 2 * SYNC_OPS);
    bench_add(g, "one_thread", sync_one_thread, &opts);
    opts.setup = two_threads_setup;
    bench_add(g, "two_threads", sync_two_threads, &opts);
}

/* ---- concurrent: ten threads publish 100 messages each to one topic -------------------------- */

enum { PUBLISHERS = 10, EACH = 100, ALL = PUBLISHERS * EACH };

struct publishing {
    mb_broker *broker;
    mb_subscriber *subscriber;
    mb_message *messages[ALL]; /* numbered from 1; the i-th hundred is the i-th publisher's */
    int rc[PUBLISHERS];
    struct crew crew;
};

static const char topic[] = "orders";

static void publish_own(void *user, int index) {
    struct publishing *p = user;
    int rc = 0;
    for (int i = 0; i < EACH && rc == 0; i++) {
        rc = mb_publish(p->broker, topic, &p->messages[index * EACH + i], 1);
    }
    p->rc[index] = rc;
}

static int publishing_setup(bench_state *b) {
    struct publishing *p = fx_new(b, sizeof *p);
    if (!p) {
        return -1;
    }
    for (int i = 0; i < ALL; i++) {
        if (fx_failed(b, fx_message(&p->messages[i], 100)) ||
            fx_failed(b, mb_message_set_sequence(p->messages[i], (uint64_t)i + 1))) {
            return -1;
        }
    }
    const mb_broker_options options = {.queue_capacity = ALL};
    return fx_failed(b, mb_broker_new(&p->broker, &options)) ||
           fx_failed(b, mb_subscribe(&p->subscriber, p->broker, topic)) ||
           fx_failed(b, crew_start(&p->crew, PUBLISHERS, publish_own, p));
}

static void publishing_teardown(bench_state *b) {
    struct publishing *p = bench_user(b);
    if (!p) {
        return;
    }
    crew_stop(&p->crew);
    mb_subscriber_free(p->subscriber);
    mb_broker_free(p->broker);
    for (int i = 0; i < ALL; i++) {
        mb_message_unref(p->messages[i]);
    }
    free(p);
}

/* Each publisher's messages, all of them, once, and in their order. */
static void check_published(bench_state *b, uint64_t n) {
    (void)n;
    const struct publishing *p = bench_user(b);
    int n_seen[PUBLISHERS] = {0};
    mb_delivery d;
    uint64_t n_wrong = 0, n_right = 0;
    for (int i = 0; i < PUBLISHERS; i++) {
        fx_failed(b, p->rc[i]);
    }
    while (mb_subscriber_try_receive(&d, p->subscriber) == 0) {
        const uint64_t number = mb_message_sequence(d.message) - 1;
        const int is_next = number < ALL && number % EACH == (uint64_t)n_seen[number / EACH];
        if (is_next) {
            n_seen[number / EACH]++;
        }
        n_right += is_next != 0;
        n_wrong += !is_next;
        mb_message_unref(d.message);
    }
    bench_count_errors(b, n_wrong + (ALL - n_right));
}

/* More threads than most machines have processors: handing over the topic's lock is part of it. */
static void publish_10_x_100(bench_state *b) {
    struct publishing *p = bench_user(b);
    BENCH_LOOP(b) {
        pthread_barrier_wait(&p->crew.begin);
        pthread_barrier_wait(&p->crew.end);
    }
}

static void add_concurrent(bench_suite *suite) {
    bench_group *g = bench_group_new(suite, "concurrent");
    bench_group_throughput_fixed(g, BENCH_ELEMENTS, ALL);
    bench_add(g, "publish_10x100", publish_10_x_100,
              &(bench_opts){.setup = publishing_setup,
                            .teardown = publishing_teardown,
                            .batch_teardown = check_published,
                            .batch_max = 1});
}

void operation_log_add_threads(bench_suite *suite) {
    add_sync(suite);
    add_concurrent(suite);
}
