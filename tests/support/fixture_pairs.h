/* support/fixture_pairs.h - the pairs of fixture runs: every status, with seeded launches. */
#ifndef TEST_SUPPORT_FIXTURE_PAIRS_H
#define TEST_SUPPORT_FIXTURE_PAIRS_H

#include <bench/result.h>

/** Of benchmarks of FIXTURE_COMPARED: two that were played and have budgets there, one without, one
 *  crashed, one skipped. */
void fixture_add_pairs(bench_run *run);
/** Of benchmarks of FIXTURE_HOSTILE. */
void fixture_add_hostile_pair(bench_run *run);

#endif
