/*
 * The checks of benchctl doctor in the order in which they are told, and whose verdicts they spoil.
 * What each looks at stands in doctor_settings.c (how the machine is set up) and doctor_moment.c
 * (how it is doing).
 */
#include "ctl/doctor.h"

#include <stdio.h>

/* Whom a finding takes the trust from. A duel compares turns that follow each other on one CPU, and
 * its test is exact whatever the machine does; only a clock that cannot tell times apart harms it.
 * Stored runs were measured at another time. */
enum { STORED = 1 << 0, DUELS = 1 << 1 };

static const struct check {
    const char *id, *label;
    doctor_check *look;
    unsigned minded, bad; /* what is spoiled when it is to mind, and when it is bad */
} checks[] = {
    {"hypervisor", "hypervisor", doctor_hypervisor, STORED, STORED},
    {"cpus", "CPUs", doctor_cpus, 0, 0},
    {"pinning", "pinning", doctor_pinning, 0, 0},
    {"quota", "CPU quota", doctor_quota, 0, STORED},
    {"governor", "governor", doctor_governor, STORED, STORED},
    {"turbo", "turbo", doctor_turbo, STORED, STORED},
    {"smt", "SMT", doctor_smt, STORED, STORED},
    {"aslr", "ASLR", doctor_aslr, STORED, STORED},
    {"clock_source", "clock source", doctor_clock_source, 0, 0},
    {"clock", "clock", doctor_clock, 0, STORED | DUELS},
    {"counters", "counters", doctor_counters, 0, 0},
    {"gnuplot", "gnuplot", doctor_gnuplot, 0, 0},
    {"load", "load", doctor_load, STORED, STORED},
    {"pressure", "CPU pressure", doctor_pressure, STORED, STORED},
    {"memory", "memory", doctor_memory, STORED, STORED},
    {"interruptions", "interruptions", doctor_interruptions, STORED, STORED},
    {"switches", "switches", doctor_switches, STORED, STORED},
    {"frequency", "frequency", doctor_frequency, STORED, STORED},
    {"steal", "steal", doctor_steal, STORED, STORED},
    {"throttling", "throttling", doctor_throttling, STORED, STORED},
    {"heat", "heat", doctor_heat, STORED, STORED},
    {"stored_runs", "stored runs", doctor_stored_runs, STORED, STORED},
};
enum { N_CHECKS = sizeof checks / sizeof checks[0] };
_Static_assert(sizeof checks / sizeof checks[0] <= DOCTOR_MAX_FINDINGS, "room for every check");

void benchctl_doctor_say(struct doctor_finding *out, enum doctor_verdict verdict,
                         const char *meaning, const char *advice) {
    out->verdict = verdict;
    snprintf(out->meaning, sizeof out->meaning, "%s", meaning);
    snprintf(out->advice, sizeof out->advice, "%s", advice);
}

void benchctl_doctor_judge(struct doctor_findings *out, const struct doctor_facts *facts) {
    *out = (struct doctor_findings){.n = N_CHECKS};
    for (size_t i = 0; i < N_CHECKS; i++) {
        struct doctor_finding *finding = &out->items[i];
        finding->id = checks[i].id;
        finding->label = checks[i].label;
        checks[i].look(finding, facts);
        const unsigned spoiled = finding->verdict == DOCTOR_MIND  ? checks[i].minded
                                 : finding->verdict == DOCTOR_BAD ? checks[i].bad
                                                                  : 0;
        finding->spoils_stored = (spoiled & STORED) != 0;
        finding->spoils_duels = (spoiled & DUELS) != 0;
        out->spoils_stored |= finding->spoils_stored;
        out->spoils_duels |= finding->spoils_duels;
        out->n_verdicts[finding->verdict]++;
    }
}
