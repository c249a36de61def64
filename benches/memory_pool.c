/*
 * The part of memory_profiling about pooled connections: what one holds while it waits for its next
 * use. They are real ones, over TCP to a server in a thread of this process, and each has carried a
 * message of the given size before, because buffers stay as large as they had to be.
 *
 * Counted is this side's memory, in user space. The server's is another thread's and is not
 * counted; the kernel's socket buffers are empty while a connection is idle.
 */
#include <stdlib.h>

#include "connections.h"
#include "fixtures.h"
#include "suites.h"

enum { CONNECTIONS = 8 };

static int pooling_setup(bench_state *b) {
    struct connections *f = fx_new(b, sizeof *f);
    if (!f || connections_start(b, f, CONNECTIONS, (size_t)bench_param_i64(b, "size"), 1)) {
        return -1;
    }
    return fx_failed(b, connections_fill(f, CONNECTIONS));
}

static void pooling_teardown(bench_state *b) {
    struct connections *f = bench_user(b);
    if (!f) {
        return;
    }
    connections_stop(f);
    free(f);
}

/* Takes a connection, sends a message to itself over it, gives it back. */
static void use_pooled(bench_state *b) {
    const struct connections *f = bench_user(b);
    BENCH_LOOP(b) {
        void *connection;
        if (fx_failed(b, mb_pool_checkout(&connection, f->pool, 0))) {
            return;
        }
        const int rc = connections_use(f, connection);
        mb_pool_checkin(f->pool, connection, rc != 0);
        if (fx_failed(b, rc)) {
            return;
        }
    }
    if (mb_pool_stats_now(f->pool).idle != CONNECTIONS) {
        bench_fail(b, "a connection was lost");
    }
    bench_counter(b, "bytes_per_idle_connection", mb_pool_bytes_per_idle(f->pool),
                  BENCH_COUNTER_VALUE, "bytes");
}

void memory_profiling_add_pool(bench_suite *suite) {
    bench_group *g = bench_group_new(suite, "pool");
    bench_group_axis_i64(g, "size", fx_sizes, FX_N_SIZES);
    /* Connecting takes longer than anything here, and sizes do not vary: few launches. */
    bench_add(g, "loopback", use_pooled,
              &(bench_opts){.setup = pooling_setup,
                            .teardown = pooling_teardown,
                            .launches = 4,
                            .warm_up_time_ns = 100000000,
                            .measurement_time_ns = 400000000});
}
