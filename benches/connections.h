/*
 * connections.h - what benchmarks of pooled connections share: the broker's pool, whose connections
 * go over loopback TCP to a server in a thread of this process.
 */
#ifndef CONNECTIONS_H
#define CONNECTIONS_H

#include <stdatomic.h>

#include <bench/bench.h>

#include "minibus/busd.h"
#include "minibus/pool.h"
#include "minibus/transport.h"

struct connection {
    mb_transport *transport;
    char topic[32];     /**< nobody else's */
    int64_t held_bytes; /**< by this side of it, in user space; not the server's or the kernel's */
    atomic_int n_users; /**< for whoever checks that it has one */
};

struct connections {
    mb_busd *server;
    char url[64];
    int are_subscribed; /**< each connection to its topic */
    atomic_int n_opened;
    mb_message *message; /**< that is sent over them */
    mb_pool *pool;       /**< of struct connection */
};

/** Allocations are counted between the two. @return 0, or -1 when the benchmark has failed. */
int connections_start(bench_state *b, struct connections *f, size_t max, size_t message_size,
                      int are_subscribed);
/** Accepts what connections_start() did not finish. */
void connections_stop(struct connections *f);

/** Opens n, uses each, and gives them back. n is at most 16. @return a code of the broker. */
int connections_fill(const struct connections *f, size_t n);

/** Sends the message and waits: for the message, which comes back to a connection that is
 *  subscribed, or for the server's confirmation. Its buffers stay as large as they had to be, and
 *  count as held. @return a code of the broker. */
int connections_use(const struct connections *f, struct connection *c);

#endif
