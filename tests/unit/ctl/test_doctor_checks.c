/* Every verdict of every check of benchctl doctor, from facts made up here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/ctl/doctor_support.h"

#include <errno.h>

/* Whatever a check says: the good needs no words, everything else both, and nothing is cut. */
static void assert_told(const struct doctor_finding *f) {
    const int is_good = f->verdict == DOCTOR_GOOD;
    assert_int_equal(f->meaning[0] == '\0', is_good);
    assert_int_equal(f->advice[0] == '\0', is_good);
    assert_true(strlen(f->value) < sizeof f->value - 1);
    assert_true(strlen(f->meaning) < sizeof f->meaning - 1);
    assert_true(strlen(f->advice) < sizeof f->advice - 1);
    if (is_good) {
        assert_string_not_equal(f->value, "");
    }
}

static void expect(const struct doctor_facts *facts, const char *id, enum doctor_verdict verdict,
                   const char *part, int line) {
    struct doctor_findings findings;
    benchctl_doctor_judge(&findings, facts);
    size_t n = 0;
    for (size_t i = 0; i < findings.n; i++) {
        assert_told(&findings.items[i]);
    }
    for (int v = 0; v < DOCTOR_N_VERDICTS; v++) {
        n += findings.n_verdicts[v];
    }
    assert_int_equal(n, findings.n);
    const struct doctor_finding *f = doctor_find(&findings, id);
    assert_non_null(f);
    if (f->verdict != verdict ||
        (strstr(f->value, part) == NULL && strstr(f->meaning, part) == NULL &&
         strstr(f->advice, part) == NULL)) {
        fail_msg("line %d: %s: verdict %d, '%s', '%s', '%s'", line, id, (int)f->verdict, f->value,
                 f->meaning, f->advice);
    }
}

/* After `change` of the quiet machine f. */
#define EXPECT(change, id, verdict, part)                                                          \
    do {                                                                                           \
        struct doctor_facts f = doctor_quiet_machine();                                            \
        change;                                                                                    \
        expect(&f, id, DOCTOR_##verdict, part, __LINE__);                                          \
    } while (0)

static void set(char *field, const char *text) {
    strcpy(field, text);
}

static void make_virtual(struct doctor_facts *f) {
    set(f->host.hypervisor, "kvm");
}

static void a_quiet_machine_is_good_throughout(void **state) {
    (void)state;
    const struct doctor_facts f = doctor_quiet_machine();
    struct doctor_findings findings;
    benchctl_doctor_judge(&findings, &f);
    assert_int_equal(findings.n_verdicts[DOCTOR_GOOD], findings.n);
    assert_false(findings.spoils_stored || findings.spoils_duels);
}

static void ids_are_unique(void **state) {
    (void)state;
    const struct doctor_facts f = doctor_quiet_machine();
    struct doctor_findings findings;
    benchctl_doctor_judge(&findings, &f);
    for (size_t i = 0; i < findings.n; i++) {
        assert_ptr_equal(doctor_find(&findings, findings.items[i].id), &findings.items[i]);
    }
}

static void hypervisor(void **state) {
    (void)state;
    EXPECT((void)f, "hypervisor", GOOD, "bare metal");
    EXPECT(make_virtual(&f), "hypervisor", MIND, "kvm");
    EXPECT(make_virtual(&f), "hypervisor", MIND, "benchctl compare OLD NEW");
    EXPECT(set(f.host.hypervisor, "unknown"), "hypervisor", MIND, "no name");
    EXPECT((set(f.host.hypervisor, "unknown"), set(f.host.arch, "aarch64")), "hypervisor", UNKNOWN,
           "cannot be seen");
    EXPECT(set(f.host.hypervisor, ""), "hypervisor", UNKNOWN, "cannot be seen");
}

static void cpus(void **state) {
    (void)state;
    EXPECT((void)f, "cpus", GOOD, "4 of 4 usable");
    EXPECT(f.n_online = -1, "cpus", GOOD, "4 usable");
    EXPECT(f.n_online = 1, "cpus", GOOD, "4 usable"); /* two sources that disagree */
    EXPECT(f.host.n_cpus = 1, "cpus", MIND, "1 of 4 usable");
    EXPECT(f.host.n_cpus = -1, "cpus", UNKNOWN, "taskset");
}

static void pinning(void **state) {
    (void)state;
    EXPECT((void)f, "pinning", GOOD, "works");
    EXPECT(f.pin_errno = EPERM, "pinning", MIND, "refused: Operation not permitted");
    EXPECT(f.pin_errno = -1, "pinning", UNKNOWN, "taskset");
}

static void quota(void **state) {
    (void)state;
    EXPECT((void)f, "quota", GOOD, "none");
    EXPECT(f.host.cpu_quota = 4, "quota", GOOD, "4.00 CPUs");
    EXPECT(f.host.cpu_quota = 3.99, "quota", MIND, "3.99 CPUs");
    EXPECT(f.host.cpu_quota = 1, "quota", MIND, "more CPUs busy");
    EXPECT(f.host.cpu_quota = 0.5, "quota", BAD, "stopped again and again");
    EXPECT((f.host.cpu_quota = 8, f.host.n_cpus = -1), "quota", MIND, "8.00 CPUs");
    EXPECT(f.has_quota_group = 0, "quota", UNKNOWN, "/proc/self/cgroup");
}

static void governor(void **state) {
    (void)state;
    EXPECT((void)f, "governor", GOOD, "performance");
    EXPECT(set(f.host.governor, "powersave"), "governor", MIND,
           "cpupower frequency-set -g performance");
    EXPECT(set(f.host.governor, "schedutil"), "governor", MIND, "schedutil");
    EXPECT(set(f.host.governor, ""), "governor", UNKNOWN, "firmware");
    EXPECT((set(f.host.governor, ""), make_virtual(&f)), "governor", UNKNOWN,
           "nothing can be done inside a virtual machine");
}

static void turbo(void **state) {
    (void)state;
    EXPECT((void)f, "turbo", GOOD, "off");
    EXPECT(set(f.host.turbo, "on"), "turbo", MIND,
           "echo 0 | sudo tee /sys/devices/system/cpu/"
           "cpufreq/boost");
    EXPECT((set(f.host.turbo, "on"), f.has_pstate = 1), "turbo", MIND,
           "echo 1 | sudo tee /sys/devices/system/cpu/intel_pstate/no_turbo");
    EXPECT(set(f.host.turbo, ""), "turbo", UNKNOWN, "firmware");
    EXPECT((set(f.host.turbo, ""), make_virtual(&f)), "turbo", UNKNOWN, "virtual machine");
}

static void smt(void **state) {
    (void)state;
    EXPECT((void)f, "smt", GOOD, "off");
    EXPECT(set(f.host.smt, "on"), "smt", MIND, "smt/control");
    EXPECT((set(f.host.smt, "on"), make_virtual(&f)), "smt", MIND, "on");
    EXPECT(make_virtual(&f), "smt", UNKNOWN, "seen from inside");
    EXPECT(set(f.host.smt, ""), "smt", UNKNOWN, "lscpu");
    EXPECT((set(f.host.smt, ""), make_virtual(&f)), "smt", UNKNOWN, "virtual machine");
}

static void aslr(void **state) {
    (void)state;
    EXPECT((void)f, "aslr", GOOD, "full");
    EXPECT(set(f.host.aslr, "off"), "aslr", MIND, "sysctl kernel.randomize_va_space=2");
    EXPECT(set(f.host.aslr, "partial"), "aslr", MIND, "partial");
    EXPECT(set(f.host.aslr, ""), "aslr", UNKNOWN, "should be 2");
}

static void clock_source(void **state) {
    (void)state;
    EXPECT((void)f, "clock_source", GOOD, "tsc");
    EXPECT(set(f.host.clocksource, "arch_sys_counter"), "clock_source", GOOD, "arch_sys");
    EXPECT(set(f.host.clocksource, "kvm-clock"), "clock_source", MIND, "echo tsc | sudo tee");
    EXPECT((set(f.host.clocksource, "kvm-clock"), set(f.clocksources, "kvm-clock acpi_pm")),
           "clock_source", MIND, "offers no counter");
    EXPECT(set(f.host.clocksource, "hpet"), "clock_source", BAD, "echo tsc");
    EXPECT((set(f.host.clocksource, "acpi_pm"), set(f.clocksources, "")), "clock_source", BAD,
           "offers no counter");
    EXPECT(set(f.host.clocksource, ""), "clock_source", UNKNOWN, "the clock below");
}

/* The bounds are those of a sample: 2000 steps, 100 readings. */
static void clock_itself(void **state) {
    (void)state;
    EXPECT((void)f, "clock", GOOD, "tsc, steps of 10.00 ns, 20.00 ns to read");
    EXPECT(f.resolution_ns = 50, "clock", GOOD, "");
    EXPECT(f.resolution_ns = 51, "clock", MIND, "see the clock source above");
    EXPECT((f.resolution_ns = 51, f.can_force_counter = 1), "clock", MIND, "--clock tsc");
    EXPECT(f.overhead_ns = 1000, "clock", GOOD, "");
    EXPECT(f.overhead_ns = 1001, "clock", MIND, "a sample takes 100.1 us at least");
    EXPECT(f.resolution_ns = 1000, "clock", MIND, "2.000 ms");
    EXPECT(f.resolution_ns = 1001, "clock", BAD, "2.002 ms");
    EXPECT(f.resolution_ns = NAN, "clock", BAD, "stands still");
    EXPECT(f.overhead_ns = NAN, "clock", BAD, "stands still");
}

static void counters(void **state) {
    (void)state;
    EXPECT((void)f, "counters", GOOD, "instructions and cycles");
    EXPECT((f.counters_errno = EACCES, f.paranoid = 3), "counters", MIND,
           "kernel.perf_event_paranoid is 3");
    EXPECT((f.counters_errno = EACCES, f.paranoid = 3), "counters", MIND,
           "sudo sysctl kernel.perf_event_paranoid=2");
    EXPECT((f.counters_errno = EPERM, f.paranoid = -1), "counters", MIND, "--cap-add PERFMON");
    EXPECT((f.counters_errno = EPERM, f.paranoid = INT64_MIN), "counters", MIND, "refused");
    EXPECT(f.counters_errno = ENOENT, "counters", MIND, "not supported by this CPU");
    EXPECT((f.counters_errno = ENOENT, make_virtual(&f)), "counters", MIND,
           "not passed on by the hypervisor");
    EXPECT(f.counters_errno = EOPNOTSUPP, "counters", MIND, "not supported");
    EXPECT((f.counters_errno = -1, make_virtual(&f)), "counters", MIND, "stand still");
    EXPECT(f.counters_errno = ENOSYS, "counters", MIND, "Function not implemented");
}

static void gnuplot(void **state) {
    (void)state;
    EXPECT((void)f, "gnuplot", GOOD, "gnuplot 5.4");
    EXPECT((f.has_gnuplot = 0, f.gnuplot[0] = '\0'), "gnuplot", MIND, "apt-get install");
    EXPECT(f.gnuplot[0] = '\0', "gnuplot", MIND, "does not answer");
}

static void load(void **state) {
    (void)state;
    EXPECT((void)f, "load", GOOD, "0.25 of 4 CPUs");
    EXPECT(f.host.load_1min = 3.09, "load", GOOD, "");
    EXPECT(f.host.load_1min = 3.11, "load", MIND, "hardly a CPU left");
    EXPECT(f.host.load_1min = 4, "load", BAD, "wait for a CPU");
    EXPECT((f.n_online = -1, f.host.n_cpus = 1), "load", MIND, "0.25 of 1 CPU in");
    EXPECT(f.host.load_1min = NAN, "load", UNKNOWN, "/proc/loadavg");
    EXPECT(f.host.load_1min = -1, "load", UNKNOWN, "/proc/loadavg");
    EXPECT((f.n_online = -1, f.host.n_cpus = -1), "load", UNKNOWN, "");
}

static void pressure(void **state) {
    (void)state;
    EXPECT((void)f, "pressure", GOOD, "0.0 % of the last 10 s");
    EXPECT(f.cpu_pressure = 0.019, "pressure", GOOD, "");
    EXPECT(f.cpu_pressure = 0.02, "pressure", MIND, "2.0 %");
    EXPECT(f.cpu_pressure = 0.2, "pressure", BAD, "20.0 %");
    EXPECT(f.cpu_pressure = NAN, "pressure", UNKNOWN, "CONFIG_PSI");
}

static void memory(void **state) {
    (void)state;
    EXPECT((void)f, "memory", GOOD, "12.0 GiB of 16.0 GiB available, 0 B in swap");
    EXPECT(f.swap_used_bytes = 1 << 30, "memory", GOOD, "1.00 GiB in swap");
    EXPECT(f.swap_used_bytes = -1, "memory", GOOD, "? in swap");
    EXPECT(f.memory_pressure = NAN, "memory", GOOD, "");
    EXPECT(f.memory_pressure = 0.01, "memory", MIND, "waited for 1.0 %");
    EXPECT(f.memory_pressure = 0.05, "memory", BAD, "taken away");
    EXPECT(f.available_bytes = f.host.memory_bytes / 11, "memory", MIND, "");
    EXPECT(f.available_bytes = f.host.memory_bytes / 60, "memory", BAD, "");
    EXPECT(f.available_bytes = -1, "memory", UNKNOWN, "/proc/meminfo");
    EXPECT(f.host.memory_bytes = -1, "memory", UNKNOWN, "/proc/meminfo");
}

static void interruptions(void **state) {
    (void)state;
    EXPECT((void)f, "interruptions", GOOD, "0.1 % of the time, in 0.1 % of 51200 slices");
    EXPECT(f.noise.lost_share = 0.002, "interruptions", MIND, "isolcpus");
    EXPECT((f.noise.lost_share = 0.002, make_virtual(&f)), "interruptions", MIND, "hypervisor's");
    EXPECT(f.noise.lost_share = 0.02, "interruptions", BAD, "2.0 %");
    EXPECT(f.noise.longest_ns = 4e6, "interruptions", GOOD, "at most 4.000 ms");
    EXPECT(f.noise.n_slices = 0, "interruptions", UNKNOWN, "nothing was measured");
    EXPECT(f.noise.lost_share = NAN, "interruptions", UNKNOWN, "nothing was measured");
}

static void switches(void **state) {
    (void)state;
    EXPECT((void)f, "switches", GOOD, "2 involuntary, 0 voluntary, 0 to another CPU");
    EXPECT(f.noise.migrations = -1, "switches", GOOD, "2 involuntary, 0 voluntary");
    EXPECT(f.noise.involuntary_switches = 19, "switches", GOOD, "");
    EXPECT(f.noise.involuntary_switches = 20, "switches", MIND, "100 a second");
    EXPECT(f.noise.involuntary_switches = 200, "switches", BAD, "200 involuntary");
    EXPECT(f.noise.involuntary_switches = -1, "switches", UNKNOWN, "/proc/self/status");
    EXPECT(f.noise.duration_ns = 0, "switches", UNKNOWN, "");
}

static void frequency(void **state) {
    (void)state;
    EXPECT((void)f, "frequency", GOOD, "3.50 GHz by the cycle ruler, moved by 0.1 %");
    EXPECT(f.noise.ruler_spread = 0.01, "frequency", MIND, "governor, turbo and SMT");
    EXPECT((f.noise.ruler_spread = 0.01, make_virtual(&f)), "frequency", MIND, "virtual machine");
    EXPECT(f.noise.ruler_spread = 0.05, "frequency", BAD, "5.0 %");
    EXPECT(f.noise.ruler_spread = NAN, "frequency", UNKNOWN, "clock above");
}

static void steal(void **state) {
    (void)state;
    EXPECT((void)f, "steal", GOOD, "none");
    EXPECT(f.noise.steal_share = 0.0001, "steal", MIND, "<0.1 %");
    EXPECT(f.noise.steal_share = 0.01, "steal", BAD, "1.0 %");
    EXPECT(f.noise.steal_share = NAN, "steal", UNKNOWN, "/proc/stat");
    EXPECT(f.noise.duration_ns = 0, "steal", UNKNOWN, "");
}

static void throttling(void **state) {
    (void)state;
    EXPECT((void)f, "throttling", GOOD, "none");
    EXPECT(f.noise.throttled_before_ns = 2500000, "throttling", MIND, "none now; 2.500 ms since");
    EXPECT(f.noise.throttled_ns = 1000, "throttling", BAD, "1.000 us while measuring");
    EXPECT((f.noise.throttled_ns = -1), "throttling", GOOD, "without a quota");
    EXPECT((f.noise.throttled_ns = -1, f.host.cpu_quota = 2), "throttling", UNKNOWN, "not count");
    EXPECT((f.noise.throttled_before_ns = -1, f.has_quota_group = 0), "throttling", UNKNOWN, "");
}

static void heat(void **state) {
    (void)state;
    EXPECT((void)f, "heat", GOOD, "0 times while measuring");
    EXPECT(f.noise.thermal_before = 7, "heat", MIND, "7 before");
    EXPECT(f.noise.thermal_events = 1, "heat", BAD, "slowed 1 time while measuring");
    EXPECT(f.noise.thermal_events = -1, "heat", UNKNOWN, "sensors");
    EXPECT((f.noise.thermal_before = -1, make_virtual(&f)), "heat", UNKNOWN, "hypervisor keeps");
}

static void stored_runs(void **state) {
    (void)state;
    EXPECT((void)f, "stored_runs", GOOD,
           "see changes from 5.6 % up at best, until 5 runs are on record");
    EXPECT(f.noise.between_run_sd = 0.011, "stored_runs", MIND, "move by 1.1 %");
    EXPECT(f.noise.between_run_sd = 0.05, "stored_runs", BAD, "benchctl compare OLD NEW");
    EXPECT(f.noise.sees = NAN, "stored_runs", UNKNOWN, "too few readings");
    EXPECT(f.noise.duration_ns = 0, "stored_runs", UNKNOWN, "");
}

/* Whom a finding takes the trust from. */
static void what_is_spoiled(void **state) {
    (void)state;
    struct doctor_findings findings;
    struct doctor_facts f = doctor_quiet_machine();
    f.has_gnuplot = 0;
    f.counters_errno = ENOENT;
    benchctl_doctor_judge(&findings, &f);
    assert_false(findings.spoils_stored || findings.spoils_duels);
    make_virtual(&f);
    benchctl_doctor_judge(&findings, &f);
    assert_true(findings.spoils_stored && !findings.spoils_duels);
    assert_true(doctor_find(&findings, "hypervisor")->spoils_stored);
    assert_false(doctor_find(&findings, "gnuplot")->spoils_stored);
    f.resolution_ns = 1e6;
    benchctl_doctor_judge(&findings, &f);
    assert_true(findings.spoils_stored && findings.spoils_duels);
    assert_true(doctor_find(&findings, "clock")->spoils_duels);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_quiet_machine_is_good_throughout),
        cmocka_unit_test(ids_are_unique),
        cmocka_unit_test(hypervisor),
        cmocka_unit_test(cpus),
        cmocka_unit_test(pinning),
        cmocka_unit_test(quota),
        cmocka_unit_test(governor),
        cmocka_unit_test(turbo),
        cmocka_unit_test(smt),
        cmocka_unit_test(aslr),
        cmocka_unit_test(clock_source),
        cmocka_unit_test(clock_itself),
        cmocka_unit_test(counters),
        cmocka_unit_test(gnuplot),
        cmocka_unit_test(load),
        cmocka_unit_test(pressure),
        cmocka_unit_test(memory),
        cmocka_unit_test(interruptions),
        cmocka_unit_test(switches),
        cmocka_unit_test(frequency),
        cmocka_unit_test(steal),
        cmocka_unit_test(throttling),
        cmocka_unit_test(heat),
        cmocka_unit_test(stored_runs),
        cmocka_unit_test(what_is_spoiled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
