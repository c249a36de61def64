/* parsing.h - command lines, variables and configuration files for the tests of options. */
#ifndef TEST_CLI_PARSING_H
#define TEST_CLI_PARSING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/fs.h"
#include "cli/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MILLISECONDS(n) ((int64_t)(n)*1000000)
#define MAX_ARGUMENTS   16

struct parsing {
    struct bench__cli_options options;
    bench_error err;
    char file[64];
};

static inline void forget_environment(void) {
    char name[64];
    for (int id = 0; id < BENCH__N_OPTIONS; id++)
        unsetenv(bench__option_variable(&bench__options[id], name));
}

static inline int setup(void **state) {
    static struct parsing fixture;
    fixture = (struct parsing){.file = "/tmp/bench-options-XXXXXX"};
    int fd = mkstemp(fixture.file);
    if (fd < 0)
        return -1;
    close(fd);
    forget_environment();
    *state = &fixture;
    return 0;
}

static inline int teardown(void **state) {
    struct parsing *f = *state;
    bench__cli_clear(&f->options);
    unlink(f->file);
    forget_environment();
    return 0;
}

/* Parses the words of a line, separated by blanks. */
static inline int parse_as(struct parsing *f, const struct bench__command *command,
                           const char *words) {
    static char copy[4096];
    char *argv[MAX_ARGUMENTS], *rest = NULL;
    int argc = 0;
    argv[argc++] = copy; /* any text: the program's name is not looked at */
    snprintf(copy, sizeof copy, "%s", words);
    for (char *word = strtok_r(copy, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
        assert_true(argc < MAX_ARGUMENTS);
        argv[argc++] = word;
    }
    bench__cli_clear(&f->options);
    f->err = (bench_error){0};
    return bench__cli_parse(&f->options, command, argc, argv, &f->err);
}

static inline int parse(struct parsing *f, const char *words) {
    return parse_as(f, &bench__command_run, words);
}

static inline void write_config(struct parsing *f, const char *text) {
    assert_int_equal(bench__write_file_atomic(f->file, text, strlen(text), NULL), 0);
    setenv("BENCH_CONFIG", f->file, 1);
}

static inline void assert_refused(struct parsing *f, const char *words, const char *text) {
    assert_int_equal(parse(f, words), BENCH_EINVAL);
    assert_string_equal(f->err.text, text);
    assert_string_equal(f->err.place, "");
}

/* A value of the option's kind that is not its default, and how its field then prints. */
static inline void example(const struct bench__option *option, const char **text,
                           const char **field) {
    switch (option->kind) {
    case BENCH__KIND_FLAG:
        *text = "yes", *field = "1";
        break;
    case BENCH__KIND_INTEGER:
    case BENCH__KIND_SEED:
        *text = "123", *field = "123";
        break;
    case BENCH__KIND_DURATION:
        *text = "50ms", *field = "50000000";
        break;
    case BENCH__KIND_SIZE:
        *text = "2KiB", *field = "2048";
        break;
    case BENCH__KIND_FRACTION:
        *text = "50%", *field = "0.5";
        break;
    case BENCH__KIND_CHOICE:
        *text = option->choices[1], *field = "1";
        break;
    case BENCH__KIND_FAIL_ON:
        *text = "inconclusive", *field = "8";
        break;
    case BENCH__KIND_PATTERN:
        *text = *field = "core/**/[ab]?";
        break;
    case BENCH__KIND_PARAM:
        *text = *field = "size=64,128";
        break;
    default:
        *text = *field = "sample";
    }
}

#endif
