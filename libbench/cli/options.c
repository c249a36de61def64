/*
 * Parsing: argv is read into (option, value) pairs, then every source is applied from the weakest
 * to the strongest, then options that do not go together are refused. What a single value may be is
 * decided in option_value.c. Prints nothing.
 */
#include "cli/options.h"
#include "base/error.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/pattern.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- one option from one source ---- */

/* What a weaker source said is dropped; within one source repeatable options add up. */
static int apply(struct bench__cli_options *options, enum bench__option_id id, const char *text,
                 enum bench__option_source source, bench_error *err) {
    const struct bench__option *option = &bench__options[id];
    if (options->source[id] != source)
        bench__option_unset(options, option);
    options->source[id] = (unsigned char)source;
    return bench__option_set(options, option, text, err);
}

int bench__cli_given(const struct bench__cli_options *options, enum bench__option_id id) {
    return options->source[id] != BENCH__FROM_DEFAULT;
}

/* Given, and not a flag that was switched off. */
static int is_active(const struct bench__cli_options *options, enum bench__option_id id) {
    const struct bench__option *option = &bench__options[id];
    return bench__cli_given(options, id) &&
           (option->kind != BENCH__KIND_FLAG ||
            *(const int *)((const char *)options + option->offset));
}

static int apply_defaults(struct bench__cli_options *options, const struct bench__command *command,
                          bench_error *err) {
    for (int id = 0; id < BENCH__N_OPTIONS; id++) {
        const char *text = bench__option_initial(&bench__options[id], command);
        int rc = text != NULL ? apply(options, id, text, BENCH__FROM_DEFAULT, err) : 0;
        if (rc != 0)
            return rc;
    }
    return 0;
}

/* ---- names ---- */

static int belongs(enum bench__option_id id, const struct bench__command *command) {
    return (bench__options[id].commands & command->bit) != 0;
}

/* The option of that name (n bytes) or letter; BENCH__N_OPTIONS when the command has none. */
static enum bench__option_id find_name(const struct bench__command *command, const char *name,
                                       size_t n) {
    int id = 0;
    while (id < BENCH__N_OPTIONS &&
           !(belongs(id, command) && strlen(bench__options[id].name) == n &&
             memcmp(bench__options[id].name, name, n) == 0))
        id++;
    return id;
}

static enum bench__option_id find_letter(const struct bench__command *command, char letter) {
    int id = 0;
    while (id < BENCH__N_OPTIONS && !(belongs(id, command) && bench__options[id].letter == letter))
        id++;
    return id;
}

enum { FARTHEST = 3 }; /* edits; what is farther is no help */

/* How far a typed name is from an option's: 0 for its beginning. */
static int distance(const char *typed, size_t n, enum bench__option_id id) {
    const char *name = bench__options[id].name;
    if (n > 0 && strncmp(name, typed, n) == 0)
        return 0;
    return bench__edit_distance(typed, name, FARTHEST);
}

/* "; did you mean --baseline?" into buf, with the nearest names, at most three; "" when none is
 * near. */
static void suggest(const struct bench__command *command, const char *typed, char *buf,
                    size_t size) {
    size_t n = strlen(typed), used = 0;
    int best = FARTHEST + 1, n_listed = 0;
    for (int id = 0; id < BENCH__N_OPTIONS; id++) {
        if (belongs(id, command) && distance(typed, n, id) < best)
            best = distance(typed, n, id);
    }
    buf[0] = '\0';
    if (best > FARTHEST || (size_t)best * 3 > n)
        return;
    for (int id = 0; id < BENCH__N_OPTIONS && n_listed < 3; id++) {
        if (belongs(id, command) && distance(typed, n, id) == best)
            used += (size_t)snprintf(buf + used, size - used, "%s--%s",
                                     n_listed++ == 0 ? "; did you mean " : " or ",
                                     bench__options[id].name);
    }
    snprintf(buf + used, size - used, "?");
}

static int unknown_option(const struct bench__command *command, const char *argument,
                          bench_error *err) {
    char name[64], near[160];
    const char *start = argument + strspn(argument, "-");
    snprintf(name, sizeof name, "%.*s", (int)strcspn(start, "="), start);
    suggest(command, name, near, sizeof near);
    return bench__error(err, BENCH_EINVAL, "unknown option '%.60s'%s", argument, near);
}

/* ---- argv ---- */

/* An option as it stands on the command line; the value is borrowed from argv. */
struct assignment {
    enum bench__option_id id;
    const char *value;
};

struct line {
    const struct bench__command *command;
    int argc;
    char *const *argv;
    struct assignment *assignments; /* room for argc */
    int n_assignments;
    struct bench__texts *arguments;
};

/* The value behind an option without '=': the next argument, unless that is an option itself. */
static int next_value(struct line *line, int *i, const struct bench__option *option,
                      const char **value, bench_error *err) {
    const char *next = *i + 1 < line->argc ? line->argv[*i + 1] : NULL;
    if (next == NULL)
        return bench__error(err, BENCH_EINVAL, "--%s needs a value: --%s %s", option->name,
                            option->name, option->value);
    if (strncmp(next, "--", 2) == 0)
        return bench__error(
            err, BENCH_EINVAL,
            "--%s needs a value, and '%.60s' looks like an option; write --%s=%.60s "
            "if it is the value",
            option->name, next, option->name, next);
    *value = next;
    ++*i;
    return 0;
}

static int read_option(struct line *line, int *i, bench_error *err) {
    const char *argument = line->argv[*i], *equals = NULL;
    int id = BENCH__N_OPTIONS;
    if (argument[1] != '-' && argument[2] == '\0') {
        id = find_letter(line->command, argument[1]);
    } else if (argument[1] == '-') {
        size_t n = strcspn(argument + 2, "=");
        id = find_name(line->command, argument + 2, n);
        equals = argument[2 + n] == '=' ? argument + 2 + n : NULL;
    }
    if (id == BENCH__N_OPTIONS)
        return unknown_option(line->command, argument, err);

    const struct bench__option *option = &bench__options[id];
    const char *value = "yes";
    int rc = 0;
    if (equals != NULL)
        value = equals + 1;
    else if (option->kind != BENCH__KIND_FLAG)
        rc = next_value(line, i, option, &value, err);
    line->assignments[line->n_assignments++] = (struct assignment){id, value};
    return rc;
}

static int read_line(struct line *line, bench_error *err) {
    int only_arguments = 0, rc = 0;
    for (int i = 1; i < line->argc && rc == 0; i++) {
        const char *argument = line->argv[i];
        if (!only_arguments && strcmp(argument, "--") == 0)
            only_arguments = 1;
        else if (only_arguments || argument[0] != '-' || argument[1] == '\0')
            rc = bench__texts_add(line->arguments, argument, err);
        else
            rc = read_option(line, &i, err);
    }
    return rc;
}

static int apply_line(struct bench__cli_options *options, const struct line *line,
                      bench_error *err) {
    for (int i = 0; i < line->n_assignments; i++) {
        const struct assignment *a = &line->assignments[i];
        int rc = apply(options, a->id, a->value, BENCH__FROM_COMMAND_LINE, err);
        if (rc != 0)
            return rc;
    }
    return 0;
}

/* ---- environment ---- */

const char *bench__option_variable(const struct bench__option *option, char buf[64]) {
    snprintf(buf, 64, "BENCH_%s", option->name);
    for (char *p = buf; *p != '\0'; p++)
        *p = *p == '-' ? '_' : (char)toupper((unsigned char)*p);
    return buf;
}

/* The parts between ';' of a repeatable option's variable. */
static int apply_parts(struct bench__cli_options *options, enum bench__option_id id,
                       const char *text, bench_error *err) {
    char *copy = bench__strdup(text), *rest = NULL;
    if (copy == NULL)
        return bench__error(err, BENCH_ENOMEM, "out of memory");
    int rc = 0;
    for (char *part = strtok_r(copy, ";", &rest); part != NULL && rc == 0;
         part = strtok_r(NULL, ";", &rest))
        rc = apply(options, id, part, BENCH__FROM_ENVIRONMENT, err);
    bench__free(copy);
    return rc;
}

static int apply_variable(struct bench__cli_options *options, enum bench__option_id id,
                          bench_error *err) {
    char name[64];
    const struct bench__option *option = &bench__options[id];
    const char *text = getenv(bench__option_variable(option, name));
    if (text == NULL || *text == '\0') /* empty is how a CI system says "not set" */
        return 0;
    int rc = option->repeatable ? apply_parts(options, id, text, err)
                                : apply(options, id, text, BENCH__FROM_ENVIRONMENT, err);
    if (rc != 0)
        bench__error_place(err, "%s", name);
    return rc;
}

static int apply_environment(struct bench__cli_options *options,
                             const struct bench__command *command, bench_error *err) {
    for (int id = 0; id < BENCH__N_OPTIONS; id++) {
        int rc = 0;
        if (belongs(id, command) && !bench__options[id].only_on_line)
            rc = apply_variable(options, id, err);
        if (rc != 0)
            return rc;
    }
    return 0;
}

/* ---- configuration file ---- */

static char *trim(char *text) {
    text += strspn(text, " \t");
    size_t n = strlen(text);
    while (n > 0 && strchr(" \t\r", text[n - 1]) != NULL)
        n--;
    text[n] = '\0';
    return text;
}

/* Ends the line at a '#' that starts it or follows a blank: names may hold one. */
static void cut_comment(char *line) {
    for (char *p = line; *p != '\0'; p++) {
        if (*p == '#' && (p == line || p[-1] == ' ' || p[-1] == '\t')) {
            *p = '\0';
            return;
        }
    }
}

static int apply_setting(struct bench__cli_options *options, const struct bench__command *command,
                         char *line, bench_error *err) {
    char *equals = strchr(line, '=');
    if (equals == NULL)
        return bench__error(err, BENCH_EINVAL, "'%.60s' does not have the form name = value", line);
    *equals = '\0';
    const char *name = trim(line), *value = trim(equals + 1);
    int id = find_name(command, name, strlen(name));
    if (id == BENCH__N_OPTIONS)
        return unknown_option(command, name, err);
    if (id == BENCH__OPT_CONFIG || bench__options[id].only_on_line)
        return bench__error(err, BENCH_EINVAL, "'%s' can only be given on the command line", name);
    if (options->source[id] == BENCH__FROM_FILE && !bench__options[id].repeatable)
        return bench__error(err, BENCH_EINVAL, "'%s' is given twice", name);
    return apply(options, id, value, BENCH__FROM_FILE, err);
}

static int apply_lines(struct bench__cli_options *options, const struct bench__command *command,
                       const char *path, char *text, bench_error *err) {
    int number = 0, rc = 0;
    while (text != NULL && rc == 0) {
        char *line = strsep(&text, "\n");
        number++;
        cut_comment(line);
        line = trim(line);
        rc = *line != '\0' ? apply_setting(options, command, line, err) : 0;
    }
    if (rc != 0)
        bench__error_place(err, "%s:%d", path, number);
    return rc;
}

enum { MAX_CONFIG_BYTES = 1 << 20 };

static int apply_file(struct bench__cli_options *options, const struct bench__command *command,
                      const char *path, bench_error *err) {
    char *text = NULL;
    size_t n = 0;
    int rc = bench__read_file(&text, &n, path, MAX_CONFIG_BYTES, err);
    if (rc != 0)
        return rc;
    if (strlen(text) != n) {
        rc = bench__error(err, BENCH_EFORMAT, "not a text file: it holds a zero byte");
        bench__error_place(err, "%s", path);
    } else {
        rc = apply_lines(options, command, path, text, err);
    }
    bench__free(text);
    return rc;
}

/* The file of --config, or of its variable; NULL without one. */
static const char *config_path(const struct line *line) {
    const char *path = belongs(BENCH__OPT_CONFIG, line->command) ? getenv("BENCH_CONFIG") : NULL;
    for (int i = 0; i < line->n_assignments; i++) {
        if (line->assignments[i].id == BENCH__OPT_CONFIG)
            path = line->assignments[i].value;
    }
    return path != NULL && *path != '\0' ? path : NULL;
}

/* ---- what goes together ---- */

/* As if the option had not been given. */
static int reset(struct bench__cli_options *options, enum bench__option_id id, bench_error *err) {
    const struct bench__option *option = &bench__options[id];
    bench__option_unset(options, option);
    options->source[id] = BENCH__FROM_DEFAULT;
    return option->initial != NULL ? bench__option_set(options, option, option->initial, err) : 0;
}

/* Two options of one source are a mistake; otherwise the stronger source sets the other aside. */
static int settle(struct bench__cli_options *options, enum bench__option_id one,
                  enum bench__option_id other, const char *why, bench_error *err) {
    static const char *const places[] = {
        [BENCH__FROM_FILE] = "configuration file", [BENCH__FROM_ENVIRONMENT] = "environment"};
    enum bench__option_source source = options->source[one];
    if (source < options->source[other])
        return reset(options, one, err);
    if (source > options->source[other])
        return reset(options, other, err);
    int rc = bench__error(err, BENCH_EINVAL, "--%s and --%s do not go together: %s",
                          bench__options[one].name, bench__options[other].name, why);
    if (source != BENCH__FROM_COMMAND_LINE)
        bench__error_place(err, "%s", places[source]);
    return rc;
}

static int settle_all(struct bench__cli_options *options, bench_error *err) {
    for (size_t i = 0; i < BENCH__N_CONFLICTS; i++) {
        const struct bench__conflict *c = &bench__conflicts[i];
        int rc = 0;
        for (const enum bench__option_id *id = c->others; *id != BENCH__N_OPTIONS && rc == 0;
             id++) {
            if (is_active(options, c->one) && is_active(options, *id))
                rc = settle(options, c->one, *id, c->why, err);
        }
        if (rc != 0)
            return rc;
    }
    if (options->source[BENCH__OPT_FORMAT] == BENCH__FROM_COMMAND_LINE && !options->list)
        return bench__error(err, BENCH_EINVAL,
                            "--format belongs to --list; for results there is --output-format");
    return 0;
}

/* Filters are patterns unless --exact says that they are names. */
static int check_filters(const struct bench__cli_options *options, bench_error *err) {
    for (size_t i = 0; i < options->arguments.n && !options->exact; i++) {
        struct bench__pattern *pattern = NULL;
        int rc = bench__pattern_new(&pattern, options->arguments.items[i], err);
        bench__pattern_free(pattern);
        if (rc != 0) {
            bench__error_place(err, "filter");
            return rc;
        }
    }
    return 0;
}

static int check_arguments(const struct bench__cli_options *options,
                           const struct bench__command *command, bench_error *err) {
    size_t n = options->arguments.n;
    if (n < command->min_arguments)
        return bench__error(err, BENCH_EINVAL, "needs %s", command->arguments);
    if (n > command->max_arguments)
        return bench__error(err, BENCH_EINVAL, "unexpected argument '%.60s'",
                            options->arguments.items[command->max_arguments]);
    return command->bit == BENCH__CMD_RUN ? check_filters(options, err) : 0;
}

/* ---- all together ---- */

/* --quick stands for three options given at the same place, where one given there itself, or at a
 * stronger place, wins. */
static int apply_quick(struct bench__cli_options *options, bench_error *err) {
    enum bench__option_source source = options->source[BENCH__OPT_QUICK];
    for (size_t i = 0; i < BENCH__N_QUICK && options->quick; i++) {
        const struct bench__preset *preset = &bench__quick[i];
        int rc = 0;
        if (options->source[preset->id] < source)
            rc = apply(options, preset->id, preset->text, source, err);
        if (rc != 0)
            return rc;
    }
    return 0;
}

static int asks_for_text(const struct line *line) {
    for (int i = 0; i < line->n_assignments; i++) {
        enum bench__option_id id = line->assignments[i].id;
        if (id == BENCH__OPT_HELP || id == BENCH__OPT_VERSION || id == BENCH__OPT_MAN ||
            id == BENCH__OPT_COMPLETION)
            return 1;
    }
    return 0;
}

static int apply_sources(struct bench__cli_options *options, const struct line *line,
                         bench_error *err) {
    const char *config = config_path(line);
    int rc = config != NULL ? apply_file(options, line->command, config, err) : 0;
    if (rc == 0)
        rc = apply_environment(options, line->command, err);
    if (rc == 0)
        rc = apply_line(options, line, err);
    if (rc == 0)
        rc = settle_all(options, err);
    if (rc == 0)
        rc = check_arguments(options, line->command, err);
    return rc == 0 ? apply_quick(options, err) : rc;
}

int bench__cli_parse(struct bench__cli_options *options, const struct bench__command *command,
                     int argc, char *const *argv, bench_error *err) {
    *options = (struct bench__cli_options){0};
    struct line line = {.command = command, .argc = argc, .argv = argv};
    line.arguments = &options->arguments;
    line.assignments = bench__alloc(argc > 0 ? (size_t)argc : 0, sizeof *line.assignments);
    if (line.assignments == NULL)
        return bench__error(err, BENCH_ENOMEM, "out of memory");
    int rc = apply_defaults(options, command, err);
    if (rc == 0)
        rc = read_line(&line, err);
    if (rc == 0)
        rc = asks_for_text(&line) ? apply_line(options, &line, err)
                                  : apply_sources(options, &line, err);
    bench__free(line.assignments);
    return rc;
}

void bench__cli_clear(struct bench__cli_options *options) {
    bench__texts_clear(&options->arguments);
    for (int id = 0; id < BENCH__N_OPTIONS; id++)
        bench__option_unset(options, &bench__options[id]);
}

static int64_t pick(const struct bench__cli_options *options, enum bench__option_id id,
                    int64_t value, int64_t own) {
    return own > 0 && !bench__cli_given(options, id) ? own : value;
}

void bench__cli_resolve(bench_resolved *out, const struct bench__cli_options *options,
                        const bench_opts *own) {
    static const bench_opts none;
    if (own == NULL)
        own = &none;
    out->sampling = options->sampling != BENCH_SAMPLING_AUTO ? (bench_sampling)options->sampling
                    : own->sampling != BENCH_SAMPLING_AUTO   ? own->sampling
                                                             : BENCH_SAMPLING_FLAT;
    out->warm_up_time_ns =
        pick(options, BENCH__OPT_WARM_UP_TIME, options->warm_up_time_ns, own->warm_up_time_ns);
    out->measurement_time_ns = pick(options, BENCH__OPT_MEASUREMENT_TIME,
                                    options->measurement_time_ns, own->measurement_time_ns);
    out->launches = (int)pick(options, BENCH__OPT_LAUNCHES, options->launches, own->launches);
    out->sample_size =
        (int)pick(options, BENCH__OPT_SAMPLE_SIZE, options->sample_size, own->sample_size);
    out->timeout_ns = pick(options, BENCH__OPT_TIMEOUT, options->timeout_ns, own->timeout_ns);
    out->confidence_level = options->confidence_level;
    out->n_resamples = options->n_resamples;
}
