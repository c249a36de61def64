/* What benchctl doctor reads, from copies of /proc and /sys: whole, absent and hostile ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/fs.h"
#include "base/mem.h"
#include "support/scratch.h"
#include "unit/ctl/doctor_support.h"

struct world {
    char root[SCRATCH_SIZE];
};

static int setup(void **state) {
    static struct world w;
    scratch_make(w.root);
    *state = &w;
    return 0;
}

static int teardown(void **state) {
    scratch_remove(((struct world *)*state)->root);
    return 0;
}

static void put(const struct world *w, const char *path, const char *text) {
    char full[300];
    snprintf(full, sizeof full, "%s%s", w->root, path);
    char *slash = strrchr(full, '/');
    *slash = '\0';
    assert_int_equal(bench__make_directories(full, NULL), 0);
    *slash = '/';
    assert_int_equal(bench__write_file_atomic(full, text, strlen(text), NULL), 0);
}

static struct doctor_facts facts_of(const char *root) {
    struct doctor_facts facts;
    struct bench__clock clock;
    assert_int_equal(benchctl_doctor_read(&facts, &clock, root, NULL), 0);
    return facts;
}

static void a_laptop(void **state) {
    (void)state;
    const struct doctor_facts f = facts_of(TEST_DATA_DIR "/host/laptop");
    assert_string_equal(f.host.governor, "powersave");
    assert_true(f.has_pstate);
    assert_true(f.has_quota_group);
    assert_int_equal(benchctl_doctor_is_virtual(&f.host), 0);
    assert_int_equal(f.paranoid, INT64_MIN);
}

static void a_container_in_a_virtual_machine(void **state) {
    (void)state;
    const struct doctor_facts f = facts_of(TEST_DATA_DIR "/host/kvm");
    assert_int_equal(benchctl_doctor_is_virtual(&f.host), 1);
    assert_false(f.has_pstate);
    assert_int_equal(f.host.clock, BENCH_CLOCK_MONOTONIC_RAW); /* of kvm-clock */
    struct doctor_findings findings;
    benchctl_doctor_judge(&findings, &f);
    assert_int_equal(doctor_find(&findings, "quota")->verdict,
                     f.host.n_cpus > 1 ? DOCTOR_MIND : DOCTOR_GOOD);
    assert_int_equal(doctor_find(&findings, "clock_source")->verdict, DOCTOR_MIND);
    assert_int_equal(doctor_find(&findings, "aslr")->verdict, DOCTOR_MIND);
}

/* Unknown is said, whatever depends on a file. */
static void nothing_to_read(void **state) {
    static const char *const ids[] = {"hypervisor", "quota",       "governor", "turbo",
                                      "smt",        "aslr",        "pressure", "memory",
                                      "load",       "clock_source"};
    (void)state;
    struct doctor_facts f = facts_of(TEST_DATA_DIR "/host/nowhere");
    assert_int_equal(f.n_online, -1);
    assert_true(isnan(f.cpu_pressure) && isnan(f.memory_pressure));
    assert_int_equal(f.available_bytes, -1);
    assert_int_equal(f.swap_used_bytes, -1);
    assert_int_equal(f.paranoid, INT64_MIN);
    assert_string_equal(f.clocksources, "");
    assert_false(f.has_quota_group);
    struct doctor_findings findings;
    benchctl_doctor_judge(&findings, &f);
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        assert_int_equal(doctor_find(&findings, ids[i])->verdict, DOCTOR_UNKNOWN);
    }
}

static void this_machine(void **state) {
    (void)state;
    const struct doctor_facts f = facts_of("");
    assert_true(f.n_online == -1 || f.n_online >= 1);
    assert_true(f.pin_errno >= -1 && f.counters_errno >= -1);
    assert_true(f.resolution_ns > 0 && f.overhead_ns >= 0);
    assert_true(f.has_gnuplot || f.gnuplot[0] == '\0');
    assert_true(isnan(f.cpu_pressure) || (f.cpu_pressure >= 0 && f.cpu_pressure <= 1));
}

static void lists_of_cpus(void **state) {
    static const struct {
        const char *text;
        int64_t n;
    } cases[] = {
        {"0-3\n", 4},
        {"0\n", 1},
        {"0-3,8,10-11\n", 7},
        {"", -1},
        {"\n", -1},
        {"x\n", -1},
        {"3-1\n", -1},
        {"-1\n", -1},
        {"0-\n", -1},
        {"0,,1\n", -1},
        {"0-99999999999999999999", -1},
        {"0 1\n", -1},
        {"0-3;rm\n", -1},
    };
    const struct world *w = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        put(w, "/sys/devices/system/cpu/online", cases[i].text);
        assert_int_equal(facts_of(w->root).n_online, cases[i].n);
    }
}

static void pressure(void **state) {
    static const struct {
        const char *text;
        double share;
    } cases[] = {
        {"some avg10=12.50 avg60=1.00 avg300=0.00 total=1\n", 0.125},
        {"some avg10=0.00 avg60=0.00 avg300=0.00 total=0\nfull avg10=9.00\n", 0},
        {"some avg10=100\n", 1},
        {"full avg10=9.00 avg60=0.00\n", NAN},
        {"some avg10=100.01 avg60=0\n", NAN},
        {"some avg10=-1 avg60=0\n", NAN},
        {"some avg10=nan avg60=0\n", NAN},
        {"some avg10=inf avg60=0\n", NAN},
        {"some avg10=1,25 avg60=0\n", NAN},
        {"some avg10=\n", NAN},
        {"", NAN},
    };
    const struct world *w = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        put(w, "/proc/pressure/cpu", cases[i].text);
        put(w, "/proc/pressure/memory", cases[i].text);
        const struct doctor_facts f = facts_of(w->root);
        assert_true(f.cpu_pressure == cases[i].share ||
                    (isnan(f.cpu_pressure) && isnan(cases[i].share)));
        assert_true(f.memory_pressure == cases[i].share ||
                    (isnan(f.memory_pressure) && isnan(cases[i].share)));
    }
}

static void memory(void **state) {
    static const struct {
        const char *text;
        int64_t available, swap;
    } cases[] = {
        {"MemTotal: 1000 kB\nMemAvailable:   512 kB\nSwapTotal: 100 kB\nSwapFree: 60 kB\n",
         512 * 1024, 40 * 1024},
        {"MemTotal: 1000 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n", -1, 0},
        {"MemAvailable: 1 kB\nSwapTotal: 10 kB\nSwapFree: 60 kB\n", 1024, -1}, /* more than all */
        {"MemAvailable: 9223372036854775807 kB\nSwapTotal: 1 kB\n", -1, -1},
        {"MemAvailable: -5 kB\nSwapTotal: -1 kB\nSwapFree: 1 kB\n", -1, -1},
        {"MemAvailable: 5 MB\n", -1, -1},
        {"NotMemAvailable: 5 kB\n", -1, -1},
        {"MemAvailable:\n", -1, -1},
    };
    const struct world *w = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        put(w, "/proc/meminfo", cases[i].text);
        const struct doctor_facts f = facts_of(w->root);
        assert_int_equal(f.available_bytes, cases[i].available);
        assert_int_equal(f.swap_used_bytes, cases[i].swap);
    }
}

static void paranoid(void **state) {
    const struct world *w = *state;
    put(w, "/proc/sys/kernel/perf_event_paranoid", "-1\n");
    assert_int_equal(facts_of(w->root).paranoid, -1);
    put(w, "/proc/sys/kernel/perf_event_paranoid", "4\n");
    assert_int_equal(facts_of(w->root).paranoid, 4);
    put(w, "/proc/sys/kernel/perf_event_paranoid", "four\n");
    assert_int_equal(facts_of(w->root).paranoid, INT64_MIN);
}

static void heat(void **state) {
    const struct world *w = *state;
    assert_int_equal(benchctl_doctor_thermal_events(w->root), -1);
    put(w, "/sys/devices/system/cpu/cpu0/thermal_throttle/core_throttle_count", "3\n");
    put(w, "/sys/devices/system/cpu/cpu7/thermal_throttle/core_throttle_count", "4\n");
    put(w, "/sys/devices/system/cpu/cpu8/thermal_throttle/core_throttle_count", "-9\n");
    put(w, "/sys/devices/system/cpu/cpu9/thermal_throttle/core_throttle_count",
        "9223372036854775807\n");
    assert_int_equal(benchctl_doctor_thermal_events(w->root), 7);
}

static void clock_sources(void **state) {
    const struct world *w = *state;
    put(w, "/sys/devices/system/clocksource/clocksource0/current_clocksource", "hpet\n");
    put(w, "/sys/devices/system/clocksource/clocksource0/available_clocksource",
        "tsc hpet acpi_pm \n");
    const struct doctor_facts f = facts_of(w->root);
    assert_string_equal(f.clocksources, "tsc hpet acpi_pm");
    struct doctor_findings findings;
    benchctl_doctor_judge(&findings, &f);
    assert_int_equal(doctor_find(&findings, "clock_source")->verdict, DOCTOR_BAD);
}

static void without_memory(void **state) {
    (void)state;
    struct doctor_facts f;
    struct bench__clock clock;
    const long live = bench__mem_live();
    bench__mem_fail_after(0);
    const int rc = benchctl_doctor_read(&f, &clock, "", NULL);
    bench__mem_fail_after(-1);
    assert_true(rc == 0 || rc == BENCH_ENOMEM); /* a counter needs memory to find its rate */
    assert_int_equal(bench__mem_live(), live);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_laptop),
        cmocka_unit_test(a_container_in_a_virtual_machine),
        cmocka_unit_test(nothing_to_read),
        cmocka_unit_test(this_machine),
        cmocka_unit_test_setup_teardown(lists_of_cpus, setup, teardown),
        cmocka_unit_test_setup_teardown(pressure, setup, teardown),
        cmocka_unit_test_setup_teardown(memory, setup, teardown),
        cmocka_unit_test_setup_teardown(paranoid, setup, teardown),
        cmocka_unit_test_setup_teardown(heat, setup, teardown),
        cmocka_unit_test_setup_teardown(clock_sources, setup, teardown),
        cmocka_unit_test(without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
