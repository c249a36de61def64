/* program.h - finds what suites start or weigh: programs that are built beside run_benches. */
#ifndef PROGRAM_H
#define PROGRAM_H

#include <bench/bench.h>
#include <limits.h>

/** The path of a program beside the running executable. When there is none, as beside an installed
 *  or kept copy of run_benches, the benchmark is skipped.
 *  @return 0, or -1 after skipping or failing the benchmark. */
int program_find(char path[PATH_MAX], bench_state *b, const char *name);

#endif
