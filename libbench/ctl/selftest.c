/*
 * benchctl selftest: duels whose answer is known, on this machine. Options to a plan, a plan to
 * decisions (selftest/), decisions to reports and an exit code.
 */
#include "base/error.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/units.h"
#include "cli/output.h"
#include "cli/session.h"
#include "ctl/commands.h"
#include "result/model.h"
#include "run/runner.h"
#include "selftest/neighbour.h"
#include "selftest/report.h"
#include "worker/worker.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ALPHA           0.01
#define DEFAULT_TIME_NS INT64_C(60000000000)
#define THRESHOLD       0.01

enum { EXIT_BAR_MISSED = 3 };

int benchctl_serve_selftest(void) {
    bench_suite *suite = bench__selftest_suite();
    const int code = bench__worker_main(&suite, 1);
    bench_suite_free(suite);
    return code;
}

/* ---- the plan ---- */

static int add_effect(struct bench__selftest_plan *plan, const char *text, bench_error *err) {
    double fraction;
    const int code = bench__parse_fraction(&fraction, text, err);
    if (code != 0) {
        return code;
    }
    const double thousandths = fraction * BENCH__WORK_UNIT;
    const int effect = (int)lround(thousandths);
    if (fabs(thousandths - effect) > 1e-6 || effect > BENCH__WORK_MAX - BENCH__WORK_UNIT) {
        return bench__error(err, BENCH_EINVAL,
                            "'%.30s' is not a slowdown in steps of 0.1%%, up to 100%%", text);
    }
    for (size_t i = 0; i < plan->n_effects; i++) {
        if (plan->effects[i] == effect) {
            return bench__error(err, BENCH_EINVAL, "'%.30s' is given twice", text);
        }
    }
    if (plan->n_effects == BENCH__SELFTEST_MAX_EFFECTS) {
        return bench__error(err, BENCH_EINVAL, "more than %d slowdowns",
                            BENCH__SELFTEST_MAX_EFFECTS);
    }
    plan->effects[plan->n_effects++] = effect;
    return 0;
}

/* "0,0.5%,1%" */
static int parse_effects(struct bench__selftest_plan *plan, const char *text, bench_error *err) {
    char *copy = bench__strdup(text), *rest = copy;
    int code = copy != NULL ? 0 : bench__error(err, BENCH_ENOMEM, "out of memory");
    while (code == 0 && rest != NULL) {
        char *one = strsep(&rest, ",");
        code = add_effect(plan, one, err);
    }
    bench__free(copy);
    if (code != 0) {
        bench__error_place(err, "--effects");
    }
    return code;
}

static int make_plan(struct bench__selftest_plan *plan, const struct bench__cli_options *o,
                     bench_error *err) {
    *plan = (struct bench__selftest_plan){
        .launches = (int)o->launches,
        .warm_up_ns = (double)o->warm_up_time_ns,
        .measurement_ns = (double)o->measurement_time_ns,
        .alpha = ALPHA,
        .threshold = THRESHOLD,
        .time_ns = bench__cli_given(o, BENCH__OPT_TIME) ? o->time_ns : DEFAULT_TIME_NS,
        .seed = bench__cli_given(o, BENCH__OPT_SEED) ? o->seed : bench__rng_entropy(),
        .has_neighbour = o->neighbour,
    };
    return parse_effects(plan, o->effects, err);
}

/* ---- progress ---- */

static void on_progress(void *context, const struct bench__trials *trials, double done) {
    (void)context;
    fprintf(stderr, "\r%3.0f %%, %zu decision%s", 100 * fmin(done, 1), trials->n,
            trials->n == 1 ? " " : "s"); /* as long as before: the line is overwritten */
    fflush(stderr);
}

/* ---- the reports ---- */

static const char *render(struct bench__strbuf *sb, const struct bench__selftest_result *result,
                          int is_json) {
    if (is_json) {
        bench__selftest_json(sb, result);
    } else {
        bench__selftest_text(sb, result);
    }
    return bench__strbuf_text(sb);
}

static int write_result(const struct bench__selftest_result *result, const char *path,
                        enum bench__format format, bench_error *err) {
    struct bench__strbuf sb;
    bench__strbuf_init(&sb);
    const char *text = render(&sb, result, format == BENCH__FORMAT_JSON);
    int code = 0;
    if (text == NULL) {
        code = bench__error(err, BENCH_ENOMEM, "out of memory");
    } else if (path != NULL) {
        code = bench__write_file_atomic(path, text, strlen(text), err);
    } else if (fputs(text, stdout) == EOF || fflush(stdout) != 0) {
        code = bench__error_sys(err, BENCH_EIO, errno, "cannot write the results");
    }
    bench__strbuf_clear(&sb);
    return code;
}

static int is_known(enum bench__format format) {
    return format == BENCH__FORMAT_TEXT || format == BENCH__FORMAT_JSON;
}

static int check_formats(const struct bench__cli_options *o, bench_error *err) {
    if (!is_known(o->output_format)) {
        bench__error(err, BENCH_EINVAL, "a selftest is text or json");
        bench__error_place(err, "--output-format");
        return BENCH_EINVAL;
    }
    for (size_t i = 0; i < o->out.n; i++) {
        if (!is_known(bench__cli_file_format(o->out.items[i], o->output_format))) {
            bench__error(err, BENCH_EINVAL, "a selftest is text or json, not '%.200s'",
                         o->out.items[i]);
            bench__error_place(err, "--out");
            return BENCH_EINVAL;
        }
    }
    return 0;
}

static int report(const struct bench__selftest_result *result, const struct bench__cli_options *o,
                  bench_error *err) {
    int code =
        bench__cli_wants_standard_output(o) ? write_result(result, NULL, o->output_format, err) : 0;
    for (size_t i = 0; code == 0 && i < o->out.n; i++) {
        const char *path = o->out.items[i];
        if (strcmp(path, "-") != 0) {
            code = write_result(result, path, bench__cli_file_format(path, o->output_format), err);
        }
    }
    return code;
}

static int exit_code(const struct bench__selftest_result *result) {
    for (size_t i = 0; i < result->summary->n_bars; i++) {
        if (result->summary->bars[i].state == BENCH__BAR_MISSED) {
            return EXIT_BAR_MISSED;
        }
    }
    return BENCH__EXIT_OK;
}

static int play(struct bench__trials *trials, const struct bench__selftest_plan *plan,
                const struct bench__cli_options *o, bench_error *err) {
    pid_t neighbour = 0;
    const int has_line = isatty(STDERR_FILENO) && !o->quiet;
    int code = plan->has_neighbour ? bench__neighbour_start(&neighbour, plan->seed, err) : 0;
    if (code == 0) {
        code = bench__trials_play(trials, plan, has_line ? on_progress : NULL, NULL,
                                  bench__cli_interrupted(), err);
    }
    bench__neighbour_stop(neighbour);
    if (has_line) {
        fputs("\r\033[K", stderr);
    }
    return code;
}

static int describe(bench_run **out, bench_error *err) {
    const bench_build build = {0, "", ""};
    *out = bench__run_new();
    return *out != NULL ? bench__run_describe(*out, &build, BENCH_CLOCK_AUTO, err)
                        : bench__error(err, BENCH_ENOMEM, "out of memory");
}

int benchctl_selftest(const struct bench__cli_options *options, bench_error *err) {
    struct bench__selftest_plan plan;
    struct bench__trials trials = {0};
    struct bench__selftest_summary summary = {0};
    struct bench__peers peers = {0};
    bench_run *run = NULL;
    int code = check_formats(options, err);
    if (code == 0) {
        code = make_plan(&plan, options, err);
    }
    if (code == 0 && options->peers != NULL) {
        code = bench__peers_load(&peers, options->peers, err);
    }
    if (code == 0) {
        code = describe(&run, err);
    }
    if (code == 0) {
        code = play(&trials, &plan, options, err);
    }
    if (code == 0) {
        code = bench__selftest_summary(&summary, &trials, &plan, err);
    }
    if (code == 0) {
        if (peers.n > 0) {
            bench__peers_count_own(&peers, &trials, &plan);
        }
        const struct bench__selftest_result result = {
            run, &plan, &trials, &summary, peers.n > 0 ? &peers : NULL, options->verbose};
        code = report(&result, options, err);
        code = code != 0 ? code : trials.interrupted ? BENCH__EXIT_INTERRUPTED : exit_code(&result);
    }
    bench__peers_clear(&peers);
    bench__selftest_summary_clear(&summary);
    bench__trials_clear(&trials);
    bench_run_free(run);
    return code;
}
