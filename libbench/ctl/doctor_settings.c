/*
 * Checks of how the machine is set up: what would be the same tomorrow.
 */
#include "ctl/doctor.h"
#include "report/figures.h"

#include <errno.h>
#include <math.h>
#include <string.h>

static int is_virtual(const struct doctor_facts *facts) {
    return benchctl_doctor_is_virtual(&facts->host) == 1;
}

/* What is not told: inside a virtual machine nobody can change that. */
static void not_told(struct doctor_finding *out, const struct doctor_facts *facts,
                     const char *meaning, const char *advice) {
    benchctl_doctor_say(out, DOCTOR_UNKNOWN,
                        is_virtual(facts) ? "the hypervisor keeps it to itself" : meaning,
                        is_virtual(facts) ? DOCTOR_INSIDE : advice);
}

static void set_value(struct doctor_finding *out, const char *text) {
    snprintf(out->value, sizeof out->value, "%s", text);
}

void doctor_hypervisor(struct doctor_finding *out, const struct doctor_facts *facts) {
    const int virtual = benchctl_doctor_is_virtual(&facts->host);
    if (virtual < 0) {
        benchctl_doctor_say(out, DOCTOR_UNKNOWN, "whether others share this machine cannot be seen",
                            "take it for a virtual machine and " DOCTOR_DUEL);
    } else if (virtual == 0) {
        set_value(out, "none, bare metal");
        benchctl_doctor_say(out, DOCTOR_GOOD, "", "");
    } else {
        set_value(out, strcmp(facts->host.hypervisor, "unknown") == 0
                           ? "there is one that gives no name"
                           : facts->host.hypervisor);
        benchctl_doctor_say(out, DOCTOR_MIND,
                            "neighbours share its cores, caches and memory, now more, now less",
                            "nothing can be done inside a virtual machine; " DOCTOR_DUEL);
    }
}

void doctor_cpus(struct doctor_finding *out, const struct doctor_facts *facts) {
    const int64_t usable = facts->host.n_cpus;
    if (usable < 1) {
        benchctl_doctor_say(out, DOCTOR_UNKNOWN, "the kernel does not say which CPUs may be used",
                            "look at: taskset -p $$");
        return;
    }
    if (facts->n_online >= usable) {
        snprintf(out->value, sizeof out->value, "%lld of %lld usable", (long long)usable,
                 (long long)facts->n_online);
    } else {
        snprintf(out->value, sizeof out->value, "%lld usable", (long long)usable);
    }
    benchctl_doctor_say(out, DOCTOR_GOOD, "", "");
    if (usable == 1) {
        benchctl_doctor_say(out, DOCTOR_MIND,
                            "whatever else runs, the runner included, takes this CPU from the "
                            "benchmark; benchmarks with threads show no parallelism",
                            "allow it a second one: taskset, the container's cpuset, a larger "
                            "machine");
    }
}

void doctor_pinning(struct doctor_finding *out, const struct doctor_facts *facts) {
    if (facts->pin_errno < 0) {
        benchctl_doctor_say(out, DOCTOR_UNKNOWN, "the kernel does not say which CPUs may be used",
                            "see whether this works: taskset -c 0 true");
    } else if (facts->pin_errno == 0) {
        set_value(out, "works");
        benchctl_doctor_say(out, DOCTOR_GOOD, "", "");
    } else {
        snprintf(out->value, sizeof out->value, "refused: %s", strerror(facts->pin_errno));
        benchctl_doctor_say(out, DOCTOR_MIND,
                            "--cpu and duels cannot keep a worker on one CPU; it may be moved "
                            "while it is measured",
                            "allow sched_setaffinity in the sandbox or the container's seccomp "
                            "profile");
    }
}

void doctor_quota(struct doctor_finding *out, const struct doctor_facts *facts) {
    const double quota = facts->host.cpu_quota;
    char text[BENCH__FIGURE_SIZE];
    if (!facts->has_quota_group) {
        benchctl_doctor_say(out, DOCTOR_UNKNOWN,
                            "the control group of this process is not to be seen",
                            "look at /proc/self/cgroup and cpu.max of that group");
        return;
    }
    if (isnan(quota)) {
        set_value(out, "none");
        benchctl_doctor_say(out, DOCTOR_GOOD, "", "");
        return;
    }
    snprintf(out->value, sizeof out->value, "%s CPUs",
             bench__figure_fixed(text, sizeof text, quota, 2));
    if (facts->host.n_cpus > 0 && quota >= (double)facts->host.n_cpus) {
        benchctl_doctor_say(out, DOCTOR_GOOD, "", "");
        return;
    }
    benchctl_doctor_say(out, quota < 1 ? DOCTOR_BAD : DOCTOR_MIND,
                        quota < 1 ? "every process is stopped again and again, for the rest of "
                                    "each period of 100 ms"
                                  : "benchmarks that keep more CPUs busy are stopped for the rest "
                                    "of each period",
                        "raise it: docker run --cpus, the pod's CPU limit, or systemctl "
                        "set-property UNIT CPUQuota=");
}

void doctor_governor(struct doctor_finding *out, const struct doctor_facts *facts) {
    const char *governor = facts->host.governor;
    set_value(out, governor);
    if (governor[0] == '\0') {
        not_told(out, facts, "the kernel does not choose the frequency here, or does not say",
                 "look for a power profile in the firmware's setup");
    } else if (strcmp(governor, "performance") == 0) {
        benchctl_doctor_say(out, DOCTOR_GOOD, "", "");
    } else {
        benchctl_doctor_say(out, DOCTOR_MIND,
                            "the frequency follows the load: what starts on an idle core is slow "
                            "at first",
                            "sudo cpupower frequency-set -g performance");
    }
}

void doctor_turbo(struct doctor_finding *out, const struct doctor_facts *facts) {
    set_value(out, facts->host.turbo);
    if (facts->host.turbo[0] == '\0') {
        not_told(out, facts, "the kernel does not say whether frequencies may be boosted",
                 "look for turbo or boost in the firmware's setup");
    } else if (strcmp(facts->host.turbo, "off") == 0) {
        benchctl_doctor_say(out, DOCTOR_GOOD, "", "");
    } else {
        benchctl_doctor_say(
            out, DOCTOR_MIND, "the frequency depends on temperature and on what other cores do",
            facts->has_pstate ? "echo 1 | sudo tee /sys/devices/system/cpu/intel_pstate/no_turbo"
                              : "echo 0 | sudo tee /sys/devices/system/cpu/cpufreq/boost");
    }
}

void doctor_smt(struct doctor_finding *out, const struct doctor_facts *facts) {
    set_value(out, facts->host.smt);
    if (facts->host.smt[0] == '\0') {
        not_told(out, facts, "the kernel does not say whether cores run two threads",
                 "lscpu shows threads per core");
    } else if (strcmp(facts->host.smt, "on") == 0) {
        benchctl_doctor_say(out, DOCTOR_MIND,
                            "what runs on the other thread of a core takes part of its speed",
                            "echo off | sudo tee /sys/devices/system/cpu/smt/control");
    } else if (is_virtual(facts)) {
        set_value(out, "off, seen from inside");
        benchctl_doctor_say(out, DOCTOR_UNKNOWN,
                            "a neighbour may have the other thread of this core all the same",
                            DOCTOR_INSIDE);
    } else {
        benchctl_doctor_say(out, DOCTOR_GOOD, "", "");
    }
}

/* Unlike with other tools, randomised addresses are wanted: see docs/statistics.md. */
void doctor_aslr(struct doctor_finding *out, const struct doctor_facts *facts) {
    set_value(out, facts->host.aslr);
    if (facts->host.aslr[0] == '\0') {
        benchctl_doctor_say(out, DOCTOR_UNKNOWN, "the kernel does not say whether addresses differ",
                            "sysctl kernel.randomize_va_space should be 2");
    } else if (strcmp(facts->host.aslr, "full") == 0) {
        benchctl_doctor_say(out, DOCTOR_GOOD, "", "");
    } else {
        benchctl_doctor_say(out, DOCTOR_MIND,
                            "launches share addresses and agree with each other more than two "
                            "builds do: intervals are too narrow",
                            "sudo sysctl kernel.randomize_va_space=2; start nothing below setarch "
                            "-R or a debugger");
    }
}

/* ---- time ---- */

static int is_one_of(const char *text, const char *const *list, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (strcmp(text, list[i]) == 0) {
            return 1;
        }
    }
    return 0;
}

void doctor_clock_source(struct doctor_finding *out, const struct doctor_facts *facts) {
    static const char *const counters[] = {"tsc", "arch_sys_counter"};
    static const char *const slow[] = {"hpet", "acpi_pm", "pit", "jiffies", "refined-jiffies"};
    const char *source = facts->host.clocksource;
    const char *advice = strstr(facts->clocksources, "tsc") != NULL
                             ? "echo tsc | sudo tee /sys/devices/system/clocksource/clocksource0/"
                               "current_clocksource"
                             : "the kernel offers no counter; journalctl -k | grep -i clocksource "
                               "may say why";
    set_value(out, source);
    if (source[0] == '\0') {
        benchctl_doctor_say(out, DOCTOR_UNKNOWN,
                            "the kernel does not say where its time comes from",
                            "the check of the clock below says what a reading costs");
    } else if (is_one_of(source, counters, sizeof counters / sizeof *counters)) {
        benchctl_doctor_say(out, DOCTOR_GOOD, "", "");
    } else if (is_one_of(source, slow, sizeof slow / sizeof *slow)) {
        benchctl_doctor_say(out, DOCTOR_BAD, "reading the time is slow or coarse", advice);
    } else {
        benchctl_doctor_say(out, DOCTOR_MIND,
                            "the kernel does not use the CPU's counter by itself, so neither does "
                            "--clock auto",
                            advice);
    }
}

/* A sample must span 2000 steps of the clock and 100 readings of it (docs/statistics.md). */
static double shortest_sample_ns(const struct doctor_facts *facts) {
    return fmax(2000 * facts->resolution_ns, 100 * facts->overhead_ns);
}

void doctor_clock(struct doctor_finding *out, const struct doctor_facts *facts) {
    char resolution[BENCH__FIGURE_SIZE], overhead[BENCH__FIGURE_SIZE], shortest[BENCH__FIGURE_SIZE];
    char meaning[sizeof out->meaning];
    if (!(facts->resolution_ns > 0) || !(facts->overhead_ns >= 0)) {
        benchctl_doctor_say(out, DOCTOR_BAD, "the clock stands still: nothing can be timed",
                            "run somewhere else, or with another --clock");
        return;
    }
    snprintf(out->value, sizeof out->value, "%s, steps of %s, %s to read",
             bench__clock_name(facts->host.clock),
             bench__figure_time(resolution, sizeof resolution, facts->resolution_ns, 0),
             bench__figure_time(overhead, sizeof overhead, facts->overhead_ns, 0));
    const double sample_ns = shortest_sample_ns(facts);
    snprintf(meaning, sizeof meaning,
             "a sample takes %s at least; single latencies are rounded to "
             "the clock's steps",
             bench__figure_time(shortest, sizeof shortest, sample_ns, 0));
    if (sample_ns <= 100e3) {
        benchctl_doctor_say(out, DOCTOR_GOOD, "", "");
    } else {
        benchctl_doctor_say(out, sample_ns <= 2e6 ? DOCTOR_MIND : DOCTOR_BAD, meaning,
                            facts->can_force_counter
                                ? "--clock tsc (arm64: cntvct) takes the CPU's counter, which runs "
                                  "at a constant rate here"
                                : "see the clock source above");
    }
}

/* ---- tools ---- */

static void counters_refused(struct doctor_finding *out, const struct doctor_facts *facts) {
    static const char meaning[] =
        "instructions and cycles cannot be counted; times are not affected";
    char advice[sizeof out->advice];
    if (facts->paranoid > 2) {
        snprintf(out->value, sizeof out->value, "refused: kernel.perf_event_paranoid is %lld",
                 (long long)facts->paranoid);
        snprintf(advice, sizeof advice, "sudo sysctl kernel.perf_event_paranoid=2");
    } else {
        set_value(out, "refused");
        snprintf(advice, sizeof advice,
                 "kernel.perf_event_paranoid does not forbid it: allow perf_event_open in the "
                 "container (docker run --cap-add PERFMON)");
    }
    benchctl_doctor_say(out, DOCTOR_MIND, meaning, advice);
}

void doctor_counters(struct doctor_finding *out, const struct doctor_facts *facts) {
    static const char meaning[] =
        "instructions and cycles cannot be counted; times are not affected";
    const int why = facts->counters_errno;
    if (why == 0) {
        set_value(out, "instructions and cycles");
        benchctl_doctor_say(out, DOCTOR_GOOD, "", "");
    } else if (why == EACCES || why == EPERM) {
        counters_refused(out, facts);
    } else if (why == ENOENT || why == EOPNOTSUPP || why == ENODEV || why == ENXIO || why < 0) {
        set_value(out, why < 0             ? "there, but they stand still"
                       : is_virtual(facts) ? "not passed on by the hypervisor"
                                           : "not supported by this CPU");
        benchctl_doctor_say(out, DOCTOR_MIND, meaning,
                            is_virtual(facts)
                                ? "only the host can pass them on (a virtual PMU)"
                                : "look for performance counters in the firmware's setup");
    } else {
        snprintf(out->value, sizeof out->value, "not available: %s", strerror(why));
        benchctl_doctor_say(out, DOCTOR_MIND, meaning,
                            "the kernel needs CONFIG_PERF_EVENTS, and the sandbox must allow "
                            "perf_event_open");
    }
}

void doctor_gnuplot(struct doctor_finding *out, const struct doctor_facts *facts) {
    if (!facts->has_gnuplot) {
        set_value(out, "not found");
        benchctl_doctor_say(out, DOCTOR_MIND, "HTML reports have no plots",
                            "sudo apt-get install gnuplot-nox");
    } else if (facts->gnuplot[0] == '\0') {
        set_value(out, "does not answer");
        benchctl_doctor_say(out, DOCTOR_MIND, "HTML reports have no plots",
                            "see what this says: gnuplot --version");
    } else {
        set_value(out, facts->gnuplot);
        benchctl_doctor_say(out, DOCTOR_GOOD, "", "");
    }
}
