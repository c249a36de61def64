/*
 * Copies an SVG drawing and leaves out everything that is not drawing. Not a general XML parser: it
 * reads what gnuplot writes, and copies nothing that is not on its lists.
 */
#include "report/gnuplot.h"

#include "base/strbuf.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const char *const ELEMENTS[] = {"g",      "path", "polygon", "polyline", "line",
                                       "circle", "text", "tspan",   NULL};
static const char *const ATTRIBUTES[] = {
    "d",    "points", "transform",    "x",       "y",           "x1",           "x2",
    "y1",   "y2",     "cx",           "cy",      "r",           "width",        "height",
    "fill", "stroke", "fill-opacity", "opacity", "text-anchor", "stroke-width", "stroke-opacity",
    NULL};

enum { MOST_DECIMALS = 1 };

/* A piece of the input. */
struct span {
    const char *text;
    size_t n;
};

struct tag {
    struct span name, attributes;
    int closes, is_empty;
    const char *end; /* behind '>' */
};

static int is_listed(struct span span, const char *const *list) {
    while (*list != NULL && (strlen(*list) != span.n || memcmp(*list, span.text, span.n) != 0)) {
        list++;
    }
    return *list != NULL;
}

static int span_is(struct span span, const char *text) {
    const char *list[] = {text, NULL};
    return is_listed(span, list);
}

/* The '>' that ends the tag at '<': not one within quotes or a comment. NULL when there is none. */
static const char *tag_end(const char *at) {
    if (strncmp(at, "<!--", 4) == 0) {
        const char *end = strstr(at, "-->");
        return end != NULL ? end + 2 : NULL;
    }
    for (char quote = 0; *at != '\0'; at++) {
        if (quote != 0) {
            quote = *at == quote ? 0 : quote;
        } else if (*at == '"' || *at == '\'') {
            quote = *at;
        } else if (*at == '>') {
            return at;
        }
    }
    return NULL;
}

/* Reads the tag at '<'; declarations and comments become tags of no listed name. */
static int read_tag(struct tag *tag, const char *at) {
    const char *end = tag_end(at);
    if (end == NULL) {
        return 0;
    }
    *tag = (struct tag){.end = end + 1};
    at++;
    tag->closes = *at == '/';
    at += tag->closes;
    tag->name = (struct span){at, strcspn(at, " \t\r\n/>")};
    tag->is_empty = end[-1] == '/' || at[0] == '?' || at[0] == '!';
    const char *attributes = at + tag->name.n;
    tag->attributes = (struct span){attributes, attributes < end ? (size_t)(end - attributes) : 0};
    return 1;
}

/* Takes the next name="value" off the front. @return 0 when there is none. */
static int next_attribute(struct span *rest, struct span *name, struct span *value) {
    const char *at = rest->text;
    const char *end = at + rest->n;
    while (at < end && !isalpha((unsigned char)*at)) {
        at++;
    }
    *name = (struct span){at, strcspn(at, " \t\r\n=>")};
    at += name->n;
    at += strspn(at, " \t\r\n=");
    if (at >= end || (*at != '"' && *at != '\'')) {
        return 0;
    }
    const char *close = memchr(at + 1, *at, (size_t)(end - at - 1));
    if (close == NULL) {
        return 0;
    }
    *value = (struct span){at + 1, (size_t)(close - at - 1)};
    *rest = (struct span){close + 1, (size_t)(end - close - 1)};
    return 1;
}

/* What the root element says already. */
static int is_default(struct span name, struct span value) {
    return (span_is(name, "fill") && span_is(value, "none")) ||
           (span_is(name, "stroke") && span_is(value, "currentColor")) ||
           (span_is(name, "stroke-width") && span_is(value, "1.00"));
}

static void add_color(struct bench__strbuf *out, struct span value) {
    int rgb[3];
    char text[32];
    snprintf(text, sizeof text, "%.*s", (int)value.n, value.text);
    if (strcmp(text, "none") == 0) {
        bench__strbuf_add(out, text);
        return;
    }
    int known = sscanf(text, "rgb( %d, %d, %d)", &rgb[0], &rgb[1], &rgb[2]) == 3 &&
                rgb[0] == rgb[1] && rgb[0] == rgb[2];
    bench__strbuf_add(out, known && rgb[0] == 2   ? "var(--new)"
                           : known && rgb[0] == 3 ? "var(--old)"
                                                  : "var(--axis)");
}

/* Values keep to numbers, names and the letters of paths, with one decimal at most (a tenth of a
 * pixel) and no repeated white space: pages hold many plots. */
static void add_value(struct bench__strbuf *out, struct span value) {
    int decimals = -1; /* digits behind the point; -1 before it */
    char last = ' ';
    for (size_t i = 0; i < value.n; i++) {
        unsigned char c = (unsigned char)value.text[i];
        if (isspace(c)) {
            c = ' ';
        }
        decimals = c == '.' ? 0 : !isdigit(c) ? -1 : decimals >= 0 ? decimals + 1 : -1;
        int is_noise = decimals > MOST_DECIMALS || (c == ' ' && last == ' ');
        if (!is_noise && (isalnum(c) || strchr(" .,-+()%", c) != NULL)) {
            bench__strbuf_addc(out, (char)c);
            last = (char)c;
        }
    }
}

static void add_tag(struct bench__strbuf *out, const struct tag *tag) {
    struct span rest = tag->attributes;
    struct span name;
    struct span value;
    bench__strbuf_add(out, tag->closes ? "</" : "<");
    bench__strbuf_addn(out, tag->name.text, tag->name.n);
    while (!tag->closes && next_attribute(&rest, &name, &value)) {
        if (!is_listed(name, ATTRIBUTES) || is_default(name, value)) {
            continue;
        }
        bench__strbuf_addc(out, ' ');
        bench__strbuf_addn(out, name.text, name.n);
        bench__strbuf_add(out, "=\"");
        if (span_is(name, "fill") || span_is(name, "stroke")) {
            add_color(out, value);
        } else {
            add_value(out, value);
        }
        bench__strbuf_addc(out, '"');
    }
    bench__strbuf_add(out, tag->is_empty ? "/>" : ">");
}

static void add_root(struct bench__strbuf *out, const struct tag *tag) {
    struct span rest = tag->attributes;
    struct span name;
    struct span value;
    bench__strbuf_add(out, "<svg");
    while (next_attribute(&rest, &name, &value)) {
        if (span_is(name, "viewBox")) {
            bench__strbuf_add(out, " viewBox=\"");
            add_value(out, value);
            bench__strbuf_addc(out, '"');
        }
    }
    bench__strbuf_add(out, " fill=\"none\" stroke=\"var(--axis)\" stroke-width=\"1\">");
}

/* Characters between tags: labels of axes. '&' only as the start of what gnuplot escaped. */
static void add_text(struct bench__strbuf *out, struct span text) {
    struct bench__strbuf piece;
    bench__strbuf_init(&piece);
    bench__strbuf_addn(&piece, text.text, text.n);
    const char *known = bench__strbuf_text(&piece);
    out->failed |= known == NULL;
    bench__strbuf_add_safe(out, known != NULL ? known : "");
    bench__strbuf_clear(&piece);
}

/* Skips to behind the end of an element that is not on the list. NULL when it has no end. */
static const char *skip_element(const struct tag *tag) {
    const char *at = tag->end;
    int depth = !tag->is_empty && !tag->closes;
    while (depth > 0) {
        struct tag inner;
        at = strchr(at, '<');
        if (at == NULL || !read_tag(&inner, at)) {
            return NULL;
        }
        depth += inner.is_empty ? 0 : inner.closes ? -1 : 1;
        at = inner.end;
    }
    return at;
}

/* Copies from behind <svg> to </svg>. @return 0 when the end is missing. */
static int copy_drawing(struct bench__strbuf *out, const char *at) {
    int text_depth = 0;
    size_t opened = 0; /* where the last opening tag starts and ends in the output */
    size_t opened_end = 0;
    while (at != NULL && *at != '\0') {
        struct tag tag;
        size_t n = strcspn(at, "<");
        if (text_depth > 0) {
            add_text(out, (struct span){at, n});
        }
        at += n;
        if (*at == '\0' || !read_tag(&tag, at)) {
            return 0;
        }
        if (tag.closes && span_is(tag.name, "svg")) {
            bench__strbuf_add(out, "</svg>");
            return 1;
        }
        if (is_listed(tag.name, ELEMENTS)) {
            text_depth += span_is(tag.name, "text") && !tag.is_empty ? (tag.closes ? -1 : 1) : 0;
            if (tag.closes && opened_end == out->n) {
                out->n = opened; /* an empty group draws nothing */
            } else {
                opened = out->n;
                add_tag(out, &tag);
                opened_end = tag.closes || tag.is_empty ? 0 : out->n;
            }
            at = tag.end;
        } else {
            at = skip_element(&tag);
        }
    }
    return 0;
}

char *bench__svg_clean(const char *svg) {
    struct bench__strbuf out;
    struct tag root;
    bench__strbuf_init(&out);
    const char *start = strstr(svg, "<svg");
    if (start == NULL || !read_tag(&root, start)) {
        return NULL;
    }
    add_root(&out, &root);
    if (!copy_drawing(&out, root.end)) {
        bench__strbuf_clear(&out);
        return NULL;
    }
    return bench__strbuf_steal(&out);
}
