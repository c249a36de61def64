/*
 * A growing string that remembers a failed allocation, and the strict UTF-8 decoder that whoever
 * shows foreign text needs. No reading, no searching.
 */
#include "base/strbuf.h"
#include "base/mem.h"
#include <stdio.h>
#include <string.h>

void bench__strbuf_init(struct bench__strbuf *sb) {
    *sb = (struct bench__strbuf){0};
}

void bench__strbuf_clear(struct bench__strbuf *sb) {
    bench__free(sb->text);
    bench__strbuf_init(sb);
}

/* Room for n more bytes and the terminator. */
static int reserve(struct bench__strbuf *sb, size_t n) {
    size_t needed;
    if (!sb->failed && (__builtin_add_overflow(sb->n + 1, n, &needed) ||
                        bench__grow(&sb->text, &sb->capacity, needed, 1) != 0))
        sb->failed = 1;
    return !sb->failed;
}

void bench__strbuf_addn(struct bench__strbuf *sb, const char *text, size_t n) {
    if (!reserve(sb, n))
        return;
    memcpy(sb->text + sb->n, text, n);
    sb->n += n;
    sb->text[sb->n] = '\0';
}

void bench__strbuf_add(struct bench__strbuf *sb, const char *text) {
    bench__strbuf_addn(sb, text, strlen(text));
}

void bench__strbuf_addc(struct bench__strbuf *sb, char c) {
    bench__strbuf_addn(sb, &c, 1);
}

void bench__strbuf_addf(struct bench__strbuf *sb, const char *format, ...) {
    va_list args;
    va_start(args, format);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (n < 0)
        sb->failed = 1;
    if (n < 0 || !reserve(sb, (size_t)n))
        return;
    va_start(args, format);
    vsnprintf(sb->text + sb->n, (size_t)n + 1, format, args);
    va_end(args);
    sb->n += (size_t)n;
}

void bench__strbuf_add_safe(struct bench__strbuf *sb, const char *text) {
    while (*text != '\0') {
        uint32_t point;
        size_t n = bench__utf8_decode(text, &point);
        if (n > 0 && !bench__is_control(point)) {
            bench__strbuf_addn(sb, text, n);
            text += n;
            continue;
        }
        for (size_t end = n > 0 ? n : 1; end > 0; end--)
            bench__strbuf_addf(sb, "\\x%02X", (unsigned)(unsigned char)*text++);
    }
}

const char *bench__strbuf_text(const struct bench__strbuf *sb) {
    if (sb->failed)
        return NULL;
    return sb->text != NULL ? sb->text : "";
}

char *bench__strbuf_steal(struct bench__strbuf *sb) {
    char *text = NULL;
    if (reserve(sb, 0)) {
        text = sb->text;
        bench__strbuf_init(sb);
    }
    bench__strbuf_clear(sb);
    return text;
}

size_t bench__utf8_decode(const char *text, uint32_t *out) {
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800,
                                        0x10000}; /* by length: no overlong form */
    unsigned char lead = (unsigned char)text[0];
    size_t n = lead < 0x80 ? 1 : lead < 0xC0 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    if (n == 0 || lead > 0xF4)
        return 0;
    uint32_t point = n == 1 ? lead : lead & (0xFFu >> (n + 1));
    for (size_t i = 1; i < n; i++) {
        unsigned char c =
            (unsigned char)text[i]; /* the terminator ends the loop: it never matches */
        if ((c & 0xC0) != 0x80)
            return 0;
        point = point << 6 | (c & 0x3Fu);
    }
    if (point < smallest[n] || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF))
        return 0;
    *out = point;
    return n;
}

int bench__is_control(uint32_t point) {
    return point < 0x20 || (point >= 0x7F && point < 0xA0);
}
