/* minibus/wait.h - waiting on a condition variable with a time limit. */
#ifndef MINIBUS_WAIT_H
#define MINIBUS_WAIT_H

#include <pthread.h>
#include <stdint.h>
#include <time.h>

/* One wait, possibly of several wake-ups; its time starts with the first. Set timeout_ns only. */
struct mb__wait {
    int64_t timeout_ns; /* or MB_FOREVER */
    int started;
    struct timespec deadline;
};

/** A condition variable for mb__wait_once(). @return 0, MB_ESYSTEM. */
int mb__wait_init(pthread_cond_t *cond);

/** Waits for one wake-up, with `lock` held. @return 0 when woken, MB_ETIMEOUT. */
int mb__wait_once(struct mb__wait *wait, pthread_cond_t *cond, pthread_mutex_t *lock);

/** The same for at most limit_ns, which counts from now. @return 0 when woken or at the limit,
 *  MB_ETIMEOUT when the wait's own time is over. */
int mb__wait_at_most(struct mb__wait *wait, int64_t limit_ns, pthread_cond_t *cond,
                     pthread_mutex_t *lock);

int64_t mb__monotonic_ns(void);

#endif
