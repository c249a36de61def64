/* XXH64 against values of the reference implementation, and in pieces. */
#include "local/xxh64.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static uint64_t hash(const char *text, uint64_t seed) {
    struct bench__xxh64 h;
    bench__xxh64_init(&h, seed);
    bench__xxh64_add(&h, text, strlen(text));
    return bench__xxh64_value(&h);
}

static void known_values(void **state) {
    (void)state;
    assert_true(hash("", 0) == UINT64_C(0xEF46DB3751D8E999));
    assert_true(hash("", 2654435761) == UINT64_C(0xAC75FDA2929B17EF));
    assert_true(hash("a", 0) == UINT64_C(0xD24EC4F1A98C6E5B));
    assert_true(hash("abc", 0) == UINT64_C(0x44BC2CF5AD770999));
    assert_true(hash("Nobody inspects the spammish repetition", 0) == UINT64_C(0xFBCEA83C8A378BF1));
}

static void pieces_do_not_matter(void **state) {
    char text[301];
    (void)state;
    for (size_t i = 0; i < sizeof text - 1; i++) {
        text[i] = (char)(33 + i * 7 % 90);
    }
    text[sizeof text - 1] = '\0';
    for (size_t piece = 1; piece < 70; piece++) {
        struct bench__xxh64 h;
        bench__xxh64_init(&h, 7);
        for (size_t i = 0; i < sizeof text - 1; i += piece) {
            const size_t left = sizeof text - 1 - i;
            bench__xxh64_add(&h, text + i, left < piece ? left : piece);
        }
        assert_true(bench__xxh64_value(&h) == hash(text, 7));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_values),
        cmocka_unit_test(pieces_do_not_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
