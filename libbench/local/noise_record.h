/*
 * local/noise_record.h - what earlier runs have shown about this machine: for each benchmark how
 * its time moved from run to run, and the machine's calibration readings beside them.
 *
 * One record is of one machine class (measure/host.h, bench__host_class). Its size is bounded; what
 * has not been seen for the longest goes first. Kept in files by local/noise_file.h.
 *
 * A run enters with the benchmarks that ended well, whose launches were not disturbed (not flagged
 * BENCH_FLAG_NOISY) and that have at least BENCH__NOISE_MIN_LAUNCHES valid launches. Fewer are not
 * trimmed, so that one odd launch would be taken for a movement of the machine. Runs with few
 * launches, as those of --quick, do count: the error of their own launches is kept beside them, and
 * is not mistaken for a movement of the machine when runs with more launches are compared
 * (result/difference.h).
 */
#ifndef BENCH_LOCAL_NOISE_RECORD_H
#define BENCH_LOCAL_NOISE_RECORD_H

#include "result/difference.h"

enum {
    BENCH__NOISE_MAX_RUNS = 30, /* kept per benchmark, and calibrations of the machine */
    BENCH__NOISE_MAX_BENCHMARKS = 20000,
    BENCH__NOISE_MIN_LAUNCHES = 5, /* as many as are needed to trim one from each end */
    BENCH__NOISE_TIMESTAMP_SIZE = 32
};

/** Which run it was: two can begin in the same second. First member of everything below. */
struct bench__noise_key {
    char timestamp[BENCH__NOISE_TIMESTAMP_SIZE]; /* never "" */
    uint64_t seed;
};

/** A benchmark in one run. */
struct bench__noise_run {
    struct bench__noise_key key;
    double time_ns;   /* exp of the trimmed mean of the logs of its launch medians, as verdicts
                         compare it */
    double error;     /* standard error of log time_ns by its own launches; NAN: not known */
    double launch_sd; /* bench_time_estimates.between_launch_sd */
    int n_launches;   /* valid ones */
    int executable;   /* index, or -1: not known */
};

/** What a benchmark against a copy of itself has shown (A/A). */
struct bench__noise_floor {
    struct bench__noise_key key;
    double sd; /* bench_duel_record.floor_sd */
};

struct bench__noise_benchmark {
    char *name; /* owned */
    size_t n_runs, runs_capacity;
    struct bench__noise_run *runs; /* by time, each run once; owned */
    size_t n_floors, floors_capacity;
    struct bench__noise_floor *floors; /* likewise */
};

/** Medians of the readings of one run. */
struct bench__noise_calibration {
    struct bench__noise_key key;
    double ns[BENCH_N_KERNELS]; /* NAN where a kernel could not run */
};

struct bench__noise_record {
    char machine[64];
    size_t n_benchmarks, benchmarks_capacity;
    struct bench__noise_benchmark *benchmarks; /* by name; owned */
    size_t n_executables, executables_capacity;
    char **executables; /* ids; owned */
    size_t n_calibrations, calibrations_capacity;
    struct bench__noise_calibration *calibrations; /* by time, each run once; owned */
};

void bench__noise_init(struct bench__noise_record *record, const char *machine);
void bench__noise_clear(struct bench__noise_record *record);

/**
 * Adds what a run has to say; an interrupted run, or one without a time stamp, has nothing. A run
 * that is there already is replaced.
 * @param out_added how many benchmarks were added.
 * @return 0, or BENCH_ENOMEM with a record that may hold a part of the run.
 */
int bench__noise_add_run(struct bench__noise_record *record, const bench_run *run,
                         size_t *out_added);
/** Adds what the duels of an outcome have shown about equal copies. @return 0 or BENCH_ENOMEM. */
int bench__noise_add_duels(struct bench__noise_record *record, const bench_outcome *outcome);

/** NULL when the record does not know it. */
const struct bench__noise_benchmark *bench__noise_find(const struct bench__noise_record *record,
                                                       const char *name);
/** Median of the known A/A spreads; NAN without. */
double bench__noise_floor_sd(const struct bench__noise_benchmark *benchmark);

/**
 * How far a benchmark moves from run to run, for result/verdict.h. Runs of the same executable are
 * compared among each other when that leaves at least 4 degrees of freedom; otherwise all runs are,
 * which is too much rather than too little where the code has changed in between.
 * @param except a run that is to be judged and has no say in it; may be NULL.
 */
struct bench__between_runs bench__noise_between_runs(const struct bench__noise_record *record,
                                                     const char *name, const bench_run *except);

/* ---- for local/noise_file.c ---- */

/** By time, and in one second by seed. */
int bench__noise_key_order(const struct bench__noise_key *a, const struct bench__noise_key *b);
/** Empty, at "not known". */
void bench__noise_run_init(struct bench__noise_run *run);
/** Appends a benchmark; NULL without memory. bench__noise_settle() comes after the last. */
struct bench__noise_benchmark *bench__noise_append(struct bench__noise_record *record,
                                                   const char *name);
/** Sorts by name and by time, and drops what is too much. */
void bench__noise_settle(struct bench__noise_record *record);

#endif
