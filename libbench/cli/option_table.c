/*
 * The table of options: names, kinds, limits, defaults and help texts, in the order of --help.
 * Data only: how a value is read stands in option_value.c, where it comes from in options.c.
 */
#include "cli/options.h"

#include <stdint.h>

#define AT(field) offsetof(struct bench__cli_options, field)

#define FLAG      BENCH__KIND_FLAG
#define TEXT      BENCH__KIND_TEXT
#define NAME      BENCH__KIND_NAME
#define FILENAME  BENCH__KIND_FILE
#define DIRECTORY BENCH__KIND_DIRECTORY
#define PATTERN   BENCH__KIND_PATTERN
#define PARAM     BENCH__KIND_PARAM
#define INTEGER   BENCH__KIND_INTEGER
#define SEED      BENCH__KIND_SEED
#define DURATION  BENCH__KIND_DURATION
#define FRACTION  BENCH__KIND_FRACTION
#define SIZE      BENCH__KIND_SIZE
#define CHOICE    BENCH__KIND_CHOICE
#define FAIL_ON   BENCH__KIND_FAIL_ON

#define RUN      BENCH__CMD_RUN
#define COMPARE  BENCH__CMD_COMPARE
#define SHOW     BENCH__CMD_SHOW
#define CHECK    BENCH__CMD_BASELINE_CHECK
#define ACCEPT   BENCH__CMD_BASELINE_ACCEPT
#define SELFTEST BENCH__CMD_SELFTEST
#define DOCTOR   BENCH__CMD_DOCTOR
#define CACHE    BENCH__CMD_BASELINE_CACHE
#define PRUNE    BENCH__CMD_BASELINE_PRUNE
#define REPORTS  (RUN | COMPARE | SHOW)
#define FILES    (REPORTS | BENCH__CMD_BASELINE_LIST | CHECK | ACCEPT)
#define ALL      (FILES | CACHE | PRUNE)

#define CHOOSING   "Choosing what runs"
#define MEASURING  "Measuring"
#define STATISTICS "Statistics"
#define BASELINES  "Baselines and gates"
#define OUTPUT     "Output"
#define GENERAL    "General"

#define MILLISECOND 1e6
#define DAY         (24 * 3600e9)
#define PEBIBYTE    0x1p50

#define QUICK_LAUNCHES         "8"
#define QUICK_WARM_UP_TIME     "60ms"
#define QUICK_MEASUREMENT_TIME "240ms"

const struct bench__preset bench__quick[BENCH__N_QUICK] = {
    {BENCH__OPT_LAUNCHES, QUICK_LAUNCHES},
    {BENCH__OPT_WARM_UP_TIME, QUICK_WARM_UP_TIME},
    {BENCH__OPT_MEASUREMENT_TIME, QUICK_MEASUREMENT_TIME},
};

#define NONE BENCH__N_OPTIONS

static const char *const list_formats[] = {"text", "json", NULL};
static const char *const samplings[] = {"auto", "flat", "linear", "latency", NULL};
static const char *const adjustments[] = {"bh", "holm", "none", NULL};
static const char *const clocks[] = {"auto", "tsc", "cntvct", "monotonic", NULL};
static const char *const formats[] = {"text",     "json",   "jsonl",   "csv",
                                      "markdown", "compat", "summary", NULL};
static const char *const colors[] = {"auto", "always", "never", NULL};
static const char *const shells[] = {"bash", NULL};

/* clang-format off */
const struct bench__option bench__options[BENCH__N_OPTIONS] = {
    [BENCH__OPT_LIST] = {
        "list", FLAG, RUN, CHOOSING, AT(list), NULL, NULL,
        .help = "print the names that the filters choose; run nothing"},
    [BENCH__OPT_FORMAT] = {
        "format", CHOICE, RUN, CHOOSING, AT(list_format), "FORMAT", "text",
        .help = "how --list prints", .choices = list_formats},
    [BENCH__OPT_EXACT] = {
        "exact", FLAG, RUN, CHOOSING, AT(exact), NULL, NULL,
        .help = "filters are full names, not patterns"},
    [BENCH__OPT_EXCLUDE] = {
        "exclude", PATTERN, RUN, CHOOSING, AT(exclude), "FILTER", NULL,
        .help = "leave out what matches", .repeatable = 1},
    [BENCH__OPT_PARAM] = {
        "param", PARAM, RUN, CHOOSING, AT(param), "NAME=V1,V2", NULL,
        .help = "give a parameter other values", .repeatable = 1},
    [BENCH__OPT_TEST] = {
        "test", FLAG, RUN, CHOOSING, AT(test), NULL, NULL,
        .help = "call each benchmark once to see that it works; no statistics"},

    [BENCH__OPT_WARM_UP_TIME] = {
        "warm-up-time", DURATION, RUN | COMPARE | SELFTEST, MEASURING, AT(warm_up_time_ns), "TIME",
        "0.4s",
        .help = "warm-up per benchmark, over all its launches", .max = DAY, .of_duels = "0.2s"},
    [BENCH__OPT_MEASUREMENT_TIME] = {
        "measurement-time", DURATION, RUN | COMPARE | SELFTEST, MEASURING, AT(measurement_time_ns),
        "TIME", "1.2s",
        .help = "measurement per benchmark, over all its launches", .min = MILLISECOND, .max = DAY,
        .of_duels = "1s"},
    [BENCH__OPT_SAMPLE_SIZE] = {
        "sample-size", INTEGER, RUN, MEASURING, AT(sample_size), "N", "500",
        .help = "samples per launch, at most", .min = 1, .max = 1e6},
    [BENCH__OPT_LAUNCHES] = {
        "launches", INTEGER, RUN | COMPARE | SELFTEST, MEASURING, AT(launches), "N", "16",
        .help = "worker processes per benchmark; more of them find smaller changes",
        .min = 1, .max = 1e4},
    [BENCH__OPT_SAMPLING] = {
        "sampling", CHOICE, RUN, MEASURING, AT(sampling), "MODE", "auto",
        .help = "how iterations form samples", .choices = samplings},
    [BENCH__OPT_QUICK] = {
        "quick", FLAG, RUN, MEASURING, AT(quick), NULL, NULL,
        .help = "for a first look: " QUICK_LAUNCHES " launches, " QUICK_WARM_UP_TIME
        " of warm-up and "
        QUICK_MEASUREMENT_TIME " of measurement per benchmark"},
    [BENCH__OPT_SEED] = {
        "seed", SEED, RUN | COMPARE | SELFTEST, MEASURING, AT(seed), "N", NULL,
        .help = "replays the order of launches and the resampling of a run"},
    [BENCH__OPT_CPU] = {
        "cpu", INTEGER, RUN, MEASURING, AT(cpu), "N", NULL,
        .help = "keep the workers on this CPU", .max = 4095},
    [BENCH__OPT_CLOCK] = {
        "clock", CHOICE, RUN | COMPARE, MEASURING, AT(clock), "CLOCK", "auto",
        .help = "what reads the time", .choices = clocks},
    [BENCH__OPT_TIMEOUT] = {
        "timeout", DURATION, RUN | COMPARE, MEASURING, AT(timeout_ns), "TIME", "30s",
        .help = "a launch that takes longer is ended and has failed",
        .min = MILLISECOND, .max = DAY},
    [BENCH__OPT_IN_PROCESS] = {
        "in-process", FLAG, RUN, MEASURING, AT(in_process), NULL, NULL,
        .help = "start no workers: for a debugger"},
    [BENCH__OPT_PROFILE_TIME] = {
        "profile-time", DURATION, RUN, MEASURING, AT(profile_time_ns), "TIME", NULL,
        .help = "just run each benchmark for so long, for a profiler: no analysis, no baselines",
        .min = MILLISECOND, .max = DAY},
    [BENCH__OPT_JOURNAL] = {
        "journal", FILENAME, RUN, MEASURING, AT(journal), "FILE", NULL,
        .help = "where the record of the run in progress is kept"},
    [BENCH__OPT_RESUME] = {
        "resume", FILENAME, RUN, MEASURING, AT(resume), "FILE", NULL,
        .help = "go on with the interrupted run that left this journal"},
    [BENCH__OPT_TIME] = {
        "time", DURATION, SELFTEST | DOCTOR, MEASURING, AT(time_ns), "TIME", NULL,
        .help = "selftest: how long to play, 60s unless given; the more, the surer the rates. "
        "doctor: how long to measure, 2s unless given, 60s at most",
        .min = MILLISECOND, .max = DAY},
    [BENCH__OPT_EFFECTS] = {
        "effects", TEXT, SELFTEST, MEASURING, AT(effects), "LIST", "0,0.5%,1%,2%,5%",
        .help = "slowdowns to play, joined by commas; 0 is equal code"},
    [BENCH__OPT_NEIGHBOUR] = {
        "neighbour", FLAG, SELFTEST, MEASURING, AT(neighbour), NULL, NULL,
        .help = "make some noise on the machine meanwhile: bursts of arithmetic and of traffic "
        "through memory, on one CPU at most"},
    [BENCH__OPT_PEERS] = {
        "peers", FILENAME, SELFTEST, MEASURING, AT(peers), "FILE", NULL,
        .help = "show the verdicts of other tools on this machine beside: their counts, in JSON"},

    [BENCH__OPT_CONFIDENCE_LEVEL] = {
        "confidence-level", FRACTION, RUN, STATISTICS, AT(confidence_level), "P", "0.95",
        .help = "confidence of the intervals of estimates", .min = 0.5, .max = 0.9999},
    [BENCH__OPT_SIGNIFICANCE_LEVEL] = {
        "significance-level", FRACTION, RUN | COMPARE, STATISTICS, AT(significance_level), "P",
        NULL, .help = "accepted risk of calling a change where there is none; otherwise the gates "
        "say, or 1%", .min = 0.0001, .max = 0.5},
    [BENCH__OPT_NRESAMPLES] = {
        "nresamples", INTEGER, RUN, STATISTICS, AT(n_resamples), "N", "100000",
        .help = "resamples of the bootstrap", .min = 100, .max = 1e7},
    [BENCH__OPT_NOISE_THRESHOLD] = {
        "noise-threshold", FRACTION, RUN | COMPARE, STATISTICS, AT(noise_threshold), "P", "0%",
        .help = "never call a change smaller than this", .max = 1},

    [BENCH__OPT_ADJUST] = {
        "adjust", CHOICE, RUN | COMPARE, STATISTICS, AT(adjust), "METHOD", "bh",
        .help = "how p-values allow for there being many: Benjamini-Hochberg, Holm, or not",
        .choices = adjustments},

    [BENCH__OPT_SAVE_BASELINE] = {
        "save-baseline", NAME, RUN, BASELINES, AT(save_baseline), "NAME", NULL,
        .help = "keep the results under this name"},
    [BENCH__OPT_BASELINE] = {
        "baseline", NAME, RUN, BASELINES, AT(baseline), "NAME", NULL,
        .help = "compare with it; a benchmark that it has and this run has not is missing"},
    [BENCH__OPT_BASELINE_LENIENT] = {
        "baseline-lenient", NAME, RUN, BASELINES, AT(baseline_lenient), "NAME", NULL,
        .help = "compare with it; nothing is missing"},
    [BENCH__OPT_LOAD_BASELINE] = {
        "load-baseline", NAME, RUN, BASELINES, AT(load_baseline), "NAME", NULL,
        .help = "run nothing; take these stored results for this run's"},
    [BENCH__OPT_BASELINE_EXE] = {
        "baseline-exe", FILENAME, RUN, BASELINES, AT(baseline_exe), "FILE", NULL,
        .help = "the executable behind the baseline: what is not a clear pass is decided by a duel "
        "with it; otherwise the one kept by --save-baseline, if it is there"},
    [BENCH__OPT_NO_DUEL] = {
        "no-duel", FLAG, RUN, BASELINES, AT(no_duel), NULL, NULL,
        .help = "compare stored results only"},
    [BENCH__OPT_BASELINES_DIR] = {
        "baselines-dir", DIRECTORY, FILES, BASELINES, AT(baselines_dir), "DIR", "baselines",
        .help = "where baselines are kept"},
    [BENCH__OPT_CACHE_SIZE] = {
        "cache-size", SIZE, RUN | CACHE | PRUNE, BASELINES, AT(cache_size_bytes), "SIZE", "512MiB",
        .help = "room for the executables that --save-baseline keeps in the cache of this user; 0 "
        "keeps none", .max = PEBIBYTE},
    [BENCH__OPT_NO_RECORD] = {
        "no-record", FLAG, RUN | COMPARE, BASELINES, AT(no_record), NULL, NULL,
        .help = "neither ask nor add to what earlier runs have shown about this machine"},
    [BENCH__OPT_GATES] = {
        "gates", FILENAME, REPORTS | CHECK, BASELINES, AT(gates), "FILE", NULL,
        .help = "thresholds and budgets; otherwise gates.json beside the baselines, if it exists"},
    [BENCH__OPT_THRESHOLD] = {
        "threshold", FRACTION, RUN | COMPARE, BASELINES, AT(threshold), "P", NULL,
        .help = "slowdown that is accepted; otherwise the gates say, or 5% (between two "
                "executables 1%)", .max = 10},
    [BENCH__OPT_FAIL_ON] = {
        "fail-on", FAIL_ON, REPORTS, BASELINES, AT(fail_on), "LIST", NULL,
        .help = "what fails the run: regressed, missing, incomparable, inconclusive, budget, "
        "joined by commas, or none; otherwise the gates say"},
    [BENCH__OPT_FROM] = {
        "from", FILENAME, ACCEPT, BASELINES, AT(from), "FILE", NULL,
        .help = "the results to accept", .only_on_line = 1},
    [BENCH__OPT_REASON] = {
        "reason", TEXT, ACCEPT, BASELINES, AT(reason), "TEXT", NULL,
        .help = "why they are acceptable; kept with the baseline", .only_on_line = 1},

    [BENCH__OPT_OUTPUT_FORMAT] = {
        "output-format", CHOICE, REPORTS | SELFTEST | DOCTOR, OUTPUT, AT(output_format), "FORMAT",
        "text",
        .help = "format of the results", .choices = formats},
    [BENCH__OPT_OUT] = {
        "out", FILENAME, REPORTS | SELFTEST, OUTPUT, AT(out), "FILE", NULL,
        .help = "write the results here too, in the format of the name's ending (.json .jsonl .csv "
        ".md) or else --output-format; - is standard output", .repeatable = 1},
    [BENCH__OPT_REPORT] = {
        "report", DIRECTORY, REPORTS, OUTPUT, AT(report), "DIR", NULL,
        .help = "write an HTML report there"},
    [BENCH__OPT_NO_PLOTS] = {
        "no-plots", FLAG, REPORTS, OUTPUT, AT(no_plots), NULL, NULL,
        .help = "leave the plots out of the report"},
    [BENCH__OPT_COLOR] = {
        "color", CHOICE, REPORTS | DOCTOR, OUTPUT, AT(color), "WHEN", "auto",
        .help = "when to use colours", .choices = colors},
    [BENCH__OPT_QUIET] = {
        "quiet", FLAG, REPORTS | SELFTEST | DOCTOR, OUTPUT, AT(quiet), NULL, NULL,
        .help = "only what is not a pass, and the last line", .letter = 'q'},
    [BENCH__OPT_VERBOSE] = {
        "verbose", FLAG, REPORTS | SELFTEST, OUTPUT, AT(verbose), NULL, NULL,
        .help = "every estimate, and what disturbed the run", .letter = 'v'},

    [BENCH__OPT_CONFIG] = {
        "config", FILENAME, RUN, GENERAL, AT(config), "FILE", NULL,
        .help = "read options from this file, lines of the form name = value"},
    [BENCH__OPT_HELP] = {
        "help", FLAG, ALL | SELFTEST | BENCH__CMD_NOISE | DOCTOR, GENERAL, AT(help), NULL, NULL,
        .help = "print this help", .letter = 'h', .only_on_line = 1},
    [BENCH__OPT_VERSION] = {
        "version", FLAG, RUN, GENERAL, AT(version), NULL, NULL,
        .help = "print the version", .only_on_line = 1},
    [BENCH__OPT_MAN] = {
        "man", FLAG, RUN, GENERAL, AT(man), NULL, NULL,
        .help = "print the manual page", .only_on_line = 1},
    [BENCH__OPT_COMPLETION] = {
        "completion", CHOICE, RUN, GENERAL, AT(completion), "SHELL", NULL,
        .help = "print a completion script", .choices = shells, .only_on_line = 1},
};
/* clang-format on */

const struct bench__conflict bench__conflicts[BENCH__N_CONFLICTS] = {
    {BENCH__OPT_BASELINE_EXE,
     {BENCH__OPT_NO_DUEL, NONE},
     "one names the executable for duels and the other forbids them"},
    {BENCH__OPT_QUIET, {BENCH__OPT_VERBOSE, NONE}, "one asks for less and one for more"},
    {BENCH__OPT_BASELINE,
     {BENCH__OPT_BASELINE_LENIENT, NONE},
     "a run is compared with one baseline, strictly or leniently"},
    {BENCH__OPT_RESUME,
     {BENCH__OPT_SEED, BENCH__OPT_JOURNAL, NONE},
     "a resumed run goes on with its own seed and journal"},
    {BENCH__OPT_TEST,
     {BENCH__OPT_PROFILE_TIME, BENCH__OPT_SAVE_BASELINE, BENCH__OPT_BASELINE,
      BENCH__OPT_BASELINE_LENIENT, BENCH__OPT_REPORT, BENCH__OPT_OUT, BENCH__OPT_OUTPUT_FORMAT,
      BENCH__OPT_JOURNAL, BENCH__OPT_RESUME, NONE},
     "--test measures nothing, so there are no results"},
    {BENCH__OPT_PROFILE_TIME,
     {BENCH__OPT_SAVE_BASELINE, BENCH__OPT_BASELINE, BENCH__OPT_BASELINE_LENIENT, BENCH__OPT_REPORT,
      BENCH__OPT_OUT, BENCH__OPT_OUTPUT_FORMAT, BENCH__OPT_JOURNAL, BENCH__OPT_RESUME, NONE},
     "a run for a profiler is not analysed and leaves baselines alone"},
    {BENCH__OPT_IN_PROCESS,
     {BENCH__OPT_SAVE_BASELINE, BENCH__OPT_BASELINE, BENCH__OPT_BASELINE_LENIENT, NONE},
     "launches of one process are no evidence to compare"},
    {BENCH__OPT_LOAD_BASELINE,
     {BENCH__OPT_TEST, BENCH__OPT_WARM_UP_TIME, BENCH__OPT_MEASUREMENT_TIME, BENCH__OPT_SAMPLE_SIZE,
      BENCH__OPT_LAUNCHES, BENCH__OPT_SAMPLING, BENCH__OPT_QUICK, BENCH__OPT_SEED, BENCH__OPT_CPU,
      BENCH__OPT_CLOCK, BENCH__OPT_TIMEOUT, BENCH__OPT_IN_PROCESS, BENCH__OPT_PROFILE_TIME,
      BENCH__OPT_JOURNAL, BENCH__OPT_RESUME, BENCH__OPT_SAVE_BASELINE, BENCH__OPT_PARAM,
      BENCH__OPT_BASELINE_EXE, NONE},
     "--load-baseline takes stored results and runs nothing"},
};

const struct bench__command bench__command_run = {
    .bit = RUN,
    .name = "",
    .arguments = "[FILTER...]",
    .max_arguments = SIZE_MAX,
    .summary = "Runs benchmarks and says what changed, and how sure that is.",
    .details =
        "FILTER is a suite or the beginning of a name (core/publish), a glob "
        "(core/**/size=64*) or a regular expression (/publish|receive/). Without one, "
        "everything runs. The filter regression_tests is whatever has a budget in the gates.",
};

const char *bench__option_initial(const struct bench__option *option,
                                  const struct bench__command *command) {
    const int is_duel = (command->bit & (BENCH__CMD_COMPARE | BENCH__CMD_SELFTEST)) != 0;
    return is_duel && option->of_duels != NULL ? option->of_duels : option->initial;
}
