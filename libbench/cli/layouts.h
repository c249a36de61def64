/* cli/layouts.h - the layout variants of an executable: PATH.layouts/1, 2, ... */
#ifndef BENCH_CLI_LAYOUTS_H
#define BENCH_CLI_LAYOUTS_H

#include "cli/matchup.h"

/** Fills the layouts of a side; not having any is no error. @return 0 or BENCH_ENOMEM. */
int bench__layouts_find(struct bench__contender *side, bench_error *err);
void bench__layouts_clear(struct bench__contender *side);
/**
 * Are the first n layouts of a side the same program as its executable, in all benchmarks that are
 * to be duelled? What cannot be seen (stripped executables) counts as the same.
 * @return 1; 0 with the reason in `why`; BENCH_ENOMEM.
 */
int bench__layouts_check(char *why, size_t size, const struct bench__matchup *m, int side, size_t n,
                         bench_error *err);
/** Where the code of a pair's side stands; NULL: not said. */
const struct bench__code_roots *bench__matchup_roots(const struct bench__matchup *m, int side,
                                                     const struct bench__duel_pair *pair);

#endif
