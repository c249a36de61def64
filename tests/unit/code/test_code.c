/* Executables with one change each are compared with the one without; see subject.c. */
#include "code/code.h"

#include "base/mem.h"
#include "code_support.h"
#include "unit/base/alloc_failure.h"

#include <stdio.h>

static struct bench__code_result compare_paths(const char *a, const char *function_a, const char *b,
                                               const char *function_b) {
    struct bench__code *code[2];
    struct bench__code_result result;
    assert_int_equal(bench__code_open(&code[0], a, NULL), 0);
    assert_int_equal(bench__code_open(&code[1], b, NULL), 0);
    const struct bench__code_roots x = {{[BENCH__CODE_BODY] = address_of(a, function_a)}};
    const struct bench__code_roots y = {{[BENCH__CODE_BODY] = address_of(b, function_b)}};
    assert_int_equal(bench__code_compare(&result, code[0], &x, code[1], &y, NULL), 0);
    bench__code_close(code[0]);
    bench__code_close(code[1]);
    return result;
}

static struct bench__code_result compare(const char *kind, const char *change,
                                         const char *function) {
    char a[500], b[500];
    snprintf(a, sizeof a, SUBJECTS "/%s/AS_IT_IS", kind);
    snprintf(b, sizeof b, SUBJECTS "/%s/%s", kind, change);
    return compare_paths(a, function, b, function);
}

static const char *const kinds[] = {"moving", "fixed"};

static void identical(const char *change, const char *function) {
    for (size_t i = 0; i < 2; i++) {
        const struct bench__code_result r = compare(kinds[i], change, function);
        if (r.answer != BENCH_CODE_IDENTICAL) {
            fail_msg("%s %s %s: %s %s", kinds[i], change, function, r.function, r.reason);
        }
        assert_string_equal(r.reason, "");
    }
}

/* Never identical; in code that may be loaded anywhere, it is known why. */
static void different(const char *change, const char *function, const char *where) {
    for (size_t i = 0; i < 2; i++) {
        const struct bench__code_result r = compare(kinds[i], change, function);
        if (r.answer == BENCH_CODE_IDENTICAL) {
            fail_msg("%s %s %s is not identical", kinds[i], change, function);
        }
        assert_string_not_equal(r.reason, "");
        if (i == 0 && (r.answer != BENCH_CODE_DIFFERENT || strcmp(r.function, where) != 0)) {
            fail_msg("%s %s: %s: %s", change, function, r.function, r.reason);
        }
    }
}

static void moved_code_is_identical(void **state) {
    (void)state;
    identical("MOVED", "subject");
    identical("MOVED", "bystander");
    const struct bench__code_result r = compare("moving", "MOVED", "subject");
    assert_true(r.n_functions >= 7); /* itself, and all that it reaches */
    assert_true(r.n_objects >= 5);
}

static void a_change_is_found_where_it_is(void **state) {
    (void)state;
    different("CONSTANT", "subject", "subject");
    different("CALLEE", "subject", "callee");
    different("CALLBACK", "subject", "by_size");
    different("IMPORT", "subject", "subject");
    different("OPERATION", "subject", "operation");
}

static void data_counts_too(void **state) {
    (void)state;
    different("LITERAL", "subject", "subject");
    different("SHORT_LITERAL", "subject", "subject");
    different("FLOATING", "subject", "subject");
    different("TABLE", "subject", "subject");
    different("VARIABLE", "subject", "subject");
    different("OTHER_VARIABLE", "subject", "subject");
    different("WORDS", "subject", "words");
    different("JUMP", "subject", "jumps");
}

static void what_is_not_reached_does_not_count(void **state) {
    (void)state;
    static const char *const elsewhere[] = {"CONSTANT", "CALLEE",   "CALLBACK", "IMPORT",
                                            "LITERAL",  "FLOATING", "TABLE",    "VARIABLE",
                                            "JUMP",     "WORDS",    "OPERATION"};
    for (size_t i = 0; i < sizeof elsewhere / sizeof *elsewhere; i++) {
        identical(elsewhere[i], "bystander");
    }
}

static void static_functions_of_one_name_are_told_apart(void **state) {
    (void)state;
    identical("TWIN", "twin_a");
    different("TWIN", "twin_b", "twin");
}

static void stripped_executables_are_unknown(void **state) {
    (void)state;
    struct bench__code *code[2];
    struct bench__code_result r;
    /* where its body stands it says by itself, with or without symbols */
    const struct bench__code_roots a = {
        {[BENCH__CODE_BODY] = address_of(SUBJECTS "/moving/AS_IT_IS", "subject")}};
    const struct bench__code_roots b = {
        {[BENCH__CODE_BODY] = address_of(SUBJECTS "/moving/MOVED", "subject")}};
    assert_int_equal(bench__code_open(&code[0], SUBJECTS "/stripped/AS_IT_IS", NULL), 0);
    assert_int_equal(bench__code_open(&code[1], SUBJECTS "/stripped/MOVED", NULL), 0);
    assert_int_equal(bench__code_compare(&r, code[0], &a, code[1], &b, NULL), 0);
    assert_int_equal(r.answer, BENCH_CODE_UNKNOWN);
    assert_string_equal(r.reason, "the symbols were stripped");
    /* one and the same file is identical without any symbol */
    assert_int_equal(bench__code_compare(&r, code[0], &a, code[0], &a, NULL), 0);
    assert_int_equal(r.answer, BENCH_CODE_IDENTICAL);
    bench__code_close(code[0]);
    bench__code_close(code[1]);
}

static void libraries_have_to_be_the_same(void **state) {
    (void)state;
    struct bench__code_result r = compare_paths(SUBJECTS "/library1/USER", "subject",
                                                SUBJECTS "/library1/USER_MOVED", "subject");
    assert_int_equal(r.answer, BENCH_CODE_IDENTICAL);
    r = compare_paths(SUBJECTS "/library1/USER", "subject", SUBJECTS "/library2/USER", "subject");
    assert_int_equal(r.answer, BENCH_CODE_UNKNOWN);
    assert_string_equal(r.reason, "it uses libanswer.so, which each of them has its own of");
}

static void all_functions_of_a_launch_count(void **state) {
    (void)state;
    const char *const a = SUBJECTS "/moving/AS_IT_IS", *const b = SUBJECTS "/moving/TWIN";
    struct bench__code *code[2];
    struct bench__code_result r;
    struct bench__code_roots x = {{address_of(a, "bystander"), address_of(a, "twin_a")}};
    struct bench__code_roots y = {{address_of(b, "bystander"), address_of(b, "twin_a")}};
    assert_int_equal(bench__code_open(&code[0], a, NULL), 0);
    assert_int_equal(bench__code_open(&code[1], b, NULL), 0);
    assert_int_equal(bench__code_compare(&r, code[0], &x, code[1], &y, NULL), 0);
    assert_int_equal(r.answer, BENCH_CODE_IDENTICAL);
    x.at[BENCH__CODE_BATCH_SETUP] = address_of(a, "twin_b");
    assert_int_equal(bench__code_compare(&r, code[0], &x, code[1], &y, NULL), 0);
    assert_int_equal(r.answer, BENCH_CODE_DIFFERENT);
    assert_string_equal(r.reason, "only one of them has a batch_setup function");
    assert_string_equal(r.function, "batch_setup");
    y.at[BENCH__CODE_BATCH_SETUP] = address_of(b, "twin_b");
    assert_int_equal(bench__code_compare(&r, code[0], &x, code[1], &y, NULL), 0);
    assert_int_equal(r.answer, BENCH_CODE_DIFFERENT);
    assert_string_equal(r.function, "twin");
    bench__code_close(code[0]);
    bench__code_close(code[1]);
}

static void an_address_that_is_no_function_is_unknown(void **state) {
    (void)state;
    const char *const a = SUBJECTS "/moving/AS_IT_IS", *const b = SUBJECTS "/moving/MOVED";
    const uint64_t wrong[] = {0, 1, address_of(a, "subject") + 1, UINT64_MAX};
    struct bench__code *code[2];
    struct bench__code_result r;
    assert_int_equal(bench__code_open(&code[0], a, NULL), 0);
    assert_int_equal(bench__code_open(&code[1], b, NULL), 0);
    const struct bench__code_roots y = {{address_of(b, "subject")}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        const struct bench__code_roots x = {{wrong[i]}};
        assert_int_equal(bench__code_compare(&r, code[0], &x, code[1], &y, NULL), 0);
        assert_int_equal(r.answer, BENCH_CODE_UNKNOWN);
        assert_string_not_equal(r.reason, "");
    }
    bench__code_close(code[0]);
    bench__code_close(code[1]);
}

static void own_functions_are_found_in_the_file(void **state) {
    (void)state;
    const uint64_t address = bench__code_address((uintptr_t)own_functions_are_found_in_the_file);
    assert_int_equal(address, address_of("/proc/self/exe", "own_functions_are_found_in_the_file"));
    assert_int_equal(bench__code_address(0), 0);
    int on_the_stack;
    assert_int_equal(bench__code_address((uintptr_t)&on_the_stack), 0);
}

static int open_and_compare(void) {
    static uint64_t at[2];
    if (at[0] == 0) {
        bench__mem_fail_after(-1);
        at[0] = address_of(SUBJECTS "/moving/AS_IT_IS", "subject");
        at[1] = address_of(SUBJECTS "/moving/MOVED", "subject");
        bench__mem_fail_after(0);
    }
    const struct bench__code_roots x = {{at[0]}}, y = {{at[1]}};
    struct bench__code *a = NULL, *b = NULL;
    struct bench__code_result r;
    bench_error err = {0};
    int code = bench__code_open(&a, SUBJECTS "/moving/AS_IT_IS", &err);
    code = code == 0 ? bench__code_open(&b, SUBJECTS "/moving/MOVED", &err) : code;
    code = code == 0 ? bench__code_compare(&r, a, &x, b, &y, &err) : code;
    assert_int_equal(err.code, code);
    assert_true(code != 0 || r.answer == BENCH_CODE_IDENTICAL);
    bench__code_close(a);
    bench__code_close(b);
    return code;
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    fail_every_allocation(open_and_compare);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moved_code_is_identical),
        cmocka_unit_test(a_change_is_found_where_it_is),
        cmocka_unit_test(data_counts_too),
        cmocka_unit_test(what_is_not_reached_does_not_count),
        cmocka_unit_test(static_functions_of_one_name_are_told_apart),
        cmocka_unit_test(stripped_executables_are_unknown),
        cmocka_unit_test(libraries_have_to_be_the_same),
        cmocka_unit_test(all_functions_of_a_launch_count),
        cmocka_unit_test(an_address_that_is_no_function_is_unknown),
        cmocka_unit_test(own_functions_are_found_in_the_file),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
