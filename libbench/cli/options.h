/*
 * cli/options.h - the command line of run_benches and benchctl: one table gives parsing, help,
 * environment variables, manual page and completion.
 *
 * An option's value comes from the command line, else its environment variable (--save-baseline is
 * BENCH_SAVE_BASELINE), else the file of --config, else the table. Of two options that exclude each
 * other the one from the stronger source stands; from one source they are an error. Nothing here
 * prints or exits.
 */
#ifndef BENCH_CLI_OPTIONS_H
#define BENCH_CLI_OPTIONS_H

#include "base/strbuf.h"
#include <bench/result.h>

/** Every option, in the order of the table and of --help. */
enum bench__option_id {
    BENCH__OPT_LIST,
    BENCH__OPT_FORMAT,
    BENCH__OPT_EXACT,
    BENCH__OPT_EXCLUDE,
    BENCH__OPT_PARAM,
    BENCH__OPT_TEST,
    BENCH__OPT_WARM_UP_TIME,
    BENCH__OPT_MEASUREMENT_TIME,
    BENCH__OPT_SAMPLE_SIZE,
    BENCH__OPT_LAUNCHES,
    BENCH__OPT_SAMPLING,
    BENCH__OPT_QUICK,
    BENCH__OPT_SEED,
    BENCH__OPT_CPU,
    BENCH__OPT_CLOCK,
    BENCH__OPT_TIMEOUT,
    BENCH__OPT_IN_PROCESS,
    BENCH__OPT_PROFILE_TIME,
    BENCH__OPT_JOURNAL,
    BENCH__OPT_RESUME,
    BENCH__OPT_TIME,
    BENCH__OPT_EFFECTS,
    BENCH__OPT_NEIGHBOUR,
    BENCH__OPT_PEERS,
    BENCH__OPT_CONFIDENCE_LEVEL,
    BENCH__OPT_SIGNIFICANCE_LEVEL,
    BENCH__OPT_NRESAMPLES,
    BENCH__OPT_NOISE_THRESHOLD,
    BENCH__OPT_ADJUST,
    BENCH__OPT_SAVE_BASELINE,
    BENCH__OPT_BASELINE,
    BENCH__OPT_BASELINE_LENIENT,
    BENCH__OPT_LOAD_BASELINE,
    BENCH__OPT_BASELINE_EXE,
    BENCH__OPT_NO_DUEL,
    BENCH__OPT_BASELINES_DIR,
    BENCH__OPT_CACHE_SIZE,
    BENCH__OPT_NO_RECORD,
    BENCH__OPT_GATES,
    BENCH__OPT_THRESHOLD,
    BENCH__OPT_FAIL_ON,
    BENCH__OPT_FROM,
    BENCH__OPT_REASON,
    BENCH__OPT_OUTPUT_FORMAT,
    BENCH__OPT_OUT,
    BENCH__OPT_REPORT,
    BENCH__OPT_NO_PLOTS,
    BENCH__OPT_COLOR,
    BENCH__OPT_QUIET,
    BENCH__OPT_VERBOSE,
    BENCH__OPT_CONFIG,
    BENCH__OPT_HELP,
    BENCH__OPT_VERSION,
    BENCH__OPT_MAN,
    BENCH__OPT_COMPLETION,
    BENCH__N_OPTIONS
};

/** Where an option's value came from; a later one wins. */
enum bench__option_source {
    BENCH__FROM_DEFAULT = 0,
    BENCH__FROM_FILE,
    BENCH__FROM_ENVIRONMENT,
    BENCH__FROM_COMMAND_LINE
};

enum bench__format {
    BENCH__FORMAT_TEXT = 0,
    BENCH__FORMAT_JSON,
    BENCH__FORMAT_JSONL,
    BENCH__FORMAT_CSV,
    BENCH__FORMAT_MARKDOWN,
    BENCH__FORMAT_COMPAT,
    BENCH__FORMAT_SUMMARY,
    BENCH__N_FORMATS
};

enum bench__color { BENCH__COLOR_AUTO = 0, BENCH__COLOR_ALWAYS, BENCH__COLOR_NEVER };

/** Exit codes that do not come from an outcome. */
enum {
    BENCH__EXIT_OK = 0,
    BENCH__EXIT_USAGE = 2,
    BENCH__EXIT_INTERRUPTED = 130 /* 128 + SIGINT */
};

/** Texts of a repeatable option, in order. */
struct bench__texts {
    char **items; /* owned */
    size_t n, capacity;
};

/** Every option resolved. Texts are owned. What has no default in the table is 0 or NULL when not
 *  given; whether a number was given tells bench__cli_given(). */
struct bench__cli_options {
    unsigned char source[BENCH__N_OPTIONS]; /* enum bench__option_source */
    struct bench__texts arguments;          /* run_benches: filters; benchctl: its operands */

    int list;
    int list_format; /* enum bench__format, TEXT or JSON */
    int exact;
    struct bench__texts exclude; /* patterns that compile */
    struct bench__texts param;   /* "NAME=V1,V2": a name and at least one value, none empty */
    int test;

    int64_t warm_up_time_ns, measurement_time_ns; /* over all launches of a benchmark */
    int64_t sample_size, launches;                /* for these and timeout: bench__cli_resolve() */
    int sampling; /* bench_sampling; AUTO leaves it to the benchmark */
    int quick;    /* already applied to launches and both times */
    uint64_t seed;
    int64_t cpu;
    int clock; /* bench_clock_kind */
    int64_t timeout_ns;
    int in_process;
    int64_t profile_time_ns;
    char *journal, *resume;

    int adjust;      /* enum bench__adjustment */
    int64_t time_ns; /* of selftest and doctor, which have defaults of their own */
    char *effects;   /* "0,0.5%", not checked yet */
    int neighbour;
    char *peers;

    double confidence_level, significance_level, noise_threshold, threshold;
    int64_t n_resamples;

    char *save_baseline, *baseline, *baseline_lenient, *load_baseline, *baseline_exe;
    int no_duel;
    char *baselines_dir;
    int64_t cache_size_bytes; /* of all kept executables; 0: keep none */
    int no_record;
    char *gates;
    unsigned fail_on; /* BENCH__FAIL_... */
    char *from, *reason;

    int output_format; /* enum bench__format */
    struct bench__texts out;
    char *report;
    int no_plots;
    int color; /* enum bench__color */
    int quiet, verbose;

    char *config;
    int help, version, man;
    int completion; /* bash is the only shell: look at bench__cli_given() */
};

/** Commands an option belongs to; bits. */
enum {
    BENCH__CMD_RUN = 1 << 0, /* run_benches */
    BENCH__CMD_COMPARE = 1 << 1,
    BENCH__CMD_SHOW = 1 << 2,
    BENCH__CMD_BASELINE_LIST = 1 << 3,
    BENCH__CMD_BASELINE_CHECK = 1 << 4,
    BENCH__CMD_BASELINE_ACCEPT = 1 << 5,
    BENCH__CMD_SELFTEST = 1 << 6,
    BENCH__CMD_BASELINE_CACHE = 1 << 7,
    BENCH__CMD_BASELINE_PRUNE = 1 << 8,
    BENCH__CMD_NOISE = 1 << 9,
    BENCH__CMD_DOCTOR = 1 << 10
};

/** A command: what it takes besides options, and what its help says about it. */
struct bench__command {
    unsigned bit;
    const char *name;      /* "" for run_benches, else as typed after benchctl: "baseline list" */
    const char *arguments; /* "[FILTER...]", "OLD NEW", "" */
    size_t min_arguments, max_arguments;
    const char *summary; /* one line */
    const char *details; /* a paragraph, or NULL */
};
extern const struct bench__command bench__command_run;

/** What a value is; texts come last. */
enum bench__option_kind {
    BENCH__KIND_FLAG,
    BENCH__KIND_INTEGER,
    BENCH__KIND_SEED,
    BENCH__KIND_DURATION,
    BENCH__KIND_FRACTION,
    BENCH__KIND_SIZE, /* bytes */
    BENCH__KIND_CHOICE,
    BENCH__KIND_FAIL_ON,
    BENCH__KIND_TEXT, /* not blank, one line */
    BENCH__KIND_NAME, /* of a baseline: one safe path component */
    BENCH__KIND_FILE,
    BENCH__KIND_DIRECTORY,
    BENCH__KIND_PATTERN,
    BENCH__KIND_PARAM
};

/** One row of the table: the first eight always, the rest where it applies. */
struct bench__option {
    const char *name; /* without dashes */
    enum bench__option_kind kind;
    unsigned commands;   /* BENCH__CMD_... */
    const char *group;   /* heading in the help */
    size_t offset;       /* of the field in struct bench__cli_options */
    const char *value;   /* placeholder in the help; NULL for flags */
    const char *initial; /* default, as a user would write it; NULL: none */
    const char *help;
    char letter;                /* short form */
    int repeatable;             /* the field is a struct bench__texts */
    int only_on_line;           /* has no variable and no place in a configuration file */
    const char *const *choices; /* KIND_CHOICE: NULL-terminated; the field is the index */
    double min, max;            /* KIND_INTEGER, KIND_DURATION (ns), KIND_FRACTION, KIND_SIZE */
    const char *of_duels;       /* default where duels are played, if it is another */
};
extern const struct bench__option bench__options[BENCH__N_OPTIONS];

/** The default of an option for a command; NULL: none. */
const char *bench__option_initial(const struct bench__option *option,
                                  const struct bench__command *command);

/** What --quick stands for. */
struct bench__preset {
    enum bench__option_id id;
    const char *text;
};
#define BENCH__N_QUICK 3
extern const struct bench__preset bench__quick[BENCH__N_QUICK];

/** `one` excludes each of `others`. */
struct bench__conflict {
    enum bench__option_id one, others[20]; /* ended by BENCH__N_OPTIONS */
    const char *why;
};
#define BENCH__N_CONFLICTS 8
extern const struct bench__conflict bench__conflicts[BENCH__N_CONFLICTS];

/**
 * Parses argv[1..] and everything that stands behind it (environment, configuration file,
 * defaults). With --help, --version, --man or --completion only the command line is looked at, so
 * that a broken environment does not stand between a user and the help.
 * @param options filled; to be cleared with bench__cli_clear() after success and failure alike.
 * @return 0, BENCH_EINVAL (err says what is accepted and, in its place, where the value came from),
 * BENCH_ENOMEM, or the error of reading the configuration file.
 */
int bench__cli_parse(struct bench__cli_options *options, const struct bench__command *command,
                     int argc, char *const *argv, bench_error *err);
void bench__cli_clear(struct bench__cli_options *options);

/** 1 when the option was given by the user, wherever; 0 when its value is the table's. */
int bench__cli_given(const struct bench__cli_options *options, enum bench__option_id id);

/** The options in force for a benchmark: what the user gave, else the benchmark's own (`own` may be
 *  NULL), else the table's. */
void bench__cli_resolve(bench_resolved *out, const struct bench__cli_options *options,
                        const bench_opts *own);

/** The variable of an option, such as BENCH_SAVE_BASELINE, into buf. @return buf. */
const char *bench__option_variable(const struct bench__option *option, char buf[64]);

/* ---- cli/option_value.c ---- */

/** Sets one field from text; repeatable ones append. @return 0, BENCH_ENOMEM, or BENCH_EINVAL with
 *  an error that says what the option wants. */
int bench__option_set(struct bench__cli_options *options, const struct bench__option *option,
                      const char *text, bench_error *err);
/** Frees what a field holds and makes it 0 or NULL. */
void bench__option_unset(struct bench__cli_options *options, const struct bench__option *option);
int bench__texts_add(struct bench__texts *texts, const char *text, bench_error *err);
void bench__texts_clear(struct bench__texts *texts);
/* ---- cli/help.c ---- */

/** The last component of argv[0]; "run_benches" when there is none or it is not fit to be shown. */
const char *bench__program_name(const char *argv0);
/** Help for one command, at most 80 columns. */
void bench__help_text(struct bench__strbuf *out, const struct bench__command *command,
                      const char *program);
/** Manual page, for `man -l`. */
void bench__help_man(struct bench__strbuf *out, const struct bench__command *command,
                     const char *program);
/** Completion script for bash, to be sourced. */
void bench__help_bash(struct bench__strbuf *out, const struct bench__command *command,
                      const char *program);

#endif
