/* base/strbuf.h - a growing string. An allocation failure is remembered: check once, at the end. */
#ifndef BENCH_BASE_STRBUF_H
#define BENCH_BASE_STRBUF_H

#include <bench/common.h>
#include <stdarg.h>

struct bench__strbuf {
    char *text; /* always terminated once anything was added; NULL when empty */
    size_t n, capacity;
    int failed;
};

void bench__strbuf_init(struct bench__strbuf *sb);
void bench__strbuf_clear(struct bench__strbuf *sb); /* frees and re-inits */
void bench__strbuf_add(struct bench__strbuf *sb, const char *text);
void bench__strbuf_addn(struct bench__strbuf *sb, const char *text, size_t n);
void bench__strbuf_addc(struct bench__strbuf *sb, char c);
/** As printf; mind that %f and %g follow the locale, unlike base/units.h. */
void bench__strbuf_addf(struct bench__strbuf *sb, const char *format, ...) BENCH_PRINTF(2, 3);
/** Appends text for terminals and messages: control characters and invalid UTF-8 become \xNN. */
void bench__strbuf_add_safe(struct bench__strbuf *sb, const char *text);
/** "" when empty, NULL after a failed allocation. The buffer keeps it; the next add may move it. */
const char *bench__strbuf_text(const struct bench__strbuf *sb);
/** Hands the text over (free with bench__free) and re-inits; NULL after a failed allocation. */
char *bench__strbuf_steal(struct bench__strbuf *sb);

/** Decodes the UTF-8 sequence at `text`, which is terminated and not empty. @return its length, or
 *  0, *out untouched, when it is not valid: overlong, a surrogate, above U+10FFFF, cut short. */
size_t bench__utf8_decode(const char *text, uint32_t *out);
/** C0, DEL and C1: what a terminal would obey instead of show. */
int bench__is_control(uint32_t point);

#endif
