/*
 * The command line of a benchmark executable: what bench_main() does, step by step. Parsing,
 * choosing, running, judging and writing each have a place of their own; this file is their order.
 */
#include "base/error.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/rng.h"
#include "cli/noise.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/redecide.h"
#include "cli/selection.h"
#include "cli/session.h"
#include "result/baseline.h"
#include "result/model.h"
#include "result/verdict.h"
#include "run/runner.h"
#include "worker/worker.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int print_error(const bench_error *error) {
    char line[800];
    fprintf(stderr, "error: %s\n", bench__error_line(error, line, sizeof line));
    return error->code == BENCH_EINTERRUPTED ? BENCH__EXIT_INTERRUPTED : BENCH__EXIT_USAGE;
}

static int print_text(struct bench__strbuf *sb, bench_error *err) {
    const char *text = bench__strbuf_text(sb);
    int code = 0;
    if (text == NULL) {
        code = bench__error(err, BENCH_ENOMEM, "out of memory");
    } else if (fputs(text, stdout) == EOF || fflush(stdout) != 0) {
        code = bench__error(err, BENCH_EIO, "cannot write to standard output");
    }
    bench__strbuf_clear(sb);
    return code;
}

/* --help, --version, --man, --completion. @return 1 when that was it. */
static int print_about(const struct bench__cli_options *o, const char *program, bench_error *err) {
    struct bench__strbuf sb;
    bench__strbuf_init(&sb);
    if (o->help) {
        bench__help_text(&sb, &bench__command_run, program);
    } else if (o->version) {
        bench__strbuf_addf(&sb, "%s (libbench %s)\n", program, bench_version());
    } else if (o->man) {
        bench__help_man(&sb, &bench__command_run, program);
    } else if (bench__cli_given(o, BENCH__OPT_COMPLETION)) {
        bench__help_bash(&sb, &bench__command_run, program);
    } else {
        return 0;
    }
    print_text(&sb, err);
    return 1;
}

/* ---- measuring ---- */

static int resolve_all(struct bench__session *s) {
    s->resolved = bench__alloc(s->n_cases, sizeof *s->resolved);
    if (s->resolved == NULL) {
        return bench__error(s->err, BENCH_ENOMEM, "out of memory");
    }
    for (size_t i = 0; i < s->n_cases; i++) {
        bench_resolved *r = &s->resolved[i];
        bench__cli_resolve(r, s->options, &s->cases[i].function->opts);
        if (s->options->test || bench__cli_given(s->options, BENCH__OPT_PROFILE_TIME)) {
            r->launches = 1;
        }
        if (bench__cli_given(s->options, BENCH__OPT_PROFILE_TIME)) {
            r->measurement_time_ns = s->options->profile_time_ns;
        }
        if (!bench__cli_given(s->options, BENCH__OPT_TIMEOUT)) {
            /* a launch may take what it was asked to take, and the patience on top */
            r->timeout_ns += 2 * (r->warm_up_time_ns + r->measurement_time_ns) / r->launches;
        }
    }
    return 0;
}

static void on_progress(void *context, const bench_progress *progress) {
    struct bench__session *s = context;
    bench__progress_line_update(s->line, progress);
    if (s->reporter != NULL && s->reporter->on_progress != NULL) {
        s->reporter->on_progress(s->reporter->user, progress);
    }
}

static void on_warning(void *context, const char *text) {
    (void)context;
    fprintf(stderr, "warning: %s\n", text);
}

static struct bench__run_settings run_settings(const struct bench__cli_options *o) {
    return (struct bench__run_settings){
        .seed = bench__cli_given(o, BENCH__OPT_SEED) ? o->seed : bench__rng_entropy(),
        .cpu = bench__cli_given(o, BENCH__OPT_CPU) ? (int)o->cpu : -1,
        .clock = (bench_clock_kind)o->clock,
        .in_process = o->in_process,
        .once = o->test,
        .no_keep = bench__cli_given(o, BENCH__OPT_PROFILE_TIME),
    };
}

static int measure(struct bench__session *s, char *const *argv) {
    int code = resolve_all(s);
    if (code == 0) {
        code = bench__session_journal(s);
    }
    if (code != 0) {
        return code;
    }
    bench__session_progress(s);
    const struct bench__runner runner = {
        .suites = s->suites,
        .n_suites = s->n_suites,
        .cases = s->cases,
        .resolved = s->resolved,
        .n_cases = s->n_cases,
        .pairs = s->pairs,
        .n_pairs = s->n_pairs,
        .settings = run_settings(s->options),
        .argv = argv,
        .journal_path = s->journal_path,
        .resume = s->options->resume != NULL,
        .on_progress = on_progress,
        .on_warning = on_warning,
        .context = s,
        .interrupted = bench__cli_interrupted(),
    };
    code = bench__run(s->run, &runner, s->err);
    bench__progress_line_free(s->line);
    s->line = NULL;
    return code;
}

/* ---- after measuring ---- */

/* By stored results, and where duels have been played, by them. */
static int judge(struct bench__session *s, const struct bench__matchup *duels,
                 struct bench__cli_noise *noise) {
    const char **chosen;
    size_t n_chosen;
    int code = bench__cli_chosen_names(&chosen, &n_chosen, s->cases, s->n_cases, s->baseline,
                                       s->options, s->err);
    if (code != 0) {
        return code;
    }
    struct bench__verdict_options options = {
        .lenient = s->options->baseline_lenient != NULL,
        .noise_threshold = s->options->noise_threshold,
        .selected = chosen,
        .n_selected = n_chosen,
        .adjustment = (enum bench__adjustment)s->options->adjust,
        .duels = duels->evidence,
        .n_duels = duels->n_evidence,
        .has_two_stages = s->baseline_exe != NULL && !s->options->no_duel,
    };
    bench__cli_noise_use(noise, &options);
    bench_outcome_clear(&s->outcome);
    code = bench__judge(&s->outcome, s->run, s->baseline, s->gates, &options, s->err);
    bench__free(chosen);
    return code;
}

static int save_baseline(struct bench__session *s) {
    const struct bench__cli_options *o = s->options;
    size_t n_left_out = 0;
    if (o->save_baseline == NULL) {
        return 0;
    }
    if (s->run->interrupted) {
        fprintf(stderr, "baseline '%s' not saved: the run was interrupted\n", o->save_baseline);
        return 0;
    }
    const int code =
        bench__baseline_save(s->run, o->baselines_dir, o->save_baseline, &n_left_out, s->err);
    if (code != 0) {
        return code;
    }
    const int is_kept = bench__session_keep_executable(s);
    const size_t n_saved = s->run->n_results - n_left_out;
    if (!o->quiet) {
        fprintf(stderr, "saved baseline '%s' in %s (%zu benchmark%s", o->save_baseline,
                o->baselines_dir, n_saved, n_saved == 1 ? "" : "s");
        if (n_left_out > 0) {
            fprintf(stderr, "; %zu left out: %s did not run", n_left_out,
                    n_left_out == 1 ? "it" : "they");
        }
        fprintf(stderr, "; executable %s)\n", is_kept ? "kept" : "not kept");
    }
    return 0;
}

static int write_results(struct bench__session *s) {
    struct bench__style style;
    bench__cli_style(&style, s->options, stdout);
    int own = 0;
    if (s->reporter != NULL && s->reporter->on_outcome != NULL) {
        own = s->reporter->on_outcome(s->reporter->user, &s->outcome, s->err);
        if (own != 0) {
            bench__error(s->err, own, "the program's own reporter failed");
        }
    }
    /* one output that fails does not keep the others from being written */
    const int code =
        bench__cli_write_outputs(&s->outcome, s->options, &style, stdout, stderr, s->err);
    return own != 0 ? own : code;
}

/* Stored results were recorded when they were measured, and launches of one process are another
 * thing than launches. */
static int may_be_recorded(const struct bench__session *s) {
    return s->options->load_baseline == NULL && !s->options->in_process;
}

static int conclude(struct bench__session *s) {
    struct bench__matchup duels = {0};
    struct bench__cli_noise noise = {.run = s->run};
    if (s->baseline != NULL) {
        bench__cli_noise_load(&noise, s->run, s->options);
    }
    int code = judge(s, &duels, &noise);
    if (code == 0) {
        code = bench__redecide(&duels, s);
    }
    if (code == 0 && duels.runs[1] != NULL && duels.runs[1]->interrupted) {
        s->run->interrupted = 1;
    }
    if (code == 0 && duels.n_evidence > 0) {
        code = judge(s, &duels, &noise);
    }
    if (code == 0) {
        code = write_results(s);
    }
    if (code == 0) {
        code = save_baseline(s);
    }
    if (code == 0) {
        bench__cli_noise_add(&s->outcome, may_be_recorded(s), s->options, &noise);
    }
    bench__cli_noise_clear(&noise);
    bench__matchup_clear(&duels);
    return code;
}

/* ---- --test and --profile-time ---- */

static int print_tests(const bench_run *run) {
    size_t n_failed = 0, n_skipped = 0;
    for (size_t i = 0; i < run->n_results; i++) {
        const bench_result *r = &run->results[i];
        struct bench__strbuf sb;
        bench__strbuf_init(&sb);
        bench__strbuf_add_safe(&sb, r->name);
        bench__strbuf_addf(&sb, ": %s", bench_status_name(r->status));
        if (r->message != NULL) {
            bench__strbuf_add(&sb, ": ");
            bench__strbuf_add_safe(&sb, r->message);
        }
        printf("%s\n", bench__strbuf_text(&sb) != NULL ? sb.text : r->name);
        bench__strbuf_clear(&sb);
        n_skipped += r->status == BENCH_STATUS_SKIPPED;
        n_failed += r->status != BENCH_STATUS_SKIPPED && r->status != BENCH_STATUS_OK;
    }
    printf("%zu ok, %zu skipped, %zu failed\n", run->n_results - n_failed - n_skipped, n_skipped,
           n_failed);
    if (n_failed > 0) {
        return 1;
    }
    return n_skipped == run->n_results ? 77 : 0;
}

/* ---- the whole ---- */

static int run_session(struct bench__session *s, char *const *argv, int *out_exit) {
    const struct bench__cli_options *o = s->options;
    int code = bench__session_open(s);
    if (code == 0 && o->list) {
        return bench__cli_list(stdout, s->cases, s->n_cases, o->list_format == BENCH__FORMAT_JSON,
                               s->err);
    }
    if (code == 0) {
        code = bench__session_load(s);
    }
    if (code == 0 && o->load_baseline == NULL) {
        code = measure(s, argv);
    }
    if (code == 0 && (o->test || bench__cli_given(o, BENCH__OPT_PROFILE_TIME))) {
        *out_exit = print_tests(s->run);
    } else if (code == 0) {
        code = conclude(s);
        *out_exit = s->outcome.exit_code;
    }
    bench__session_end_journal(s, code);
    if (code == 0 && s->run->interrupted) {
        *out_exit = BENCH__EXIT_INTERRUPTED;
    }
    return code;
}

int bench_main_build(int argc, char **argv, bench_suite *const *suites, size_t n_suites,
                     const struct bench_reporter *reporter, const bench_build *build) {
    bench_error error = {0};
    struct bench__cli_options options;
    if (build->version != 0 || (reporter != NULL && reporter->version != 0)) {
        bench__error(&error, BENCH_EVERSION, "compiled with headers of a newer libbench");
        return print_error(&error);
    }
    if (bench__suites_check(suites, n_suites, &error) != 0) {
        return print_error(&error);
    }
    if (bench__worker_is_one()) {
        return bench__worker_main(suites, n_suites);
    }
    int exit_code = 0;
    int code = bench__cli_parse(&options, &bench__command_run, argc, argv, &error);
    if (code == 0 && !print_about(&options, bench__program_name(argv[0]), &error)) {
        struct bench__session session = {.options = &options,
                                         .suites = suites,
                                         .n_suites = n_suites,
                                         .build = build,
                                         .reporter = reporter,
                                         .program = bench__program_name(argv[0]),
                                         .err = &error};
        code = run_session(&session, argv, &exit_code);
        bench__session_close(&session);
    }
    if (code != 0 || error.code != 0) {
        exit_code = print_error(&error);
    }
    bench__cli_clear(&options);
    return exit_code;
}
