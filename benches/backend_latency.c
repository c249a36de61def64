/*
 * The part of backend_comparison that is about single messages: how long one is under way
 * (end_to_end_latency), and what taking one costs that is already there (receive).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "backends.h"
#include "fixtures.h"
#include "suites.h"

static const char test_payload[] = "test";

enum { TEST_SIZE = sizeof test_payload - 1 };

static int is_test(const mb_message *m) {
    return mb_message_payload_size(m) == TEST_SIZE &&
           memcmp(mb_message_payload(m), test_payload, TEST_SIZE) == 0;
}

/* What is left when everything was taken has come twice. */
static void expect_no_more(bench_state *b, mb_transport *transport) {
    mb_message *m;
    if (mb_transport_receive(&m, transport, 0, NULL) == 0) {
        mb_message_unref(m);
        bench_count_errors(b, 1);
    }
}

/* ---- end_to_end_latency ---------------------------------------------------------------------- */

struct journey {
    struct bk_link link;
    mb_message *message;
    pthread_t thread; /* cross_thread: the one that receives */
    int has_thread;
    atomic_int is_stopping, rc;
    sem_t arrived;
    mb_error error; /* of the other thread; whoever sees rc may read it */
    atomic_uint_fast64_t n_wrong;
};

static int journey_setup(bench_state *b) {
    struct journey *j = fx_new(b, sizeof *j);
    mb_error error = {0};
    if (!j || bk_open(b, &j->link, bench_param_str(b, "backend"), MB_UNCONFIRMED, NULL) ||
        bk_failed(b, mb_transport_subscribe(j->link.transport, j->link.topic, &error), &error) ||
        fx_failed(b, mb_message_new(&j->message, test_payload, TEST_SIZE))) {
        return -1;
    }
    return 0;
}

static void journey_teardown(bench_state *b) {
    struct journey *j = bench_user(b);
    if (!j) {
        return;
    }
    if (j->has_thread) {
        atomic_store(&j->is_stopping, 1);
        bk_publish(b, &j->link, &j->message, 1); /* wakes it */
        pthread_join(j->thread, NULL);
        sem_destroy(&j->arrived);
    }
    bk_close(&j->link);
    mb_message_unref(j->message);
    free(j);
}

/* Timed is: publish and flush one message, receive it in the same thread, compare it. Nobody of
 * this process has to be woken, but for what a client library does in threads of its own. */
static void same_thread(bench_state *b) {
    struct journey *j = bench_user(b);
    mb_error error = {0};
    uint64_t n_wrong = 0;
    BENCH_LOOP(b) {
        mb_message *m;
        if (bk_publish(b, &j->link, &j->message, 1) ||
            bk_failed(b,
                      mb_transport_receive(&m, j->link.transport,
                                           BK_PATIENCE_S * (int64_t)1000000000, &error),
                      &error)) {
            return;
        }
        n_wrong += !is_test(m);
        mb_message_unref(m);
    }
    bench_count_errors(b, n_wrong);
    expect_no_more(b, j->link.transport);
}

static void *receive_for_another(void *arg) {
    struct journey *j = arg;
    while (!atomic_load(&j->is_stopping)) {
        mb_message *m;
        const int rc = mb_transport_receive(&m, j->link.transport,
                                            BK_PATIENCE_S * (int64_t)1000000000, &j->error);
        if (rc == 0) {
            atomic_fetch_add_explicit(&j->n_wrong, (uint64_t)!is_test(m), memory_order_relaxed);
            mb_message_unref(m);
        }
        if (rc != MB_ETIMEOUT) {
            atomic_store(&j->rc, rc);
            sem_post(&j->arrived);
        }
        if (rc && rc != MB_ETIMEOUT) {
            break;
        }
    }
    return NULL;
}

static int cross_thread_setup(bench_state *b) {
    if (journey_setup(b)) {
        return -1;
    }
    struct journey *j = bench_user(b);
    sem_init(&j->arrived, 0, 0);
    if (pthread_create(&j->thread, NULL, receive_for_another, j) != 0) {
        bench_fail(b, "no thread to receive");
        return -1;
    }
    j->has_thread = 1;
    return 0;
}

/* @return whether the other thread has said that it received the message. */
static int wait_for_arrival(bench_state *b, struct journey *j) {
    struct timespec deadline;
    while (sem_trywait(&j->arrived) != 0) { /* it may have been faster than this thread */
        clock_gettime(CLOCK_MONOTONIC, &deadline);
        deadline.tv_sec += 2 * BK_PATIENCE_S;
        if (sem_clockwait(&j->arrived, CLOCK_MONOTONIC, &deadline) == 0) {
            break;
        }
        if (errno != EINTR) {
            bench_fail(b, "the message did not arrive");
            return 0;
        }
    }
    return !bk_failed(b, atomic_load(&j->rc), &j->error);
}

/* Timed is: publish and flush in this thread, the wake-up of the thread that waits in receive, its
 * receive and compare, and its word back by a semaphore, with the wake-up of this one. */
static void cross_thread(bench_state *b) {
    struct journey *j = bench_user(b);
    int n_more = 0;
    BENCH_LOOP(b) {
        if (bk_publish(b, &j->link, &j->message, 1) || !wait_for_arrival(b, j)) {
            return;
        }
    }
    sem_getvalue(&j->arrived, &n_more);
    bench_count_errors(b, atomic_exchange(&j->n_wrong, 0) + (uint64_t)n_more);
}

/* At most 4 x 500 x 16 operations, and time for the 10,000 that a 99th percentile needs also where
 * one takes a millisecond. */
static void add_end_to_end_latency(bench_suite *suite) {
    static const char *const names[] = {"inmemory", "rabbitmq", "kafka", "kafka-mock",
                                        "mqtt",     "loopback", "file"};
    bench_opts opts = {.setup = journey_setup,
                       .teardown = journey_teardown,
                       .sampling = BENCH_SAMPLING_LATENCY,
                       .launches = 4,
                       .sample_size = 500,
                       .max_iterations = 16,
                       .warm_up_time_ns = 200000000,
                       .measurement_time_ns = 14000000000};
    bench_group *g = bench_group_new(suite, "end_to_end_latency");
    bench_group_axis_str(g, "backend", names, sizeof names / sizeof names[0]);
    bench_group_throughput_fixed(g, BENCH_ELEMENTS, 1);
    bench_add(g, "same_thread", same_thread, &opts);
    opts.setup = cross_thread_setup;
    bench_add(g, "cross_thread", cross_thread, &opts);
}

/* ---- receive: one message per iteration ------------------------------------------------------ */

enum {
    STRETCH_MESSAGES = 1000,
    STRETCH_BYTES = 600000 /* fits into the buffers of a connection */
};

struct receiving {
    struct bk_link link;
    mb_transport *witness; /* a second subscriber; NULL for inmemory */
    size_t n_messages;     /* made */
    mb_message **messages;
    uint64_t n_sent, n_taken;
};

static int receiving_setup(bench_state *b) {
    struct receiving *r = fx_new(b, sizeof *r);
    mb_error error = {0};
    const size_t size = (size_t)bench_param_i64(b, "size");
    if (!r || bk_open(b, &r->link, bench_param_str(b, "backend"), MB_UNCONFIRMED, NULL) ||
        bk_failed(b, mb_transport_subscribe(r->link.transport, r->link.topic, &error), &error) ||
        bk_open_again(b, &r->witness, &r->link)) {
        return -1;
    }
    size_t n = STRETCH_MESSAGES;
    if (r->witness) {
        if (bk_failed(b, mb_transport_subscribe(r->witness, r->link.topic, &error), &error)) {
            return -1;
        }
        n = STRETCH_BYTES / (size + 100);
        n = n < STRETCH_MESSAGES ? n : STRETCH_MESSAGES;
    }
    bench_set_batch_max(b, n);
    r->n_messages = n + 1;
    r->messages = bk_new_messages(b, r->n_messages, size);
    return r->messages ? 0 : -1;
}

static void receiving_teardown(bench_state *b) {
    struct receiving *r = bench_user(b);
    if (!r) {
        return;
    }
    mb_transport_close(r->witness);
    bk_close(&r->link);
    bk_free_messages(r->messages, r->n_messages);
    free(r);
}

static int take(bench_state *b, mb_transport *transport, uint64_t *number) {
    mb_message *m;
    mb_error error; /* clearing it would be timed */
    if (bk_failed(b,
                  mb_transport_receive(&m, transport, BK_PATIENCE_S * (int64_t)1000000000, &error),
                  &error)) {
        return -1;
    }
    *number = mb_message_sequence(m);
    mb_message_unref(m);
    return 0;
}

/* Publishes one more than is timed. When a second subscriber has them all, the server has sent them
 * to the first one as well; and when that one has taken the first of them, untimed, the others are
 * behind it: in the queue, in the client's own buffer (kafka), or in the socket's. */
static int let_them_arrive(bench_state *b, uint64_t n) {
    struct receiving *r = bench_user(b);
    uint64_t number = 0;
    if (bk_number(b, r->messages, n + 1, &r->n_sent) ||
        bk_publish(b, &r->link, r->messages, n + 1)) {
        return -1;
    }
    for (uint64_t i = 0; r->witness && i <= n; i++) {
        if (take(b, r->witness, &number)) {
            return -1;
        }
    }
    if (take(b, r->link.transport, &number)) {
        return -1;
    }
    bench_count_errors(b, number != r->n_sent - n);
    r->n_taken = number;
    return 0;
}

/* Each message is expected once, in order. */
static void receive(bench_state *b) {
    struct receiving *r = bench_user(b);
    uint64_t n_wrong = 0;
    BENCH_LOOP(b) {
        uint64_t number;
        if (take(b, r->link.transport, &number)) {
            return;
        }
        n_wrong += number != ++r->n_taken;
    }
    bench_count_errors(b, n_wrong);
}

static void expect_all_taken(bench_state *b, uint64_t n) {
    const struct receiving *r = bench_user(b);
    (void)n;
    expect_no_more(b, r->link.transport);
}

static void add_receive(bench_suite *suite) {
    const bench_opts opts = {.setup = receiving_setup,
                             .teardown = receiving_teardown,
                             .batch_setup = let_them_arrive,
                             .batch_teardown = expect_all_taken,
                             .launches = 5, /* most of their time goes into letting them arrive */
                             .warm_up_time_ns = 150000000,
                             .measurement_time_ns = 300000000};
    bench_group *g = bench_group_new(suite, "receive");
    bench_group_axis_str(g, "backend", bk_names, BK_N_NAMES);
    bench_group_axis_i64(g, "size", fx_sizes, FX_N_SIZES);
    bench_group_throughput_fixed(g, BENCH_ELEMENTS, 1);
    bench_add(g, "waiting", receive, &opts);
}

void backend_comparison_add_latency(bench_suite *suite) {
    add_end_to_end_latency(suite);
    add_receive(suite);
}
