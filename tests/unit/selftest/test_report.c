/*
 * A selftest as text and as JSON, from decisions made by hand.
 */
#include "selftest/report.h"

#include "unit/measure/near.h"

#include "../base/alloc_failure.h"
#include "result/json.h"
#include "result/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct bench__selftest_plan usual = {.effects = {0, 20},
                                                  .n_effects = 2,
                                                  .launches = 16,
                                                  .warm_up_ns = 0.2e9,
                                                  .measurement_ns = 1e9,
                                                  .alpha = 0.01,
                                                  .threshold = 0.01,
                                                  .time_ns = INT64_C(60000000000),
                                                  .seed = UINT64_MAX};

struct fixture {
    bench_run *run;
    struct bench__selftest_plan plan;
    struct bench__trial items[6];
    struct bench__trials trials;
    struct bench__selftest_summary summary;
    const struct bench__peers *peers;
    int is_verbose;
};

static struct bench__trial decision(int effect, int direction) {
    return (struct bench__trial){.body = BENCH__BODY_COPY,
                                 .effect = effect,
                                 .direction = direction,
                                 .change = {effect / 1000.0, -0.001, 0.001},
                                 .p = 0.25,
                                 .mde = 0.0031,
                                 .n_launches = 16,
                                 .launch_sd = 0.0042,
                                 .floor_sd = NAN,
                                 .verdict =
                                     effect > 0 ? BENCH_VERDICT_REGRESSED : BENCH_VERDICT_PASS,
                                 .seconds = 1.4,
                                 .inference_ns = 60e3};
}

static int setup(void **state) {
    static struct fixture f;
    f = (struct fixture){.run = bench__run_new(), .plan = usual};
    assert_non_null(f.run);
    snprintf(f.run->host.cpu_model, sizeof f.run->host.cpu_model, "A CPU");
    snprintf(f.run->host.hypervisor, sizeof f.run->host.hypervisor, "kvm");
    snprintf(f.run->timestamp, sizeof f.run->timestamp, "2026-01-02T03:04:05Z");
    f.run->host.n_cpus = 2;
    for (size_t i = 0; i < 6; i++) {
        f.items[i] = decision(i < 4 ? 0 : 20, i >= 4);
    }
    f.trials =
        (struct bench__trials){.items = f.items, .n = 6, .turn_ns = 2300, .elapsed_ns = 8.4e9};
    *state = &f;
    return 0;
}

static int teardown(void **state) {
    struct fixture *f = *state;
    bench_run_free(f->run);
    return 0;
}

static char *render(struct fixture *f, int is_json) {
    struct bench__strbuf sb;
    bench__strbuf_init(&sb);
    assert_int_equal(bench__selftest_summary(&f->summary, &f->trials, &f->plan, NULL), 0);
    const struct bench__selftest_result result = {f->run,      &f->plan, &f->trials,
                                                  &f->summary, f->peers, f->is_verbose};
    (is_json ? bench__selftest_json : bench__selftest_text)(&sb, &result);
    const char *text = bench__strbuf_text(&sb);
    assert_non_null(text);
    char *copy = strdup(text);
    assert_non_null(copy);
    bench__strbuf_clear(&sb);
    bench__selftest_summary_clear(&f->summary);
    return copy;
}

static void assert_text(struct fixture *f, const char *expected) {
    char *text = render(f, 0);
    assert_string_equal(text, expected);
    for (const char *line = text; *line != '\0'; line += strcspn(line, "\n") + 1) {
        assert_true(strcspn(line, "\n") <= 80);
    }
    free(text);
}

/* ---- text ---- */

static void only_what_was_decided_is_shown(void **state) {
    assert_text(*state, "selftest: 6 decisions in 8 s, seed 18446744073709551615\n"
                        "on A CPU, 2 CPUs, virtualised (kvm)\n"
                        "\n"
                        "body  slower  decided  found     rate      95 % int.     MDE    time\n"
                        "copy    none        4      0    0.0 %    [0.0, 60.2]  0.31 %  1.40 s\n"
                        "copy    +2 %        2      2  100.0 %  [15.8, 100.0]  0.31 %  1.40 s\n"
                        "\n"
                        "bar                                    seen            limit\n"
                        "false alarms, copy                   0 of 4      at most 1 %  open\n"
                        "+2 % found in 2 s                    2 of 2    at least 98 %  open\n"
                        "twice the threshold is 'regressed'   2 of 2    at least 90 %  open\n"
                        "more than the threshold is 'pass'    0 of 2      at most 1 %  open\n"
                        "passing the turn                    2.30 us  at most 10.0 us  met\n"
                        "statistics of one decision          60.0 us  at most 1.00 ms  met\n"
                        "open: not enough decisions to say\n");
}

static void a_missed_bar_shows_the_spread(void **state) {
    struct fixture *f = *state;
    f->trials.turn_ns = 12e3;
    f->trials.n = 1;
    f->items[0].floor_sd = 0.001;
    f->plan.has_neighbour = 1;
    f->plan.seed = 7;
    f->trials.interrupted = 1;
    snprintf(f->run->host.hypervisor, sizeof f->run->host.hypervisor, "none");
    f->run->host.n_cpus = 1;
    assert_text(f, "selftest: 1 decision in 8 s, seed 7, beside a noisy neighbour, interrupted\n"
                   "on A CPU, 1 CPU\n"
                   "\n"
                   "body  slower  decided  found   rate    95 % int.     MDE    time\n"
                   "copy    none        1      0  0.0 %  [0.0, 97.5]  0.31 %  1.40 s\n"
                   "\n"
                   "bar                            seen            limit\n"
                   "false alarms, copy           0 of 1      at most 1 %  open\n"
                   "passing the turn            12.0 us  at most 10.0 us  MISSED\n"
                   "statistics of one decision  60.0 us  at most 1.00 ms  met\n"
                   "open: not enough decisions to say\n"
                   "\n"
                   "spread: standard deviation of a launch, and of a decision about the truth\n"
                   "body  launch  decision  by launches  copies differ\n"
                   "copy  0.42 %     0.0 %       0.10 %      in 1 of 1\n");
}

static void nothing_decided_is_short(void **state) {
    struct fixture *f = *state;
    f->trials = (struct bench__trials){.turn_ns = NAN, .interrupted = 1};
    f->run->host.cpu_model[0] = '\0';
    f->run->host.n_cpus = -1;
    f->run->host.hypervisor[0] = '\0';
    f->plan.seed = 7;
    assert_text(f, "selftest: 0 decisions in 0 s, seed 7, interrupted\n"
                   "on a CPU without a name\n"
                   "\n"
                   "bar  seen  limit\n");
}

/* ---- JSON ---- */

static void assert_number(const struct bench__json *object, const char *key, double expected) {
    const struct bench__json field = bench__json_get(object, key);
    double value = NAN;
    assert_int_equal(bench__json_read_double(&value, &field), 0);
    assert_near(value, expected, 1e-9);
}

static void assert_word(const struct bench__json *object, const char *key, const char *expected) {
    const struct bench__json field = bench__json_get(object, key);
    const char *text = NULL;
    assert_int_equal(bench__json_read_text(&text, &field), 0);
    assert_string_equal(text, expected);
}

static void json_holds_all_of_it(void **state) {
    struct fixture *f = *state;
    char *text = render(f, 1);
    struct bench__json_doc doc;
    bench_error error = {0};
    assert_int_equal(bench__json_parse(&doc, "s.json", 1, text, strlen(text), &error), 0);
    const struct bench__json root = bench__json_root(&doc);
    assert_number(&root, "format_version", BENCH__SELFTEST_FORMAT_VERSION);
    assert_word(&root, "timestamp", "2026-01-02T03:04:05Z");
    const struct bench__json plan = bench__json_get(&root, "plan");
    assert_word(&plan, "seed", "0xffffffffffffffff");
    assert_number(&plan, "time_s", 60);
    const struct bench__json host = bench__json_get(&root, "host");
    assert_word(&host, "cpu_model", "A CPU");
    const struct bench__json trials = bench__json_get(&root, "trials");
    assert_int_equal(bench__json_length(&trials), 6);
    const struct bench__json last = bench__json_at(&trials, 5);
    assert_word(&last, "body", "copy");
    assert_word(&last, "verdict", "regressed");
    assert_number(&last, "effect", 0.02);
    assert_number(&last, "direction", 1);
    assert_number(&last, "launch_sd", 0.0042);
    const struct bench__json floor = bench__json_get(&last, "floor_sd");
    assert_true(bench__json_absent(&floor));
    const struct bench__json cells = bench__json_get(&root, "cells");
    assert_int_equal(bench__json_length(&cells), 2 * BENCH__N_BODIES);
    const struct bench__json slower = bench__json_at(&cells, 2 * BENCH__BODY_COPY + 1);
    assert_number(&slower, "found", 2);
    assert_number(&slower, "regressed", 2);
    const struct bench__json bars = bench__json_get(&root, "bars");
    assert_int_equal(bench__json_length(&bars), BENCH__N_BARS);
    const struct bench__json spread = bench__json_get(&root, "spread");
    assert_int_equal(bench__json_length(&spread), BENCH__N_BODIES);
    bench__json_clear(&doc);
    free(text);
}

/* ---- memory ---- */

static struct fixture *the_fixture; /* of the scenario */
static int is_json;

static int render_once(void) {
    struct fixture *f = the_fixture;
    struct bench__strbuf sb;
    int code = bench__selftest_summary(&f->summary, &f->trials, &f->plan, NULL);
    if (code != 0) {
        return code;
    }
    bench__strbuf_init(&sb);
    const struct bench__selftest_result result = {f->run,      &f->plan, &f->trials,
                                                  &f->summary, f->peers, f->is_verbose};
    (is_json ? bench__selftest_json : bench__selftest_text)(&sb, &result);
    code = bench__strbuf_text(&sb) != NULL ? 0 : BENCH_ENOMEM;
    bench__strbuf_clear(&sb);
    bench__selftest_summary_clear(&f->summary);
    return code;
}

static void every_allocation_may_fail(void **state) {
    the_fixture = *state;
    the_fixture->trials.turn_ns = 12e3; /* so that the spread is shown */
    for (is_json = 0; is_json < 2; is_json++) {
        fail_every_allocation(render_once);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(only_what_was_decided_is_shown, setup, teardown),
        cmocka_unit_test_setup_teardown(a_missed_bar_shows_the_spread, setup, teardown),
        cmocka_unit_test_setup_teardown(nothing_decided_is_short, setup, teardown),
        cmocka_unit_test_setup_teardown(json_holds_all_of_it, setup, teardown),
        cmocka_unit_test_setup_teardown(every_allocation_may_fail, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
