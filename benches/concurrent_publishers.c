/*
 * The part of concurrent_access in which threads only publish: batches of 100 messages of 1024
 * bytes to one broker.
 *
 * own_topic and shared_topic publish messages that were made beforehand, from threads that were
 * started beforehand, without a pause from the first thread's start to the last one's end. The
 * queues have room for that. Before the next time each thread takes out as much as it has put in,
 * and all wait until the others have done so. spawn is the cold form: threads and messages are made
 * while the clock runs.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "fixtures.h"
#include "minibus/broker.h"
#include "minibus/error.h"
#include "suites.h"

enum {
    BATCH = 100,
    SIZE = 1024,
    STRETCH = 1000, /* iterations at most until the queues are emptied */
    TOPIC_SIZE = 32
};

static const int64_t publishers[] = {1, 2, 4, 8, 16};
enum { N_PUBLISHERS = sizeof publishers / sizeof publishers[0] };

static void release_messages(mb_message **messages) {
    for (int i = 0; i < BATCH; i++) {
        mb_message_unref(messages[i]);
    }
}

/* Numbered from `first`, so that a receiver knows them again. */
static int make_messages(mb_message **messages, uint64_t first) {
    int rc = 0;
    for (int i = 0; i < BATCH && rc == 0; i++) {
        rc = fx_message(&messages[i], SIZE);
        if (rc == 0) {
            rc = mb_message_set_sequence(messages[i], first + (uint64_t)i);
        }
    }
    return rc;
}

/* ---- own_topic, shared_topic ----------------------------------------------------------------- */

/* Messages by number, sum of the topic's numbers, sum of the publishers' numbers: nothing was lost,
 * nothing came twice, nothing else came. */
struct tally {
    atomic_ullong n, topic_sum, publisher_sum;
};

struct shared {
    mb_broker *broker;
    mb_subscriber *subscriber; /* of the shared topic, or NULL */
    struct tally published, received;
};

struct publisher {
    char topic[TOPIC_SIZE];
    mb_subscriber *subscriber;
    mb_subscriber *own; /* the same if it is this thread's, otherwise NULL */
    uint64_t sequence;  /* of the last message that came out */
    uint64_t first;     /* of its messages */
    uint64_t n_batches; /* published and not taken out yet */
    mb_message *messages[BATCH];
};

static int broker_setup(bench_state *b, size_t n_publishers) {
    struct shared *s = fx_new(b, sizeof *s);
    const mb_broker_options options = {.queue_capacity = n_publishers * STRETCH * BATCH};
    return s ? fx_failed(b, mb_broker_new(&s->broker, &options)) : -1;
}

static int own_topic_setup(bench_state *b) {
    return broker_setup(b, 1);
}

static int shared_topic_setup(bench_state *b) {
    if (broker_setup(b, (size_t)bench_n_threads(b))) {
        return -1;
    }
    struct shared *s = bench_user(b);
    return fx_failed(b, mb_subscribe(&s->subscriber, s->broker, "topic"));
}

static void expect_equal(bench_state *b, const char *what, const atomic_ullong *published,
                         const atomic_ullong *received) {
    if (*published != *received) {
        bench_fail(b, "%s of what was published is %llu, of what was received %llu", what,
                   *published, *received);
    }
}

static void broker_teardown(bench_state *b) {
    struct shared *s = bench_user(b);
    if (!s) {
        return;
    }
    if (s->subscriber) { /* the topic numbers its messages from 1 */
        s->published.topic_sum = s->published.n * (s->published.n + 1) / 2;
        expect_equal(b, "the number", &s->published.n, &s->received.n);
        expect_equal(b, "the sum of sequences", &s->published.topic_sum, &s->received.topic_sum);
        expect_equal(b, "the sum of the publishers' numbers", &s->published.publisher_sum,
                     &s->received.publisher_sum);
    }
    mb_subscriber_free(s->subscriber);
    mb_broker_free(s->broker);
    free(s);
}

static int publisher_setup(bench_state *b) {
    const struct shared *s = bench_user(b);
    struct publisher *p = calloc(1, sizeof *p);
    bench_set_thread_user(b, p);
    if (!p) {
        return fx_failed(b, MB_ENOMEM);
    }
    p->first = (uint64_t)bench_thread_index(b) * BATCH + 1;
    p->subscriber = s->subscriber;
    snprintf(p->topic, sizeof p->topic, "topic");
    if (!s->subscriber) {
        snprintf(p->topic, sizeof p->topic, "topic_%d", bench_thread_index(b));
        if (fx_failed(b, mb_subscribe(&p->own, s->broker, p->topic))) {
            return -1;
        }
        p->subscriber = p->own;
    }
    return fx_failed(b, make_messages(p->messages, p->first));
}

/* Takes one batch out. */
static int take_batch(bench_state *b, mb_delivery *deliveries, mb_subscriber *subscriber) {
    size_t n;
    const int rc = mb_subscriber_receive_batch(deliveries, BATCH, &n, subscriber, 0);
    if (rc == 0 && n != BATCH) {
        bench_fail(b, "%zu messages in the queue instead of %d", n, BATCH);
        return -1;
    }
    return fx_failed(b, rc);
}

/* A topic of one's own: exactly one's own messages, in order, and nothing more. */
static void take_own(bench_state *b, struct publisher *p) {
    mb_delivery deliveries[BATCH];
    uint64_t n_wrong = 0;
    for (uint64_t k = 0; k < p->n_batches && take_batch(b, deliveries, p->subscriber) == 0; k++) {
        for (int i = 0; i < BATCH; i++) {
            const mb_delivery *d = &deliveries[i];
            n_wrong += d->sequence != ++p->sequence || d->message != p->messages[i];
            mb_message_unref(d->message);
        }
    }
    n_wrong += mb_subscriber_stats_now(p->subscriber).queued;
    bench_count_errors(b, n_wrong);
}

/* As many as were put in, whoever put them in: so there always are enough. */
static void take_any(bench_state *b, struct publisher *p) {
    struct shared *s = bench_user(b);
    const uint64_t sum_of_batch = BATCH * p->first + BATCH * (BATCH - 1) / 2;
    mb_delivery deliveries[BATCH];
    uint64_t n_wrong = 0, topic_sum = 0, publisher_sum = 0, last = 0;
    s->published.n += p->n_batches * BATCH;
    s->published.publisher_sum += p->n_batches * sum_of_batch;
    for (uint64_t k = 0; k < p->n_batches && take_batch(b, deliveries, p->subscriber) == 0; k++) {
        for (int i = 0; i < BATCH; i++) {
            const mb_delivery *d = &deliveries[i];
            n_wrong += d->sequence <= last;
            last = d->sequence;
            topic_sum += d->sequence;
            publisher_sum += mb_message_sequence(d->message);
            mb_message_unref(d->message);
        }
        s->received.n += BATCH;
    }
    s->received.topic_sum += topic_sum;
    s->received.publisher_sum += publisher_sum;
    bench_count_errors(b, n_wrong);
}

static void take_out(bench_state *b, struct publisher *p) {
    if (p->own) {
        take_own(b, p);
    } else {
        take_any(b, p);
    }
    p->n_batches = 0;
}

static void publish(bench_state *b) {
    const struct shared *s = bench_user(b);
    struct publisher *p = bench_thread_user(b);
    uint64_t n_batches = 0;
    take_out(b, p);
    BENCH_LOOP(b) {
        if (fx_failed(b, mb_publish(s->broker, p->topic, p->messages, BATCH))) {
            return;
        }
        n_batches++;
    }
    p->n_batches = n_batches;
}

static void publisher_teardown(bench_state *b) {
    struct publisher *p = bench_thread_user(b);
    if (!p) {
        return;
    }
    take_out(b, p);
    mb_subscriber_free(p->own);
    release_messages(p->messages);
    free(p);
}

/* ---- spawn ----------------------------------------------------------------------------------- */

struct spawned {
    mb_broker *broker;
    char topic[TOPIC_SIZE];
    mb_subscriber *subscriber;
    uint64_t sequence; /* of the last message that came out */
    pthread_t thread;
    int rc;
};

struct spawner {
    mb_broker *broker;
    int n_publishers;
    struct spawned *publishers;
};

/* Publishers are an axis here, not threads of the framework, which flags only its own. */
static void label_oversubscribed(bench_state *b, int n_publishers) {
    const int n_cpus = fx_n_cpus();
    if (n_publishers > n_cpus) {
        char text[64];
        snprintf(text, sizeof text, "%d publishers on %d CPUs", n_publishers, n_cpus);
        bench_label(b, "oversubscribed", text);
    }
}

static int spawn_setup(bench_state *b) {
    struct spawner *s = fx_new(b, sizeof *s);
    if (!s) {
        return -1;
    }
    const mb_broker_options options = {.queue_capacity = BATCH};
    s->n_publishers = (int)bench_param_i64(b, "publishers");
    label_oversubscribed(b, s->n_publishers);
    s->publishers = calloc((size_t)s->n_publishers, sizeof *s->publishers);
    if (!s->publishers) {
        return fx_failed(b, MB_ENOMEM);
    }
    if (fx_failed(b, mb_broker_new(&s->broker, &options))) {
        return -1;
    }
    for (int i = 0; i < s->n_publishers; i++) {
        struct spawned *p = &s->publishers[i];
        p->broker = s->broker;
        snprintf(p->topic, sizeof p->topic, "topic_%d", i);
        if (fx_failed(b, mb_subscribe(&p->subscriber, p->broker, p->topic))) {
            return -1;
        }
    }
    return 0;
}

static void spawn_teardown(bench_state *b) {
    struct spawner *s = bench_user(b);
    if (!s) {
        return;
    }
    for (int i = 0; s->publishers && i < s->n_publishers; i++) {
        mb_subscriber_free(s->publishers[i].subscriber);
    }
    mb_broker_free(s->broker);
    free(s->publishers);
    free(s);
}

static void *publish_once(void *argument) {
    struct spawned *p = argument;
    mb_message *messages[BATCH] = {NULL};
    p->rc = make_messages(messages, 1);
    if (p->rc == 0) {
        p->rc = mb_publish(p->broker, p->topic, messages, BATCH);
    }
    release_messages(messages);
    return NULL;
}

/* @return the time from the first thread's creation to the last one's end, or a negative one. */
static double spawn_once(bench_state *b, struct spawner *s) {
    int n_started = 0;
    const int64_t from_ns = fx_now_ns();
    while (n_started < s->n_publishers &&
           pthread_create(&s->publishers[n_started].thread, NULL, publish_once,
                          &s->publishers[n_started]) == 0) {
        n_started++;
    }
    for (int i = 0; i < n_started; i++) {
        pthread_join(s->publishers[i].thread, NULL);
    }
    const int64_t to_ns = fx_now_ns();
    if (n_started < s->n_publishers) {
        bench_fail(b, "cannot start thread %d of %d", n_started + 1, s->n_publishers);
        return -1;
    }
    return (double)(to_ns - from_ns);
}

/* What a thread published must be in its queue, once and in order. */
static int collect(bench_state *b, struct spawned *p) {
    mb_delivery deliveries[BATCH];
    uint64_t n_wrong = 0;
    if (fx_failed(b, p->rc) || take_batch(b, deliveries, p->subscriber)) {
        return -1;
    }
    for (int i = 0; i < BATCH; i++) {
        const mb_delivery *d = &deliveries[i];
        n_wrong +=
            d->sequence != ++p->sequence || mb_message_sequence(d->message) != (uint64_t)i + 1;
        mb_message_unref(d->message);
    }
    n_wrong += mb_subscriber_stats_now(p->subscriber).queued;
    bench_count_errors(b, n_wrong);
    return 0;
}

/* Start threads, make 100 messages in each, publish them, end the threads; the broker and its
 * topics stay. What a program does that has no pool of threads. */
static void spawn(bench_state *b) {
    struct spawner *s = bench_user(b);
    double elapsed_ns = 0;
    for (uint64_t left = bench_iterations(b); left > 0; left--) {
        const double ns = spawn_once(b, s);
        if (ns < 0) {
            return;
        }
        elapsed_ns += ns;
        for (int i = 0; i < s->n_publishers; i++) {
            if (collect(b, &s->publishers[i])) {
                return;
            }
        }
    }
    bench_set_elapsed_ns(b, elapsed_ns);
}

void concurrent_access_add_publishers(bench_suite *suite) {
    bench_opts opts = {.setup = own_topic_setup,
                       .teardown = broker_teardown,
                       .thread_setup = publisher_setup,
                       .thread_teardown = publisher_teardown,
                       .max_iterations = STRETCH};
    bench_group *g = bench_group_new(suite, "concurrent_publishers");
    bench_group_threads(g, publishers, N_PUBLISHERS);
    bench_group_throughput_fixed(g, BENCH_ELEMENTS, BATCH);
    bench_add(g, "own_topic", publish, &opts);
    opts.setup = shared_topic_setup;
    bench_add(g, "shared_topic", publish, &opts);

    bench_group *cold = bench_group_new(suite, "spawned_publishers");
    bench_group_axis_i64(cold, "publishers", publishers, N_PUBLISHERS);
    bench_group_throughput(cold, BENCH_ELEMENTS, "publishers");
    bench_group_throughput_fixed(cold, BENCH_ELEMENTS, BATCH);
    bench_add(cold, "spawn", spawn,
              &(bench_opts){.setup = spawn_setup, .teardown = spawn_teardown, .caller_timed = 1});
}
