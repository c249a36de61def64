/*
 * Finds layout variants, and sees whether they belong to their executable. How they are made is
 * cmake/libbench-layouts.cmake, how they are played run/duels.
 */
#include "cli/layouts.h"

#include "base/error.h"
#include "base/fs.h"
#include "base/mem.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int no_memory(bench_error *err) {
    return bench__error(err, BENCH_ENOMEM, "out of memory for layouts");
}

/* ---- finding ---- */

static int is_number(const char *name) {
    size_t n = 0;
    while (isdigit((unsigned char)name[n])) {
        n++;
    }
    return n > 0 && n < 6 && name[n] == '\0';
}

static int by_number(const void *a, const void *b) {
    const char *x = strrchr(*(char *const *)a, '/'), *y = strrchr(*(char *const *)b, '/');
    const long d = strtol(x + 1, NULL, 10) - strtol(y + 1, NULL, 10);
    return (d > 0) - (d < 0);
}

/* PATH.layouts, where PATH may be a link (to this executable, "/proc/self/exe"). */
static char *layouts_dir(const char *path) {
    char target[PATH_MAX + sizeof ".layouts"];
    if (realpath(path, target) == NULL) {
        return bench__strdup(path);
    }
    memcpy(target + strlen(target), ".layouts", sizeof ".layouts");
    return bench__strdup(target);
}

/* PATH.layouts/1, 2, ...: the same program, linked in other orders. Not having any is no error. */
int bench__layouts_find(struct bench__contender *side, bench_error *err) {
    char **names = NULL, *dir = layouts_dir(side->path);
    size_t n = 0;
    if (dir == NULL) {
        return no_memory(err);
    }
    int code = bench__list_directory(&names, &n, dir, NULL) == 0 ? 0 : BENCH_ENOTFOUND;
    side->layouts = code == 0 ? bench__alloc(n, sizeof *side->layouts) : NULL;
    for (size_t i = 0; side->layouts != NULL && i < n; i++) {
        char *path = is_number(names[i]) ? bench__path_join(dir, names[i]) : NULL;
        if (path != NULL && bench__is_executable(path) && side->n_layouts < BENCH__MAX_LAYOUTS) {
            side->layouts[side->n_layouts++] = path;
        } else {
            bench__free(path);
        }
    }
    if (side->n_layouts > 1) {
        qsort(side->layouts, side->n_layouts, sizeof *side->layouts, by_number);
    }
    code = code == 0 && side->layouts == NULL ? no_memory(err) : 0;
    bench__free_names(names, n);
    bench__free(dir);
    return code;
}

void bench__layouts_clear(struct bench__contender *side) {
    for (size_t i = 0; i < side->n_layouts; i++) {
        bench__free(side->layouts[i]);
    }
    bench__free(side->layouts);
    side->layouts = NULL;
    side->n_layouts = 0;
}

/* ---- checking ---- */

/* A side of a pair borrows its names from the list that it is in. */
static const struct bench__listed *listed_side(const struct bench__matchup *m, int side,
                                               const struct bench__duel_pair *pair) {
    const struct bench__listing *listing = &m->sides[side].listing;
    for (size_t i = 0; i < listing->n; i++) {
        if (listing->items[i].function == pair->side[side].function) {
            return &listing->items[i];
        }
    }
    return NULL;
}

const struct bench__code_roots *bench__matchup_roots(const struct bench__matchup *m, int side,
                                                     const struct bench__duel_pair *pair) {
    const struct bench__listed *listed = listed_side(m, side, pair);
    return listed != NULL ? &listed->code : NULL;
}

/* An executable and one of its layouts. */
struct twins {
    struct bench__code *code[2]; /* NULL: cannot be read for that */
    struct bench__listing listing;
};

static int twins_open(struct twins *t, const char *path, const char *layout, bench_error *why) {
    bench_error unreadable = {0};
    *t = (struct twins){.code = {NULL, NULL}};
    int code = bench__listing_load(&t->listing, layout, why);
    for (int k = 0; code == 0 && k < 2; k++) {
        code = bench__code_open(&t->code[k], k == 0 ? path : layout, &unreadable);
        code = code == BENCH_ENOMEM ? code : 0;
    }
    return code;
}

static void twins_close(struct twins *t) {
    bench__code_close(t->code[0]);
    bench__code_close(t->code[1]);
    bench__listing_clear(&t->listing);
}

/* @return as bench__layouts_check(). */
static int same_benchmark(char *why, size_t size, const struct twins *t,
                          const struct bench__listed *a, bench_error *err) {
    const struct bench__listed *b = bench__listing_find(&t->listing, a->name);
    struct bench__code_result result;
    if (b == NULL) {
        snprintf(why, size, "it has no %.150s", a->name);
        return 0;
    }
    if (t->code[0] == NULL || t->code[1] == NULL) {
        return 1;
    }
    const int code = bench__code_compare(&result, t->code[0], &a->code, t->code[1], &b->code, err);
    if (code == 0 && result.answer == BENCH_CODE_DIFFERENT) {
        snprintf(why, size, "in %.150s, %.100s", result.function, result.reason);
        return 0;
    }
    return code == 0 ? 1 : code;
}

int bench__layouts_check(char *why, size_t size, const struct bench__matchup *m, int side, size_t n,
                         bench_error *err) {
    int code = 1;
    for (size_t i = 0; code == 1 && i < n; i++) {
        const char *layout = m->sides[side].layouts[i];
        char reason[300] = "";
        bench_error problem = {0};
        struct twins t;
        code = twins_open(&t, m->sides[side].path, layout, &problem);
        if (code != 0 && code != BENCH_ENOMEM) {
            snprintf(reason, sizeof reason, "%.290s", problem.text);
        }
        code = code == 0 ? 1 : code == BENCH_ENOMEM ? no_memory(err) : 0;
        for (size_t k = 0; code == 1 && k < m->n_pairs; k++) {
            code =
                same_benchmark(reason, sizeof reason, &t, listed_side(m, side, &m->pairs[k]), err);
        }
        twins_close(&t);
        if (code == 0) {
            snprintf(why, size, "%.80s is of another build than its executable: %.280s", layout,
                     reason);
        }
    }
    return code;
}
