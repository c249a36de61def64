/* The console report: golden text at several widths and styles, and what must hold at any width. */
#include "report_test.h"

#include "base/table.h"
#include "report/console.h"

static struct bench__style style;

static int report(FILE *out, const bench_outcome *outcome, bench_error *err) {
    return bench__report_console(out, outcome, &style, err);
}

static void check_golden(enum fixture_kind kind, struct bench__style with, const char *path) {
    struct fixture f;
    fixture_init(&f, kind);
    style = with;
    char *text = report_text(report, &f.outcome);
    assert_golden(text, path);
    free(text);
    fixture_clear(&f);
}

static void test_80_columns(void **state) {
    (void)state;
    check_golden(FIXTURE_COMPARED, (struct bench__style){.utf8 = 1, .columns = 80},
                 GOLDEN("console_80.txt"));
}

static void test_120_columns(void **state) {
    (void)state;
    check_golden(FIXTURE_COMPARED, (struct bench__style){.utf8 = 1, .columns = 120},
                 GOLDEN("console_120.txt"));
}

static void test_ascii(void **state) {
    (void)state;
    check_golden(FIXTURE_COMPARED, (struct bench__style){.columns = 100},
                 GOLDEN("console_ascii.txt"));
}

static void test_color(void **state) {
    (void)state;
    check_golden(FIXTURE_COMPARED, (struct bench__style){.color = 1, .utf8 = 1, .columns = 100},
                 GOLDEN("console_color.txt"));
}

static void test_quiet(void **state) {
    (void)state;
    check_golden(FIXTURE_COMPARED, (struct bench__style){.utf8 = 1, .columns = 80, .quiet = 1},
                 GOLDEN("console_quiet.txt"));
}

static void test_alone(void **state) {
    (void)state;
    check_golden(FIXTURE_ALONE, (struct bench__style){.utf8 = 1, .columns = 80},
                 GOLDEN("console_alone.txt"));
}

static void test_all_pass(void **state) {
    (void)state;
    check_golden(FIXTURE_ALL_PASS, (struct bench__style){.utf8 = 1, .columns = 80},
                 GOLDEN("console_all_pass.txt"));
}

static void test_incomparable(void **state) {
    (void)state;
    check_golden(FIXTURE_INCOMPARABLE, (struct bench__style){.utf8 = 1, .columns = 80},
                 GOLDEN("console_incomparable.txt"));
}

static void test_hostile_names(void **state) {
    (void)state;
    check_golden(FIXTURE_HOSTILE, (struct bench__style){.utf8 = 1, .columns = 80},
                 GOLDEN("console_hostile.txt"));
    struct fixture f;
    fixture_init(&f, FIXTURE_HOSTILE);
    char *text = report_text(report, &f.outcome);
    assert_no_control_bytes(text, "\n");
    free(text);
    fixture_clear(&f);
}

static void test_verbose_says_more(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, FIXTURE_COMPARED);
    style = (struct bench__style){.utf8 = 1, .columns = 80, .verbose = 1};
    char *text = report_text(report, &f.outcome);
    const char *words[] = {"first call",    "peak memory", "launch 15",         "interruption",
                           "machine speed", "independent", "guarantee: QoS <1>"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        assert_non_null(strstr(text, words[i]));
    }
    free(text);
    fixture_clear(&f);
}

/* 1 when a line is one word, or what follows its indentation is: then it may be too long. */
static int is_one_word(const char *line) {
    line += strspn(line, " ");
    return strchr(line, ' ') == NULL;
}

static void test_no_line_is_too_long(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, FIXTURE_COMPARED);
    for (int columns = 76; columns <= 160; columns += 4) {
        style = (struct bench__style){.utf8 = columns % 8 == 0, .columns = columns};
        char *text = report_text(report, &f.outcome);
        char *rest = text;
        for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
            int subject = strstr(line, " over core_operations") != NULL;
            if ((int)bench__display_width(line) > columns && !is_one_word(line) && !subject) {
                fail_msg("%d columns: %s", columns, line);
            }
            size_t n = strlen(line);
            assert_true(n == 0 || line[n - 1] != ' ');
        }
        free(text);
    }
    fixture_clear(&f);
}

static void test_names_are_whole_at_any_width(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, FIXTURE_COMPARED);
    for (int columns = 20; columns <= 200; columns += 20) {
        style = (struct bench__style){.columns = columns};
        char *text = report_text(report, &f.outcome);
        assert_non_null(
            strstr(text, "into_a_buffer_that_the_caller_owns_and_has_sized_generously"));
        assert_non_null(strstr(text, "size=10240,batch=100"));
        assert_non_null(strstr(text, "Slower than 'main'?"));
        free(text);
    }
    fixture_clear(&f);
}

static void test_ascii_is_ascii(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, FIXTURE_COMPARED);
    style = (struct bench__style){.columns = 120, .verbose = 1};
    char *text = report_text(report, &f.outcome);
    for (const char *c = text; *c != '\0'; c++) {
        assert_true((unsigned char)*c < 0x80);
    }
    free(text);
    fixture_clear(&f);
}

/* Without its sequences a coloured report is the plain one: colour never says anything alone. */
static void test_color_adds_nothing_else(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, FIXTURE_COMPARED);
    style = (struct bench__style){.utf8 = 1, .columns = 100};
    char *plain = report_text(report, &f.outcome);
    style.color = 1;
    char *colored = report_text(report, &f.outcome);
    char *to = colored;
    for (const char *from = colored; *from != '\0';) {
        if (*from == '\033') {
            from = strchr(from, 'm') + 1;
        } else {
            *to++ = *from++;
        }
    }
    *to = '\0';
    assert_string_equal(colored, plain);
    free(plain);
    free(colored);
    fixture_clear(&f);
}

static void test_no_memory(void **state) {
    (void)state;
    style = (struct bench__style){.utf8 = 1, .columns = 80, .verbose = 1};
    assert_survives_no_memory(report);
}

static void test_full_disk(void **state) {
    (void)state;
    style = (struct bench__style){.columns = 80};
    assert_reports_full_disk(report);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_80_columns),
        cmocka_unit_test(test_120_columns),
        cmocka_unit_test(test_ascii),
        cmocka_unit_test(test_color),
        cmocka_unit_test(test_quiet),
        cmocka_unit_test(test_alone),
        cmocka_unit_test(test_all_pass),
        cmocka_unit_test(test_incomparable),
        cmocka_unit_test(test_hostile_names),
        cmocka_unit_test(test_verbose_says_more),
        cmocka_unit_test(test_no_line_is_too_long),
        cmocka_unit_test(test_names_are_whole_at_any_width),
        cmocka_unit_test(test_ascii_is_ascii),
        cmocka_unit_test(test_color_adds_nothing_else),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_full_disk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
