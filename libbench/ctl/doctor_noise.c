/*
 * The two seconds of benchctl doctor: one fixed piece of work over and over, which should take the
 * same time each time, with the calibration kernels in between. Says how much it did not, and
 * nothing about why it matters.
 */
#include "base/error.h"
#include "base/mem.h"
#include "base/robust.h"
#include "ctl/doctor.h"
#include "measure/calibrate.h"
#include "measure/chain.h"
#include "measure/noise.h"
#include "result/difference.h"
#include "stats/power.h"
#include "stats/quantile.h"

#include <math.h>
#include <string.h>

enum {
    SLICE_ADDS = 1 << 17, /* 26 us at 5 GHz: a timer's interrupt is then 5 % and more */
    SHORTEST_SLICE_NS = 15000,
    N_READINGS = 10, /* spread over the time */
    MIN_READINGS = 4
};
#define INTERRUPTED      1.05
#define ALPHA            0.01 /* of a comparison, unless the gates say otherwise */
#define CALIBRATION_SEED 1    /* fixed: readings of two doctors walk the same order */

/* ---- slices ---- */

/* What one window of slices says: its speed, and its interruptions against that. Windows are short
 * beside changes of frequency, which would otherwise look like interruptions. */
static double add_window(struct doctor_noise *noise, const double *slice_ns, size_t n,
                         double *sorted, double *lost_ns) {
    memcpy(sorted, slice_ns, n * sizeof *sorted);
    bench__sort(sorted, n);
    const double usual = sorted[n / 4];
    for (size_t i = 0; i < n; i++) {
        if (slice_ns[i] > INTERRUPTED * usual) {
            noise->interrupted_share++; /* a count until the end */
            *lost_ns += slice_ns[i] - usual;
            noise->longest_ns = fmax(noise->longest_ns, slice_ns[i] - usual);
        }
    }
    return usual;
}

int benchctl_doctor_slices(struct doctor_noise *noise, const double *slice_ns, size_t n,
                           double adds) {
    const size_t per_window = DOCTOR_SLICES_PER_WINDOW, n_windows = n / per_window;
    noise->n_slices = n_windows * per_window;
    noise->lost_share = noise->interrupted_share = noise->longest_ns = NAN;
    noise->ruler_ghz = noise->ruler_spread = NAN;
    if (n_windows == 0) {
        return 0;
    }
    double *usual = bench__alloc(n_windows, sizeof *usual);
    double sorted[DOCTOR_SLICES_PER_WINDOW], lost_ns = 0, total_ns = 0;
    if (usual == NULL) {
        return BENCH_ENOMEM;
    }
    noise->interrupted_share = noise->longest_ns = 0;
    for (size_t w = 0; w < n_windows; w++) {
        usual[w] = add_window(noise, slice_ns + w * per_window, per_window, sorted, &lost_ns);
    }
    for (size_t i = 0; i < noise->n_slices; i++) {
        total_ns += slice_ns[i];
    }
    bench__sort(usual, n_windows);
    const double at_half = bench__quantile(usual, n_windows, 0.5, 7);
    const double middle = at_half > 0 ? at_half : NAN; /* a clock that stands still */
    noise->interrupted_share /= (double)noise->n_slices;
    noise->lost_share = lost_ns / total_ns;
    noise->ruler_ghz = adds / middle;
    noise->ruler_spread =
        (bench__quantile(usual, n_windows, 0.95, 7) - bench__quantile(usual, n_windows, 0.05, 7)) /
        middle;
    bench__free(usual);
    return 0;
}

/* ---- calibration kernels ---- */

void benchctl_doctor_readings(struct doctor_noise *noise, bench_calibration *readings, size_t n) {
    const bench_run run = {.calibrations = readings, .n_calibrations = n};
    noise->n_readings = n;
    noise->between_run_sd = noise->sees = NAN;
    if (n < MIN_READINGS) {
        return;
    }
    /* As result/verdict.c does for two runs, with launches that agree perfectly. */
    noise->between_run_sd = bench__assumed_between_run_sd(&run, &run, -1);
    noise->sees = expm1(bench__mde(sqrt(2) * noise->between_run_sd, INFINITY, ALPHA));
}

/* ---- measuring ---- */

struct work {
    const struct bench__clock *clock;
    struct bench__calibrator *calibrator;
    double *slice_ns;
    size_t n_slices, max_slices;
    bench_calibration readings[N_READINGS];
    size_t n_readings;
};

static double take_slice(const struct bench__clock *clock) {
    const struct bench__ticks from = bench__clock_start(clock);
    bench__chain_add(SLICE_ADDS);
    return bench__clock_ns(clock, from, bench__clock_stop(clock));
}

/* Until the time is over; at least one window of slices and MIN_READINGS readings. */
static void keep_busy(struct work *work, int64_t duration_ns) {
    const int64_t start_ns = bench__monotonic_ns();
    int64_t elapsed_ns = 0, next_reading_ns = 0;
    int is_short = 1;
    while (work->n_slices < work->max_slices && (elapsed_ns < duration_ns || is_short)) {
        const int is_late = elapsed_ns >= duration_ns;
        const size_t wanted = is_late ? MIN_READINGS : N_READINGS;
        if ((is_late || elapsed_ns >= next_reading_ns) && work->n_readings < wanted) {
            bench__calibrator_run(work->calibrator, work->clock,
                                  &work->readings[work->n_readings++]);
            next_reading_ns = elapsed_ns + duration_ns / N_READINGS;
        }
        work->slice_ns[work->n_slices++] = take_slice(work->clock);
        elapsed_ns = bench__monotonic_ns() - start_ns;
        is_short = work->n_slices < DOCTOR_SLICES_PER_WINDOW || work->n_readings < MIN_READINGS;
    }
}

static void add_counters(struct doctor_noise *noise, const struct bench__noise_reading *from,
                         const struct bench__noise_reading *to) {
    bench_noise between;
    bench__noise_between(from, to, noise->duration_ns, NAN, &between);
    noise->steal_share =
        between.steal_ns >= 0 ? (double)between.steal_ns / noise->duration_ns : NAN;
    noise->throttled_ns = between.throttled_ns;
    noise->throttled_before_ns = from->throttled_ns;
    noise->involuntary_switches = between.involuntary_switches;
    noise->voluntary_switches = between.voluntary_switches;
    noise->migrations = between.migrations;
}

static int measure(struct doctor_noise *noise, struct work *work, struct bench__noise_probe *probe,
                   int64_t duration_ns, const char *root) {
    struct bench__noise_reading from, to;
    memset(work->slice_ns, 1, work->max_slices * sizeof *work->slice_ns); /* no page faults later */
    noise->thermal_before = benchctl_doctor_thermal_events(root);
    bench__noise_read(probe, work->clock, &from);
    const int64_t start_ns = bench__monotonic_ns();
    keep_busy(work, duration_ns);
    noise->duration_ns = (double)(bench__monotonic_ns() - start_ns);
    bench__noise_read(probe, work->clock, &to);
    const int64_t events = benchctl_doctor_thermal_events(root);
    noise->thermal_events =
        events >= 0 && noise->thermal_before >= 0 ? events - noise->thermal_before : -1;
    add_counters(noise, &from, &to);
    benchctl_doctor_readings(noise, work->readings, work->n_readings);
    return benchctl_doctor_slices(noise, work->slice_ns, work->n_slices, SLICE_ADDS);
}

int benchctl_doctor_measure(struct doctor_noise *noise, const bench_host *host,
                            const struct bench__clock *clock, int64_t duration_ns, const char *root,
                            bench_error *err) {
    *noise = (struct doctor_noise){0};
    const size_t max_slices = (size_t)(duration_ns / SHORTEST_SLICE_NS) + DOCTOR_SLICES_PER_WINDOW;
    struct work work = {.clock = clock, .max_slices = max_slices};
    work.slice_ns = bench__alloc(max_slices, sizeof *work.slice_ns);
    struct bench__noise_probe *probe = bench__noise_probe_new(root);
    work.calibrator = bench__calibrator_new(host, CALIBRATION_SEED);
    int rc = BENCH_ENOMEM;
    if (work.slice_ns != NULL && probe != NULL && work.calibrator != NULL) {
        rc = measure(noise, &work, probe, duration_ns, root);
    }
    bench__calibrator_free(work.calibrator);
    bench__noise_probe_free(probe);
    bench__free(work.slice_ns);
    return rc == 0 ? 0 : bench__error(err, rc, "out of memory for measuring the machine's noise");
}
