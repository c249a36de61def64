/*
 * Budgets: what gates.json allows a benchmark to cost, alone or compared with another of the same
 * run. Compares numbers that are there; never measures, never resamples.
 */
#include "result/budgets.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/units.h"
#include "result/difference.h"
#include "result/model.h"
#include "result/named_metric.h"
#include "result/pairs.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- reading ----------------------------------------------------------------------------------
 */

static const char *const limit_keys[] = {"max", "min", "max_overhead", "max_ratio", "min_ratio"};

static int is_ratio(enum bench__limit_kind kind) {
    return kind >= BENCH__LIMIT_MAX_OVERHEAD;
}
static int is_maximum(enum bench__limit_kind kind) {
    return kind != BENCH__LIMIT_MIN && kind != BENCH__LIMIT_MIN_RATIO;
}

/* A number in the metric's own unit, or a text with a unit that must be one of the metric's. */
static int read_limit(double *out, const struct bench__json *value, const char *metric_name,
                      enum bench__limit_kind kind) {
    const struct bench__metric *metric = bench__metric_find(metric_name);
    const char *text = NULL;
    char unit[24];
    bench_error why = {0};
    if (!bench__json_is_text(value)) {
        return bench__json_read_double(out, value);
    }
    if (bench__json_read_text(&text, value) != 0) {
        return BENCH_EFORMAT;
    }
    if (bench__parse_quantity(out, unit, text, &why) != 0) {
        return bench__json_error(value, "%s", why.text);
    }
    if (strcmp(unit, "1") == 0) {
        return 0;
    }
    if (is_ratio(kind)) {
        return bench__json_error(value, "\"%.60s\" is in %s, but a ratio has no unit", text, unit);
    }
    if (metric != NULL && strcmp(unit, metric->quantity) != 0) {
        return bench__json_error(value, "\"%.60s\" is in %s, but %s is in %s", text, unit,
                                 metric_name, metric->quantity);
    }
    return 0;
}

static int read_loosening(struct bench__budget_rule *rule, const struct bench__json *entry) {
    const struct bench__json was = bench__json_get(entry, "was");
    const struct bench__json justification = bench__json_get(entry, "justification");
    const char *text = "";
    int rc = 0;
    if (!bench__json_absent(&justification)) {
        rc = bench__json_read_text(&text, &justification);
    }
    if (rc != 0 || bench__json_absent(&was)) {
        return rc;
    }
    rc = read_limit(&rule->was, &was, rule->metric, rule->kind);
    const int is_looser =
        is_maximum(rule->kind) ? rule->limit > rule->was : rule->limit < rule->was;
    if (rc != 0 || !is_looser) {
        return rc;
    }
    return text[strspn(text, " \t\r\n")] == '\0'
               ? bench__json_error(&was, "says that the limit was tighter: loosening it needs a "
                                         "\"justification\"")
               : bench__text_copy(&rule->justification, text, &justification);
}

/* Exactly one of the limits that go with the form of the entry. */
static int read_limits(struct bench__budget_rule *rule, const struct bench__json *entry) {
    const int wants_ratio = rule->of != NULL;
    int n = 0, rc = 0;
    for (int kind = 0; kind <= BENCH__LIMIT_MIN_RATIO && rc == 0; kind++) {
        const struct bench__json value = bench__json_get(entry, limit_keys[kind]);
        if (bench__json_absent(&value)) {
            continue;
        }
        if (is_ratio((enum bench__limit_kind)kind) != wants_ratio) {
            return bench__json_error(&value, "does not go with %s",
                                     wants_ratio ? "\"of\" and \"over\"" : "\"match\"");
        }
        rule->kind = (enum bench__limit_kind)kind;
        rc = read_limit(&rule->limit, &value, rule->metric, rule->kind);
        n++;
    }
    if (rc == 0 && n != 1) {
        rc = bench__json_error(entry, "needs exactly one of %s",
                               wants_ratio ? "max_overhead, max_ratio, min_ratio" : "max, min");
    }
    return rc;
}

static int read_owned(char **out, const struct bench__json *entry, const char *key) {
    const struct bench__json value = bench__json_get(entry, key);
    const char *text = NULL;
    const int rc = bench__json_read_name(&text, &value);
    return rc != 0 ? rc : bench__text_copy(out, text, &value);
}

int bench__pattern_read(struct bench__pattern **out, const struct bench__json *value) {
    const char *text = NULL;
    bench_error why = {0};
    if (bench__json_read_text(&text, value) != 0) {
        return BENCH_EFORMAT;
    }
    const int rc = bench__pattern_new(out, text, &why);
    return rc == BENCH_ENOMEM ? bench__json_no_memory(value)
           : rc != 0          ? bench__json_error(value, "%s", why.text)
                              : 0;
}

static int read_subject(struct bench__budget_rule *rule, const struct bench__json *entry) {
    const struct bench__json match = bench__json_get(entry, "match");
    const struct bench__json of = bench__json_get(entry, "of");
    if (bench__json_absent(&match) == bench__json_absent(&of)) {
        return bench__json_error(entry, "needs \"match\", or \"of\" and \"over\"");
    }
    if (bench__json_absent(&match)) {
        const int rc = read_owned(&rule->of, entry, "of");
        return rc != 0 ? rc : read_owned(&rule->over, entry, "over");
    }
    const int rc = read_owned(&rule->match, entry, "match");
    return rc != 0 ? rc : bench__pattern_read(&rule->pattern, &match);
}

static int read_rule(struct bench__budget_rule *rule, const struct bench__json *entry) {
    static const char *const keys[] = {
        "justification", "match",     "max", "max_overhead", "max_ratio", "metric",
        "min",           "min_ratio", "of",  "over",         "was",       "why"};
    const struct bench__json why = bench__json_get(entry, "why");
    int rc = bench__json_expect_keys(entry, keys, sizeof keys / sizeof *keys);
    if (rc == 0) {
        rc = read_subject(rule, entry);
    }
    if (rc == 0) {
        rc = read_owned(&rule->metric, entry, "metric");
    }
    if (rc == 0) {
        rc = bench__json_absent(&why) ? bench__text_copy(&rule->why, "", &why)
                                      : read_owned(&rule->why, entry, "why");
    }
    if (rc == 0) {
        rc = read_limits(rule, entry);
    }
    return rc != 0 ? rc : read_loosening(rule, entry);
}

int bench__budget_rule_read(struct bench__budget_rule *out, const struct bench__json *entry) {
    *out = (struct bench__budget_rule){0};
    const int rc = read_rule(out, entry);
    if (rc != 0) {
        bench__budget_rule_clear(out);
    }
    return rc;
}

void bench__budget_rule_clear(struct bench__budget_rule *rule) {
    bench__free(rule->match);
    bench__pattern_free(rule->pattern);
    bench__free(rule->of);
    bench__free(rule->over);
    bench__free(rule->metric);
    bench__free(rule->why);
    bench__free(rule->justification);
    *rule = (struct bench__budget_rule){0};
}

/* ---- evaluating -------------------------------------------------------------------------------
 */

static int no_memory(bench_error *err) {
    return bench__error(err, BENCH_ENOMEM, "out of memory evaluating budgets");
}

/* Of limit and measured value, also where nothing could be measured. */
static const char *unit_of(const struct bench__budget_rule *rule, int is_ratio) {
    const struct bench__metric *metric = bench__metric_find(rule->metric);
    if (is_ratio) {
        return rule->kind == BENCH__LIMIT_MAX_OVERHEAD ? "fraction" : "1";
    }
    return metric != NULL ? metric->unit : "";
}

/* Appends a budget that is not measured yet. `over` may be NULL. */
static bench_budget *add_budget(bench_outcome *outcome, const struct bench__budget_rule *rule,
                                const char *subject, const char *over) {
    size_t capacity = outcome->n_budgets;
    struct bench__strbuf name;
    if (bench__grow(&outcome->budgets, &capacity, outcome->n_budgets + 1,
                    sizeof *outcome->budgets) != 0) {
        return NULL;
    }
    bench__strbuf_init(&name);
    bench__strbuf_add(&name, subject);
    if (over != NULL) {
        bench__strbuf_add(&name, " over ");
        bench__strbuf_add(&name, over);
    }
    bench_budget *budget = &outcome->budgets[outcome->n_budgets++];
    *budget = (bench_budget){
        .subject = bench__strbuf_steal(&name),
        .metric = bench__strdup(rule->metric),
        .why = bench__strdup(rule->why),
        .is_maximum = is_maximum(rule->kind),
        .limit = rule->limit,
        .measured = {NAN, NAN, NAN},
        .margin = NAN,
        .verdict = BENCH_BUDGET_NOT_MEASURED,
        .loosened_from = rule->was,
        .justification = rule->justification != NULL ? bench__strdup(rule->justification) : NULL};
    snprintf(budget->unit, sizeof budget->unit, "%s", unit_of(rule, over != NULL));
    return budget->subject != NULL && budget->metric != NULL && budget->why != NULL &&
                   (budget->justification != NULL) == (rule->justification != NULL)
               ? budget
               : NULL;
}

static int set_reason(bench_budget *budget, const char *reason, const char *detail,
                      bench_error *err) {
    struct bench__strbuf text;
    bench__strbuf_init(&text);
    bench__strbuf_add(&text, reason);
    if (detail != NULL) {
        bench__strbuf_add(&text, ": ");
        bench__strbuf_add(&text, detail);
    }
    bench__free(budget->reason);
    budget->reason = bench__strbuf_steal(&text);
    return budget->reason != NULL ? 0 : no_memory(err);
}

/* Within or beyond the limit only with the whole interval, where there is one. `how` it came about
 * is part of the reason; NULL when that goes without saying. */
static int decide(bench_budget *budget, const bench_estimate *measured, const char *unit,
                  const char *how, bench_error *err) {
    const double sign = budget->is_maximum ? 1 : -1;
    const double limit = sign * budget->limit;
    const int has_interval = !isnan(measured->lower) && !isnan(measured->upper);
    const double a = sign * (has_interval ? measured->lower : measured->point);
    const double b = sign * (has_interval ? measured->upper : measured->point);
    budget->measured = *measured;
    snprintf(budget->unit, sizeof budget->unit, "%s", unit);
    budget->margin = (limit - sign * measured->point) / fabs(budget->limit);
    budget->verdict = fmax(a, b) <= limit  ? BENCH_BUDGET_PASS
                      : fmin(a, b) > limit ? BENCH_BUDGET_OVER
                                           : BENCH_BUDGET_INCONCLUSIVE;
    const char *open = budget->verdict == BENCH_BUDGET_INCONCLUSIVE
                           ? "the interval holds the limit: more launches would decide"
                           : NULL;
    return how != NULL ? set_reason(budget, how, open, err)
                       : set_reason(budget, open != NULL ? open : "", NULL, err);
}

static int evaluate_absolute(bench_budget *budget, const bench_result *result, bench_error *err) {
    const char *unit, *reason;
    if (result->status != BENCH_STATUS_OK) {
        return set_reason(budget, bench_status_name(result->status), result->message, err);
    }
    const bench_estimate measured = bench__metric_value(result, budget->metric, &unit, &reason);
    return isnan(measured.point) ? set_reason(budget, reason, NULL, err)
                                 : decide(budget, &measured, unit, NULL, err);
}

/* Time of `of` over time of `over`, by launches. */
static int time_ratio(bench_estimate *out, const bench_result *of, const bench_result *over) {
    struct bench__side a = {0}, b = {0};
    int rc = bench__side_init(&a, over, NULL, BENCH_KERNEL_ADD);
    if (rc == 0) {
        rc = bench__side_init(&b, of, NULL, BENCH_KERNEL_ADD);
    }
    if (rc == 0) {
        const struct bench__difference d = bench__difference(&b, &a, NULL);
        const bench_estimate log_ratio =
            bench__difference_interval(&d, of->options.confidence_level);
        *out = (bench_estimate){exp(log_ratio.point), exp(log_ratio.lower), exp(log_ratio.upper)};
    }
    bench__side_clear(&a);
    bench__side_clear(&b);
    return rc;
}

/* The metric's ratio. Of rates, the ratio of the times that stand behind them keeps the interval.
 * Times that were measured side by side, as a pair, beat those of separate launches. */
static int ratio_of(bench_estimate *out, int *out_by_duel, const char *metric, const bench_run *run,
                    const bench_result *both[2], const char **out_reason) {
    const bench_result *of = both[0], *over = both[1];
    const char *unit;
    const bench_estimate above = bench__metric_value(of, metric, &unit, out_reason);
    const bench_estimate below = bench__metric_value(over, metric, &unit, out_reason);
    *out = (bench_estimate){below.point != 0 ? above.point / below.point : NAN, NAN, NAN};
    const int is_rate =
        strcmp(metric, "throughput") == 0 || strcmp(metric, "bytes_throughput") == 0;
    if (isnan(out->point) || (!is_rate && strcmp(metric, "time") != 0)) {
        return 0;
    }
    bench_estimate time;
    *out_by_duel = bench__pair_ratio(&time, run, of->name, over->name);
    const int rc = *out_by_duel ? 0 : time_ratio(&time, of, over);
    if (rc != 0 || isnan(time.lower)) {
        return rc;
    }
    if (!is_rate) {
        *out = time;
        return 0;
    }
    const double work = out->point * of->time.median.point / over->time.median.point;
    *out = (bench_estimate){work / time.point, work / time.upper, work / time.lower};
    return 0;
}

/* What is lost: of a time the part that comes on top, of a rate how much more each unit costs. */
static bench_estimate overhead(const bench_estimate *ratio, const char *metric) {
    const struct bench__metric *known = bench__metric_find(metric);
    if (known != NULL && strstr(known->quantity, "/s") != NULL) {
        return (bench_estimate){1 / ratio->point - 1, 1 / ratio->upper - 1, 1 / ratio->lower - 1};
    }
    return (bench_estimate){ratio->point - 1, ratio->lower - 1, ratio->upper - 1};
}

static int evaluate_ratio(bench_budget *budget, const struct bench__budget_rule *rule,
                          const bench_run *run, bench_error *err) {
    const bench_result *both[] = {bench_run_find(run, rule->of), bench_run_find(run, rule->over)};
    const char *names[] = {rule->of, rule->over}, *reason = "";
    for (size_t i = 0; i < 2; i++) {
        if (both[i] == NULL || both[i]->status != BENCH_STATUS_OK) {
            return set_reason(
                budget, both[i] == NULL ? "not in this run" : bench_status_name(both[i]->status),
                names[i], err);
        }
    }
    bench_estimate ratio;
    int by_duel = 0;
    if (ratio_of(&ratio, &by_duel, rule->metric, run, both, &reason) != 0) {
        return no_memory(err);
    }
    if (isnan(ratio.point)) {
        return set_reason(budget, reason, NULL, err);
    }
    if (rule->kind == BENCH__LIMIT_MAX_OVERHEAD) {
        ratio = overhead(&ratio, rule->metric);
    }
    return decide(budget, &ratio, unit_of(rule, 1), by_duel ? "by duel" : NULL, err);
}

/* Whether a name or pattern is about a suite of this run; a pattern that leaves the suite open is.
 */
static int concerns_run(const char *name, const bench_run *run) {
    const size_t n = strcspn(name, "/");
    if (name[0] == '/' || strcspn(name, "*?[") < n) {
        return run->n_results > 0;
    }
    for (size_t i = 0; i < run->n_results; i++) {
        if (strlen(run->results[i].suite) == n && memcmp(run->results[i].suite, name, n) == 0) {
            return 1;
        }
    }
    return 0;
}

static int evaluate_matches(const struct bench__budget_rule *rule, const bench_run *run,
                            bench_outcome *outcome, bench_error *err) {
    size_t n_matches = 0;
    int rc = 0;
    for (size_t i = 0; i < run->n_results && rc == 0; i++) {
        const bench_result *result = &run->results[i];
        if (bench__pattern_matches(rule->pattern, result->name)) {
            bench_budget *budget = add_budget(outcome, rule, result->name, NULL);
            rc = budget != NULL ? evaluate_absolute(budget, result, err) : no_memory(err);
            n_matches++;
        }
    }
    if (rc == 0 && n_matches == 0 && concerns_run(rule->match, run)) {
        bench_budget *budget = add_budget(outcome, rule, rule->match, NULL);
        rc = budget != NULL ? set_reason(budget, "not in this run", NULL, err) : no_memory(err);
    }
    return rc;
}

int bench__budget_rule_concerns(const struct bench__budget_rule *rule, const char *name) {
    return rule->match != NULL ? bench__pattern_matches(rule->pattern, name)
                               : strcmp(rule->of, name) == 0 || strcmp(rule->over, name) == 0;
}

int bench__budget_rule_evaluate(const struct bench__budget_rule *rule, const bench_run *run,
                                bench_outcome *outcome, bench_error *err) {
    if (rule->match != NULL) {
        return evaluate_matches(rule, run, outcome, err);
    }
    if (!concerns_run(rule->of, run) && !concerns_run(rule->over, run)) {
        return 0;
    }
    bench_budget *budget = add_budget(outcome, rule, rule->of, rule->over);
    return budget != NULL ? evaluate_ratio(budget, rule, run, err) : no_memory(err);
}
