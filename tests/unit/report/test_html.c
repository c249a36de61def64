/* The HTML page: well-formed, escaped, self-contained, with and without gnuplot. */
#include "report_test.h"

#include "base/fs.h"
#include "report/gnuplot.h"
#include "report/html.h"

#include <ctype.h>
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[] = "/tmp/bench-html-XXXXXX";
static char *saved_path;

/* ---- the page and its surroundings ---- */

static int make_directory(void **state) {
    (void)state;
    saved_path = strdup(getenv("PATH"));
    return mkdtemp(directory) == NULL || saved_path == NULL;
}

static char *path_of(const char *name) {
    char *path = bench__path_join(directory, name);
    assert_non_null(path);
    return path;
}

static int remove_directory(void **state) {
    (void)state;
    static const char *const names[] = {"index.html", "gnuplot", "script.gp"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *path = path_of(names[i]);
        unlink(path);
        bench__free(path);
    }
    free(saved_path);
    return rmdir(directory);
}

/* After each test: the PATH is back, and no temporary directory was left behind. */
static int restore(void **state) {
    (void)state;
    setenv("PATH", saved_path, 1);
    DIR *dir = opendir(directory);
    int n_hidden = 0;
    for (struct dirent *e; (e = readdir(dir)) != NULL;) {
        n_hidden += e->d_name[0] == '.' && strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..");
    }
    closedir(dir);
    return n_hidden;
}

static char *read_page(void) {
    char *page;
    size_t n;
    char *path = path_of("index.html");
    assert_int_equal(bench__read_file(&page, &n, path, 0, NULL), 0);
    bench__free(path);
    return page;
}

/* The page of a fixture; to be freed with bench__free(). */
static char *make_page(enum fixture_kind kind, int with_plots, char note[200]) {
    struct fixture f;
    bench_error err = {0};
    fixture_init(&f, kind);
    assert_int_equal(bench__report_html(directory, &f.outcome, with_plots, note, 200, &err), 0);
    fixture_clear(&f);
    return read_page();
}

/* A program of that name and content, alone on the PATH. */
static void fake_gnuplot(const char *script) {
    char *path = path_of("gnuplot");
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    fputs(script, out);
    fclose(out);
    assert_int_equal(chmod(path, 0700), 0);
    setenv("PATH", directory, 1);
    bench__free(path);
}

/* ---- well-formedness ---- */

enum { MOST_DEPTH = 64 };

struct element {
    char name[32];
};

static void read_name(char name[32], const char *at) {
    size_t n = strcspn(at, " \n/>");
    snprintf(name, 32, "%.*s", (int)n, at);
}

/* Every tag is closed, in order; every '&' starts an entity; attributes are quoted. */
static void assert_well_formed(const char *page) {
    struct element open[MOST_DEPTH];
    int depth = 0;
    const char *at = strstr(page, "<html");
    assert_non_null(at);
    while ((at = strpbrk(at, "<&")) != NULL) {
        if (*at == '&') {
            size_t n = strspn(at + 1, "#abcdefghijklmnopqrstuvwxyz0123456789");
            assert_true(n > 0 && at[1 + n] == ';');
            at++;
            continue;
        }
        char name[32];
        const char *end = strchr(at, '>');
        assert_non_null(end);
        read_name(name, at + 1 + (at[1] == '/'));
        size_t quotes = 0;
        for (const char *c = at; c < end; c++) {
            quotes += *c == '"';
        }
        assert_int_equal(quotes % 2, 0);
        if (at[1] == '/') {
            assert_true(depth > 0);
            assert_string_equal(open[--depth].name, name);
        } else if (end[-1] != '/') {
            assert_true(depth < MOST_DEPTH);
            memcpy(open[depth++].name, name, sizeof name);
        }
        at = strcmp(name, "style") == 0 && at[1] != '/' ? strstr(end, "</style>") : end + 1;
    }
    assert_int_equal(depth, 0);
}

/* Nothing is loaded from anywhere, nothing runs. */
static void assert_self_contained(const char *page) {
    static const char *const bad[] = {"<script",  " src=\"", "@import", "url(",     "http://",
                                      "https://", "<link",   "xlink",   " id=\"gp", " onload=\""};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_null(strstr(page, bad[i]));
    }
}

static size_t count(const char *page, const char *what) {
    size_t n = 0;
    for (; (page = strstr(page, what)) != NULL; page++) {
        n++;
    }
    return n;
}

/* ---- tests ---- */

static void test_pages_are_well_formed(void **state) {
    (void)state;
    static const enum fixture_kind kinds[] = {FIXTURE_ALONE, FIXTURE_COMPARED,
                                              FIXTURE_INCOMPARABLE};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        char note[200];
        char *page = make_page(kinds[i], 0, note);
        assert_string_equal(note, "");
        assert_well_formed(page);
        assert_self_contained(page);
        bench__free(page);
    }
}

static void test_page_says_what_the_console_says(void **state) {
    (void)state;
    static const char *const words[] = {
        "Yes: 1 of 19 benchmarks is slower",
        "into_a_buffer_that_the_caller_owns_and_has_sized_generously",
        "signal 11 (segmentation fault) in launch 3",
        "RABBITMQ_URL is not set",
        "at most 10.00 µs",
        "time grows much faster than n (n^2.00)",
        "AMD EPYC 7B13",
        "<th class=\"number\">target</th><th class=\"number\">measured</th>",
        "estimated from the medians",
        "<h2 id=\"pairs\">Pairs <small>measured side by side</small></h2>",
        "memory_usage/join/index/n=256</td><td>indexed over pairs</td><td class",
        "<td class=\"number\">+8.30 %</td>",
        "crashed: memory_usage/join/indexed/n=1024: signal 11 (segmentation fault)",
        "<dt>guarantee</dt><dd>QoS &lt;1&gt;</dd>",
        "3fa9c1d27be04c55a0e1f2d3c4b5a69788796a5b-dirty",
    };
    char note[200];
    char *page = make_page(FIXTURE_COMPARED, 0, note);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strstr(page, words[i]) == NULL) {
            fail_msg("not in the page: %s", words[i]);
        }
    }
    bench__free(page);
}

/* With several suites the page begins with links, and each of them leads somewhere. */
static void test_contents(void **state) {
    (void)state;
    char note[200];
    char *page = make_page(FIXTURE_COMPARED, 0, note);
    const char *nav = strstr(page, "<nav>");
    const char *end = strstr(page, "</nav>");
    assert_non_null(nav);
    assert_non_null(end);
    size_t n_links = 0;
    for (const char *at = nav; (at = strstr(at, "href=\"#")) != NULL && at < end; n_links++) {
        char id[64];
        at += strlen("href=\"#");
        snprintf(id, sizeof id, " id=\"%.*s\"", (int)strcspn(at, "\""), at);
        assert_int_equal(count(page, id), 1);
    }
    assert_int_equal(n_links, 2 + 4);
    assert_non_null(strstr(nav, "memory_usage</a> <span class=\"muted\">6 measured</span></li>"));
    bench__free(page);
    page = make_page(FIXTURE_HOSTILE, 0, note);
    assert_null(strstr(page, "<nav>"));
    bench__free(page);
}

static void test_hostile_names(void **state) {
    (void)state;
    char note[200];
    char *page = make_page(FIXTURE_HOSTILE, 0, note);
    assert_well_formed(page);
    assert_self_contained(page);
    assert_null(strstr(page, "<img"));
    assert_non_null(strstr(page, "&lt;script&gt;alert(1)&lt;/script&gt;"));
    assert_no_control_bytes(page, "\n");
    bench__free(page);
}

static void test_without_gnuplot(void **state) {
    (void)state;
    char note[200];
    setenv("PATH", "", 1);
    char *page = make_page(FIXTURE_COMPARED, 1, note);
    assert_string_equal(note, "plots: gnuplot not found, skipped");
    assert_non_null(strstr(page, "plots: gnuplot not found, skipped"));
    assert_int_equal(count(page, "<figure"), 0);
    assert_well_formed(page);
    bench__free(page);
}

static void test_broken_gnuplot(void **state) {
    (void)state;
    static const struct {
        const char *script, *note;
    } cases[] = {
        {"#!/bin/sh\nkill -SEGV $$\n", "plots: gnuplot crashed (signal 11), skipped"},
        {"#!/bin/sh\nexit 3\n", "plots: gnuplot failed (exit code 3), skipped"},
        {"#!/bin/sh\necho '<svg viewBox=\"0' > 0d.svg\nexit 1\n",
         "plots: gnuplot failed (exit code 1), skipped"},
        {"no program at all", "plots: gnuplot failed (exit code "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char note[200];
        fake_gnuplot(cases[i].script);
        char *page = make_page(FIXTURE_COMPARED, 1, note);
        assert_memory_equal(note, cases[i].note, strlen(cases[i].note));
        assert_non_null(strstr(page, note));
        assert_int_equal(count(page, "<figure"), 0);
        assert_well_formed(page);
        bench__free(page);
    }
}

/* A loop without end is killed, together with what it started. */
static void test_hanging_gnuplot(void **state) {
    (void)state;
    char note[200];
    fake_gnuplot("#!/bin/sh\nwhile :; do :; done\n");
    assert_int_equal(bench__gnuplot_run(directory, "script.gp", 30000000, note, sizeof note), 0);
    assert_string_equal(note, "plots: gnuplot took over 0 s, skipped");
}

static void test_version_of_gnuplot(void **state) {
    (void)state;
    static const struct {
        const char *script, *version;
    } cases[] = {
        {"#!/bin/sh\necho gnuplot 5.4 patchlevel 4; echo more\n", "gnuplot 5.4 patchlevel 4"},
        {"#!/bin/sh\nprintf gnuplot\n", "gnuplot"},
        {"#!/bin/sh\n[ \"$1\" = --version ] && echo as asked\n", "as asked"},
        {"#!/bin/sh\necho gnuplot is a name that is much longer than the buffer\n",
         "gnuplot is a name that is muc"},
        {"#!/bin/sh\necho gnuplot 5.4; exit 3\n", ""},
        {"#!/bin/sh\necho gnuplot 5.4; kill -SEGV $$\n", ""},
        {"#!/bin/sh\n", ""},
        {"no program at all", ""},
    };
    char version[30];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fake_gnuplot(cases[i].script);
        bench__gnuplot_version(version, sizeof version, 5000000000);
        assert_string_equal(version, cases[i].version);
    }
    fake_gnuplot("#!/bin/sh\necho gnuplot 5.4\nwhile :; do :; done\n");
    bench__gnuplot_version(version, sizeof version, 30000000);
    assert_string_equal(version, "");
    setenv("PATH", "", 1);
    bench__gnuplot_version(version, sizeof version, 5000000000);
    assert_string_equal(version, "");
}

static void test_plots(void **state) {
    (void)state;
    char *program = bench__find_program("gnuplot");
    if (program == NULL) {
        skip();
    }
    bench__free(program);
    char note[200];
    char *page = make_page(FIXTURE_COMPARED, 1, note);
    assert_string_equal(note, "");
    assert_int_equal(count(page, "<figure"), 2 * 21);
    assert_int_equal(count(page, "baseline main</span>"), 2 * 20);
    assert_true(count(page, "var(--old)") > 20);
    assert_true(count(page, "var(--new)") > 20);
    assert_non_null(strstr(page, "time per iteration (ms)"));
    assert_well_formed(page);
    assert_self_contained(page);
    bench__free(page);
}

static void test_many_plots_stay_small(void **state) {
    (void)state;
    char *program = bench__find_program("gnuplot");
    if (program == NULL) {
        skip();
    }
    bench__free(program);
    char note[200];
    char *page = make_page(FIXTURE_LARGE, 1, note);
    assert_int_equal(count(page, "<figure"), 2 * 72);
    assert_true(strlen(page) < 3000000);
    assert_well_formed(page);
    bench__free(page);
}

static void test_no_memory(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, FIXTURE_HOSTILE);
    setenv("PATH", "", 1);
    const long live = bench__mem_live();
    int rc = BENCH_ENOMEM;
    for (long n = 0; rc != 0; n++) {
        char note[200];
        bench_error err = {0};
        bench__mem_fail_after(n);
        rc = bench__report_html(directory, &f.outcome, 1, note, sizeof note, &err);
        bench__mem_fail_after(-1);
        assert_int_equal(bench__mem_live(), live);
        assert_int_equal(err.code, rc);
    }
    fixture_clear(&f);
}

static void test_directory_that_cannot_be(void **state) {
    (void)state;
    struct fixture f;
    char note[200];
    bench_error err = {0};
    fixture_init(&f, FIXTURE_ALONE);
    assert_int_equal(bench__report_html("/dev/null/report", &f.outcome, 0, note, sizeof note, &err),
                     BENCH_EIO);
    assert_true(strlen(err.text) > 0);
    fixture_clear(&f);
}

#define TEST(function) cmocka_unit_test_teardown(function, restore)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_pages_are_well_formed),
        TEST(test_page_says_what_the_console_says),
        TEST(test_contents),
        TEST(test_hostile_names),
        TEST(test_without_gnuplot),
        TEST(test_broken_gnuplot),
        TEST(test_hanging_gnuplot),
        TEST(test_version_of_gnuplot),
        TEST(test_plots),
        TEST(test_many_plots_stay_small),
        TEST(test_no_memory),
        TEST(test_directory_that_cannot_be),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
