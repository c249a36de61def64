/*
 * Keeps the calibration worker and its timetable. The kernels themselves are measure/calibrate.
 */
#include "run/calibration.h"

#include "base/error.h"
#include "measure/clock.h"
#include "result/model.h"

#include <stdio.h>
#include <string.h>

#define TIMEOUT_NS INT64_C(20000000000)
#define SHARE      30 /* one part in so many of the run's time */

void bench__calibration_start(struct bench__calibration_schedule *s, int is_off) {
    memset(s, 0, sizeof *s);
    s->is_off = is_off;
}

static int read_once(struct bench__calibration_schedule *s, bench_run *run, int64_t now_ns,
                     const volatile sig_atomic_t *interrupted, bench_error *err) {
    struct bench__reply reply;
    struct bench__wire answer = {0};
    bench_calibration reading = {.at_ns = now_ns};
    const int64_t from = bench__monotonic_ns();
    int code = bench__worker_ask(&s->worker, BENCH__FRAME_CALIBRATE, NULL, TIMEOUT_NS, interrupted,
                                 &reply, &answer, err);
    if (code == 0 && reply.status != BENCH_STATUS_OK) {
        code = bench__error(err, BENCH_ESYSTEM, "calibration skipped: %.300s", reply.reason);
    }
    if (code == 0) {
        code = bench__get_calibration(&answer, &reading, err);
    }
    bench__wire_clear(&answer);
    bench_calibration *slot = code == 0 ? bench__run_add_calibration(run) : NULL;
    if (code == 0 && slot == NULL) {
        code = bench__error(err, BENCH_ENOMEM, "out of memory for a calibration reading");
    }
    if (code != 0) {
        return code;
    }
    *slot = reading;
    s->spent_ns = bench__monotonic_ns() - from;
    s->next_ns = now_ns + s->spent_ns * SHARE;
    return 1;
}

int bench__calibration_if_due(struct bench__calibration_schedule *s, bench_run *run, int64_t now_ns,
                              char *const *argv, const volatile sig_atomic_t *interrupted,
                              bench_error *err) {
    if (s->is_off || now_ns < s->next_ns) {
        return 0;
    }
    if (!s->is_running) {
        const struct bench__program program = {.argv = argv, .board_fd = -1};
        const int code = bench__worker_start(&s->worker, &program, 0, interrupted, err);
        if (code != 0) {
            s->is_off = 1;
            return code;
        }
        s->is_running = 1;
    }
    const int code = read_once(s, run, now_ns, interrupted, err);
    if (code < 0) {
        s->is_off = 1;
    }
    return code;
}

void bench__calibration_last(struct bench__calibration_schedule *s, bench_run *run, int64_t now_ns,
                             const volatile sig_atomic_t *interrupted) {
    if (!s->is_off && s->is_running && now_ns > s->next_ns - s->spent_ns * (SHARE / 2)) {
        read_once(s, run, now_ns, interrupted, NULL);
    }
}

void bench__calibration_stop(struct bench__calibration_schedule *s) {
    if (s->is_running) {
        bench__worker_stop(&s->worker);
        s->is_running = 0;
    }
}
