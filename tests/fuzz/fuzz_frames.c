/* What a client may send to busd: the frame reader, which must find the same frames wherever the
 * bytes are cut, and then a real server, which must end the connection and go on serving others. */
#include "fuzz.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "minibus/busd.h"
#include "minibus/frame.h"
#include "minibus/net.h"
#include "minibus/wait.h"

#define PATIENCE_NS ((int64_t)20 * 1000000000)

struct found {
    uint64_t hash; /* FNV-1a of all frames */
    int rc;        /* of the last search */
};

static void add(struct found *f, const unsigned char *bytes, size_t size) {
    for (size_t i = 0; i < size; i++) {
        f->hash = (f->hash ^ bytes[i]) * 0x100000001b3u;
    }
}

static void feed(struct found *f, struct mb__frame_reader *in, const uint8_t *data, size_t size) {
    struct mb__frame frame;
    FUZZ_CHECK(mb_buffer_append(&in->buffer, data, size) == 0);
    while (f->rc >= 0 && (f->rc = mb__frame_next(&frame, in)) > 0) {
        const size_t body_size = frame.size;
        const unsigned char *message;
        size_t message_size;
        add(f, &frame.type, 1);
        add(f, frame.body, frame.size);
        while (mb__frame_next_message(&message, &message_size, &frame) > 0) {
            FUZZ_CHECK(message_size < body_size);
            add(f, message, message_size);
        }
    }
}

static struct found read_frames(const uint8_t *data, size_t size, size_t cut) {
    struct mb__frame_reader in = {0};
    struct found f = {.hash = 0xcbf29ce484222325u};
    feed(&f, &in, data, cut);
    feed(&f, &in, data + cut, size - cut);
    FUZZ_CHECK(in.at <= in.buffer.size);
    mb_buffer_clear(&in.buffer);
    return f;
}

/* One server and one well-behaved client for the life of the process. */
static mb_busd *server;
static mb_transport *bystander;

static void stop(void) {
    mb_transport_close(bystander);
    mb_busd_stop(server);
}

static void start(void) {
    char url[64];
    FUZZ_CHECK(mb_busd_start(&server, 0, NULL) == 0);
    snprintf(url, sizeof url, "loopback://127.0.0.1:%d", mb_busd_port(server));
    FUZZ_CHECK(mb_transport_open(&bystander, url, NULL) == 0);
    atexit(stop);
}

static void talk_to_server(const uint8_t *data, size_t size) {
    int fd;
    char answer[4096];
    const int64_t deadline_ns = mb__monotonic_ns() + PATIENCE_NS;
    FUZZ_CHECK(mb__net_connect(&fd, "127.0.0.1", mb_busd_port(server), PATIENCE_NS, NULL) == 0);
    FUZZ_CHECK(mb__net_send(fd, data, size, deadline_ns) != MB_ETIMEOUT);
    shutdown(fd, SHUT_WR);
    do {
        FUZZ_CHECK(mb__net_wait_readable(fd, deadline_ns) == 0);
    } while (recv(fd, answer, sizeof answer, MSG_DONTWAIT) > 0);
    /* Closed at once: ten thousand ports that linger would be all there are. */
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &(struct linger){.l_onoff = 1}, sizeof(struct linger));
    close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const struct found whole = read_frames(data, size, size);
    const size_t cut = size ? data[size - 1] % (size + 1) : 0;
    const struct found in_pieces = read_frames(data, size, cut);
    FUZZ_CHECK(whole.hash == in_pieces.hash && whole.rc == in_pieces.rc);
    if (!server) {
        start();
    }
    talk_to_server(data, size);
    mb_message *m;
    FUZZ_CHECK(mb_message_new(&m, "x", 1) == 0);
    FUZZ_CHECK(mb_transport_publish(bystander, "calm", &m, 1, MB_CONFIRMED, NULL) == 0);
    mb_message_unref(m);
    return 0;
}
