/* The pool: a stack of idle connections, oldest at the bottom, and a count of all. Whatever leaves
 * the stack to be opened, examined or closed is counted as in use meanwhile, so the limit holds. */
#include "minibus/pool.h"

#include <math.h>
#include <pthread.h>
#include <string.h>

#include "minibus/broker.h"
#include "minibus/error.h"
#include "minibus/memory.h"
#include "minibus/wait.h"

enum { DEFAULT_CONNECTIONS = 16, CLOSE_AT_ONCE = 32 };

struct idle {
    void *connection;
    int64_t since_ns;
};

struct mb_pool {
    mb_pool_options options; /* resolved */
    pthread_mutex_t lock;    /* protects what follows */
    pthread_cond_t freed;    /* a connection or room for one */
    int closed;
    size_t n_idle, n_in_use;
    mb_pool_stats stats; /* without what the two above tell */
    struct idle idle[];  /* by age */
};

static int64_t default_now_ns(void *user) {
    (void)user;
    return mb__monotonic_ns();
}

static int resolve(mb_pool_options *o) {
    if (!o->connect || !o->close || o->max_connections > MB_POOL_CONNECTIONS_MAX ||
        o->idle_timeout_ns < MB_FOREVER) {
        return MB_EINVAL;
    }
    if (o->max_connections == 0) {
        o->max_connections = DEFAULT_CONNECTIONS;
    }
    if (o->idle_timeout_ns == 0) {
        o->idle_timeout_ns = MB_FOREVER;
    }
    if (!o->now_ns) {
        o->now_ns = default_now_ns;
    }
    return 0;
}

int mb_pool_new(mb_pool **out, const mb_pool_options *options) {
    mb_pool_options resolved = *options;
    const int rc = resolve(&resolved);
    if (rc) {
        return rc;
    }
    mb_pool *pool =
        mb__alloc_zeroed(1, sizeof *pool + resolved.max_connections * sizeof pool->idle[0]);
    if (!pool) {
        return MB_ENOMEM;
    }
    if (mb__wait_init(&pool->freed)) {
        mb__free(pool);
        return MB_ESYSTEM;
    }
    pthread_mutex_init(&pool->lock, NULL);
    pool->options = resolved;
    *out = pool;
    return 0;
}

void mb_pool_free(mb_pool *pool) {
    if (!pool) {
        return;
    }
    mb_pool_shutdown(pool);
    pthread_cond_destroy(&pool->freed);
    pthread_mutex_destroy(&pool->lock);
    mb__free(pool);
}

/* ---- with the lock held ---------------------------------------------------------------------- */

/* Connections that do not age need no clock. */
static int64_t clock_ns(const mb_pool *pool) {
    return pool->options.idle_timeout_ns == MB_FOREVER
               ? 0
               : pool->options.now_ns(pool->options.clock_user);
}

static void use_one(mb_pool *pool) {
    pool->n_in_use++;
    if (pool->n_in_use > pool->stats.peak_in_use) {
        pool->stats.peak_in_use = pool->n_in_use;
    }
}

static void release_one(mb_pool *pool) {
    pool->n_in_use--;
    pthread_cond_signal(&pool->freed);
}

/* A clock that was set back makes connections younger, never older. */
static int is_expired(const mb_pool *pool, const struct idle *idle, int64_t now_ns) {
    int64_t age_ns;
    if (now_ns <= idle->since_ns) {
        return 0;
    }
    return __builtin_sub_overflow(now_ns, idle->since_ns, &age_ns) ||
           age_ns >= pool->options.idle_timeout_ns;
}

/* Takes up to `capacity` of the oldest out: those that expired, or all. They count as in use. */
static size_t take_oldest(mb_pool *pool, void **connections, size_t capacity, int all) {
    const int64_t now_ns = all ? 0 : clock_ns(pool);
    size_t n = 0;
    while (n < capacity && n < pool->n_idle && (all || is_expired(pool, &pool->idle[n], now_ns))) {
        connections[n] = pool->idle[n].connection;
        n++;
    }
    if (n != 0) {
        pool->n_idle -= n;
        memmove(pool->idle, pool->idle + n, pool->n_idle * sizeof pool->idle[0]);
        pool->n_in_use += n;
    }
    return n;
}

/* Closes them with the lock given up meanwhile. @return how many. */
static size_t close_oldest(mb_pool *pool, int all) {
    void *connections[CLOSE_AT_ONCE];
    size_t n_closed = 0, n;
    while ((n = take_oldest(pool, connections, CLOSE_AT_ONCE, all)) != 0) {
        pthread_mutex_unlock(&pool->lock);
        for (size_t i = 0; i < n; i++) {
            pool->options.close(connections[i], pool->options.user);
        }
        pthread_mutex_lock(&pool->lock);
        pool->n_in_use -= n;
        n_closed += n;
        pthread_cond_broadcast(&pool->freed);
    }
    pool->stats.expired += all ? 0 : n_closed;
    return n_closed;
}

/* Waits until there is an idle connection or room for one. */
static int wait_for_one(mb_pool *pool, int64_t timeout_ns) {
    struct mb__wait wait = {.timeout_ns = timeout_ns};
    int rc = 0, has_waited = 0;
    while (!pool->closed && pool->n_idle == 0 && pool->n_in_use == pool->options.max_connections) {
        if (rc) {
            pool->stats.timeouts++;
            return rc;
        }
        pool->stats.waits += !has_waited;
        has_waited = 1;
        rc = mb__wait_once(&wait, &pool->freed, &pool->lock);
    }
    return pool->closed ? MB_ECLOSED : 0;
}

/* The youngest idle connection, if it is good; otherwise it is closed.
 * @return 1, or 0 when it was not. */
static int try_idle(void **connection, mb_pool *pool) {
    const mb_pool_options *o = &pool->options;
    void *idle = pool->idle[--pool->n_idle].connection;
    use_one(pool);
    int is_good = 1;
    if (o->is_healthy) {
        pthread_mutex_unlock(&pool->lock);
        is_good = o->is_healthy(idle, o->user);
        if (!is_good) {
            o->close(idle, o->user);
        }
        pthread_mutex_lock(&pool->lock);
    }
    if (is_good) {
        *connection = idle;
        return 1;
    }
    pool->stats.unhealthy++;
    release_one(pool);
    return 0;
}

static int open_one(void **connection, mb_pool *pool) {
    use_one(pool);
    pthread_mutex_unlock(&pool->lock);
    const int rc = pool->options.connect(connection, pool->options.user);
    pthread_mutex_lock(&pool->lock);
    if (rc) {
        pool->stats.connect_failures++;
        release_one(pool);
    } else {
        pool->stats.opened++;
    }
    return rc;
}

/* ---- the pool -------------------------------------------------------------------------------- */

static int checkout(void **connection, mb_pool *pool, int64_t timeout_ns) {
    int rc;
    close_oldest(pool, 0);
    while ((rc = wait_for_one(pool, timeout_ns)) == 0) {
        if (pool->n_idle == 0) {
            return open_one(connection, pool);
        }
        if (try_idle(connection, pool)) {
            pool->stats.hits++;
            return 0;
        }
    }
    return rc;
}

int mb_pool_checkout(void **connection, mb_pool *pool, int64_t timeout_ns) {
    pthread_mutex_lock(&pool->lock);
    const int rc = checkout(connection, pool, timeout_ns);
    pool->stats.checkouts += rc == 0;
    pthread_mutex_unlock(&pool->lock);
    return rc;
}

void mb_pool_checkin(mb_pool *pool, void *connection, int is_broken) {
    pthread_mutex_lock(&pool->lock);
    pool->stats.broken += is_broken != 0;
    if (is_broken || pool->closed) {
        pthread_mutex_unlock(&pool->lock);
        pool->options.close(connection, pool->options.user);
        pthread_mutex_lock(&pool->lock);
    } else {
        pool->idle[pool->n_idle++] = (struct idle){connection, clock_ns(pool)};
    }
    release_one(pool);
    close_oldest(pool, 0);
    pthread_mutex_unlock(&pool->lock);
}

size_t mb_pool_expire(mb_pool *pool) {
    pthread_mutex_lock(&pool->lock);
    const size_t n = close_oldest(pool, 0);
    pthread_mutex_unlock(&pool->lock);
    return n;
}

void mb_pool_shutdown(mb_pool *pool) {
    pthread_mutex_lock(&pool->lock);
    pool->closed = 1;
    pthread_cond_broadcast(&pool->freed);
    close_oldest(pool, 1);
    pthread_mutex_unlock(&pool->lock);
}

mb_pool_stats mb_pool_stats_now(mb_pool *pool) {
    pthread_mutex_lock(&pool->lock);
    mb_pool_stats stats = pool->stats;
    stats.idle = pool->n_idle;
    stats.in_use = pool->n_in_use;
    pthread_mutex_unlock(&pool->lock);
    stats.hit_rate = stats.checkouts ? (double)stats.hits / (double)stats.checkouts : NAN;
    return stats;
}

double mb_pool_bytes_per_idle(mb_pool *pool) {
    const mb_pool_options *o = &pool->options;
    double sum = 0;
    pthread_mutex_lock(&pool->lock);
    const size_t n = o->size_bytes ? pool->n_idle : 0;
    for (size_t i = 0; i < n; i++) {
        sum += (double)o->size_bytes(pool->idle[i].connection, o->user);
    }
    pthread_mutex_unlock(&pool->lock);
    return n != 0 ? sum / (double)n + (double)sizeof(struct idle) : NAN;
}
