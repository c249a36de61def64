/*
 * One launch from the cold call to the last sample. Interleaves nothing with the body but clock
 * readings; everything it needs is allocated before the first sample.
 */
#include "measure/sampler.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/robust.h"
#include "measure/plan.h"
#include "measure/warmup.h"

#include <math.h>
#include <sys/resource.h>

#define WARM_UP_CAP     2.0 /* times the warm-up asked for, when the times are not steady yet */
#define MOST_ITERATIONS (UINT64_C(1) << 40) /* a loop that takes no time is not worth more */
#define LOOK_AGAIN      0.1                 /* of the warm-up asked for: between looks beyond it */
#define PILOT_SAMPLES   9 /* per candidate; fewer when they do not fit into a quarter of warm-up */
#define OVERRUN         1.25 /* times the measurement asked for, then the launch ends */

struct sampler {
    const struct bench__sampler_options *options;
    const struct bench__body *body;
    struct bench__clock *clock;
    bench_launch *launch;
    struct bench__clock_calibration calibration;
    struct bench__ticks begin;
    double ns_per_iteration; /* latest estimate */
    int stopped;
};

static double now_ns(const struct sampler *s) {
    return bench__clock_ns(s->clock, s->begin, bench__clock_stop(s->clock));
}

static double page_faults(void) {
    struct rusage usage;
    return getrusage(RUSAGE_SELF, &usage) == 0 ? (double)usage.ru_minflt : 0;
}

/* Calls the body; time in ns by the clock's present calibration, negative once the body has
 * stopped. */
static double call(struct sampler *s, uint64_t n) {
    const double ticks = s->body->call(s->body->context, n);
    if (ticks < 0) {
        s->stopped = 1;
        return -1;
    }
    return ticks / s->clock->ticks_per_ns;
}

static uint64_t limited(const struct sampler *s, uint64_t n) {
    const uint64_t most = s->options->max_iterations;
    return most != 0 && n > most ? most : n;
}

/* Doubles n until a call is long enough to be timed well, at most until `budget_ns` is spent. */
static uint64_t grow(struct sampler *s, double long_enough_ns, double budget_ns) {
    uint64_t n = 1;
    for (;;) {
        const double ns = call(s, n);
        if (s->stopped) {
            return n;
        }
        s->ns_per_iteration = ns / (double)n;
        const uint64_t more = limited(s, n * 2);
        if (ns >= long_enough_ns || now_ns(s) >= budget_ns || more == n || n >= MOST_ITERATIONS) {
            return n;
        }
        n = more;
    }
}

static void warm_up(struct sampler *s, double shortest_ns) {
    const double from = now_ns(s), wanted = s->options->warm_up_ns;
    struct bench__warmup w = {.n = 0};
    /* also with little or no warm-up: a guess from one iteration would be of the clock alone */
    uint64_t n = grow(s, shortest_ns, from + fmax(wanted, s->options->measurement_ns / 4));
    const double batch_ns = fmax(shortest_ns, wanted / 100);
    double faults = page_faults(), next_look = wanted;
    while (!s->stopped) {
        const double spent = now_ns(s) - from;
        if (spent >= next_look) {
            s->launch->steady = bench__warmup_steady(&w);
            next_look += wanted * LOOK_AGAIN;
            if (s->launch->steady || spent >= WARM_UP_CAP * wanted) {
                s->launch->steady |= w.n < BENCH__WARMUP_MIN_BATCHES; /* too few to judge */
                break;
            }
        }
        n = bench__plan_iterations(s->ns_per_iteration, batch_ns, s->options->max_iterations);
        const double ns = call(s, n);
        if (s->stopped) {
            break;
        }
        const double faults_now = page_faults();
        s->ns_per_iteration = ns / (double)n;
        bench__warmup_add(&w, s->ns_per_iteration, faults_now - faults);
        faults = faults_now;
        bench__clock_pair(s->clock, &s->calibration);
    }
    if (w.n > 0) {
        s->ns_per_iteration = bench__median(w.mean_ns + w.n / 2, w.n - w.n / 2);
    }
    s->launch->warm_up_ns = now_ns(s) - from;
}

/* Replaces the clock's first guess by the slope seen during warm-up. */
static void calibrate(struct sampler *s) {
    bench__clock_pair(s->clock, &s->calibration);
    const double slope = bench__clock_slope(&s->calibration);
    if (slope > 0) {
        s->ns_per_iteration *= s->clock->ticks_per_ns / slope;
        s->clock->ticks_per_ns = slope;
    }
    s->launch->clock.ticks_per_ns = s->clock->ticks_per_ns;
}

/* Tries epoch lengths; @return the one that gives the most precision for its time. */
static double choose_epoch(struct sampler *s, double shortest_ns) {
    double epoch[3], mad[3] = {NAN, NAN, NAN}, x[PILOT_SAMPLES];
    const size_t n_candidates = bench__plan_candidates(
        epoch, shortest_ns, s->options->measurement_ns, s->options->sample_size);
    if (n_candidates == 1) {
        return epoch[0];
    }
    const double until = now_ns(s) + s->options->warm_up_ns / 4;
    for (size_t c = 0; c < n_candidates && !s->stopped; c++) {
        const uint64_t n =
            bench__plan_iterations(s->ns_per_iteration, epoch[c], s->options->max_iterations);
        size_t k = 0;
        while (k < PILOT_SAMPLES && (k < 3 || now_ns(s) < until)) {
            const double ns = call(s, n);
            if (s->stopped) {
                break;
            }
            x[k++] = ns / (double)n;
        }
        mad[c] = k >= 3 ? bench__mad_inplace(x, k) : NAN;
        if (now_ns(s) >= until) {
            break;
        }
    }
    return epoch[bench__plan_choose(epoch, mad, n_candidates)];
}

/* Fills launch->iterations with the iterations of each sample. @return their number. */
static size_t plan(struct sampler *s, double shortest_ns, double measurement_ns) {
    uint64_t *iterations = s->launch->iterations;
    const int sample_size = s->options->sample_size;
    if (s->options->sampling == BENCH_SAMPLING_LINEAR) {
        struct bench__rng rng;
        bench__rng_init(&rng, s->options->seed);
        return bench__plan_linear(iterations, sample_size, s->ns_per_iteration, shortest_ns,
                                  measurement_ns, s->options->max_iterations, &rng);
    }
    const double from = now_ns(s);
    const double epoch = choose_epoch(s, shortest_ns);
    s->launch->warm_up_ns +=
        now_ns(s) - from; /* the pilot's samples warm up too, and are not kept */
    const uint64_t n =
        bench__plan_iterations(s->ns_per_iteration, epoch, s->options->max_iterations);
    const size_t n_samples =
        bench__plan_samples(measurement_ns, s->ns_per_iteration * (double)n, sample_size);
    for (size_t i = 0; i < n_samples; i++) {
        iterations[i] = n;
    }
    return n_samples;
}

static void take_samples(struct sampler *s, size_t n_samples) {
    bench_launch *launch = s->launch;
    const double until = now_ns(s) + OVERRUN * s->options->measurement_ns;
    launch->measured_ns = 0;
    for (size_t i = 0; i < n_samples; i++) {
        const double ns = call(s, launch->iterations[i]);
        if (s->stopped) {
            break;
        }
        launch->measured_ns += ns;
        launch->total_iterations += launch->iterations[i];
        if (!s->options->no_keep) {
            launch->elapsed_ns[launch->n_samples++] = ns;
        }
        if (now_ns(s) >= until) {
            break;
        }
    }
}

/* Somebody else's plan: before each timed sample some untimed iterations, because the other side
 * has just had the caches and predictors. */
static void take_turns(struct sampler *s, size_t n_samples) {
    const struct bench__turns *turns = s->options->turns;
    bench_launch *launch = s->launch;
    uint64_t n = 0, n_untimed = 0;
    launch->measured_ns = 0;
    while (launch->n_samples < n_samples && turns->next(turns->context, &n, &n_untimed)) {
        if (n_untimed > 0) {
            s->body->pause(s->body->context, 1);
            call(s, n_untimed);
            s->body->pause(s->body->context, 0);
        }
        const double ns = s->stopped ? -1 : call(s, n);
        turns->done(turns->context);
        if (s->stopped) {
            break;
        }
        launch->iterations[launch->n_samples] = n;
        launch->elapsed_ns[launch->n_samples++] = ns;
        launch->total_iterations += n;
        launch->measured_ns += ns;
    }
}

/* --profile-time: the body, warm, for as long as was asked, without a record of single samples. */
static void run_for(struct sampler *s, double shortest_ns) {
    const double until = now_ns(s) + s->options->measurement_ns;
    const uint64_t n = bench__plan_iterations(s->ns_per_iteration, fmax(shortest_ns, 1e6),
                                              s->options->max_iterations);
    for (size_t i = 0; i < (size_t)s->options->sample_size; i++) {
        s->launch->iterations[i] = n;
    }
    while (!s->stopped && now_ns(s) < until) {
        take_samples(s, (size_t)s->options->sample_size);
    }
}

/* How many samples there will be, with launch->iterations filled as far as it is known. */
static size_t prepare_samples(struct sampler *s, double shortest_ns) {
    const struct bench__turns *turns = s->options->turns;
    if (turns != NULL) {
        const size_t n = turns->begin(turns->context, s->ns_per_iteration);
        return n < (size_t)s->options->sample_size ? n : (size_t)s->options->sample_size;
    }
    if (s->options->no_keep) {
        return 1;
    }
    return plan(s, shortest_ns, s->options->measurement_ns);
}

/* The timed part, with the record of what happened around it. */
static void measure(struct sampler *s, size_t n_samples, double shortest_ns,
                    struct bench__noise_probe *probe) {
    bench_launch *launch = s->launch;
    struct bench__noise_reading before, after;
    s->body->forget(s->body->context);
    const double from = now_ns(s);
    const int64_t cpu_from = bench__process_cpu_ns();
    if (probe != NULL) {
        bench__noise_read(probe, s->clock, &before);
    }
    if (s->options->turns != NULL) {
        take_turns(s, n_samples);
    } else if (s->options->no_keep) {
        run_for(s, shortest_ns);
    } else {
        take_samples(s, n_samples);
    }
    const int64_t cpu_to = bench__process_cpu_ns();
    launch->cpu_ns = cpu_from >= 0 && cpu_to >= 0 && s->options->turns == NULL
                         ? (double)(cpu_to - cpu_from)
                         : NAN;
    launch->clock.drift_ppm = bench__clock_drift_ppm(s->clock, &s->calibration);
    if (probe != NULL) {
        bench__noise_read(probe, s->clock, &after);
        bench__noise_between(&before, &after, now_ns(s) - from, launch->clock.drift_ppm,
                             &launch->noise);
    }
}

/* An operation longer than the whole launch: it is not warmed up, and one sample is all there is. A
 * slow first call alone does not make one: the sample itself decides. */
static int is_long(struct sampler *s, double shortest_ns, struct bench__noise_probe *probe) {
    bench_launch *launch = s->launch;
    const double most = s->options->measurement_ns;
    if (launch->cold_ns <= most || s->options->turns != NULL || s->options->no_keep) {
        return 0;
    }
    launch->iterations[0] = 1;
    measure(s, 1, shortest_ns, probe);
    if (s->stopped || launch->elapsed_ns[0] > most) {
        launch->steady = 1; /* nobody looked */
        return 1;
    }
    s->ns_per_iteration = launch->elapsed_ns[0];
    launch->n_samples = 0;
    launch->total_iterations = 0;
    return 0;
}

int bench__sample(bench_launch *launch, const struct bench__sampler_options *options,
                  const struct bench__body *body, struct bench__clock *clock,
                  struct bench__noise_probe *probe, bench_error *err) {
    struct sampler s = {.options = options, .body = body, .clock = clock, .launch = launch};
    launch->iterations = bench__alloc((size_t)options->sample_size, sizeof *launch->iterations);
    launch->elapsed_ns = bench__alloc((size_t)options->sample_size, sizeof *launch->elapsed_ns);
    if (launch->iterations == NULL || launch->elapsed_ns == NULL) {
        return bench__error(err, BENCH_ENOMEM, "out of memory for %d sample%s",
                            options->sample_size, options->sample_size == 1 ? "" : "s");
    }
    launch->clock.kind = clock->kind;
    launch->clock.ticks_per_ns = clock->ticks_per_ns;
    bench__clock_probe(clock, &launch->clock.resolution_ns, &launch->clock.overhead_ns);
    const double shortest_ns =
        bench__plan_shortest_epoch_ns(launch->clock.resolution_ns, launch->clock.overhead_ns);
    s.begin = bench__clock_start(clock);
    bench__clock_pair(clock, &s.calibration);
    const double cold = call(&s, 1);
    launch->cold_ns = s.stopped ? NAN : cold;
    s.ns_per_iteration = cold;
    if (!s.stopped && !options->once && !is_long(&s, shortest_ns, probe)) {
        warm_up(&s, shortest_ns);
        calibrate(&s);
        const size_t n_samples = s.stopped ? 0 : prepare_samples(&s, shortest_ns);
        if (!s.stopped && n_samples > 0) {
            measure(&s, n_samples, shortest_ns, probe);
        }
    }
    launch->peak_rss_bytes = bench__peak_rss_bytes();
    return 0;
}
