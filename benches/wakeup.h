/*
 * wakeup.h - how one thread wakes another: what Linux has for it, behind one face.
 *
 * One thread sends, one waits. What is sent while nobody waits is kept, as one wake-up.
 */
#ifndef WAKEUP_H
#define WAKEUP_H

#include <pthread.h>
#include <stdatomic.h>

struct wakeup_kind;

struct wakeup {
    const struct wakeup_kind *kind; /* NULL: not initialised */
    pthread_mutex_t lock;           /* condvar */
    pthread_cond_t cond;
    int is_sent;
    atomic_int state; /* futex */
    int fds[2];       /* to wait for, to send to: pipe; eventfd has one, twice */
    int epoll_fd;     /* or -1 */
};

/** @param kind "condvar", "futex", "eventfd", "epoll_eventfd", "pipe". @return 0, or -1: no such
 *  kind, or the system refused. */
int wakeup_init(struct wakeup *w, const char *kind);
/** Accepts what is zeroed. */
void wakeup_clear(struct wakeup *w);

/** Both stand in timed code. */
void wakeup_send(struct wakeup *w);
/** Returns when something was sent since the last return; takes all of it. */
void wakeup_wait(struct wakeup *w);

#endif
