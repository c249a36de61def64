/* The log as a link of the chain of middleware: levels, sinks, clocks, files that refuse. */
#include "middleware_support.h"

#include <stdio.h>

static void publish_and_receive(struct fixture *f) {
    mb_message *m = new_message("x");
    assert_int_equal(mb_message_set_correlation_id(m, "a\nb"), 0);
    assert_int_equal(publish(f, m), 0);
    mb_message_unref(m);
    mb_message_unref(receive(f));
    mb_message *too_many[101] = {NULL};
    assert_int_equal(mb_publish(f->broker, "t", too_many, 0), 0);
}

static void test_levels(void **state) {
    (void)state;
    static const uint64_t n_lines[] = {0, 0, 3, 5};
    for (int level = MB_LOG_OFF; level <= MB_LOG_MESSAGES; level++) {
        for (int sink = MB_LOG_NULL; sink <= MB_LOG_RING; sink++) {
            set_up(state);
            mb_log *log = use_log(
                *state, (mb_log_options){.level = (mb_log_level)level, .sink = (mb_log_sink)sink});
            publish_and_receive(*state);
            assert_int_equal(mb_log_n_lines(log), n_lines[level]);
            tear_down(state);
            mb_log_free(log);
        }
    }
}

static void test_the_ring_keeps_the_last_lines(void **state) {
    struct fixture *f = *state;
    char line[MB_LOG_LINE_SIZE];
    mb_log *log = use_log(
        f, (mb_log_options){.level = MB_LOG_MESSAGES, .sink = MB_LOG_RING, .ring_lines = 4});
    assert_int_equal(mb_log_read(line, log, 0), MB_EEMPTY);
    publish_and_receive(f);
    assert_int_equal(mb_log_read(line, log, 0), 0);
    assert_string_equal(line, "7 publish n=0 ok topic=t");
    assert_int_equal(mb_log_read(line, log, 1), 0);
    assert_non_null(strstr(line, "7 received id="));
    assert_non_null(strstr(line, "size=1 correlation=a?b"));
    assert_int_equal(mb_log_read(line, log, 3), 0);
    assert_non_null(strstr(line, "7 published id="));
    assert_int_equal(mb_log_read(line, log, 4), MB_EEMPTY);
    mb_log_free(log);
}

static void test_failures_are_logged(void **state) {
    struct fixture *f = *state;
    char line[MB_LOG_LINE_SIZE];
    mb_log *log = use_log(f, (mb_log_options){.level = MB_LOG_ERRORS, .sink = MB_LOG_RING});
    publish_and_receive(f);
    mb_broker_shutdown(f->broker);
    mb_message *m = new_message("x");
    assert_int_equal(publish(f, m), MB_ECLOSED);
    mb_message_unref(m);
    assert_int_equal(mb_log_n_lines(log), 1);
    assert_int_equal(mb_log_read(line, log, 0), 0);
    assert_string_equal(line, "7 publish n=1 broker is closed topic=t");
    mb_log_free(log);
}

static void test_a_file(void **state) {
    struct fixture *f = *state;
    char line[MB_LOG_LINE_SIZE];
    FILE *file = tmpfile();
    assert_non_null(file);
    mb_log *log =
        use_log(f, (mb_log_options){.level = MB_LOG_BATCHES, .sink = MB_LOG_FILE, .file = file});
    publish_and_receive(f);
    rewind(file);
    assert_non_null(fgets(line, sizeof line, file));
    assert_string_equal(line, "7 publish n=1 ok topic=t\n");
    assert_non_null(fgets(line, sizeof line, file));
    assert_string_equal(line, "7 receive n=1 ok topic=t\n");
    assert_int_equal(mb_log_read(line, log, 0), MB_EEMPTY); /* only a ring can be read back */
    mb_log_free(log);
    fclose(file);
}

/* More lines than are handed over together, and names that are longer than a line. */
static void test_long_lines_and_many(void **state) {
    struct fixture *f = *state;
    char line[MB_LOG_LINE_SIZE + 1], id[2 * MB_LOG_LINE_SIZE];
    mb_message *messages[100];
    FILE *file = tmpfile();
    assert_non_null(file);
    mb_log *log =
        use_log(f, (mb_log_options){.level = MB_LOG_MESSAGES, .sink = MB_LOG_FILE, .file = file});
    memset(id, 'i', sizeof id - 1);
    id[sizeof id - 1] = '\0';
    for (int i = 0; i < 100; i++) {
        messages[i] = new_message("x");
        assert_int_equal(mb_message_set_correlation_id(messages[i], id), 0);
    }
    assert_int_equal(mb_publish(f->broker, "t", messages, 100), 0);
    assert_int_equal(mb_log_n_lines(log), 101);
    rewind(file);
    assert_non_null(fgets(line, sizeof line, file));
    assert_string_equal(line, "7 publish n=100 ok topic=t\n");
    for (int i = 0; i < 100; i++) {
        char uuid[MB_UUID_TEXT_SIZE];
        assert_non_null(fgets(line, sizeof line, file));
        assert_int_equal(strlen(line), MB_LOG_LINE_SIZE); /* its last character is the newline */
        assert_non_null(strstr(line, mb_uuid_format(uuid, mb_message_id(messages[i]))));
        assert_non_null(strstr(line, " size=1 correlation=iii"));
        mb_message_unref(messages[i]);
    }
    assert_null(fgets(line, sizeof line, file));
    mb_log_free(log);
    fclose(file);
}

/* The buffer of the stream is smaller than a line: it has to write. */
static void test_a_file_that_is_full(void **state) {
    struct fixture *f = *state;
    FILE *file = fopen("/dev/full", "w");
    assert_non_null(file);
    setvbuf(file, NULL, _IONBF, 0);
    mb_log *log =
        use_log(f, (mb_log_options){.level = MB_LOG_MESSAGES, .sink = MB_LOG_FILE, .file = file});
    publish_and_receive(f);
    assert_int_equal(mb_log_n_lines(log), 0);
    mb_log_free(log);
    fclose(file);
}

static int64_t before_the_epoch(void *user) {
    (void)user;
    return INT64_MIN;
}

static void test_any_clock(void **state) {
    struct fixture *f = *state;
    char line[MB_LOG_LINE_SIZE];
    mb_log *log = NULL;
    const mb_log_options options = {
        .level = MB_LOG_BATCHES, .sink = MB_LOG_RING, .now_ns = before_the_epoch};
    assert_int_equal(mb_log_new(&log, &options), 0);
    const mb_middleware m = mb_log_middleware(log);
    assert_int_equal(mb_broker_use(f->broker, &m), 0);
    publish_and_receive(f);
    assert_int_equal(mb_log_read(line, log, 0), 0);
    assert_string_equal(line, "-9223372036854775808 publish n=0 ok topic=t");
    mb_log_free(log);
}

static void test_bad_logs(void **state) {
    (void)state;
    mb_log *log = NULL;
    const mb_log_options bad[] = {
        {.level = (mb_log_level)4},
        {.sink = (mb_log_sink)3},
        {.sink = MB_LOG_FILE},
        {.sink = MB_LOG_RING, .file = stderr},
        {.sink = MB_LOG_RING, .ring_lines = MB_LOG_RING_MAX + 1},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(mb_log_new(&log, &bad[i]), MB_EINVAL);
    }
    assert_null(log);
    mb_log_free(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_levels),          WITH_FIXTURE(test_the_ring_keeps_the_last_lines),
        WITH_FIXTURE(test_failures_are_logged), WITH_FIXTURE(test_a_file),
        WITH_FIXTURE(test_long_lines_and_many), WITH_FIXTURE(test_a_file_that_is_full),
        WITH_FIXTURE(test_any_clock),           cmocka_unit_test(test_bad_logs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
