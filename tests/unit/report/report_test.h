/* report_test.h - what the tests of reports share: a report as text, and failing allocations. */
#ifndef TESTS_REPORT_TEST_H
#define TESTS_REPORT_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "support/fixture_run.h"
#include "support/golden.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GOLDEN(name) TEST_DATA_DIR "/report/" name

typedef int report_fn(FILE *out, const bench_outcome *outcome, bench_error *err);

/* The report of a fixture, to be freed with free(). */
static inline char *report_text(report_fn *report, const bench_outcome *outcome) {
    char *text = NULL;
    size_t n = 0;
    bench_error err = {0};
    FILE *out = open_memstream(&text, &n);
    assert_non_null(out);
    assert_int_equal(report(out, outcome, &err), 0);
    assert_int_equal(err.code, 0);
    fclose(out);
    return text;
}

/* Every allocation fails once; the report then says so and leaks nothing. */
static inline void assert_survives_no_memory(report_fn *report) {
    struct fixture f;
    fixture_init(&f, FIXTURE_HOSTILE);
    const long live = bench__mem_live();
    int rc = BENCH_ENOMEM;
    for (long n = 0; rc != 0; n++) {
        bench_error err = {0};
        FILE *out = tmpfile();
        assert_non_null(out);
        bench__mem_fail_after(n);
        rc = report(out, &f.outcome, &err);
        bench__mem_fail_after(-1);
        assert_int_equal(bench__mem_live(), live);
        if (rc != 0) {
            assert_int_equal(rc, BENCH_ENOMEM);
            assert_int_equal(err.code, BENCH_ENOMEM);
            assert_int_equal(ftell(out), 0);
        } else {
            assert_true(n > 5);
        }
        fclose(out);
    }
    fixture_clear(&f);
}

static inline void assert_reports_full_disk(report_fn *report) {
    struct fixture f;
    fixture_init(&f, FIXTURE_ALONE);
    FILE *full = fopen("/dev/full", "w");
    if (full == NULL) {
        fixture_clear(&f);
        skip();
        return;
    }
    bench_error err = {0};
    assert_int_equal(report(full, &f.outcome, &err), BENCH_EIO);
    assert_non_null(strstr(err.text, "No space left"));
    fclose(full);
    fixture_clear(&f);
}

/* No byte that a terminal would obey, line feeds (and `allowed`) apart. */
static inline void assert_no_control_bytes(const char *text, const char *allowed) {
    for (const char *c = text; *c != '\0'; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7f) {
            assert_non_null(strchr(allowed, *c));
        }
    }
}

#endif
