/* run/revision.h - the source revision that was built, as git sees the current directory. */
#ifndef BENCH_RUN_REVISION_H
#define BENCH_RUN_REVISION_H

#include <bench/result.h>

/** Fills commit ("<hash>" or "<hash>-dirty") and branch; both "" without git or outside a checkout.
 */
void bench__revision_read(char *commit, size_t commit_size, char *branch, size_t branch_size);

#endif
