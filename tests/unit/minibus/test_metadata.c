/* Metadata: set, get, iterate; growth out of the message; limits; text that is not UTF-8. */
#include "testing.h"

#include <stdio.h>

#include "minibus/metadata.h"

static void assert_pairs(const mb_message *m, const char *expected) {
    char text[1000] = "";
    const char *key, *value;
    size_t cursor = 0, n = 0;
    for (; mb_metadata_next(m, &cursor, &key, &value); n++) {
        const size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, "%s=%s;", key, value);
    }
    assert_string_equal(text, expected);
    assert_int_equal(mb_metadata_count(m), n);
}

static void test_set_get_iterate(void **state) {
    (void)state;
    mb_message *m = new_message("x");
    assert_null(mb_metadata_get(m, "a"));
    assert_pairs(m, "");
    assert_int_equal(mb_metadata_set(m, "a", "1"), 0);
    assert_int_equal(mb_metadata_set(m, "b", ""), 0);
    assert_int_equal(mb_metadata_set(m, "ab", "3"), 0);
    assert_pairs(m, "a=1;b=;ab=3;");
    assert_string_equal(mb_metadata_get(m, "a"), "1");
    assert_string_equal(mb_metadata_get(m, "b"), "");
    assert_string_equal(mb_metadata_get(m, "ab"), "3");
    assert_null(mb_metadata_get(m, "abc"));
    assert_null(mb_metadata_get(m, ""));
    assert_payload(m, "x");
    mb_message_unref(m);
}

static void test_replacing_keeps_the_place(void **state) {
    (void)state;
    mb_message *m = new_message("x");
    assert_int_equal(mb_metadata_set(m, "a", "1"), 0);
    assert_int_equal(mb_metadata_set(m, "b", "2"), 0);
    assert_int_equal(mb_metadata_set(m, "c", "3"), 0);
    assert_int_equal(mb_metadata_set(m, "b", "longer"), 0);
    assert_pairs(m, "a=1;b=longer;c=3;");
    assert_int_equal(mb_metadata_set(m, "b", ""), 0);
    assert_pairs(m, "a=1;b=;c=3;");
    assert_int_equal(mb_metadata_set(m, "c", "same"), 0);
    assert_int_equal(mb_metadata_set(m, "c", "size"), 0);
    assert_pairs(m, "a=1;b=;c=size;");
    mb_message_unref(m);
}

static void test_growth_is_seamless(void **state) {
    (void)state;
    struct allocation_watch w;
    char key[24], value[24];
    watch_allocations(&w);
    mb_message *m = new_message("payload");
    for (int i = 0; i < 200; i++) {
        snprintf(key, sizeof key, "key-%d", i);
        snprintf(value, sizeof value, "value-%d", i);
        assert_int_equal(mb_metadata_set(m, key, value), 0);
        for (int k = 0; k <= i; k += 7) {
            snprintf(key, sizeof key, "key-%d", k);
            snprintf(value, sizeof value, "value-%d", k);
            assert_string_equal(mb_metadata_get(m, key), value);
        }
    }
    assert_int_equal(mb_metadata_count(m), 200);
    assert_payload(m, "payload");
    assert_int_equal(w.n_live, 2);
    mb_message_unref(m);
    assert_int_equal(w.n_live, 0);
    mb_set_allocator(NULL);
}

static void test_limits(void **state) {
    (void)state;
    char key[MB_METADATA_KEY_MAX + 2], short_key[24];
    static char value[MB_METADATA_BYTES_MAX + 2];
    mb_message *m = new_message("x");
    memset(key, 'k', sizeof key - 1);
    key[sizeof key - 1] = '\0';
    assert_int_equal(mb_metadata_set(m, "", "v"), MB_EINVAL);
    assert_int_equal(mb_metadata_set(m, key, "v"), MB_EINVAL);
    key[MB_METADATA_KEY_MAX] = '\0';
    assert_int_equal(mb_metadata_set(m, key, "v"), 0);
    assert_string_equal(mb_metadata_get(m, key), "v");

    memset(value, 'v', sizeof value - 1);
    assert_int_equal(mb_metadata_set(m, "a", value), MB_ELIMIT);
    const size_t largest = MB_METADATA_BYTES_MAX - (MB_METADATA_KEY_MAX + 1 + 5) - (1 + 5);
    value[largest + 1] = '\0';
    assert_int_equal(mb_metadata_set(m, "a", value), MB_ELIMIT);
    value[largest] = '\0';
    assert_int_equal(mb_metadata_set(m, "a", value), 0);
    assert_string_equal(mb_metadata_get(m, "a"), value);
    assert_int_equal(mb_metadata_set(m, "b", ""), MB_ELIMIT);
    mb_message_unref(m);

    m = new_message("x");
    for (int i = 0; i < MB_METADATA_ENTRIES_MAX; i++) {
        snprintf(short_key, sizeof short_key, "%d", i);
        assert_int_equal(mb_metadata_set(m, short_key, ""), 0);
    }
    assert_int_equal(mb_metadata_set(m, "more", ""), MB_ELIMIT);
    assert_int_equal(mb_metadata_set(m, "0", "replaced"), 0);
    mb_message_unref(m);
}

static void test_only_utf8(void **state) {
    (void)state;
    static const char *const good[] = {
        "\xc3\xa4",     "\xe2\x82\xac",     "\xf0\x9f\x98\x80",           "\x7f",
        "\xed\x9f\xbf", "\xf4\x8f\xbf\xbf", "of words \xc3\xa4 and words"};
    static const char *const bad[] = {"\x80",
                                      "\xc0\x80",
                                      "\xc1\xbf",
                                      "\xc3",
                                      "\xc3(",
                                      "\xe2\x82",
                                      "\xe0\x9f\xbf",
                                      "\xed\xa0\x80",
                                      "\xf0\x9f\x98",
                                      "\xf0\x8f\xbf\xbf",
                                      "\xf4\x90\x80\x80",
                                      "\xf5\x80\x80\x80",
                                      "ok then \xff",
                                      "word word word \xff",
                                      "\xff word word"};
    mb_message *m = new_message("x");
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_int_equal(mb_metadata_set(m, "key", good[i]), 0);
        assert_int_equal(mb_metadata_set(m, good[i], "value"), 0);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(mb_metadata_set(m, "key", bad[i]), MB_EINVAL);
        assert_int_equal(mb_metadata_set(m, bad[i], "value"), MB_EINVAL);
    }
    mb_message_unref(m);
}

static void test_correlation_id(void **state) {
    (void)state;
    mb_message *m = new_message("x");
    assert_null(mb_message_correlation_id(m));
    assert_int_equal(mb_message_set_correlation_id(m, "test-correlation"), 0);
    assert_string_equal(mb_message_correlation_id(m), "test-correlation");
    assert_string_equal(mb_metadata_get(m, MB_CORRELATION_ID), "test-correlation");
    mb_message_unref(m);
}

static int grow(void) {
    mb_message *m = NULL;
    int rc = mb_message_new(&m, "x", 1);
    for (int i = 0; i < 60 && rc == 0; i++) {
        char key[24];
        snprintf(key, sizeof key, "key-%d", i);
        rc = mb_metadata_set(m, key, "value");
        assert_int_equal(mb_metadata_count(m), rc ? i : i + 1); /* a failure changes nothing */
        assert_true((mb_metadata_get(m, key) != NULL) == (rc == 0));
    }
    mb_message_unref(m);
    return rc;
}

static void test_every_allocation_may_fail(void **state) {
    (void)state;
    fail_every_allocation(grow);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_set_get_iterate),
        cmocka_unit_test(test_replacing_keeps_the_place),
        cmocka_unit_test(test_growth_is_seamless),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_only_utf8),
        cmocka_unit_test(test_correlation_id),
        cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
