/* feature_impact.h - what the files of feature_impact share. The user pointer of its benchmarks
 * points to a struct rounds, or to a struct that begins with one. */
#ifndef FEATURE_IMPACT_H
#define FEATURE_IMPACT_H

#include <bench/bench.h>

#include "rounds.h"

/** One round without any feature. @return a code of the broker. */
int feature_round(struct rounds *r);
/** After the loop: counts what was wrong, and fails when more came than was sent. */
void feature_check(bench_state *b, struct rounds *r);
/** A body of such rounds. */
void feature_rounds(bench_state *b);
/** A group whose iterations are rounds. */
bench_group *feature_group(bench_suite *suite, const char *name);

#endif
