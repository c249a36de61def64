/* The part of pitfalls about state: starting up with it, merging it, syncing it to a disk. */
#include <errno.h>
#include <linux/magic.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "fixtures.h"
#include "minibus/broker.h"
#include "minibus/error.h"
#include "minibus/oplog.h"
#include "minibus/transport.h"
#include "pitfalls.h"
#include "suites.h"

/* Writes n operations, as the log's own replica. */
static int write_ops(mb_oplog *log, int n) {
    char key[24], value[100];
    int rc = 0;
    memset(value, 'v', sizeof value);
    for (int i = 0; i < n && rc == 0; i++) {
        const int size = snprintf(key, sizeof key, "order-%d", i);
        rc = mb_oplog_put(log, key, (size_t)size, value, sizeof value);
    }
    return rc;
}

/* A new log with everything that is in another one. */
static int rebuild(mb_oplog **out, const mb_oplog *from, uint32_t replica) {
    const int rc = mb_oplog_new(out, replica);
    return rc ? rc : mb_oplog_merge(*out, from, NULL);
}

/* ---- start-up: a broker that accepts messages, and a table that has to be rebuilt ------------ */

enum { HISTORY = 5000 /* operations */ };

struct service {
    mb_oplog *history;
    mb_message *message;
    mb_broker *broker;
    mb_subscriber *subscriber;
    pthread_t thread;
    int is_running; /* the thread */
    int rc;         /* of rebuilding */
    mb_oplog *table;
};

static int start_up_setup(bench_state *b) {
    struct service *s = fx_new(b, sizeof *s);
    return !s || fx_failed(b, mb_oplog_new(&s->history, 1)) ||
           fx_failed(b, write_ops(s->history, HISTORY)) ||
           fx_failed(b, fx_message(&s->message, 100));
}

static void *run_rebuild(void *argument) {
    struct service *s = argument;
    s->rc = rebuild(&s->table, s->history, 2);
    return NULL;
}

/* A thread begins on the CPUs of the one that starts it. The two sides of a pair are kept on one
 * CPU, where "in the background" would mean "in turns". */
static void *run_rebuild_anywhere(void *argument) {
    cpu_set_t all;
    memset(&all, 0xff, sizeof all);
    sched_setaffinity(0, sizeof all, &all); /* if it is refused, they take turns */
    return run_rebuild(argument);
}

/* Ready is who has delivered a message. */
static int open_for_messages(struct service *s) {
    mb_delivery d;
    int rc = mb_broker_new(&s->broker, NULL);
    rc = rc ? rc : mb_subscribe(&s->subscriber, s->broker, "orders");
    rc = rc ? rc : mb_publish(s->broker, "orders", &s->message, 1);
    rc = rc ? rc : mb_subscriber_try_receive(&d, s->subscriber);
    if (rc == 0) {
        mb_message_unref(d.message);
    }
    return rc;
}

static int start_synchronously(struct service *s) {
    run_rebuild(s);
    return s->rc ? s->rc : open_for_messages(s);
}

static int start_in_background(struct service *s) {
    if (pthread_create(&s->thread, NULL, run_rebuild_anywhere, s)) {
        return MB_ESYSTEM;
    }
    s->is_running = 1;
    return open_for_messages(s);
}

static int wait_until_complete(struct service *s) {
    if (s->is_running) {
        pthread_join(s->thread, NULL);
        s->is_running = 0;
    }
    return s->rc;
}

static void stop(struct service *s) {
    wait_until_complete(s);
    mb_oplog_free(s->table);
    mb_subscriber_free(s->subscriber);
    mb_broker_free(s->broker);
    s->table = NULL;
    s->subscriber = NULL;
    s->broker = NULL;
}

static void check_and_stop(bench_state *b, uint64_t n) {
    struct service *s = bench_user(b);
    (void)n;
    const int rc = wait_until_complete(s);
    if (!fx_failed(b, rc) && mb_oplog_n_keys(s->table) != HISTORY) {
        bench_fail(b, "the table is not complete");
    }
    stop(s);
}

static void start_up_teardown(bench_state *b) {
    struct service *s = bench_user(b);
    if (!s) {
        return;
    }
    stop(s);
    mb_oplog_free(s->history);
    mb_message_unref(s->message);
    free(s);
}

static void ready_in_background(bench_state *b) {
    struct service *s = bench_user(b);
    BENCH_LOOP(b) {
        if (fx_failed(b, start_in_background(s))) {
            return;
        }
    }
}

static void ready_synchronously(bench_state *b) {
    struct service *s = bench_user(b);
    BENCH_LOOP(b) {
        if (fx_failed(b, start_synchronously(s))) {
            return;
        }
    }
}

static void complete_in_background(bench_state *b) {
    struct service *s = bench_user(b);
    BENCH_LOOP(b) {
        if (fx_failed(b, start_in_background(s)) || fx_failed(b, wait_until_complete(s))) {
            return;
        }
    }
}

static void add_start_up(bench_suite *suite) {
    bench_opts opts = pitfall_opts;
    opts.setup = start_up_setup;
    opts.teardown = start_up_teardown;
    opts.batch_teardown = check_and_stop;
    opts.batch_max = 1; /* one start; its end is not timed */
    pitfall_pair(suite, "time_to_ready", "background", ready_in_background, "synchronous",
                 ready_synchronously, &opts);
    /* What the good form costs: the same, until the table is there too. */
    pitfall_pair(suite, "time_to_complete", "synchronous", ready_synchronously, "background",
                 complete_in_background, &opts);
}

/* ---- merging: 100 new operations into a log of 1000 ------------------------------------------ */

enum { COMMON = 1000, NEW = 100, MERGES = 8 };

struct merge {
    mb_oplog *common, *other; /* the other has the new ones */
    mb_oplog *into[MERGES];
    mb_oplog *merged[MERGES]; /* of the full merge */
};

static int merge_setup(bench_state *b) {
    struct merge *m = fx_new(b, sizeof *m);
    return !m || fx_failed(b, mb_oplog_new(&m->common, 1)) ||
           fx_failed(b, write_ops(m->common, COMMON)) ||
           fx_failed(b, rebuild(&m->other, m->common, 2)) || fx_failed(b, write_ops(m->other, NEW));
}

static int make_logs(bench_state *b, uint64_t n) {
    struct merge *m = bench_user(b);
    int rc = 0;
    for (uint64_t i = 0; i < n && rc == 0; i++) {
        rc = rebuild(&m->into[i], m->common, 3);
    }
    return fx_failed(b, rc);
}

static void check_logs(bench_state *b, uint64_t n) {
    struct merge *m = bench_user(b);
    for (uint64_t i = 0; i < n; i++) {
        const mb_oplog *log = m->merged[i] ? m->merged[i] : m->into[i];
        if (log && mb_oplog_digest(log) != mb_oplog_digest(m->other)) {
            bench_fail(b, "the merged log differs");
        }
        mb_oplog_free(m->into[i]);
        mb_oplog_free(m->merged[i]);
        m->into[i] = m->merged[i] = NULL;
    }
}

static void merge_teardown(bench_state *b) {
    struct merge *m = bench_user(b);
    if (!m) {
        return;
    }
    for (int i = 0; i < MERGES; i++) {
        mb_oplog_free(m->into[i]);
        mb_oplog_free(m->merged[i]);
    }
    mb_oplog_free(m->common);
    mb_oplog_free(m->other);
    free(m);
}

static void merge_incremental(bench_state *b) {
    struct merge *m = bench_user(b);
    BENCH_LOOP_INDEX(b, i) {
        if (fx_failed(b, mb_oplog_merge(m->into[i], m->other, NULL))) {
            return;
        }
    }
}

static void merge_full(bench_state *b) {
    struct merge *m = bench_user(b);
    BENCH_LOOP_INDEX(b, i) {
        if (fx_failed(b, mb_oplog_merge_full(&m->merged[i], m->into[i], m->other, 3))) {
            return;
        }
    }
}

static void add_merge(bench_suite *suite) {
    bench_opts opts = pitfall_opts;
    opts.setup = merge_setup;
    opts.teardown = merge_teardown;
    opts.batch_setup = make_logs;
    opts.batch_teardown = check_logs;
    opts.batch_max = MERGES;
    opts.warm_up_time_ns = 50000000; /* making the logs takes ten times as long as merging them */
    opts.measurement_time_ns = 200000000;
    pitfall_pair(suite, "merging", "incremental", merge_incremental, "full", merge_full, &opts);
}

/* ---- syncing: ten messages that are on the disk when publish returns ------------------------- */

enum { TO_SYNC = 10 };

struct journal {
    char path[256];
    mb_transport *transport;
    mb_message *message[TO_SYNC];
    off_t batch_size; /* bytes in the file */
};

static off_t journal_size(const struct journal *j) {
    struct stat s;
    return stat(j->path, &s) ? -1 : s.st_size;
}

static int publish_to_disk(bench_state *b, struct journal *j) {
    mb_error error = {0};
    const int rc =
        mb_transport_publish(j->transport, "orders", j->message, TO_SYNC, MB_CONFIRMED, &error);
    if (rc) {
        bench_fail(b, "%s", error.text);
    }
    return rc;
}

/* @return 0 when the file is on a disk. */
static int make_file(bench_state *b, struct journal *j) {
    const char *dir = getenv("TMPDIR");
    struct statfs fs;
    snprintf(j->path, sizeof j->path, "%s/pitfalls-XXXXXX", dir && *dir ? dir : "/var/tmp");
    const int fd = mkstemp(j->path);
    if (fd < 0) {
        bench_fail(b, "%s: %s", j->path, strerror(errno));
        *j->path = '\0';
        return -1;
    }
    const int is_memory = fstatfs(fd, &fs) == 0 && fs.f_type == TMPFS_MAGIC;
    close(fd);
    if (is_memory) {
        bench_skip(b, "%s is in memory: TMPDIR must be on a disk", j->path);
    }
    return is_memory;
}

static int journal_setup(bench_state *b, const char *sync) {
    char url[sizeof((struct journal *)0)->path + 32];
    mb_error error = {0};
    struct journal *j = fx_new(b, sizeof *j);
    if (!j || make_file(b, j)) {
        return -1;
    }
    for (int i = 0; i < TO_SYNC; i++) {
        if (fx_failed(b, fx_message(&j->message[i], 100))) {
            return -1;
        }
    }
    snprintf(url, sizeof url, "file:%s?sync=%s", j->path, sync);
    if (mb_transport_open(&j->transport, url, &error)) {
        bench_fail(b, "%s", error.text);
        return -1;
    }
    if (publish_to_disk(b, j)) {
        return -1;
    }
    j->batch_size = journal_size(j);
    return 0;
}

static int sync_batch_setup(bench_state *b) {
    return journal_setup(b, "batch");
}

static int sync_each_setup(bench_state *b) {
    return journal_setup(b, "each");
}

static void journal_teardown(bench_state *b) {
    struct journal *j = bench_user(b);
    if (!j) {
        return;
    }
    mb_transport_close(j->transport);
    for (int i = 0; i < TO_SYNC; i++) {
        mb_message_unref(j->message[i]);
    }
    if (*j->path) {
        unlink(j->path);
    }
    free(j);
}

static void publish_synced(bench_state *b) {
    struct journal *j = bench_user(b);
    const off_t before = journal_size(j);
    off_t n = 0;
    BENCH_LOOP(b) {
        if (publish_to_disk(b, j)) {
            return;
        }
        n++;
    }
    if (journal_size(j) - before != n * j->batch_size) {
        bench_fail(b, "the file does not have what was published");
    }
}

/* The same body, of which the set-up makes the bad form. Few launches: a disk takes its time. */
static void add_syncing(bench_suite *suite) {
    bench_opts opts = pitfall_opts;
    opts.launches = 6;
    opts.teardown = journal_teardown;
    bench_group *g = bench_group_new(suite, "syncing");
    opts.setup = sync_batch_setup;
    bench_add(g, "batch", publish_synced, &opts);
    opts.setup = sync_each_setup;
    bench_add(g, "each", publish_synced, &opts);
    bench_pair(g, "cost", "batch", "each");
}

void pitfalls_add_state(bench_suite *suite) {
    add_start_up(suite);
    add_merge(suite);
    add_syncing(suite);
}
