/*
 * memory_profiling: how much memory things take. Sizes are counted by allocations.h, once per
 * launch where they do not vary. Here are messages, alone and retained by a broker;
 * memory_operations.c has the allocations of each operation, memory_pool.c pooled connections,
 * memory_heap.c what the allocator makes of it all.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "allocations.h"
#include "fixtures.h"
#include "minibus/ack.h"
#include "minibus/error.h"
#include "minibus/metadata.h"
#include "suites.h"

/* ---- memory_usage: a thousand messages that are alive together ------------------------------- */

enum { THOUSAND = 1000, TEXT_SIZE = 16 };

struct thousand {
    int has_metadata;
    char payloads[THOUSAND][TEXT_SIZE];
    mb_message *messages[THOUSAND];
    double bytes, correlated_bytes, payload_bytes; /* per message */
};

static void release_thousand(struct thousand *t) {
    for (int i = 0; i < THOUSAND; i++) {
        mb_message_unref(t->messages[i]);
        t->messages[i] = NULL;
    }
}

static int make_thousand(struct thousand *t, const char *correlation_id) {
    int rc = 0;
    for (int i = 0; i < THOUSAND && rc == 0; i++) {
        rc = mb_message_new(&t->messages[i], t->payloads[i], strlen(t->payloads[i]));
        if (rc == 0 && t->has_metadata) {
            rc = fx_set_typical_metadata(t->messages[i]);
        }
        if (rc == 0 && correlation_id) {
            rc = mb_message_set_correlation_id(t->messages[i], correlation_id);
        }
    }
    return rc;
}

/* Usable bytes per message, blocks outside the message included. */
static int weigh_thousand(double *bytes, struct thousand *t, const char *correlation_id) {
    const int64_t before = allocations_now().live_bytes;
    const int rc = make_thousand(t, correlation_id);
    *bytes = (double)(allocations_now().live_bytes - before) / THOUSAND;
    release_thousand(t);
    return rc ? rc : allocations_now().live_bytes == before ? 0 : MB_ESYSTEM;
}

static int thousand_setup(bench_state *b) {
    struct thousand *t = fx_new(b, sizeof *t);
    if (!t) {
        return -1;
    }
    t->has_metadata = bench_param_i64(b, "metadata") != 0;
    for (int i = 0; i < THOUSAND; i++) {
        t->payload_bytes += snprintf(t->payloads[i], TEXT_SIZE, "message_%d", i) / (double)THOUSAND;
    }
    allocations_start();
    int rc = weigh_thousand(&t->bytes, t, NULL);
    rc = rc ? rc : weigh_thousand(&t->correlated_bytes, t, "test-correlation");
    allocations_stop();
    return fx_failed(b, rc);
}

static void thousand_teardown(bench_state *b) {
    struct thousand *t = bench_user(b);
    if (t) {
        release_thousand(t);
    }
    free(t);
}

static void report_message(bench_state *b, double bytes, double payload_bytes) {
    bench_counter(b, "bytes_per_message", bytes, BENCH_COUNTER_VALUE, "bytes");
    bench_counter(b, "overhead_per_message", bytes - payload_bytes, BENCH_COUNTER_VALUE, "bytes");
}

static void message_creation(bench_state *b) {
    struct thousand *t = bench_user(b);
    BENCH_LOOP(b) {
        if (fx_failed(b, make_thousand(t, NULL))) {
            return;
        }
        bench_clobber();
        release_thousand(t);
    }
    report_message(b, t->bytes, t->payload_bytes);
}

/* `correlation_share` is what the ids add to the bytes of the same messages without them. Every
 * message has room for some metadata, used or not, so an id that fits costs nothing more; one that
 * does not fit behind other metadata costs a block of its own. */
static void correlation_tracking(bench_state *b) {
    struct thousand *t = bench_user(b);
    BENCH_LOOP(b) {
        if (fx_failed(b, make_thousand(t, "test-correlation"))) {
            return;
        }
        bench_clobber();
        release_thousand(t);
    }
    report_message(b, t->correlated_bytes, t->payload_bytes);
    bench_counter(b, "correlation_share", t->correlated_bytes / t->bytes - 1, BENCH_COUNTER_VALUE,
                  "fraction");
}

static void add_memory_usage(bench_suite *suite) {
    static const int64_t metadata[] = {0, 3}; /* pairs that the messages have anyway */
    const bench_opts opts = {.setup = thousand_setup, .teardown = thousand_teardown};
    bench_group *g = bench_group_new(suite, "memory_usage");
    bench_group_axis_i64(g, "metadata", metadata, sizeof metadata / sizeof metadata[0]);
    bench_group_throughput_fixed(g, BENCH_ELEMENTS, THOUSAND);
    bench_add(g, "message_creation", message_creation, &opts);
    bench_add(g, "correlation_tracking", correlation_tracking, &opts);
    bench_pair(g, "correlation_cost", "message_creation", "correlation_tracking");
}

/* ---- retained: 100,000 messages that a broker holds for a subscriber ------------------------- */

enum { RETAINED = 100000, RETAINED_SIZE = 100, AT_ONCE = 1000 };

struct retaining {
    int with_acks; /* received, but not acknowledged, instead of queued */
    int64_t live_before;
    size_t heap_before;
    unsigned char *payload;
    mb_broker *broker;
    mb_subscriber *subscriber;
    mb_delivery *deliveries; /* of the unacknowledged ones; not counted */
    double total, heap;
};

/* In use according to glibc, its own bytes in front of every block included. */
static size_t heap_in_use(void) {
    const struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

static int retaining_setup(bench_state *b, int with_acks) {
    struct retaining *r = fx_new(b, sizeof *r);
    if (!r) {
        return -1;
    }
    r->with_acks = with_acks;
    r->payload = fx_payload(RETAINED_SIZE);
    r->deliveries = calloc(RETAINED, sizeof *r->deliveries);
    if (!r->payload || !r->deliveries) {
        return fx_failed(b, MB_ENOMEM);
    }
    allocations_start();
    r->live_before = allocations_now().live_bytes;
    r->heap_before = heap_in_use();
    const mb_broker_options options = {.queue_capacity = RETAINED};
    const mb_ack_options acks = {.max_pending = RETAINED, .visibility_timeout_ns = MB_FOREVER};
    return fx_failed(b, mb_broker_new(&r->broker, &options)) ||
           fx_failed(b, with_acks ? mb_subscribe_ack(&r->subscriber, r->broker, "kept", &acks)
                                  : mb_subscribe(&r->subscriber, r->broker, "kept"));
}

static int queued_setup(bench_state *b) {
    return retaining_setup(b, 0);
}

static int unacked_setup(bench_state *b) {
    return retaining_setup(b, 1);
}

static void retaining_teardown(bench_state *b) {
    struct retaining *r = bench_user(b);
    if (!r) {
        return;
    }
    mb_subscriber_free(r->subscriber);
    mb_broker_free(r->broker);
    allocations_stop();
    free(r->deliveries);
    free(r->payload);
    free(r);
}

static int publish_retained(const struct retaining *r) {
    int rc = 0;
    for (int i = 0; i < RETAINED && rc == 0; i++) {
        mb_message *m;
        rc = mb_message_new(&m, r->payload, RETAINED_SIZE);
        if (rc == 0) {
            rc = mb_publish(r->broker, "kept", &m, 1);
            mb_message_unref(m);
        }
    }
    return rc;
}

static int take(struct retaining *r, size_t n_wanted) {
    int rc = 0;
    for (size_t n_taken = 0, n = 0; n_taken < n_wanted && rc == 0; n_taken += n) {
        rc = mb_subscriber_receive_batch(r->deliveries + n_taken, AT_ONCE, &n, r->subscriber, 0);
        for (size_t i = n_taken; i < n_taken + n; i++) {
            mb_message_unref(r->deliveries[i].message);
        }
    }
    return rc;
}

/* Weighs what is retained, then lets it go. */
static void weigh_retained(bench_state *b, uint64_t n) {
    (void)n;
    struct retaining *r = bench_user(b);
    const size_t n_retained = r->with_acks ? mb_ack_stats_now(r->subscriber).pending
                                           : mb_subscriber_stats_now(r->subscriber).queued;
    r->total = (double)(allocations_now().live_bytes - r->live_before);
    r->heap = (double)(heap_in_use() - r->heap_before);
    if (n_retained != RETAINED) {
        bench_fail(b, "%zu messages are retained instead of %d", n_retained, RETAINED);
    } else if (r->with_acks) {
        fx_failed(b, mb_ack_batch(r->subscriber, r->deliveries, RETAINED, NULL));
    } else {
        fx_failed(b, take(r, RETAINED));
    }
}

/* `total` is the messages, the queue or table that holds them, and the broker; `heap` the same as
 * glibc counts it. The process is fresh, so its peak memory is the check on both. */
static void retain(bench_state *b) {
    struct retaining *r = bench_user(b);
    BENCH_LOOP(b) {
        if (fx_failed(b, publish_retained(r)) ||
            (r->with_acks && fx_failed(b, take(r, RETAINED)))) {
            return;
        }
    }
    bench_counter(b, "bytes_per_message", r->total / RETAINED, BENCH_COUNTER_VALUE, "bytes");
    bench_counter(b, "total", r->total, BENCH_COUNTER_VALUE, "bytes");
    if (allocations_are_glibc()) {
        bench_counter(b, "heap", r->heap, BENCH_COUNTER_VALUE, "bytes");
    }
}

static void add_retained(bench_suite *suite) {
    /* Sizes hardly vary, and an iteration takes tens of milliseconds: few launches. */
    bench_opts opts = {.teardown = retaining_teardown,
                       .batch_teardown = weigh_retained,
                       .batch_max = 1,
                       .launches = 4};
    bench_group *g = bench_group_new(suite, "retained");
    bench_group_throughput_fixed(g, BENCH_ELEMENTS, RETAINED);
    opts.setup = queued_setup;
    bench_add(g, "queued", retain, &opts);
    opts.setup = unacked_setup;
    bench_add(g, "unacked", retain, &opts);
}

bench_suite *memory_profiling_suite(void) {
    bench_suite *suite = bench_suite_new("memory_profiling");
    add_memory_usage(suite);
    memory_profiling_add_operations(suite);
    add_retained(suite);
    memory_profiling_add_pool(suite);
    memory_profiling_add_heap(suite);
    return suite;
}
