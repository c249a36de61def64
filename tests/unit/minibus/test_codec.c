/* Codecs: round trips, the exact formats, what is refused, memory that runs out. */
#include "testing.h"

#include <jansson.h>

#include "minibus/codec.h"
#include "minibus/metadata.h"

static const mb_codec *const codecs[] = {&mb_codec_binary, &mb_codec_json};

static void assert_equal_messages(const mb_message *a, const mb_message *b) {
    assert_memory_equal(mb_message_id(a), mb_message_id(b), sizeof(mb_uuid));
    assert_true(mb_message_sequence(a) == mb_message_sequence(b));
    assert_true(mb_message_created_ns(a) == mb_message_created_ns(b));
    assert_true(mb_message_ttl_ns(a) == mb_message_ttl_ns(b));
    assert_int_equal(mb_message_payload_size(a), mb_message_payload_size(b));
    assert_memory_equal(mb_message_payload(a), mb_message_payload(b), mb_message_payload_size(a));
    assert_int_equal(mb_metadata_count(a), mb_metadata_count(b));
    size_t cursor_a = 0, cursor_b = 0;
    const char *key_a, *key_b, *value_a, *value_b;
    while (mb_metadata_next(a, &cursor_a, &key_a, &value_a)) {
        assert_int_equal(mb_metadata_next(b, &cursor_b, &key_b, &value_b), 1);
        assert_string_equal(key_a, key_b);
        assert_string_equal(value_a, value_b);
    }
}

static void check_round_trip(const mb_codec *codec, const mb_message *m) {
    mb_buffer buffer = {0};
    mb_message *back = NULL;
    assert_int_equal(mb_buffer_append(&buffer, "before", 6), 0);
    assert_int_equal(codec->encode(&buffer, m), 0);
    assert_memory_equal(buffer.data, "before", 6);
    assert_int_equal(codec->decode(&back, buffer.data + 6, buffer.size - 6), 0);
    assert_equal_messages(m, back);
    mb_message_unref(back);
    mb_buffer_clear(&buffer);
}

static void test_round_trips(void **state) {
    (void)state;
    static const size_t sizes[] = {0, 1, 2, 3, 4, 100, 1024, 10240};
    static unsigned char payload[10240];
    for (size_t i = 0; i < sizeof payload; i++) {
        payload[i] = (unsigned char)(i * 7 + i / 256);
    }
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        mb_message *m;
        assert_int_equal(mb_message_new(&m, payload, sizes[i]), 0);
        for (size_t c = 0; c < 2; c++) {
            check_round_trip(codecs[c], m);
        }
        assert_int_equal(mb_message_set_sequence(m, INT64_MAX), 0);
        assert_int_equal(mb_message_set_ttl_ns(m, INT64_MAX), 0);
        assert_int_equal(mb_metadata_set(m, "type", "\"order\"\n\\ \x01"), 0);
        assert_int_equal(mb_metadata_set(m, "\xc3\xa4", ""), 0);
        assert_int_equal(mb_metadata_set(m, "long",
                                         "a value that needs a block of its own, for "
                                         "it is longer than the inline line"),
                         0);
        for (size_t c = 0; c < 2; c++) {
            check_round_trip(codecs[c], m);
        }
        mb_message_unref(m);
    }
}

/* One message written down by hand in both formats: the formats themselves cannot drift unseen. */
static const char json_text[] =
    "{\"version\":1,\"id\":\"00010203-0405-0607-0809-0a0b0c0d0e0f\",\"sequence\":258,"
    "\"created_ns\":-1,\"ttl_ns\":5,\"metadata\":{\"k\":\"v\"},\"payload\":\"AAH/\"}";
static const unsigned char binary_bytes[] = {
    'M', 'B', 'M', 1,   7,   0,   0,   0,   3, 0, 0,  0,                  /* frame */
    0,   1,   2,   3,   4,   5,   6,   7,   8, 9, 10, 11, 12, 13, 14, 15, /* id */
    2,   1,   0,   0,   0,   0,   0,   0,                                 /* sequence */
    255, 255, 255, 255, 255, 255, 255, 255,                               /* created */
    5,   0,   0,   0,   0,   0,   0,   0,                                 /* ttl */
    1,   1,   0,   'k', 0,   'v', 0,                                      /* metadata */
    0,   1,   255};                                                       /* payload */

static void test_formats_are_fixed(void **state) {
    (void)state;
    mb_message *from_json, *from_binary;
    mb_buffer buffer = {0};
    assert_int_equal(mb_codec_json.decode(&from_json, json_text, strlen(json_text)), 0);
    assert_int_equal(mb_codec_binary.decode(&from_binary, binary_bytes, sizeof binary_bytes), 0);
    assert_equal_messages(from_json, from_binary);
    assert_int_equal(mb_codec_json.encode(&buffer, from_binary), 0);
    assert_int_equal(buffer.size, strlen(json_text));
    assert_memory_equal(buffer.data, json_text, buffer.size);
    buffer.size = 0;
    assert_int_equal(mb_codec_binary.encode(&buffer, from_json), 0);
    assert_int_equal(buffer.size, sizeof binary_bytes);
    assert_memory_equal(buffer.data, binary_bytes, buffer.size);
    mb_buffer_clear(&buffer);
    mb_message_unref(from_json);
    mb_message_unref(from_binary);
}

static void test_binary_refuses(void **state) {
    (void)state;
    static const struct {
        size_t at;
        unsigned char byte;
        int rc;
    } wrong[] = {
        {0, 'm', MB_EFORMAT},  {3, 2, MB_EVERSION},  {3, 0, MB_EVERSION},   {4, 6, MB_EFORMAT},
        {8, 4, MB_EFORMAT},    {7, 255, MB_EFORMAT}, {11, 255, MB_EFORMAT}, {35, 128, MB_EFORMAT},
        {51, 128, MB_EFORMAT}, {52, 0, MB_EFORMAT},  {52, 255, MB_EFORMAT}, {53, 0, MB_EFORMAT},
        {53, 2, MB_EFORMAT},   {54, 1, MB_EFORMAT},  {55, 0, MB_EFORMAT},   {55, 0x80, MB_EFORMAT},
        {56, 'x', MB_EFORMAT}, {57, 0, MB_EFORMAT},  {58, 'x', MB_EFORMAT},
    };
    mb_message *m = NULL;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        unsigned char bytes[sizeof binary_bytes];
        memcpy(bytes, binary_bytes, sizeof bytes);
        bytes[wrong[i].at] = wrong[i].byte;
        assert_int_equal(mb_codec_binary.decode(&m, bytes, sizeof bytes), wrong[i].rc);
    }
    unsigned char twice[sizeof binary_bytes + 7]; /* the same key again */
    memcpy(twice, binary_bytes, 59);
    memcpy(twice + 59, binary_bytes + 52, 10);
    twice[4] = 14;
    assert_int_equal(mb_codec_binary.decode(&m, twice, sizeof twice), MB_EFORMAT);
    assert_int_equal(mb_codec_binary.decode(&m, NULL, 0), MB_EFORMAT);
    assert_null(m);
}

static void test_json_refuses(void **state) {
    (void)state;
    static const struct {
        const char *from, *to;
        int rc;
    } wrong[] = {
        {"\"version\":1", "\"version\":2", MB_EVERSION},
        {"\"version\":1,", "", MB_EFORMAT},
        {"\"version\":1", "\"version\":\"1\"", MB_EFORMAT},
        {"0a0b", "0a0g", MB_EFORMAT},
        {"258", "-1", MB_EFORMAT},
        {"258", "1.5", MB_EFORMAT},
        {"258", "9223372036854775808", MB_EFORMAT},
        {"\"ttl_ns\":5", "\"ttl_ns\":-5", MB_EFORMAT},
        {"\"ttl_ns\":5", "\"ttl_ns\":5,\"extra\":1", MB_EFORMAT},
        {"\"ttl_ns\":5", "\"ttl_ns\":5,\"ttl_ns\":5", MB_EFORMAT},
        {"{\"k\":\"v\"}", "[]", MB_EFORMAT},
        {"{\"k\":\"v\"}", "{\"k\":1}", MB_EFORMAT},
        {"{\"k\":\"v\"}", "{\"\":\"v\"}", MB_EFORMAT},
        {"{\"k\":\"v\"}", "{\"k\":\"\\u0000\"}", MB_EFORMAT},
        {"AAH/", "AAH", MB_EFORMAT},
        {"AAH/", "AA=/", MB_EFORMAT},
        {"AAH/", "A===", MB_EFORMAT},
        {"AAH/", "====", MB_EFORMAT},
        {"AAH/", "AAF=", MB_EFORMAT}, /* bits behind the last byte */
        {"AAH/", "AAH_", MB_EFORMAT},
        {"}", "", MB_EFORMAT},
    };
    mb_message *m = NULL;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char text[500];
        const char *at = strstr(json_text, wrong[i].from);
        assert_non_null(at);
        snprintf(text, sizeof text, "%.*s%s%s", (int)(at - json_text), json_text, wrong[i].to,
                 at + strlen(wrong[i].from));
        assert_int_equal(mb_codec_json.decode(&m, text, strlen(text)), wrong[i].rc);
    }
    assert_int_equal(mb_codec_json.decode(&m, "", 0), MB_EFORMAT);
    assert_int_equal(mb_codec_json.decode(&m, "[]", 2), MB_EFORMAT);
    assert_null(m);
}

static void test_payloads_of_0_bytes_and_64_mb(void **state) {
    (void)state;
    static const size_t sizes[] = {0, (size_t)64 << 20};
    for (size_t i = 0; i < 4; i++) {
        const mb_codec *codec = codecs[i / 2];
        unsigned char *payload = malloc(sizes[i % 2] + 1);
        mb_buffer buffer = {0};
        mb_message *m = NULL, *back = NULL;
        assert_non_null(payload);
        memset(payload, 0xa5, sizes[i % 2] + 1);
        assert_int_equal(mb_message_new(&m, payload, sizes[i % 2]), 0);
        assert_int_equal(codec->encode(&buffer, m), 0);
        assert_int_equal(codec->decode(&back, buffer.data, buffer.size), 0);
        assert_int_equal(mb_message_payload_size(back), sizes[i % 2]);
        assert_int_equal(memcmp(mb_message_payload(back), payload, sizes[i % 2]), 0);
        mb_message_unref(m);
        mb_message_unref(back);
        mb_buffer_clear(&buffer);
        free(payload);
    }
}

static void test_find(void **state) {
    (void)state;
    assert_ptr_equal(mb_codec_find("binary"), &mb_codec_binary);
    assert_ptr_equal(mb_codec_find("json"), &mb_codec_json);
    assert_null(mb_codec_find("xml"));
}

/* ---- memory that runs out, the JSON library's included --------------------------------------- */

static struct allocation_watch json_watch;

static void *json_allocate(size_t size) {
    return watched_allocate(&json_watch, size);
}

static void json_release(void *memory) {
    if (memory) {
        watched_release(&json_watch, memory);
    }
}

static const mb_codec *tried_codec;

static int encode_and_decode(void) {
    mb_buffer buffer = {0};
    mb_message *m = NULL, *back = NULL;
    int rc = mb_codec_binary.decode(&m, binary_bytes, sizeof binary_bytes);
    if (rc == 0) {
        rc = tried_codec->encode(&buffer, m);
        assert_true(rc == 0 || buffer.size == 0);
    }
    if (rc == 0) {
        rc = tried_codec->decode(&back, buffer.data, buffer.size);
    }
    mb_message_unref(m);
    mb_message_unref(back);
    mb_buffer_clear(&buffer);
    return rc;
}

static void test_every_allocation_may_fail(void **state) {
    (void)state;
    for (size_t c = 0; c < 2; c++) {
        tried_codec = codecs[c];
        fail_every_allocation(encode_and_decode);
    }
}

static void test_every_allocation_of_the_json_library_may_fail(void **state) {
    (void)state;
    int rc = MB_ENOMEM;
    long n = 0;
    tried_codec = &mb_codec_json;
    json_set_alloc_funcs(json_allocate, json_release);
    for (; rc != 0; n++) {
        json_watch = (struct allocation_watch){.fail_after = n};
        rc = encode_and_decode();
        assert_true(rc == 0 || rc == MB_ENOMEM || rc == MB_EFORMAT);
        assert_int_equal(json_watch.n_live, 0);
    }
    assert_true(n > 10);
    json_set_alloc_funcs(malloc, free);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trips),
        cmocka_unit_test(test_formats_are_fixed),
        cmocka_unit_test(test_binary_refuses),
        cmocka_unit_test(test_json_refuses),
        cmocka_unit_test(test_payloads_of_0_bytes_and_64_mb),
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_every_allocation_may_fail),
        cmocka_unit_test(test_every_allocation_of_the_json_library_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
