/* run/finish.h - from launches to results, once a run is over. */
#ifndef BENCH_RUN_FINISH_H
#define BENCH_RUN_FINISH_H

#include <bench/result.h>

/** Settles every benchmark's status, analyses those with valid launches, and the pairs;
 *  sorts the run. */
int bench__finish(bench_run *run, bench_error *err);

#endif
