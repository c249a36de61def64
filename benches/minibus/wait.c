/* Time limits are on CLOCK_MONOTONIC: setting the wall clock does not change a wait. */
#include "minibus/wait.h"

#include <errno.h>

#include "minibus/broker.h"
#include "minibus/error.h"

enum { NS_PER_S = 1000000000 };

int64_t mb__monotonic_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

int mb__wait_init(pthread_cond_t *cond) {
    pthread_condattr_t attr;
    if (pthread_condattr_init(&attr)) {
        return MB_ESYSTEM;
    }
    const int failed =
        pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) || pthread_cond_init(cond, &attr);
    pthread_condattr_destroy(&attr);
    return failed ? MB_ESYSTEM : 0;
}

static struct timespec from_now(int64_t ns) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += ns / NS_PER_S;
    t.tv_nsec += ns % NS_PER_S;
    if (t.tv_nsec >= NS_PER_S) {
        t.tv_nsec -= NS_PER_S;
        t.tv_sec++;
    }
    return t;
}

static void start(struct mb__wait *wait) {
    if (!wait->started) {
        wait->deadline = from_now(wait->timeout_ns);
        wait->started = 1;
    }
}

static int is_before(const struct timespec *a, const struct timespec *b) {
    return a->tv_sec != b->tv_sec ? a->tv_sec < b->tv_sec : a->tv_nsec < b->tv_nsec;
}

int mb__wait_once(struct mb__wait *wait, pthread_cond_t *cond, pthread_mutex_t *lock) {
    if (wait->timeout_ns == 0) {
        return MB_ETIMEOUT;
    }
    if (wait->timeout_ns == MB_FOREVER) {
        pthread_cond_wait(cond, lock);
        return 0;
    }
    start(wait);
    return pthread_cond_timedwait(cond, lock, &wait->deadline) == ETIMEDOUT ? MB_ETIMEOUT : 0;
}

int mb__wait_at_most(struct mb__wait *wait, int64_t limit_ns, pthread_cond_t *cond,
                     pthread_mutex_t *lock) {
    if (wait->timeout_ns == 0) {
        return MB_ETIMEOUT;
    }
    const struct timespec limit = from_now(limit_ns);
    if (wait->timeout_ns != MB_FOREVER) {
        start(wait);
        if (!is_before(&limit, &wait->deadline)) {
            return mb__wait_once(wait, cond, lock);
        }
    }
    pthread_cond_timedwait(cond, lock, &limit);
    return 0;
}
