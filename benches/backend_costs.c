/*
 * The part of backend_comparison that is about what comes with a backend: connections, persistence,
 * several publishers at once.
 */
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "backends.h"
#include "fixtures.h"
#include "minibus/pool.h"
#include "suites.h"

/* ---- connection ------------------------------------------------------------------------------ */

enum { MEASURED_CONNECTIONS = 4 };

struct connecting {
    struct bk_link link; /* is open all the time: the server is there, its libraries are loaded */
    mb_pool *pool;
    size_t size_bytes; /* of one connection, on this side */
};

static int connecting_setup(bench_state *b) {
    struct connecting *c = fx_new(b, sizeof *c);
    return c ? bk_open(b, &c->link, bench_param_str(b, "backend"), MB_UNCONFIRMED, NULL) : -1;
}

static void connecting_teardown(bench_state *b) {
    struct connecting *c = bench_user(b);
    if (!c) {
        return;
    }
    mb_pool_free(c->pool);
    bk_close(&c->link);
    free(c);
}

/* Open and close, logins included, as far as a backend has them; loopback starts and ends a server
 * of its own each time. */
static void connect_disconnect(bench_state *b) {
    const struct connecting *c = bench_user(b);
    mb_error error = {0};
    BENCH_LOOP(b) {
        mb_transport *t;
        if (bk_failed(b, mb_transport_open(&t, c->link.url, &error), &error)) {
            return;
        }
        mb_transport_close(t);
    }
}

static int pool_connect(void **out, void *user) {
    const struct connecting *c = user;
    mb_transport *t;
    const int rc = mb_transport_open(&t, c->link.url, NULL);
    *out = t;
    return rc;
}

static void pool_close(void *connection, void *user) {
    (void)user;
    mb_transport_close(connection);
}

static size_t pool_size_bytes(void *connection, void *user) {
    const struct connecting *c = user;
    (void)connection;
    return c->size_bytes;
}

static size_t heap_in_use(void) {
    const struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

/* What the heap grows by, on average: everything that the client library allocates, in any thread.
 * Stacks of its threads and what the server needs are not in it, except inmemory's and loopback's
 * own servers. */
static int measure_connection(bench_state *b, struct connecting *c) {
    mb_transport *open[MEASURED_CONNECTIONS] = {NULL};
    mb_error error = {0};
    int rc = 0;
    const size_t before = heap_in_use();
    for (int i = 0; i < MEASURED_CONNECTIONS && rc == 0; i++) {
        rc = mb_transport_open(&open[i], c->link.url, &error);
    }
    const size_t after = heap_in_use();
    c->size_bytes = after > before ? (after - before) / MEASURED_CONNECTIONS : 0;
    for (int i = 0; i < MEASURED_CONNECTIONS; i++) {
        mb_transport_close(open[i]);
    }
    return bk_failed(b, rc, &error);
}

static int pooled_setup(bench_state *b) {
    if (connecting_setup(b)) {
        return -1;
    }
    struct connecting *c = bench_user(b);
    if (measure_connection(b, c)) {
        return -1;
    }
    const mb_pool_options options = {.max_connections = 4,
                                     .connect = pool_connect,
                                     .close = pool_close,
                                     .size_bytes = pool_size_bytes,
                                     .user = c};
    void *first;
    if (fx_failed(b, mb_pool_new(&c->pool, &options)) ||
        fx_failed(b, mb_pool_checkout(&first, c->pool, 0))) {
        return -1;
    }
    mb_pool_checkin(c->pool, first, 0);
    return 0;
}

/* Take the idle connection, give it back: what remains of connecting when there is a pool. */
static void pooled(bench_state *b) {
    const struct connecting *c = bench_user(b);
    BENCH_LOOP(b) {
        void *connection;
        if (fx_failed(b, mb_pool_checkout(&connection, c->pool, 0))) {
            return;
        }
        bench_keep(connection);
        mb_pool_checkin(c->pool, connection, 0);
    }
    const mb_pool_stats stats = mb_pool_stats_now(c->pool);
    if (stats.opened != 1) {
        bench_fail(b, "the pool opened %llu connections instead of one",
                   (unsigned long long)stats.opened);
    }
    if (c->size_bytes > 0) { /* an allocator that does not tell has measured nothing */
        bench_counter(b, "bytes_per_idle_connection", mb_pool_bytes_per_idle(c->pool),
                      BENCH_COUNTER_VALUE, "bytes");
    }
}

static void add_connection(bench_suite *suite) {
    bench_opts opts = {.setup = connecting_setup,
                       .teardown = connecting_teardown,
                       .launches = 6, /* an iteration takes milliseconds */
                       .warm_up_time_ns = 200000000,
                       .measurement_time_ns = 900000000};
    bench_group *g = bench_group_new(suite, "connection");
    bench_group_axis_str(g, "backend", bk_names, BK_N_NAMES);
    bench_add(g, "connect_disconnect", connect_disconnect, &opts);
    opts.setup = pooled_setup;
    bench_add(g, "pooled", pooled, &opts);
}

/* ---- persistence: a batch of 100 per iteration ----------------------------------------------- */

enum {
    SAVED_BATCH = 100,
    SAVED_STRETCH = 100,    /* batches */
    SAVED_BYTES = 8000000,  /* in the file before it is emptied, untimed */
    SPACE_NEEDED = 64 << 20 /* bytes that must be free: more than a file ever has */
};

static const uint32_t in_memory[] = {0x01021994 /* tmpfs */,
                                     0x858458f6 /* ramfs */}; /* statfs(2) */

struct saving {
    struct bk_link link;
    mb_message *messages[SAVED_BATCH];
    uint64_t last;
    off_t batch_bytes; /* that one batch adds to the file; 0: there is none */
};

static int make_saved(bench_state *b, struct saving *s, int is_file) {
    const size_t size = (size_t)bench_param_i64(b, "size");
    const uint64_t n = SAVED_BYTES / (SAVED_BATCH * (size + 100));
    bench_set_batch_max(b, is_file && n < SAVED_STRETCH ? n : SAVED_STRETCH);
    int rc = 0;
    for (int i = 0; i < SAVED_BATCH && rc == 0; i++) {
        rc = fx_message(&s->messages[i], size);
    }
    return fx_failed(b, rc) || bk_number(b, s->messages, SAVED_BATCH, &s->last) ? -1 : 0;
}

/* In order and complete. */
static int read_back(bench_state *b, mb_transport *t) {
    mb_error error = {0};
    for (uint64_t i = 1; i <= SAVED_BATCH; i++) {
        mb_message *m;
        if (bk_failed(b, mb_transport_receive(&m, t, 0, &error), &error)) {
            return -1;
        }
        const uint64_t number = mb_message_sequence(m);
        mb_message_unref(m);
        if (number != i) {
            bench_fail(b, "message %llu reads back as %llu", (unsigned long long)i,
                       (unsigned long long)number);
            return -1;
        }
    }
    return 0;
}

/* What fsync means depends on what is below: in memory it does nothing, and that must not be shown
 * as the price of persistence. */
static int check_disk(bench_state *b, const struct saving *s, int syncs) {
    struct statfs kind;
    struct statvfs room;
    if (statfs(s->link.path, &kind) || statvfs(s->link.path, &room)) {
        bench_fail(b, "%.200s: %s", s->link.path, strerror(errno));
        return -1;
    }
    const uint32_t type = (uint32_t)kind.f_type;
    const int is_memory = type == in_memory[0] || type == in_memory[1];
    bench_label(b, "file system", is_memory ? "in memory" : "on a device");
    if (is_memory && syncs) {
        bench_skip(b, "$TMPDIR is in memory: nothing is synced there");
        return -1;
    }
    if ((double)room.f_bavail * (double)room.f_frsize < SPACE_NEEDED) {
        bench_skip(b, "less than %d MiB free in $TMPDIR", SPACE_NEEDED >> 20);
        return -1;
    }
    return 0;
}

static int saving_setup(bench_state *b, const char *options) {
    struct saving *s = fx_new(b, sizeof *s);
    const int syncs = options && strcmp(options, "?sync=none") != 0;
    mb_error error = {0};
    mb_transport *reader = NULL;
    if (!s || bk_open(b, &s->link, options ? "file" : "inmemory", MB_CONFIRMED, options) ||
        (options && check_disk(b, s, syncs)) || make_saved(b, s, options != NULL)) {
        return -1;
    }
    if (options && bk_failed(b, mb_transport_open(&reader, s->link.url, &error), &error)) {
        return -1;
    }
    mb_transport *subscriber = options ? reader : s->link.transport;
    struct stat file = {0};
    int rc = bk_failed(b, mb_transport_subscribe(subscriber, s->link.topic, &error), &error) ||
             bk_publish(b, &s->link, s->messages, SAVED_BATCH) || read_back(b, subscriber);
    mb_transport_close(reader);
    if (rc == 0 && options && (stat(s->link.path, &file) || truncate(s->link.path, 0))) {
        bench_fail(b, "%.200s: %s", s->link.path, strerror(errno));
        rc = -1;
    }
    s->batch_bytes = file.st_size;
    return rc ? -1 : 0;
}

static int off_setup(bench_state *b) {
    return saving_setup(b, NULL);
}

static int sync_none_setup(bench_state *b) {
    return saving_setup(b, "?sync=none");
}

static int sync_batch_setup(bench_state *b) {
    return saving_setup(b, "?sync=batch");
}

static int sync_each_setup(bench_state *b) {
    return saving_setup(b, "?sync=each");
}

static void saving_teardown(bench_state *b) {
    struct saving *s = bench_user(b);
    if (!s) {
        return;
    }
    bk_close(&s->link);
    for (int i = 0; i < SAVED_BATCH; i++) {
        mb_message_unref(s->messages[i]);
    }
    free(s);
}

/* The file has exactly what was published; then it starts again, so that it never grows. */
static void expect_saved(bench_state *b, uint64_t n) {
    const struct saving *s = bench_user(b);
    struct stat file;
    if (s->batch_bytes == 0) {
        for (uint64_t i = 0; i < n; i++) {
            read_back(b, s->link.transport);
        }
    } else if (stat(s->link.path, &file) || truncate(s->link.path, 0)) {
        bench_fail(b, "%.200s: %s", s->link.path, strerror(errno));
    } else if (file.st_size != (off_t)n * s->batch_bytes) {
        bench_fail(b, "%lld bytes in the file instead of %lld", (long long)file.st_size,
                   (long long)n * (long long)s->batch_bytes);
    }
}

/* Confirmed: when publish returns, the messages are where the form says. `sync_batch` and
 * `sync_each` wait for fdatasync: what that guarantees is up to the device and its cache, and in a
 * virtual machine to the host. */
static void save(bench_state *b) {
    struct saving *s = bench_user(b);
    BENCH_LOOP(b) {
        if (bk_publish(b, &s->link, s->messages, SAVED_BATCH)) {
            return;
        }
    }
}

static void add_persistence(bench_suite *suite) {
    static const struct {
        const char *name;
        bench_setup_fn *setup;
    } forms[] = {{"off", off_setup},
                 {"sync_none", sync_none_setup},
                 {"sync_batch", sync_batch_setup},
                 {"sync_each", sync_each_setup}};
    bench_opts opts = {.teardown = saving_teardown,
                       .batch_teardown = expect_saved,
                       .launches = 5, /* 100 syncs take their time */
                       .warm_up_time_ns = 200000000,
                       .measurement_time_ns = 800000000};
    bench_group *g = bench_group_new(suite, "persistence");
    bench_group_axis_i64(g, "size", fx_sizes, FX_N_SIZES);
    bench_group_throughput_fixed(g, BENCH_ELEMENTS, SAVED_BATCH);
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        opts.setup = forms[i].setup;
        bench_add(g, forms[i].name, save, &opts);
    }
}

/* ---- concurrency: a batch of 100 x 1024 bytes per iteration ---------------------------------- */

enum { EACH_BATCH = 100, EACH_SIZE = 1024, EACH_STRETCH = 20 };

/* Every thread has its own connection, topic and messages, and takes what it published after each
 * stretch: with consumers in threads of their own, twice as many would want the CPUs. */
struct publisher {
    struct bk_link link;
    struct bk_consumer consumer;
    mb_message **messages;
    uint64_t last;
};

enum { N_EACH_MESSAGES = EACH_STRETCH * EACH_BATCH };

static int publisher_setup(bench_state *b) {
    struct publisher *p = calloc(1, sizeof *p);
    bench_set_thread_user(b, p);
    if (!p) {
        return fx_failed(b, MB_ENOMEM);
    }
    if (bk_open(b, &p->link, bench_param_str(b, "backend"), MB_UNCONFIRMED, NULL) ||
        bk_consumer_start(b, &p->consumer, &p->link, 0)) {
        return -1;
    }
    p->messages = bk_new_messages(b, N_EACH_MESSAGES, EACH_SIZE);
    return p->messages ? 0 : -1;
}

static void publisher_teardown(bench_state *b) {
    struct publisher *p = bench_thread_user(b);
    if (!p) {
        return;
    }
    bk_consumer_stop(&p->consumer);
    bk_close(&p->link);
    bk_free_messages(p->messages, N_EACH_MESSAGES);
    free(p);
}

static int number_each(bench_state *b, uint64_t n) {
    struct publisher *p = bench_thread_user(b);
    return bk_number(b, p->messages, n * EACH_BATCH, &p->last);
}

static void expect_each_taken(bench_state *b, uint64_t n) {
    struct publisher *p = bench_thread_user(b);
    (void)n;
    bk_consumer_settle(b, &p->consumer, p->last);
}

static void publish_together(bench_state *b) {
    struct publisher *p = bench_thread_user(b);
    BENCH_LOOP_INDEX(b, i) {
        if (bk_publish(b, &p->link, p->messages + i * EACH_BATCH, EACH_BATCH)) {
            return;
        }
    }
}

static void add_concurrency(bench_suite *suite) {
    const bench_opts opts = {.thread_setup = publisher_setup,
                             .thread_teardown = publisher_teardown,
                             .batch_setup = number_each,
                             .batch_teardown = expect_each_taken,
                             .batch_max = EACH_STRETCH,
                             .launches = 5, /* up to four logins each */
                             .warm_up_time_ns = 200000000,
                             .measurement_time_ns = 600000000};
    bench_group *g = bench_group_new(suite, "concurrency");
    bench_group_axis_str(g, "backend", bk_names, BK_N_NAMES);
    bench_group_threads(g, (int64_t[]){1, 2, 4}, 3);
    bench_group_throughput_fixed(g, BENCH_ELEMENTS, EACH_BATCH);
    bench_add(g, "publish", publish_together, &opts);
}

void backend_comparison_add_costs(bench_suite *suite) {
    add_connection(suite);
    add_persistence(suite);
    add_concurrency(suite);
}
