/*
 * run/calibration.h - when to read the calibration vector during a run, and the worker that does
 * it.
 */
#ifndef BENCH_RUN_CALIBRATION_H
#define BENCH_RUN_CALIBRATION_H

#include "worker/worker.h"

/** One worker process that is kept between readings, so that its buffers are prepared once. */
struct bench__calibration_schedule {
    struct bench__worker worker;
    int is_running, is_off;
    int64_t next_ns;  /* since the start of the run */
    int64_t spent_ns; /* on the last reading */
};

/** `is_off`: no readings, for runs whose times nobody will compare. */
void bench__calibration_start(struct bench__calibration_schedule *s, int is_off);
/** Takes a reading when one is due: the first at once, later ones so that all of them take about 3
 * % of the run. @return 1 when a reading was added to the run, 0 when none was due, or an error. */
int bench__calibration_if_due(struct bench__calibration_schedule *s, bench_run *run, int64_t now_ns,
                              char *const *argv, const volatile sig_atomic_t *interrupted,
                              bench_error *err);
/** A last reading at the end of a run, when the one before is not fresh. */
void bench__calibration_last(struct bench__calibration_schedule *s, bench_run *run, int64_t now_ns,
                             const volatile sig_atomic_t *interrupted);
void bench__calibration_stop(struct bench__calibration_schedule *s);

#endif
