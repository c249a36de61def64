/* Filters and gate patterns: plain names, globs against a naive matcher, regular expressions,
 * typos. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "alloc_failure.h"
#include "base/pattern.h"
#include "base/rng.h"
#include <stdio.h>
#include <string.h>

static int matches(const char *text, const char *name) {
    struct bench__pattern *pattern = NULL;
    bench_error err = {0};
    if (bench__pattern_new(&pattern, text, &err) != 0)
        fail_msg("%s: %s", text, err.text);
    int found = bench__pattern_matches(pattern, name);
    bench__pattern_free(pattern);
    return found;
}

struct match_case {
    const char *text, *name;
    int expected;
};

static void check(const struct match_case *cases, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (matches(cases[i].text, cases[i].name) != cases[i].expected)
            fail_msg("'%s' against '%s' must be %d", cases[i].text, cases[i].name,
                     cases[i].expected);
    }
}

static void plain_text_is_the_name_or_a_leading_part(void **state) {
    (void)state;
    static const struct match_case cases[] = {
        {"core", "core", 1},
        {"core", "core/publish", 1},
        {"core/", "core/publish", 1},
        {"core/publish", "core/publish/size=1", 1},
        {"core", "core_operations", 0},
        {"core/pub", "core/publish", 0},
        {"publish", "core/publish", 0},
        {"core/publish", "core", 0},
        {"Core", "core", 0},
        {"a.c", "abc", 0},
        {"a=1,b=2", "a=1,b=2", 1},
    };
    check(cases, sizeof cases / sizeof cases[0]);
}

static void globs(void **state) {
    (void)state;
    static const struct match_case cases[] = {
        {"*", "core", 1},
        {"*", "core/x", 0},
        {"core/*", "core/x", 1},
        {"core/*", "core/x/y", 0},
        {"core/*", "core", 0},
        {"core/*/y", "core/x/y", 1},
        {"*x*", "axb", 1},
        {"*x*", "a/x", 0},
        {"a*b*c", "abc", 1},
        {"a*b*c", "aXbbYc", 1},
        {"a*b*c", "acb", 0},
        {"**", "a/b/c", 1},
        {"**", "", 1},
        {"*", "", 1},
        {"core/**", "core/a/b", 1},
        {"core/**", "core", 0},
        {"core**", "core", 1},
        {"core**", "core_x/y", 1},
        {"**/x", "x", 1},
        {"**/x", "a/b/x", 1},
        {"**/x", "ax", 0},
        {"a/**/b", "a/b", 1},
        {"a/**/b", "a/x/y/b", 1},
        {"a/**/b", "a/xb", 0},
        {"a/**/b", "ab", 0},
        {"a/**/**/b", "a/b", 1},
        {"a**/b", "ax/y/b", 1},
        {"a**/b", "ab", 0},
        {"**b", "a/ab", 1},
        {"***", "a/b", 1},
        {"**/*", "a", 1},
        {"**/*", "a/b", 1},
        {"a?c", "abc", 1},
        {"a?c", "a/c", 0},
        {"a?c", "ac", 0},
        {"a?c",
         "a\xC3\xA9"
         "c",
         1},
        {"a??c",
         "a\xC3\xA9"
         "c",
         0},
        {"a?c",
         "a\xFF"
         "c",
         1},
        {"*/size=64,*", "f/size=64,batch=1", 1},
        {"*/size=64,*", "f/size=640,batch=1", 0},
        {"a.c*", "abc", 0},
        {"a+(b)|c$^{1}\\*", "a+(b)|c$^{1}\\z", 1},
    };
    check(cases, sizeof cases / sizeof cases[0]);
}

static void sets(void **state) {
    (void)state;
    static const struct match_case cases[] = {
        {"[abc]", "b", 1},         {"[abc]", "d", 0},
        {"[abc]", "", 0},          {"[abc]", "ab", 0},
        {"x[a-c]y", "xcy", 1},     {"x[a-c]y", "xdy", 0},
        {"[!a-c]", "d", 1},        {"[!a-c]", "b", 0},
        {"[^a]", "b", 1},          {"[^a]", "a", 0},
        {"[!a]", "/", 0},          {"[/]", "/", 0},
        {"[a-]", "-", 1},          {"[-a]", "-", 1},
        {"[]a]", "]", 1},          {"[!]a]", "]", 0},
        {"[*]", "*", 1},           {"[*]", "x", 0},
        {"[[]*", "[x", 1},         {"[0-9a-f]*", "fx", 1},
        {"[z-a]", "m", 0},         {"[\xC3\xA0-\xC3\xBF]", "\xC3\xA9", 1},
        {"[\xC3\xA9]", "\xC3", 0},
    };
    check(cases, sizeof cases / sizeof cases[0]);
}

static void regular_expressions_search(void **state) {
    (void)state;
    static const struct match_case cases[] = {
        {"/publish/", "core/publish/x", 1},
        {"/^core/", "core/x", 1},
        {"/^publish/", "core/publish", 0},
        {"/size=(64|128)(,|$)/", "f/size=128", 1},
        {"/size=(64|128)(,|$)/", "f/size=1280", 0},
        {"/a/b/", "x/a/b/y", 1},
        {"/x$/", "core/x", 1},
        {"/[0-9]{3}/", "a12", 0},
    };
    check(cases, sizeof cases / sizeof cases[0]);
}

static void broken_patterns_are_explained(void **state) {
    (void)state;
    static const struct {
        const char *text, *part;
    } cases[] = {
        {"", "empty"},     {"/abc", "two slashes"},  {"/", "two slashes"}, {"//", "two slashes"},
        {"/(a/", "'(a'"},  {"/a{2,1}/", "'a{2,1}'"}, {"a[bc", "without"},  {"a[]", "without"},
        {"a[", "without"}, {"a[!", "without"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bench__pattern *pattern = NULL;
        bench_error err = {0};
        assert_int_equal(bench__pattern_new(&pattern, cases[i].text, &err), BENCH_EINVAL);
        assert_null(pattern);
        assert_int_equal(err.code, BENCH_EINVAL);
        assert_non_null(strstr(err.text, cases[i].part));
    }
    bench__pattern_free(NULL);
}

/* The definition, written down naively: exponential, so only for short texts. */
static int naive(const char *glob, int segment_start, const char *name) {
    if (*glob == '\0')
        return *name == '\0';
    if (glob[0] == '*' && glob[1] == '*') {
        if (segment_start && glob[2] == '/' && naive(glob + 3, 1, name))
            return 1;
        for (;; name++) {
            if (naive(glob + 2, 0, name))
                return 1;
            if (*name == '\0')
                return 0;
        }
    }
    if (*glob == '*') {
        for (;; name++) {
            if (naive(glob + 1, 0, name))
                return 1;
            if (*name == '\0' || *name == '/')
                return 0;
        }
    }
    if (*name == '\0' || (*glob == '?' ? *name == '/' : *name != *glob))
        return 0;
    return naive(glob + 1, *glob == '/', name + 1);
}

static void random_text(struct bench__rng *rng, char *out, size_t max, const char *alphabet) {
    size_t n = 1 + (size_t)bench__rng_below(rng, max);
    for (size_t i = 0; i < n; i++)
        out[i] = alphabet[bench__rng_below(rng, strlen(alphabet))];
    out[n] = '\0';
}

static void globs_agree_with_the_naive_matcher(void **state) {
    (void)state;
    struct bench__rng rng;
    bench__rng_init(&rng, 3);
    int found = 0, checked = 0;
    while (checked < 20000) {
        char glob[12], name[12];
        random_text(&rng, glob, 8, "ab/***?");
        random_text(&rng, name, 8, "ab/");
        if (glob[0] == '/' || strpbrk(glob, "*?") == NULL || strstr(glob, "***") != NULL)
            continue;
        int expected = naive(glob, 1, name);
        if (matches(glob, name) != expected)
            fail_msg("'%s' against '%s' must be %d", glob, name, expected);
        found += expected;
        checked++;
    }
    assert_true(found > 1000); /* both answers were tried */
}

/* A matcher that goes back to every star would not end within a lifetime. */
static void many_stars_and_long_names_are_no_trouble(void **state) {
    (void)state;
    enum { STARS = 60, NAME = 10000 };
    char glob[STARS * 4 + 2], name[NAME + 1];
    for (int i = 0; i < STARS; i++)
        memcpy(glob + (size_t)i * 3, "a**", 4);
    memset(name, 'a', NAME);
    name[NAME] = '\0';
    assert_true(matches(glob, name));
    strcat(glob, "b");
    assert_false(matches(glob, name));
    for (int i = 0; i < STARS; i++)
        memcpy(glob + (size_t)i * 2, "*a", 3);
    assert_true(matches(glob, name));
    strcat(glob, "b*");
    assert_false(matches(glob, name));
    assert_true(matches(name, name)); /* a plain pattern of any length */
    name[NAME - 1] = '*';
    assert_true(matches(name, name));
}

static void a_glob_has_a_largest_size(void **state) {
    (void)state;
    enum { N = 16000 };
    static char text[N + 2];
    memset(text, '?', N + 1);
    struct bench__pattern *pattern = NULL;
    bench_error err = {0};
    assert_int_equal(bench__pattern_new(&pattern, text, &err), BENCH_EINVAL);
    assert_string_equal(err.text, "pattern longer than 16000 bytes");
    text[N] = '\0';
    assert_false(matches(text, "abc"));
    text[3] = '\0';
    assert_true(matches(text, "abc"));
}

static int make_all_kinds(void) {
    static const char *const texts[] = {"plain", "a*b[cd]", "**/x"};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < 3; i++) {
        struct bench__pattern *pattern = NULL;
        bench_error err = {0};
        rc = bench__pattern_new(&pattern, texts[i], &err);
        assert_int_equal(rc, err.code);
        assert_int_equal(rc != 0, pattern == NULL);
        bench__pattern_free(pattern);
    }
    return rc;
}

static void every_failure_is_reported(void **state) {
    (void)state;
    fail_every_allocation(make_all_kinds);
}

/* --- edit distance --- */

static void distances(void **state) {
    (void)state;
    static const struct {
        const char *a, *b;
        int limit, expected;
    } cases[] = {
        {"", "", 3, 0},
        {"abc", "abc", 3, 0},
        {"abc", "", 3, 3},
        {"", "abc", 2, 3},
        {"kitten", "sitting", 9, 3},
        {"ab", "ba", 3, 1},
        {"ca", "abc", 3, 3},
        {"publish", "pubilsh", 2, 1},
        {"publish", "receive", 2, 3},
        {"a", "b", 0, 1},
        {"a", "a", 0, 0},
        {"abcd", "a", 1, 2},
        {"abc", "xyz", 2147483647, 3},
        {"a", "b", -1, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(bench__edit_distance(cases[i].a, cases[i].b, cases[i].limit),
                         cases[i].expected);
}

static int least(int a, int b) {
    return a < b ? a : b;
}

static int full_table_distance(const char *a, const char *b) {
    int d[16][16];
    int n_a = (int)strlen(a), n_b = (int)strlen(b);
    for (int i = 0; i <= n_a; i++) {
        for (int j = 0; j <= n_b; j++) {
            if (i == 0 || j == 0) {
                d[i][j] = i + j;
                continue;
            }
            d[i][j] = least(d[i - 1][j - 1] + (a[i - 1] != b[j - 1]),
                            least(d[i - 1][j], d[i][j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1);
        }
    }
    return d[n_a][n_b];
}

static void band_agrees_with_the_full_table(void **state) {
    (void)state;
    struct bench__rng rng;
    bench__rng_init(&rng, 4);
    for (int i = 0; i < 20000; i++) {
        char a[16], b[16];
        random_text(&rng, a, 10, "abc");
        random_text(&rng, b, 10, "abc");
        int limit = (int)bench__rng_below(&rng, 12);
        int expected = least(full_table_distance(a, b), limit + 1);
        if (bench__edit_distance(a, b, limit) != expected)
            fail_msg("%s, %s, limit %d: must be %d", a, b, limit, expected);
    }
}

static void without_memory_nothing_is_near(void **state) {
    (void)state;
    bench__mem_fail_after(0);
    int distance = bench__edit_distance("abc", "abd", 2);
    bench__mem_fail_after(-1);
    assert_int_equal(distance, 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_text_is_the_name_or_a_leading_part),
        cmocka_unit_test(globs),
        cmocka_unit_test(sets),
        cmocka_unit_test(regular_expressions_search),
        cmocka_unit_test(broken_patterns_are_explained),
        cmocka_unit_test(globs_agree_with_the_naive_matcher),
        cmocka_unit_test(many_stars_and_long_names_are_no_trouble),
        cmocka_unit_test(a_glob_has_a_largest_size),
        cmocka_unit_test(every_failure_is_reported),
        cmocka_unit_test(distances),
        cmocka_unit_test(band_agrees_with_the_full_table),
        cmocka_unit_test(without_memory_nothing_is_near),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
