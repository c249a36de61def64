/* worker/team.h - a fixed set of threads that run a task together, again and again. */
#ifndef BENCH_WORKER_TEAM_H
#define BENCH_WORKER_TEAM_H

#include <bench/common.h>

struct bench__team;

/** Starts n threads (numbered 1..n; the caller is number 0). `task` gets the context and the
 * number. */
int bench__team_new(struct bench__team **out, int n, void (*task)(void *context, int number),
                    void *context, bench_error *err);
/** Runs the task in all threads and in the caller; returns when all are done. */
void bench__team_run(struct bench__team *team);
/** Ends and joins the threads. NULL is fine. */
void bench__team_free(struct bench__team *team);

#endif
