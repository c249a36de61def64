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
void bench__strbuf_addf(struct bench__strbuf *sb, const char *format, ...) BENCH_PRINTF(2, 3);
/** Appends text for terminals and messages: control characters and invalid UTF-8 become \xNN. */
void bench__strbuf_add_safe(struct bench__strbuf *sb, const char *text);
/** "" when empty, NULL after a failed allocation. The buffer keeps it. */
const char *bench__strbuf_text(const struct bench__strbuf *sb);
/** Hands the text over (free with bench__free) and re-inits; NULL after a failed allocation. */
char *bench__strbuf_steal(struct bench__strbuf *sb);

#endif
