/*
 * The part of memory_profiling about single operations: how often each asks for memory, and for
 * how much. allocations.h says what is counted. Every timed iteration is counted, and nothing else:
 * what is prepared and cleared away between batches is left out. The times here include the
 * counting; those of the operations themselves are in core_operations.
 */
#include <stdlib.h>
#include <string.h>

#include "allocations.h"
#include "fixtures.h"
#include "minibus/ack.h"
#include "minibus/codec.h"
#include "minibus/error.h"
#include "minibus/metadata.h"
#include "minibus/middleware.h"
#include "minibus/router.h"
#include "suites.h"

enum { BATCH = 4096, SIZE = 100, MANY_PAIRS = 32 };

static const char topic[] = "orders", routed_topic[] = "routed";

struct operation;

struct operating {
    const struct operation *operation;
    unsigned char *payload;
    mb_message *message; /* with typical metadata */
    mb_message *shared;  /* another reference to it, or NULL */
    const mb_codec *codec;
    mb_buffer encoded, out;
    mb_broker *broker;
    mb_router *router;
    mb_correlation *correlation;
    mb_subscriber *subscriber; /* sees what the operation leaves */
    mb_message *fresh[BATCH];
    mb_delivery deliveries[BATCH];
    struct allocations before, sum;
};

/* What is there before a batch of n. */
enum prepared {
    NOTHING,
    FRESH,     /* n messages that nobody shares */
    PUBLISHED, /* one message, published n times */
    DELIVERED  /* and received, but not settled */
};

struct operation {
    const char *name;
    int (*run)(struct operating *o, uint64_t i);
    int (*open)(struct operating *o); /* NULL: a broker is not needed */
    enum prepared prepared;
    int n_queued; /* per iteration, afterwards */
};

/* ---- messages -------------------------------------------------------------------------------- */

static int create(struct operating *o, uint64_t i) {
    (void)i;
    mb_message *m;
    const int rc = mb_message_new(&m, o->payload, SIZE);
    if (rc == 0) {
        mb_message_unref(m);
    }
    return rc;
}

static int create_with_metadata(struct operating *o, uint64_t i) {
    (void)i;
    mb_message *m;
    int rc = mb_message_new(&m, o->payload, SIZE);
    if (rc == 0) {
        rc = fx_set_typical_metadata(m);
        mb_message_unref(m);
    }
    return rc;
}

static int create_with_correlation_id(struct operating *o, uint64_t i) {
    (void)i;
    mb_message *m;
    int rc = mb_message_new(&m, o->payload, SIZE);
    if (rc == 0) {
        rc = mb_message_set_correlation_id(m, "test-correlation");
        mb_message_unref(m);
    }
    return rc;
}

static int clone(struct operating *o, uint64_t i) {
    (void)i;
    mb_message *m = mb_message_ref(o->message);
    bench_keep(m);
    mb_message_unref(m);
    return 0;
}

static int deep_copy(struct operating *o, uint64_t i) {
    (void)i;
    mb_message *m;
    const int rc = mb_message_copy(&m, o->message);
    if (rc == 0) {
        mb_message_unref(m);
    }
    return rc;
}

static int set_32_pairs(struct operating *o, uint64_t i) {
    int rc = 0;
    for (int pair = 0; pair < MANY_PAIRS && rc == 0; pair++) {
        const char key[] = {'k', (char)('a' + pair / 16), (char)('a' + pair % 16), '\0'};
        rc = mb_metadata_set(o->fresh[i], key, "a value");
    }
    return rc;
}

/* Into memory that is used again, as a producer does. */
static int encode(struct operating *o, uint64_t i) {
    (void)i;
    o->out.size = 0;
    return o->codec->encode(&o->out, o->message);
}

static int decode(struct operating *o, uint64_t i) {
    (void)i;
    mb_message *m;
    const int rc = o->codec->decode(&m, o->encoded.data, o->encoded.size);
    if (rc == 0) {
        mb_message_unref(m);
    }
    return rc;
}

static int open_codec(struct operating *o, const mb_codec *codec) {
    o->codec = codec;
    const int rc = codec->encode(&o->encoded, o->message);
    return rc ? rc : codec->encode(&o->out, o->message);
}

static int open_binary(struct operating *o) {
    return open_codec(o, &mb_codec_binary);
}

static int open_json(struct operating *o) {
    return open_codec(o, &mb_codec_json);
}

/* ---- with a broker --------------------------------------------------------------------------- */

static const mb_broker_options broker_options = {.queue_capacity = BATCH};

static int open_broker(struct operating *o) {
    const int rc = mb_broker_new(&o->broker, &broker_options);
    return rc ? rc : mb_subscribe(&o->subscriber, o->broker, topic);
}

static int open_acking(struct operating *o) {
    const mb_ack_options acks = {.visibility_timeout_ns = MB_FOREVER};
    const int rc = mb_broker_new(&o->broker, &broker_options);
    return rc ? rc : mb_subscribe_ack(&o->subscriber, o->broker, topic, &acks);
}

static int open_correlating(struct operating *o) {
    int rc = open_broker(o);
    rc = rc ? rc : mb_correlation_new(&o->correlation, MB_CORRELATION_PER_MESSAGE, NULL);
    if (rc == 0) {
        const mb_middleware middleware = mb_correlation_middleware(o->correlation);
        rc = mb_broker_use(o->broker, &middleware);
    }
    return rc;
}

/* Somebody else holds the message too, so the id goes into a copy. */
static int open_correlating_shared(struct operating *o) {
    o->shared = mb_message_ref(o->message);
    return open_correlating(o);
}

/* As in core_operations: a changed copy goes on. */
static int stamp(mb_message **out, mb_message *in, void *user) {
    (void)user;
    const int rc = mb_message_copy(out, in);
    return rc ? rc : mb_metadata_set(*out, "r", "1");
}

static int open_router(struct operating *o) {
    const mb_route route = {.key = "type", .handler = stamp, .to = routed_topic};
    int rc = mb_broker_new(&o->broker, &broker_options);
    rc = rc ? rc : mb_router_new(&o->router, o->broker, topic);
    rc = rc ? rc : mb_router_add(o->router, &route);
    return rc ? rc : mb_subscribe(&o->subscriber, o->broker, routed_topic);
}

static int publish(struct operating *o, uint64_t i) {
    (void)i;
    return mb_publish(o->broker, topic, &o->message, 1);
}

static int publish_fresh(struct operating *o, uint64_t i) {
    return mb_publish(o->broker, topic, &o->fresh[i], 1);
}

static int receive(struct operating *o, uint64_t i) {
    const int rc = mb_subscriber_try_receive(&o->deliveries[i], o->subscriber);
    if (rc == 0) {
        mb_message_unref(o->deliveries[i].message);
    }
    return rc;
}

static int ack(struct operating *o, uint64_t i) {
    return mb_ack(o->subscriber, &o->deliveries[i]);
}

static int nack(struct operating *o, uint64_t i) {
    return mb_nack(o->subscriber, &o->deliveries[i], 1);
}

static int router_step(struct operating *o, uint64_t i) {
    (void)i;
    return mb_router_step(o->router, 0);
}

static const struct operation operations[] = {
    {"create", create, NULL, NOTHING, 0},
    {"create_with_metadata", create_with_metadata, NULL, NOTHING, 0},
    {"create_with_correlation_id", create_with_correlation_id, NULL, NOTHING, 0},
    {"clone", clone, NULL, NOTHING, 0},
    {"deep_copy", deep_copy, NULL, NOTHING, 0},
    {"set_32_pairs", set_32_pairs, NULL, FRESH, 0},
    {"encode_binary", encode, open_binary, NOTHING, 0},
    {"decode_binary", decode, open_binary, NOTHING, 0},
    {"encode_json", encode, open_json, NOTHING, 0},
    {"decode_json", decode, open_json, NOTHING, 0},
    {"publish", publish, open_broker, NOTHING, 1},
    {"receive", receive, open_broker, PUBLISHED, 0},
    {"receive_unacked", receive, open_acking, PUBLISHED, 0},
    {"ack", ack, open_acking, DELIVERED, 0},
    {"nack_requeue", nack, open_acking, DELIVERED, 1},
    {"router_step", router_step, open_router, PUBLISHED, 1},
    {"publish_correlated_own", publish_fresh, open_correlating, FRESH, 1},
    {"publish_correlated_shared", publish, open_correlating_shared, NOTHING, 1},
};

enum { N_OPERATIONS = sizeof operations / sizeof operations[0] };

/* ---- batches --------------------------------------------------------------------------------- */

static int prepare(struct operating *o, uint64_t n) {
    int rc = 0;
    for (uint64_t i = 0; i < n && rc == 0; i++) {
        if (o->operation->prepared == FRESH) {
            rc = mb_message_new(&o->fresh[i], o->payload, SIZE);
        } else if (o->operation->prepared != NOTHING) {
            rc = publish(o, i);
        }
    }
    for (uint64_t i = 0; i < n && rc == 0 && o->operation->prepared == DELIVERED; i++) {
        rc = receive(o, i);
    }
    return rc;
}

static int before_batch(bench_state *b, uint64_t n) {
    struct operating *o = bench_user(b);
    const int rc = prepare(o, n);
    o->before = allocations_now();
    return fx_failed(b, rc);
}

/* @return how many there were. Without acks, mb_ack() has nothing to settle. */
static uint64_t drain(struct operating *o) {
    uint64_t n = 0;
    while (o->subscriber && mb_subscriber_try_receive(&o->deliveries[0], o->subscriber) == 0) {
        mb_ack(o->subscriber, &o->deliveries[0]);
        mb_message_unref(o->deliveries[0].message);
        n++;
    }
    return n;
}

/* Received and not settled: it is settled here, so that the table does not fill up. */
static void settle_received(struct operating *o, uint64_t n) {
    if (o->operation->run == receive && o->operation->open == open_acking) {
        mb_ack_batch(o->subscriber, o->deliveries, n, NULL);
    }
}

static void after_batch(bench_state *b, uint64_t n) {
    struct operating *o = bench_user(b);
    const struct allocations now = allocations_now();
    o->sum.n += now.n - o->before.n;
    o->sum.bytes += now.bytes - o->before.bytes;
    settle_received(o, n);
    const uint64_t n_queued = drain(o), expected = n * (uint64_t)o->operation->n_queued;
    if (n_queued != expected) {
        bench_fail(b, "%llu messages are queued instead of %llu", (unsigned long long)n_queued,
                   (unsigned long long)expected);
    }
    for (uint64_t i = 0; i < n; i++) {
        mb_message_unref(o->fresh[i]);
        o->fresh[i] = NULL;
    }
}

static void count(bench_state *b) {
    struct operating *o = bench_user(b);
    int (*const run)(struct operating *, uint64_t) = o->operation->run;
    o->sum = (struct allocations){0};
    BENCH_LOOP_INDEX(b, i) {
        if (fx_failed(b, run(o, i))) {
            return;
        }
    }
    bench_counter(b, "allocations", (double)o->sum.n, BENCH_COUNTER_PER_ITERATION, "1");
    bench_counter(b, "allocated", (double)o->sum.bytes, BENCH_COUNTER_PER_ITERATION, "bytes");
}

/* ---- declaration ----------------------------------------------------------------------------- */

static int operating_setup(bench_state *b) {
    const char *name = bench_param_str(b, "of");
    struct operating *o = fx_new(b, sizeof *o);
    if (!o) {
        return -1;
    }
    for (int i = 0; i < N_OPERATIONS; i++) {
        if (strcmp(operations[i].name, name) == 0) {
            o->operation = &operations[i];
        }
    }
    if (!o->operation) {
        bench_fail(b, "no operation is called %s", name);
        return -1;
    }
    allocations_start();
    o->payload = fx_payload(SIZE);
    return fx_failed(b, o->payload ? 0 : MB_ENOMEM) ||
           fx_failed(b, fx_message(&o->message, SIZE)) ||
           fx_failed(b, fx_set_typical_metadata(o->message)) ||
           (o->operation->open && fx_failed(b, o->operation->open(o)));
}

static void operating_teardown(bench_state *b) {
    struct operating *o = bench_user(b);
    if (!o) {
        return;
    }
    for (int i = 0; i < BATCH; i++) {
        mb_message_unref(o->fresh[i]); /* of a batch that failed */
    }
    mb_router_free(o->router);
    mb_subscriber_free(o->subscriber);
    mb_broker_free(o->broker);
    mb_correlation_free(o->correlation);
    mb_buffer_clear(&o->encoded);
    mb_buffer_clear(&o->out);
    mb_message_unref(o->shared);
    mb_message_unref(o->message);
    allocations_stop();
    free(o->payload);
    free(o);
}

void memory_profiling_add_operations(bench_suite *suite) {
    const char *names[N_OPERATIONS];
    for (int i = 0; i < N_OPERATIONS; i++) {
        names[i] = operations[i].name;
    }
    bench_group *g = bench_group_new(suite, "operation");
    bench_group_axis_str(g, "of", names, N_OPERATIONS);
    /* Counts do not vary, and times are not what is looked for: as few launches as there may be. */
    bench_add(g, "allocations", count,
              &(bench_opts){.setup = operating_setup,
                            .teardown = operating_teardown,
                            .batch_setup = before_batch,
                            .batch_teardown = after_batch,
                            .batch_max = BATCH,
                            .launches = 3,
                            .warm_up_time_ns = 60000000,
                            .measurement_time_ns = 120000000});
}
