/*
 * What benchctl doctor can find out without measuring: files of /proc and /sys, and a few system
 * calls that are tried to see whether they work. Judges nothing.
 */
#include "base/fs.h"
#include "base/mem.h"
#include "base/units.h"
#include "ctl/doctor.h"
#include "measure/cgroup.h"
#include "measure/chain.h"
#include "measure/host.h"
#include "measure/sysfile.h"
#include "report/gnuplot.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <math.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CPU_DIRECTORY      "/sys/devices/system/cpu"
#define CLOCKSOURCE        "/sys/devices/system/clocksource/clocksource0"
#define GNUPLOT_TIMEOUT_NS INT64_C(5000000000)

/* ---- CPUs ---- */

/* Counts a list of the kernel's, "0-3,8"; -1 when it is no such list. */
static int64_t count_list(const char *text) {
    int64_t n = 0;
    while (*text != '\0') {
        char *end;
        const long from = strtol(text, &end, 10);
        long to = from;
        if (end == text) {
            return -1;
        }
        if (*end == '-') {
            const char *second = end + 1;
            to = strtol(second, &end, 10);
            if (end == second) {
                return -1;
            }
        }
        if (from < 0 || to < from || to > 1 << 20 || (*end != ',' && *end != '\0')) {
            return -1;
        }
        n += to - from + 1;
        text = end + (*end == ',');
    }
    return n > 0 ? n : -1;
}

static int64_t online_cpus(const char *root) {
    char line[256];
    bench__sysfile_line(root, CPU_DIRECTORY "/online", line, sizeof line);
    return count_list(line);
}

/* Keeps this thread on the first CPU that it may use, and gives it the others back. */
static int try_pinning(void) {
    cpu_set_t all[8],
        one[8]; /* room for 8192 CPUs: the kernel refuses a set smaller than its own */
    if (sched_getaffinity(0, sizeof all, all) != 0) {
        return -1;
    }
    CPU_ZERO_S(sizeof one, one);
    for (size_t cpu = 0; cpu < 8 * sizeof all; cpu++) {
        if (CPU_ISSET_S(cpu, sizeof all, all)) {
            CPU_SET_S(cpu, sizeof one, one);
            break;
        }
    }
    const int refused = sched_setaffinity(0, sizeof one, one) != 0 ? errno : 0;
    sched_setaffinity(0, sizeof all, all);
    return refused;
}

int64_t benchctl_doctor_thermal_events(const char *root) {
    enum { MAX_CPUS = 1024 };
    int64_t sum = -1;
    for (int cpu = 0; cpu < MAX_CPUS; cpu++) {
        char path[128];
        snprintf(path, sizeof path, CPU_DIRECTORY "/cpu%d/thermal_throttle/core_throttle_count",
                 cpu);
        const int64_t n = bench__sysfile_i64(root, path);
        if (n >= 0 && n < INT64_MAX / MAX_CPUS) {
            sum = (sum < 0 ? 0 : sum) + n;
        }
    }
    return sum;
}

int benchctl_doctor_is_virtual(const bench_host *host) {
    if (host->hypervisor[0] == '\0') {
        return -1;
    }
    if (strcmp(host->hypervisor, "none") == 0) {
        return 0;
    }
    /* Only on x86 does the CPU itself say that there is one, whoever made it. */
    return strcmp(host->hypervisor, "unknown") != 0 || strcmp(host->arch, "x86_64") == 0 ? 1 : -1;
}

/* ---- pressure and memory ---- */

/* "some avg10=1.25 ...": the share of the last ten seconds in which something waited. */
static double pressure(const char *root, const char *path) {
    static const char key[] = "some avg10=";
    char line[128];
    double percent;
    bench__sysfile_line(root, path, line, sizeof line);
    if (strncmp(line, key, strlen(key)) != 0) {
        return NAN;
    }
    char *value = line + strlen(key);
    value[strcspn(value, " ")] = '\0';
    if (bench__parse_double(&percent, value, NULL) != 0 || !(percent >= 0 && percent <= 100)) {
        return NAN;
    }
    return percent / 100;
}

/* A line "Name:   123 kB" in bytes; -1 when it is not there or makes no sense. */
static int64_t memory_line(const char *text, const char *name) {
    const char *at = strstr(text, name);
    if (at == NULL || (at != text && at[-1] != '\n')) {
        return -1;
    }
    char *end;
    const long long kib = strtoll(at + strlen(name), &end, 10);
    return kib >= 0 && kib < INT64_MAX / 1024 && strncmp(end, " kB", 3) == 0 ? kib * 1024 : -1;
}

static void read_memory(struct doctor_facts *facts, const char *root) {
    char text[4096];
    bench__sysfile_read(root, "/proc/meminfo", text, sizeof text);
    facts->available_bytes = memory_line(text, "MemAvailable:");
    const int64_t total = memory_line(text, "SwapTotal:"), unused = memory_line(text, "SwapFree:");
    facts->swap_used_bytes = total >= 0 && unused >= 0 && unused <= total ? total - unused : -1;
}

/* ---- counters ---- */

/* Opens a counter of this thread's own instructions or cycles and lets it count.
 * @return 0, an errno, or -1 when it stands still. */
static int try_counter(uint64_t config) {
    struct perf_event_attr attr;
    memset(&attr, 0, sizeof attr);
    attr.size = sizeof attr;
    attr.type = PERF_TYPE_HARDWARE;
    attr.config = config;
    attr.exclude_kernel = attr.exclude_hv = 1;
    const long fd = syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
    if (fd < 0) {
        return errno;
    }
    uint64_t count = 0;
    bench__chain_add(1 << 16);
    const ssize_t got = read((int)fd, &count, sizeof count);
    close((int)fd);
    return got == (ssize_t)sizeof count && count > 0 ? 0 : -1;
}

static int64_t read_paranoid(const char *root) {
    char line[32];
    int64_t level;
    bench__sysfile_line(root, "/proc/sys/kernel/perf_event_paranoid", line, sizeof line);
    return bench__parse_i64(&level, line, NULL) == 0 ? level : INT64_MIN; /* may be negative */
}

static void read_counters(struct doctor_facts *facts, const char *root) {
    const int instructions = try_counter(PERF_COUNT_HW_INSTRUCTIONS);
    facts->counters_errno =
        instructions != 0 ? instructions : try_counter(PERF_COUNT_HW_CPU_CYCLES);
    facts->paranoid = read_paranoid(root);
}

/* ---- all ---- */

static int read_clock(struct doctor_facts *facts, struct bench__clock *clock, const char *root,
                      bench_error *err) {
    static const bench_clock_kind counters[] = {BENCH_CLOCK_TSC, BENCH_CLOCK_CNTVCT};
    const int rc = bench__clock_open_at(clock, BENCH_CLOCK_AUTO, root, err);
    if (rc != 0) {
        return rc;
    }
    facts->host.clock = clock->kind;
    bench__clock_probe(clock, &facts->resolution_ns, &facts->overhead_ns);
    for (size_t i = 0; clock->kind == BENCH_CLOCK_MONOTONIC_RAW && i < 2; i++) {
        struct bench__clock forced;
        facts->can_force_counter |= bench__clock_open_at(&forced, counters[i], root, NULL) == 0;
    }
    bench__sysfile_line(root, CLOCKSOURCE "/available_clocksource", facts->clocksources,
                        sizeof facts->clocksources);
    return 0;
}

int benchctl_doctor_read(struct doctor_facts *facts, struct bench__clock *clock, const char *root,
                         bench_error *err) {
    *facts = (struct doctor_facts){.noise = {0}};
    bench__host_read(&facts->host, root);
    const int rc = read_clock(facts, clock, root, err);
    if (rc != 0) {
        return rc;
    }
    facts->n_online = online_cpus(root);
    facts->pin_errno = try_pinning();
    facts->has_pstate = bench__sysfile_i64(root, CPU_DIRECTORY "/intel_pstate/no_turbo") >= 0;
    struct bench__cgroup group;
    bench__cgroup_find(&group, root);
    facts->has_quota_group = group.stat_path[0] != '\0';
    facts->cpu_pressure = pressure(root, "/proc/pressure/cpu");
    facts->memory_pressure = pressure(root, "/proc/pressure/memory");
    read_memory(facts, root);
    read_counters(facts, root);
    char *gnuplot = bench__find_program("gnuplot");
    facts->has_gnuplot = gnuplot != NULL;
    bench__free(gnuplot);
    bench__gnuplot_version(facts->gnuplot, sizeof facts->gnuplot, GNUPLOT_TIMEOUT_NS);
    return 0;
}
