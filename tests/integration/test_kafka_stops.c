/* A Kafka broker that goes away and comes back, as the library's own cluster plays it: the server
 * of every other backend is a process that a script stops. */
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include "transport_support.h"

enum { BROKER = 1 };

struct cluster {
    rd_kafka_t *rk;
    rd_kafka_mock_cluster_t *mock;
    char url[128];
};

static void start_cluster(struct cluster *c) {
    char why[256];
    c->rk = rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), why, sizeof why);
    assert_non_null(c->rk);
    rd_kafka_set_log_level(c->rk, 0);
    c->mock = rd_kafka_mock_cluster_new(c->rk, 1);
    assert_non_null(c->mock);
    snprintf(c->url, sizeof c->url, "kafka://%s?timeout_ms=2000",
             rd_kafka_mock_cluster_bootstraps(c->mock));
}

static void stop_cluster(struct cluster *c) {
    rd_kafka_mock_cluster_destroy(c->mock);
    rd_kafka_destroy(c->rk);
}

/* Every call comes back with an error in words; later the same transport works again. */
static void test_a_broker_that_goes_away(void **state) {
    (void)state;
    struct cluster c;
    mb_error error = {0};
    mb_message *m = NULL;
    start_cluster(&c);
    mb_transport *t = open_transport(c.url);
    assert_string_equal(mb_transport_name(t), "kafka");
    subscribe_to(t, "stops");
    send_numbered(t, "stops", 1, 5, 100, MB_CONFIRMED);
    expect_numbered(t, 1, 5, 100);

    assert_int_equal(rd_kafka_mock_broker_set_down(c.mock, BROKER), 0);
    int n_failed = 0;
    for (int i = 0; i < 5; i++) {
        const int rc = publish_numbered(t, "stops", 6, 1, 100, MB_CONFIRMED, &error);
        n_failed += rc != 0;
        assert_true(rc == MB_ELOST || rc == MB_ETIMEOUT);
        assert_true(strstr(error.text, "127.0.0.1") != NULL);
    }
    assert_int_equal(n_failed, 5);
    print_message("down: %s\n", error.text);
    assert_int_equal(publish_numbered(t, "stops", 6, 1, 100, MB_UNCONFIRMED, &error), 0);
    assert_int_not_equal(mb_transport_flush(t, &error), 0);
    expect_error(mb_transport_receive(&m, t, MB_FOREVER, &error), &error, MB_ELOST, "down");

    assert_int_equal(rd_kafka_mock_broker_set_up(c.mock, BROKER), 0);
    mb_transport *again = open_transport(c.url);
    subscribe_to(again, "stops");
    send_numbered(again, "stops", 7, 5, 100, MB_CONFIRMED);
    expect_numbered(again, 7, 5, 100);
    mb_transport_close(again);
    mb_transport_close(t);
    stop_cluster(&c);
}

/* What a broker says no to, message by message. */
static void test_a_broker_that_refuses(void **state) {
    (void)state;
    struct cluster c;
    mb_error error = {0};
    start_cluster(&c);
    mb_transport *t = open_transport(c.url);
    rd_kafka_mock_push_request_errors(c.mock, 0 /* produce */, 1,
                                      RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
    expect_error(publish_numbered(t, "refuses", 1, 1, 100, MB_CONFIRMED, &error), &error,
                 MB_EREFUSED, "large");
    rd_kafka_mock_push_request_errors(c.mock, 0, 1, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
    expect_error(publish_numbered(t, "refuses", 2, 1, 100, MB_CONFIRMED, &error), &error,
                 MB_EREFUSED, "uthoriz");
    mb_transport_close(t);
    stop_cluster(&c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_broker_that_goes_away),
        cmocka_unit_test(test_a_broker_that_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
