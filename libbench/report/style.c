/*
 * What the terminal can show, from the command line, the environment and the terminal itself, in
 * that order. Never writes to the terminal to find out.
 */
#include "report/console.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

static int is_set(const char *variable) {
    const char *value = getenv(variable);
    return value != NULL && value[0] != '\0';
}

static int is_zero(const char *variable) {
    const char *value = getenv(variable);
    return value != NULL && strcmp(value, "0") == 0;
}

static int is_dumb(void) {
    const char *term = getenv("TERM");
    return term != NULL && strcmp(term, "dumb") == 0;
}

/* no-color.org and bixense.com/clicolors: NO_COLOR beats CLICOLOR_FORCE beats CLICOLOR. */
static int detect_color(const char *color, int is_terminal) {
    if (color != NULL && strcmp(color, "always") == 0) {
        return 1;
    }
    if ((color != NULL && strcmp(color, "never") == 0) || is_set("NO_COLOR")) {
        return 0;
    }
    if (is_set("CLICOLOR_FORCE") && !is_zero("CLICOLOR_FORCE")) {
        return 1;
    }
    return is_terminal && !is_dumb() && !is_zero("CLICOLOR");
}

static int detect_utf8(void) {
    static const char *const variables[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
        if (is_set(variables[i])) {
            const char *value = getenv(variables[i]);
            return !is_dumb() && (strcasestr(value, "utf-8") || strcasestr(value, "utf8"));
        }
    }
    return 0;
}

static int detect_columns(int fd, int is_terminal) {
    struct winsize size = {0};
    if (is_terminal && ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
        return size.ws_col;
    }
    const char *text = getenv("COLUMNS");
    long columns = text != NULL ? strtol(text, NULL, 10) : 0;
    return columns > 0 && columns < 10000 ? (int)columns : 80;
}

void bench__style_detect(struct bench__style *style, FILE *out, const char *color) {
    int fd = fileno(out);
    int is_terminal = fd >= 0 && isatty(fd);
    *style = (struct bench__style){.color = detect_color(color, is_terminal),
                                   .utf8 = detect_utf8(),
                                   .columns = detect_columns(fd, is_terminal)};
}
