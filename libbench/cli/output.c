/*
 * An outcome to standard output, files, GitHub's step summary and the HTML report. Formats are made
 * in report/; here is only decided which of them goes where.
 */
#include "cli/output.h"
#include "base/error.h"
#include "base/fs.h"
#include "base/mem.h"
#include "report/formats.h"
#include "report/html.h"
#include "report/summary.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- gates ---- */

static int load_gates(struct bench__gates **out, const struct bench__cli_options *options,
                      bench_error *err) {
    if (options->gates != NULL)
        return bench__gates_load(out, options->gates, err);
    char *path = bench__path_join(options->baselines_dir, "gates.json");
    if (path == NULL)
        return bench__error(err, BENCH_ENOMEM, "out of memory");
    int rc = bench__file_exists(path) ? bench__gates_load(out, path, err)
                                      : bench__gates_default(out, err);
    bench__free(path);
    return rc;
}

int bench__cli_gates(struct bench__gates **out, const struct bench__cli_options *options,
                     bench_error *err) {
    int rc = load_gates(out, options, err);
    if (rc != 0)
        return rc;
    if (bench__cli_given(options, BENCH__OPT_THRESHOLD))
        bench__gates_set_threshold(*out, options->threshold);
    if (bench__cli_given(options, BENCH__OPT_SIGNIFICANCE_LEVEL))
        bench__gates_set_alpha(*out, options->significance_level);
    if (bench__cli_given(options, BENCH__OPT_FAIL_ON))
        bench__gates_set_fail_on(*out, options->fail_on);
    return 0;
}

void bench__cli_style(struct bench__style *style, const struct bench__cli_options *options,
                      FILE *out) {
    bench__style_detect(style, out, bench__options[BENCH__OPT_COLOR].choices[options->color]);
    style->quiet = options->quiet;
    style->verbose = options->verbose;
}

/* ---- formats ---- */

static int render(FILE *out, enum bench__format format, const bench_outcome *outcome,
                  const struct bench__style *style, bench_error *err) {
    static int (*const writers[])(FILE *, const bench_outcome *, bench_error *) = {
        [BENCH__FORMAT_JSON] = bench__report_json,
        [BENCH__FORMAT_JSONL] = bench__report_jsonl,
        [BENCH__FORMAT_CSV] = bench__report_csv,
        [BENCH__FORMAT_MARKDOWN] = bench__report_markdown,
        [BENCH__FORMAT_COMPAT] = bench__report_compat,
    };
    switch (format) {
    case BENCH__FORMAT_TEXT:
        return bench__report_console(out, outcome, style, err);
    case BENCH__FORMAT_SUMMARY:
        return bench__report_summary(out, outcome, style, err);
    default:
        return writers[format](out, outcome, err);
    }
}

enum bench__format bench__cli_file_format(const char *path, enum bench__format otherwise) {
    static const char *const endings[BENCH__N_FORMATS] = {
        [BENCH__FORMAT_TEXT] = ".txt",    [BENCH__FORMAT_JSON] = ".json",
        [BENCH__FORMAT_JSONL] = ".jsonl", [BENCH__FORMAT_CSV] = ".csv",
        [BENCH__FORMAT_MARKDOWN] = ".md",
    };
    const char *slash = strrchr(path, '/');
    const char *dot = strrchr(slash != NULL ? slash : path, '.');
    for (int format = 0; dot != NULL && format < BENCH__N_FORMATS; format++) {
        if (endings[format] != NULL && strcmp(dot, endings[format]) == 0)
            return format;
    }
    return otherwise;
}

/* The outcome in memory, for files that are written whole; to be freed with free(). */
static int render_text(char **text, size_t *n, enum bench__format format,
                       const bench_outcome *outcome, const struct bench__style *style,
                       bench_error *err) {
    struct bench__style plain = *style;
    plain.color = 0;
    plain.columns = 80;
    FILE *memory = open_memstream(text, n);
    if (memory == NULL)
        return bench__error(err, BENCH_ENOMEM, "out of memory");
    int rc = render(memory, format, outcome, &plain, err);
    if (fclose(memory) != 0 && rc == 0)
        rc = bench__error(err, BENCH_ENOMEM, "out of memory");
    return rc;
}

/* ---- places ---- */

int bench__cli_wants_standard_output(const struct bench__cli_options *options) {
    if (options->output_format == BENCH__FORMAT_TEXT ||
        options->output_format == BENCH__FORMAT_SUMMARY || options->out.n == 0)
        return 1;
    for (size_t i = 0; i < options->out.n; i++) {
        if (strcmp(options->out.items[i], "-") == 0)
            return 1;
    }
    return 0;
}

static int has_costs(const bench_outcome *outcome) {
    for (size_t i = 0; i < outcome->n_comparisons; i++) {
        if (outcome->comparisons[i].verdict == BENCH_VERDICT_REGRESSED)
            return 1;
    }
    for (size_t i = 0; i < outcome->n_budgets; i++) {
        if (outcome->budgets[i].verdict == BENCH_BUDGET_OVER)
            return 1;
    }
    return 0;
}

/* What a reviewer asks whoever wants to keep a slower result. */
static const char questions[] =
    "\nTo keep this, answer where the change is reviewed:\n"
    "  Cause:            what makes it slower?\n"
    "  Why necessary:    what is gained by it?\n"
    "  Mitigation tried: what was done to avoid it, and with what result?\n"
    "and accept it with: benchctl baseline accept NAME --from FILE --reason TEXT\n";

static int write_standard_output(FILE *out, const bench_outcome *outcome,
                                 const struct bench__cli_options *options,
                                 const struct bench__style *style, bench_error *err) {
    int rc = render(out, options->output_format, outcome, style, err);
    if (rc != 0)
        return rc;
    if (options->output_format == BENCH__FORMAT_TEXT && !options->quiet && has_costs(outcome))
        fputs(questions, out);
    if (fflush(out) != 0 || ferror(out))
        return bench__error_sys(err, BENCH_EIO, errno, "cannot write the results");
    return 0;
}

static int write_file(const char *path, const bench_outcome *outcome,
                      const struct bench__cli_options *options, const struct bench__style *style,
                      bench_error *err) {
    char *text = NULL;
    size_t n = 0;
    enum bench__format format = bench__cli_file_format(path, options->output_format);
    int rc = render_text(&text, &n, format, outcome, style, err);
    if (rc == 0)
        rc = bench__write_file_atomic(path, text, n, err);
    free(text);
    return rc;
}

/* Other steps of the job write to the same file: it is appended to in one go. */
static int write_step_summary(const bench_outcome *outcome, const struct bench__style *style,
                              bench_error *err) {
    const char *path = getenv("GITHUB_STEP_SUMMARY");
    if (path == NULL || *path == '\0')
        return 0;
    char *text = NULL;
    size_t n = 0;
    int rc = render_text(&text, &n, BENCH__FORMAT_MARKDOWN, outcome, style, err);
    FILE *file = rc == 0 ? fopen(path, "ae") : NULL;
    if (rc == 0 && file == NULL)
        rc = bench__error_sys(err, BENCH_EIO, errno, "cannot append the summary");
    if (file != NULL) {
        size_t written = fwrite(text, 1, n, file);
        if ((fclose(file) != 0 || written != n) && rc == 0)
            rc = bench__error_sys(err, BENCH_EIO, errno, "cannot append the summary");
    }
    if (rc != 0)
        bench__error_place(err, "%s", path);
    free(text);
    return rc;
}

static int write_report(const bench_outcome *outcome, const struct bench__cli_options *options,
                        FILE *messages, bench_error *err) {
    char note[200] = "";
    int rc =
        bench__report_html(options->report, outcome, !options->no_plots, note, sizeof note, err);
    if (rc == 0 && note[0] != '\0')
        fprintf(messages, "%s\n", note);
    return rc;
}

int bench__cli_write_outputs(const bench_outcome *outcome, const struct bench__cli_options *options,
                             const struct bench__style *style, FILE *out, FILE *messages,
                             bench_error *err) {
    bench_error unseen = {0};
    bench_error *first = err != NULL ? err : &unseen;
    if (bench__cli_wants_standard_output(options))
        write_standard_output(out, outcome, options, style, first);
    for (size_t i = 0; i < options->out.n; i++) {
        if (strcmp(options->out.items[i], "-") != 0)
            write_file(options->out.items[i], outcome, options, style, first);
    }
    write_step_summary(outcome, style, first);
    if (options->report != NULL)
        write_report(outcome, options, messages, first);
    return first->code;
}
