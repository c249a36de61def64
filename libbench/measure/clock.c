/*
 * Choosing a clock, calibrating the counter against CLOCK_MONOTONIC_RAW, and finding out how fine
 * and how expensive its readings are. Knows nothing about samples or plans.
 */
#include "measure/clock.h"

#include "base/error.h"
#include "base/robust.h"
#include "measure/sysfile.h"

#include <math.h>
#include <string.h>

#define SHORTEST_SPAN_NS 1e6 /* for a rate: pairs are good to some 20 ns, 20 ppm of this */
#define CLOCKSOURCE      "/sys/devices/system/clocksource/clocksource0/current_clocksource"

#if defined(__x86_64__)

#include <cpuid.h>

#define COUNTER_KIND        BENCH_CLOCK_TSC
#define COUNTER_CLOCKSOURCE "tsc"

/* rdtscp, and a rate that neither frequency changes nor sleep states alter. */
static int counter_usable(void) {
    unsigned a, b, c, d;
    if (!__get_cpuid(0x80000001, &a, &b, &c, &d) || !(d >> 27 & 1))
        return 0;
    return __get_cpuid(0x80000007, &a, &b, &c, &d) && (d >> 8 & 1);
}

#elif defined(__aarch64__)

#define COUNTER_KIND        BENCH_CLOCK_CNTVCT
#define COUNTER_CLOCKSOURCE "arch_sys_counter"

static int counter_usable(void) {
    return 1; /* the architecture promises a constant rate and access from user space */
}

#else

#define COUNTER_KIND        BENCH_CLOCK_AUTO /* none */
#define COUNTER_CLOCKSOURCE ""

static int counter_usable(void) {
    return 0;
}

#endif

static const char *const names[] = {
    [BENCH_CLOCK_AUTO] = "auto",
    [BENCH_CLOCK_TSC] = "tsc",
    [BENCH_CLOCK_CNTVCT] = "cntvct",
    [BENCH_CLOCK_MONOTONIC_RAW] = "monotonic",
};
enum { N_NAMES = sizeof names / sizeof names[0] };

const char *bench__clock_name(bench_clock_kind kind) {
    return (unsigned)kind < N_NAMES ? names[kind] : "unknown";
}

int bench__clock_parse(bench_clock_kind *out, const char *text, bench_error *err) {
    for (unsigned i = 0; i < N_NAMES; i++) {
        if (strcmp(text, names[i]) == 0) {
            *out = (bench_clock_kind)i;
            return 0;
        }
    }
    return bench__error(err, BENCH_EINVAL, "clock '%s': not one of auto, tsc, cntvct, monotonic",
                        text);
}

static int kernel_trusts_counter(const char *root) {
    char source[32];
    bench__sysfile_line(root, CLOCKSOURCE, source, sizeof source);
    return source[0] && strcmp(source, COUNTER_CLOCKSOURCE) == 0;
}

/* A first rate; the warm-up refines it. Pairs keep their distance even when this process is
 * interrupted: slopes between neighbours in a bunch would be noise. */
static double first_rate(const struct bench__clock *clock) {
    enum { N_PAIRS = 17, APART_NS = 2000000 / (N_PAIRS - 1) };
    struct bench__clock_calibration cal = {0};
    for (int i = 0; i < N_PAIRS; i++) {
        bench__clock_pair(clock, &cal);
        int64_t next = bench__monotonic_ns() + APART_NS;
        while (bench__monotonic_ns() < next)
            continue;
    }
    return bench__clock_slope(&cal);
}

int bench__clock_open_at(struct bench__clock *clock, bench_clock_kind want, const char *root,
                         bench_error *err) {
    *clock = (struct bench__clock){.kind = BENCH_CLOCK_MONOTONIC_RAW, .ticks_per_ns = 1};
    if (want == BENCH_CLOCK_MONOTONIC_RAW)
        return 0;
    int usable = counter_usable();
    if (want == BENCH_CLOCK_AUTO && !(usable && kernel_trusts_counter(root)))
        return 0;
    if (want != BENCH_CLOCK_AUTO && !(usable && want == COUNTER_KIND))
        return bench__error(
            err, BENCH_EUNSUPPORTED,
            "clock '%s': this machine has no such counter that runs at a constant rate",
            bench__clock_name(want));
    struct bench__clock counter = {.kind = COUNTER_KIND};
    counter.ticks_per_ns = first_rate(&counter);
    if (isnan(counter.ticks_per_ns))
        return bench__error(err, BENCH_ENOMEM, "out of memory while calibrating the clock");
    *clock = counter;
    return 0;
}

int bench__clock_open(struct bench__clock *clock, bench_clock_kind want, bench_error *err) {
    return bench__clock_open_at(clock, want, "", err);
}

double bench__clock_ns(const struct bench__clock *clock, struct bench__ticks from,
                       struct bench__ticks to) {
    return (double)(int64_t)(to.n - from.n) / clock->ticks_per_ns;
}

void bench__clock_calibration_add(struct bench__clock_calibration *cal, uint64_t ticks,
                                  int64_t ns) {
    if (cal->n_offered++ % ((uint64_t)1 << cal->thinned) != 0)
        return;
    if (cal->n == BENCH__CLOCK_PAIRS) {
        for (size_t i = 0; i < BENCH__CLOCK_PAIRS / 2; i++) {
            cal->ticks[i] = cal->ticks[2 * i];
            cal->ns[i] = cal->ns[2 * i];
        }
        cal->n = BENCH__CLOCK_PAIRS / 2;
        cal->thinned++;
    }
    if (cal->n == 0) {
        cal->first_ticks = ticks;
        cal->first_ns = ns;
    }
    cal->ticks[cal->n] = (double)(int64_t)(ticks - cal->first_ticks);
    cal->ns[cal->n] = (double)(ns - cal->first_ns);
    cal->n++;
}

void bench__clock_pair(const struct bench__clock *clock, struct bench__clock_calibration *cal) {
    if (clock->read || clock->kind == BENCH_CLOCK_MONOTONIC_RAW) {
        uint64_t now = bench__clock_start(clock).n;
        bench__clock_calibration_add(cal, now, (int64_t)((double)now / clock->ticks_per_ns));
        return;
    }
    uint64_t best_width = UINT64_MAX, best_ticks = 0;
    int64_t best_ns = 0;
    for (int i = 0; i < 5; i++) {
        uint64_t before = bench__counter_start();
        int64_t ns = (int64_t)bench__clock_read_raw();
        uint64_t width = bench__counter_stop() - before;
        if (width < best_width) {
            best_width = width;
            best_ticks = before + width / 2;
            best_ns = ns;
        }
    }
    bench__clock_calibration_add(cal, best_ticks, best_ns);
}

double bench__clock_slope(const struct bench__clock_calibration *cal) {
    if (cal->n < 2 || cal->ns[cal->n - 1] < SHORTEST_SPAN_NS)
        return NAN;
    return bench__theil_sen(cal->ns, cal->ticks, cal->n);
}

double bench__clock_drift_ppm(const struct bench__clock *clock,
                              const struct bench__clock_calibration *cal) {
    struct bench__clock_calibration now = {0};
    if (cal->n == 0)
        return NAN;
    bench__clock_pair(clock, &now);
    double ns = (double)(now.first_ns - cal->first_ns) - cal->ns[cal->n - 1];
    double ticks = (double)(int64_t)(now.first_ticks - cal->first_ticks) - cal->ticks[cal->n - 1];
    return ns < SHORTEST_SPAN_NS ? NAN : (ticks / ns / clock->ticks_per_ns - 1) * 1e6;
}

enum { N_PROBES = 1001 };

/* Ticks until the clock shows another value; 0 when it stands still. */
static double next_difference(const struct bench__clock *clock) {
    uint64_t from = bench__clock_start(clock).n;
    for (int i = 0; i < 10000; i++) {
        uint64_t now = bench__clock_start(clock).n;
        if (now != from)
            return (double)(int64_t)(now - from);
    }
    return 0;
}

double bench__clock_step(double *differences, size_t n) {
    size_t needed = n / 100 > 3 ? n / 100 : 3;
    double previous = 0, step = INFINITY;
    bench__sort(differences, n);
    for (size_t begin = 0, end; begin < n; begin = end) {
        for (end = begin + 1; end < n && differences[end] <= 1.25 * differences[begin] + 1;)
            end++;
        if (end - begin < needed)
            continue;
        double middle = differences[begin + (end - begin) / 2];
        step = fmin(step, middle - previous);
        previous = middle;
    }
    return isinf(step) ? NAN : step;
}

void bench__clock_probe(const struct bench__clock *clock, double *out_resolution_ns,
                        double *out_overhead_ns) {
    double differences[N_PROBES], empty[N_PROBES];
    size_t n = 0;
    while (n < N_PROBES && (differences[n] = next_difference(clock)) != 0)
        n++;
    for (size_t i = 0; i < N_PROBES; i++) {
        struct bench__ticks from = bench__clock_start(clock);
        empty[i] = bench__clock_ns(clock, from, bench__clock_stop(clock));
    }
    *out_resolution_ns = bench__clock_step(differences, n) / clock->ticks_per_ns;
    *out_overhead_ns = bench__median_inplace(empty, N_PROBES);
}

int64_t bench__monotonic_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}
