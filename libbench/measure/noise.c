/*
 * Reading the kernel's counters of disturbance, and the rules by which a launch counts as
 * contaminated. Knows nothing of what was measured meanwhile.
 */
#include "measure/noise.h"

#include "base/mem.h"
#include "measure/cgroup.h"
#include "measure/chain.h"
#include "measure/sysfile.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* One number in one file: the one after `skip` others behind the key. */
struct counter {
    int fd;
    const char *key;
    int skip;
    int64_t unit_ns; /* 1 for plain counts */
};

struct bench__noise_probe {
    struct counter migrations, steal, throttled, pressure;
};

struct bench__noise_probe *bench__noise_probe_new(const char *root) {
    struct bench__noise_probe *probe = bench__alloc(1, sizeof *probe);
    if (!probe)
        return NULL;
    struct bench__cgroup group;
    bench__cgroup_find(&group, root);
    int64_t tick_ns = 1000000000 / sysconf(_SC_CLK_TCK);
    int throttled_fd = group.stat_path[0] ? bench__sysfile_open(root, group.stat_path) : -1;
    *probe = (struct bench__noise_probe){
        .migrations = {bench__sysfile_open(root, "/proc/self/sched"), "nr_migrations", 0, 1},
        .steal = {bench__sysfile_open(root, "/proc/stat"), "cpu ", 7, tick_ns},
        .throttled = {throttled_fd, group.throttled_key, 0, group.throttled_unit_ns},
        .pressure = {bench__sysfile_open(root, "/proc/pressure/cpu"), "total=", 0, 1000},
    };
    return probe;
}

static void close_counter(struct counter *counter) {
    if (counter->fd >= 0)
        close(counter->fd);
}

void bench__noise_probe_free(struct bench__noise_probe *probe) {
    if (!probe)
        return;
    close_counter(&probe->migrations);
    close_counter(&probe->steal);
    close_counter(&probe->throttled);
    close_counter(&probe->pressure);
    bench__free(probe);
}

static int64_t number_after(const char *text, const char *key, int skip) {
    const char *at = strstr(text, key);
    if (!at)
        return -1;
    at += strlen(key);
    for (int i = 0; i <= skip; i++) {
        at += strspn(at, " \t:");
        if (!isdigit((unsigned char)*at))
            return -1;
        if (i < skip)
            at += strspn(at, "0123456789");
    }
    return strtoll(at, NULL, 10);
}

static int64_t read_counter(const struct counter *counter) {
    char text[4096];
    if (counter->fd < 0)
        return -1;
    ssize_t n = pread(counter->fd, text, sizeof text - 1, 0);
    if (n <= 0)
        return -1;
    text[n] = '\0';
    int64_t value = number_after(text, counter->key, counter->skip);
    return value < 0 ? -1 : value * counter->unit_ns;
}

void bench__noise_read(struct bench__noise_probe *probe, const struct bench__clock *clock,
                       struct bench__noise_reading *out) {
    struct rusage usage;
    out->ruler_ghz = bench__noise_ruler_ghz(clock);
    out->migrations = read_counter(&probe->migrations);
    out->steal_ns = read_counter(&probe->steal);
    out->throttled_ns = read_counter(&probe->throttled);
    out->pressure_ns = read_counter(&probe->pressure);
    getrusage(RUSAGE_SELF, &usage);
    out->involuntary_switches = usage.ru_nivcsw;
    out->voluntary_switches = usage.ru_nvcsw;
    out->minor_faults = usage.ru_minflt;
    out->major_faults = usage.ru_majflt;
    out->cpu_ns = bench__process_cpu_ns();
}

/* Some counters (steal, after a live migration) can step back; that is no negative disturbance. */
static int64_t difference(int64_t from, int64_t to) {
    if (from < 0 || to < 0)
        return -1;
    return to > from ? to - from : 0;
}

static unsigned contamination(const bench_noise *noise, double wall_ns, double drift_ppm) {
    unsigned bits = 0;
    if ((double)noise->steal_ns > 0.01 * wall_ns)
        bits |= BENCH_NOISE_STEAL;
    if (noise->throttled_ns > 0)
        bits |= BENCH_NOISE_THROTTLED;
    if (noise->migrations > 0)
        bits |= BENCH_NOISE_MIGRATED;
    if ((double)noise->involuntary_switches * 10e6 > wall_ns)
        bits |= BENCH_NOISE_PREEMPTED;
    if (fabs(noise->ruler_after_ghz / noise->ruler_before_ghz - 1) > 0.05)
        bits |= BENCH_NOISE_FREQUENCY;
    if (fabs(drift_ppm) > 50)
        bits |= BENCH_NOISE_CLOCK;
    return bits;
}

void bench__noise_between(const struct bench__noise_reading *from,
                          const struct bench__noise_reading *to, double wall_ns, double drift_ppm,
                          bench_noise *out) {
    *out = (bench_noise){
        .involuntary_switches = difference(from->involuntary_switches, to->involuntary_switches),
        .voluntary_switches = difference(from->voluntary_switches, to->voluntary_switches),
        .minor_faults = difference(from->minor_faults, to->minor_faults),
        .major_faults = difference(from->major_faults, to->major_faults),
        .migrations = difference(from->migrations, to->migrations),
        .steal_ns = difference(from->steal_ns, to->steal_ns),
        .throttled_ns = difference(from->throttled_ns, to->throttled_ns),
        .pressure_ns = difference(from->pressure_ns, to->pressure_ns),
        .ruler_before_ghz = from->ruler_ghz,
        .ruler_after_ghz = to->ruler_ghz,
    };
    out->contaminated = contamination(out, wall_ns, drift_ppm);
}

double bench__noise_ruler_ghz(const struct bench__clock *clock) {
    enum { N_ADDS = 4096, N_PASSES = 12 };
    double best_ns = INFINITY;
    for (int i = 0; i < N_PASSES; i++) {
        struct bench__ticks from = bench__clock_start(clock);
        bench__chain_add(N_ADDS);
        double ns = bench__clock_ns(clock, from, bench__clock_stop(clock));
        if (ns > 0 && ns < best_ns)
            best_ns = ns;
    }
    return isinf(best_ns) ? NAN : N_ADDS / best_ns;
}

int64_t bench__peak_rss_bytes(void) {
    /* Not ru_maxrss: across fork and exec it keeps the size of the process that started this one.
     */
    char text[4096];
    bench__sysfile_read("", "/proc/self/status", text, sizeof text);
    int64_t kib = number_after(text, "VmHWM:", 0);
    return kib < 0 ? -1 : kib * 1024;
}

int64_t bench__process_cpu_ns(void) {
    struct timespec used;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (int64_t)used.tv_sec * 1000000000 + used.tv_nsec;
}
