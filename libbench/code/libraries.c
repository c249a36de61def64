/*
 * Whether two executables load the same shared libraries. Without a search path of their own they
 * do, since they are started alike; a library that a search path leads to has to be the same file
 * or have the same contents, and so have those that it needs in turn.
 */
#include "base/fs.h"
#include "base/mem.h"
#include "code/comparison.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_DEPTH     8
#define MAX_LIBRARIES 1000

struct loader {
    const struct bench__elf *elf;
    const char *path;      /* of its file */
    const char *inherited; /* search path of what needs it; NULL: none */
};

static bench_code same_libraries(struct bench__comparison *c, const struct loader both[2],
                                 int depth);

static int exists(const char *path) {
    struct stat status;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

/* One folder of a search path and the name; $ORIGIN is where the one that needs it stands. */
static int join(char *out, size_t size, const struct loader *l, const char *folder, size_t n,
                const char *name) {
    static const char *const origins[] = {"$ORIGIN", "${ORIGIN}"};
    const char *slash = strrchr(l->path, '/');
    for (size_t i = 0; i < 2; i++) {
        const size_t length = strlen(origins[i]);
        if (n >= length && memcmp(folder, origins[i], length) == 0) {
            return snprintf(out, size, "%.*s%.*s/%s", slash != NULL ? (int)(slash - l->path) : 1,
                            slash != NULL ? l->path : ".", (int)(n - length), folder + length,
                            name);
        }
    }
    return snprintf(out, size, "%.*s/%s", (int)n, folder, name);
}

/* @return 1: found in the search path, 0: not there, -1: cannot be said. */
static int find_in(char *out, size_t size, const struct loader *l, const char *search_path,
                   const char *name) {
    for (const char *p = search_path; p != NULL && *p != '\0';) {
        const size_t n = strcspn(p, ":");
        const int length = join(out, size, l, p, n, name);
        if (length < 0 || (size_t)length >= size || strchr(out, '$') != NULL) {
            return -1;
        }
        if (n > 0 && exists(out)) {
            return 1;
        }
        p += n + (p[n] == ':');
    }
    return 0;
}

static int find(char *out, size_t size, const struct loader *l, const char *name) {
    const int found = find_in(out, size, l, l->elf->search_path, name);
    return found != 0 ? found : find_in(out, size, l, l->inherited, name);
}

static int is_same_file(const char *a, const char *b) {
    struct stat x, y;
    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* Two files that were found for one name: their contents, and what they need. */
static bench_code same_files(struct bench__comparison *c, const char *const paths[2],
                             const struct loader both[2], const char *name, int depth) {
    struct bench__elf elf[2] = {{0}, {0}};
    struct loader inner[2];
    bench_code answer = BENCH_CODE_IDENTICAL;
    for (int side = 0; side < 2 && answer == BENCH_CODE_IDENTICAL; side++) {
        const int code = bench__elf_open(&elf[side], paths[side], NULL);
        if (code != 0) {
            c->has_failed |= code == BENCH_ENOMEM;
            answer =
                bench__code_say(c, BENCH_CODE_UNKNOWN, "it uses %.80s, which cannot be read", name);
        }
        inner[side] =
            (struct loader){&elf[side], paths[side],
                            both[side].elf->search_path != NULL ? both[side].elf->search_path
                                                                : both[side].inherited};
    }
    if (answer == BENCH_CODE_IDENTICAL &&
        (elf[0].n_bytes != elf[1].n_bytes ||
         memcmp(elf[0].bytes, elf[1].bytes, elf[0].n_bytes) != 0)) {
        answer = bench__code_say(c, BENCH_CODE_UNKNOWN,
                                 "it uses %.80s, which each of them has its own of", name);
    }
    if (answer == BENCH_CODE_IDENTICAL) {
        answer = same_libraries(c, inner, depth + 1);
    }
    bench__elf_close(&elf[0]);
    bench__elf_close(&elf[1]);
    return answer;
}

static bench_code same_library(struct bench__comparison *c, const struct loader both[2],
                               const char *name, int depth) {
    char a[4096], b[4096];
    const int found[2] = {find(a, sizeof a, &both[0], name), find(b, sizeof b, &both[1], name)};
    if (found[0] == 0 && found[1] == 0) {
        return BENCH_CODE_IDENTICAL;
    }
    if (found[0] != 1 || found[1] != 1 || depth >= MAX_DEPTH) {
        return bench__code_say(c, BENCH_CODE_UNKNOWN,
                               "it uses %.80s, which may not be the same library", name);
    }
    return is_same_file(a, b) && both[0].inherited == NULL && both[1].inherited == NULL
               ? BENCH_CODE_IDENTICAL
               : same_files(c, (const char *const[2]){a, b}, both, name, depth);
}

/* In whatever order: that depends on the linker's command line, and matters only when two libraries
 * define one name. */
static int needs_all(const struct bench__elf *a, const struct bench__elf *b) {
    int has_all = b->n_needed <= MAX_LIBRARIES;
    for (size_t i = 0; has_all && i < b->n_needed; i++) {
        size_t k = 0;
        while (k < a->n_needed && strcmp(a->needed[k], b->needed[i]) != 0) {
            k++;
        }
        has_all = k < a->n_needed;
    }
    return has_all;
}

static bench_code same_libraries(struct bench__comparison *c, const struct loader both[2],
                                 int depth) {
    const struct bench__elf *a = both[0].elf, *b = both[1].elf;
    bench_code answer = BENCH_CODE_IDENTICAL;
    if (!needs_all(a, b) || !needs_all(b, a)) {
        return bench__code_say(c, BENCH_CODE_UNKNOWN, "they need other shared libraries");
    }
    for (size_t i = 0; answer == BENCH_CODE_IDENTICAL && i < a->n_needed; i++) {
        if (strchr(a->needed[i], '/') == NULL) { /* else it is a path, and the same one */
            answer = same_library(c, both, a->needed[i], depth);
        }
    }
    return answer;
}

bench_code bench__code_same_libraries(struct bench__comparison *c, const char *const paths[2]) {
    const struct loader both[2] = {{c->elf[0], paths[0], NULL}, {c->elf[1], paths[1], NULL}};
    return same_libraries(c, both, 0);
}
