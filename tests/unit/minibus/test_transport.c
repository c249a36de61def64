/* Transports that need no other program: round trips, wrong URLs, topics, sizes, a damaged file. */
#include "transport_support.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "minibus/transport_backend.h"
#include "support/scratch.h"

static void test_round_trips(void **state) {
    (void)state;
    static const char *const names[] = {"inmemory", "loopback", "file", "file", "file"};
    char dir[SCRATCH_SIZE], urls[5][SCRATCH_SIZE + 32] = {"inmemory:", "loopback:"};
    scratch_make(dir);
    snprintf(urls[2], sizeof urls[2], "file:%s/none?sync=none", dir);
    snprintf(urls[3], sizeof urls[3], "file:%s/batch", dir);
    snprintf(urls[4], sizeof urls[4], "file:%s/each%%21?sync=each", dir);
    for (int i = 0; i < 5; i++) {
        mb_transport *t = open_transport(urls[i]);
        assert_string_equal(mb_transport_name(t), names[i]);
        check_bad_topics(t);
        check_round_trips(t, "topic/of tests");
        mb_transport_close(t);
    }
    scratch_remove(dir);
}

static void test_the_largest_message(void **state) {
    (void)state;
    char dir[SCRATCH_SIZE], url[SCRATCH_SIZE + 32];
    scratch_make(dir);
    snprintf(url, sizeof url, "file:%s/journal?sync=none", dir);
    const char *const urls[] = {"inmemory:", "loopback:", url};
    for (int i = 0; i < 3; i++) {
        mb_transport *t = open_transport(urls[i]);
        mb_error error = {0};
        subscribe_to(t, "t");
        send_numbered(t, "t", 1, 1, MB_TRANSPORT_MESSAGE_MAX, MB_CONFIRMED);
        expect_numbered(t, 1, 1, MB_TRANSPORT_MESSAGE_MAX);
        expect_error(
            publish_numbered(t, "t", 1, 1, MB_TRANSPORT_MESSAGE_MAX + 1, MB_CONFIRMED, &error),
            &error, MB_ELIMIT, "67239937 bytes: transports take up to 67239936");
        send_numbered(t, "t", 2, 2, (size_t)40 << 20, MB_CONFIRMED); /* too large for one frame */
        expect_numbered(t, 2, 2, (size_t)40 << 20);
        mb_transport_close(t);
    }
    scratch_remove(dir);
}

static void test_wrong_urls(void **state) {
    (void)state;
    static const struct {
        const char *url, *text;
    } wrong[] = {
        {"", "is no URL"},
        {"inmemory", "is no URL"},
        {"ftp://x", "is no transport"},
        {":x", "is no transport"},
        {"a\x1b[31mb:x", "a?[31mb"},
        {"inmemory://host", "no host"},
        {"inmemory:path", "no path"},
        {"inmemory:?capacity=0", "use 1 to"},
        {"inmemory:?capacity=-1", "use 1 to"},
        {"inmemory:?capacity=99999999999999999999", "use 1 to"},
        {"inmemory:?capacity=10x", "use 1 to"},
        {"inmemory:?capacity", "NAME=VALUE"},
        {"inmemory:?capacity=1&capacity=2", "twice"},
        {"inmemory:?colour=red", "no option 'colour'"},
        {"inmemory:?a=1&a=1&a=1&a=1&a=1&a=1&a=1&a=1&a=1", "at most 8"},
        {"loopback:?timeout_ms=600001", "600000"},
        {"loopback://", "not HOST:PORT"},
        {"loopback://127.0.0.1", "not HOST:PORT"},
        {"loopback://127.0.0.1:0", "not HOST:PORT"},
        {"loopback://127.0.0.1:65536", "not HOST:PORT"},
        {"loopback://127.0.0.1:7x", "not HOST:PORT"},
        {"loopback://[::1:7", "not HOST:PORT"},
        {"loopback://[::1]7", "not HOST:PORT"},
        {"loopback://u:p@127.0.0.1:7", "no user"},
        {"loopback://u:%zz@127.0.0.1:7", "two digits"},
        {"loopback://u:%\x14\x11@127.0.0.1:7", "two digits"},
        {"loopback://u%@127.0.0.1:7", "two digits"},
        {"loopback://u%4@127.0.0.1:7", "two digits"},
        {"loopback://u%00@127.0.0.1:7", "two digits"},
        {"loopback://127.0.0.1:+7", "not HOST:PORT"},
        {"loopback://127.0.0.1: 7", "not HOST:PORT"},
        {"loopback://127.0.0.1:07x", "not HOST:PORT"},
        {"loopback://127.0.0.1:99999999999999999999", "not HOST:PORT"},
        {"loopback://:7", "not HOST:PORT"},
        {"loopback://[]:7", "not HOST:PORT"},
        {"loopback://127.0.0.1:7,127.0.0.1:8", "not HOST:PORT"},
        {"loopback://a\nb", "'a?b' is not HOST:PORT"},
        {"loopback://127.0.0.1:7/path", "no path"},
        {"loopback://127.0.0.1:7?timeout_ms=0", "use 1 to"},
        {"loopback://127.0.0.1:7?timeout_ms=", "use 1 to"},
        {"loopback://127.0.0.1:7?%74imeout_ms=1", "no option"},
        {"loopback://127.0.0.1:7?timeout_ms=1?", "use 1 to"},
        {"loopback://127.0.0.1:7?&timeout_ms=1", "NAME=VALUE"},
        {"loopback://127.0.0.1:7?=1", "no option ''"},
        {"//127.0.0.1:7", "is no transport"},
        {"LOOPBACK://127.0.0.1:7", "is no transport"},
        {" loopback://127.0.0.1:7", "is no transport"},
        {"file:", "needs a path"},
        {"file://host/path", "needs a path"},
        {"file:a%00b", "other than 00"},
        {"file:a%4", "two digits"},
        {"file:/dev/null", "no regular file"},
        {"file:x?sync=always", "none, batch or each"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        expect_no_open(wrong[i].url, MB_EINVAL, wrong[i].text);
    }
    expect_no_open("file:/no/such/place", MB_ESYSTEM, "No such file");
    char *url = malloc(70000);
    assert_non_null(url);
    memset(url, 'a', 69999);
    url[69999] = '\0';
    expect_no_open(url, MB_EINVAL, "69999 bytes");
    free(url);
}

static void test_url_in_pieces(void **state) {
    (void)state;
    struct mb__url url;
    char host[MB__HOST_MAX + 1];
    int port;
    assert_int_equal(
        mb__url_parse(&url, "amqp://me%40x:p%3a%2f@[::1]:5672/%2f?timeout_ms=5&b=%26", NULL), 0);
    assert_string_equal(url.user, "me@x");
    assert_string_equal(url.password, "p:/");
    assert_string_equal(url.path, "/");
    assert_string_equal(mb__url_option(&url, "b"), "&");
    assert_int_equal(mb__url_host(host, &port, &url, 1, NULL), 0);
    assert_string_equal(host, "::1");
    assert_int_equal(port, 5672);
}

static void test_no_password_in_errors(void **state) {
    (void)state;
    static const char *const urls[] = {"loopback://me:secret@127.0.0.1:7",
                                       "amqp://me:secret@127.0.0.1:x",
                                       "amqp://me:secret@:1/",
                                       "mqtt://me:secret@127.0.0.1:1?timeout_ms=x",
                                       "amqp://me:half/secret@127.0.0.1:1",
                                       "amqp://me:secret/half@127.0.0.1:1",
                                       "amqp://me:half?secret@127.0.0.1:1",
                                       "amqp://me:secret?half@127.0.0.1:1",
                                       "amqp://me:half@secret@127.0.0.1:x",
                                       "mqtt://me:half#secret@:1",
                                       "kafka://me:secret@127.0.0.1:1",
                                       "loopback://me:%secret@127.0.0.1:1",
                                       "loopback:?x=me:secret@127.0.0.1:1",
                                       "loopback:me:secret@127.0.0.1:1"};
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        mb_transport *t = NULL;
        mb_error error = {0};
        assert_int_not_equal(mb_transport_open(&t, urls[i], &error), 0);
        assert_null(strstr(error.text, "secret"));
    }
}

static void test_addresses_come_from_the_environment(void **state) {
    (void)state;
    char url[64];
    mb_error error = {0};
    unsetenv("RABBITMQ_URL");
    unsetenv("KAFKA_BROKERS");
    setenv("MQTT_BROKER", "host:1", 1);
    assert_int_equal(mb_transport_url_of(url, sizeof url, "mqtt", &error), 0);
    assert_string_equal(url, "mqtt://host:1");
    setenv("MQTT_BROKER", "mqtt://host:2", 1);
    assert_int_equal(mb_transport_url_of(url, sizeof url, "mqtt", &error), 0);
    assert_string_equal(url, "mqtt://host:2");
    assert_int_equal(mb_transport_url_of(url, sizeof url, "kafka-mock", &error), 0);
    assert_string_equal(url, "kafka:mock");
    expect_error(mb_transport_url_of(url, sizeof url, "kafka", &error), &error, MB_EUNREACHABLE,
                 "KAFKA_BROKERS is not set");
    const int rc = mb_transport_url_of(url, sizeof url, "rabbitmq", &error);
    expect_error(rc, &error, MB_EUNREACHABLE, "RABBITMQ_URL is not set");
    assert_true(mb_transport_is_skip(rc));
    expect_error(mb_transport_url_of(url, 5, "mqtt", &error), &error, MB_EINVAL, "too long");
    expect_error(mb_transport_url_of(url, sizeof url, "carrier", &error), &error, MB_EINVAL,
                 "carrier");
}

static void test_a_full_queue_is_an_error(void **state) {
    (void)state;
    mb_transport *t = open_transport("inmemory:?capacity=2");
    mb_error error = {0};
    subscribe_to(t, "t");
    expect_error(publish_numbered(t, "t", 1, 3, 1, MB_CONFIRMED, &error), &error, MB_EQUEUEFULL,
                 "full");
    mb_transport_close(t);
}

/* Opens a journal at `path` and subscribes; a second one writes, for files that are changed. */
static void test_journals_that_are_changed(void **state) {
    (void)state;
    char dir[SCRATCH_SIZE], url[SCRATCH_SIZE + 32], path[SCRATCH_SIZE + 16];
    mb_error error = {0};
    mb_message *m = NULL;
    scratch_make(dir);
    snprintf(path, sizeof path, "%s/journal", dir);
    snprintf(url, sizeof url, "file:%s", path);
    mb_transport *reader = open_transport(url), *writer = open_transport(url);
    subscribe_to(reader, "t");
    send_numbered(writer, "other", 1, 2, 10, MB_CONFIRMED);
    send_numbered(writer, "t", 7, 2, 10, MB_CONFIRMED);
    expect_numbered(reader, 7, 2, 10);

    struct stat before;
    assert_int_equal(stat(path, &before), 0);
    send_numbered(writer, "t", 9, 1, 10, MB_CONFIRMED);
    const int fd = open(path, O_RDWR);
    assert_int_equal(pwrite(fd, "?", 1, before.st_size + 30), 1); /* not what it was */
    expect_error(mb_transport_receive(&m, reader, 0, &error), &error, MB_EFORMAT, "damaged");
    assert_int_equal(ftruncate(fd, 3), 0);
    mb_transport_close(reader);
    reader = open_transport(url);
    subscribe_to(reader, "t");
    assert_int_equal(ftruncate(fd, 1), 0);
    expect_error(mb_transport_receive(&m, reader, 0, &error), &error, MB_ELOST, "shorter");
    assert_int_equal(unlink(path), 0);
    expect_error(mb_transport_receive(&m, reader, 0, &error), &error, MB_ELOST, "removed");
    close(fd);
    mb_transport_close(reader);
    mb_transport_close(writer);
    scratch_remove(dir);
}

static int round_trip_once(const char *url) {
    mb_transport *t = NULL;
    mb_message *m = NULL, *back = NULL;
    int rc = mb_message_new(&m, "x", 1);
    rc = rc ? rc : mb_transport_open(&t, url, NULL);
    rc = rc ? rc : mb_transport_subscribe(t, "t", NULL);
    rc = rc ? rc : mb_transport_publish(t, "t", &m, 1, MB_CONFIRMED, NULL);
    rc = rc ? rc : mb_transport_receive(&back, t, PATIENCE_NS, NULL);
    mb_message_unref(back);
    mb_message_unref(m);
    mb_transport_close(t);
    return rc;
}

static int round_trip_inmemory(void) {
    return round_trip_once("inmemory:?capacity=4");
}

static char file_url[SCRATCH_SIZE + 32];

static int round_trip_file(void) {
    return round_trip_once(file_url);
}

static void test_every_allocation_may_fail(void **state) {
    (void)state;
    char dir[SCRATCH_SIZE];
    scratch_make(dir);
    snprintf(file_url, sizeof file_url, "file:%s/journal?sync=none", dir);
    fail_every_allocation(round_trip_inmemory);
    fail_every_allocation(round_trip_file);
    scratch_remove(dir);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trips),
        cmocka_unit_test(test_the_largest_message),
        cmocka_unit_test(test_wrong_urls),
        cmocka_unit_test(test_url_in_pieces),
        cmocka_unit_test(test_no_password_in_errors),
        cmocka_unit_test(test_addresses_come_from_the_environment),
        cmocka_unit_test(test_a_full_queue_is_an_error),
        cmocka_unit_test(test_journals_that_are_changed),
        cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
