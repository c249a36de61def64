/*
 * binary_size: what the broker adds to a program that ships it, in bytes: stripped, and compressed
 * as in a package. What is timed is the compression.
 *
 * The weighed files are programs with the whole of a static library, linked stripped: the broker is
 * a static library, so an executable is the form in which it is shipped, and it holds the very
 * object code that the other suites measure; a shared object would need code of its own. Their
 * start-up code and main(), about 2 KB compressed, count as well.
 *
 * scripts/measure_size.sh prints the same by strip and gzip.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixtures.h"
#include "gzip.h"
#include "program.h"
#include "suites.h"

static const char *const contents[] = {"broker", "broker_with_transports", "libbench"};
static const char *const programs[] = {"cold_start", "whole_transports", "whole_libbench"};

enum { N_CONTENTS = sizeof contents / sizeof contents[0], SIZE_MAX_BYTES = 256 << 20 };

struct weighing {
    unsigned char *file, *compressed;
    size_t size, capacity;
};

/* @return 0, or -1 after failing the benchmark. */
static int read_file(struct weighing *w, bench_state *b, const char *path) {
    FILE *file = fopen(path, "rb");
    long size = -1;
    if (file && fseek(file, 0, SEEK_END) == 0) {
        size = ftell(file);
        rewind(file);
    }
    if (size > 0 && size <= SIZE_MAX_BYTES) {
        w->size = (size_t)size;
        w->file = malloc(w->size);
    }
    const int is_read = w->file && fread(w->file, 1, w->size, file) == w->size;
    if (file) {
        fclose(file);
    }
    if (!is_read) {
        bench_fail(b, "%s cannot be read", path);
    }
    return is_read ? 0 : -1;
}

static int weighing_setup(bench_state *b) {
    const char *content = bench_param_str(b, "of");
    const char *program = NULL;
    char path[PATH_MAX];
    for (size_t i = 0; i < N_CONTENTS; i++) {
        program = strcmp(contents[i], content) == 0 ? programs[i] : program;
    }
    struct weighing *w = fx_new(b, sizeof *w);
    if (!w) {
        return -1;
    }
    if (!program) {
        bench_fail(b, "of: broker, broker_with_transports or libbench");
        return -1;
    }
    if (gzip_why_not()) {
        bench_skip(b, "%s", gzip_why_not());
        return -1;
    }
    if (program_find(path, b, program) || read_file(w, b, path)) {
        return -1;
    }
    w->capacity = gzip_bound(w->size);
    w->compressed = malloc(w->capacity);
    if (!w->compressed) {
        bench_fail(b, "out of memory");
    }
    return w->compressed ? 0 : -1;
}

static void weighing_teardown(bench_state *b) {
    struct weighing *w = bench_user(b);
    if (w) {
        free(w->file);
        free(w->compressed);
    }
    free(w);
}

static void compress(bench_state *b) {
    struct weighing *w = bench_user(b);
    size_t n = 0;
    uint64_t n_failed = 0;
    BENCH_LOOP(b) {
        n = gzip_compress(w->compressed, w->capacity, w->file, w->size);
        n_failed += n == 0;
    }
    if (n_failed != 0) {
        bench_fail(b, "zlib failed");
    }
    bench_counter(b, "stripped", (double)w->size, BENCH_COUNTER_VALUE, "bytes");
    bench_counter(b, "gzipped", (double)n, BENCH_COUNTER_VALUE, "bytes");
}

bench_suite *binary_size_suite(void) {
    bench_suite *suite = bench_suite_new("binary_size");
    bench_group *g = bench_group_new(suite, "program");
    bench_group_axis_str(g, "of", contents, N_CONTENTS);
    /* The sizes do not vary and nobody waits for this compression: a few launches show both. */
    bench_add(g, "gzip", compress,
              &(bench_opts){.setup = weighing_setup,
                            .teardown = weighing_teardown,
                            .launches = 4,
                            .warm_up_time_ns = 100000000,
                            .measurement_time_ns = 400000000});
    return suite;
}
