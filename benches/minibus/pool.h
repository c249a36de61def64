/*
 * minibus/pool.h - a bounded pool of connections, or of anything that is dear to open.
 *
 * The connection that was given back last is given out first, so that those which are not needed
 * grow old and are closed. Callbacks run in the thread that calls the pool, and all but
 * size_bytes() and now_ns() without its lock: a slow connect holds up nobody else. All functions
 * may be called from any thread.
 */
#ifndef MINIBUS_POOL_H
#define MINIBUS_POOL_H

#include <stddef.h>
#include <stdint.h>

typedef struct mb_pool mb_pool;

enum { MB_POOL_CONNECTIONS_MAX = 1 << 20 };

/** Zero means default. */
typedef struct mb_pool_options {
    size_t max_connections;  /**< idle and in use together; default 16 */
    int64_t idle_timeout_ns; /**< an idle one is closed after it; default and MB_FOREVER: never */

    /** Opens one. @return 0 with *out, or a negative code, which mb_pool_checkout() returns. */
    int (*connect)(void **out, void *user);
    void (*close)(void *connection, void *user);
    /** Whether an idle one can still be used; asked before it is given out. NULL: always. */
    int (*is_healthy)(void *connection, void *user);
    /** How much memory an idle one holds; must not call the pool. NULL: unknown. */
    size_t (*size_bytes)(void *connection, void *user);
    void *user; /**< for all of them */

    /** The clock for idle times, in nanoseconds; default CLOCK_MONOTONIC. */
    int64_t (*now_ns)(void *user);
    void *clock_user;
} mb_pool_options;

typedef struct mb_pool_stats {
    uint64_t checkouts; /**< that got a connection */
    uint64_t hits;      /**< of these, with an idle one */
    uint64_t opened;
    uint64_t connect_failures;
    uint64_t waits;      /**< checkouts that had to wait, whatever came of it */
    uint64_t timeouts;   /**< that waited in vain */
    uint64_t unhealthy;  /**< idle ones that were closed because they were no longer good */
    uint64_t expired;    /**< idle ones that were closed because of their age */
    uint64_t broken;     /**< given back as broken, and closed */
    size_t idle, in_use; /**< now; being opened or examined counts as in use */
    size_t peak_in_use;
    double hit_rate; /**< hits / checkouts; NAN without any */
} mb_pool_stats;

/** Opens nothing yet. @return 0, MB_ENOMEM, MB_EINVAL, MB_ESYSTEM. */
int mb_pool_new(mb_pool **out, const mb_pool_options *options);
/** Closes the idle connections; all others must have been given back. Accepts NULL. */
void mb_pool_free(mb_pool *pool);

/** From here on checkouts fail with MB_ECLOSED, those who wait are woken, idle connections are
 *  closed, and so is what is given back. */
void mb_pool_shutdown(mb_pool *pool);

/** Takes an idle connection or opens one; when there are max_connections, waits for one.
 *  @param timeout_ns for that wait: 0 or more, or MB_FOREVER. @return 0, MB_ETIMEOUT, MB_ECLOSED,
 *  or what connect() returned. */
int mb_pool_checkout(void **connection, mb_pool *pool, int64_t timeout_ns);

/** Gives one back. @param is_broken closes it instead of keeping it. */
void mb_pool_checkin(mb_pool *pool, void *connection, int is_broken);

/** Closes what has been idle for too long; checkout and checkin do that as well. @return how
 *  many. */
size_t mb_pool_expire(mb_pool *pool);

mb_pool_stats mb_pool_stats_now(mb_pool *pool);

/** Memory per idle connection: what size_bytes() says of the idle ones on average, and the pool's
 *  own per connection.
 *  @return bytes, or NAN when none is idle or there is no size_bytes(). */
double mb_pool_bytes_per_idle(mb_pool *pool);

#endif
