/* Cleaning drawings: what stays, what goes, what is refused. */
#include "report_test.h"

#include "report/gnuplot.h"

#define ROOT "<svg viewBox=\"0 0 9 9\" fill=\"none\" stroke=\"var(--axis)\" stroke-width=\"1\">"

static void check(const char *svg, const char *expected) {
    char *clean = bench__svg_clean(svg);
    assert_non_null(clean);
    assert_string_equal(clean, expected);
    bench__free(clean);
}

static void test_drawing_stays(void **state) {
    (void)state;
    check("<?xml version=\"1.0\"?>\n<svg \n viewBox=\"0 0 9 9\"\n xmlns=\"x\">\n"
          "<g id=\"a\" fill=\"none\" stroke-width=\"2.00\"><path d='M1.25,2.00 L3,4'/></g></svg>\n",
          ROOT "<g stroke-width=\"2.0\"><path d=\"M1.2,2.0 L3,4\"/></g></svg>");
}

static void test_colors_become_the_pages(void **state) {
    (void)state;
    check("<svg viewBox='0 0 9 9'><path stroke='rgb(  1,   1,   1)' d='M1'/>"
          "<path stroke='rgb(  2,   2,   2)' d='M1'/><path fill = 'rgb(3,3,3)' d='M1'/>"
          "<path stroke='url(http://x)' d='M1'/></svg>",
          ROOT "<path stroke=\"var(--axis)\" d=\"M1\"/><path stroke=\"var(--new)\" d=\"M1\"/>"
               "<path fill=\"var(--old)\" d=\"M1\"/><path stroke=\"var(--axis)\" d=\"M1\"/></svg>");
}

static void test_everything_else_goes(void **state) {
    (void)state;
    check("<svg viewBox='0 0 9 9' onload='alert(1)'><title>t</title><desc>d</desc>"
          "<defs><g><path id='p' d='M1'/></g></defs><script>alert('&lt;')</script>"
          "<style>*{}</style><use xlink:href='#p'/><!-- it's > --><image href='x'/>"
          "<g onclick='alert(1)' style='x' class='y'><text x='1'>a &lt; b</text></g></svg>",
          ROOT "<g><text x=\"1\">a &lt; b</text></g></svg>");
}

static void test_empty_groups_go(void **state) {
    (void)state;
    check("<svg viewBox='0 0 9 9'><g stroke-width='3'>\n</g><g><path d='M1'/></g></svg>",
          ROOT "<g><path d=\"M1\"/></g></svg>");
}

static void test_values_cannot_break_out(void **state) {
    (void)state;
    check("<svg viewBox='0 0 9 9'><path d='M1\"><script>'/></svg>",
          ROOT "<path d=\"M1script\"/></svg>");
}

static void test_incomplete_is_refused(void **state) {
    (void)state;
    static const char *const bad[] = {
        "",
        "no drawing",
        "<svg",
        "<svg viewBox='0 0 9 9'>",
        "<svg viewBox='0 0 9 9'><path d='M1'/>",
        "<svg viewBox='0 0 9 9'><path d='M1",
        "<svg viewBox='0 0 9 9'><defs><g></defs></svg>",
        "<svg viewBox='0 0 9 9'><text>abc",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_null(bench__svg_clean(bad[i]));
    }
}

static void test_no_memory(void **state) {
    (void)state;
    const char *svg = "<svg viewBox='0 0 9 9'><g><text x='1'>a</text></g></svg>";
    const long live = bench__mem_live();
    char *clean = NULL;
    for (long n = 0; clean == NULL; n++) {
        bench__mem_fail_after(n);
        clean = bench__svg_clean(svg);
        bench__mem_fail_after(-1);
        assert_true(clean != NULL || bench__mem_live() == live);
    }
    assert_string_equal(clean, ROOT "<g><text x=\"1\">a</text></g></svg>");
    bench__free(clean);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_drawing_stays),
        cmocka_unit_test(test_colors_become_the_pages),
        cmocka_unit_test(test_everything_else_goes),
        cmocka_unit_test(test_empty_groups_go),
        cmocka_unit_test(test_values_cannot_break_out),
        cmocka_unit_test(test_incomplete_is_refused),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
