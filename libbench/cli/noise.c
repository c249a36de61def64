/*
 * Between the noise record's file and verdicts. Decides whether the record is asked and added to;
 * what it says stands in local/noise_record.c.
 */
#include "cli/noise.h"

#include "base/error.h"
#include "base/mem.h"
#include "local/dirs.h"
#include "local/noise_file.h"
#include "measure/host.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void warn(const bench_error *error) {
    char line[sizeof error->text + sizeof error->place + 4];
    fprintf(stderr, "warning: noise record: %s\n", bench__error_line(error, line, sizeof line));
}

/* NULL, with a warning, when nothing says where it is. */
static char *find_directory(void) {
    char *directory = bench__state_dir();
    if (directory == NULL) {
        fprintf(stderr, "warning: no place for the noise record: neither HOME nor BENCH_STATE_DIR "
                        "is set (--no-record does without it)\n");
    }
    return directory;
}

static int change_nothing(struct bench__noise_record *record, void *context) {
    (void)record;
    (void)context;
    return 0;
}

/* ---- asking -----------------------------------------------------------------------------------
 */

void bench__cli_noise_load(struct bench__cli_noise *noise, const bench_run *run,
                           const struct bench__cli_options *options) {
    bench_error problem = {0}, note = {0};
    char machine[64];
    *noise = (struct bench__cli_noise){.run = run};
    bench__host_class(&run->host, machine);
    char *directory = options->no_record ? NULL : find_directory();
    if (directory == NULL) {
        noise->is_unusable = 1;
        return;
    }
    int rc = bench__noise_load(&noise->record, directory, machine, &problem);
    if (rc == BENCH_EFORMAT) {
        problem = (bench_error){0};
        rc = bench__noise_update(directory, machine, change_nothing, NULL, &note, &problem);
        bench__noise_init(&noise->record, machine);
    }
    if (rc != 0 || note.code != 0) {
        warn(rc != 0 ? &problem : &note);
    }
    noise->is_unusable = rc != 0;
    bench__free(directory);
}

void bench__cli_noise_clear(struct bench__cli_noise *noise) {
    bench__noise_clear(&noise->record);
}

static struct bench__between_runs ask(void *context, const char *name) {
    const struct bench__cli_noise *noise = context;
    return bench__noise_between_runs(&noise->record, name, noise->run);
}

void bench__cli_noise_use(struct bench__cli_noise *noise, struct bench__verdict_options *how) {
    how->between_runs = ask;
    how->context = noise;
}

/* ---- adding -----------------------------------------------------------------------------------
 */

struct addition {
    const bench_outcome *outcome;
    int with_run;
};

static int add(struct bench__noise_record *record, void *context) {
    const struct addition *a = context;
    size_t n_added;
    const int rc = bench__noise_add_duels(record, a->outcome);
    return rc != 0 || !a->with_run ? rc : bench__noise_add_run(record, a->outcome->run, &n_added);
}

static int any_floor(const bench_outcome *outcome) {
    for (size_t i = 0; i < outcome->n_comparisons; i++) {
        if (outcome->comparisons[i].duel.n_floor_launches > 0) {
            return 1;
        }
    }
    return 0;
}

void bench__cli_noise_add(const bench_outcome *outcome, int with_run,
                          const struct bench__cli_options *options,
                          const struct bench__cli_noise *noise) {
    struct addition addition = {outcome, with_run};
    bench_error problem = {0}, note = {0};
    char machine[64];
    if (options->no_record || outcome->run->interrupted || (noise != NULL && noise->is_unusable) ||
        (!with_run && !any_floor(outcome))) {
        return;
    }
    char *directory = find_directory();
    if (directory == NULL) {
        return;
    }
    bench__host_class(&outcome->run->host, machine);
    if (bench__noise_update(directory, machine, add, &addition, &note, &problem) != 0) {
        warn(&problem);
    } else if (note.code != 0) {
        warn(&note);
    }
    bench__free(directory);
}
