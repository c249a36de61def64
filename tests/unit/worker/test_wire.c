/* Frames and values: what goes in comes out, and damage is noticed. */
#include "worker/wire.h"

#include "base/mem.h"
#include "unit/measure/near.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void values_come_back(void **state) {
    (void)state;
    struct bench__wire w = {0};
    const double numbers[] = {1.5, -2, 1e300};
    bench__wire_put_u64(&w, UINT64_MAX);
    bench__wire_put_i64(&w, -7);
    bench__wire_put_f64(&w, 0.1);
    bench__wire_put_text(&w, "text");
    bench__wire_put_text(&w, "");
    bench__wire_put_text(&w, NULL);
    bench__wire_put_array(&w, numbers, 3, sizeof *numbers);
    assert_true(bench__wire_get_u64(&w) == UINT64_MAX);
    assert_int_equal(bench__wire_get_i64(&w), -7);
    assert_near(bench__wire_get_f64(&w), 0.1, 0);
    char *text = bench__wire_get_text(&w), *empty = bench__wire_get_text(&w);
    assert_string_equal(text, "text");
    assert_string_equal(empty, "");
    assert_null(bench__wire_get_text(&w));
    size_t n;
    double *back = bench__wire_get_array(&w, sizeof *back, &n);
    assert_int_equal(n, 3);
    assert_memory_equal(back, numbers, sizeof numbers);
    assert_int_equal(w.failed, 0);
    bench__wire_get_u64(&w);
    assert_int_equal(w.failed, 1); /* nothing was left */
    bench__free(text);
    bench__free(empty);
    bench__free(back);
    bench__wire_clear(&w);
}

static void lengths_that_lie_are_refused(void **state) {
    (void)state;
    struct bench__wire w = {0};
    size_t n;
    bench__wire_put_u64(&w, UINT64_MAX / 16);
    bench__wire_put_u64(&w, 1);
    assert_null(bench__wire_get_array(&w, 8, &n));
    assert_int_equal(n, 0);
    assert_int_equal(w.failed, 1);
    bench__wire_clear(&w);
    bench__wire_put_u64(&w, 1000);
    assert_null(bench__wire_get_text(&w));
    assert_int_equal(w.failed, 1);
    bench__wire_clear(&w);
}

static void frames_travel(void **state) {
    (void)state;
    int fds[2];
    struct bench__wire out = {0}, in = {0};
    enum bench__frame type;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    bench__wire_put_text(&out, "hello");
    assert_int_equal(bench__frame_send(fds[0], BENCH__FRAME_HELLO, &out, NULL), 0);
    assert_int_equal(bench__frame_send(fds[0], BENCH__FRAME_CALIBRATE, NULL, NULL), 0);
    close(fds[0]);
    assert_int_equal(bench__frame_receive(fds[1], &type, &in, NULL), 0);
    assert_int_equal(type, BENCH__FRAME_HELLO);
    char *text = bench__wire_get_text(&in);
    assert_string_equal(text, "hello");
    bench__free(text);
    assert_int_equal(bench__frame_receive(fds[1], &type, &in, NULL), 0);
    assert_int_equal(type, BENCH__FRAME_CALIBRATE);
    assert_int_equal(in.n, 0);
    assert_int_equal(bench__frame_receive(fds[1], &type, &in, NULL), BENCH_ENOTFOUND);
    close(fds[1]);
    bench__wire_clear(&out);
    bench__wire_clear(&in);
}

/* Receives what was written raw. */
static int receive_raw(const void *data, size_t n, bench_error *err) {
    int fds[2];
    struct bench__wire in = {0};
    enum bench__frame type;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    assert_int_equal(send(fds[0], data, n, 0), (ssize_t)n);
    close(fds[0]);
    const int code = bench__frame_receive(fds[1], &type, &in, err);
    close(fds[1]);
    bench__wire_clear(&in);
    return code;
}

static void foreign_and_cut_messages_are_errors(void **state) {
    (void)state;
    bench_error error = {0};
    assert_int_equal(receive_raw("a benchmark that printed into fd 3", 34, &error), BENCH_EFORMAT);
    struct {
        uint32_t magic;
        uint16_t protocol, type;
        uint64_t n;
    } header = {0x68636e62u, BENCH__PROTOCOL, 1, 100};
    assert_int_equal(receive_raw(&header, sizeof header, NULL), BENCH_EFORMAT);
    assert_int_equal(receive_raw(&header, 5, NULL), BENCH_EFORMAT);
    header.n = UINT64_MAX;
    assert_int_equal(receive_raw(&header, sizeof header, NULL), BENCH_EFORMAT);
    header.n = 0;
    header.protocol = BENCH__PROTOCOL + 1;
    error.code = 0;
    assert_int_equal(receive_raw(&header, sizeof header, &error), BENCH_EVERSION);
    assert_non_null(strstr(error.text, "protocol"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_come_back),
        cmocka_unit_test(lengths_that_lie_are_refused),
        cmocka_unit_test(frames_travel),
        cmocka_unit_test(foreign_and_cut_messages_are_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
