/* Operation logs: which operation wins, what merging takes over, what is refused. */
#include "testing.h"

#include <stdio.h>

#include "minibus/oplog.h"

static mb_oplog *new_log(uint32_t replica) {
    mb_oplog *log = NULL;
    assert_int_equal(mb_oplog_new(&log, replica), 0);
    return log;
}

static void put(mb_oplog *log, const char *key, const char *value) {
    assert_int_equal(mb_oplog_put(log, key, strlen(key), value, strlen(value)), 0);
}

static void delete (mb_oplog *log, const char *key) {
    assert_int_equal(mb_oplog_delete(log, key, strlen(key)), 0);
}

/* @param value NULL: none */
static void assert_value(const mb_oplog *log, const char *key, const char *value) {
    mb_op op;
    const int found = mb_oplog_get(&op, log, key, strlen(key));
    assert_int_equal(found, value != NULL);
    if (value) {
        assert_int_equal(op.value_size, strlen(value));
        assert_memory_equal(op.value, value, op.value_size);
    }
}

static void merge(mb_oplog *into, const mb_oplog *from, size_t n_expected) {
    size_t n;
    assert_int_equal(mb_oplog_merge(into, from, &n), 0);
    assert_int_equal(n, n_expected);
}

static void assert_same(const mb_oplog *a, const mb_oplog *b) {
    assert_int_equal(mb_oplog_n_ops(a), mb_oplog_n_ops(b));
    assert_int_equal(mb_oplog_n_keys(a), mb_oplog_n_keys(b));
    assert_true(mb_oplog_digest(a) == mb_oplog_digest(b));
}

static void test_one_log_is_a_table(void **state) {
    (void)state;
    mb_oplog *log = new_log(1);
    assert_value(log, "a", NULL);
    put(log, "a", "1");
    put(log, "b", "");
    put(log, "a", "2");
    assert_value(log, "a", "2");
    assert_value(log, "b", "");
    assert_int_equal(mb_oplog_n_keys(log), 2);
    delete (log, "a");
    delete (log, "never");
    assert_value(log, "a", NULL);
    assert_int_equal(mb_oplog_n_keys(log), 1);
    put(log, "a", "3");
    assert_value(log, "a", "3");
    assert_int_equal(mb_oplog_n_ops(log), 6);
    mb_op op;
    assert_int_equal(mb_oplog_op(&op, log, 1, 3), 1);
    assert_int_equal(op.kind, MB_OP_DELETE);
    assert_int_equal(op.clock, 4);
    assert_int_equal(mb_oplog_op(&op, log, 1, 6), 0);
    assert_int_equal(mb_oplog_op(&op, log, 2, 0), 0);
    mb_oplog_free(log);
    mb_oplog_free(NULL);
}

static void test_the_last_writer_wins_on_both_sides(void **state) {
    (void)state;
    mb_oplog *a = new_log(1), *b = new_log(2);
    put(a, "tie", "a");
    put(b, "tie", "b"); /* the same clock: the higher replica wins */
    put(a, "later", "a");
    put(b, "other", "x");
    put(b, "later", "b");
    delete (a, "gone");
    merge(a, b, 3);
    merge(b, a, 3);
    merge(a, b, 0);
    assert_same(a, b);
    assert_value(a, "tie", "b");
    assert_value(b, "tie", "b");
    assert_value(a, "later", "b");
    assert_value(b, "later", "b");
    delete (a, "other"); /* knows of b's put, so it is later */
    merge(b, a, 1);
    assert_value(b, "other", NULL);
    assert_same(a, b);
    mb_oplog_free(a);
    mb_oplog_free(b);
}

static void test_through_a_third(void **state) {
    (void)state;
    mb_oplog *a = new_log(1), *b = new_log(2), *c = new_log(3);
    put(a, "k", "a");
    merge(b, a, 1);
    put(b, "k", "b");
    merge(c, b, 2);
    put(a, "l", "a");
    merge(c, a, 1);
    merge(a, c, 1);
    merge(b, c, 1);
    assert_same(a, b);
    assert_same(a, c);
    assert_int_equal(mb_oplog_n_histories(c), 2);
    assert_int_equal(mb_oplog_n_ops_of(c, 1), 2);
    assert_int_equal(mb_oplog_n_ops_of(c, 3), 0);
    mb_oplog_free(a);
    mb_oplog_free(b);
    mb_oplog_free(c);
}

static void write_many(mb_oplog *log, int n, unsigned seed) {
    for (int i = 0; i < n; i++) {
        char key[16], value[16];
        seed = seed * 1664525u + 1013904223u;
        snprintf(key, sizeof key, "key%u", (seed >> 8) % 1500);
        snprintf(value, sizeof value, "%u", seed);
        if (seed >> 28 == 0) {
            delete (log, key);
        } else {
            put(log, key, value);
        }
    }
}

static void test_incremental_and_full_agree(void **state) {
    (void)state;
    mb_oplog *a = new_log(1), *b = new_log(2), *full = NULL;
    write_many(a, 1000, 1);
    merge(b, a, 1000); /* common history, then they diverge */
    write_many(a, 5000, 2);
    write_many(b, 5000, 3);
    assert_int_equal(mb_oplog_merge_full(&full, a, b, 9), 0);
    merge(a, b, 5000);
    assert_int_equal(mb_oplog_n_ops(a), 11000);
    assert_same(a, full);
    for (int i = 0; i < 1500; i++) {
        char key[16];
        mb_op x, y;
        snprintf(key, sizeof key, "key%d", i);
        const int found = mb_oplog_get(&x, a, key, strlen(key));
        assert_int_equal(mb_oplog_get(&y, full, key, strlen(key)), found);
        if (found) {
            assert_int_equal(x.clock, y.clock);
            assert_int_equal(x.replica, y.replica);
            assert_int_equal(x.value_size, y.value_size);
            assert_memory_equal(x.value, y.value, x.value_size);
        }
    }
    put(full, "new", "x"); /* as replica 9, later than everything */
    mb_op op;
    assert_int_equal(mb_oplog_op(&op, full, 9, 0), 1);
    assert_true(op.clock > 6000);
    mb_oplog_free(a);
    mb_oplog_free(b);
    mb_oplog_free(full);
}

static void test_an_older_operation_may_come_late(void **state) {
    (void)state;
    mb_oplog *log = new_log(1);
    const mb_op deletion = {.clock = 9, .replica = 2, .key = "k", .key_size = 1};
    const mb_op older = {.clock = 8, .replica = 3, .kind = MB_OP_PUT, .key = "k", .key_size = 1};
    assert_int_equal(mb_oplog_apply(log, &deletion, 0), 0);
    assert_int_equal(mb_oplog_apply(log, &older, 0), 0);
    assert_value(log, "k", NULL);
    assert_int_equal(mb_oplog_n_keys(log), 0);
    assert_int_equal(mb_oplog_n_ops(log), 2);
    mb_oplog_free(log);
}

static void test_operations_that_cannot_be(void **state) {
    (void)state;
    mb_oplog *log = new_log(1);
    const mb_op good = {.clock = 5, .replica = 2, .kind = MB_OP_PUT, .key = "k", .key_size = 1};
    mb_op bad[7];
    for (size_t i = 0; i < 7; i++) {
        bad[i] = good;
    }
    bad[0].clock = 0;
    bad[1].clock = MB_OP_CLOCK_MAX + 1;
    bad[2].key_size = 0;
    bad[3].key_size = MB_OP_KEY_MAX + 1;
    bad[4].value_size = MB_OP_VALUE_MAX + 1;
    bad[5].kind = 2;
    bad[6].kind = MB_OP_DELETE;
    bad[6].value_size = 1;
    for (size_t i = 0; i < 7; i++) {
        assert_int_equal(mb_oplog_apply(log, &bad[i], 0), MB_EFORMAT);
    }
    assert_int_equal(mb_oplog_apply(log, &good, 1), MB_EFORMAT); /* a gap */
    assert_int_equal(mb_oplog_apply(log, &good, 0), 0);
    assert_int_equal(mb_oplog_apply(log, &good, 0), 0);          /* the same again */
    assert_int_equal(mb_oplog_apply(log, &good, 1), MB_EFORMAT); /* its clock does not rise */
    mb_op other = good;
    other.clock = 6;
    assert_int_equal(mb_oplog_apply(log, &other, 0), MB_ECONFLICT);
    assert_int_equal(mb_oplog_n_ops(log), 1);
    assert_int_equal(mb_oplog_put(log, "", 0, "", 0), MB_EINVAL);
    other.clock = MB_OP_CLOCK_MAX;
    assert_int_equal(mb_oplog_apply(log, &other, 1), 0);
    assert_int_equal(mb_oplog_put(log, "k", 1, "", 0), MB_ELIMIT); /* no later clock is left */
    mb_oplog_free(log);
}

static void test_limits(void **state) {
    (void)state;
    mb_oplog *log = new_log(1);
    char *bytes = calloc(1, MB_OP_VALUE_MAX + 1);
    mb_op op;
    assert_non_null(bytes);
    assert_int_equal(mb_oplog_put(log, bytes, MB_OP_KEY_MAX + 1, "", 0), MB_ELIMIT);
    assert_int_equal(mb_oplog_put(log, bytes, 1, bytes, MB_OP_VALUE_MAX + 1), MB_ELIMIT);
    assert_int_equal(mb_oplog_n_ops(log), 0);
    assert_int_equal(mb_oplog_put(log, bytes, MB_OP_KEY_MAX, bytes, MB_OP_VALUE_MAX), 0);
    assert_int_equal(mb_oplog_get(&op, log, bytes, MB_OP_KEY_MAX), 1);
    assert_int_equal(op.value_size, MB_OP_VALUE_MAX);
    free(bytes);
    mb_oplog_free(log);
}

static void test_too_many_replicas(void **state) {
    (void)state;
    mb_oplog *log = new_log(1);
    for (uint32_t i = 0; i <= MB_OPLOG_REPLICAS_MAX; i++) {
        const mb_op op = {.clock = 1, .replica = i, .key = "k", .key_size = 1};
        assert_int_equal(mb_oplog_apply(log, &op, 0), i < MB_OPLOG_REPLICAS_MAX ? 0 : MB_ELIMIT);
    }
    mb_oplog_free(log);
}

static void test_two_writers_with_one_number(void **state) {
    (void)state;
    mb_oplog *a = new_log(1), *b = new_log(1), *full = NULL;
    put(a, "k", "a");
    put(b, "k", "b");
    put(b, "l", "b");
    size_t n;
    assert_int_equal(mb_oplog_merge(a, b, &n), MB_ECONFLICT);
    assert_int_equal(n, 0);
    assert_int_equal(mb_oplog_merge(b, a, NULL), MB_ECONFLICT);
    assert_int_equal(mb_oplog_merge_full(&full, a, b, 9), MB_ECONFLICT);
    assert_null(full);
    assert_value(a, "k", "a");
    mb_oplog_free(a);
    mb_oplog_free(b);
}

static int merge_some(void) {
    mb_oplog *a = NULL, *b = NULL, *full = NULL;
    int rc = mb_oplog_new(&a, 1);
    rc = rc ? rc : mb_oplog_new(&b, 2);
    for (int i = 0; i < 60 && rc == 0; i++) {
        const char key[] = {'k', (char)i};
        rc = mb_oplog_put(a, key, 2, "value", 5);
        rc = rc ? rc : mb_oplog_delete(b, key, 2);
    }
    rc = rc ? rc : mb_oplog_merge_full(&full, a, b, 3);
    if (rc == 0) {
        size_t n;
        rc = mb_oplog_merge(a, b, &n);
        assert_int_equal(mb_oplog_n_ops(a), 60 + n); /* also after a failure */
        assert_int_equal(mb_oplog_n_ops_of(a, 2), n);
    }
    mb_oplog_free(a);
    mb_oplog_free(b);
    mb_oplog_free(full);
    return rc;
}

static void test_every_allocation_may_fail(void **state) {
    (void)state;
    fail_every_allocation(merge_some);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_log_is_a_table),
        cmocka_unit_test(test_the_last_writer_wins_on_both_sides),
        cmocka_unit_test(test_through_a_third),
        cmocka_unit_test(test_incremental_and_full_agree),
        cmocka_unit_test(test_an_older_operation_may_come_late),
        cmocka_unit_test(test_operations_that_cannot_be),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_too_many_replicas),
        cmocka_unit_test(test_two_writers_with_one_number),
        cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
