/*
 * Sentences. Decides nothing: it only puts counts and verdicts that are already there into words,
 * and uses no term that needs a textbook.
 */
#include "report/words.h"

#include "base/units.h"
#include "report/figures.h"
#include "result/difference.h"

#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <string.h>

void bench__say_count(struct bench__strbuf *out, size_t n, const char *noun) {
    const size_t length = strlen(noun);
    const int hisses = length > 1 && strcmp(noun + length - 2, "ch") == 0;
    bench__strbuf_addf(out, "%zu %s%s", n, noun, n == 1 ? "" : hisses ? "es" : "s");
}

static void add_item(struct bench__strbuf *out, const char **separator, const char *text) {
    if (text[0] != '\0') {
        bench__strbuf_add(out, *separator);
        bench__strbuf_add_safe(out, text);
        *separator = ", ";
    }
}

void bench__say_machine(struct bench__strbuf *out, const bench_host *host) {
    const char *separator = "";
    char cpus[32] = "";
    if (host->n_cpus > 0) {
        snprintf(cpus, sizeof cpus, "%lld CPU%s", (long long)host->n_cpus,
                 host->n_cpus == 1 ? "" : "s");
    }
    int is_virtual = strcmp(host->hypervisor, "none") != 0;
    add_item(out, &separator, host->cpu_model);
    add_item(out, &separator, cpus);
    add_item(out, &separator, is_virtual ? host->hypervisor : "");
    add_item(out, &separator, host->compiler);
    add_item(out, &separator, bench__clock_word(host->clock));
}

/* "2025-03-04, commit 3fa9c1d27b-dirty". */
static void add_provenance(struct bench__strbuf *out, const bench_run *run) {
    char day[11];
    char commit[11];
    snprintf(day, sizeof day, "%.10s", run->timestamp);
    snprintf(commit, sizeof commit, "%.10s", run->git_commit);
    const char *separator = "";
    add_item(out, &separator, day);
    if (commit[0] != '\0') {
        bench__strbuf_addf(out, "%scommit ", separator);
        bench__strbuf_add_safe(out, commit);
        bench__strbuf_add(out, strstr(run->git_commit, "-dirty") != NULL ? "-dirty" : "");
    }
}

void bench__say_run(struct bench__strbuf *out, const struct bench__view *view) {
    const bench_run *run = view->outcome->run;
    bench__say_count(out, run->n_results, "benchmark");
    if (isfinite(run->wall_ns)) {
        char clock[BENCH__FIGURE_SIZE];
        bench__strbuf_addf(out, " in %s",
                           bench__format_clock(clock, sizeof clock, (int64_t)run->wall_ns));
    }
    bench__strbuf_add(out, ", ");
    add_provenance(out, run);
    bench__strbuf_addf(out, ", seed %" PRIu64, run->seed);
}

void bench__say_end(struct bench__strbuf *out, bench_status status, const char *message) {
    static const char *const words[] = {
        [BENCH_STATUS_OK] = "ok",           [BENCH_STATUS_SKIPPED] = "skipped",
        [BENCH_STATUS_FAILED] = "failed",   [BENCH_STATUS_CRASHED] = "crashed",
        [BENCH_STATUS_EXITED] = "exited",   [BENCH_STATUS_TIMEOUT] = "timed out",
        [BENCH_STATUS_NOT_RUN] = "not run",
    };
    bench__strbuf_add(out, words[status]);
    if (message != NULL && message[0] != '\0') {
        bench__strbuf_add(out, ": ");
        bench__strbuf_add_safe(out, message);
    }
}

void bench__say_status(struct bench__strbuf *out, const bench_result *result) {
    bench__say_end(out, result->status, result->message);
}

static void add_times(struct bench__strbuf *out, const bench_comparison *c, int utf8) {
    const struct {
        const bench_result *result;
        const char *when;
    } sides[] = {{c->before, "before"}, {c->after, "now"}};
    const char *separator = "";
    for (size_t i = 0; i < 2; i++) {
        const bench_result *r = sides[i].result;
        if (r != NULL && isfinite(r->time.median.point)) {
            char figure[BENCH__FIGURE_SIZE];
            bench__strbuf_addf(
                out, "%s%s %s", separator,
                bench__figure_time(figure, sizeof figure, r->time.median.point, utf8),
                sides[i].when);
            separator = ", ";
        }
    }
}

void bench__say_comparison(struct bench__strbuf *out, const bench_comparison *c, int utf8) {
    add_times(out, c, utf8);
    bench__strbuf_add(out, out->n > 0 && c->reason[0] != '\0' ? ": " : "");
    bench__strbuf_add_safe(out, c->reason);
}

void bench__say_change(struct bench__strbuf *out, const bench_comparison *c, int utf8) {
    add_times(out, c, utf8);
    if (isfinite(c->change.point)) {
        char figure[BENCH__FIGURE_SIZE];
        bench__strbuf_addf(out, ": %s",
                           bench__figure_percent(figure, sizeof figure, c->change.point, 1));
        bench__strbuf_addf(out, " (%s)",
                           bench__figure_change_range(figure, sizeof figure, &c->change, utf8));
    }
}

void bench__say_latency(struct bench__strbuf *out, const bench_latency *latency,
                        const char *separator, int utf8) {
    const struct {
        const char *name;
        double ns;
    } items[] = {{"p50", latency->p50},
                 {"p99", latency->p99},
                 {"p99.9", latency->p999},
                 {"max", latency->max}};
    const char *before = "";
    for (size_t i = 0; latency->n > 0 && i < sizeof items / sizeof *items; i++) {
        if (isfinite(items[i].ns)) {
            char figure[BENCH__FIGURE_SIZE];
            bench__strbuf_addf(out, "%s%s %s", before, items[i].name,
                               bench__figure_time(figure, sizeof figure, items[i].ns, utf8));
            before = separator;
        }
    }
}

void bench__say_outliers(struct bench__strbuf *out, const struct bench__view *view) {
    uint64_t n = 0;
    uint64_t slow = 0;
    uint64_t fast = 0;
    for (size_t i = 0; i < view->n_rows; i++) {
        if (bench__row_measured(&view->rows[i])) {
            const bench_outliers *o = &view->rows[i].result->time.outliers;
            n += o->n;
            slow += o->high_mild + o->high_severe;
            fast += o->low_mild + o->low_severe;
        }
    }
    if (n == 0) {
        return;
    }
    char slow_text[BENCH__FIGURE_SIZE];
    char fast_text[BENCH__FIGURE_SIZE];
    bench__strbuf_addf(
        out, "%s of the samples were unusually slow, %s unusually fast; all of them count",
        bench__figure_share(slow_text, sizeof slow_text, (double)slow / (double)n),
        bench__figure_share(fast_text, sizeof fast_text, (double)fast / (double)n));
}

void bench__say_noise(struct bench__strbuf *out, const struct bench__view *view) {
    size_t n = 0;
    size_t n_disturbed = 0;
    size_t causes[BENCH__N_NOISE_CAUSES] = {0};
    for (size_t i = 0; i < view->n_rows; i++) {
        const bench_result *r = view->rows[i].result;
        for (size_t k = 0; bench__row_measured(&view->rows[i]) && k < r->n_launches; k++) {
            unsigned bits = r->launches[k].noise.contaminated;
            n++;
            n_disturbed += bits != 0;
            for (unsigned cause = 0; cause < BENCH__N_NOISE_CAUSES; cause++) {
                causes[cause] += (bits >> cause) & 1;
            }
        }
    }
    if (n == 0) {
        return;
    }
    if (n_disturbed == 0) {
        bench__strbuf_addf(out,
                           n == 1 ? "the only launch was not disturbed"
                                  : "none of the %zu launches was disturbed",
                           n);
        return;
    }
    bench__strbuf_addf(out, "%zu of ", n_disturbed);
    bench__say_count(out, n, "launch");
    bench__strbuf_addf(out, " %s disturbed", n_disturbed == 1 ? "was" : "were");
    const char *separator = ": ";
    for (unsigned cause = 0; cause < BENCH__N_NOISE_CAUSES; cause++) {
        if (causes[cause] > 0) {
            bench__strbuf_addf(out, "%s%zu %s", separator, causes[cause],
                               bench__noise_word(cause, causes[cause]));
            separator = ", ";
        }
    }
}

/* As the benchmark asked; 0 when it was not measured. */
static int launches_of(const struct bench__row *row) {
    return bench__row_measured(row) ? row->result->options.launches : 0;
}

void bench__say_launches(struct bench__strbuf *out, const struct bench__view *view) {
    int most = 0, fewest = INT_MAX, most_of_few = 0;
    size_t n_few = 0;
    for (size_t i = 0; i < view->n_rows; i++) {
        const int n = launches_of(&view->rows[i]);
        most = n > most ? n : most;
    }
    for (size_t i = 0; i < view->n_rows; i++) {
        const int n = launches_of(&view->rows[i]);
        if (n > 0 && n < most) {
            n_few++;
            fewest = n < fewest ? n : fewest;
            most_of_few = n > most_of_few ? n : most_of_few;
        }
    }
    if (n_few == 0) {
        return;
    }
    bench__say_count(out, n_few, "benchmark");
    bench__strbuf_add(out, n_few == 1 ? " has " : " have ");
    if (fewest < most_of_few) {
        bench__strbuf_addf(out, "%d to ", fewest);
    }
    bench__strbuf_addf(out,
                       "%d longer launches instead of %d, because setting up takes long: wider "
                       "intervals, and only larger changes are found",
                       most_of_few, most);
}

/* Runs that are known: the least and the most over some benchmarks. */
struct known_runs {
    size_t n_benchmarks, least, most;
};

static void count_known(struct known_runs *known, size_t n_runs) {
    known->least = known->n_benchmarks == 0 || n_runs < known->least ? n_runs : known->least;
    known->most = n_runs > known->most ? n_runs : known->most;
    known->n_benchmarks++;
}

void bench__say_between_runs(struct bench__strbuf *out, const struct bench__view *view) {
    struct known_runs assumed = {0}, learned = {0};
    for (size_t i = 0; i < view->outcome->n_comparisons; i++) {
        const bench_comparison *c = &view->outcome->comparisons[i];
        if (c->evidence == BENCH_EVIDENCE_STORED && isfinite(c->between_run_sd)) {
            count_known(c->n_runs_known < BENCH__MIN_KNOWN_RUNS ? &assumed : &learned,
                        c->n_runs_known);
        }
    }
    if (assumed.n_benchmarks + learned.n_benchmarks == 0) {
        return;
    }
    bench__strbuf_add(out, "how far this machine moves from run to run is ");
    if (assumed.n_benchmarks == 0) {
        bench__strbuf_addf(out, "known from %zu", learned.least);
        if (learned.least < learned.most) {
            bench__strbuf_addf(out, " to %zu", learned.most);
        }
        bench__strbuf_add(out, " runs");
        return;
    }
    bench__strbuf_add(out, "assumed");
    if (learned.n_benchmarks > 0) {
        bench__strbuf_addf(out, " for %zu of %zu benchmarks", assumed.n_benchmarks,
                           assumed.n_benchmarks + learned.n_benchmarks);
    }
    bench__strbuf_addf(out, ": %zu of %d runs known", assumed.least, BENCH__MIN_KNOWN_RUNS);
}

void bench__say_inconclusive(struct bench__strbuf *out, const struct bench__view *view) {
    double least = INFINITY;
    double most = 0;
    int all_by_duel = 1;
    for (size_t i = 0; i < view->outcome->n_comparisons; i++) {
        const bench_comparison *c = &view->outcome->comparisons[i];
        all_by_duel &= c->verdict != BENCH_VERDICT_INCONCLUSIVE || c->duel.n_launches > 0;
        if (c->verdict == BENCH_VERDICT_INCONCLUSIVE && isfinite(c->mde)) {
            least = fmin(least, c->mde);
            most = fmax(most, c->mde);
        }
    }
    bench__say_count(out, view->n_verdicts[BENCH_VERDICT_INCONCLUSIVE], "benchmark");
    if (most > 0) {
        char from[BENCH__FIGURE_SIZE];
        char to[BENCH__FIGURE_SIZE];
        bench__figure_share(from, sizeof from, least);
        bench__figure_share(to, sizeof to, most);
        int same = strcmp(from, to) == 0;
        bench__strbuf_addf(out, ", where only changes of %s%s%s or more can be told from noise",
                           from, same ? "" : " to ", same ? "" : to);
    }
    bench__strbuf_add(
        out, all_by_duel ? ". More time decides most of them: --measurement-time, or "
                           "--launches 64. Layout variants (-DBENCH_LAYOUTS=8) take out placement."
                         : ". Measure longer (--measurement-time) or on a quieter machine, "
                           "or run the old and the new executable side by side: benchctl "
                           "compare OLD NEW.");
}

static void add_label(struct bench__strbuf *out, const bench_outcome *outcome) {
    const char *label = bench__baseline_label(outcome);
    int named = outcome->baseline != NULL && label == outcome->baseline->label;
    bench__strbuf_add(out, named ? "'" : "");
    bench__strbuf_add_safe(out, label);
    bench__strbuf_add(out, named ? "'" : "");
}

void bench__say_counts(struct bench__strbuf *out, const struct bench__view *view) {
    static const bench_verdict order[] = {BENCH_VERDICT_PASS,      BENCH_VERDICT_IMPROVED,
                                          BENCH_VERDICT_REGRESSED, BENCH_VERDICT_INCONCLUSIVE,
                                          BENCH_VERDICT_MISSING,   BENCH_VERDICT_INCOMPARABLE};
    if (view->outcome->baseline == NULL) {
        return;
    }
    const char *separator = "";
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        if (view->n_verdicts[order[i]] > 0) {
            bench__strbuf_addf(out, "%s%zu %s", separator, view->n_verdicts[order[i]],
                               bench_verdict_name(order[i]));
            separator = ", ";
        }
    }
    if (view->n_new > 0) {
        bench__strbuf_addf(out, "%s%zu new", separator, view->n_new);
        separator = ", ";
    }
    bench__strbuf_add(out, separator[0] == '\0' ? "nothing to compare, against " : " against ");
    add_label(out, view->outcome);
    bench__strbuf_add(out, " (");
    add_provenance(out, view->outcome->baseline);
    bench__strbuf_addc(out, ')');
}

enum bench__tone bench__verdict_tone(bench_verdict verdict) {
    switch (verdict) {
    case BENCH_VERDICT_PASS:
    case BENCH_VERDICT_IMPROVED:
        return BENCH__TONE_GOOD;
    case BENCH_VERDICT_REGRESSED:
        return BENCH__TONE_BAD;
    case BENCH_VERDICT_INCONCLUSIVE:
    case BENCH_VERDICT_MISSING:
    case BENCH_VERDICT_INCOMPARABLE:
        return BENCH__TONE_UNSURE;
    case BENCH_VERDICT_NONE:
        break;
    }
    return BENCH__TONE_PLAIN;
}

enum bench__tone bench__status_tone(bench_status status) {
    int harmless = status == BENCH_STATUS_OK || status == BENCH_STATUS_SKIPPED ||
                   status == BENCH_STATUS_NOT_RUN;
    return harmless ? BENCH__TONE_PLAIN : BENCH__TONE_BAD;
}

static const bench_comparison *worst_regression(const bench_outcome *outcome) {
    const bench_comparison *worst = NULL;
    for (size_t i = 0; i < outcome->n_comparisons; i++) {
        const bench_comparison *c = &outcome->comparisons[i];
        if (c->verdict == BENCH_VERDICT_REGRESSED &&
            (worst == NULL || c->change.point > worst->change.point)) {
            worst = c;
        }
    }
    return worst;
}

static void answer_yes(struct bench__strbuf *out, const struct bench__view *view) {
    const bench_comparison *worst = worst_regression(view->outcome);
    size_t n = view->n_verdicts[BENCH_VERDICT_REGRESSED];
    char percent[BENCH__FIGURE_SIZE];
    bench__strbuf_addf(out, "Yes: %zu of ", n);
    bench__say_count(out, view->n_compared, "benchmark");
    bench__strbuf_addf(out, " %s slower, %s", n == 1 ? "is" : "are", n == 1 ? "" : "worst ");
    bench__strbuf_add_safe(out, worst->name);
    bench__strbuf_addf(out, " by %s",
                       bench__figure_percent(percent, sizeof percent, worst->change.point, 0));
}

static void answer_open(struct bench__strbuf *out, size_t n, size_t n_compared) {
    bench__strbuf_addf(out, "Cannot tell for %zu of ", n);
    bench__say_count(out, n_compared, "benchmark");
    if (n < n_compared) {
        bench__strbuf_add(out, n_compared - n == 1 ? ", the other is within its limit"
                                                   : ", the others are within their limits");
    }
}

static void answer_no(struct bench__strbuf *out, size_t n_faster, size_t n_compared) {
    if (n_compared == 1) {
        bench__strbuf_add(out, "No: the only benchmark is within its limit");
        bench__strbuf_add(out, n_faster > 0 ? ", and faster" : "");
        return;
    }
    bench__strbuf_addf(out, "No: all %zu benchmarks are within their limits", n_compared);
    if (n_faster > 0) {
        bench__strbuf_addf(out, ", %zu of them faster", n_faster);
    }
}

static enum bench__tone answer_comparison(struct bench__strbuf *out,
                                          const struct bench__view *view) {
    size_t n_open = view->n_verdicts[BENCH_VERDICT_INCONCLUSIVE];
    size_t n_faster = view->n_verdicts[BENCH_VERDICT_IMPROVED];
    bench__strbuf_add(out, "Slower than ");
    add_label(out, view->outcome);
    bench__strbuf_add(out, "? ");
    if (view->outcome->incomparable || view->n_compared == 0) {
        bench__strbuf_add(out, "Cannot tell: nothing could be compared");
        return BENCH__TONE_UNSURE;
    }
    if (view->n_verdicts[BENCH_VERDICT_REGRESSED] > 0) {
        answer_yes(out, view);
        return BENCH__TONE_BAD;
    }
    if (n_open > 0) {
        answer_open(out, n_open, view->n_compared);
        return BENCH__TONE_UNSURE;
    }
    answer_no(out, n_faster, view->n_compared);
    return BENCH__TONE_GOOD;
}

static enum bench__tone answer_alone(struct bench__strbuf *out, const struct bench__view *view) {
    bench__say_count(out, view->n_measured, "benchmark");
    bench__strbuf_add(out, " measured, no baseline to compare with");
    return BENCH__TONE_PLAIN;
}

static void add_clause(struct bench__strbuf *out, size_t n, const char *one, const char *many) {
    if (n > 0) {
        bench__strbuf_addf(out, "; %zu %s", n, n == 1 ? one : many);
    }
}

enum bench__tone bench__say_answer(struct bench__strbuf *out, const struct bench__view *view) {
    enum bench__tone tone =
        view->outcome->baseline != NULL ? answer_comparison(out, view) : answer_alone(out, view);
    size_t n_missing = view->n_verdicts[BENCH_VERDICT_MISSING];
    add_clause(out, n_missing, "is missing", "are missing");
    add_clause(out, view->n_failed, "failed", "failed");
    add_clause(out, view->n_pairs_failed, "pair failed", "pairs failed");
    bench__say_budgets(out, view->outcome);
    add_clause(out, view->outcome->run->interrupted ? view->n_not_run : 0,
               "was not reached before the interruption",
               "were not reached before the interruption");
    bench__strbuf_addc(out, '.');
    if (view->n_failed > 0 || view->n_pairs_failed > 0 || view->n_over > 0) {
        return BENCH__TONE_BAD;
    }
    return tone == BENCH__TONE_GOOD && n_missing > 0 ? BENCH__TONE_UNSURE : tone;
}
