/*
 * ctl/doctor.h - the parts of benchctl doctor: what there is to know about the machine (facts),
 * what that means for benchmarks (findings), and how it is told. Facts are plain data, so that
 * every finding can be had without the machine.
 */
#ifndef BENCH_CTL_DOCTOR_H
#define BENCH_CTL_DOCTOR_H

#include "measure/clock.h"
#include "report/console.h"
#include <bench/record.h>

/** Two seconds of measuring (doctor_noise.c). NAN and -1: unknown. */
struct doctor_noise {
    double duration_ns;
    size_t n_slices; /* pieces of fixed work; 0: not measured */
    /* A slice is interrupted when it takes more than 1.05 of the fastest quarter of its window. */
    double interrupted_share;    /* of the slices */
    double lost_share;           /* of their time, to what interrupted them */
    double longest_ns;           /* interruption */
    double ruler_ghz;            /* dependent additions per ns: the median over windows */
    double ruler_spread;         /* 5 % to 95 % quantile over windows, relative */
    double steal_share;          /* of one CPU's time */
    int64_t throttled_ns;        /* by the cgroup's quota */
    int64_t throttled_before_ns; /* the same, since the group was made */
    int64_t thermal_events;      /* of all CPUs */
    int64_t thermal_before;
    int64_t involuntary_switches, voluntary_switches, migrations;
    size_t n_readings;     /* of the calibration kernels */
    double between_run_sd; /* what a comparison assumes from them while nothing is on record */
    double sees;           /* the change that two stored runs could then see at best */
};

/** Everything that the checks look at. Texts come from files of the machine: escape them. */
struct doctor_facts {
    bench_host host;
    int64_t n_online;    /* CPUs of the machine */
    int pin_errno;       /* 0: a thread can be kept on one CPU; -1: unknown */
    int has_quota_group; /* the quota of host is known, NAN being none */
    int has_pstate;      /* turbo is switched by intel_pstate */

    char clocksources[128]; /* that the kernel offers, "" unknown */
    int can_force_counter;  /* the counter is not taken by itself, but could be */
    double resolution_ns, overhead_ns;

    double cpu_pressure, memory_pressure; /* fraction of the last 10 s that something waited */
    int64_t available_bytes, swap_used_bytes;

    int counters_errno; /* 0: they count; -1: they open and stand still */
    int64_t paranoid;   /* kernel.perf_event_paranoid; INT64_MIN unknown */

    int has_gnuplot;
    char gnuplot[80]; /* its version line; "" when it did not answer */

    struct doctor_noise noise;
};

enum doctor_verdict { DOCTOR_UNKNOWN = 0, DOCTOR_GOOD, DOCTOR_MIND, DOCTOR_BAD, DOCTOR_N_VERDICTS };

/** The answer to one check. `meaning` and `advice` are "" when it is good. */
struct doctor_finding {
    const char *id, *label; /* "clock-source", "clock source" */
    enum doctor_verdict verdict;
    int spoils_stored, spoils_duels; /* what this finding takes the trust from */
    char value[160];                 /* "" when unknown */
    char meaning[200], advice[240];
};

enum { DOCTOR_MAX_FINDINGS = 32 };
struct doctor_findings {
    size_t n;
    size_t n_verdicts[DOCTOR_N_VERDICTS];
    int spoils_stored, spoils_duels; /* by any of them */
    struct doctor_finding items[DOCTOR_MAX_FINDINGS];
};

/* ---- doctor_facts.c ---- */

/** Reads everything but the noise. `root` as in bench__host_read; pinning, counters, gnuplot and
 *  the clock's speed are the real machine's either way. Opens *clock.
 *  @return 0 or what bench__clock_open() says. */
int benchctl_doctor_read(struct doctor_facts *facts, struct bench__clock *clock, const char *root,
                         bench_error *err);
/** 1: a virtual machine, 0: bare metal, -1: unknown. */
int benchctl_doctor_is_virtual(const bench_host *host);
/** Times that any CPU was slowed for being hot; -1 unknown. */
int64_t benchctl_doctor_thermal_events(const char *root);

/* ---- doctor_noise.c ---- */

enum { DOCTOR_SLICES_PER_WINDOW = 128 };

/** Measures for duration_ns. @return 0 or BENCH_ENOMEM. */
int benchctl_doctor_measure(struct doctor_noise *noise, const bench_host *host,
                            const struct bench__clock *clock, int64_t duration_ns, const char *root,
                            bench_error *err);
/** Interruptions and frequency from the times of slices, each `adds` dependent additions.
 *  @return 0 or BENCH_ENOMEM. */
int benchctl_doctor_slices(struct doctor_noise *noise, const double *slice_ns, size_t n,
                           double adds);
/** between_run_sd and sees from readings of the calibration kernels; NAN with fewer than four. */
void benchctl_doctor_readings(struct doctor_noise *noise, bench_calibration *readings, size_t n);

/* ---- doctor_checks.c, doctor_settings.c, doctor_moment.c ---- */

/** Judges every check, in the order in which they are told. */
void benchctl_doctor_judge(struct doctor_findings *out, const struct doctor_facts *facts);

/** Fills verdict, meaning and advice of a finding. */
void benchctl_doctor_say(struct doctor_finding *out, enum doctor_verdict verdict,
                         const char *meaning, const char *advice);

/** One check: fills value, verdict, meaning and advice. */
typedef void doctor_check(struct doctor_finding *out, const struct doctor_facts *facts);
doctor_check doctor_hypervisor, doctor_cpus, doctor_pinning, doctor_quota, doctor_governor,
    doctor_turbo, doctor_smt, doctor_aslr, doctor_clock_source, doctor_clock, doctor_counters,
    doctor_gnuplot;
doctor_check doctor_load, doctor_pressure, doctor_memory, doctor_interruptions, doctor_frequency,
    doctor_steal, doctor_throttling, doctor_heat, doctor_switches, doctor_stored_runs;

/* What to do where a virtual machine leaves no choice. */
#define DOCTOR_DUEL   "decide by duel: benchctl compare OLD NEW"
#define DOCTOR_INSIDE "nothing can be done inside a virtual machine; see hypervisor"

/* ---- doctor_report.c ---- */

/** "1 bad, 2 to mind. ...": what follows from all of them. */
struct bench__strbuf;
void benchctl_doctor_summary(struct bench__strbuf *out, const struct doctor_findings *findings);
/** For people; with style->quiet only what is not good, and the summary. */
int benchctl_doctor_text(FILE *out, const struct doctor_facts *facts,
                         const struct doctor_findings *findings, const struct bench__style *style,
                         bench_error *err);
/** docs/schema/doctor.schema.json. */
int benchctl_doctor_json(FILE *out, const struct doctor_facts *facts,
                         const struct doctor_findings *findings, bench_error *err);

#endif
