/* The exchange of two logs over a socket pair: complete, in pieces, interrupted, and with a peer
 * that sends nonsense. */
#include "testing.h"

#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "minibus/broker.h"
#include "minibus/replica_sync.h"

struct fixture {
    int sockets[2];
    mb_oplog *a, *b;
};

static int set_up(void **state) {
    static struct fixture f;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, f.sockets), 0);
    assert_int_equal(mb_oplog_new(&f.a, 1), 0);
    assert_int_equal(mb_oplog_new(&f.b, 2), 0);
    *state = &f;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *f = *state;
    close(f->sockets[0]);
    close(f->sockets[1]);
    mb_oplog_free(f->a);
    mb_oplog_free(f->b);
    return 0;
}

static void write_many(mb_oplog *log, int n, size_t value_size) {
    char *value = calloc(1, value_size + 1);
    assert_non_null(value);
    for (int i = 0; i < n; i++) {
        char key[16];
        snprintf(key, sizeof key, "%d", i);
        assert_int_equal(mb_oplog_put(log, key, strlen(key), value, value_size), 0);
    }
    free(value);
}

static void assert_same(const mb_oplog *a, const mb_oplog *b) {
    assert_int_equal(mb_oplog_n_ops(a), mb_oplog_n_ops(b));
    assert_true(mb_oplog_digest(a) == mb_oplog_digest(b));
}

/* Both sides in one thread, in turns, until both are done or one fails. */
static int sync_in_turns(struct fixture *f, size_t io_limit) {
    mb_sync *a = NULL, *b = NULL;
    int rc = mb_sync_new(&a, f->a, f->sockets[0]);
    rc = rc ? rc : mb_sync_new(&b, f->b, f->sockets[1]);
    if (rc == 0) {
        mb_sync_limit_io(a, io_limit);
        mb_sync_limit_io(b, io_limit);
    }
    while (rc == 0 && !(mb_sync_is_done(a) && mb_sync_is_done(b))) {
        rc = mb_sync_step(a, 0);
        rc = rc == MB_ETIMEOUT ? 0 : rc;
        if (rc == 0) {
            rc = mb_sync_step(b, 0);
            rc = rc == MB_ETIMEOUT ? 0 : rc;
        }
    }
    if (rc == 0) {
        const mb_sync_stats x = mb_sync_stats_now(a), y = mb_sync_stats_now(b);
        assert_int_equal(x.ops_sent, y.ops_received);
        assert_int_equal(y.ops_sent, x.ops_received);
        assert_int_equal(x.bytes_sent, y.bytes_received);
        assert_int_equal(y.bytes_sent, x.bytes_received);
    }
    mb_sync_free(a);
    mb_sync_free(b);
    return rc;
}

static void test_both_get_what_they_lack(void **state) {
    struct fixture *f = *state;
    assert_int_equal(sync_in_turns(f, 0), 0); /* nothing at all */
    write_many(f->a, 300, 10);
    assert_int_equal(sync_in_turns(f, 0), 0);
    assert_same(f->a, f->b);
    write_many(f->a, 50, 0);
    write_many(f->b, 70, 3);
    assert_int_equal(mb_oplog_delete(f->b, "7", 1), 0);
    assert_int_equal(sync_in_turns(f, 0), 0); /* the same sockets again */
    assert_same(f->a, f->b);
    assert_int_equal(mb_oplog_n_ops(f->a), 300 + 50 + 71);
}

static void test_frames_in_pieces(void **state) {
    struct fixture *f = *state;
    write_many(f->a, 20, 10);
    write_many(f->b, 30, 10);
    assert_int_equal(sync_in_turns(f, 1), 0);
    assert_same(f->a, f->b);
    write_many(f->a, 20, 5000); /* several frames */
    assert_int_equal(sync_in_turns(f, 4097), 0);
    assert_same(f->a, f->b);
}

static void test_one_large_operation(void **state) {
    struct fixture *f = *state;
    write_many(f->a, 1, MB_OP_VALUE_MAX);
    write_many(f->b, 1, MB_OP_VALUE_MAX);
    assert_int_equal(sync_in_turns(f, 0), 0); /* both directions are full at the same time */
    assert_same(f->a, f->b);
}

struct runner {
    mb_oplog *log;
    int socket;
    int rc;
    mb_sync_stats stats;
};

static void *run(void *argument) {
    struct runner *r = argument;
    r->rc = mb_sync_run(r->log, r->socket, MB_FOREVER, &r->stats);
    return NULL;
}

static void test_two_threads(void **state) {
    struct fixture *f = *state;
    write_many(f->a, 5000, 100);
    write_many(f->b, 5000, 100);
    struct runner a = {.log = f->a, .socket = f->sockets[0]};
    struct runner b = {.log = f->b, .socket = f->sockets[1]};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, run, &b), 0);
    run(&a);
    pthread_join(thread, NULL);
    assert_int_equal(a.rc, 0);
    assert_int_equal(b.rc, 0);
    assert_int_equal(a.stats.ops_sent, 5000);
    assert_int_equal(a.stats.ops_received, 5000);
    assert_same(f->a, f->b);
}

static void replace_sockets(struct fixture *f) {
    close(f->sockets[0]);
    close(f->sockets[1]);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, f->sockets), 0);
}

/* Wherever the peer disappears, what has arrived is valid, and the next exchange takes the rest. */
static void test_the_peer_is_gone(void **state) {
    struct fixture *f = *state;
    write_many(f->a, 20, 5000);
    uint64_t previous = 0;
    for (int n_steps = 0; n_steps < 40; n_steps += 3) {
        mb_sync *a, *b;
        replace_sockets(f);
        assert_int_equal(mb_sync_new(&a, f->a, f->sockets[0]), 0);
        assert_int_equal(mb_sync_new(&b, f->b, f->sockets[1]), 0);
        mb_sync_limit_io(a, 30000);
        for (int i = 0; i < n_steps; i++) {
            mb_sync_step(b, 0);
            mb_sync_step(a, 0);
        }
        mb_sync_free(a);
        shutdown(f->sockets[0], SHUT_RDWR);
        int rc = 0;
        while (rc == 0 && !mb_sync_is_done(b)) {
            rc = mb_sync_step(b, MB_FOREVER);
        }
        assert_true(rc == MB_EPEER || mb_sync_is_done(b));
        assert_int_equal(mb_sync_step(b, 0), rc); /* and so it stays */
        mb_sync_free(b);
        assert_true(mb_oplog_n_ops(f->b) >= previous);
        previous = mb_oplog_n_ops(f->b);
    }
    assert_true(previous > 0);
    replace_sockets(f);
    assert_int_equal(sync_in_turns(f, 0), 0);
    assert_same(f->a, f->b);
}

/* Runs one side with a peer that is gone after n bytes of what it would say. @return whether it
 * said all. */
static int sync_with_cut(struct fixture *f, uint64_t n) {
    mb_sync *a = NULL, *b = NULL;
    int rc = 0;
    replace_sockets(f);
    assert_int_equal(mb_sync_new(&a, f->a, f->sockets[0]), 0);
    assert_int_equal(mb_sync_new(&b, f->b, f->sockets[1]), 0);
    mb_sync_limit_io(b, 1);
    while (mb_sync_stats_now(b).bytes_sent < n && !mb_sync_is_done(b)) {
        mb_sync_step(b, 0);
        mb_sync_step(a, 0);
    }
    const int is_complete = mb_sync_is_done(b);
    mb_sync_free(b);
    shutdown(f->sockets[1], SHUT_RDWR);
    while (rc == 0 && !mb_sync_is_done(a)) {
        rc = mb_sync_step(a, MB_FOREVER);
    }
    assert_int_equal(rc, is_complete ? 0 : MB_EPEER);
    mb_sync_free(a);
    return is_complete;
}

static void test_cut_at_every_byte(void **state) {
    struct fixture *f = *state;
    for (uint64_t n = 0;; n++) {
        mb_oplog_free(f->a);
        mb_oplog_free(f->b);
        assert_int_equal(mb_oplog_new(&f->a, 1), 0);
        assert_int_equal(mb_oplog_new(&f->b, 2), 0);
        write_many(f->a, 2, 3);
        write_many(f->b, 3, 4);
        const int is_complete = sync_with_cut(f, n);
        assert_true(!is_complete || mb_oplog_n_ops_of(f->a, 2) == 3);
        replace_sockets(f);
        assert_int_equal(sync_in_turns(f, 0), 0); /* takes the rest, whatever it is */
        assert_same(f->a, f->b);
        assert_int_equal(mb_oplog_n_ops(f->a), 5);
        if (is_complete) {
            assert_true(n > 100);
            break;
        }
    }
}

static void test_silence(void **state) {
    struct fixture *f = *state;
    mb_sync *a;
    assert_int_equal(mb_sync_new(&a, f->a, f->sockets[0]), 0);
    assert_int_equal(mb_sync_step(a, 0), 0); /* the hello goes out */
    assert_int_equal(mb_sync_step(a, 0), MB_ETIMEOUT);
    assert_int_equal(mb_sync_step(a, 1), MB_ETIMEOUT);
    mb_sync_free(a);
    assert_int_equal(mb_sync_run(f->a, f->sockets[0], 1, NULL), MB_ETIMEOUT);
    assert_int_equal(mb_sync_run(f->a, -1, 1, NULL), MB_ETIMEOUT); /* poll() ignores it */
    const int closed = dup(f->sockets[0]);
    close(closed);
    assert_int_equal(mb_sync_run(f->a, closed, 1, NULL), MB_ESYSTEM);
}

/* What a side answers that is sent these bytes. */
static int answer_to(struct fixture *f, const void *bytes, size_t size) {
    replace_sockets(f);
    assert_int_equal(write(f->sockets[1], bytes, size), size);
    shutdown(f->sockets[1], SHUT_WR);
    return mb_sync_run(f->a, f->sockets[0], MB_FOREVER, NULL);
}

#define HELLO "\5\0\0\0\1\1\0\0\0\0"

static void test_nonsense_is_refused(void **state) {
    struct fixture *f = *state;
    static const struct {
        const char *bytes;
        size_t size;
        int rc;
    } cases[] = {
#define CASE(bytes, rc) {bytes, sizeof bytes - 1, rc}
        CASE("", MB_EPEER),
        CASE("\5\0\0\0\1\1\0\0", MB_EPEER),
        CASE(HELLO, MB_EPEER),
        CASE("\5\0\0\0\1\2\0\0\0\0", MB_EVERSION),
        CASE("\4\0\0\0\1\1\0\0\0", MB_EFORMAT),
        CASE("\5\0\0\0\1\1\1\0\0\0", MB_EFORMAT),         /* a replica that is not there */
        CASE("\5\0\0\0\1\1\377\377\377\377", MB_EFORMAT), /* more than there can be */
        CASE("\0\0\0\0\3", MB_EFORMAT),                   /* done before hello */
        CASE("\0\0\0\0\11", MB_EFORMAT),
        CASE("\377\377\377\377\2", MB_EFORMAT),
        CASE(HELLO HELLO, MB_EFORMAT),
        CASE(HELLO "\1\0\0\0\3x", MB_EFORMAT),
        CASE(HELLO "\1\0\0\0\2x", MB_EFORMAT),
        /* Operations: none of one; one cut off; bytes left over; one with a gap before it. */
        CASE(HELLO "\20\0\0\0\2\7\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0", MB_EFORMAT),
        CASE(HELLO "\37\0\0\0\2\7\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0"
                   "\1\0\0\0\0\0\0\0\1\1\0\0\0\0\0",
             MB_EFORMAT),
        CASE(HELLO "\21\0\0\0\2\7\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0x", MB_EFORMAT),
        CASE(HELLO "\40\0\0\0\2\7\0\0\0\1\0\0\0\0\0\0\0\1\0\0\0"
                   "\1\0\0\0\0\0\0\0\1\1\0\0\0\0\0k",
             MB_EFORMAT),
        /* The same without the gap is taken over; then the peer is missed. */
        CASE(HELLO "\40\0\0\0\2\7\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0"
                   "\1\0\0\0\0\0\0\0\1\1\0\0\0\0\0k",
             MB_EPEER),
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(mb_oplog_n_ops(f->a), 0);
        assert_int_equal(answer_to(f, cases[i].bytes, cases[i].size), cases[i].rc);
    }
    assert_int_equal(mb_oplog_n_ops_of(f->a, 7), 1);
}

static int sync_some(void) {
    struct fixture f = {{-1, -1}, NULL, NULL};
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, f.sockets), 0);
    int rc = mb_oplog_new(&f.a, 1);
    rc = rc ? rc : mb_oplog_new(&f.b, 2);
    rc = rc ? rc : mb_oplog_put(f.a, "k", 1, "v", 1);
    rc = rc ? rc : mb_oplog_put(f.b, "l", 1, "v", 1);
    rc = rc ? rc : sync_in_turns(&f, 0);
    close(f.sockets[0]);
    close(f.sockets[1]);
    mb_oplog_free(f.a);
    mb_oplog_free(f.b);
    return rc;
}

static void test_every_allocation_may_fail(void **state) {
    (void)state;
    fail_every_allocation(sync_some);
}

/* An exchange that breaks off for lack of memory is made up for by the next one. */
static void sync_again(void) {
    struct fixture f = {{-1, -1}, NULL, NULL};
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, f.sockets), 0);
    if (mb_oplog_new(&f.a, 1)) {
        assert_int_equal(mb_oplog_new(&f.a, 1), 0);
    }
    if (mb_oplog_new(&f.b, 2)) {
        assert_int_equal(mb_oplog_new(&f.b, 2), 0);
    }
    for (int i = 0; i < 20; i++) {
        const char key[] = {'k', (char)i};
        if (mb_oplog_put(i % 2 ? f.a : f.b, key, 2, "v", 1)) {
            assert_int_equal(mb_oplog_put(i % 2 ? f.a : f.b, key, 2, "v", 1), 0);
        }
    }
    const int rc = sync_in_turns(&f, 0);
    if (rc) {
        assert_int_equal(rc, MB_ENOMEM);
        replace_sockets(&f);
        assert_int_equal(sync_in_turns(&f, 0), 0);
    }
    assert_same(f.a, f.b);
    assert_int_equal(mb_oplog_n_ops(f.a), 20);
    close(f.sockets[0]);
    close(f.sockets[1]);
    mb_oplog_free(f.a);
    mb_oplog_free(f.b);
}

static void test_an_exchange_without_memory_is_made_up_for(void **state) {
    (void)state;
    fail_each_allocation(sync_again);
}

#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(test_both_get_what_they_lack),
        WITH_FIXTURE(test_frames_in_pieces),
        WITH_FIXTURE(test_one_large_operation),
        WITH_FIXTURE(test_two_threads),
        WITH_FIXTURE(test_the_peer_is_gone),
        WITH_FIXTURE(test_cut_at_every_byte),
        WITH_FIXTURE(test_silence),
        WITH_FIXTURE(test_nonsense_is_refused),
        cmocka_unit_test(test_every_allocation_may_fail),
        cmocka_unit_test(test_an_exchange_without_memory_is_made_up_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
