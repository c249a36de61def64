/*
 * cli/matchup.h - two executables, what they have in common, and the duels that decide about it.
 *
 * A decision has two stages: short duels of everything, which leave no doubt about most; then, for
 * the rest, duels on fresh data, and only those count for them.
 */
#ifndef BENCH_CLI_MATCHUP_H
#define BENCH_CLI_MATCHUP_H

#include "cli/listing.h"
#include "cli/options.h"
#include "result/gates.h"
#include "result/verdict.h"
#include "run/duels.h"

/** One of the two executables. */
struct bench__contender {
    char *path; /* owned */
    char *argv[2];
    struct bench__listing listing;
    char **layouts; /* the executables in PATH.layouts/, sorted by number; owned */
    size_t n_layouts;
};

struct bench__matchup {
    struct bench__contender sides[2]; /* old, new */
    struct bench__duel_pair *pairs;   /* sorted by name */
    size_t n_pairs, capacity;
    /* filled by bench__matchup_decide() */
    bench_run *runs[2];
    struct bench__duel_evidence *evidence; /* sorted by name */
    size_t n_evidence;
    int has_two_stages; /* as in bench__verdict_options */
    /* by the caller */
    void (*on_progress)(void *context, const bench_progress *progress);
    void (*on_warning)(void *context, const char *text);
    void *context;
};

/** Loads what both executables have and finds their layouts. `new_path` NULL: this executable.
 *  @return 0, or what bench__listing_load() says of one of them. */
int bench__matchup_open(struct bench__matchup *m, const char *old_path, const char *new_path,
                        bench_error *err);
/** Adds a duel of one benchmark against one; it has the name of the new one.
 *  @return 0, BENCH_ENOTFOUND, BENCH_ENOMEM. */
int bench__matchup_add(struct bench__matchup *m, const char *old_name, const char *new_name,
                       bench_error *err);
/**
 * Plays them all and judges nothing more than it needs to know what to play. `is_screened`: the
 * first stage has been somewhere else, everything is duelled on fresh data at once; so it is when
 * few pairs are to be played or --launches says how long a duel is. An interruption is no error:
 * both runs have `interrupted` set.
 */
int bench__matchup_decide(struct bench__matchup *m, const struct bench__cli_options *options,
                          const struct bench__gates *gates, int is_screened, bench_error *err);
void bench__matchup_clear(struct bench__matchup *m);

#endif
