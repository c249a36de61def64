/*
 * Verdict counts of other tools: what is accepted, what is refused and how, and the table of all of
 * them beside decisions made by hand.
 */
#include "selftest/peers.h"

#include "unit/measure/near.h"

#include "../base/alloc_failure.h"
#include "base/error.h"
#include "base/fs.h"
#include "base/table.h"
#include "selftest/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_OF(kind, name) TEST_DATA_DIR "/peers/" kind "/" name "/peers.json"

/* ---- cases ---- */

static void each_case(const char *folder, void (*check)(const char *name)) {
    char path[400];
    char **names = NULL;
    size_t n = 0;
    snprintf(path, sizeof path, "%s/peers/%s", TEST_DATA_DIR, folder);
    assert_int_equal(bench__list_directory(&names, &n, path, NULL), 0);
    assert_true(n > 0);
    for (size_t i = 0; i < n; i++) {
        snprintf(path, sizeof path, "%s/peers/%s/%s", TEST_DATA_DIR, folder, names[i]);
        assert_int_equal(chdir(path), 0);
        check(names[i]);
    }
    bench__free_names(names, n);
}

static void expect_refused(const char *name) {
    struct bench__peers peers;
    bench_error err = {0};
    char line[800], *expected = NULL;
    size_t n = 0;
    assert_int_equal(bench__read_file(&expected, &n, "error.txt", 0, NULL), 0);
    expected[strcspn(expected, "\n")] = '\0';
    const long live = bench__mem_live();
    const int code = bench__peers_load(&peers, "peers.json", &err);
    assert_int_equal(bench__mem_live(), live);
    assert_int_equal(peers.n, 0);
    assert_int_equal(code, err.code);
    bench__error_line(&err, line, sizeof line);
    if (code == 0 || strcmp(line, expected) != 0) {
        fail_msg("%s: got \"%s\"", name, line);
    }
    bench__free(expected);
}

static void expect_accepted(const char *name) {
    struct bench__peers peers;
    bench_error err = {0};
    if (bench__peers_load(&peers, "peers.json", &err) != 0) {
        fail_msg("%s: %s: %s", name, err.place, err.text);
    }
    assert_true(peers.n > BENCH__PEERS_OWN);
    bench__peers_clear(&peers);
}

static void valid_files(void **state) {
    (void)state;
    each_case("valid", expect_accepted);
}

static void invalid_files(void **state) {
    (void)state;
    each_case("invalid", expect_refused);
}

static void a_file_that_is_not_there(void **state) {
    struct bench__peers peers;
    (void)state;
    assert_int_equal(bench__peers_load(&peers, "nowhere/peers.json", NULL), BENCH_ENOTFOUND);
    assert_null(peers.items);
}

/* ---- beside decisions ---- */

static const struct bench__selftest_plan plan = {
    .effects = {0, 20}, .n_effects = 2, .alpha = 0.01, .threshold = 0.01};

static struct bench__trial trials_items[] = {
    {.body = BENCH__BODY_COPY, .effect = 0, .direction = 0, .verdict = BENCH_VERDICT_PASS},
    {.body = BENCH__BODY_COPY, .effect = 0, .direction = -1, .verdict = BENCH_VERDICT_PASS},
    {.body = BENCH__BODY_COPY, .effect = 20, .direction = 1, .verdict = BENCH_VERDICT_REGRESSED},
    {.body = BENCH__BODY_CACHE,
     .effect = 20,
     .direction = 1,
     .verdict = BENCH_VERDICT_INCONCLUSIVE},
    {.body = BENCH__BODY_CACHE, .effect = 20, .direction = -1, .verdict = BENCH_VERDICT_IMPROVED},
    {.body = BENCH__BODY_CACHE, .effect = 50, .direction = 1, .verdict = BENCH_VERDICT_REGRESSED},
};
static const struct bench__trials trials = {.items = trials_items, .n = 6};

static void load(struct bench__peers *peers, const char *path) {
    bench_error err = {0};
    if (bench__peers_load(peers, path, &err) != 0) {
        fail_msg("%s: %s", err.place, err.text);
    }
    bench__peers_count_own(peers, &trials, &plan);
}

static void own_decisions_are_counted_both_ways(void **state) {
    struct bench__peers peers;
    (void)state;
    load(&peers, FILE_OF("valid", "one-cell"));
    bench__peers_count_own(&peers, &trials, &plan); /* counting anew does not count twice */
    const struct bench__peer_cell equal = bench__peer_sum(&peers.items[0], BENCH__N_BODIES, 0);
    assert_int_equal(equal.decided, 2);
    assert_int_equal(equal.called, 1);
    assert_int_equal(equal.slower, 0);
    assert_int_equal(bench__peer_found(&equal).k, 1);
    const struct bench__peer_cell found = bench__peer_sum(&peers.items[0], BENCH__BODY_CACHE, 20);
    assert_int_equal(found.decided, 2);
    assert_int_equal(found.called, 2);
    assert_int_equal(found.slower, 1);
    assert_int_equal(bench__peer_found(&found).k, 1);
    const struct bench__peer_cell verdict = bench__peer_sum(&peers.items[1], BENCH__BODY_CACHE, 20);
    assert_int_equal(verdict.decided, 2);
    assert_int_equal(verdict.called, 1);
    assert_int_equal(verdict.slower, 0);
    bench__peers_clear(&peers);
}

static void assert_table(const char *path, int is_verbose, const char *expected) {
    struct bench__peers peers;
    struct bench__strbuf sb;
    load(&peers, path);
    bench__strbuf_init(&sb);
    bench__peers_text(&sb, &peers, is_verbose);
    char version[40], *text = bench__strbuf_steal(&sb), *at;
    assert_non_null(text);
    snprintf(version, sizeof version, " %s:", bench_version());
    while ((at = strstr(text, version)) != NULL) { /* whatever it is, " V:" */
        memmove(at + 3, at + strlen(version), strlen(at + strlen(version)) + 1);
        memcpy(at, " V:", 3);
    }
    assert_string_equal(text, expected);
    bench__free(text);
    bench__peers_clear(&peers);
}

static void bodies_are_pooled(void **state) {
    (void)state;
    assert_table(FILE_OF("valid", "one-cell"), 0,
                 "tool               slower  decided  found    rate    95 % int.\n"
                 "libbench             +2 %        3      2  66.7 %  [9.4, 99.2]\n"
                 "libbench, verdict    +2 %        3      1  33.3 %  [0.8, 90.6]\n"
                 "another              +2 %        1      0   0.0 %  [0.0, 97.5]\n"
                 "found: of equals, called changed; of slower ones, called slower\n"
                 "libbench V: 99 % interval of a duel does not hold zero\n"
                 "    called 1 of 4 slowdowns faster\n"
                 "libbench, verdict V: the duel's verdict at a threshold of 1 %\n"
                 "    called 1 of 4 slowdowns faster\n"
                 "another 1.7: p below 5 %\n");
}

static void verbose_shows_each_body(void **state) {
    (void)state;
    assert_table(FILE_OF("valid", "one-cell"), 1,
                 "tool               body   slower  decided  found     rate     95 % int.\n"
                 "libbench           all      +2 %        3      2   66.7 %   [9.4, 99.2]\n"
                 "libbench, verdict  all      +2 %        3      1   33.3 %   [0.8, 90.6]\n"
                 "another            all      +2 %        1      0    0.0 %   [0.0, 97.5]\n"
                 "libbench           cache    +2 %        2      1   50.0 %   [1.3, 98.7]\n"
                 "libbench, verdict  cache    +2 %        2      0    0.0 %   [0.0, 84.2]\n"
                 "another            cache    +2 %        1      0    0.0 %   [0.0, 97.5]\n"
                 "libbench           copy     +2 %        1      1  100.0 %  [2.5, 100.0]\n"
                 "libbench, verdict  copy     +2 %        1      1  100.0 %  [2.5, 100.0]\n"
                 "found: of equals, called changed; of slower ones, called slower\n"
                 "libbench V: 99 % interval of a duel does not hold zero\n"
                 "    called 1 of 4 slowdowns faster\n"
                 "libbench, verdict V: the duel's verdict at a threshold of 1 %\n"
                 "    called 1 of 4 slowdowns faster\n"
                 "another 1.7: p below 5 %\n");
}

static void long_names_and_numbers_fit(void **state) {
    struct bench__peers peers;
    struct bench__strbuf sb;
    (void)state;
    load(&peers, FILE_OF("valid", "two-tools"));
    bench__strbuf_init(&sb);
    bench__peers_text(&sb, &peers, 1);
    char *text = bench__strbuf_steal(&sb), *rest = text;
    assert_non_null(strstr(text, "\n    called 1000000 of 1000000 slowdowns faster\n"));
    assert_non_null(strstr(text, "\n    called 1 of 20 slowdowns faster\n"));
    for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
        assert_true(bench__display_width(line) <= 80);
    }
    bench__free(text);
    bench__peers_clear(&peers);
}

/* ---- JSON ---- */

static double number(const struct bench__json *object, const char *key) {
    const struct bench__json field = bench__json_get(object, key);
    double value = NAN;
    assert_int_equal(bench__json_read_double(&value, &field), 0);
    return value;
}

static void json_has_bodies_and_their_sum(void **state) {
    struct bench__peers peers;
    struct bench__strbuf sb;
    struct bench__json_writer w;
    struct bench__json_doc doc;
    bench_error err = {0};
    (void)state;
    load(&peers, FILE_OF("valid", "two-tools"));
    bench__strbuf_init(&sb);
    bench__json_writer_init(&w, &sb);
    bench__json_object_open(&w, NULL, BENCH__JSON_BLOCK);
    bench__peers_json(&w, &peers);
    bench__json_object_close(&w);
    const char *text = bench__strbuf_text(&sb);
    assert_int_equal(bench__json_parse(&doc, "p.json", 1, text, strlen(text), &err), 0);
    const struct bench__json root = bench__json_root(&doc);
    const struct bench__json list = bench__json_get(&root, "peers");
    assert_int_equal(bench__json_length(&list), BENCH__PEERS_OWN + 2);
    const struct bench__json peer = bench__json_at(&list, BENCH__PEERS_OWN);
    const struct bench__json cells = bench__json_get(&peer, "cells");
    assert_int_equal(bench__json_length(&cells), 4); /* two, and the sum of each effect */
    const struct bench__json cell = bench__json_at(&cells, 2);
    assert_near(number(&cell, "effect"), 0.02, 1e-12);
    assert_near(number(&cell, "called"), 12, 0);
    assert_near(number(&cell, "slower"), 11, 0);
    assert_near(number(&cell, "found"), 11, 0);
    assert_near(number(&cell, "rate"), 0.55, 1e-9);
    assert_near(number(&cell, "lower"), 0.315278, 1e-6);
    const struct bench__json sum = bench__json_at(&cells, 3);
    const struct bench__json body = bench__json_get(&sum, "body");
    assert_true(bench__json_absent(&body));
    assert_near(number(&sum, "decided"), 20, 0);
    bench__json_clear(&doc);
    bench__strbuf_clear(&sb);
    bench__peers_clear(&peers);
}

/* ---- memory ---- */

static int load_and_show(void) {
    struct bench__peers peers;
    struct bench__strbuf sb;
    struct bench__json_writer w;
    int code = bench__peers_load(&peers, FILE_OF("valid", "two-tools"), NULL);
    if (code != 0) {
        return code;
    }
    bench__peers_count_own(&peers, &trials, &plan);
    bench__strbuf_init(&sb);
    bench__peers_text(&sb, &peers, 1);
    bench__json_writer_init(&w, &sb);
    bench__json_object_open(&w, NULL, BENCH__JSON_BLOCK);
    bench__peers_json(&w, &peers);
    bench__json_object_close(&w);
    code = bench__strbuf_text(&sb) != NULL ? 0 : BENCH_ENOMEM;
    bench__strbuf_clear(&sb);
    bench__peers_clear(&peers);
    return code;
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    fail_every_allocation(load_and_show);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(valid_files),
        cmocka_unit_test(invalid_files),
        cmocka_unit_test(a_file_that_is_not_there),
        cmocka_unit_test(own_decisions_are_counted_both_ways),
        cmocka_unit_test(bodies_are_pooled),
        cmocka_unit_test(verbose_shows_each_body),
        cmocka_unit_test(long_names_and_numbers_fit),
        cmocka_unit_test(json_has_bodies_and_their_sum),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
