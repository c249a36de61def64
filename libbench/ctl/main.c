/*
 * benchctl: works on stored results. Here is the table of commands and what is the same for all of
 * them: options, help, errors, exit codes. Each command has a file of its own.
 */
#include "base/error.h"
#include "base/pattern.h"
#include "ctl/commands.h"
#include "worker/worker.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

static const struct entry {
    struct bench__command command;
    benchctl_fn *run;
} entries[] = {
    {{BENCH__CMD_COMPARE, "compare", "OLD NEW [FILTER...]", 2, SIZE_MAX,
      "Says what changed: executables or stored runs.",
      "Two executables, or executable:benchmark, are measured side by side: their workers take "
      "turns on one CPU, and FILTERs choose the benchmarks. This is the way to decide on a noisy "
      "machine. Stored runs are each a results file, a directory with one file per suite, or the "
      "name of a baseline. What OLD has and NEW has not is missing."},
     benchctl_compare},
    {{BENCH__CMD_SHOW, "show", "FILE", 1, 1, "Shows a stored run and checks its budgets.",
      "FILE is a results file, a directory with one file per suite, or the name of a baseline."},
     benchctl_show},
    {{BENCH__CMD_SELFTEST, "selftest", "", 0, 0, "Measures how far verdicts can be trusted here.",
      "Plays duels whose answer is known: equal code, and code that does exactly so much more "
      "work. "
      "Says how often a change was seen where there is none, how often one was found, and in what "
      "time. Exit code 3 when a bar is missed with confidence."},
     benchctl_selftest},
    {{BENCH__CMD_NOISE, "noise", "[FILTER...]", 0, SIZE_MAX,
      "Shows what earlier runs say about this machine.",
      "For each benchmark: how many runs are known, how far its time moves from run to run (as a "
      "standard deviation; it takes 5 runs to know), how far a copy of an executable is from "
      "itself, and the last run."},
     benchctl_noise},
    {{BENCH__CMD_BASELINE_LIST, "baseline list", "", 0, 0, "Lists the stored baselines.", NULL},
     benchctl_baseline_list},
    {{BENCH__CMD_BASELINE_CHECK, "baseline check", "", 0, 0,
      "Loads baselines and gates and says what is wrong.", NULL},
     benchctl_baseline_check},
    {{BENCH__CMD_BASELINE_ACCEPT, "baseline accept", "NAME", 1, 1,
      "Makes stored results a baseline, with a reason.",
      "The reason is written to ACCEPTED.md beside the baseline before anything else. Benchmarks "
      "that the results do not have stay as they are."},
     benchctl_baseline_accept},
    {{BENCH__CMD_BASELINE_CACHE, "baseline cache", "", 0, 0, "Lists the kept executables.",
      "--save-baseline keeps a copy of the executable in a cache of this user, so that it can be "
      "measured again beside a new one."},
     benchctl_baseline_cache},
    {{BENCH__CMD_BASELINE_PRUNE, "baseline prune", "", 0, 0, "Removes kept executables.",
      "Those that were not used for longest go first, until the rest has room in --cache-size; "
      "with 0 all of them go. Baselines stay as they are."},
     benchctl_baseline_prune},
    {{BENCH__CMD_DOCTOR, "doctor", "", 0, 0, "Says what this machine is like for benchmarks.",
      "Looks at settings, clock, limits and load, and measures for two seconds how steady the "
      "machine is. Each thing that could be better comes with what it means and what to do. "
      "Changes nothing."},
     benchctl_doctor},
};
enum { N_ENTRIES = sizeof entries / sizeof entries[0] };

static void print_usage(FILE *out) {
    fprintf(out, "Usage: benchctl COMMAND ...\n\n"
                 "Works on benchmark executables and their results.\n\n");
    for (size_t i = 0; i < N_ENTRIES; i++) {
        char left[40];
        snprintf(left, sizeof left, "%s %s", entries[i].command.name, entries[i].command.arguments);
        fprintf(out, "  %-28s %s\n", left, entries[i].command.summary);
    }
    fprintf(out, "\nbenchctl COMMAND --help explains a command; --version prints the version.\n");
}

/* Number of arguments that spell the command's name ("baseline list" takes two), 0 when they do
 * not. */
static int spells(int argc, char *const *argv, const char *name) {
    int n_words = 0;
    while (n_words < argc) {
        size_t n = strcspn(name, " ");
        if (strlen(argv[n_words]) != n || memcmp(argv[n_words], name, n) != 0)
            return 0;
        n_words++;
        name += n;
        if (*name == '\0')
            return n_words;
        name++;
    }
    return 0;
}

static int unknown_command(int argc, char *const *argv) {
    char typed[80];
    snprintf(typed, sizeof typed, "%s%s%s", argv[0], argc > 1 ? " " : "", argc > 1 ? argv[1] : "");
    bench_error err = {0};
    bench__error(&err, BENCH_EINVAL, "unknown command '%s'", argv[0]);
    fprintf(stderr, "benchctl: %s", err.text);
    for (size_t i = 0; i < N_ENTRIES; i++) {
        const char *name = entries[i].command.name;
        if (bench__edit_distance(typed, name, 3) <= 3 ||
            bench__edit_distance(argv[0], name, 2) <= 2)
            fprintf(stderr, "; did you mean %s?", name);
    }
    fputs("\nTry benchctl --help.\n", stderr);
    return BENCH__EXIT_USAGE;
}

static int print_help(const struct bench__command *command) {
    struct bench__strbuf text;
    bench__strbuf_init(&text);
    bench__help_text(&text, command, "benchctl");
    const char *ready = bench__strbuf_text(&text);
    int rc = ready != NULL && fputs(ready, stdout) >= 0 ? BENCH__EXIT_OK : BENCH__EXIT_USAGE;
    bench__strbuf_clear(&text);
    return rc;
}

static int run_entry(const struct entry *entry, int argc, char *const *argv) {
    struct bench__cli_options options;
    bench_error err = {0};
    int rc = bench__cli_parse(&options, &entry->command, argc, argv, &err);
    if (rc == 0 && options.help)
        rc = print_help(&entry->command);
    else if (rc == 0)
        rc = entry->run(&options, &err);
    bench__cli_clear(&options);
    if (rc >= 0)
        return rc;
    char line[sizeof err.text + sizeof err.place + 4];
    fprintf(stderr, "benchctl %s: %s\n", entry->command.name,
            bench__error_line(&err, line, sizeof line));
    return BENCH__EXIT_USAGE;
}

int main(int argc, char **argv) {
    if (bench__worker_is_one()) {
        return benchctl_serve_selftest();
    }
    if (argc < 2) {
        print_usage(stderr);
        return BENCH__EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        print_usage(stdout);
        return BENCH__EXIT_OK;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("benchctl (libbench %s)\n", bench_version());
        return BENCH__EXIT_OK;
    }
    for (size_t i = 0; i < N_ENTRIES; i++) {
        int n_words = spells(argc - 1, argv + 1, entries[i].command.name);
        if (n_words > 0)
            return run_entry(&entries[i], argc - n_words, argv + n_words);
    }
    return unknown_command(argc - 1, argv + 1);
}
