/* The router's ack strategies: what is lost, repeated or buried when something goes wrong. */
#include "testing.h"

#include "minibus/metadata.h"
#include "minibus/router.h"

struct fixture {
    int64_t now_ns;
    int64_t handling_ns; /* how long the handler takes */
    int n_failures;      /* so many more calls of the handler fail */
    mb_broker *broker;
    mb_router *router;
    mb_subscriber *out, *dead;
};

static int64_t now_of(void *user) {
    return ((struct fixture *)user)->now_ns;
}

static int handle(mb_message **out, mb_message *in, void *user) {
    struct fixture *f = user;
    f->now_ns += f->handling_ns;
    if (f->n_failures > 0) {
        f->n_failures--;
        return MB_ESYSTEM;
    }
    *out = mb_message_ref(in);
    return 0;
}

static int set_up(void **state) {
    static struct fixture f;
    f = (struct fixture){.now_ns = 1};
    const mb_broker_options options = {.queue_capacity = 2, .now_ns = now_of, .clock_user = &f};
    assert_int_equal(mb_broker_new(&f.broker, &options), 0);
    assert_int_equal(mb_subscribe(&f.out, f.broker, "out"), 0);
    assert_int_equal(mb_subscribe(&f.dead, f.broker, "dead"), 0);
    *state = &f;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *f = *state;
    mb_router_free(f->router);
    mb_subscriber_free(f->out);
    mb_subscriber_free(f->dead);
    mb_broker_free(f->broker);
    return 0;
}

static void use(struct fixture *f, mb_router_ack strategy) {
    const mb_ack_options options = {
        .visibility_timeout_ns = 1000, .max_deliveries = 3, .dead_letter_topic = "dead"};
    assert_int_equal(mb_router_new_ack(&f->router, f->broker, "in", strategy, &options), 0);
    const mb_route route = {"type", "good", handle, f, "out"};
    assert_int_equal(mb_router_add(f->router, &route), 0);
}

static void publish(struct fixture *f, const char *type) {
    mb_message *m = new_message("x");
    assert_int_equal(mb_metadata_set(m, "type", type), 0);
    assert_int_equal(mb_publish(f->broker, "in", &m, 1), 0);
    mb_message_unref(m);
}

static size_t n_queued(mb_subscriber *s) {
    return mb_subscriber_stats_now(s).queued;
}

static void test_success_is_acknowledged(void **state) {
    struct fixture *f = *state;
    for (int strategy = MB_ROUTER_ACK_BEFORE; strategy <= MB_ROUTER_ACK_AFTER; strategy++) {
        use(f, (mb_router_ack)strategy);
        publish(f, "good");
        assert_int_equal(mb_router_step(f->router, 0), 0);
        f->now_ns += 5000;
        assert_int_equal(mb_router_step(f->router, 0), MB_ETIMEOUT);
        assert_int_equal(mb_router_ack_stats_now(f->router).acked, 1);
        assert_int_equal(mb_router_ack_stats_now(f->router).pending, 0);
        mb_router_free(f->router);
        f->router = NULL;
    }
    assert_int_equal(n_queued(f->out), 2);
    assert_int_equal(n_queued(f->dead), 0);
}

static void test_without_or_before_a_failure_loses(void **state) {
    struct fixture *f = *state;
    for (int strategy = MB_ROUTER_ACK_NEVER; strategy <= MB_ROUTER_ACK_BEFORE; strategy++) {
        use(f, (mb_router_ack)strategy);
        f->n_failures = 1;
        publish(f, "good");
        publish(f, "bad");
        assert_int_equal(mb_router_step(f->router, 0), MB_ESYSTEM);
        assert_int_equal(mb_router_step(f->router, 0), MB_ENOROUTE);
        f->now_ns += 5000;
        assert_int_equal(mb_router_step(f->router, 0), MB_ETIMEOUT);
        assert_int_equal(mb_router_stats_now(f->router).failed, 1);
        assert_int_equal(mb_router_stats_now(f->router).unmatched, 1);
        assert_int_equal(mb_router_ack_stats_now(f->router).acked, strategy == 0 ? 0 : 2);
        mb_router_free(f->router);
        f->router = NULL;
    }
    assert_int_equal(n_queued(f->out), 0);
    assert_int_equal(n_queued(f->dead), 0);
}

static void test_after_success_a_failure_is_tried_again(void **state) {
    struct fixture *f = *state;
    use(f, MB_ROUTER_ACK_AFTER);
    f->n_failures = 2;
    publish(f, "good");
    assert_int_equal(mb_router_step(f->router, 0), MB_ESYSTEM);
    assert_int_equal(mb_router_step(f->router, 0), MB_ESYSTEM);
    assert_int_equal(mb_router_step(f->router, 0), 0);
    assert_int_equal(n_queued(f->out), 1);

    f->n_failures = 3; /* as often as it may be delivered */
    publish(f, "good");
    for (int i = 0; i < 3; i++) {
        assert_int_equal(mb_router_step(f->router, 0), MB_ESYSTEM);
    }
    assert_int_equal(mb_router_step(f->router, 0), MB_ETIMEOUT);
    assert_int_equal(n_queued(f->dead), 1);
    assert_int_equal(mb_router_stats_now(f->router).failed, 5);
    assert_int_equal(mb_router_stats_now(f->router).passed, 1);
}

static void test_a_full_topic_is_a_failure(void **state) {
    struct fixture *f = *state;
    use(f, MB_ROUTER_ACK_AFTER);
    publish(f, "good");
    publish(f, "good");
    assert_int_equal(mb_router_step(f->router, 0), 0);
    assert_int_equal(mb_router_step(f->router, 0), 0);
    publish(f, "good");
    assert_int_equal(mb_router_step(f->router, 0), MB_EQUEUEFULL);
    mb_delivery d;
    assert_int_equal(mb_subscriber_try_receive(&d, f->out), 0);
    mb_message_unref(d.message);
    assert_int_equal(mb_router_step(f->router, 0), 0);
    assert_int_equal(mb_router_stats_now(f->router).passed, 3);
}

static void test_no_rule_is_a_dead_letter(void **state) {
    struct fixture *f = *state;
    use(f, MB_ROUTER_ACK_AFTER);
    publish(f, "bad");
    assert_int_equal(mb_router_step(f->router, 0), MB_ENOROUTE);
    assert_int_equal(mb_router_step(f->router, 0), MB_ETIMEOUT);
    assert_int_equal(n_queued(f->dead), 1);
}

static void test_a_slow_handler_is_late(void **state) {
    struct fixture *f = *state;
    use(f, MB_ROUTER_ACK_AFTER);
    f->handling_ns = 1000;
    publish(f, "good");
    assert_int_equal(mb_router_step(f->router, 0), MB_ENOTPENDING); /* passed, and to come again */
    f->handling_ns = 0;
    assert_int_equal(mb_router_step(f->router, 0), 0);
    assert_int_equal(n_queued(f->out), 2);
    assert_int_equal(mb_router_stats_now(f->router).late, 1);
}

static void test_bad_strategy(void **state) {
    struct fixture *f = *state;
    assert_int_equal(mb_router_new_ack(&f->router, f->broker, "in", (mb_router_ack)3, NULL),
                     MB_EINVAL);
    assert_null(f->router);
}

static int new_one(void) {
    mb_broker *broker = NULL;
    mb_router *router = NULL;
    int rc = mb_broker_new(&broker, NULL);
    if (rc == 0) {
        rc = mb_router_new_ack(&router, broker, "in", MB_ROUTER_ACK_AFTER, NULL);
    }
    mb_router_free(router);
    mb_broker_free(broker);
    return rc;
}

static void test_every_allocation_may_fail(void **state) {
    (void)state;
    fail_every_allocation(new_one);
}

#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(test_success_is_acknowledged),
        WITH_FIXTURE(test_without_or_before_a_failure_loses),
        WITH_FIXTURE(test_after_success_a_failure_is_tried_again),
        WITH_FIXTURE(test_a_full_topic_is_a_failure),
        WITH_FIXTURE(test_no_rule_is_a_dead_letter),
        WITH_FIXTURE(test_a_slow_handler_is_late),
        WITH_FIXTURE(test_bad_strategy),
        cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
