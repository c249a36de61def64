/*
 * Wake-ups by condition variable, futex, eventfd, eventfd behind epoll, and pipe. A wait has no
 * time limit of its own: a launch that hangs is ended by its own.
 */
#include "wakeup.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

struct wakeup_kind {
    const char *name;
    int (*open)(struct wakeup *w);
    void (*send)(struct wakeup *w);
    void (*wait)(struct wakeup *w);
};

/* The worker process has nothing sensible to go on with, and says so by its end. */
static void check(int succeeded) {
    if (!succeeded) {
        abort();
    }
}

/* ---- condvar --------------------------------------------------------------------------------- */

static int open_nothing(struct wakeup *w) {
    (void)w;
    return 0;
}

static void condvar_send(struct wakeup *w) {
    pthread_mutex_lock(&w->lock);
    w->is_sent = 1;
    pthread_mutex_unlock(&w->lock);
    pthread_cond_signal(&w->cond); /* who is woken finds the lock free */
}

static void condvar_wait(struct wakeup *w) {
    pthread_mutex_lock(&w->lock);
    while (!w->is_sent) {
        pthread_cond_wait(&w->cond, &w->lock);
    }
    w->is_sent = 0;
    pthread_mutex_unlock(&w->lock);
}

/* ---- futex: a system call only when somebody sleeps ------------------------------------------ */

enum { IDLE, SENT, ASLEEP };

static void futex_send(struct wakeup *w) {
    if (atomic_exchange(&w->state, SENT) == ASLEEP) {
        syscall(SYS_futex, &w->state, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
    }
}

static void futex_wait(struct wakeup *w) {
    for (;;) {
        int state = SENT;
        if (atomic_compare_exchange_strong(&w->state, &state, IDLE)) {
            return;
        }
        state = IDLE;
        atomic_compare_exchange_strong(&w->state, &state, ASLEEP);
        syscall(SYS_futex, &w->state, FUTEX_WAIT_PRIVATE, ASLEEP, NULL, NULL, 0);
    }
}

/* ---- file descriptors ------------------------------------------------------------------------ */

static int eventfd_open(struct wakeup *w) {
    w->fds[0] = w->fds[1] = eventfd(0, EFD_CLOEXEC);
    return w->fds[0] < 0 ? -1 : 0;
}

static void eventfd_send(struct wakeup *w) {
    const uint64_t one = 1;
    check(write(w->fds[1], &one, sizeof one) == sizeof one);
}

static void eventfd_wait(struct wakeup *w) {
    uint64_t n;
    check(read(w->fds[0], &n, sizeof n) == sizeof n);
}

static int epoll_open(struct wakeup *w) {
    struct epoll_event event = {.events = EPOLLIN};
    if (eventfd_open(w)) {
        return -1;
    }
    w->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    return w->epoll_fd < 0 ? -1 : epoll_ctl(w->epoll_fd, EPOLL_CTL_ADD, w->fds[0], &event);
}

static void epoll_eventfd_wait(struct wakeup *w) {
    struct epoll_event event;
    check(epoll_wait(w->epoll_fd, &event, 1, -1) == 1);
    eventfd_wait(w);
}

static int pipe_open(struct wakeup *w) {
    return pipe2(w->fds, O_CLOEXEC);
}

static void pipe_send(struct wakeup *w) {
    check(write(w->fds[1], "", 1) == 1);
}

static void pipe_wait(struct wakeup *w) {
    char bytes[64];
    check(read(w->fds[0], bytes, sizeof bytes) > 0);
}

/* ---- all of them ----------------------------------------------------------------------------- */

static const struct wakeup_kind kinds[] = {
    {"condvar", open_nothing, condvar_send, condvar_wait},
    {"futex", open_nothing, futex_send, futex_wait},
    {"eventfd", eventfd_open, eventfd_send, eventfd_wait},
    {"epoll_eventfd", epoll_open, eventfd_send, epoll_eventfd_wait},
    {"pipe", pipe_open, pipe_send, pipe_wait},
};

int wakeup_init(struct wakeup *w, const char *kind) {
    *w = (struct wakeup){.fds = {-1, -1}, .epoll_fd = -1};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(kinds[i].name, kind) == 0) {
            w->kind = &kinds[i];
            pthread_mutex_init(&w->lock, NULL);
            pthread_cond_init(&w->cond, NULL);
            return w->kind->open(w);
        }
    }
    return -1;
}

void wakeup_clear(struct wakeup *w) {
    if (!w->kind) {
        return;
    }
    if (w->epoll_fd >= 0) {
        close(w->epoll_fd);
    }
    if (w->fds[0] >= 0) {
        close(w->fds[0]);
    }
    if (w->fds[1] >= 0 && w->fds[1] != w->fds[0]) {
        close(w->fds[1]);
    }
    pthread_cond_destroy(&w->cond);
    pthread_mutex_destroy(&w->lock);
}

void wakeup_send(struct wakeup *w) {
    w->kind->send(w);
}

void wakeup_wait(struct wakeup *w) {
    w->kind->wait(w);
}
