/* The server: one thread that owns all connections. It looks into messages only to see that they
 * are some, and forwards their bytes as they came. */
#include "minibus/busd.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "minibus/frame.h"
#include "minibus/memory.h"
#include "minibus/net.h"
#include "minibus/transport_backend.h"

enum { N_EVENTS = 64, READS_PER_TURN = 16 };

struct connection {
    struct connection *next;
    int fd;
    int is_ending;   /* nothing is read any more; closed once its output is gone */
    uint32_t events; /* that are waited for */
    struct mb__frame_reader in;
    mb_buffer out;
    size_t out_at;         /* bytes of it that are sent */
    unsigned char n_topic; /* size; 0: not subscribed */
    char topic[MB_TOPIC_NAME_MAX];
};

struct mb_busd {
    pthread_t thread;
    int port, listen_fd, stop_fd, epoll_fd;
    struct connection *connections;
};

static int watch(mb_busd *d, int how, int fd, uint32_t events, void *data) {
    return epoll_ctl(d->epoll_fd, how, fd,
                     &(struct epoll_event){.events = events, .data.ptr = data});
}

static void discard(struct connection *c) {
    if (c->fd >= 0) {
        close(c->fd); /* also takes it out of epoll */
    }
    mb_buffer_clear(&c->in.buffer);
    mb_buffer_clear(&c->out);
    mb__free(c);
}

static int add_frame(struct connection *c, unsigned char type, const void *body, size_t size) {
    size_t at;
    int rc = mb__frame_begin(&at, &c->out, type);
    if (rc == 0) {
        rc = mb_buffer_append(&c->out, body, size);
    }
    if (rc) {
        c->out.size = at;
        return rc;
    }
    mb__frame_end(&c->out, at);
    return 0;
}

/* The last thing that the other side hears. */
static void refuse(struct connection *c, const char *text) {
    if (!c->is_ending) {
        (void)add_frame(c, 'E', text, strlen(text)); /* without memory it ends without words */
        c->is_ending = 1;
        c->n_topic = 0;
    }
}

/* Forgets what is sent, when that is most of it: a reader that is always behind a little must not
 * make the buffer grow. */
static void forget_sent(struct connection *c) {
    const size_t left = c->out.size - c->out_at;
    if (c->out_at > left) {
        memmove(c->out.data, c->out.data + c->out_at, left);
        c->out.size = left;
        c->out_at = 0;
    }
}

/* Room for so many bytes more, so that a batch is queued for everybody or refused. Whoever is too
 * far behind is ended instead. */
static int reserve_output(struct connection *c, size_t size) {
    forget_sent(c);
    if (c->out.size - c->out_at + size <= MB_BUSD_BACKLOG_MAX) {
        return mb_buffer_reserve(&c->out, size);
    }
    c->out.size = c->out_at = 0; /* it may end in the middle of a frame: it is lost anyway */
    c->is_ending = 1;
    c->n_topic = 0;
    return 0;
}

/* There is room for it. */
static void queue_message(struct connection *c, const unsigned char *data, size_t size) {
    size_t at;
    (void)mb__frame_begin(&at, &c->out, 'M');
    (void)mb__frame_add_encoded(&c->out, data, size);
    mb__frame_end(&c->out, at);
}

/* Whether all of a body are messages: then nothing of it has been forwarded yet.
 * @param out_size receives what they take in frames of their own. */
static int check_messages(size_t *out_size, struct mb__frame rest, mb_error *error) {
    const unsigned char *data;
    size_t size;
    int rc;
    *out_size = 0;
    while ((rc = mb__frame_next_message(&data, &size, &rest)) > 0) {
        mb_message *m;
        rc = mb__decode_received(&m, data, size, error);
        if (rc) {
            return rc;
        }
        mb_message_unref(m);
        *out_size += MB__FRAME_HEADER + 4 + size;
    }
    return rc == 0 ? 0 : mb__fail(error, rc, "a publish frame with a message cut off");
}

static int is_subscribed(const struct connection *c, const char *topic, size_t n_topic) {
    return c->n_topic == n_topic && memcmp(c->topic, topic, n_topic) == 0;
}

static int forward(mb_busd *d, struct mb__frame frame, mb_error *error) {
    const size_t n_topic = frame.size ? frame.body[0] : 0;
    if (frame.size < 1 + n_topic) {
        return mb__fail(error, MB_EFORMAT, "a publish frame with its topic cut off");
    }
    const char *topic = (const char *)frame.body + 1;
    struct mb__frame rest = {frame.type, frame.body + 1 + n_topic, frame.size - 1 - n_topic};
    size_t out_size;
    int rc = mb__topic_name_check(topic, n_topic, error);
    if (rc == 0) {
        rc = check_messages(&out_size, rest, error);
    }
    for (struct connection *c = d->connections; rc == 0 && c; c = c->next) {
        rc = is_subscribed(c, topic, n_topic) ? reserve_output(c, out_size) : 0;
    }
    if (rc) {
        return rc;
    }
    const unsigned char *data;
    size_t size;
    while (mb__frame_next_message(&data, &size, &rest) > 0) {
        for (struct connection *c = d->connections; c; c = c->next) {
            if (is_subscribed(c, topic, n_topic)) {
                queue_message(c, data, size);
            }
        }
    }
    return 0;
}

static int subscribe(struct connection *c, const struct mb__frame *frame, mb_error *error) {
    const int rc = mb__topic_name_check(frame->body, frame->size, error);
    if (rc) {
        return rc;
    }
    c->n_topic = (unsigned char)frame->size;
    memcpy(c->topic, frame->body, frame->size);
    return add_frame(c, 'A', "", 0);
}

static void handle_frame(mb_busd *d, struct connection *c, const struct mb__frame *frame) {
    mb_error error = {.text = "the server is out of memory"};
    int rc;
    switch (frame->type) {
    case 'P':
        rc = forward(d, *frame, &error);
        break;
    case 'C':
        rc = forward(d, *frame, &error);
        rc = rc ? rc : add_frame(c, 'A', "", 0);
        break;
    case 'S':
        rc = subscribe(c, frame, &error);
        break;
    default:
        rc = mb__fail(&error, MB_EFORMAT, "a frame of the unknown type 0x%02x", frame->type);
    }
    if (rc) {
        refuse(c, error.text);
    }
}

/* @return whether the connection still lives. */
static int read_from(mb_busd *d, struct connection *c) {
    for (int i = 0; i < READS_PER_TURN && !c->is_ending; i++) {
        const long n = mb__frame_read(&c->in, c->fd);
        if (n == MB_ETIMEOUT) {
            return 1;
        }
        if (n == 0 && c->out_at < c->out.size) { /* it has said all, and may still listen */
            c->is_ending = 1;
            c->n_topic = 0;
            return 1;
        }
        if (n <= 0) {
            return 0;
        }
        struct mb__frame frame;
        int rc = 0;
        while (!c->is_ending && (rc = mb__frame_next(&frame, &c->in)) > 0) {
            handle_frame(d, c, &frame);
        }
        if (rc < 0) {
            refuse(c, rc == MB_ELIMIT ? "a frame that is too large" : "not a frame");
        }
    }
    return 1;
}

/* @return whether the connection still lives. */
static int write_to(mb_busd *d, struct connection *c) {
    while (c->out_at < c->out.size) {
        const ssize_t n = send(c->fd, c->out.data + c->out_at, c->out.size - c->out_at,
                               MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK) {
            return 0;
        }
        if (n < 0) {
            break;
        }
        c->out_at += (size_t)n;
    }
    const int has_more = c->out_at < c->out.size;
    if (!has_more) {
        c->out.size = c->out_at = 0;
    }
    const uint32_t events = (has_more ? EPOLLOUT : 0u) | (c->is_ending ? 0u : EPOLLIN);
    if (events != c->events) { /* what is not read any more must not wake us for ever */
        c->events = events;
        watch(d, EPOLL_CTL_MOD, c->fd, events, c);
    }
    return has_more || !c->is_ending;
}

static void accept_one(mb_busd *d) {
    const int fd = accept4(d->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
        return;
    }
    struct connection *c = mb__alloc_zeroed(1, sizeof *c);
    if (!c || watch(d, EPOLL_CTL_ADD, fd, EPOLLIN, c)) {
        close(fd);
        mb__free(c);
        return;
    }
    c->fd = fd;
    c->events = EPOLLIN;
    c->next = d->connections;
    d->connections = c;
}

/* Output of all connections; those that have ended go. */
static void write_all(mb_busd *d) {
    struct connection **link = &d->connections;
    while (*link) {
        struct connection *c = *link;
        const int has_output = c->out_at < c->out.size && !(c->events & EPOLLOUT);
        if (c->fd >= 0 && (!(has_output || c->is_ending) || write_to(d, c))) {
            link = &c->next;
            continue;
        }
        *link = c->next;
        discard(c);
    }
}

static void *serve(void *arg) {
    mb_busd *d = arg;
    struct epoll_event events[N_EVENTS];
    for (;;) {
        const int n = epoll_wait(d->epoll_fd, events, N_EVENTS, -1);
        for (int i = 0; i < n; i++) {
            struct connection *c = events[i].data.ptr;
            if (events[i].data.ptr == &d->stop_fd) {
                return NULL;
            }
            if (events[i].data.ptr == &d->listen_fd) {
                accept_one(d);
                continue;
            }
            int lives = 1;
            if (events[i].events & EPOLLOUT) {
                lives = write_to(d, c);
            }
            if (lives && events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
                lives = read_from(d, c);
            }
            if (!lives) { /* freed in write_all(), as events may still point to it */
                close(c->fd);
                c->fd = -1;
                c->n_topic = 0;
            }
        }
        write_all(d);
    }
}

static void release(mb_busd *d) {
    while (d->connections) {
        struct connection *c = d->connections;
        d->connections = c->next;
        discard(c);
    }
    const int fds[] = {d->listen_fd, d->stop_fd, d->epoll_fd};
    for (int i = 0; i < 3; i++) {
        if (fds[i] >= 0) {
            close(fds[i]);
        }
    }
    mb__free(d);
}

/* Signals are for the program's own threads. @return 0 or an errno. */
static int start_thread(mb_busd *d) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    const int failed = pthread_create(&d->thread, NULL, serve, d);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failed;
}

int mb_busd_start(mb_busd **out, int port, mb_error *error) {
    if (port < 0 || port > 65535) {
        return mb__fail(error, MB_EINVAL, "port %d: use 1 to 65535, or 0 for any", port);
    }
    mb_busd *d = mb__alloc_zeroed(1, sizeof *d);
    if (!d) {
        return mb__fail(error, MB_ENOMEM, "busd: out of memory");
    }
    d->port = port;
    d->listen_fd = d->stop_fd = d->epoll_fd = -1;
    int rc = mb__net_listen(&d->listen_fd, &d->port, error);
    if (rc == 0) {
        d->stop_fd = eventfd(0, EFD_CLOEXEC);
        d->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
        if (d->stop_fd < 0 || d->epoll_fd < 0 ||
            watch(d, EPOLL_CTL_ADD, d->stop_fd, EPOLLIN, &d->stop_fd) ||
            watch(d, EPOLL_CTL_ADD, d->listen_fd, EPOLLIN, &d->listen_fd) || start_thread(d)) {
            rc = mb__fail(error, MB_ESYSTEM, "busd: no epoll, eventfd or thread");
        }
    }
    if (rc) {
        release(d);
        return rc;
    }
    *out = d;
    return 0;
}

void mb_busd_stop(mb_busd *busd) {
    if (!busd) {
        return;
    }
    const uint64_t one = 1;
    ssize_t n;
    do {
        n = write(busd->stop_fd, &one, sizeof one);
    } while (n < 0 && errno == EINTR);
    pthread_join(busd->thread, NULL);
    release(busd);
}

int mb_busd_port(const mb_busd *busd) {
    return busd->port;
}
