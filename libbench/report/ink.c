/*
 * Inks and line breaks. Knows nothing about benchmarks; escaping is the caller's.
 */
#include "report/ink.h"

#include "base/table.h"

#include <string.h>

void bench__ink_add(struct bench__strbuf *out, const struct bench__style *style,
                    enum bench__ink ink, const char *text) {
    static const char *const sequences[] = {
        [BENCH__INK_PLAIN] = "",         [BENCH__INK_DIM] = "\033[2m",
        [BENCH__INK_BOLD] = "\033[1m",   [BENCH__INK_GOOD] = "\033[32m",
        [BENCH__INK_BAD] = "\033[1;31m", [BENCH__INK_UNSURE] = "\033[33m",
    };
    if (text == NULL) {
        out->failed = 1;
        return;
    }
    int painted = style->color && ink != BENCH__INK_PLAIN && text[0] != '\0';
    bench__strbuf_add(out, painted ? sequences[ink] : "");
    bench__strbuf_add(out, text);
    bench__strbuf_add(out, painted ? "\033[0m" : "");
}

enum bench__ink bench__ink_of(enum bench__tone tone) {
    static const enum bench__ink inks[] = {
        [BENCH__TONE_PLAIN] = BENCH__INK_PLAIN,
        [BENCH__TONE_GOOD] = BENCH__INK_GOOD,
        [BENCH__TONE_BAD] = BENCH__INK_BAD,
        [BENCH__TONE_UNSURE] = BENCH__INK_UNSURE,
    };
    return inks[tone];
}

void bench__ink_blanks(struct bench__strbuf *out, int n) {
    while (n-- > 0) {
        bench__strbuf_addc(out, ' ');
    }
}

/* 1 when what follows a blank is the unit of the number before it: they stay on one line. */
static int is_unit(const char *text) {
    static const char *const units[] = {"%", "ns", "us", "µs", "ms", "s", "/s", "M/s", "k/s"};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        size_t n = strlen(units[i]);
        if (strncmp(text, units[i], n) == 0 && strchr(" ,;:.)", text[n]) != NULL) {
            return 1;
        }
    }
    return 0;
}

static size_t word_length(const char *text) {
    size_t n = strcspn(text, " ");
    while (text[n] == ' ' && is_unit(text + n + 1)) {
        n += 1 + strcspn(text + n + 1, " ");
    }
    return n;
}

int bench__ink_width(const struct bench__strbuf *text) {
    const char *known = bench__strbuf_text(text);
    return known != NULL ? (int)bench__display_width(known) : 0;
}

void bench__ink_wrap(struct bench__strbuf *out, const struct bench__style *style,
                     enum bench__ink ink, const char *text, int column, int indent) {
    if (text == NULL) {
        out->failed = 1;
        return;
    }
    struct bench__strbuf line;
    struct bench__strbuf word;
    bench__strbuf_init(&line);
    bench__strbuf_init(&word);
    while (*text != '\0') {
        size_t n = word_length(text);
        bench__strbuf_clear(&word);
        bench__strbuf_addn(&word, text, n);
        if (line.n > 0 && column + 1 + bench__ink_width(&word) > style->columns) {
            bench__ink_add(out, style, ink, bench__strbuf_text(&line));
            bench__strbuf_addc(out, '\n');
            bench__ink_blanks(out, indent);
            bench__strbuf_clear(&line);
            column = indent;
        }
        column += (line.n > 0) + bench__ink_width(&word);
        bench__strbuf_add(&line, line.n > 0 ? " " : "");
        bench__strbuf_addn(&line, text, n);
        text += n + (text[n] == ' ');
    }
    bench__ink_add(out, style, ink, bench__strbuf_text(&line));
    bench__strbuf_addc(out, '\n');
    bench__strbuf_clear(&word);
    bench__strbuf_clear(&line);
}

void bench__ink_entry(struct bench__strbuf *out, const struct bench__style *style,
                      enum bench__ink ink, const char *label, int width, const char *text) {
    if (label == NULL) {
        out->failed = 1;
        return;
    }
    int used = (int)bench__display_width(label);
    bench__strbuf_add(out, "  ");
    bench__strbuf_add(out, label);
    if (used > width) {
        bench__strbuf_addc(out, '\n');
        used = -2;
    }
    bench__ink_blanks(out, width + 2 - used);
    bench__ink_wrap(out, style, ink, text, width + 4, width + 4);
}
