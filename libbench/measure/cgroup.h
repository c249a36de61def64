/* measure/cgroup.h - where the kernel limits this process's CPU time, cgroup version 1 or 2. */
#ifndef BENCH_MEASURE_CGROUP_H
#define BENCH_MEASURE_CGROUP_H

#include <limits.h>
#include <stdint.h>

struct bench__cgroup {
    double quota;              /* CPUs; the smallest of this group's and its parents'; NAN: none */
    char stat_path[PATH_MAX];  /* cpu.stat of the group with that quota, else its own; "" unknown */
    const char *throttled_key; /* name of the time throttled in cpu.stat */
    int64_t throttled_unit_ns;
};

/** Finds the group of this process. `root` as in bench__host_read. */
void bench__cgroup_find(struct bench__cgroup *group, const char *root);

#endif
