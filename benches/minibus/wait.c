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

static void start(struct mb__wait *wait) {
    clock_gettime(CLOCK_MONOTONIC, &wait->deadline);
    wait->deadline.tv_sec += wait->timeout_ns / NS_PER_S;
    wait->deadline.tv_nsec += wait->timeout_ns % NS_PER_S;
    if (wait->deadline.tv_nsec >= NS_PER_S) {
        wait->deadline.tv_nsec -= NS_PER_S;
        wait->deadline.tv_sec++;
    }
    wait->started = 1;
}

int mb__wait_once(struct mb__wait *wait, pthread_cond_t *cond, pthread_mutex_t *lock) {
    if (wait->timeout_ns == 0) {
        return MB_ETIMEOUT;
    }
    if (wait->timeout_ns == MB_FOREVER) {
        pthread_cond_wait(cond, lock);
        return 0;
    }
    if (!wait->started) {
        start(wait);
    }
    return pthread_cond_timedwait(cond, lock, &wait->deadline) == ETIMEDOUT ? MB_ETIMEOUT : 0;
}
