/*
 * Finding the CPU quota that binds this process: it may be its own group's or that of any parent,
 * so all are looked at. Inside a container the path in /proc/self/cgroup may not exist below the
 * mount; going up ends at the mount itself, which is then the container's group.
 */
#include "measure/cgroup.h"

#include "measure/sysfile.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct version {
    const char *mount, *throttled_key;
    int64_t throttled_unit_ns;
    double (*quota)(const char *root, const char *directory);
};

static int64_t number_in(const char *root, const char *directory, const char *file) {
    char path[PATH_MAX];
    int n = snprintf(path, sizeof path, "%s/%s", directory, file);
    return n > 0 && (size_t)n < sizeof path ? bench__sysfile_i64(root, path) : -1;
}

static double quota_v1(const char *root, const char *directory) {
    int64_t quota_us = number_in(root, directory, "cpu.cfs_quota_us");
    int64_t period_us = number_in(root, directory, "cpu.cfs_period_us");
    return quota_us > 0 && period_us > 0 ? (double)quota_us / (double)period_us : INFINITY;
}

static double quota_v2(const char *root, const char *directory) {
    char path[PATH_MAX], line[64], *end;
    int n = snprintf(path, sizeof path, "%s/cpu.max", directory);
    if (n < 0 || (size_t)n >= sizeof path || bench__sysfile_line(root, path, line, sizeof line) < 0)
        return INFINITY;
    long long quota_us = strtoll(line, &end, 10); /* "max 100000" without a limit */
    long long period_us = strtoll(end, NULL, 10);
    return quota_us > 0 && period_us > 0 ? (double)quota_us / (double)period_us : INFINITY;
}

static const struct version v1 = {"/sys/fs/cgroup/cpu", "throttled_time", 1, quota_v1};
static const struct version v2 = {"/sys/fs/cgroup", "throttled_usec", 1000, quota_v2};

static int has_word(const char *list, const char *word) {
    size_t n = strlen(word);
    for (const char *at = list; *at; at += strcspn(at, ",")) {
        at += *at == ',';
        if (strncmp(at, word, n) == 0 && (at[n] == ',' || at[n] == '\0'))
            return 1;
    }
    return 0;
}

/* Lines are "number:controllers:path"; version 2 has no controllers. Where both are mounted, the
 * CPU controller belongs to the version that names it. */
static const struct version *own_path(char *text, const char **out_path) {
    const struct version *found = NULL;
    char *rest = NULL;
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        char *controllers = strchr(line, ':');
        char *path = controllers ? strchr(controllers + 1, ':') : NULL;
        if (!path)
            continue;
        *controllers++ = *path++ = '\0';
        if (has_word(controllers, "cpu")) {
            *out_path = path;
            return &v1;
        }
        if (!*controllers) {
            *out_path = path;
            found = &v2;
        }
    }
    return found;
}

static void look_at(struct bench__cgroup *group, const struct version *version, const char *root,
                    const char *directory, double *quota) {
    char path[PATH_MAX], first[8];
    int n = snprintf(path, sizeof path, "%s/cpu.stat", directory);
    if (n < 0 || (size_t)n >= sizeof path ||
        bench__sysfile_read(root, path, first, sizeof first) < 0)
        return;
    double here = version->quota(root, directory);
    if (!group->stat_path[0] || here < *quota)
        memcpy(group->stat_path, path, (size_t)n + 1);
    *quota = fmin(*quota, here);
}

void bench__cgroup_find(struct bench__cgroup *group, const char *root) {
    *group = (struct bench__cgroup){.quota = NAN};
    char text[4096], directory[PATH_MAX];
    const char *path;
    bench__sysfile_read(root, "/proc/self/cgroup", text, sizeof text);
    const struct version *version = own_path(text, &path);
    if (!version)
        return;
    group->throttled_key = version->throttled_key;
    group->throttled_unit_ns = version->throttled_unit_ns;
    double quota = INFINITY;
    size_t mount_n = strlen(version->mount);
    int n = snprintf(directory, sizeof directory, "%s%s", version->mount, path);
    if (n < 0 || (size_t)n >= sizeof directory)
        return;
    for (size_t end = (size_t)n; end >= mount_n; end--) {
        if (end > mount_n && directory[end] != '/' && directory[end] != '\0')
            continue;
        directory[end] = '\0';
        if (directory[end - 1] != '/')
            look_at(group, version, root, directory, &quota);
    }
    group->quota = isinf(quota) ? NAN : quota;
}
