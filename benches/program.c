/* Finds programs by where the running executable is: no path is compiled in. */
#include "program.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

int program_find(char path[PATH_MAX], bench_state *b, const char *name) {
    char self[PATH_MAX];
    const ssize_t n = readlink("/proc/self/exe", self, sizeof self);
    if (n <= 0 || n == (ssize_t)sizeof self) {
        bench_fail(b, "/proc/self/exe cannot be read");
        return -1;
    }
    self[n] = '\0';
    *strrchr(self, '/') = '\0';
    if (snprintf(path, PATH_MAX, "%s/%s", self, name) >= PATH_MAX || access(path, X_OK) != 0) {
        bench_skip(b, "%s is not beside this executable", name);
        return -1;
    }
    return 0;
}
