/* The router: which rule wins, what handlers may do, what is counted. */
#include "testing.h"

#include "minibus/metadata.h"
#include "minibus/router.h"

struct fixture {
    mb_broker *broker;
    mb_router *router;
    mb_subscriber *orders, *rest;
};

static int set_up(void **state) {
    static struct fixture f;
    assert_int_equal(mb_broker_new(&f.broker, &(mb_broker_options){.queue_capacity = 2}), 0);
    assert_int_equal(mb_router_new(&f.router, f.broker, "in"), 0);
    assert_int_equal(mb_subscribe(&f.orders, f.broker, "orders"), 0);
    assert_int_equal(mb_subscribe(&f.rest, f.broker, "rest"), 0);
    *state = &f;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *f = *state;
    mb_router_free(f->router);
    mb_subscriber_free(f->orders);
    mb_subscriber_free(f->rest);
    mb_broker_free(f->broker);
    return 0;
}

/* Publishes a message of that type (NULL: none) to the router and lets it take a step. */
static int route(struct fixture *f, const char *type) {
    mb_message *m = new_message("payload");
    if (type) {
        assert_int_equal(mb_metadata_set(m, "type", type), 0);
    }
    assert_int_equal(mb_publish(f->broker, "in", &m, 1), 0);
    mb_message_unref(m);
    return mb_router_step(f->router, 0);
}

static mb_message *receive(mb_subscriber *s) {
    mb_delivery d;
    return mb_subscriber_try_receive(&d, s) == 0 ? d.message : NULL;
}

static void add(struct fixture *f, const char *key, const char *value, mb_handler_fn *handler,
                const char *to) {
    char copied[32] = ""; /* the strings need not outlive the call */
    strcpy(copied, to);
    assert_int_equal(mb_router_add(f->router, &(mb_route){key, value, handler, f, copied}), 0);
    memset(copied, '?', sizeof copied);
}

static int mark(mb_message **out, mb_message *in, void *user) {
    assert_non_null(user);
    const int rc = mb_message_copy(out, in);
    return rc ? rc : mb_metadata_set(*out, "marked", "yes");
}

static int swallow(mb_message **out, mb_message *in, void *user) {
    (void)out;
    (void)in;
    (void)user;
    return 0;
}

static int refuse(mb_message **out, mb_message *in, void *user) {
    (void)user;
    *out = mb_message_ref(in); /* which the router gives back */
    return MB_EINVAL;
}

static void test_first_matching_rule_wins(void **state) {
    struct fixture *f = *state;
    add(f, "type", "order", mark, "orders");
    add(f, "type", NULL, NULL, "rest");
    add(f, NULL, NULL, swallow, "rest");

    assert_int_equal(route(f, "order"), 0);
    mb_message *m = receive(f->orders);
    assert_non_null(m);
    assert_payload(m, "payload");
    assert_string_equal(mb_metadata_get(m, "marked"), "yes");
    mb_message_unref(m);

    assert_int_equal(route(f, "letter"), 0);
    m = receive(f->rest);
    assert_non_null(m);
    assert_null(mb_metadata_get(m, "marked"));
    mb_message_unref(m);

    assert_int_equal(route(f, NULL), 0);
    assert_null(receive(f->rest));
    assert_null(receive(f->orders));
    const mb_router_stats stats = mb_router_stats_now(f->router);
    assert_int_equal(stats.passed, 2);
    assert_int_equal(stats.filtered, 1);
    assert_int_equal(stats.unmatched, 0);
    assert_int_equal(stats.failed, 0);
}

static void test_no_rule_and_no_message(void **state) {
    struct fixture *f = *state;
    assert_int_equal(route(f, "order"), MB_ENOROUTE);
    add(f, "type", "order", NULL, "orders");
    assert_int_equal(route(f, "orders"), MB_ENOROUTE);
    assert_int_equal(route(f, NULL), MB_ENOROUTE);
    assert_int_equal(mb_router_stats_now(f->router).unmatched, 3);
    assert_int_equal(mb_router_step(f->router, 0), MB_ETIMEOUT);
    mb_broker_shutdown(f->broker);
    assert_int_equal(mb_router_step(f->router, MB_FOREVER), MB_ECLOSED);
}

static void test_failures_are_returned_and_counted(void **state) {
    struct fixture *f = *state;
    add(f, "type", "bad", refuse, "rest");
    add(f, NULL, NULL, NULL, "orders");
    assert_int_equal(route(f, "bad"), MB_EINVAL);
    assert_null(receive(f->rest));
    for (int i = 0; i < 2; i++) {
        assert_int_equal(route(f, NULL), 0);
    }
    assert_int_equal(route(f, NULL), MB_EQUEUEFULL);
    assert_int_equal(mb_router_stats_now(f->router).failed, 2);
    assert_int_equal(mb_router_stats_now(f->router).passed, 2);
}

static void test_bad_rules(void **state) {
    struct fixture *f = *state;
    char name[MB_TOPIC_NAME_MAX + 2];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    assert_int_equal(mb_router_add(f->router, &(mb_route){.to = NULL}), MB_EINVAL);
    assert_int_equal(mb_router_add(f->router, &(mb_route){.to = ""}), MB_EINVAL);
    assert_int_equal(mb_router_add(f->router, &(mb_route){.to = name}), MB_EINVAL);
    mb_router *router = NULL;
    assert_int_equal(mb_router_new(&router, f->broker, ""), MB_EINVAL);
    assert_null(router);
    mb_router_free(NULL);
}

static int set_up_and_step(void) {
    mb_broker *broker = NULL;
    mb_router *router = NULL;
    mb_message *m = NULL;
    int rc = mb_broker_new(&broker, NULL);
    if (rc == 0) {
        rc = mb_router_new(&router, broker, "in");
    }
    if (rc == 0) {
        rc = mb_router_add(router, &(mb_route){.handler = mark, .user = &rc, .to = "out"});
    }
    if (rc == 0) {
        rc = mb_message_new(&m, "x", 1);
    }
    if (rc == 0) {
        rc = mb_publish(broker, "in", &m, 1);
    }
    if (rc == 0) {
        rc = mb_router_step(router, 0);
    }
    mb_message_unref(m);
    mb_router_free(router);
    mb_broker_free(broker);
    return rc;
}

static void test_every_allocation_may_fail(void **state) {
    (void)state;
    fail_every_allocation(set_up_and_step);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_first_matching_rule_wins, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_rule_and_no_message, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_failures_are_returned_and_counted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_bad_rules, set_up, tear_down),
        cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
