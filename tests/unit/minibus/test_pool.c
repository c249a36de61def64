/* The connection pool: reuse, limits, health, age, shutdown; threads at the end. */
#include "testing.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>

#include "minibus/broker.h"
#include "minibus/pool.h"

enum { IDLE_NS = 1000 };

struct connection {
    int number;
    int is_sick;
    atomic_int n_users;
};

struct fixture {
    mb_pool *pool;
    int64_t now_ns;
    int connect_rc;
    atomic_int n_opened, n_closed;
};

static int64_t now_of(void *user) {
    return ((struct fixture *)user)->now_ns;
}

static int open_connection(void **out, void *user) {
    struct fixture *f = user;
    if (f->connect_rc) {
        return f->connect_rc;
    }
    struct connection *c = calloc(1, sizeof *c);
    if (!c) {
        return MB_ENOMEM;
    }
    c->number = atomic_fetch_add(&f->n_opened, 1) + 1;
    *out = c;
    return 0;
}

static void close_connection(void *connection, void *user) {
    struct fixture *f = user;
    atomic_fetch_add(&f->n_closed, 1);
    free(connection);
}

static int is_healthy(void *connection, void *user) {
    (void)user;
    return !((const struct connection *)connection)->is_sick;
}

static size_t size_of(void *connection, void *user) {
    (void)user;
    return (size_t)((const struct connection *)connection)->number * 100;
}

static mb_pool_options options_of(struct fixture *f) {
    return (mb_pool_options){.max_connections = 3,
                             .idle_timeout_ns = IDLE_NS,
                             .connect = open_connection,
                             .close = close_connection,
                             .is_healthy = is_healthy,
                             .size_bytes = size_of,
                             .user = f,
                             .now_ns = now_of,
                             .clock_user = f};
}

static int set_up(void **state) {
    static struct fixture f;
    memset(&f, 0, sizeof f);
    const mb_pool_options options = options_of(&f);
    assert_int_equal(mb_pool_new(&f.pool, &options), 0);
    *state = &f;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *f = *state;
    mb_pool_free(f->pool);
    assert_int_equal(atomic_load(&f->n_closed), atomic_load(&f->n_opened));
    return 0;
}

static struct connection *take(struct fixture *f, int number) {
    void *c = NULL;
    assert_int_equal(mb_pool_checkout(&c, f->pool, 0), 0);
    assert_int_equal(((struct connection *)c)->number, number);
    return c;
}

static void give(struct fixture *f, struct connection *c) {
    mb_pool_checkin(f->pool, c, 0);
}

static void test_connections_are_used_again(void **state) {
    struct fixture *f = *state;
    assert_true(isnan(mb_pool_stats_now(f->pool).hit_rate));
    struct connection *a = take(f, 1), *b = take(f, 2);
    give(f, a);
    give(f, b);
    b = take(f, 2); /* the last one that was given back */
    a = take(f, 1);
    struct connection *c = take(f, 3);
    const mb_pool_stats stats = mb_pool_stats_now(f->pool);
    assert_int_equal(stats.checkouts, 5);
    assert_int_equal(stats.hits, 2);
    assert_int_equal(stats.opened, 3);
    assert_int_equal(stats.in_use, 3);
    assert_int_equal(stats.peak_in_use, 3);
    assert_int_equal(stats.idle, 0);
    assert_true(stats.hit_rate == 2 / 5.0);
    give(f, a);
    give(f, b);
    give(f, c);
}

static void test_the_limit(void **state) {
    struct fixture *f = *state;
    struct connection *c[3] = {take(f, 1), take(f, 2), take(f, 3)};
    void *none = NULL;
    assert_int_equal(mb_pool_checkout(&none, f->pool, 0), MB_ETIMEOUT);
    assert_int_equal(mb_pool_checkout(&none, f->pool, 1), MB_ETIMEOUT);
    assert_null(none);
    assert_int_equal(mb_pool_stats_now(f->pool).timeouts, 2);
    assert_int_equal(mb_pool_stats_now(f->pool).waits, 2);
    mb_pool_checkin(f->pool, c[1], 1); /* broken: there is room for another */
    c[1] = take(f, 4);
    assert_int_equal(mb_pool_stats_now(f->pool).broken, 1);
    for (int i = 0; i < 3; i++) {
        give(f, c[i]);
    }
}

static void test_sick_connections_are_closed(void **state) {
    struct fixture *f = *state;
    struct connection *c[3] = {take(f, 1), take(f, 2), take(f, 3)};
    c[1]->is_sick = c[2]->is_sick = 1;
    for (int i = 0; i < 3; i++) {
        give(f, c[i]);
    }
    c[0] = take(f, 1); /* past two that are not good */
    assert_int_equal(mb_pool_stats_now(f->pool).unhealthy, 2);
    assert_int_equal(mb_pool_stats_now(f->pool).in_use, 1);
    assert_int_equal(atomic_load(&f->n_closed), 2);
    c[0]->is_sick = 1;
    give(f, c[0]);
    c[0] = take(f, 4);
    give(f, c[0]);
}

static void test_idle_connections_expire(void **state) {
    struct fixture *f = *state;
    struct connection *a = take(f, 1), *b = take(f, 2);
    give(f, a);
    f->now_ns = IDLE_NS - 1;
    give(f, b);
    assert_int_equal(mb_pool_expire(f->pool), 0);
    f->now_ns = INT64_MIN; /* a clock that is set back */
    assert_int_equal(mb_pool_expire(f->pool), 0);
    f->now_ns = IDLE_NS;
    assert_int_equal(mb_pool_expire(f->pool), 1);
    assert_int_equal(mb_pool_stats_now(f->pool).idle, 1);
    b = take(f, 2);
    give(f, b);
    f->now_ns = INT64_MAX;
    a = take(f, 3); /* the old one is not given out */
    give(f, a);
    assert_int_equal(mb_pool_stats_now(f->pool).expired, 2);
}

static void test_a_failed_connect_takes_no_room(void **state) {
    struct fixture *f = *state;
    void *none;
    f->connect_rc = MB_ESYSTEM;
    for (int i = 0; i < 5; i++) {
        assert_int_equal(mb_pool_checkout(&none, f->pool, 0), MB_ESYSTEM);
    }
    assert_int_equal(mb_pool_stats_now(f->pool).connect_failures, 5);
    assert_int_equal(mb_pool_stats_now(f->pool).checkouts, 0);
    assert_int_equal(mb_pool_stats_now(f->pool).in_use, 0);
    f->connect_rc = 0;
    give(f, take(f, 1));
}

static void test_bytes_per_idle_connection(void **state) {
    struct fixture *f = *state;
    assert_true(isnan(mb_pool_bytes_per_idle(f->pool)));
    struct connection *a = take(f, 1), *b = take(f, 2), *c = take(f, 3);
    give(f, a);
    give(f, c);
    const double bytes = mb_pool_bytes_per_idle(f->pool);
    assert_true(bytes > 200 && bytes < 300); /* 100 and 300, and what the pool needs */
    give(f, b);
}

static void test_shutdown(void **state) {
    struct fixture *f = *state;
    struct connection *a = take(f, 1), *b = take(f, 2);
    void *none;
    give(f, a);
    mb_pool_shutdown(f->pool);
    assert_int_equal(atomic_load(&f->n_closed), 1);
    assert_int_equal(mb_pool_checkout(&none, f->pool, MB_FOREVER), MB_ECLOSED);
    give(f, b);
    assert_int_equal(atomic_load(&f->n_closed), 2);
    assert_int_equal(mb_pool_stats_now(f->pool).in_use, 0);
}

static void test_bad_options(void **state) {
    struct fixture *f = *state;
    mb_pool *pool = NULL;
    mb_pool_options bad[4];
    for (int i = 0; i < 4; i++) {
        bad[i] = options_of(f);
    }
    bad[0].connect = NULL;
    bad[1].close = NULL;
    bad[2].max_connections = MB_POOL_CONNECTIONS_MAX + 1;
    bad[3].idle_timeout_ns = -2;
    for (int i = 0; i < 4; i++) {
        assert_int_equal(mb_pool_new(&pool, &bad[i]), MB_EINVAL);
    }
    assert_null(pool);
    mb_pool_free(NULL);
}

/* ---- threads --------------------------------------------------------------------------------- */

enum { N_THREADS = 6, N_TURNS = 2000 };

struct worker {
    struct fixture *fixture;
    int n_wrong;
};

static void *run_worker(void *argument) {
    struct worker *w = argument;
    for (int i = 0; i < N_TURNS; i++) {
        void *taken;
        if (mb_pool_checkout(&taken, w->fixture->pool, MB_FOREVER)) {
            w->n_wrong++;
            continue;
        }
        struct connection *c = taken;
        w->n_wrong += atomic_fetch_add(&c->n_users, 1) != 0;
        w->n_wrong += atomic_load(&w->fixture->n_opened) - atomic_load(&w->fixture->n_closed) > 3;
        c->is_sick = i % 7 == 0;
        atomic_fetch_sub(&c->n_users, 1);
        mb_pool_checkin(w->fixture->pool, c, i % 11 == 0);
    }
    return NULL;
}

static void test_threads_share_it(void **state) {
    struct fixture *f = *state;
    struct worker workers[N_THREADS];
    pthread_t threads[N_THREADS];
    for (int i = 0; i < N_THREADS; i++) {
        workers[i] = (struct worker){.fixture = f};
        assert_int_equal(pthread_create(&threads[i], NULL, run_worker, &workers[i]), 0);
    }
    for (int i = 0; i < N_THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(workers[i].n_wrong, 0);
    }
    const mb_pool_stats stats = mb_pool_stats_now(f->pool);
    assert_int_equal(stats.checkouts, N_THREADS * N_TURNS);
    assert_int_equal(stats.hits + stats.opened, stats.checkouts);
    assert_int_equal(stats.in_use, 0);
    assert_true(stats.unhealthy > 0);
}

static void *wait_for_one(void *argument) {
    struct worker *w = argument;
    void *c = NULL;
    w->n_wrong = mb_pool_checkout(&c, w->fixture->pool, MB_FOREVER);
    if (c) {
        mb_pool_checkin(w->fixture->pool, c, 0);
    }
    return NULL;
}

/* Somebody who waits gets what is given back, room after a broken one, or the news of the end. */
static void test_waiters_are_woken(void **state) {
    for (int by = 0; by < 3; by++) {
        set_up(state);
        struct fixture *f = *state;
        struct connection *c[3] = {take(f, 1), take(f, 2), take(f, 3)};
        struct worker w = {.fixture = f};
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, wait_for_one, &w), 0);
        while (mb_pool_stats_now(f->pool).waits == 0) {
        }
        if (by == 2) {
            mb_pool_shutdown(f->pool);
        } else {
            mb_pool_checkin(f->pool, c[0], by);
        }
        pthread_join(thread, NULL);
        assert_int_equal(w.n_wrong, by == 2 ? MB_ECLOSED : 0);
        for (int i = by == 2 ? 0 : 1; i < 3; i++) {
            give(f, c[i]);
        }
        tear_down(state);
    }
}

static int new_one(void) {
    struct fixture f = {0};
    const mb_pool_options options = options_of(&f);
    const int rc = mb_pool_new(&f.pool, &options);
    if (rc == 0) { /* nothing later allocates */
        give(&f, take(&f, 1));
    }
    mb_pool_free(f.pool);
    return rc;
}

static void test_every_allocation_may_fail(void **state) {
    (void)state;
    fail_every_allocation(new_one);
}

#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(test_connections_are_used_again),
        WITH_FIXTURE(test_the_limit),
        WITH_FIXTURE(test_sick_connections_are_closed),
        WITH_FIXTURE(test_idle_connections_expire),
        WITH_FIXTURE(test_a_failed_connect_takes_no_room),
        WITH_FIXTURE(test_bytes_per_idle_connection),
        WITH_FIXTURE(test_shutdown),
        WITH_FIXTURE(test_bad_options),
        WITH_FIXTURE(test_threads_share_it),
        cmocka_unit_test(test_waiters_are_woken),
        cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
