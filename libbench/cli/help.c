/*
 * What the table of options looks like to a reader: help text, manual page, completion for bash.
 * Adds to a buffer; knows nothing of parsing.
 */
#include "cli/options.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { LINE_WIDTH = 80, HELP_COLUMN = 28 };

#define VARIABLES                                                                                  \
    "The variable of --baselines-dir is BENCH_BASELINES_DIR, and so on. Flags take 1 or 0, "       \
    "repeatable options a list separated by ';'. An empty variable counts as not set. The "        \
    "command line wins over the environment"
#define HONOURED                                                                                   \
    " NO_COLOR, CLICOLOR_FORCE, CLICOLOR, TERM, CI and GITHUB_STEP_SUMMARY are honoured."

static const char environment_of_run[] =
    VARIABLES ", the environment over the file of --config, and all of them over what a benchmark "
              "asks for itself." HONOURED;
static const char environment_of_benchctl[] = VARIABLES "." HONOURED;

static const struct exit_code {
    int code;
    const char *meaning;
} exit_codes[] = {
    {0, "ok"},
    {1, "a benchmark failed: an error of its own, a crash, a timeout"},
    {2, "usage, or a file that cannot be read"},
    {3, "regressed, or over budget"},
    {4, "inconclusive (only with --fail-on inconclusive)"},
    {5, "missing, or incomparable"},
    {77, "everything was skipped"},
    {130, "interrupted"},
};
enum { N_EXIT_CODES = sizeof exit_codes / sizeof exit_codes[0] };

const char *bench__program_name(const char *argv0) {
    static const char fallback[] = "run_benches";
    if (argv0 == NULL)
        return fallback;
    const char *slash = strrchr(argv0, '/');
    const char *name = slash != NULL ? slash + 1 : argv0;
    for (const char *p = name; *p != '\0'; p++) {
        if (!isalnum((unsigned char)*p) && strchr("._-+", *p) == NULL)
            return fallback;
    }
    return *name != '\0' ? name : fallback;
}

static int belongs(const struct bench__option *option, const struct bench__command *command) {
    return (option->commands & command->bit) != 0;
}

static const char *environment(const struct bench__command *command) {
    return command->bit == BENCH__CMD_RUN ? environment_of_run : environment_of_benchctl;
}

/* "run_benches", "benchctl baseline list" */
static void add_program(struct bench__strbuf *out, const struct bench__command *command,
                        const char *program) {
    bench__strbuf_addf(out, "%s%s%s", program, *command->name != '\0' ? " " : "", command->name);
}

/* The whole sentence about an option: help, choices, whether it repeats, default. */
static void add_description(struct bench__strbuf *out, const struct bench__option *option,
                            const struct bench__command *command) {
    const char *initial = bench__option_initial(option, command);
    bench__strbuf_add(out, option->help);
    for (int i = 0; option->choices != NULL && option->choices[i] != NULL; i++)
        bench__strbuf_addf(out, "%s%s", i == 0 ? ": " : ", ", option->choices[i]);
    if (option->repeatable)
        bench__strbuf_add(out, " (repeatable)");
    if (initial != NULL)
        bench__strbuf_addf(out, " [%s]", initial);
}

/* ---- help ---- */

/* Adds words from column `at` on, indenting what follows by `indent`, and ends the line. */
static void add_wrapped(struct bench__strbuf *out, const char *text, size_t indent, size_t at) {
    while (*text != '\0') {
        size_t n = strcspn(text, " ");
        if (at > indent && at + 1 + n > LINE_WIDTH) {
            bench__strbuf_addf(out, "\n%*s", (int)indent, "");
            at = indent;
        } else if (at > indent) {
            bench__strbuf_addc(out, ' ');
            at++;
        }
        bench__strbuf_addn(out, text, n);
        at += n;
        text += n + strspn(text + n, " ");
    }
    bench__strbuf_addc(out, '\n');
}

static void add_option_help(struct bench__strbuf *out, const struct bench__option *option,
                            const struct bench__command *command) {
    char left[80];
    char letter[8] = "";
    if (option->letter != '\0')
        snprintf(letter, sizeof letter, "-%c, ", option->letter);
    int n = snprintf(left, sizeof left, "  %s--%s%s%s", letter, option->name,
                     option->value != NULL ? " " : "", option->value != NULL ? option->value : "");
    bench__strbuf_addf(out, "%-*s", HELP_COLUMN, left);
    if (n > HELP_COLUMN - 2)
        bench__strbuf_addf(out, "\n%*s", HELP_COLUMN, "");

    struct bench__strbuf text;
    bench__strbuf_init(&text);
    add_description(&text, option, command);
    out->failed |= text.failed;
    if (!text.failed)
        add_wrapped(out, bench__strbuf_text(&text), HELP_COLUMN, HELP_COLUMN);
    bench__strbuf_clear(&text);
}

static void add_options_help(struct bench__strbuf *out, const struct bench__command *command) {
    const char *group = "";
    for (int id = 0; id < BENCH__N_OPTIONS; id++) {
        const struct bench__option *option = &bench__options[id];
        if (!belongs(option, command))
            continue;
        if (strcmp(group, option->group) != 0)
            bench__strbuf_addf(out, "\n%s\n", option->group);
        group = option->group;
        add_option_help(out, option, command);
    }
}

void bench__help_text(struct bench__strbuf *out, const struct bench__command *command,
                      const char *program) {
    bench__strbuf_add(out, "Usage: ");
    add_program(out, command, program);
    bench__strbuf_addf(out, "%s%s [options]\n\n", *command->arguments != '\0' ? " " : "",
                       command->arguments);
    add_wrapped(out, command->summary, 0, 0);
    if (command->details != NULL) {
        bench__strbuf_addc(out, '\n');
        add_wrapped(out, command->details, 0, 0);
    }
    add_options_help(out, command);
    bench__strbuf_add(out, "\nEnvironment\n  ");
    add_wrapped(out, environment(command), 2, 2);
    bench__strbuf_add(out, "\nExit codes\n");
    for (size_t i = 0; i < N_EXIT_CODES; i++)
        bench__strbuf_addf(out, "  %-4d %s\n", exit_codes[i].code, exit_codes[i].meaning);
}

/* ---- manual page ---- */

/* Text as troff takes it: backslashes and dashes as themselves, no line that is a request. */
static void add_roff(struct bench__strbuf *out, const char *text) {
    if (*text == '.' || *text == '\'')
        bench__strbuf_add(out, "\\&");
    for (; *text != '\0'; text++) {
        if (*text == '\\')
            bench__strbuf_add(out, "\\e");
        else if (*text == '-')
            bench__strbuf_add(out, "\\-");
        else
            bench__strbuf_addc(out, *text);
    }
}

static void add_option_man(struct bench__strbuf *out, const struct bench__option *option,
                           const struct bench__command *command) {
    bench__strbuf_add(out, ".TP\n");
    if (option->letter != '\0')
        bench__strbuf_addf(out, "\\fB\\-%c\\fR, ", option->letter);
    bench__strbuf_add(out, "\\fB\\-\\-");
    add_roff(out, option->name);
    bench__strbuf_add(out, "\\fR");
    if (option->value != NULL)
        bench__strbuf_addf(out, " \\fI%s\\fR", option->value);
    bench__strbuf_addc(out, '\n');

    struct bench__strbuf text;
    bench__strbuf_init(&text);
    add_description(&text, option, command);
    out->failed |= text.failed;
    if (!text.failed)
        add_roff(out, bench__strbuf_text(&text));
    bench__strbuf_clear(&text);
    bench__strbuf_addc(out, '\n');
}

static void add_options_man(struct bench__strbuf *out, const struct bench__command *command) {
    const char *group = "";
    bench__strbuf_add(out, ".SH OPTIONS\n");
    for (int id = 0; id < BENCH__N_OPTIONS; id++) {
        const struct bench__option *option = &bench__options[id];
        if (!belongs(option, command))
            continue;
        if (strcmp(group, option->group) != 0)
            bench__strbuf_addf(out, ".SS %s\n", option->group);
        group = option->group;
        add_option_man(out, option, command);
    }
}

void bench__help_man(struct bench__strbuf *out, const struct bench__command *command,
                     const char *program) {
    bench__strbuf_add(out, ".TH \"");
    add_roff(out, program);
    bench__strbuf_addf(out, "\" 1 \"\" \"libbench %s\"\n.SH NAME\n", bench_version());
    add_roff(out, program);
    bench__strbuf_add(out, " \\- ");
    add_roff(out, command->summary);
    bench__strbuf_add(out, "\n.SH SYNOPSIS\n\\fB");
    add_roff(out, program);
    bench__strbuf_addf(out, "\\fR %s [options]\n.SH DESCRIPTION\n", command->arguments);
    add_roff(out, command->details != NULL ? command->details : command->summary);
    bench__strbuf_addc(out, '\n');
    add_options_man(out, command);
    bench__strbuf_add(out, ".SH ENVIRONMENT\n");
    add_roff(out, environment(command));
    bench__strbuf_add(out, "\n.SH EXIT STATUS\n");
    for (size_t i = 0; i < N_EXIT_CODES; i++) {
        bench__strbuf_addf(out, ".TP\n%d\n", exit_codes[i].code);
        add_roff(out, exit_codes[i].meaning);
        bench__strbuf_addc(out, '\n');
    }
}

/* ---- completion ---- */

/* "    --out|--gates) action ;;" for every option with such a value. */
static void add_case(struct bench__strbuf *out, const struct bench__command *command,
                     int (*is_of_it)(enum bench__option_kind), const char *action) {
    int n = 0;
    for (int id = 0; id < BENCH__N_OPTIONS; id++) {
        const struct bench__option *option = &bench__options[id];
        if (belongs(option, command) && is_of_it(option->kind))
            bench__strbuf_addf(out, "%s--%s", n++ == 0 ? "    " : "|", option->name);
    }
    if (n > 0)
        bench__strbuf_addf(out, ") %s ;;\n", action);
}

static int is_file(enum bench__option_kind kind) {
    return kind == BENCH__KIND_FILE;
}

static int is_directory(enum bench__option_kind kind) {
    return kind == BENCH__KIND_DIRECTORY;
}

static int is_free(enum bench__option_kind kind) {
    return kind != BENCH__KIND_FLAG && kind != BENCH__KIND_CHOICE && !is_file(kind) &&
           !is_directory(kind);
}

static void add_choice_cases(struct bench__strbuf *out, const struct bench__command *command) {
    for (int id = 0; id < BENCH__N_OPTIONS; id++) {
        const struct bench__option *option = &bench__options[id];
        if (!belongs(option, command) || option->choices == NULL)
            continue;
        bench__strbuf_addf(out, "    --%s) list=(-W \"", option->name);
        for (int i = 0; option->choices[i] != NULL; i++)
            bench__strbuf_addf(out, "%s%s", i == 0 ? "" : " ", option->choices[i]);
        bench__strbuf_add(out, "\") ;;\n");
    }
}

static void add_names_case(struct bench__strbuf *out, const struct bench__command *command) {
    bench__strbuf_add(out, "    *) list=(-W \"");
    for (int id = 0; id < BENCH__N_OPTIONS; id++) {
        if (belongs(&bench__options[id], command))
            bench__strbuf_addf(out, " --%s", bench__options[id].name);
    }
    bench__strbuf_add(out, "\") ;;\n");
}

void bench__help_bash(struct bench__strbuf *out, const struct bench__command *command,
                      const char *program) {
    char function[80];
    snprintf(function, sizeof function, "_%s", program);
    for (char *p = function; *p != '\0'; p++)
        *p = isalnum((unsigned char)*p) ? *p : '_';
    bench__strbuf_addf(out,
                       "%s() {\n"
                       "    local word=${COMP_WORDS[COMP_CWORD]} list\n"
                       "    local option=${COMP_WORDS[COMP_CWORD-1]}\n"
                       "    # bash gives --name=value as three words\n"
                       "    if [[ $word == = ]]; then\n"
                       "        word=\n"
                       "    elif [[ $option == = ]]; then\n"
                       "        option=${COMP_WORDS[COMP_CWORD-2]}\n"
                       "    fi\n"
                       "    COMPREPLY=()\n"
                       "    case $option in\n",
                       function);
    add_case(out, command, is_free, "return");
    add_case(out, command, is_file, "list=(-f); compopt -o filenames");
    add_case(out, command, is_directory, "list=(-d); compopt -o filenames");
    add_choice_cases(out, command);
    add_names_case(out, command);
    bench__strbuf_addf(out,
                       "    esac\n"
                       "    mapfile -t COMPREPLY < <(compgen \"${list[@]}\" -- \"$word\")\n"
                       "}\n"
                       "complete -F %s %s\n",
                       function, program);
}
