/*
 * Checks of how the machine is doing at the moment: its load, and what two seconds of measuring
 * saw.
 */
#include "base/units.h"
#include "ctl/doctor.h"
#include "report/figures.h"
#include "result/difference.h"

#include <math.h>
#include <string.h>

/* Good below `mind`, bad from `bad` on. */
static enum doctor_verdict grade(double value, double mind, double bad) {
    return isnan(value)   ? DOCTOR_UNKNOWN
           : value < mind ? DOCTOR_GOOD
           : value < bad  ? DOCTOR_MIND
                          : DOCTOR_BAD;
}

/* Says meaning and advice, unless the verdict is good. */
static void say(struct doctor_finding *out, enum doctor_verdict verdict, const char *meaning,
                const char *advice) {
    const int is_good = verdict == DOCTOR_GOOD;
    benchctl_doctor_say(out, verdict, is_good ? "" : meaning, is_good ? "" : advice);
}

#define FIND_OUT "find out who: top, or pidstat 1"

/* ---- load ---- */

void doctor_load(struct doctor_finding *out, const struct doctor_facts *facts) {
    const double load = facts->host.load_1min;
    const int64_t n_cpus = facts->n_online > 0 ? facts->n_online : facts->host.n_cpus;
    char text[BENCH__FIGURE_SIZE];
    if (!(load >= 0) || n_cpus < 1) {
        say(out, DOCTOR_UNKNOWN, "the kernel does not say how busy the machine is",
            "look at /proc/loadavg");
        return;
    }
    snprintf(out->value, sizeof out->value, "%s of %lld CPU%s in the last minute",
             bench__figure_fixed(text, sizeof text, load, 2), (long long)n_cpus,
             n_cpus == 1 ? "" : "s");
    say(out, grade(load, (double)n_cpus - 0.9, (double)n_cpus),
        load < (double)n_cpus ? "there is hardly a CPU left for a benchmark"
                              : "benchmarks wait for a CPU like everything else",
        "wait, or end what is running; " FIND_OUT);
}

#define NO_PRESSURE_FILE   "the kernel keeps no account of waiting (/proc/pressure is not there)"
#define NO_PRESSURE_ADVICE "a kernel with CONFIG_PSI=y; some need psi=1 at boot"

void doctor_pressure(struct doctor_finding *out, const struct doctor_facts *facts) {
    char text[BENCH__FIGURE_SIZE];
    if (isnan(facts->cpu_pressure)) {
        say(out, DOCTOR_UNKNOWN, NO_PRESSURE_FILE, NO_PRESSURE_ADVICE);
        return;
    }
    snprintf(out->value, sizeof out->value, "%s of the last 10 s",
             bench__figure_share(text, sizeof text, facts->cpu_pressure));
    say(out, grade(facts->cpu_pressure, 0.02, 0.2),
        "for so long something was ready to run and had to wait for a CPU",
        "wait, or end what is running; " FIND_OUT);
}

void doctor_memory(struct doctor_finding *out, const struct doctor_facts *facts) {
    const int64_t available = facts->available_bytes, total = facts->host.memory_bytes;
    char left[32], all[32], swapped[32], waited[BENCH__FIGURE_SIZE];
    if (available < 0 || total <= 0) {
        say(out, DOCTOR_UNKNOWN, "the kernel does not say how much memory is left",
            "look at /proc/meminfo");
        return;
    }
    snprintf(out->value, sizeof out->value, "%s of %s available, %s in swap",
             bench__format_bytes(left, sizeof left, (double)available, 3),
             bench__format_bytes(all, sizeof all, (double)total, 3),
             facts->swap_used_bytes < 0
                 ? "?"
                 : bench__format_bytes(swapped, sizeof swapped, (double)facts->swap_used_bytes, 3));
    enum doctor_verdict verdict = DOCTOR_GOOD;
    if ((double)available < 0.02 * (double)total || facts->memory_pressure >= 0.05) {
        verdict = DOCTOR_BAD;
    } else if ((double)available < 0.1 * (double)total || facts->memory_pressure > 0) {
        verdict = DOCTOR_MIND;
    }
    if (facts->memory_pressure > 0) {
        const size_t n = strlen(out->value);
        snprintf(out->value + n, sizeof out->value - n, ", waited for %s of the last 10 s",
                 bench__figure_share(waited, sizeof waited, facts->memory_pressure));
    }
    say(out, verdict, "pages are taken away and read back while benchmarks run",
        "end what needs the memory: ps aux --sort=-rss | head");
}

/* ---- two seconds ---- */

#define NOT_MEASURED "nothing was measured: the clock stands still"
#define SEE_CLOCK    "see the clock above"

void doctor_interruptions(struct doctor_finding *out, const struct doctor_facts *facts) {
    const struct doctor_noise *noise = &facts->noise;
    char lost[BENCH__FIGURE_SIZE], longest[BENCH__FIGURE_SIZE], share[BENCH__FIGURE_SIZE];
    if (noise->n_slices == 0 || isnan(noise->lost_share)) {
        say(out, DOCTOR_UNKNOWN, NOT_MEASURED, SEE_CLOCK);
        return;
    }
    snprintf(out->value, sizeof out->value, "%s of the time, in %s of %zu slices, at most %s",
             bench__figure_share(lost, sizeof lost, noise->lost_share),
             bench__figure_share(share, sizeof share, noise->interrupted_share), noise->n_slices,
             bench__figure_time(longest, sizeof longest, noise->longest_ns, 0));
    say(out, grade(noise->lost_share, 0.002, 0.02),
        "other work, interrupts or the hypervisor took the CPU away in the middle of things",
        benchctl_doctor_is_virtual(&facts->host) == 1
            ? "end what is running (top, pidstat 1); the rest is the hypervisor's"
            : "end what is running (top, pidstat 1), or keep it off some CPUs (isolcpus=) and use "
              "--cpu");
}

void doctor_switches(struct doctor_finding *out, const struct doctor_facts *facts) {
    const struct doctor_noise *noise = &facts->noise;
    if (noise->involuntary_switches < 0 || !(noise->duration_ns > 0)) {
        say(out, DOCTOR_UNKNOWN, "the kernel does not count them", "look at /proc/self/status");
        return;
    }
    int n = snprintf(out->value, sizeof out->value, "%lld involuntary, %lld voluntary",
                     (long long)noise->involuntary_switches, (long long)noise->voluntary_switches);
    if (noise->migrations >= 0) {
        snprintf(out->value + n, sizeof out->value - (size_t)n, ", %lld to another CPU",
                 (long long)noise->migrations);
    }
    const double per_second = (double)noise->involuntary_switches / (noise->duration_ns / 1e9);
    say(out, grade(per_second, 10, 100),
        "another process was given this CPU; with 100 a second a launch counts as disturbed",
        "end what is running; " FIND_OUT);
}

void doctor_frequency(struct doctor_finding *out, const struct doctor_facts *facts) {
    const struct doctor_noise *noise = &facts->noise;
    char ghz[BENCH__FIGURE_SIZE], spread[BENCH__FIGURE_SIZE];
    if (noise->n_slices == 0 || isnan(noise->ruler_spread)) {
        say(out, DOCTOR_UNKNOWN, NOT_MEASURED, SEE_CLOCK);
        return;
    }
    snprintf(out->value, sizeof out->value, "%s GHz by the cycle ruler, moved by %s",
             bench__figure_fixed(ghz, sizeof ghz, noise->ruler_ghz, 2),
             bench__figure_share(spread, sizeof spread, noise->ruler_spread));
    say(out, grade(noise->ruler_spread, 0.01, 0.05),
        "the same instructions take now more, now less time",
        benchctl_doctor_is_virtual(&facts->host) == 1 ? DOCTOR_INSIDE
                                                      : "see governor, turbo and SMT above");
}

void doctor_steal(struct doctor_finding *out, const struct doctor_facts *facts) {
    char text[BENCH__FIGURE_SIZE];
    const double share = facts->noise.steal_share;
    if (isnan(share) || !(facts->noise.duration_ns > 0)) {
        say(out, DOCTOR_UNKNOWN, "the kernel does not say what the hypervisor takes away",
            "look at the eighth number of the first line of /proc/stat");
        return;
    }
    snprintf(out->value, sizeof out->value, "%s",
             share > 0 ? bench__figure_share(text, sizeof text, share) : "none");
    say(out, share > 0 ? grade(share, 0, 0.01) : DOCTOR_GOOD,
        "the hypervisor gave this machine's CPUs to others; over 1 % a launch counts as disturbed",
        DOCTOR_INSIDE ", or take a machine with CPUs of its own");
}

void doctor_throttling(struct doctor_finding *out, const struct doctor_facts *facts) {
    const int64_t now = facts->noise.throttled_ns, before = facts->noise.throttled_before_ns;
    char text[BENCH__FIGURE_SIZE];
    if (now < 0 || before < 0) {
        say(out,
            facts->has_quota_group && isnan(facts->host.cpu_quota) ? DOCTOR_GOOD : DOCTOR_UNKNOWN,
            "the control group does not count it", "see the CPU quota above");
        snprintf(out->value, sizeof out->value, "%s",
                 out->verdict == DOCTOR_GOOD ? "none, without a quota" : "");
        return;
    }
    if (now > 0) {
        snprintf(out->value, sizeof out->value, "%s while measuring",
                 bench__figure_time(text, sizeof text, (double)now, 0));
    } else if (before > 0) {
        snprintf(out->value, sizeof out->value, "none now; %s since the group was made",
                 bench__figure_time(text, sizeof text, (double)before, 0));
    } else {
        snprintf(out->value, sizeof out->value, "none");
    }
    say(out,
        now > 0      ? DOCTOR_BAD
        : before > 0 ? DOCTOR_MIND
                     : DOCTOR_GOOD,
        "the quota ran out and this group was stopped; such launches count as disturbed",
        "see the CPU quota above, or run fewer things in this container");
}

void doctor_heat(struct doctor_finding *out, const struct doctor_facts *facts) {
    const int64_t now = facts->noise.thermal_events, before = facts->noise.thermal_before;
    if (now < 0 || before < 0) {
        const int is_virtual = benchctl_doctor_is_virtual(&facts->host) == 1;
        say(out, DOCTOR_UNKNOWN,
            is_virtual ? "the hypervisor keeps it to itself"
                       : "this CPU does not count how often it was slowed for being hot",
            is_virtual ? DOCTOR_INSIDE : "watch its temperature: sensors");
        return;
    }
    snprintf(out->value, sizeof out->value, "slowed %lld time%s while measuring, %lld before",
             (long long)now, now == 1 ? "" : "s", (long long)before);
    say(out,
        now > 0      ? DOCTOR_BAD
        : before > 0 ? DOCTOR_MIND
                     : DOCTOR_GOOD,
        "a CPU that gets too hot runs slower",
        "cool it, or lower its frequency: sudo cpupower "
        "frequency-set -u FREQUENCY");
}

/* As good as a comparison of stored runs can be if the machine goes on moving like this. */
void doctor_stored_runs(struct doctor_finding *out, const struct doctor_facts *facts) {
    const struct doctor_noise *noise = &facts->noise;
    char sees[BENCH__FIGURE_SIZE], moves[BENCH__FIGURE_SIZE], meaning[sizeof out->meaning];
    if (isnan(noise->sees) || !(noise->duration_ns > 0)) {
        say(out, DOCTOR_UNKNOWN, "too few readings of the calibration kernels", SEE_CLOCK);
        return;
    }
    snprintf(out->value, sizeof out->value,
             "see changes from %s up at best, until %d runs are on record",
             bench__figure_share(sees, sizeof sees, noise->sees), BENCH__MIN_KNOWN_RUNS);
    snprintf(meaning, sizeof meaning, "between two runs the machine's speed is taken to move by %s",
             bench__figure_share(moves, sizeof moves, noise->between_run_sd));
    say(out, grade(noise->between_run_sd, 0.011, 0.05), meaning, DOCTOR_DUEL);
}
