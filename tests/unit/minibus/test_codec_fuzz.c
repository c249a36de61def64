/*
 * Codecs against damaged input: seeded random mutations, truncations and extensions of good
 * messages. Whatever is accepted must be a good message: it survives a round trip unchanged.
 * Memory errors are for the sanitizers to find, so every input is an allocation of its exact size.
 */
#include "random_support.h"
#include "testing.h"

#include "minibus/codec.h"
#include "minibus/metadata.h"

static size_t random_below(size_t n) {
    return (size_t)(random_u64() % n);
}

static mb_message *random_message(void) {
    unsigned char payload[64];
    const size_t size = random_below(sizeof payload);
    for (size_t i = 0; i < size; i++) {
        payload[i] = (unsigned char)random_u64();
    }
    mb_message *m;
    assert_int_equal(mb_message_new(&m, payload, size), 0);
    for (size_t i = random_below(6); i > 0; i--) {
        char key[] = "key-?", value[] = "value-?\xc3\xa4";
        key[4] = (char)('a' + random_below(26));
        value[6] = (char)('a' + random_below(26));
        assert_int_equal(mb_metadata_set(m, key, value), 0);
    }
    return m;
}

/* Small numbers are interesting for sizes, quotes and brackets for JSON. */
static unsigned char random_byte(void) {
    static const unsigned char special[] = "\0\1\2\377\200\"{}[]:,=\\";
    return random_below(2) ? (unsigned char)random_u64() : special[random_below(sizeof special)];
}

/* Changes the text in place; @return its new size, at most 8 bytes more. */
static size_t damage(unsigned char *data, size_t size) {
    switch (random_below(4)) {
    case 0: /* cut off */
        return random_below(size);
    case 1: /* something behind it */
        for (size_t i = 0; i < 8; i++) {
            data[size + i] = random_byte();
        }
        return size + 1 + random_below(8);
    case 2: { /* a stretch taken out */
        const size_t at = random_below(size), n = random_below(size - at);
        memmove(data + at, data + at + n, size - at - n);
        return size - n;
    }
    default: /* a few bytes changed */
        for (size_t i = random_below(4) + 1; i > 0; i--) {
            data[random_below(size)] = random_byte();
        }
        return size;
    }
}

/* What the codec accepted, it writes and reads again to the same. */
static void check_accepted(const mb_codec *codec, const mb_message *m) {
    mb_buffer once = {0}, twice = {0};
    mb_message *back = NULL;
    assert_int_equal(codec->encode(&once, m), 0);
    assert_int_equal(codec->decode(&back, once.data, once.size), 0);
    assert_int_equal(codec->encode(&twice, back), 0);
    assert_int_equal(once.size, twice.size);
    assert_memory_equal(once.data, twice.data, once.size);
    mb_message_unref(back);
    mb_buffer_clear(&once);
    mb_buffer_clear(&twice);
}

static void try_damaged(const mb_codec *codec, const mb_buffer *good, size_t *n_accepted) {
    unsigned char data[1024];
    assert_true(good->size + 8 <= sizeof data);
    memcpy(data, good->data, good->size);
    const size_t size = damage(data, good->size);
    unsigned char *exact = malloc(size ? size : 1);
    assert_non_null(exact);
    memcpy(exact, data, size);
    mb_message *m = NULL;
    const int rc = codec->decode(&m, exact, size);
    if (rc == 0) {
        if (codec == &mb_codec_binary) { /* this one has only one way to write a message */
            mb_buffer again = {0};
            assert_int_equal(codec->encode(&again, m), 0);
            assert_int_equal(again.size, size);
            assert_memory_equal(again.data, exact, size);
            mb_buffer_clear(&again);
        }
        check_accepted(codec, m);
        (*n_accepted)++;
    } else {
        assert_true(rc == MB_EFORMAT || rc == MB_EVERSION || rc == MB_ELIMIT);
        assert_null(m);
    }
    mb_message_unref(m);
    free(exact);
}

static void fuzz(const mb_codec *codec, uint64_t seed, int n_messages) {
    struct allocation_watch w;
    size_t n_accepted = 0;
    random_state = seed;
    watch_allocations(&w);
    for (int i = 0; i < n_messages; i++) {
        mb_buffer good = {0};
        mb_message *m = random_message();
        assert_int_equal(codec->encode(&good, m), 0);
        for (int k = 0; k < 20; k++) {
            try_damaged(codec, &good, &n_accepted);
        }
        mb_message_unref(m);
        mb_buffer_clear(&good);
    }
    assert_int_equal(w.n_live, 0);
    assert_true(n_accepted > 0); /* some damage goes unnoticed: a changed payload is a payload */
    mb_set_allocator(NULL);
}

static void test_binary(void **state) {
    (void)state;
    fuzz(&mb_codec_binary, 1, 2000);
}

static void test_json(void **state) {
    (void)state;
    fuzz(&mb_codec_json, 2, 1000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_binary),
        cmocka_unit_test(test_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
