/*
 * The XDG base directory specification, and a variable of our own before it. Makes no directory.
 */
#include "local/dirs.h"

#include "base/fs.h"
#include "base/mem.h"

#include <stdlib.h>

static char *find(const char *own, const char *xdg, const char *below_home) {
    const char *value = getenv(own);
    if (value != NULL && value[0] != '\0') {
        return bench__strdup(value);
    }
    value = getenv(xdg);
    if (value != NULL && value[0] == '/') {
        return bench__path_join(value, "libbench");
    }
    value = getenv("HOME");
    return value != NULL && value[0] == '/' ? bench__path_join(value, below_home) : NULL;
}

char *bench__cache_dir(void) {
    return find("BENCH_CACHE_DIR", "XDG_CACHE_HOME", ".cache/libbench");
}

char *bench__state_dir(void) {
    return find("BENCH_STATE_DIR", "XDG_STATE_HOME", ".local/state/libbench");
}
