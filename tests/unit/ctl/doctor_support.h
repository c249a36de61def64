/* doctor_support.h - facts of a machine on which benchctl doctor has nothing to say. */
#ifndef TESTS_CTL_DOCTOR_SUPPORT_H
#define TESTS_CTL_DOCTOR_SUPPORT_H

#include "ctl/doctor.h"

#include <math.h>
#include <string.h>

/** Bare metal of four CPUs, quiet, without anything that is unknown. */
static inline struct doctor_facts doctor_quiet_machine(void) {
    return (struct doctor_facts){
        .host = {.cpu_model = "Quiet 4000",
                 .arch = "x86_64",
                 .hypervisor = "none",
                 .governor = "performance",
                 .turbo = "off",
                 .smt = "off",
                 .aslr = "full",
                 .clocksource = "tsc",
                 .clock = BENCH_CLOCK_TSC,
                 .n_cpus = 4,
                 .memory_bytes = INT64_C(16) << 30,
                 .l1d_bytes = 32768,
                 .l2_bytes = -1,
                 .l3_bytes = -1,
                 .cpu_quota = NAN,
                 .load_1min = 0.25},
        .n_online = 4,
        .has_quota_group = 1,
        .clocksources = "tsc hpet acpi_pm",
        .resolution_ns = 10,
        .overhead_ns = 20,
        .cpu_pressure = 0,
        .memory_pressure = 0,
        .available_bytes = INT64_C(12) << 30,
        .swap_used_bytes = 0,
        .paranoid = 2,
        .has_gnuplot = 1,
        .gnuplot = "gnuplot 5.4 patchlevel 4",
        .noise = {.duration_ns = 2e9,
                  .n_slices = 51200,
                  .interrupted_share = 0.001,
                  .lost_share = 0.0005,
                  .longest_ns = 12e3,
                  .ruler_ghz = 3.5,
                  .ruler_spread = 0.001,
                  .involuntary_switches = 2,
                  .n_readings = 10,
                  .between_run_sd = 0.01,
                  .sees = 0.056},
    };
}

/** The finding of that name; NULL when there is none. */
static inline const struct doctor_finding *doctor_find(const struct doctor_findings *findings,
                                                       const char *id) {
    for (size_t i = 0; i < findings->n; i++) {
        if (strcmp(findings->items[i].id, id) == 0) {
            return &findings->items[i];
        }
    }
    return NULL;
}

#endif
