/* Broker, middleware, router, acks and dead letters together, while each single allocation fails
 * once: every message whose publishing succeeded is passed on or buried, once. */
#include "testing.h"

#include "minibus/metadata.h"
#include "minibus/middleware.h"
#include "minibus/router.h"

enum { N_MESSAGES = 5 };

struct chain {
    mb_broker *broker;
    mb_correlation *correlation;
    mb_router *router;
    mb_subscriber *out, *dead;
};

/* What failed for lack of memory succeeds the second time: it changed nothing. */
#define AGAIN(call)                                                                                \
    do {                                                                                           \
        const int first_rc = (call);                                                               \
        if (first_rc) {                                                                            \
            assert_int_equal(first_rc, MB_ENOMEM);                                                 \
            assert_int_equal((call), 0);                                                           \
        }                                                                                          \
    } while (0)

static int change_a_copy(mb_message **out, mb_message *in, void *user) {
    (void)user;
    int rc = mb_message_copy(out, in);
    if (rc == 0) {
        rc = mb_metadata_set(*out, "seen", "a value that needs more room than a message has in it");
        if (rc) {
            mb_message_unref(*out);
            *out = NULL;
        }
    }
    return rc;
}

static void set_up(struct chain *c) {
    const mb_ack_options acks = {.dead_letter_topic = "dead"};
    const mb_route route = {"type", "good", change_a_copy, NULL, "out"};
    *c = (struct chain){0};
    AGAIN(mb_broker_new(&c->broker, &(mb_broker_options){.queue_capacity = 2 * N_MESSAGES}));
    AGAIN(mb_correlation_new(&c->correlation, MB_CORRELATION_PER_MESSAGE, NULL));
    const mb_middleware middleware = mb_correlation_middleware(c->correlation);
    assert_int_equal(mb_broker_use(c->broker, &middleware), 0);
    AGAIN(mb_subscribe(&c->out, c->broker, "out"));
    AGAIN(mb_subscribe(&c->dead, c->broker, "dead"));
    AGAIN(mb_router_new_ack(&c->router, c->broker, "in", MB_ROUTER_ACK_AFTER, &acks));
    AGAIN(mb_router_add(c->router, &route));
}

/* The last has no route, so it becomes a dead letter. @return whether publishing succeeded. */
static int publish_one(struct chain *c, uint64_t number) {
    mb_message *m = NULL;
    AGAIN(mb_message_new(&m, "x", 1));
    AGAIN(mb_metadata_set(m, "type", number < N_MESSAGES - 1 ? "good" : "odd"));
    assert_int_equal(mb_message_set_sequence(m, number), 0);
    mb_message *shared = mb_message_ref(m); /* so that the middleware has to copy it */
    const int rc = mb_publish(c->broker, "in", &m, 1);
    assert_true(rc == 0 || rc == MB_ENOMEM);
    mb_message_unref(shared);
    mb_message_unref(m);
    return rc == 0;
}

static void count(mb_subscriber *s, int *n_seen) {
    mb_delivery d;
    while (mb_subscriber_try_receive(&d, s) == 0) {
        n_seen[mb_message_sequence(d.message)]++;
        assert_non_null(mb_message_correlation_id(d.message));
        mb_message_unref(d.message);
    }
}

static void run(void) {
    struct chain c;
    int is_published[N_MESSAGES], n_seen[N_MESSAGES] = {0}, rc;
    set_up(&c);
    for (uint64_t i = 0; i < N_MESSAGES; i++) {
        is_published[i] = publish_one(&c, i);
    }
    while ((rc = mb_router_step(c.router, 0)) != MB_ETIMEOUT) {
        assert_true(rc == 0 || rc == MB_ENOMEM || rc == MB_ENOROUTE);
    }
    count(c.out, n_seen);
    count(c.dead, n_seen);
    for (int i = 0; i < N_MESSAGES; i++) {
        assert_int_equal(n_seen[i], is_published[i]);
    }
    const mb_ack_stats stats = mb_router_ack_stats_now(c.router);
    assert_int_equal(stats.pending + stats.returned + stats.dead, 0);
    mb_router_free(c.router);
    assert_int_equal(mb_broker_unacked_lost(c.broker), 0);
    mb_subscriber_free(c.out);
    mb_subscriber_free(c.dead);
    mb_broker_free(c.broker);
    mb_correlation_free(c.correlation);
}

static void test_nothing_published_is_lost(void **state) {
    (void)state;
    fail_each_allocation(run);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_published_is_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
