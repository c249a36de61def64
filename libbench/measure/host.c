/*
 * Reading what kind of machine this is. Judges nothing: what is comparable is decided in
 * measure/host_class.c, what is advisable in the reports.
 */
#include "measure/host.h"

#include "base/units.h"
#include "measure/cgroup.h"
#include "measure/sysfile.h"

#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/utsname.h>

#if defined(__GLIBC__)
#include <gnu/libc-version.h>
#endif
#if defined(__x86_64__)
#include <cpuid.h>
#endif

#define CPU_DIRECTORY "/sys/devices/system/cpu"

static void copy(char *out, size_t size, const char *text) {
    size_t n = strlen(text);
    if (n > size - 1)
        n = size - 1;
    memcpy(out, text, n);
    out[n] = '\0';
}

/* The value of a "name   : value" line, blanks collapsed; "" when there is none. */
static void cpuinfo_field(const char *cpuinfo, const char *name, char *out, size_t size) {
    size_t name_n = strlen(name), n = 0;
    out[0] = '\0';
    const char *line = cpuinfo;
    while (strncmp(line, name, name_n) != 0 || !strchr("\t :", line[name_n])) {
        line = strchr(line, '\n');
        if (!line)
            return;
        line++;
    }
    const char *at = line + name_n + strspn(line + name_n, "\t :");
    for (; *at && *at != '\n' && n < size - 1; at++) {
        if (!(*at == ' ' && n > 0 && out[n - 1] == ' '))
            out[n++] = *at;
    }
    while (n > 0 && out[n - 1] == ' ')
        n--;
    out[n] = '\0';
}

/* arm64 has no model name, only numbers. */
static void read_cpu_model(bench_host *host, const char *cpuinfo) {
    char maker[16], part[16];
    cpuinfo_field(cpuinfo, "model name", host->cpu_model, sizeof host->cpu_model);
    cpuinfo_field(cpuinfo, "CPU implementer", maker, sizeof maker);
    cpuinfo_field(cpuinfo, "CPU part", part, sizeof part);
    if (!host->cpu_model[0] && maker[0] && part[0])
        snprintf(host->cpu_model, sizeof host->cpu_model, "arm %s part %s", maker, part);
}

struct signature {
    const char *text, *name;
};

#if defined(__x86_64__)
/* What the hypervisor calls itself in CPUID; 0 when there is none. */
static int hypervisor_from_cpuid(char *out, size_t size) {
    static const struct signature known[] = {
        {"KVMKVMKVM", "kvm"},          {"Microsoft Hv", "hyperv"}, {"VMwareVMware", "vmware"},
        {"XenVMMXenVMM", "xen"},       {"VBoxVBoxVBox", "vbox"},   {"bhyve bhyve ", "bhyve"},
        {"TCGTCGTCGTCG", "qemu"},      {"ACRNACRNACRN", "acrn"},   {" lrpepyh  vr", "parallels"},
        {"prl hyperv  ", "parallels"},
    };
    unsigned a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c >> 31 & 1))
        return 0;
    unsigned words[4] = {0};
    __cpuid(0x40000000, a, words[0], words[1], words[2]);
    copy(out, size, "unknown");
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp((const char *)words, known[i].text) == 0)
            copy(out, size, known[i].name);
    }
    return 1;
}
#else
static int hypervisor_from_cpuid(char *out, size_t size) {
    (void)out;
    (void)size;
    return 0;
}
#endif

/* Who made the "machine", as its firmware says; 0 when that is no known hypervisor. */
static int hypervisor_from_firmware(char *out, size_t size, const char *root) {
    static const struct signature known[] = {
        {"QEMU", "kvm"},
        {"KVM", "kvm"},
        {"Amazon EC2", "kvm"},
        {"Google", "kvm"},
        {"OpenStack", "kvm"},
        {"VMware", "vmware"},
        {"VirtualBox", "vbox"},
        {"Xen", "xen"},
        {"Virtual Machine", "hyperv"},
        {"Parallels", "parallels"},
        {"BHYVE", "bhyve"},
    };
    char vendor[64], product[64], both[132];
    bench__sysfile_line(root, "/sys/class/dmi/id/sys_vendor", vendor, sizeof vendor);
    bench__sysfile_line(root, "/sys/class/dmi/id/product_name", product, sizeof product);
    snprintf(both, sizeof both, "%s %s", vendor, product);
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strstr(both, known[i].text)) {
            copy(out, size, known[i].name);
            return 1;
        }
    }
    return 0;
}

/* Bare metal is only claimed where the CPU would say otherwise, which is x86. */
static void read_hypervisor(bench_host *host, const char *cpuinfo, const char *root) {
    char flags[4096];
    cpuinfo_field(cpuinfo, "flags", flags, sizeof flags);
    if (!root[0] && hypervisor_from_cpuid(host->hypervisor, sizeof host->hypervisor))
        return;
    if (flags[0] && !strstr(flags, " hypervisor"))
        copy(host->hypervisor, sizeof host->hypervisor, "none");
    else if (cpuinfo[0] &&
             !hypervisor_from_firmware(host->hypervisor, sizeof host->hypervisor, root))
        copy(host->hypervisor, sizeof host->hypervisor, "unknown");
}

/* "32K" or "1M" as the cache directories have it. */
static int64_t cache_size(const char *root, const char *directory) {
    char path[128], text[32], *end;
    snprintf(path, sizeof path, "%s/size", directory);
    bench__sysfile_line(root, path, text, sizeof text);
    long long size = strtoll(text, &end, 10);
    if (end == text || size <= 0)
        return -1;
    return size * (*end == 'K' ? 1024 : *end == 'M' ? 1024 * 1024 : 1);
}

static void read_caches(bench_host *host, const char *root) {
    for (int i = 0; i < 8; i++) {
        char directory[96], path[128], type[16];
        snprintf(directory, sizeof directory, CPU_DIRECTORY "/cpu0/cache/index%d", i);
        snprintf(path, sizeof path, "%s/type", directory);
        bench__sysfile_line(root, path, type, sizeof type);
        snprintf(path, sizeof path, "%s/level", directory);
        int64_t level = bench__sysfile_i64(root, path);
        if (level == 1 && strcmp(type, "Data") == 0)
            host->l1d_bytes = cache_size(root, directory);
        else if (level == 2)
            host->l2_bytes = cache_size(root, directory);
        else if (level == 3)
            host->l3_bytes = cache_size(root, directory);
    }
}

static void read_switch(char *out, size_t size, int64_t value, int64_t on) {
    if (value >= 0)
        copy(out, size, value == on ? "on" : "off");
}

static void read_settings(bench_host *host, const char *root) {
    int64_t no_turbo = bench__sysfile_i64(root, CPU_DIRECTORY "/intel_pstate/no_turbo");
    bench__sysfile_line(root, CPU_DIRECTORY "/cpu0/cpufreq/scaling_governor", host->governor,
                        sizeof host->governor);
    bench__sysfile_line(root, "/sys/devices/system/clocksource/clocksource0/current_clocksource",
                        host->clocksource, sizeof host->clocksource);
    read_switch(host->turbo, sizeof host->turbo,
                bench__sysfile_i64(root, CPU_DIRECTORY "/cpufreq/boost"), 1);
    read_switch(host->turbo, sizeof host->turbo, no_turbo, 0);
    read_switch(host->smt, sizeof host->smt, bench__sysfile_i64(root, CPU_DIRECTORY "/smt/active"),
                1);

    static const char *const aslr[] = {"off", "partial", "full"};
    int64_t level = bench__sysfile_i64(root, "/proc/sys/kernel/randomize_va_space");
    int persona = root[0] ? 0 : personality(0xffffffff); /* debuggers switch it off for a process */
    if (persona != -1 && (persona & ADDR_NO_RANDOMIZE))
        level = 0;
    if (level >= 0 && level <= 2)
        copy(host->aslr, sizeof host->aslr, aslr[level]);
}

static int64_t memory_bytes(const char *root) {
    char line[128];
    bench__sysfile_line(root, "/proc/meminfo", line, sizeof line); /* MemTotal comes first */
    long long kib = 0;
    return sscanf(line, "MemTotal: %lld kB", &kib) == 1 ? kib * 1024 : -1;
}

static double load_1min(const char *root) {
    char line[128];
    double load;
    bench__sysfile_line(root, "/proc/loadavg", line, sizeof line);
    line[strcspn(line, " ")] = '\0';
    return bench__parse_double(&load, line, NULL) == 0 ? load : NAN;
}

static int64_t usable_cpus(void) {
    cpu_set_t sets[8]; /* room for 8192 CPUs: the kernel refuses a set smaller than its own */
    if (sched_getaffinity(0, sizeof sets, sets) != 0)
        return -1;
    return CPU_COUNT_S(sizeof sets, sets);
}

static void read_system(bench_host *host) {
    struct utsname names;
    if (uname(&names) == 0) {
        copy(host->arch, sizeof host->arch, names.machine);
        copy(host->hostname, sizeof host->hostname, names.nodename);
        copy(host->kernel, sizeof host->kernel, names.release);
    }
#if defined(__GLIBC__)
    snprintf(host->libc, sizeof host->libc, "glibc %s", gnu_get_libc_version());
#endif
    host->n_cpus = usable_cpus();
}

void bench__host_read(bench_host *host, const char *root) {
    *host = (bench_host){
        .libbench_major = BENCH_VERSION_MAJOR, .l1d_bytes = -1, .l2_bytes = -1, .l3_bytes = -1};
    char cpuinfo[8192]; /* the first CPU's entry */
    bench__sysfile_read(root, "/proc/cpuinfo", cpuinfo, sizeof cpuinfo);
    read_system(host);
    read_cpu_model(host, cpuinfo);
    cpuinfo_field(cpuinfo, "microcode", host->microcode, sizeof host->microcode);
    read_hypervisor(host, cpuinfo, root);
    read_caches(host, root);
    read_settings(host, root);
    host->memory_bytes = memory_bytes(root);
    host->load_1min = load_1min(root);
    struct bench__cgroup group;
    bench__cgroup_find(&group, root);
    host->cpu_quota = group.quota;
}
