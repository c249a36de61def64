/* What the table prints: the help against a file, the manual page and the completion by what they
 * must hold; and the user guide has every option. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/fs.h"
#include "base/mem.h"
#include "cli/options.h"

#include <stdio.h>
#include <string.h>

typedef void print_fn(struct bench__strbuf *out, const struct bench__command *command,
                      const char *program);

static char *printed(print_fn *print, const struct bench__command *command, const char *program) {
    struct bench__strbuf out;
    bench__strbuf_init(&out);
    print(&out, command, program);
    char *text = bench__strbuf_steal(&out);
    assert_non_null(text);
    return text;
}

static char *file_text(const char *path) {
    char *text = NULL;
    size_t n = 0;
    assert_int_equal(bench__read_file(&text, &n, path, 0, NULL), 0);
    return text;
}

static void assert_narrow(const char *text) {
    for (const char *line = text; *line != '\0'; line += strcspn(line, "\n") + 1) {
        assert_true(strcspn(line, "\n") <= 80);
        assert_true(strcspn(line, "\n") == 0 || line[strcspn(line, "\n") - 1] != ' ');
    }
}

static void help_is_as_agreed(void **state) {
    (void)state;
    char *text = printed(bench__help_text, &bench__command_run, "run_benches");
    char *expected = file_text(TEST_DATA_DIR "/cli/help.txt");
    assert_string_equal(text, expected);
    assert_narrow(text);
    bench__free(text);
    bench__free(expected);
}

static void help_of_commands_is_narrow(void **state) {
    (void)state;
    for (unsigned bit = BENCH__CMD_COMPARE; bit <= BENCH__CMD_DOCTOR; bit <<= 1) {
        const struct bench__command command = {bit, "baseline thing", "A B", 2,
                                               2,   "Summary.",       NULL};
        char *text = printed(bench__help_text, &command, "benchctl");
        assert_non_null(strstr(text, "Usage: benchctl baseline thing A B [options]\n\nSummary.\n"));
        assert_non_null(strstr(text, bit <= BENCH__CMD_BASELINE_ACCEPT ? "--baselines-dir DIR"
                                     : bit == BENCH__CMD_SELFTEST      ? "--effects LIST"
                                     : bit == BENCH__CMD_DOCTOR        ? "--time TIME"
                                     : bit == BENCH__CMD_NOISE         ? "-h, --help"
                                                                       : "--cache-size SIZE"));
        assert_null(strstr(text, "--sample-size"));
        assert_narrow(text);
        bench__free(text);
    }
}

static void manual_page_has_every_option(void **state) {
    (void)state;
    char *text = printed(bench__help_man, &bench__command_run, "run_benches");
    for (int id = 0; id < BENCH__N_OPTIONS; id++) {
        const struct bench__option *option = &bench__options[id];
        char entry[100], *p = entry;
        if ((option->commands & BENCH__CMD_RUN) == 0)
            continue;
        p += sprintf(p, "\\fB\\-\\-");
        for (const char *name = option->name; *name != '\0'; name++)
            p += sprintf(p, "%s%c", *name == '-' ? "\\" : "", *name);
        sprintf(p, "\\fR");
        assert_non_null(strstr(text, entry));
    }
    assert_non_null(strstr(text, ".TH \"run_benches\" 1"));
    assert_non_null(strstr(text, "\\fB\\-q\\fR, \\fB\\-\\-quiet\\fR\n"));
    assert_non_null(strstr(text, ".SH EXIT STATUS\n.TP\n0\nok\n"));
    bench__free(text);
}

static void completion_has_every_option(void **state) {
    (void)state;
    char *text = printed(bench__help_bash, &bench__command_run, "my-benches");
    for (int id = 0; id < BENCH__N_OPTIONS; id++) {
        char word[100];
        if ((bench__options[id].commands & BENCH__CMD_RUN) == 0)
            continue;
        snprintf(word, sizeof word, " --%s", bench__options[id].name);
        assert_non_null(strstr(text, word));
    }
    assert_non_null(strstr(text, "--color) list=(-W \"auto always never\") ;;\n"));
    assert_non_null(strstr(text, "complete -F _my_benches my-benches\n"));
    bench__free(text);
}

static void program_names(void **state) {
    (void)state;
    assert_string_equal(bench__program_name("/usr/bin/my-benches"), "my-benches");
    assert_string_equal(bench__program_name("./x"), "x");
    assert_string_equal(bench__program_name(NULL), "run_benches");
    assert_string_equal(bench__program_name("dir/"), "run_benches");
    assert_string_equal(bench__program_name("a b; rm"), "run_benches");
    assert_string_equal(bench__program_name("\x1b[31m"), "run_benches");
}

static void the_guide_has_every_option(void **state) {
    (void)state;
    char *guide = file_text(TEST_DATA_DIR "/../../docs/usage.md");
    for (int id = 0; id < BENCH__N_OPTIONS; id++) {
        const struct bench__option *option = &bench__options[id];
        char entry[100];
        snprintf(entry, sizeof entry, "`--%s%s%s`", option->name, option->value != NULL ? " " : "",
                 option->value != NULL ? option->value : "");
        if (strstr(guide, entry) == NULL)
            fail_msg("docs/usage.md does not have %s", entry);
    }
    bench__free(guide);
}

static void every_allocation_may_fail(void **state) {
    static print_fn *const prints[] = {bench__help_text, bench__help_man, bench__help_bash};
    (void)state;
    long before = bench__mem_live();
    for (size_t i = 0; i < sizeof prints / sizeof prints[0]; i++) {
        int failed = 1;
        for (long n = 0; failed; n++) {
            struct bench__strbuf out;
            assert_true(n < 1000);
            bench__strbuf_init(&out);
            bench__mem_fail_after(n);
            prints[i](&out, &bench__command_run, "x");
            bench__mem_fail_after(-1);
            failed = out.failed;
            bench__strbuf_clear(&out);
        }
    }
    assert_int_equal(bench__mem_live(), before);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(help_is_as_agreed),
        cmocka_unit_test(help_of_commands_is_narrow),
        cmocka_unit_test(manual_page_has_every_option),
        cmocka_unit_test(completion_has_every_option),
        cmocka_unit_test(program_names),
        cmocka_unit_test(the_guide_has_every_option),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
