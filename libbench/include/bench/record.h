/*
 * bench/record.h - what was measured, before anyone thinks about it: plain data, no functions.
 *
 * "Not measured" is NAN in a double and -1 in an int64_t; files write null for both.
 * Fixed-size strings are always terminated; "" means unknown.
 */
#ifndef BENCH_RECORD_H
#define BENCH_RECORD_H

#include <bench/bench.h>
#include <bench/common.h>

BENCH_BEGIN_DECLS

typedef enum bench_clock_kind {
    BENCH_CLOCK_AUTO = 0,     /**< only as a request */
    BENCH_CLOCK_TSC,          /**< x86-64 time stamp counter */
    BENCH_CLOCK_CNTVCT,       /**< arm64 virtual counter */
    BENCH_CLOCK_MONOTONIC_RAW /**< clock_gettime */
} bench_clock_kind;

/** How a launch's clock behaved. */
typedef struct bench_clock_record {
    bench_clock_kind kind;
    double ticks_per_ns;  /**< 1 for CLOCK_MONOTONIC_RAW */
    double resolution_ns; /**< smallest step seen between back-to-back readings */
    double overhead_ns;   /**< median of empty start/stop pairs; never subtracted from a time */
    double drift_ppm;     /**< calibration at the end against the one of the warm-up */
} bench_clock_record;

/** The kernels of the calibration vector, each in ns per operation (COPY: ns per KiB). */
typedef enum bench_kernel {
    BENCH_KERNEL_ADD = 0, /**< dependent additions: the core's cycle */
    BENCH_KERNEL_MULTIPLY,
    BENCH_KERNEL_L1, /**< dependent loads within L1, L2, L3 and main memory */
    BENCH_KERNEL_L2,
    BENCH_KERNEL_L3,
    BENCH_KERNEL_MEMORY,
    BENCH_KERNEL_COPY,
    BENCH_KERNEL_BRANCH, /**< an unpredictable scan */
    BENCH_KERNEL_SYSCALL,
    BENCH_N_KERNELS
} bench_kernel;

/** One reading of the calibration vector. */
typedef struct bench_calibration {
    double ns[BENCH_N_KERNELS]; /**< NAN where a kernel could not run */
    int64_t at_ns;              /**< since the start of the run */
} bench_calibration;

/** The machine and the build. Hard keys decide whether times are comparable; the rest is shown. */
typedef struct bench_host {
    /* hard keys */
    char cpu_model[128];
    char hypervisor[32]; /**< "none" on bare metal, else "kvm", "xen", ..., "unknown" */
    char compiler[160];  /**< of the benchmark executable: "gcc 12.2.0" */
    char flags[400];     /**< compile flags of the benchmark executable as given to CMake, or "" */
    char arch[24];       /**< "x86_64", "aarch64" */
    bench_clock_kind clock;
    int libbench_major;
    /* soft keys */
    char hostname[64];
    char kernel[128];
    char libc[48];
    char microcode[32];
    char governor[32];    /**< "" when the kernel does not say */
    char clocksource[32]; /**< the kernel's current one */
    char turbo[16];       /**< "on", "off", "" */
    char smt[16];         /**< "on", "off", "" */
    char aslr[16];        /**< "full", "partial", "off", "" */
    int64_t n_cpus;       /**< usable by this process */
    int64_t memory_bytes;
    int64_t l1d_bytes, l2_bytes, l3_bytes;
    double cpu_quota; /**< CPUs of the cgroup, NAN without a limit */
    double load_1min; /**< at the start of the run */
} bench_host;

/** Reasons why a launch counts as contaminated; bits. */
enum {
    BENCH_NOISE_STEAL = 1 << 0,     /**< the hypervisor took more than 1 % of the launch */
    BENCH_NOISE_THROTTLED = 1 << 1, /**< the cgroup's quota ran out */
    BENCH_NOISE_MIGRATED = 1 << 2,  /**< moved to another CPU while measuring */
    BENCH_NOISE_PREEMPTED = 1 << 3, /**< more than 1 involuntary switch in 10 ms on average */
    BENCH_NOISE_FREQUENCY = 1 << 4, /**< the cycle ruler changed by more than 5 % over the launch */
    BENCH_NOISE_CLOCK = 1 << 5      /**< the clock drifted by more than 50 ppm: times are invalid */
};

/** What disturbed a launch while it measured. Counters are differences over its timed part. */
typedef struct bench_noise {
    int64_t involuntary_switches;
    int64_t voluntary_switches;
    int64_t minor_faults;
    int64_t major_faults;
    int64_t migrations;
    int64_t steal_ns;        /**< whole machine */
    int64_t throttled_ns;    /**< this cgroup */
    int64_t pressure_ns;     /**< PSI "some" total for CPU */
    double ruler_before_ghz; /**< 4096 dependent adds: cycles per ns without a counter */
    double ruler_after_ghz;
    unsigned contaminated; /**< BENCH_NOISE_... bits */
} bench_noise;

/** A number of the benchmark's own. */
typedef struct bench_counter_record {
    char *name; /**< owned */
    char unit[24];
    bench_counter_kind kind;
    double value; /**< final: as it is, per iteration, or per second, by kind */
} bench_counter_record;

/** A text of the benchmark's own. */
typedef struct bench_label_record {
    char *name;  /**< owned */
    char *value; /**< owned */
} bench_label_record;

/** How a launch, or a benchmark as a whole, ended. */
typedef enum bench_status {
    BENCH_STATUS_OK = 0,
    BENCH_STATUS_SKIPPED, /**< bench_skip */
    BENCH_STATUS_FAILED,  /**< bench_fail, or a mistake in the benchmark's use of the library */
    BENCH_STATUS_CRASHED, /**< ended by a signal */
    BENCH_STATUS_EXITED,  /**< called exit or _exit */
    BENCH_STATUS_TIMEOUT, /**< killed after its time */
    BENCH_STATUS_NOT_RUN  /**< the run was interrupted before it */
} bench_status;

/** Per-operation latencies: a log-linear histogram, sparse. Bucket i covers values whose index is
 *  bench__histogram_index(ns) = i; relative error at most 1 %. */
typedef struct bench_histogram_record {
    size_t n_buckets;
    uint32_t *index; /**< ascending; owned */
    uint64_t *count; /**< owned */
    uint64_t n_total;
    double min_ns, max_ns, sum_ns; /**< exact; NAN when n_total is 0 */
} bench_histogram_record;

/** One launch of one benchmark: the unit of evidence. */
typedef struct bench_launch {
    uint32_t index; /**< 0 ... launches-1 within its benchmark */
    uint64_t seed;
    int64_t started_at_ns; /**< since the start of the run */
    double wall_ns;        /**< of the whole worker, as the runner saw it */
    int calibration;       /**< index of the run's calibration reading nearest before it, or -1 */

    bench_status status;
    char *message; /**< reason of a status other than OK, with signal or timeout; owned, or NULL */
    int64_t output_bytes; /**< written by the benchmark to stdout and stderr (both are captured) */

    bench_clock_record clock;
    bench_noise noise;

    /* warm-up */
    double cold_ns;    /**< the first call of all, one iteration */
    double warm_up_ns; /**< spent until steady or capped, and on choosing the length of samples */
    int steady; /**< 0: the cap was reached before the times were flat; 1 also when there were
                            too few batches to judge */

    /* samples, in the order in which they were taken */
    size_t n_samples;
    uint64_t *iterations; /**< per sample; owned; NULL when only the summary is known */
    double *elapsed_ns;   /**< per sample, all its iterations together; owned; NULL likewise */
    double measured_ns;   /**< sum of the timed parts */
    uint64_t total_iterations;
    int64_t batch_max; /**< iterations timed at a stretch, at most; 0: a whole sample is */
    double cpu_ns;     /**< CPU time of all threads over the timed part, user and system; NAN where
                                 untimed work lies in between (batches, latencies, duels) */
    int64_t peak_rss_bytes;         /**< of the worker process, fixture included */
    uint64_t n_errors;              /**< bench_count_errors */
    bench_histogram_record latency; /**< n_total 0 unless sampled as latency */

    size_t n_counters;
    bench_counter_record *counters; /**< owned */
    size_t n_labels;
    bench_label_record
        *labels; /**< owned; not in result files, where only the benchmark has them */

    /* summary of time per iteration, ns; filled by the analysis, NAN before */
    double median_ns, q05_ns, q25_ns, q75_ns, q95_ns;
} bench_launch;

BENCH_END_DECLS

#endif
