/*
 * bench/result.h - results: what an analysis says, how it is kept in files, how two are compared.
 *
 * All structs are plain data, made and freed by the library; read them, do not build them. Strings
 * are UTF-8. Times are nanoseconds per iteration unless the name says otherwise. A number that was
 * not measured is NAN (double) or -1 (int64_t), and null in files.
 */
#ifndef BENCH_RESULT_H
#define BENCH_RESULT_H

#include <bench/common.h>
#include <bench/record.h>

BENCH_BEGIN_DECLS

/** A point estimate and its interval at the run's confidence level. */
typedef struct bench_estimate {
    double point, lower, upper;
} bench_estimate;

/** A parameter's name and value; integers carry both forms. */
typedef struct bench_param {
    char *name; /**< owned */
    char *text; /**< owned */
    int is_i64;
    int64_t i64; /**< 0 unless is_i64 */
} bench_param;

/** The options that were in force for one benchmark, all resolved: nothing is left at "default". */
typedef struct bench_resolved {
    bench_sampling sampling;                      /**< never AUTO */
    int64_t warm_up_time_ns, measurement_time_ns; /**< over all launches */
    int launches;
    int sample_size;    /**< per launch, at most */
    int64_t timeout_ns; /**< per launch */
    double confidence_level;
    int64_t n_resamples;
} bench_resolved;

/** Tukey's four classes by 1.5 and 3 IQR, and the double-MAD rule. Labels: nothing is removed. */
typedef struct bench_outliers {
    uint64_t low_severe, low_mild, high_mild, high_severe;
    uint64_t mad_low, mad_high; /**< beyond 3 x 1.4826 MAD of their own side */
    uint64_t n;                 /**< samples looked at */
} bench_outliers;

/** Time per iteration. Inference is over launches. */
typedef struct bench_time_estimates {
    bench_estimate median; /**< median over launches of launch medians, order-statistic interval */
    bench_estimate mean, mad, std_dev;        /**< over launch medians, launch-level bootstrap */
    bench_estimate slope;                     /**< linear sampling only, else NAN */
    double min, max, q05, q25, q75, q95, q99; /**< of all samples pooled */
    double between_launch_sd;                 /**< of log time: launch to launch */
    double within_launch_sd;                  /**< of log time: sample to sample in one launch */
    double lag1;              /**< autocorrelation of the samples in a launch, mean over launches */
    double effective_samples; /**< samples after discounting autocorrelation */
    int n_modes;              /**< peaks of the density, 0 when not known */
    double mde;               /**< relative change that another run like this one would detect */
    double cold;              /**< median over launches of the first call */
    double cpu;               /**< CPU time per iteration, all threads */
    bench_outliers outliers;
} bench_time_estimates;

/** Per-operation latency over all launches; latency sampling only. A percentile needs at least
 *  100/(1-p) operations and is NAN below that. */
typedef struct bench_latency {
    uint64_t n;
    double min, p50, p90, p95, p99, p999, max, mean;
} bench_latency;

/** Things a reader should know before believing a number; bits. */
enum {
    BENCH_FLAG_DEAD_CODE = 1 << 0,      /**< no more than an empty loop, or not growing with n */
    BENCH_FLAG_NOT_STEADY = 1 << 1,     /**< a launch was still drifting when warm-up was capped */
    BENCH_FLAG_OVERSUBSCRIBED = 1 << 2, /**< more threads than CPUs */
    BENCH_FLAG_NOISY = 1 << 3,          /**< over 30 % of the launches contaminated */
    BENCH_FLAG_MULTIMODAL = 1 << 4,     /**< several peaks; quartiles or launches 10 % apart */
    BENCH_FLAG_WRITES_OUTPUT = 1 << 5,  /**< the benchmark printed while measured */
    BENCH_FLAG_CLOCK_BOUND = 1 << 6,    /**< samples or batches too short for the clock */
    BENCH_FLAG_FEW_LAUNCHES = 1 << 7    /**< fewer valid launches than asked for */
};

/** One benchmark of a run. */
typedef struct bench_result {
    char *name;                     /**< "suite/group/function/name=value,name=value"; owned */
    char *suite, *group, *function; /**< owned */
    size_t n_params;
    bench_param *params; /**< owned */

    bench_status status;
    char *message; /**< why, when status is not OK; owned, or NULL */
    bench_resolved options;
    double bytes_per_iteration,
        elements_per_iteration; /**< of one thread; NAN without throughput */
    int n_threads;
    unsigned flags;

    size_t n_launches;
    bench_launch *launches; /**< by index; owned */

    bench_time_estimates time;
    bench_latency latency;
    int64_t peak_rss_bytes; /**< largest over launches */
    double error_rate;      /**< errors per iteration; 0 is measured, NAN is not */
    size_t n_counters;
    bench_counter_record *counters; /**< median over launches; owned */
    size_t n_labels;
    bench_label_record *labels;                 /**< each from the first launch with it; owned */
    double kernel_correlation[BENCH_N_KERNELS]; /**< of launch medians with the calibration */
} bench_result;

/** A declared pair: two benchmarks that were also measured side by side, taking strict turns. */
typedef struct bench_pair_result {
    char *name;           /**< "suite/group/pair/name=value,name=value"; owned */
    char *suite;          /**< owned */
    char *base, *variant; /**< full names of the two benchmarks; owned */
    bench_status status;
    char *message; /**< why, when status is not OK; owned, or NULL */
    size_t n_launches;
    double *log_ratio; /**< of each launch: ln(time of variant / time of base); owned */
    double alpha;
    bench_estimate change; /**< of time, variant / base - 1, at confidence 1 - alpha */
    double p_value;        /**< two-sided, that there is no difference */
    double mde;            /**< smallest change that this measurement finds 9 times in 10; INFINITY:
                              too few launches for any */
} bench_pair_result;

/** One execution of a benchmark executable. */
typedef struct bench_run {
    int format_version;
    char *label;         /**< baseline name, or NULL; owned */
    char timestamp[32];  /**< UTC, RFC 3339, start of the run */
    char git_commit[72]; /**< full hash with "-dirty" when changed, or "" */
    char git_branch[128];
    char executable_id[40];   /**< of the content of the executable that all of it was measured
                                   with; "" when that is not known, or not one */
    int64_t executable_bytes; /**< its size; -1 when not known */
    uint64_t seed;
    double wall_ns;  /**< of the whole run */
    int interrupted; /**< the run was stopped early: some benchmarks may be NOT_RUN */
    bench_host host;
    size_t n_calibrations;
    bench_calibration *calibrations; /**< owned */
    size_t n_results;
    bench_result *results; /**< sorted by name; owned */
    size_t n_pairs;
    bench_pair_result *pairs; /**< sorted by name; owned */
} bench_run;

BENCH_API void bench_run_free(bench_run *run);

/**
 * Loads a results or baseline file (they share one format; a baseline has no raw samples).
 * @param out receives a run to be freed with bench_run_free(); NULL on error.
 * @return 0, BENCH_ENOTFOUND, BENCH_EIO, BENCH_EFORMAT (err->place names file, line and field),
 * BENCH_EVERSION for a newer format, BENCH_ENOMEM.
 */
BENCH_API int bench_run_load(bench_run **out, const char *path, bench_error *err);

/**
 * Saves a run atomically: temporary file, fsync, rename. The same run gives the same bytes.
 * @param with_samples 0 writes a baseline (per-launch summaries), 1 a results file.
 */
BENCH_API int bench_run_save(const bench_run *run, const char *path, int with_samples,
                             bench_error *err);

/** @return the result of that full name, or NULL. The run keeps it. */
BENCH_API const bench_result *bench_run_find(const bench_run *run, const char *name);

/** @return the pair of these two benchmarks, whichever of them is the base, or NULL. */
BENCH_API const bench_pair_result *bench_run_find_pair(const bench_run *run, const char *a,
                                                       const char *b);

/* ---- comparing --------------------------------------------------------------------------------
 */

typedef enum bench_verdict {
    BENCH_VERDICT_NONE = 0, /**< nothing to compare with */
    BENCH_VERDICT_PASS,
    BENCH_VERDICT_REGRESSED,
    BENCH_VERDICT_IMPROVED,
    BENCH_VERDICT_INCONCLUSIVE,
    BENCH_VERDICT_MISSING,     /**< in the baseline, not in this run */
    BENCH_VERDICT_INCOMPARABLE /**< another machine, build or clock; or a benchmark that changed */
} bench_verdict;

/** Where the evidence of a comparison comes from. */
typedef enum bench_evidence {
    BENCH_EVIDENCE_STORED = 0, /**< old and new ran at different times */
    BENCH_EVIDENCE_SCREENING,  /**< a short duel, that left no doubt */
    BENCH_EVIDENCE_DUEL        /**< a duel whose data were taken for this decision alone */
} bench_evidence;

/** Is the machine code of a benchmark the same in both executables? */
typedef enum bench_code {
    BENCH_CODE_UNKNOWN = 0, /**< stripped, another architecture, or not looked at */
    BENCH_CODE_IDENTICAL,   /**< its body and all it calls directly: a difference is placement */
    BENCH_CODE_DIFFERENT
} bench_code;

enum { BENCH_N_DECILES = 9 };

/** What a duel knows beyond the change itself. Spreads are standard deviations of log time. */
typedef struct bench_duel_record {
    int n_launches, n_floor_launches, n_layouts; /**< 0 layouts: placement was not varied */
    int n_unpinned;   /**< launches whose sides were not kept on one CPU, threads left aside */
    double launch_sd; /**< of one launch */
    double layout_sd; /**< of what launches of one layout share: placement; NAN without layouts */
    double floor_sd;  /**< of a lasting offset between equals: 0 none shown, NAN not measured */
    double p_equivalent; /**< that the change is beyond the threshold on either side (TOST) */
    double wall_ns;      /**< of all its launches */
    double wall_ns_more; /**< that would decide an inconclusive verdict, were the estimate true;
                            INFINITY: time alone will not do; NAN when decided */
    bench_estimate shift[BENCH_N_DECILES]; /**< relative change of the deciles 0.1 ... 0.9 of the
                                              samples, simultaneous 95 % band; NAN: not computed */
    bench_code code;
    char code_note[120]; /**< which function differs, or why that is not known; may be "" */
} bench_duel_record;

/** One benchmark, new against old. Changes are relative: +0.02 is 2 % slower. */
typedef struct bench_comparison {
    const char *name;           /**< of the benchmark; borrowed from the run it is in */
    const bench_result *after;  /**< this run; NULL when missing */
    const bench_result *before; /**< the baseline; NULL when new */
    bench_verdict verdict;
    bench_estimate change;   /**< relative change of time, at confidence 1 - alpha */
    double mde;              /**< smallest change that this comparison finds 9 times in 10 */
    double p_value;          /**< two-sided, as computed */
    double p_adjusted;       /**< over the suite */
    double threshold, alpha; /**< in force, relative */
    int kernel;              /**< bench_kernel by which both sides were divided, or -1 */
    double between_run_sd;   /**< assumed or learned, of log time, entering the interval */
    size_t n_runs_known;     /**< earlier runs that it was learned from; under 5 it is assumed */
    int below_threshold;     /**< pass, although slower with confidence: less than the threshold */
    bench_evidence evidence;
    bench_duel_record duel; /**< n_launches is 0 when the evidence is stored */
    char reason[240];       /**< for a reader: why this verdict; never empty unless NONE */
} bench_comparison;

typedef enum bench_budget_verdict {
    BENCH_BUDGET_PASS = 0,
    BENCH_BUDGET_OVER,         /**< violated, with confidence */
    BENCH_BUDGET_INCONCLUSIVE, /**< the interval holds the limit */
    BENCH_BUDGET_NOT_MEASURED  /**< the benchmark or metric was not part of this run, or skipped */
} bench_budget_verdict;

/** One budget of gates.json against this run. */
typedef struct bench_budget {
    char *subject; /**< benchmark, or "A over B"; owned */
    char *metric;  /**< "time", "throughput", "p99", ..., or a counter's name; owned */
    char *why;     /**< owned; may be "" */
    char *reason;  /**< for a reader; owned; may be "" */
    char unit[24];
    int is_maximum; /**< 1: the measured value may not exceed the limit; 0: not fall below it */
    double limit;
    bench_estimate measured; /**< in `unit`; lower and upper NAN when the metric has no interval */
    double margin;           /**< relative room left; negative when over; NAN when not measured */
    bench_budget_verdict verdict;
    double loosened_from; /**< the tighter limit that the gates had before ... */
    char *justification;  /**< ... and why it is looser now; NULL: it is not; owned */
} bench_budget;

/** Change of a whole suite: the geometric mean of its benchmarks' changes, by duels. */
typedef struct bench_suite_change {
    char *suite; /**< owned */
    size_t n_benchmarks;
    bench_estimate change; /**< relative, 95 % */
} bench_suite_change;

/** Everything there is to report about a run; owns the comparisons and budgets, not the runs. */
typedef struct bench_outcome {
    const bench_run *run;
    const bench_run *baseline; /**< NULL without one */
    size_t n_comparisons;
    bench_comparison
        *comparisons; /**< by name; all benchmarks of either side; 0 without baseline */
    size_t n_budgets;
    bench_budget *budgets;
    size_t n_suite_changes; /**< 0 unless whole suites were duelled */
    bench_suite_change *suite_changes;
    int incomparable; /**< the whole baseline is of another machine or build */
    char incomparable_why[400];
    int exit_code; /**< by the gates' fail_on */
} bench_outcome;

/** Frees what an outcome holds, not the struct itself. */
BENCH_API void bench_outcome_clear(bench_outcome *outcome);

/** @return "pass", "regressed", ... as in files; never NULL. */
BENCH_API const char *bench_verdict_name(bench_verdict verdict);
BENCH_API const char *bench_status_name(bench_status status);
BENCH_API const char *bench_kernel_name(bench_kernel kernel);

BENCH_END_DECLS

#endif
