/* middleware_support.h - a broker with one subscriber, for the tests of middleware and its log. */
#ifndef TESTS_UNIT_MINIBUS_MIDDLEWARE_SUPPORT_H
#define TESTS_UNIT_MINIBUS_MIDDLEWARE_SUPPORT_H

#include "testing.h"

#include "minibus/metadata.h"
#include "minibus/middleware.h"

struct fixture {
    mb_broker *broker;
    mb_subscriber *subscriber;
    char trace[64]; /* what hooks were called */
};

static inline int set_up(void **state) {
    static struct fixture f;
    f = (struct fixture){0};
    assert_int_equal(mb_broker_new(&f.broker, &(mb_broker_options){.queue_capacity = 100}), 0);
    assert_int_equal(mb_subscribe(&f.subscriber, f.broker, "t"), 0);
    *state = &f;
    return 0;
}

static inline int tear_down(void **state) {
    struct fixture *f = *state;
    mb_subscriber_free(f->subscriber);
    mb_broker_free(f->broker);
    return 0;
}

static inline int publish(struct fixture *f, mb_message *m) {
    return mb_publish(f->broker, "t", &m, 1);
}

static inline mb_message *receive(struct fixture *f) {
    mb_delivery d;
    return mb_subscriber_try_receive(&d, f->subscriber) == 0 ? d.message : NULL;
}

static inline int64_t seven(void *user) {
    (void)user;
    return 7;
}

static inline mb_log *use_log(struct fixture *f, mb_log_options options) {
    mb_log *log = NULL;
    options.now_ns = seven;
    assert_int_equal(mb_log_new(&log, &options), 0);
    const mb_middleware m = mb_log_middleware(log);
    assert_int_equal(mb_broker_use(f->broker, &m), 0);
    return log;
}

#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

#endif
