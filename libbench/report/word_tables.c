/*
 * Words by number: flags, disturbances, clocks, budgets. Sentences are words.c.
 */
#include "report/words.h"

/* A few words, and what they mean for one benchmark and for several. */
static const char *const FLAG_WORDS[BENCH__N_FLAGS][3] = {
    {"dead code?",
     "takes no longer than an empty loop, so the compiler may have removed the work; hand its "
     "results to bench_keep()",
     "take no longer than an empty loop, so the compiler may have removed the work; hand their "
     "results to bench_keep()"},
    {"not steady",
     "was still getting faster or slower when the warm-up ended; a longer --warm-up-time helps",
     "were still getting faster or slower when the warm-up ended; a longer --warm-up-time helps"},
    {"too many threads",
     "more threads than CPUs had to take turns, so the time is the scheduler's as much as the "
     "code's",
     "more threads than CPUs had to take turns, so the times are the scheduler's as much as the "
     "code's"},
    {"disturbed",
     "other work on the machine disturbed more than 30 % of its launches; measure again on a "
     "quieter machine",
     "other work on the machine disturbed more than 30 % of their launches; measure again on a "
     "quieter machine"},
    {"several speeds",
     "its times gather around more than one value; the plots of --report show them",
     "their times gather around more than one value; the plots of --report show them"},
    {"prints", "wrote to its output while measured, and printing is part of its time",
     "wrote to their output while measured, and printing is part of their times"},
    {"too short to time",
     "its samples, or single batches, are shorter than the clock resolves well; do more work per "
     "iteration, or have more iterations in a batch",
     "their samples, or single batches, are shorter than the clock resolves well; do more work "
     "per iteration, or have more iterations in a batch"},
    {"few launches", "fewer launches than asked for were valid, so its interval is wider",
     "fewer launches than asked for were valid, so their intervals are wider"},
};

/* Of one launch, and of several. */
static const char *const NOISE_WORDS[BENCH__N_NOISE_CAUSES][2] = {
    {"lost time to the hypervisor", "lost time to the hypervisor"},
    {"ran out of CPU quota", "ran out of CPU quota"},
    {"moved to another CPU", "moved to another CPU"},
    {"was interrupted by other work", "were interrupted by other work"},
    {"ran at a changing speed", "ran at a changing speed"},
    {"had a drifting clock and was left out", "had a drifting clock and were left out"},
};

const char *bench__flag_word(unsigned i) {
    return FLAG_WORDS[i][0];
}

const char *bench__flag_advice(unsigned i, size_t n) {
    return FLAG_WORDS[i][n == 1 ? 1 : 2];
}

const char *bench__noise_word(unsigned i, size_t n) {
    return NOISE_WORDS[i][n != 1];
}

const char *bench__clock_word(bench_clock_kind kind) {
    switch (kind) {
    case BENCH_CLOCK_TSC:
        return "tsc clock";
    case BENCH_CLOCK_CNTVCT:
        return "cntvct clock";
    case BENCH_CLOCK_MONOTONIC_RAW:
        return "monotonic clock";
    case BENCH_CLOCK_AUTO:
        break;
    }
    return "";
}
