/* test_backends BACKEND: the same tests for each client library, against a real server (Kafka: the
 * library's own cluster, unless KAFKA_BROKERS says otherwise). The server is stopped and started by
 * the script that the environment names. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "transport_support.h"

static const char *backend;
static char url[512];

static void topic_of(char topic[64], const char *what) {
    snprintf(topic, 64, "minibus.%s.%ld", what, (long)getpid());
}

static void test_round_trips(void **state) {
    (void)state;
    char topic[64];
    mb_transport *t = open_transport(url);
    print_message("%s: %s / %s\n", mb_transport_name(t), mb_transport_guarantee(t, MB_CONFIRMED),
                  mb_transport_guarantee(t, MB_UNCONFIRMED));
    topic_of(topic, "round");
    check_bad_topics(t);
    check_round_trips(t, topic);
    mb_transport_close(t);
}

/* A large one arrives or is refused in words; the transport, or a new one, goes on. */
static void test_64_mb(void **state) {
    (void)state;
    char topic[64];
    const size_t size = (size_t)64 << 20;
    mb_error error = {0};
    topic_of(topic, "large");
    mb_transport *t = open_transport(url);
    subscribe_to(t, topic);
    const int rc = publish_numbered(t, topic, 1, 1, size, MB_CONFIRMED, &error);
    if (rc == 0) {
        expect_numbered(t, 1, 1, size);
    } else {
        print_message("64 MiB: %s\n", error.text);
        assert_int_equal(rc, MB_EREFUSED);
    }
    expect_error(publish_numbered(t, topic, 1, 1, size + (1 << 20), MB_CONFIRMED, &error), &error,
                 MB_ELIMIT, "68157440 bytes");
    mb_transport_close(t);
}

static void test_two_transports_meet(void **state) {
    (void)state;
    char topic[64];
    topic_of(topic, "two");
    mb_transport *a = open_transport(url);
    if (strcmp(backend, "kafka") != 0) { /* a login is not part of mb_transport_url() */
        mb_transport *b = open_transport(url);
        subscribe_to(a, topic);
        send_numbered(b, topic, 1, 10, 100, MB_CONFIRMED);
        mb_transport_close(b);
    } else {
        mb_transport *b = open_transport(mb_transport_url(a));
        subscribe_to(a, topic);
        send_numbered(b, topic, 1, 10, 100, MB_CONFIRMED);
        mb_transport_close(b);
    }
    expect_numbered(a, 1, 10, 100);
    mb_transport_close(a);
}

struct receiving {
    mb_transport *transport;
    size_t n_messages, n_received;
};

static void *receive_all(void *arg) {
    struct receiving *r = arg;
    mb_message *m;
    while (r->n_received < r->n_messages &&
           mb_transport_receive(&m, r->transport, PATIENCE_NS, NULL) == 0) {
        r->n_received++;
        mb_message_unref(m);
    }
    return NULL;
}

static void test_publishing_while_another_thread_receives(void **state) {
    (void)state;
    char topic[64];
    pthread_t thread;
    topic_of(topic, "threads");
    mb_transport *t = open_transport(url);
    subscribe_to(t, topic);
    struct receiving r = {.transport = t, .n_messages = 2000};
    assert_int_equal(pthread_create(&thread, NULL, receive_all, &r), 0);
    for (uint64_t i = 0; i < 20; i++) {
        send_numbered(t, topic, 1 + i * 100, 100, 100, i % 2 ? MB_CONFIRMED : MB_UNCONFIRMED);
    }
    pthread_join(thread, NULL);
    assert_int_equal(r.n_received, 2000);
    mb_transport_close(t);
}

static void test_wrong_urls_and_logins(void **state) {
    (void)state;
    static const struct {
        const char *backend, *url;
        int code;
        const char *text;
    } wrong[] = {
        {"mqtt", "mqtt://127.0.0.1:1", MB_EUNREACHABLE, "refused"},
        {"mqtt", "mqtt://no-such-host.invalid", MB_EUNREACHABLE, "no-such-host"},
        {"mqtt", "mqtt://127.0.0.1/topic", MB_EINVAL, "no path"},
        {"mqtt", "mqtt:127.0.0.1", MB_EINVAL, "HOST:PORT"},
        {"mqtt", "mqtt://%s?qos=1", MB_EINVAL, "qos"},
        {"mqtt", "mqtt://minibus:wrong@%s", MB_EREFUSED, "authorised"},
        {"mqtt", "mqtt://minibus:@%s", MB_EREFUSED, "authorised"},
        {"mqtt", "mqtt://minibus@%s", MB_EREFUSED, "authorised"},
        {"mqtt", "mqtt://nobody:minibus@%s", MB_EREFUSED, "authorised"},
        {"mqtt", "mqtt://mini%62us:MINIBUS@%s", MB_EREFUSED, "authorised"},
        {"mqtt", "mqtt://%ff:minibus@%s", MB_EINVAL, "UTF-8"},
        {"mqtt", "mqtt://minibus:wrong%0a@%s", MB_EREFUSED, "authorised"},
        {"mqtt", "mqtt://%s:1", MB_EINVAL, "HOST:PORT"},
        {"mqtt", "mqtt://", MB_EINVAL, "HOST:PORT"},
        {"rabbitmq", "amqp://127.0.0.1:1", MB_EUNREACHABLE, "refused"},
        {"rabbitmq", "amqp://127.0.0.1:x", MB_EINVAL, "HOST:PORT"},
        {"rabbitmq", "amqp://minibus:wrong@%s", MB_EREFUSED, "ACCESS_REFUSED"},
        {"rabbitmq", "amqp://minibus:@%s", MB_EREFUSED, "ACCESS_REFUSED"},
        {"rabbitmq", "amqp://minibus@%s", MB_EREFUSED, "ACCESS_REFUSED"},
        {"rabbitmq", "amqp://nobody:minibus@%s", MB_EREFUSED, "ACCESS_REFUSED"},
        {"rabbitmq", "amqp://%ff:minibus%0a@%s", MB_EREFUSED, "ACCESS_REFUSED"},
        {"rabbitmq", "amqp://minibus:minibus@%s/a%2fb", MB_EREFUSED, "a/b"},
        {"rabbitmq", "amqp://minibus:minibus@%s/%0a", MB_EREFUSED, "?"},
        {"rabbitmq", "amqp://%s:1", MB_EINVAL, "HOST:PORT"},
        {"rabbitmq", "amqp:127.0.0.1", MB_EINVAL, "HOST:PORT"},
        {"rabbitmq", "amqp://minibus:minibus@%s/nowhere", MB_EREFUSED, "nowhere"},
        {"rabbitmq", "amqp://%s?heartbeat=1", MB_EINVAL, "heartbeat"},
        {"kafka", "kafka://127.0.0.1:1?timeout_ms=2000", MB_EUNREACHABLE, "127.0.0.1:1"},
        {"kafka", "kafka:mick", MB_EINVAL, "kafka:mock"},
        {"kafka", "kafka://u:p@127.0.0.1:1", MB_EINVAL, "no user"},
        {"kafka", "kafka://127.0.0.1:1,", MB_EINVAL, "HOST:PORT"},
        {"kafka", "kafka://127.0.0.1:1,127.0.0.1:x", MB_EINVAL, "HOST:PORT"},
        {"kafka", "kafka://127.0.0.1:1/topic", MB_EINVAL, "no path"},
        {"kafka", "kafka://", MB_EINVAL, "HOST:PORT"},
    };
    const char *at = strrchr(url, '@');
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char text[256];
        const char *percent = strstr(wrong[i].url, "%s");
        const char *before = wrong[i].url, *after = percent ? percent + 2 : "";
        snprintf(text, sizeof text, "%.*s%s%s",
                 (int)(percent ? percent - before : (long)strlen(before)), before,
                 percent && at ? at + 1 : "", after);
        if (strcmp(wrong[i].backend, backend) == 0) {
            expect_no_open(text, wrong[i].code, wrong[i].text);
        }
    }
}

static void test_topics_of_this_backend(void **state) {
    (void)state;
    static const struct {
        const char *backend, *topic;
    } bad[] = {{"mqtt", "a/#"},  {"mqtt", "a+"},   {"mqtt", "$SYS/x"},
               {"mqtt", "\xff"}, {"kafka", "a/b"}, {"kafka", "."}};
    mb_transport *t = open_transport(url);
    mb_error error = {0};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (strcmp(bad[i].backend, backend) == 0) {
            expect_error(mb_transport_subscribe(t, bad[i].topic, &error), &error, MB_EINVAL,
                         "topics are");
        }
    }
    mb_transport_close(t);
}

static void control_server(const char *command) {
    char line[512];
    snprintf(line, sizeof line, "'%s' %s %s >&2", getenv("BACKENDS_SCRIPT"), command,
             getenv("BACKENDS_SERVER"));
    assert_int_equal(system(line), 0);
}

/* To a new transport, the server is as it was. */
static void expect_service(const char *topic) {
    mb_transport *t = open_transport(url);
    subscribe_to(t, topic);
    send_numbered(t, topic, 7, 5, 100, MB_CONFIRMED);
    expect_numbered(t, 7, 5, 100);
    mb_transport_close(t);
}

/* Stopped in the middle: every call comes back with an error in words, none hangs, and the share of
 * failures is what is known to be lost. Started again, a new transport works. */
static void test_a_server_that_is_stopped(void **state) {
    (void)state;
    char topic[64];
    mb_error error = {0};
    mb_message *m = NULL;
    if (strcmp(backend, "kafka") == 0) {
        skip(); /* its own test stops the brokers of the library's cluster */
    }
    topic_of(topic, "stopped");
    mb_transport *t = open_transport(url);
    subscribe_to(t, topic);
    send_numbered(t, topic, 1, 5, 100, MB_CONFIRMED);
    expect_numbered(t, 1, 5, 100);
    control_server("stop");
    int n_failed = 0;
    for (int i = 0; i < 10; i++) {
        const int rc = publish_numbered(t, topic, 6, 1, 100, MB_CONFIRMED, &error);
        n_failed += rc != 0;
        assert_true(rc == MB_ELOST || rc == MB_EREFUSED);
        assert_true(strlen(error.text) > 10);
    }
    assert_int_equal(n_failed, 10);
    print_message("stopped: %s\n", error.text);
    assert_int_not_equal(publish_numbered(t, topic, 6, 1, 100, MB_UNCONFIRMED, &error), 0);
    const int rc = mb_transport_receive(&m, t, MB_FOREVER, &error);
    assert_true(rc == MB_ELOST || rc == MB_EREFUSED);
    mb_transport_close(t);
    expect_no_open(url, MB_EUNREACHABLE, "refused");

    control_server("start");
    expect_service(topic);
}

struct publishing {
    mb_transport *transport;
    const char *topic;
    atomic_uint n_confirmed;
    int rc; /* of the one that failed, */
    mb_error error;
    int rc_after; /* and of one more */
};

static void *publish_until_it_fails(void *arg) {
    struct publishing *p = arg;
    mb_message *m = NULL;
    while (!p->rc && mb_message_new(&m, "x", 1) == 0) {
        mb_message_set_sequence(m, atomic_load(&p->n_confirmed) + 1);
        p->rc = mb_transport_publish(p->transport, p->topic, &m, 1, MB_CONFIRMED, &p->error);
        if (p->rc) {
            p->rc_after = mb_transport_publish(p->transport, p->topic, &m, 1, MB_CONFIRMED, NULL);
        } else {
            atomic_fetch_add(&p->n_confirmed, 1);
        }
        mb_message_unref(m);
    }
    return NULL;
}

static void expect_first(mb_transport *t, uint64_t n) {
    for (uint64_t i = 1; i <= n; i++) {
        mb_message *m = NULL;
        mb_error error = {0};
        if (mb_transport_receive(&m, t, PATIENCE_NS, &error)) {
            fail_msg("message %d: %s", (int)i, error.text);
        }
        assert_int_equal(mb_message_sequence(m), i);
        mb_message_unref(m);
    }
}

/* Restarted in the middle of a stream of confirmed messages: the publisher gets an error in words
 * and no confirmation after it, the receiver gets what came before in order and once, and then an
 * error too; nobody hangs. */
static void test_a_server_that_is_restarted_under_load(void **state) {
    (void)state;
    char topic[64];
    pthread_t thread;
    mb_message *m = NULL;
    mb_error error = {0};
    if (strcmp(backend, "kafka") == 0) {
        skip();
    }
    topic_of(topic, "load");
    mb_transport *in = open_transport(url), *out = open_transport(url);
    subscribe_to(in, topic);
    struct publishing p = {.transport = out, .topic = topic};
    assert_int_equal(pthread_create(&thread, NULL, publish_until_it_fails, &p), 0);
    expect_first(in, 50);
    control_server("stop");
    pthread_join(thread, NULL);
    assert_true(p.rc == MB_ELOST || p.rc == MB_EREFUSED);
    assert_true(strlen(p.error.text) > 10);
    assert_int_not_equal(p.rc_after, 0);
    int rc;
    uint64_t last = 50;
    while ((rc = mb_transport_receive(&m, in, PATIENCE_NS, &error)) == 0) {
        assert_int_equal(mb_message_sequence(m), ++last);
        mb_message_unref(m);
    }
    assert_true(rc == MB_ELOST || rc == MB_EREFUSED);
    assert_true(last <= atomic_load(&p.n_confirmed) + 1); /* the last one's answer may be lost */
    print_message("%u confirmed, %llu received: %s\n", atomic_load(&p.n_confirmed),
                  (unsigned long long)last, p.error.text);
    mb_transport_close(in);
    mb_transport_close(out);

    control_server("start");
    expect_service(topic);
}

/* Two servers on one port: the second is refused in words, and the first goes on. */
static void test_a_port_in_use(void **state) {
    (void)state;
    char line[1024], text[1024];
    if (strcmp(backend, "kafka") == 0) {
        skip();
    }
    snprintf(line, sizeof line, "BENCH_BACKENDS_DIR='%s-second' '%s' start %s 2>&1",
             getenv("BENCH_BACKENDS_DIR"), getenv("BACKENDS_SCRIPT"), getenv("BACKENDS_SERVER"));
    FILE *pipe = popen(line, "r");
    assert_non_null(pipe);
    const size_t n = fread(text, 1, sizeof text - 1, pipe);
    text[n] = '\0';
    assert_int_not_equal(pclose(pipe), 0);
    assert_non_null(strstr(text, "is in use: set BENCH_BACKENDS_PORT"));
    mb_transport *t = open_transport(url);
    mb_transport_close(t);
}

int main(int argc, char **argv) {
    mb_error error = {0};
    if (argc != 2) {
        fprintf(stderr, "use: test_backends mqtt|rabbitmq|kafka\n");
        return 2;
    }
    backend = argv[1];
    mb_transport *t = NULL;
    int rc = mb_transport_url_of(url, sizeof url, backend, &error);
    if (rc == MB_EUNREACHABLE && strcmp(backend, "kafka") == 0) {
        rc = mb_transport_url_of(url, sizeof url, "kafka-mock", &error);
    }
    rc = rc ? rc : mb_transport_open(&t, url, &error);
    mb_transport_close(t);
    if (rc) {
        printf("%s: %s\n", mb_transport_is_skip(rc) ? "skipped" : "failed", error.text);
        return rc == MB_EUNAVAILABLE ? 77 : 1;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trips),
        cmocka_unit_test(test_64_mb),
        cmocka_unit_test(test_two_transports_meet),
        cmocka_unit_test(test_publishing_while_another_thread_receives),
        cmocka_unit_test(test_wrong_urls_and_logins),
        cmocka_unit_test(test_topics_of_this_backend),
        cmocka_unit_test(test_a_port_in_use),
        cmocka_unit_test(test_a_server_that_is_stopped),
        cmocka_unit_test(test_a_server_that_is_restarted_under_load),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
