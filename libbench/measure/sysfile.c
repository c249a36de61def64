/*
 * Reading the kernel's small text files without allocating. A file that is missing, unreadable or
 * empty is an ordinary answer here ("the machine does not tell"), so there are no error objects.
 */
#include "measure/sysfile.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int bench__sysfile_open(const char *root, const char *path) {
    char full[PATH_MAX];
    int n = snprintf(full, sizeof full, "%s%s", root, path);
    if (n < 0 || (size_t)n >= sizeof full)
        return -1;
    return open(full, O_RDONLY | O_CLOEXEC);
}

long bench__sysfile_read(const char *root, const char *path, char *buf, size_t size) {
    buf[0] = '\0';
    int fd = bench__sysfile_open(root, path);
    if (fd < 0)
        return -1;
    size_t n = 0;
    ssize_t got;
    while (n < size - 1 && (got = read(fd, buf + n, size - 1 - n)) > 0)
        n += (size_t)got;
    close(fd);
    buf[n] = '\0';
    return n ? (long)n : -1;
}

long bench__sysfile_line(const char *root, const char *path, char *buf, size_t size) {
    if (bench__sysfile_read(root, path, buf, size) < 0)
        return -1;
    size_t skip = strspn(buf, " \t");
    size_t n = strcspn(buf + skip, "\n");
    while (n > 0 && strchr(" \t\r", buf[skip + n - 1]))
        n--;
    memmove(buf, buf + skip, n);
    buf[n] = '\0';
    return (long)n;
}

int64_t bench__sysfile_i64(const char *root, const char *path) {
    char line[64], *end;
    if (bench__sysfile_line(root, path, line, sizeof line) < 0)
        return -1;
    long long value = strtoll(line, &end, 10);
    return end == line ? -1 : value;
}
