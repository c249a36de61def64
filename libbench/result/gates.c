/*
 * Thresholds, levels and what makes a run fail: built in, from gates.json, from the command line.
 * Budgets are entries of the same file, but read and evaluated in budgets.c.
 */
#include "result/gates.h"

#include "base/error.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/pattern.h"
#include "base/units.h"
#include "result/budgets.h"
#include "result/json.h"

#include <math.h>
#include <string.h>

#define DEFAULT_THRESHOLD 0.05
#define DEFAULT_ALPHA     0.01
#define DEFAULT_FAIL_ON                                                                            \
    (BENCH__FAIL_REGRESSED | BENCH__FAIL_MISSING | BENCH__FAIL_INCOMPARABLE | BENCH__FAIL_BUDGET)
#define FORMAT_VERSION 1

struct rule {
    struct bench__pattern *pattern;
    double threshold, alpha; /* NAN: says nothing about it */
};

struct bench__gates {
    double threshold, alpha;
    int has_threshold; /* of the file's own */
    unsigned fail_on;
    double forced_threshold, forced_alpha; /* by the command line; NAN: not */
    size_t n_rules, n_budgets;
    struct rule *rules;
    struct bench__budget_rule *budgets;
};

int bench__gates_default(struct bench__gates **out, bench_error *err) {
    struct bench__gates *gates = bench__alloc(1, sizeof *gates);
    *out = gates;
    if (gates == NULL) {
        return bench__error(err, BENCH_ENOMEM, "out of memory for the gates");
    }
    gates->threshold = DEFAULT_THRESHOLD;
    gates->alpha = DEFAULT_ALPHA;
    gates->fail_on = DEFAULT_FAIL_ON;
    gates->forced_threshold = gates->forced_alpha = NAN;
    return 0;
}

void bench__gates_free(struct bench__gates *gates) {
    if (gates == NULL) {
        return;
    }
    for (size_t i = 0; i < gates->n_rules; i++) {
        bench__pattern_free(gates->rules[i].pattern);
    }
    for (size_t i = 0; i < gates->n_budgets; i++) {
        bench__budget_rule_clear(&gates->budgets[i]);
    }
    bench__free(gates->rules);
    bench__free(gates->budgets);
    bench__free(gates);
}

void bench__gates_set_default_threshold(struct bench__gates *gates, double threshold) {
    if (!gates->has_threshold) {
        gates->threshold = threshold;
    }
}

void bench__gates_set_threshold(struct bench__gates *gates, double threshold) {
    gates->forced_threshold = threshold;
}

void bench__gates_set_alpha(struct bench__gates *gates, double alpha) {
    gates->forced_alpha = alpha;
}

void bench__gates_set_fail_on(struct bench__gates *gates, unsigned fail_on) {
    gates->fail_on = fail_on;
}

double bench__gates_threshold(const struct bench__gates *gates, const char *name) {
    double threshold = gates->threshold;
    for (size_t i = 0; i < gates->n_rules; i++) {
        const struct rule *rule = &gates->rules[i];
        if (!isnan(rule->threshold) && bench__pattern_matches(rule->pattern, name)) {
            threshold = rule->threshold;
        }
    }
    return isnan(gates->forced_threshold) ? threshold : gates->forced_threshold;
}

double bench__gates_alpha(const struct bench__gates *gates, const char *name) {
    double alpha = gates->alpha;
    for (size_t i = 0; i < gates->n_rules; i++) {
        const struct rule *rule = &gates->rules[i];
        if (!isnan(rule->alpha) && bench__pattern_matches(rule->pattern, name)) {
            alpha = rule->alpha;
        }
    }
    return isnan(gates->forced_alpha) ? alpha : gates->forced_alpha;
}

unsigned bench__gates_fail_on(const struct bench__gates *gates) {
    return gates->fail_on;
}

int bench__gates_limit(const struct bench__gates *gates, const char *name) {
    for (size_t i = 0; i < gates->n_budgets; i++) {
        if (bench__budget_rule_concerns(&gates->budgets[i], name)) {
            return 1;
        }
    }
    return 0;
}

static int is_ratio_of(const struct bench__budget_rule *rule, const char *of, const char *over) {
    return rule->of != NULL && strcmp(rule->of, of) == 0 && strcmp(rule->over, over) == 0;
}

int bench__gates_limit_ratio(const struct bench__gates *gates, const char *a, const char *b) {
    for (size_t i = 0; i < gates->n_budgets; i++) {
        const struct bench__budget_rule *rule = &gates->budgets[i];
        if (is_ratio_of(rule, a, b) || is_ratio_of(rule, b, a)) {
            return 1;
        }
    }
    return 0;
}

int bench__gates_budgets(const struct bench__gates *gates, const bench_run *run,
                         bench_outcome *outcome, bench_error *err) {
    int rc = 0;
    for (size_t i = 0; i < gates->n_budgets && rc == 0; i++) {
        rc = bench__budget_rule_evaluate(&gates->budgets[i], run, outcome, err);
    }
    return rc;
}

/* ---- what fails a run -------------------------------------------------------------------------
 */

/* The bit of a name of n bytes; 0 when there is none. */
static unsigned fail_on_bit(const char *name, size_t n) {
    static const char *const names[] = {"regressed",    "missing", "incomparable",
                                        "inconclusive", "budget",  "none"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strlen(names[i]) == n && memcmp(names[i], name, n) == 0) {
            return 1u << i;
        }
    }
    return 0;
}

int bench__fail_on_parse(unsigned *out, const char *text, bench_error *err) {
    unsigned bits = 0;
    for (const char *p = text;;) {
        const size_t n = strcspn(p, ",");
        const unsigned bit = fail_on_bit(p, n);
        if (bit == 0) {
            return bench__error(err, BENCH_EINVAL,
                                "'%.*s' is nothing to fail on: regressed, missing, incomparable, "
                                "inconclusive, budget; or none",
                                n < 60 ? (int)n : 60, p);
        }
        bits |= bit;
        if (p[n] == '\0') {
            break;
        }
        p += n + 1;
    }
    if (bits & BENCH__FAIL_NONE && bits != BENCH__FAIL_NONE) {
        return bench__error(err, BENCH_EINVAL, "'none' must stand alone");
    }
    *out = bits;
    return 0;
}

static int read_fail_on(unsigned *out, const struct bench__json *list) {
    unsigned bits = 0;
    int rc = bench__json_expect_array(list);
    for (size_t i = 0; i < bench__json_length(list) && rc == 0; i++) {
        const struct bench__json at = bench__json_at(list, i);
        const char *name = NULL;
        rc = bench__json_read_text(&name, &at);
        if (rc == 0) {
            const unsigned bit = fail_on_bit(name, strlen(name));
            rc = bit != 0 ? 0 : bench__json_error(&at, "is nothing to fail on: \"%.60s\"", name);
            bits |= bit;
        }
    }
    if (rc == 0 && bits & BENCH__FAIL_NONE && bits != BENCH__FAIL_NONE) {
        rc = bench__json_error(list, "has \"none\" beside others");
    }
    *out = bits != 0 ? bits : BENCH__FAIL_NONE;
    return rc;
}

/* ---- thresholds -------------------------------------------------------------------------------
 */

/* "5%", "0.05" or 0.05, below `end`; stays as it is when the field is not there. */
static int read_fraction(double *out, const struct bench__json *object, const char *key,
                         double end) {
    const struct bench__json value = bench__json_get(object, key);
    const char *text = NULL;
    double fraction = NAN;
    bench_error why = {0};
    if (bench__json_absent(&value)) {
        return 0;
    }
    if (!bench__json_is_text(&value)) {
        if (bench__json_read_double(&fraction, &value) != 0) {
            return BENCH_EFORMAT;
        }
    } else if (bench__json_read_text(&text, &value) != 0 ||
               bench__parse_fraction(&fraction, text, &why) != 0) {
        return bench__json_error(&value, "%s", why.text);
    }
    if (!(fraction >= 0 && fraction < end)) {
        return bench__json_error(&value, "must be from 0 to below %g %%", 100 * end);
    }
    *out = fraction;
    return 0;
}

static int read_threshold(double *out, const struct bench__json *object) {
    return read_fraction(out, object, "threshold", 10);
}

static int read_alpha(double *out, const struct bench__json *object) {
    const int rc = read_fraction(out, object, "alpha", 0.5);
    if (rc == 0 && *out == 0) {
        const struct bench__json value = bench__json_get(object, "alpha");
        return bench__json_error(&value, "must be above 0");
    }
    return rc;
}

static int check_justified(const struct bench__json *object, const char *key, double usual) {
    const struct bench__json justification = bench__json_get(object, "justification");
    const struct bench__json value = bench__json_get(object, key);
    const char *text = "";
    if (!bench__json_absent(&justification) && bench__json_read_text(&text, &justification) != 0) {
        return BENCH_EFORMAT;
    }
    if (text[strspn(text, " \t\r\n")] == '\0') {
        return bench__json_error(
            &value, "is looser than %g %%: that needs a \"justification\" beside it", 100 * usual);
    }
    return 0;
}

static int read_default(struct bench__gates *gates, const struct bench__json *object) {
    static const char *const keys[] = {"alpha", "fail_on", "justification", "threshold"};
    const struct bench__json fail_on = bench__json_get(object, "fail_on");
    int rc = bench__json_expect_keys(object, keys, sizeof keys / sizeof *keys);
    if (rc == 0) {
        const struct bench__json threshold = bench__json_get(object, "threshold");
        gates->has_threshold = !bench__json_absent(&threshold);
        rc = read_threshold(&gates->threshold, object);
    }
    if (rc == 0) {
        rc = read_alpha(&gates->alpha, object);
    }
    if (rc == 0 && !bench__json_absent(&fail_on)) {
        rc = read_fail_on(&gates->fail_on, &fail_on);
    }
    if (rc == 0 && gates->threshold > DEFAULT_THRESHOLD) {
        rc = check_justified(object, "threshold", DEFAULT_THRESHOLD);
    }
    return rc;
}

static int read_rule(struct rule *rule, const struct bench__json *object, double usual) {
    static const char *const keys[] = {"alpha", "justification", "match", "threshold"};
    const struct bench__json match = bench__json_get(object, "match");
    rule->threshold = rule->alpha = NAN;
    int rc = bench__json_expect_keys(object, keys, sizeof keys / sizeof *keys);
    if (rc == 0) {
        rc = bench__pattern_read(&rule->pattern, &match);
    }
    if (rc == 0) {
        rc = read_threshold(&rule->threshold, object);
    }
    if (rc == 0) {
        rc = read_alpha(&rule->alpha, object);
    }
    if (rc == 0 && isnan(rule->threshold) && isnan(rule->alpha)) {
        rc = bench__json_error(object, "sets neither \"threshold\" nor \"alpha\"");
    }
    if (rc == 0 && rule->threshold > usual) {
        rc = check_justified(object, "threshold", usual);
    }
    return rc;
}

/* ---- the file ---------------------------------------------------------------------------------
 */

/* An array that may be missing, and room for as many items. */
static int open_list(const struct bench__json *list, void *out_items, size_t size) {
    void *items;
    if (bench__json_absent(list)) {
        return 0;
    }
    if (bench__json_expect_array(list) != 0) {
        return BENCH_EFORMAT;
    }
    items = bench__alloc(bench__json_length(list), size);
    if (items == NULL) {
        return bench__error(list->doc->err, BENCH_ENOMEM, "out of memory reading %s",
                            list->doc->file);
    }
    memcpy(out_items, &items, sizeof items);
    return 0;
}

static int read_rules(struct bench__gates *gates, const struct bench__json *list) {
    int rc = open_list(list, &gates->rules, sizeof *gates->rules);
    for (size_t i = 0; i < bench__json_length(list) && rc == 0; i++) {
        const struct bench__json at = bench__json_at(list, i);
        rc = read_rule(&gates->rules[gates->n_rules++], &at, gates->threshold);
    }
    return rc;
}

static int read_budgets(struct bench__gates *gates, const struct bench__json *list) {
    int rc = open_list(list, &gates->budgets, sizeof *gates->budgets);
    for (size_t i = 0; i < bench__json_length(list) && rc == 0; i++) {
        const struct bench__json at = bench__json_at(list, i);
        rc = bench__budget_rule_read(&gates->budgets[gates->n_budgets++], &at);
    }
    return rc;
}

static int read_gates(struct bench__gates *gates, const struct bench__json *root) {
    static const char *const keys[] = {"budgets", "default", "format_version", "rules"};
    const struct bench__json defaults = bench__json_get(root, "default");
    const struct bench__json rules = bench__json_get(root, "rules");
    const struct bench__json budgets = bench__json_get(root, "budgets");
    int rc = bench__json_check_version(root, FORMAT_VERSION);
    if (rc == 0) {
        rc = bench__json_expect_keys(root, keys, sizeof keys / sizeof *keys);
    }
    if (rc == 0 && !bench__json_absent(&defaults)) {
        rc = read_default(gates, &defaults);
    }
    if (rc == 0) {
        rc = read_rules(gates, &rules);
    }
    return rc != 0 ? rc : read_budgets(gates, &budgets);
}

int bench__gates_load(struct bench__gates **out, const char *path, bench_error *err) {
    struct bench__json_doc doc = {0};
    char *text = NULL;
    size_t n = 0;
    *out = NULL;
    int rc = bench__read_file(&text, &n, path, 0, err);
    if (rc == 0) {
        rc = bench__json_parse(&doc, path, 1, text, n, err);
    }
    if (rc == 0) {
        rc = bench__gates_default(out, err);
    }
    if (rc == 0) {
        const struct bench__json root = bench__json_root(&doc);
        rc = read_gates(*out, &root);
    }
    if (doc.root != NULL) {
        bench__json_clear(&doc);
    }
    bench__free(text);
    if (rc != 0) {
        bench__gates_free(*out);
        *out = NULL;
    }
    return rc;
}
