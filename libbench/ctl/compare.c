/*
 * benchctl compare OLD NEW: two stored runs, judged as a run is judged against its baseline. Two
 * executables are another matter: duel.c.
 */
#include "ctl/commands.h"

#include "base/error.h"
#include "cli/noise.h"

/* A path before a name: of the name's machine classes the one of the path's host is taken. */
static int load_both(bench_run **before, bench_run **after,
                     const struct bench__cli_options *options, bench_error *err) {
    const char *old = options->arguments.items[0], *new = options->arguments.items[1];
    if (benchctl_is_baseline(new, options) && !benchctl_is_baseline(old, options)) {
        int rc = benchctl_load(before, old, options, NULL, err);
        return rc == 0 ? benchctl_load(after, new, options, &(*before)->host, err) : rc;
    }
    int rc = benchctl_load(after, new, options, NULL, err);
    return rc == 0 ? benchctl_load(before, old, options, &(*after)->host, err) : rc;
}

int benchctl_compare(const struct bench__cli_options *options, bench_error *err) {
    if (benchctl_is_duel(options))
        return benchctl_duel(options, err);
    if (options->arguments.n > 2)
        return bench__error(err, BENCH_EINVAL, "filters are for comparing two executables");
    struct bench__verdict_options how = {.noise_threshold = options->noise_threshold,
                                         .adjustment = (enum bench__adjustment)options->adjust};
    bench_run *before = NULL, *after = NULL;
    int rc = load_both(&before, &after, options, err);
    if (rc == 0) {
        struct bench__cli_noise noise;
        bench__cli_noise_load(&noise, after, options);
        bench__cli_noise_use(&noise, &how);
        rc = benchctl_report(after, before, &how, NULL, options, err);
        bench__cli_noise_clear(&noise);
    }
    bench_run_free(before);
    bench_run_free(after);
    return rc;
}
