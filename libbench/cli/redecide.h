/* cli/redecide.h - what stored results leave in doubt is decided by duels with the executable
 * behind the baseline. */
#ifndef BENCH_CLI_REDECIDE_H
#define BENCH_CLI_REDECIDE_H

#include "cli/matchup.h"
#include "cli/session.h"

/**
 * Looks at a session's outcome, judged by stored results, and plays the duels that are worth it:
 * those of benchmarks that are not a clear pass. The evidence is in *out, to be given to
 * bench__judge(); n_evidence is 0 when there was nothing to decide, or no executable to decide it
 * with. Clear it with bench__matchup_clear() after the outcome.
 * An executable named by --baseline-exe that cannot be used is an error, a kept one a warning.
 */
int bench__redecide(struct bench__matchup *out, struct bench__session *s);

#endif
