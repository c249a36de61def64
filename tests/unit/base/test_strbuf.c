/* Building strings, remembered failures, safe text, and strict UTF-8. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "alloc_failure.h"
#include "base/strbuf.h"
#include <stdio.h>
#include <string.h>

static void pieces_are_joined(void **state) {
    (void)state;
    struct bench__strbuf sb;
    bench__strbuf_init(&sb);
    assert_string_equal(bench__strbuf_text(&sb), "");
    bench__strbuf_add(&sb, "ab");
    bench__strbuf_addn(&sb, "cdef", 2);
    bench__strbuf_addc(&sb, '-');
    bench__strbuf_addf(&sb, "%03d|%s", 7, "x");
    bench__strbuf_add(&sb, "");
    assert_string_equal(bench__strbuf_text(&sb), "abcd-007|x");
    assert_int_equal(sb.n, 10);
    bench__strbuf_clear(&sb);
    assert_string_equal(bench__strbuf_text(&sb), "");
    assert_null(sb.text);
}

static void long_texts_grow(void **state) {
    (void)state;
    struct bench__strbuf sb;
    bench__strbuf_init(&sb);
    for (int i = 0; i < 10000; i++)
        bench__strbuf_addf(&sb, "%d,", i % 10);
    const char *text = bench__strbuf_text(&sb);
    assert_int_equal(strlen(text), 20000);
    assert_memory_equal(text + 19996, "8,9,", 5);
    bench__strbuf_clear(&sb);
}

static void embedded_nul_is_kept(void **state) {
    (void)state;
    struct bench__strbuf sb;
    bench__strbuf_init(&sb);
    bench__strbuf_addn(&sb, "a\0b", 3);
    assert_int_equal(sb.n, 3);
    assert_memory_equal(sb.text, "a\0b", 4);
    bench__strbuf_clear(&sb);
}

static void stealing_hands_over_and_starts_again(void **state) {
    (void)state;
    struct bench__strbuf sb;
    bench__strbuf_init(&sb);
    bench__strbuf_add(&sb, "mine");
    char *text = bench__strbuf_steal(&sb);
    assert_string_equal(text, "mine");
    assert_null(sb.text);
    bench__free(text);
    text = bench__strbuf_steal(&sb);
    assert_string_equal(text, "");
    bench__free(text);
}

static void a_size_that_overflows_fails(void **state) {
    (void)state;
    struct bench__strbuf sb;
    bench__strbuf_init(&sb);
    bench__strbuf_add(&sb, "a");
    volatile size_t huge = SIZE_MAX;
    bench__strbuf_addn(&sb, "", huge);
    assert_true(sb.failed);
    assert_null(bench__strbuf_text(&sb));
    bench__strbuf_clear(&sb);
    assert_false(sb.failed);
}

static int build_and_steal(void) {
    struct bench__strbuf sb;
    bench__strbuf_init(&sb);
    for (int i = 0; i < 40; i++)
        bench__strbuf_addf(&sb, "%d", i);
    bench__strbuf_add_safe(&sb, "\n");
    const char *seen = bench__strbuf_text(&sb);
    int failed = sb.failed;
    char *text = bench__strbuf_steal(&sb);
    assert_int_equal(seen == NULL, failed);
    assert_int_equal(text == NULL, failed);
    assert_null(sb.text);
    assert_false(sb.failed);
    bench__free(text);
    return failed ? BENCH_ENOMEM : 0;
}

static int steal_empty(void) {
    struct bench__strbuf sb;
    bench__strbuf_init(&sb);
    char *text = bench__strbuf_steal(&sb);
    int rc = text != NULL ? 0 : BENCH_ENOMEM;
    bench__free(text);
    return rc;
}

static void every_failure_is_remembered(void **state) {
    (void)state;
    fail_every_allocation(build_and_steal);
    fail_every_allocation(steal_empty);
}

static void assert_safe(const char *text, const char *expected) {
    struct bench__strbuf sb;
    bench__strbuf_init(&sb);
    bench__strbuf_add_safe(&sb, text);
    assert_string_equal(bench__strbuf_text(&sb), expected);
    bench__strbuf_clear(&sb);
}

static void harmless_text_is_untouched(void **state) {
    (void)state;
    assert_safe("", "");
    assert_safe("suite/f(x)=1 \\x41", "suite/f(x)=1 \\x41");
    assert_safe("\xC2\xA0\xC3\xA9\xE6\xBC\xA2\xF0\x9F\x98\x80",
                "\xC2\xA0\xC3\xA9\xE6\xBC\xA2\xF0\x9F\x98\x80");
}

static void controls_and_invalid_bytes_become_hexadecimal(void **state) {
    (void)state;
    assert_safe("a\tb\n", "a\\x09b\\x0A");
    assert_safe("\033[31m", "\\x1B[31m");
    assert_safe("\x7F", "\\x7F");
    assert_safe("\xC2\x80|\xC2\x9B|\xC2\x9F", "\\xC2\\x80|\\xC2\\x9B|\\xC2\\x9F"); /* C1 */
    assert_safe("\x80|\xBF|\xFE|\xFF", "\\x80|\\xBF|\\xFE|\\xFF");
    assert_safe("a\xC3", "a\\xC3");               /* cut short */
    assert_safe("\xE6\xBCz", "\\xE6\\xBCz");      /* cut short, text goes on */
    assert_safe("\xC3\xC3\xA9", "\\xC3\xC3\xA9"); /* finds its way back */
}

static void invalid_sequences_are_not_decoded(void **state) {
    (void)state;
    static const char *const invalid[] = {
        "\xC0\x80",
        "\xC1\xBF",
        "\xE0\x9F\xBF",
        "\xF0\x8F\xBF\xBF", /* overlong */
        "\xED\xA0\x80",
        "\xED\xBF\xBF", /* surrogates */
        "\xF4\x90\x80\x80",
        "\xF5\x80\x80\x80",
        "\xF8\x88\x80\x80\x80", /* too large */
        "\x80",
        "\xE2\x82",
        "\xF0\x9F\x98",
        "\xE2(\xA1",
    };
    for (size_t i = 0; i < sizeof invalid / sizeof invalid[0]; i++) {
        uint32_t point = 12345;
        assert_int_equal(bench__utf8_decode(invalid[i], &point), 0);
        assert_int_equal(point, 12345);
    }
}

static size_t encode(char out[5], uint32_t point) {
    size_t n = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    static const unsigned char lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = n; i-- > 1; point >>= 6)
        out[i] = (char)(0x80 | (point & 0x3F));
    out[0] = (char)(lead[n] | point);
    out[n] = '\0';
    return n;
}

static void every_code_point_is_decoded(void **state) {
    (void)state;
    char text[5];
    for (uint32_t point = 1; point <= 0x10FFFF; point++) {
        uint32_t decoded = 0;
        size_t n = encode(text, point);
        int surrogate = point >= 0xD800 && point <= 0xDFFF;
        if (bench__utf8_decode(text, &decoded) != (surrogate ? 0 : n) ||
            decoded != (surrogate ? 0 : point))
            fail_msg("U+%X", (unsigned)point);
    }
}

static void controls_are_known(void **state) {
    (void)state;
    assert_true(bench__is_control(0) && bench__is_control(0x1F) && bench__is_control(0x7F));
    assert_true(bench__is_control(0x80) && bench__is_control(0x9F));
    assert_false(bench__is_control(0x20) || bench__is_control(0x7E) || bench__is_control(0xA0));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_joined),
        cmocka_unit_test(long_texts_grow),
        cmocka_unit_test(embedded_nul_is_kept),
        cmocka_unit_test(stealing_hands_over_and_starts_again),
        cmocka_unit_test(a_size_that_overflows_fails),
        cmocka_unit_test(every_failure_is_remembered),
        cmocka_unit_test(harmless_text_is_untouched),
        cmocka_unit_test(controls_and_invalid_bytes_become_hexadecimal),
        cmocka_unit_test(invalid_sequences_are_not_decoded),
        cmocka_unit_test(every_code_point_is_decoded),
        cmocka_unit_test(controls_are_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
