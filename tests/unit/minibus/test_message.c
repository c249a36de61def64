/* Messages: content, references, copies, sizes, errors. */
#include "testing.h"

#include <malloc.h>
#include <time.h>

#include "minibus/metadata.h"

static void test_new_has_id_time_and_payload(void **state) {
    (void)state;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    mb_message *a = new_message("hello");
    mb_message *b = new_message("");
    assert_payload(a, "hello");
    assert_int_equal(mb_message_payload_size(b), 0);
    assert_memory_not_equal(mb_message_id(a), mb_message_id(b), sizeof(mb_uuid));
    assert_true(mb_message_created_ns(a) >= (int64_t)now.tv_sec * 1000000000);
    assert_true(mb_message_created_ns(b) >= mb_message_created_ns(a));
    assert_int_equal(mb_message_sequence(a), 0);
    assert_int_equal(mb_message_ttl_ns(a), 0);
    assert_int_equal(mb_metadata_count(a), 0);
    mb_message_unref(a);
    mb_message_unref(b);
    mb_message_unref(NULL);
}

static void test_payload_is_copied_and_may_be_binary(void **state) {
    (void)state;
    unsigned char bytes[256];
    for (int i = 0; i < 256; i++) {
        bytes[i] = (unsigned char)i;
    }
    mb_message *m;
    assert_int_equal(mb_message_new(&m, bytes, sizeof bytes), 0);
    bytes[0] = 99;
    for (int i = 0; i < 256; i++) {
        assert_int_equal(((const unsigned char *)mb_message_payload(m))[i], i);
    }
    assert_int_equal((uintptr_t)mb_message_payload(m) % 16, 0);
    mb_message_unref(m);
}

static void test_payload_limit(void **state) {
    (void)state;
    mb_message *m = NULL;
    assert_int_equal(mb_message_new(&m, "", MB_PAYLOAD_MAX + 1), MB_ELIMIT);
    assert_int_equal(mb_message_new(&m, "", SIZE_MAX), MB_ELIMIT);
    assert_null(m);
}

static void test_a_message_is_one_allocation(void **state) {
    (void)state;
    struct allocation_watch w;
    watch_allocations(&w);
    mb_message *m = new_message("hello");
    assert_int_equal(mb_metadata_set(m, "type", "greeting"), 0);
    assert_int_equal(mb_message_set_correlation_id(m, "test-correlation"), 0);
    assert_int_equal(w.n_live, 1);
    assert_ptr_equal(mb_message_ref(m), m);
    mb_message_unref(m);
    assert_int_equal(w.n_live, 1);
    mb_message_unref(m);
    assert_int_equal(w.n_live, 0);
    mb_set_allocator(NULL);
}

static void test_overhead_is_under_200_bytes(void **state) {
    (void)state;
    static char payload[1024];
    for (size_t size = 0; size <= sizeof payload; size++) {
        mb_message *m;
        assert_int_equal(mb_message_new(&m, payload, size), 0);
        assert_true(malloc_usable_size(m) - size < 200);
        mb_message_unref(m);
    }
}

static void test_shared_messages_do_not_change(void **state) {
    (void)state;
    mb_message *m = new_message("x");
    mb_message *other = mb_message_ref(m);
    assert_int_equal(mb_metadata_set(m, "key", "value"), MB_ESHARED);
    assert_int_equal(mb_message_set_correlation_id(m, "c"), MB_ESHARED);
    assert_int_equal(mb_message_set_sequence(m, 1), MB_ESHARED);
    assert_int_equal(mb_message_set_ttl_ns(m, 1), MB_ESHARED);
    mb_message_unref(other);
    assert_int_equal(mb_metadata_set(m, "key", "value"), 0);
    assert_int_equal(mb_message_set_sequence(m, 1), 0);
    mb_message_unref(m);
}

static void test_field_limits(void **state) {
    (void)state;
    mb_message *m = new_message("x");
    assert_int_equal(mb_message_set_sequence(m, INT64_MAX), 0);
    assert_int_equal(mb_message_set_sequence(m, (uint64_t)INT64_MAX + 1), MB_EINVAL);
    assert_true(mb_message_sequence(m) == INT64_MAX);
    assert_int_equal(mb_message_set_ttl_ns(m, 5), 0);
    assert_int_equal(mb_message_set_ttl_ns(m, -1), MB_EINVAL);
    assert_int_equal(mb_message_ttl_ns(m), 5);
    mb_message_unref(m);
}

static void test_copy_is_equal_and_independent(void **state) {
    (void)state;
    mb_message *m = new_message("payload");
    assert_int_equal(mb_metadata_set(m, "a", "1"), 0);
    assert_int_equal(mb_message_set_sequence(m, 7), 0);
    assert_int_equal(mb_message_set_ttl_ns(m, 8), 0);
    mb_message *shared = mb_message_ref(m), *copy = NULL;
    assert_int_equal(mb_message_copy(&copy, m), 0);
    assert_payload(copy, "payload");
    assert_memory_equal(mb_message_id(copy), mb_message_id(m), sizeof(mb_uuid));
    assert_true(mb_message_created_ns(copy) == mb_message_created_ns(m));
    assert_int_equal(mb_message_sequence(copy), 7);
    assert_int_equal(mb_message_ttl_ns(copy), 8);
    assert_int_equal(mb_metadata_set(copy, "a", "2"), 0);
    assert_string_equal(mb_metadata_get(m, "a"), "1");
    mb_message_unref(m);
    mb_message_unref(shared);
    assert_string_equal(mb_metadata_get(copy, "a"), "2");
    mb_message_unref(copy);
}

static int make_and_copy(void) {
    char value[100];
    memset(value, 'v', sizeof value - 1);
    value[sizeof value - 1] = '\0';
    mb_message *m = NULL, *copy = NULL;
    int rc = mb_message_new(&m, "x", 1);
    if (rc == 0) {
        rc = mb_metadata_set(m, "long", value); /* does not fit inline */
    }
    if (rc == 0) {
        rc = mb_message_copy(&copy, m);
    }
    mb_message_unref(m);
    mb_message_unref(copy);
    return rc;
}

static void test_every_allocation_may_fail(void **state) {
    (void)state;
    fail_every_allocation(make_and_copy);
}

static void test_error_texts(void **state) {
    (void)state;
    assert_string_equal(mb_error_text(0), "ok");
    assert_string_equal(mb_error_text(MB_EQUEUEFULL), "queue is full");
    for (int code = MB_EPEER; code <= 0; code++) {
        assert_string_not_equal(mb_error_text(code), "unknown error");
    }
    assert_string_equal(mb_error_text(MB_EPEER - 1), "unknown error");
    assert_string_equal(mb_error_text(1), "unknown error");
    assert_string_equal(mb_error_text(INT32_MIN), "unknown error");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_new_has_id_time_and_payload),
        cmocka_unit_test(test_payload_is_copied_and_may_be_binary),
        cmocka_unit_test(test_payload_limit),
        cmocka_unit_test(test_a_message_is_one_allocation),
        cmocka_unit_test(test_overhead_is_under_200_bytes),
        cmocka_unit_test(test_shared_messages_do_not_change),
        cmocka_unit_test(test_field_limits),
        cmocka_unit_test(test_copy_is_equal_and_independent),
        cmocka_unit_test(test_every_allocation_may_fail),
        cmocka_unit_test(test_error_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
