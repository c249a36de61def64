/*
 * bench/bench.h - write benchmarks and run them.
 *
 *     static void sum(bench_state *b) {
 *         const int64_t n = bench_param_i64(b, "n");
 *         BENCH_LOOP(b) {
 *             bench_keep(sum_to(n));
 *         }
 *     }
 *
 *     int main(int argc, char **argv) {
 *         bench_suite *s = bench_suite_new("numbers");
 *         bench_group *g = bench_group_new(s, "sum");
 *         bench_group_axis_i64(g, "n", (int64_t[]){10, 1000}, 2);
 *         bench_add(g, "plain", sum, NULL);
 *         return bench_main(argc, argv, &s, 1);
 *     }
 *
 * A benchmark's body is called many times, in worker processes of its own; each call runs the loop
 * once and the time between the loop's first and last iteration is one sample. Whatever stands in
 * the body before and after the loop is not timed.
 */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <bench/common.h>

BENCH_BEGIN_DECLS

typedef struct bench_suite bench_suite;
typedef struct bench_group bench_group;
typedef struct bench_state bench_state;

/* ---- keeping the optimiser honest ------------------------------------------------------------ */

/**
 * Makes the compiler produce the value of an expression and forget what it knows about memory.
 * Costs no instruction beyond having the value in a register or in memory.
 */
#define bench_keep(expr)                                                                           \
    do {                                                                                           \
        __typeof__(expr) bench_kept_ = (expr);                                                     \
        __asm__ __volatile__("" : : "r,m"(bench_kept_) : "memory");                                \
    } while (0)

/** Makes every pending store visible: no value in memory may be assumed known afterwards. */
#define bench_clobber() __asm__ __volatile__("" : : : "memory")

/* ---- loop styles ------------------------------------------------------------------------------
 */

/**
 * The timed loop: a countdown in a register. Timing starts when it is entered and stops when it is
 * left by its own end. Leaving it by break, return or goto makes the benchmark fail, except after
 * bench_skip() or bench_fail(). Exactly one loop per call of the body.
 */
#define BENCH_LOOP(b)                                                                              \
    for (uint64_t bench_left_ = bench_loop_enter(b);                                               \
         bench_left_ != 0 || (bench_left_ = bench_loop_next(b)) != 0; bench_left_--)

/**
 * The same with the iteration's index in `i` (a uint64_t that it declares), counted from 0 within
 * the current batch. Use it to walk over what batch_setup prepared.
 */
#define BENCH_LOOP_INDEX(b, i)                                                                     \
    for (uint64_t i = 0, bench_end_ = bench_loop_enter(b);                                         \
         i != bench_end_ || (i = 0, (bench_end_ = bench_loop_next(b)) != 0); i++)

/** For the macros: prepares a loop and starts the clock. @return iterations until loop_next. */
BENCH_API uint64_t bench_loop_start(bench_state *b);
/** For the macros: stops the clock. @return iterations of the next stretch, 0 at the end. */
BENCH_API uint64_t bench_loop_next(bench_state *b);

/**
 * For the macros: bench_loop_start(), and then the loop's first instruction at the start of a cache
 * line. Where the linker happens to put a tight loop would otherwise decide whether an iteration
 * costs one cycle or two.
 */
__attribute__((always_inline)) static inline uint64_t bench_loop_enter(bench_state *b) {
    const uint64_t n = bench_loop_start(b);
#if defined(__x86_64__) || defined(__aarch64__)
    __asm__ __volatile__(".p2align 6");
#endif
    return n;
}

/**
 * For caller-timed benchmarks (bench_opts.caller_timed): how many iterations this call has to run.
 * Report their time with bench_set_elapsed_ns() before returning.
 */
BENCH_API uint64_t bench_iterations(const bench_state *b);
/** The time in nanoseconds that all iterations of this call took together; finite and >= 0. */
BENCH_API void bench_set_elapsed_ns(bench_state *b, double elapsed_ns);

/* ---- inside a benchmark -----------------------------------------------------------------------
 */

/** The value of an axis: a number of an integer axis, the text of any (an integer's is "100"). An
 *  axis that does not exist, or has no numbers, fails the benchmark with a message and yields 0 or
 *  "". The string lives until the launch's teardown returns. */
BENCH_API int64_t bench_param_i64(bench_state *b, const char *name);
BENCH_API const char *bench_param_str(bench_state *b, const char *name);

/** The benchmark's own pointer, shared by setup, body, teardown and all threads of one launch. */
BENCH_API void bench_set_user(bench_state *b, void *user);
BENCH_API void *bench_user(const bench_state *b);
/** A pointer of this thread alone, for thread_setup. */
BENCH_API void bench_set_thread_user(bench_state *b, void *user);
BENCH_API void *bench_thread_user(const bench_state *b);

/** From setup, instead of bench_opts.batch_max: how many iterations a batch has at most, where that
 *  depends on the parameters. Above 0; outside setup or without batches the benchmark fails. */
BENCH_API void bench_set_batch_max(bench_state *b, uint64_t batch_max);

/** Number of this thread, from 0, and how many run the body together (1 without a threads axis). */
BENCH_API int bench_thread_index(const bench_state *b);
BENCH_API int bench_n_threads(const bench_state *b);

/** A seed that differs from launch to launch and is the same when a run is replayed. */
BENCH_API uint64_t bench_seed(const bench_state *b);

/** Ends this benchmark with verdict "skipped" or "failed" and a reason (printf style, one line).
 *  Return from the body or from setup right afterwards. The first reason wins. */
BENCH_API void bench_skip(bench_state *b, const char *format, ...) BENCH_PRINTF(2, 3);
BENCH_API void bench_fail(bench_state *b, const char *format, ...) BENCH_PRINTF(2, 3);

/** How a counter's value is to be read. */
typedef enum bench_counter_kind {
    BENCH_COUNTER_VALUE = 0,     /**< as it is: bytes per message, a fill level */
    BENCH_COUNTER_PER_ITERATION, /**< a total over the timed iterations, shown per iteration */
    BENCH_COUNTER_RATE           /**< a total over the timed iterations, shown per second */
} bench_counter_kind;

/**
 * Reports a number of the benchmark's own beside its time. VALUE keeps the last value of a launch,
 * the others add up over the calls of the body. Call it outside the loop; `name` and `unit`
 * ("bytes", "1", ...) are copied. One name has one kind: another one fails the benchmark. Safe from
 * every thread.
 */
BENCH_API void bench_counter(bench_state *b, const char *name, double value,
                             bench_counter_kind kind, const char *unit);
/**
 * Says in words what no number says: what a server promises, which algorithm was chosen. A label is
 * kept with the result and shown by --verbose and on the HTML page. Both texts are copied: one line
 * of UTF-8 each, `name` not empty; anything else fails the benchmark. The same name again replaces
 * the value; where launches disagree, the first of them counts. Not inside the loop. Safe from
 * every thread.
 */
BENCH_API void bench_label(bench_state *b, const char *name, const char *value);
/** Adds operations that went wrong (lost messages, refused calls) to the benchmark's error rate. */
BENCH_API void bench_count_errors(bench_state *b, uint64_t n_errors);

/* ---- declaring benchmarks ---------------------------------------------------------------------
 */

typedef void bench_fn(bench_state *b);
typedef int bench_setup_fn(bench_state *b); /**< 0, or anything else after bench_fail/bench_skip */
typedef int bench_batch_setup_fn(bench_state *b, uint64_t n_iterations);
typedef void bench_batch_teardown_fn(bench_state *b, uint64_t n_iterations);

/** How iterations are grouped into samples. */
typedef enum bench_sampling {
    BENCH_SAMPLING_AUTO =
        0,                 /**< flat, unless the benchmark's options or the command line say more */
    BENCH_SAMPLING_FLAT,   /**< every sample has the same number of iterations */
    BENCH_SAMPLING_LINEAR, /**< d, 2d, 3d ... iterations in random order; gives a slope estimate */
    BENCH_SAMPLING_LATENCY /**< every iteration timed alone into a histogram: a real p99 */
} bench_sampling;

/** Options of one benchmark. Zero means default; append-only; all fields are optional. */
typedef struct bench_opts {
    uint32_t version;             /**< 0: the version of this header */
    bench_setup_fn *setup;        /**< once per launch, before anything is timed */
    bench_fn *teardown;           /**< once per launch, also after a failure in the body */
    bench_setup_fn *thread_setup; /**< once per thread and launch, in that thread, after setup */
    bench_fn *thread_teardown;
    bench_batch_setup_fn *batch_setup; /**< untimed, before every batch, in the thread that loops */
    bench_batch_teardown_fn *batch_teardown; /**< untimed, after every batch */
    uint64_t batch_max; /**< iterations per batch at most; default 1024; without a batch_setup or
                             batch_teardown a mistake */
    int caller_timed;   /**< the body times itself: bench_iterations, bench_set_elapsed_ns; has no
                             batches: with batch_setup or batch_teardown a mistake */
    bench_sampling sampling;
    int64_t warm_up_time_ns;     /**< over all launches; the command line wins */
    int64_t measurement_time_ns; /**< over all launches; the command line wins */
    int launches;                /**< the command line wins */
    int sample_size;             /**< samples per launch at most; the command line wins */
    int64_t timeout_ns;          /**< per launch */
    uint64_t max_iterations; /**< per call of the body, for work that cannot be repeated freely */
} bench_opts;

/**
 * A suite: a named set of groups. Names of suites, groups, functions and axes may hold any
 * printable UTF-8 except '/', ',' and '='; they are copied. Declaration never fails half-way: the
 * first mistake (a duplicate, an empty axis, no memory) is kept in the suite and reported by
 * bench_main().
 * @return a suite, or NULL without memory (which every function below accepts).
 */
BENCH_API bench_suite *bench_suite_new(const char *name);
BENCH_API void bench_suite_free(bench_suite *suite);

/** A group in a suite, owned by it. Axes apply to every benchmark of the group. */
BENCH_API bench_group *bench_group_new(bench_suite *suite, const char *name);

/** Adds an axis: the group's benchmarks run for each combination of the values of all axes, the
 *  first axis varying slowest. Values are copied. */
BENCH_API void bench_group_axis_i64(bench_group *group, const char *name, const int64_t *values,
                                    size_t n_values);
BENCH_API void bench_group_axis_str(bench_group *group, const char *name, const char *const *values,
                                    size_t n_values);
/**
 * The axis "threads": so many threads run the body at once, released together at a barrier when
 * they enter their loops. Every thread performs the sample's n iterations; the sample's time is
 * from the first thread's start to the last thread's stop; time per iteration is that divided by n,
 * and throughput counts the iterations of all threads. A caller_timed body has no loop, so its
 * threads are not released together: synchronise them in the body where that matters; the sample's
 * time is the longest that a thread reports.
 */
BENCH_API void bench_group_threads(bench_group *group, const int64_t *values, size_t n_values);

typedef enum bench_throughput_unit {
    BENCH_BYTES = 1,   /**< shown as B/s with binary prefixes */
    BENCH_ELEMENTS = 2 /**< shown as /s */
} bench_throughput_unit;

/** What one iteration processes: the value of an integer axis, or 1 when `axis` is NULL. Both units
 *  can be given; the product of axes by calling it once more for the same unit. _fixed() gives
 *  another number, above 0, which is a factor of that product too. */
BENCH_API void bench_group_throughput(bench_group *group, bench_throughput_unit unit,
                                      const char *axis);
BENCH_API void bench_group_throughput_fixed(bench_group *group, bench_throughput_unit unit,
                                            double per_iteration);

/** Adds a benchmark to a group. `opts` may be NULL and is copied. */
BENCH_API void bench_add(bench_group *group, const char *function, bench_fn *body,
                         const bench_opts *opts);

/**
 * Declares two functions of the group, which may be added later, as a pair: for every combination
 * of the axes they are also measured side by side, taking strict turns, and reported as what
 * `variant` costs more than `base`. This is for "what does this feature cost?": it resolves
 * differences that two separate measurements cannot. A pair is called "suite/group/name/params";
 * `name` must differ from the functions' names. Names are copied.
 */
BENCH_API void bench_pair(bench_group *group, const char *name, const char *base,
                          const char *variant);

/* ---- running ----------------------------------------------------------------------------------
 */

/** How the benchmark executable was built: part of what makes two results comparable. */
typedef struct bench_build {
    uint32_t version; /**< 0: the version of this header */
    const char *compiler;
    const char *flags;
} bench_build;

#if defined(__clang__)
#define BENCH_COMPILER "clang " __clang_version__
#elif defined(__GNUC__)
#define BENCH_COMPILER "gcc " __VERSION__
#else
#define BENCH_COMPILER "unknown"
#endif

#ifndef BENCH_COMPILE_FLAGS /* the CMake helper bench_add_executable() defines it */
#if defined(__OPTIMIZE_SIZE__)
#define BENCH_COMPILE_FLAGS "-Os"
#elif defined(__OPTIMIZE__)
#define BENCH_COMPILE_FLAGS "optimised"
#else
#define BENCH_COMPILE_FLAGS "not optimised"
#endif
#endif

struct bench_reporter; /* bench/report.h */

/** What bench_main() calls, with the build of the executable rather than of the library. */
BENCH_API int bench_main_build(int argc, char **argv, bench_suite *const *suites, size_t n_suites,
                               const struct bench_reporter *reporter, const bench_build *build);

/**
 * The command line of a benchmark executable (link libbench::main). Takes ownership of nothing;
 * free the suites afterwards if you care. Also the entry of the worker processes: call it early,
 * and do the same work before it in every process.
 * @return the exit code: 0 ok, 1 a benchmark failed, 2 usage or unreadable file, 3 regressed or
 * over budget, 4 inconclusive (on request), 5 missing or incomparable, 77 everything skipped, 130
 * interrupted.
 */
static inline int bench_main(int argc, char **argv, bench_suite *const *suites, size_t n_suites) {
    const bench_build build = {0, BENCH_COMPILER, BENCH_COMPILE_FLAGS};
    return bench_main_build(argc, argv, suites, n_suites, NULL, &build);
}

BENCH_END_DECLS

#endif
