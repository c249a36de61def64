/* What a terminal can show: options, environment, a real pseudo-terminal. */
#include "report_test.h"

#include "report/console.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

static const char *const VARIABLES[] = {"NO_COLOR", "CLICOLOR_FORCE", "CLICOLOR", "TERM",
                                        "LC_ALL",   "LC_CTYPE",       "LANG",     "COLUMNS"};

static int clear_environment(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof VARIABLES / sizeof *VARIABLES; i++) {
        unsetenv(VARIABLES[i]);
    }
    return 0;
}

/* A pseudo-terminal of 97 columns; *master is to be closed. */
static FILE *open_terminal(int *master) {
    struct winsize size = {.ws_col = 97, .ws_row = 24};
    *master = posix_openpt(O_RDWR | O_NOCTTY);
    if (*master < 0 || grantpt(*master) != 0 || unlockpt(*master) != 0) {
        return NULL;
    }
    int slave = open(ptsname(*master), O_RDWR | O_NOCTTY);
    if (slave < 0 || ioctl(slave, TIOCSWINSZ, &size) != 0) {
        return NULL;
    }
    return fdopen(slave, "w");
}

static struct bench__style on_file(const char *color) {
    struct bench__style style;
    FILE *out = tmpfile();
    assert_non_null(out);
    bench__style_detect(&style, out, color);
    fclose(out);
    return style;
}

static struct bench__style on_terminal(const char *color) {
    struct bench__style style;
    int master;
    FILE *out = open_terminal(&master);
    assert_non_null(out);
    bench__style_detect(&style, out, color);
    fclose(out);
    close(master);
    return style;
}

static void test_a_file_is_plain(void **state) {
    (void)state;
    struct bench__style style = on_file("auto");
    assert_int_equal(style.color, 0);
    assert_int_equal(style.columns, 80);
    assert_int_equal(style.quiet, 0);
    assert_int_equal(style.verbose, 0);
}

static void test_a_terminal_has_color_and_width(void **state) {
    (void)state;
    struct bench__style style = on_terminal("auto");
    assert_int_equal(style.color, 1);
    assert_int_equal(style.columns, 97);
}

static void test_color_option_wins(void **state) {
    (void)state;
    setenv("NO_COLOR", "1", 1);
    assert_int_equal(on_file("always").color, 1);
    unsetenv("NO_COLOR");
    setenv("CLICOLOR_FORCE", "1", 1);
    assert_int_equal(on_terminal("never").color, 0);
}

static void test_color_variables(void **state) {
    (void)state;
    setenv("CLICOLOR_FORCE", "1", 1);
    assert_int_equal(on_file("auto").color, 1);
    setenv("NO_COLOR", "1", 1);
    assert_int_equal(on_file("auto").color, 0);
    assert_int_equal(on_terminal("auto").color, 0);
    setenv("NO_COLOR", "", 1); /* empty is not set */
    setenv("CLICOLOR_FORCE", "0", 1);
    assert_int_equal(on_file("auto").color, 0);
    assert_int_equal(on_terminal("auto").color, 1);
    setenv("CLICOLOR", "0", 1);
    assert_int_equal(on_terminal("auto").color, 0);
}

static void test_dumb_terminal(void **state) {
    (void)state;
    setenv("LC_ALL", "en_US.UTF-8", 1);
    setenv("TERM", "dumb", 1);
    struct bench__style style = on_terminal("auto");
    assert_int_equal(style.color, 0);
    assert_int_equal(style.utf8, 0);
}

static void test_utf8_by_locale(void **state) {
    (void)state;
    assert_int_equal(on_file("auto").utf8, 0);
    setenv("LANG", "de_DE.utf8", 1);
    assert_int_equal(on_file("auto").utf8, 1);
    setenv("LC_CTYPE", "C", 1); /* beats LANG */
    assert_int_equal(on_file("auto").utf8, 0);
    setenv("LC_ALL", "C.UTF-8", 1); /* beats both */
    assert_int_equal(on_file("auto").utf8, 1);
}

static void test_columns_variable(void **state) {
    (void)state;
    setenv("COLUMNS", "132", 1);
    assert_int_equal(on_file("auto").columns, 132);
    setenv("COLUMNS", "-5", 1);
    assert_int_equal(on_file("auto").columns, 80);
    setenv("COLUMNS", "wide", 1);
    assert_int_equal(on_file("auto").columns, 80);
}

#define TEST(function) cmocka_unit_test_setup(function, clear_environment)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_a_file_is_plain),   TEST(test_a_terminal_has_color_and_width),
        TEST(test_color_option_wins), TEST(test_color_variables),
        TEST(test_dumb_terminal),     TEST(test_utf8_by_locale),
        TEST(test_columns_variable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
