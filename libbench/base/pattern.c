/*
 * Matching benchmark names. Globs run as a non-deterministic automaton over all positions at once:
 * time is length of name times length of glob, whatever the stars. Does not know what names mean.
 */
#include "base/pattern.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include <regex.h>
#include <string.h>

enum { MAX_GLOB = 16000 }; /* tokens; the automaton lives on the stack, one byte for each */

enum token_kind {
    CHARACTER, /* this one */
    ANY,       /* ?: any but '/' */
    SET,       /* [...]: never '/' */
    STAR,      /* *: any number of characters but '/' */
    STAR_STAR, /* **: any number of any characters */
    OPTIONAL /* in front of a "STAR_STAR, '/'" that may be left out: "a/" + "**" + "/b" takes a/b */
};

struct token {
    enum token_kind kind;
    uint32_t point;
    const char *set, *set_end; /* between the brackets */
    int negated;
};

enum pattern_kind { PLAIN, GLOB, REGEX };

struct bench__pattern {
    enum pattern_kind kind;
    char *text;
    size_t n; /* of text */
    regex_t regex;
    struct token *tokens;
    size_t n_tokens;
};

/* The next character; a byte that is not UTF-8 stands for itself, apart from all real characters.
 */
static uint32_t next_point(const char **p) {
    uint32_t point;
    size_t n = bench__utf8_decode(*p, &point);
    if (n == 0) {
        point = 0x110000u + (unsigned char)**p;
        n = 1;
    }
    *p += n;
    return point;
}

/* --- compiling --- */

/* Reads the set after '['. A ']' that comes first belongs to it. @return 0 when it is not closed.
 */
static int read_set(struct token *token, const char **p) {
    const char *start = *p;
    token->kind = SET;
    token->negated = *start == '!' || *start == '^';
    start += token->negated;
    const char *end = *start == '\0' ? NULL : strchr(start + 1, ']');
    if (end == NULL)
        return 0;
    token->set = start;
    token->set_end = end;
    *p = end + 1;
    return 1;
}

/* Adds the token or tokens for the stars before *p, of which one was read. */
static void read_stars(struct bench__pattern *pattern, const char **p) {
    struct token *tokens = pattern->tokens;
    if (**p != '*') {
        tokens[pattern->n_tokens++].kind = STAR;
        return;
    }
    int starts_segment = *p - 1 == pattern->text || (*p)[-2] == '/';
    while (**p == '*')
        ++*p;
    if (starts_segment && **p == '/')
        tokens[pattern->n_tokens++].kind = OPTIONAL;
    tokens[pattern->n_tokens++].kind = STAR_STAR;
}

static int compile_glob(struct bench__pattern *pattern, bench_error *err) {
    if (pattern->n > MAX_GLOB)
        return bench__error(err, BENCH_EINVAL, "pattern longer than %d bytes", (int)MAX_GLOB);
    pattern->kind = GLOB;
    pattern->tokens = bench__alloc(pattern->n, sizeof *pattern->tokens);
    if (pattern->tokens == NULL)
        return bench__error(err, BENCH_ENOMEM, "out of memory");
    const char *p = pattern->text;
    while (*p != '\0') {
        uint32_t point = next_point(&p);
        if (point == '*') {
            read_stars(pattern, &p);
            continue;
        }
        struct token *token = &pattern->tokens[pattern->n_tokens++];
        token->kind = point == '?' ? ANY : CHARACTER;
        token->point = point;
        if (point == '[' && !read_set(token, &p))
            return bench__error(err, BENCH_EINVAL, "pattern '%.100s': '[' without ']'",
                                pattern->text);
    }
    return 0;
}

static int compile_regex(struct bench__pattern *pattern, bench_error *err) {
    char *text = pattern->text;
    if (pattern->n < 3 || text[pattern->n - 1] != '/')
        return bench__error(
            err, BENCH_EINVAL,
            "pattern '%.100s': a regular expression stands between two slashes: /text/", text);
    text[pattern->n - 1] = '\0';
    int rc = regcomp(&pattern->regex, text + 1, REG_EXTENDED | REG_NOSUB);
    if (rc == REG_ESPACE)
        return bench__error(err, BENCH_ENOMEM, "out of memory");
    if (rc != 0) {
        char reason[100];
        regerror(rc, &pattern->regex, reason, sizeof reason);
        return bench__error(err, BENCH_EINVAL, "regular expression '%.100s': %s", text + 1, reason);
    }
    pattern->kind = REGEX;
    return 0;
}

static int compile(struct bench__pattern *pattern, bench_error *err) {
    if (pattern->n == 0)
        return bench__error(err, BENCH_EINVAL, "empty pattern");
    if (pattern->text[0] == '/')
        return compile_regex(pattern, err);
    if (strpbrk(pattern->text, "*?[") != NULL)
        return compile_glob(pattern, err);
    if (pattern->text[pattern->n - 1] == '/') /* "core/" is "core" */
        pattern->n--;
    return 0;
}

int bench__pattern_new(struct bench__pattern **out, const char *text, bench_error *err) {
    struct bench__pattern *pattern = bench__alloc(1, sizeof *pattern);
    char *copy = bench__strdup(text);
    if (pattern == NULL || copy == NULL) {
        bench__free(copy);
        bench__free(pattern);
        return bench__error(err, BENCH_ENOMEM, "out of memory");
    }
    pattern->text = copy;
    pattern->n = strlen(copy);
    int rc = compile(pattern, err);
    if (rc != 0) {
        bench__pattern_free(pattern);
        return rc;
    }
    *out = pattern;
    return 0;
}

void bench__pattern_free(struct bench__pattern *pattern) {
    if (pattern == NULL)
        return;
    if (pattern->kind == REGEX)
        regfree(&pattern->regex);
    bench__free(pattern->tokens);
    bench__free(pattern->text);
    bench__free(pattern);
}

/* --- matching --- */

static int set_contains(const struct token *token, uint32_t point) {
    const char *p = token->set;
    while (p < token->set_end) {
        uint32_t first = next_point(&p), last = first;
        if (*p == '-' && p + 1 < token->set_end) {
            p++;
            last = next_point(&p);
        }
        if (first <= point && point <= last)
            return 1;
    }
    return 0;
}

/* Whether a token other than a star takes this character. */
static int takes(const struct token *token, uint32_t point) {
    switch (token->kind) {
    case CHARACTER:
        return point == token->point;
    case ANY:
        return point != '/';
    case SET:
        return point != '/' && set_contains(token, point) != token->negated;
    default:
        return 0;
    }
}

static int may_stay(const struct token *token, uint32_t point) {
    return token->kind == STAR_STAR || (token->kind == STAR && point != '/');
}

/* at[i] is 1 when the name so far can have led in front of token i: adds what needs no character.
 */
static void skip_optional(const struct bench__pattern *pattern, unsigned char *at) {
    for (size_t i = 0; i < pattern->n_tokens; i++) {
        enum token_kind kind = pattern->tokens[i].kind;
        if (!at[i] || kind == CHARACTER || kind == ANY || kind == SET)
            continue;
        at[i + 1] = 1;
        if (kind == OPTIONAL)
            at[i + 3] = 1; /* behind the STAR_STAR and the '/' that follow it */
    }
}

static int glob_matches(const struct bench__pattern *pattern, const char *name) {
    unsigned char at[MAX_GLOB + 1];
    const struct token *tokens = pattern->tokens;
    size_t n = pattern->n_tokens;
    memset(at, 0, n + 1);
    at[0] = 1;
    skip_optional(pattern, at);
    while (*name != '\0') {
        uint32_t point = next_point(&name);
        for (size_t i = n + 1; i-- > 0;) /* downwards: at[i - 1] is still the old one */
            at[i] = (i < n && at[i] && may_stay(&tokens[i], point)) ||
                    (i > 0 && at[i - 1] && takes(&tokens[i - 1], point));
        skip_optional(pattern, at);
    }
    return at[n];
}

int bench__pattern_matches(const struct bench__pattern *pattern, const char *name) {
    switch (pattern->kind) {
    case REGEX:
        return regexec(&pattern->regex, name, 0, NULL, 0) == 0;
    case GLOB:
        return glob_matches(pattern, name);
    default:
        return strncmp(name, pattern->text, pattern->n) == 0 &&
               (name[pattern->n] == '\0' || name[pattern->n] == '/');
    }
}

/* --- "did you mean" --- */

static int smaller(int a, int b) {
    return a < b ? a : b;
}

/* One cell of the table of distances: `above` is row i-1, `above2` row i-2. */
static int distance_cell(const char *a, const char *b, size_t i, size_t j, const int *row,
                         const int *above, const int *above2) {
    int best = above[j - 1] + (a[i - 1] != b[j - 1]);
    best = smaller(best, smaller(above[j], row[j - 1]) + 1);
    if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        best = smaller(best, above2[j - 2] + 1);
    return best;
}

/* Only cells within `limit` of the diagonal can matter; those beside it count as too far. */
static int banded_distance(const char *a, size_t n_a, const char *b, size_t n_b, size_t limit,
                           int *rows) {
    int *above2 = rows, *above = rows + n_b + 1, *row = above + n_b + 1;
    int too_far = (int)limit + 1;
    for (size_t j = 0; j <= n_b; j++)
        above[j] = j <= limit ? (int)j : too_far;
    for (size_t i = 1; i <= n_a; i++) {
        size_t from = i > limit ? i - limit : 1, to = i + limit < n_b ? i + limit : n_b;
        row[from - 1] = from == 1 && i <= limit ? (int)i : too_far;
        for (size_t j = from; j <= to; j++)
            row[j] = smaller(distance_cell(a, b, i, j, row, above, above2), too_far);
        if (to < n_b)
            row[to + 1] = too_far;
        int *oldest = above2;
        above2 = above;
        above = row;
        row = oldest;
    }
    return above[n_b];
}

int bench__edit_distance(const char *a, const char *b, int limit) {
    size_t n_a = strlen(a), n_b = strlen(b), longest = n_a > n_b ? n_a : n_b;
    size_t band = limit > 0 ? (size_t)limit : 0;
    band = band < longest ? band : longest;
    size_t difference = n_a > n_b ? n_a - n_b : n_b - n_a;
    int *rows = difference <= band ? bench__alloc(3 * (n_b + 1), sizeof *rows) : NULL;
    if (rows == NULL)
        return (int)band + 1;
    int distance = banded_distance(a, n_a, b, n_b, band, rows);
    bench__free(rows);
    return distance;
}
