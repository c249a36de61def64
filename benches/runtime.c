/*
 * runtime: what stands below a broker. Here are the ways of threads and time: handing work to a
 * thread, waking one, timers. Connections are in runtime_pool.c, memory in runtime_allocator.c.
 *
 * A hang ends a launch by its time limit, and fails the benchmark.
 */
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "fixtures.h"
#include "suites.h"
#include "wakeup.h"

#define LAUNCH_LIMIT_NS INT64_C(10000000000)

/* ---- thread_pool: submit a task, wait until it is done --------------------------------------- */

enum { QUEUE = 64 }; /* tasks that wait, a power of two */

struct task {
    void (*run)(void *argument);
    void *argument;
};

/* One submitter and one worker, so the bounded queue between them needs no lock. */
struct pool {
    struct task queue[QUEUE];
    atomic_uint n_submitted, n_done;
    struct wakeup submitted, done;
    pthread_t thread;
    int has_thread;
    int is_ending;    /* set by the last task */
    uint64_t n_runs;  /* of count_run(), by the worker */
    unsigned n_tasks; /* per iteration */
};

static void *work(void *argument) {
    struct pool *p = argument;
    while (!p->is_ending) {
        wakeup_wait(&p->submitted);
        for (unsigned at = atomic_load(&p->n_done); at != atomic_load(&p->n_submitted); at++) {
            const struct task task = p->queue[at % QUEUE];
            task.run(task.argument);
            atomic_store(&p->n_done, at + 1);
        }
        wakeup_send(&p->done);
    }
    return NULL;
}

static void wait_for(struct pool *p, unsigned n_done) {
    while ((int)(n_done - atomic_load(&p->n_done)) > 0) { /* both wrap around */
        wakeup_wait(&p->done);
    }
}

static void submit(struct pool *p, void (*run)(void *argument)) {
    const unsigned at = atomic_load(&p->n_submitted);
    wait_for(p, at + 1 - QUEUE);
    p->queue[at % QUEUE] = (struct task){run, p};
    atomic_store(&p->n_submitted, at + 1);
    wakeup_send(&p->submitted);
}

static void count_run(void *argument) {
    ((struct pool *)argument)->n_runs++;
}

static void end_work(void *argument) {
    ((struct pool *)argument)->is_ending = 1;
}

static int pool_setup(bench_state *b, const char *kind) {
    struct pool *p = fx_new(b, sizeof *p);
    if (!p) {
        return -1;
    }
    p->n_tasks = (unsigned)bench_param_i64(b, "tasks");
    if (wakeup_init(&p->submitted, kind) || wakeup_init(&p->done, kind) ||
        pthread_create(&p->thread, NULL, work, p) != 0) {
        bench_fail(b, "the system refuses a thread, or what wakes it");
        return -1;
    }
    p->has_thread = 1;
    return 0;
}

static int condvar_pool_setup(bench_state *b) {
    return pool_setup(b, "condvar");
}

static int futex_pool_setup(bench_state *b) {
    return pool_setup(b, "futex");
}

static int eventfd_pool_setup(bench_state *b) {
    return pool_setup(b, "eventfd");
}

static void pool_teardown(bench_state *b) {
    struct pool *p = bench_user(b);
    if (!p) {
        return;
    }
    if (p->has_thread) {
        submit(p, end_work);
        pthread_join(p->thread, NULL);
    }
    wakeup_clear(&p->submitted);
    wakeup_clear(&p->done);
    free(p);
}

/* The worker is told of every task, and of as many at once as it has missed. */
static void hand_off(bench_state *b) {
    struct pool *p = bench_user(b);
    const uint64_t n_before = p->n_runs;
    uint64_t n_submitted = 0;
    BENCH_LOOP(b) {
        for (unsigned i = 0; i < p->n_tasks; i++) {
            submit(p, count_run);
        }
        wait_for(p, atomic_load(&p->n_submitted));
        n_submitted += p->n_tasks;
    }
    if (p->n_runs - n_before != n_submitted) {
        bench_fail(b, "tasks were not run exactly once");
    }
}

static void add_thread_pool(bench_suite *suite) {
    static const int64_t tasks[] = {1, 64};
    bench_opts opts = {.teardown = pool_teardown, .timeout_ns = LAUNCH_LIMIT_NS};
    bench_group *g = bench_group_new(suite, "thread_pool");
    bench_group_axis_i64(g, "tasks", tasks, 2);
    bench_group_throughput(g, BENCH_ELEMENTS, "tasks");
    opts.setup = condvar_pool_setup;
    bench_add(g, "condvar", hand_off, &opts);
    opts.setup = futex_pool_setup;
    bench_add(g, "futex", hand_off, &opts);
    opts.setup = eventfd_pool_setup;
    bench_add(g, "eventfd", hand_off, &opts);
}

/* ---- wakeup: of another thread, and by it ---------------------------------------------------- */

struct echo {
    struct wakeup there, back;
    pthread_t thread;
    int has_thread;
    int is_ending;       /* before the last one is sent there */
    uint64_t n_answered; /* by the thread, before it sends back */
};

static void *answer(void *argument) {
    struct echo *e = argument;
    for (;;) {
        wakeup_wait(&e->there);
        if (e->is_ending) {
            return NULL;
        }
        e->n_answered++;
        wakeup_send(&e->back);
    }
}

static int echo_setup(bench_state *b) {
    struct echo *e = fx_new(b, sizeof *e);
    const char *kind = bench_param_str(b, "by");
    if (!e) {
        return -1;
    }
    if (wakeup_init(&e->there, kind) || wakeup_init(&e->back, kind) ||
        pthread_create(&e->thread, NULL, answer, e) != 0) {
        bench_fail(b, "no wake-up by %s", kind);
        return -1;
    }
    e->has_thread = 1;
    return 0;
}

static void echo_teardown(bench_state *b) {
    struct echo *e = bench_user(b);
    if (!e) {
        return;
    }
    if (e->has_thread) {
        e->is_ending = 1;
        wakeup_send(&e->there);
        pthread_join(e->thread, NULL);
    }
    wakeup_clear(&e->there);
    wakeup_clear(&e->back);
    free(e);
}

/* Two wake-ups: one clock cannot tell when another thread has begun to run. */
static void there_and_back(bench_state *b) {
    struct echo *e = bench_user(b);
    const uint64_t n_before = e->n_answered;
    uint64_t n_sent = 0;
    BENCH_LOOP(b) {
        wakeup_send(&e->there);
        wakeup_wait(&e->back);
        n_sent++;
    }
    if (e->n_answered - n_before != n_sent) {
        bench_fail(b, "%llu answers to %llu wake-ups",
                   (unsigned long long)(e->n_answered - n_before), (unsigned long long)n_sent);
    }
}

static void add_wakeup(bench_suite *suite) {
    static const char *const kinds[] = {"condvar", "futex", "eventfd", "epoll_eventfd", "pipe"};
    bench_group *g = bench_group_new(suite, "wakeup");
    bench_group_axis_str(g, "by", kinds, sizeof kinds / sizeof kinds[0]);
    bench_add(g, "there_and_back", there_and_back,
              &(bench_opts){.setup = echo_setup,
                            .teardown = echo_teardown,
                            .sampling = BENCH_SAMPLING_LATENCY,
                            .timeout_ns = LAUNCH_LIMIT_NS});
}

/* ---- timer: how late is it after 100 us? ----------------------------------------------------- */

enum { WAIT_NS = 100000, SAMPLES = 1 << 15, NS_PER_S = 1000000000 };

struct timer {
    int fd; /* of the timerfd, or -1 */
    uint64_t n;
    int64_t late_ns[SAMPLES]; /* the latest ones */
};

static int timer_setup(bench_state *b) {
    struct timer *t = fx_new(b, sizeof *t);
    if (!t) {
        return -1;
    }
    t->fd = -1;
    return 0;
}

static int exact_timer_setup(bench_state *b) {
    prctl(PR_SET_TIMERSLACK, 1);
    return timer_setup(b);
}

static int timerfd_setup(bench_state *b) {
    if (timer_setup(b)) {
        return -1;
    }
    struct timer *t = bench_user(b);
    t->fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    if (t->fd < 0) {
        bench_fail(b, "no timerfd");
        return -1;
    }
    return 0;
}

static int compare_late(const void *a, const void *b) {
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void report_lateness(bench_state *b, struct timer *t) {
    const size_t n = t->n < SAMPLES ? (size_t)t->n : SAMPLES;
    if (n == 0) {
        return;
    }
    qsort(t->late_ns, n, sizeof t->late_ns[0], compare_late);
    bench_counter(b, "late_p50", (double)t->late_ns[n / 2], BENCH_COUNTER_VALUE, "ns");
    bench_counter(b, "late_p99", (double)t->late_ns[n - 1 - n / 100], BENCH_COUNTER_VALUE, "ns");
}

static void timer_teardown(bench_state *b) {
    struct timer *t = bench_user(b);
    if (!t) {
        return;
    }
    report_lateness(b, t);
    if (t->fd >= 0) {
        close(t->fd);
    }
    prctl(PR_SET_TIMERSLACK, 0); /* as it was */
    free(t);
}

static struct timespec now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t;
}

static struct timespec due_from(struct timespec t) {
    t.tv_nsec += WAIT_NS;
    if (t.tv_nsec >= NS_PER_S) {
        t.tv_nsec -= NS_PER_S;
        t.tv_sec++;
    }
    return t;
}

/* @return whether it came too early, which it must not. */
static int note_lateness(struct timer *t, const struct timespec *due) {
    const struct timespec at = now();
    const int64_t late_ns =
        (int64_t)(at.tv_sec - due->tv_sec) * NS_PER_S + (at.tv_nsec - due->tv_nsec);
    t->late_ns[t->n++ % SAMPLES] = late_ns;
    return late_ns < 0;
}

/* What is timed is 100 us and the lateness; the counters tell the lateness alone. */
static void sleep_until(bench_state *b) {
    struct timer *t = bench_user(b);
    uint64_t n_wrong = 0;
    BENCH_LOOP(b) {
        const struct timespec due = due_from(now());
        n_wrong += clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL) != 0;
        n_wrong += (uint64_t)note_lateness(t, &due);
    }
    bench_count_errors(b, n_wrong);
}

static void timerfd_until(bench_state *b) {
    struct timer *t = bench_user(b);
    uint64_t n_wrong = 0;
    BENCH_LOOP(b) {
        const struct itimerspec due = {.it_value = due_from(now())};
        uint64_t n_expired = 0;
        n_wrong += timerfd_settime(t->fd, TFD_TIMER_ABSTIME, &due, NULL) != 0 ||
                   read(t->fd, &n_expired, sizeof n_expired) != sizeof n_expired || n_expired != 1;
        n_wrong += (uint64_t)note_lateness(t, &due.it_value);
    }
    bench_count_errors(b, n_wrong);
}

/* A p99 over all launches needs 10,000 waits of 150 us; one of a launch should have 1000. */
static void add_timer(bench_suite *suite) {
    bench_opts opts = {.setup = timer_setup,
                       .teardown = timer_teardown,
                       .sampling = BENCH_SAMPLING_LATENCY,
                       .warm_up_time_ns = 200000000,
                       .measurement_time_ns = 2400000000,
                       .launches = 6,
                       .timeout_ns = LAUNCH_LIMIT_NS};
    bench_group *g = bench_group_new(suite, "timer");
    bench_add(g, "clock_nanosleep", sleep_until, &opts);
    opts.setup = exact_timer_setup; /* by default the kernel may be 50 us late to save wake-ups */
    bench_add(g, "clock_nanosleep_without_slack", sleep_until, &opts);
    opts.setup = timerfd_setup;
    bench_add(g, "timerfd", timerfd_until, &opts);
}

bench_suite *runtime_suite(void) {
    bench_suite *suite = bench_suite_new("runtime");
    add_thread_pool(suite);
    add_wakeup(suite);
    add_timer(suite);
    runtime_add_connection_pool(suite);
    runtime_add_allocator(suite);
    return suite;
}
