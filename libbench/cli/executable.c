/*
 * The executable of this run and the cache of executables: which one it is, and keeping it for a
 * baseline. Nothing here can make a run fail.
 */
#include "base/error.h"
#include "base/mem.h"
#include "cli/session.h"
#include "local/executables.h"
#include "result/baseline.h"

#include <stdio.h>
#include <string.h>

/* The file that runs, also after another was built in its place. */
#define SELF "/proc/self/exe"

void bench__session_identify(struct bench__session *s) {
    char id[BENCH__EXECUTABLE_ID_SIZE];
    bench_error ignored = {0};
    if (bench__executable_id(id, &s->run->executable_bytes, SELF, &ignored) == 0) {
        memcpy(s->run->executable_id, id, sizeof id);
    }
}

static int warn_not_kept(const struct bench__session *s, const bench_error *why) {
    char line[sizeof why->text + sizeof why->place + 4];
    fprintf(stderr,
            "warning: the executable was not kept: %s; --baseline %s will compare stored results "
            "only\n",
            bench__error_line(why, line, sizeof line), s->options->save_baseline);
    return 0;
}

/* What this executable would load of the baseline just saved; NULL when it cannot be loaded. */
static bench_run *load_saved(const struct bench__session *s) {
    const char **suites = bench__alloc(s->n_suites, sizeof *suites);
    bench_error ignored = {0};
    bench_run *saved = NULL;
    if (suites != NULL) {
        for (size_t i = 0; i < s->n_suites; i++) {
            suites[i] = s->suites[i]->name;
        }
        bench__baseline_load(&saved, s->options->baselines_dir, s->options->save_baseline,
                             &s->run->host, suites, s->n_suites, &ignored);
    }
    bench__free(suites);
    return saved;
}

/* Benchmarks that stayed as they were may be of another build: then none fits all of them. */
static void note_other_builds(const struct bench__session *s) {
    bench_run *saved = load_saved(s);
    if (saved != NULL && strcmp(saved->executable_id, s->run->executable_id) != 0) {
        fprintf(stderr,
                "note: baseline '%s' has benchmarks that are not known to be of this executable; "
                "until all are saved from one, it compares stored results only\n",
                s->options->save_baseline);
    }
    bench_run_free(saved);
}

int bench__session_keep_executable(const struct bench__session *s) {
    const struct bench__executable_origin origin = {.baseline = s->options->save_baseline,
                                                    .git_commit = s->run->git_commit,
                                                    .program = s->program};
    const char *id = s->run->executable_id;
    char again[BENCH__EXECUTABLE_ID_SIZE];
    bench_error why = {0};
    if (s->options->cache_size_bytes == 0) {
        return 0;
    }
    int code = 0;
    if (id[0] == '\0') {
        code = bench__executable_id(again, NULL, SELF, &why); /* for the reason */
        id = again;
    }
    if (code == 0) {
        code = bench__executables_keep(SELF, id, s->options->cache_size_bytes, &origin, &why);
    }
    if (code != 0) {
        return warn_not_kept(s, &why);
    }
    note_other_builds(s);
    return 1;
}
