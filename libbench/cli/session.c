/*
 * Opening and closing of one invocation. Reads files; measures and judges nothing.
 */
#include "cli/session.h"

#include "base/error.h"
#include "base/fs.h"
#include "base/mem.h"
#include "cli/listing.h"
#include "cli/output.h"
#include "cli/selection.h"
#include "local/dirs.h"
#include "local/executables.h"
#include "result/baseline.h"
#include "result/model.h"
#include "run/runner.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

int bench__session_open(struct bench__session *s) {
    const int wants_budgets = bench__cli_wants_budgets(s->suites, s->n_suites, s->options, s->err);
    int code = wants_budgets > 0 ? bench__cli_gates(&s->gates, s->options, s->err) : wants_budgets;
    const struct bench__gates *only = s->gates;
    if (code == 0) {
        code = bench__cli_select(&s->cases, &s->n_cases, s->suites, s->n_suites, s->options, only,
                                 s->err);
    }
    if (code == 0) {
        code = bench__cli_select_pairs(&s->pairs, &s->n_pairs, s->cases, s->n_cases, s->options,
                                       only, s->err);
    }
    return code;
}

/* Names of the suites that have a chosen case, in order; each once. */
static size_t chosen_suites(const struct bench__session *s, const char **out) {
    size_t n = 0;
    for (size_t i = 0; i < s->n_cases; i++) {
        const char *name = s->cases[i].suite->name;
        if (n == 0 || strcmp(out[n - 1], name) != 0) {
            out[n++] = name;
        }
    }
    return n;
}

static int load_baseline(struct bench__session *s, bench_run **out, const char *name) {
    const char **suites = bench__alloc(s->n_suites, sizeof *suites);
    if (suites == NULL) {
        return bench__error(s->err, BENCH_ENOMEM, "out of memory");
    }
    const size_t n = chosen_suites(s, suites);
    bench_error note = {0}; /* also set when only another machine's baseline was found */
    const int code =
        bench__baseline_load(out, s->options->baselines_dir, name, &s->run->host, suites, n, &note);
    bench__free(suites);
    if (code != 0) {
        *s->err = note;
    } else if (note.code != 0) {
        fprintf(stderr, "note: %s\n", note.text);
    }
    return code;
}

/* The executable behind the baseline, where it is known. */
static int find_baseline_exe(struct bench__session *s) {
    const struct bench__cli_options *o = s->options;
    if (o->baseline_exe == NULL) {
        /* not having it is no error: then stored results are all there is */
        return s->baseline != NULL && !o->no_duel &&
                       bench__executables_find(&s->baseline_exe, s->baseline->executable_id,
                                               NULL) == BENCH_ENOMEM
                   ? bench__error(s->err, BENCH_ENOMEM, "out of memory")
                   : 0;
    }
    if (s->baseline == NULL) {
        return bench__error(s->err, BENCH_EINVAL,
                            "--baseline-exe needs the baseline that the executable is behind: "
                            "--baseline NAME; two executables alone are for benchctl compare");
    }
    s->baseline_exe = bench__strdup(o->baseline_exe);
    if (s->baseline_exe == NULL) {
        return bench__error(s->err, BENCH_ENOMEM, "out of memory");
    }
    if (!bench__is_executable(s->baseline_exe)) {
        return bench__error(s->err, BENCH_EINVAL, "--baseline-exe %.200s is no executable",
                            o->baseline_exe);
    }
    return 0;
}

void bench__session_progress(struct bench__session *s) {
    struct bench__style style;
    bench__cli_style(&style, s->options, stderr);
    s->line = bench__progress_line_new(stderr, &style, isatty(STDERR_FILENO));
}

int bench__session_load(struct bench__session *s) {
    const struct bench__cli_options *o = s->options;
    const char *name = o->baseline != NULL ? o->baseline : o->baseline_lenient;
    int code = s->gates == NULL ? bench__cli_gates(&s->gates, o, s->err) : 0;
    if (code != 0) {
        return code;
    }
    s->run = bench__run_new();
    if (s->run == NULL) {
        return bench__error(s->err, BENCH_ENOMEM, "out of memory");
    }
    code = bench__run_describe(s->run, s->build, (bench_clock_kind)o->clock, s->err);
    if (code == 0 && o->load_baseline == NULL && !o->test) {
        bench__session_identify(s);
    }
    if (code == 0 && name != NULL) {
        code = load_baseline(s, &s->baseline, name);
    }
    if (code == 0) {
        code = find_baseline_exe(s);
    }
    if (code == 0 && o->load_baseline != NULL) {
        bench_run *stored = NULL;
        code = load_baseline(s, &stored, o->load_baseline);
        if (code == 0) {
            bench_run_free(s->run);
            s->run = stored;
        }
    }
    return code;
}

/* ---- the journal ---- */

/* NULL when there is no such place. */
static char *journal_directory(void) {
    char *cache = bench__cache_dir();
    char *directory = cache != NULL ? bench__path_join(cache, "runs") : NULL;
    bench__free(cache);
    return directory;
}

int bench__session_journal(struct bench__session *s) {
    const struct bench__cli_options *o = s->options;
    const char *asked = o->resume != NULL ? o->resume : o->journal;
    if (asked != NULL) {
        s->journal_path = bench__strdup(asked);
        return s->journal_path != NULL ? 0 : bench__error(s->err, BENCH_ENOMEM, "out of memory");
    }
    if (o->test || bench__cli_given(o, BENCH__OPT_PROFILE_TIME)) {
        return 0;
    }
    bench_error ignored = {0};
    char name[200];
    char *directory = journal_directory();
    if (directory == NULL || bench__make_directories(directory, &ignored) != 0 ||
        access(directory, W_OK) != 0) {
        fprintf(stderr, "warning: no place for the journal of this run: if it is killed, its "
                        "results are lost (--journal FILE names one)\n");
        bench__free(directory);
        return 0;
    }
    snprintf(name, sizeof name, "%.80s-%s-%ld.jsonl", s->program, s->run->timestamp,
             (long)getpid());
    s->journal_path = bench__path_join(directory, name);
    bench__free(directory);
    if (s->journal_path == NULL) {
        return bench__error(s->err, BENCH_ENOMEM, "out of memory");
    }
    return 0;
}

void bench__session_end_journal(struct bench__session *s, int code) {
    if (s->journal_path == NULL || s->run == NULL || s->run->n_results == 0) {
        return;
    }
    if (code != 0 || s->run->interrupted) {
        if (bench__file_exists(s->journal_path)) {
            fprintf(stderr, "%s; go on with --resume %s\n",
                    code != 0 ? "what was measured is kept" : "interrupted", s->journal_path);
        }
    } else if (s->options->journal == NULL && s->options->resume == NULL) {
        unlink(s->journal_path);
    }
}

static volatile sig_atomic_t interrupted;

static void on_signal(int number) {
    (void)number;
    interrupted = 1;
}

const volatile sig_atomic_t *bench__cli_interrupted(void) {
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    const struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        struct sigaction old;
        if (sigaction(numbers[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN) {
            sigaction(numbers[i], &action, NULL);
        }
    }
    signal(SIGPIPE, SIG_IGN); /* a reader that goes away is a write that fails */
    signal(SIGXFSZ, SIG_IGN); /* and so is a file beyond the limit of its size */
    return &interrupted;
}

void bench__session_close(struct bench__session *s) {
    bench_outcome_clear(&s->outcome);
    bench_run_free(s->run);
    bench_run_free(s->baseline);
    bench__free(s->baseline_exe);
    bench__gates_free(s->gates);
    bench__pairs_free(s->pairs, s->n_pairs);
    bench__cases_free(s->cases, s->n_cases);
    bench__free(s->resolved);
    bench__free(s->journal_path);
}
