/* What benchctl doctor prints: text against a file, JSON against a file that the schema test looks
 * at too, hostile texts, the last sentence, and no memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/strbuf.h"
#include "base/table.h"
#include "support/golden.h"
#include "unit/base/alloc_failure.h"
#include "unit/ctl/doctor_support.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define DATA TEST_DATA_DIR "/doctor"

/* A guest with a bit of everything. */
static struct doctor_facts a_guest(void) {
    struct doctor_facts f = doctor_quiet_machine();
    strcpy(f.host.hypervisor, "kvm");
    f.host.governor[0] = f.host.turbo[0] = '\0';
    f.host.load_1min = 4.5;
    f.counters_errno = ENOENT;
    f.has_gnuplot = 0;
    f.noise.lost_share = 0.013;
    f.noise.migrations = f.noise.thermal_events = f.noise.thermal_before = -1;
    f.noise.steal_share = 0.005;
    f.noise.between_run_sd = 0.023456789;
    f.noise.sees = 0.1365;
    return f;
}

typedef int print_fn(FILE *out, const struct doctor_facts *facts,
                     const struct doctor_findings *findings, bench_error *err);

static struct bench__style style = {.columns = 80};

static int text(FILE *out, const struct doctor_facts *facts, const struct doctor_findings *findings,
                bench_error *err) {
    return benchctl_doctor_text(out, facts, findings, &style, err);
}

/* To be freed with free(). */
static char *printed(print_fn *print, const struct doctor_facts *facts) {
    struct doctor_findings findings;
    char *out = NULL;
    size_t n = 0;
    FILE *file = open_memstream(&out, &n);
    assert_non_null(file);
    benchctl_doctor_judge(&findings, facts);
    assert_int_equal(print(file, facts, &findings, NULL), 0);
    assert_int_equal(fclose(file), 0);
    return out;
}

static void text_of_a_guest(void **state) {
    (void)state;
    const struct doctor_facts f = a_guest();
    char *out = printed(text, &f);
    assert_golden(out, DATA "/guest.txt");
    for (const char *line = out; *line != '\0'; line += strcspn(line, "\n") + 1) {
        assert_true(strcspn(line, "\n") <= 80);
        assert_true(line[0] == '\n' || line[strcspn(line, "\n") - 1] != ' ');
    }
    free(out);
}

static void quiet_text_has_only_what_is_not_good(void **state) {
    (void)state;
    const struct doctor_facts f = a_guest(), quiet = doctor_quiet_machine();
    style.quiet = 1;
    char *out = printed(text, &f), *nothing = printed(text, &quiet);
    style.quiet = 0;
    assert_null(strstr(out, "good "));
    assert_non_null(strstr(out, "mind     hypervisor"));
    assert_string_equal(nothing, "Nothing to mind; stored baselines and duels can both be used "
                                 "here.\n");
    free(out);
    free(nothing);
}

static void colour_and_arrows_when_they_can_be_shown(void **state) {
    (void)state;
    const struct doctor_facts f = a_guest();
    style.color = style.utf8 = 1;
    char *out = printed(text, &f);
    style.color = style.utf8 = 0;
    assert_non_null(strstr(out, "\033[1;31mbad\033[0m      load"));
    assert_non_null(strstr(out, "\033[33mmind\033[0m     hypervisor"));
    assert_non_null(strstr(out, "\033[32mgood\033[0m     pinning"));
    assert_non_null(strstr(out, "\033[2munknown\033[0m  turbo"));
    assert_non_null(strstr(out, "→ "));
    char *plain = printed(text, &f);
    assert_null(strchr(plain, '\033'));
    assert_null(strstr(plain, "→"));
    free(out);
    free(plain);
}

static void json_of_a_guest(void **state) {
    (void)state;
    const struct doctor_facts f = a_guest();
    char *out = printed(benchctl_doctor_json, &f);
    assert_golden(out, DATA "/valid/guest/input.json");
    free(out);
}

/* Nothing known at all is null everywhere, never 0. */
static void json_of_the_unknown(void **state) {
    (void)state;
    struct doctor_facts f = {.host = {.n_cpus = -1,
                                      .memory_bytes = -1,
                                      .l1d_bytes = -1,
                                      .l2_bytes = -1,
                                      .l3_bytes = -1,
                                      .cpu_quota = NAN,
                                      .load_1min = NAN},
                             .n_online = -1,
                             .pin_errno = -1,
                             .resolution_ns = NAN,
                             .overhead_ns = NAN,
                             .cpu_pressure = NAN,
                             .memory_pressure = NAN,
                             .available_bytes = -1,
                             .swap_used_bytes = -1,
                             .counters_errno = -1,
                             .paranoid = INT64_MIN};
    f.noise = (struct doctor_noise){NAN, 0,  NAN, NAN, NAN, NAN, NAN, NAN, -1,
                                    -1,  -1, -1,  -1,  -1,  -1,  0,   NAN, NAN};
    char *out = printed(benchctl_doctor_json, &f);
    assert_golden(out, DATA "/valid/unknown/input.json");
    free(out);
}

/* A machine's files may hold anything; a terminal sees none of it raw. */
static void hostile_texts(void **state) {
    (void)state;
    struct doctor_facts f = doctor_quiet_machine();
    strcpy(f.host.governor, "\033[2Jper\nf\x07\xff");
    memset(f.host.clocksource, 'x', sizeof f.host.clocksource - 1);
    strcpy(f.gnuplot, "gnuplot \033]0;title\x07");
    strcpy(f.host.cpu_model, "\033[31mred");
    char *plain = printed(text, &f), *json = printed(benchctl_doctor_json, &f);
    for (const char *p = plain; *p != '\0'; p++) {
        assert_true(*p == '\n' || (unsigned char)*p >= ' ');
        assert_int_not_equal((unsigned char)*p, 0x7f);
    }
    assert_non_null(strstr(plain, "\\x1B[2Jper\\x0Af\\x07\\xFF"));
    assert_null(strchr(json, '\033'));
    assert_null(strchr(json, '\xff'));
    free(plain);
    free(json);
}

static void assert_summary(const struct doctor_facts *facts, const char *expected) {
    struct doctor_findings findings;
    struct bench__strbuf out;
    benchctl_doctor_judge(&findings, facts);
    bench__strbuf_init(&out);
    benchctl_doctor_summary(&out, &findings);
    assert_string_equal(bench__strbuf_text(&out), expected);
    bench__strbuf_clear(&out);
}

static void summaries(void **state) {
    (void)state;
    struct doctor_facts f = doctor_quiet_machine();
    f.noise.steal_share = NAN;
    assert_summary(&f, "Nothing to mind, 1 unknown; stored baselines and duels can both be used "
                       "here.");
    f.has_gnuplot = 0;
    assert_summary(&f, "1 thing to mind, 1 unknown; stored baselines and duels can both be used "
                       "here.");
    f.noise.steal_share = 0.5;
    assert_summary(&f, "1 bad, 1 thing to mind; verdicts by duel (benchctl compare OLD NEW) are "
                       "trustworthy here, stored baselines see large changes only.");
    f.counters_errno = EPERM;
    f.resolution_ns = 1e7;
    assert_summary(&f, "2 bad, 2 things to mind; no verdict is trustworthy here before the clock "
                       "is put right.");
}

static int print_without_memory(print_fn *print) {
    const struct doctor_facts f = a_guest();
    struct doctor_findings findings;
    FILE *null = fopen("/dev/null", "w");
    bench_error err = {0};
    benchctl_doctor_judge(&findings, &f);
    const int rc = print(null, &f, &findings, &err);
    fclose(null);
    return rc;
}

static int text_scenario(void) {
    return print_without_memory(text);
}

static int json_scenario(void) {
    return print_without_memory(benchctl_doctor_json);
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    fail_every_allocation(text_scenario);
    fail_every_allocation(json_scenario);
}

static void a_full_device_is_an_error(void **state) {
    (void)state;
    const struct doctor_facts f = a_guest();
    struct doctor_findings findings;
    bench_error err = {0};
    FILE *full = fopen("/dev/full", "w");
    assert_non_null(full);
    benchctl_doctor_judge(&findings, &f);
    assert_int_equal(benchctl_doctor_json(full, &f, &findings, &err), BENCH_EIO);
    fclose(full);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_of_a_guest),
        cmocka_unit_test(quiet_text_has_only_what_is_not_good),
        cmocka_unit_test(colour_and_arrows_when_they_can_be_shown),
        cmocka_unit_test(json_of_a_guest),
        cmocka_unit_test(json_of_the_unknown),
        cmocka_unit_test(hostile_texts),
        cmocka_unit_test(summaries),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(a_full_device_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
